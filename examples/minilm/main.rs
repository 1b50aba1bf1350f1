//! How near sentences are in meaning, by a network that others have trained and published, without anyone reading them.
//!
//! ```text
//! scripts/fetch-minilm.sh
//! cargo run --release --example minilm
//! cargo run --release --example minilm -- "A cat sits outside." "There is a cat in the garden."
//! ```
//!
//! Whoever has the sentences makes tokens of them in the clear, in the vocabulary, which everybody knows. What is private are tokens, how many there are, the table of words and all other weights; a vector for
//! each sentence is opened to whoever has it, who compares vectors in the clear by the cosine of the angle between them. The weights are the package's own, which is why they are fetched and not committed.
//!
//! A few elements of what layers hand on reach 230, far beyond all others: a calibration opens as many bits as these take.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::{Sentences, TOKENS, VOCABULARY, WIDTH, renamed};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use support::{Run, exit, largest_difference};
use undertone::Plan;
use undertone::prelude::*;
use undertone_data::text::{Overlong, Tokenizer, Tokens};

/// How far apart the cosines of both runs may be.
const WITHIN: f32 = 0.01;
/// What is added to the score of a token that is not to be seen.
const UNSEEN: f32 = -1000.0;
/// The sentences that run at once.
const BATCH: usize = 6;

/// Compares sentences by vectors of MiniLM under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// What scripts/fetch-minilm.sh has fetched.
    #[arg(long, default_value = "data-cache/minilm")]
    model: PathBuf,
    /// Only runs the plain twin.
    #[arg(long)]
    plain: bool,
    /// Leaves out the end of sentences that are too long, which are an error otherwise.
    #[arg(long)]
    truncate: bool,
    /// Two sentences or more.
    #[arg(default_values_t = [
        "A man is playing a guitar on the street.",
        "Someone makes music in public.",
        "The recipe needs two eggs and a cup of flour.",
        "Beat the eggs, then add the flour.",
        "The stock market fell sharply on Monday.",
        "Shares lost much of their value at the start of the week.",
    ].map(String::from))]
    sentences: Vec<String>,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()), "the private and the plain run find other cosines than they should")
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let sentences = &options.sentences;
    if sentences.len() < 2 {
        return Err("one sentence cannot be compared: name two or more".into());
    }
    let fetch = |e: &dyn std::fmt::Display| format!("{e}; run scripts/fetch-minilm.sh, which fetches weights and vocabulary");
    let tokenizer = Tokenizer::read(options.model.join("vocab.txt")).map_err(|e| fetch(&e))?;
    let count = tokenizer.vocabulary().count();
    if count != VOCABULARY {
        return Err(format!("vocab.txt has {count} tokens; that of all-MiniLM-L6-v2 has {VOCABULARY}").into());
    }
    let path = options.model.join("model.safetensors");
    let published = Weights::load(&path).map_err(|e| fetch(&e))?;
    let weights = renamed(&published, TOKENS).map_err(|e| format!("{}: {e}", path.display()))?.fit(Sentences::graph()?)?;
    drop(published);
    let overlong = if options.truncate { Overlong::Truncate } else { Overlong::Refuse };
    let tokens: Result<Vec<Tokens>, String> =
        sentences.iter().map(|s| tokenizer.encode(s, TOKENS, overlong).map_err(|e| format!("\"{s}\": {e}"))).collect();
    let inputs = inputs(&tokens?)?;

    let twin = Sentences::twin_with(&Device::flex(), &weights)?;
    let started = std::time::Instant::now();
    let plain = twin.predict(&inputs)?;
    let seconds = started.elapsed().as_secs_f64();
    for (k, sentence) in sentences.iter().enumerate() {
        println!("{:>2}  {sentence}", k + 1);
    }
    let pairs: Vec<(usize, usize)> = (0..sentences.len()).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let known = cosines(plain.values(), &pairs);
    if options.plain {
        for ((a, b), cosine) in pairs.iter().zip(&known) {
            println!("{:>2} and {:>2}   {cosine:>8.5}", a + 1, b + 1);
        }
        return Ok(true);
    }
    let settings = options.run.settings_for(&twin, &inputs)?;
    drop(twin);
    let plan: Plan = Sentences::plan(&settings)?;
    let run = options.run.predict::<Sentences, _>(settings, BATCH, &weights, &inputs)?;
    println!("\n{}\n", run.report);
    let secret = cosines(run.output.values(), &pairs);
    println!("cosine         plain    private");
    for (((a, b), known), secret) in pairs.iter().zip(&known).zip(&secret) {
        println!("{:>2} and {:>2}   {known:>8.5}   {secret:>8.5}", a + 1, b + 1);
    }
    let difference = largest_difference(&known, &secret);
    let agreement = known.iter().zip(&secret).filter(|(a, b)| (*a - *b).abs() <= WITHIN).count() as f64 / pairs.len() as f64;
    let elements = largest_difference(plain.values(), run.output.values());
    println!("\nagreement            {agreement:.4} of the pairs, within {WITHIN}");
    println!("largest difference   {difference:.5} of a cosine, {elements:.5} of an element of a vector");
    let figures = json!({
        "model": Sentences::NAME,
        "weights": weights.count(),
        "pairs": pairs.len(),
        "agreement": agreement,
        "largest_difference": difference,
        "largest_element_difference": elements,
        "twin_seconds": seconds,
    });
    options.run.finish(&plan, BATCH, figures, &run.report);
    // what is no number is no agreement
    Ok(secret.iter().all(|c| c.is_finite()) && agreement >= 1.0)
}

/// What [`Sentences`] takes.
type Inputs = (Clear<S2<TOKENS, VOCABULARY>>, Clear<S2<TOKENS, TOKENS>>, Clear<S2<1, TOKENS>>);

/// Words, masks and portions of sentences, made in the clear by whoever has them.
fn inputs(sentences: &[Tokens]) -> Result<Inputs> {
    let mut words = vec![0.0; sentences.len() * TOKENS * VOCABULARY];
    let (mut mask, mut portions) = (Vec::new(), Vec::new());
    for (tokens, words) in sentences.iter().zip(words.chunks_mut(TOKENS * VOCABULARY)) {
        for (id, word) in tokens.ids.iter().zip(words.chunks_mut(VOCABULARY)) {
            word[*id as usize] = 1.0;
        }
        let row: Vec<f32> = tokens.mask().iter().map(|real| (1.0 - real) * UNSEEN).collect();
        mask.extend(row.repeat(TOKENS));
        portions.extend(tokens.mask().iter().map(|real| real / tokens.used as f32));
    }
    Ok((Clear::new(words)?, Clear::new(mask)?, Clear::new(portions)?))
}

/// The cosine of the angle between two vectors each.
fn cosines(vectors: &[f32], pairs: &[(usize, usize)]) -> Vec<f32> {
    let vector = |k: usize| &vectors[k * WIDTH..(k + 1) * WIDTH];
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let cosine = |a: &[f32], b: &[f32]| (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32;
    pairs.iter().map(|(a, b)| cosine(vector(*a), vector(*b))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_sentence_up_is_neither_seen_nor_counted() {
        let mut ids = vec![0; TOKENS];
        ids[..4].copy_from_slice(&[101, 7592, 2088, 102]);
        let (words, mask, portions) = inputs(&[Tokens { ids, used: 4 }]).unwrap();
        for (row, id) in words.values().chunks(VOCABULARY).zip([101, 7592, 2088, 102].into_iter().chain([0; TOKENS - 4])) {
            let mut expected = vec![0.0; VOCABULARY];
            expected[id] = 1.0;
            assert_eq!(row, expected, "{id}");
        }
        let filled = |real: f32, filling: f32| [vec![real; 4], vec![filling; TOKENS - 4]].concat();
        assert_eq!(mask.values(), filled(0.0, UNSEEN).repeat(TOKENS));
        assert_eq!(portions.values(), filled(0.25, 0.0));
    }

    #[test]
    fn cosines_are_those_of_angles() {
        let mut vectors = vec![0.0; 3 * WIDTH];
        (vectors[0], vectors[WIDTH], vectors[2 * WIDTH + 1]) = (2.0, 3.0, 4.0);
        vectors[WIDTH + 1] = 3.0;
        let found = cosines(&vectors, &[(0, 1), (0, 2), (1, 2)]);
        let half = std::f32::consts::FRAC_1_SQRT_2;
        assert!(largest_difference(&found, &[half, 0.0, half]) < 1e-6, "{found:?}");
    }
}
