use undertone::prelude::*;

secure_model! {
    model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
    loss (label: [9]) { (output, label) -> CrossEntropy }
}

secure_model! {
    model Sound(audio: [40, 100]) -> [29, 100] {
        audio -> Conv1d { out: 29 }
    }
    loss (letters: [40], weight: [1]) {
        (output, letters, weight) -> Ctc { blank: 0 }
    }
}

secure_model! {
    model Vague(x: [4]) -> [4] {
        x -> Relu
    }
    loss (wanted: [4]) { (output, wanted) -> Add -> Relu }
}

fn main() {}
