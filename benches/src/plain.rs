//! The same without any privacy: the twin, for errors, and for what privacy costs. It is a process of its own, with one thread.

use crate::cast::Spec;
use crate::endpoint::CALIBRATION;
use crate::failure::{Doing, Result};
use crate::figures::{Figures, median};
use crate::workload::Workload;
use std::path::Path;
use std::time::Instant;
use undertone::twin::{Device, Network};

/// What the process is called.
pub const PLAIN: &str = "plain";

/// Seconds that the forward passes take in all.
const SECONDS: f64 = 1.0;

/// Runs the twin, and leaves its result and its time in `folder`.
pub fn run(spec: &Spec, folder: &Path) -> Result<()> {
    let workload = Workload::named(&spec.workload)?;
    let inputs = workload.inputs(spec.batch);
    let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
    let network = Network::new(workload.graph.clone(), &workload.weights(), &Device::flex())?;
    let values = network.forward(&inputs, spec.batch)?;
    let (start, mut times) = (Instant::now(), vec![]);
    while times.len() < 3 || (start.elapsed().as_secs_f64() < SECONDS && times.len() < 50) {
        let from = Instant::now();
        network.forward(&inputs, spec.batch)?;
        times.push(from.elapsed().as_secs_f64());
    }
    let bytes = serde_json::to_vec(&(values, median(&times))).doing(PLAIN)?;
    std::fs::write(folder.join(format!("{PLAIN}.json")), bytes).doing(PLAIN)
}

/// Samples of a calibration.
const SAMPLES: usize = 8;

/// Calibrates on other samples than those that are measured, and leaves the calibration in `folder`.
pub fn calibrate(workload: &str, folder: &Path) -> Result<()> {
    let workload = Workload::named(workload)?;
    let samples = workload.samples(SAMPLES);
    let samples: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
    let network = Network::new(workload.graph.clone(), &workload.weights(), &Device::flex())?;
    Ok(network.calibrate(&samples, SAMPLES)?.save(folder.join(CALIBRATION))?)
}

/// Compares what a private run has released with the result that the process has left.
pub fn compare(figures: &mut Figures, folder: &Path, released: &[f32]) -> Result<()> {
    let bytes = std::fs::read(folder.join(format!("{PLAIN}.json"))).doing(PLAIN)?;
    let (plain, seconds): (Vec<f32>, f64) = serde_json::from_slice(&bytes).doing(PLAIN)?;
    let difference = plain.iter().zip(released).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    figures.max_abs_err = Some(if plain.len() == released.len() { difference } else { f64::INFINITY });
    figures.max_abs = Some(plain.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max));
    figures.plain_seconds = Some(seconds);
    Ok(())
}
