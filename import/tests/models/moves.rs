// Translated by `undertone import` from `moves.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `moves.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Moves(x: [4, 5, 6]) -> [1, 27] {
        let x_1 = x
            -> Pad { before: &[0, 0, 1], after: &[0, 1, 2] }
            -> Pad { before: &[0, 1, 1], after: &[0, 1, 1], mode: Padding::Replicate };
        let x_2 = x_1 -> Slice { end: 2 };
        let x_3 = x_1 -> Slice { start: 2, end: 4 };
        let x_4 = x_1 -> Slice { end: 1 };
        let x_5 = x_1 -> Slice { start: 1, end: 3 };
        let x_6 = (x_2, x_5) -> Add;
        let x_7 = (x_6, x_3, x_4)
            -> Concat -> Slice { start: 1, end: 4 } -> Slice { axis: 1, end: 8, step: 2 }
            -> Slice { axis: 2, start: 1, end: 10 } -> Permute { axes: &[1, 2, 0] } -> Reshape { to: &[4, 27] };
        let x_8 = x_7 -> Slice { end: 1 };
        let x_9 = x_7 -> Permute { axes: &[1, 0] } -> GlobalAvgPool -> Reshape { to: &[1, 27] };
        (x_8, x_9) -> Add
    }
}
