//! A small vision transformer, a network of attention, on pictures of clothes that nobody sees.
//!
//! ```text
//! cargo run --release --example vit
//! cargo run --release --example vit -- --ring 32     calibrates, and opens no more bits than values take
//! ```
//!
//! Its weights were trained on Fashion-MNIST by `train_images`.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::VisionTransformer;
use std::process::ExitCode;
use support::clothes::{self, Clothes};

/// Classifies pictures of clothes by a small vision transformer under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    clothes: clothes::Arguments,
}

/// The network, and how it takes pictures.
const CLOTHES: Clothes = Clothes { weights: "vit.safetensors", pixels: |pictures| pictures.pixels.clone(), batch: 50, accuracy: 0.75 };

fn main() -> ExitCode {
    CLOTHES.run::<VisionTransformer, _>(&Options::parse().clothes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_do_not_clash() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn clothes_are_classified_the_same_in_private() {
        CLOTHES.agrees::<VisionTransformer, _>();
    }
}
