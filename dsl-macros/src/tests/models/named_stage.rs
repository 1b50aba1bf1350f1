use undertone::prelude::*;

secure_model! {
    model Net(x: [4]) -> [2] {
        x -> fc1: Linear { out: 3 } -> Relu -> r#type: Linear { out: 2 } -> Relu
    }
}
