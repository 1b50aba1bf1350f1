use undertone::prelude::*;

secure_model! {
    model Digits(image: [784], label: [10]) -> [] {
        let scores = image -> Linear { out: 10 };
        (scores, label) -> CrossEntropy
    }
}

secure_model! {
    model Distance (x, y) {
        (x, y) -> MeanSquaredError -> Relu
    }
}

fn main() {}
