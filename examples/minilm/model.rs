//! MiniLM, a small BERT (Wang et al., 2020; Devlin et al., 2019), described again: from words to the vector of a sentence.

use undertone::prelude::*;

/// The tokens of a sentence, with `[CLS]`, `[SEP]` and what fills it up.
pub const TOKENS: usize = 16;
/// The tokens that there are.
pub const VOCABULARY: usize = 30_522;
/// The length of a vector.
pub const WIDTH: usize = 384;
/// What is added to a variance. The network was trained with 1e-12, for which a fixed point has no room: a plan refuses it. Beside variances of 0.15 and more, as they are here, either is nothing.
const EPSILON: f64 = 1e-5;
/// What embeddings are multiplied with, which the normalisation behind them takes out again: the variance of their rows, from 0.004, becomes one beside which `EPSILON` is nothing either.
const LARGER: f32 = 16.0;

secure_model! {
    /// A layer of the encoder, normalised behind attention and behind what follows it.
    pub model Encoder(x, mask) {
        let seen = (x, mask) -> #[weights("attention.self")] MultiHeadAttention { heads: 12, mask: true };
        let sum = (x, seen) -> Add -> #[weights("attention.output.LayerNorm")] LayerNorm { epsilon: EPSILON };
        let thought = sum -> #[weights("intermediate.dense")] Linear { out: 4 * WIDTH } -> Gelu -> #[weights("output.dense")] Linear { out: WIDTH };
        (sum, thought) -> Add -> #[weights("output.LayerNorm")] LayerNorm { epsilon: EPSILON }
    }
}

secure_model! {
    /// The vector of a sentence: the mean of what six layers make of its tokens. 22.4 million weights, of which the table of words is half.
    ///
    /// `words` are the tokens, 1 at their index; `mask` is 0 where a token may be seen and -1000 where not; `portions` are 1 over the number of tokens for every token and 0 for what fills
    /// the sentence up.
    #[budget(rounds = 338, megabytes = 11.1)]
    pub model Sentences(words: [TOKENS, VOCABULARY], mask: [TOKENS, TOKENS], portions: [1, TOKENS]) -> [WIDTH] {
        let known = words
            -> #[weights("embeddings.word_embeddings")] Embedding { dim: WIDTH }
            -> #[weights("embeddings.position_embeddings")] PositionalEmbedding
            -> #[weights("embeddings.LayerNorm")] LayerNorm { epsilon: EPSILON };
        let one = (known, mask) -> #[weights("encoder.layer.0")] Encoder;
        let two = (one, mask) -> #[weights("encoder.layer.1")] Encoder;
        let three = (two, mask) -> #[weights("encoder.layer.2")] Encoder;
        let four = (three, mask) -> #[weights("encoder.layer.3")] Encoder;
        let five = (four, mask) -> #[weights("encoder.layer.4")] Encoder;
        let six = (five, mask) -> #[weights("encoder.layer.5")] Encoder;
        (portions, six) -> MatMul -> Reshape { to: &[WIDTH] }
    }
}

/// The published weights under the names of the description: projections of an attention in one matrix, queries, keys, values; positions up to `tokens`, with the embedding of the first
/// type of token added, which all tokens have; embeddings larger.
///
/// # Errors
/// When a weight that is put together with others is missing, or does not fit them.
pub fn renamed(published: &Weights, tokens: usize) -> Result<Weights, String> {
    let get = |name: &str| published.get(name).ok_or_else(|| format!("`{name}` is missing; is it the network of all-MiniLM-L6-v2?"));
    let mut weights = Weights::empty();
    for (name, shape, values) in published.iter() {
        if let Some((attention, kind)) = name.split_once(".self.query.") {
            let mut dims = shape.dims().to_vec();
            let mut all = values.to_vec();
            for part in ["key", "value"] {
                let other = format!("{attention}.self.{part}.{kind}");
                let (found, values) = get(&other)?;
                if found != shape || dims.is_empty() {
                    return Err(format!("`{other}` is {found}, but `{name}` is {shape}"));
                }
                all.extend_from_slice(values);
            }
            dims[0] *= 3;
            weights.insert(format!("{attention}.self.in_proj_{kind}"), undertone::Shape::from_slice(&dims), all);
        } else if let Some((attention, kind)) = name.split_once(".output.dense.").filter(|(before, _)| before.ends_with("attention")) {
            weights.insert(format!("{attention}.self.out_proj.{kind}"), shape, values.to_vec());
        } else if name == "embeddings.word_embeddings.weight" {
            weights.insert(name, shape, values.iter().map(|v| LARGER * v).collect());
        } else if name == "embeddings.position_embeddings.weight" {
            let kind = get("embeddings.token_type_embeddings.weight")?;
            let misfit = || format!("`{name}` is {shape}, the types of tokens are {}, and {tokens} positions are needed", kind.0);
            let ([there, width], [types, other]) = (shape.dims(), kind.0.dims()) else { return Err(misfit()) };
            if *there < tokens || width != other || *width == 0 || *types == 0 {
                return Err(misfit());
            }
            let first = &kind.1[..*width];
            let rows = values.chunks(*width).take(tokens).flat_map(|row| row.iter().zip(first).map(|(p, t)| LARGER * (p + t)));
            weights.insert(name, [tokens, *width], rows.collect());
        } else {
            weights.insert(name, shape, values.to_vec());
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_names_of_the_published_file() {
        let graph = Sentences::graph().unwrap();
        assert_eq!(graph.parameters.iter().map(|p| p.shape.numel()).sum::<usize>(), 22_374_144);
        let names: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
        for name in [
            "embeddings.word_embeddings.weight",
            "embeddings.LayerNorm.bias",
            "encoder.layer.0.attention.self.in_proj_weight",
            "encoder.layer.5.attention.self.out_proj.bias",
            "encoder.layer.3.attention.output.LayerNorm.weight",
            "encoder.layer.2.intermediate.dense.weight",
            "encoder.layer.4.output.LayerNorm.bias",
        ] {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn published_weights_are_put_together() {
        let mut published = Weights::empty();
        for (k, part) in [(1.0, "query"), (2.0, "key"), (3.0, "value")] {
            published.insert(format!("l.attention.self.{part}.weight"), [1, 2], vec![k, -k]);
        }
        published.insert("l.attention.output.dense.bias", [1], vec![4.0]);
        published.insert("l.output.dense.bias", [1], vec![5.0]);
        published.insert("embeddings.word_embeddings.weight", [1, 2], vec![0.5, 1.0]);
        published.insert("embeddings.position_embeddings.weight", [3, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let error = renamed(&published, 2).unwrap_err();
        assert!(error.contains("`embeddings.token_type_embeddings.weight` is missing"), "{error}");
        published.insert("embeddings.token_type_embeddings.weight", [2, 2], vec![0.25, 0.5, 9.0, 9.0]);
        let weights = renamed(&published, 2).unwrap();
        let values = |name: &str| weights.get(name).unwrap().1;
        assert_eq!(weights.get("l.attention.self.in_proj_weight").unwrap(), ([3, 2].into(), &[1.0, -1.0, 2.0, -2.0, 3.0, -3.0][..]));
        assert_eq!((values("l.attention.self.out_proj.bias"), values("l.output.dense.bias")), (&[4.0][..], &[5.0][..]));
        assert_eq!(values("embeddings.word_embeddings.weight"), [8.0, 16.0]);
        assert_eq!(values("embeddings.position_embeddings.weight"), [20.0, 40.0, 52.0, 72.0]);
        assert!(renamed(&published, 4).unwrap_err().contains("4 positions are needed"));
        published.insert("l.attention.self.value.weight", [2, 2], vec![0.0; 4]);
        assert!(renamed(&published, 2).unwrap_err().contains("`l.attention.self.value.weight` is [2, 2]"));
    }
}
