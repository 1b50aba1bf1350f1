// Translated by `undertone import` from `topk.onnx`, opset 13, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `topk.onnx`, opset 13, made by helper.
    pub model Topk(x: [6]) -> [3] {
        let x_1 = x -> w: Linear { out: 5, bias: false };
        x_1 -> TopKValues { k: 3 }
    }
    release output to client
    release places: [3] = x_1 -> TopK { k: 3 } to client
}
