//! What a step sends, message by message: what its cost and the way of its messages follow from.

use core::ops::Add;

/// How the messages of the parties are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// By exclusive or.
    Bits,
    /// As m-bit words in planes, mod 2^m.
    Planes(u32),
    /// As n-bit words of a ring that is kept in words of some bits, mod 2^n.
    Words {
        /// n.
        n: u32,
        /// The bits of a word in memory.
        word: u32,
    },
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// How it is put together with those of the other parties.
    pub sum: Sum,
    /// Its length.
    pub bytes: usize,
}

/// The messages of a party, one a round, and what the dealer sends beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The message of each round: the same to all.
    pub rounds: Vec<Vec<Segment>>,
    /// Bytes of corrections to the last party.
    pub corrections: u64,
}

impl Sum {
    /// The bytes that cannot be torn apart: the next ones are put together without them.
    pub const fn unit(self) -> usize {
        match self {
            Self::Bits => 4,
            Self::Planes(m) => 4 * m as usize,
            Self::Words { n, word } if n == word => word as usize / 8,
            Self::Words { n, .. } => 4 * n as usize,
        }
    }
}

impl Traffic {
    /// One message.
    pub fn message(sum: Sum, bytes: usize) -> Self {
        Self { rounds: vec![vec![Segment { sum, bytes }]], corrections: 0 }
    }

    /// The same with this many bytes of corrections more.
    #[must_use]
    pub fn with_corrections(mut self, bytes: usize) -> Self {
        self.corrections += bytes as u64;
        self
    }

    /// The same, with the first message of `next` at the end of the last one.
    #[must_use]
    pub fn together(mut self, next: Self) -> Self {
        let mut rounds = next.rounds.into_iter();
        match self.rounds.last_mut() {
            Some(last) => last.extend(rounds.next().unwrap_or_default()),
            None => self.rounds.extend(rounds.next()),
        }
        self.rounds.extend(rounds);
        self.with_corrections(next.corrections as usize)
    }

    /// Bytes of all messages to one peer.
    #[cfg(test)]
    pub fn sent(&self) -> usize {
        self.rounds.iter().flatten().map(|s| s.bytes).sum()
    }
}

impl Add for Traffic {
    type Output = Self;

    /// One after the other.
    fn add(mut self, other: Self) -> Self {
        self.rounds.extend(other.rounds);
        self.corrections += other.corrections;
        self
    }
}

impl core::iter::Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}
