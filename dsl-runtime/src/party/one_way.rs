//! What does not go to everybody: openings that one party sends or learns, releases, and a client's side of a run.

use super::Session;
use super::encode;
use super::kept::Stored;
use super::offline::Arranged;
use super::online::Outcome;
use crate::error::Result;
use crate::opened::Opened;
use crate::plan::{Kind, Opening, Plan};
use crate::protocol::{Round, padded};
use std::time::Instant;
use undertone_ring::Word;
use undertone_ring::words::{pack_words, unpack_words, word_bytes};

/// An opening that one party sends, or that one party learns. Returns the rounds and the bytes sent to all receivers.
pub(super) fn open_one_way<W: Word>(
    session: &mut Session,
    opening: Opening,
    stage: &str,
    n: u32,
    x: &[W],
    mask: Option<&[W]>,
    result: &mut [W],
) -> Result<(u64, u64)> {
    let (seat, bytes) = (session.seat()?, word_bytes(n, W::BITS, x.len()));
    let mut sent = 0;
    if let Some(mask) = mask {
        let masked: Vec<W> = x.iter().zip(mask).map(|(x, r)| x.add(*r)).collect();
        let mut message = vec![0; bytes];
        pack_words(n, &masked, &mut message);
        for learner in (0..seat.parties).filter(|p| *p != seat.party && opening.learns(*p)) {
            session.links.send(learner, &message, stage)?;
            sent += bytes as u64;
        }
        result.copy_from_slice(&masked);
    } else if opening.to == Some(seat.party) {
        // the one who learns it adds its own share as it is
        result.copy_from_slice(x);
    }
    if opening.learns(seat.party) {
        let mut theirs = vec![W::from_u64(0); x.len()];
        for sender in (0..seat.parties).filter(|p| *p != seat.party && opening.sends(*p)) {
            let mut message = core::mem::take(&mut session.peers[sender - usize::from(sender > seat.party)]);
            session.links.receive_exactly(sender, bytes, &mut message, stage)?;
            unpack_words(n, &message, &mut theirs);
            result.iter_mut().zip(&theirs).for_each(|(r, t)| *r = r.add(*t));
            session.peers[sender - usize::from(sender > seat.party)] = message;
        }
    }
    Ok((u64::from(opening.is_sent()), sent))
}

/// Opens release `r` to its receivers, from this party's share (whole groups) and its share of zero. Returns the rounds and the bytes sent to all receivers.
pub(super) fn release<W: Word>(
    session: &mut Session,
    plan: &Plan,
    r: usize,
    zeta: &[W],
    share: &[W],
    len: usize,
    opened: &mut Opened,
) -> Result<(u64, u64)> {
    let (seat, spec) = (session.seat()?, &plan.releases[r]);
    let (release, during) = (plan.release(spec), format!("release `{}`", spec.name));
    let own = release.message(seat, share, zeta);
    let receivers: Vec<usize> = spec.to.iter().map(|place| place.endpoint(seat.parties)).collect();
    let everybody = (0..seat.parties).all(|p| receivers.contains(&p));
    let mut sent = 0;
    if everybody {
        session.exchange(&during, &own)?;
        sent += ((seat.parties - 1) * own.len()) as u64;
    }
    // one receiver after the other, so that no two wait for each other
    for receiver in receivers.iter().copied().filter(|e| !(everybody && *e < seat.parties)) {
        if receiver == seat.party {
            for k in 0..session.peers.len() {
                let mut message = core::mem::take(&mut session.peers[k]);
                session.links.receive_exactly(k + usize::from(k >= seat.party), own.len(), &mut message, &during)?;
                session.peers[k] = message;
            }
        } else {
            session.links.send(receiver, &own, &during)?;
            sent += own.len() as u64;
        }
    }
    if receivers.contains(&seat.party) {
        let values = release.combine::<W>(Round { own: &own, peers: &session.peers }, len);
        opened.push(&spec.name, encode::outputs(plan, spec, &values));
    }
    Ok((1, sent))
}

impl Session {
    /// A client's side of a run: shares of its inputs to all parties, and what is released to it.
    pub(super) fn run_client<W: Stored>(&mut self, plan: &Plan, prepared: &Arranged, mine: &[Option<Vec<u64>>]) -> Result<Outcome> {
        let parties = self.table.parties;
        for party in 0..parties {
            self.links.send(party, &crate::wire::encode(&prepared.number), "run")?;
        }
        let start = Instant::now();
        let mut outcome = Outcome { setup: prepared.setup, offline: prepared.time, ..Outcome::default() };
        for step in &plan.steps {
            match &step.kind {
                Kind::Input(k) => {
                    if let Some(values) = mine.get(*k).and_then(Option::as_ref) {
                        self.share_among_parties::<W>(values, plan.settings.ring, &format!("input `{}`", plan.inputs[*k].name))?;
                    }
                }
                Kind::Release(r) if plan.releases[*r].to.contains(&self.place) => {
                    let (spec, len) = (&plan.releases[*r], prepared.batch * step.len);
                    let (release, during) = (plan.release(spec), format!("release `{}`", spec.name));
                    let bytes = release.bytes(padded(len));
                    let mut messages = vec![Vec::new(); parties];
                    for (party, message) in messages.iter_mut().enumerate() {
                        // the parties run all of the plan before they send it
                        self.links.unhurried(|links| links.receive_exactly(party, bytes, message, &during))?;
                    }
                    let values = release.combine::<W>(Round { own: &messages[0], peers: &messages[1..] }, len);
                    outcome.opened.push(&spec.name, encode::outputs(plan, spec, &values));
                }
                _ => {}
            }
        }
        outcome.online = start.elapsed();
        Ok(outcome)
    }
}
