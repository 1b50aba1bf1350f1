//! Functions of an integer that are smooth between public thresholds, as data of a plan.

use super::super::piecewise::THRESHOLDS;
use super::super::words::{Family, Words};
use serde::{Deserialize, Serialize};

/// A function of an integer y, piece by piece: `pieces[j]` from `thresholds[j - 1]` on and below `thresholds[j]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Curve {
    /// What the shares are multiplied with before they are shifted and opened, mod 2^n: 1, but for functions with a period, whose turn becomes 2^n by it.
    pub by: i64,
    /// Where another piece begins, ascending; none where y is known to stay on the only piece, which is one of words then.
    pub thresholds: Vec<i64>,
    /// One piece more than there are thresholds.
    pub pieces: Vec<Form>,
    /// A value that costs nothing: pieces of words are the function less this.
    pub base: i64,
}

/// What a function is on a piece.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Form {
    /// The same value everywhere.
    Constant {
        /// The value.
        value: i64,
        /// How far the function is from it at most, in units.
        error: u64,
    },
    /// y itself.
    Line {
        /// How far the function is from it at most, in units.
        error: u64,
    },
    /// Public numbers times dealt words, without the base.
    Words(Words),
}

impl Curve {
    /// Whether thresholds ascend and are few and |p| <= 2^(m-2), there is a piece for each interval, and all can be computed from an opening of m bits, shifted by t, in a ring
    /// of n.
    pub fn is_valid(&self, n: u32, t: u32, m: u32) -> bool {
        let ascend = self.thresholds.is_sorted_by(|a, b| a < b);
        let limit = 1u64 << (m.clamp(2, 64) - 2);
        let pieces = self.pieces.iter().all(|form| match form {
            Form::Words(words) => words.is_valid(m, n),
            Form::Constant { .. } | Form::Line { .. } => true,
        });
        // a multiple wraps around the ring, and so must what is made of it around the opening
        let turns = |form: &Form| matches!(form, Form::Words(Words { family: Family::Waves(w), .. }) if w.e == m);
        ascend
            && self.thresholds.len() <= THRESHOLDS
            && self.thresholds.iter().all(|p| p.unsigned_abs() <= limit)
            && self.pieces.len() == self.thresholds.len() + 1
            && pieces
            && (!self.thresholds.is_empty() || matches!(self.pieces[..], [Form::Words(_)]))
            && (self.by == 1 || self.thresholds.is_empty() && m.checked_add(t) == Some(n) && self.pieces.iter().all(turns))
    }

    /// The number of the piece that holds at y.
    pub fn piece(&self, y: i64) -> usize {
        self.thresholds.partition_point(|p| *p <= y)
    }

    /// The nearest integer to the value at y, before anything rounds, and how far the function that is meant may be from it.
    pub fn at(&self, y: i64) -> (i64, u64) {
        match self.pieces.get(self.piece(y)) {
            Some(Form::Constant { value, error }) => (*value, *error),
            Some(Form::Line { error }) => (y, *error),
            Some(Form::Words(words)) => ((words.at(y) + self.base as f64).round() as i64, words.error),
            None => (self.base, 0),
        }
    }

    /// How far a private value at y may be from that of [`at`](Self::at) among so many parties.
    pub fn rounding(&self, y: i64, parties: usize) -> f64 {
        match self.pieces.get(self.piece(y)) {
            Some(Form::Words(words)) => words.rounding(y) + parties as f64 / 2.0 + 0.5,
            _ => 0.0,
        }
    }

    /// Whether y itself is the value somewhere.
    pub fn has_lines(&self) -> bool {
        self.pieces.iter().any(|form| matches!(form, Form::Line { .. }))
    }

    /// The largest magnitude of the values for |y| <= most, wherever it is found.
    pub fn most(&self, most: u128) -> u128 {
        let of = |form: &Form| match form {
            Form::Constant { value, .. } => u128::from(value.unsigned_abs()),
            Form::Line { .. } => most,
            Form::Words(words) => (1 << (words.m - 2)) + u128::from(self.base.unsigned_abs()),
        };
        self.pieces.iter().map(of).max().unwrap_or(0)
    }

    /// The fewest bits of a ring for the values of all pieces.
    pub fn bits(&self) -> u32 {
        self.pieces.iter().map(|form| if let Form::Words(words) = form { words.m } else { 0 }).max().unwrap_or(0)
    }

    /// Entries of the tables of public numbers that everybody makes, however many elements there are.
    pub fn entries(&self) -> usize {
        let of = |form: &Form| if let Form::Words(Words { family: Family::Exponential(e), .. }) = form { e.entries() } else { 0 };
        self.pieces.iter().map(of).sum()
    }

    /// Words that are dealt for an element.
    pub fn words(&self) -> usize {
        self.pieces.iter().map(|form| if let Form::Words(words) = form { words.count() } else { 0 }).sum()
    }
}
