use undertone::prelude::*;

secure_model! {
    pub model Net(sound: [2, 3] from speaker) -> [4, 3] weights from provider {
        sound -> Conv1d { out: 4 } -> Relu
    }
    release letters: [3] = output -> ArgMax -> Flatten to speaker
}
