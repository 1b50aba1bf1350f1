//! The softsign by straight lines.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `x / (1 + |x|)`, element by element, to within 2^-10; any shape. PyTorch: `nn.Softsign`.
///
/// 49 straight lines over all numbers, as far apart from the curve as they may be: a line over an interval of length h is off by at least h^2 f'' / 16, so a tolerance e
/// takes `integral of sqrt(f'' / 16 e)` = 1 / sqrt(2 e) = 22.6 lines a side at e = 2^-10, and slopes that are multiples of 2^-14 take 24 and one around 0. Those of the
/// other side follow by symmetry. The largest error is 0.98 units of 2^-10, and 0 maps to 0; of 400 values
/// from -500 to 500 in a private run at the default numbers it was 0.99 units.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 48 thresholds of one opening: 4 rounds and 946 bits (34 for the opening, 18 for each threshold, 1 for each piece but one), 8,559 bits of
/// corrections. The result has the scale of a product. Where a calibration says that values stay small, pieces that none reaches are left out.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Softsign;
/// use undertone_shape::Shape;
/// assert_eq!(Softsign.infer(&[Shape::new([20])]), Ok(Shape::new([20])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softsign;

/// The pieces from 0 on: where each begins, in units of 2^-8; its slope, of 2^-14; its offset, of 2^-24. Each is the longest line within 0.98 units of 2^-10 of the curve
/// from where the one before it ends, over all slopes.
const PIECES: [(u32, u32, u32); 25] = [
    (0, 15386, 0),
    (20, 12844, 204_276),
    (46, 10681, 606_213),
    (76, 8795, 1_182_942),
    (111, 7159, 1_911_755),
    (152, 5758, 2_765_501),
    (201, 4558, 3_730_448),
    (259, 3562, 4_763_269),
    (329, 2737, 5_849_494),
    (414, 2066, 6_961_509),
    (519, 1526, 8_083_390),
    (651, 1100, 9_193_372),
    (820, 769, 10_279_154),
    (1042, 518, 11_325_309),
    (1341, 335, 12_306_283),
    (1753, 205, 13_217_769),
    (2352, 117, 14_045_503),
    (3264, 61, 14_776_225),
    (4751, 28, 15_402_698),
    (7420, 11, 15_902_998),
    (12698, 4, 16_240_968),
    (22953, 1, 16_500_041),
    (53234, 0, 16_712_977),
    (88884, 0, 16_745_090),
    (267_016, 0, 16_769_181),
];

impl Softsign {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }

    /// The lines, of both sides.
    fn function() -> Piecewise {
        let line = |(_, slope, offset): (u32, u32, u32), sign: f64| {
            Polynomial::line(f64::from(slope) / f64::from(1u32 << 14), sign * f64::from(offset) / f64::from(1u32 << 24))
        };
        let at = |(start, _, _): (u32, u32, u32)| f64::from(start) / 256.0;
        // the piece around 0 has no offset, and so is its own reflection
        let outer = &PIECES[1..];
        let breaks = outer.iter().rev().map(|p| Break::After(-at(*p))).chain(outer.iter().map(|p| Break::From(at(*p))));
        let pieces = outer.iter().rev().map(|p| line(*p, -1.0)).chain(PIECES.iter().map(|p| line(*p, 1.0)));
        Piecewise { breaks: breaks.collect(), pieces: pieces.collect() }
    }
}

impl Layer for Softsign {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "softsign", e, x);
        }
        g.piecewise(x[0], Self::function())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_within_2_to_the_minus_10_of_the_curve_and_odd() {
        let f = Softsign::function();
        let mut worst = 0f64;
        // dense where the curve bends, then ever further apart, to where nothing but the last piece is left; and both sides of every break
        let dense = (0..200_000).map(|k| f64::from(k) / 10_000.0);
        let far = (0..100_000).map(|k| 20.0 * 1.0002f64.powi(k));
        let breaks = f.breaks.iter().flat_map(|b| [b.at().abs(), b.at().abs() - 1e-9]);
        for x in dense.chain(far.take_while(|x| *x < 1e9)).chain(breaks) {
            worst = worst.max((f.at(x) - x / (1.0 + x)).abs());
            assert!((f.at(x) + f.at(-x)).abs() < 1e-15, "at {x}: {} and {}", f.at(x), f.at(-x));
        }
        let unit = 1.0 / 1024.0;
        assert!((0.9 * unit..0.981 * unit).contains(&worst), "{} units", worst / unit);
        assert!(f.at(0.0).abs() < 1e-300 && f.infer(&[Shape::new([1])]).is_ok());
    }
}
