"""Writes the figures that the losses are compared with: one safetensors file per case, computed by PyTorch.

Made with torch 2.15.0, numpy 2.4.6, safetensors 0.8.0; the version of torch is in each file's metadata.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python stdlib-layers/tests/figures/losses/make.py [case ..]

Format of `<case>.safetensors`, every tensor f32, row-major:

    output      [samples, ...]  what a network gives
    target      [samples, ...]  what it is compared with
    loss        [1]             the mean over the samples
    gradient    [samples, ...]  of that mean by the output

Outputs are drawn from a seed that follows from the case's name and rounded to f32; loss and gradient are computed from them in f64. The
losses of the same names are in `tests/loss_figures.rs`.
"""

import sys
import zlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

SAMPLES = 3
HERE = Path(__file__).parent


def main():
    for name, output, target, loss in cases():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            write(name, output, target, loss)


def cases():
    """Name, how outputs and targets are drawn, loss."""
    yes = lambda shape: lambda draw: (draw(shape) > 0).float()
    share = lambda shape: lambda draw: torch.sigmoid(draw(shape))
    normal = lambda shape: lambda draw: draw(shape)
    far = lambda shape: lambda draw: draw(shape) * 40
    certain = lambda shape: lambda draw: (draw(shape) * 4).clamp(-1, 1) * 0.5 + 0.5
    classes = lambda shape, n: lambda draw: (draw(shape).abs() * 1000).floor() % n
    yield "binary_cross_entropy", share((2, 3)), yes((2, 3)), nn.BCELoss()
    yield "binary_cross_entropy_shares", share((7,)), share((7,)), nn.BCELoss()
    # Three of four are 0 or 1 exactly, some of them rightly.
    yield "binary_cross_entropy_certain", certain((1, 4, 5)), yes((1, 4, 5)), nn.BCELoss()
    yield "binary_cross_entropy_with_logits", normal((1, 4, 5)), yes((1, 4, 5)), nn.BCEWithLogitsLoss()
    yield "binary_cross_entropy_with_logits_far", far((6,)), share((6,)), nn.BCEWithLogitsLoss()
    yield "binary_cross_entropy_with_logits_zero", lambda draw: draw((4,)) * 0, share((4,)), nn.BCEWithLogitsLoss()
    yield "cross_entropy", normal((5,)), classes((), 5), lambda x, t: functional.cross_entropy(x, t.long())
    yield "cross_entropy_places", normal((4, 2, 3)), classes((2, 3), 4), lambda x, t: functional.cross_entropy(x, t.long())
    yield "cross_entropy_shares", normal((4, 3)), lambda draw: torch.softmax(draw((4, 3)), 1), nn.CrossEntropyLoss()
    yield "dice", share((1, 4, 5)), yes((1, 4, 5)), lambda x, t: dice(x, t, 1.0)
    yield "dice_logits", normal((1, 4, 5)), yes((1, 4, 5)), lambda x, t: dice(torch.sigmoid(x), t, 1.0)
    yield "dice_empty", far((2, 3)), lambda draw: draw((2, 3)) * 0, lambda x, t: dice(torch.sigmoid(x), t, 0.5)
    yield "huber", normal((3, 4)), normal((3, 4)), nn.HuberLoss()
    yield "huber_narrow", normal((9,)), normal((9,)), nn.HuberLoss(delta=0.25)
    yield "l1", normal((3, 4)), normal((3, 4)), nn.L1Loss()
    yield "mean_squared_error", normal((3, 4)), normal((3, 4)), nn.MSELoss()
    yield "ctc", normal((4, 9)), lambda draw: torch.tensor([[1.0, 2, 2, 3], [3, 0, 0, 0], [1, 2, 0, 0]]), ctc


def dice(p, t, smooth):
    """As `DiceLoss` of segmentation_models_pytorch for one class, of each sample by itself."""
    both, each = (p * t).flatten(1).sum(1), p.flatten(1).sum(1) + t.flatten(1).sum(1)
    return (1 - (2 * both + smooth) / (each + smooth)).mean()


def ctc(x, t):
    """The blank is class 0; it ends a target."""
    lengths = (t > 0).sum(1)
    return functional.ctc_loss(torch.log_softmax(x, 1).permute(2, 0, 1), t.long(), torch.full((len(x),), x.shape[2]), lengths)


def write(name, output, target, loss):
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    draw = lambda shape: torch.randn((SAMPLES, *shape), generator=generator)
    output, target = output(draw).float(), target(draw).float()
    at = output.double().requires_grad_()
    value = loss(at, target.double())
    value.backward()
    tensors = {"output": output, "target": target, "loss": value.detach().float().reshape(1), "gradient": at.grad.float()}
    path = HERE / f"{name}.safetensors"
    save_file({k: v.contiguous() for k, v in tensors.items()}, path, metadata={"torch": torch.__version__})
    path.chmod(0o644)
    print(f"{name}: {value.item():.6f}")


main()
