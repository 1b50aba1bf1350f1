//! `undertone certs`: certificates for development.

use crate::failure::Failure;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Where to write ca.pem, and NAME.pem and NAME.key for each name; no file is overwritten
    #[arg(long)]
    out: PathBuf,
    /// The names of the endpoints, the dealer's among them
    #[arg(required = true)]
    names: Vec<String>,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let names: Vec<&str> = options.names.iter().map(String::as_str).collect();
    undertone_runtime::net::certs::write(&options.out, &names)?;
    let n = names.len();
    println!("a CA and {n} certificates in {}, valid for a year; give each endpoint ca.pem and its own two files", options.out.display());
    Ok(())
}
