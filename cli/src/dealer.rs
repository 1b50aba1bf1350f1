//! `undertone dealer`: serves sessions until it is stopped.

use crate::failure::Failure;
use clap::Args;
use std::io::Write;
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
    // nobody may be reading any more; the dealer goes on
    let tell = |line: &str| _ = writeln!(std::io::stdout(), "{line}");
    tell(&format!("the dealer `{}` listens on {}", config.name()?, server.address()));
    Ok(server.serve(&AtomicBool::new(false), &tell)?)
}
