//! The dealer: correlated randomness for any plan. It sees plans and batch sizes, never a share.
//!
//! `deal` computes the corrections of a plan, piece by piece, in memory that does not grow with the batch. A [`service`](serve) answers the parties' requests
//! over a transport, one tape ahead of them; a [`Server`] listens for parties and serves every group that comes. [`tapes`](crate::tapes) are dealt to disk.

mod ahead;
mod pieces;
mod queue;
mod server;
mod service;
#[cfg(test)]
mod tests;

pub use server::Server;
pub use service::{AHEAD, Limits, serve, serve_limited};
pub(crate) use service::{serve_until, serve_with};

use crate::plan::{Kind, Opening, Plan};
use crate::protocol::linear::weight_mask;
use crate::protocol::open::Mask;
use crate::protocol::product::Dealt;
use crate::protocol::{Dealing, open};
use pieces::{Pieces, Receiver};
use undertone_ring::Word;
use undertone_ring::conv::{PackedWeights, Scratch};
use undertone_ring::prg::Prg;
use zeroize::Zeroizing;

/// The masks of a set of weights, packed for the kernels: what the dealer keeps of it.
pub(crate) enum WeightMasks {
    /// In a ring of 32 bits.
    Narrow(Masks<u32>),
    /// In any other ring.
    Wide(Masks<u64>),
}

/// The masks, one a weight.
pub(crate) struct Masks<W: Word>(Vec<PackedWeights<W>>);

impl WeightMasks {
    /// The masks under these keys, one a party.
    pub(crate) fn new(plan: &Plan, keys: &[Prg]) -> Self {
        if plan.settings.is_narrow() { Self::Narrow(Masks::new(plan, keys)) } else { Self::Wide(Masks::new(plan, keys)) }
    }
}

impl<W: Word> Masks<W> {
    fn new(plan: &Plan, keys: &[Prg]) -> Self {
        let geometries = plan.geometries();
        let masks = geometries.iter().enumerate().map(|(index, geometry)| {
            let mut sum = Zeroizing::new(vec![W::from_u64(0); geometry.weights()]);
            // weights that a party keeps are masked by its key alone
            for key in keys.iter().enumerate().filter(|(party, _)| plan.keeper().is_none_or(|keeper| keeper == *party)).map(|(_, key)| key)
            {
                let mask: Zeroizing<Vec<W>> = Zeroizing::new(weight_mask(key, index as u32, sum.len()));
                sum.iter_mut().zip(mask.iter()).for_each(|(s, m)| *s = s.add(*m));
            }
            PackedWeights::new_in(plan.settings.ring, geometry, &sum)
        });
        Self(masks.collect())
    }
}

/// What the dealer keeps of an opened wire until its last reader.
enum Wire<W> {
    /// One step reads it, and makes the mask as it goes.
    Made(Opening),
    /// Several steps read it.
    Held {
        /// The mask.
        all: Vec<W>,
        /// The same without the part of the party that keeps the weights to itself, whose products need none, if it masks the wire and they read it.
        others: Option<Vec<W>>,
    },
}

impl<W> Wire<W> {
    /// The mask of the wire that `step` opens: all of it, or `apart` from the part of the party that keeps the weights to itself. `sends` says the same of a mask that is made
    /// when it is needed.
    fn mask<'a>(&'a self, step: usize, sends: &'a dyn Fn(usize) -> bool, apart: bool) -> Mask<'a, W> {
        match self {
            Self::Made(_) => Mask::Made { step: step as u32, sends },
            Self::Held { all, others } => Mask::Held(others.as_ref().filter(|_| apart).unwrap_or(all)),
        }
    }
}

/// Computes the corrections of a run of `batch` samples and hands them on in pieces of at most [`PIECE`](crate::wire::PIECE) bytes, in order; no piece belongs to two
/// steps. The receiver says whether it wants more; so does the result.
///
/// Memory: a piece and some hundred kilobytes, and what the largest product needs of two samples; a wire that several products read, or whose elements move, is held for the whole batch, and so
/// are the masks of one level of an arg max.
pub(crate) fn deal(plan: &Plan, weights: &WeightMasks, keys: &[Prg], batch: usize, receiver: impl Receiver) -> bool {
    match weights {
        WeightMasks::Narrow(weights) => deal_in(plan, weights, keys, batch, receiver),
        WeightMasks::Wide(weights) => deal_in(plan, weights, keys, batch, receiver),
    }
}

fn deal_in<W: Word>(plan: &Plan, weights: &Masks<W>, keys: &[Prg], batch: usize, receiver: impl Receiver) -> bool {
    let (last_use, readers) = (plan.last_use(), plan.readers());
    // a wire whose elements move is needed as a whole
    let mut moved = vec![false; plan.steps.len()];
    let moves = plan.steps.iter().filter(|s| matches!(s.kind, Kind::Move(_)));
    moves.flat_map(|s| &s.inputs).for_each(|i| moved[*i] = true);
    let mut wires: Vec<Option<Wire<W>>> = plan.steps.iter().map(|_| None).collect();
    let (mut scratch, mut out) = (Scratch::new(), Pieces::new(receiver));
    for (k, step) in plan.steps.iter().enumerate() {
        let (mut d, id, len) = (Dealing::new(keys, &mut out), k as u32, batch * step.len);
        match &step.kind {
            Kind::Open(opening) if opening.is_sent() => {
                wires[k] = Some(match (readers[k], plan.keeper().filter(|keeper| opening.sends(*keeper))) {
                    (0 | 1, _) if !moved[k] => Wire::Made(*opening),
                    (_, None) => Wire::Held { all: open::dealt(&d, |party| opening.sends(party), id, len), others: None },
                    (_, Some(keeper)) => {
                        let (all, others) = open::dealt_apart(&d, |party| opening.sends(party), keeper, id, len);
                        Wire::Held { all, others: Some(others) }
                    }
                });
            }
            Kind::Move(copies) if plan.is_wire(k) => {
                if let (Some(Wire::Held { all, others }), [copy]) = (&wires[step.inputs[0]], copies.as_slice()) {
                    let moved = |mask: &Vec<W>| copy.whole(mask, plan.steps[step.inputs[0]].len, step.len, batch);
                    let (all, others) = (moved(all), others.as_ref().map(moved));
                    wires[k] = Some(Wire::Held { all, others });
                }
            }
            _ => {
                let wire = |operand: usize| wires[step.inputs[operand]].as_ref();
                let sends = |operand: usize| {
                    let opening = if let Some(Wire::Made(opening)) = wire(operand) { *opening } else { Opening::default() };
                    move |party: usize| opening.sends(party)
                };
                if let Some((linear, weight)) = plan.linear(step, batch) {
                    let (of, keeper) = (sends(0), plan.keeper());
                    let others = |party: usize| of(party) && Some(party) != keeper;
                    let mask = wire(0).map(|w| w.mask(step.inputs[0], &others, true));
                    if let Some(mask) = mask {
                        linear.deal(&mask, &weights.0[weight], &mut d, id, &mut scratch);
                    }
                } else if let Some((product, reads)) = plan.product(step, batch) {
                    if let (Some(x), Some(y)) = (wire(0), wire(1)) {
                        let (of_x, of_y) = (sends(0), sends(1));
                        let lens = [0, 1].map(|operand| plan.steps[step.inputs[operand]].len);
                        let read = |operand: usize| move |x: &[W]| reads.operand(operand, x, lens[operand]).into_owned();
                        let (read_x, read_y) = (read(0), read(1));
                        let x = Dealt { mask: x.mask(step.inputs[0], &of_x, false), len: lens[0], read: &read_x };
                        let y = Dealt { mask: y.mask(step.inputs[1], &of_y, false), len: lens[1], read: &read_y };
                        product.deal([&x, &y], &mut d, id, &mut scratch);
                    }
                } else if let Some(powers) = plan.powers(step, batch) {
                    if let Some(x) = wire(0) {
                        powers.deal(&x.mask(step.inputs[0], &sends(0), false), &mut d, id);
                    }
                } else if let Some(protocol) = plan.protocol::<W>(step, batch) {
                    protocol.deal(&mut d, id);
                }
            }
        }
        if !out.flush() {
            return false;
        }
        for input in &step.inputs {
            if last_use[*input] == k {
                wires[*input] = None;
            }
        }
    }
    true
}
