// Translated by `undertone import` from `shared.onnx`, opset 13, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `shared.onnx`, opset 13, made by helper.
    pub model Shared(x: [4]) -> [4] {
        let x_1 = x
            -> w: Linear { out: 4, bias: false } -> Relu
            -> w_2: Linear { out: 4, bias: false };
        (x_1, x) -> Add
    }
}
