use undertone::prelude::*;

secure_model! {
    pub model Net(image: [2, 4, 4], age: [3]) -> [1] {
        let seen = image -> GlobalAvgPool;
        (seen, age) -> Concat -> Linear { out: 1 }
    }
}
