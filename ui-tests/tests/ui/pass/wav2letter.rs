use undertone::prelude::*;

secure_model! {
    /// Letter scores from features, for any number of frames.
    pub model Acoustic { width: usize = 250 } (mfcc) {
        mfcc
            -> Conv1d { out: width, kernel: 48, stride: 2, padding: 23 } -> Relu
            -> for _ in 0..7 { Conv1d { out: width, kernel: 7, padding: 3 } -> Relu }
            -> Conv1d { out: 8 * width, kernel: 32, padding: 16 } -> Relu
            -> Conv1d { out: 8 * width } -> Relu
            -> Conv1d { out: 29 }
    }
}

secure_model! {
    pub model Short(mfcc: [13, 200]) -> [29, 101] {
        mfcc -> acoustic: Acoustic
    }
}

secure_model! {
    pub model Long(mfcc: [13, 1000]) -> [29, 501] {
        mfcc -> acoustic: Acoustic
    }
}

fn main() {
    // Two windows over one submodel have the same weights.
    assert_eq!(Short::graph().unwrap().parameters, Long::graph().unwrap().parameters);
}
