//! Products of two values, and polynomials.

use super::movement::expand;
use burn::tensor::Tensor;
use undertone_runtime::graph::op::Coefficients;
use undertone_shape::Shape;

/// Element by element, with broadcasting.
pub(crate) fn mul(operands: [(Tensor<2>, Shape); 2], shape: Shape) -> Tensor<2> {
    let [a, b] = operands.map(|(x, own)| expand(x, own, shape));
    a * b
}

/// Of the matrices over the last two axes; the others broadcast.
pub(crate) fn matmul([(a, of_a), (b, of_b)]: [(Tensor<2>, Shape); 2], shape: Shape) -> Tensor<2> {
    let ([rows, _], rank) = (a.dims(), shape.rank());
    let [m, n, inner] = [shape.dim(rank - 2), shape.dim(rank - 1), of_a.dim(of_a.rank() - 1)];
    let matrices = rows * shape.numel() / (m * n);
    let a: Tensor<3> = expand(a, of_a, shape.with_dim(rank - 1, inner)).reshape([matrices, m, inner]);
    let b: Tensor<3> = expand(b, of_b, shape.with_dim(rank - 2, inner)).reshape([matrices, inner, n]);
    a.matmul(b).reshape([rows, shape.numel()])
}

/// With a weight, and plus a bias, whose axes are those of the value from `axis` on.
pub(crate) fn scaled(x: Tensor<2>, shape: Shape, axis: usize, weight: Tensor<1>, own: Shape, bias: Option<Tensor<1>>) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let outer: usize = shape.dims()[..axis].iter().product();
    let dims = [1, own.numel(), 1];
    let y = x.reshape([rows * outer, own.numel(), elements / (outer * own.numel())]) * weight.reshape(dims);
    let y = match bias {
        Some(bias) => y + bias.reshape(dims),
        None => y,
    };
    y.reshape([rows, elements])
}

/// Plus a weight whose axes are those of the value from `axis` on.
pub(crate) fn biased(x: Tensor<2>, shape: Shape, axis: usize, weight: Tensor<1>) -> Tensor<2> {
    let ([rows, elements], [size]) = (x.dims(), weight.dims());
    let outer: usize = shape.dims()[..axis].iter().product();
    (x.reshape([rows * outer, size, elements / (outer * size)]) + weight.reshape([1, size, 1])).reshape([rows, elements])
}

/// By Horner's rule.
#[allow(clippy::needless_pass_by_value, reason = "tensors are passed as the other operations take them")]
pub(crate) fn polynomial(x: Tensor<2>, p: &Coefficients) -> Tensor<2> {
    let mut coefficients = p.coefficients.iter().rev();
    let highest = coefficients.next().copied().unwrap_or(0.0);
    coefficients.fold(x.clone() * 0.0 + highest, |sum, a| sum * x.clone() + *a)
}
