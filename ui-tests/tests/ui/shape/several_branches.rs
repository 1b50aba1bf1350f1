use undertone::prelude::*;

secure_model! {
    pub model TwoHeads(image: [1, 28, 28]) -> [10] {
        let left = image -> Conv2d { out: 4, kernel: 31 } -> Flatten -> Linear { out: 10 };
        let right = image -> Conv1d { out: 10 } -> Relu;
        (left, right) -> Add
    }
}

fn main() {}
