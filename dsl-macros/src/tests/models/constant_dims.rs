use undertone::prelude::*;

const SIZE: usize = 4;
mod sizes {
    pub const CHANNELS: usize = 2;
}

secure_model! {
    model Net(image: [sizes::CHANNELS, 2 * SIZE, SIZE], scale: []) -> [3 * SIZE + 1] {
        let seen = image -> Flatten -> Linear { out: 3 * SIZE };
        let factor = scale -> Reshape { to: &[1] };
        (seen, factor) -> Concat
    }
}
