//! Trains the speech model of `wav2letter` from the same description, in the clear, on the prompts of the Asterisk telephone exchange.
//!
//! ```text
//! scripts/fetch-asterisk.sh
//! cargo run --release --example train_wav2letter
//! ```
//!
//! Every epoch packs the recordings anew into rows of equal length, each recording at a random speed and loudness, with some noise, and
//! with bands and moments hidden. The sentences that are held out are transcribed every few epochs and never learned from.

mod augment;
#[path = "../wav2letter/model.rs"]
mod model;
mod rows;
#[cfg(test)]
mod tests;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use model::{GEOMETRY, Wav2Letter, cut, letters, transcribe};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rows::Corpus;
use std::path::{Path, PathBuf};
use std::time::Instant;
use undertone::prelude::*;
use undertone::weights::Precision;
use undertone_data::alphabet::{BLANK, LETTERS};
use undertone_data::asterisk;
use undertone_data::cer::Cer;
use undertone_data::features::{MELS, log_mel};
use undertone_data::speech::Recording;

/// The frames of a row of training: [`rows::FRAMES`] frames of recordings, and what the scores at both ends see around them.
const ROW: usize = rows::FRAMES - GEOMETRY.stride + GEOMETRY.receptive;
/// The scores of a row.
const ROW_SCORES: usize = rows::FRAMES / GEOMETRY.stride;

secure_model! {
    /// What is trained: several recordings in one row. Its weights have the names of those of `Wav2Letter`.
    pub model Utterance(audio: [MELS, ROW]) -> [LETTERS, ROW_SCORES] {
        audio -> acoustic: model::Acoustic
    }
    loss (letters: [ROW_SCORES]) { (output, letters) -> Ctc { blank: BLANK } }
}

/// Trains the speech model on the Asterisk prompts.
#[derive(Parser)]
struct Options {
    /// How often every recording is seen.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Stops after this many minutes instead; the learning rate falls by the clock.
    #[arg(long)]
    minutes: Option<f64>,
    /// Makes the training repeatable on one machine, unless the clock decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What scripts/fetch-asterisk.sh has fetched.
    #[arg(long, default_value = "data-cache/asterisk")]
    data: PathBuf,
    /// Where the weights go.
    #[arg(long, default_value = "examples/assets/wav2letter.safetensors")]
    out: PathBuf,
    /// Where the weights go every ten epochs.
    #[arg(long, default_value = "data-cache/wav2letter.checkpoint.safetensors")]
    checkpoint: PathBuf,
    /// Starts from the weights of a checkpoint; the optimiser and its schedule begin anew.
    #[arg(long)]
    resume: Option<PathBuf>,
    /// The highest learning rate.
    #[arg(long, default_value_t = 2e-3)]
    learning_rate: f64,
}

/// Rows in a batch.
const BATCH: usize = 6;
/// Epochs from one look at the held-out recordings to the next.
const PERIOD: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let prompts = asterisk::load(&options.data)?;
    let minutes = |p: &[Recording]| p.iter().map(Recording::seconds).sum::<f64>() / 60.0;
    println!("{} recordings to learn from, {:.1} minutes", prompts.train.len(), minutes(&prompts.train));
    println!("{} recordings held out, {:.1} minutes", prompts.held_out.len(), minutes(&prompts.held_out));

    let device = Device::flex();
    let mut twin = Utterance::twin_seeded(&device, options.seed)?;
    if let Some(path) = &options.resume {
        twin.load(&Utterance::load(path)?)?;
    }
    println!("{} weights", twin.weights()?.count());
    let average = train(twin.network_mut(), &prompts, &options)?;

    average.save(&options.out, Precision::Half)?;
    let (cer, lines) = evaluate(&Wav2Letter::load(&options.out)?, &prompts.held_out)?;
    for line in lines {
        println!("{line}");
    }
    println!(
        "character error rate {:.3} on {} held-out recordings; weights in {}",
        cer.rate(),
        prompts.held_out.len(),
        options.out.display()
    );
    Ok(())
}

/// Trains, and returns the average of the weights over the last steps.
fn train(
    network: &mut undertone::twin::Network,
    prompts: &asterisk::Prompts,
    options: &Options,
) -> Result<Weights, Box<dyn std::error::Error>> {
    let corpus = Corpus::new(&prompts.train);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(options.seed);
    let schedule = Schedule { peak: options.learning_rate, warm_up: 500, steps: 10_000 };
    let mut optimizer = network.adam_w(1e-2);
    let mut average = Average::new(0.998);
    let bar = ProgressBar::new(10_000).with_style(ProgressStyle::with_template("{wide_bar} {percent} %, {eta} left, {msg}")?);
    let start = Instant::now();
    // How much of the training is done, from 0 to 1, in the middle of an epoch.
    let progress = |epoch: usize, share: f64| match options.minutes {
        Some(minutes) => start.elapsed().as_secs_f64() / 60.0 / minutes,
        None => (epoch as f64 - 1.0 + share) / f64::from(options.epochs),
    };
    for epoch in 1.. {
        let mut sum = 0.0;
        let rows = corpus.rows(&mut rng);
        for (i, batch) in rows.chunks(BATCH).enumerate() {
            let done = (progress(epoch, i as f64 * BATCH as f64 / rows.len() as f64) * 10_000.0) as usize;
            let input: Vec<f32> = batch.iter().flat_map(|row| row.frames(ROW, &mut rng)).collect();
            let targets: Vec<f32> = batch.iter().flat_map(|row| row.target(ROW_SCORES)).collect();
            let scores = network.forward_train(&[&input], batch.len(), None)?;
            let loss = network.loss(scores, &[&targets])?;
            let gradients = network.gradients(&loss)?.clip(5.0);
            sum += gradients.loss() * batch.len() as f32;
            network.apply(&mut optimizer, gradients, schedule.at(done));
            average.follow(network)?;
            bar.set_position(done as u64);
        }
        let loss = sum / rows.len() as f32;
        bar.set_message(format!("epoch {epoch}, loss {loss:.3} a letter"));
        let last = progress(epoch, 1.0) >= 1.0;
        if epoch % PERIOD == 0 || last {
            checkpoint(network, &options.checkpoint)?;
            let (cer, _) = evaluate(&network.weights()?, &prompts.held_out)?;
            let (averaged, _) = evaluate(&average.weights(), &prompts.held_out)?;
            let rates = format!("held-out character error rate {:.3}, averaged weights {:.3}", cer.rate(), averaged.rate());
            bar.suspend(|| println!("epoch {epoch}: loss {loss:.3} a letter, {rates}"));
        }
        if last {
            break;
        }
    }
    bar.finish();
    Ok(average.weights())
}

fn checkpoint(network: &undertone::twin::Network, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    Ok(network.weights()?.save(path, Precision::Single)?)
}

/// Transcribes recordings window by window, as the private computation does. One line for each: the text and the transcript.
fn evaluate(weights: &Weights, prompts: &[Recording]) -> Result<(Cer, Vec<String>)> {
    let twin = Wav2Letter::twin_with(&Device::flex(), weights)?;
    let mut cer = Cer::default();
    let mut lines = Vec::new();
    for prompt in prompts {
        let (windows, audio) = cut(&log_mel(&prompt.samples))?;
        let transcript = transcribe(&windows, &letters(&twin.predict(&audio)?));
        cer.add(&prompt.text, &transcript);
        lines.push(format!("{} | {transcript}", prompt.text));
    }
    Ok((cer, lines))
}
