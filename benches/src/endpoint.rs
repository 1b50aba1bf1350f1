//! One process of a measurement: a party, or the dealer.

use crate::cast::Spec;
use crate::failure::{Doing, Result};
use crate::figures::{Part, peak};
use crate::workload::Workload;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use undertone::config::DealerConfig;
use undertone::dealer::Server;
use undertone::graph::{CLIENT, SERVER};
use undertone::party::Measured;
use undertone::plan::Calibration;
use undertone::{Config, Plan, Session, Settings, Values};

/// The file of a calibration, in the folder of the measurement.
pub const CALIBRATION: &str = "calibration.toml";

/// What the dealer is called.
pub const DEALER: &str = "dealer";

/// How long a party looks for a message before it sleeps.
const SPIN: Duration = Duration::from_millis(1);

/// Seconds of measured runs, unless their number is given.
const SECONDS: f64 = 2.0;
/// The fewest and the most runs then.
const RUNS: [usize; 2] = [3, 50];

/// The process of this name, whose measurement stands in `folder`; leaves what it has measured there.
pub fn run(name: &str, folder: &Path) -> Result<()> {
    let spec = Spec::read(folder)?;
    if name == DEALER {
        let mut config = DealerConfig::new(spec.participants(), &spec.address(DEALER));
        if !spec.throughput {
            config.limits.ahead_bytes = 0;
        }
        return Ok(Server::bind(&config)?.run(&AtomicBool::new(false), &|_| {})?);
    }
    #[cfg(feature = "twin")]
    if name == crate::plain::PLAIN {
        return crate::plain::run(&spec, folder);
    }
    let part = party(name, &spec, folder)?;
    std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec(&part).doing("figures")?).doing("figures")
}

fn party(name: &str, spec: &Spec, folder: &Path) -> Result<Part> {
    let workload = Workload::named(&spec.workload)?;
    let mut config = Config::new(name, spec.participants());
    config.settings = settings(spec, folder)?;
    config.threads = spec.threads;
    // a core for each party: whoever waits for the other one's product need not sleep
    config.timeouts.spin = SPIN;
    config.listen = Some(spec.address(name));
    config.addresses = spec.endpoints.iter().map(|e| (e.name.clone(), spec.seen_from(name, &e.name))).collect();
    config.addresses.retain(|other, _| spec.is_earlier(other, name));
    let mut session = Session::connect(&config)?;
    let plan = session.plan(&workload.graph)?;
    let weights = (name == SERVER).then(|| workload.weights());
    let inputs = workload.inputs(spec.batch);
    let owned = |k: usize| workload.graph.inputs[k].owner == name;
    let mine: Vec<(usize, &[f32])> = inputs.iter().map(Vec::as_slice).enumerate().filter(|(k, _)| owned(*k)).collect();
    let prepared_for = (name == CLIENT).then_some(spec.batch);

    let mut part = Part { widths: [plan.settings.ring, plan.settings.fraction], ..Part::default() };
    let mut once = |part: &mut Part| -> undertone::Result<()> {
        let outcome = if spec.stream {
            session.run_streamed(&plan, weights.as_ref(), prepared_for, &mine)?
        } else {
            let prepared = session.prepare(&plan, weights.as_ref(), prepared_for)?;
            session.run(&plan, prepared, &mine)?
        };
        part.setup = part.setup.max(outcome.setup.as_secs_f64());
        part.offline.push(outcome.offline.as_secs_f64());
        part.online.push(outcome.online.as_secs_f64());
        part.sent = outcome.steps.iter().map(|s| s.sent).sum();
        part.corrections = outcome.steps.iter().map(|s| s.corrections).sum();
        part.rounds = outcome.steps.iter().map(|s| s.rounds).sum();
        part.stages = stages(&plan, &outcome.steps);
        part.output = outcome.opened.iter().next().map(|(_, values)| floats(values));
        Ok(())
    };
    // the first shares the weights, the second finds all its memory
    once(&mut part)?;
    part.online.clear();
    part.offline.clear();
    let mut warm = Part::default();
    once(&mut warm)?;
    let took = warm.online[0] + warm.offline[0];
    let runs = spec.runs.unwrap_or_else(|| ((SECONDS / took.max(1e-6)) as usize).clamp(RUNS[0], RUNS[1]));
    let start = Instant::now();
    // the client says how many there are, by leaving; all others are ready for one more
    while name != CLIENT || part.online.len() < runs {
        match once(&mut part) {
            Err(undertone::Error::Ended { .. }) if name != CLIENT => break,
            other => other?,
        }
        part.all = start.elapsed().as_secs_f64();
    }
    part.peak = peak("self");
    Ok(part)
}

/// The settings of a measurement.
fn settings(spec: &Spec, folder: &Path) -> Result<Settings> {
    let standard = if spec.calibrated {
        let calibrated = Settings::calibrated(&Calibration::load(folder.join(CALIBRATION))?);
        // as fine as without a calibration, so that errors can be compared
        if spec.ring.is_none() { calibrated.with_fraction(Settings::default().fraction) } else { calibrated }
    } else {
        Settings::default()
    };
    let settings = Settings { parties: usize::from(spec.parties), ..standard }.with_network(&spec.network.network());
    Ok(spec.ring.map_or(settings.clone(), |ring| settings.with_ring(ring)))
}

/// What was released, as numbers.
fn floats(values: &Values) -> Vec<f32> {
    match values {
        Values::Real(values) => values.clone(),
        Values::Index(values) => values.iter().map(|v| *v as f32).collect(),
    }
}

/// Seconds of work and of waiting, stage by stage.
fn stages(plan: &Plan, steps: &[Measured]) -> Vec<(String, f64, f64)> {
    let mut stages: Vec<(String, f64, f64)> = vec![];
    for (k, step) in steps.iter().enumerate() {
        let name = plan.stage_name(k);
        let (work, waiting) = (step.time.saturating_sub(step.waiting).as_secs_f64(), step.waiting.as_secs_f64());
        match stages.iter_mut().find(|(known, _, _)| known == name) {
            Some(stage) => (stage.1, stage.2) = (stage.1 + work, stage.2 + waiting),
            None => stages.push((name.to_owned(), work, waiting)),
        }
    }
    stages
}
