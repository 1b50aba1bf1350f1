use undertone::prelude::*;

mod inner {
    use undertone::prelude::*;

    secure_model! {
        pub(super) model Half { bias: bool = false } (x) {
            x -> Linear { out: 2, bias }
        }
    }
}

secure_model! {
    pub(crate) model Net(x: [4] from owner) -> [2] weights from owner {
        x -> inner::Half
    }
    release output to owner
    release positive: [2] = output -> Relu to owner
}
