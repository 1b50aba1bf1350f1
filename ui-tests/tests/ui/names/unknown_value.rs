use undertone::prelude::*;

secure_model! {
    pub model Bad(audio: [4], video: [4]) -> [8] {
        let a = sound -> Relu;
        (a, video, audio) -> Concat
    }
}

secure_model! {
    pub model Uses(audio: [4], video: [4]) -> [8] {
        (audio, video) -> Bad -> Relu
    }
}

fn main() {
    let _: &'static str = Bad::NAME;
    let _ = Bad::DEFAULT.infer(&[]);
    let _ = Uses::graph();
}
