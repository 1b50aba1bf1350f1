use undertone::prelude::*;

secure_model! {
    model Chain { width: usize } (x) {
        x -> for i in 1..=3 { Linear { out: width * i } -> for _ in 0..2 { Relu } }
    }
}

secure_model! {
    model Net(x: [4]) -> [15] {
        x -> for width in [3, 5] { Chain { width } }
    }
}
