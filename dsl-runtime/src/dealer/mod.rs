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
use crate::protocol::linear::{Mask, weight_mask};
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
    Held(Vec<W>),
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
                wires[k] = Some(match readers[k] {
                    0 | 1 if !moved[k] => Wire::Made(*opening),
                    _ => Wire::Held(open::dealt(&d, |party| opening.sends(party), id, len)),
                });
            }
            Kind::Move(copies) if plan.is_wire(k) => {
                if let (Some(Wire::Held(mask)), [copy]) = (&wires[step.inputs[0]], copies.as_slice()) {
                    wires[k] = Some(Wire::Held(copy.whole(mask, plan.steps[step.inputs[0]].len, step.len, batch)));
                }
            }
            _ => {
                if let Some((linear, weight)) = plan.linear(step, batch) {
                    let (weight, from) = (&weights.0[weight], step.inputs[0]);
                    match &wires[from] {
                        None => {}
                        Some(Wire::Held(mask)) => linear.deal(&Mask::Held(mask), weight, &mut d, id, &mut scratch),
                        Some(Wire::Made(opening)) => {
                            let mask = Mask::Made { step: from as u32, sends: &|party| opening.sends(party) };
                            linear.deal(&mask, weight, &mut d, id, &mut scratch);
                        }
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
