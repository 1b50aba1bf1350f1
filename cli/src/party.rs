//! `undertone party`: one endpoint of an exported model.

use crate::failure::Failure;
use crate::hex::hex;
use crate::samples::{self, Samples};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use undertone_runtime::net::Listener;
use undertone_runtime::party::Outcome;
use undertone_runtime::{Config, Error, Place, Plan, Session, Settings, Weights};

#[derive(Args)]
pub struct Options {
    /// The file of this endpoint: name, deployment, addresses, certificates
    #[arg(long)]
    config: PathBuf,
    /// The plan that all endpoints run
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
    let plan = Plan::load(&options.plan)?;
    let job = Job::new(&config, &plan, options)?;
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

/// What this endpoint does in every run.
struct Job<'a> {
    plan: &'a Plan,
    /// The roles that live here, as text.
    roles: String,
    weights: Option<Weights>,
    samples: Option<Samples>,
    output: Option<&'a Path>,
}

impl<'a> Job<'a> {
    /// Everything that can be wrong here is found before anybody is called.
    fn new(config: &Config, plan: &'a Plan, options: &'a Options) -> Result<Self, Failure> {
        let place = config.place()?;
        let roles = roles(config, plan, place)?;
        let standard = Settings { parties: config.settings.parties, ..Settings::default() };
        if config.settings != plan.settings && config.settings != standard {
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
        Ok(Self { plan, roles, weights, samples, output: options.output.as_deref() })
    }

    fn run(&self, session: &mut Session, number: u64) -> Result<(), Failure> {
        let prepared = session.prepare(self.plan, self.weights.as_ref(), self.samples.as_ref().map(|s| s.batch))?;
        let (batch, tape) = (prepared.batch(), session.claimed());
        let mine = self.samples.as_ref().map(Samples::mine).unwrap_or_default();
        let outcome = session.run(self.plan, prepared, &mine)?;
        if let Some(path) = self.output {
            samples::write(path, self.plan, &outcome.opened, batch)?;
        }
        println!("{}", self.summary(number, batch, tape, &outcome));
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

    fn summary(&self, number: u64, batch: usize, tape: Option<([u8; 16], u64)>, outcome: &Outcome) -> String {
        let tape = tape.map_or(String::new(), |(dealing, tape)| format!(", tape {tape} of dealing {}", hex(&dealing)));
        let (rounds, sent) = outcome.steps.iter().fold((0, 0), |(rounds, sent), step| (rounds + step.rounds, sent + step.sent));
        format!(
            "{} {}, run {number}: {batch} samples, {rounds} rounds, {sent} bytes sent, weights {:.3} s, offline {:.3} s, online {:.3} s{tape}",
            self.plan.model,
            self.roles,
            outcome.setup.as_secs_f64(),
            outcome.offline.as_secs_f64(),
            outcome.online.as_secs_f64()
        )
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
    let (parties, clients) = (there.parties.len(), there.clients.len());
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
