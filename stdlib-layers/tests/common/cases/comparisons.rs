//! Functions by comparison.

use super::{Case, named, stage};
use undertone_layers::{Above, BatchNorm, Conv2d, HardSigmoid, HardSwish, HardTanh, Relu6, Softsign, Threshold, TopK, TopKValues};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("relu6", [3, 4, 5], "relu6": Relu6 {}),
        case!("relu6_at_both_ends", [4, 30], "relu6": Relu6 {}),
        case!("hard_tanh", [5, 6], "clamp": HardTanh {}),
        case!("hard_tanh_limits", [40], "clamp": HardTanh { min: -2.5, max: 0.75 }),
        case!("hard_sigmoid", [60], "gate": HardSigmoid {}),
        case!("hard_swish", [60], "swish": HardSwish {}),
        case!("threshold", [4, 9], "threshold": Threshold { at: 0.1, value: 20.0 }),
        case!("threshold_on_the_break", [60], "threshold": Threshold { at: 0.5, value: -1.0 }),
        case!("softsign", [3, 40], "softsign": Softsign {}),
        case!("above", [60], "above": Above { at: 0.5 }),
        case!("top_k_vector", [10], "top": TopK { k: 3 }),
        case!("top_k_channels", [29, 3], "top": TopK { k: 5 }),
        case!("top_k_last", [2, 3, 7], "top": TopK { k: 7, axis: 2 }),
        case!("top_k_long", [300], "top": TopK { k: 5 }),
        case!("top_k_values", [12, 4], "top": TopKValues { k: 4 }),
        case!("top_k_values_ties", [3, 90], "top": TopKValues { k: 6, axis: 1 }),
        case!("inverted_residual", [[3, 6, 6]], inverted_residual),
    ]
}

fn inverted_residual<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let conv = Conv2d { bias: false, ..Conv2d::DEFAULT };
    let x = stage(g, "expand", Conv2d { out: 8, ..conv }, Conv2d::infer, x);
    let x = stage(g, "norm1", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "relu1", Relu6, Relu6::infer, &[x]);
    let x = stage(g, "depthwise", Conv2d { out: 8, kernel: 3, padding: 1, groups: 8, ..conv }, Conv2d::infer, &[x]);
    let x = stage(g, "norm2", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "relu2", Relu6, Relu6::infer, &[x]);
    let x = stage(g, "project", Conv2d { out: 4, ..conv }, Conv2d::infer, &[x]);
    let x = stage(g, "norm3", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "swish", HardSwish, HardSwish::infer, &[x]);
    stage(g, "gate", HardSigmoid, HardSigmoid::infer, &[x])
}
