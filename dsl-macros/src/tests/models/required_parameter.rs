use undertone::prelude::*;

secure_model! {
    pub model Block { widths: [usize; 2], bias: bool, bound: f64 = 0.5 } (x) {
        x -> Linear { out: widths[0], bias } -> Dropout { rate: bound } -> Linear { out: widths[1] }
    }
}

secure_model! {
    pub model Net(x: [4]) -> [2] {
        x -> Block { widths: [3, 2], bias: false }
    }
}
