// Translated by `undertone import` from `keras.onnx`, opset 13, made by helper.

use undertone::prelude::*;

secure_model! {
    /// `keras.onnx`, opset 13, made by helper.
    pub model Keras(image: [10, 10, 2]) -> [5] {
        image
            -> Permute { axes: &[2, 0, 1] } -> Pad { before: &[0, 0, 0], after: &[0, 1, 1] }
            -> conv2d: Conv2d { out: 4, kernel: 3, stride: 2 } -> Relu -> MaxPool2d { kernel: 3, stride: 2, padding: 1 }
            -> bn: BatchNorm { epsilon: 0.0 } -> Relu -> Permute { axes: &[1, 2, 0] } -> Flatten
            -> dense: Linear { out: 5 }
    }
}
