//! Three parties of which one deals, and their clients, each on a thread of its own in this process.

use super::slices::LANES;
use super::{PAIR, Rotated, Rotation};
use crate::dealer;
use crate::error::Result;
use crate::graph::Graph;
use crate::net::{Memory, network};
use crate::party::handshake::Table;
use crate::party::links::{Links, names};
use crate::party::session::Parts;
use crate::party::source::Live;
use crate::party::world::{all_or_worst, check, owned, panicked, tell, together};
use crate::party::{Session, Untyped, World};
use crate::plan::{Place, Settings};
use crate::report::{Report, Stages};
use crate::topology::Topology;
use crate::weights::Weights;
use core::ops::Range;
use std::sync::Mutex;

/// What one endpoint is connected with, of one lane.
struct LaneLinks {
    place: Place,
    peers: Memory,
    /// To the party that deals, from one that computes.
    dealer: Option<Memory>,
}

impl World {
    /// As `predict_graph`, for three parties.
    pub(in crate::party) fn predict_rotated(
        &self,
        graph: &Graph,
        weights: &Weights,
        inputs: &[&[f32]],
        samples: usize,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Untyped> {
        let rotation = Rotation::deployed(graph, &self.settings_of_lanes(), &self.deployment)?;
        let whole = rotation.whole();
        whole.encode(weights)?;
        check(whole, inputs, samples)?;
        let (batches, progress) = (self.batches(samples), Mutex::new(progress));
        let endpoints = self.execute_with(whole.clients(), |session: &mut Session| {
            let place = session.place();
            let mut runs = vec![];
            for range in &batches {
                let mine = owned(whole, place, inputs, range);
                let weights = (whole.weights_owner == place).then_some(weights);
                runs.push(session.rotate(&rotation, weights, (!mine.is_empty()).then_some(range.len()), &mine)?);
                tell(&progress, place, range.end);
            }
            Ok(runs)
        })?;
        let opened = together(whole, &endpoints, |rotated: &Rotated| &rotated.opened);
        let parties = &endpoints[..LANES];
        let stages = self.record.then(|| reveal(&rotation, parties));
        Ok(Untyped { opened, report: Report::rotated(&rotation, samples, parties), stages })
    }

    /// As `execute_with`, for three parties.
    pub(in crate::party) fn execute_rotated<T: Send>(
        &self,
        clients: usize,
        body: &(impl Fn(&mut Session) -> Result<T> + Sync),
    ) -> Result<Vec<T>> {
        let places: Vec<Place> = (0..LANES).map(Place::Party).chain((0..clients).map(Place::Client)).collect();
        let worlds: Vec<Self> = (0..LANES).map(|lane| self.of_lane(lane, clients)).collect();
        let (mut lanes, mut dealers): (Vec<Vec<LaneLinks>>, _) = (places.iter().map(|_| vec![]).collect(), vec![]);
        for lane in 0..LANES {
            let mut peers: Vec<Option<Memory>> = network(PAIR + 2 + clients).into_iter().map(Some).collect();
            let mut of_dealer: Vec<Option<Memory>> = network(PAIR + 1).into_iter().map(Some).collect();
            for (place, links) in places.iter().zip(&mut lanes) {
                let place = place.in_lane(lane);
                let dealer = place.party().and_then(|p| of_dealer[p].take());
                links.extend(peers[place.endpoint(PAIR)].take().map(|peers| LaneLinks { place, peers, dealer }));
            }
            dealers.extend(of_dealer[PAIR].take());
        }
        let whole = network(LANES + 1 + clients).into_iter().enumerate().filter(|(e, _)| *e != LANES).map(|(_, link)| link);
        let (results, dealt) = std::thread::scope(|scope| {
            let dealers: Vec<_> = dealers
                .into_iter()
                .zip(&worlds)
                .map(|(link, world)| {
                    let mut link = world.tap(PAIR, link);
                    scope
                        .spawn(move || dealer::serve_with(link.as_mut(), PAIR, &mut world.entropy(PAIR), &mut |key| world.watch(PAIR, key)))
                })
                .collect();
            let threads: Vec<_> = places
                .iter()
                .zip(whole)
                .zip(lanes)
                .map(|((place, link), lanes)| {
                    let worlds = &worlds;
                    scope.spawn(move || body(&mut self.of_three(*place, clients, link, lanes, worlds)?))
                })
                .collect();
            let joined = |(e, result): (usize, std::thread::Result<_>)| result.unwrap_or_else(|_| Err(panicked(e)));
            let results: Vec<Result<T>> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).enumerate().map(joined).collect();
            let dealt: Vec<_> = dealers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            (results, dealt)
        });
        for (lane, dealt) in dealt.into_iter().enumerate() {
            dealt.unwrap_or_else(|_| Err(panicked(lane)))?;
        }
        all_or_worst(results)
    }

    /// The session of one of three parties, or of a client of theirs.
    fn of_three(&self, place: Place, clients: usize, link: Memory, lanes: Vec<LaneLinks>, worlds: &[Self]) -> Result<Session> {
        let (table, called) = (Table { parties: LANES, clients, topology: Topology::ThirdDeals }, names(LANES, clients));
        let me = place.endpoint(LANES);
        let taps = worlds.len() * (PAIR + 2 + clients);
        let links = Links::new(me, &called, self.tap(taps + me, link));
        let parts = Parts { place, table, links, entropy: self.entropy(me), prepare: Box::new(|_| {}) };
        let session = Session::of_lanes(parts, |_| {
            let lanes = lanes.into_iter().zip(worlds).enumerate().map(|(lane, (links, world))| {
                let LaneLinks { place, peers, dealer } = links;
                let (watcher, me) = (world.clone(), place.endpoint(PAIR));
                let parts = Parts {
                    place,
                    table: super::table_of_lane(clients),
                    links: Links::new(me, &super::called_in_lane(&called, lane), world.tap(me, peers)),
                    entropy: world.entropy(me),
                    prepare: Box::new(move |key| watcher.watch(me, key)),
                };
                let mut session = Session::connect_with(parts, |names, _| match dealer {
                    Some(link) => Ok(Box::new(Live::connect(me, PAIR, names, world.tap(me, link))?)),
                    None => Err(panicked(me)),
                })?;
                (session.record, session.stream) = (self.record, self.stream);
                Ok(session)
            });
            Ok((lanes.collect::<Result<_>>()?, None))
        })?;
        Ok(session.planned(self.settings_of_lanes(), self.deployment.clone()))
    }

    /// Two of the three compute a sample.
    fn settings_of_lanes(&self) -> Settings {
        Settings { parties: PAIR, ..self.settings.clone() }
    }

    /// The world of one lane: with randomness, logs and taps of its own.
    #[cfg(any(test, feature = "test-util"))]
    fn of_lane(&self, lane: usize, clients: usize) -> Self {
        let each = PAIR + 2 + clients;
        let own = lane * each..(lane + 1) * each;
        let mut world = self.clone();
        world.seed = self.seed.map(|seed| seed.wrapping_add(lane as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        world.logs = self.logs.get(own.clone()).unwrap_or_default().to_vec();
        world.taps = self.taps.get(own).unwrap_or_default().to_vec();
        world
    }
    #[cfg(not(any(test, feature = "test-util")))]
    fn of_lane(&self, _: usize, _: usize) -> Self {
        self.clone()
    }
}

/// Puts the recorded shares together, in the order of the samples.
fn reveal(rotation: &Rotation, parties: &[Vec<Rotated>]) -> Stages {
    let mut stages = Stages::new(rotation.whole());
    for (run, first) in parties[0].iter().enumerate() {
        for (k, lane) in first.lanes.iter().enumerate() {
            let plan = &rotation.lanes()[lane.dealer];
            let [a, b] = [1, 2].map(|e| &parties[(lane.dealer + e) % LANES][run].lanes[k].outcome.recorded);
            for (x, y) in a.iter().zip(b) {
                let sum: Vec<u64> = x.share.iter().zip(&y.share).map(|(x, y)| x.wrapping_add(*y)).collect();
                stages.push(plan, x.stage, Range::len(&lane.samples), &sum);
            }
        }
    }
    stages
}
