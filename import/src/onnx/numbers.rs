//! The values of stored tensors. What a tensor claims is compared with the bytes that are there before anything is allocated.

use super::external::Files;
use super::messages::Tensor as Stored;
use crate::error::shown;
use crate::tensor::{Tensor, Values, Whole};
use half::{bf16, f16};

/// The data types of real numbers, of which inputs and outputs may be: 32, 16 and 64 bits and bfloat16.
pub const FLOATING: [i64; 4] = [1, 10, 11, 16];

/// The most axes of a tensor.
const MAX_RANK: usize = 8;

/// The values of a tensor, from the file or from a file beside it.
///
/// # Errors
/// When its dimensions, its numbers and its bytes do not fit together, or its file cannot be read.
pub fn decode(stored: &Stored, files: &mut Files) -> Result<Tensor, String> {
    let name = shown(stored.name);
    let dims: Option<Vec<usize>> = stored.dims.iter().map(|d| usize::try_from(*d).ok()).collect();
    let shape = dims.filter(|d| d.len() <= MAX_RANK).ok_or_else(|| format!("`{name}` has negative dimensions, or more than 8"))?;
    let count = crate::tensor::elements(&shape).ok_or_else(|| format!("`{name}` claims {shape:?} values"))?;
    let width = match stored.kind {
        1 | 6 | 12 => 4,
        2 | 3 | 9 => 1,
        4 | 5 | 10 | 16 => 2,
        7 | 11 | 13 => 8,
        other => return Err(format!("`{name}` holds numbers of the type {other} of ONNX: weights are floats, sizes are integers")),
    };
    let size = count.checked_mul(width).ok_or_else(|| format!("`{name}` claims {shape:?} values"))?;
    let external;
    let raw = if stored.is_external {
        external = files.read(stored, size)?;
        Some(external.as_slice())
    } else {
        stored.raw
    };
    let wrong = |found: usize| format!("`{name}` claims {shape:?} values, which are {count}, and has {found}");
    let values = match raw {
        Some(raw) if raw.len() != size => return Err(wrong(raw.len() / width)),
        Some(raw) => from_bytes(stored.kind, raw),
        None => listed(stored, count).ok_or_else(|| wrong(stored.floats.len().max(stored.integers.len())))?,
    };
    Ok(Tensor { shape, values, origin: stored.name.to_owned() })
}

fn from_bytes(kind: i64, raw: &[u8]) -> Values {
    fn real<const N: usize>(raw: &[u8], number: impl Fn(&[u8; N]) -> f32) -> Values {
        Values::Real(raw.as_chunks().0.iter().map(number).collect())
    }
    fn whole<const N: usize>(raw: &[u8], number: impl Fn(&[u8; N]) -> i64) -> Values {
        Values::Whole(raw.as_chunks().0.iter().map(|b| Whole::Number(number(b))).collect())
    }
    match kind {
        1 => real(raw, |b| f32::from_le_bytes(*b)),
        10 => real(raw, |b| f16::from_le_bytes(*b).to_f32()),
        16 => real(raw, |b| bf16::from_le_bytes(*b).to_f32()),
        11 => real(raw, |b| f64::from_le_bytes(*b) as f32),
        2 | 9 => whole(raw, |b: &[u8; 1]| b[0].into()),
        3 => whole(raw, |b: &[u8; 1]| b[0].cast_signed().into()),
        4 => whole(raw, |b| u16::from_le_bytes(*b).into()),
        5 => whole(raw, |b| i16::from_le_bytes(*b).into()),
        6 => whole(raw, |b| i32::from_le_bytes(*b).into()),
        12 => whole(raw, |b| u32::from_le_bytes(*b).into()),
        _ => whole(raw, |b| i64::from_le_bytes(*b)),
    }
}

/// From the lists of numbers that small tensors have.
fn listed(stored: &Stored, count: usize) -> Option<Values> {
    let halves =
        |number: fn(u16) -> f32| -> Option<Vec<f32>> { stored.integers.iter().map(|n| u16::try_from(*n).ok().map(number)).collect() };
    let values = match stored.kind {
        1 | 11 => Values::Real(stored.floats.clone()),
        10 => Values::Real(halves(|n| f16::from_bits(n).to_f32())?),
        16 => Values::Real(halves(|n| bf16::from_bits(n).to_f32())?),
        _ => Values::Whole(stored.integers.iter().map(|n| Whole::Number(*n)).collect()),
    };
    let found = match &values {
        Values::Real(v) => v.len(),
        Values::Whole(v) => v.len(),
    };
    (found == count).then_some(values)
}
