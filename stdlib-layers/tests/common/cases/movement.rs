//! What only moves elements, and constants beside them.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{Add, Conv2d, Pad, Padding, PixelShuffle, Relu, Slice, Split, Transpose};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

pub fn cases() -> Vec<Case> {
    vec![
        case!("pad_zeros", [2, 3, 4], "pad": Pad { before: &[1, 0, 2], after: &[0, 2, 1] }),
        case!("pad_constant", [2, 3, 4], "pad": Pad { before: &[0, 2, 1], after: &[0, 3, 0], value: -1.5 }),
        case!("pad_reflect", [2, 4, 5], "pad": Pad { before: &[0, 1, 4], after: &[0, 3, 2], mode: Padding::Reflect }),
        case!("pad_replicate", [2, 4, 3], "pad": Pad { before: &[0, 0, 3], after: &[0, 2, 1], mode: Padding::Replicate }),
        case!("slice_channels", [6, 3, 2], "slice": Slice { start: 1, end: 5 }),
        case!("slice_strided", [2, 3, 11], "slice": Slice { axis: 2, start: 2, end: 10, step: 3 }),
        case!("split_middle", [9, 4], "split": Split { parts: 3, part: 1 }),
        case!("split_last_of_uneven", [2, 8, 3], "split": Split { axis: 1, parts: 3, part: 2 }),
        case!("transpose", [2, 3, 4], "transpose": Transpose { first: 0, second: 2 }),
        case!("pixel_shuffle", [12, 2, 3], "shuffle": PixelShuffle { factor: 2 }),
        case!("shortcut_padded", [[4, 7, 6]], shortcut),
    ]
}

/// Half of the pixels of each axis, and as many new channels before the old ones as after them.
fn shortcut<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let y = stage(g, "conv", Conv2d { out: 8, kernel: 3, stride: 2, padding: 1, ..Conv2d::DEFAULT }, Conv2d::infer, x);
    let rows = stage(g, "rows", Slice { axis: 1, step: 2, ..Slice::DEFAULT }, Slice::infer, x);
    let pixels = stage(g, "pixels", Slice { axis: 2, step: 2, ..Slice::DEFAULT }, Slice::infer, &[rows]);
    let wide = stage(g, "wide", Pad { before: &[2, 0, 0], after: &[2, 0, 0], ..Pad::DEFAULT }, Pad::infer, &[pixels]);
    let sum = stage(g, "add", Add, Add::infer, &[y, wide]);
    stage(g, "relu", Relu, Relu::infer, &[sum])
}
