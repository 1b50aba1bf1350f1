use undertone::prelude::*;

secure_model! {
    pub model Block { widths: Vec<usize> = Vec::new() } (x) {
        x -> Linear { out: widths.len() }
    }
}

fn main() {}
