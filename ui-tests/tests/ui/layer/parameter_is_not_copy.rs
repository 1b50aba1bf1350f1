use undertone::prelude::*;

secure_model! {
    pub model Block { widths: Vec<usize> = Vec::new() } (x) {
        x -> Linear { out: widths.len() }
    }
}

secure_model! {
    pub model Net(x: [4]) -> [4] {
        x -> Block
    }
}

fn main() {}
