//! Products: convolutions, matrices, and products of secrets.

use super::{Workload, of};
use crate::failure::Result;
use undertone::Layer;
use undertone::graph::{CLIENT, SERVER, trace_roles};
use undertone::layers::{Conv2d, Linear, Mul};

/// `conv_16x32` has 16 channels of 32 by 32 pixels; `matmul_128` multiplies two matrices of 128 by 128, one of them the owner's weights; `mul_10000` multiplies the
/// values of two owners.
pub(super) fn named(name: &str) -> Result<Option<Workload>> {
    let conv = |channels: usize, side: usize| {
        let layer = Conv2d { out: channels, kernel: 3, padding: 1, bias: false, ..Conv2d::DEFAULT };
        of(name, [channels, side, side], |g, x| layer.build(g, &[x])).map(Some)
    };
    let matrix = |side: usize| of(name, [side, side], |g, x| Linear { out: side, bias: false }.build(g, &[x])).map(Some);
    match name {
        "conv_16x32" => conv(16, 32),
        "conv_32x16" => conv(32, 16),
        "conv_64x8" => conv(64, 8),
        "matmul_128" => matrix(128),
        "matmul_512" => matrix(512),
        "matmul_1024" => matrix(1024),
        "mul_10000" => multiply(name, 10_000).map(Some),
        "mul_1000000" => multiply(name, 1_000_000).map(Some),
        _ => Ok(None),
    }
}

fn multiply(name: &str, count: usize) -> Result<Workload> {
    // of two owners: what one party knows of both it multiplies in the clear
    let inputs = [("x", [count].into(), CLIENT), ("y", [count].into(), SERVER)];
    Ok(Workload::new(trace_roles(name, &inputs, SERVER, |g, x| Mul.build(g, &[x[0], x[1]]))?).within(-4.0, 4.0))
}
