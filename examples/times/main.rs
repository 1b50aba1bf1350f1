//! Predicted times against measured ones: three models, two parties and a dealer on threads that talk over sockets of this machine.
//!
//! Both halves are predicted from constants that are measured right before and right after, on small data, as the speed of a shared machine drifts; in between the model
//! runs, a few times, and its fastest run counts. The parties and the dealer share the cores of this machine, in the prediction as in the runs.
//!
//! ```text
//! cargo run --release --no-default-features --example times
//! ```

#[path = "../lenet/model.rs"]
mod lenet;
#[path = "../wav2letter/model.rs"]
#[allow(dead_code, reason = "only the description is needed")]
mod speech;

use clap::Parser;
use std::net::TcpListener;
use std::process::ExitCode;
use undertone::config::{DealerConfig, Participants};
use undertone::dealer::{Limits, serve_limited};
use undertone::graph::Graph;
use undertone::net::{Tcp, Timeouts};
use undertone::prelude::*;
use undertone::{Machine, Network, Place, Plan};

secure_model! {
    /// Two convolutions and what goes around them.
    pub model Block {
        /// Channels.
        width: usize,
        /// Of the first convolution.
        stride: usize = 1,
    } (x) {
        let skip = x -> Conv2d { out: width, stride } -> BatchNorm;
        let body = x -> Conv2d { out: width, kernel: 3, stride, padding: 1 } -> BatchNorm -> Relu
                     -> Conv2d { out: width, kernel: 3, padding: 1 } -> BatchNorm;
        (body, skip) -> Add -> Relu
    }
}

secure_model! {
    /// A small residual network on colour pictures of 32 by 32 pixels.
    pub model Residual(image: [3, 32, 32]) -> [10] {
        image
            -> Conv2d { out: 16, kernel: 3, padding: 1 } -> BatchNorm -> Relu
            -> for _ in 0..2 { a: Block { width: 16 } }
            -> b: Block { width: 32, stride: 2 } -> c: Block { width: 32 }
            -> d: Block { width: 64, stride: 2 } -> e: Block { width: 64 }
            -> GlobalAvgPool -> fc: Linear { out: 10 }
    }
}

/// Compares predicted with measured times.
#[derive(Parser)]
struct Options {
    /// How often each model runs; the fastest run of each half counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Bits of the ring, 32 to 64.
    #[arg(long, default_value_t = 64)]
    ring: u32,
    /// Prints the tables of stages as well.
    #[arg(long)]
    stages: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let settings = settings(options.ring);
    println!("two parties and a dealer share the cores of this machine");
    println!(
        "{:12} {:>5}  {:>9} {:>9} {:>6} {:>9}  {:>9} {:>9} {:>6} {:>9}",
        "model", "batch", "predicted", "online", "", "at work", "predicted", "offline", "", "at work"
    );
    for (graph, batch) in [
        (lenet::LeNet::graph()?, 1),
        (lenet::LeNet::graph()?, 100),
        (speech::Wav2Letter::graph()?, 1),
        (speech::Wav2Letter::graph()?, 8),
        (Residual::graph()?, 1),
        (Residual::graph()?, 16),
    ] {
        let plan = Plan::new(graph, &settings)?;
        let before = Machine::measure();
        let ([online, offline, busy, unpacking], steps) = measure(graph, &plan, batch, options.runs)?;
        let machine = before.halfway(&Machine::measure());
        if options.stages {
            println!("{machine:#?}");
        }
        let predicted = plan.cost(batch).time_on(&machine, &Network::loopback());
        let ratio = |predicted: f64, measured: f64| format!("{:+.0} %", 100.0 * (predicted / measured - 1.0));
        println!(
            "{:12} {batch:>5}  {:>6.1} ms {:>6.1} ms {:>6} {:>6.1} ms  {:>6.1} ms {:>6.1} ms {:>6} {:>6.1} ms",
            graph.name,
            predicted.online * 1e3,
            online * 1e3,
            ratio(predicted.online, online),
            busy * 1e3,
            predicted.offline * 1e3,
            offline * 1e3,
            ratio(predicted.offline, offline),
            unpacking * 1e3
        );
        if options.stages {
            println!("{predicted}");
            println!("online as measured, each stage in the run in which it was fastest:");
            for row in &predicted.rows {
                let of_stage = |(k, _): &(usize, &f64)| plan.stage_name(*k) == row.stage;
                let measured: f64 = steps.iter().enumerate().filter(of_stage).map(|(_, time)| time).sum();
                println!("  {:24} predicted {:8.3} ms, measured {:8.3} ms", row.stage, row.online * 1e3, measured * 1e3);
            }
        }
    }
    Ok(())
}

fn settings(ring: u32) -> Settings {
    match ring {
        ..=32 => Settings { ring, fraction: 10, opened: 22, ..Settings::default() },
        33..=55 => Settings { ring, fraction: 12, opened: ring - 12, ..Settings::default() },
        _ => Settings { ring, ..Settings::default() },
    }
}

/// Weights that are a function of their place: what they are takes no time.
fn weights(graph: &Graph) -> Weights {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let value = |i: usize| (((i * 37) % 19) as f32 / 19.0 - 0.5) / 8.0 + if p.name.ends_with("running_var") { 1.0 } else { 0.0 };
        weights.insert(p.name.clone(), p.shape, (0..p.shape.numel()).map(value).collect());
    }
    weights
}

/// The fastest online and offline seconds of some runs, in each of which the slower party counts; and those of every step at the party that has the weights.
fn measure(graph: &Graph, plan: &Plan, batch: usize, runs: usize) -> Result<([f64; 4], Vec<f64>), Box<dyn std::error::Error>> {
    let (weights, x) = (weights(graph), vec![0.25f32; batch * plan.input_len(0)]);
    let participants = Participants::new(&["first", "second"], Some("dealer"));
    let ports: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let [first, dealer] = [ports[0].local_addr()?.to_string(), ports[1].local_addr()?.to_string()];
    drop(ports);
    let config = |name: &str| {
        let mut config = Config::new(name, participants.clone());
        // both parties are in this process
        config.threads = 1;
        config.addresses = [("first", &first), ("dealer", &dealer)].map(|(n, a)| (n.to_owned(), a.clone())).into();
        config.listen = (name == "first").then(|| first.clone());
        config
    };
    let party = |name: &str| -> Result<(Vec<[f64; 4]>, Vec<f64>)> {
        let mut session = Session::connect(&config(name))?;
        let (mut times, mut steps, place) = (vec![], vec![f64::INFINITY; plan.steps.len()], session.place());
        for _ in 0..runs {
            let (mine, own) = (plan.inputs[0].owner == place, plan.weights_owner == place);
            let from = working();
            let prepared = session.prepare(plan, own.then_some(&weights), mine.then_some(batch))?;
            let inputs: &[(usize, &[f32])] = if mine { &[(0, &x)] } else { &[] };
            let middle = working();
            let outcome = session.run(plan, prepared, inputs)?;
            let [online, offline] = [outcome.online, outcome.offline].map(|t| t.as_secs_f64());
            times.push([online, offline, working() - middle, middle - from]);
            steps.iter_mut().zip(&outcome.steps).for_each(|(fastest, step)| *fastest = fastest.min(step.time.as_secs_f64()));
        }
        Ok((times, steps))
    };
    let deals = DealerConfig::new(participants.clone(), &dealer);
    let listener = deals.listener()?;
    let wait = std::time::Duration::from_secs(10);
    let times = std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Ok(Some((_, links))) = listener.next_group(&participants.parties, wait, wait) {
                let mut transport = Tcp::new(links.into_iter().map(Some).collect(), &Timeouts::default());
                // a tape that is dealt ahead would take the time of the run before
                if let Err(e) = serve_limited(&mut transport, 2, &Limits { ahead: 0, ..Limits::default() }) {
                    eprintln!("dealer: {e}");
                }
            }
        });
        let parties = ["first", "second"].map(|name| scope.spawn(move || party(name)));
        parties.map(|thread| thread.join().unwrap_or_else(|_| Ok((vec![], vec![]))))
    });
    let [a, b] = times;
    let ((a, of_a), (b, of_b)) = (a?, b?);
    let half = |h: usize| a.iter().zip(&b).map(|(a, b)| a[h].max(b[h])).fold(f64::INFINITY, f64::min);
    debug_assert!(matches!(plan.weights_owner, Place::Party(_)));
    // whoever has the weights makes the products, and the other one waits for them in the step after
    let steps = if plan.weights_owner == Place::Party(0) { of_a } else { of_b };
    Ok(([half(0), half(1), half(2), half(3)], steps))
}

/// Seconds that this thread has had a core, where the system says so: on a machine that others use as well, less than what a clock says.
fn working() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(0.0, |ns| ns / 1e9)
}
