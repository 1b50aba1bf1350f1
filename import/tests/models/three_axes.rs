// Translated by `undertone import` from `three_axes.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `three_axes.onnx`, opset 17, made by pytorch 2.15.0.
    pub model ThreeAxes(volume: [1, 4, 6, 6]) -> [2, 2, 2, 1] {
        volume
            -> #[weights("0")] conv3d_0: Conv3d { out: 2, kernel: 3, padding: 1 } -> Relu -> MaxPool3d
            -> #[weights("4")] conv3d_4: Conv3d { out: 2, kernels: &[1, 2, 2] } -> AvgPool3d { kernels: &[1, 1, 2] }
    }
}
