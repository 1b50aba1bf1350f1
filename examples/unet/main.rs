//! Finds the nuclei in a microscope's picture without anyone but the laboratory seeing the picture or what is in it, and without the laboratory seeing the network.
//!
//! ```text
//! cargo run --release --example unet                     writes target/unet.png: picture, truth, plain and private mask side by side
//! cargo run --release --example unet -- --ring 32        calibrates, and opens no more bits than values take
//! cargo run --release --example unet -- --out my.png
//! ```
//!
//! The right quarter of the picture is cut into sixteen tiles, none of which the network has learned from. Only the mask is opened, to the laboratory.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::UNet;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use support::{Run, assets, exit, share};
use undertone::Plan;
use undertone::prelude::*;
use undertone_data::nuclei::{self, LEARNED, SIDE, TILE, Tiles, intersection_over_union};
use undertone_data::picture::{self, Picture};

/// The share of pixels that must be the same in both masks.
const AGREEMENT: f64 = 0.999;
/// The overlap with the truth that the plain mask must reach.
const OVERLAP: f64 = 0.7;
/// Tiles that run at once.
const BATCH: usize = 8;

/// Finds nuclei under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// The file that gets the picture and the masks.
    #[arg(long, default_value = "target/unet.png")]
    out: PathBuf,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()), "fewer pixels are the same in both masks than should be, or the network finds too few nuclei")
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let weights = UNet::load(assets().join("unet.safetensors"))?;
    let tiles = nuclei::read(assets().join("nuclei"))?.held_out();
    println!("{}: {} weights, {} tiles of {TILE} by {TILE} pixels", UNet::NAME, weights.count(), tiles.count());
    let pictures = Clear::new(tiles.pictures.clone())?;
    let twin = UNet::twin_with(&Device::flex(), &weights)?;
    let settings = options.run.settings(&twin, &pictures)?;
    let plan: Plan = UNet::plan(&settings)?;
    let run = options.run.predict::<UNet, _>(settings, BATCH, &weights, &pictures)?;
    let private: Vec<f32> = run.output.values().iter().map(|on| *on as f32).collect();
    let plain = mask(twin.predict(&pictures)?.values());

    let agreement = share(&plain, &private);
    let (overlap_twin, overlap_private) = (intersection_over_union(&plain, &tiles.masks), intersection_over_union(&private, &tiles.masks));
    if let Some(folder) = options.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    picture::write_png(&side_by_side(&tiles, &plain, &private), &options.out)?;
    println!("{}\n", run.report);
    println!("overlap with truth   twin {overlap_twin:.4}, private {overlap_private:.4}");
    println!("agreement            {agreement:.5} of {} pixels, {} differ", plain.len(), ((1.0 - agreement) * plain.len() as f64).round());
    println!("picture, truth, plain and private mask in {}", options.out.display());
    let figures = json!({
        "weights": weights.count(),
        "iou_twin": overlap_twin,
        "iou_private": overlap_private,
        "agreement": agreement,
        "pixels": plain.len(),
    });
    options.run.finish(&plan, BATCH, figures, &run.report);
    Ok(agreement >= AGREEMENT && overlap_twin >= OVERLAP)
}

/// Which pixels have a positive score.
fn mask(scores: &[f32]) -> Vec<f32> {
    scores.iter().map(|score| f32::from(u8::from(*score > 0.0))).collect()
}

/// Four columns with a line between them: the picture, brightened, and three masks.
fn side_by_side(tiles: &Tiles, plain: &[f32], private: &[f32]) -> Picture {
    const LINE: usize = 4;
    let across = (SIDE - LEARNED) / TILE;
    let (columns, width) = ([&tiles.pictures[..], &tiles.masks, plain, private], 4 * (SIDE - LEARNED) + 3 * LINE);
    let mut bytes = vec![255; SIDE * width];
    for (k, values) in columns.into_iter().enumerate() {
        let brightness = if k == 0 { 1.25 } else { 0.85 };
        for (i, value) in values.iter().enumerate() {
            let (tile, row, column) = (i / (TILE * TILE), i / TILE % TILE, i % TILE);
            let (row, column) = (tile / across * TILE + row, tile % across * TILE + column);
            bytes[row * width + k * (SIDE - LEARNED + LINE) + column] = (value * 255.0 * brightness).clamp(0.0, 255.0) as u8;
        }
    }
    Picture { width, height: SIDE, channels: 1, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_the_same_in_private() {
        let weights = UNet::load(assets().join("unet.safetensors")).unwrap();
        let tiles = nuclei::read(assets().join("nuclei")).unwrap().held_out();
        let picture = Clear::new(tiles.pictures[..TILE * TILE].to_vec()).unwrap();
        let private = World::two_party().predict::<UNet>(&weights, &picture).unwrap().output;
        let plain = mask(UNet::twin_with(&Device::flex(), &weights).unwrap().predict(&picture).unwrap().values());
        let same = plain.iter().zip(private.values()).filter(|(a, b)| (**a > 0.5) == (**b == 1)).count();
        assert!(same + 8 >= plain.len(), "{same} of {} pixels", plain.len());
        assert!(plain.iter().sum::<f32>() > 50.0, "some nuclei are found");
    }

    #[test]
    fn the_picture_shows_tiles_where_they_were() {
        let tiles = Tiles {
            pictures: (0..16 * TILE * TILE).map(|i| (i / (TILE * TILE)) as f32 / 20.0).collect(),
            masks: vec![0.0; 16 * TILE * TILE],
        };
        let ones = vec![1.0; tiles.masks.len()];
        let picture = side_by_side(&tiles, &tiles.masks, &ones);
        assert_eq!((picture.width, picture.height), (4 * 128 + 12, 512));
        let at = |row: usize, column: usize| picture.bytes[row * picture.width + column];
        assert!(at(0, 0) < at(0, TILE) && at(0, TILE) < at(TILE, 0), "tile 0, right of it tile 1, below tile 2");
        assert_eq!((at(5, 128), at(5, 132), at(5, 524 - 1)), (255, 0, 216), "a line, an empty mask, a full mask");
    }
}
