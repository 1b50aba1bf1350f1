"""Writes the figures that the layers are compared with: one safetensors file per case, computed by PyTorch.

Made with torch 2.15.0, numpy 2.4.6, safetensors 0.8.0; the version of torch is in each file's metadata.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python stdlib-layers/tests/figures/make.py           # all cases
    venv/bin/python stdlib-layers/tests/figures/make.py conv3d    # those whose names start so, and nothing else is touched

Format of `<case>.safetensors`, every tensor f32, row-major:

    input               [samples, ...]  the only input; or input0, input1, ... in order, when there are several
    <stage>.<name>      the parameters under PyTorch's names and in its layouts, such as `conv.weight` or `norm.running_var`
    output              [samples, ...]  what PyTorch computes in eval mode

Inputs and parameters are drawn from a seed that follows from the case's name and rounded to f32. The output is computed
from them in f64 and rounded to f32 at the end, so that it is right to the last digits. PyTorch's counter
`num_batches_tracked` is left out, because it is no parameter. The graphs of the same names are in `tests/common/cases.rs`.
"""

import sys
import zlib
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

SAMPLES = 3
HERE = Path(__file__).parent


def main():
    wanted = tuple(sys.argv[1:])
    for old in HERE.glob("*.safetensors") if not wanted else []:
        old.unlink()
    for name, shapes, module in cases():
        if not wanted or name.startswith(wanted):
            write(name, shapes, module)
    total = sum(path.stat().st_size for path in HERE.glob("*.safetensors"))
    print(f"torch {torch.__version__}: {total} bytes in all")


def cases():
    """Name, shapes of one sample's inputs, module."""
    one = lambda name, shape, **stages: (name, [shape], nn.Sequential(OrderedDict(stages)))
    yield one("conv1d_plain", (3, 12), conv=nn.Conv1d(3, 4, 3))
    yield one("conv1d_pointwise", (5, 7), conv=nn.Conv1d(5, 2, 1))
    yield one("conv1d_strided_padded_dilated", (2, 13), conv=nn.Conv1d(2, 3, 3, stride=2, padding=3, dilation=2))
    yield one("conv1d_groups_no_bias", (4, 9), conv=nn.Conv1d(4, 6, 4, groups=2, bias=False))
    yield one("conv1d_depthwise", (4, 9), conv=nn.Conv1d(4, 4, 5, padding=2, groups=4))
    yield one("conv2d_plain", (2, 6, 5), conv=nn.Conv2d(2, 3, 3))
    yield one("conv2d_strided_padded", (3, 8, 7), conv=nn.Conv2d(3, 4, 3, stride=2, padding=1))
    yield one("conv2d_dilated", (2, 7, 9), conv=nn.Conv2d(2, 2, 3, padding=2, dilation=2))
    yield one("conv2d_strided_padded_dilated", (2, 11, 8), conv=nn.Conv2d(2, 3, 3, stride=3, padding=2, dilation=2))
    yield one("conv2d_groups", (4, 5, 5), conv=nn.Conv2d(4, 6, 3, groups=2))
    yield one("conv2d_depthwise", (3, 5, 6), conv=nn.Conv2d(3, 6, 3, padding=1, groups=3))
    yield one("conv2d_no_bias", (3, 6, 6), conv=nn.Conv2d(3, 5, 2, stride=2, bias=False))
    yield from convolutions(one)
    yield from transposed(one)
    yield from norms(one)
    yield one("linear_vector", (7,), linear=nn.Linear(7, 5))
    yield one("linear_no_bias", (7,), linear=nn.Linear(7, 5, bias=False))
    yield one("linear_matrix", (4, 5), linear=nn.Linear(5, 3))
    yield one("linear_rank_3", (2, 3, 5), linear=nn.Linear(5, 4))
    yield one("batch_norm_vector", (6,), norm=nn.BatchNorm1d(6))
    yield one("batch_norm_1d", (4, 9), norm=nn.BatchNorm1d(4, eps=0.5))
    yield one("batch_norm_2d", (3, 4, 5), norm=nn.BatchNorm2d(3, momentum=0.3))
    yield one("relu", (3, 4, 5), relu=nn.ReLU())
    yield one("max_pool1d_default", (3, 9), pool=nn.MaxPool1d(2))
    yield one("max_pool1d_overlapping_padded", (3, 10), pool=nn.MaxPool1d(3, stride=2, padding=1))
    yield one("max_pool2d_default", (2, 6, 7), pool=nn.MaxPool2d(2))
    yield one("max_pool2d_overlapping", (2, 6, 5), pool=nn.MaxPool2d(3, stride=1))
    yield one("max_pool2d_overlapping_padded", (2, 7, 8), pool=nn.MaxPool2d(3, stride=2, padding=1))
    # Everything is negative, so that zeros in the padding would win.
    yield "max_pool2d_negative_padded", [(2, 5, 5)], Function(lambda x: nn.functional.max_pool2d(x, 3, 2, 1), before=lambda x: -x.abs() - 1)
    yield one("avg_pool1d_default", (3, 9), pool=nn.AvgPool1d(2))
    yield one("avg_pool1d_overlapping_padded", (3, 10), pool=nn.AvgPool1d(3, stride=2, padding=1))
    yield one("avg_pool2d_default", (2, 6, 7), pool=nn.AvgPool2d(2))
    yield one("avg_pool2d_overlapping_padded", (2, 7, 8), pool=nn.AvgPool2d(3, stride=2, padding=1))
    yield one("global_avg_pool_1d", (5, 7), pool=nn.AdaptiveAvgPool1d(1), flatten=nn.Flatten())
    yield one("global_avg_pool_2d", (5, 3, 4), pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    yield one("flatten", (2, 3, 4), flatten=nn.Flatten())
    yield one("reshape", (28,), reshape=nn.Unflatten(1, (4, 7)))
    yield "permute", [(2, 3, 4)], Function(lambda x: x.permute(0, 3, 1, 2))
    yield "add", [(3, 4), (3, 4)], Function(lambda a, b: a + b)
    yield "add_three", [(2, 2, 3)] * 3, Function(lambda a, b, c: a + b + c)
    yield "arg_max_vector", [(10,)], Function(lambda x: torch.argmax(x, dim=1))
    yield "arg_max_channels", [(29, 7)], Function(lambda x: torch.argmax(x, dim=1))
    # Few different values, so that most rows have several largest ones.
    yield "arg_max_middle_ties", [(3, 9, 4)], Function(lambda x: torch.argmax(x, dim=2), before=lambda x: x.round())
    yield "arg_max_last", [(2, 3, 5)], Function(lambda x: torch.argmax(x, dim=3))
    # Half of the values are zero after the ReLU, and in some rows all of them.
    yield "arg_max_after_relu", [(3, 8)], Function(lambda x: torch.argmax(torch.relu(x), dim=1))
    yield "concat_channels", [(2, 3, 3), (4, 3, 3)], Function(lambda a, b: torch.cat([a, b], dim=1))
    yield "concat_three_along_axis_1", [(2, 3), (2, 1), (2, 4)], Function(lambda a, b, c: torch.cat([a, b, c], dim=2))
    yield from comparisons(one)
    yield one("dropout", (3, 4), dropout=nn.Dropout(0.25))
    yield one("conv_batch_norm_relu", (3, 6, 6), conv=nn.Conv2d(3, 5, 3, padding=1, bias=False), norm=nn.BatchNorm2d(5), relu=nn.ReLU())
    yield one(
        "lenet",
        (1, 12, 12),
        conv1=nn.Conv2d(1, 4, 3, padding=1),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(4, 6, 3),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(24, 16),
        relu3=nn.ReLU(),
        fc2=nn.Linear(16, 12),
        relu4=nn.ReLU(),
        fc3=nn.Linear(12, 10),
    )
    yield one(
        "speech",
        (5, 40),
        conv1=nn.Conv1d(5, 8, 7, stride=2, padding=3),
        norm1=nn.BatchNorm1d(8),
        relu1=nn.ReLU(),
        conv2=nn.Conv1d(8, 8, 5, padding=2, bias=False),
        norm2=nn.BatchNorm1d(8),
        relu2=nn.ReLU(),
        conv3=nn.Conv1d(8, 6, 1),
    )
    yield one(
        "letters",
        (2, 4, 6),
        conv=nn.Conv2d(2, 7, 3, padding=1),
        relu=nn.ReLU(),
        score=nn.Conv2d(7, 11, 1),
        index=Function(lambda x: torch.argmax(x, dim=1)),
        turned=Function(lambda x: x.permute(0, 2, 1)),
        flat=nn.Flatten(),
    )
    yield "residual_identity", [(4, 6, 6)], Residual(4, 4, 1)
    yield "residual_strided", [(4, 6, 6)], Residual(4, 6, 2)
    yield from movement(one)
    yield from resampling(one)
    yield from smooth(one)
    yield from attention(one)
    yield from arithmetic()


def movement(one):
    """What only moves elements, and constants beside them."""
    pad = nn.functional.pad
    yield "pad_zeros", [(2, 3, 4)], Function(lambda x: pad(x, (2, 1, 0, 2, 1, 0)))
    yield "pad_constant", [(2, 3, 4)], Function(lambda x: pad(x, (1, 0, 2, 3), value=-1.5))
    yield "pad_reflect", [(2, 4, 5)], Function(lambda x: pad(x, (4, 2, 1, 3), mode="reflect"))
    yield "pad_replicate", [(2, 4, 3)], Function(lambda x: pad(x, (3, 1, 0, 2), mode="replicate"))
    yield "slice_channels", [(6, 3, 2)], Function(lambda x: x[:, 1:5])
    yield "slice_strided", [(2, 3, 11)], Function(lambda x: x[:, :, :, 2:10:3])
    yield "split_middle", [(9, 4)], Function(lambda x: torch.chunk(x, 3, dim=1)[1])
    yield "split_last_of_uneven", [(2, 8, 3)], Function(lambda x: torch.chunk(x, 3, dim=2)[2])
    yield "transpose", [(2, 3, 4)], Function(lambda x: x.transpose(1, 3))
    yield one("pixel_shuffle", (12, 2, 3), shuffle=nn.PixelShuffle(2))
    yield "shortcut_padded", [(4, 7, 6)], ShortcutPadded(4, 8)


def arithmetic():
    """Public affine maps, sums and products of values."""
    one = lambda name, shape, **stages: (name, [shape], nn.Sequential(OrderedDict(stages)))
    channels = lambda values: torch.tensor(values, dtype=torch.float64).reshape(1, 3, 1, 1)
    factors, offsets = channels([0.0171, -1.5, 0.25]), channels([-2.12, 0.5, 3.0])
    yield "add_broadcast", [(3, 4, 5), (3, 1, 1)], Function(lambda a, b: a + b)
    yield "add_broadcast_both", [(3, 1, 5), (1, 4, 1)], Function(lambda a, b: a + b)
    yield "sub", [(3, 4), (3, 4)], Function(lambda a, b: a - b)
    yield "sub_broadcast", [(2, 1), (2, 7)], Function(lambda a, b: a - b)
    yield "scale", [(3, 4)], Function(lambda x: x * 0.37 - 1.25)
    yield "scale_negative_third", [(3, 4)], Function(lambda x: x * (-1 / 3))
    yield "scale_channels", [(3, 2, 4)], Function(lambda x: x * factors + offsets)
    yield one("leaky_relu", (3, 4, 5), leaky=nn.LeakyReLU())
    yield one("leaky_relu_steep", (6, 7), leaky=nn.LeakyReLU(1.5))
    yield "mul", [(3, 4, 5), (3, 4, 5)], Function(lambda a, b: a * b)
    yield "mul_broadcast", [(3, 4, 5), (3, 1, 1)], Function(lambda a, b: a * b)
    yield "mul_broadcast_both", [(3, 1), (1, 4)], Function(lambda a, b: a * b)
    yield "mat_mul", [(4, 5), (5, 3)], Function(lambda a, b: a @ b)
    yield "mat_mul_batched", [(2, 3, 5), (2, 5, 4)], Function(lambda a, b: a @ b)
    yield "mat_mul_broadcast", [(2, 3, 5), (1, 5, 4)], Function(lambda a, b: a @ b)
    yield "square", [(3, 4)], Function(lambda x: x**2)
    polynomial = lambda *a: lambda x: sum(c * x**k for k, c in enumerate(a))
    yield "polynomial_2", [(3, 4)], Function(polynomial(0.25, 0.5, 0.125))
    yield "polynomial_4", [(3, 4)], Function(polynomial(0.1, -0.5, 0.3, 0.05, -0.02))
    yield "polynomial_5", [(7,)], Function(polynomial(0.0, 1.0, 0.0, -1 / 6, 0.0, 1 / 120))
    yield one("p_relu", (3, 4, 5), slope=nn.PReLU())
    yield one("p_relu_channels", (3, 4, 5), slope=nn.PReLU(3))
    yield "squeeze_and_excite", [(4, 6, 6)], SqueezeAndExcite(4, 2)
    yield one(
        "squares",
        (1, 12, 12),
        conv=nn.Conv2d(1, 3, 5, stride=2, padding=1),
        square1=Function(lambda x: x**2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(75, 12),
        square2=Function(lambda x: x**2),
        fc2=nn.Linear(12, 10),
    )
    yield one("conv_leaky_relu_conv", (2, 5, 5), conv1=nn.Conv2d(2, 4, 3), leaky=nn.LeakyReLU(0.1), conv2=nn.Conv2d(4, 3, 2))


def convolutions(one):
    """Sizes that differ by axis, three axes, each channel by itself."""
    yield one("conv2d_by_axis", (2, 6, 9), conv=nn.Conv2d(2, 3, (1, 5), stride=(2, 1), padding=(0, 3), dilation=(1, 2)))
    yield one("conv2d_depthwise_by_axis", (4, 7, 6), conv=nn.Conv2d(4, 4, (3, 2), padding=(1, 0), groups=4))
    yield one("conv3d_plain", (2, 4, 5, 3), conv=nn.Conv3d(2, 3, 2))
    yield one("conv3d_strided_padded", (1, 5, 6, 7), conv=nn.Conv3d(1, 4, 3, stride=2, padding=1))
    yield one("conv3d_by_axis", (2, 3, 7, 8), conv=nn.Conv3d(2, 3, (1, 3, 2), stride=(1, 2, 3), padding=(1, 0, 2), dilation=(2, 1, 3)))
    yield one("conv3d_groups_no_bias", (4, 3, 4, 4), conv=nn.Conv3d(4, 6, (2, 3, 3), groups=2, bias=False))
    yield one("conv3d_depthwise", (3, 4, 4, 3), conv=nn.Conv3d(3, 3, 3, padding=1, groups=3))
    yield one("depthwise_conv1d", (4, 11), conv=nn.Conv1d(4, 8, 3, stride=2, padding=1, dilation=2, groups=4))
    yield one("depthwise_conv2d", (5, 6, 7), conv=nn.Conv2d(5, 5, 3, padding=1, groups=5, bias=False))
    yield one("depthwise_conv2d_by_axis", (3, 8, 6), conv=nn.Conv2d(3, 6, (3, 1), stride=(2, 1), padding=(2, 0), groups=3))
    yield one(
        "volume",
        (2, 4, 6, 6),
        conv1=nn.Conv3d(2, 4, 3, padding=1, bias=False),
        norm1=nn.BatchNorm3d(4),
        relu1=nn.ReLU(),
        conv2=nn.Conv3d(4, 3, (2, 3, 3), stride=(2, 1, 2)),
        relu2=nn.ReLU(),
        flatten=nn.Flatten(),
        fc=nn.Linear(48, 5),
    )


def transposed(one):
    """Transposed convolutions: strides that divide the kernel and that do not, cropped, dilated, in groups, as an upsampling network has them."""
    up1, up2 = nn.ConvTranspose1d, nn.ConvTranspose2d
    yield one("conv_transpose1d_plain", (3, 7), up=up1(3, 2, 3))
    yield one("conv_transpose1d_strided", (2, 6), up=up1(2, 3, 4, stride=2, padding=1))
    yield one("conv_transpose1d_long_stride", (2, 5), up=up1(2, 2, 2, stride=5, padding=1, output_padding=4))
    yield one("conv_transpose1d_dilated", (2, 6), up=up1(2, 3, 3, stride=2, padding=2, output_padding=1, dilation=3))
    yield one("conv_transpose1d_stride_1_dilated", (2, 6), up=up1(2, 3, 3, padding=3, dilation=2, bias=False))
    yield one("conv_transpose1d_groups", (6, 4), up=up1(6, 4, 3, stride=3, groups=2))
    yield one("conv_transpose2d_doubling", (4, 3, 5), up=up2(4, 3, 2, stride=2))
    yield one("conv_transpose2d_odd", (2, 4, 3), up=up2(2, 3, 3, stride=2, padding=1, output_padding=1))
    yield one("conv_transpose2d_by_axis", (2, 3, 4), up=up2(2, 3, (3, 5), stride=(1, 3), padding=(2, 1), output_padding=(0, 2), dilation=(2, 1)))
    yield one("conv_transpose2d_depthwise", (3, 4, 4), up=up2(3, 3, 4, stride=2, padding=1, groups=3, bias=False))
    yield one("conv_transpose2d_mostly_padding", (2, 4, 3), up=up2(2, 2, 3, stride=2, padding=3, output_padding=1))
    yield one(
        "decoder",
        (3, 4, 4),
        conv=nn.Conv2d(3, 4, 3, padding=1),
        relu1=nn.ReLU(),
        up1=up2(4, 4, 4, stride=2, padding=1, bias=False),
        norm=nn.BatchNorm2d(4),
        relu2=nn.ReLU(),
        up2=up2(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2),
        norm2=nn.BatchNorm2d(2),
    )


def norms(one):
    """Normalisation by running statistics: of volumes, of instances and of groups; after a ReLU, and before a convolution with padding."""
    yield one("batch_norm_3d", (3, 2, 3, 4), norm=nn.BatchNorm3d(3))
    yield one("instance_norm_1d", (4, 9), norm=nn.InstanceNorm1d(4, track_running_stats=True))
    yield one("instance_norm_2d_affine", (3, 4, 5), norm=nn.InstanceNorm2d(3, eps=0.5, affine=True, track_running_stats=True))
    yield one("instance_norm_3d", (2, 2, 3, 4), norm=nn.InstanceNorm3d(2, track_running_stats=True))
    yield one("group_norm", (6, 3, 4), norm=FixedGroupNorm(3, 6))
    yield one("group_norm_vector", (8,), norm=FixedGroupNorm(2, 8, eps=0.1, affine=False))
    yield one(
        "norm_before_padding",
        (3, 5, 6),
        relu=nn.ReLU(),
        norm=nn.BatchNorm2d(3),
        conv=nn.Conv2d(3, 4, 3, padding=1),
        instance=nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
        relu2=nn.ReLU(),
        group=FixedGroupNorm(2, 4),
        up=nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1),
        group2=FixedGroupNorm(2, 4),
    )
    yield one("norm_of_vectors", (6,), relu=nn.ReLU(), norm=nn.BatchNorm1d(6), fc=nn.Linear(6, 4), group=FixedGroupNorm(2, 4))


class FixedGroupNorm(nn.Module):
    """PyTorch's GroupNorm with running statistics, one mean and one variance a group, in the place of those of the sample."""

    def __init__(self, groups, channels, eps=1e-5, affine=True):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        self.register_buffer("running_mean", torch.zeros(groups))
        self.register_buffer("running_var", torch.ones(groups))

    def forward(self, x):
        grouped = x.view(x.shape[0], self.running_mean.shape[0], -1)
        y = nn.functional.batch_norm(grouped, self.running_mean, self.running_var, eps=self.eps).view(x.shape)
        each = (1, -1) + (1,) * (x.dim() - 2)
        return y if self.weight is None else y * self.weight.view(each) + self.bias.view(each)


def comparisons(one):
    """Functions by comparison, on values that reach all of their pieces; some lie exactly on a break."""
    wide = lambda x: (x * 64).round() / 16
    yield one("relu6", (3, 4, 5), relu6=nn.ReLU6())
    yield "relu6_at_both_ends", [(4, 30)], Function(nn.ReLU6(), before=wide)
    yield one("hard_tanh", (5, 6), clamp=nn.Hardtanh())
    yield "hard_tanh_limits", [(40,)], Function(nn.Hardtanh(-2.5, 0.75), before=wide)
    yield "hard_sigmoid", [(60,)], Function(nn.Hardsigmoid(), before=wide)
    yield "hard_swish", [(60,)], Function(nn.Hardswish(), before=wide)
    yield one("threshold", (4, 9), threshold=nn.Threshold(0.1, 20.0))
    yield "threshold_on_the_break", [(60,)], Function(nn.Threshold(0.5, -1.0), before=wide)
    yield "softsign", [(3, 40)], Function(nn.Softsign(), before=lambda x: x * torch.exp2(8 * x.abs().frac()))
    yield "above", [(60,)], Function(lambda x: x > 0.5, before=wide)
    yield "top_k_vector", [(10,)], Function(lambda x: torch.topk(x, 3, dim=1).indices)
    yield "top_k_channels", [(29, 3)], Function(lambda x: torch.topk(x, 5, dim=1).indices)
    yield "top_k_last", [(2, 3, 7)], Function(lambda x: torch.topk(x, 7, dim=3).indices)
    yield "top_k_long", [(300,)], Function(lambda x: torch.topk(x, 5, dim=1).indices)
    yield "top_k_values", [(12, 4)], Function(lambda x: torch.topk(x, 4, dim=1).values)
    # Few different values: which of equal ones comes first is no matter for the values.
    yield "top_k_values_ties", [(3, 90)], Function(lambda x: torch.topk(x, 6, dim=2).values, before=lambda x: x.round())
    yield one(
        "inverted_residual",
        (3, 6, 6),
        expand=nn.Conv2d(3, 8, 1, bias=False),
        norm1=nn.BatchNorm2d(8),
        relu1=nn.ReLU6(),
        depthwise=nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        norm2=nn.BatchNorm2d(8),
        relu2=nn.ReLU6(),
        project=nn.Conv2d(8, 4, 1, bias=False),
        norm3=nn.BatchNorm2d(4),
        swish=nn.Hardswish(),
        gate=nn.Hardsigmoid(),
    )


class Function(nn.Module):
    """A function without parameters; `before` changes the drawn input that is kept in the file."""

    def __init__(self, forward, before=None):
        super().__init__()
        self.function, self.before = forward, before

    def forward(self, *x):
        return self.function(*x)


class SqueezeAndExcite(nn.Module):
    """Each channel is multiplied with a gate that follows from the means of all."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x):
        gate = self.fc2(torch.relu(self.fc1(x.mean(dim=(2, 3)))))
        return torch.relu(x * gate[:, :, None, None])


class Residual(nn.Module):
    """The basic block of a ResNet; with a strided or widening block the shortcut is a pointwise convolution."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.shortcut = None
        if stride != 1 or channels != out:
            self.shortcut = nn.Conv2d(channels, out, 1, stride=stride)

    def forward(self, x):
        y = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def resampling(one):
    """Pools of all kinds, means, interpolation."""
    interpolate = nn.functional.interpolate
    yield one("max_pool1d_dilated", (3, 11), pool=nn.MaxPool1d(3, stride=2, padding=1, dilation=2))
    yield one("max_pool1d_ceil", (2, 6), pool=nn.MaxPool1d(3, stride=2, ceil_mode=True))
    yield one("max_pool2d_by_axis", (2, 7, 9), pool=nn.MaxPool2d((3, 2), stride=(1, 3), padding=(1, 0)))
    yield one("max_pool2d_dilated_ceil", (2, 8, 9), pool=nn.MaxPool2d((2, 3), stride=(3, 2), padding=(1, 1), dilation=(2, 1), ceil_mode=True))
    yield one("max_pool3d_default", (2, 4, 5, 6), pool=nn.MaxPool3d(2))
    yield one("max_pool3d_by_axis", (2, 3, 5, 4), pool=nn.MaxPool3d((1, 3, 2), stride=(2, 2, 1), padding=(0, 1, 1)))
    yield one("avg_pool1d_inside", (3, 8), pool=nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False))
    yield one("avg_pool2d_inside", (2, 7, 6), pool=nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False))
    yield one("avg_pool2d_by_axis", (2, 7, 9), pool=nn.AvgPool2d((1, 4), stride=(2, 3), padding=(0, 2)))
    yield one("avg_pool2d_ceil", (2, 6, 8), pool=nn.AvgPool2d((3, 4), stride=(2, 3), padding=(1, 0), ceil_mode=True))
    yield one("avg_pool2d_ceil_inside", (2, 6, 8), pool=nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False))
    yield one("avg_pool3d_default", (2, 4, 5, 6), pool=nn.AvgPool3d(2))
    yield one("avg_pool3d_inside", (1, 3, 4, 5), pool=nn.AvgPool3d((3, 2, 3), stride=(2, 2, 1), padding=(1, 0, 1), count_include_pad=False))
    yield one("adaptive_avg_pool1d", (3, 10), pool=nn.AdaptiveAvgPool1d(7))
    yield one("adaptive_avg_pool2d_even", (2, 6, 8), pool=nn.AdaptiveAvgPool2d((3, 2)))
    yield one("adaptive_avg_pool2d_uneven", (2, 5, 7), pool=nn.AdaptiveAvgPool2d((3, 4)))
    yield one("adaptive_avg_pool2d_larger", (2, 3, 2), pool=nn.AdaptiveAvgPool2d(5))
    yield one("adaptive_avg_pool3d", (1, 4, 5, 3), pool=nn.AdaptiveAvgPool3d((2, 3, 3)))
    yield one("adaptive_max_pool1d", (3, 10), pool=nn.AdaptiveMaxPool1d(7))
    yield one("adaptive_max_pool2d_even", (2, 6, 4), pool=nn.AdaptiveMaxPool2d((2, 2)))
    yield one("adaptive_max_pool2d_uneven", (2, 5, 7), pool=nn.AdaptiveMaxPool2d((3, 4)))
    yield one("global_max_pool_2d", (4, 3, 5), pool=nn.AdaptiveMaxPool2d(1), flatten=nn.Flatten())
    yield one("upsample_nearest", (2, 3, 4), up=nn.Upsample(scale_factor=(2, 3)))
    yield "upsample_nearest_size", [(2, 5, 7)], Function(lambda x: interpolate(x, size=(8, 3)))
    yield one("upsample_linear", (3, 5), up=nn.Upsample(scale_factor=3, mode="linear"))
    yield one("upsample_bilinear", (2, 3, 4), up=nn.Upsample(scale_factor=2, mode="bilinear"))
    yield one("upsample_bilinear_corners", (2, 4, 3), up=nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True))
    yield "upsample_bilinear_size", [(2, 5, 7)], Function(lambda x: interpolate(x, size=(8, 3), mode="bilinear"))
    yield "upsample_corners_to_one", [(2, 4, 3)], Function(lambda x: interpolate(x, size=(1, 5), mode="bilinear", align_corners=True))
    yield one("upsample_trilinear", (1, 2, 3, 2), up=nn.Upsample(scale_factor=(1, 2, 3), mode="trilinear"))
    yield "mean_rows", [(3, 4, 5)], Function(lambda x: x.mean(dim=2))
    yield "mean_kept", [(3, 4, 5)], Function(lambda x: x.mean(dim=(2, 3), keepdim=True))
    yield "mean_all", [(3, 7)], Function(lambda x: x.mean(dim=(1, 2)))
    yield "sum_channels", [(6, 3, 2)], Function(lambda x: x.sum(dim=1))
    yield "sum_kept", [(3, 4, 5)], Function(lambda x: x.sum(dim=(1, 3), keepdim=True))
    yield one(
        "down_and_up",
        (1, 7, 9),
        conv1=nn.Conv2d(1, 4, 3, padding=1),
        relu1=nn.ReLU(),
        pool=nn.MaxPool2d(3, stride=2, padding=1),
        conv2=nn.Conv2d(4, 4, 3, padding=1),
        relu2=nn.ReLU(),
        up=nn.Upsample(scale_factor=2, mode="bilinear"),
        conv3=nn.Conv2d(4, 2, 3),
        mean=nn.AdaptiveAvgPool2d((4, 4)),
    )
    # The means of four such blocks divide by 6561 in all.
    block = lambda k: {f"conv{k}": nn.Conv2d(2, 2, 1), f"relu{k}": nn.ReLU(), f"pool{k}": nn.AvgPool2d(3, stride=1, padding=1)}
    yield one("many_means", (2, 5, 4), **block(1), **block(2), **block(3), **block(4))


class ShortcutPadded(nn.Module):
    """A strided block whose shortcut has no weights: every second pixel, and zeros for the channels that are new."""

    def __init__(self, channels, out):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, stride=2, padding=1)
        self.more = (out - channels) // 2

    def forward(self, x):
        shortcut = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))
        return torch.relu(self.conv(x) + shortcut)


def smooth(one):
    """Smooth functions, functions of whole rows, and what is composed of thresholds."""
    wide = lambda x: 3 * x
    positive = lambda x: x.abs() * torch.exp2(x) + 0.3
    ties = lambda a: a.round()
    for name, function in {
        "silu": nn.SiLU(),
        "mish": nn.Mish(),
        "sigmoid": nn.Sigmoid(),
        "log_sigmoid": nn.LogSigmoid(),
        "tanh": nn.Tanh(),
        "softplus": nn.Softplus(),
        "elu": nn.ELU(),
        "elu_alpha": nn.ELU(0.3),
        "selu": nn.SELU(),
        "gelu": nn.GELU(),
        "gelu_tanh": nn.GELU(approximate="tanh"),
        "erf": torch.erf,
        "exp": lambda x: torch.exp(x / 4),
        "sin": torch.sin,
        "cos": torch.cos,
        "abs": torch.abs,
    }.items():
        yield name, [(3, 20)], Function(function, before=wide)
    for name, function in {
        "log": torch.log,
        "reciprocal": torch.reciprocal,
        "sqrt": torch.sqrt,
        "inverse_sqrt": torch.rsqrt,
        "pow_half": lambda x: torch.pow(x, 0.5),
    }.items():
        yield name, [(3, 20)], Function(function, before=positive)
    yield "pow_three_halves", [(3, 20)], Function(lambda x: torch.pow(x, 1.5), before=lambda x: x.abs() / 2 + 0.3)
    yield "pow_cube", [(3, 20)], Function(lambda x: torch.pow(x, 3))
    yield "sign", [(40,)], Function(torch.sign, before=ties)
    yield "clamp", [(40,)], Function(lambda x: torch.clamp(x, -0.5, 1.25))
    yield "clamp_below", [(40,)], Function(lambda x: torch.clamp(x, min=0.25))
    yield "maximum", [(3, 4), (3, 1)], Function(torch.maximum)
    yield "minimum", [(3, 4), (1, 4)], Function(torch.minimum)
    for name in ["greater", "greater_equal", "less", "less_equal", "eq", "not_equal"]:
        yield {"eq": "equal"}.get(name, name), [(30,), (30,)], Function(getattr(torch, name), before=ties)
    bits = lambda x: (x > 0).float() if x.shape[2] == 1 else x
    yield "where", [(3, 1), (3, 4), (1, 4)], Function(lambda c, a, b: torch.where(c > 0, a, b), before=bits)
    yield "div", [(3, 4), (3, 1)], Function(torch.div, before=positive)
    yield "norm", [(4, 6)], Function(lambda x: torch.linalg.vector_norm(x, dim=2))
    yield "norm_of_all_by_magnitudes", [(4, 6)], Function(lambda x: torch.linalg.vector_norm(x, 1, dim=(1, 2), keepdim=True))
    yield "cum_sum", [(3, 7)], Function(lambda x: torch.cumsum(x, dim=2))
    yield "sort", [(3, 9)], Function(lambda x: torch.sort(x, dim=2).values)
    yield "sort_descending", [(12,)], Function(lambda x: torch.sort(x, dim=1, descending=True).values, before=ties)
    yield one("softmax", (10,), softmax=nn.Softmax(dim=1))
    yield one("softmax_middle", (2, 5, 3), softmax=nn.Softmax(dim=2))
    yield one("log_softmax", (4, 10), softmax=nn.LogSoftmax(dim=2))
    yield one("layer_norm", (5, 12), norm=nn.LayerNorm(12))
    yield one("layer_norm_two_axes", (3, 4, 5), norm=nn.LayerNorm((4, 5), eps=0.01))
    yield one("layer_norm_without_bias", (5, 12), norm=nn.LayerNorm(12, bias=False))
    yield one("layer_norm_plain", (12,), norm=nn.LayerNorm(12, elementwise_affine=False))
    yield one("rms_norm", (5, 12), norm=nn.RMSNorm(12, eps=1e-5))
    yield one("group_norm_live", (6, 3, 4), norm=nn.GroupNorm(3, 6))
    yield one("instance_norm_live", (3, 4, 5), norm=nn.InstanceNorm2d(3))
    yield one("instance_norm_live_affine", (4, 9), norm=nn.InstanceNorm1d(4, affine=True))


def attention(one):
    """Tables, positions, attention, gates, and networks that read a sequence."""
    words = lambda x: nn.functional.one_hot(x.argmax(dim=-1), x.shape[-1]).float()
    yield "embedding", [(4, 9)], Stage("embedding", nn.Embedding(9, 5), lambda m, x: m(x.argmax(dim=-1)), before=words)
    yield "embedding_of_indices", [(4, 5)], Stage("kind", nn.Embedding(7, 5), lambda m, x: x + m(torch.tensor([6, 0, 0, 3])))
    yield "project", [(4, 7)], Stage("project", Kept(weight=(7, 5)), lambda m, x: x @ m.weight)
    yield "project_bias", [(4, 7)], Stage("project", Kept(weight=(7, 5), bias=(5,)), lambda m, x: x @ m.weight + m.bias)
    yield "positions_learned", [(2, 4, 6)], Stage("position", nn.Embedding(4, 6), lambda m, x: x + m.weight)
    yield "positions_of_waves", [(5, 6)], Function(lambda x: x + waves(5, 6).to(x))
    yield "rotary", [(2, 5, 8)], Function(rotary)
    yield "rotary_interleaved", [(5, 8)], Function(rotary_interleaved)
    heads = lambda h, e, **fields: nn.MultiheadAttention(e, h, batch_first=True, **fields)
    yield "attention", [(5, 8)], Stage("attention", heads(2, 8), lambda m, x: m(x, x, x)[0])
    yield "attention_without_bias", [(3, 6)], Stage("attention", heads(3, 6, bias=False), lambda m, x: m(x, x, x)[0])
    hidden = lambda t: torch.ones(t, t).triu(1).bool()
    yield "attention_causal", [(5, 8)], Stage("attention", heads(4, 8), lambda m, x: m(x, x, x, attn_mask=hidden(5))[0])
    yield "attention_to_another", [(4, 8), (6, 8)], Stage("attention", heads(2, 8), lambda m, x, y: m(x, y, y)[0])
    repeated = lambda mask: mask.repeat_interleave(2, dim=0)
    masked = lambda m, x, mask: m(x, x, x, attn_mask=repeated(mask))[0]
    yield "attention_masked", [(5, 8), (5, 5)], Stage("attention", heads(2, 8), masked)
    gate = lambda m, x, f: x * f(m.fc2(torch.relu(m.fc1(x.mean(dim=(2, 3), keepdim=True)))))
    gated = lambda: Named(fc1=nn.Conv2d(6, 3, 1), fc2=nn.Conv2d(3, 6, 1))
    yield "squeeze_excite_layer", [(6, 3, 4)], Stage("gate", gated(), lambda m, x: gate(m, x, torch.sigmoid))
    yield "squeeze_excite_hard", [(6, 3, 4)], Stage("gate", gated(), lambda m, x: gate(m, x, nn.functional.hardsigmoid))
    whole, last = lambda m, x: m(x)[0], lambda m, x: m(x)[1][-1]
    memory = lambda m, x: m(x)[1][0][-2:].transpose(0, 1).flatten(1)
    yield "rnn", [(4, 3)], Stage("rnn", nn.RNN(3, 5, batch_first=True), whole)
    yield "rnn_relu_last", [(4, 6)], Stage("rnn", nn.RNN(6, 4, nonlinearity="relu", batch_first=True, bias=False), last)
    yield "lstm", [(4, 3)], Stage("lstm", nn.LSTM(3, 5, batch_first=True), whole)
    yield "lstm_both_ways", [(3, 4)], Stage("lstm", nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True), whole)
    yield "lstm_both_ways_last", [(3, 4)], Stage("lstm", nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True), memory)
    yield "gru", [(4, 3)], Stage("gru", nn.GRU(3, 5, batch_first=True), whole)
    yield "gru_layers", [(3, 5)], Stage("gru", nn.GRU(5, 3, num_layers=2, batch_first=True, bias=False), last)


class Stage(Function):
    """A module under the name of a stage, and what is done with it."""

    def __init__(self, name, module, forward, before=None):
        super().__init__(lambda *x: forward(module, *x), before)
        self.add_module(name, module)


class Named(nn.Module):
    """Modules under these names."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class Kept(nn.Module):
    """Parameters of these shapes."""

    def __init__(self, **shapes):
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))


def waves(t, d):
    """Vaswani and others, section 3.5."""
    table = torch.zeros(t, d, dtype=torch.float64)
    angle = torch.arange(t)[:, None] * 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    table[:, 0::2], table[:, 1::2] = angle.sin(), angle.cos()
    return table


def turns(t, d):
    return torch.arange(t)[:, None] * 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def rotary(x):
    """As LLaMA has it."""
    angle = torch.cat([turns(*x.shape[-2:])] * 2, dim=-1)
    half = x.shape[-1] // 2
    return x * angle.cos() + torch.cat([-x[..., half:], x[..., :half]], dim=-1) * angle.sin()


def rotary_interleaved(x):
    """As GPT-J has it."""
    angle = turns(*x.shape[-2:]).repeat_interleave(2, dim=-1)
    turned = torch.stack([-x[..., 1::2], x[..., 0::2]], dim=-1).flatten(-2)
    return x * angle.cos() + turned * angle.sin()


def write(name, shapes, module):
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    draw = lambda shape: torch.randn(shape, generator=generator)
    inputs = [draw((SAMPLES, *shape)) for shape in shapes]
    if getattr(module, "before", None):
        inputs = [module.before(x) for x in inputs]
    state = {}
    for key, value in module.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        fan_in = value[0].numel() if value.dim() > 1 else 1
        state[key] = draw(value.shape) / fan_in**0.5
        if key.endswith("running_var"):
            state[key] = state[key].abs() + 0.25
    module.load_state_dict(state, strict=False)
    with torch.no_grad():
        output = module.double().eval()(*(x.double() for x in inputs)).float()
    names = ["input"] if len(inputs) == 1 else [f"input{i}" for i in range(len(inputs))]
    tensors = {**dict(zip(names, inputs)), **state, "output": output}
    save_file({k: v.contiguous() for k, v in tensors.items()}, HERE / f"{name}.safetensors", metadata={"torch": torch.__version__})
    (HERE / f"{name}.safetensors").chmod(0o644)


main()
