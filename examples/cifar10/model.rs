//! A network for CIFAR-10 that others trained, in Keras, described from its file (`scripts/convert-cifar10-network.py`). It normalises behind its ReLUs, and its last layer has one too.

use undertone::prelude::*;

secure_model! {
    /// Convolutions with normalisation, and three matrix products. 969 thousand weights. Pictures have values from 0 to 255.
    #[budget(rounds = 74, megabytes = 3.4)]
    pub model CifarNetwork(image: [3, 32, 32]) -> [10] {
        image
            -> conv1: Conv2d { out: 64, kernel: 3 } -> Relu -> norm1: BatchNorm { epsilon: 1e-3 }
            -> conv2: Conv2d { out: 64, kernel: 3 } -> Relu -> norm2: BatchNorm { epsilon: 1e-3 } -> MaxPool2d
            -> conv3: Conv2d { out: 128, kernel: 3 } -> Relu -> norm3: BatchNorm { epsilon: 1e-3 }
            -> conv4: Conv2d { out: 128, kernel: 3 } -> Relu -> norm4: BatchNorm { epsilon: 1e-3 } -> MaxPool2d
            -> conv5: Conv2d { out: 64, kernel: 3 } -> Relu -> norm5: BatchNorm { epsilon: 1e-3 }
            -> conv6: Conv2d { out: 64, kernel: 3 } -> Relu -> norm6: BatchNorm { epsilon: 1e-3 }
            -> Flatten
            -> fc1: Linear { out: 1024 } -> Relu
            -> fc2: Linear { out: 512 } -> Relu
            -> fc3: Linear { out: 10 } -> Relu
    }
}
