use undertone::prelude::*;

secure_model! {
    pub model Pair { out: usize } (x, y) {
        (x, y) -> Concat -> Linear { out }
    }
}

secure_model! {
    pub model Bad(x: [4], y: [4]) -> [4] {
        let a = x -> Pair { out: 4 };
        let b = (x, y) -> Relu;
        (a, b) -> Add
    }
}

fn main() {}
