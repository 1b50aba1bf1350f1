use undertone::prelude::*;

secure_model! {
    model Net(x: [2, 8]) -> [6, 2] {
        x -> for (out, stride) in [(4, 1), (4, 2), (6, 2)] {
            Conv1d { out, kernel: 3, padding: 1, stride } -> Relu
        }
    }
}
