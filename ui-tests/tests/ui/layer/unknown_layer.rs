use undertone::prelude::*;

secure_model! {
    pub model Layers(x: [4]) -> [4] {
        x -> Softplus { sharp: true } -> Relu
    }
}

secure_model! {
    pub model Block { width: usize } (x) {
        x -> Linear { out: width } -> Softplus { sharp: true }
    }
}

fn main() {
    let _ = Layers::graph();
}
