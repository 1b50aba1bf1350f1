use undertone::prelude::*;

// the benchmark of compile times measures the same network
include!("../../../benches/models/resnet152.rs");

secure_model! {
    /// As many stages again, all in one description.
    pub model Flat(image: [8, 16, 16]) -> [8, 16, 16] {
        image -> for _ in 0..152 { Conv2d { out: 8, kernel: 3, padding: 1 } -> BatchNorm -> Relu }
    }
}

fn main() {
    assert_eq!(ResNet152::graph().unwrap().stages().len(), 606);
    assert_eq!(Flat::graph().unwrap().stages().len(), 3 * 152);
}
