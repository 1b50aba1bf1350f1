//! Classifies a thousand handwritten digits without anyone seeing the pictures or the weights, and compares with the plain twin.
//!
//! ```text
//! cargo run --release --example lenet
//! ```

mod model;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use model::LeNet;
use std::path::Path;
use std::process::ExitCode;
use undertone::prelude::*;
use undertone_data::digits;

/// The share of pictures for which both runs must give the same digit.
const AGREEMENT: f64 = 0.999;

/// Classifies handwritten digits under secure two-party computation with a dealer.
#[derive(Parser)]
struct Options {
    /// Pictures that run at once.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Prints one last line of JSON.
    #[arg(long)]
    json: bool,
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
    let world = World::two_party().batch(options.batch);
    let pixels = Clear::new(digits.pixels)?;
    let run = world.predict_with_progress::<LeNet>(&weights, &pixels, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let (report, private) = (run.report, run.output);
    let plain = LeNet::twin_with(&Device::flex(), &weights)?.predict(&pixels)?;

    let share = |a: &[usize], b: &[usize]| a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / images as f64;
    let (twin, secret) = (plain.argmax(), private.argmax());
    let (accuracy_twin, accuracy_private, agreement) =
        (share(&twin, &digits.labels), share(&secret, &digits.labels), share(&twin, &secret));
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
