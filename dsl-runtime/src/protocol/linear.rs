//! Bilinear steps on masked wires: convolution and matrix product, with one product a party and no communication.
//!
//! Let f be bilinear, x-hat = x + r_x and w-hat = w + r_w public. Then
//!
//! ```text
//! f(x, w) = f(x-hat, w-hat - r_w) - f(r_x, w-hat) + f(r_x, r_w)
//! setup    W_i = [i = 0] w-hat - r_w,i                                once per weight set
//! offline  C = [f(r_x, r_w)], a correction of n bits an output;   K_i = C_i - f(r_x,i, w-hat) + bias_i
//! online   z_i = f(x-hat, W_i) + K_i                                  z = f(x, w) + bias, at twice the fraction bits
//! ```
//!
//! since sum W_i = w-hat - r_w.
//!
//! Where one party o keeps the weights to itself, it alone learns x-hat, and neither masks its own share of x:
//!
//! ```text
//! x-hat = x + sum over i != o of r_x,i                      sent to o by the others; o adds its own share as it is
//! f(x, w) = f(x-hat, w) - sum over i != o of f(r_x,i, w-hat) + f(sum over i != o of r_x,i, r_w)
//! setup    o sends w-hat = w + r_w, with r_w from its own key, which only the dealer has too
//! offline  C = [f(sum of the r_x,i, r_w)];   K_i = C_i - f(r_x,i, w-hat);   K_o = C_o + bias
//! online   z_o = f(x-hat, w) + K_o;   z_i = K_i
//! ```
//!
//! so o makes one product online and none offline, every other party one offline and none online. A value that party j has by itself is opened by j alone
//! (r_x,i = 0 for the others), and if j = o it is not opened at all: then z is o's own.
//!
//!  Padding is a public zero, so r_x has the shape of x without it. w-hat is opened once per weight set, under masks from
//! the key of that set; a set of other weights has another key.
//!
//! Cost with shared weights: one product online, one offline, one at the dealer; n bits of corrections an output. After Beaver (CRYPTO 1991), with masks that stay.

use super::open::Mask;
use super::tape::Part;
use super::{Cost, Dealing, Tape, TapeError, counter, field};
use undertone_ring::Word;
use undertone_ring::conv::{self, Conv, PackedWeights, Scratch};
use undertone_ring::prg::{Counter, Prg};
use undertone_ring::words::word_bytes;

/// A party's share of the mask of weight `index`, under the key of the weight set.
pub fn weight_mask<W: Word>(key: &Prg, index: u32, len: usize) -> Vec<W> {
    let mut mask = vec![W::from_u64(0); len];
    key.words(Counter { step: index, field: field::WEIGHT }, &mut mask);
    mask
}

/// The share of the weight that a party multiplies with online: `[i = 0] w-hat - r_w,i`.
pub fn weight_share<W: Word>(first: bool, opened: &[W], mask: &[W]) -> Vec<W> {
    opened.iter().zip(mask).map(|(w, r)| if first { w.sub(*r) } else { r.neg() }).collect()
}

/// Words of input or output, whichever is more, that the dealer works on at once.
const AT_ONCE: usize = 1 << 17;

/// Multiply-adds that the dealer does before it looks again whether anybody still wants them: about a second.
const WORK_AT_ONCE: usize = 1 << 31;

/// One bilinear step on a batch.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    /// Bits of the ring.
    pub n: u32,
    /// The geometry of one sample.
    pub conv: Conv,
    /// The number of samples.
    pub batch: usize,
}

impl Linear {
    /// The dealer's half: C from the masks of wire and weight, a few samples at a time.
    pub fn deal<W: Word>(&self, wire: &Mask<'_, W>, weight: &PackedWeights<W>, d: &mut Dealing<'_>, step: u32, scratch: &mut Scratch<W>) {
        let (inputs, outputs) = (self.conv.inputs(), self.conv.outputs());
        let samples = self.samples_at_once::<W>();
        for first in (0..self.batch).step_by(samples) {
            let count = samples.min(self.batch - first);
            let part = |len| Part { start: first * len, len: count * len };
            let mut c = vec![W::from_u64(0); count * outputs];
            let mask = wire.part(d, part(inputs));
            if d.is_closed() {
                return;
            }
            conv::accumulate(&self.conv, count, &mask, weight, &mut c, scratch);
            d.part(part(outputs)).share(counter(step, 0, field::PRODUCT), self.n, c);
        }
    }

    /// A party's offline half: K_i, from its part of the wire's mask with the opened weight (if it masks the wire), and its share of one bias a channel (or none).
    /// Without any mask on the wire there is no C and K_i is the bias.
    pub fn expand<W: Word>(
        &self,
        masked: bool,
        wire: Option<(&[W], &PackedWeights<W>)>,
        bias: &[W],
        tape: &mut Tape<'_>,
        step: u32,
        scratch: &mut Scratch<W>,
    ) -> Result<Vec<W>, TapeError> {
        let mut k: Vec<W> = if masked {
            tape.share(counter(step, 0, field::PRODUCT), self.n, self.outputs())?
        } else {
            vec![W::from_u64(0); self.outputs()]
        };
        if let Some((mask, opened)) = wire {
            let minus: Vec<W> = mask.iter().map(|r| r.neg()).collect();
            conv::accumulate(&self.conv, self.batch, &minus, opened, &mut k, scratch);
        }
        if !bias.is_empty() {
            for pixel in k.chunks_exact_mut(self.conv.o) {
                pixel.iter_mut().zip(bias).for_each(|(k, b)| *k = k.add(*b));
            }
        }
        Ok(k)
    }

    /// A party's online half: `z` holds K_i and becomes z_i.
    pub fn run<W: Word>(&self, opened: &[W], share: &PackedWeights<W>, z: &mut [W], scratch: &mut Scratch<W>) {
        conv::accumulate(&self.conv, self.batch, opened, share, z, scratch);
    }

    /// No rounds; n bits of corrections an output if the wire is masked, and one product.
    pub fn cost<W: Word>(&self, masked: bool) -> Cost {
        Cost {
            corrections: if masked { word_bytes(self.n, W::BITS, self.outputs()) as u64 } else { 0 },
            multiply_adds: (self.batch * self.conv.multiply_adds()) as u64,
            ..Cost::default()
        }
    }

    /// The samples of a slice.
    fn samples_at_once<W: Word>(&self) -> usize {
        samples_at_once::<W>(self.n, self.conv.inputs().max(self.conv.outputs()), self.conv.multiply_adds())
    }

    fn outputs(&self) -> usize {
        self.batch * self.conv.outputs()
    }
}

/// The samples that the dealer works on at once, of which each has so many words and takes so many multiply-adds: whole blocks of every stream.
pub(super) fn samples_at_once<W: Word>(n: u32, words: usize, multiply_adds: usize) -> usize {
    // so many samples are whole blocks; 32 are whole blocks of narrow words
    let whole = if n == W::BITS { 128 / W::BITS as usize } else { 32 };
    let most = (AT_ONCE / words.max(1)).min(WORK_AT_ONCE / multiply_adds.max(1));
    most.next_multiple_of(whole).max(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_small_in_memory_and_in_work() {
        let samples = |conv: Conv| Linear { n: 64, conv, batch: 1 << 20 }.samples_at_once::<u64>();
        assert_eq!(samples(Conv::linear(1, 1 << 10, 16)), 128, "as many words as are worked on at once");
        // one element within a wide border: nothing in memory, much to do
        let wide = Conv { kh: 1 << 10, kw: 1 << 10, ph: 1 << 9, pw: 1 << 9, ..Conv::linear(1, 1, 1) };
        assert_eq!(wide.multiply_adds(), 1 << 22);
        assert_eq!(samples(wide), 1 << 9);
    }
}
