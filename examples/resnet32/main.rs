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
use std::path::PathBuf;
use std::process::ExitCode;
use support::classify::Task;
use support::{Run, assets, exit};
use undertone::prelude::*;
use undertone_data::{fashion, idx};

/// Classifies pictures of clothes by ResNet-32 under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// A PNG file that gets the pictures, framed by whether their classes were found.
    #[arg(long)]
    picture: Option<PathBuf>,
    /// How many pictures.
    #[arg(long, default_value_t = 100)]
    pictures: usize,
}

fn main() -> ExitCode {
    exit(
        run(&Options::parse()),
        "the private and the plain run agree on fewer pictures than they should, or the network on fewer with the labels",
    )
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let weights = ResNet32::load(assets().join("resnet32.safetensors"))?;
    let pictures = idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx"))?.first(options.pictures);
    let inputs = Clear::new(fashion::bordered(&pictures, 3))?;
    let task = Task {
        weights: &weights,
        inputs,
        labels: &pictures.labels,
        batch: 10,
        agreement: 0.99,
        accuracy: 0.7,
        picture: options.picture.clone(),
        white: 1.0,
    };
    task.run::<ResNet32>(&options.run)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn clothes_are_classified_the_same_in_private() {
        let weights = ResNet32::load(assets().join("resnet32.safetensors")).unwrap();
        let pictures = idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx")).unwrap().first(2);
        let inputs = Clear::new(fashion::bordered(&pictures, 3)).unwrap();
        let private = World::two_party().predict::<ResNet32>(&weights, &inputs).unwrap().output;
        let plain = ResNet32::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(private.argmax(), plain.argmax());
        assert!(support::largest_difference(private.values(), plain.values()) < 0.02);
    }
}
