//! Convolution and pooling over one to three spatial axes of `[c, spatial…]`.

use super::dims;
use super::movement::{along, gather};
use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, conv_transpose1d, conv_transpose2d, conv_transpose3d, conv1d, conv2d, conv3d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, ConvTransposeOptions, MaxPoolOptions};
use undertone_runtime::graph::op::{AvgPool, Conv, ConvTranspose, MaxOver, MaxPool};
use undertone_shape::Shape;

/// Convolution with `weight: [out, c / groups, kernel…]`, flat.
pub(crate) fn conv(x: Tensor<2>, from: Shape, weight: Tensor<1>, kernel: Shape, bias: Option<Tensor<1>>, c: &Conv) -> Tensor<2> {
    let [rows, _] = x.dims();
    let [s, p, d] = [c.stride, c.padding, c.dilation];
    match from.rank() {
        2 => {
            let options = ConvOptions::new([s[0]], [p[0]], [d[0]], c.groups);
            conv1d(x.reshape(dims::<3>(rows, from)), weight.reshape(weight_dims::<3>(kernel)), bias, options).flatten(1, 2)
        }
        3 => {
            let options = ConvOptions::new([s[0], s[1]], [p[0], p[1]], [d[0], d[1]], c.groups);
            conv2d(x.reshape(dims::<4>(rows, from)), weight.reshape(weight_dims::<4>(kernel)), bias, options).flatten(1, 3)
        }
        _ => {
            let options = ConvOptions::new(s, p, d, c.groups);
            conv3d(x.reshape(dims::<5>(rows, from)), weight.reshape(weight_dims::<5>(kernel)), bias, options).flatten(1, 4)
        }
    }
}

/// Transposed convolution with `weight: [c, out / groups, kernel…]`, flat.
pub(crate) fn conv_transpose(
    x: Tensor<2>,
    from: Shape,
    weight: Tensor<1>,
    kernel: Shape,
    bias: Option<Tensor<1>>,
    c: &ConvTranspose,
) -> Tensor<2> {
    let [rows, _] = x.dims();
    let [s, p, o, d] = [c.stride, c.padding, c.output_padding, c.dilation];
    match from.rank() {
        2 => {
            let options = ConvTransposeOptions::new([s[0]], [p[0]], [o[0]], [d[0]], c.groups);
            conv_transpose1d(x.reshape(dims::<3>(rows, from)), weight.reshape(weight_dims::<3>(kernel)), bias, options).flatten(1, 2)
        }
        3 => {
            let options = ConvTransposeOptions::new([s[0], s[1]], [p[0], p[1]], [o[0], o[1]], [d[0], d[1]], c.groups);
            conv_transpose2d(x.reshape(dims::<4>(rows, from)), weight.reshape(weight_dims::<4>(kernel)), bias, options).flatten(1, 3)
        }
        _ => {
            let options = ConvTransposeOptions::new(s, p, o, d, c.groups);
            conv_transpose3d(x.reshape(dims::<5>(rows, from)), weight.reshape(weight_dims::<5>(kernel)), bias, options).flatten(1, 4)
        }
    }
}

/// The largest value of each window; positions in the padding take no part.
pub(crate) fn max_pool(x: Tensor<2>, from: Shape, p: &MaxPool) -> Tensor<2> {
    separately(x, from, [p.kernel, p.stride, p.padding], |x, kernel, stride, padding| {
        max_pool2d(x, MaxPoolOptions::new(kernel).with_stride(stride).with_padding(padding))
    })
}

/// The largest of each list of positions along an axis: all lists are made as long as the longest by their first position, which changes no maximum.
pub(crate) fn max_over(x: Tensor<2>, from: Shape, over: &MaxOver) -> Tensor<2> {
    let [rows, _] = x.dims();
    let longest = over.windows.iter().map(Vec::len).max().unwrap_or(1);
    let indices: Vec<usize> = over.windows.iter().flat_map(|w| w.iter().chain(core::iter::repeat(&w[0])).take(longest).copied()).collect();
    let listed = from.with_dim(over.axis, indices.len());
    let x = along(gather(x, from, over.axis, &indices), listed, over.axis);
    let ([outer, _, inner], windows) = (x.dims(), over.windows.len());
    x.reshape([outer, windows, longest, inner]).max_dim(2).reshape([rows, outer * windows * inner / rows])
}

/// The mean of each window; positions in the padding count as zeros.
pub(crate) fn avg_pool(x: Tensor<2>, from: Shape, p: &AvgPool) -> Tensor<2> {
    separately(x, from, [p.kernel, p.stride, p.padding], |x, kernel, stride, padding| {
        avg_pool2d(x, AvgPoolOptions::new(kernel).with_stride(stride).with_padding(padding))
    })
}

/// Pools with windows over two axes at a time: both the largest value and the mean over a box are those over one axis of those
/// over the others.
fn separately(
    x: Tensor<2>,
    from: Shape,
    [kernel, stride, padding]: [[usize; 3]; 3],
    pool: impl Fn(Tensor<4>, [usize; 2], [usize; 2], [usize; 2]) -> Tensor<4>,
) -> Tensor<2> {
    let [rows, _] = x.dims();
    let first = |v: [usize; 3], plain| [v[0], plain];
    match from.rank() {
        2 => pool(x.reshape([rows, from.dim(0), from.dim(1), 1]), first(kernel, 1), first(stride, 1), first(padding, 0)).flatten(1, 3),
        3 => pool(x.reshape(dims::<4>(rows, from)), [kernel[0], kernel[1]], [stride[0], stride[1]], [padding[0], padding[1]]).flatten(1, 3),
        _ => {
            let [c, depth] = [from.dim(0), from.dim(1)];
            let x = x.reshape([rows, c * depth, from.dim(2), from.dim(3)]);
            let x = pool(x, [kernel[1], kernel[2]], [stride[1], stride[2]], [padding[1], padding[2]]);
            let [_, _, height, width] = x.dims();
            pool(x.reshape([rows, c, depth, height * width]), first(kernel, 1), first(stride, 1), first(padding, 0)).flatten(1, 3)
        }
    }
}

fn weight_dims<const D: usize>(kernel: Shape) -> [usize; D] {
    core::array::from_fn(|i| kernel.dim(i))
}
