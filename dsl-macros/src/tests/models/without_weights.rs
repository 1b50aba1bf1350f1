use undertone::prelude::*;

secure_model! {
    model Net(x: [2, 3]) -> [6] {
        let positive = x -> Relu -> Flatten;
        positive
    }
}
