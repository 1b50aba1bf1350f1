//! The processes of a measurement.

use crate::endpoint::DEALER;
use crate::failure::{Doing, Failure, Result};
use crate::figures::{Figures, Part, machine, median, peak};
use crate::link;
use crate::options::{Link, Options};
use rand::TryRng;
use serde::{Deserialize, Serialize};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};
use undertone::config::Participants;
use undertone::graph::{CLIENT, SERVER};

/// The longest measurement.
const LONGEST: Duration = Duration::from_mins(20);

/// What every process of a measurement is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// What is measured.
    pub workload: String,
    /// Computing parties.
    pub parties: u8,
    /// Bits of the ring, where they are given.
    pub ring: Option<u32>,
    /// Whether the plan is made of the calibration in the folder.
    pub calibrated: bool,
    /// The links.
    pub network: Link,
    /// Threads of a party.
    pub threads: usize,
    /// Samples of a run.
    pub batch: usize,
    /// Runs, if their number is given.
    pub runs: Option<usize>,
    /// Whether the next tape is dealt meanwhile.
    pub throughput: bool,
    /// Whether tapes are unpacked as runs go on.
    pub stream: bool,
    /// All processes, dealer first, each with the port where it listens.
    pub endpoints: Vec<Endpoint>,
    /// For each pair of a caller and whom it calls, a port that leads there: links that are slower than loopback.
    pub links: Vec<(String, String, u16)>,
}

/// A process, and the port where it listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// The file that all processes read.
const SPEC: &str = "spec.json";

impl Spec {
    /// What the parent has left in a folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let bytes = std::fs::read(folder.join(SPEC)).doing(SPEC)?;
        serde_json::from_slice(&bytes).doing(SPEC)
    }

    /// Who takes part; the role `client` is the first party's, `server` the second's.
    pub fn participants(&self) -> Participants {
        let parties: Vec<&str> = self.endpoints.iter().map(|e| e.name.as_str()).filter(|name| *name != DEALER).collect();
        let mut participants = Participants::new(&parties, Some(DEALER));
        participants.roles = [CLIENT, SERVER].map(|role| (role.to_owned(), role.to_owned())).into_iter().collect();
        participants
    }

    /// Where an endpoint listens.
    pub fn address(&self, name: &str) -> String {
        let port = self.endpoints.iter().find(|e| e.name == name).map_or(0, |e| e.port);
        format!("127.0.0.1:{port}")
    }

    /// Where `caller` finds an endpoint.
    pub fn seen_from(&self, caller: &str, name: &str) -> String {
        let link = self.links.iter().find(|(from, to, _)| from == caller && to == name);
        link.map_or_else(|| self.address(name), |(_, _, port)| format!("127.0.0.1:{port}"))
    }

    /// Whether `one` is called by `other`.
    pub fn is_earlier(&self, one: &str, other: &str) -> bool {
        let place = |name: &str| self.endpoints.iter().position(|e| e.name == name);
        place(one) < place(other)
    }
}

/// Measures one workload; with `plain`, the twin beside it.
///
/// # Errors
/// When a process fails, or has not ended after some minutes.
pub fn measure(options: &Options, workload: &str, plain: bool) -> Result<(Figures, Vec<Part>)> {
    let folder = Folder::new()?;
    let names = [DEALER, CLIENT, SERVER].into_iter().map(str::to_owned).chain((3..=options.parties).map(|k| format!("party-{k}")));
    // all ports are held until the last is known, so that no two are the same
    let held = names.map(|name| Ok((name, TcpListener::bind("127.0.0.1:0")?))).collect::<std::io::Result<Vec<_>>>().doing("ports")?;
    let endpoint = |(name, port): &(String, TcpListener)| Ok(Endpoint { name: name.clone(), port: port.local_addr()?.port() });
    let endpoints = held.iter().map(endpoint).collect::<std::io::Result<Vec<_>>>().doing("ports")?;
    drop(held);
    let links = link::open(options.network, &endpoints).doing("links")?;
    let spec = Spec {
        workload: workload.to_owned(),
        parties: options.parties,
        ring: options.ring,
        calibrated: options.calibrated,
        network: options.network,
        threads: options.threads,
        batch: options.batch,
        runs: options.runs,
        throughput: options.throughput,
        stream: options.stream,
        endpoints,
        links,
    };
    #[cfg(feature = "twin")]
    if options.calibrated {
        crate::plain::calibrate(workload, &folder.0)?;
    }
    std::fs::write(folder.0.join(SPEC), serde_json::to_vec(&spec).doing(SPEC)?).doing(SPEC)?;
    let mut running = Running(vec![]);
    for endpoint in &spec.endpoints {
        let mut command = Command::new(std::env::current_exe().doing("this program")?);
        command.args(["--endpoint", &endpoint.name, "--folder"]).arg(&folder.0);
        // memory stays with the process until it ends; see the chapter on speed
        command.env("MIMALLOC_PURGE_DELAY", "-1");
        running.0.push((endpoint.name.clone(), command.spawn().doing(&endpoint.name)?));
    }
    // the dealer serves until it is stopped; the others end by themselves
    let names: Vec<&str> = spec.endpoints.iter().map(|e| e.name.as_str()).filter(|name| *name != DEALER).collect();
    let mut parts = vec![];
    for name in &names {
        let status = running.wait(name)?;
        if !status.success() {
            return Err(Failure::Process { who: (*name).to_owned(), how: status.to_string() });
        }
        let bytes = std::fs::read(folder.0.join(format!("{name}.json"))).doing(name)?;
        parts.push(serde_json::from_slice(&bytes).doing(name)?);
    }
    let figures = figures(&spec, &parts, running.peak(DEALER));
    drop(running);
    #[cfg(feature = "twin")]
    let figures = if plain { beside_plain(figures, &folder.0, &parts)? } else { figures };
    #[cfg(not(feature = "twin"))]
    let _ = plain;
    Ok((figures, parts))
}

/// The twin on the same, after the private run is over.
#[cfg(feature = "twin")]
fn beside_plain(mut figures: Figures, folder: &Path, parts: &[Part]) -> Result<Figures> {
    use crate::plain::{PLAIN, compare};
    let mut command = Command::new(std::env::current_exe().doing("this program")?);
    command.args(["--endpoint", PLAIN, "--folder"]).arg(folder).env("RAYON_NUM_THREADS", "1");
    let mut running = Running(vec![(PLAIN.to_owned(), command.spawn().doing(PLAIN)?)]);
    let status = running.wait(PLAIN)?;
    if !status.success() {
        return Err(Failure::Process { who: PLAIN.to_owned(), how: status.to_string() });
    }
    compare(&mut figures, folder, parts.iter().find_map(|p| p.output.as_deref()).unwrap_or_default())?;
    Ok(figures)
}

/// What the parts of all parties come to: a run takes as long as for the slowest of them.
fn figures(spec: &Spec, parts: &[Part], dealer: u64) -> Figures {
    let runs = parts.iter().map(|p| p.online.len()).min().unwrap_or(0);
    let slowest =
        |times: fn(&Part) -> &[f64]| -> Vec<f64> { (0..runs).map(|k| parts.iter().map(|p| times(p)[k]).fold(0.0, f64::max)).collect() };
    let (online, offline) = (slowest(|p| &p.online), slowest(|p| &p.offline));
    let largest = |value: fn(&Part) -> u64| parts.iter().map(value).max().unwrap_or(0);
    Figures {
        workload: spec.workload.clone(),
        parties: spec.parties,
        online_seconds: median(&online),
        offline_seconds: median(&offline),
        online_range: [online.iter().copied().fold(f64::INFINITY, f64::min), online.iter().copied().fold(0.0, f64::max)],
        setup_seconds: parts.iter().map(|p| p.setup).fold(0.0, f64::max),
        bytes_sent_per_party: largest(|p| p.sent),
        offline_bytes: largest(|p| p.corrections),
        rounds: largest(|p| p.rounds),
        max_abs_err: None,
        max_abs: None,
        peak_rss_mb: largest(|p| p.peak).max(dealer) / 1024,
        ring: parts.first().map_or(0, |p| p.widths[0]),
        fraction: parts.first().map_or(0, |p| p.widths[1]),
        calibrated: spec.calibrated,
        batch: spec.batch,
        runs,
        threads: spec.threads,
        network: spec.network.network().name().to_owned(),
        plain_seconds: None,
        seconds_of_a_run: parts.first().map_or(0.0, |p| p.all / runs.max(1) as f64),
        machine: machine(),
    }
}

/// A folder of this measurement alone, gone when it is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let name = rand::rngs::SysRng.try_next_u64().map_err(std::io::Error::other).doing("randomness")?;
        let path = std::env::temp_dir().join(format!("undertone-bench-{name:016x}"));
        std::fs::create_dir(&path).doing("a folder for the measurement")?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // nothing else can be done about a folder that stays
    }
}

/// The processes; whatever happens, none of them stays behind.
struct Running(Vec<(String, Child)>);

impl Running {
    /// Waits for one of them, as long as all others that should run still do.
    fn wait(&mut self, endpoint: &str) -> Result<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < LONGEST {
            for (other, child) in &mut self.0 {
                if let Some(status) = child.try_wait().doing(other)? {
                    if other == endpoint {
                        return Ok(status);
                    }
                    if !status.success() {
                        return Err(Failure::Process { who: other.clone(), how: status.to_string() });
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(Failure::Late { who: endpoint.to_owned(), seconds: LONGEST.as_secs() })
    }

    /// The most memory that a process which still runs has taken, in kB.
    fn peak(&self, endpoint: &str) -> u64 {
        self.0.iter().find(|(name, _)| name == endpoint).map_or(0, |(_, child)| peak(&child.id().to_string()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for (_, child) in &mut self.0 {
            let _ = child.kill(); // it may have ended by itself
            let _ = child.wait();
        }
    }
}
