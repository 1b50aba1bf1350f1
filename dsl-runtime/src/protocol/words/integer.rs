//! Cosines, sines and exponentials by integer arithmetic alone: every machine has the same bits.
//!
//! Numbers are integers of 60 fraction bits, products of two are taken in 128 bits, and series run until nothing is left of their terms.

use std::sync::OnceLock;

/// Fraction bits on the way.
const ONE: u32 = 60;

/// 2 pi.
const TURN: i128 = 7_244_019_458_077_122_842;

/// ln 2.
const LN_2: i128 = 799_144_290_325_165_979;

/// Fraction bits of cosines and sines.
pub const BITS: u32 = 30;

/// Bits of an angle: it is a multiple of 2^-24 turns.
pub const ANGLE: u32 = 24;

/// Half of them: the entries of a table.
const HALF: u32 = ANGLE / 2;

/// Cosine and sine at [`BITS`] fraction bits, of all multiples of 2^-12 turns, and of all multiples of 2^-24 turns below that.
pub(super) struct Circle {
    high: Vec<[i32; 2]>,
    low: Vec<[i32; 2]>,
}

impl Circle {
    /// The tables, made when they are first asked for.
    pub(super) fn get() -> &'static Self {
        static CIRCLE: OnceLock<Circle> = OnceLock::new();
        CIRCLE.get_or_init(|| {
            let table = |step: u32| (0..1 << HALF).map(|k| cos_sin(k << step, ANGLE)).collect();
            Self { high: table(HALF), low: table(0) }
        })
    }

    /// Cosine and sine of an angle of [`ANGLE`] bits.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn at(&self, angle: u32) -> [i32; 2] {
        let [a, b] = [angle >> HALF, angle & ((1 << HALF) - 1)].map(|k| k as usize);
        turned(self.high[a % (1 << HALF)], self.low[b])
    }
}

/// One angle and another: the product of two complex numbers.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
pub(super) fn turned([c, s]: [i32; 2], [d, t]: [i32; 2]) -> [i32; 2] {
    let [c, s, d, t] = [c, s, d, t].map(i64::from);
    let half = 1 << (BITS - 1);
    [((c * d - s * t + half) >> BITS) as i32, ((c * t + s * d + half) >> BITS) as i32]
}

/// Cosine and sine of `k / 2^e` turns at [`BITS`] fraction bits.
fn cos_sin(k: u64, e: u32) -> [i32; 2] {
    let quarter = 1u64 << (e - 2);
    // what is left of a quarter of a turn
    let x = (i128::from(k % quarter) * TURN) >> e;
    let (mut sums, mut term) = ([0i128; 2], 1i128 << ONE);
    for n in 0..40 {
        let sign = if n / 2 % 2 == 0 { 1 } else { -1 };
        sums[n % 2] += sign * term;
        term = ((term * x) >> ONE) / (n as i128 + 1);
    }
    let [c, s] = sums.map(|v| rounded(v, ONE - BITS) as i32);
    match k / quarter % 4 {
        0 => [c, s],
        1 => [-s, c],
        2 => [-c, -s],
        _ => [s, -c],
    }
}

/// e^(k / unit) at `bits` fraction bits, of which there are so few that the result is below 2^60.
pub(super) fn exp(k: u64, unit: u64, bits: u32) -> i64 {
    let x = (i128::from(k) << ONE) / i128::from(unit.max(1));
    let (twos, x) = (x / LN_2, x % LN_2);
    let (mut sum, mut term) = (0i128, 1i128 << ONE);
    for n in 1..30 {
        sum += term;
        term = ((term * x) >> ONE) / n;
    }
    let down = i128::from(ONE) - i128::from(bits) - twos;
    rounded(sum, down.clamp(1, 120) as u32) as i64
}

/// Shifted right, to the nearest.
fn rounded(v: i128, shift: u32) -> i128 {
    (v + (1 << (shift - 1))) >> shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_right_all_around_the_circle() {
        let circle = Circle::get();
        let one = f64::from(1u32 << BITS);
        let mut worst = 0f64;
        for angle in (0..1u32 << ANGLE).step_by(997).chain([0, 1, 1 << 22, (1 << 22) - 1, 1 << 23, (3 << 22) + 1, (1 << 24) - 1]) {
            let (s, c) = (f64::from(angle) / f64::from(1u32 << ANGLE) * core::f64::consts::TAU).sin_cos();
            let [found_c, found_s] = circle.at(angle).map(f64::from);
            worst = worst.max((found_c - c * one).abs()).max((found_s - s * one).abs());
        }
        assert!(worst <= 2.0, "off by {worst} units of 2^-30");
        assert_eq!(circle.at(0), [1 << BITS, 0]);
        assert_eq!(circle.at(1 << 22), [0, 1 << BITS]);
    }

    #[test]
    fn exponentials_are_right_to_the_last_bit() {
        for unit in [1 << 16, 49 << 12, 3] {
            for k in [0, 1, 2, unit / 3, unit / 2, unit, unit * 7 + 1, unit * 16] {
                for bits in [8, 16, 22] {
                    let want = (k as f64 / unit as f64).exp() * f64::from(1u32 << bits);
                    let found = exp(k, unit, bits) as f64;
                    assert!((found - want).abs() <= 0.5 + want * 1e-14, "e^({k}/{unit}): {found}, not {want}");
                }
            }
        }
        // as other machines have them
        assert_eq!([exp(1, 1, 30), exp(5, 2, 22)], [2_918_732_889, 51_097_083]);
        assert_eq!(cos_sin(1, 3), [759_250_125, 759_250_125]);
    }
}
