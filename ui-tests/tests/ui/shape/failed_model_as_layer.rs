use undertone::prelude::*;

secure_model! {
    pub model Features(image: [3, 32, 32]) -> [8] {
        image -> Conv2d { out: 8, kernel: 33 } -> Relu -> GlobalAvgPool
    }
}

secure_model! {
    pub model Net(image: [3, 32, 32]) -> [10] {
        image -> Features -> Linear { out: 10 }
    }
}

fn run<M: Model<Input = Clear<S3<3, 32, 32>>, Output = S1<10>>>() {}

fn main() {
    run::<Net>();
    let _: undertone::Shape = Features::graph().unwrap().output_shape();
}
