"""The networks in PyTorch, and the same in CrypTen with the same weights, without ONNX."""
import torch.nn as nn
import torch.nn.functional as F


def mlp():
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10)
    )


def lenet5():
    convolutions = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def minionn(pool=nn.AvgPool2d):
    def unit(inputs, outputs, kernel):
        return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.ReLU()]

    first = [*unit(3, 64, 3), *unit(64, 64, 3), pool(2), *unit(64, 64, 3), *unit(64, 64, 3), pool(2)]
    return nn.Sequential(*first, *unit(64, 64, 3), *unit(64, 64, 1), *unit(64, 16, 1), nn.Flatten(), nn.Linear(1024, 10))


class Block(nn.Module):
    """Two convolutions beside the identity; where the picture is halved, beside every second pixel and channels of zeros."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.stride, self.zeros = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        if self.stride != 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.zeros, self.zeros))
        return F.relu(x + y)


class ResNet32(nn.Module):
    """ResNet-32 for CIFAR-10 with normalisations folded into its convolutions."""

    def __init__(self):
        super().__init__()
        self.conv, blocks, width = nn.Conv2d(3, 16, 3, padding=1), [], 16
        for outputs in (16, 32, 64):
            for k in range(5):
                blocks.append(Block(width, outputs, 2 if k == 0 and outputs > 16 else 1))
                width = outputs
        self.blocks, self.fc = nn.ModuleList(blocks), nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                module.weight.data *= 0.7

    def forward(self, x):
        x = F.relu(self.conv(x))
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean((2, 3)))


def wav2letter():
    """torchaudio's Wav2Letter for coefficients, without its last softmax."""
    layers = [nn.Conv1d(13, 250, 48, stride=2, padding=23), nn.ReLU()]
    for _ in range(7):
        layers += [nn.Conv1d(250, 250, 7, padding=3), nn.ReLU()]
    layers += [nn.Conv1d(250, 2000, 32, padding=16), nn.ReLU(), nn.Conv1d(2000, 2000, 1), nn.ReLU(), nn.Conv1d(2000, 40, 1), nn.ReLU()]
    model = nn.Sequential(*layers)
    for layer in model:
        if isinstance(layer, nn.Conv1d):
            nn.init.kaiming_normal_(layer.weight)
    return model


def to_crypten(module, crypten):
    """The module in CrypTen, with the same weights."""
    cnn = crypten.nn

    def copied(target):
        target.set_parameter("weight", module.weight.data.clone())
        target.set_parameter("bias", module.bias.data.clone())
        return target

    if isinstance(module, nn.Conv2d):
        return copied(cnn.Conv2d(module.in_channels, module.out_channels, module.kernel_size, stride=module.stride, padding=module.padding))
    if isinstance(module, nn.Conv1d):
        return copied(cnn.Conv1d(module.in_channels, module.out_channels, module.kernel_size[0], stride=module.stride[0], padding=module.padding[0]))
    if isinstance(module, nn.Linear):
        return copied(cnn.Linear(module.in_features, module.out_features))
    if isinstance(module, nn.ReLU):
        return cnn.ReLU()
    if isinstance(module, nn.Flatten):
        return cnn.Flatten(axis=1)
    if isinstance(module, nn.AvgPool2d):
        return cnn.AvgPool2d(module.kernel_size, stride=module.stride)
    if isinstance(module, nn.MaxPool2d):
        return cnn.MaxPool2d(module.kernel_size, stride=module.stride)
    if isinstance(module, nn.Sequential):
        return cnn.Sequential(*[to_crypten(part, crypten) for part in module])

    class Private(cnn.Module):
        def __init__(self):
            super().__init__()
            self.relu = cnn.ReLU()
            if isinstance(module, Block):
                self.conv1, self.conv2 = to_crypten(module.conv1, crypten), to_crypten(module.conv2, crypten)
            else:
                self.conv, self.fc = to_crypten(module.conv, crypten), to_crypten(module.fc, crypten)
                self.blocks = cnn.Sequential(*[to_crypten(block, crypten) for block in module.blocks])

        def forward(self, x):
            if isinstance(module, ResNet32):
                return self.fc(self.blocks(self.relu(self.conv(x))).mean((2, 3)))
            y = self.conv2(self.relu(self.conv1(x)))
            if module.stride != 1:
                x = x[:, :, :: module.stride, :: module.stride].pad((0, 0, 0, 0, module.zeros, module.zeros))
            return self.relu(x + y)

    return Private()
