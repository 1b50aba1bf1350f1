use undertone::prelude::*;

secure_model! {
    pub model Head(x: [84]) -> [10] {
        x -> Linear { out: 10 }
    }
}

fn predict<M: Model>(_: &M::Input) {}

fn main() {
    let image = Clear::<S3<1, 28, 28>>::new(vec![0.0; 784]).unwrap();
    predict::<Head>(&image);
}
