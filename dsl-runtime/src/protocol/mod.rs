//! The protocols, one file each. A file opens with the derivation, share by share, and holds both halves of the protocol: what the
//! dealer computes (`deal`), what a party unpacks from its tape (`expand`) and does online (`phase`), and what it costs (`cost`).
//!
//! **Trust.** N computing parties and a dealer, all following the protocol. Any N - 1 parties may put together what they see, none
//! of them with the dealer. The dealer sees no data.
//!
//! **Shares.** A secret x is the sum of the parties' shares mod 2^n; a secret bit is the XOR of theirs. Party 0 adds the public
//! terms. The *last* party receives the dealer's corrections; what the others hold is the output of their generators alone.
//!
//! **Phases.** A step is a sequence of phases without IO: a phase reads what this party sent and what its peers sent in the round
//! before, and appends what it sends in the next. The session drives the phases over a transport.
//!
//! **Randomness.** Whoever asks a generator names a [`Counter`]: the step of the plan and a field of [`field`]; the block within it
//! runs over the elements of the whole batch. The key belongs to one tape, so no block is ever asked for twice.

pub mod above;
pub mod argmax;
pub mod compact;
mod compare;
mod contest;
mod cost;
pub mod curve;
mod fold;
pub(crate) mod group;
pub mod hand_over;
pub(crate) mod king;
pub mod linear;
pub mod max;
mod merge;
pub mod open;
pub mod over;
pub mod piecewise;
pub mod pool;
pub mod powers;
pub mod product;
mod rank;
pub mod release;
pub mod relu;
mod select;
mod sign;
pub mod tape;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod thresholds;
pub mod topk;
mod traffic;
mod tree;
pub mod truncate;
pub mod words;

pub use compare::Compare;
pub use cost::Cost;
pub(crate) use cost::{PARTIES, most};
pub use fold::Fold;
pub use tape::{Dealing, Reader, Sink, Tape, TapeError};
pub use traffic::{Segment, Sum, Traffic};
use undertone_ring::prg::Counter;
use undertone_ring::rows::GROUP;

/// Which of the parties this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The index of this party, from 0.
    pub party: usize,
    /// The number of parties.
    pub parties: usize,
}

impl Seat {
    /// Whether this party adds the public terms and rounds down.
    pub const fn is_first(self) -> bool {
        self.party == 0
    }
    /// Whether this party receives the dealer's corrections.
    pub const fn is_last(self) -> bool {
        self.party + 1 == self.parties
    }
}

/// What crossed the wire in the round before: this party's own message and one of the same length from each peer.
#[derive(Clone, Copy)]
pub struct Round<'a> {
    /// What this party sent.
    pub own: &'a [u8],
    /// What the peers sent, in the order of their indices.
    pub peers: &'a [Vec<u8>],
}

impl Round<'_> {
    /// Before the first round: nothing was sent.
    pub const NONE: Round<'static> = Round { own: &[], peers: &[] };
}

impl core::fmt::Debug for Round<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Round[{} bytes, {} peers]", self.own.len(), self.peers.len())
    }
}

/// One step of a plan as a party runs it.
pub trait Phases<W> {
    /// The number of rounds.
    fn rounds(&self) -> usize;

    /// Phase `k` of `0..=rounds`: reads round `k - 1`, appends to `out` what this party sends in round `k`. The last phase sends nothing
    /// and leaves the result in `result`.
    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]);
}

/// What a step of a plan does with shares that takes correlations and rounds: all that the plan, the dealer and the parties know of it.
pub trait Protocol<W> {
    /// The messages and corrections.
    fn traffic(&self) -> Traffic;

    /// The dealer's half, under the number of the step.
    fn deal(&self, d: &mut Dealing<'_>, step: u32);

    /// What a party unpacks from its tape.
    ///
    /// # Errors
    /// [`TapeError`] where the tape is too short.
    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError>;
}

/// A party's correlations for one step: good for one run.
pub trait Correlations<W>: Send {
    /// The party's half of the step, on its share, padded to whole groups of 256.
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a>;
}

/// A protocol on so many elements, whole groups of 256.
#[derive(Clone, Debug)]
pub struct On<P> {
    /// The protocol.
    pub protocol: P,
    /// The number of elements.
    pub len: usize,
}

/// Names of the streams within a step; a protocol that runs several comparisons adds a multiple of [`field::SPAN`].
pub mod field {
    /// The folded mask of an opening.
    pub const K1: u32 = 0;
    /// The lift of its wrap.
    pub const H: u32 = 1;
    /// The digit tables.
    pub const TABLES: u32 = 2;
    /// The bit next to the top of the mask.
    pub const TOP: u32 = 3;
    /// The mask of the sign bit.
    pub const BETA: u32 = 4;
    /// Shares of beta, of beta times the mask, of beta times its top bit.
    pub const A: u32 = 5;
    /// See [`A`].
    pub const B: u32 = 6;
    /// See [`A`].
    pub const C: u32 = 7;
    /// Masks of the variables of merge level `l` are at `MASKS + l`.
    pub const MASKS: u32 = 8;
    /// Products of the masks of merge level `l` are at `PRODUCTS + l`.
    pub const PRODUCTS: u32 = 12;
    /// The mask of an opened wire.
    pub const WIRE: u32 = 16;
    /// The product of the masks of a linear step.
    pub const PRODUCT: u32 = 17;
    /// The coin of a truncation.
    pub const COIN: u32 = 18;
    /// The product of the coins.
    pub const COINS: u32 = 19;
    /// The mask of a weight; under the key of the weight set, the step being the weight's index.
    pub const WEIGHT: u32 = 20;
    /// The zero sharing of a release; under the key of a pair of parties.
    pub const ZERO: u32 = 21;
    /// The mask of an opened difference of indices.
    pub const INDEX: u32 = 22;
    /// Products of the masks that choose one of a group, those of the groups' second and third size at `CHOICE + 1` and `CHOICE + 2`.
    pub const CHOICE: u32 = 23;
    /// The same products times the masks of differences.
    pub const CHOSEN: u32 = 26;
    /// The same products times the masks of differences of indices.
    pub const CHOSEN_INDEX: u32 = 29;
    /// In steps that rank: shares of the masks of the bits of pairs, those of the second kind of groups at `RANK + 1`.
    pub const RANK: u32 = 5;
    /// In steps that rank: the masks of ranks, those of the second kind of groups at `RANK_MASK + 1`.
    pub const RANK_MASK: u32 = 18;
    /// In steps without groups: beta times the square of the mask, without its wrap and with it.
    pub const SQUARE: u32 = 23;
    /// In steps without groups: the square of the mask, without its wrap and with it.
    pub const MASK_SQUARE: u32 = 25;
    /// The share of a party that joins; under the key of the pair of it and the party that leaves, where there are no comparisons.
    pub const HAND_OVER: u32 = 32;
    /// The number of fields that one comparison may use.
    pub const SPAN: u32 = 32;
}

/// The number of elements with padding: vectors that take part in a comparison are whole groups of 256.
pub const fn padded(elements: usize) -> usize {
    elements.div_ceil(GROUP) * GROUP
}

/// The stream of `field` within `step`, of its `level`-th comparison.
const fn counter(step: u32, level: u32, field: u32) -> Counter {
    Counter { step, field: level * field::SPAN + field }
}
