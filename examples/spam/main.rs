//! Tells spam from other e-mails without the filter's owner reading the e-mails, and without their reader getting the filter.
//!
//! ```text
//! cargo run --release --example spam
//! cargo run --release --example spam -- --ring 32      calibrates, and opens no more bits than values take
//!
//! scripts/fetch-spam.sh
//! cargo run --release --example spam -- --train        trains it again, in the clear, at a fixed seed: seconds
//! ```
//!
//! Whoever has an e-mail counts its words in the clear, in places that a hash of each word says, so that nobody needs a list of words; the counts are secret. The corpus is
//! SpamAssassin's; words of two hundred e-mails that the filter has not learned from are committed.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::{Counts, PLACES};
use std::path::PathBuf;
use std::process::ExitCode;
use support::classify::Task;
use support::{Run, assets, exit};
use undertone::prelude::*;
use undertone::weights::Precision;
use undertone_data::spam::{self, Message};
use undertone_data::text::hashed;

/// Tells spam from other e-mails under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// Trains the filter in the clear, writes its weights and the sample of e-mails, and then runs it.
    #[arg(long)]
    train: bool,
    /// What scripts/fetch-spam.sh has fetched.
    #[arg(long, default_value = "data-cache/spam")]
    data: PathBuf,
}

/// Of the e-mails to test with, each of so many is in the sample.
const SAMPLED: usize = 6;

fn main() -> ExitCode {
    exit(
        run(&Options::parse()),
        "the private and the plain run agree on fewer e-mails than they should, or the filter finds less spam than it should",
    )
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    if options.train {
        train(&options.data)?;
    }
    let weights = Counts::load(weights_path())?;
    let messages = spam::read(sample_path())?;
    let (inputs, labels) = (inputs(&messages)?, labels(&messages));
    let task =
        Task { weights: &weights, inputs, labels: &labels, batch: labels.len(), agreement: 0.99, accuracy: 0.9, picture: None, white: 1.0 };
    task.run::<Counts>(&options.run)
}

fn weights_path() -> PathBuf {
    assets().join("spam/counts.safetensors")
}

fn sample_path() -> PathBuf {
    assets().join("spam/sample.txt")
}

/// The counts of words of each message.
fn inputs(messages: &[Message]) -> Result<Clear<S1<PLACES>>> {
    Clear::new(messages.iter().flat_map(|m| hashed::features(m.words.iter().map(String::as_str), PLACES)).collect())
}

/// 1 for spam.
fn labels(messages: &[Message]) -> Vec<usize> {
    messages.iter().map(|m| usize::from(m.spam)).collect()
}

/// Trains the filter on four fifths of the corpus and writes its weights, and the sample of the rest.
fn train(data: &PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let (learned, tested) = spam::load(data)?;
    let examples = |messages: &[Message]| Examples::new(inputs(messages)?, labels(messages));
    let mut twin = Counts::twin_seeded(&Device::flex(), 1)?;
    let config = TrainConfig { epochs: 8, batch: 32, learning_rate: 4e-3, seed: Some(1), progress: false, ..TrainConfig::default() };
    for epoch in twin.train(&examples(&learned)?, &config)? {
        println!("{epoch}");
    }
    twin.weights()?.save(weights_path(), Precision::Half)?;
    let twin = Counts::twin_with(&Device::flex(), &Counts::load(weights_path())?)?;
    println!("on {} e-mails never learned from: {}", tested.len(), twin.evaluate(&examples(&tested)?)?);
    let sample: String = tested.iter().step_by(SAMPLED).map(|m| m.line() + "\n").collect();
    std::fs::write(sample_path(), sample)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_are_told_apart_the_same_in_private() {
        let weights = Counts::load(weights_path()).unwrap();
        let messages = spam::read(sample_path()).unwrap();
        let inputs = inputs(&messages).unwrap();
        let private = World::two_party().predict::<Counts>(&weights, &inputs).unwrap().output;
        let plain = Counts::twin_with(&Device::flex(), &weights).unwrap().predict(&inputs).unwrap();
        assert_eq!(private.argmax(), plain.argmax());
        assert!(support::largest_difference(private.values(), plain.values()) < 0.01);
        assert!(support::share(&plain.argmax(), &labels(&messages)) > 0.93);
    }
}
