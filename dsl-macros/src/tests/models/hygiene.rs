use undertone::prelude::*;

const FC1: usize = 3;
const INPUTS: usize = 2;
struct Layers;
impl Layers {
    const SHAPES: usize = 5;
}

secure_model! {
    model Inner { model: usize, inputs: usize, scope: usize, x: usize, relu_1: usize, error: usize } (layer, shape) {
        let inner = layer -> Linear { out: model } -> Relu -> Linear { out: inputs };
        let value = shape -> Linear { out: scope } -> Linear { out: x } -> Linear { out: relu_1 };
        (inner, value) -> Concat -> error: Linear { out: error }
    }
}

secure_model! {
    model Net(inputs: [4], scope: [4]) -> [7] {
        let fc1 = inputs -> fc1: Linear { out: FC1 } -> x0: Linear { out: INPUTS };
        (fc1, scope) -> x: Inner { model: FC1, inputs: 1, scope: Layers::SHAPES, x: 4, relu_1: 2, error: 7 }
    }
}
