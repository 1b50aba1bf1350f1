// Translated by `undertone import` from `functions_13.onnx`, opset 13, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `functions_13.onnx`, opset 13, made by pytorch 2.15.0.
    pub model Functions13(x: [3, 4, 4]) -> [3, 4, 4] {
        let x_1 = x -> Scale { factor: 4.0 };
        let x_2 = x_1 -> LeakyRelu { slope: 0.1 };
        let x_3 = x_1 -> Relu6;
        let x_4 = (x_2, x_3) -> Add;
        let prelu_2 = x_1 -> prelu: PRelu { per_channel: true };
        let x_5 = (x_4, prelu_2) -> Add;
        let one_2 = x_1 -> one: PRelu;
        let x_6 = (x_5, one_2) -> Sub;
        let x_7 = x_1 -> HardTanh { max: 2.0 };
        let x_8 = x_1 -> HardSigmoid;
        let x_9 = (x_7, x_8) -> Add;
        let x_10 = x_1 -> HardSwish;
        let x_11 = (x_9, x_10) -> Add;
        let x_12 = (x_6, x_11) -> Add;
        let x_13 = x -> Scale { factor: 4.0, offset: 0.5 } -> Relu -> Scale { offset: -0.5 };
        let x_14 = (x_12, x_13) -> Add;
        let x_15 = x -> Scale { factor: -4.0, offset: 0.75 } -> Relu -> Scale { factor: -1.0, offset: 0.75 };
        (x_14, x_15) -> Sub
    }
}
