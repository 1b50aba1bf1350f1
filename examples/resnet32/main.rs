//! ResNet-32 for CIFAR-10, which papers on private inference measure themselves by, without anyone seeing the pictures or the weights.
//!
//! ```text
//! cargo run --release --example resnet32
//! cargo run --release --example resnet32 -- --ring 32     calibrates, and opens no more bits than values take
//! ```
//!
//! The network is the one for CIFAR-10, with pictures of 32 by 32 pixels in three channels. Its weights were trained on Fashion-MNIST with a border, the same in each channel,
//! by `train_images`; the cost does not depend on that.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::ResNet32;
use std::process::ExitCode;
use support::clothes::{self, Clothes};
use undertone_data::fashion;

/// Classifies pictures of clothes by ResNet-32 under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    clothes: clothes::Arguments,
}

/// The network, and how it takes pictures.
const CLOTHES: Clothes =
    Clothes { weights: "resnet32.safetensors", pixels: |pictures| fashion::bordered(pictures, 3), batch: 10, accuracy: 0.7 };

fn main() -> ExitCode {
    CLOTHES.run::<ResNet32, _>(&Options::parse().clothes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone::Model;

    #[test]
    fn the_network_has_the_size_of_the_paper() {
        let graph = ResNet32::graph().unwrap();
        let trained: usize = graph.parameters.iter().filter(|p| p.trainable).map(|p| p.shape.numel()).sum();
        assert_eq!(trained, 464_154, "0.46 million in table 6");
        let names: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
        for name in ["conv1.weight", "bn1.running_var", "layer1.4.conv2.weight", "layer2.0.bn1.weight", "layer3.4.bn2.bias", "linear.bias"]
        {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn options_do_not_clash() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn clothes_are_classified_the_same_in_private() {
        CLOTHES.agrees::<ResNet32, _>();
    }
}
