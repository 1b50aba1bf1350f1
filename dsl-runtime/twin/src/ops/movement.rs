//! Matrix product, and operations that find, move or drop elements.

use super::dims;
use burn::tensor::{Int, Tensor, TensorData};
use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;
use undertone_runtime::graph::op::Resample;
use undertone_shape::Shape;

/// The last axis times the transpose of `weight: [out, in]`, flat.
pub(crate) fn linear(x: Tensor<2>, weight: Tensor<1>, bias: Option<Tensor<1>>, shape: Shape) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let [out, inputs] = [shape.dim(0), shape.dim(1)];
    let y = x.reshape([rows * elements / inputs, inputs]).matmul(weight.reshape([out, inputs]).transpose());
    let y = match bias {
        Some(bias) => y + bias.reshape([1, out]),
        None => y,
    };
    y.reshape([rows, elements / inputs * out])
}

/// The index of the largest along `axis`, the lowest one on a tie, as a float. It has no gradient.
pub(crate) fn argmax(x: Tensor<2>, from: Shape, axis: usize) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let (size, inner) = (from.dim(axis), from.dims()[axis + 1..].iter().product::<usize>());
    let blocks: Tensor<3> = x.reshape([rows * elements / (size * inner), size, inner]);
    blocks.argmax(1).float().reshape([rows, elements / size])
}

/// The values one after the other along `axis`.
pub(crate) fn concat(values: Vec<Tensor<2>>, shapes: &[Shape], axis: usize) -> Tensor<2> {
    let blocks = |(x, shape): (Tensor<2>, &Shape)| {
        let [rows, elements] = x.dims();
        let outer: usize = shape.dims()[..axis].iter().product();
        x.reshape([rows, outer, elements / outer])
    };
    Tensor::cat(values.into_iter().zip(shapes).map(blocks).collect(), 2).flatten(1, 2)
}

/// Axes of size 1, and those that the value lacks at the front, stretched.
pub(crate) fn expand(x: Tensor<2>, from: Shape, to: Shape) -> Tensor<2> {
    let [rows, _] = x.dims();
    let front = to.rank() - from.rank();
    let (mut x, mut outer) = (x, rows);
    for axis in 0..to.rank() {
        let own = if axis < front { 1 } else { from.dim(axis - front) };
        if own != to.dim(axis) {
            let [a, b] = x.dims();
            let inner = a * b / outer;
            x = x.reshape([outer, 1, inner]).expand([outer, to.dim(axis), inner]).reshape([outer, to.dim(axis) * inner]);
        }
        outer *= to.dim(axis);
    }
    x.reshape([rows, to.numel()])
}

/// The axes of a sample in another order.
pub(crate) fn permute(x: Tensor<2>, from: Shape, axes: &[usize]) -> Tensor<2> {
    match from.rank() {
        0 | 1 => x,
        2 => permute_rank::<3>(x, from, axes),
        3 => permute_rank::<4>(x, from, axes),
        4 => permute_rank::<5>(x, from, axes),
        5 => permute_rank::<6>(x, from, axes),
        6 => permute_rank::<7>(x, from, axes),
        7 => permute_rank::<8>(x, from, axes),
        _ => permute_rank::<9>(x, from, axes),
    }
}

/// Positions of an axis by a list.
pub(crate) fn gather(x: Tensor<2>, from: Shape, axis: usize, indices: &[usize]) -> Tensor<2> {
    let [rows, _] = x.dims();
    let x = along(x, from, axis);
    let indices: Vec<i64> = indices.iter().map(|index| *index as i64).collect();
    let count = indices.len();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [count]), &x.device());
    flat(x.select(1, indices), rows)
}

/// A constant before and after the positions of each axis.
pub(crate) fn pad(x: Tensor<2>, from: Shape, before: &[usize], after: &[usize], value: f64) -> Tensor<2> {
    let ([rows, _], mut x, mut shape) = (x.dims(), x, from);
    for axis in (0..from.rank()).filter(|axis| before[*axis] + after[*axis] > 0) {
        let inside = along(x, shape, axis);
        let [outer, _, inner] = inside.dims();
        let border = |size: usize| (size > 0).then(|| Tensor::full([outer, size, inner], value as f32, &inside.device()));
        let parts = [border(before[axis]), Some(inside.clone()), border(after[axis])];
        shape = shape.with_dim(axis, before[axis] + shape.dim(axis) + after[axis]);
        x = flat(Tensor::cat(parts.into_iter().flatten().collect(), 1), rows);
    }
    x
}

/// Weighted sums of the positions of an axis, as a matrix product.
pub(crate) fn resample(x: Tensor<2>, from: Shape, resample: &Resample) -> Tensor<2> {
    let [rows, _] = x.dims();
    let (out, size) = (resample.rows.len(), from.dim(resample.axis));
    // [size, out]: the axis comes last, and is multiplied as by a weight
    let mut matrix = vec![0f64; size * out];
    for (j, row) in resample.rows.iter().enumerate() {
        for (position, numerator) in row {
            matrix[position * out + j] += *numerator as f64 / resample.denominator as f64;
        }
    }
    let matrix: Vec<f32> = matrix.into_iter().map(|v| v as f32).collect();
    let x = along(x, from, resample.axis);
    let [outer, _, inner] = x.dims();
    let matrix = Tensor::<2>::from_data(TensorData::new(matrix, [size, out]), &x.device());
    let y = x.swap_dims(1, 2).reshape([outer * inner, size]).matmul(matrix);
    flat(y.reshape([outer, inner, out]).swap_dims(1, 2), rows)
}

/// `[rows, elements]` as `[outer, size, inner]`, with the axis in the middle.
pub(super) fn along(x: Tensor<2>, shape: Shape, axis: usize) -> Tensor<3> {
    let [rows, elements] = x.dims();
    let inner: usize = shape.dims()[axis + 1..].iter().product();
    x.reshape([rows * elements / (shape.dim(axis) * inner), shape.dim(axis), inner])
}

fn flat(x: Tensor<3>, rows: usize) -> Tensor<2> {
    let [outer, size, inner] = x.dims();
    x.reshape([rows, outer * size * inner / rows])
}

fn permute_rank<const D: usize>(x: Tensor<2>, from: Shape, axes: &[usize]) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let order: [isize; D] = core::array::from_fn(|i| if i == 0 { 0 } else { axes[i - 1] as isize + 1 });
    x.reshape(dims::<D>(rows, from)).permute(order).reshape([rows, elements])
}

/// Sets elements to zero with probability `rate` and scales the others by `1 / (1 - rate)`.
pub(crate) fn dropout(x: Tensor<2>, rate: f64, rng: &mut Xoshiro256PlusPlus) -> Tensor<2> {
    if rate <= 0.0 {
        return x;
    }
    let [rows, elements] = x.dims();
    let threshold = (rate.min(1.0) * 4_294_967_296.0) as u64;
    let scale = if rate < 1.0 { (1.0 / (1.0 - rate)) as f32 } else { 0.0 };
    let mask: Vec<f32> = (0..rows * elements).map(|_| if u64::from(rng.next_u32()) < threshold { 0.0 } else { scale }).collect();
    let mask = Tensor::from_data(TensorData::new(mask, [rows, elements]), &x.device());
    x * mask
}
