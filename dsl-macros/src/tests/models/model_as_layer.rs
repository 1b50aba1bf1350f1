use undertone::prelude::*;

secure_model! {
    model Features(x: [6]) -> [4] {
        x -> Linear { out: 4 } -> Relu
    }
}

secure_model! {
    model Net(x: [6], y: [6]) -> [4] {
        let a = x -> Features;
        let b = y -> second: Features;
        (a, b) -> Add
    }
}
