use undertone::prelude::*;

secure_model! {
    pub model Unused { width: usize, depth: usize } (x, y) {
        let a = x -> Linear { out: width };
        let b = a -> Relu;
        a -> Relu
    }
}

fn main() {}
