use undertone::prelude::*;

secure_model! {
    pub model Wav2Letter(audio: [13, 200]) -> [29, 100] {
        audio -> Conv1d { out: 29, kernel: 2, stride: 2 }
    }
    release scores: [100, 29] = output to client
}

fn main() {}
