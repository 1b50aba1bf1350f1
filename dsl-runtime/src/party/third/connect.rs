//! Connecting one of three parties, or a client of theirs, in a real deployment.
//!
//! Each endpoint has one address for everything. First all greet each other, as parties and clients do that have a dealer, which names the session. Then come the links of
//! the lanes, a bundle of them after the other; each bundle has a label of its own, made of the session's name, so what belongs to which lane is settled when a call is
//! accepted, and no call of another session, or of another lane, is. Between two parties there are five links beyond the first: one where both compute; and for each
//! lane in which one of them deals, one to it as a dealer and one to it as a client.

use super::slices::LANES;
use super::{Dealing, PAIR, called_in_lane, table_of_lane};
use crate::config::Config;
use crate::dealer;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::net::{Label, Link, Listener, Tcp};
use crate::party::Session;
use crate::party::connect::Calling;
use crate::party::handshake::Table;
use crate::party::links::Links;
use crate::party::session::Parts;
use crate::party::source::Live;
use crate::plan::Place;
use crate::topology::Topology;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bundles of links between two parties.
const BUNDLES: usize = 5;
/// Of them, those that clients have with each party: one for each lane in which it computes.
const BUNDLES_OF_CLIENTS: usize = 2;

/// What a link of a lane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Between two that compute, or one that computes and a client.
    Peers,
    /// Between one that computes and the one that deals.
    Dealer,
}

/// The lane and the use of a bundle's link between two endpoints; the same from both sides.
fn bundled(a: Place, b: Place, bundle: usize) -> Option<(usize, Use)> {
    match (a, b) {
        (Place::Party(a), Place::Party(b)) if a != b => {
            let (low, high) = (a.min(b), a.max(b));
            let all = [(LANES - low - high, Use::Peers), (low, Use::Peers), (low, Use::Dealer), (high, Use::Peers), (high, Use::Dealer)];
            all.get(bundle).copied()
        }
        (Place::Party(p), Place::Client(_)) | (Place::Client(_), Place::Party(p)) if bundle < BUNDLES_OF_CLIENTS => {
            Some(((p + 1 + bundle) % LANES, Use::Peers))
        }
        _ => None,
    }
}

/// The label of a bundle in the session of this name.
fn label(session: &[u8; 16], bundle: usize) -> Label {
    let mut hasher = blake3::Hasher::new_derive_key("undertone 2026 links of three parties");
    hasher.update(session).update(&(bundle as u64).to_le_bytes());
    let mut label = Label::default();
    label.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    label
}

/// The links of one endpoint in one lane.
struct LaneLinks {
    /// To those that compute and to clients, by their numbers in the lane.
    peers: Vec<Option<Link>>,
    /// To the dealer, who has the number after the last party; or, with the dealer, to both parties.
    dealer: Vec<Option<Link>>,
}

/// As [`Session::connect_on`], for three parties and their clients.
pub(in crate::party) fn connect_on(config: &Config, listener: Option<&Listener>) -> Result<Session> {
    config.check()?;
    let place = config.place()?;
    let clients = config.participants.clients.len();
    let table = Table { parties: LANES, clients, topology: Topology::ThirdDeals };
    let (me, names) = (place.endpoint(LANES), config.participants.names());
    let calling = Calling::new(config)?;
    let links = calling.peers(table, me, listener, &config.participants.label(), true)?;
    let transport = Box::new(Tcp::new(links, &config.timeouts.of_net()));
    let links = Links::new(me, &names, transport).waiting(config.timeouts.idle, config.timeouts.prepare);
    let parts = Parts { place, table, links, entropy: Entropy::System, prepare: Box::new(|_| {}) };
    let session = Session::of_lanes(parts, |name| {
        let mut lanes = call_lanes(&calling, table, place, listener, name)?;
        // the others' lanes wait for this dealer
        let dealing = place.party().map(|lane| deal(config, core::mem::take(&mut lanes[lane].dealer), &names[lane])).transpose()?;
        let sessions = lanes.into_iter().enumerate().map(|(lane, links)| greet_lane(config, place, lane, links, &names));
        Ok((sessions.collect::<Result<_>>()?, dealing))
    })?;
    Ok(session.planned(config.settings.clone(), config.participants.deployment()))
}

/// Calls and is called for all lanes.
fn call_lanes(calling: &Calling<'_>, table: Table, place: Place, listener: Option<&Listener>, name: &[u8; 16]) -> Result<Vec<LaneLinks>> {
    let none = |count: usize| (0..count).map(|_| None).collect::<Vec<Option<Link>>>();
    let mut lanes: Vec<LaneLinks> =
        (0..LANES).map(|_| LaneLinks { peers: none(PAIR + 2 + table.clients), dealer: none(PAIR + 1) }).collect();
    let bundles = if place.party().is_some() { BUNDLES } else { BUNDLES_OF_CLIENTS };
    for bundle in 0..bundles {
        let links = calling.peers(table, place.endpoint(LANES), listener, &label(name, bundle), bundle < BUNDLES_OF_CLIENTS)?;
        for (endpoint, link) in links.into_iter().enumerate().filter(|(_, link)| link.is_some()) {
            let other = if endpoint < LANES { Place::Party(endpoint) } else { Place::Client(endpoint - LANES - 1) };
            let Some((lane, purpose)) = bundled(place, other, bundle) else { continue };
            let (into, at) = match (purpose, other.in_lane(lane)) {
                (Use::Peers, other) => (&mut lanes[lane].peers, other.endpoint(PAIR)),
                (Use::Dealer, Place::Party(party)) => (&mut lanes[lane].dealer, party),
                (Use::Dealer, Place::Client(_)) => (&mut lanes[lane].dealer, PAIR),
            };
            into[at] = link;
        }
    }
    Ok(lanes)
}

/// Starts the dealer of this party's own lane on a thread. It ends with the session, or with those that it deals for.
fn deal(config: &Config, mut links: Vec<Option<Link>>, name: &str) -> Result<Dealing> {
    links.truncate(PAIR);
    let (stop, timeouts) = (Arc::new(AtomicBool::new(false)), config.timeouts);
    let mut transport = Tcp::new(links, &config.timeouts.of_net());
    let until = stop.clone();
    let deal = move || {
        // its parties notice that it is gone, and say so
        let _ = dealer::serve_until(&mut transport, PAIR, &timeouts, &until);
    };
    match std::thread::Builder::new().name("dealer".into()).spawn(deal) {
        Ok(_) => Ok(Dealing(stop)),
        Err(e) => Err(Error::Peer { party: name.to_owned(), during: "connect".into(), message: format!("no thread to deal on: {e}") }),
    }
}

/// This endpoint's session in a lane.
fn greet_lane(config: &Config, place: Place, lane: usize, links: LaneLinks, names: &[String]) -> Result<Session> {
    let (place, timeouts, called) = (place.in_lane(lane), config.timeouts, called_in_lane(names, lane));
    let me = place.endpoint(PAIR);
    let LaneLinks { peers, dealer } = links;
    // a lane begins when all have agreed on a run: whoever is late then has work to do, and does not rest
    let links = Links::new(me, &called, Box::new(Tcp::new(peers, &timeouts.of_net()))).waiting(timeouts.prepare, timeouts.prepare);
    let table = table_of_lane(config.participants.clients.len());
    let parts = Parts { place, table, links, entropy: Entropy::System, prepare: Box::new(|_| {}) };
    let session = Session::connect_with(parts, |names, _| {
        Ok(Box::new(Live::connect(me, PAIR, names, Box::new(Tcp::new(dealer, &timeouts.of_dealer())))?))
    })?;
    // a party computes in two lanes at once
    let session = session.planned(config.settings.clone(), crate::plan::Deployment::default()).streaming(config.stream);
    session.with_threads(config.threads / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bundle_of_two_endpoints_is_for_one_use_of_one_lane_and_all_that_a_lane_needs_is_there() {
        let all: Vec<Place> = (0..LANES).map(Place::Party).chain([Place::Client(0), Place::Client(1)]).collect();
        for (k, a) in all.iter().enumerate() {
            for b in &all[k + 1..] {
                let uses: Vec<_> = (0..BUNDLES).filter_map(|bundle| bundled(*a, *b, bundle)).collect();
                assert_eq!(uses, (0..BUNDLES).filter_map(|bundle| bundled(*b, *a, bundle)).collect::<Vec<_>>());
                for lane in 0..LANES {
                    let (x, y) = (a.in_lane(lane), b.in_lane(lane));
                    let talk = x.party().is_some() || y.party().is_some();
                    let deals =
                        talk && (*a == Place::Party(lane) || *b == Place::Party(lane)) && a.party().is_some() && b.party().is_some();
                    for (purpose, expected) in [(Use::Peers, usize::from(talk)), (Use::Dealer, usize::from(deals))] {
                        assert_eq!(uses.iter().filter(|u| **u == (lane, purpose)).count(), expected, "{a}, {b}, lane {lane}, {purpose:?}");
                    }
                }
            }
        }
        let labels: std::collections::HashSet<Label> = (0..BUNDLES).flat_map(|k| [label(&[1; 16], k), label(&[2; 16], k)]).collect();
        assert_eq!(labels.len(), 2 * BUNDLES, "of this session and this bundle alone");
    }
}
