//! Two models of one table, described once: trained in the clear and run privately by `credit`.

use undertone::prelude::*;
use undertone_data::credit::FEATURES;

secure_model! {
    /// Logistic regression: the weights of attributes. A positive score means a bad risk.
    #[budget(rounds = 2, megabytes = 0.0011)]
    pub model Logistic(applicant: [FEATURES]) -> [1] {
        applicant -> score: Linear { out: 1 }
    }
    loss (bad: [1]) { (output, bad) -> BinaryCrossEntropyWithLogits }
}

secure_model! {
    /// Two hidden layers over the same attributes.
    #[budget(rounds = 12, megabytes = 0.0044)]
    pub model Perceptron(applicant: [FEATURES]) -> [1] {
        applicant
            -> fc1: Linear { out: 32 } -> Relu -> drop1: Dropout
            -> fc2: Linear { out: 16 } -> Relu -> drop2: Dropout
            -> score: Linear { out: 1 }
    }
    loss (bad: [1]) { (output, bad) -> BinaryCrossEntropyWithLogits }
}
