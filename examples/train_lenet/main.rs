//! Trains the model of `lenet` from the same description, in the clear, on handwritten digits.
//!
//! ```text
//! scripts/fetch-digits.sh
//! cargo run --release --example train_lenet
//! ```
//!
//! Nine thousand pictures to learn from, each also moved by up to two pixels; a thousand others to test with, which are written
//! beside the weights for `lenet`.

#[path = "../lenet/model.rs"]
mod model;

use clap::Parser;
use model::LeNet;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use std::path::PathBuf;
use undertone::prelude::*;
use undertone::weights::Precision;
use undertone_data::digits::{self, Digits, PIXELS};

/// Trains LeNet on handwritten digits.
#[derive(Parser)]
struct Options {
    /// How often every picture is seen.
    #[arg(long, default_value_t = 5)]
    epochs: usize,
    /// Makes the training repeatable on one machine.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What scripts/fetch-digits.sh has fetched.
    #[arg(long, default_value = "data-cache/digits")]
    data: PathBuf,
    /// The directory that gets the weights and the pictures to test with.
    #[arg(long, default_value = "examples/assets")]
    out: PathBuf,
}

/// Each picture is learned as it is, and this often in another place.
const MOVED: usize = 11;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let (train, test) = digits::load(&options.data)?;
    digits::write_idx(&test, options.out.join("digits/images.idx"), options.out.join("digits/labels.idx"))?;
    println!("{} pictures to learn from, {} to test with", train.labels.len(), test.labels.len());

    let mut twin = LeNet::twin_seeded(&Device::flex(), options.seed)?;
    let examples = moved(&train, &mut Xoshiro256PlusPlus::seed_from_u64(options.seed))?;
    let config = TrainConfig {
        epochs: options.epochs,
        learning_rate: 2e-3,
        average: Some(0.999),
        seed: Some(options.seed),
        ..TrainConfig::default()
    };
    for epoch in twin.train(&examples, &config)? {
        println!("{epoch}");
    }

    let path = options.out.join("lenet.safetensors");
    twin.weights()?.save(&path, Precision::Single)?;
    let tested =
        LeNet::twin_with(&Device::flex(), &LeNet::load(&path)?)?.evaluate(&Examples::new(Clear::new(test.pixels)?, test.labels)?)?;
    println!("on pictures never learned from: {tested}; weights in {}", path.display());
    Ok(())
}

/// All pictures, and all of them again in other places.
fn moved(digits: &Digits, rng: &mut Xoshiro256PlusPlus) -> Result<Examples<Clear<S3<1, 28, 28>>>> {
    let mut pixels = digits.pixels.clone();
    for _ in 0..MOVED {
        for picture in digits.pixels.chunks_exact(PIXELS) {
            let (down, right) = (rng.random_range(-2..=2), rng.random_range(-2..=2));
            pixels.extend(shift(picture, down, right));
        }
    }
    Examples::new(Clear::new(pixels)?, digits.labels.repeat(1 + MOVED))
}

/// A picture moved down and right; paper comes in from the other side.
fn shift(picture: &[f32], down: i32, right: i32) -> Vec<f32> {
    let at = |row: i32, column: i32| {
        if (0..28).contains(&row) && (0..28).contains(&column) { picture[(row * 28 + column) as usize] } else { 0.0 }
    };
    (0..28).flat_map(|row| (0..28).map(move |column| at(row - down, column - right))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_moves() {
        let mut picture = vec![0.0; PIXELS];
        picture[28 + 3] = 1.0;
        let moved = shift(&picture, 2, -1);
        assert!((moved[3 * 28 + 2] - 1.0).abs() < 1e-9 && (moved.iter().sum::<f32>() - 1.0).abs() < 1e-9);
        assert!(shift(&picture, -2, 0).iter().all(|p| p.abs() < 1e-9), "what leaves the picture is gone");
    }

    #[test]
    fn every_picture_keeps_its_label() {
        let digits = Digits { pixels: (0..3 * PIXELS).map(|i| (i / PIXELS) as f32).collect(), labels: vec![7, 1, 2] };
        let examples = moved(&digits, &mut Xoshiro256PlusPlus::seed_from_u64(1)).unwrap();
        assert_eq!(examples.labels.len(), 3 * (1 + MOVED));
        for (label, picture) in examples.labels.iter().zip(examples.inputs.samples()) {
            // The middle of a picture stays in it.
            assert!((picture[14 * 28 + 14] - [7, 1, 2].iter().position(|l| l == label).unwrap() as f32).abs() < 1e-9);
        }
    }
}
