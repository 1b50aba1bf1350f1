//! Products of two opened values in a plan: what is multiplied, and where each operand's elements lie.

use super::Copy;
use crate::protocol::product::Form;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use undertone_ring::Word;

/// A product of two opened values, both of which may be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// What is multiplied.
    pub form: Form,
    /// How each operand is read: a copy from the opened value to what is multiplied, where elements that are stretched come several times.
    pub read: [Copy; 2],
}

/// A polynomial of an opened value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polynomial {
    /// What the powers of the integers are multiplied with, the constant first.
    pub coefficients: Vec<i64>,
    /// Fraction bits of the result,
    pub bits: u32,
    /// and its public factor.
    pub factor: u64,
}

impl Product {
    /// Operand `k` of whole samples, of `len` elements each, as it is multiplied.
    pub(crate) fn operand<'a, W: Word>(&self, k: usize, x: &'a [W], len: usize) -> Cow<'a, [W]> {
        let (copy, size) = (&self.read[k], self.form.operands()[k]);
        if size == len && copy.is_plain(len) {
            return Cow::Borrowed(x);
        }
        let mut out = vec![W::from_u64(0); x.len() / len.max(1) * size];
        out.chunks_exact_mut(size).zip(x.chunks_exact(len)).for_each(|(to, from)| copy.run(from, to));
        Cow::Owned(out)
    }
}
