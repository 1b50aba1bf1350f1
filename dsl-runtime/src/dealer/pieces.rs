//! Corrections on their way: collected until they are a piece, then handed on.

use crate::protocol::Sink;
use crate::wire::PIECE;

/// Bytes that are handed on between two parts of a step: with one part more they are still a piece, and most of them are in the cache yet.
const ENOUGH: usize = PIECE / 2;

/// Who takes the pieces.
pub(crate) trait Receiver {
    /// Takes a piece and says whether it wants more.
    fn put(&mut self, piece: &[u8]) -> bool;

    /// The same of memory that it may keep: an empty piece is left in its place.
    fn take(&mut self, piece: &mut Vec<u8>) -> bool {
        let more = self.put(piece);
        piece.clear();
        more
    }

    /// Whether it has gone since the last piece: some steps deal for long before they have one.
    fn is_gone(&self) -> bool {
        false
    }
}

impl<F: FnMut(&[u8]) -> bool> Receiver for F {
    fn put(&mut self, piece: &[u8]) -> bool {
        self(piece)
    }
}

/// Hands what is appended on in pieces of at most [`PIECE`] bytes, until nobody wants more.
pub(super) struct Pieces<R> {
    bytes: Vec<u8>,
    receiver: R,
    closed: bool,
}

impl<R: Receiver> Pieces<R> {
    /// Pieces for this receiver.
    pub(super) fn new(receiver: R) -> Self {
        Self { bytes: vec![], receiver, closed: false }
    }

    /// Hands on everything. Whether more is wanted.
    pub(super) fn flush(&mut self) -> bool {
        self.hand_on_from(1);
        !self.is_closed()
    }

    /// Hands on everything if there are at least `least` bytes.
    fn hand_on_from(&mut self, least: usize) {
        if self.closed {
            self.bytes.clear();
        } else if self.bytes.len() > PIECE {
            self.closed = !self.bytes.chunks(PIECE).all(|piece| self.receiver.put(piece));
            self.bytes.clear();
            // this memory will wait as that of a piece: it must not be larger than one
            self.bytes.shrink_to(2 * PIECE);
        } else if self.bytes.len() >= least {
            self.closed = !self.receiver.take(&mut self.bytes);
        }
    }
}

impl<R: Receiver> Sink for Pieces<R> {
    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn hand_on(&mut self) {
        self.hand_on_from(ENOUGH);
    }

    fn is_closed(&self) -> bool {
        self.closed || self.receiver.is_gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::relu::Relu;
    use crate::protocol::truncate::Truncate;
    use crate::protocol::{Compare, Dealing};
    use undertone_ring::prg::{Key, Prg};

    #[test]
    fn the_same_bytes_come_in_pieces_and_few_of_them_wait() {
        let keys = [1, 2].map(|k| Prg::new(&Key::from_bytes([k; 16])));
        let len = (1 << 17) + 256;
        let relu = Relu::new(64, 16, Compare::new(34));
        let truncate = Truncate { n: 64, t: 16, m: 34 };
        let all = |d: &mut Dealing<'_>| {
            relu.deal::<u64>(d, 1, 0, len);
            truncate.deal::<u64>(d, 2, 8 * len);
        };
        let (mut whole, mut joined, mut sizes) = (vec![], vec![], vec![]);
        all(&mut Dealing::new(&keys, &mut whole));
        let mut pieces = Pieces::new(|piece: &[u8]| {
            joined.extend_from_slice(piece);
            sizes.push(piece.len());
            true
        });
        all(&mut Dealing::new(&keys, &mut pieces));
        let memory = pieces.bytes.capacity();
        assert!(pieces.flush());
        assert!(joined == whole, "{} bytes in pieces, {} whole", joined.len(), whole.len());
        assert!(sizes.len() > 5 && sizes[..sizes.len() - 1].iter().all(|s| (ENOUGH..=PIECE).contains(s)), "{sizes:?}");
        assert!(memory <= 4 * PIECE, "{memory} bytes waited");
    }

    #[test]
    fn what_is_handed_on_whole_is_no_larger_than_pieces_are() {
        struct Taken(Vec<usize>);
        impl Receiver for &mut Taken {
            fn put(&mut self, _: &[u8]) -> bool {
                true
            }
            fn take(&mut self, piece: &mut Vec<u8>) -> bool {
                self.0.push(core::mem::take(piece).capacity());
                true
            }
        }
        let mut taken = Taken(vec![]);
        let mut pieces = Pieces::new(&mut taken);
        for size in [20 * PIECE, PIECE, 30 * PIECE, PIECE - 1, 5] {
            pieces.bytes().resize(size, 1);
            assert!(pieces.flush());
        }
        assert!(taken.0.len() == 3 && taken.0.iter().all(|size| *size <= 2 * PIECE), "{:?}", taken.0);
    }
}
