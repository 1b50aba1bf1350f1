//! MiniONN's network, which papers on private inference measure themselves by, without anyone seeing the pictures or the weights.
//!
//! ```text
//! cargo run --release --example minionn
//! cargo run --release --example minionn -- --ring 32     calibrates, and opens no more bits than values take
//! ```
//!
//! The network is the one for CIFAR-10, with pictures of 32 by 32 pixels in three channels. Its weights were trained on Fashion-MNIST with a border, the same in each channel,
//! by `train_images`; the cost does not depend on that.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::MiniOnn;
use std::process::ExitCode;
use support::clothes::{self, Clothes};
use undertone_data::fashion;

/// Classifies pictures of clothes by MiniONN's network under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    clothes: clothes::Arguments,
}

/// The network, and how it takes pictures.
const CLOTHES: Clothes =
    Clothes { weights: "minionn.safetensors", pixels: |pictures| fashion::bordered(pictures, 3), batch: 10, accuracy: 0.8 };

fn main() -> ExitCode {
    CLOTHES.run::<MiniOnn, _>(&Options::parse().clothes)
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
        CLOTHES.agrees::<MiniOnn, _>();
    }
}
