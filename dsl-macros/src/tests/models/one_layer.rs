use undertone::prelude::*;

secure_model! {
    /// A head.
    pub model Net(x: [84]) -> [10] {
        x -> Linear { out: 10 }
    }
}
