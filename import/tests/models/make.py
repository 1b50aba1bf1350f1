"""Makes the networks of these tests as exporters write them (`.onnx`), and what onnxruntime computes with them (`.safetensors`: inputs and
outputs by their names, the first axis the samples). Nothing here is needed to build or test; run it to renew or add files:

    pip install torch onnx onnxruntime onnxscript numpy safetensors
    python make.py [NAME..]
"""

import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from torch import nn

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
WANTED = set(sys.argv[1:])
SAMPLES = 3


def figures(name, shapes):
    """Runs the network on a few samples and writes what comes out."""
    random = np.random.default_rng(len(name))
    session = onnxruntime.InferenceSession(str(HERE / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    inputs = {k: random.uniform(-1, 1, (SAMPLES, *s)).astype(np.float32) for k, s in shapes.items()}
    fixed = {i.name: i.shape[0] for i in session.get_inputs()}
    outputs = {}
    for sample in range(SAMPLES) if any(n == 1 for n in fixed.values()) else [slice(None)]:
        part = {k: v[[sample]] if isinstance(sample, int) else v for k, v in inputs.items()}
        for output, value in zip(session.get_outputs(), session.run(None, part)):
            outputs.setdefault(output.name, []).append(value)
    arrays = {k: np.concatenate(v).astype(np.float32) for k, v in outputs.items()}
    save_file({**{f"in.{k}": v for k, v in inputs.items()}, **{f"out.{k}": v for k, v in arrays.items()}}, str(HERE / f"{name}.safetensors"))


def export(name, module, shapes, opset, dynamo=False, fixed=False, outputs=("y",)):
    """A network as PyTorch exports it; `shapes` are those of one sample, by the names of the inputs."""
    if WANTED and name not in WANTED:
        return
    torch.manual_seed(len(name))
    for m in module.modules():
        if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.uniform_(m.bias, -0.5, 0.5)
            nn.init.uniform_(m.running_mean, -0.5, 0.5)
            nn.init.uniform_(m.running_var, 0.5, 2)
    module.eval()
    samples = tuple(torch.rand(1 if fixed else 2, *s) for s in shapes.values())
    path = str(HERE / f"{name}.onnx")
    more = {}
    if not fixed:
        more = (
            {"dynamic_shapes": [{0: torch.export.Dim.DYNAMIC} for _ in shapes]}
            if dynamo
            else {"dynamic_axes": {k: {0: "batch"} for k in [*shapes, *outputs]}}
        )
    torch.onnx.export(
        module, samples, path, opset_version=opset, dynamo=dynamo, input_names=list(shapes), output_names=list(outputs), **more,
        **({"external_data": False, "verbose": False} if dynamo else {}),
    )
    if dynamo:  # without the long descriptions of where each node comes from
        model = onnx.load(path)
        for node in model.graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
            del value.metadata_props[:]
        del model.graph.value_info[:]
        del model.metadata_props[:]
        onnx.save(model, path)
    figures(name, shapes)


def graph(name, nodes, shapes, outputs, weights, opset=13, batch="n", kinds=None):
    """A network node by node; `outputs` are the shapes of one sample."""
    if WANTED and name not in WANTED:
        return
    info = lambda k, s: helper.make_tensor_value_info(k, (kinds or {}).get(k, TensorProto.FLOAT), [batch, *s])
    made = helper.make_graph(
        nodes, name, [info(k, s) for k, s in shapes.items()], [info(k, s) for k, s in outputs.items()],
        [numpy_helper.from_array(v, k) for k, v in weights.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], producer_name="helper")
    model.ir_version = 8 if opset < 20 else 10
    onnx.checker.check_model(model)
    onnx.save(model, str(HERE / f"{name}.onnx"))
    figures(name, shapes)


rng = np.random.default_rng(7)
w = lambda *s: (rng.uniform(-1, 1, s) / max(1, np.prod(s[1:])) ** 0.5).astype(np.float32)
ints = lambda *v: np.array(v, np.int64)
node = helper.make_node


# whole networks

class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 5, padding=2)
        self.conv2 = nn.Conv2d(4, 6, 5)
        self.fc1 = nn.Linear(6 * 5 * 5, 20)
        self.fc2 = nn.Linear(20, 10)

    def forward(self, image):
        x = torch.max_pool2d(torch.relu(self.conv1(image)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(torch.relu(self.fc1(x.view(x.size(0), -1))))


for opset in (11, 13, 17):
    export(f"lenet_{opset}", LeNet(), {"image": (1, 28, 28)}, opset)
export("lenet_21", LeNet(), {"image": (1, 28, 28)}, 21, dynamo=True)
export("lenet_fixed", LeNet(), {"image": (1, 28, 28)}, 17, fixed=True)


class Basic(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
        self.relu = nn.ReLU()
        self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if a != b else None

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.relu = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Basic(4, 4, 1))
        self.layer2 = nn.Sequential(Basic(4, 8, 2), Basic(8, 8, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.avgpool(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(x, 1))


export("resnet", ResNet(), {"image": (3, 16, 16)}, 17)
export("resnet_18", ResNet(), {"image": (3, 16, 16)}, 18, dynamo=True)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1 = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.down2 = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.last = nn.Sequential(nn.Conv2d(8, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1))

    def forward(self, x):
        a = self.down1(x)
        b = self.up(self.down2(torch.max_pool2d(a, 2)))
        return self.last(torch.cat([a, b], 1))


export("unet", UNet(), {"image": (1, 12, 12)}, 13)


class Inverted(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.Hardswish())
        self.expand = nn.Sequential(nn.Conv2d(4, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Hardsigmoid())
        self.project = nn.Sequential(nn.Conv2d(8, 4, 1, bias=False), nn.BatchNorm2d(4))
        self.classifier = nn.Linear(4, 6)

    def forward(self, x):
        x = self.stem(x)
        y = self.depthwise(self.expand(x))
        x = x + self.project(y * self.squeeze(y))
        return self.classifier(x.mean((2, 3)))


export("mobilenet", Inverted(), {"image": (3, 12, 12)}, 13)
export("mobilenet_17", Inverted(), {"image": (3, 12, 12)}, 17)

graph(
    "keras", [
        node("Transpose", ["image"], ["t"], "model/conv2d/Conv2D__6", perm=[0, 3, 1, 2]),
        node("Conv", ["t", "model/conv2d/Conv2D/ReadVariableOp:0", "model/conv2d/BiasAdd/ReadVariableOp:0"], ["c"], "model/conv2d/Conv2D",
             auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
        node("Relu", ["c"], ["r"], "model/conv2d/Relu"),
        node("MaxPool", ["r"], ["p"], "model/max_pooling2d/MaxPool", auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[2, 2]),
        node("Transpose", ["p"], ["back"], "model/max_pooling2d/MaxPool__8", perm=[0, 2, 3, 1]),
        node("Mul", ["back", "scale"], ["m"], "model/bn/mul"),
        node("Add", ["m", "shift"], ["a"], "model/bn/add"),
        node("Relu", ["a"], ["r2"], "model/relu/Relu"),
        node("Reshape", ["r2", "flat"], ["f"], "model/flatten/Reshape"),
        node("MatMul", ["f", "model/dense/MatMul/ReadVariableOp:0"], ["d"], "model/dense/MatMul"),
        node("Add", ["d", "model/dense/BiasAdd/ReadVariableOp:0"], ["y"], "model/dense/BiasAdd"),
    ], {"image": (10, 10, 2)}, {"y": (5,)}, {
        "model/conv2d/Conv2D/ReadVariableOp:0": w(4, 2, 3, 3), "model/conv2d/BiasAdd/ReadVariableOp:0": w(4), "scale": w(4), "shift": w(4),
        "flat": ints(-1, 36), "model/dense/MatMul/ReadVariableOp:0": w(36, 5), "model/dense/BiasAdd/ReadVariableOp:0": w(5),
    }, batch="unk__1",
)

# one network a family


class Sound(nn.Module):
    def __init__(self):
        super().__init__()
        self.seq = nn.Sequential(
            nn.Conv1d(2, 4, 3, stride=2, padding=1), nn.BatchNorm1d(4), nn.ReLU(), nn.Conv1d(4, 4, 3, padding=2, dilation=2, groups=4),
            nn.MaxPool1d(2), nn.ConvTranspose1d(4, 2, 3, 2, 1, output_padding=1), nn.AvgPool1d(3, 2, 1, count_include_pad=False),
        )

    def forward(self, x):
        return self.seq(x)


export("one_axis", Sound(), {"sound": (2, 16)}, 13)

export("three_axes", nn.Sequential(nn.Conv3d(1, 2, 3, padding=1), nn.BatchNorm3d(2), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(2, 2, (1, 2, 2)), nn.AvgPool3d((1, 1, 2))),
       {"volume": (1, 4, 6, 6)}, 17)

export("convolutions", nn.Sequential(
    nn.Conv2d(2, 4, (3, 1), (2, 1), (1, 0)), nn.Conv2d(4, 8, 3, padding=2, dilation=2, groups=2), nn.ConvTranspose2d(8, 4, 3, 2, 1, 1, groups=2, bias=False),
    nn.Conv2d(4, 8, 3, groups=4)), {"image": (2, 9, 8)}, 17)

export("pools", nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(3, 1, 1), nn.AvgPool2d((2, 1), count_include_pad=False), nn.MaxPool2d(2, 2, ceil_mode=True)),
       {"image": (2, 11, 11)}, 17)


class Functions(nn.Module):
    def __init__(self):
        super().__init__()
        self.prelu, self.one = nn.PReLU(3, 0.2), nn.PReLU(1, 0.3)

    def forward(self, x):
        x = x * 4
        a = nn.functional.leaky_relu(x, 0.1) + nn.functional.relu6(x) + self.prelu(x) - self.one(x)
        b = nn.functional.hardtanh(x, -1, 2) + nn.functional.hardsigmoid(x) + nn.functional.hardswish(x)
        return a + b + torch.clamp(x, min=-0.5) - torch.clamp(x, max=0.75)


export("functions", Functions(), {"x": (3, 4, 4)}, 17)
export("functions_13", Functions(), {"x": (3, 4, 4)}, 13)

graph("softsign", [node("Softsign", ["x"], ["y"])], {"x": (6,)}, {"y": (6,)}, {})


class Sums(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, 0.25, 0.1]).view(3, 1, 1))
        self.register_buffer("std", torch.tensor([0.5, 0.3, 0.2]).view(3, 1, 1))
        self.position = nn.Parameter(torch.rand(3, 4, 5))

    def forward(self, a, b):
        a = (a - self.mean) / self.std
        x = a * b - a + 0.5 * b
        x = x * self.position + 1 - x**2
        return (2 - x) / 4 - b**3 + a[:, :1] * b


export("arithmetic", Sums(), {"a": (3, 4, 5), "b": (3, 4, 5)}, 17)


class Products(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Linear(6, 4), nn.Linear(6, 4, bias=False)
        self.left = nn.Parameter(torch.rand(3, 5) - 0.5)

    def forward(self, x):
        q, k = self.q(x), self.k(x)
        return torch.matmul(self.left, torch.matmul(q, k.transpose(1, 2)))


export("products", Products(), {"x": (5, 6)}, 17)
export("products_18", Products(), {"x": (5, 6)}, 18, dynamo=True)


class Moves(nn.Module):
    def forward(self, x):
        x = nn.functional.pad(x, (1, 2, 0, 1))
        x = nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
        a, b = torch.chunk(x, 2, 1)
        c, d, _ = torch.split(x, [1, 2, 1], 1)
        x = torch.cat([a + d, b, c], 1)
        x = x[:, 1:4, ::2, 1:-1]
        n, ch, h, width = x.shape
        x = x.permute(0, 2, 3, 1).reshape(n, h, width * ch)
        return x[:, 0].unsqueeze(1) + x.transpose(1, 2).mean(2, keepdim=True).transpose(1, 2)


export("moves", Moves(), {"x": (4, 5, 6)}, 17)


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(2, 8, 1), nn.Conv2d(2, 4, 1)

    def forward(self, x):
        x = nn.functional.pixel_shuffle(self.a(x), 2)
        n, c, h, width = x.shape
        x = x.view(n, 1, c, h, width).transpose(1, 2).contiguous().view(n, -1, h, width)
        x = nn.functional.interpolate(x, scale_factor=2, mode="nearest")
        return nn.functional.interpolate(self.b(x), scale_factor=2, mode="bilinear", align_corners=False)


export("upsample", Shuffle(), {"image": (2, 3, 3)}, 13)

graph("depth", [
    node("DepthToSpace", ["x"], ["a"], blocksize=2), node("Relu", ["a"], ["r"]), node("SpaceToDepth", ["r"], ["b"], blocksize=2),
    node("Resize", ["b", "", "scales"], ["y"], mode="linear", coordinate_transformation_mode="align_corners"),
], {"x": (8, 2, 3)}, {"y": (8, 4, 6)}, {"scales": np.array([1, 1, 2, 2], np.float32)})


class Reduce(nn.Module):
    def forward(self, x):
        return torch.cat([x.mean((2, 3)), x.sum(1).mean(2), x.sum((1, 3)), x.amax((2, 3)), x.mean(1).amax(1)], 1)


export("reductions", Reduce(), {"x": (3, 4, 5)}, 13)
export("reductions_18", Reduce(), {"x": (3, 4, 5)}, 18, dynamo=True)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        scores = self.fc(x)
        return scores, scores.softmax(1).argmax(1)


export("classes", Classifier(), {"x": (6,)}, 17, outputs=("scores", "kind"))
export("logistic", nn.Sequential(nn.Linear(6, 1), nn.Sigmoid()), {"x": (6,)}, 17)

graph("topk", [node("Gemm", ["x", "w"], ["s"], "scores"), node("TopK", ["s", "k"], ["best", "places"])], {"x": (6,)}, {"best": (3,), "places": (3,)},
      {"w": w(6, 5), "k": ints(3)}, kinds={"places": TensorProto.INT64})

graph("gemm", [
    node("Gemm", ["x", "w1", "b1"], ["a"], "first", alpha=0.5, beta=2.0), node("Relu", ["a"], ["r"]), node("Dropout", ["r"], ["d"]),
    node("Gemm", ["d", "w2"], ["y"], "second", transB=1),
], {"x": (4,)}, {"y": (3,)}, {"w1": w(4, 5), "b1": w(1, 5), "w2": w(3, 5)}, opset=11)

graph("padded", [
    node("Conv", ["x", "k"], ["a"], "conv", pads=[0, 1, 1, 2]), node("Pad", ["a", "p", "", "axes"], ["b"], mode="reflect"),
    node("Pad", ["b", "less"], ["c"]), node("ConvTranspose", ["c", "t"], ["y"], "up", pads=[0, 0, 1, 1], strides=[2, 2]),
], {"x": (2, 6, 6)}, {"y": (1, 9, 19)}, {"k": w(2, 2, 2, 2), "p": ints(1, 1), "axes": ints(3), "less": ints(0, 0, -1, 0, 0, 0, 0, 0), "t": w(2, 1, 2, 2)}, opset=18)

# shapes that are computed at run time, as older exporters write them
graph("shapes", [
    node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Unsqueeze", ["n"], ["n1"], axes=[0]),
    node("Constant", [], ["minus"], value=numpy_helper.from_array(ints(-1))), node("Concat", ["n1", "minus"], ["to"], axis=0), node("Reshape", ["x", "to"], ["flat"]),
    node("Slice", ["s", "one1", "three"], ["hw"]), node("Cast", ["hw"], ["hwf"], to=1), node("Cast", ["hwf"], ["hwi"], to=7), node("Identity", ["hwi"], ["hw2"]),
    node("ConstantOfShape", ["one1"], ["ones"], value=numpy_helper.from_array(ints(1))), node("Mul", ["hw2", "ones"], ["hw3"]),
    node("Concat", ["n1", "hw3"], ["to2"], axis=0), node("Reshape", ["flat", "to2"], ["again"]), node("Flatten", ["again"], ["f2"]),
    node("Unsqueeze", ["f2"], ["u"], axes=[1]), node("Squeeze", ["u"], ["y"], axes=[1]), node("Add", ["y", "y"], ["z"]),
], {"x": (3, 4)}, {"z": (12,)}, {"zero": np.array(0, np.int64), "one1": ints(1), "three": ints(3)}, opset=11)

graph("shared", [
    node("MatMul", ["x", "w"], ["a"], "first"), node("Relu", ["a"], ["r"]), node("MatMul", ["r", "w"], ["b"], "second"), node("Add", ["b", "x"], ["y"]),
], {"x": (4,)}, {"y": (4,)}, {"w": w(4, 4)})

# smooth functions: values stay where the functions are defined and small
one = lambda f, a, b, **more: node(f, [a], [b], **more)
two = lambda f, a, b, c: node(f, [a, b], [c])
graph("smooth", [
    one("Sigmoid", "x", "a"), one("Tanh", "x", "b"), one("Softplus", "x", "c"), one("Elu", "x", "d", alpha=0.5), one("Selu", "x", "e"), one("Mish", "x", "f"),
    one("Erf", "x", "g"), one("Exp", "x", "h"), two("Mul", "x", "a", "silu"), node("Sum", ["silu", "b", "d", "e", "f", "g"], ["s"]),
    two("Add", "c", "half", "positive"), one("Log", "positive", "i"), one("Sqrt", "positive", "j"), one("Reciprocal", "positive", "k"), two("Div", "weight", "positive", "l"),
    two("Pow", "positive", "root", "m"), one("Sin", "s", "n"), one("Cos", "s", "o"), one("Abs", "s", "p"), one("Sign", "s", "q"),
    two("Min", "n", "o", "r"), two("Max", "p", "i", "t"), two("Min", "r", "half", "u"), two("Max", "u", "less", "v"),
    node("Sum", ["h", "i", "j", "k", "l", "m", "q", "t", "v"], ["all"]), one("Softmax", "all", "soft", axis=1), one("LogSoftmax", "all", "y"), two("Sub", "soft", "n", "z"),
], {"x": (3, 4)}, {"y": (3, 4), "z": (3, 4)}, {
    "half": np.array(0.5, np.float32), "less": np.array(-0.25, np.float32), "root": np.array(-0.5, np.float32), "weight": np.array([0.5, 1, -1, 0.25], np.float32),
}, opset=18)
graph("rows", [one("Softmax", "x", "a", axis=2), one("LogSoftmax", "x", "b", axis=-2), two("Add", "a", "b", "y")], {"x": (3, 5, 1)}, {"y": (3, 5, 1)}, {}, opset=11)
graph("normalised", [
    node("LayerNormalization", ["x", "norm1.weight", "norm1.bias"], ["a"]), one("Gelu", "a", "b"), one("Gelu", "a", "c", approximate="tanh"), two("Add", "b", "c", "d"),
    node("LayerNormalization", ["d", "norm2.weight"], ["e"], axis=-2, epsilon=0.001), node("InstanceNormalization", ["e", "norm3.weight", "norm3.bias"], ["f"]),
    node("GroupNormalization", ["f", "norm4.weight", "norm4.bias"], ["g"], num_groups=2), one("Abs", "g", "h"), two("Add", "h", "one", "i"), two("Div", "a", "i", "j"),
    node("ReduceSum", ["i", "last"], ["k"], keepdims=1), two("Div", "j", "k", "y"),
], {"x": (4, 3, 5)}, {"y": (4, 3, 5), "c": (4, 3, 5), "e": (4, 3, 5)}, {
    "norm1.weight": w(5) + 1, "norm1.bias": w(5), "norm2.weight": w(3, 5) + 1, "norm3.weight": w(4) + 1, "norm3.bias": w(4),
    "norm4.weight": w(4) + 1, "norm4.bias": w(4), "one": np.array(1, np.float32), "last": ints(-1),
}, opset=21)

if not WANTED or "beside" in WANTED:  # weights in a file beside the network
    model = onnx.load(str(HERE / "gemm.onnx"))
    onnx.save_model(model, str(HERE / "beside.onnx"), save_as_external_data=True, location="beside.bin", size_threshold=0)
    figures("beside", {"x": (4,)})
    half = onnx.load(str(HERE / "gemm.onnx"))
    for tensor in half.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for value in [*half.graph.input, *half.graph.output]:
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    onnx.save(half, str(HERE / "half.onnx"))

# the other way: weights that Undertone has saved, in PyTorch


class Trained(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv2d_1, self.conv2d_2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv2d_1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2d_2(x)), 2)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x.flatten(1))))))


if not WANTED or "trained" in WANTED:
    from safetensors.torch import load_file

    trained = Trained()
    saved = load_file(str(HERE.parents[2] / "examples/assets/lenet.safetensors"))
    trained.load_state_dict({k: v.float() for k, v in saved.items()}, strict=True)
    image = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(5))
    save_file({"in.image": image.numpy(), "out.y": trained(image).detach().numpy()}, str(HERE / "trained.safetensors"))
