//! Functions of one variable that are polynomials between public breaks, and whether a value is above a public number.

use undertone_shape::{Infer, Shape, ShapeError};

/// A function of one variable, element by element: `pieces[j]` from `breaks[j - 1]` on and before `breaks[j]`. Breaks and coefficients are public.
#[derive(Clone, Debug, PartialEq)]
pub struct Piecewise {
    /// Where another piece begins, ascending, at least one and at most [`MOST`](Self::MOST).
    pub breaks: Vec<Break>,
    /// One piece more than there are breaks.
    pub pieces: Vec<Polynomial>,
}

/// Where a piece begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Break {
    /// At this number: it belongs to the piece.
    From(f64),
    /// After this number: it belongs to the piece before.
    After(f64),
}

/// `square x^2 + slope x + offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Polynomial {
    /// The factor of x^2.
    pub square: f64,
    /// The factor of x.
    pub slope: f64,
    /// What is added.
    pub offset: f64,
}

/// Whether a value is greater than a public number, element by element: 1 or 0, an integer, which later operations may move but not compute with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Above {
    /// The number; a value that equals it is not above.
    pub at: f64,
}

impl Piecewise {
    /// The most breaks of a function.
    pub const MOST: usize = 64;

    /// `low` below `low`, `high` above `high`, x in between.
    pub fn clamp(low: f64, high: f64) -> Self {
        let pieces = vec![Polynomial::constant(low), Polynomial::line(1.0, 0.0), Polynomial::constant(high)];
        Self { breaks: vec![Break::After(low), Break::From(high)], pieces }
    }

    /// The shape of the input.
    pub fn infer(&self, x: &[Shape]) -> Infer {
        if !self.ascends() || self.breaks.is_empty() || self.breaks.len() > Self::MOST {
            return Err(ShapeError::field("breaks", self.breaks.len(), "1 to 64 finite numbers that ascend"));
        }
        let finite = |p: &Polynomial| [p.square, p.slope, p.offset].iter().all(|v| v.is_finite());
        if self.pieces.len() != self.breaks.len() + 1 || !self.pieces.iter().all(finite) {
            return Err(ShapeError::field("pieces", self.pieces.len(), "one more than breaks, all of finite numbers"));
        }
        super::one(x)
    }

    fn ascends(&self) -> bool {
        let place = |b: &Break| (b.at(), matches!(b, Break::After(_)));
        self.breaks.iter().all(|b| b.at().is_finite()) && self.breaks.is_sorted_by(|a, b| place(a) < place(b))
    }

    /// The number of the piece that holds at x.
    pub fn piece(&self, x: f64) -> usize {
        self.breaks.partition_point(|b| match b {
            Break::From(at) => x >= *at,
            Break::After(at) => x > *at,
        })
    }

    /// The value at x.
    pub fn at(&self, x: f64) -> f64 {
        self.pieces.get(self.piece(x)).map_or(f64::NAN, |p| p.at(x))
    }

    /// Bounds of all values for x from `low` to `high`, which may be infinite.
    pub fn range(&self, low: f64, high: f64) -> [f64; 2] {
        let mut range = [f64::INFINITY, f64::NEG_INFINITY];
        let ends = |j: usize| self.breaks.get(j).map(|b| b.at());
        for (j, piece) in self.pieces.iter().enumerate() {
            let start = j.checked_sub(1).and_then(ends).unwrap_or(f64::NEG_INFINITY).max(low);
            let end = ends(j).unwrap_or(f64::INFINITY).min(high);
            if start > end {
                continue;
            }
            let turn = -piece.slope / (2.0 * piece.square);
            let turn = if turn.is_finite() { turn.clamp(start, end) } else { start };
            for value in [start, end, turn].map(|x| piece.at(x)) {
                range = [range[0].min(value), range[1].max(value)];
            }
        }
        range
    }
}

impl Break {
    /// The number.
    pub const fn at(self) -> f64 {
        match self {
            Self::From(at) | Self::After(at) => at,
        }
    }
}

impl Polynomial {
    /// The same value everywhere.
    pub const fn constant(offset: f64) -> Self {
        Self { square: 0.0, slope: 0.0, offset }
    }

    /// A straight line.
    pub const fn line(slope: f64, offset: f64) -> Self {
        Self { square: 0.0, slope, offset }
    }

    /// The value at x; terms without a factor are left out, so x may be infinite.
    pub fn at(self, x: f64) -> f64 {
        let term = |factor: f64, x: f64| if factor == 0.0 { 0.0 } else { factor * x };
        term(self.square, x * x) + term(self.slope, x) + self.offset
    }
}

impl Above {
    /// The shape of the input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !self.at.is_finite() {
            return Err(ShapeError::required("at: a finite number"));
        }
        match *x {
            [x] => Ok(x),
            _ => Err(ShapeError::arity(1, x.len())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "values that are exact in binary")]
mod tests {
    use super::*;

    #[test]
    fn a_break_belongs_to_the_side_that_it_says() {
        let sign =
            Piecewise { breaks: vec![Break::From(0.0), Break::After(0.0)], pieces: [-1.0, 0.0, 1.0].map(Polynomial::constant).to_vec() };
        assert_eq!([-2.0, -1e-300, 0.0, 1e-300, 7.0].map(|x| sign.at(x) as i32), [-1, -1, 0, 1, 1]);
        assert_eq!(sign.infer(&[Shape::new([3])]), Ok(Shape::new([3])));
        let mut wrong = sign.clone();
        wrong.breaks.reverse();
        assert!(wrong.infer(&[Shape::new([3])]).is_err());
        wrong.breaks = vec![Break::From(0.0), Break::From(0.0)];
        assert!(wrong.infer(&[Shape::new([3])]).is_err());
        wrong.breaks = vec![Break::From(0.0), Break::From(f64::NAN)];
        assert!(wrong.infer(&[Shape::new([3])]).is_err());
    }

    #[test]
    fn ranges_are_those_of_ends_and_turns() {
        let range = |f: &Piecewise, low: f64, high: f64| f.range(low, high).to_vec();
        let clamp = Piecewise::clamp(-1.0, 6.0);
        assert_eq!(range(&clamp, f64::NEG_INFINITY, f64::INFINITY), vec![-1.0, 6.0]);
        assert_eq!(range(&clamp, -0.5, 2.0), vec![-0.5, 2.0]);
        let swish = Piecewise {
            breaks: vec![Break::From(-3.0), Break::From(3.0)],
            pieces: vec![Polynomial::default(), Polynomial { square: 0.5, slope: 1.5, offset: 0.0 }, Polynomial::line(3.0, 0.0)],
        };
        assert_eq!(range(&swish, -9.0, 4.0), vec![-1.125, 12.0]);
        assert_eq!(range(&swish, f64::NEG_INFINITY, f64::INFINITY), vec![-1.125, f64::INFINITY]);
    }
}
