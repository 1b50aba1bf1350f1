// Translated by `undertone import` from `convolutions.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `convolutions.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Convolutions(image: [2, 9, 8]) -> [8, 8, 14] {
        image
            -> #[weights("0")] conv2d_0: Conv2d { out: 4, kernels: &[3, 1], strides: &[2, 1], paddings: &[1, 0] }
            -> #[weights("1")] conv2d_1: Conv2d { out: 8, kernel: 3, padding: 2, dilation: 2, groups: 2 }
            -> #[weights("2")] conv_transpose2d_2: ConvTranspose2d { out: 4, kernel: 3, stride: 2, padding: 1, output_padding: 1, groups: 2, bias: false }
            -> #[weights("3")] depthwise_conv2d_3: DepthwiseConv2d { kernel: 3, multiplier: 2 }
    }
}
