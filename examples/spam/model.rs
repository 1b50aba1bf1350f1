//! A filter for e-mails, described once: trained in the clear and run privately by `spam`.

use undertone::prelude::*;

/// The places that words are counted in.
pub const PLACES: usize = 1024;

secure_model! {
    /// A hidden layer over counts of words, in places that a hash of each word says: 33 thousand weights. The second class is spam.
    #[budget(rounds = 7, megabytes = 0.0101)]
    pub model Counts(words: [PLACES]) -> [2] {
        words
            -> fc1: Linear { out: 32 } -> Relu -> Dropout
            -> fc2: Linear { out: 2 }
    }
    loss (kind: [2]) { (output, kind) -> CrossEntropy }
}
