//! Layers that only move elements, by `LayerTest`: images of odd sizes, of one pixel, and axes anywhere.

#[allow(dead_code, reason = "no layer here has weights")]
mod checked;

use checked::{Declared, settings};
use undertone_layers::{Pad, Padding, PixelShuffle, Slice, Split, Transpose};
use undertone_twin::layer_test;

/// Without parameters.
const NONE: [Declared; 0] = [];

#[test]
fn constants_are_put_beside_a_value() {
    let channels = layer_test!(Pad { before: &[2, 0, 0], after: &[1, 0, 0] }, [3, 5, 4]);
    channels.gives([6, 5, 4]).declares(NONE).settings(settings()).check();
    let around = layer_test!(Pad { before: &[0, 1, 2], after: &[0, 2, 0] }, [2, 1, 1]);
    around.gives([2, 4, 3]).declares(NONE).settings(settings()).check();
    let constant = layer_test!(Pad { before: &[0, 0, 3], after: &[1, 2, 0], value: -2.3 }, [2, 3, 5]);
    constant.gives([3, 5, 8]).declares(NONE).settings(settings()).check();
    layer_test!(Pad { after: &[7], value: 0.5 }, [1]).gives([8]).declares(NONE).settings(settings()).check();
    layer_test!(Pad { before: &[0, 0, 0] }, [2, 3, 5]).gives([2, 3, 5]).declares(NONE).settings(settings()).check();
    let scalar: [usize; 0] = [];
    layer_test!(Pad, scalar).gives(scalar).declares(NONE).settings(settings()).check();
}

#[test]
fn borders_are_mirrored_or_repeated() {
    let mirrored = layer_test!(Pad { before: &[0, 2, 4], after: &[0, 1, 3], mode: Padding::Reflect }, [2, 3, 5]);
    mirrored.gives([2, 6, 12]).declares(NONE).settings(settings()).check();
    let repeated = layer_test!(Pad { before: &[1, 2], after: &[0, 5], mode: Padding::Replicate }, [2, 1]);
    repeated.gives([3, 8]).declares(NONE).settings(settings()).check();
}

#[test]
fn parts_are_taken() {
    layer_test!(Slice { start: 1, end: 4 }, [6, 3, 4]).gives([3, 3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Slice { axis: 2, start: 1, step: 2 }, [2, 3, 7]).gives([2, 3, 3]).declares(NONE).settings(settings()).check();
    layer_test!(Slice { axis: 1, end: 1, step: 9 }, [4, 5]).gives([4, 1]).declares(NONE).settings(settings()).check();
    layer_test!(Slice, [1]).gives([1]).declares(NONE).settings(settings()).check();
    layer_test!(Split { parts: 3, part: 1 }, [9, 2, 2]).gives([3, 2, 2]).declares(NONE).settings(settings()).check();
    layer_test!(Split { axis: 1, parts: 3, part: 2 }, [2, 8]).gives([2, 2]).declares(NONE).settings(settings()).check();
}

#[test]
fn axes_and_channels_change_places() {
    layer_test!(Transpose, [3, 4]).gives([4, 3]).declares(NONE).settings(settings()).check();
    layer_test!(Transpose { first: 3, second: 1 }, [2, 3, 1, 4]).gives([2, 4, 1, 3]).declares(NONE).settings(settings()).check();
    layer_test!(PixelShuffle { factor: 2 }, [8, 3, 1]).gives([2, 6, 2]).declares(NONE).settings(settings()).check();
    layer_test!(PixelShuffle { factor: 3 }, [9, 2, 5]).gives([1, 6, 15]).declares(NONE).settings(settings()).check();
}
