//! Transposed convolutions, in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{BatchNorm, Conv2d, ConvTranspose1d, ConvTranspose2d, Relu};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

pub fn transposed() -> Vec<Case> {
    vec![
        case!("conv_transpose1d_plain", [3, 7], "up": ConvTranspose1d { out: 2, kernel: 3 }),
        case!("conv_transpose1d_strided", [2, 6], "up": ConvTranspose1d { out: 3, kernel: 4, stride: 2, padding: 1 }),
        case!(
            "conv_transpose1d_long_stride",
            [2, 5],
            "up": ConvTranspose1d { out: 2, kernel: 2, stride: 5, padding: 1, output_padding: 4 }
        ),
        case!(
            "conv_transpose1d_dilated",
            [2, 6],
            "up": ConvTranspose1d { out: 3, kernel: 3, stride: 2, padding: 2, output_padding: 1, dilation: 3 }
        ),
        case!(
            "conv_transpose1d_stride_1_dilated",
            [2, 6],
            "up": ConvTranspose1d { out: 3, kernel: 3, padding: 3, dilation: 2, bias: false }
        ),
        case!("conv_transpose1d_groups", [6, 4], "up": ConvTranspose1d { out: 4, kernel: 3, stride: 3, groups: 2 }),
        case!("conv_transpose2d_doubling", [4, 3, 5], "up": ConvTranspose2d { out: 3, kernel: 2, stride: 2 }),
        case!("conv_transpose2d_odd", [2, 4, 3], "up": ConvTranspose2d { out: 3, kernel: 3, stride: 2, padding: 1, output_padding: 1 }),
        case!(
            "conv_transpose2d_by_axis",
            [2, 3, 4],
            "up": ConvTranspose2d {
                out: 3,
                kernels: &[3, 5],
                strides: &[1, 3],
                paddings: &[2, 1],
                output_paddings: &[0, 2],
                dilations: &[2, 1]
            }
        ),
        case!(
            "conv_transpose2d_depthwise",
            [3, 4, 4],
            "up": ConvTranspose2d { out: 3, kernel: 4, stride: 2, padding: 1, groups: 3, bias: false }
        ),
        case!(
            "conv_transpose2d_mostly_padding",
            [2, 4, 3],
            "up": ConvTranspose2d { out: 2, kernel: 3, stride: 2, padding: 3, output_padding: 1 }
        ),
        case!("decoder", [[3, 4, 4]], decoder),
    ]
}

fn decoder<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let up = ConvTranspose2d { stride: 2, padding: 1, ..ConvTranspose2d::DEFAULT };
    let x = stage(g, "conv", Conv2d { out: 4, kernel: 3, padding: 1, ..Conv2d::DEFAULT }, Conv2d::infer, x);
    let x = stage(g, "relu1", Relu, Relu::infer, &[x]);
    let x = stage(g, "up1", ConvTranspose2d { out: 4, kernel: 4, bias: false, ..up }, ConvTranspose2d::infer, &[x]);
    let x = stage(g, "norm", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "relu2", Relu, Relu::infer, &[x]);
    let x = stage(g, "up2", ConvTranspose2d { out: 2, kernel: 3, output_padding: 1, groups: 2, ..up }, ConvTranspose2d::infer, &[x]);
    stage(g, "norm2", BatchNorm::DEFAULT, BatchNorm::infer, &[x])
}
