//! ResNet-50 on a picture of 224 by 224 pixels, with random weights: for cost and memory, not for classes.
//!
//! ```text
//! cargo run --release --example resnet50
//! cargo run --release --example resnet50 -- --ring 32      calibrates, and opens no more bits than values take
//! ```
//!
//! Weights are random because the published ones are in none of the registries that the scripts here use. They keep the size of the activations as those do, so the private run can be
//! compared with the plain one. A file with PyTorch's names fits as it is: `-- --weights resnet50.safetensors`.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::ResNet50;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use support::{Run, exit, largest_difference, peak_memory, share};
use undertone::Plan;
use undertone::graph::Graph;
use undertone::prelude::*;
use undertone::twin::initial;

/// The largest difference of a score between both runs that is accepted, as a share of the largest score.
const CLOSE: f32 = 0.02;

/// Runs ResNet-50 under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// Weights with PyTorch's names, instead of random ones.
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Makes picture and random weights repeatable.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()), "the private and the plain run differ by more than they may")
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(options.seed);
    let weights = match &options.weights {
        Some(path) => ResNet50::load(path)?,
        None => random(ResNet50::graph()?, &mut rng),
    };
    println!("{}: {:.1} million weights, a picture of 224 by 224 pixels", ResNet50::NAME, weights.count() as f64 / 1e6);
    // noise of unit variance, as normalised pictures have
    let pixels = (0..3 * 224 * 224).map(|_| (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0).collect();
    let picture = Clear::new(pixels)?;

    let twin = ResNet50::twin_with(&Device::flex(), &weights)?;
    let started = std::time::Instant::now();
    let plain = twin.predict(&picture)?;
    let seconds = started.elapsed().as_secs_f64();
    let before = peak_memory();
    let settings = options.run.settings(&twin, &picture)?;
    drop(twin);
    let plan: Plan = ResNet50::plan(&settings)?;
    let run = options.run.predict::<ResNet50, _>(settings, 1, &weights, &picture)?;

    let difference = largest_difference(plain.values(), run.output.values());
    let largest = plain.values().iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let agreement = share(&plain.argmax(), &run.output.argmax());
    println!("{}\n", run.report);
    println!(
        "largest difference   {difference:.5}, with scores up to {largest:.2}; the class is {}",
        if agreement > 0.5 { "the same" } else { "ANOTHER" }
    );
    println!("the twin             {seconds:.3} s");
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        println!(
            "peak memory          {:.2} GB of all parties and the dealer together; the twin {:.2} GB",
            gigabytes(after),
            gigabytes(before)
        );
    }
    let figures = json!({
        "weights": weights.count(),
        "agreement": agreement,
        "largest_logit_difference": difference,
        "largest_logit": largest,
        "twin_seconds": seconds,
        "twin_peak_memory_bytes": before,
    });
    options.run.finish(&plan, 1, figures, &run.report);
    Ok(difference <= CLOSE * largest)
}

/// Random weights that keep the variance of the activations about what it is: He's for convolutions, and a normalisation that makes what is added to an identity small.
fn random(graph: &Graph, rng: &mut Xoshiro256PlusPlus) -> Weights {
    let initial = initial(graph, rng);
    let mut weights = Weights::empty();
    for parameter in &graph.parameters {
        let Some((shape, values)) = initial.get(&parameter.name) else { continue };
        let scale = match parameter.name.as_str() {
            name if name.ends_with("bn3.weight") => 0.3,
            name if name.ends_with("downsample.1.weight") => 1.0,
            _ if shape.rank() == 4 => 6f32.sqrt(),
            _ => 1.0,
        };
        weights.insert(parameter.name.clone(), shape, values.iter().map(|v| v * scale).collect());
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_names_and_the_number_of_torchvision() {
        let graph = ResNet50::graph().unwrap();
        let trained: usize = graph.parameters.iter().filter(|p| p.trainable).map(|p| p.shape.numel()).sum();
        assert_eq!(trained, 25_557_032);
        let names: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
        for name in
            ["conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight", "layer3.5.bn3.bias", "layer4.2.conv2.weight", "fc.bias"]
        {
            assert!(names.contains(&name), "{name}");
        }
    }
}
