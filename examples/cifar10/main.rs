//! A network that others trained on CIFAR-10, with its weights, on twenty labelled pictures, without anyone seeing the pictures or the weights.
//!
//! ```text
//! cargo run --release --example cifar10
//! ```
//!
//! Weights and pictures are committed; `scripts/fetch-cifar10-network.sh` makes them from the packages that they come from.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::CifarNetwork;
use std::path::PathBuf;
use std::process::ExitCode;
use support::classify::Task;
use support::{Run, assets, exit};
use undertone::prelude::*;
use undertone_data::cifar;

/// Classifies pictures of CIFAR-10 under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// A PNG file that gets the pictures, framed by whether their classes were found.
    #[arg(long)]
    picture: Option<PathBuf>,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()), "not every picture has its class, or not the same one in the private and the plain run")
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let weights = CifarNetwork::load(assets().join("cifar10.safetensors"))?;
    let pictures = cifar::read(assets().join("cifar10"))?;
    let task = Task {
        weights: &weights,
        inputs: Clear::new(pictures.pixels)?,
        labels: &pictures.labels,
        batch: 10,
        agreement: 1.0,
        accuracy: 1.0,
        picture: options.picture.clone(),
        white: 255.0,
    };
    task.run::<CifarNetwork>(&options.run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_the_one_that_was_trained() {
        let weights = CifarNetwork::load(assets().join("cifar10.safetensors")).unwrap();
        let pictures = cifar::read(assets().join("cifar10")).unwrap();
        let inputs = Clear::new(pictures.pixels).unwrap();
        let plain = CifarNetwork::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(plain.argmax(), pictures.labels, "all twenty are right");
        let private = World::two_party().predict::<CifarNetwork>(&weights, &inputs.slice(0..1)).unwrap().output;
        assert_eq!(private.argmax(), plain.argmax()[..1]);
    }
}
