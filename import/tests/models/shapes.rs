// Translated by `undertone import` from `shapes.onnx`, opset 11, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `shapes.onnx`, opset 11, made by helper.
    pub model Shapes(x: [3, 4]) -> [12] {
        x -> Flatten -> Scale { factor: 2.0 }
    }
}
