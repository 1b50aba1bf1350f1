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
use std::path::PathBuf;
use std::process::ExitCode;
use support::classify::Task;
use support::{Run, assets, exit};
use undertone::prelude::*;
use undertone_data::idx;

/// Classifies pictures of clothes by a small vision transformer under secure computation with a dealer.
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
    let weights = VisionTransformer::load(assets().join("vit.safetensors"))?;
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
    task.run::<VisionTransformer>(&options.run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clothes_are_classified_the_same_in_private() {
        let weights = VisionTransformer::load(assets().join("vit.safetensors")).unwrap();
        let pictures = idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx")).unwrap().first(2);
        let inputs = Clear::new(pictures.pixels.clone()).unwrap();
        let private = World::two_party().predict::<VisionTransformer>(&weights, &inputs).unwrap().output;
        let plain = VisionTransformer::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(private.argmax(), plain.argmax());
        assert!(support::largest_difference(private.values(), plain.values()) < 0.02);
    }
}
