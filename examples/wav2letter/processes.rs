//! The speaker, the provider, the dealer if there is one, and any other party as processes: each has its own certificate and its own configuration, and nothing else in common with the others than
//! the deployment. They talk TLS over loopback; on several machines only the addresses would differ.

use super::model::Wav2Letter;
use super::{BATCH, Options, Speech};
use rand::TryRng;
use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use undertone::config::DealerConfig;
use undertone::dealer::Server;
use undertone::net::certs;
use undertone::prelude::*;
use undertone::{Config, Session, Topology};

/// What the speaker has learned.
pub struct Heard {
    /// The best letter of each frame, window after window.
    pub letters: Vec<u32>,
    /// Seconds of all runs, offline work and waiting included; the first one also shares the weights.
    pub seconds: f64,
    /// Seconds of the first run of them.
    pub first: f64,
}

/// The names of those that do more than compute.
const SPEAKER: &str = "speaker";
const PROVIDER: &str = "provider";
const DEALER: &str = "dealer";

/// Where the speaker leaves the letters that it has learned.
const LETTERS: &str = "letters.json";

/// The process of this name, with its configuration in `folder`.
pub fn endpoint(name: &str, folder: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let config = folder.join(format!("{name}.toml"));
    match name {
        SPEAKER => {
            let speech = Speech::load(options)?;
            let mut session = Session::connect(&Config::from_file(config)?)?;
            let (mut letters, mut times, start) = (vec![], vec![], Instant::now());
            for from in (0..speech.windows).step_by(BATCH) {
                let windows = speech.audio.slice(from..(from + BATCH).min(speech.windows));
                letters.extend_from_slice(Wav2Letter::speaker(&mut session, &windows)?.values());
                times.push(start.elapsed().as_secs_f64());
            }
            let (all, first) = (times.last().copied().unwrap_or(0.0), times.first().copied().unwrap_or(0.0));
            std::fs::write(folder.join(LETTERS), serde_json::to_vec(&(letters, all, first))?)?;
            Ok(())
        }
        DEALER => {
            let server = Server::bind(&DealerConfig::from_file(config)?)?;
            Ok(server.run(&AtomicBool::new(false), &|_| {})?)
        }
        _ => {
            let weights = if name == PROVIDER { Some(Wav2Letter::load(super::weights(options))?) } else { None };
            let mut session = Session::connect(&Config::from_file(config)?)?;
            // as often as the speaker wants
            loop {
                let run = match &weights {
                    Some(weights) => Wav2Letter::provider(&mut session, weights),
                    None => Wav2Letter::compute(&mut session),
                };
                match run {
                    Ok(()) => {}
                    Err(undertone::Error::Ended { .. }) => return Ok(()),
                    Err(e) => return Err(e.into()),
                }
            }
        }
    }
}

/// All endpoints and where they listen; the later one of two dials the earlier: the dealer if there is one, speaker, provider, those that only compute.
struct Cast {
    topology: Topology,
    all: Vec<(String, u16)>,
}

impl Cast {
    fn new(topology: Topology, parties: usize) -> Result<Self, Box<dyn Error>> {
        let dealer = (topology == Topology::Dealer).then_some(DEALER);
        let first = dealer.into_iter().chain([SPEAKER, PROVIDER]).map(str::to_owned);
        let names = first.chain((3..=parties).map(|k| format!("party-{k}")));
        // all are held until the last is known, so that no two are the same
        let held = names.map(|name| Ok((name, TcpListener::bind("127.0.0.1:0")?))).collect::<std::io::Result<Vec<_>>>()?;
        let all = held.iter().map(|(name, port)| Ok((name.clone(), port.local_addr()?.port()))).collect::<std::io::Result<_>>()?;
        Ok(Self { topology, all })
    }

    fn names(&self) -> Vec<&str> {
        self.all.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Those that compute.
    fn parties(&self) -> Vec<&str> {
        self.names().into_iter().filter(|name| *name != DEALER).collect()
    }

    /// The deployment: the same file for everybody.
    fn deployment(&self) -> String {
        let dealer = match self.topology {
            Topology::Dealer => format!("dealer = \"{DEALER}\""),
            Topology::ThirdDeals => format!("topology = \"{}\"", self.topology),
        };
        format!("parties = {:?}\n{dealer}\n\n[roles]\nspeaker = \"{SPEAKER}\"\nprovider = \"{PROVIDER}\"\n", self.parties())
    }

    /// The configuration of one of them.
    fn config(&self, k: usize) -> String {
        let (name, port) = &self.all[k];
        let start = if name == DEALER { String::new() } else { format!("name = \"{name}\"\n") };
        let earlier: Vec<String> = self.all[..k].iter().map(|(name, port)| format!("{name} = \"127.0.0.1:{port}\"")).collect();
        let addresses = if name == DEALER { String::new() } else { format!("[addresses]\n{}\n\n", earlier.join("\n")) };
        let tls = format!("[tls]\nca = \"ca.pem\"\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n");
        format!("{start}deployment = \"deployment.toml\"\nlisten = \"127.0.0.1:{port}\"\n\n{addresses}{tls}")
    }
}

/// Starts the processes, waits for the speaker's letters, and sees the other parties leave by themselves.
pub fn run(options: &Options) -> Result<Heard, Box<dyn Error>> {
    let (folder, cast) = (Folder::new()?, Cast::new(options.topology, options.parties())?);
    certs::write(&folder.0, &cast.names())?;
    std::fs::write(folder.0.join("deployment.toml"), cast.deployment())?;
    for (k, name) in cast.names().into_iter().enumerate() {
        std::fs::write(folder.0.join(format!("{name}.toml")), cast.config(k))?;
    }
    let mut running = Running(vec![]);
    for name in cast.names() {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--endpoint", name, "--folder"]).arg(&folder.0);
        for wav in &options.wav {
            command.arg("--wav").arg(wav);
        }
        if let Some(weights) = &options.weights {
            command.arg("--weights").arg(weights);
        }
        running.0.push((name.to_owned(), command.spawn()?));
    }
    // the dealer serves until it is stopped; the others end by themselves
    for name in cast.parties() {
        let status = running.wait(name)?;
        if !status.success() {
            return Err(format!("the {name} has failed, see above: {status}").into());
        }
    }
    let (letters, seconds, first) = serde_json::from_slice(&std::fs::read(folder.0.join(LETTERS))?)?;
    Ok(Heard { letters, seconds, first })
}

/// A folder of this run alone, gone when it is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Box<dyn Error>> {
        let name = rand::rngs::SysRng.try_next_u64()?;
        let path = std::env::temp_dir().join(format!("undertone-wav2letter-{name:016x}"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
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
    fn wait(&mut self, endpoint: &str) -> Result<ExitStatus, Box<dyn Error>> {
        loop {
            for (other, child) in &mut self.0 {
                if let Some(status) = child.try_wait()? {
                    if other == endpoint {
                        return Ok(status);
                    }
                    if !status.success() {
                        return Err(format!("the {other} has failed, see above: {status}").into());
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
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
