//! Weights, once per set, for many runs.
//!
//! A party that owns the weights keeps them to itself: it sends them under masks of its own key, n bits a weight to each peer. A client that owns them sends each
//! party a share; the parties then open the shares under masks of all of them, in one round of n bits a weight, so nobody learns a weight.

use super::Session;
use super::handshake::Agreed;
use super::kept::Stored;
use crate::entropy::{Purpose, Seed};
use crate::error::{Error, Result};
use crate::plan::{EncodedWeight, Place, Plan, WeightSpec};
use crate::protocol::linear;
use crate::wire::encode;
use std::sync::Arc;
use undertone_ring::Word;
use undertone_ring::conv::PackedWeights;
use undertone_ring::prg::{Counter, Prg};
use undertone_ring::words::{pack_words, unpack_words, word_bytes};
use zeroize::{Zeroize, Zeroizing};

/// A party's part of a set of weights, bound to one plan. The id is drawn at random for each set and its masks serve no other weights.
pub(super) struct WeightSet<W: Word> {
    pub id: [u8; 16],
    pub plan: [u8; 32],
    pub weights: Vec<Held<W>>,
}

/// What a party holds of one weight.
pub(super) struct Held<W: Word> {
    /// What it multiplies openings with; nothing where another party keeps the weights to itself.
    pub online: Option<PackedWeights<W>>,
    /// The opened masked weight, which it multiplies its masks with; nothing with the keeper, which masks nothing.
    pub masked: Option<PackedWeights<W>>,
    /// Its share of the bias.
    pub bias: Zeroizing<Vec<W>>,
}

impl Session {
    /// The weights of this endpoint, encoded for a plan, and the id under which they are or will be shared.
    pub(super) fn own_weights(&mut self, plan: &Plan, weights: Option<&crate::Weights>) -> Result<(Option<[u8; 16]>, Vec<EncodedWeight>)> {
        let (owner, none) = (plan.weights_owner == self.place, crate::Weights::empty());
        let weights = match weights {
            Some(weights) if owner => weights,
            None if !owner => return Ok((None, vec![])),
            None if plan.weights.is_empty() => &none,
            _ => {
                let message = if owner { "their owner gives the weights, but none are given" } else { "only their owner gives weights" };
                return Err(Error::Weights { model: plan.model.clone(), problems: vec![message.into()] });
            }
        };
        let which = (plan.hash(), weights.fingerprint());
        if let Some(id) = self.own.get(&which) {
            return Ok((Some(*id), vec![]));
        }
        let encoded = plan.encode(weights)?;
        let id = match self.source_of().and_then(super::source::Source::set) {
            Some(id) if self.own.values().any(|used| *used == id) => {
                let message = "the tapes serve one set of weights, and another one was used before: deal tapes for these weights too";
                return Err(self.links.failed("weights", message.into()));
            }
            Some(id) => id,
            None => self.entropy.bytes()?,
        };
        self.own.insert(which, id);
        Ok((Some(id), encoded))
    }

    /// The weights of a set that all endpoints have agreed on, shared now if they were not before.
    pub(super) fn weight_set<W: Stored>(&mut self, plan: &Plan, agreed: &Agreed, mine: &[EncodedWeight]) -> Result<Arc<WeightSet<W>>> {
        let id = agreed.set;
        if let Some(set) = W::kept(self).sets.get(&id)
            && set.plan == plan.hash()
        {
            return Ok(set.clone());
        }
        if self.memory.holds(&id) {
            let message = format!("this set of weights was shared for another plan than that of `{}`", plan.model);
            return Err(self.links.failed("weights", message));
        }
        let weights = match (self.place, plan.keeper()) {
            (Place::Client(_), _) => {
                self.send_shares::<W>(plan, mine)?;
                vec![]
            }
            (Place::Party(_), keeper) => {
                self.source()?.weights(id, plan, agreed.batch)?;
                match keeper {
                    Some(keeper) => self.keep(plan, agreed, keeper, mine)?,
                    None => self.open_shares(plan, id)?,
                }
            }
        };
        let set = Arc::new(WeightSet { id, plan: plan.hash(), weights });
        W::kept(self).sets.insert(id, set.clone());
        Ok(set)
    }

    /// Weights of one party: it sends them under its mask, the others pack what they hear.
    fn keep<W: Stored>(&mut self, plan: &Plan, agreed: &Agreed, keeper: usize, mine: &[EncodedWeight]) -> Result<Vec<Held<W>>> {
        let (seat, key) = (self.seat()?, self.key(Purpose::Weights, &agreed.set)?);
        if seat.party == keeper && mine.len() != plan.weights.len() {
            return Err(self.links.failed("weights", "the weights are not encoded".into()));
        }
        let mut message = Vec::new();
        // only tapes that were made before the weights were known could meet two sets of weights under one id
        let durable = self.source()?.set().is_some();
        let mut announced = None;
        if durable {
            let mut digest = digest_of(plan);
            if seat.party == keeper {
                for (index, weight) in mine.iter().enumerate() {
                    masked::<W>(plan, &key, index, weight, &mut message);
                    digest.update(&message);
                }
            }
            announced = Some(self.tie(agreed, keeper, *digest.finalize().as_bytes())?);
        }
        let (mut held, mut digest) = (vec![], digest_of(plan));
        for (index, (geometry, spec)) in plan.geometries().iter().zip(&plan.weights).enumerate() {
            let during = during(spec);
            if seat.party == keeper {
                masked::<W>(plan, &key, index, &mine[index], &mut message);
                for peer in (0..seat.parties).filter(|p| *p != keeper) {
                    self.links.send(peer, &message, &during)?;
                }
                let bits = spec.bits(&plan.settings);
                let online = Some(PackedWeights::within(plan.settings.ring, bits, geometry, &words::<W>(&mine[index].weight)));
                held.push(Held { online, masked: None, bias: words(&mine[index].bias) });
            } else {
                let n = plan.settings.ring;
                self.links.receive_exactly(keeper, word_bytes(n, W::BITS, spec.len), &mut message, &during)?;
                if durable {
                    digest.update(&message);
                }
                let mut masked = vec![W::from_u64(0); spec.len];
                unpack_words(n, &message, &mut masked);
                held.push(Held { online: None, masked: Some(PackedWeights::new_in(n, geometry, &masked)), bias: Zeroizing::new(vec![]) });
            }
        }
        if seat.party != keeper && announced.is_some_and(|a| a != *digest.finalize().as_bytes()) {
            return Err(self.links.failed("weights", format!("{} sent other weights than it had announced", self.links.name(keeper))));
        }
        Ok(held)
    }

    /// Ties the id of a set to the masked weights that are about to be sent, on the disks of all parties, before anything of them leaves the keeper: whatever is restored
    /// from a backup on one side, no other weights are ever sent under these masks. The peers speak first: a keeper that comes with other weights than a peer remembers
    /// says nothing about them. Returns the digest that the keeper announces.
    fn tie(&mut self, agreed: &Agreed, keeper: usize, digest: [u8; 32]) -> Result<[u8; 32]> {
        let seat = self.seat()?;
        let others = |p: &usize| *p != keeper;
        if seat.party == keeper {
            if self.source()?.bound()?.is_some() {
                self.source()?.bind(agreed.set, digest, 0)?;
            }
            let mut remembered = false;
            for peer in (0..seat.parties).filter(others) {
                let theirs: Option<[u8; 32]> = self.links.receive(peer, "weights")?;
                if theirs.is_some_and(|t| t != digest) {
                    return Err(self
                        .links
                        .differs(peer, "these tapes were used with other weights: deal tapes for these weights too".into()));
                }
                remembered |= theirs.is_some();
            }
            // a peer that has claimed tapes and knows of no weights would be a riddle
            self.source()?.bind(agreed.set, digest, if remembered { 0 } else { agreed.claimed })?;
            for peer in (0..seat.parties).filter(others) {
                self.links.send(peer, &digest, "weights")?;
            }
            for peer in (0..seat.parties).filter(others) {
                let bound: bool = self.links.receive(peer, "weights")?;
                if !bound {
                    return Err(self.links.failed("weights", format!("{} does not remember the weights", self.links.name(peer))));
                }
            }
            return Ok(digest);
        }
        let known = self.source()?.bound()?;
        self.links.send(keeper, &encode(&known), "weights")?;
        let (mut announced, mut heard) = (digest, Vec::new());
        self.links.receive_exactly(keeper, announced.len(), &mut heard, "weights")?;
        announced.copy_from_slice(&heard);
        self.source()?.bind(agreed.set, announced, 0)?;
        self.links.send(keeper, &encode(&true), "weights")?;
        Ok(announced)
    }

    /// Weights of a client: each party hears its share, then all open the masked weight.
    fn open_shares<W: Stored>(&mut self, plan: &Plan, id: [u8; 16]) -> Result<Vec<Held<W>>> {
        let (seat, n, owner) = (self.seat()?, plan.settings.ring, plan.weights_owner.endpoint(self.table.parties));
        if self.source()?.set().is_some() {
            let message = "tapes on disk serve weights that a party owns; the weights of a client need a dealer that is there";
            return Err(self.links.failed("weights", message.into()));
        }
        let key: Prg = self.key(Purpose::Weights, &id)?;
        let (mut held, mut message) = (vec![], Vec::new());
        for (index, (geometry, spec)) in plan.geometries().iter().zip(&plan.weights).enumerate() {
            let during = during(spec);
            let shares = self.client_share::<W>(owner, n, spec.len + biases(spec), &mut message, &during)?;
            let (weight, bias) = shares.split_at(spec.len);
            let mask: Zeroizing<Vec<W>> = Zeroizing::new(linear::weight_mask(&key, index as u32, spec.len));
            let mut opened: Vec<W> = weight.iter().zip(mask.iter()).map(|(w, m)| w.add(*m)).collect();
            message.clear();
            message.resize(word_bytes(n, W::BITS, spec.len), 0);
            pack_words(n, &opened, &mut message);
            self.exchange(&during, &message)?;
            let mut theirs = vec![W::from_u64(0); spec.len];
            for peer in &self.peers {
                unpack_words(n, peer, &mut theirs);
                opened.iter_mut().zip(&theirs).for_each(|(o, t)| *o = o.add(*t));
            }
            let share = Zeroizing::new(linear::weight_share(seat.is_first(), &opened, &mask));
            let (online, masked) = (PackedWeights::new_in(n, geometry, &share), PackedWeights::new_in(n, geometry, &opened));
            held.push(Held { online: Some(online), masked: Some(masked), bias: Zeroizing::new(bias.to_vec()) });
        }
        Ok(held)
    }

    /// A client's half of sharing weights.
    fn send_shares<W: Stored>(&mut self, plan: &Plan, mine: &[EncodedWeight]) -> Result<()> {
        if plan.weights_owner != self.place {
            return Ok(());
        }
        for (spec, weight) in plan.weights.iter().zip(mine) {
            let values = Zeroizing::new([weight.weight.as_slice(), weight.bias.as_slice()].concat());
            self.share_among_parties::<W>(&values, plan.settings.ring, &during(spec))?;
        }
        Ok(())
    }

    /// A client's values, shared among all parties: each gets a seed, and the last one the rest. 16 bytes to each but the last, n bits an element to that.
    pub(super) fn share_among_parties<W: Stored>(&mut self, values: &[u64], n: u32, during: &str) -> Result<()> {
        let (last, mut rest) = (self.table.parties - 1, words::<W>(values));
        for party in 0..last {
            let seed = self.entropy.seed()?;
            let part: Zeroizing<Vec<W>> = Zeroizing::new(self.expanded(&seed, values.len()));
            rest.iter_mut().zip(part.iter()).for_each(|(r, p)| *r = r.sub(*p));
            self.links.send(party, seed.bytes(), during)?;
        }
        let mut message = Zeroizing::new(vec![0; word_bytes(n, W::BITS, rest.len())]);
        pack_words(n, &rest, &mut message);
        self.links.send(last, &message, during)
    }

    /// This party's share of a client's values.
    pub(super) fn client_share<W: Stored>(
        &mut self,
        client: usize,
        n: u32,
        len: usize,
        message: &mut Vec<u8>,
        during: &str,
    ) -> Result<Zeroizing<Vec<W>>> {
        if self.seat()?.is_last() {
            self.links.receive_exactly(client, word_bytes(n, W::BITS, len), message, during)?;
            let mut share = Zeroizing::new(vec![W::from_u64(0); len]);
            unpack_words(n, message, &mut share);
            message.zeroize();
            return Ok(share);
        }
        self.links.receive_exactly(client, 16, message, during)?;
        let mut bytes = [0; 16];
        bytes.copy_from_slice(message);
        message.zeroize();
        let seed = Seed::from_bytes(bytes);
        bytes.zeroize();
        Ok(Zeroizing::new(self.expanded(&seed, len)))
    }

    /// What a seed that a client drew for one party and one sharing stands for.
    fn expanded<W: Word>(&mut self, seed: &Seed, len: usize) -> Vec<W> {
        let mut words = vec![W::from_u64(0); len];
        self.generator(&seed.key(Purpose::Share, &[0; 16])).words(Counter { step: 0, field: 0 }, &mut words);
        words
    }
}

/// Integers mod 2^64 as words of the ring.
pub(super) fn words<W: Word>(values: &[u64]) -> Zeroizing<Vec<W>> {
    Zeroizing::new(values.iter().map(|v| W::from_u64(*v)).collect())
}

/// A weight under its mask, as it is sent.
fn masked<W: Word>(plan: &Plan, key: &Prg, index: usize, weight: &EncodedWeight, message: &mut Vec<u8>) {
    let n = plan.settings.ring;
    let mut masked: Vec<W> = linear::weight_mask(key, index as u32, weight.weight.len());
    masked.iter_mut().zip(&weight.weight).for_each(|(m, w)| *m = m.add(W::from_u64(*w)));
    message.clear();
    message.resize(word_bytes(n, W::BITS, masked.len()), 0);
    pack_words(n, &masked, message);
}

fn digest_of(plan: &Plan) -> blake3::Hasher {
    let mut digest = blake3::Hasher::new_derive_key("undertone 2026 masked weights");
    digest.update(&plan.hash());
    digest
}

fn biases(spec: &WeightSpec) -> usize {
    if spec.bias.is_some() { spec.out } else { 0 }
}

fn during(spec: &WeightSpec) -> String {
    format!("weights of `{}`", spec.stage)
}

impl<W: Word> core::fmt::Debug for WeightSet<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "WeightSet[{} weights]", self.weights.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::{Init, trace};
    use crate::party::World;
    use crate::plan::{Plan, Settings};
    use crate::weights::Weights;
    use undertone_shape::Shape;

    #[test]
    fn a_set_that_was_shared_serves_no_other_plan_in_words_of_either_size() {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| {
            let w = g.parameter("w", [3, 4], Init::Constant(0.5));
            g.linear(x[0], w, None)
        })
        .unwrap();
        let mut weights = Weights::empty();
        weights.insert("w", [3, 4], vec![0.5; 12]);
        let plan = |ring| Plan::new(&graph, &Settings::default().with_ring(ring)).unwrap();
        for (before, after) in [(plan(64), plan(40)), (plan(64), plan(32)), (plan(32), plan(64))] {
            let errors = World::two_party()
                .execute(|session| {
                    let owner = session.place().party() == Some(1);
                    let prepare =
                        |session: &mut crate::Session, plan| session.prepare(plan, owner.then_some(&weights), (!owner).then_some(1));
                    drop(prepare(session, &before)?);
                    if let Some(id) = session.own.values().next().copied() {
                        session.own.insert((after.hash(), weights.fingerprint()), id);
                    }
                    Ok(prepare(session, &after).err().map(|e| e.to_string()).unwrap_or_default())
                })
                .unwrap();
            let (from, to) = (before.settings.ring, after.settings.ring);
            assert!(errors.iter().any(|e| e.contains("was shared for another plan than that of `M`")), "{from} to {to}: {errors:?}");
            assert!(errors.iter().all(|e| !e.is_empty()), "{from} to {to}: {errors:?}");
        }
    }
}
