//! The program `undertone`: one endpoint of a computation, the dealer, tapes, plans and certificates. It runs any exported plan; it needs no model in its source.
//!
//! Exit codes: 0 done, 1 a peer or the network failed, 2 what the user gave is wrong. An error is one line on the standard error.
#![forbid(unsafe_code)]

mod certs;
mod deal;
mod dealer;
mod failure;
mod hex;
mod import;
mod party;
mod plan;
mod samples;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Messages and correlations are large and of the same sizes in every run: their memory stays with the process.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Machine learning on data that nobody is allowed to see.
#[derive(Parser)]
#[command(name = "undertone", version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One endpoint of an exported model: gives what it owns, gets what is released to it
    Party(party::Options),
    /// Serves correlated randomness for any plan
    Dealer(dealer::Options),
    /// Writes correlated randomness to disk, for parties that run without a dealer
    Deal(deal::Options),
    /// Prints what a plan costs, stage by stage, who gives what and who learns what
    Plan(plan::Options),
    /// Makes a development CA and certificates
    Certs(certs::Options),
    /// Translates a network of ONNX into a description and its weights
    Import(import::Options),
}

fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Party(options) => party::run(&options),
        Command::Dealer(options) => dealer::run(&options),
        Command::Deal(options) => deal::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::Certs(options) => certs::run(&options),
        Command::Import(options) => import::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            failure.code()
        }
    }
}
