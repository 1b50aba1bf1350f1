// Translated by `undertone import` from `rows.onnx`, opset 11, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `rows.onnx`, opset 11, made by helper.
    pub model Rows(x: [3, 5, 1]) -> [3, 5, 1] {
        let x_1 = x -> Softmax { axis: 1 };
        let x_2 = x -> LogSoftmax { axis: 1 };
        (x_1, x_2) -> Add
    }
}
