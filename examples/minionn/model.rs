//! The network of MiniONN, described once: trained in the clear by `train_images`, run privately by `minionn`.

use undertone::prelude::*;

secure_model! {
    /// The network for CIFAR-10 of MiniONN (Liu et al., 2017, figure 13) and Delphi: seven convolutions, pooling by means. 164 thousand weights, 173 thousand ReLUs.
    #[budget(rounds = 37, megabytes = 2.1)]
    pub model MiniOnn(image: [3, 32, 32]) -> [10] {
        image
            -> conv1: Conv2d { out: 64, kernel: 3, padding: 1 } -> Relu
            -> conv2: Conv2d { out: 64, kernel: 3, padding: 1 } -> Relu -> AvgPool2d
            -> conv3: Conv2d { out: 64, kernel: 3, padding: 1 } -> Relu
            -> conv4: Conv2d { out: 64, kernel: 3, padding: 1 } -> Relu -> AvgPool2d
            -> conv5: Conv2d { out: 64, kernel: 3, padding: 1 } -> Relu
            -> conv6: Conv2d { out: 64 } -> Relu
            -> conv7: Conv2d { out: 16 } -> Relu
            -> Flatten
            -> fc: Linear { out: 10 }
    }
    loss (label: [10]) { (output, label) -> CrossEntropy }
}
