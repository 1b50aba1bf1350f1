//! Where the time of a run goes: by stage, as the parties measure it themselves; and by kind of work, from samples that `perf` takes of all processes.

use crate::cast::measure;
use crate::failure::{Doing, Failure, Result};
use crate::figures::Part;
use crate::options::Options;
use crate::plots::shares;
use std::path::Path;
use std::process::{Command, Stdio};

/// Kinds of work, and what the names of functions of each contain. The first that fits counts.
const KINDS: [(&str, &[&str]); 8] = [
    ("products", &["tile", "gemm", "conv", "direct", "depthwise", "call_avx512_product", "product::", "linear::"]),
    ("masks (AES)", &["prg", "Aes", "chacha"]),
    ("packing", &["pack", "words::"]),
    (
        "wire and its checksums",
        &["crc32", "tcp", "sock", "skb", "copy_from_iter", "copy_to_iter", "ip_", "loopback", "net_rx", "recv", "send", "poll"],
    ),
    ("waiting and waking", &["sched", "task_switch", "futex", "yield", "spin_lock", "spin_unlock", "idle", "clock", "tsc"]),
    ("memory", &["memmove", "memcpy", "memset", "page", "mi_", "zeroize", "folio", "malloc", "free", "memcg", "vma"]),
    ("comparisons and functions", &["undertone_", "simd", "digits", "planes", "Map<I", "Iterator"]),
    ("the rest", &[""]),
];

/// Measures one workload, prints its stages, and writes plots.
///
/// # Errors
/// When the measurement fails, `perf` is missing, or a file cannot be written.
pub fn run(options: &Options, workload: &str) -> Result<()> {
    std::fs::create_dir_all(&options.out).doing("the folder of plots")?;
    let (figures, parts) = measure(options, workload, false)?;
    println!("{workload}: the last of {} runs, milliseconds of work and of waiting, party by party", figures.runs);
    let Some(first) = parts.first() else { return Ok(()) };
    for (k, (name, ..)) in first.stages.iter().enumerate() {
        print!("{name:28}");
        parts.iter().filter_map(|p| p.stages.get(k)).for_each(|(_, work, waiting)| print!(" {:9.3} {:9.3}", 1e3 * work, 1e3 * waiting));
        println!();
    }
    print!("{:28}", "all");
    for part in &parts {
        let [work, waiting] = sums(part);
        print!(" {:9.3} {:9.3}", 1e3 * work, 1e3 * waiting);
    }
    println!();
    // of the party that works most: the others wait for it
    let Some(busiest) = parts.iter().max_by(|a, b| sums(a)[0].total_cmp(&sums(b)[0])) else { return Ok(()) };
    let [work, waiting] = sums(busiest);
    let all = (work + waiting).max(f64::MIN_POSITIVE);
    let mut stages: Vec<(String, f64)> = busiest.stages.iter().map(|(name, work, _)| (name.clone(), work / all)).collect();
    stages.push(("waiting for peers and wire".into(), waiting / all));
    write(&options.out, &format!("{workload}-stages"), &format!("{workload}: online time of a party, by stage"), stages)?;
    let kinds = sampled(options, workload)?;
    println!("\n{:28} share of all processors' samples", "kind of work");
    for (kind, share) in &kinds {
        println!("{kind:28} {:5.1}%", 100.0 * share);
    }
    write(&options.out, &format!("{workload}-kinds"), &format!("{workload}: parties and dealer, both halves, by kind of work"), kinds)
}

/// Seconds of work and of waiting of a run.
fn sums(part: &Part) -> [f64; 2] {
    part.stages.iter().fold([0.0, 0.0], |[a, b], (_, work, waiting)| [a + work, b + waiting])
}

/// A plot of the largest shares.
fn write(out: &Path, name: &str, title: &str, mut all: Vec<(String, f64)>) -> Result<()> {
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(24);
    shares(&out.join(format!("{name}.svg")), title, &all)
}

/// The shares of all samples of a run of this program, by kind.
fn sampled(options: &Options, workload: &str) -> Result<Vec<(String, f64)>> {
    let data = options.out.join("perf.data");
    let mut command = Command::new("perf");
    command.args(["record", "-q", "-F", "4000", "-o"]).arg(&data).arg("--").arg(std::env::current_exe().doing("this program")?);
    command.args([workload, "--no-plain", "--parties", &options.parties.to_string()]);
    command.args(["--batch", &options.batch.to_string(), "--threads", &options.threads.to_string()]);
    command.args(["--network", options.network.network().name()].map(|name| if name == "loopback" { "none" } else { name }));
    for (given, name) in [(options.stream, "--stream"), (options.calibrated, "--calibrated")] {
        command.args(given.then_some(name));
    }
    if let Some(ring) = options.ring {
        command.args(["--ring", &ring.to_string()]);
    }
    if let Some(runs) = options.runs {
        command.args(["--runs", &runs.to_string()]);
    }
    let status = command.stdout(Stdio::null()).status().doing("perf, which --breakdown needs")?;
    if !status.success() {
        return Err(Failure::Process { who: "perf record".into(), how: status.to_string() });
    }
    let report =
        Command::new("perf").args(["report", "--stdio", "--no-children", "-s", "symbol", "-i"]).arg(&data).output().doing("perf report")?;
    std::fs::remove_file(&data).doing("perf.data")?;
    Ok(by_kind(&String::from_utf8_lossy(&report.stdout)))
}

/// Adds the lines of a report up: `12.34%  [.] name`.
fn by_kind(report: &str) -> Vec<(String, f64)> {
    let mut sums = [0.0; KINDS.len()];
    for line in report.lines() {
        let Some((share, rest)) = line.trim().split_once('%') else { continue };
        let Ok(share) = share.trim().parse::<f64>() else { continue };
        let name = rest.trim().trim_start_matches(['[', '.', 'k', ']']).trim();
        let kind = KINDS.iter().position(|(_, words)| words.iter().any(|word| name.contains(word)));
        sums[kind.unwrap_or(KINDS.len() - 1)] += share / 100.0;
    }
    KINDS.iter().zip(sums).map(|((kind, _), sum)| ((*kind).to_owned(), sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_kinds_of_work() {
        let report = "# comment\n    40.00%  [.] undertone_ring::tile::avx512::tile_512\n  10.50%  [k] _copy_from_iter\n 5.00%  [.] __memmove_avx512_unaligned_erms\n\
                      4.50%  [.] undertone_ring::prg::hardware::Aes::fill_16\n 20.00%  [.] undertone_runtime::protocol::sign::Sign::merge\n 20.00% [.] main\n";
        let kinds = by_kind(report);
        let share = |kind: &str| kinds.iter().find(|(name, _)| name == kind).unwrap().1;
        assert_eq!((share("products"), share("wire and its checksums"), share("memory")), (0.4, 0.105, 0.05));
        assert_eq!((share("masks (AES)"), share("comparisons and functions"), share("the rest")), (0.045, 0.2, 0.2));
    }
}
