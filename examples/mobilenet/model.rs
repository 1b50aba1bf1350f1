//! A small network in MobileNet's manner, described once: trained in the clear by `train_images`, run privately by `mobilenet`.

use undertone::prelude::*;

secure_model! {
    /// A convolution of each channel by itself, and one across channels (Howard et al., 2017).
    pub model Separable { out: usize, stride: usize = 1 } (x) {
        x -> depthwise: DepthwiseConv2d { kernel: 3, padding: 1, stride, bias: false } -> norm1: BatchNorm -> Relu6
          -> pointwise: Conv2d { out, bias: false } -> norm2: BatchNorm -> Relu6
    }
}

secure_model! {
    /// A small MobileNet for grey pictures of 28 by 28 pixels. 20 thousand weights.
    #[budget(rounds = 57, megabytes = 0.95)]
    pub model MobileNet(image: [1, 28, 28]) -> [10] {
        image
            -> conv: Conv2d { out: 16, kernel: 3, padding: 1, bias: false } -> norm: BatchNorm -> Relu6
            -> block1: Separable { out: 32, stride: 2 }
            -> block2: Separable { out: 32 }
            -> block3: Separable { out: 64, stride: 2 }
            -> block4: Separable { out: 64 }
            -> block5: Separable { out: 128 }
            -> GlobalAvgPool
            -> fc: Linear { out: 10 }
    }
    loss (label: [10]) { (output, label) -> CrossEntropy }
}
