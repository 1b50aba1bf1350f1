//! Classifies a thousand handwritten digits without anyone seeing the pictures or the weights, and compares with the plain twin.
//!
//! ```text
//! cargo run --release --example lenet
//! cargo run --release --example lenet -- --ring 32      calibrates, and opens no more bits than values take
//! cargo run --release --example lenet -- --network wan  the ring that is fastest there, and the predicted seconds
//! ```

mod model;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use model::LeNet;
use std::path::Path;
use std::process::ExitCode;
use undertone::prelude::*;
use undertone::{Network, Plan};
use undertone_data::digits;

/// The share of pictures for which both runs must give the same digit.
const AGREEMENT: f64 = 0.999;

/// The pictures that calibration sees; the accuracy is that of all.
const CALIBRATION: usize = 200;

/// Classifies handwritten digits under secure two-party computation with a dealer.
#[derive(Parser)]
struct Options {
    /// Pictures that run at once.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Calibrates, and takes a ring of this many bits: 32 to 64.
    #[arg(long)]
    ring: Option<u32>,
    /// Calibrates, and plans for a network: loopback, lan or wan.
    #[arg(long)]
    network: Option<Network>,
    /// Prints one last line of JSON.
    #[arg(long)]
    json: bool,
}

impl Options {
    /// The standard settings; or what a calibration on the first pictures allows.
    fn settings(&self, twin: &Twin<LeNet>, pixels: &Clear<S3<1, 28, 28>>) -> Result<Settings> {
        if self.ring.is_none() && self.network.is_none() {
            return Ok(Settings::default());
        }
        let mut settings = Settings::calibrated(&twin.calibrate(&pixels.slice(0..CALIBRATION))?);
        if let Some(n) = self.ring {
            settings = settings.with_ring(n);
        }
        if let Some(network) = &self.network {
            settings = settings.with_network(network);
        }
        Ok(settings)
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("error: the private and the plain run agree on fewer pictures than they should");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/assets");
    let weights = LeNet::load(assets.join("lenet.safetensors"))?;
    let digits = digits::read_idx(assets.join("digits/images.idx"), assets.join("digits/labels.idx"))?;
    let images = digits.labels.len();
    println!("{images} pictures");

    let bar = ProgressBar::new(images as u64)
        .with_style(ProgressStyle::with_template("private run {wide_bar} picture {pos} of {len}, {eta} left")?);
    let pixels = Clear::new(digits.pixels)?;
    let twin = LeNet::twin_with(&Device::flex(), &weights)?;
    let settings = options.settings(&twin, &pixels)?;
    let plan: Plan = LeNet::plan(&settings)?;
    if settings.calibrated.is_some() {
        println!("{}", plan.cost(options.batch));
    }
    let world = World::two_party().settings(settings).batch(options.batch);
    let run = world.predict_with_progress::<LeNet>(&weights, &pixels, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let (report, private) = (run.report, run.output);
    let plain = twin.predict(&pixels)?;

    let share = |a: &[usize], b: &[usize]| a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / images as f64;
    let (known, secret) = (plain.argmax(), private.argmax());
    let (accuracy_twin, accuracy_private, agreement) =
        (share(&known, &digits.labels), share(&secret, &digits.labels), share(&known, &secret));
    let difference = plain.values().iter().zip(private.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{report}\n");
    println!("accuracy             twin {accuracy_twin:.3}, private {accuracy_private:.3}");
    println!("agreement            {agreement:.4}");
    println!("largest difference   {difference:.5} of a score");
    println!(
        "pictures a second    {:.0} online, {:.0} with offline work",
        rate(images, report.online),
        rate(images, report.online + report.offline)
    );
    if let Some(network) = &options.network {
        println!("\n{}", plan.cost(options.batch).time(network));
    }
    if options.json {
        println!(
            "{}",
            serde_json::json!({
                "images": images,
                "accuracy_twin": accuracy_twin,
                "accuracy_private": accuracy_private,
                "agreement": agreement,
                "largest_logit_difference": difference,
                "batch": options.batch,
                "setup_seconds": report.setup.as_secs_f64(),
                "online_seconds": report.online.as_secs_f64(),
                "offline_seconds": report.offline.as_secs_f64(),
                "rounds": report.rounds() * report.runs as u64,
                "online_bytes_per_party": report.sent(),
                "offline_bytes": report.corrections(),
                "parties": report.parties,
                "ring": report.ring,
                "fraction": report.fraction,
            })
        );
    }
    Ok(agreement >= AGREEMENT)
}

fn rate(images: usize, time: std::time::Duration) -> f64 {
    images as f64 / time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_classified_the_same_in_private() {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/assets");
        let weights = LeNet::load(assets.join("lenet.safetensors")).unwrap();
        let digits = digits::read_idx(assets.join("digits/images.idx"), assets.join("digits/labels.idx")).unwrap();
        let images: Clear<S3<1, 28, 28>> = Clear::new(digits.pixels).unwrap().slice(0..40);
        let private = World::two_party().predict::<LeNet>(&weights, &images).unwrap().output.argmax();
        let plain = LeNet::twin_with(&Device::flex(), &weights).unwrap().predict(&images).unwrap().argmax();
        assert_eq!(private, plain);
        let right = private.iter().zip(&digits.labels).filter(|(a, b)| a == b).count();
        assert!(right >= 38, "{right} of 40 are right");
    }
}
