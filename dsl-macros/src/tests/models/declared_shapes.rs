use undertone::prelude::*;

secure_model! {
    /// A submodel that says what it takes and gives.
    model Mix { width: usize } (x: [width, 3], y: [width, 3], z) -> [2 * width, 3] {
        let sum = (x, y) -> Add;
        (sum, z) -> Concat
    }
}

secure_model! {
    model Net(a: [4, 3], b: [4, 3]) -> [8, 3] {
        (a, b, a) -> Mix { width: 4 }
    }
}
