//! Sharing weights: once per set, for many runs.

use super::{SERVER, Session, handshake};
use crate::entropy::Purpose;
use crate::error::{Error, Result};
use crate::plan::{EncodedWeight, Plan};
use crate::protocol::linear;
use crate::weights::Weights;
use crate::wire::{Answer, Request};
use undertone_ring::conv::PackedWeights;
use undertone_ring::words::{pack_words, unpack_words, word_bytes};
use zeroize::Zeroizing;

/// A party's part of a set of weights, bound to one plan. The id is drawn at random for each set and its masks serve no other weights.
pub struct WeightSet {
    pub(super) id: [u8; 16],
    pub(super) plan: [u8; 32],
    pub(super) weights: Vec<Shared>,
}

/// One weight of a set.
pub(super) struct Shared {
    /// What this party multiplies opened values with.
    pub share: PackedWeights<u64>,
    /// The opened masked weight.
    pub opened: PackedWeights<u64>,
    /// Its share of the bias: the owner holds it all.
    pub bias: Zeroizing<Vec<u64>>,
}

impl Session {
    /// Shares the weights of a plan among the parties: `mine` is given by the server and by nobody else.
    ///
    /// One round of 64 bits a weight. Each party opens its share plus its own mask, so nobody learns a weight.
    ///
    /// # Errors
    /// When weights are missing, wrongly shaped, not finite or out of range (before anything is sent), or a peer or the dealer disagrees. Any error ends the
    /// session.
    pub fn weights(&mut self, plan: &Plan, mine: Option<&Weights>) -> Result<WeightSet> {
        self.guarded(|session| session.share_weights(plan, mine))
    }

    fn share_weights(&mut self, plan: &Plan, mine: Option<&Weights>) -> Result<WeightSet> {
        plan.verify(crate::wire::ELEMENTS)?;
        let owner = self.seat.party == SERVER;
        let encoded: Vec<EncodedWeight> = match mine {
            Some(weights) if owner => plan.encode(weights)?,
            None if !owner => vec![],
            _ => {
                let message = if owner { "the server gives the weights, but none are given" } else { "only the server gives weights" };
                return Err(Error::Weights { model: plan.model.clone(), problems: vec![message.into()] });
            }
        };
        let seat = self.seat;
        handshake::same_plan(seat, self.transport()?, plan)?;
        let id = self.weight_set_id(owner)?;
        match self.ask(&Request::Weights { set: id, plan: Box::new(plan.clone()) })? {
            Answer::Ready => {}
            other => {
                return Err(Error::Peer {
                    party: self.seat.party,
                    during: "weights".into(),
                    message: format!("the dealer answers {other:?}"),
                });
            }
        }
        let key = self.key(Purpose::Weights, &id);
        let mut weights = vec![];
        let (mut own, n) = (Vec::new(), plan.settings.ring);
        for (index, geometry) in plan.geometries().iter().enumerate() {
            let spec = &plan.weights[index];
            let mask: Zeroizing<Vec<u64>> = Zeroizing::new(linear::weight_mask(&key, index as u32, spec.len));
            let mut opened = mask.to_vec();
            let mut bias = vec![0; if spec.bias.is_some() { spec.out } else { 0 }];
            if let Some(w) = encoded.get(index) {
                opened.iter_mut().zip(&w.weight).for_each(|(o, w)| *o = o.wrapping_add(*w));
                bias.copy_from_slice(&w.bias);
            }
            own.clear();
            own.resize(word_bytes(n, 64, spec.len), 0);
            pack_words(n, &opened, &mut own);
            self.exchange(&format!("weights of `{}`", spec.stage), &own)?;
            let mut theirs = vec![0u64; spec.len];
            for peer in &self.peers {
                unpack_words(n, peer, &mut theirs);
                opened.iter_mut().zip(&theirs).for_each(|(o, t)| *o = o.wrapping_add(*t));
            }
            let share = Zeroizing::new(linear::weight_share(self.seat.is_first(), &opened, &mask));
            weights.push(Shared {
                share: PackedWeights::new(geometry, &share),
                opened: PackedWeights::new(geometry, &opened),
                bias: Zeroizing::new(bias),
            });
        }
        Ok(WeightSet { id, plan: plan.hash(), weights })
    }

    /// The owner draws the id of the set and tells the others.
    fn weight_set_id(&mut self, owner: bool) -> Result<[u8; 16]> {
        if owner {
            let (id, seat) = (self.entropy.bytes()?, self.seat);
            for peer in (0..seat.parties).filter(|p| *p != seat.party) {
                self.transport()?.send(peer, &id).map_err(|e| handshake::link(seat, "weight-set id", e))?;
            }
            return Ok(id);
        }
        let mut message = Vec::new();
        let seat = self.seat;
        self.transport()?.receive(SERVER, 16, &mut message).map_err(|e| handshake::link(seat, "weight-set id", e))?;
        message.try_into().map_err(|_| Error::Peer {
            party: self.seat.party,
            during: "weight-set id".into(),
            message: "the server sent something else than an id of 16 bytes".into(),
        })
    }
}

impl core::fmt::Debug for WeightSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "WeightSet[{} weights]", self.weights.len())
    }
}
