//! `undertone party`: one endpoint of an exported model.

use crate::failure::Failure;
use crate::hex::hex;
use crate::samples::{self, Samples};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use undertone_runtime::net::Listener;
use undertone_runtime::party::{Outcome, Rotation};
use undertone_runtime::{Config, Error, Place, Plan, Session, Settings, Topology, Weights};

#[derive(Args)]
pub struct Options {
    /// The file of this endpoint: name, deployment, addresses, certificates
    #[arg(long)]
    config: PathBuf,
    /// The plan that all endpoints run; where one of three parties deals, the folder of its plans
    #[arg(long)]
    plan: PathBuf,
    /// The role that this endpoint should have; an error if it has another one
    #[arg(long)]
    role: Option<String>,
    /// The weights, with their owner alone: safetensors, by PyTorch's names
    #[arg(long)]
    weights: Option<PathBuf>,
    /// The inputs that this endpoint owns: safetensors, F32, by name, the first axis being the samples
    #[arg(long)]
    input: Option<PathBuf>,
    /// Where to write what is released to this endpoint, after each run: safetensors, by name
    #[arg(long)]
    output: Option<PathBuf>,
    /// Runs of this session, all with the same inputs. Fractions are rounded anew each time: whoever receives many learns their mean
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Runs until the others leave, then waits for the next session
    #[arg(long, conflicts_with = "runs")]
    serve: bool,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let config = Config::from_file(&options.config)?;
    let program = Program::load(&config, &options.plan)?;
    let job = Job::new(&config, &program, options)?;
    let listener = config.listener()?;
    if options.serve {
        return job.serve(&config, listener.as_ref());
    }
    let mut session = Session::connect_on(&config, listener.as_ref())?;
    for number in 1..=options.runs {
        job.run(&mut session, number)?;
    }
    Ok(())
}

/// What all endpoints run.
enum Program {
    Plan(Box<Plan>),
    /// One of three parties deals.
    Rotation(Box<Rotation>),
}

impl Program {
    fn load(config: &Config, path: &Path) -> Result<Self, Failure> {
        match (config.participants.topology, path.is_dir()) {
            (Topology::ThirdDeals, true) => Ok(Self::Rotation(Box::new(Rotation::load(path)?))),
            (Topology::Dealer, false) => Ok(Self::Plan(Box::new(Plan::load(path)?))),
            (topology, folder) => {
                let (is, wanted) = if folder { ("a folder", "one plan") } else { ("no folder", "a folder of three plans") };
                Err(Failure::Input(format!("{}: is {is}, and the topology `{topology}` of the deployment needs {wanted}", path.display())))
            }
        }
    }

    /// Who gives what and who learns what.
    fn plan(&self) -> &Plan {
        match self {
            Self::Plan(plan) => plan,
            Self::Rotation(rotation) => rotation.whole(),
        }
    }
}

/// What a run measured.
struct Measured {
    batch: usize,
    rounds: u64,
    sent: u64,
    setup: Duration,
    offline: Duration,
    online: Duration,
    tapes: Vec<([u8; 16], u64)>,
}

/// What this endpoint does in every run.
struct Job<'a> {
    program: &'a Program,
    plan: &'a Plan,
    /// The roles that live here, as text.
    roles: String,
    weights: Option<Weights>,
    samples: Option<Samples>,
    output: Option<&'a Path>,
}

impl<'a> Job<'a> {
    /// Everything that can be wrong here is found before anybody is called.
    fn new(config: &Config, program: &'a Program, options: &'a Options) -> Result<Self, Failure> {
        let (place, plan) = (config.place()?, program.plan());
        let roles = roles(config, plan, place)?;
        let standard = Settings { parties: config.settings.parties, ..Settings::default() };
        let given = &config.settings;
        if given.calibrated.is_some() || (given.widths() != plan.settings && *given != standard) {
            let message = "has other settings than the configuration: leave [settings] out, or export the plan with them";
            return Err(Failure::Input(format!("the plan of `{}` {message}", plan.model)));
        }
        if let Some(role) = options.role.as_ref().filter(|role| !roles.contains(role)) {
            let here = if roles.is_empty() { "no role".into() } else { format!("role {}", quoted(&roles)) };
            return Err(Failure::Input(format!("`{}` has {here} in this plan, not `{role}`", config.name)));
        }
        let weights = weights(plan, place, options.weights.as_deref())?;
        let owns = plan.inputs.iter().any(|input| input.owner == place);
        let samples = match &options.input {
            Some(path) if owns => Some(Samples::read(path, plan, place)?),
            Some(path) => {
                return Err(Failure::Input(format!("{place} owns no input of `{}`: leave out --input {}", plan.model, path.display())));
            }
            None if owns => return Err(Failure::Input(format!("{place} owns inputs of `{}`: give them with --input FILE", plan.model))),
            None => None,
        };
        let learns = plan.releases.iter().any(|release| release.to.contains(&place));
        match &options.output {
            Some(path) if !learns => {
                return Err(Failure::Input(format!("nothing is released to {place}: leave out --output {}", path.display())));
            }
            Some(path) if path.is_dir() || !path.parent().is_some_and(|folder| folder == Path::new("") || folder.is_dir()) => {
                return Err(Failure::Input(format!("{}: is a folder, or is in none that exists", path.display())));
            }
            None if learns => {
                let text = format!("values are released to {place}: say where to write them, with --output FILE");
                return Err(Failure::Input(text));
            }
            _ => {}
        }
        let roles = if roles.is_empty() { "without a role".into() } else { format!("as {}", quoted(&roles)) };
        Ok(Self { program, plan, roles, weights, samples, output: options.output.as_deref() })
    }

    fn run(&self, session: &mut Session, number: u64) -> Result<(), Failure> {
        let mine = self.samples.as_ref().map(Samples::mine).unwrap_or_default();
        let given = self.samples.as_ref().map(|s| s.batch);
        let (opened, measured) = match self.program {
            Program::Plan(plan) => {
                let outcome = session.run_once(plan, self.weights.as_ref(), given, &mine)?;
                let measured = Measured::new(outcome.batch, &[&outcome], session.claimed().into_iter().collect());
                (outcome.opened, measured)
            }
            Program::Rotation(rotation) => {
                let run = session.rotate(rotation, self.weights.as_ref(), given, &mine)?;
                let outcomes: Vec<&Outcome> = run.lanes.iter().map(|lane| &lane.outcome).collect();
                let measured = Measured::new(run.batch(), &outcomes, session.claimed_in_lanes());
                (run.opened, measured)
            }
        };
        if let Some(path) = self.output {
            samples::write(path, self.plan, &opened, measured.batch)?;
        }
        println!("{}", self.summary(number, &measured));
        Ok(())
    }

    /// One session after the other: what ends one is told, and does not end the program, unless it would end the next one too.
    fn serve(&self, config: &Config, listener: Option<&Listener>) -> Result<(), Failure> {
        let mut told = false;
        loop {
            let mut runs = 0;
            let ended = Session::connect_on(config, listener).map_err(Ended::from).and_then(|mut session| {
                loop {
                    self.run(&mut session, runs + 1).map_err(Ended::Failed)?;
                    runs += 1;
                }
            });
            let Err(ended): Result<(), Ended> = ended else { return Ok(()) };
            match ended {
                Ended::Nobody(e) => {
                    if !told {
                        eprintln!("waiting: {e}");
                    }
                    told = true; // once, and not after every attempt
                }
                Ended::Failed(failure @ Failure::Input(_)) => return Err(failure),
                Ended::Failed(Failure::Ended(how)) => {
                    told = false;
                    println!("{how}, after {runs} runs; waiting for the next session");
                }
                Ended::Failed(failure) => {
                    told = false;
                    failure.tell();
                    eprintln!("after {runs} runs of this session; waiting for the next one");
                    std::thread::sleep(Duration::from_millis(200)); // whoever fails at once is not asked at once again
                }
            }
        }
    }

    fn summary(&self, number: u64, run: &Measured) -> String {
        let (model, roles) = (&self.plan.model, &self.roles);
        let tapes: Vec<String> = run.tapes.iter().map(|(dealing, tape)| format!(", tape {tape} of dealing {}", hex(dealing))).collect();
        let tapes = tapes.concat();
        let [setup, offline, online] = [run.setup, run.offline, run.online].map(|time| time.as_secs_f64());
        format!(
            "{model} {roles}, run {number}: {} samples, {} rounds, {} bytes sent, weights {setup:.3} s, offline {offline:.3} s, online {online:.3} s{tapes}",
            run.batch, run.rounds, run.sent,
        )
    }
}

impl Measured {
    /// Of outcomes side by side: rounds and times of the one with most of them, bytes of all together.
    fn new(batch: usize, outcomes: &[&Outcome], tapes: Vec<([u8; 16], u64)>) -> Self {
        let slowest = |time: fn(&Outcome) -> Duration| outcomes.iter().map(|o| time(o)).max().unwrap_or_default();
        Self {
            batch,
            rounds: outcomes.iter().map(|o| o.steps.iter().map(|step| step.rounds).sum()).max().unwrap_or(0),
            sent: outcomes.iter().flat_map(|o| &o.steps).map(|step| step.sent).sum(),
            setup: slowest(|o| o.setup),
            offline: slowest(|o| o.offline),
            online: slowest(|o| o.online),
            tapes,
        }
    }
}

/// Why a session of a server is over.
enum Ended {
    /// Somebody is not there: the wait begins again.
    Nobody(Error),
    Failed(Failure),
}

impl From<Error> for Ended {
    fn from(e: Error) -> Self {
        use undertone_runtime::net::NetError;
        match e {
            Error::Connect { cause: NetError::Connect { .. } | NetError::Missing { .. }, .. } => Ended::Nobody(e),
            other => Ended::Failed(other.into()),
        }
    }
}

/// The roles at a place, after comparing plan and deployment: who is where is in both.
fn roles(config: &Config, plan: &Plan, place: Place) -> Result<Vec<String>, Failure> {
    let there = &config.participants;
    let (parties, clients) = (config.settings.parties, there.clients.len());
    if (plan.settings.parties, plan.clients()) != (parties, clients) {
        return Err(Failure::Input(format!(
            "the plan of `{}` is for {} parties and {} clients, the deployment has {parties} and {clients}: export the plan with this deployment",
            plan.model,
            plan.settings.parties,
            plan.clients()
        )));
    }
    for (role, planned) in &plan.roles {
        let deployed = there.roles.get(role).and_then(|name| there.place(name));
        if !there.roles.is_empty() && deployed != Some(*planned) {
            let elsewhere = deployed.map_or("nowhere".into(), |place| format!("at {place}"));
            return Err(Failure::Input(format!(
                "the plan of `{}` has role `{role}` at {planned}, the deployment {elsewhere}: export the plan with this deployment",
                plan.model
            )));
        }
    }
    Ok(plan.roles.iter().filter(|(_, p)| *p == place).map(|(role, _)| role.clone()).collect())
}

/// The weights, if this is their owner, after encoding them once: what is wrong with them shows before anybody is called.
fn weights(plan: &Plan, place: Place, path: Option<&Path>) -> Result<Option<Weights>, Failure> {
    let owner = plan.weights_owner == place && !plan.weights.is_empty();
    match path {
        Some(path) if owner => {
            let weights = Weights::load(path)?;
            plan.encode(&weights)?;
            Ok(Some(weights))
        }
        Some(path) => {
            let owner = plan.weights_owner;
            Err(Failure::Input(format!("the weights of `{}` are those of {owner}: leave out --weights {}", plan.model, path.display())))
        }
        None if owner => Err(Failure::Input(format!("{place} owns the weights of `{}`: give them with --weights FILE", plan.model))),
        None => Ok(None),
    }
}

fn quoted(roles: &[String]) -> String {
    roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ")
}
