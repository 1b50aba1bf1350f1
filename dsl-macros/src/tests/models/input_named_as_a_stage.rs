use undertone::prelude::*;

secure_model! {
    model Net(relu_1: [4]) -> [4] {
        let a = relu_1 -> Relu;
        (a, relu_1) -> Add
    }
}
