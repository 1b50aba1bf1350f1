//! `undertone plan`: what a plan costs and what it reveals.

use crate::failure::Failure;
use crate::hex::hex;
use clap::Args;
use std::path::PathBuf;
use undertone_runtime::Plan;

#[derive(Args)]
pub struct Options {
    /// The plan, as `Plan::save` writes it
    file: PathBuf,
    /// Samples of one run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    batch: u32,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let plan = Plan::load(&options.file)?;
    let s = plan.settings;
    println!("{}: {} parties and a dealer, ring of {} bits, {} of them a fraction", plan.model, s.parties, s.ring, s.fraction);
    println!("hash {}", hex(&plan.hash()));
    for (role, place) in &plan.roles {
        let inputs = plan.inputs.iter().filter(|i| i.owner == *place).map(|i| format!("input `{}` {:?}", i.name, i.shape));
        let weights = (plan.weights_owner == *place && !plan.weights.is_empty()).then(|| "the weights".to_owned());
        let gives = listed(inputs.chain(weights));
        let learns = listed(plan.releases.iter().filter(|r| r.to.contains(place)).map(|r| format!("`{}` {:?}", r.name, r.shape)));
        println!("role `{role}` at {place}: gives {gives}; learns {learns}");
    }
    println!("\n{}", plan.cost(options.batch as usize));
    Ok(())
}

fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() { "nothing".into() } else { all.join(", ") }
}
