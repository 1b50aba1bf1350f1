//! A network in MobileNet's manner, with convolutions of each channel by itself, on pictures of clothes that nobody sees.
//!
//! ```text
//! cargo run --release --example mobilenet
//! cargo run --release --example mobilenet -- --ring 32     calibrates, and opens no more bits than values take
//! ```
//!
//! Its weights were trained on Fashion-MNIST by `train_images`.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::MobileNet;
use std::path::PathBuf;
use std::process::ExitCode;
use support::classify::Task;
use support::{Run, assets, exit};
use undertone::prelude::*;
use undertone_data::idx;

/// Classifies pictures of clothes by a small MobileNet under secure computation with a dealer.
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
    let weights = MobileNet::load(assets().join("mobilenet.safetensors"))?;
    let pictures = idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx"))?.first(options.pictures);
    let inputs = Clear::new(pictures.pixels.clone())?;
    let task = Task {
        weights: &weights,
        inputs,
        labels: &pictures.labels,
        batch: 50,
        agreement: 0.99,
        accuracy: 0.75,
        picture: options.picture.clone(),
        white: 1.0,
    };
    task.run::<MobileNet>(&options.run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clothes_are_classified_the_same_in_private() {
        let weights = MobileNet::load(assets().join("mobilenet.safetensors")).unwrap();
        let pictures = idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx")).unwrap().first(2);
        let inputs = Clear::new(pictures.pixels.clone()).unwrap();
        let private = World::two_party().predict::<MobileNet>(&weights, &inputs).unwrap().output;
        let plain = MobileNet::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(private.argmax(), plain.argmax());
        assert!(support::largest_difference(private.values(), plain.values()) < 0.02);
    }
}
