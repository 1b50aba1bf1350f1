//! Undertone against the clock, and beside its peers.
//!
//! ```text
//! cargo run --release -p undertone-bench -- resnet32 --json
//! cargo run --release -p undertone-bench -- --all --peers crypten --python /path/to/venv/bin/python
//! ```
#![forbid(unsafe_code)]

mod breakdown;
mod cast;
mod endpoint;
mod failure;
mod figures;
mod growth;
mod history;
mod link;
mod options;
mod peers;
#[cfg(feature = "twin")]
mod plain;
mod plots;
mod table;
mod workload;

use clap::Parser;
use failure::{Doing, Failure, Result};
use figures::Figures;
use options::{Options, Peer};
use std::process::ExitCode;
use table::Row;

/// Messages and correlations are large and of the same sizes in every run: their memory stays with the process.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    if let (Some(name), Some(folder)) = (&options.endpoint, &options.folder) {
        return endpoint::run(name, folder);
    }
    if options.list {
        for name in workload::ALL {
            println!("{name}");
        }
        return Ok(());
    }
    options.check()?;
    if options.growth {
        return growth::run(options);
    }
    if options.all {
        return all(options);
    }
    let Some(name) = &options.workload else {
        return Err(Failure::Options("name a workload, or write --all, --growth or --list".into()));
    };
    // names are checked before any process starts
    workload::Workload::named(name)?;
    if options.breakdown {
        return breakdown::run(options, name);
    }
    show(options, &row(options, name)?)
}

/// All workloads, as lines, a table and plots.
fn all(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.out).doing("the folder of tables")?;
    let mut rows = vec![];
    for name in options.chosen() {
        let first = row(options, name)?;
        show(options, &first)?;
        let crypten = first.crypten.clone();
        rows.push(first);
        if cfg!(feature = "twin") && workload::is_network(name) && !options.calibrated {
            let (ours, _) = cast::measure(&Options { calibrated: true, ..options.clone() }, name, !options.no_plain)?;
            let calibrated = Row { ours, crypten };
            show(options, &calibrated)?;
            rows.push(calibrated);
        }
        // after every row, so that what was measured stays if the next one fails
        std::fs::write(options.out.join("table.md"), table::markdown(&rows)).doing("table.md")?;
    }
    let names: Vec<String> = rows.iter().map(|row| table::name(&row.ours)).collect();
    let ours = |value: fn(&Figures) -> f64| -> Vec<f64> { rows.iter().map(|row| value(&row.ours)).collect() };
    let theirs = |value: fn(&peers::Peer) -> f64| -> Vec<f64> { rows.iter().map(|row| row.crypten.as_ref().map_or(0.0, value)).collect() };
    let times = [
        ("online", ours(|f| f.online_seconds)),
        ("with offline", ours(|f| f.online_seconds + f.offline_seconds)),
        ("CrypTen", theirs(|p| p.seconds)),
    ];
    plots::bars(&options.out.join("time.svg"), "one run", "seconds", &names, &times)?;
    let sent = [
        ("sent by a party", ours(|f| f.bytes_sent_per_party as f64)),
        ("with what is dealt", ours(|f| (f.bytes_sent_per_party + f.offline_bytes) as f64)),
        ("CrypTen", theirs(|p| p.bytes_sent_per_party as f64)),
    ];
    plots::bars(&options.out.join("traffic.svg"), "one run", "bytes", &names, &sent)
}

/// One workload and its peers, in turn; of each, the turn in the middle.
fn row(options: &Options, name: &str) -> Result<Row> {
    let crypten = options.python.as_ref().filter(|_| options.peers.contains(&Peer::Crypten) && peers::knows(name));
    let turns = if crypten.is_some() { options.turns } else { 1 };
    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..turns {
        ours.push(cast::measure(options, name, !options.no_plain)?.0);
        if let Some(python) = crypten {
            theirs.push(peers::crypten(python, name, options.parties)?);
        }
    }
    let online = figures::median(&ours.iter().map(|f| f.online_seconds).collect::<Vec<_>>());
    let offline = figures::median(&ours.iter().map(|f| f.offline_seconds).collect::<Vec<_>>());
    let seconds = figures::median(&theirs.iter().map(|p| p.seconds).collect::<Vec<_>>());
    let last = ours.pop().ok_or_else(|| Failure::Options("there was no turn".into()))?;
    let crypten = theirs.pop().map(|peer| peers::Peer { seconds, ..peer });
    Ok(Row { ours: Figures { online_seconds: online, offline_seconds: offline, ..last }, crypten })
}

fn show(options: &Options, row: &Row) -> Result<()> {
    if let Some(path) = &options.record {
        history::record(path, &row.ours)?;
    }
    if options.json {
        println!("{}", serde_json::to_string(&row.json()).doing("figures")?);
    } else {
        println!("{}", table::line(row));
    }
    Ok(())
}
