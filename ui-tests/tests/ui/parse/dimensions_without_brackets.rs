use undertone::prelude::*;

secure_model! {
    pub model Bad(x: 4) -> [10] {
        x -> Linear { out: 10 }
    }
}

fn predict<M: Model<Input = Clear<S1<4>>, Output = S1<10>>>() {}

fn main() {
    predict::<Bad>();
}
