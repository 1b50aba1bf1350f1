//! The cases of public affine maps, sums and products, in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{
    Add, Conv2d, Flatten, GlobalAvgPool, LeakyRelu, Linear, MatMul, Mul, PRelu, Polynomial, Relu, Reshape, Scale, Square, Sub,
};
use undertone_shape::Shape;

pub fn cases() -> Vec<Case> {
    [affine(), products(), models()].into_iter().flatten().collect()
}

fn affine() -> Vec<Case> {
    vec![
        case!("add_broadcast", [[3, 4, 5], [3, 1, 1]], |g, x| stage(g, "add", Add, Add::infer, x)),
        case!("add_broadcast_both", [[3, 1, 5], [1, 4, 1]], |g, x| stage(g, "add", Add, Add::infer, x)),
        case!("sub", [[3, 4], [3, 4]], |g, x| stage(g, "sub", Sub, Sub::infer, x)),
        case!("sub_broadcast", [[2, 1], [2, 7]], |g, x| stage(g, "sub", Sub, Sub::infer, x)),
        case!("scale", [3, 4], "scale": Scale { factor: 0.37, offset: -1.25 }),
        case!("scale_negative_third", [3, 4], "scale": Scale { factor: -1.0 / 3.0 }),
        case!("scale_channels", [3, 2, 4], "scale": Scale { factors: &[0.0171, -1.5, 0.25], offsets: &[-2.12, 0.5, 3.0] }),
        case!("leaky_relu", [3, 4, 5], "leaky": LeakyRelu {}),
        case!("leaky_relu_steep", [6, 7], "leaky": LeakyRelu { slope: 1.5 }),
    ]
}

fn products() -> Vec<Case> {
    vec![
        case!("mul", [[3, 4, 5], [3, 4, 5]], |g, x| stage(g, "mul", Mul, Mul::infer, x)),
        case!("mul_broadcast", [[3, 4, 5], [3, 1, 1]], |g, x| stage(g, "mul", Mul, Mul::infer, x)),
        case!("mul_broadcast_both", [[3, 1], [1, 4]], |g, x| stage(g, "mul", Mul, Mul::infer, x)),
        case!("mat_mul", [[4, 5], [5, 3]], |g, x| stage(g, "mat_mul", MatMul, MatMul::infer, x)),
        case!("mat_mul_batched", [[2, 3, 5], [2, 5, 4]], |g, x| stage(g, "mat_mul", MatMul, MatMul::infer, x)),
        case!("mat_mul_broadcast", [[2, 3, 5], [1, 5, 4]], |g, x| stage(g, "mat_mul", MatMul, MatMul::infer, x)),
        case!("square", [3, 4], "square": Square {}),
        case!("polynomial_2", [3, 4], "polynomial": Polynomial { coefficients: &[0.25, 0.5, 0.125] }),
        case!("polynomial_4", [3, 4], "polynomial": Polynomial { coefficients: &[0.1, -0.5, 0.3, 0.05, -0.02] }),
        case!("polynomial_5", [7], "polynomial": Polynomial { coefficients: &[0.0, 1.0, 0.0, -1.0 / 6.0, 0.0, 1.0 / 120.0] }),
        case!("p_relu", [3, 4, 5], "slope": PRelu {}),
        case!("p_relu_channels", [3, 4, 5], "slope": PRelu { per_channel: true }),
    ]
}

fn models() -> Vec<Case> {
    vec![
        case!("squeeze_and_excite", [[4, 6, 6]], |g, x| {
            let y = stage(g, "means", GlobalAvgPool, GlobalAvgPool::infer, x);
            let y = stage(g, "fc1", Linear { out: 2, ..Linear::DEFAULT }, Linear::infer, &[y]);
            let y = stage(g, "relu1", Relu, Relu::infer, &[y]);
            let y = stage(g, "fc2", Linear { out: 4, ..Linear::DEFAULT }, Linear::infer, &[y]);
            let y = stage(g, "gate", Reshape { to: &[4, 1, 1] }, Reshape::infer, &[y]);
            let y = stage(g, "gated", Mul, Mul::infer, &[x[0], y]);
            stage(g, "relu2", Relu, Relu::infer, &[y])
        }),
        // as the first networks under encryption were
        case!("squares", [[1, 12, 12]], |g, x| {
            let x = stage(g, "conv", Conv2d { out: 3, kernel: 5, stride: 2, padding: 1, ..Conv2d::DEFAULT }, Conv2d::infer, x);
            let x = stage(g, "square1", Square, Square::infer, &[x]);
            let x = stage(g, "flatten", Flatten, Flatten::infer, &[x]);
            let x = stage(g, "fc1", Linear { out: 12, ..Linear::DEFAULT }, Linear::infer, &[x]);
            let x = stage(g, "square2", Square, Square::infer, &[x]);
            stage(g, "fc2", Linear { out: 10, ..Linear::DEFAULT }, Linear::infer, &[x])
        }),
        case!("conv_leaky_relu_conv", [[2, 5, 5]], |g, x| {
            let x = stage(g, "conv1", Conv2d { out: 4, kernel: 3, ..Conv2d::DEFAULT }, Conv2d::infer, x);
            let x = stage(g, "leaky", LeakyRelu { slope: 0.1 }, LeakyRelu::infer, &[x]);
            stage(g, "conv2", Conv2d { out: 3, kernel: 2, ..Conv2d::DEFAULT }, Conv2d::infer, &[x])
        }),
    ]
}
