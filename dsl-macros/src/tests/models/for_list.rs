use undertone::prelude::*;

const LAST: usize = 2;

secure_model! {
    model Net(x: [4]) -> [LAST] {
        x -> for out in [8, 2 + 2, LAST] { fc: Linear { out } -> Relu } -> for _ in [(); 2] { Relu }
    }
}
