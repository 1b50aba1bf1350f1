//! Functions of floats by additions, multiplications, divisions and square roots alone. IEEE 754 says what these give to the last bit, so every endpoint that makes a plan for
//! itself finds the same numbers; logarithms and exponentials of the platform's library may differ by a unit.

/// 2^k, for k that floats have.
pub(crate) fn two(k: i32) -> f64 {
    f64::from_bits(((1023 + k.clamp(-1022, 1023)) as u64) << 52)
}

/// The smallest k with x <= 2^k, for positive numbers.
pub(crate) fn log2_above(x: f64) -> i32 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    (bits >> 52) as i32 - 1023 + i32::from(bits << 12 != 0)
}

/// e^x; its ends are those of powers of two.
pub(crate) fn exp(x: f64) -> f64 {
    // ln 2 in two parts: the first times a small integer is exact
    const HIGH: f64 = 0.693_147_180_369_123_8;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = x.clamp(-700.0, 700.0);
    let k = (x / core::f64::consts::LN_2).round();
    let x = x - k * HIGH - k * LOW;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..20 {
        term *= x / f64::from(n);
        sum += term;
    }
    sum * two(k as i32)
}

/// The natural logarithm of a positive number.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let mut k = (bits >> 52) as i32 - 1023;
    let mut m = f64::from_bits(bits & (u64::MAX >> 12) | 1023 << 52);
    if m > core::f64::consts::SQRT_2 {
        (m, k) = (m / 2.0, k + 1);
    }
    let s = (m - 1.0) / (m + 1.0);
    let (mut power, mut sum) = (s, 0.0);
    for n in 0..16 {
        sum += power / f64::from(2 * n + 1);
        power *= s * s;
    }
    2.0 * sum + f64::from(k) * core::f64::consts::LN_2
}

/// The cosine of an angle in [0, pi].
pub(super) fn cos(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 0..18 {
        sum += term;
        term *= -x * x / f64::from((2 * n + 1) * (2 * n + 2));
    }
    sum
}

/// `1 / (1 + e^-x)`.
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// `ln(1 + e^x)`.
pub(super) fn softplus(x: f64) -> f64 {
    let small = exp(-x.abs());
    // a logarithm near 1 would lose what is small
    let log = if small < two(-20) { small - small * small / 2.0 } else { ln(1.0 + small) };
    log + x.max(0.0)
}

/// The hyperbolic tangent.
pub(super) fn tanh(x: f64) -> f64 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// The error function: a series of terms of one sign.
pub(super) fn erf(x: f64) -> f64 {
    if x.abs() >= 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    core::f64::consts::FRAC_2_SQRT_PI * exp(-x * x) * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_those_of_the_library() {
        for k in -3000..=3000 {
            let x = f64::from(k) / 97.0;
            assert!((exp(x) - x.exp()).abs() <= 1e-14 * x.exp(), "e^{x}");
            assert!((tanh(x) - x.tanh()).abs() <= 1e-15, "tanh {x}");
            assert!((softplus(x) - (x.max(0.0) + (-x.abs()).exp().ln_1p())).abs() <= 1e-14, "softplus {x}");
            if x > 0.0 {
                for x in [x, x * 1e6, x * 1e-6] {
                    assert!((ln(x) - x.ln()).abs() <= 1e-14 * x.ln().abs().max(1.0), "ln {x}");
                }
            }
        }
        for (x, value) in [(0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (-2.5, -0.999_593_047_982_555), (7.0, 1.0)] {
            assert!((erf(x) - value).abs() < 1e-14, "erf {x}");
        }
        for k in 0..=20 {
            let x = core::f64::consts::PI * f64::from(k) / 20.0;
            assert!((cos(x) - x.cos()).abs() < 1e-14, "cos {x}");
        }
        assert_eq!([two(0), two(-3), two(20)].map(|v| (v * 8.0) as i64), [8, 1, 8 << 20]);
        assert_eq!([1.0, 1.5, 2.0, 0.25, 0.3].map(log2_above), [0, 1, 1, -2, -1]);
    }
}
