// Translated by `undertone import` from `lenet_21.onnx`, opset 21, made by pytorch 2.15.0+cu132.

use undertone::prelude::*;

secure_model! {
    /// `lenet_21.onnx`, opset 21, made by pytorch 2.15.0+cu132.
    pub model Lenet21(image: [1, 28, 28]) -> [10] {
        image
            -> conv1: Conv2d { out: 4, kernel: 5, padding: 2 } -> Relu -> MaxPool2d
            -> conv2: Conv2d { out: 6, kernel: 5 } -> Relu -> MaxPool2d -> Flatten
            -> fc1: Linear { out: 20 } -> Relu
            -> fc2: Linear { out: 10 }
    }
}
