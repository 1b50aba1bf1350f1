use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [1, 16, 16] {
        image -> Upsample { mode: Interpolation::Bilinear }
    }
}

fn main() {}
