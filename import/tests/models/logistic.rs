// Translated by `undertone import` from `logistic.onnx`, opset 17, made by pytorch 2.15.0.
// Sigmoid at the end is left out: the output `y` is what it was computed from.

use undertone::prelude::*;

secure_model! {
    /// `logistic.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Logistic(x: [6]) -> [1] {
        x -> #[weights("0")] linear_0: Linear { out: 1 }
    }
}
