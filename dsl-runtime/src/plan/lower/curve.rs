//! Lowering of smooth functions.
//!
//! A smooth function reads its input as it is: a truncation is part of its opening, and the public factor of a mean part of its unit. Its value is at f fraction bits without a
//! factor, but where it is the input itself for some values, whose scale it then has. The logic of what is a constant where, and of how many words there are, is in
//! [`fit`](crate::plan::fit).

use super::super::Value;
use super::super::fit::{self, Fitted, Room, Scales};
use super::super::step::Kind;
use super::Lower;
use crate::graph::op::{Approx, Curve, Smooth};
use crate::graph::{Node, NodeId};
use crate::protocol::compact::Compact;
use crate::protocol::{Compare, PARTIES};

/// How many bits more than the fraction an angle of 1 has at least of the ring.
const TURN: u32 = 8;

impl Lower<'_> {
    /// A smooth function, element by element.
    pub(super) fn curve(&mut self, node: &Node, id: NodeId, curve: &Curve) -> Result<Value, String> {
        if curve.function == Smooth::Selu {
            let elu = Curve { function: Smooth::Elu { alpha: Smooth::SELU_ALPHA }, ..*curve };
            let x = self.curve(node, id, &elu)?;
            return Ok(self.multiplied(id, &x, &node.shape, &[Smooth::SELU_SCALE], &node.stage));
        }
        self.keeps(node.inputs[0], if let Approx::Within(most) = curve.approx { Some(most) } else { None })?;
        let mut x = self.fraction(node.inputs[0])?;
        let f = self.s.fraction;
        let turns = matches!(curve.function, Smooth::Sin | Smooth::Cos);
        let lost = |x: &Value| x.bits + x.factor.next_power_of_two().ilog2();
        // a turn is a public number, which must be precise
        if turns && lost(&x) + f + TURN > self.s.ring {
            x = self.at_fraction(node.inputs[0], &x, &node.stage);
            if x.factor != 1 {
                x = self.without_factor(node.inputs[0], &x, &self.graph.node(node.inputs[0]).shape, &node.stage);
            }
            if lost(&x) + f + TURN > self.s.ring {
                return Err(format!(
                    "a ring of {} bits has no turn of {f} fraction bits: a wider ring, or fewer fraction bits, leave room",
                    self.s.ring
                ));
            }
        }
        let most = |known: &super::Known<'_>| known.reached(id);
        let largest = self.known.map_or_else(|| (1u64 << (self.s.opened - 3 - f)) as f64, most);
        let room = Room { ring: self.s.ring, m: self.opened(node.inputs[0], &x), largest };
        let unit = |bits: u32, factor: u64| 1u64.checked_shl(bits).and_then(|one| one.checked_mul(factor)).filter(|u| *u < 1 << 62);
        // whatever a function may be itself has the scale of what it is a function of
        let (bits, factor) = (f, if fit::is_itself(curve.function) { x.factor } else { 1 });
        let scales = unit(if turns { x.bits } else { f }, x.factor).zip(unit(bits, factor));
        let (input, output) = scales.ok_or("its scale leaves no room")?;
        if curve.approx == Approx::Compact
            && let Some(function) = fit::compact(curve.function, Scales { input, output }, room)?
        {
            return self.repeated(&x, x.bits - f, function, room.m, bits, node.shape.numel(), &node.stage);
        }
        let fitted = fit::curve(curve.function, curve.approx, Scales { input, output }, room)?;
        let t = if turns { self.s.ring - fitted.m } else { x.bits - f };
        self.evaluated(&x, t, fitted, curve.approx == Approx::Quick, (bits, factor), node.shape.numel(), &node.stage)
    }

    /// The step of a function that repeats, of an opening of m bits; its value has so many fraction bits.
    #[allow(clippy::too_many_arguments, reason = "a step, its function, its scale and its place")]
    pub(super) fn repeated(
        &mut self,
        x: &Value,
        t: u32,
        function: Compact,
        m: u32,
        bits: u32,
        len: usize,
        stage: &str,
    ) -> Result<Value, String> {
        // a value may be as far below a threshold as the range is long
        let width = m + 1;
        let compare = fewer_levels(m, width);
        if !function.is_valid(self.s.ring, m) || m + t > self.s.ring || width > 64 {
            return Err("a function takes more bits than the ring has: fewer fraction bits, or a wider ring, leave room".into());
        }
        let step = self.push(Kind::Compact { t, compare, width, function, bits }, vec![x.step], len, stage);
        Ok(Value { step, bits, factor: 1, ..x.clone() })
    }

    /// The step of a curve; its value has so many fraction bits, and this factor.
    #[allow(clippy::too_many_arguments, reason = "a step, its function, its scale and its place")]
    pub(super) fn evaluated(
        &mut self,
        x: &Value,
        t: u32,
        fitted: Fitted,
        quick: bool,
        (bits, factor): (u32, u64),
        len: usize,
        stage: &str,
    ) -> Result<Value, String> {
        let Fitted { curve, m, reach } = fitted;
        let far = curve.thresholds.iter().map(|p| p.unsigned_abs()).max().unwrap_or(0);
        let limit = (1u64 << (m.clamp(2, 64) - 2)).saturating_sub(PARTIES as u64);
        // where every distance from a threshold fits the opening, so do the digits of the comparison
        let near = curve.thresholds.is_empty() || far == 0 || far.saturating_add(reach.unsigned_abs()) <= limit;
        let width = m + u32::from(!near);
        let (compare, width) = if curve.thresholds.is_empty() {
            (Compare::new(m), m)
        } else if quick {
            let compare = Compare { digit: 8, radix: 4, ..Compare::new(m) };
            // one bit less of range, if it saves a round
            let narrow = compare.opening(m).levels() < compare.opening(width).levels();
            (compare, if narrow { m } else { width })
        } else {
            (fewer_levels(m, width), width)
        };
        if !curve.is_valid(self.s.ring, t, m) || m + t > self.s.ring {
            return Err("a function takes more bits than the ring has: fewer fraction bits, or a wider ring, leave room".into());
        }
        let kind = Kind::Curve { t, compare, width, curve, bits, factor };
        let step = self.push(kind, vec![x.step], len, stage);
        Ok(Value { step, bits, factor, ..x.clone() })
    }
}

/// The usual comparison of m bits by digits that cover `width`, or of more digits at once where that saves a round.
fn fewer_levels(m: u32, width: u32) -> Compare {
    let usual = Compare::new(m);
    let more = Compare { radix: 4, ..usual };
    if more.opening(width).levels() < usual.opening(width).levels() { more } else { usual }
}
