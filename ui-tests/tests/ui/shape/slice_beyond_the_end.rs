use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [1, 8, 1] {
        image -> Slice { axis: 2, start: 8 }
    }
}

fn main() {}
