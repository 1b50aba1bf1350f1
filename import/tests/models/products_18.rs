// Translated by `undertone import` from `products_18.onnx`, opset 18, made by pytorch 2.15.0+cu132.

use undertone::prelude::*;

secure_model! {
    /// `products_18.onnx`, opset 18, made by pytorch 2.15.0+cu132.
    pub model Products18(x: [5, 6]) -> [3, 5] {
        let x_1 = x -> q: Linear { out: 4 };
        let x_2 = x -> linear_1: Linear { out: 4, bias: false } -> Permute { axes: &[1, 0] };
        (x_1, x_2)
            -> MatMul -> Permute { axes: &[1, 0] }
            -> left: Linear { out: 3, bias: false } -> Permute { axes: &[1, 0] }
    }
}
