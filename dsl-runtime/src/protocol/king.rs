//! How the messages of one round travel: from everybody to everybody, or through kings.
//!
//! All that a party needs of the others' messages is their sum. With more than two parties and long messages it is cheaper to let party j, the king of block j,
//! put that block together and send the sum back:
//!
//! | b bits, N parties | bits sent a party | delays |
//! |---|---|---|
//! | everybody to everybody | (N - 1) b | 1 |
//! | a king for each of N blocks | 2 (N - 1) / N b | 2 |
//!
//! Kings are worth it where the bits that they save take longer than one more delay. That is decided by public lengths alone, so all parties decide alike.
//!
//! Every message is masked by its sender's own generator output, so a king sees what everybody sees without kings, and the others see only the sums.
//! After the king of Damgard and Nielsen (CRYPTO 2007).

use super::{Cost, Segment, Sum, Traffic};
use core::ops::Range;
use undertone_ring::planes;
use undertone_ring::words::{pack_words, unpack_words};
use zeroize::Zeroize;

/// Between whom messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wires {
    /// The number of parties.
    pub parties: usize,
    /// The bytes that a link takes while a message is on its way: its bandwidth times its delay.
    pub delay_bytes: u64,
}

/// A block of a message: which bytes, and how they are put together.
pub type Block = Vec<(Sum, Range<usize>)>;

impl Wires {
    /// Whether this message goes through kings.
    pub fn kings(self, message: &[Segment]) -> bool {
        let (n, bytes) = (self.parties as u64, length(message) as u64);
        // (N - 1) b against 2 (N - 1) / N b
        n > 2 && bytes.saturating_mul((n - 1) * (n - 2)) / n > self.delay_bytes
    }

    /// What the messages of a step cost.
    pub fn cost(self, traffic: &Traffic) -> Cost {
        let messages = traffic.rounds.iter().map(|message| {
            let (n, bytes) = (self.parties as u64, length(message) as u64);
            if !self.kings(message) {
                return Cost::messages(1, self.parties, |_| (n - 1) * bytes);
            }
            // all blocks but its own to their kings, and its own to everybody
            let own = |king: usize| block_length(&block(message, self.parties, king)) as u64;
            Cost::messages(2, self.parties, |king| bytes + (n - 2) * own(king))
        });
        messages.sum::<Cost>() + Cost { corrections: traffic.corrections, ..Cost::default() }
    }
}

/// Bytes of a message.
pub fn length(message: &[Segment]) -> usize {
    message.iter().map(|s| s.bytes).sum()
}

/// The block of which party `king` is the king: of each segment an equal part, in whole units.
pub fn block(message: &[Segment], parties: usize, king: usize) -> Block {
    let mut start = 0;
    let parts = message.iter().map(|segment| {
        let units = segment.bytes / segment.sum.unit();
        let at = |k: usize| start + units * k / parties * segment.sum.unit();
        let range = at(king)..at(king + 1);
        start += segment.bytes;
        (segment.sum, range)
    });
    parts.collect()
}

/// Bytes of a block.
pub fn block_length(block: &Block) -> usize {
    block.iter().map(|(_, range)| range.len()).sum()
}

/// Appends a block of a message.
pub fn cut(block: &Block, message: &[u8], out: &mut Vec<u8>) {
    for (_, range) in block {
        out.extend_from_slice(&message[range.clone()]);
    }
}

/// Puts a block back into its message.
pub fn paste(block: &Block, bytes: &[u8], message: &mut [u8]) {
    let mut rest = bytes;
    for (_, range) in block {
        let (part, after) = rest.split_at(range.len());
        message[range.clone()].copy_from_slice(part);
        rest = after;
    }
}

/// Adds another party's block.
pub fn add(block: &Block, sum: &mut [u8], other: &[u8]) {
    let mut at = 0;
    for (how, range) in block {
        let part = at..at + range.len();
        how.add(&mut sum[part.clone()], &other[part]);
        at += range.len();
    }
}

impl Sum {
    /// Puts two messages together.
    fn add(self, sum: &mut [u8], other: &[u8]) {
        match self {
            Self::Bits => planes::xor_assign(sum, other),
            Self::Planes(m) => planes::add_assign(m, sum, other),
            Self::Words { n: 32, word: 32 } => {
                let words = sum.as_chunks_mut().0.iter_mut().zip(other.as_chunks().0);
                words.for_each(|(s, o)| *s = u32::from_le_bytes(*s).wrapping_add(u32::from_le_bytes(*o)).to_le_bytes());
            }
            Self::Words { n, word } if n == word => {
                let words = sum.as_chunks_mut().0.iter_mut().zip(other.as_chunks().0);
                words.for_each(|(s, o)| *s = u64::from_le_bytes(*s).wrapping_add(u64::from_le_bytes(*o)).to_le_bytes());
            }
            Self::Words { n, .. } => {
                let elements = sum.len() * 8 / n as usize;
                let (mut own, mut theirs) = (vec![0u64; elements], vec![0u64; elements]);
                unpack_words(n, sum, &mut own);
                unpack_words(n, other, &mut theirs);
                own.iter_mut().zip(&theirs).for_each(|(s, o)| *s = s.wrapping_add(*o));
                pack_words(n, &own, sum);
                own.zeroize();
                theirs.zeroize();
            }
        }
    }
}
