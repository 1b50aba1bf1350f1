"""Turns a Keras network for pictures into weights for the example `cifar10`: scripts/fetch-cifar10-network.sh calls it.

    python3 scripts/convert-cifar10-network.py cnn_model.h5 cifar10.safetensors

Needs numpy, h5py and safetensors. The file gets PyTorch's names and layouts, as the example describes the network:

    convolutions        Keras [height, width, in, out] becomes [out, in, height, width]; pictures are channels first
    batch norm          gamma, beta, moving_mean, moving_variance become weight, bias, running_mean, running_var
    linear              Keras [in, out] becomes [out, in]; what follows the flattening has its inputs reordered from height, width, channel
                        to channel, height, width, which changes nothing where a single pixel is left, as here

Values are kept in half precision.
"""

import json
import sys

import h5py
import numpy
from safetensors.numpy import save_file

CONVOLUTIONS, LINEAR = 6, 3


def main(source, target):
    with h5py.File(source) as file:
        layers = [layer["config"] for layer in json.loads(file.attrs["model_config"])["config"]["layers"]]
        names = [layer["name"] for layer in layers]
        of = lambda kind: [name for name in names if name.rstrip("_0123456789") == kind]
        weights = file["model_weights"]
        read = lambda layer, tensor: numpy.asarray(weights[f"{layer}/{layer}/{tensor}:0"])
        tensors = {}
        convolutions, norms, linear = of("conv2d"), of("batch_normalization"), of("dense")
        if (len(convolutions), len(norms), len(linear)) != (CONVOLUTIONS, CONVOLUTIONS, LINEAR):
            sys.exit(f"{source} has other layers than expected: {', '.join(names)}")
        for i, (convolution, norm) in enumerate(zip(convolutions, norms), 1):
            tensors[f"conv{i}.weight"] = read(convolution, "kernel").transpose(3, 2, 0, 1)
            tensors[f"conv{i}.bias"] = read(convolution, "bias")
            for ours, theirs in [("weight", "gamma"), ("bias", "beta"), ("running_mean", "moving_mean"), ("running_var", "moving_variance")]:
                tensors[f"norm{i}.{ours}"] = read(norm, theirs)
        channels = tensors[f"conv{CONVOLUTIONS}.weight"].shape[0]
        for i, name in enumerate(linear, 1):
            kernel = read(name, "kernel")
            if i == 1:
                side = round((kernel.shape[0] / channels) ** 0.5)
                kernel = kernel.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            tensors[f"fc{i}.weight"], tensors[f"fc{i}.bias"] = kernel.T, read(name, "bias")
    tensors = {name: numpy.ascontiguousarray(value.astype(numpy.float16)) for name, value in tensors.items()}
    if not all(numpy.isfinite(value).all() for value in tensors.values()):
        sys.exit("a weight is too large for half precision")
    save_file(tensors, target)
    print(f"{sum(value.size for value in tensors.values())} weights in {target}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
