//! torchaudio's Wav2Letter at its full size, on one second of audio: 13 MFCCs, 20.6 million parameters, random weights. For cost, not for text.

use rand::{RngExt, SeedableRng};
use undertone::graph::Graph;
use undertone::party::Untyped;
use undertone::prelude::*;
use undertone::twin::initial;

secure_model! {
    /// Wav2Letter on MFCCs: 101 frames in, the scores of 29 letters for 51 frames out.
    pub model FullWav2Letter(mfcc: [13, 101]) -> [29, 51] {
        mfcc
            -> Conv1d { out: 250, kernel: 48, stride: 2, padding: 23 } -> Relu
            -> for _ in 0..7 { Conv1d { out: 250, kernel: 7, padding: 3 } -> Relu }
            -> Conv1d { out: 2000, kernel: 32, padding: 16 } -> Relu
            -> Conv1d { out: 2000 } -> Relu
            -> Conv1d { out: 29 } -> Relu
    }
}

/// The largest difference from the twin that is accepted.
const CLOSE: f32 = 0.01;

/// Runs the model privately and plainly on random input and weights; whether both agree.
pub fn run(json: bool) -> Result<bool, Box<dyn std::error::Error>> {
    let graph = FullWav2Letter::graph()?;
    let mut rng = rand::rngs::StdRng::try_from_rng(&mut rand::rngs::SysRng)?;
    let weights = he(graph, &initial(graph, &mut rng));
    // noise of unit variance, as normalised features have
    let x: Vec<f32> = (0..13 * 101).map(|_| (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0).collect();
    println!("{}: {:.1} million weights, random; one second of audio", graph.name, weights.count() as f64 / 1e6);

    let mut best: Option<Untyped> = None;
    for _ in 0..RUNS {
        let run = World::two_party().predict_graph(graph, &weights, &[&x], 1, &mut |_| {})?;
        if best.as_ref().is_none_or(|b| run.report.online < b.report.online) {
            best = Some(run);
        }
    }
    let Some(private) = best else { return Ok(false) };
    let start = std::time::Instant::now();
    let plain = FullWav2Letter::twin_with(&Device::flex(), &weights)?.predict(&Clear::new(x)?)?;
    let twin = start.elapsed();
    let difference = plain.values().iter().zip(private.output()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let largest = plain.values().iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let report = &private.report;
    println!("{report}\n");
    println!("best of {RUNS} runs   online {:.3} s, offline {:.3} s", report.online.as_secs_f64(), report.offline.as_secs_f64());
    println!("largest difference from the twin {difference:.5}, with scores up to {largest:.2}; the twin took {:.3} s", twin.as_secs_f64());
    if json {
        println!(
            "{}",
            serde_json::json!({
                "workload": "w2l_mfcc13_1s",
                "best_of_runs": RUNS,
                "setup_seconds": report.setup.as_secs_f64(),
                "online_seconds": report.online.as_secs_f64(),
                "offline_seconds": report.offline.as_secs_f64(),
                "rounds": report.rounds(),
                "online_bytes_per_party": report.sent(),
                "offline_bytes": report.corrections(),
                "largest_logit_difference": difference,
                "parties": report.parties,
                "ring": report.ring,
            })
        );
    }
    Ok(difference <= CLOSE)
}

/// How often the model runs; the best run is shown.
const RUNS: usize = 3;

/// PyTorch's initial weights, scaled so that the variance of the activations stays what it is from layer to layer.
fn he(graph: &Graph, initial: &Weights) -> Weights {
    let mut weights = Weights::empty();
    for parameter in &graph.parameters {
        if let Some((shape, values)) = initial.get(&parameter.name) {
            let scale = if parameter.name.ends_with("weight") { 6f32.sqrt() } else { 1.0 };
            weights.insert(parameter.name.clone(), shape, values.iter().map(|v| v * scale).collect());
        }
    }
    weights
}
