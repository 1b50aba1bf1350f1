// Translated by `undertone import` from `smooth.onnx`, opset 18, made by helper.
// Log takes positive values: one below 2^-8, or a negative one, acts as 2^-8.
// Reciprocal takes positive values: one below 2^-8, or a negative one, acts as 2^-8.
// Div takes positive divisors: one below 2^-8, or a negative one, acts as 2^-8.
// Pow takes positive values: one below 2^-8, or a negative one, acts as 2^-8.

use undertone::prelude::*;

secure_model! {
    /// `smooth.onnx`, opset 18, made by helper.
    pub model Smooth(x: [3, 4]) -> [3, 4] {
        let x_1 = x -> Sigmoid;
        let x_2 = x -> Tanh;
        let x_3 = x -> Elu { alpha: 0.5 };
        let x_4 = x -> Selu;
        let x_5 = x -> Mish;
        let x_6 = x -> Erf;
        let x_7 = x -> Exp;
        let x_8 = (x, x_1) -> Mul;
        let x_9 = (x_8, x_2, x_3, x_4, x_5, x_6) -> Add;
        let x_10 = x -> Softplus -> Scale { offset: 0.5 };
        let x_11 = x_10 -> Log;
        let x_12 = x_10 -> Sqrt;
        let x_13 = x_10 -> Reciprocal;
        let x_14 = x_10
            -> Reciprocal -> Permute { axes: &[1, 0] }
            -> batch_norm_1: BatchNorm { epsilon: 0.0 } -> Permute { axes: &[1, 0] };
        let x_15 = x_10 -> InverseSqrt;
        let x_16 = x_9 -> Sin;
        let x_17 = x_9 -> Cos;
        let x_18 = x_9 -> Abs;
        let x_19 = x_9 -> Sign;
        let x_20 = (x_18, x_11) -> Maximum;
        let x_21 = (x_16, x_17)
            -> Minimum -> Scale { factor: -1.0, offset: 0.5 } -> Relu -> Scale { factor: -1.0, offset: 0.75 } -> Relu
            -> Scale { offset: -0.25 };
        let x_22 = (x_7, x_11, x_12, x_13, x_14, x_15, x_19, x_20, x_21) -> Add;
        let x_23 = x_22 -> Softmax;
        let x_24 = (x_23, x_16) -> Sub;
        x_22 -> LogSoftmax { axis: 1 }
    }
    release output to client
    release z: [3, 4] = x_24 to client
}
