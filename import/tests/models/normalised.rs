// Translated by `undertone import` from `normalised.onnx`, opset 21, made by helper.
// Div takes positive divisors: one below 2^-8, or a negative one, acts as 2^-8.

use undertone::prelude::*;

secure_model! {
    /// `normalised.onnx`, opset 21, made by helper.
    pub model Normalised(x: [4, 3, 5]) -> [4, 3, 5] {
        let x_1 = x -> norm1: LayerNorm;
        let x_2 = x_1 -> Gelu;
        let x_3 = x_1 -> Gelu { tanh: true };
        let x_4 = (x_2, x_3) -> Add -> norm2: LayerNorm { axes: 2, epsilon: 0.001, bias: false };
        let x_5 = x_4
            -> norm3: InstanceNorm { affine: true, live: true }
            -> norm4: GroupNorm { groups: 2, live: true } -> Abs -> Scale { offset: 1.0 };
        let x_6 = (x_1, x_5) -> Div;
        let x_7 = x_5 -> Sum { axes: &[2], keep: true };
        (x_6, x_7) -> Div
    }
    release output to client
    release c: [4, 3, 5] = x_3 to client
    release e: [4, 3, 5] = x_4 to client
}
