//! `undertone dealer`: serves sessions until it is stopped.

use crate::failure::Failure;
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use undertone_runtime::config::DealerConfig;
use undertone_runtime::dealer::Server;

#[derive(Args)]
pub struct Options {
    /// The file of the dealer: deployment, address, certificates, limits
    #[arg(long)]
    config: PathBuf,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let config = DealerConfig::from_file(&options.config)?;
    let server = Server::bind(&config)?;
    println!("the dealer `{}` listens on {}", config.name()?, server.local_address());
    // a signal ends it: nothing of a session outlives it, and parties notice at once
    server.run(&AtomicBool::new(false), &|line| println!("{line}"))?;
    Ok(())
}
