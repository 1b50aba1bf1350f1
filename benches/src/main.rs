//! Undertone against the clock, and beside its peers.
//!
//! ```text
//! cargo run --release -p undertone-bench -- resnet32 --json
//! cargo run --release -p undertone-bench -- --all --peers crypten --python /path/to/venv/bin/python
//! ```
#![forbid(unsafe_code)]

mod cast;
mod endpoint;
mod failure;
mod figures;
mod link;
mod options;
#[cfg(feature = "twin")]
mod plain;
mod workload;

use clap::Parser;
use failure::{Doing, Failure, Result};
use figures::Figures;
use options::Options;
use std::process::ExitCode;
use workload::Workload;

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
        workload::ALL.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    if options.all {
        for name in options.chosen() {
            show(options, &measured(options, name)?)?;
        }
        return Ok(());
    }
    let Some(name) = &options.workload else {
        return Err(Failure::Options("name a workload, or write --all, --growth or --list".into()));
    };
    show(options, &measured(options, name)?)
}

/// One workload, compared with the plain result.
fn measured(options: &Options, name: &str) -> Result<Figures> {
    let workload = Workload::named(name)?;
    let (figures, parts) = cast::measure(options, name)?;
    #[cfg(feature = "twin")]
    let figures = {
        let mut figures = figures;
        let output = parts.iter().find_map(|p| p.output.as_deref()).unwrap_or_default();
        plain::compare(&mut figures, &workload, output)?;
        figures
    };
    #[cfg(not(feature = "twin"))]
    drop((workload, parts));
    Ok(figures)
}

fn show(options: &Options, figures: &Figures) -> Result<()> {
    if options.json {
        println!("{}", serde_json::to_string(figures).doing("figures")?);
        return Ok(());
    }
    let milliseconds = |seconds: f64| 1e3 * seconds;
    println!(
        "{:16} online {:9.3} ms, offline {:9.3} ms, {:9.1} kB sent, {:10.1} kB dealt, {:3} rounds, {:5} MB, error {:.1e}",
        figures.workload,
        milliseconds(figures.online_seconds),
        milliseconds(figures.offline_seconds),
        figures.bytes_sent_per_party as f64 / 1e3,
        figures.offline_bytes as f64 / 1e3,
        figures.rounds,
        figures.peak_rss_mb,
        figures.max_abs_err.unwrap_or(f64::NAN),
    );
    Ok(())
}
