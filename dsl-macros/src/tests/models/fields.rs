use undertone::prelude::*;

const SIZE: usize = 5;
const OUT: usize = 6;

secure_model! {
    model Net(image: [1, SIZE, SIZE + 1]) -> [OUT, 2, 2] {
        image
            -> Conv2d {
                // An expression, a constant, a number.
                out: OUT + 0,
                kernel: 3,
                padding: SIZE - 4,
                stride: 2,
            }
            -> MaxPool2d { kernel: 2, stride: 1 }
    }
}
