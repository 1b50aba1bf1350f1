//! `undertone plan`: what a plan costs and what it reveals.

use crate::failure::Failure;
use crate::hex::hex;
use clap::Args;
use std::path::PathBuf;
use undertone_runtime::Plan;
use undertone_runtime::party::Rotation;

#[derive(Args)]
pub struct Options {
    /// The plan, as `Plan::save` writes it; or the folder of plans of three parties of which one deals, as `Rotation::save` writes it
    file: PathBuf,
    /// Samples of one run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    batch: u32,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    if !options.file.is_dir() {
        let plan = Plan::load(&options.file)?;
        println!("{}: {} parties and a dealer, {}", plan.model, plan.settings.parties, numbers(&plan));
        println!("hash {}", hex(&plan.hash()));
        roles(&plan);
        println!("\n{}", plan.cost(options.batch as usize));
        return Ok(());
    }
    let rotation = Rotation::load(&options.file)?;
    let (whole, slice) = (rotation.whole(), (options.batch as usize).div_ceil(rotation.lanes().len()));
    println!("{}: 3 parties of which one deals, {}", whole.model, numbers(whole));
    roles(whole);
    for (dealer, plan) in rotation.lanes().iter().enumerate() {
        println!("\nwhere party {dealer} deals: hash {}\n{}", hex(&plan.hash()), plan.cost(slice));
    }
    Ok(())
}

fn numbers(plan: &Plan) -> String {
    format!("ring of {} bits, {} of them a fraction", plan.settings.ring, plan.settings.fraction)
}

fn roles(plan: &Plan) {
    for (role, place) in &plan.roles {
        let inputs = plan.inputs.iter().filter(|i| i.owner == *place).map(|i| format!("input `{}` {:?}", i.name, i.shape));
        let weights = (plan.weights_owner == *place && !plan.weights.is_empty()).then(|| "the weights".to_owned());
        let gives = listed(inputs.chain(weights));
        let learns = listed(plan.releases.iter().filter(|r| r.to.contains(place)).map(|r| format!("`{}` {:?}", r.name, r.shape)));
        println!("role `{role}` at {place}: gives {gives}; learns {learns}");
    }
}

fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() { "nothing".into() } else { all.join(", ") }
}
