use undertone::prelude::*;
use undertone_thirdparty::PixelShuffle;

secure_model! {
    pub model Up(image: [3, 16, 16]) -> [2, 32, 32] {
        image
            -> Conv2d { out: 6, kernel: 3, padding: 1 }
            -> Relu
            -> PixelShuffle { factor: 2 }
            -> Relu
    }
}

fn main() {}
