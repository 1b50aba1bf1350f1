//! The same without any privacy: the twin, for errors, and for what privacy costs.

use crate::failure::Result;
use crate::figures::{Figures, median};
use crate::workload::Workload;
use std::time::Instant;
use undertone::twin::{Device, Network};

/// Seconds that the twin's forward passes take in all.
const SECONDS: f64 = 1.0;

/// Compares what a private run has released with the twin's result, and measures the twin on one core.
///
/// # Errors
/// When the twin cannot run the graph.
pub fn compare(figures: &mut Figures, workload: &Workload, output: &[f32]) -> Result<()> {
    let inputs = workload.inputs(figures.batch);
    let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
    let network = Network::new(workload.graph.clone(), &workload.weights(), &Device::flex())?;
    let plain = network.forward(&inputs, figures.batch)?;
    let difference = plain.iter().zip(output).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    figures.max_abs_err = Some(if plain.len() == output.len() { difference } else { f64::INFINITY });
    figures.max_abs = Some(plain.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max));
    let (start, mut times) = (Instant::now(), vec![]);
    while times.len() < 3 || (start.elapsed().as_secs_f64() < SECONDS && times.len() < 50) {
        let from = Instant::now();
        network.forward(&inputs, figures.batch)?;
        times.push(from.elapsed().as_secs_f64());
    }
    figures.plain_seconds = Some(median(&times));
    Ok(())
}
