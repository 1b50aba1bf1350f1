//! Tells by two vowels who of nine people has spoken, by a recurrent network, without anyone hearing the voice or seeing the weights.
//!
//! ```text
//! cargo run --release --example gru
//! cargo run --release --example gru -- --network wan     calibrates, and prints the seconds on a network: a recurrent network has many rounds
//!
//! scripts/fetch-vowels.sh
//! cargo run --release --example gru -- --train           trains it again, in the clear, at a fixed seed
//! ```
//!
//! The series are the Japanese Vowels: twelve coefficients of linear prediction every 6.4 ms. 270 are to learn from and 370 others to test with, of which ten of each speaker are committed.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::{CHANNELS, POINTS, Speaker};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use support::classify::Task;
use support::{Run, assets, exit};
use undertone::prelude::*;
use undertone::weights::Precision;
use undertone_data::series::{self, Series};

/// Tells speakers apart under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// Trains the network in the clear, writes its weights, and then runs it.
    #[arg(long)]
    train: bool,
    /// What scripts/fetch-vowels.sh has fetched.
    #[arg(long, default_value = "data-cache/vowels")]
    data: PathBuf,
}

fn main() -> ExitCode {
    exit(
        run(&Options::parse()),
        "the private and the plain run agree on fewer series than they should, or the network on fewer with the labels",
    )
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    if options.train {
        train(&options.data)?;
    }
    let weights = Speaker::load(weights_path())?;
    let series = series::read(sample_path())?;
    let task = Task {
        weights: &weights,
        inputs: inputs(&series)?,
        labels: &series.labels,
        batch: series.labels.len(),
        agreement: 0.98,
        accuracy: 0.9,
        picture: None,
        white: 1.0,
    };
    task.run::<Speaker>(&options.run)
}

fn weights_path() -> PathBuf {
    assets().join("vowels/gru.safetensors")
}

fn sample_path() -> PathBuf {
    assets().join("vowels/sample.ts")
}

/// All series, with zeros before the shorter ones.
fn inputs(series: &Series) -> Result<Clear<S2<POINTS, CHANNELS>>, Box<dyn std::error::Error>> {
    if series.channels != CHANNELS {
        return Err(format!("series of {} numbers a point; the network takes {CHANNELS}", series.channels).into());
    }
    Ok(Clear::new(series.padded(POINTS)?)?)
}

/// Trains the network and writes its weights.
fn train(data: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let part = |name: &str| -> Result<Examples<Clear<S2<POINTS, CHANNELS>>>, Box<dyn std::error::Error>> {
        let path = data.join(name);
        if !path.exists() {
            return Err(format!("{} is missing; run scripts/fetch-vowels.sh, which fetches the series", path.display()).into());
        }
        let series = series::read(path)?;
        Ok(Examples::new(inputs(&series)?, series.labels)?)
    };
    let (learned, tested) = (part("TRAIN.ts")?, part("TEST.ts")?);
    let mut twin = Speaker::twin_seeded(&Device::flex(), 1)?;
    let config = TrainConfig {
        epochs: 40,
        batch: 16,
        learning_rate: 1e-2,
        clip: Some(1.0),
        seed: Some(1),
        progress: false,
        ..TrainConfig::default()
    };
    if let Some(last) = twin.train(&learned, &config)?.last() {
        println!("{last}");
    }
    twin.weights()?.save(weights_path(), Precision::Half)?;
    let twin = Speaker::twin_with(&Device::flex(), &Speaker::load(weights_path())?)?;
    println!("on {} series never learned from: {}", tested.labels.len(), twin.evaluate(&tested)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speakers_are_told_apart_the_same_in_private() {
        let weights = Speaker::load(weights_path()).unwrap();
        let series = series::read(sample_path()).unwrap();
        let (all, labels) = (inputs(&series).unwrap(), &series.labels[..6]);
        let inputs = all.slice(0..6);
        let private = World::two_party().predict::<Speaker>(&weights, &inputs).unwrap().output;
        let plain = Speaker::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(private.argmax(), plain.argmax());
        assert!(support::largest_difference(private.values(), plain.values()) < 0.1);
        assert!(support::share(&plain.argmax(), labels) > 0.6);
    }
}
