//! Smooth functions of one variable.

use undertone_shape::{Infer, Shape, ShapeError};

/// A smooth function, element by element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// The function.
    pub function: Smooth,
    /// Where and how a private run computes it.
    pub approx: Approx,
}

/// Where a private run computes a smooth function, and what it is frugal with. The twin computes the function itself, whatever is said here.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Approx {
    /// Right for every value that the plan can hold.
    #[default]
    Everywhere,
    /// In fewer rounds, with more correlated randomness from the dealer, and right for values up to half of the largest that the plan can hold: nearly all of it where the function
    /// changes near 0 only.
    Quick,
    /// Right for every value as well, to 2^-11 of the value or better, with about a quarter of the correlated randomness, in 6 or 7 rounds: reciprocals, square roots, their
    /// inverses and logarithms only, which are one polynomial from one power of 4 to the next.
    Compact,
    /// Right for values of at most this magnitude, which the description promises: nothing is compared. Beyond it the result is any number.
    Within(f64),
}

/// The smooth functions.
///
/// [`Reciprocal`](Self::Reciprocal), [`InverseSqrt`](Self::InverseSqrt) and [`Log`](Self::Log) have a pole or an end at 0. A private run computes them from [`LEAST`](Self::LEAST) on; what is
/// less acts as if it were that, in the twin as well, so that both agree. [`Sqrt`](Self::Sqrt) takes what is negative for 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smooth {
    /// `x / 2 (1 + erf(x / sqrt(2)))`.
    Gelu,
    /// `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
    GeluTanh,
    /// `x / (1 + e^-x)`.
    Silu,
    /// `x tanh(ln(1 + e^x))`.
    Mish,
    /// `ln(1 + e^x)`.
    Softplus,
    /// `-ln(1 + e^-x)`.
    LogSigmoid,
    /// x where it is positive, otherwise `alpha (e^x - 1)`.
    Elu {
        /// What the function tends to on the left, negated.
        alpha: f64,
    },
    /// [`Elu`](Self::Elu) with [`SELU_ALPHA`](Self::SELU_ALPHA), times [`SELU_SCALE`](Self::SELU_SCALE).
    Selu,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The error function.
    Erf,
    /// `e^x`.
    Exp,
    /// The sine of an angle in radians.
    Sin,
    /// The cosine of an angle in radians.
    Cos,
    /// `1 / x`.
    Reciprocal,
    /// The square root.
    Sqrt,
    /// `1 / sqrt(x)`.
    InverseSqrt,
    /// The natural logarithm.
    Log,
}

impl Curve {
    /// The shape of the result: that of the input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if let Smooth::Elu { alpha } = self.function
            && !alpha.is_finite()
        {
            return Err(ShapeError::required("alpha: a finite number"));
        }
        if let Approx::Within(most) = self.approx
            && !(most > 0.0 && most.is_finite())
        {
            return Err(ShapeError::required("approx: Within a positive number"));
        }
        if matches!(self.approx, Approx::Compact) && !self.function.repeats() {
            return Err(ShapeError::required("approx: Compact for reciprocals, square roots, their inverses and logarithms only"));
        }
        Ok(x)
    }
}

impl Smooth {
    /// The factor of SELU.
    pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

    /// The alpha of SELU.
    pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

    /// Where reciprocals and logarithms begin, 2^-8.
    pub const LEAST: f64 = 1.0 / 256.0;

    /// The least value that the function is computed of, where there is one: what is less acts as this.
    pub const fn least(self) -> Option<f64> {
        match self {
            Self::Reciprocal | Self::InverseSqrt | Self::Log => Some(Self::LEAST),
            Self::Sqrt => Some(0.0),
            _ => None,
        }
    }

    /// Whether the function at 4 x is that at x times a power of two, or plus a number.
    pub const fn repeats(self) -> bool {
        matches!(self, Self::Reciprocal | Self::Sqrt | Self::InverseSqrt | Self::Log)
    }

    /// The function itself at x, to 12 digits; not a number where it is not defined.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Gelu => 0.5 * x * (1.0 + erf(x * core::f64::consts::FRAC_1_SQRT_2)),
            Self::GeluTanh => 0.5 * x * (1.0 + ((2.0 / core::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x)).tanh()),
            Self::Silu => x * sigmoid(x),
            Self::Mish => x * softplus(x).tanh(),
            Self::Softplus => softplus(x),
            Self::LogSigmoid => -softplus(-x),
            Self::Elu { alpha } => elu(x, alpha),
            Self::Selu => Self::SELU_SCALE * elu(x, Self::SELU_ALPHA),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Erf => erf(x),
            Self::Exp => x.exp(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Reciprocal => x.recip(),
            Self::Sqrt => x.sqrt(),
            Self::InverseSqrt => x.sqrt().recip(),
            Self::Log => x.ln(),
        }
    }

    /// What twin and private run compute of x: the function at x, or at [`least`](Self::least) where x is less.
    pub fn held(self, x: f64) -> f64 {
        self.at(self.least().map_or(x, |least| x.max(least)))
    }

    /// Bounds of all values for x from `low` to `high`, which may be infinite.
    pub fn range(self, low: f64, high: f64) -> [f64; 2] {
        // beyond every float that a value can be, and within those whose products are none of infinity and 0
        const FAR: f64 = 1e300;
        let [low, high] = [low, high].map(|v| v.clamp(-FAR, FAR));
        // where the function turns; ends of pieces are among them
        let turns: &[f64] = match self {
            Self::Sin | Self::Cos => return [-1.0, 1.0],
            Self::Gelu => &[-0.751_791_507_343_480_7],
            Self::GeluTanh => &[-0.752_461_429_264_481_8],
            Self::Silu => &[-1.278_464_524_499_118],
            Self::Mish => &[-1.192_431_183_341_608_1],
            Self::Elu { .. } => &[0.0],
            _ => &[],
        };
        let all = turns.iter().copied().filter(|t| (low..=high).contains(t)).chain([low, high]).map(|x| self.held(x));
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], v| [least.min(v), most.max(v)])
    }

    /// The function's name, for listings and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_tanh",
            Self::Silu => "silu",
            Self::Mish => "mish",
            Self::Softplus => "softplus",
            Self::LogSigmoid => "log_sigmoid",
            Self::Elu { .. } => "elu",
            Self::Selu => "selu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
            Self::Exp => "exp",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Reciprocal => "reciprocal",
            Self::Sqrt => "sqrt",
            Self::InverseSqrt => "inverse_sqrt",
            Self::Log => "log",
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    ((-x).exp() + 1.0).recip()
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn elu(x: f64, alpha: f64) -> f64 {
    if x > 0.0 { x } else { alpha * x.exp_m1() }
}

/// The error function by its series with terms of one sign, `2 / sqrt(pi) e^(-x^2) sum of 2^n x^(2n + 1) / (1 3 5 .. (2n + 1))` (Abramowitz and Stegun, 7.1.6): nothing cancels.
fn erf(x: f64) -> f64 {
    // 1 - erf(6) is below 2^-55
    if x.abs() >= 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > sum.abs() * 1e-17 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    (core::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Smooth; 19] = [
        Smooth::Gelu,
        Smooth::GeluTanh,
        Smooth::Silu,
        Smooth::Mish,
        Smooth::Softplus,
        Smooth::LogSigmoid,
        Smooth::Elu { alpha: 1.0 },
        Smooth::Elu { alpha: -0.5 },
        Smooth::Selu,
        Smooth::Sigmoid,
        Smooth::Tanh,
        Smooth::Erf,
        Smooth::Exp,
        Smooth::Sin,
        Smooth::Cos,
        Smooth::Reciprocal,
        Smooth::Sqrt,
        Smooth::InverseSqrt,
        Smooth::Log,
    ];

    #[test]
    fn values_are_right_to_12_digits() {
        for (function, x, value) in [
            (Smooth::Erf, 0.1, 0.112_462_916_018_284_89),
            (Smooth::Erf, 1.0, 0.842_700_792_949_714_9),
            (Smooth::Erf, -2.5, -0.999_593_047_982_555),
            (Smooth::Erf, 4.0, 0.999_999_984_582_742_1),
            (Smooth::Erf, 7.0, 1.0),
            (Smooth::Gelu, 1.0, 0.841_344_746_068_542_9),
            (Smooth::Gelu, -3.0, -0.004_049_694_094_890_29),
            (Smooth::GeluTanh, 1.0, 0.841_191_990_608_276_5),
            (Smooth::Mish, 1.0, 0.865_098_388_267_310_3),
            (Smooth::Silu, -2.0, -0.238_405_844_044_234_96),
            (Smooth::Softplus, -30.0, 9.357_622_968_839_737e-14),
            (Smooth::Softplus, 800.0, 800.0),
            (Smooth::LogSigmoid, -800.0, -800.0),
            (Smooth::Elu { alpha: 2.0 }, -1.0, -1.264_241_117_657_115_3),
            (Smooth::Selu, -1.0, -1.111_330_737_812_562_8),
            (Smooth::InverseSqrt, 16.0, 0.25),
        ] {
            let found = function.at(x);
            assert!((found - value).abs() <= 1e-12 * value.abs().max(1e-9), "{function:?} at {x}: {found} against {value}");
        }
    }

    #[test]
    fn ranges_hold_every_value_and_are_reached() {
        for function in ALL {
            for (low, high) in [(-40.0, 40.0), (-3.0, -0.5), (-0.6, 0.7), (0.01, 5.0), (2.0, 9.0)] {
                let [least, most] = function.range(low, high);
                let all = (0..=10_000).map(|k| function.held(low + (high - low) * f64::from(k) / 10_000.0));
                let [found_least, found_most] = all.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)]);
                assert!(
                    least <= found_least && most >= found_most,
                    "{function:?} from {low} to {high}: {least} to {most}, {found_least}, {found_most}"
                );
                if !matches!(function, Smooth::Sin | Smooth::Cos) {
                    let slack = 1e-3 * (found_most - found_least);
                    assert!(
                        found_least - least <= slack && most - found_most <= slack,
                        "{function:?} from {low} to {high} is wider than it has to be"
                    );
                }
            }
            let [least, most] = function.range(f64::NEG_INFINITY, f64::INFINITY);
            assert!(!least.is_nan() && !most.is_nan() && least < most, "{function:?}: {least} to {most}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let x = [Shape::new([3])];
        let curve = |function, approx| Curve { function, approx };
        assert_eq!(curve(Smooth::Gelu, Approx::Within(4.0)).infer(&x), Ok(x[0]));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(curve(Smooth::Gelu, Approx::Within(bad)).infer(&x).is_err(), "{bad}");
        }
        for function in ALL {
            assert_eq!(curve(function, Approx::Compact).infer(&x).is_ok(), function.repeats(), "{function:?}");
        }
        assert!(curve(Smooth::Elu { alpha: f64::NAN }, Approx::Everywhere).infer(&x).is_err());
        assert!(curve(Smooth::Exp, Approx::Everywhere).infer(&[]).is_err());
    }
}
