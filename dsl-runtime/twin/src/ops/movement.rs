//! Matrix product, and operations that find, move or drop elements.

use super::dims;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;
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
