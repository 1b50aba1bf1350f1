//! Normalisation by running statistics, in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{BatchNorm, Conv2d, ConvTranspose2d, GroupNorm, InstanceNorm, Linear, Relu};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

pub fn norms() -> Vec<Case> {
    vec![
        case!("batch_norm_3d", [3, 2, 3, 4], "norm": BatchNorm {}),
        case!("instance_norm_1d", [4, 9], "norm": InstanceNorm {}),
        case!("instance_norm_2d_affine", [3, 4, 5], "norm": InstanceNorm { epsilon: 0.5, affine: true }),
        case!("instance_norm_3d", [2, 2, 3, 4], "norm": InstanceNorm {}),
        case!("group_norm", [6, 3, 4], "norm": GroupNorm { groups: 3 }),
        case!("group_norm_vector", [8], "norm": GroupNorm { groups: 2, epsilon: 0.1, affine: false }),
        case!("norm_before_padding", [[3, 5, 6]], before_padding),
        case!("norm_of_vectors", [[6]], |g, x| {
            let x = stage(g, "relu", Relu, Relu::infer, x);
            let x = stage(g, "norm", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
            let x = stage(g, "fc", Linear { out: 4, ..Linear::DEFAULT }, Linear::infer, &[x]);
            stage(g, "group", GroupNorm { groups: 2, ..GroupNorm::DEFAULT }, GroupNorm::infer, &[x])
        }),
    ]
}

/// Normalisation after a ReLU, so that nothing before it can take it, and with a convolution behind it whose padding stays zero.
fn before_padding<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let groups = GroupNorm { groups: 2, ..GroupNorm::DEFAULT };
    let x = stage(g, "relu", Relu, Relu::infer, x);
    let x = stage(g, "norm", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "conv", Conv2d { out: 4, kernel: 3, padding: 1, ..Conv2d::DEFAULT }, Conv2d::infer, &[x]);
    let x = stage(g, "instance", InstanceNorm { affine: true, ..InstanceNorm::DEFAULT }, InstanceNorm::infer, &[x]);
    let x = stage(g, "relu2", Relu, Relu::infer, &[x]);
    let x = stage(g, "group", groups, GroupNorm::infer, &[x]);
    let up = ConvTranspose2d { out: 4, kernel: 3, stride: 2, padding: 1, ..ConvTranspose2d::DEFAULT };
    let x = stage(g, "up", up, ConvTranspose2d::infer, &[x]);
    stage(g, "group2", groups, GroupNorm::infer, &[x])
}
