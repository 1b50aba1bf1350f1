//! Tells good from bad credit risks without the bank seeing the applicants or the applicants the bank's model: logistic regression, and a network with two hidden layers.
//!
//! ```text
//! cargo run --release --example credit
//! cargo run --release --example credit -- --train        trains both again, in the clear, at a fixed seed: seconds
//! cargo run --release --example credit -- --ring 32      calibrates, and opens no more bits than values take
//! ```
//!
//! The table is Statlog's German credit data, a thousand applicants: eight hundred to learn from, two hundred to test with. Marital status, sex and foreign workers are left out.

mod model;
#[path = "../support/mod.rs"]
mod support;

use clap::Parser;
use model::{Logistic, Perceptron};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use support::{Run, assets, costs, exit, largest_difference, merged, share};
use undertone::Plan;
use undertone::prelude::*;
use undertone::weights::Precision;
use undertone_data::credit::{self, Applicants, FEATURES};

/// The share of applicants for which both runs must give the same answer.
const AGREEMENT: f64 = 0.99;
/// The share of good risks; who calls everybody one is right so often.
const GOOD: f64 = 0.7;
/// Applicants that run at once.
const BATCH: usize = 200;

/// Tells good from bad credit risks under secure computation with a dealer.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    run: Run,
    /// Trains both models in the clear, writes their weights, and then runs them.
    #[arg(long)]
    train: bool,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()), "the private and the plain run agree on fewer applicants than they should, or a model knows nothing")
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let (learned, tested) = credit::read(assets().join("credit/german_credit.csv"))?;
    if options.train {
        train::<Logistic>(&learned, 60)?;
        train::<Perceptron>(&learned, 40)?;
    }
    let (logistic, a) = judge::<Logistic>(&tested, &options.run)?;
    println!();
    let (perceptron, b) = judge::<Perceptron>(&tested, &options.run)?;
    if options.run.json {
        println!("{}", json!({ "agreement": a.min(b), "logistic": logistic, "perceptron": perceptron }));
    }
    let known = |figures: &Value| figures["accuracy_twin"].as_f64().unwrap_or_default() > GOOD;
    Ok(a.min(b) >= AGREEMENT && known(&logistic) && known(&perceptron))
}

/// A model over the attributes of an applicant.
trait OfApplicants: Model<Input = Clear<S1<FEATURES>>, Released = Clear<S1<1>>> {
    /// The file of its weights.
    fn path() -> PathBuf {
        assets().join(format!("credit/{}.safetensors", Self::NAME.to_lowercase()))
    }
}

impl<M: Model<Input = Clear<S1<FEATURES>>, Released = Clear<S1<1>>>> OfApplicants for M {}

/// Trains a model in the clear and writes its weights.
fn train<M: OfApplicants>(learned: &Applicants, epochs: usize) -> Result<()> {
    let mut twin = M::twin_seeded(&Device::flex(), 1)?;
    let examples = Examples::new(Clear::new(learned.features.clone())?, learned.bad.clone())?;
    let config = TrainConfig {
        epochs,
        batch: 32,
        learning_rate: 5e-3,
        average: Some(0.98),
        seed: Some(1),
        progress: false,
        ..TrainConfig::default()
    };
    if let Some(last) = twin.train(&examples, &config)?.last() {
        println!("{}: {last}", M::NAME);
    }
    twin.weights()?.save(M::path(), Precision::Single)
}

/// Runs a model privately and in the clear on the same applicants: its figures, and the share of answers that are the same.
fn judge<M: OfApplicants>(tested: &Applicants, options: &Run) -> Result<(Value, f64), Box<dyn std::error::Error>> {
    let weights = M::load(M::path())?;
    let applicants = Clear::<S1<FEATURES>>::new(tested.features.clone())?;
    let twin = M::twin_with(&Device::flex(), &weights)?;
    let settings = options.settings(&twin, &applicants)?;
    let plan: Plan = M::plan(&settings)?;
    let run = options.predict::<M, _>(settings, BATCH, &weights, &applicants)?;
    let scores = twin.predict(&applicants)?;

    let answers = |scores: &[f32]| scores.iter().map(|score| usize::from(*score > 0.0)).collect::<Vec<_>>();
    let (known, secret) = (answers(scores.values()), answers(run.output.values()));
    let (accuracy_twin, accuracy_private, agreement) = (share(&known, &tested.bad), share(&secret, &tested.bad), share(&known, &secret));
    let difference = largest_difference(scores.values(), run.output.values());
    println!("{}: {} weights, {} applicants\n{}\n", M::NAME, weights.count(), tested.bad.len(), run.report);
    println!("accuracy             twin {accuracy_twin:.3}, private {accuracy_private:.3}; {GOOD:.3} of all are good risks");
    println!("agreement            {agreement:.4}");
    println!("largest difference   {difference:.5} of a score");
    if let Some(network) = &options.network {
        println!("\n{}", plan.cost(options.batch.unwrap_or(BATCH)).time(network));
    }
    let figures = json!({
        "weights": weights.count(),
        "accuracy_twin": accuracy_twin,
        "accuracy_private": accuracy_private,
        "agreement": agreement,
        "largest_logit_difference": difference,
    });
    Ok((merged(figures, costs(&run.report)), agreement))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applicants_get_the_same_answer_in_private() {
        let (_, tested) = credit::read(assets().join("credit/german_credit.csv")).unwrap();
        let options = Run { parties: 3, batch: None, ring: None, network: None, json: false };
        for (figures, agreement) in [judge::<Logistic>(&tested, &options).unwrap(), judge::<Perceptron>(&tested, &options).unwrap()] {
            assert!(agreement >= AGREEMENT && figures["accuracy_twin"].as_f64().unwrap() > GOOD, "{figures}");
        }
    }

    #[test]
    fn training_twice_gives_the_same_weights() {
        let (learned, _) = credit::read(assets().join("credit/german_credit.csv")).unwrap();
        let examples = Examples::new(Clear::new(learned.features).unwrap(), learned.bad).unwrap();
        let trained = || {
            let mut twin = Logistic::twin_seeded(&Device::flex(), 1).unwrap();
            let config = TrainConfig { epochs: 2, seed: Some(1), progress: false, ..TrainConfig::default() };
            twin.train(&examples, &config).unwrap();
            twin.weights().unwrap()
        };
        assert_eq!(trained(), trained());
    }
}
