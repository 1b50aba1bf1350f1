use undertone::prelude::*;

secure_model! {
    model Scaled { out: usize, names: &'static str = "all", factors: (usize, f64) } (x) {
        x -> Dropout { rate: factors.1 } -> Linear { out: out * factors.0, bias: names.is_empty() }
    }
}

secure_model! {
    model Net(x: [4]) -> [6] {
        x -> Scaled { out: 3, factors: (2, 0.25) }
    }
}
