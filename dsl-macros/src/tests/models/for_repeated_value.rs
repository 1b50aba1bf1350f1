use undertone::prelude::*;

secure_model! {
    model Net(x: [4]) -> [3] {
        x -> for out in [3; 2] { Linear { out } -> Relu }
    }
}
