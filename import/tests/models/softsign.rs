// Translated by `undertone import` from `softsign.onnx`, opset 13, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `softsign.onnx`, opset 13, made by helper.
    pub model SoftsignNetwork(x: [6]) -> [6] {
        x -> Softsign
    }
}
