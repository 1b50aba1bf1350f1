use undertone::prelude::*;

const CLASSES: usize = 10;

secure_model! {
    /// LeNet-5 on 28×28 grey images.
    pub model LeNet(image: [1, 28, 28]) -> [CLASSES] {
        image
            -> Conv2d { out: 6, kernel: 5, padding: 2 } -> Relu -> MaxPool2d
            -> Conv2d { out: 16, kernel: 5 }            -> Relu -> MaxPool2d
            -> Flatten
            -> fc1: Linear { out: 120 } -> Relu
            -> fc2: Linear { out: 84 }  -> Relu
            -> fc3: Linear { out: CLASSES }
    }
}

fn run<M: Model<Input = Clear<S3<1, 28, 28>>, Output = S1<10>>>() -> usize {
    M::graph().unwrap().parameters.len()
}

fn main() {
    assert_eq!(run::<LeNet>(), 10);
}
