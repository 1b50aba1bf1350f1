//! What the command line says.

use crate::failure::{Failure, Result};
use crate::workload;
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use undertone::Network;

/// Measures private runs: every party a process of its own with one thread, a dealer beside them, TCP on loopback.
///
/// Times are medians. `online_seconds` is one run from its inputs to its outputs; `offline_seconds` is what has to be done before each: the tape is dealt, sent and unpacked. Nothing is dealt
/// ahead, unless it is throughput that is measured. Sharing the weights, which happens once, is `setup_seconds`.
#[derive(Clone, Debug, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[command(name = "undertone-bench", version)]
pub struct Options {
    /// What is measured; --list names all.
    pub workload: Option<String>,
    /// Names all workloads.
    #[arg(long)]
    pub list: bool,
    /// The computing parties: one with the inputs, one with the weights, others that only compute.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=5))]
    pub parties: u8,
    /// Bits of the ring, 64 unless a calibration chooses; 16 of 64 are a fraction, 12 of 40, 10 of 32.
    #[arg(long, value_parser = clap::value_parser!(u32).range(32..=64))]
    pub ring: Option<u32>,
    /// The plan chooses the ring and what is opened by a calibration on other samples, with 16 bits of a fraction unless --ring says otherwise. With --all, networks are measured both ways.
    #[arg(long)]
    pub calibrated: bool,
    /// The links between all processes: none as they are, lan 10 Gbit/s and 0.2 ms there and back, wan 100 Mbit/s and 40 ms.
    #[arg(long, default_value = "none")]
    pub network: Link,
    /// Threads of a party.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Samples of a run.
    #[arg(long, default_value_t = 1)]
    pub batch: usize,
    /// Runs that are measured; by default as many as fit into some seconds, at least 3.
    #[arg(long)]
    pub runs: Option<usize>,
    /// Measures how long run after run takes, part of the next tape being dealt meanwhile, instead of one alone: `seconds_of_a_run`.
    #[arg(long)]
    pub throughput: bool,
    /// Unpacks the tape step by step, as each begins: less memory, and no run is ready before it starts. `online_seconds` is then what is left without this party's unpacking; the wait for its peers' is in it.
    #[arg(long)]
    pub stream: bool,
    /// Prints one line of JSON for each workload.
    #[arg(long)]
    pub json: bool,
    /// Measures all workloads, or those of --only.
    #[arg(long)]
    pub all: bool,
    /// With --all: those whose names begin so, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Measures these peers beside, in turn; `crypten` needs --python. They run one sample over plain loopback with one thread, so not with --batch, --network or --threads.
    #[arg(long, value_delimiter = ',')]
    pub peers: Vec<Peer>,
    /// A Python with CrypTen 0.4.1.
    #[arg(long)]
    pub python: Option<PathBuf>,
    /// Measures how cost grows, from a thousand values to ten million and from batch 1 to 64.
    #[arg(long)]
    pub growth: bool,
    /// Samples one run, and shows where its time goes: by stage, and by kind of work. Needs `perf`.
    #[arg(long)]
    pub breakdown: bool,
    /// Where tables and plots of --all, --growth and --breakdown go.
    #[arg(long, default_value = "target/bench")]
    pub out: PathBuf,
    /// Appends what was measured to this file, with the commit and the machine. Not with --growth or --breakdown.
    #[arg(long)]
    pub record: Option<PathBuf>,
    /// Leaves the plain twin out: no errors, and no time without privacy.
    #[arg(long)]
    pub no_plain: bool,
    /// How often a workload and its peers take turns with --peers.
    #[arg(long, default_value_t = 2)]
    pub turns: usize,
    /// One of the processes of a measurement.
    #[arg(long, hide = true)]
    pub endpoint: Option<String>,
    /// Where it finds what it is.
    #[arg(long, hide = true)]
    pub folder: Option<PathBuf>,
}

/// Links between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// Loopback as it is.
    None,
    /// 10 Gbit/s, 0.2 ms there and back.
    Lan,
    /// 100 Mbit/s, 40 ms there and back.
    Wan,
}

impl Link {
    /// The network that it imitates.
    pub fn network(self) -> Network {
        match self {
            Self::None => Network::loopback(),
            Self::Lan => Network::lan(),
            Self::Wan => Network::wan(),
        }
    }
}

/// Others that can be measured beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// CrypTen 0.4.1 with its in-process provider of triples.
    Crypten,
}

impl Options {
    /// Whether the options go together.
    ///
    /// # Errors
    /// Says which do not, and why.
    pub fn check(&self) -> Result<()> {
        let refuse = |message: &str| Err(Failure::Options(message.to_owned()));
        if self.batch == 0 || self.threads == 0 || self.runs == Some(0) || self.turns == 0 {
            return refuse("--batch, --threads, --runs and --turns are 1 at least");
        }
        if self.calibrated && cfg!(not(feature = "twin")) {
            return refuse("--calibrated needs the twin, which this build leaves out: build it with its default features");
        }
        if self.peers.is_empty() {
            return Ok(());
        }
        if self.python.is_none() {
            return refuse("--peers crypten needs a Python with CrypTen: --python PATH (see benches/crypten/README.md)");
        }
        if self.batch != 1 || self.network != Link::None || self.threads != 1 {
            return refuse(
                "peers run one sample over plain loopback with one thread: leave --batch, --network and --threads out, or --peers",
            );
        }
        Ok(())
    }

    /// The workloads of --all.
    pub fn chosen(&self) -> Vec<&'static str> {
        let wanted = |name: &&&str| self.only.is_empty() || self.only.iter().any(|start| name.starts_with(start.as_str()));
        workload::ALL.iter().filter(wanted).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
        let options = Options::parse_from(["undertone-bench", "--all", "--only", "conv,relu_1000", "--peers", "crypten"]);
        assert_eq!(options.chosen(), ["relu_1000", "relu_10000", "relu_100000", "relu_1000000", "conv_16x32", "conv_32x16", "conv_64x8"]);
        assert_eq!(options.peers, [Peer::Crypten]);
        assert!(options.check().unwrap_err().to_string().contains("--python"));
        let with_python = Options { python: Some("python".into()), ..options };
        assert!(with_python.check().is_ok());
        assert!(Options { runs: Some(0), ..with_python.clone() }.check().unwrap_err().to_string().contains("1 at least"));
        assert!(Options { batch: 2, ..with_python }.check().unwrap_err().to_string().contains("--batch"));
    }
}
