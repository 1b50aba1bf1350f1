// Translated by `undertone import` from `reductions_18.onnx`, opset 18, made by pytorch 2.15.0+cu132.

use undertone::prelude::*;

secure_model! {
    /// `reductions_18.onnx`, opset 18, made by pytorch 2.15.0+cu132.
    pub model Reductions18(x: [3, 4, 5]) -> [19] {
        let x_1 = x -> GlobalAvgPool;
        let x_2 = x -> Sum { axes: &[0] } -> GlobalAvgPool;
        let x_3 = x -> Sum { axes: &[0, 2] };
        let x_4 = x -> GlobalMaxPool;
        let x_5 = x -> Mean { axes: &[0] } -> Permute { axes: &[1, 0] } -> GlobalMaxPool;
        (x_1, x_2, x_3, x_4, x_5) -> Concat
    }
}
