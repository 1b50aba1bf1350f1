//! Memory of values that nobody needs any more, used again; wiped before it is given back to the system.

use undertone_ring::Word;
use zeroize::Zeroize;

/// Vectors to be used again.
pub(super) struct Pool<W: Word> {
    spare: Vec<Vec<W>>,
}

/// The largest number of vectors that wait.
const LIMIT: usize = 16;

impl<W: Word> Default for Pool<W> {
    fn default() -> Self {
        Self { spare: vec![] }
    }
}

impl<W: Word> Pool<W> {
    /// A vector of zeros: the smallest one that is large enough, or a new one.
    pub(super) fn zeros(&mut self, len: usize) -> Vec<W> {
        let mut value = self.fitting(len);
        value.clear();
        value.resize(len, W::from_u64(0));
        value
    }

    /// The same for one whose first `len` words are written before anybody reads them: only those behind them are zeros.
    pub(super) fn unwritten(&mut self, len: usize, padded: usize) -> Vec<W> {
        let mut value = self.fitting(padded);
        value.resize(padded, W::from_u64(0));
        value[len..].fill(W::from_u64(0));
        value
    }

    fn fitting(&mut self, len: usize) -> Vec<W> {
        let fits = self.spare.iter().enumerate().filter(|(_, v)| v.capacity() >= len).min_by_key(|(_, v)| v.capacity()).map(|(i, _)| i);
        fits.map(|i| self.spare.swap_remove(i)).unwrap_or_default()
    }

    /// Takes a value back. When too many wait, the smallest one goes.
    pub(super) fn give(&mut self, value: Vec<W>) {
        if value.capacity() == 0 {
            return;
        }
        self.spare.push(value);
        if self.spare.len() > LIMIT
            && let Some((smallest, _)) = self.spare.iter().enumerate().min_by_key(|(_, v)| v.capacity())
        {
            self.spare.swap_remove(smallest).zeroize();
        }
    }
}

impl<W: Word> Drop for Pool<W> {
    fn drop(&mut self) {
        self.spare.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_as_zeros_and_does_not_pile_up() {
        let mut pool = Pool::<u64>::default();
        for round in 0..50 {
            let mut value = pool.zeros(100 + round);
            assert!(value.iter().all(|v| *v == 0), "round {round}");
            let other = pool.unwritten(90, 100 + round);
            assert!(other.len() == 100 + round && other[90..].iter().all(|v| *v == 0), "round {round}");
            pool.give(other);
            value.fill(7);
            pool.give(value);
            pool.give(vec![7; 10]);
        }
        assert!(pool.spare.len() <= LIMIT);
        assert!(pool.spare.iter().any(|v| v.capacity() >= 149), "the large ones stay");
    }
}
