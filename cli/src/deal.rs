//! `undertone deal`: tapes to disk, one folder for each party.

use crate::failure::Failure;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use undertone_runtime::{Plan, tapes};

#[derive(Args)]
pub struct Options {
    /// The plan that the tapes are for
    #[arg(long)]
    plan: PathBuf,
    /// Tapes: one is used up by each run
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Samples of each run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Where to write the folders party-0, party-1 and so on; tapes that are there are never overwritten
    #[arg(long)]
    out: PathBuf,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let plan = Plan::load(&options.plan)?;
    let bar = ProgressBar::new(options.count);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} tape {pos} of {len}, {eta} left") {
        bar.set_style(style);
    }
    let dealt = tapes::deal(&plan, options.batch as usize, options.count, &options.out, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    dealt?;
    println!(
        "{} tapes of {} samples of `{}` in {}: carry each party its own folder over a confidential channel, and keep no copy",
        options.count,
        options.batch,
        plan.model,
        options.out.display()
    );
    Ok(())
}
