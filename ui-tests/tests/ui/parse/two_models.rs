use undertone::prelude::*;

secure_model! {
    pub model First(x: [4]) -> [4] {
        x -> Relu
    }

    pub model Second(x: [4]) -> [4] {
        x -> First -> Relu
    }
}

fn main() {
    let _ = (First::graph(), Second::graph());
}
