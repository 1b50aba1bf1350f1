//! Products of two secrets, neither of which is a weight: element by element, or of matrices.
//!
//! Let f be bilinear, x-hat = x + r_x and y-hat = y + r_y opened wires. Then
//!
//! ```text
//! f(x, y) = f(x-hat, y-hat - r_y) - f(r_x, y-hat) + f(r_x, r_y)
//! offline  C = [f(r_x, r_y)], a correction of n bits an output
//! online   z_i = f(x-hat, [i = 0] y-hat - r_y,i) - f(r_x,i, y-hat) + C_i          z = f(x, y), at the fraction bits of both together
//! ```
//!
//! since the parts r_y,i and r_x,i of all parties sum up to r_y and r_x:
//! f(x-hat, y) - f(r_x, y-hat) + f(r_x, r_y) = f(x-hat, y) - f(r_x, y) = f(x, y). A party that masks no wire, because another one has the value by itself, has a part
//! of zero, and leaves the product with it out. Everything is exact mod 2^n: the only contract is that z fits the ring.
//!
//! Nothing is sent here. What was sent are the openings, under masks of each sender's own, each used for one wire of one run; one opening serves every product that reads
//! the wire, and those with weights. C_i is generator output, or the correction of the last party, and hides what z_i adds to it.
//!
//! Where one party has both operands by itself, nothing is opened: it multiplies them, and the shares of the others are zero.
//!
//! Cost: two products online, one at the dealer, none offline at the parties; n bits of corrections an output; no rounds. After Beaver (CRYPTO 1991).

use super::linear::samples_at_once;
use super::open::Mask;
use super::tape::Part;
use super::{Cost, Dealing, Tape, TapeError, counter, field};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use undertone_ring::Word;
use undertone_ring::conv::{self, Conv, PackedWeights, Scratch};
use undertone_ring::simd;
use undertone_ring::words::word_bytes;

/// What is multiplied in one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// So many elements with so many.
    Each {
        /// Their number.
        len: usize,
    },
    /// Matrices: `[count, rows, inner]` with `[count, columns, inner]`, the second one turned as kernels read weights, to `[count, rows, columns]`.
    #[allow(missing_docs, reason = "the sizes of the matrices")]
    Matrix { count: usize, rows: usize, inner: usize, columns: usize },
}

/// One product on a batch.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Bits of the ring.
    pub n: u32,
    /// What is multiplied in one sample.
    pub form: Form,
    /// The number of samples.
    pub batch: usize,
}

/// What a party has of an operand, as the product reads it.
pub struct Operand<'a, W: Word> {
    /// The opened value.
    pub opened: Cow<'a, [W]>,
    /// Its own part of the mask; nothing where it did not mask.
    pub mask: Option<Cow<'a, [W]>>,
}

/// What the dealer has of an operand.
pub struct Dealt<'a, W: Word> {
    /// The mask of the wire.
    pub mask: Mask<'a, W>,
    /// Elements of one sample of the wire.
    pub len: usize,
    /// So many whole samples of the wire as the product reads them.
    pub read: &'a dyn Fn(&[W]) -> Vec<W>,
}

impl Form {
    /// Elements of both operands.
    pub fn operands(self) -> [usize; 2] {
        match self {
            Self::Each { len } => [len; 2],
            Self::Matrix { count, rows, inner, columns } => [count * rows * inner, count * columns * inner],
        }
    }

    /// Elements of the result.
    pub fn outputs(self) -> usize {
        match self {
            Self::Each { len } => len,
            Self::Matrix { count, rows, columns, .. } => count * rows * columns,
        }
    }

    /// Multiply-adds of one product.
    pub fn multiply_adds(self) -> usize {
        match self {
            Self::Each { len } => len,
            Self::Matrix { inner, .. } => self.outputs() * inner,
        }
    }

    /// Adds the products of whole samples to `z`.
    fn accumulate<W: Word>(self, n: u32, x: &[W], y: &[W], z: &mut [W], scratch: &mut Scratch<W>) {
        match self {
            Self::Each { .. } => simd::vectorize(
                #[inline(always)]
                || z.iter_mut().zip(x.iter().zip(y)).for_each(|(z, (x, y))| *z = z.add(x.mul(*y))),
            ),
            Self::Matrix { rows, inner, columns, .. } => {
                let conv = Conv::linear(rows, inner, columns);
                let operands = x.chunks_exact(rows * inner).zip(y.chunks_exact(columns * inner));
                for ((x, y), z) in operands.zip(z.chunks_exact_mut(rows * columns)) {
                    conv::accumulate(&conv, 1, x, &PackedWeights::new_in(n, &conv, y), z, scratch);
                }
            }
        }
    }
}

impl Product {
    /// The dealer's half: C from the masks of both wires, a few samples at a time.
    pub fn deal<W: Word>(&self, [x, y]: [&Dealt<'_, W>; 2], d: &mut Dealing<'_>, step: u32, scratch: &mut Scratch<W>) {
        let (form, outputs) = (self.form, self.form.outputs());
        let words = form.operands().into_iter().chain([outputs, x.len, y.len]).max().unwrap_or(1);
        let samples = samples_at_once::<W>(self.n, words, form.multiply_adds());
        for first in (0..self.batch).step_by(samples) {
            let count = samples.min(self.batch - first);
            let part = |len| Part { start: first * len, len: count * len };
            let [x, y] = [x, y].map(|operand| (operand.read)(&operand.mask.part(d, part(operand.len))));
            if d.is_closed() {
                return;
            }
            let mut c = vec![W::from_u64(0); count * outputs];
            form.accumulate(self.n, &x, &y, &mut c, scratch);
            d.part(part(outputs)).share(counter(step, 0, field::PRODUCT), self.n, c);
        }
    }

    /// What a party unpacks from its tape: C_i; zero where nothing was masked.
    ///
    /// # Errors
    /// [`TapeError`] where the tape is too short.
    pub fn expand<W: Word>(&self, masked: bool, tape: &mut Tape<'_>, step: u32) -> Result<Vec<W>, TapeError> {
        if masked { tape.share(counter(step, 0, field::PRODUCT), self.n, self.outputs()) } else { Ok(vec![W::from_u64(0); self.outputs()]) }
    }

    /// A party's online half: `z` holds C_i and becomes z_i. One party, the `first`, adds the public term; where nothing was masked, that is the one that has the operands.
    pub fn run<W: Word>(&self, first: bool, x: &Operand<'_, W>, y: &Operand<'_, W>, z: &mut [W], scratch: &mut Scratch<W>) {
        let minus = |mask: &[W]| mask.iter().map(|r| r.neg()).collect::<Vec<W>>();
        let share = match (first, &y.mask) {
            (true, Some(r)) => Some(Cow::Owned(y.opened.iter().zip(r.iter()).map(|(y, r)| y.sub(*r)).collect())),
            (true, None) => Some(Cow::Borrowed(y.opened.as_ref())),
            (false, Some(r)) => Some(Cow::Owned(minus(r))),
            (false, None) => None,
        };
        if let Some(share) = share {
            self.form.accumulate(self.n, &x.opened, &share, z, scratch);
        }
        if let Some(r) = &x.mask {
            self.form.accumulate(self.n, &minus(r), &y.opened, z, scratch);
        }
    }

    /// No rounds; n bits of corrections an output if the wires are masked, and two products; otherwise one.
    pub fn cost<W: Word>(&self, masked: bool) -> Cost {
        Cost {
            corrections: if masked { word_bytes(self.n, W::BITS, self.outputs()) as u64 } else { 0 },
            multiply_adds: (self.batch * self.form.multiply_adds()) as u64 * if masked { 2 } else { 1 },
            ..Cost::default()
        }
    }

    fn outputs(&self) -> usize {
        self.batch * self.form.outputs()
    }
}

impl<W: Word> core::fmt::Debug for Operand<'_, W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Operand[{} elements]", self.opened.len())
    }
}

impl<W: Word> core::fmt::Debug for Dealt<'_, W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Dealt[{} elements a sample]", self.len)
    }
}
