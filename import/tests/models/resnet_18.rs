// Translated by `undertone import` from `resnet_18.onnx`, opset 18, made by pytorch 2.15.0+cu132.

use undertone::prelude::*;

secure_model! {
    /// `resnet_18.onnx`, opset 18, made by pytorch 2.15.0+cu132.
    pub model Resnet18(image: [3, 16, 16]) -> [5] {
        let x_1 = image
            -> conv1: Conv2d { out: 4, kernel: 3, padding: 1 } -> Relu -> MaxPool2d { kernel: 3, stride: 2, padding: 1 };
        let x_2 = x_1
            -> #[weights("layer1.0.conv1")] layer1_0_conv1: Conv2d { out: 4, kernel: 3, padding: 1 } -> Relu
            -> #[weights("layer1.0.conv2")] layer1_0_conv2: Conv2d { out: 4, kernel: 3, padding: 1 };
        let x_3 = (x_2, x_1) -> Add -> Relu;
        let x_4 = x_3
            -> #[weights("layer2.0.conv1")] layer2_0_conv1: Conv2d { out: 8, kernel: 3, stride: 2, padding: 1 } -> Relu
            -> #[weights("layer2.0.conv2")] layer2_0_conv2: Conv2d { out: 8, kernel: 3, padding: 1 };
        let x_5 = x_3 -> #[weights("layer2.0.downsample.0")] layer2_0_downsample_0: Conv2d { out: 8, stride: 2 };
        let x_6 = (x_4, x_5) -> Add -> Relu;
        let x_7 = x_6
            -> #[weights("layer2.1.conv1")] layer2_1_conv1: Conv2d { out: 8, kernel: 3, padding: 1 } -> Relu
            -> #[weights("layer2.1.conv2")] layer2_1_conv2: Conv2d { out: 8, kernel: 3, padding: 1 };
        (x_7, x_6) -> Add -> Relu -> GlobalAvgPool -> fc: Linear { out: 5 }
    }
}
