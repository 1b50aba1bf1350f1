//! All parties and the dealer in this process, each on its own thread, connected in memory. The protocol is the one of real deployments; only the transport differs.

use super::handshake::Table;
use super::links::{Links, names};
use super::session::Parts;
use super::source::Live;
use super::{Outcome, Session};
use crate::dealer;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::fixed::{self, Against, Rounding};
use crate::graph::Graph;
use crate::model::{Model, ModelInput};
use crate::net::{Memory, Transport, network};
use crate::opened::Opened;
use crate::plan::{Deployment, Place, Plan, Settings};
use crate::report::{Report, Stages};
use crate::topology::Topology;
use crate::weights::Weights;
use core::ops::Range;
use std::sync::Mutex;
use undertone_ring::prg::Prg;

/// All parties of a computation in this process, and their dealer if it is none of them.
#[derive(Clone, Debug)]
pub struct World {
    topology: Topology,
    pub(super) settings: Settings,
    pub(super) deployment: Deployment,
    pub(super) record: bool,
    /// The largest number of samples of one run.
    batch: usize,
    /// The threads of each party.
    threads: usize,
    /// Whether the parties unpack their tapes as they run.
    pub(super) stream: bool,
    #[cfg(any(test, feature = "test-util"))]
    pub(super) seed: Option<u64>,
    #[cfg(any(test, feature = "test-util"))]
    pub(super) logs: Vec<undertone_ring::prg::Log>,
    #[cfg(any(test, feature = "test-util"))]
    pub(super) taps: Vec<crate::net::Sent>,
}

/// What a private prediction leaves.
#[derive(Clone, Debug)]
pub struct Prediction<R> {
    /// Everything that was released: the one value, or a struct with one field a release.
    pub output: R,
    /// Rounds, bytes and times, stage by stage.
    pub report: Report,
    /// The values of every stage, if the world records.
    pub stages: Option<Stages>,
}

/// A prediction without types.
#[derive(Clone)]
pub struct Untyped {
    /// Everything that was released, to whomever.
    pub opened: Opened,
    /// Rounds, bytes and times, stage by stage.
    pub report: Report,
    /// The values of every stage, if the world records.
    pub stages: Option<Stages>,
}

impl core::fmt::Debug for Untyped {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Untyped[{:?}, {} samples]", self.opened, self.report.samples)
    }
}

impl Untyped {
    /// The values of the release `output`, the only one of a model that says nothing about releases.
    pub fn output(&self) -> &[f32] {
        self.opened.real("output")
    }
}

impl World {
    /// A client with the inputs, a server with the weights, and a dealer. Randomness comes from the operating system.
    pub fn two_party() -> Self {
        Self {
            topology: Topology::Dealer,
            settings: Settings::default(),
            deployment: Deployment::default(),
            record: false,
            batch: 64,
            threads: 0,
            stream: false,
            #[cfg(any(test, feature = "test-util"))]
            seed: None,
            #[cfg(any(test, feature = "test-util"))]
            logs: vec![],
            #[cfg(any(test, feature = "test-util"))]
            taps: vec![],
        }
    }

    /// This many parties and a dealer: the first has the inputs, the second the weights, unless the description says more. Any of them but one may put together what
    /// they see and learn nothing that is not released to them.
    pub fn parties(parties: usize) -> Self {
        let world = Self::two_party();
        Self { settings: Settings { parties, ..world.settings }, ..world }
    }

    /// Three parties of which one deals, in each slice of a batch another one; no two of them may work together. The k-th role of a description lives with party k, unless a
    /// [deployment](Self::deployment) says otherwise; who has no role computes and deals. Randomness comes from the operating system.
    pub fn third_deals() -> Self {
        Self::two_party().topology(Topology::ThirdDeals)
    }

    /// The same world with another topology.
    pub fn topology(self, topology: Topology) -> Self {
        Self { topology, ..self }
    }

    /// A world whose randomness is a function of a seed, for tests that must repeat themselves. It protects nothing.
    #[cfg(any(test, feature = "test-util"))]
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some(seed), ..Self::two_party() }
    }

    /// The same world, writing every request to a generator to the log of whoever asks: the parties in order, then the dealer, then the clients. Where one of three parties
    /// deals: so for each lane in turn, the party that deals being its first client.
    #[cfg(any(test, feature = "test-util"))]
    pub fn logged(self, logs: Vec<undertone_ring::prg::Log>) -> Self {
        Self { logs, ..self }
    }

    /// The same world, writing down what each endpoint sends: the parties in order, then the dealer, then the clients. Where one of three parties deals: so for each lane in
    /// turn, the party that deals being its first client; then what they all say about whole runs.
    #[cfg(any(test, feature = "test-util"))]
    pub fn tapped(self, taps: Vec<crate::net::Sent>) -> Self {
        Self { taps, ..self }
    }

    /// The same world with other widths.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The same world with each role at a place of its own; otherwise their order decides.
    pub fn deployment(self, deployment: Deployment) -> Self {
        Self { deployment, ..self }
    }

    /// The same world, running at most this many samples at once: more take more memory and fewer rounds.
    pub fn batch(self, samples: usize) -> Self {
        Self { batch: samples.max(1), ..self }
    }

    /// The same world, the products of each party being shared among this many threads; otherwise each party has its part of the cores.
    pub fn threads(self, count: usize) -> Self {
        Self { threads: count.max(1), ..self }
    }

    /// The same world, whose parties unpack their tapes as they run ([`Session::run_streamed`]). Within one process, what the dealer has dealt waits in memory all the same,
    /// packed.
    pub fn streaming(self) -> Self {
        Self { stream: true, ..self }
    }

    /// The same world, which also puts the shares of every stage together, for comparisons. Only a world in one process can.
    pub fn record(self) -> Self {
        Self { record: true, ..self }
    }

    /// Runs a model privately: each role gives what it owns; all that is released is put together.
    ///
    /// # Errors
    /// When weights or inputs cannot be used, or a party fails.
    pub fn predict<M: Model>(&self, weights: &Weights, input: &M::Input) -> Result<Prediction<M::Released>> {
        self.predict_with_progress::<M>(weights, input, &mut |_| {})
    }

    /// As [`predict`](Self::predict); `progress` hears of every batch that is done, with the number of samples so far.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_with_progress<M: Model>(
        &self,
        weights: &Weights,
        input: &M::Input,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Prediction<M::Released>> {
        let run = self.predict_graph(M::graph()?, weights, &input.slices(), input.batch()?, progress)?;
        Ok(Prediction { output: M::released(run.opened)?, report: run.report, stages: run.stages })
    }

    /// Runs a graph privately; `progress` hears of every batch that is done, with the number of samples so far.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_graph(
        &self,
        graph: &Graph,
        weights: &Weights,
        inputs: &[&[f32]],
        samples: usize,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Untyped> {
        if self.topology == Topology::ThirdDeals {
            return self.predict_rotated(graph, weights, inputs, samples, progress);
        }
        let plan = Plan::deployed(graph, &self.settings, &self.deployment)?;
        // what one party could only report after the others have started is refused here already
        plan.encode(weights)?;
        check(&plan, inputs, samples)?;
        let batches = self.batches(samples);
        let progress = Mutex::new(progress);
        let (plan, batches, progress) = (&plan, &batches, &progress);
        let endpoints = self.execute_with(plan.clients(), |session: &mut Session| {
            let place = session.place();
            let mut outcomes = vec![];
            for range in batches {
                let mine = owned(plan, place, inputs, range);
                let weights = (plan.weights_owner == place).then_some(weights);
                outcomes.push(session.run_once(plan, weights, (!mine.is_empty()).then_some(range.len()), &mine)?);
                tell(progress, place, range.end);
            }
            Ok(outcomes)
        })?;
        let opened = together(plan, &endpoints, |outcome: &Outcome| &outcome.opened);
        let parties = &endpoints[..plan.settings.parties];
        let stages = self.record.then(|| Self::reveal(plan, parties, batches));
        Ok(Untyped { opened, report: Report::new(plan, samples, parties), stages })
    }

    /// Runs `body` as every party, each on its own thread, with a dealer beside them.
    ///
    /// # Errors
    /// The error of the party that failed first by itself; the others only notice that it is gone.
    pub fn execute<T: Send>(&self, body: impl Fn(&mut Session) -> Result<T> + Sync) -> Result<Vec<T>> {
        self.execute_with(0, body)
    }

    /// As [`execute`](Self::execute), with clients: their results follow those of the parties.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn execute_with<T: Send>(&self, clients: usize, body: impl Fn(&mut Session) -> Result<T> + Sync) -> Result<Vec<T>> {
        if self.topology == Topology::ThirdDeals {
            return self.execute_rotated(clients, &body);
        }
        let parties = self.settings.parties;
        let table = Table { parties, clients, topology: Topology::Dealer };
        let mut dealer_links = network(parties + 1);
        let dealer_link = dealer_links.pop();
        let body = &body;
        let results: Vec<Result<T>> = std::thread::scope(|scope| {
            let dealer = dealer_link.map(|link| {
                let mut link = self.tap(parties, link);
                scope.spawn(move || {
                    dealer::serve_with(link.as_mut(), parties, &mut self.entropy(parties), &mut |key| self.watch(parties, key))
                })
            });
            let mut dealer_links = dealer_links.into_iter();
            let peers = network(parties + 1 + clients).into_iter().enumerate().filter(|(e, _)| *e != parties);
            let threads: Vec<_> = peers
                .map(|(endpoint, link)| {
                    let dealer = if endpoint < parties { dealer_links.next() } else { None };
                    scope.spawn(move || self.endpoint(table, endpoint, link, dealer, body))
                })
                .collect();
            let results = threads.into_iter().enumerate().map(|(e, t)| t.join().unwrap_or_else(|_| Err(panicked(e)))).collect();
            match dealer.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(Err(e))) => vec![Err(e)],
                Some(Err(_)) => vec![Err(panicked(parties))],
                _ => results,
            }
        });
        all_or_worst(results)
    }

    /// The samples of each run.
    pub(super) fn batches(&self, samples: usize) -> Vec<Range<usize>> {
        (0..samples).step_by(self.batch).map(|start| start..(start + self.batch).min(samples)).collect()
    }

    fn endpoint<T>(
        &self,
        table: Table,
        endpoint: usize,
        link: Memory,
        dealer: Option<Memory>,
        body: &(impl Fn(&mut Session) -> Result<T> + Sync),
    ) -> Result<T> {
        let (watcher, names) = (self.clone(), names(table.parties, table.clients));
        let parts = Parts {
            place: if endpoint < table.parties { Place::Party(endpoint) } else { Place::Client(endpoint - table.parties - 1) },
            table,
            links: Links::new(endpoint, &names, self.tap(endpoint, link)),
            entropy: self.entropy(endpoint),
            prepare: Box::new(move |key| watcher.watch(endpoint, key)),
        };
        let session = Session::connect_with(parts, |names, _| match dealer {
            Some(link) => Ok(Box::new(Live::connect(endpoint, table.parties, names, self.tap(endpoint, link))?)),
            None => Err(panicked(endpoint)),
        })?;
        let threads = if self.threads == 0 { crate::config::cores() / table.parties } else { self.threads };
        let mut session = session.planned(self.settings.clone(), self.deployment.clone()).streaming(self.stream).with_threads(threads)?;
        session.record = self.record;
        body(&mut session)
    }

    #[cfg(any(test, feature = "test-util"))]
    pub(super) fn entropy(&self, endpoint: usize) -> Entropy {
        self.seed.map_or(Entropy::System, |seed| Entropy::seeded(seed.wrapping_mul(31).wrapping_add(endpoint as u64)))
    }
    #[cfg(not(any(test, feature = "test-util")))]
    #[allow(clippy::unused_self, reason = "a world of tests has a seed")]
    pub(super) fn entropy(&self, _: usize) -> Entropy {
        Entropy::System
    }

    #[cfg(any(test, feature = "test-util"))]
    pub(super) fn watch(&self, endpoint: usize, key: &mut Prg) {
        if let Some(log) = self.logs.get(endpoint) {
            key.audit(log.clone());
        }
    }
    #[cfg(not(any(test, feature = "test-util")))]
    #[allow(clippy::unused_self, reason = "a world of tests has a log")]
    pub(super) fn watch(&self, _: usize, _: &mut Prg) {}

    #[cfg(any(test, feature = "test-util"))]
    pub(super) fn tap(&self, endpoint: usize, link: Memory) -> Box<dyn Transport> {
        match self.taps.get(endpoint) {
            Some(sent) => Box::new(crate::net::Tap::new(link, sent.clone())),
            None => Box::new(link),
        }
    }
    #[cfg(not(any(test, feature = "test-util")))]
    #[allow(clippy::unused_self, reason = "a world of tests has taps")]
    pub(super) fn tap(&self, _: usize, link: Memory) -> Box<dyn Transport> {
        Box::new(link)
    }

    /// Puts the recorded shares together.
    fn reveal(plan: &Plan, parties: &[Vec<Outcome>], batches: &[Range<usize>]) -> Stages {
        let mut stages = Stages::new(plan);
        for (b, range) in batches.iter().enumerate() {
            let first = &parties[0][b].recorded;
            for (r, record) in first.iter().enumerate() {
                let sum = parties[1..].iter().fold(record.share.clone(), |mut sum, party| {
                    sum.iter_mut().zip(&party[b].recorded[r].share).for_each(|(s, x)| *s = s.wrapping_add(*x));
                    sum
                });
                stages.push(plan, record.stage, range.len(), &sum);
            }
        }
        stages
    }
}

/// The inputs of this range of samples that live at a place.
pub(super) fn owned<'a>(plan: &Plan, place: Place, inputs: &[&'a [f32]], range: &Range<usize>) -> Vec<(usize, &'a [f32])> {
    let slice = |k: usize| (k, &inputs[k][range.start * plan.input_len(k)..range.end * plan.input_len(k)]);
    (0..inputs.len()).filter(|k| plan.inputs[*k].owner == place).map(slice).collect()
}

/// What all endpoints have, or the error of the one that failed first by itself; the others only notice that it is gone.
pub(super) fn all_or_worst<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let worst = results.iter().filter_map(|r| r.as_ref().err()).min_by_key(|e| matches!(e, Error::Gone { .. } | Error::Ended { .. }));
    match worst {
        Some(e) => Err(e.clone()),
        None => results.into_iter().collect(),
    }
}

/// Says how many samples are done, as the first party sees it.
pub(super) fn tell(progress: &Mutex<&mut (dyn FnMut(usize) + Send)>, place: Place, done: usize) {
    if place == Place::Party(0)
        && let Ok(mut tell) = progress.lock()
    {
        tell(done);
    }
}

/// All that was released in all runs, to whomever; `opened` is what a run left with one endpoint.
pub(super) fn together<T>(plan: &Plan, endpoints: &[Vec<T>], opened: impl Fn(&T) -> &Opened) -> Opened {
    let mut all = Opened::new();
    for run in 0..endpoints.first().map_or(0, Vec::len) {
        for release in &plan.releases {
            if let Some(values) = endpoints.iter().find_map(|e| opened(&e[run]).get(&release.name).cloned()) {
                all.push(&release.name, values);
            }
        }
    }
    all
}

pub(super) fn panicked(endpoint: usize) -> Error {
    let message = "its thread has panicked: this is a bug in Undertone".into();
    Error::Peer { party: format!("endpoint {endpoint}"), during: "run".into(), message }
}

/// Checks the inputs of all roles.
pub(super) fn check(plan: &Plan, inputs: &[&[f32]], samples: usize) -> Result<Vec<Vec<u64>>> {
    if inputs.len() != plan.inputs.len() {
        let message = format!("{} takes {} inputs, {} are given", plan.model, plan.inputs.len(), inputs.len());
        return Err(Error::Input { name: "all".into(), message });
    }
    if samples == 0 {
        return Err(Error::Input { name: "all".into(), message: "there are no samples".into() });
    }
    let mut all = vec![];
    for (k, (spec, values)) in plan.inputs.iter().zip(inputs).enumerate() {
        let owned: Vec<(usize, &[f32])> =
            (0..inputs.len()).filter(|i| plan.inputs[*i].owner == spec.owner).map(|i| (i, inputs[i])).collect();
        let mut encoded = super::encode::inputs(plan, spec.owner, &owned, samples)?;
        debug_assert_eq!(values.len(), encoded[k].as_ref().map_or(0, Vec::len));
        all.push(encoded[k].take().unwrap_or_default());
    }
    Ok(all)
}

/// The fixed-point reference of a graph: the same plan, in the clear.
///
/// # Errors
/// When weights or inputs cannot be used.
pub fn fixed_point(graph: &Graph, settings: &Settings, weights: &Weights, inputs: &[&[f32]], samples: usize) -> Result<fixed::Fixed> {
    fixed_point_against(Against::PrivateRun, graph, settings, weights, inputs, samples)
}

/// As [`fixed_point`], with the bounds of a comparison with the twin, or with a private run.
///
/// # Errors
/// As [`fixed_point`].
pub fn fixed_point_against(
    against: Against,
    graph: &Graph,
    settings: &Settings,
    weights: &Weights,
    inputs: &[&[f32]],
    samples: usize,
) -> Result<fixed::Fixed> {
    let plan = Plan::new(graph, settings)?;
    let encoded = plan.encode(weights)?;
    let integers = check(&plan, inputs, samples)?;
    let rounding = match against {
        Against::PrivateRun => Rounding::of_private_run(&plan),
        Against::Twin => Rounding::of_twin(&plan, inputs),
    };
    Ok(fixed::run(&plan, &encoded, &integers, samples, &rounding))
}
