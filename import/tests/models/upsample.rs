// Translated by `undertone import` from `upsample.onnx`, opset 13, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `upsample.onnx`, opset 13, made by pytorch 2.15.0.
    pub model UpsampleNetwork(image: [2, 3, 3]) -> [4, 24, 24] {
        image
            -> a: Conv2d { out: 8 } -> PixelShuffle { factor: 2 } -> Upsample { scale: 2 }
            -> b: Conv2d { out: 4 } -> Upsample { scale: 2, mode: Interpolation::Bilinear }
    }
}
