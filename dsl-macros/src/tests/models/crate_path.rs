use undertone as renamed;
use undertone::prelude::*;

secure_model! {
    #[undertone(crate = renamed)]
    #[derive(PartialEq)]
    model Net(x: [4]) -> [4] {
        x -> Relu
    }
}
