//! How cost grows: with the number of values, and with the samples of a run.

use crate::cast::measure;
use crate::failure::{Doing, Result};
use crate::figures::Figures;
use crate::options::Options;
use crate::plots::{Line, lines};
use crate::table::{Row, line, markdown};

/// Values of a ReLU.
const COUNTS: [usize; 9] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
/// Samples of a network.
const BATCHES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Networks whose samples run together.
const NETWORKS: [&str; 3] = ["lenet", "minionn", "resnet32"];

/// Measures, and writes `growth.md` and plots.
///
/// # Errors
/// When a measurement fails, or a file cannot be written.
pub fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.out).doing("the folder of plots")?;
    let one = |name: &str, batch: usize| -> Result<Figures> {
        let (figures, _) = measure(&Options { batch, ..options.clone() }, name, false)?;
        println!("batch {batch:2} {}", line(&Row { ours: figures.clone(), crypten: None }));
        Ok(figures)
    };
    let relus = COUNTS.iter().map(|count| one(&format!("relu_{count}"), options.batch)).collect::<Result<Vec<_>>>()?;
    let points =
        |value: fn(&Figures) -> f64| -> Vec<(f64, f64)> { COUNTS.iter().zip(&relus).map(|(n, f)| (*n as f64, value(f))).collect() };
    let plot = |file: &str, title: &str, axes: [&str; 2], all: &[Line<'_>]| lines(&options.out.join(file), title, axes, all);
    let of_relu = "ReLU, by the number of values";
    let times = [("online", points(|f| f.online_seconds)), ("with offline", points(|f| f.online_seconds + f.offline_seconds))];
    plot("growth-time.svg", of_relu, ["values", "seconds"], &times)?;
    let bytes = [("sent by a party", points(|f| f.bytes_sent_per_party as f64)), ("dealt", points(|f| f.offline_bytes as f64))];
    plot("growth-bytes.svg", of_relu, ["values", "bytes"], &bytes)?;
    plot("growth-memory.svg", of_relu, ["values", "MB of the largest process"], &[("memory", points(|f| f.peak_rss_mb as f64))])?;

    let (mut rows, mut all) = (relus, vec![]);
    for name in NETWORKS {
        let batches = BATCHES.iter().map(|batch| one(name, *batch)).collect::<Result<Vec<_>>>()?;
        let times = BATCHES.iter().zip(&batches).map(|(b, f)| (*b as f64, f.online_seconds + f.offline_seconds)).collect();
        all.push((name, times));
        rows.extend(batches.into_iter().map(|f| Figures { workload: format!("{name}, {} samples", f.batch), ..f }));
    }
    plot("growth-batch.svg", "networks, by the samples of a run", ["samples", "seconds with offline"], &all)?;
    let rows: Vec<Row> = rows.into_iter().map(|ours| Row { ours, crypten: None }).collect();
    std::fs::write(options.out.join("growth.md"), markdown(&rows)).doing("growth.md")
}
