use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Wav2Letter(audio: [13, 200] from speaker) -> [29, 100] weights from provider {
        audio -> Conv1d { out: 29, kernel: 2, stride: 2 }
    }
    release letters: [99] = output -> ArgMax to speaker
}

fn main() {}

fn speaker(session: &mut Session, audio: &Clear<S2<13, 200>>) -> Result<Clear<S1<99>, u32>> {
    Wav2Letter::speaker(session, audio)
}
