//! A pseudo-random generator with random access: AES-128 in counter mode.
//!
//! There is no stream state. A block is named by (step, field, block index): the step of the plan, the field of that
//! step's correlation, and the position in it. Dealer and party can so make any part on its own, in any order, on any
//! number of threads. **A block must never be asked for twice under one key with different meaning**: a mask that is used
//! twice reveals the difference of what it hides. The feature `audit` lets a test prove that it does not happen.
//!
//! Eight blocks at a time with AES-NI, sixteen or 32 with VAES, else constant-time software. AES as in FIPS 197.

use crate::bytes::{Pod, append, as_bytes_mut, to_write};
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use core::{fmt, mem::MaybeUninit};
use zeroize::Zeroize;

#[cfg(feature = "audit")]
mod audit;
#[cfg(target_arch = "x86_64")]
mod hardware;
#[cfg(test)]
mod tests;

#[cfg(feature = "audit")]
pub use audit::{Log, Request};

const BLOCK: usize = 16;

/// A key of 128 bits. It is erased when dropped, is never printed, and cannot be compared.
#[derive(Clone)]
pub struct Key([u8; BLOCK]);

impl Key {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; BLOCK]) -> Self {
        Key(bytes)
    }

    /// Its bytes, for a key derivation or a secure channel.
    pub const fn bytes(&self) -> &[u8; BLOCK] {
        &self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Names a key stream of one generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Counter {
    /// The step of the plan.
    pub step: u32,
    /// The field of the step's correlation.
    pub field: u32,
}

/// The generator of one key. Its round keys are erased when it is dropped.
pub struct Prg {
    cipher: Cipher,
    #[cfg(feature = "audit")]
    audit: Option<audit::Recorder>,
}

enum Cipher {
    /// Erases its own round keys.
    Portable(Box<aes::Aes128Enc>),
    #[cfg(target_arch = "x86_64")]
    Hardware(hardware::Aes),
}

impl Prg {
    /// The generator of `key`, for the widest AES instructions present.
    pub fn new(key: &Key) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(cipher) = hardware::Aes::new(key.bytes()).filter(|_| !crate::level::portable_forced()) {
            return Self::of(Cipher::Hardware(cipher));
        }
        Self::portable(key)
    }

    /// The key stream of counter `at` from its first block on.
    pub fn fill(&self, at: Counter, out: &mut [u8]) {
        self.fill_at(at, 0, out);
    }

    /// The key stream of counter `at` from block `first_block` on: a block is 16 bytes, and a length that is no multiple
    /// of 16 drops the rest of the last block.
    ///
    /// # Panics
    /// If the blocks pass 2^64.
    pub fn fill_at(&self, at: Counter, first_block: u64, out: &mut [u8]) {
        // SAFETY: `write` writes the key stream and nothing else.
        self.write(at, first_block, unsafe { to_write(out) });
    }

    /// Appends `len` little-endian words of the key stream of counter `at`, from block `first_block` on.
    ///
    /// # Panics
    /// If the blocks pass 2^64.
    pub fn append<T: Pod>(&self, at: Counter, first_block: u64, len: usize, to: &mut Vec<T>) {
        // SAFETY: `write` writes all of it.
        unsafe { append(len, to, |out| self.write(at, first_block, out)) };
    }

    /// Writes every byte of `out`.
    fn write(&self, at: Counter, first_block: u64, out: &mut [MaybeUninit<u8>]) {
        let blocks = out.len().div_ceil(BLOCK) as u64;
        assert!(first_block.checked_add(blocks).is_some(), "a key stream has 2^64 blocks");
        #[cfg(feature = "audit")]
        if let Some(recorder) = &self.audit {
            recorder.record(at, first_block, blocks);
        }
        let high = u64::from(at.step) | u64::from(at.field) << 32;
        match &self.cipher {
            Cipher::Portable(cipher) => portable(cipher, high, first_block, out),
            #[cfg(target_arch = "x86_64")]
            Cipher::Hardware(cipher) => cipher.fill(high, first_block, out),
        }
    }

    /// The same bytes as [`Prg::fill`], as little-endian words.
    pub fn words<T: Pod>(&self, at: Counter, out: &mut [T]) {
        self.fill(at, as_bytes_mut(out));
    }

    fn portable(key: &Key) -> Self {
        Self::of(Cipher::Portable(Box::new(aes::Aes128Enc::new(&Array::from(*key.bytes())))))
    }

    fn of(cipher: Cipher) -> Self {
        Prg {
            cipher,
            #[cfg(feature = "audit")]
            audit: None,
        }
    }
}

impl fmt::Debug for Prg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prg(..)")
    }
}

/// The block (block index, step, field) before encryption, all little-endian.
fn counter_block(high: u64, block: u64) -> [u8; BLOCK] {
    (u128::from(high) << 64 | u128::from(block)).to_le_bytes()
}

fn portable(cipher: &aes::Aes128Enc, high: u64, first_block: u64, out: &mut [MaybeUninit<u8>]) {
    const AT_ONCE: usize = 8;
    let mut block = first_block;
    for chunk in out.chunks_mut(AT_ONCE * BLOCK) {
        let mut stream: [aes::Block; AT_ONCE] = core::array::from_fn(|i| {
            // Wraps only in blocks that are dropped.
            Array::from(counter_block(high, block.wrapping_add(i as u64)))
        });
        cipher.encrypt_blocks(&mut stream);
        for (to, from) in chunk.chunks_mut(BLOCK).zip(&stream) {
            to.iter_mut().zip(from).for_each(|(to, from)| _ = to.write(*from));
        }
        block = block.wrapping_add(AT_ONCE as u64);
    }
}
