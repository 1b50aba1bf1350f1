use undertone::prelude::*;

fn main() {
    secure_model! {
        #[budget(rounds = 4)]
        model Net(x: [3]) -> [3] {
            x -> Relu
        }
    }
}
