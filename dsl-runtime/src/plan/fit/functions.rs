//! The functions: where their pieces begin, what is outside, how far they may be off.
//!
//! | function | words on | outside | allowed error of the words | largest error of a result |
//! |---|---|---|---|---|
//! | GELU | [-4, 4) | 0, x | 2^-12.9 | 2^-13.0 |
//! | SiLU, Mish, softplus, log sigmoid | [-11, 11), [-11, 5), [-9, 9) | 0, x | 2^-13 | 2^-12.4, 2^-11.1, 2^-12.9, 2^-12.8 |
//! | sigmoid, tanh, erf | [-9, 9), [-4.5, 4.5), [-2.75, 2.75) | constants | 2^-13 | 2^-13.0, 2^-12.0, 2^-13.3 |
//! | ELU | [-11.5, 0) at 16 fraction bits | -alpha, x | 2^-15 | 2^-15.4 |
//! | exponential | from where it is no unit to where it is the largest value | constants | 2^-15, or of the value | 2^-15.7 of the value |
//! | reciprocal, inverse square root, square root | from 2^-8, or from one unit | the value at the end | 2^-12 of the value, where that is more than 1 | 2^-12.7 of the value |
//! | logarithm | from 2^-8 | the value at the end | 2^-12 | 2^-12.7 |
//!
//! The last column is what the book's chapter on functions measures at the default setting, which is where its figures are kept. It is above the allowed one where what is taken outside
//! of the words is further away at their end: x of a SiLU at 11 (2^-12.4) and of a Mish at 5 (2^-11.1), 1 of a tanh at 4.5 (2^-12.0); otherwise rounding comes to it.
//!
//! Where the unit of the input is a power of two, the first three rows are Fourier extensions. Otherwise, as after the mean of 49 values, they are segments, as are the last two
//! rows always; exponentials need no power of two.

use super::fourier::{self, Fourier};
use super::real::{erf, exp, ln, sigmoid, softplus, tanh, two};
use super::segments::Target;
use super::{Scales, constant, exponential, joined, magnitude, opened, waves};
use crate::graph::op::{Approx, Smooth};
use crate::protocol::PARTIES;
use crate::protocol::curve::{Curve, Form};
use crate::protocol::words::Words;

/// What a plan has room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Bits of the ring.
    pub ring: u32,
    /// Bits that an opening of the input takes: it stays below 2^(m - 2).
    pub m: u32,
    /// The largest result that others have room for.
    pub largest: f64,
}

/// A curve, and the bits that its opening takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fitted {
    pub curve: Curve,
    pub m: u32,
    /// The largest magnitude of the integers that it is a function of.
    pub reach: i64,
}

/// The error that segments are allowed, and the one that exponentials are.
const TOLERANCE: f64 = 1.0 / 4096.0;
const FINER: f64 = 1.0 / 32768.0;

/// What takes over outside of the interval of words.
#[derive(Clone, Copy)]
enum Beyond {
    Value(f64),
    Line,
}

/// A function with words on one interval.
struct Bounded<'a> {
    fits: &'a [Fourier],
    /// Whether the fits are those of `-f(-x)`.
    mirrored: bool,
    function: &'a dyn Fn(f64) -> f64,
    below: Beyond,
    above: Beyond,
    base: f64,
}

/// A function as a curve, where values are below 2^(m - 2) in magnitude, or where a promise says.
///
/// # Errors
/// Says why there is none: the result has another scale than the input where it is the input itself, or words do not fit.
pub(crate) fn curve(function: Smooth, approx: Approx, scales: Scales, room: Room) -> Result<Fitted, String> {
    let whole = 1i64 << (room.m.clamp(2, 64) - 2);
    let reach = if let Approx::Within(most) = approx {
        whole.min(((most * scales.input as f64).ceil() as i64).saturating_add(PARTIES as i64))
    } else {
        whole
    };
    let bounded = |fits, f: &dyn Fn(f64) -> f64, below, above, base| {
        Bounded { fits, mirrored: false, function: f, below, above, base }.curve(scales, room, reach)
    };
    let zero = Beyond::Value(0.0);
    let curve = match function {
        Smooth::Gelu => bounded(fourier::GELU, &|x| x * (1.0 + erf(x * core::f64::consts::FRAC_1_SQRT_2)) / 2.0, zero, Beyond::Line, 0.0),
        Smooth::GeluTanh => {
            // sqrt(2 / pi)
            let slope = core::f64::consts::FRAC_2_SQRT_PI * core::f64::consts::FRAC_1_SQRT_2;
            bounded(fourier::GELU_TANH, &|x| x * (1.0 + tanh(slope * (x + 0.044_715 * x * x * x))) / 2.0, zero, Beyond::Line, 0.0)
        }
        Smooth::Silu => bounded(fourier::SILU, &|x| x * sigmoid(x), zero, Beyond::Line, 0.0),
        Smooth::Mish => bounded(fourier::MISH, &|x| x * tanh(softplus(x)), zero, Beyond::Line, 0.0),
        Smooth::Softplus => bounded(fourier::SOFTPLUS, &softplus, zero, Beyond::Line, 0.0),
        Smooth::LogSigmoid => {
            let f = |x: f64| -softplus(-x);
            Bounded { fits: fourier::SOFTPLUS, mirrored: true, function: &f, below: Beyond::Line, above: zero, base: 0.0 }
                .curve(scales, room, reach)
        }
        Smooth::Sigmoid => bounded(fourier::SIGMOID, &sigmoid, zero, Beyond::Value(1.0), 0.0),
        Smooth::Tanh => bounded(fourier::TANH, &tanh, Beyond::Value(-1.0), Beyond::Value(1.0), -1.0),
        Smooth::Erf => bounded(fourier::ERF, &erf, Beyond::Value(-1.0), Beyond::Value(1.0), -1.0),
        Smooth::Elu { alpha } => elu(alpha, scales, reach),
        Smooth::Selu => Err("SELU is an ELU times a number".into()),
        Smooth::Exp => exponents(scales, room, reach),
        Smooth::Sin | Smooth::Cos => return turn(function, scales, room),
        Smooth::Reciprocal => {
            // where it is two units, it may stay there
            let end = reach.min(scales.input(scales.output as f64 / 2.0));
            geometric(&|x| 1.0 / x, &mixed(&|x| 1.0 / x), [least(scales), end], scales, room, reach)
        }
        Smooth::InverseSqrt => {
            let f = |x: f64| 1.0 / x.sqrt();
            geometric(&f, &mixed(&f), [least(scales), reach], scales, room, reach)
        }
        Smooth::Sqrt => geometric(&f64::sqrt, &mixed(&f64::sqrt), [1, reach], scales, room, reach).map(|mut curve| {
            if let Some(first @ Form::Constant { .. }) = curve.pieces.first_mut() {
                *first = Form::Constant { value: 0, error: 0 };
            }
            curve
        }),
        Smooth::Log => geometric(&ln, &|_| TOLERANCE, [least(scales), reach], scales, room, reach),
    }?;
    Ok(Fitted { m: bits(&curve, reach, room.m), curve, reach })
}

/// Whether a function is its argument itself for some values, so that its value has the same scale.
pub(crate) const fn is_itself(function: Smooth) -> bool {
    matches!(
        function,
        Smooth::Gelu
            | Smooth::GeluTanh
            | Smooth::Silu
            | Smooth::Mish
            | Smooth::Softplus
            | Smooth::LogSigmoid
            | Smooth::Elu { .. }
            | Smooth::Selu
    )
}

/// `e^x` of numbers that are at most 0, from `low` on, below which it is 0, with an error of about `tolerance`.
///
/// # Errors
/// When words do not fit.
pub(crate) fn exponential_below(low: f64, tolerance: f64, scales: Scales, room: Room) -> Result<Fitted, String> {
    let reach = 1i64 << (room.m.clamp(2, 64) - 2);
    let lo = scales.input(low).max(-reach);
    let words = exponential([lo, 1], 1.0, tolerance, scales).ok_or_else(too_wide)?;
    let first = constant(0.0, exp(lo as f64 / scales.input as f64), scales);
    let curve = joined(first, vec![(lo, Form::Words(words))], 0, reach);
    Ok(Fitted { m: bits(&curve, reach, room.m), curve, reach })
}

/// `e^x` of numbers of at most this magnitude, with an error of about `tolerance`; nothing is compared.
///
/// # Errors
/// When words do not fit.
pub(crate) fn exponential_within(most: f64, tolerance: f64, scales: Scales, room: Room) -> Result<Fitted, String> {
    let reach = scales.input(most) + PARTIES as i64;
    let words = exponential([-reach, reach + 1], 1.0, tolerance, scales).ok_or_else(too_wide)?;
    let curve = Curve { by: 1, thresholds: vec![], pieces: vec![Form::Words(words)], base: 0 };
    Ok(Fitted { m: bits(&curve, reach, room.m), curve, reach })
}

/// A function of positive numbers from `low` to `high`, beyond which it stays at its values there, with an error of at most `tolerance` of a number.
///
/// # Errors
/// When words do not fit.
pub(crate) fn positive(
    function: &dyn Fn(f64) -> f64,
    tolerance: &dyn Fn(f64) -> f64,
    [low, high]: [f64; 2],
    scales: Scales,
    room: Room,
) -> Result<Fitted, String> {
    let reach = 1i64 << (room.m.clamp(2, 64) - 2);
    let ends = [scales.input(low), scales.input(high).min(reach)];
    let curve = geometric(function, tolerance, ends, scales, room, reach)?;
    Ok(Fitted { m: bits(&curve, reach, room.m), curve, reach })
}

/// The bits of an opening: as many as values need, or where nothing is compared, as words read; at least what words read.
fn bits(curve: &Curve, reach: i64, m: u32) -> u32 {
    let reads = curve.pieces.iter().map(|form| if let Form::Words(words) = form { words.reads() } else { 3 }).max().unwrap_or(3).max(3);
    if curve.thresholds.is_empty() { reads } else { m.min(opened(reach as f64)).max(reads) }
}

/// The tolerance of the value where that is more than 1.
fn mixed(f: &dyn Fn(f64) -> f64) -> impl Fn(f64) -> f64 {
    move |x| TOLERANCE * f(x).max(1.0)
}

/// The integer from which functions with a pole at 0 are computed.
fn least(scales: Scales) -> i64 {
    scales.input(Smooth::LEAST).max(1)
}

pub(super) fn too_wide() -> String {
    "its words do not fit 64 bits: fewer fraction bits, or a smaller range, leave more room".into()
}

impl Bounded<'_> {
    fn curve(&self, scales: Scales, room: Room, reach: i64) -> Result<Curve, String> {
        let most = |low: f64, high: f64| {
            let at = |k: u32| (self.function)(low + (high - low) * f64::from(k) / 256.0) - self.base;
            (0..=256).map(at).fold(0f64, |m, v| m.max(v.abs())) + 2.0 * TOLERANCE
        };
        let interval = |fit: &Fourier| if self.mirrored { [-fit.high, -fit.low] } else { [fit.low, fit.high] };
        let words = |fit: &Fourier| {
            let [low, high] = interval(fit);
            waves(fit, self.mirrored, self.base, most(low, high), scales).filter(|words| words.reads() <= room.ring)
        };
        let inside = |fit: &&Fourier| {
            let [low, high] = interval(fit);
            let slack = PARTIES as i64;
            scales.input(low) <= slack - reach && reach <= scales.input(high).saturating_add(slack)
        };
        let function = |x: f64| (self.function)(x) - self.base;
        let target = |lo: i64, hi: i64| Target { function: &function, tolerance: &|_| TOLERANCE, lo, hi, scales };
        // values that stay where one piece of words is right
        let whole = self.fits.iter().find(inside).and_then(words);
        let polynomial = if reach <= scales.input(16.0) { target(-reach, reach + 1).whole() } else { None };
        let cost = |words: &Words| words.count() as u32 * words.q();
        let alone = whole.into_iter().chain(polynomial).reduce(|best, next| if cost(&next) < cost(&best) { next } else { best });
        let base = scales.output(self.base);
        if let Some(words) = alone {
            return Ok(Curve { by: 1, thresholds: vec![], pieces: vec![Form::Words(words)], base });
        }
        let fit = self.fits.first().ok_or_else(too_wide)?;
        let [low, high] = interval(fit);
        let [lo, hi] = [low, high].map(|x| scales.input(x));
        let form = |beyond: Beyond, at: f64| match beyond {
            Beyond::Value(value) => Ok(constant(value, ((self.function)(at) - value).abs(), scales)),
            Beyond::Line if scales.input == scales.output => {
                Ok(Form::Line { error: magnitude(((self.function)(at) - at).abs() * scales.output as f64) })
            }
            Beyond::Line => Err("a result that is the value itself for some values has the scale of the value".to_owned()),
        };
        let middle = match words(fit) {
            Some(words) => vec![(lo, words)],
            None => target(lo.max(-reach), hi.min(reach)).segments(room.ring).ok_or_else(too_wide)?,
        };
        let mut pieces: Vec<(i64, Form)> = middle.into_iter().map(|(start, words)| (start, Form::Words(words))).collect();
        pieces.push((hi, form(self.above, high)?));
        Ok(joined(form(self.below, low)?, pieces, base, reach))
    }
}

/// `alpha (e^x - 1)` below 0 and x from there on.
fn elu(alpha: f64, scales: Scales, reach: i64) -> Result<Curve, String> {
    if scales.input != scales.output {
        return Err("a result that is the value itself for some values has the scale of the value".into());
    }
    let lo = scales.input(lowest(scales)).max(-reach);
    let words = exponential([lo, 0], alpha, FINER, scales).ok_or_else(too_wide)?;
    let first = constant(-alpha, (alpha * exp(lo as f64 / scales.input as f64)).abs(), scales);
    Ok(joined(first, vec![(lo, Form::Words(words)), (0, Form::Line { error: 0 })], scales.output(-alpha), reach))
}

/// Where an exponential is two thirds of a unit: -11.5 at 16 fraction bits.
fn lowest(scales: Scales) -> f64 {
    -ln(scales.output as f64) - 0.41
}

fn exponents(scales: Scales, room: Room, reach: i64) -> Result<Curve, String> {
    let lo = scales.input(lowest(scales)).max(-reach);
    let mut hi = scales.input(ln(room.largest).max(0.25)).min(reach);
    // as far as words fit
    let words = loop {
        if hi <= lo.max(0) {
            return Err(too_wide());
        }
        match exponential([lo, hi], 1.0, FINER, scales) {
            Some(words) => break words,
            None => hi -= scales.input(core::f64::consts::LN_2),
        }
    };
    let at = |y: i64| exp(y as f64 / scales.input as f64);
    Ok(joined(constant(0.0, at(lo), scales), vec![(lo, Form::Words(words)), (hi, constant(at(hi), 0.0, scales))], 0, reach))
}

/// A function of positive integers from `lo` to before `hi`, which stays at its values there beyond.
fn geometric(
    function: &dyn Fn(f64) -> f64,
    tolerance: &dyn Fn(f64) -> f64,
    [lo, hi]: [i64; 2],
    scales: Scales,
    room: Room,
    reach: i64,
) -> Result<Curve, String> {
    let at = |y: i64| function(y as f64 / scales.input as f64);
    let first = constant(at(lo), 0.0, scales);
    if hi <= lo {
        return Ok(joined(first, vec![], 0, reach));
    }
    let all = Target { function, tolerance, lo, hi, scales }.segments(room.ring).ok_or_else(too_wide)?;
    let mut pieces: Vec<(i64, Form)> = all.into_iter().map(|(start, words)| (start, Form::Words(words))).collect();
    pieces.push((hi, constant(at(hi), at(hi).abs(), scales)));
    Ok(joined(first, pieces, 0, reach))
}

/// Bits of an angle that is opened.
const ANGLE: u32 = 20;

/// A sine or cosine: the ring is a turn.
fn turn(function: Smooth, scales: Scales, room: Room) -> Result<Fitted, String> {
    const ONE: &[i32] = &[1 << fourier::BITS];
    let [cosines, sines]: [&[i32]; 2] = if function == Smooth::Sin { [&[0], ONE] } else { [ONE, &[0]] };
    let angle = Scales { input: 1 << ANGLE, ..scales };
    let fit = Fourier { low: 0.0, high: 1.0, period: 0, error: 1, mean: 0, cosines, sines };
    let words = waves(&fit, false, 0.0, 1.0 + TOLERANCE, angle).ok_or_else(too_wide)?;
    let by = two(room.ring as i32) / (core::f64::consts::TAU * scales.input as f64);
    let curve = Curve { by: by.round() as i64, thresholds: vec![], pieces: vec![Form::Words(words)], base: 0 };
    Ok(Fitted { curve, m: ANGLE, reach: i64::MAX })
}
