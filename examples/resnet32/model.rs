//! ResNet-32 for CIFAR-10, described once: trained in the clear by `train_images`, run privately by `resnet32`.

use undertone::prelude::*;

secure_model! {
    /// Two convolutions beside the identity.
    pub model Basic { width: usize } (x) {
        let body = x -> conv1: Conv2d { out: width, kernel: 3, padding: 1, bias: false } -> bn1: BatchNorm -> Relu
                     -> conv2: Conv2d { out: width, kernel: 3, padding: 1, bias: false } -> bn2: BatchNorm;
        (body, x) -> Add -> Relu
    }
}

secure_model! {
    /// The same where the picture is halved, beside every second pixel and channels of zeros (option A of He et al.), which cost nothing.
    pub model Halving {
        width: usize,
        /// Channels of zeros before the input's and after them; none of rows and columns.
        zeros: &'static [usize],
    } (x) {
        let body = x -> conv1: Conv2d { out: width, kernel: 3, stride: 2, padding: 1, bias: false } -> bn1: BatchNorm -> Relu
                     -> conv2: Conv2d { out: width, kernel: 3, padding: 1, bias: false } -> bn2: BatchNorm;
        let other = x -> Slice { axis: 1, step: 2 } -> Slice { axis: 2, step: 2 } -> Pad { before: zeros, after: zeros };
        (body, other) -> Add -> Relu
    }
}

secure_model! {
    /// ResNet-32 (He et al., 2016, section 4.2) for CIFAR-10: three stages of five blocks. 464 thousand weights, 303 thousand ReLUs.
    #[budget(rounds = 157, megabytes = 4.4)]
    pub model ResNet32(image: [3, 32, 32]) -> [10] {
        image
            -> conv1: Conv2d { out: 16, kernel: 3, padding: 1, bias: false } -> bn1: BatchNorm -> Relu
            -> for i in 0..5 { #[weights("layer1.{i}")] Basic { width: 16 } }
            -> #[weights("layer2.0")] Halving { width: 32, zeros: &[8, 0, 0] }
            -> for i in 1..5 { #[weights("layer2.{i}")] Basic { width: 32 } }
            -> #[weights("layer3.0")] Halving { width: 64, zeros: &[16, 0, 0] }
            -> for i in 1..5 { #[weights("layer3.{i}")] Basic { width: 64 } }
            -> GlobalAvgPool
            -> linear: Linear { out: 10 }
    }
    loss (label: [10]) { (output, label) -> CrossEntropy }
}
