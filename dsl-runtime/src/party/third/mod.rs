//! Three parties of which one deals. A batch is split into slices, one a *lane*; in lane c, party c deals and the two others run the protocols of two parties.
//!
//! A lane is a session of two parties and clients like any other, with links, seeds, a dealing, tapes and weight-set ids of its own: nothing that is drawn for one serves
//! another. Whatever role lives with the party that deals is a client of the lane: it sends shares of what it owns and hears the messages of what is released to it, under
//! a zero sharing whose seed only the two others have. Openings (values, weights and comparisons under masks) go between those two: the dealer, who knows the masks, never
//! hears one. So no party alone learns anything, and any two of them learn everything.
//!
//! The session that a program holds connects the three parties, and their clients, for what concerns a whole run: its header, and that everybody is done with it, before
//! which nobody may go: one who has finished may still be dealing for the others.

mod connect;
mod rotation;
mod run;
mod slices;
mod world;

pub use rotation::Rotation;
pub use run::{Lane, Rotated};

pub(super) use connect::connect_on;

use super::Session;
use super::handshake::Table;
use super::session::Parts;
use crate::error::Result;
use crate::graph::Graph;
use crate::topology::Topology;
use slices::LANES;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The parties of a lane: those that compute.
const PAIR: usize = 2;

/// What a session of three parties, of which one deals, consists of besides its links to all of them.
pub(super) struct Third {
    /// This endpoint's session in each lane.
    lanes: Vec<Session>,
    /// What this party does as a dealer; nothing with a client, and where somebody else sees to it.
    _dealing: Option<Dealing>,
    /// Plans that were made, each with the graph that they were made of.
    rotations: Vec<(Graph, Arc<Rotation>)>,
}

/// A dealer on a thread of its own, which ends when this is dropped or its parties are gone.
struct Dealing(Arc<AtomicBool>);

impl Drop for Dealing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Session {
    /// The session that holds the lanes, which are already connected.
    fn of_lanes(parts: Parts, lanes: impl FnOnce(&[u8; 16]) -> Result<(Vec<Session>, Option<Dealing>)>) -> Result<Self> {
        let (mut session, label) = Self::greeted(parts)?;
        let (lanes, dealing) = lanes(&label)?;
        session.third = Some(Box::new(Third { lanes, _dealing: dealing, rotations: vec![] }));
        Ok(session)
    }

    /// The plans of a model under this session's settings and deployment, one a lane.
    ///
    /// # Errors
    /// As [`Rotation::deployed`], and in a session with a dealer.
    pub fn rotation(&mut self, graph: &Graph) -> Result<Arc<Rotation>> {
        let (settings, deployment) = (self.settings.clone(), self.deployment.clone());
        let third = self.third()?;
        // two models may have one name, and must not open each other's releases
        if let Some((_, rotation)) = third.rotations.iter().find(|(known, _)| known == graph) {
            return Ok(rotation.clone());
        }
        let rotation = Arc::new(Rotation::deployed(graph, &settings, &deployment)?);
        third.rotations.push((graph.clone(), rotation.clone()));
        Ok(rotation)
    }

    /// The dealing and the highest number of a tape of each lane in which this party computes. All are public, and no pair of them serves two runs.
    pub fn claimed_in_lanes(&self) -> Vec<([u8; 16], u64)> {
        self.third.iter().flat_map(|third| &third.lanes).filter_map(Session::claimed).collect()
    }

    fn third(&mut self) -> Result<&mut Third> {
        let failed = self.links.failed("session", "it has failed before, or has a dealer who takes no other part".into());
        self.third.as_deref_mut().ok_or(failed)
    }
}

/// What the endpoints of a lane are called: by the names of the three parties and their clients, whose dealer is nobody else.
fn called_in_lane(names: &[String], lane: usize) -> Vec<String> {
    let name = |party: usize| names.get(party % LANES).cloned().unwrap_or_default();
    let dealer = name(lane);
    [name(lane + 1), name(lane + 2), format!("{dealer}, which deals"), dealer]
        .into_iter()
        .chain(names.iter().skip(LANES + 1).cloned())
        .collect()
}

/// Who takes part in a lane, between whom a client more stands than among the three: the one that deals.
fn table_of_lane(clients: usize) -> Table {
    Table { parties: PAIR, clients: clients + 1, topology: Topology::ThirdDeals }
}
