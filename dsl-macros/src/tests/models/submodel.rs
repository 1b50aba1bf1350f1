use undertone::prelude::*;

secure_model! {
    /// Two convolutions around a projected skip.
    pub model Block {
        /// Channels of the output.
        width: usize = 8,
        stride: usize = 1,
    } (x) {
        let skip = x -> Conv2d { out: width, stride };
        let body = x -> Conv2d { out: width, kernel: 3, stride, padding: 1 } -> Relu;
        (body, skip) -> Add -> Relu
    }
}

secure_model! {
    pub model Net(image: [3, 8, 8]) -> [8, 4, 4] {
        image -> first: Block { width: 4 } -> Block { stride: 2 }
    }
}
