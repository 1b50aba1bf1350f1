"""Trains the networks of `minionn`, `mobilenet` and `unet` in PyTorch, by the recipes of the example `train_images`: the committed weights of `minionn` came from here.

    scripts/fetch-fashion-mnist.sh
    python3 scripts/train-images.py minionn|mobilenet|unet

Needs torch, numpy, safetensors and pillow. Weights have the names of the descriptions, in half precision, and go to examples/assets. Made with torch 2.15.0 on one thread.
"""

import math
import sys
from collections import OrderedDict
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).parent.parent
ASSETS, CLOTHES = ROOT / "examples/assets", ROOT / "data-cache/fashion-mnist"
# pictures, epochs, learning rate, batch
RECIPES = {"minionn": (4000, 3, 2e-3, 32), "mobilenet": (6000, 3, 6e-3, 32), "unet": (300, 6, 6e-3, 8)}


def minionn():
    c = lambda i, o, k: nn.Conv2d(i, o, k, padding=k // 2)
    stages = [("conv1", c(3, 64, 3)), ("conv2", c(64, 64, 3)), ("pool1", nn.AvgPool2d(2)), ("conv3", c(64, 64, 3)), ("conv4", c(64, 64, 3)), ("pool2", nn.AvgPool2d(2)), ("conv5", c(64, 64, 3)), ("conv6", c(64, 64, 1)), ("conv7", c(64, 16, 1))]
    layers = OrderedDict()
    for name, layer in stages:
        if name.startswith("pool"):
            layers[name] = layer
        else:
            layers[name], layers[f"{name}_relu"] = layer, nn.ReLU()
    layers["flatten"], layers["fc"] = nn.Flatten(), nn.Linear(1024, 10)
    return nn.Sequential(layers)


class Separable(nn.Module):
    def __init__(self, channels, out, stride=1):
        super().__init__()
        self.depthwise, self.norm1 = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False), nn.BatchNorm2d(channels)
        self.pointwise, self.norm2 = nn.Conv2d(channels, out, 1, bias=False), nn.BatchNorm2d(out)

    def forward(self, x):
        return F.relu6(self.norm2(self.pointwise(F.relu6(self.norm1(self.depthwise(x))))))


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.block1, self.block2, self.block3 = Separable(16, 32, 2), Separable(32, 32), Separable(32, 64, 2)
        self.block4, self.block5, self.fc = Separable(64, 64), Separable(64, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu6(self.norm(self.conv(x)))
        for block in (self.block1, self.block2, self.block3, self.block4, self.block5):
            x = block(x)
        return self.fc(x.mean((2, 3)))


class Double(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(channels, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.norm2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)

    def forward(self, x):
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.down3 = Double(1, 8), Double(8, 16), Double(16, 32)
        self.rise1, self.up1 = nn.ConvTranspose2d(32, 16, 2, 2), Double(32, 16)
        self.rise2, self.up2 = nn.ConvTranspose2d(16, 8, 2, 2), Double(16, 8)
        self.score = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        fine = self.down1(x)
        middle = self.down2(F.max_pool2d(fine, 2))
        coarse = self.down3(F.max_pool2d(middle, 2))
        joined = self.rise2(self.up1(torch.cat([middle, self.rise1(coarse)], 1)))
        return self.score(self.up2(torch.cat([fine, joined], 1)))


def dice(output, mask):
    p = torch.sigmoid(output)
    both, each = (p * mask).flatten(1).sum(1), p.flatten(1).sum(1) + mask.flatten(1).sum(1)
    return (1 - (2 * both + 1) / (each + 1)).mean()


def clothes(part, count, name):
    images = numpy.fromfile(CLOTHES / f"{part}-images-idx3-ubyte", dtype=numpy.uint8)[16:].reshape(-1, 1, 28, 28)[:count]
    labels = numpy.fromfile(CLOTHES / f"{part}-labels-idx1-ubyte", dtype=numpy.uint8)[8:][:count]
    x = torch.tensor(images).float() / 255
    if name == "minionn":
        x = F.pad(x, (2, 2, 2, 2)).expand(-1, 3, -1, -1).contiguous()
    return x, torch.tensor(labels).long()


def tiles(count):
    """Random tiles of the left three quarters, turned; and the sixteen of the right quarter."""
    picture = numpy.array(Image.open(ASSETS / "nuclei/picture.pgm")).astype(numpy.float32) / 255
    mask = (numpy.array(Image.open(ASSETS / "nuclei/mask.pgm")) > 0).astype(numpy.float32)
    random, chosen = numpy.random.RandomState(1), []
    for _ in range(count):
        row, column, way = random.randint(0, 449), random.randint(0, 321), random.randint(8)
        pair = [numpy.rot90(values[row : row + 64, column : column + 64], way % 4) for values in (picture, mask)]
        chosen.append([(values.T if way > 3 else values).copy() for values in pair])
    held = lambda values: torch.tensor(values[:, 384:].reshape(8, 64, 2, 64).transpose(0, 2, 1, 3).reshape(16, 1, 64, 64))
    x, y = (torch.tensor(numpy.stack(values))[:, None] for values in zip(*chosen))
    return x, y, held(picture), held(mask)


def main(name):
    count, epochs, rate, batch = RECIPES[name]
    torch.set_num_threads(1)
    torch.manual_seed(1)
    if name == "unet":
        x, y, test_x, test_y = tiles(count)
        net, loss = UNet(), dice
    else:
        (x, y), (test_x, test_y) = clothes("train", count, name), clothes("t10k", 1000, name)
        net, loss = {"minionn": minionn, "mobilenet": MobileNet}[name](), F.cross_entropy
    matrices = [p for p in net.parameters() if p.dim() > 1]
    vectors = [p for p in net.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 1e-2}, {"params": vectors, "weight_decay": 0.0}], lr=rate)
    per_epoch = len(x) // batch
    steps, warm = per_epoch * epochs, 0.1 * per_epoch * epochs
    step = 0
    for epoch in range(epochs):
        net.train()
        order, total = torch.randperm(len(x)), 0.0
        for k in range(per_epoch):
            now = rate * ((step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm))))
            for group in optimizer.param_groups:
                group["lr"] = min(rate, now)
            chosen = order[k * batch : (k + 1) * batch]
            value = loss(net(x[chosen]), y[chosen])
            optimizer.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            total, step = total + value.item(), step + 1
        net.eval()
        with torch.no_grad():
            output = torch.cat([net(test_x[i : i + 100]) for i in range(0, len(test_x), 100)])
        if name == "unet":
            found, truth = output > 0, test_y > 0.5
            good = ((found & truth).sum() / (found | truth).sum()).item()
        else:
            good = (output.argmax(1) == test_y).float().mean().item()
        print(f"{name}, epoch {epoch + 1}: loss {total / per_epoch:.4f}, held out {good:.4f}", flush=True)
    tensors = {key: value.half().contiguous() for key, value in net.state_dict().items() if "tracked" not in key}
    save_file(tensors, ASSETS / f"{name}.safetensors")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in RECIPES:
        sys.exit(__doc__)
    main(sys.argv[1])
