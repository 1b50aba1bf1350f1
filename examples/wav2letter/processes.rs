//! The speaker, the provider and the dealer as three processes: each has its own certificate and its own configuration, and nothing else in common with the others than
//! the deployment. They talk TLS over loopback; on three machines only the addresses would differ.

use super::model::Wav2Letter;
use super::{BATCH, Options, Speech};
use clap::ValueEnum;
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
use undertone::{Config, Session};

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Endpoint {
    /// Has the audio, learns the letters.
    Speaker,
    /// Has the weights, learns nothing.
    Provider,
    /// Hands out randomness.
    Dealer,
}

/// What the speaker has learned.
pub struct Heard {
    /// The best letter of each frame, window after window.
    pub letters: Vec<u32>,
    /// Seconds of all runs, offline work and waiting included; the first one also shares the weights.
    pub seconds: f64,
    /// Seconds of the first run of them.
    pub first: f64,
}

const ALL: [Endpoint; 3] = [Endpoint::Dealer, Endpoint::Speaker, Endpoint::Provider];

/// The deployment: the same file for everybody.
const DEPLOYMENT: &str = "\
parties = [\"speaker\", \"provider\"]
dealer = \"dealer\"

[roles]
speaker = \"speaker\"
provider = \"provider\"
";

/// Where the speaker leaves the letters that it has learned.
const LETTERS: &str = "letters.json";

impl Endpoint {
    fn name(self) -> &'static str {
        match self {
            Endpoint::Speaker => "speaker",
            Endpoint::Provider => "provider",
            Endpoint::Dealer => "dealer",
        }
    }

    /// This process, with its configuration in `folder`.
    pub fn run(self, folder: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
        let config = folder.join(format!("{}.toml", self.name()));
        match self {
            Endpoint::Speaker => {
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
            Endpoint::Provider => {
                let weights = Wav2Letter::load(super::weights(options))?;
                let mut session = Session::connect(&Config::from_file(config)?)?;
                // as often as the speaker wants
                loop {
                    match Wav2Letter::provider(&mut session, &weights) {
                        Ok(()) => {}
                        Err(undertone::Error::Ended { .. }) => return Ok(()),
                        Err(e) => return Err(e.into()),
                    }
                }
            }
            Endpoint::Dealer => {
                let server = Server::bind(&DealerConfig::from_file(config)?)?;
                Ok(server.run(&AtomicBool::new(false), &|_| {})?)
            }
        }
    }

    /// Its configuration; the later one of two dials the earlier: dealer, speaker, provider.
    fn config(self, ports: [u16; 2]) -> String {
        let name = self.name();
        let [dealer, speaker] = ports.map(|port| format!("\"127.0.0.1:{port}\""));
        let text = match self {
            Endpoint::Dealer => format!("deployment = \"deployment.toml\"\nlisten = {dealer}\n"),
            Endpoint::Speaker => {
                format!("name = \"{name}\"\ndeployment = \"deployment.toml\"\nlisten = {speaker}\n\n[addresses]\ndealer = {dealer}\n")
            }
            Endpoint::Provider => {
                format!("name = \"{name}\"\ndeployment = \"deployment.toml\"\n\n[addresses]\nspeaker = {speaker}\ndealer = {dealer}\n")
            }
        };
        format!("{text}\n[tls]\nca = \"ca.pem\"\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n")
    }
}

/// Starts the three processes, waits for the speaker's letters, and sees the provider leave by itself.
pub fn run(options: &Options) -> Result<Heard, Box<dyn Error>> {
    let folder = Folder::new()?;
    certs::write(&folder.0, &ALL.map(Endpoint::name))?;
    std::fs::write(folder.0.join("deployment.toml"), DEPLOYMENT)?;
    let ports = free_ports()?;
    for endpoint in ALL {
        std::fs::write(folder.0.join(format!("{}.toml", endpoint.name())), endpoint.config(ports))?;
    }
    let mut running = Running(vec![]);
    for endpoint in ALL {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--endpoint", endpoint.name(), "--folder"]).arg(&folder.0);
        for wav in &options.wav {
            command.arg("--wav").arg(wav);
        }
        if let Some(weights) = &options.weights {
            command.arg("--weights").arg(weights);
        }
        running.0.push((endpoint, command.spawn()?));
    }
    // the dealer serves until it is stopped; the others end by themselves
    for endpoint in [Endpoint::Speaker, Endpoint::Provider] {
        let status = running.wait(endpoint)?;
        if !status.success() {
            return Err(format!("the {} has failed, see above: {status}", endpoint.name()).into());
        }
    }
    let (letters, seconds, first) = serde_json::from_slice(&std::fs::read(folder.0.join(LETTERS))?)?;
    Ok(Heard { letters, seconds, first })
}

/// Two ports of this machine that nobody listens on.
fn free_ports() -> Result<[u16; 2], Box<dyn Error>> {
    let (a, b) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok([a.local_addr()?.port(), b.local_addr()?.port()])
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
struct Running(Vec<(Endpoint, Child)>);

impl Running {
    /// Waits for one of them, as long as all others that should run still do.
    fn wait(&mut self, endpoint: Endpoint) -> Result<ExitStatus, Box<dyn Error>> {
        loop {
            for (other, child) in &mut self.0 {
                if let Some(status) = child.try_wait()? {
                    if *other == endpoint {
                        return Ok(status);
                    }
                    if !status.success() {
                        return Err(format!("the {} has failed, see above: {status}", other.name()).into());
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
