//! A small vision transformer, described once: trained in the clear by `train_images`, run privately by `vit`.

use undertone::prelude::*;

secure_model! {
    /// A layer of an encoder, normalised before attention and before what follows it (Xiong et al., 2020).
    pub model Encoder { width: usize, heads: usize } (x) {
        let seen = x -> norm1: LayerNorm -> attention: MultiHeadAttention { heads };
        let sum = (x, seen) -> Add;
        let thought = sum -> norm2: LayerNorm -> fc1: Linear { out: 2 * width } -> Gelu -> fc2: Linear { out: width };
        (sum, thought) -> Add
    }
}

secure_model! {
    /// A vision transformer (Dosovitskiy et al., 2021) on grey pictures of 28 by 28 pixels: sixteen patches of 7 by 7, two layers of four heads, the mean over patches. 20 thousand weights.
    #[budget(rounds = 122, megabytes = 0.398)]
    pub model VisionTransformer(image: [1, 28, 28]) -> [10] {
        image
            -> patches: Conv2d { out: 32, kernel: 7, stride: 7 } -> Reshape { to: &[32, 16] } -> Transpose
            -> positions: PositionalEmbedding
            -> for i in 0..2 { #[weights("layers.{i}")] Encoder { width: 32, heads: 4 } }
            -> norm: LayerNorm
            -> Mean { axes: &[0] }
            -> head: Linear { out: 10 }
    }
    loss (label: [10]) { (output, label) -> CrossEntropy }
}
