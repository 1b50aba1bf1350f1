//! The picture model, described once: trained in the clear by `train_lenet`, run privately by `lenet`.

use undertone::prelude::*;

secure_model! {
    /// LeNet-5 on 28×28 grey images (LeCun et al., 1998), with ReLU and max pooling. 62 thousand weights.
    #[budget(rounds = 40, megabytes = 0.075)]
    pub model LeNet(image: [1, 28, 28]) -> [10] {
        image
            -> Conv2d { out: 6, kernel: 5, padding: 2 } -> Relu -> MaxPool2d
            -> Conv2d { out: 16, kernel: 5 }            -> Relu -> MaxPool2d
            -> Flatten
            -> fc1: Linear { out: 120 } -> Relu
            -> fc2: Linear { out: 84 }  -> Relu
            -> fc3: Linear { out: 10 }
    }
    loss (label: [10]) { (output, label) -> CrossEntropy }
}
