// Translated by `undertone import` from `padded.onnx`, opset 18, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `padded.onnx`, opset 18, made by helper.
    pub model Padded(x: [2, 6, 6]) -> [1, 9, 19] {
        x
            -> Pad { before: &[0, 0, 1], after: &[0, 1, 2] }
            -> k: Conv2d { out: 2, kernel: 2, bias: false }
            -> Pad { before: &[0, 0, 1], after: &[0, 0, 1], mode: Padding::Reflect }
            -> Slice { axis: 1, start: 1, end: 6 }
            -> t: ConvTranspose2d { out: 1, kernel: 2, stride: 2, bias: false } -> Slice { axis: 1, end: 9 }
            -> Slice { axis: 2, end: 19 }
    }
}
