use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        let output = image -> Linear { out: 20 };
        output -> Relu -> Linear { out: 10 }
    }
    release output to client
}

fn main() {
    let _ = Digits::graph();
}
