use undertone::prelude::*;

secure_model! {
    pub model Head(x: [84]) -> [10] {
        x -> Relu -> Linear { out: 11 }
    }
}

fn main() {
    let _ = Head::graph();
}
