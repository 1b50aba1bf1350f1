"""Makes the `.pt` files of these tests and what is in them, as safetensors. Nothing here is needed to build or test; run it to renew the files:

    pip install torch numpy safetensors
    python make.py
"""

import collections
import io
import os
import pathlib
import zipfile

import numpy
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
torch.manual_seed(1)


def expect(name, tensors):
    save_file({k: v.detach().to(torch.float32).contiguous().clone() for k, v in tensors.items()}, HERE / f"{name}.safetensors")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.ReLU())
        self.classifier = torch.nn.Linear(3, 4)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


net = Net()
net.train()(torch.randn(5, 2, 6, 6))
net.eval()
state = net.state_dict()
floats = {k: v for k, v in state.items() if "num_batches" not in k}
expect("net", floats)
torch.save(state, HERE / "net.pt")
torch.save(state, HERE / "protocol_4.pt", pickle_protocol=4)
torch.save(dict(net.named_parameters()), HERE / "parameters.pt")
optimiser = torch.optim.Adam(net.parameters())
net(torch.randn(1, 2, 6, 6)).sum().backward()
optimiser.step()
optimiser.zero_grad()
net.load_state_dict(state)
expect("checkpoint", {k: v for k, v in net.state_dict().items() if "num_batches" not in k})
torch.save({"epoch": 3, "state_dict": net.state_dict(), "optimizer": optimiser.state_dict(), "loss": 0.5}, HERE / "checkpoint.pt")
torch.save({f"module.{k}": v for k, v in state.items()}, HERE / "module.pt")

numbers = torch.tensor([[0.0, 1.0, -2.0], [3.5, -4.25, 100.0]])
kinds = {
    "f32": numbers, "f64": numbers.double(), "f16": numbers.half(), "bf16": numbers.bfloat16(), "i64": numbers.long(), "i32": numbers.int(),
    "i16": numbers.short(), "i8": numbers.to(torch.int8), "u8": numbers.abs().to(torch.uint8),
}
expect("kinds", kinds)
torch.save({**kinds, "truth": numbers > 0, "large": torch.tensor([2**24 + 1])}, HERE / "kinds.pt")

base = torch.arange(24, dtype=torch.float32)
views = {
    "transposed": base.view(2, 3, 4).transpose(0, 2), "offset": base[5:11].view(2, 3), "strided": base[1::3], "shared": base, "tied": base,
    "expanded": base[3:5].view(2, 1).expand(2, 3), "number": base[7], "empty": base[:0].view(0, 3), "column": base.view(6, 4)[:, 2],
}
expect("views", views)
torch.save(views, HERE / "views.pt")

# what is refused
torch.save(state, HERE / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(net, HERE / "whole_model.pt")
torch.save(numbers, HERE / "tensor.pt")
torch.save({"generator": state, "critic": dict(state)}, HERE / "two.pt")
torch.save({"epoch": 3, "note": "none"}, HERE / "no_tensors.pt")
torch.save({"w": numbers, "mean": numpy.float64(0.5)}, HERE / "numpy.pt")
torch.save({"w": torch.complex(numbers, numbers)}, HERE / "complex.pt")
torch.jit.script(net).save(HERE / "script.pt")


class Call:
    def __reduce__(self):
        return os.system, ("touch /tmp/undertone-was-here",)


torch.save(collections.OrderedDict(w=numbers, x=Call()), HERE / "os_system.pt")

with zipfile.ZipFile(HERE / "tensor.pt") as source, zipfile.ZipFile(HERE / "compressed.pt", "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.infolist():
        target.writestr(entry.filename, source.read(entry))


def changed(name, edit):
    """`expanded.pt`-like files: the archive of `tensor.pt` with another pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(HERE / "views.pt") as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry.filename, edit(data) if entry.filename.endswith("data.pkl") else data)
    (HERE / name).write_bytes(out.getvalue())


# a tensor that repeats one element 2^31 - 1 times: `number` has the shape (), here it becomes (2^31 - 1,) with the stride 0
pickle_of_number = b"K\x07))"
changed("repeated.pt", lambda data: data.replace(pickle_of_number, b"K\x07J\xff\xff\xff\x7f\x85K\x00\x85"))
