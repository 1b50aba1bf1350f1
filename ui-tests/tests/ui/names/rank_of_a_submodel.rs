use undertone::prelude::*;

secure_model! {
    pub model Bad { width: usize } (x: [1, 2, 3, 4, 5, 6, 7, 8, width]) {
        x -> Flatten
    }
}

fn main() {}
