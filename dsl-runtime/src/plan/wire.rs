//! A value is opened once for all products that read it, however it lies in memory for them and however they came by it.
//!
//! Opening commutes with moving elements: what two products read in two orders, or what one of them reads enlarged by repetition or a border of zeros, is opened as it was
//! computed, and the opened value is moved, mask and all ([`Kind::Move`] of a wire). So does truncation, up to its rounding. Sharing costs nothing: moves send nothing.
//!
//! A value of 8 channels of 6 by 6 that a convolution reads as it is and a matrix product after flattening is opened once, by 2,304 bytes of the party that does not keep the
//! weights, and not twice (`tests/passes.rs`).

use super::lower::Lower;
use super::step::{Kind, Step};
use super::{Opening, Stage, Value};

/// Brings moves back before openings and truncations that only one of them reads: there they are no more work, and the mask need not be moved.
pub(super) fn settle(steps: &mut [Step], stages: &[Stage]) {
    let mut readers = vec![vec![]; steps.len()];
    for (k, step) in steps.iter().enumerate() {
        step.inputs.iter().for_each(|i| readers[*i].push(k));
    }
    for k in 0..steps.len() {
        let ([from], [mover]) = (steps[k].inputs.as_slice(), readers[k].as_slice()) else { continue };
        let (from, mover) = (*from, *mover);
        let moves = matches!(steps[mover].kind, Kind::Move(_)) && steps[mover].inputs.len() == 1 && steps[mover].len == steps[k].len;
        if !moves || !matches!(steps[k].kind, Kind::Open(_) | Kind::Truncate { .. }) || stages.iter().any(|s| s.result.step == k) {
            continue;
        }
        let kind = steps[k].kind.clone();
        let moved = core::mem::replace(&mut steps[mover].kind, kind);
        // somebody may have moved the share already
        let before = readers[from].iter().copied().find(|other| *other < k && steps[*other].kind == moved);
        steps[k].kind = moved;
        steps[mover].inputs = vec![before.unwrap_or(k)];
        if let Some(before) = before {
            readers[before].push(mover);
            readers[k].clear();
        }
    }
}

/// The longest chain of moves between an opening and a product.
pub(super) const CHAIN: usize = 16;

/// The opening that step `k` is, or whose elements it moves.
pub(super) fn opening(steps: &[Step], k: usize) -> Option<Opening> {
    opening_within(steps, k, CHAIN)
}

/// The same, for at most so many moves.
pub(super) fn opening_within(steps: &[Step], k: usize, chain: usize) -> Option<Opening> {
    let mut k = k;
    for _ in 0..=chain {
        let step = steps.get(k)?;
        match (&step.kind, step.inputs.as_slice()) {
            (Kind::Open(opening), _) => return Some(*opening),
            (Kind::Move(_), [from]) if *from < k => k = *from,
            _ => return None,
        }
    }
    None
}

impl Lower<'_> {
    /// The step that opens the value of step `k`; `opening` says how, from the party that has it by itself and the one that keeps the weights.
    pub(super) fn opened_wire(&mut self, k: usize, stage: &str, opening: &dyn Fn(Option<usize>, Option<usize>) -> Opening) -> usize {
        let what = format!("open to {:?}", opening(self.holders[k], self.keeper).to);
        self.at_source(&what, k, stage, CHAIN, &mut |l, k| (Kind::Open(opening(l.holders[k], l.keeper)), l.steps[k].len))
    }

    /// The value divided by 2^t, of which m bits are opened.
    pub(super) fn truncated(&mut self, x: &Value, t: u32, m: u32, stage: &str) -> Value {
        let step = self.at_source("truncate", x.step, stage, CHAIN, &mut |l, k| (Kind::Truncate { t, m }, l.steps[k].len));
        Value { step, bits: self.s.fraction, ..x.clone() }
    }

    /// Does `what` to the value of step `k`, before and not after its elements were moved where that is no more work, or done already; once for all that ask.
    fn at_source(&mut self, what: &str, k: usize, stage: &str, chain: usize, make: &mut dyn FnMut(&Self, usize) -> (Kind, usize)) -> usize {
        if let (Kind::Move(copies), [from]) = (&self.steps[k].kind, self.steps[k].inputs.as_slice())
            && chain > 0
            && !self.made(what, k)
            && (self.steps[*from].len <= self.steps[k].len || self.made(what, *from))
        {
            let (kind, from, len) = (Kind::Move(copies.clone()), *from, self.steps[k].len);
            let source = self.at_source(what, from, stage, chain - 1, make);
            return self.once(&format!("{kind:?}"), kind, source, len, stage);
        }
        let (kind, len) = make(self, k);
        self.once(what, kind, k, len, stage)
    }

    /// Whether this was done to a step.
    fn made(&self, what: &str, k: usize) -> bool {
        self.memo.contains_key(&(what.to_owned(), k))
    }
}
