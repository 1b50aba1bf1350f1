//! What is measured.

use serde::{Deserialize, Serialize};

/// One measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// What was measured.
    pub workload: String,
    /// Computing parties.
    pub parties: u8,
    /// The median of a run, from its inputs to its outputs, of the slowest party.
    pub online_seconds: f64,
    /// The median of what is done before each run.
    pub offline_seconds: f64,
    /// The fastest and the slowest run.
    pub online_range: [f64; 2],
    /// Sharing the weights, once.
    pub setup_seconds: f64,
    /// Online bytes of the party that sends most.
    pub bytes_sent_per_party: u64,
    /// Corrections from the dealer.
    pub offline_bytes: u64,
    /// Exchanges of a run.
    pub rounds: u64,
    /// The largest difference to the plain result; nothing without the twin.
    pub max_abs_err: Option<f64>,
    /// The largest value of the plain result.
    pub max_abs: Option<f64>,
    /// Of the largest process.
    pub peak_rss_mb: u64,
    /// Bits of the ring.
    pub ring: u32,
    /// Of which this many are a fraction.
    pub fraction: u32,
    /// Whether the plan chose these by a calibration.
    pub calibrated: bool,
    /// Samples of a run.
    pub batch: usize,
    /// Runs that were measured.
    pub runs: usize,
    /// Threads of a party.
    pub threads: usize,
    /// The links.
    pub network: String,
    /// The twin on one core, forward; nothing without the twin, or for functions.
    pub plain_seconds: Option<f64>,
    /// From the first measured run to the last, of one run: where the next tape is dealt meanwhile, both halves.
    pub seconds_of_a_run: f64,
    /// What this was measured on.
    pub machine: String,
}

/// What one process has measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// Seconds of the online half of each run.
    pub online: Vec<f64>,
    /// Seconds of the offline half.
    pub offline: Vec<f64>,
    /// Seconds of sharing the weights, in the first run.
    pub setup: f64,
    /// Seconds from the first measured run to the end.
    pub all: f64,
    /// Online bytes.
    pub sent: u64,
    /// Corrections.
    pub corrections: u64,
    /// Exchanges.
    pub rounds: u64,
    /// Bits of the ring, and of the fraction.
    pub widths: [u32; 2],
    /// What it has learned.
    pub output: Option<Vec<f32>>,
    /// The most memory that it has taken, in kB.
    pub peak: u64,
    /// For each stage: its name, seconds of its work, seconds of waiting.
    pub stages: Vec<(String, f64, f64)>,
}

/// The one in the middle; of none, 0.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n => f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]),
    }
}

/// The processor and the number of cores.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let read = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| read.lines().find_map(|line| line.strip_prefix(name)?.split_once(':').map(|(_, v)| v.trim().to_owned()));
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let family = field("cpu family").zip(field("model\t")).map(|(f, m)| format!(", family {f} model {m}")).unwrap_or_default();
    let flags = field("flags").unwrap_or_default();
    let has = |flag: &str| flags.split(' ').any(|f| f == flag);
    let known: Vec<&str> = ["avx2", "avx512f", "avx512ifma", "vaes"].into_iter().filter(|f| has(f)).collect();
    format!("{model}{family}, {cores} cores, {}", known.join(" "))
}

/// The most memory that a process has taken so far, in kB: `self`, or the number of one that runs; 0 where the system does not say.
pub fn peak(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let medians = [&[][..], &[3.0, 1.0, 2.0], &[4.0, 1.0, 2.0, 3.0]].map(|values| format!("{:?}", median(values)));
        assert_eq!(medians, ["0.0", "2.0", "2.5"]);
    }
}
