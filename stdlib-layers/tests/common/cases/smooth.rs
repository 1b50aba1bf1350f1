//! Smooth functions and functions of whole rows, in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{
    Cos, Div, Elu, Erf, Exp, Gelu, GroupNorm, InstanceNorm, InverseSqrt, LayerNorm, Log, LogSigmoid, LogSoftmax, Mish, Norm, Pow,
    Reciprocal, RmsNorm, Scale, Selu, Sigmoid, Silu, Sin, Softmax, Softplus, Sqrt, Tanh,
};
use undertone_shape::Shape;

pub fn cases() -> Vec<Case> {
    [curves(), rows()].into_iter().flatten().collect()
}

fn curves() -> Vec<Case> {
    vec![
        case!("silu", [3, 20], "y": Silu {}),
        case!("mish", [3, 20], "y": Mish {}),
        case!("sigmoid", [3, 20], "y": Sigmoid {}),
        case!("log_sigmoid", [3, 20], "y": LogSigmoid {}),
        case!("tanh", [3, 20], "y": Tanh {}),
        case!("softplus", [3, 20], "y": Softplus {}),
        case!("elu", [3, 20], "y": Elu {}),
        case!("elu_alpha", [3, 20], "y": Elu { alpha: 0.3 }),
        case!("selu", [3, 20], "y": Selu {}),
        case!("gelu", [3, 20], "y": Gelu {}),
        case!("gelu_tanh", [3, 20], "y": Gelu { tanh: true }),
        case!("erf", [3, 20], "y": Erf {}),
        case!("exp", [[3, 20]], |g, x| {
            let x = stage(g, "quarter", Scale { factor: 0.25, ..Scale::DEFAULT }, Scale::infer, x);
            stage(g, "y", Exp::DEFAULT, Exp::infer, &[x])
        }),
        case!("sin", [3, 20], "y": Sin {}),
        case!("cos", [3, 20], "y": Cos {}),
        case!("log", [3, 20], "y": Log {}),
        case!("reciprocal", [3, 20], "y": Reciprocal {}),
        case!("sqrt", [3, 20], "y": Sqrt {}),
        case!("inverse_sqrt", [3, 20], "y": InverseSqrt {}),
        case!("pow_half", [3, 20], "y": Pow { exponent: 0.5 }),
        case!("pow_three_halves", [3, 20], "y": Pow { exponent: 1.5 }),
        case!("norm", [4, 6], "y": Norm { axes: &[1] }),
    ]
}

fn rows() -> Vec<Case> {
    vec![
        case!("div", [[3, 4], [3, 1]], |g, x| stage(g, "y", Div, Div::infer, x)),
        case!("softmax", [10], "softmax": Softmax {}),
        case!("softmax_middle", [2, 5, 3], "softmax": Softmax { axis: 1 }),
        case!("log_softmax", [4, 10], "softmax": LogSoftmax { axis: 1 }),
        case!("layer_norm", [5, 12], "norm": LayerNorm {}),
        case!("layer_norm_two_axes", [3, 4, 5], "norm": LayerNorm { axes: 2, epsilon: 0.01 }),
        case!("layer_norm_without_bias", [5, 12], "norm": LayerNorm { bias: false }),
        case!("layer_norm_plain", [12], "norm": LayerNorm { affine: false }),
        case!("rms_norm", [5, 12], "norm": RmsNorm {}),
        case!("group_norm_live", [6, 3, 4], "norm": GroupNorm { groups: 3, live: true }),
        case!("instance_norm_live", [3, 4, 5], "norm": InstanceNorm { live: true }),
        case!("instance_norm_live_affine", [4, 9], "norm": InstanceNorm { live: true, affine: true }),
    ]
}
