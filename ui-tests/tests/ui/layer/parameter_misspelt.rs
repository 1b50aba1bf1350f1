use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize } (x) {
        x -> Linear { out: width }
    }
}

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> Block { widht: 4 }
    }
}

fn main() {}
