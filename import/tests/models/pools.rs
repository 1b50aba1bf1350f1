// Translated by `undertone import` from `pools.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `pools.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Pools(image: [2, 11, 11]) -> [2, 2, 3] {
        image
            -> MaxPool2d { kernel: 3, stride: 2, padding: 1 } -> AvgPool2d { kernel: 3, stride: 1, padding: 1 }
            -> AvgPool2d { kernels: &[2, 1] } -> MaxPool2d { ceil_mode: true }
    }
}
