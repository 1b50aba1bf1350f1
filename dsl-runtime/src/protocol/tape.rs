//! Correlated randomness: what the dealer writes ([`Dealing`]) and what a party reads ([`Tape`]).
//!
//! A value that is uniform is the sum of all parties' generator outputs and costs nothing. A value v that depends on others is
//! shared so: the parties before the last hold generator output s_i, the last one receives the correction v - sum s_i. Both sides
//! walk the fields of a step in the same order; every field is packed to exactly its width.

use undertone_ring::bytes::{Pod, as_bytes};
use undertone_ring::prg::{Counter, Prg};
use undertone_ring::words::{append_bytes, append_words, word_bytes};
use undertone_ring::{Word, simd};

/// The dealer's side of one step: all parties' generators, and where the corrections go.
pub struct Dealing<'a> {
    keys: &'a [Prg],
    out: &'a mut (dyn Sink + 'a),
    part: Part,
}

/// Where corrections go. A step may have more of them than anybody wants to hold at once, so they are handed on between its parts.
pub trait Sink {
    /// What corrections are appended to.
    fn bytes(&mut self) -> &mut Vec<u8>;

    /// A part is complete and what was appended may be handed on.
    fn hand_on(&mut self) {}

    /// Whether nobody wants the rest: dealing stops at the next part.
    fn is_closed(&self) -> bool {
        false
    }
}

impl Sink for Vec<u8> {
    fn bytes(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// Which elements of a step are dealt or unpacked now: `len` of them from `start`. Streams run over all elements of the step, so a part begins in the middle
/// of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub start: usize,
    pub len: usize,
}

/// Elements that are dealt or unpacked at once: few enough that everything about them stays in the cache, and whole blocks of every stream.
const CHUNK: usize = 4096;

impl Part {
    pub(super) const WHOLE: Self = Self { start: 0, len: 1 };

    /// All parts of `len` elements.
    pub(super) fn all(len: usize) -> impl Iterator<Item = Self> {
        Self::of_size(CHUNK, len)
    }

    /// The same with so many elements at once.
    pub(super) fn of_size(size: usize, len: usize) -> impl Iterator<Item = Self> {
        (0..len).step_by(size).map(move |start| Self { start, len: size.min(len - start) })
    }

    /// The part of `len` elements that has element `at`.
    pub(super) const fn of(at: usize, len: usize) -> Self {
        let start = at / CHUNK * CHUNK;
        Self { start, len: if len - start < CHUNK { len - start } else { CHUNK } }
    }

    /// The first block of a stream that holds `bytes` bytes for this part.
    fn first_block(self, bytes: usize) -> u64 {
        (bytes * self.start / self.len / 16) as u64
    }
}

impl<'a> Dealing<'a> {
    /// Deals with these generators, one a party, appending to `out`.
    pub fn new(keys: &'a [Prg], out: &'a mut (dyn Sink + 'a)) -> Self {
        Self { keys, out, part: Part::WHOLE }
    }

    /// The same for a part of a step, after handing on what was dealt before.
    pub(super) fn part(&mut self, part: Part) -> Dealing<'_> {
        self.out.hand_on();
        Dealing { keys: self.keys, out: &mut *self.out, part }
    }

    /// Deals `len` elements part by part, each by `deal`, which hears how many it has; stops when nobody wants what is left.
    pub(super) fn in_parts(&mut self, len: usize, mut deal: impl FnMut(&mut Dealing<'_>, usize)) {
        for part in Part::all(len) {
            let mut d = self.part(part);
            if d.is_closed() {
                return;
            }
            deal(&mut d, part.len);
        }
    }

    /// Whether nobody wants what is left.
    pub(super) fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    /// The generators, one a party.
    pub fn keys(&self) -> &'a [Prg] {
        self.keys
    }

    /// A uniform value: the sum of all parties' outputs. No corrections.
    pub fn uniform<W: Word>(&self, at: Counter, len: usize) -> Vec<W> {
        let mut sum = words(&self.keys[0], at, self.part, len);
        for key in &self.keys[1..] {
            add_into(&mut sum, &words(key, at, self.part, len));
        }
        sum
    }

    /// Uniform bits: the XOR of all parties' outputs. No corrections.
    pub fn uniform_bits(&self, at: Counter, len: usize) -> Vec<u32> {
        let mut sum = words(&self.keys[0], at, self.part, len);
        for key in &self.keys[1..] {
            xor_into(&mut sum, &words(key, at, self.part, len));
        }
        sum
    }

    /// The last party's output.
    pub fn last<W: Word>(&self, at: Counter, len: usize) -> Vec<W> {
        words(&self.keys[self.keys.len() - 1], at, self.part, len)
    }

    /// Shares `value` mod 2^bits: a correction of `bits` an element.
    pub fn share<W: Word>(&mut self, at: Counter, bits: u32, mut value: Vec<W>) {
        for key in self.but_last() {
            let share: Vec<W> = words(key, at, self.part, value.len());
            simd::vectorize(
                #[inline(always)]
                || {
                    for (v, s) in value.iter_mut().zip(&share) {
                        *v = v.sub(*s);
                    }
                },
            );
        }
        self.write(bits, &value);
    }

    /// Shares bits by XOR: a correction of the same size.
    pub fn share_bits(&mut self, at: Counter, mut value: Vec<u32>) {
        for key in self.but_last() {
            let share = words(key, at, self.part, value.len());
            xor_into(&mut value, &share);
        }
        self.out.bytes().extend_from_slice(as_bytes(&value));
    }

    /// The XOR of the outputs of all parties but the last, XORed into `value`: what the last party must hold.
    pub fn cover(&self, at: Counter, value: &mut [u8]) {
        for key in self.but_last() {
            let share: Vec<u8> = words(key, at, self.part, value.len());
            value.iter_mut().zip(&share).for_each(|(v, s)| *v ^= s);
        }
    }

    /// Appends words of `bits` bits as they are.
    pub fn write<W: Word>(&mut self, bits: u32, value: &[W]) {
        append_bytes(bits, value, self.out.bytes());
    }

    /// Appends bytes as they are.
    pub fn write_bytes(&mut self, value: &[u8]) {
        self.out.bytes().extend_from_slice(value);
    }

    /// The sum of the outputs of all parties but the last.
    pub fn others<W: Word>(&self, at: Counter, len: usize) -> Vec<W> {
        let [first, rest @ ..] = self.but_last() else { return vec![W::from_u64(0); len] };
        let mut sum = words(first, at, self.part, len);
        for key in rest {
            add_into(&mut sum, &words(key, at, self.part, len));
        }
        sum
    }

    /// The outputs of one party.
    pub fn of<T: Word>(&self, party: usize, at: Counter, len: usize) -> Vec<T> {
        words(&self.keys[party], at, self.part, len)
    }

    /// The generators of all parties but the last.
    fn but_last(&self) -> &'a [Prg] {
        &self.keys[..self.keys.len() - 1]
    }
}

/// A party's side of one step: its generator, and its corrections if it is the last party.
pub struct Tape<'a> {
    key: &'a Prg,
    corrections: Corrections<'a>,
    part: Part,
    /// Elements of the step, of which the part is one.
    whole: usize,
    /// Bytes that it has given.
    given: usize,
}

/// Where corrections are read one after the other, so that those of a step need not be there together.
pub trait Reader {
    /// The next `len` bytes; nothing when they cannot be had, and the reader knows why.
    fn read(&mut self, len: usize) -> Option<&[u8]>;
}

/// The corrections of one step.
enum Corrections<'a> {
    /// Every party but the last has none.
    None,
    /// They are there.
    Whole(&'a [u8]),
    /// They are still to be read, so many bytes of them.
    Read { reader: &'a mut dyn Reader, left: usize },
}

impl Corrections<'_> {
    fn left(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Whole(rest) => rest.len(),
            Self::Read { left, .. } => *left,
        }
    }
}

/// A tape that is shorter or longer than its step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the dealer sent {found} bytes of corrections, but the step needs {expected}")]
pub struct TapeError {
    /// The number of bytes that the step needs, as far as it is known.
    pub expected: usize,
    /// The number of bytes that arrived.
    pub found: usize,
}

impl<'a> Tape<'a> {
    /// The tape of a party: its generator, and for the last party the dealer's corrections for this step.
    pub fn new(key: &'a Prg, corrections: Option<&'a [u8]>) -> Self {
        Self::with(key, corrections.map_or(Corrections::None, Corrections::Whole))
    }

    /// The same, reading so many bytes of corrections as they are needed.
    pub fn reading(key: &'a Prg, corrections: Option<(&'a mut dyn Reader, usize)>) -> Self {
        Self::with(key, corrections.map_or(Corrections::None, |(reader, left)| Corrections::Read { reader, left }))
    }

    fn with(key: &'a Prg, corrections: Corrections<'a>) -> Self {
        Self { key, corrections, part: Part::WHOLE, whole: Part::WHOLE.len, given: 0 }
    }

    /// Unpacks `len` elements part by part, each by `unpack`, which hears how many it has and appends to what is there.
    pub(super) fn in_parts<M: Default>(
        &mut self,
        len: usize,
        unpack: impl FnMut(&mut Self, usize, &mut M) -> Result<(), TapeError>,
    ) -> Result<M, TapeError> {
        self.in_parts_of(CHUNK, len, unpack)
    }

    /// The same with so many elements at once.
    pub(super) fn in_parts_of<M: Default>(
        &mut self,
        size: usize,
        len: usize,
        mut unpack: impl FnMut(&mut Self, usize, &mut M) -> Result<(), TapeError>,
    ) -> Result<M, TapeError> {
        let mut all = M::default();
        for part in Part::of_size(size, len) {
            (self.part, self.whole) = (part, len);
            unpack(self, part.len, &mut all)?;
        }
        (self.part, self.whole) = (Part::WHOLE, Part::WHOLE.len);
        Ok(all)
    }

    /// A share of a uniform value.
    pub fn uniform<T: Pod>(&mut self, at: Counter, len: usize) -> Vec<T> {
        let mut value = Vec::with_capacity(len);
        self.add_uniform(at, len, &mut value);
        value
    }

    /// A share of a value mod 2^bits that depends on others.
    pub fn share<W: Word>(&mut self, at: Counter, bits: u32, len: usize) -> Result<Vec<W>, TapeError> {
        let mut value = Vec::with_capacity(len);
        self.add_share(at, bits, len, &mut value)?;
        Ok(value)
    }

    /// Appends a share of a uniform value.
    pub fn add_uniform<T: Pod>(&mut self, at: Counter, len: usize, to: &mut Vec<T>) {
        for (block, len) in self.pieces(len, to) {
            self.key.append(at, block, len, to);
        }
    }

    /// Appends a share of a value mod 2^bits that depends on others.
    pub fn add_share<W: Word>(&mut self, at: Counter, bits: u32, len: usize, to: &mut Vec<W>) -> Result<(), TapeError> {
        if matches!(self.corrections, Corrections::None) {
            self.add_uniform(at, len, to);
            return Ok(());
        }
        // what is packed together is the same as what is packed one after the other
        for (_, len) in self.pieces(len, to) {
            append_words(bits, self.take(word_bytes(bits, W::BITS, len))?, len, to);
        }
        Ok(())
    }

    /// Appends an XOR share of bits that depend on others.
    pub fn add_bits(&mut self, at: Counter, len: usize, to: &mut Vec<u32>) -> Result<(), TapeError> {
        self.add_share(at, u32::BITS, len, to)
    }

    /// Makes room for `len` more, and as many for each of the elements that are still to come: what is unpacked is written once, to where it stays.
    pub(super) fn reserve<T>(&self, len: usize, to: &mut Vec<T>) {
        if to.capacity() - to.len() < len {
            to.reserve_exact(len * (self.whole - self.part.start) / self.part.len);
        }
    }

    /// The pieces in which `to` grows by `len`: the block of the stream where each begins, and how many it has. They are whole blocks and stay in the cache from one pass over
    /// them to the next.
    fn pieces<T: Pod>(&mut self, len: usize, to: &mut Vec<T>) -> impl Iterator<Item = (u64, usize)> + use<T> {
        self.reserve(len, to);
        self.given += len * size_of::<T>();
        let first = self.part.first_block(len * size_of::<T>());
        Part::all(len).map(move |piece| (first + (piece.start * size_of::<T>() / 16) as u64, piece.len))
    }

    /// The next bytes of the corrections; `None` for every party but the last.
    pub fn corrections(&mut self, len: usize) -> Result<Option<&[u8]>, TapeError> {
        if matches!(self.corrections, Corrections::None) {
            return Ok(None);
        }
        self.given += len;
        self.take(len).map(Some)
    }

    /// Bytes that it has given until now: about what takes memory of what was unpacked.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Checks that every correction was used.
    pub fn finish(self) -> Result<(), TapeError> {
        match self.corrections.left() {
            0 => Ok(()),
            found => Err(TapeError { expected: 0, found }),
        }
    }

    fn take(&mut self, len: usize) -> Result<&[u8], TapeError> {
        let short = TapeError { expected: len, found: self.corrections.left() };
        if short.found < len {
            return Err(short);
        }
        match &mut self.corrections {
            Corrections::None => Ok(&[]),
            Corrections::Whole(rest) => {
                let (head, tail) = rest.split_at(len);
                *rest = tail;
                Ok(head)
            }
            Corrections::Read { reader, left } => {
                *left -= len;
                reader.read(len).filter(|bytes| bytes.len() == len).ok_or(short)
            }
        }
    }
}

impl core::fmt::Debug for Dealing<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Dealing[{} parties]", self.keys.len())
    }
}

impl core::fmt::Debug for Tape<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tape[{} bytes of corrections]", self.corrections.left())
    }
}

/// The end of `to`, grown by `len` words of 0.
pub(super) fn more<T: Pod>(len: usize, to: &mut Vec<T>) -> &mut [T] {
    let start = to.len();
    to.resize(start + len, T::default());
    &mut to[start..]
}

fn words<T: Pod>(key: &Prg, at: Counter, part: Part, len: usize) -> Vec<T> {
    let mut out = Vec::new();
    key.append(at, part.first_block(len * size_of::<T>()), len, &mut out);
    out
}

fn add_into<W: Word>(sum: &mut [W], more: &[W]) {
    simd::vectorize(
        #[inline(always)]
        || {
            for (s, m) in sum.iter_mut().zip(more) {
                *s = s.add(*m);
            }
        },
    );
}

fn xor_into(sum: &mut [u32], more: &[u32]) {
    sum.iter_mut().zip(more).for_each(|(s, m)| *s ^= m);
}

#[cfg(test)]
mod tests;
