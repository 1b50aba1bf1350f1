"""Workloads of CrypTen: each is a function of the library that gives what is run, and the plain result.

Data and weights come from one seed in all parties, for the plain result; party 1 shares the data, party 0 the weights.
"""
import math

import models
import torch
import torch.nn.functional as F

COUNT = 10_000


def share(crypten, values, source=0):
    return crypten.cryptensor(values, src=source)


def unary(function, plain, low=-4.0, high=4.0, shape=(COUNT,)):
    def make(crypten):
        x = torch.rand(shape) * (high - low) + low
        shared = share(crypten, x, 1)
        return (lambda: function(shared)), plain(x)

    return make


def conv(channels, side):
    def make(crypten):
        x, weight = torch.randn(1, channels, side, side), torch.randn(channels, channels, 3, 3) * 0.1
        x_shared, weight_shared = share(crypten, x, 1), share(crypten, weight)
        return (lambda: x_shared.conv2d(weight_shared, padding=1)), F.conv2d(x, weight, padding=1)

    return make


def matmul(side):
    def make(crypten):
        x, weight = torch.randn(side, side), torch.randn(side, side)
        x_shared, weight_shared = share(crypten, x, 1), share(crypten, weight)
        return (lambda: x_shared.matmul(weight_shared)), x @ weight

    return make


def multiply(count):
    def make(crypten):
        x, y = (torch.rand(count) * 8 - 4 for _ in range(2))
        x_shared, y_shared = share(crypten, x, 1), share(crypten, y)
        return (lambda: x_shared * y_shared), x * y

    return make


def max_pool(shape, kernel):
    def make(crypten):
        x = torch.randn(*shape)
        shared = share(crypten, x, 1)
        return (lambda: shared.max_pool2d(kernel, stride=kernel)), F.max_pool2d(x, kernel)

    return make


def network(build, shape):
    def make(crypten):
        torch.manual_seed(1)
        plain = build().eval()
        x = torch.randn(*shape)
        with torch.no_grad():
            expected = plain(x)
        private = models.to_crypten(plain, crypten).encrypt(src=0)
        private.eval()
        shared = share(crypten, x, 1)
        return (lambda: private(shared)), expected

    return make


WORKLOADS = {
    "maxpool2_1000": max_pool((1, 10, 10, 10), 2),
    "maxpool2_10000": max_pool((1, 16, 25, 25), 2),
    "maxpool3_1000": max_pool((1, 10, 10, 10), 3),
    "maxpool3_9000": max_pool((1, 10, 30, 30), 3),
    "conv_16x32": conv(16, 32),
    "conv_32x16": conv(32, 16),
    "conv_64x8": conv(64, 8),
    "matmul_128": matmul(128),
    "matmul_512": matmul(512),
    "matmul_1024": matmul(1024),
    "mul_10000": multiply(10_000),
    "mul_1000000": multiply(1_000_000),
    "exp": unary(lambda x: x.exp(), torch.exp),
    "log": unary(lambda x: x.log(), torch.log, 0.1, 100.0),
    "reciprocal": unary(lambda x: x.reciprocal(), torch.reciprocal, 0.1, 100.0),
    "sqrt": unary(lambda x: x.sqrt(), torch.sqrt, 0.1, 100.0),
    "inv_sqrt": unary(lambda x: x.inv_sqrt(), torch.rsqrt, 0.1, 100.0),
    "erf": unary(lambda x: x.erf(), torch.erf),
    "gelu": unary(lambda x: x * (1 + (x * math.sqrt(0.5)).erf()) * 0.5, F.gelu),
    "sigmoid": unary(lambda x: x.sigmoid(), torch.sigmoid),
    "tanh": unary(lambda x: x.tanh(), torch.tanh),
    "sin": unary(lambda x: x.sin(), torch.sin),
    "softmax_32x10": unary(lambda x: x.softmax(1), lambda x: x.softmax(1), shape=(32, 10)),
    "softmax_128x128": unary(lambda x: x.softmax(1), lambda x: x.softmax(1), shape=(128, 128)),
    "argmax_100x10": unary(lambda x: x.argmax(1, one_hot=False), lambda x: x.argmax(1).float(), shape=(100, 10)),
    "mlp": network(models.mlp, (1, 784)),
    "lenet": network(models.lenet, (1, 1, 28, 28)),
    "lenet5": network(models.lenet5, (1, 1, 28, 28)),
    "minionn": network(models.minionn, (1, 3, 32, 32)),
    "minionn_max": network(lambda: models.minionn(torch.nn.MaxPool2d), (1, 3, 32, 32)),
    "resnet32": network(models.ResNet32, (1, 3, 32, 32)),
    "w2l_mfcc13_1s": network(models.wav2letter, (1, 13, 101)),
}


def get(name):
    if name.startswith("relu_"):
        return unary(lambda x: x.relu(), torch.relu, shape=(int(name[5:]),))
    return WORKLOADS[name]
