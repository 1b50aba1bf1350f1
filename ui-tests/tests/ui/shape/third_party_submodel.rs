use undertone::prelude::*;
use undertone_thirdparty::Upscale;

secure_model! {
    pub model Up(sound: [3, 16]) -> [2, 32, 32] {
        sound -> Upscale { width: 2 }
    }
}

fn main() {}
