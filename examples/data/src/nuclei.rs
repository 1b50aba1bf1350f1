//! A microscope's picture of nuclei and which of its pixels are nuclei: 512 by 512 pixels with 125 nuclei, from the PyPI package `stardist`. The right quarter is held out.

use crate::error::{Error, Result};
use crate::picture;
use std::path::Path;

/// The height and width of the picture.
pub const SIDE: usize = 512;
/// The height and width of a tile.
pub const TILE: usize = 64;
/// The columns to learn from; the others are held out.
pub const LEARNED: usize = 384;

/// The picture and its mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Nuclei {
    /// Row by row, from 0 to 1.
    pub picture: Vec<f32>,
    /// Row by row: 1 on a nucleus, 0 elsewhere.
    pub mask: Vec<f32>,
}

/// Tiles, one after the other, each row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tiles {
    /// From 0 to 1.
    pub pictures: Vec<f32>,
    /// 1 on a nucleus, 0 elsewhere.
    pub masks: Vec<f32>,
}

impl Nuclei {
    /// The tile whose first pixel is at this row and column.
    ///
    /// # Panics
    /// When it does not lie inside of the picture.
    pub fn tile(&self, row: usize, column: usize) -> Tiles {
        assert!(row + TILE <= SIDE && column + TILE <= SIDE, "no tile at {row}, {column}");
        let cut = |values: &[f32]| (row..row + TILE).flat_map(|r| &values[r * SIDE + column..r * SIDE + column + TILE]).copied().collect();
        Tiles { pictures: cut(&self.picture), masks: cut(&self.mask) }
    }

    /// The sixteen tiles that are held out, side by side.
    pub fn held_out(&self) -> Tiles {
        let mut all = Tiles::default();
        for row in (0..SIDE).step_by(TILE) {
            for column in (LEARNED..SIDE).step_by(TILE) {
                all.push(&self.tile(row, column));
            }
        }
        all
    }
}

impl Tiles {
    /// Appends tiles.
    pub fn push(&mut self, other: &Self) {
        self.pictures.extend_from_slice(&other.pictures);
        self.masks.extend_from_slice(&other.masks);
    }

    /// The number of tiles.
    pub fn count(&self) -> usize {
        self.pictures.len() / (TILE * TILE)
    }
}

/// Reads `picture.pgm` and `mask.pgm` of a directory; a mask has 0 where there is no nucleus.
///
/// # Errors
/// When one of them is no grey PGM file of 512 by 512 pixels.
pub fn read(directory: impl AsRef<Path>) -> Result<Nuclei> {
    let grey = |name: &str| {
        let path = directory.as_ref().join(name);
        let picture = picture::read(&path)?;
        if (picture.width, picture.height, picture.channels) != (SIDE, SIDE, 1) {
            return Err(Error::new(&path, format!("has {} by {} pixels; 512 by 512 in grey are needed", picture.width, picture.height)));
        }
        Ok(picture.planes())
    };
    Ok(Nuclei {
        picture: grey("picture.pgm")?.iter().map(|p| p / 255.0).collect(),
        mask: grey("mask.pgm")?.iter().map(|p| f32::from(u8::from(*p > 0.5))).collect(),
    })
}

/// The overlap of two masks, the pixels of both over those of either; 1 for two empty ones. A pixel above one half belongs to a mask.
pub fn intersection_over_union(a: &[f32], b: &[f32]) -> f64 {
    let count = |f: fn(bool, bool) -> bool| a.iter().zip(b).filter(|(a, b)| f(**a > 0.5, **b > 0.5)).count() as f64;
    let either = count(|a, b| a || b);
    if either > 0.0 { count(|a, b| a && b) / either } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_cut_where_they_should_be() {
        let nuclei = Nuclei { picture: (0..SIDE * SIDE).map(|i| i as f32).collect(), mask: vec![0.0; SIDE * SIDE] };
        let tile = nuclei.tile(3, 7);
        assert_eq!((tile.count(), tile.masks.len()), (1, TILE * TILE));
        assert!(
            (tile.pictures[0] - (3 * SIDE + 7) as f32).abs() < 0.1
                && (tile.pictures[TILE * TILE - 1] - (66 * SIDE + 70) as f32).abs() < 0.1
        );
        let held_out = nuclei.held_out();
        assert_eq!(held_out.count(), 16);
        assert!(held_out.pictures.iter().all(|p| *p as usize % SIDE >= LEARNED), "no pixel that was learned from");
    }

    #[test]
    fn an_overlap_is_a_share_of_the_union() {
        assert!((intersection_over_union(&[1.0, 1.0, 0.0, 0.0], &[1.0, 0.0, 1.0, 0.0]) - 1.0 / 3.0).abs() < 1e-12);
        assert!((intersection_over_union(&[0.0; 3], &[0.2; 3]) - 1.0).abs() < 1e-12);
        assert!(intersection_over_union(&[1.0; 3], &[0.0; 3]).abs() < 1e-12);
    }

    #[test]
    fn a_missing_picture_is_named() {
        let error = read("nowhere").unwrap_err().to_string();
        assert!(error.contains("picture.pgm") && error.contains("cannot be read"), "{error}");
    }
}
