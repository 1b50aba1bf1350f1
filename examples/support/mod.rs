//! What the examples with a committed network share: options, settings, and the comparison of the private run with the plain twin.

#![allow(dead_code, reason = "each example uses a part")]

pub mod classify;
pub mod clothes;
pub mod sheet;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use undertone::prelude::*;
use undertone::report::Report;
use undertone::{ModelInput, Network, Plan};

/// How a private run is made.
#[derive(clap::Args, Clone, Debug)]
pub struct Run {
    /// The computing parties: the one with the inputs, the one with the weights, and others that only compute. A dealer is another one.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=5))]
    pub parties: u8,
    /// Samples that run at once.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Calibrates on the first samples, and takes a ring of this many bits: 32 to 64.
    #[arg(long)]
    pub ring: Option<u32>,
    /// Calibrates on the first samples, and plans for a network: loopback, lan or wan.
    #[arg(long)]
    pub network: Option<Network>,
    /// Prints one last line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// The samples that a calibration sees.
const CALIBRATION: usize = 100;

impl Run {
    /// The standard settings, or what a calibration on the first samples allows.
    pub fn settings<M: Model<Input = Clear<I>>, I: StaticShape>(&self, twin: &Twin<M>, inputs: &Clear<I>) -> Result<Settings> {
        self.settings_for(twin, &inputs.slice(0..inputs.batch().min(CALIBRATION)))
    }

    /// The standard settings, or what a calibration on all of these samples allows.
    pub fn settings_for<M: Model>(&self, twin: &Twin<M>, seen: &M::Input) -> Result<Settings> {
        let parties = usize::from(self.parties);
        if self.ring.is_none() && self.network.is_none() {
            return Ok(Settings { parties, ..Settings::default() });
        }
        let mut settings = Settings { parties, ..Settings::calibrated(&twin.calibrate(seen)?) };
        if let Some(n) = self.ring {
            settings = settings.with_ring(n);
        }
        if let Some(network) = &self.network {
            settings = settings.with_network(network);
        }
        Ok(settings)
    }

    /// Runs a model privately, with a progress bar. A run without options at `batch` samples at once.
    pub fn predict<M: Model<Input = I>, I: ModelInput>(
        &self,
        settings: Settings,
        batch: usize,
        weights: &Weights,
        inputs: &I,
    ) -> Result<Prediction<M::Released>, Box<dyn std::error::Error>> {
        let bar = ProgressBar::new(inputs.batch()? as u64)
            .with_style(ProgressStyle::with_template("private run {wide_bar} sample {pos} of {len}, {eta} left")?);
        let world = World::parties(usize::from(self.parties)).settings(settings).batch(self.batch.unwrap_or(batch));
        let run = world.predict_with_progress::<M>(weights, inputs, &mut |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        Ok(run)
    }

    /// Prints what the options ask for besides the figures: seconds on a network, and the line of JSON.
    pub fn finish(&self, plan: &Plan, batch: usize, figures: Value, report: &Report) {
        if let Some(network) = &self.network {
            println!("\n{}", plan.cost(self.batch.unwrap_or(batch)).time(network));
        }
        if self.json {
            println!("{}", merged(figures, costs(report)));
        }
    }
}

/// Where the committed weights and data are.
pub fn assets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/assets")
}

/// The exit code of an example: 1 where it misses what it promises, 2 after an error.
pub fn exit(result: Result<bool, Box<dyn std::error::Error>>, missed: &str) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("error: {missed}");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

/// The share of entries that are the same.
pub fn share<T: PartialEq>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len().max(1) as f64
}

/// The largest difference of two values at one place.
pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// What a run cost.
pub fn costs(report: &Report) -> Value {
    json!({
        "samples": report.samples,
        "runs": report.runs,
        "setup_seconds": report.setup.as_secs_f64(),
        "online_seconds": report.online.as_secs_f64(),
        "offline_seconds": report.offline.as_secs_f64(),
        "rounds": report.rounds() * report.runs as u64,
        "rounds_of_a_run": report.rounds(),
        "online_bytes_per_party": report.sent(),
        "offline_bytes": report.corrections(),
        "parties": report.parties,
        "topology": report.topology.name(),
        "ring": report.ring,
        "fraction": report.fraction,
        "peak_memory_bytes": peak_memory(),
    })
}

/// The most memory that this process, all parties and the dealer together, has taken so far, in bytes; where Linux says so.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}

/// Two objects as one.
pub fn merged(mut a: Value, b: Value) -> Value {
    if let (Value::Object(a), Value::Object(b)) = (&mut a, b) {
        a.extend(b);
    }
    a
}
