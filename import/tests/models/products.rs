// Translated by `undertone import` from `products.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `products.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Products(x: [5, 6]) -> [3, 5] {
        let q_add = x -> q: Linear { out: 4 };
        let x_1 = x -> k: Linear { out: 4, bias: false } -> Permute { axes: &[1, 0] };
        (q_add, x_1)
            -> MatMul -> Permute { axes: &[1, 0] }
            -> left: Linear { out: 3, bias: false } -> Permute { axes: &[1, 0] }
    }
}
