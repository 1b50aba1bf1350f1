// Translated by `undertone import` from `half.onnx`, opset 11, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `half.onnx`, opset 11, made by helper.
    pub model Half(x: [4]) -> [3] {
        x
            -> w1: Linear { out: 5 } -> Relu -> Dropout { rate: 0.5 }
            -> w2: Linear { out: 3, bias: false }
    }
}
