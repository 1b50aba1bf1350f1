//! All parties and the dealer in this process, each on its own thread, connected in memory. The protocol is the one of real deployments; only the transport differs.

use super::{CLIENT, Outcome, SERVER, Session};
use crate::dealer;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::fixed;
use crate::graph::Graph;
use crate::model::{Model, ModelInput};
use crate::net::{Memory, Transport, network};
use crate::plan::{Plan, Settings};
use crate::report::{Report, Stages};
use crate::tensor::{Clear, StaticShape};
use crate::weights::Weights;
use std::time::{Duration, Instant};
use undertone_ring::prg::Prg;

/// Two parties and a dealer in this process.
#[derive(Clone, Debug)]
pub struct World {
    settings: Settings,
    record: bool,
    /// The largest number of samples of one run.
    batch: usize,
    #[cfg(any(test, feature = "test-util"))]
    seed: Option<u64>,
    #[cfg(any(test, feature = "test-util"))]
    logs: Vec<undertone_ring::prg::Log>,
    #[cfg(any(test, feature = "test-util"))]
    taps: Vec<crate::net::Sent>,
}

/// What a private prediction leaves.
#[derive(Clone, Debug)]
pub struct Prediction<S: StaticShape> {
    /// The output of every sample, as the client learns it.
    pub output: Clear<S>,
    /// Rounds, bytes and times, stage by stage.
    pub report: Report,
    /// The values of every stage, if the world records.
    pub stages: Option<Stages>,
}

/// A prediction without types.
#[derive(Clone)]
pub struct Untyped {
    /// The output of every sample, row-major.
    pub output: Vec<f32>,
    /// Rounds, bytes and times, stage by stage.
    pub report: Report,
    /// The values of every stage, if the world records.
    pub stages: Option<Stages>,
}

impl core::fmt::Debug for Untyped {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Untyped[{} values, {} samples]", self.output.len(), self.report.samples)
    }
}

impl World {
    /// A client with the inputs, a server with the weights, and a dealer. Randomness comes from the operating system.
    pub fn two_party() -> Self {
        Self {
            settings: Settings::default(),
            record: false,
            batch: 64,
            #[cfg(any(test, feature = "test-util"))]
            seed: None,
            #[cfg(any(test, feature = "test-util"))]
            logs: vec![],
            #[cfg(any(test, feature = "test-util"))]
            taps: vec![],
        }
    }

    /// A world whose randomness is a function of a seed, for tests that must repeat themselves. It protects nothing.
    #[cfg(any(test, feature = "test-util"))]
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some(seed), ..Self::two_party() }
    }

    /// The same world, writing every request to a generator to the log of whoever asks: the parties in order, then the dealer.
    #[cfg(any(test, feature = "test-util"))]
    pub fn logged(self, logs: Vec<undertone_ring::prg::Log>) -> Self {
        Self { logs, ..self }
    }

    /// The same world, writing down what each endpoint sends: the parties in order, then the dealer.
    #[cfg(any(test, feature = "test-util"))]
    pub fn tapped(self, taps: Vec<crate::net::Sent>) -> Self {
        Self { taps, ..self }
    }

    /// The same world with other widths.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The same world, running at most this many samples at once: more take more memory and fewer rounds.
    pub fn batch(self, samples: usize) -> Self {
        Self { batch: samples.max(1), ..self }
    }

    /// The same world, which also puts the shares of every stage together, for comparisons. Only a world in one process can.
    pub fn record(self) -> Self {
        Self { record: true, ..self }
    }

    /// Runs a model privately: the server gives the weights, the client the inputs, and gets the output.
    ///
    /// # Errors
    /// When weights or inputs cannot be used, or a party fails.
    pub fn predict<M: Model>(&self, weights: &Weights, input: &M::Input) -> Result<Prediction<M::Output>> {
        let run = self.predict_graph(M::graph()?, weights, &input.slices(), input.batch()?, &mut |_| {})?;
        Ok(Prediction { output: Clear::new(run.output)?, report: run.report, stages: run.stages })
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
        let plan = Plan::new(graph, &self.settings)?;
        // what one party could only report after the others have started is refused here already
        plan.encode(weights)?;
        super::encode::inputs(&plan, inputs, samples)?;
        if samples == 0 {
            return Err(Error::Input { name: "all".into(), message: "there are no samples".into() });
        }
        let batches: Vec<core::ops::Range<usize>> =
            (0..samples).step_by(self.batch).map(|start| start..(start + self.batch).min(samples)).collect();
        let progress = std::sync::Mutex::new(progress);
        let (plan, batches, progress) = (&plan, &batches, &progress);
        let parties = self.execute(|session: &mut Session| {
            let me = session.party();
            let start = Instant::now();
            let set = session.weights(plan, (me == SERVER).then_some(weights))?;
            let setup = start.elapsed();
            let mut outcomes = vec![];
            for range in batches {
                let slices: Vec<&[f32]> =
                    inputs.iter().enumerate().map(|(k, x)| &x[range.start * plan.input_len(k)..range.end * plan.input_len(k)]).collect();
                let prepared = session.prepare(plan, &set, (me == CLIENT).then_some(range.len()))?;
                outcomes.push(session.run(plan, &set, prepared, (me == CLIENT).then_some(slices.as_slice()))?);
                if me == CLIENT
                    && let Ok(mut tell) = progress.lock()
                {
                    tell(range.end);
                }
            }
            Ok((setup, outcomes))
        })?;
        let (setups, parties): (Vec<Duration>, Vec<Vec<Outcome>>) = parties.into_iter().unzip();
        let setup = setups.into_iter().max().unwrap_or_default();
        let output = parties[CLIENT].iter().flat_map(|o| o.output.iter().copied()).collect();
        let stages = self.record.then(|| Self::reveal(plan, &parties, batches));
        Ok(Untyped { output, report: Report::new(plan, samples, &parties, setup), stages })
    }

    /// Runs `body` as every party, each on its own thread, with a dealer beside them.
    ///
    /// # Errors
    /// The error of the party that failed first by itself; the others only notice that it is gone.
    pub fn execute<T: Send>(&self, body: impl Fn(&mut Session) -> Result<T> + Sync) -> Result<Vec<T>> {
        let parties = self.settings.parties;
        let mut endpoints = network(parties + 1);
        let dealer_link = endpoints.pop();
        let body = &body;
        let results: Vec<Result<T>> = std::thread::scope(|scope| {
            let dealer = dealer_link.map(|link| {
                let mut link = self.tap(parties, link);
                scope.spawn(move || {
                    dealer::serve_with(link.as_mut(), parties, &mut self.entropy(parties), &mut |key| self.watch(parties, key))
                })
            });
            let threads: Vec<_> =
                endpoints.into_iter().enumerate().map(|(party, link)| scope.spawn(move || self.party(party, link, body))).collect();
            let results = threads.into_iter().enumerate().map(|(party, t)| t.join().unwrap_or_else(|_| Err(panicked(party)))).collect();
            match dealer.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(Err(e))) => vec![Err(e)],
                Some(Err(_)) => vec![Err(panicked(parties))],
                _ => results,
            }
        });
        let worst = results.iter().filter_map(|r| r.as_ref().err()).min_by_key(|e| matches!(e, Error::Gone { .. }));
        match worst {
            Some(e) => Err(e.clone()),
            None => results.into_iter().collect(),
        }
    }

    fn party<T>(&self, party: usize, link: Memory, body: &(impl Fn(&mut Session) -> Result<T> + Sync)) -> Result<T> {
        let watcher = self.clone();
        let mut session = Session::connect_with(
            party,
            self.settings.parties,
            self.tap(party, link),
            self.entropy(party),
            Box::new(move |key| watcher.watch(party, key)),
        )?;
        session.record = self.record;
        body(&mut session)
    }

    #[cfg(any(test, feature = "test-util"))]
    fn entropy(&self, endpoint: usize) -> Entropy {
        self.seed.map_or(Entropy::System, |seed| Entropy::seeded(seed.wrapping_mul(31).wrapping_add(endpoint as u64)))
    }
    #[cfg(not(any(test, feature = "test-util")))]
    #[allow(clippy::unused_self, reason = "a world of tests has a seed")]
    fn entropy(&self, _: usize) -> Entropy {
        Entropy::System
    }

    #[cfg(any(test, feature = "test-util"))]
    fn watch(&self, endpoint: usize, key: &mut Prg) {
        if let Some(log) = self.logs.get(endpoint) {
            key.audit(log.clone());
        }
    }
    #[cfg(not(any(test, feature = "test-util")))]
    #[allow(clippy::unused_self, reason = "a world of tests has a log")]
    fn watch(&self, _: usize, _: &mut Prg) {}

    #[cfg(any(test, feature = "test-util"))]
    fn tap(&self, endpoint: usize, link: Memory) -> Box<dyn Transport> {
        match self.taps.get(endpoint) {
            Some(sent) => Box::new(crate::net::Tap::new(link, sent.clone())),
            None => Box::new(link),
        }
    }
    #[cfg(not(any(test, feature = "test-util")))]
    #[allow(clippy::unused_self, reason = "a world of tests has taps")]
    fn tap(&self, _: usize, link: Memory) -> Box<dyn Transport> {
        Box::new(link)
    }

    /// Puts the recorded shares together.
    fn reveal(plan: &Plan, parties: &[Vec<Outcome>], batches: &[core::ops::Range<usize>]) -> Stages {
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

fn panicked(endpoint: usize) -> Error {
    Error::Peer { party: endpoint, during: "run".into(), message: "its thread has panicked: this is a bug in Undertone".into() }
}

/// The fixed-point reference of a graph: the same plan, in the clear.
///
/// # Errors
/// When weights or inputs cannot be used.
pub fn fixed_point(graph: &Graph, settings: &Settings, weights: &Weights, inputs: &[&[f32]], samples: usize) -> Result<fixed::Fixed> {
    let plan = Plan::new(graph, settings)?;
    let encoded = plan.encode(weights)?;
    let inputs = super::encode::inputs(&plan, inputs, samples)?;
    Ok(fixed::run(&plan, &encoded, &inputs, samples))
}
