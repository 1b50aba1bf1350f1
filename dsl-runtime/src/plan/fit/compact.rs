//! Functions that repeat from one power of 4 to the next, as data of a plan: where intervals begin, their shifts and scales, and the polynomial that all of them share.
//!
//! With values below 2^(m-2), interval j of J begins at 2^(m - 2 - 2 (J - j)), and the first one where the domain does. So y 2^(2 (J - 1 - j)) lies in [2^(m-4), 2^(m-2)), whatever
//! its unit is, and the polynomial is that of one interval, on which the scale is the smallest: 1, or 0 where it is added. That of the others is a power of two: of the
//! reciprocal 4^k, of roots 2^k.
//!
//! The result at one fraction is the product divided by 2^T, and all bits above must fit 64 together with T. A polynomial that is more precise has more of them, so the tolerance
//! is the least of a few that fits.

use super::real::{ln, two};
use super::segments::Target;
use super::{Room, Scales, magnitude, opened};
use crate::graph::op::Smooth;
use crate::protocol::compact::{Below, Compact, Interval};
use crate::protocol::words::Words;

/// The least error of a polynomial that is asked for, relative to the smallest value of its interval; for logarithms the error itself.
const TOLERANCE: f64 = 1.0 / 2896.0;

/// Tolerances that are tried, each the root of 2 times the one before.
const TRIES: u32 = 14;

/// A value that may as well be 0.
const NOTHING: f64 = 1.0 / 4096.0;

/// Bits of the places on the polynomial, from 1 to before 4, behind the point.
const PLACES: u32 = 18;

/// How far a place may be from that of the exact value, because shares are rounded.
const SLACK: i64 = 8;

/// Fraction bits of a unit of the result that a scale has which is added.
const ADDED: u32 = 4;

/// How a function at 4 x follows from that at x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    /// Times 2 to this.
    Times(i32),
    /// Plus ln 4.
    Plus,
}

/// A function of positive numbers that is computed so.
struct Source<'a> {
    function: &'a dyn Fn(f64) -> f64,
    law: Law,
    /// The first integer of the domain.
    least: i64,
    /// Whether what is below it is 0; otherwise it is as the first integer.
    ends: bool,
    scales: Scales,
    room: Room,
}

/// A function in this way, of integers below 2^(m - 2); `None` where all values are below the domain, or at its beginning.
///
/// # Errors
/// When words do not fit.
pub(crate) fn compact(function: Smooth, scales: Scales, room: Room) -> Result<Option<Compact>, String> {
    let least = scales.input(Smooth::LEAST).max(1);
    let (function, law, least, ends): (&dyn Fn(f64) -> f64, _, _, _) = match function {
        Smooth::Reciprocal => (&|x| 1.0 / x, Law::Times(-2), least, false),
        Smooth::InverseSqrt => (&|x| 1.0 / x.sqrt(), Law::Times(-1), least, false),
        Smooth::Sqrt => (&f64::sqrt, Law::Times(1), 1, true),
        Smooth::Log => (&ln, Law::Plus, least, false),
        _ => return Err(format!("`{}` does not repeat from one power of 4 to the next", function.name())),
    };
    let top = 1i64 << (room.m.clamp(2, 60) - 2);
    if top <= least || room.m < 8 {
        return Ok(None);
    }
    let source = Source { function, law, least, ends, scales, room };
    // a tolerance that is too small takes a degree that there is not, or more bits than there are
    let mut all = (0..TRIES).map(|k| TOLERANCE * two(k as i32 / 2) * if k % 2 == 0 { 1.0 } else { core::f64::consts::SQRT_2 });
    all.find_map(|tolerance| source.within(tolerance)).map(Some).ok_or_else(super::functions::too_wide)
}

impl Source<'_> {
    fn within(&self, tolerance: f64) -> Option<Compact> {
        let (m, unit) = (self.room.m, self.scales.output as f64);
        let starts = self.starts();
        let count = starts.len();
        let shift = |j: usize| 2 * (count - 1 - j) as u32;
        let at = |y: i64| (self.function)(y as f64 / self.scales.input as f64);
        // intervals on which there is nothing but 0, which are the last ones
        let nothing = NOTHING.max(0.5 / unit);
        let kept = starts.iter().filter(|y| self.law == Law::Plus || self.law == Law::Times(1) || at(**y) > nothing).count().max(1);
        // the one that has the polynomial
        let own = match self.law {
            Law::Times(power) => {
                if power < 0 {
                    kept - 1
                } else {
                    0
                }
            }
            Law::Plus => starts.iter().filter(|y| **y <= self.scales.input(1.0)).count().max(1) - 1,
        };
        let drop = (m - 4).saturating_sub(PLACES);
        let slack = if drop == 0 { 0 } else { SLACK };
        let [lo, hi] = [(1i64 << (m - 4 - drop)) - slack, (1i64 << (m - 2 - drop)) + slack];
        let down = self.scales.input as f64 * two(shift(own) as i32 - drop as i32);
        let function = |place: f64| (self.function)(place / down);
        let [first, last] = [lo, hi].map(|place| function(place as f64));
        let asked = if self.law == Law::Plus { tolerance } else { tolerance * first.abs().min(last.abs()) };
        let target = Target { function: &function, tolerance: &|_| asked, lo, hi, scales: Scales { input: 1, ..self.scales } };
        let (words, off) = target.whole_with_error()?;
        let most = [starts[0], 1 << (m - 2)].map(|y| at(y).abs()).into_iter().fold(0.0, f64::max);
        let words = Words { m: opened(most * unit * 1.01 + 1.0), ..words };
        if !(ADDED..=61).contains(&words.t) || words.q() > 64 {
            return None;
        }
        // the function between two places, at the end where it is steeper
        let steep = [lo, hi].map(|place| (function(place as f64 + 1.0) - function(place as f64)).abs()).into_iter().fold(0.0, f64::max);
        let scale = |j: usize| match self.law {
            Law::Times(_) if j >= kept => 0,
            Law::Times(power) => 1i64 << ((j as i32 - own as i32) * power),
            Law::Plus => {
                let apart = (j as f64 - own as f64) * 2.0 * core::f64::consts::LN_2;
                ((apart * unit * two(ADDED as i32)).round() as i64) << (words.t - ADDED)
            }
        };
        let size = |j: usize| if self.law == Law::Plus { 1.0 } else { scale(j) as f64 };
        let error =
            |j: usize| if j >= kept { magnitude(at(starts[j]) * unit) } else { magnitude((1.05 * off + steep) * unit * size(j) + 1.0) };
        let intervals: Vec<Interval> =
            (0..count).map(|j| Interval { from: starts[j], shift: shift(j), scale: scale(j), error: error(j) }).collect();
        let below = if self.ends {
            Below { place: 0, scale: 0, error: 0 }
        } else {
            // its low bits are not opened
            let place = (starts[0] << shift(0)) >> drop << drop;
            Below { place, scale: scale(0), error: error(0) }
        };
        let compact = Compact { intervals, below, drop, words, product: self.law != Law::Plus };
        compact.is_valid(self.room.ring, m).then_some(compact)
    }

    /// Where intervals begin: the last one ends at 2^(m - 2).
    fn starts(&self) -> Vec<i64> {
        let top = 1i64 << (self.room.m - 2);
        let count = (1..32).find(|k| top >> (2 * k).min(62) <= self.least).unwrap_or(31);
        let mut all: Vec<i64> = (0..count).map(|j| top >> (2 * (count - j)).min(62)).collect();
        all[0] = self.least;
        all
    }
}
