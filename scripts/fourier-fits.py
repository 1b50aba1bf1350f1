#!/usr/bin/env python3
"""Fourier extensions of activation functions, as constants of dsl-runtime/src/plan/fit/fourier.rs.

    python3 scripts/fourier-fits.py > dsl-runtime/src/plan/fit/fourier.rs && cargo fmt --all        (needs numpy)

A function is wanted on [low, high] only, so it is fitted there by cosines and sines of about twice that period, which are free in the rest: least squares with a small
ridge against large coefficients, reweighted 30 times towards the smallest largest error (Lawson). Of each function there is the interval outside of which a line or a
constant takes over, and wider ones for values that are promised to stay inside. The number of harmonics is the smallest that reaches the error that is asked for.
"""
import math

import numpy as np

BITS = 24  # fraction bits of the coefficients
erf = np.vectorize(math.erf)
sigmoid = lambda x: 1 / (1 + np.exp(-x))
softplus = lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)
FUNCTIONS = {
    "GELU": lambda x: x * (1 + erf(x / 2**0.5)) / 2,
    "GELU_TANH": lambda x: x * (1 + np.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2,
    "SILU": lambda x: x * sigmoid(x),
    "MISH": lambda x: x * np.tanh(softplus(x)),
    "SOFTPLUS": softplus,
    "SIGMOID": sigmoid,
    "TANH": np.tanh,
    "ERF": erf,
}
# low, high, period, harmonics; the first of each function is the one with something else outside
INTERVALS = {
    "GELU": [(-4, 4, 16, 7), (-8, 8, 32, 16), (-16, 16, 64, 32)],
    "GELU_TANH": [(-4, 4, 16, 7), (-8, 8, 32, 16), (-16, 16, 64, 32)],
    "SILU": [(-11, 11, 32, 13), (-16, 16, 64, 24)],
    "MISH": [(-11, 5, 32, 16), (-8, 8, 32, 16), (-16, 16, 64, 32)],
    "SOFTPLUS": [(-9, 9, 32, 9), (-16, 16, 64, 20)],
    "SIGMOID": [(-9, 9, 32, 11), (-16, 16, 64, 24)],
    "TANH": [(-4.5, 4.5, 16, 12), (-8, 8, 32, 24)],
    "ERF": [(-2.75, 2.75, 8, 8), (-4, 4, 16, 14), (-8, 8, 32, 32)],
}
WIDE = 2.0**-12.5  # a wider interval takes no more harmonics than it needs for this


def fit(f, low, high, period, harmonics, ridge=1e-6, points=1200):
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(points) + 0.5) / points)
    angles = 2 * np.pi * np.outer(x, np.arange(1, harmonics + 1)) / period
    basis = np.hstack([np.ones((points, 1)), np.cos(angles), np.sin(angles)])
    y, weights, best = f(x), np.ones(points) / points, (9, None)
    for _ in range(30):
        root = np.sqrt(weights * points)[:, None]
        rows = np.vstack([basis * root, ridge * points**0.5 * np.eye(basis.shape[1])])
        c = np.linalg.lstsq(rows, np.concatenate([y * root[:, 0], np.zeros(basis.shape[1])]), rcond=None)[0]
        error = np.abs(basis @ np.rint(c * 2**BITS) / 2**BITS - y)
        if error.max() < best[0]:
            best = (error.max(), np.rint(c * 2**BITS).astype(int))
        weights = weights * (error + 1e-12)
        weights /= weights.sum()
    return best


print("//! Coefficients of Fourier extensions, made by `scripts/fourier-fits.py`: each is right on its interval and bounded everywhere.")
print()
print("/// Fraction bits of the coefficients.")
print(f"pub(super) const BITS: u32 = {BITS};")
print(
    """
/// `mean + sum over k of cosines[k - 1] cos(2 pi k x / period) + sines[k - 1] sin(2 pi k x / period)`.
pub(super) struct Fourier {
    /// Where it is right, both ends included: multiples of a quarter.
    pub low: f64,
    /// See `low`.
    pub high: f64,
    /// log2 of the period.
    pub period: u32,
    /// The largest error on the interval, in units of 2^-24.
    pub error: u32,
    /// In units of 2^-24, as the others.
    pub mean: i32,
    pub cosines: &'static [i32],
    pub sines: &'static [i32],
}"""
)
for name, intervals in INTERVALS.items():
    print(f"\npub(super) const {name}: &[Fourier] = &[")
    for place, (low, high, period, harmonics) in enumerate(intervals):
        start = harmonics if place == 0 else 4
        for count in range(start, harmonics + 1):
            error, c = fit(FUNCTIONS[name], low, high, period, count)
            if place == 0 or error <= WIDE:
                break
        cosines, sines = c[1 : count + 1].tolist(), c[count + 1 :].tolist()
        print(f"    // {count} harmonics, error 2^{math.log2(error):.1f}")
        print(f"    Fourier {{ low: {float(low)}, high: {float(high)}, period: {int(math.log2(period))}, error: {math.ceil(error * 2**BITS)}, mean: {c[0]},")
        print(f"        cosines: &{cosines}, sines: &{sines} }},")
    print("];")
