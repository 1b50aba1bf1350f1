use undertone::prelude::*;

secure_model! {
    model Net(x: [4]) -> [5] {
        x -> for width in [2, 4] { for more in 0..=1 { fc: Linear { out: width + more } } -> Relu }
    }
}
