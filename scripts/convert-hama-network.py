"""Turns the recogniser of the PyPI package `hama` into weights with PyTorch's names and layouts, from the first convolution on.

    python3 scripts/convert-hama-network.py data-cache/hama/asr_waveform_fp16.onnx data-cache/hama/network.safetensors

Needs numpy, onnx and safetensors. The file has the normalisations after the pointwise convolutions folded into them already. What the weights belong to, for a spectrogram `[80, frames]`:

    stem.0                       Conv1d 80 to 256, kernel 3, stride 2, padding 1; GELU
    backbone.0 .. backbone.10    depthwise: kernel 9, dilations 1 1 2 2 4 1 1 2 2 4 1, padding of as many times 4; pointwise: 256 to 256; SiLU;
                                 se: the mean over time, fc1 to 32, SiLU, fc2 to 256, sigmoid, times each channel; the input added
    attn_layers.0, .1            on `[frames, 256]`: norm1, attn with 4 heads, the input added; norm2, ff.0 to 512, GELU, ff.3 to 256, the input added; epsilon 1e-5
    proj                         to 191 classes
"""

import sys

import numpy
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file


def main(source, target):
    graph = onnx.load(source).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    prefix, weights = "acoustic_model.model.", {}
    for name, value in values.items():
        if name.startswith(prefix):
            weights[name.removeprefix(prefix)] = value
    # what the exporter has renamed: folded convolutions, and matrices that it has transposed
    for node in graph.node:
        parts = node.name.strip("/").split("/")
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[1].startswith("onnx::"):
            # /acoustic_model/stem/stem.0/Conv or /acoustic_model/backbone/backbone.3/pointwise/Conv
            name = ".".join(parts[2:-1])
            weights[f"{name}.weight"], weights[f"{name}.bias"] = values[node.input[1]], values[node.input[2]]
        if node.op_type == "MatMul" and len(node.input) == 2 and node.input[1].startswith("onnx::"):
            layer = parts[1].removeprefix("export_")
            if len(parts) > 3:
                name = f"{layer}.{parts[3]}.weight"
            else:
                name = f"{layer}.attn.{'in_proj_weight' if parts[2] == 'MatMul' else 'out_proj.weight'}"
            weights[name] = values[node.input[1]].T
    expected = 2 + 11 * 8 + 2 * 12 + 2
    if len(weights) != expected:
        sys.exit(f"{source} gives {len(weights)} tensors, not {expected}; is it the network of hama 1.3.13?")
    save_file({name: numpy.ascontiguousarray(value.astype(numpy.float16)) for name, value in weights.items()}, target)
    print(f"{len(weights)} tensors, {sum(value.size for value in weights.values())} weights in {target}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
