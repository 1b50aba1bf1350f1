use undertone::prelude::*;

secure_model! {
    pub model Net(image: [2, 4, 4] from hospital, weights: [3] from insurer, age: [1] from hospital) -> [1] weights from insurer {
        let seen = image -> GlobalAvgPool;
        (seen, weights, age) -> Concat -> Linear { out: 1 }
    }
    release output to hospital
}
