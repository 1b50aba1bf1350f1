// Translated by `undertone import` from `arithmetic.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `arithmetic.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Arithmetic(a: [3, 4, 5], b: [3, 4, 5]) -> [3, 4, 5] {
        let x_1 = a -> std: BatchNorm { epsilon: 0.0 };
        let x_2 = (x_1, b) -> Mul;
        let x_3 = (x_2, x_1) -> Sub;
        let x_4 = b -> Scale { factor: 0.5 };
        let x_5 = (x_3, x_4) -> Add;
        let x_6 = x_5
            -> Flatten
            -> position: BatchNorm { epsilon: 0.0 } -> Reshape { to: &[3, 4, 5] } -> Scale { offset: 1.0 };
        let x_7 = x_5 -> Square;
        let x_8 = (x_6, x_7) -> Sub -> Scale { factor: -0.25, offset: 0.5 };
        let x_9 = b -> Polynomial { coefficients: &[0.0, 0.0, 0.0, 1.0] };
        let x_10 = (x_8, x_9) -> Sub;
        let x_11 = x_1 -> Slice { end: 1 };
        let x_12 = (x_11, b) -> Mul;
        (x_10, x_12) -> Add
    }
}
