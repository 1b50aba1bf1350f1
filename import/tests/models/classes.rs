// Translated by `undertone import` from `classes.onnx`, opset 17, made by pytorch 2.15.0.
// Softmax before an ArgMax is left out: the largest stays the largest.

use undertone::prelude::*;

secure_model! {
    /// `classes.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Classes(x: [6]) -> [4] {
        x -> fc: Linear { out: 4 }
    }
    release output to client
    release kind: [] = output -> ArgMax to client
}
