// Translated by `undertone import` from `depth.onnx`, opset 13, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `depth.onnx`, opset 13, made by helper.
    pub model Depth(x: [8, 2, 3]) -> [8, 4, 6] {
        x
            -> Reshape { to: &[2, 2, 2, 2, 3] } -> Permute { axes: &[2, 3, 0, 4, 1] } -> Reshape { to: &[2, 4, 6] }
            -> Relu -> Reshape { to: &[2, 2, 2, 3, 2] } -> Permute { axes: &[2, 4, 0, 1, 3] }
            -> Reshape { to: &[8, 2, 3] } -> Upsample { scale: 2, mode: Interpolation::Bilinear, align_corners: true }
    }
}
