//! Tensors as views of storages, and their values.

use crate::TorchError;
use crate::names::shown;
use half::{bf16, f16};

/// A tensor of a state dict.
#[derive(Clone, PartialEq)]
pub struct Tensor {
    /// Its dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Its values, the last axis running fastest.
    pub values: Vec<f32>,
}

/// The shape, and no values: they may be somebody's secret.
impl core::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tensor({:?})", self.shape)
    }
}

/// The numbers of a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    F32,
    F64,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Numbers {
    fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

/// A piece of memory that tensors see.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    pub numbers: Numbers,
    /// The name of the entry with its bytes.
    pub key: String,
    /// The number of elements.
    pub length: usize,
}

/// How a tensor sees a storage.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub storage: Storage,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// How many values may be read from a file: about as many as it has bytes. Tensors that share a storage, or repeat an element by a stride of
/// 0, hold more values than are stored; a small file must not fill the memory with them.
pub struct Budget(usize);

impl Budget {
    pub fn of(file: usize) -> Self {
        Self(file.saturating_add(1 << 20))
    }
}

/// The most axes of a tensor that is read; models here have up to 8.
pub const MAX_RANK: usize = 16;

impl View {
    /// A view that lies within its storage.
    pub fn new(storage: Storage, offset: i64, shape: &[i64], strides: &[i64]) -> Result<Self, TorchError> {
        let outside =
            || TorchError::damaged(format!("a tensor of shape {shape:?} reaches beyond its storage of {} elements", storage.length));
        if shape.len() != strides.len() || shape.len() > MAX_RANK {
            return Err(TorchError::damaged("a tensor has other numbers of dimensions and strides, or more than 16"));
        }
        let sizes = |all: &[i64]| all.iter().map(|n| usize::try_from(*n).ok()).collect::<Option<Vec<usize>>>().ok_or_else(outside);
        let (shape_of, strides_of) = (sizes(shape)?, sizes(strides)?);
        let offset = usize::try_from(offset).map_err(|_| outside())?;
        let elements = shape_of.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).ok_or_else(outside)?;
        if elements > 0 {
            let last = shape_of.iter().zip(&strides_of).try_fold(offset, |at, (d, s)| at.checked_add((d - 1).checked_mul(*s)?));
            last.filter(|last| *last < storage.length).ok_or_else(outside)?;
        }
        Ok(Self { storage, offset, shape: shape_of, strides: strides_of })
    }

    /// The values from the bytes of the storage; `None` where they are no numbers that 32-bit floats hold.
    pub fn read(&self, name: &str, data: &[u8], budget: &mut Budget) -> Result<Option<Tensor>, TorchError> {
        let Storage { numbers, key, length } = &self.storage;
        if length.checked_mul(numbers.bytes()).is_none_or(|bytes| bytes > data.len()) {
            let message =
                format!("`{}` needs {length} elements of {numbers:?}, but `data/{}` has {} bytes", shown(name), shown(key), data.len());
            return Err(TorchError::damaged(message));
        }
        let elements: usize = self.shape.iter().product();
        let Some(rest) = budget.0.checked_sub(elements) else {
            let message =
                format!("its tensors hold many times more values than the file has bytes, as `{}` with its {elements} values", shown(name));
            return Err(TorchError::damaged(message));
        };
        budget.0 = rest;
        let values: Option<Vec<f32>> = match numbers {
            Numbers::F32 => Some(self.floats(data, |b| f32::from_le_bytes(*b))),
            Numbers::F64 => Some(self.floats(data, |b| f64::from_le_bytes(*b) as f32)),
            Numbers::F16 => Some(self.floats(data, |b| f16::from_le_bytes(*b).to_f32())),
            Numbers::Bf16 => Some(self.floats(data, |b| bf16::from_le_bytes(*b).to_f32())),
            Numbers::I64 => self.integers(data, |b| i64::from_le_bytes(*b)),
            Numbers::I32 => self.integers(data, |b| i64::from(i32::from_le_bytes(*b))),
            Numbers::I16 => self.integers(data, |b| i64::from(i16::from_le_bytes(*b))),
            Numbers::I8 => self.integers(data, |b: &[u8; 1]| i64::from(b[0].cast_signed())),
            Numbers::U8 => self.integers(data, |b: &[u8; 1]| i64::from(b[0])),
            Numbers::Bool => None,
        };
        Ok(values.map(|values| Tensor { shape: self.shape.clone(), values }))
    }

    fn floats<const N: usize>(&self, data: &[u8], number: impl Fn(&[u8; N]) -> f32) -> Vec<f32> {
        let all = data.as_chunks().0;
        self.places().map(|at| number(&all[at])).collect()
    }

    fn integers<const N: usize>(&self, data: &[u8], number: impl Fn(&[u8; N]) -> i64) -> Option<Vec<f32>> {
        let all = data.as_chunks().0;
        let exact = |n: i64| (n.unsigned_abs() <= 1 << f32::MANTISSA_DIGITS).then_some(n as f32);
        self.places().map(|at| exact(number(&all[at]))).collect()
    }

    /// Where in the storage each element is, in the order of a contiguous tensor.
    fn places(&self) -> impl Iterator<Item = usize> {
        let elements: usize = self.shape.iter().product();
        let mut index = vec![0; self.shape.len()];
        let mut next = self.offset;
        (0..elements).map(move |_| {
            let place = next;
            for axis in (0..self.shape.len()).rev() {
                index[axis] += 1;
                next = next.wrapping_add(self.strides[axis]); // an axis of one element may have any stride
                if index[axis] < self.shape[axis] {
                    break;
                }
                next = next.wrapping_sub(self.strides[axis].wrapping_mul(self.shape[axis]));
                index[axis] = 0;
            }
            place
        })
    }
}
