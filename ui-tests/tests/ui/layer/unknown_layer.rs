use undertone::prelude::*;

secure_model! {
    pub model Layers(x: [4]) -> [4] {
        x -> Softstep { sharp: true } -> Relu
    }
}

fn main() {
    let _ = Layers::graph();
}
