//! Random tiles of the part of the picture of nuclei that is learned from, turned and mirrored.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use undertone_data::nuclei::{LEARNED, Nuclei, SIDE, TILE, Tiles};

/// So many tiles, repeatable by the seed.
pub fn random(nuclei: &Nuclei, count: usize, seed: u64) -> Tiles {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut all = Tiles::default();
    for _ in 0..count {
        let tile = nuclei.tile(rng.random_range(0..=SIDE - TILE), rng.random_range(0..=LEARNED - TILE));
        let way = rng.random_range(0..8);
        all.push(&Tiles { pictures: turned(&tile.pictures, way), masks: turned(&tile.masks, way) });
    }
    all
}

/// A square in one of the eight ways in which it covers itself.
fn turned(square: &[f32], way: u32) -> Vec<f32> {
    let flip = |bit: u32, i: usize| if way >> bit & 1 == 1 { TILE - 1 - i } else { i };
    let at = |row: usize, column: usize| {
        let (row, column) = (flip(0, row), flip(1, column));
        if way >> 2 & 1 == 1 { square[column * TILE + row] } else { square[row * TILE + column] }
    };
    (0..TILE).flat_map(|row| (0..TILE).map(move |column| (row, column))).map(|(row, column)| at(row, column)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_square_covers_itself_in_eight_ways() {
        let square: Vec<f32> = (0..TILE * TILE).map(|i| i as f32).collect();
        let ways: HashSet<Vec<u32>> = (0..8).map(|way| turned(&square, way).iter().map(|v| *v as u32).collect()).collect();
        assert_eq!(ways.len(), 8, "all differ");
        for way in &ways {
            let mut sorted = way.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().enumerate().all(|(i, v)| i as u32 == *v), "no pixel is lost");
        }
    }

    #[test]
    fn picture_and_mask_of_a_tile_stay_together_and_nothing_is_held_out() {
        let picture: Vec<f32> = (0..SIDE * SIDE).map(|i| (i % SIDE) as f32).collect();
        let mask = picture.iter().map(|p| 2.0 * p).collect();
        let tiles = random(&Nuclei { picture, mask }, 30, 1);
        assert_eq!(tiles.count(), 30);
        assert!(tiles.pictures.iter().zip(&tiles.masks).all(|(p, m)| (2.0 * p - m).abs() < 1e-6));
        assert!(tiles.pictures.iter().all(|column| (*column as usize) < LEARNED));
    }
}
