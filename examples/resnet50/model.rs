//! ResNet-50 as torchvision has it, with its names of weights.

use undertone::prelude::*;

secure_model! {
    /// Three convolutions beside the identity (version 1.5: the one over 3 by 3 pixels has the stride).
    pub model Bottleneck { width: usize } (x) {
        let body = x -> conv1: Conv2d { out: width, bias: false } -> bn1: BatchNorm -> Relu
                     -> conv2: Conv2d { out: width, kernel: 3, padding: 1, bias: false } -> bn2: BatchNorm -> Relu
                     -> conv3: Conv2d { out: 4 * width, bias: false } -> bn3: BatchNorm;
        (body, x) -> Add -> Relu
    }
}

secure_model! {
    /// The same where the number of channels changes, beside a convolution.
    pub model Widening { width: usize, stride: usize = 2 } (x) {
        let body = x -> conv1: Conv2d { out: width, bias: false } -> bn1: BatchNorm -> Relu
                     -> conv2: Conv2d { out: width, kernel: 3, stride, padding: 1, bias: false } -> bn2: BatchNorm -> Relu
                     -> conv3: Conv2d { out: 4 * width, bias: false } -> bn3: BatchNorm;
        let other = x -> #[weights("downsample.0")] Conv2d { out: 4 * width, stride, bias: false } -> #[weights("downsample.1")] BatchNorm;
        (body, other) -> Add -> Relu
    }
}

secure_model! {
    /// ResNet-50 (He et al., 2016) for ImageNet. 25.6 million weights.
    #[budget(rounds = 264, megabytes = 140)]
    pub model ResNet50(picture: [3, 224, 224]) -> [1000] {
        picture
            -> conv1: Conv2d { out: 64, kernel: 7, stride: 2, padding: 3, bias: false } -> bn1: BatchNorm -> Relu
            -> MaxPool2d { kernel: 3, stride: 2, padding: 1 }
            -> #[weights("layer1.0")] Widening { width: 64, stride: 1 }
            -> for i in 1..3 { #[weights("layer1.{i}")] Bottleneck { width: 64 } }
            -> #[weights("layer2.0")] Widening { width: 128 }
            -> for i in 1..4 { #[weights("layer2.{i}")] Bottleneck { width: 128 } }
            -> #[weights("layer3.0")] Widening { width: 256 }
            -> for i in 1..6 { #[weights("layer3.{i}")] Bottleneck { width: 256 } }
            -> #[weights("layer4.0")] Widening { width: 512 }
            -> for i in 1..3 { #[weights("layer4.{i}")] Bottleneck { width: 512 } }
            -> GlobalAvgPool
            -> fc: Linear { out: 1000 }
    }
}
