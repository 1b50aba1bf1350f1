//! Functions of an integer that are polynomials between public thresholds, as data of a plan.

use serde::{Deserialize, Serialize};

/// The most thresholds of a function.
pub const THRESHOLDS: usize = 64;

/// A function of an integer y, piece by piece: `pieces[j]` from `thresholds[j - 1]` on and below `thresholds[j]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// Where another piece begins, ascending.
    pub thresholds: Vec<i64>,
    /// One piece more than there are thresholds.
    pub pieces: Vec<Piece>,
}

/// `square y^2 + slope y + offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Piece {
    /// The factor of y^2.
    pub square: i64,
    /// The factor of y.
    pub slope: i64,
    /// What is added.
    pub offset: i64,
}

/// Part of the sum that a function is: a bit, made of those of thresholds, times a polynomial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Term {
    /// The thresholds whose bits 1{y >= p} are put together by exclusive or.
    pub thresholds: Vec<usize>,
    /// Whether the bit is turned over.
    pub turned: bool,
    pub piece: Piece,
}

impl Function {
    /// Whether thresholds ascend and are few, and there is a piece for each interval, none like the one before it.
    pub fn is_valid(&self) -> bool {
        let ascend = self.thresholds.is_sorted_by(|a, b| a < b);
        let differ = self.pieces.windows(2).all(|p| p[0] != p[1]);
        (1..=THRESHOLDS).contains(&self.thresholds.len()) && self.pieces.len() == self.thresholds.len() + 1 && ascend && differ
    }

    /// The number of the piece that holds at y.
    pub fn piece(&self, y: i64) -> usize {
        self.thresholds.partition_point(|p| *p <= y)
    }

    /// A point of piece `j` from which its slope is rounded: the middle, or where it ends at one side only.
    pub fn pivot(&self, j: usize) -> i64 {
        let end = |j: Option<usize>| j.and_then(|j| self.thresholds.get(j)).copied();
        match (end(j.checked_sub(1)), end(Some(j))) {
            (Some(start), Some(end)) => start.midpoint(end),
            (one, other) => one.or(other).unwrap_or(0),
        }
    }

    /// The value at y, mod 2^64.
    pub fn at(&self, y: i64) -> i64 {
        self.pieces.get(self.piece(y)).map_or(0, |piece| piece.at(y))
    }

    /// The smallest and the largest value for y from `low` to `high`, both included. They are values at ends of pieces, or next to the turn of a parabola.
    pub fn range(&self, low: i64, high: i64) -> [i128; 2] {
        let mut range = [i128::MAX, i128::MIN];
        for (j, piece) in self.pieces.iter().enumerate() {
            let start = j.checked_sub(1).and_then(|j| self.thresholds.get(j)).copied().unwrap_or(i64::MIN).max(low);
            let end = self.thresholds.get(j).map_or(i64::MAX, |p| p.saturating_sub(1)).min(high);
            if start > end {
                continue;
            }
            let turn = if piece.square == 0 { start } else { piece.slope.wrapping_neg().wrapping_div(piece.square.saturating_mul(2)) };
            for y in [start, end, turn.saturating_sub(1), turn, turn.saturating_add(1)] {
                let value = piece.exactly(y.clamp(start, end));
                range = [range[0].min(value), range[1].max(value)];
            }
        }
        range
    }

    /// The function as a polynomial everywhere, and terms: the polynomials of the pieces, less the first, times the bits of where they hold. Pieces that are alike share a
    /// bit; taken everywhere is the polynomial that leaves the cheapest terms.
    pub(super) fn terms(&self) -> (Piece, Vec<Term>) {
        // 1{y in piece j} is the bit of the threshold where it begins, less that of where the next begins; the first piece has begun everywhere
        let mut alike: Vec<(Piece, Vec<usize>, bool)> = vec![];
        for (j, piece) in self.pieces.iter().enumerate() {
            let ends = [j.checked_sub(1), (j < self.thresholds.len()).then_some(j)];
            let k = alike.iter().position(|(p, _, _)| p == piece).unwrap_or_else(|| {
                alike.push((*piece, vec![], false));
                alike.len() - 1
            });
            let (_, thresholds, turned) = &mut alike[k];
            *turned ^= j == 0;
            for end in ends.into_iter().flatten() {
                match thresholds.iter().position(|t| *t == end) {
                    Some(at) => drop(thresholds.remove(at)),
                    None => thresholds.push(end),
                }
            }
        }
        let cost = |base: &Piece| alike.iter().filter(|(p, _, _)| p != base).map(|(p, _, _)| p.less(base).words()).sum::<usize>();
        let base = self.pieces.iter().min_by_key(|base| cost(base)).copied().unwrap_or_default();
        let others = alike.iter().filter(|(piece, _, _)| *piece != base);
        let term = |(piece, thresholds, turned): &(Piece, Vec<usize>, bool)| Term {
            thresholds: thresholds.clone(),
            turned: *turned,
            piece: piece.less(&base),
        };
        (base, others.map(term).collect())
    }
}

impl Piece {
    /// The same value everywhere.
    pub const fn constant(offset: i64) -> Self {
        Self { square: 0, slope: 0, offset }
    }

    /// A straight line.
    pub const fn line(slope: i64, offset: i64) -> Self {
        Self { square: 0, slope, offset }
    }

    /// The value at y, mod 2^64.
    pub const fn at(self, y: i64) -> i64 {
        self.square.wrapping_mul(y).wrapping_add(self.slope).wrapping_mul(y).wrapping_add(self.offset)
    }

    /// The value at y, at the end of what 128 bits hold where it is beyond.
    fn exactly(self, y: i64) -> i128 {
        let y = i128::from(y);
        let square = i128::from(self.square).saturating_mul(y).saturating_add(i128::from(self.slope));
        square.saturating_mul(y).saturating_add(i128::from(self.offset))
    }

    /// What is left without another polynomial, mod 2^64.
    const fn less(&self, base: &Self) -> Self {
        Self {
            square: self.square.wrapping_sub(base.square),
            slope: self.slope.wrapping_sub(base.slope),
            offset: self.offset.wrapping_sub(base.offset),
        }
    }

    /// Whether it needs y, or y^2.
    pub(in super::super) const fn depends(&self) -> bool {
        self.square != 0 || self.slope != 0
    }

    /// About how many words the dealer sends for a bit times this polynomial.
    const fn words(&self) -> usize {
        match (self.square, self.slope) {
            (0, 0) => 1,
            (0, _) => 3,
            _ => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clamp() -> Function {
        Function { thresholds: vec![-3, 7], pieces: vec![Piece::constant(-3), Piece::line(1, 0), Piece::constant(7)] }
    }

    #[test]
    fn a_value_belongs_to_the_piece_that_begins_at_or_before_it() {
        let f = clamp();
        assert!(f.is_valid());
        assert_eq!([-4, -3, -2, 6, 7, 8].map(|y| f.at(y)), [-3, -3, -2, 6, 7, 7]);
        assert_eq!(f.range(i64::MIN, i64::MAX), [-3, 7]);
        assert_eq!(f.range(-1, 2), [-1, 2]);
        let parabola = Function { thresholds: vec![10], pieces: vec![Piece { square: 2, slope: -8, offset: 3 }, Piece::constant(0)] };
        assert_eq!(parabola.range(-1, 9), [-5, 2 * 81 - 72 + 3], "it turns at 2");
        assert_eq!(parabola.range(i64::MIN, 9)[1], i128::MAX, "beyond what 128 bits hold");
    }

    #[test]
    fn a_clamp_selects_the_middle_and_the_top() {
        let (base, terms) = clamp().terms();
        assert_eq!(base, Piece::constant(-3));
        let term = |thresholds: &[usize], piece| Term { thresholds: thresholds.to_vec(), turned: false, piece };
        assert_eq!(terms, [term(&[0, 1], Piece::line(1, 3)), term(&[1], Piece::constant(10))]);
    }

    #[test]
    fn pieces_that_are_alike_share_a_bit() {
        // y outside, 0 inside
        let shrink = Function { thresholds: vec![-5, 6], pieces: vec![Piece::line(1, 0), Piece::constant(0), Piece::line(1, 0)] };
        let (base, terms) = shrink.terms();
        assert_eq!((base, terms.len()), (Piece::line(1, 0), 1));
        assert_eq!(terms[0], Term { thresholds: vec![0, 1], turned: false, piece: Piece::line(-1, 0) });
        // a leak: one slope everywhere, and what the other adds
        let leak = Function { thresholds: vec![0], pieces: vec![Piece::line(1, 0), Piece::line(100, 0)] };
        assert_eq!(leak.terms().1, [Term { thresholds: vec![0], turned: false, piece: Piece::line(99, 0) }]);
    }

    #[test]
    fn a_sum_of_terms_is_the_function() {
        let steps = Function {
            thresholds: vec![-9, -2, 0, 4, 5],
            pieces: vec![
                Piece::constant(3),
                Piece::line(2, 1),
                Piece::constant(3),
                Piece { square: 1, slope: 0, offset: 0 },
                Piece::line(2, 1),
                Piece::constant(-8),
            ],
        };
        let (base, terms) = steps.terms();
        for y in -20..20 {
            let bit = |t: &Term| t.thresholds.iter().fold(t.turned, |bit, j| bit ^ (y >= steps.thresholds[*j]));
            let sum = terms.iter().filter(|t| bit(t)).fold(base.at(y), |sum, t| sum + t.piece.at(y));
            assert_eq!(sum, steps.at(y), "at {y}");
        }
    }

    #[test]
    fn what_is_no_function_is_not_valid() {
        let with = |thresholds: &[i64], pieces: usize| Function {
            thresholds: thresholds.to_vec(),
            pieces: (0..pieces).map(|k| Piece::constant(k as i64)).collect(),
        };
        assert!(with(&[1, 2], 3).is_valid() && with(&(0..64).collect::<Vec<_>>(), 65).is_valid());
        for bad in [with(&[], 1), with(&[1, 1], 3), with(&[2, 1], 3), with(&[1, 2], 2), with(&(0..65).collect::<Vec<_>>(), 66)] {
            assert!(!bad.is_valid(), "{bad:?}");
        }
        let mut same = with(&[1, 2], 3);
        same.pieces[1] = same.pieces[0];
        assert!(!same.is_valid());
    }
}
