//! Which phonemes somebody has said, by a network that others have trained and published, without anyone hearing the voice.
//!
//! ```text
//! scripts/fetch-hama.sh
//! python3 scripts/convert-hama-network.py data-cache/hama/asr_waveform_fp16.onnx data-cache/hama/network.safetensors
//! scripts/fetch-librivox.sh
//! cargo run --release --example phonemes
//! ```
//!
//! The spectrogram is made in the clear by whoever has the recording; all that follows is secret: convolutions with gates, two layers of attention, scores. The first three seconds of each recording are
//! read; a shorter one is filled up with silence. The weights are the package's own, which is why they are fetched and not committed.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::{CLASSES, FRAMES, Phonemes, SCORES};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use support::{Run, exit, largest_difference, share};
use undertone::Plan;
use undertone::prelude::*;
use undertone_data::mel::{self, BANDS};
use undertone_data::{phonemes, wav};

/// The share of frames for which both runs must give the same phoneme.
const AGREEMENT: f64 = 0.98;

/// Recognises phonemes under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// What scripts/fetch-hama.sh has fetched, with the network as scripts/convert-hama-network.py writes it.
    #[arg(long, default_value = "data-cache/hama")]
    model: PathBuf,
    /// Recordings, in WAV files.
    #[arg(long, default_value = "data-cache/librivox")]
    recordings: PathBuf,
    /// How many recordings.
    #[arg(long, default_value_t = 5)]
    count: usize,
    /// Only runs the plain twin.
    #[arg(long)]
    plain: bool,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()), "the private and the plain run hear other phonemes in more frames than they should")
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let names = phonemes::Phonemes::read(options.model.join("g2p_vocab.json"))?;
    if names.count() != CLASSES {
        return Err(format!("g2p_vocab.json has {} classes; the network of hama 1.3.13 has {CLASSES}", names.count()).into());
    }
    let weights = Phonemes::load(options.model.join("network.safetensors"))?;
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&options.recordings)
        .map_err(|e| {
            format!("{}: cannot be read: {e}; run scripts/fetch-librivox.sh, which fetches recordings", options.recordings.display())
        })?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "wav"))
        .collect();
    paths.sort();
    paths.truncate(options.count);
    if paths.is_empty() {
        return Err(format!(
            "{}: no recordings; run scripts/fetch-librivox.sh, or name a directory of WAV files",
            options.recordings.display()
        )
        .into());
    }
    let mut sounds = Vec::with_capacity(paths.len() * BANDS * FRAMES);
    for path in &paths {
        let samples = wav::read_at(path, mel::RATE)?;
        let spoken = &samples[..samples.len().min((FRAMES - 1) * mel::HOP)];
        sounds.extend(mel::log_mel(spoken).map_err(|e| format!("{}: {e}", path.display()))?.resized(FRAMES).values);
    }
    let inputs = Clear::<S2<BANDS, FRAMES>>::new(sounds)?;
    let twin = Phonemes::twin_with(&Device::flex(), &weights)?;
    let plain = twin.predict(&inputs)?;
    let heard = |scores: &[f32]| scores.chunks(CLASSES * SCORES).map(|s| names.text(s)).collect::<Vec<_>>();
    let known = heard(plain.values());
    for (path, text) in paths.iter().zip(&known) {
        println!("{}\n  {text}", path.display());
    }
    if options.plain {
        return Ok(true);
    }
    let settings = options.run.settings(&twin, &inputs)?;
    let plan: Plan = Phonemes::plan(&settings)?;
    let run = options.run.predict::<Phonemes, _>(settings, 1, &weights, &inputs)?;
    println!("{}\n", run.report);
    let secret = heard(run.output.values());
    for (path, (known, secret)) in paths.iter().zip(known.iter().zip(&secret)) {
        if known != secret {
            println!("{}, in private\n  {secret}", path.display());
        }
    }
    let (a, b) = (best(plain.values()), best(run.output.values()));
    let (agreement, difference) = (share(&a, &b), largest_difference(plain.values(), run.output.values()));
    println!("agreement            {agreement:.4} of the frames");
    println!("same phonemes        {} of {}", known.iter().zip(&secret).filter(|(a, b)| a == b).count(), paths.len());
    println!("largest difference   {difference:.5} of a score");
    let figures = json!({
        "model": Phonemes::NAME,
        "weights": weights.count(),
        "agreement": agreement,
        "same_phonemes": known == secret,
        "largest_logit_difference": difference,
    });
    options.run.finish(&plan, 1, figures, &run.report);
    Ok(agreement >= AGREEMENT)
}

/// The best class of every frame of every recording.
fn best(scores: &[f32]) -> Vec<usize> {
    let one = |scores: &[f32], frame: usize| {
        (1..CLASSES).fold(0, |best, c| if scores[c * SCORES + frame] > scores[best * SCORES + frame] { c } else { best })
    };
    scores.chunks(CLASSES * SCORES).flat_map(|scores| (0..SCORES).map(move |frame| one(scores, frame))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_names_of_the_converted_file() {
        let graph = Phonemes::graph().unwrap();
        let all: usize = graph.parameters.iter().map(|p| p.shape.numel()).sum();
        assert_eq!(all, 2_100_255);
        let names: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
        for name in [
            "stem.0.weight",
            "backbone.10.se.fc2.bias",
            "backbone.3.depthwise.weight",
            "attn_layers.1.attn.in_proj_weight",
            "attn_layers.0.ff.3.bias",
            "proj.bias",
        ] {
            assert!(names.contains(&name), "{name}");
        }
    }
}
