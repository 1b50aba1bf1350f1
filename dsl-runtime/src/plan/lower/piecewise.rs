//! Functions of one variable as functions of integers: breaks become thresholds, coefficients integers at a scale that holds them.
//!
//! With x = v / U, U = 2^f F for the factor F that v carries, the value at the scale V = 2^(f + k) F G of `q x^2 + s x + c` is `(q V / U^2) v^2 + (s V / U) v + c V`. Slopes
//! are integers of V / U = 2^k G: at k = 0 where a small common factor G makes them all integers, such as 6 for the slope 1/6 of a hard sigmoid; that factor then stays
//! with the value, as the count of a mean does. Otherwise, and for squares, at k = f, as after a product, where slopes that are no multiples of 2^-f / G are rounded by up
//! to half a unit of 2^-f, around the middle of their piece. Offsets are rounded by up to half a unit of the result.
//!
//! A break is exact on integers: those at and above ceil(at U) belong to the next piece, or those above floor(at U). Pieces that no opened value reaches are left out.

use super::{LARGEST_FACTOR, Lower};
use crate::graph::Node;
use crate::graph::op::{self, Break};
use crate::plan::Value;
use crate::plan::step::Kind;
use crate::protocol::Compare;
use crate::protocol::piecewise::{Function, Piece};

/// The largest factor by which slopes are made integers: it takes that much from the range.
const FACTOR: u64 = 16;

/// The largest power of two that is such a factor where slopes have as many fraction bits as values.
const FINER: u64 = 64;

/// A function of integers, the fraction bits that it adds, and the factor.
#[derive(Clone, Debug, PartialEq)]
struct Encoded {
    function: Function,
    bits: u32,
    factor: u64,
}

impl Lower<'_> {
    /// A function that is a polynomial between breaks.
    pub(super) fn piecewise(&mut self, node: &Node, function: &op::Piecewise) -> Result<Value, String> {
        let x = self.fraction(node.inputs[0])?;
        let t = x.bits - self.s.fraction;
        let compare = Compare::new(self.opened(node.inputs[0], &x));
        let Encoded { function, bits, factor } = encode(function, self.s.fraction, x.factor, compare.m)?;
        let kind = Kind::Piecewise { t, compare, function, bits, factor };
        let step = self.push(kind, vec![x.step], node.shape.numel(), &node.stage);
        Ok(Value { step, bits: self.s.fraction + bits, factor: x.factor * factor, ..x })
    }

    /// Whether a value is greater than a number.
    pub(super) fn above(&mut self, node: &Node, at: f64) -> Result<Value, String> {
        let x = self.fraction(node.inputs[0])?;
        let t = x.bits - self.s.fraction;
        let compare = Compare::new(self.opened(node.inputs[0], &x));
        let threshold = threshold(Break::After(at), unit(self.s.fraction, x.factor)).clamp(-edge(compare.m), edge(compare.m));
        let step = self.push(Kind::Above { t, compare, threshold }, vec![x.step], node.shape.numel(), &node.stage);
        Ok(Value { step, bits: 0, factor: 1, integer: Some(1), ..x })
    }
}

/// The integer that stands for 1.
fn unit(fraction: u32, factor: u64) -> f64 {
    (1u64 << fraction) as f64 * factor as f64
}

/// Beyond the magnitude of whatever an opening of m bits holds.
fn edge(m: u32) -> i64 {
    1 << (m.clamp(2, 64) - 2)
}

/// The smallest integer of the piece that begins here. What is an integer but for the rounding of floats is one.
fn threshold(b: Break, unit: f64) -> i64 {
    let at = b.at() * unit;
    let whole = at.round();
    let at = if (at - whole).abs() <= at.abs() * f64::EPSILON * 4.0 { whole } else { at };
    // casts saturate
    match b {
        Break::From(_) => at.ceil() as i64,
        Break::After(_) => (at.floor() as i64).saturating_add(1),
    }
}

fn encode(f: &op::Piecewise, fraction: u32, factor: u64, m: u32) -> Result<Encoded, String> {
    let (bits, more) = scale(f, fraction, factor)?;
    let unit = unit(fraction, factor);
    let (ratio, one) = ((1u64 << bits) as f64 * more as f64, unit * (1u64 << bits) as f64 * more as f64);
    let limit = edge(m);
    let thresholds = f.breaks.iter().map(|b| threshold(*b, unit).clamp(-limit, limit)).collect();
    let mut all = Function { thresholds, pieces: vec![] };
    for (j, piece) in f.pieces.iter().enumerate() {
        let (slope, pivot) = (piece.slope * ratio, all.pivot(j) as f64);
        // what the slope loses by rounding is nothing at the pivot
        let offset = piece.offset * one + (slope - slope.round()) * pivot;
        all.pieces.push(Piece { square: whole(piece.square * one / unit / unit)?, slope: whole(slope)?, offset: whole(offset)? });
    }
    Ok(Encoded { function: reached(&all, limit), bits, factor: more })
}

/// Fraction bits and factor with which all coefficients are integers, or nearly so.
fn scale(f: &op::Piecewise, fraction: u32, factor: u64) -> Result<(u32, u64), String> {
    let is_whole = |v: f64| (v - v.round()).abs() <= v.abs() * f64::EPSILON * 4.0;
    let straight = |ratio: f64| f.pieces.iter().all(|p| is_whole(p.slope * ratio));
    let mut factors = (1..=FACTOR).filter(|g| factor.checked_mul(*g).is_some_and(|all| all <= LARGEST_FACTOR));
    let finer = (1u64 << fraction) as f64;
    if f.pieces.iter().all(|p| p.square == 0.0) {
        if let Some(g) = factors.find(|g| straight(*g as f64)) {
            return Ok((0, g));
        }
        let mut powers = (0..=FINER.ilog2()).map(|k| 1u64 << k).filter(|g| factor.saturating_mul(*g) <= LARGEST_FACTOR);
        return Ok((fraction, powers.find(|g| straight(finer * *g as f64)).unwrap_or(1)));
    }
    // q x^2 is a multiple of v^2 / (F U): the factor of the result has that of the input twice
    let squares = |g: u64| f.pieces.iter().all(|p| is_whole(p.square * g as f64 / factor as f64));
    let found =
        (1..=FACTOR).map(|g| g * factor).filter(|g| factor.checked_mul(*g).is_some_and(|all| all <= LARGEST_FACTOR)).find(|g| squares(*g));
    found.map(|g| (fraction, g)).ok_or_else(|| {
        format!(
            "the squares of a value that carries the factor {factor} of a mean, or coefficients of squares that no number up to {FACTOR} makes whole, leave too small a range"
        )
    })
}

/// The next integer.
fn whole(v: f64) -> Result<i64, String> {
    if v.abs() < (1u64 << 62) as f64 {
        Ok(v.round() as i64)
    } else {
        Err(format!("a coefficient of {v:e} units is too large for any ring"))
    }
}

/// The same function where values stay below `limit` in magnitude, without pieces that hold nowhere, or nothing new. One threshold stays, so that there is a function.
fn reached(f: &Function, limit: i64) -> Function {
    let mut all = Function { thresholds: vec![], pieces: f.pieces[..1].to_vec() };
    for (threshold, piece) in f.thresholds.iter().zip(&f.pieces[1..]) {
        if *threshold <= -limit || all.thresholds.last() == Some(threshold) {
            // the piece before it is never reached
            if let Some(last) = all.pieces.last_mut() {
                *last = *piece;
            }
        } else if *threshold < limit {
            all.thresholds.push(*threshold);
            all.pieces.push(*piece);
        }
    }
    // two pieces may have become alike
    let mut merged = Function { thresholds: vec![], pieces: all.pieces[..1].to_vec() };
    for (threshold, piece) in all.thresholds.iter().zip(&all.pieces[1..]) {
        if merged.pieces.last() != Some(piece) {
            merged.thresholds.push(*threshold);
            merged.pieces.push(*piece);
        }
    }
    if merged.thresholds.is_empty() {
        // one piece is all that is reached: another one begins where no value is
        let other = Piece { offset: merged.pieces[0].offset.wrapping_add(1), ..merged.pieces[0] };
        merged.thresholds.push(limit);
        merged.pieces.push(other);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::{Piecewise, Polynomial};

    const ONE: i64 = 1 << 16;

    fn encoded(f: &Piecewise, factor: u64) -> Encoded {
        let all = encode(f, 16, factor, 34).unwrap();
        assert!(all.function.is_valid(), "{all:?}");
        all
    }

    fn of(breaks: &[Break], pieces: &[Polynomial]) -> Piecewise {
        Piecewise { breaks: breaks.to_vec(), pieces: pieces.to_vec() }
    }

    #[test]
    fn a_clamp_stays_at_its_scale() {
        let all = encoded(&Piecewise::clamp(0.0, 6.0), 1);
        let pieces = vec![Piece::constant(0), Piece::line(1, 0), Piece::constant(6 * ONE)];
        // above 0 is from one unit on
        assert_eq!(all, Encoded { function: Function { thresholds: vec![1, 6 * ONE], pieces }, bits: 0, factor: 1 });
        // means of nine values: nine times as many units
        assert_eq!(encoded(&Piecewise::clamp(0.0, 6.0), 9).function.thresholds, [1, 54 * ONE]);
    }

    #[test]
    fn a_small_factor_makes_slopes_whole_and_others_are_rounded() {
        let sixth = of(
            &[Break::From(-3.0), Break::From(3.0)],
            &[Polynomial::constant(0.0), Polynomial::line(1.0 / 6.0, 0.5), Polynomial::constant(1.0)],
        );
        let all = encoded(&sixth, 1);
        assert_eq!((all.bits, all.factor), (0, 6));
        assert_eq!(all.function.pieces, [Piece::constant(0), Piece::line(1, 3 * ONE), Piece::constant(6 * ONE)]);
        let leak = of(&[Break::From(0.0)], &[Polynomial::line(0.01, 0.0), Polynomial::line(1.0, 0.0)]);
        let all = encoded(&leak, 1);
        assert_eq!((all.bits, all.factor), (16, 1));
        assert_eq!(all.function.pieces, [Piece::line(655, 0), Piece::line(ONE, 0)]);
        // multiples of 2^-10 are whole with a factor of 4 where there are 8 fraction bits only
        let fine = of(&[Break::From(0.0)], &[Polynomial::line(3.0 / 1024.0, 0.0), Polynomial::line(1.0, 0.0)]);
        let all = encode(&fine, 8, 1, 24).unwrap();
        assert_eq!((all.bits, all.factor, all.function.pieces[0]), (8, 4, Piece::line(3, 0)));
    }

    #[test]
    fn a_slope_that_is_rounded_is_right_in_the_middle_of_its_piece() {
        let f = of(
            &[Break::From(100.0), Break::From(300.0)],
            &[Polynomial::constant(0.0), Polynomial::line(0.0123, -1.0), Polynomial::constant(0.5)],
        );
        let all = encoded(&f, 1);
        let exact = (0.0123 * 200.0 - 1.0) * ONE as f64 * ONE as f64;
        assert!((all.function.at(200 * ONE) as f64 - exact).abs() <= 1.0, "{all:?}");
        assert_eq!(all.function.pivot(1), 200 * ONE);
    }

    #[test]
    fn squares_have_the_factor_of_what_is_squared_twice() {
        let swish = of(
            &[Break::From(-3.0), Break::From(3.0)],
            &[Polynomial::default(), Polynomial { square: 1.0 / 6.0, slope: 0.5, offset: 0.0 }, Polynomial::line(1.0, 0.0)],
        );
        let all = encoded(&swish, 1);
        assert_eq!((all.bits, all.factor), (16, 6));
        assert_eq!(all.function.pieces, [Piece::default(), Piece { square: 1, slope: 3 * ONE, offset: 0 }, Piece::line(6 * ONE, 0)]);
        let mean = encoded(&swish, 4);
        assert_eq!((mean.bits, mean.factor, mean.function.pieces[1]), (16, 24, Piece { square: 1, slope: 12 * ONE, offset: 0 }));
        for (x, factor, all) in [(1.5, 1.0, &all), (-2.25, 4.0, &mean), (2.5, 4.0, &mean), (7.0, 4.0, &mean)] {
            let (v, scale) = ((x * factor * ONE as f64) as i64, ONE as f64 * ONE as f64 * all.factor as f64 * factor);
            assert!((all.function.at(v) as f64 / scale - swish.at(x)).abs() < 1e-9, "at {x}");
        }
        assert!(encode(&swish, 16, 49, 34).unwrap_err().contains("the factor 49 of a mean"));
    }

    #[test]
    fn breaks_are_exact_on_integers() {
        for (b, unit, first) in [
            (Break::From(0.5), 8.0, 4),
            (Break::After(0.5), 8.0, 5),
            (Break::From(0.3), 8.0, 3),
            (Break::After(0.3), 8.0, 3),
            (Break::From(-0.3), 8.0, -2),
            (Break::After(-0.5), 8.0, -3),
            // 1/3 is no float, but a mean of three whole units
            (Break::From(1.0 / 3.0), 3.0, 1),
            (Break::After(1.0 / 3.0), 3.0, 2),
            (Break::After(f64::MAX), 8.0, i64::MAX),
            (Break::From(-f64::MAX), 8.0, i64::MIN),
        ] {
            assert_eq!(threshold(b, unit), first, "{b:?} of {unit}");
        }
    }

    #[test]
    fn pieces_that_no_value_reaches_are_left_out() {
        let f = of(
            &[Break::From(-1e9), Break::From(-2.0), Break::From(2.0), Break::From(1e9)],
            &[5.0, -1.0, 0.0, 1.0, 7.0].map(Polynomial::constant),
        );
        let all = encoded(&f, 1).function;
        assert_eq!(all.thresholds, [-2 * ONE, 2 * ONE]);
        assert_eq!(all.pieces, [-ONE, 0, ONE].map(Piece::constant));
        let far = encoded(&Piecewise::clamp(-1e9, 1e9), 1).function;
        assert_eq!((far.thresholds.len(), far.pieces[0]), (1, Piece::line(1, 0)));
        assert_eq!(far.thresholds, [1 << 32], "no opening of 34 bits is as large");
        // two breaks that fall together leave the later piece, and two pieces that became alike are one
        let near =
            of(&[Break::After(1.0), Break::From(1.0 + 1e-9), Break::From(2.0)], &[0.0, 9.0, 1.0, 1.0 + 1e-9].map(Polynomial::constant));
        let all = encoded(&near, 1).function;
        assert_eq!((all.thresholds, all.pieces), (vec![ONE + 1], vec![Piece::constant(0), Piece::constant(ONE)]));
        let beyond = of(&[Break::From(0.0)], &[Polynomial::line(1e300, 0.0), Polynomial::constant(0.0)]);
        assert!(encode(&beyond, 16, 1, 34).unwrap_err().contains("too large for any ring"));
    }
}
