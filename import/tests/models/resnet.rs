// Translated by `undertone import` from `resnet.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `resnet.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Resnet(image: [3, 16, 16]) -> [5] {
        let maxpool = image
            -> conv1: Conv2d { out: 4, kernel: 3, padding: 1 } -> Relu -> MaxPool2d { kernel: 3, stride: 2, padding: 1 };
        let layer1_0_conv2_2 = maxpool
            -> #[weights("layer1.0.conv1")] layer1_0_conv1: Conv2d { out: 4, kernel: 3, padding: 1 } -> Relu
            -> #[weights("layer1.0.conv2")] layer1_0_conv2: Conv2d { out: 4, kernel: 3, padding: 1 };
        let layer1_0_relu_1 = (layer1_0_conv2_2, maxpool) -> Add -> Relu;
        let layer2_0_conv2_2 = layer1_0_relu_1
            -> #[weights("layer2.0.conv1")] layer2_0_conv1: Conv2d { out: 8, kernel: 3, stride: 2, padding: 1 } -> Relu
            -> #[weights("layer2.0.conv2")] layer2_0_conv2: Conv2d { out: 8, kernel: 3, padding: 1 };
        let layer2_0_downsample_0_2 = layer1_0_relu_1
            -> #[weights("layer2.0.downsample.0")] layer2_0_downsample_0: Conv2d { out: 8, stride: 2 };
        let layer2_0_relu_1 = (layer2_0_conv2_2, layer2_0_downsample_0_2) -> Add -> Relu;
        let layer2_1_conv2_2 = layer2_0_relu_1
            -> #[weights("layer2.1.conv1")] layer2_1_conv1: Conv2d { out: 8, kernel: 3, padding: 1 } -> Relu
            -> #[weights("layer2.1.conv2")] layer2_1_conv2: Conv2d { out: 8, kernel: 3, padding: 1 };
        (layer2_1_conv2_2, layer2_0_relu_1) -> Add -> Relu -> GlobalAvgPool -> fc: Linear { out: 5 }
    }
}
