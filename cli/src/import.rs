//! `undertone import`: a network of others as a description and its weights.

use crate::failure::Failure;
use clap::Args;
use std::path::PathBuf;
use undertone_import::{ImportError, onnx};

#[derive(Args)]
pub struct Options {
    /// The network, a file of ONNX
    file: PathBuf,
    /// Where the description is written, a source of Rust
    #[arg(long)]
    out: PathBuf,
    /// Where its weights are written, a safetensors file
    #[arg(long)]
    weights: PathBuf,
    /// The name of the model; without it, that of the file
    #[arg(long)]
    name: Option<String>,
    /// The shape of an input without the batch, where the file leaves it open: NAME=3,224,224
    #[arg(long, value_parser = shape)]
    input: Vec<(String, Vec<usize>)>,
    /// What is left out where it comes last, as whoever gets the scores can compute it
    #[arg(long, value_parser = ["softmax", "logsoftmax", "sigmoid"])]
    drop_last: Vec<String>,
}

fn shape(text: &str) -> Result<(String, Vec<usize>), String> {
    let wrong = || "write the name of the input and its sizes without the batch, as in image=3,224,224".to_owned();
    let (name, sizes) = text.rsplit_once('=').ok_or_else(wrong)?;
    let sizes: Option<Vec<usize>> = sizes.split(',').map(|n| n.trim().parse().ok().filter(|n| *n > 0)).collect();
    Ok((name.to_owned(), sizes.ok_or_else(wrong)?))
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let wanted =
        undertone_import::Options { model: options.name.clone(), shapes: options.input.clone(), drop_last: options.drop_last.clone() };
    let imported = onnx(&options.file, &wanted)?;
    imported.write(&options.out, &options.weights)?;
    println!(
        "{}: {} in {}, {} in {}",
        imported.model,
        counted(imported.stages, "stage"),
        options.out.display(),
        counted(imported.weights.count(), "weight"),
        options.weights.display()
    );
    for note in &imported.notes {
        println!("{note}");
    }
    Ok(())
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

impl From<ImportError> for Failure {
    fn from(e: ImportError) -> Self {
        match e {
            ImportError::Untranslated { path, problems } => {
                let count = counted(problems.len(), "node");
                let message = format!("{}: {count} of the network cannot be translated, and nothing is written:", path.display());
                Failure::Problems(message, problems.iter().map(ToString::to_string).collect())
            }
            other => Failure::Input(other.to_string()),
        }
    }
}
