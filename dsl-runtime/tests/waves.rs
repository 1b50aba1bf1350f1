//! Steps that do not depend on each other share their rounds: what that saves, that nothing else changes, and which plans are refused.

#[path = "common/blocks.rs"]
mod blocks;

use blocks::{avg_pool, conv, flatten, linear, max_pool, relu, runs_as_planned, stage, weights_of};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::net::TcpListener;
use std::time::Duration;
use undertone_runtime::config::{DealerConfig, Participants};
use undertone_runtime::graph::{Graph, Value, trace};
use undertone_runtime::net::{Tcp, Timeouts};
use undertone_runtime::party::fixed_point;
use undertone_runtime::{Config, Deployment, Place, Plan, Session, Settings, World, dealer};
use undertone_shape::Shape;

/// Four branches of one value, joined: 1 by 1, 3 by 3, 5 by 5, and a pool.
fn inception() -> Graph {
    trace("Inception", &[("x", Shape::new([8, 8, 8]))], |g, x| {
        let stem = conv(g, "stem", x[0], 8, [3, 1, 1]);
        let stem = relu(g, "stem_relu", stem);
        let a = conv(g, "one", stem, 4, [1, 1, 0]);
        let a = relu(g, "one_relu", a);
        let b = conv(g, "three_in", stem, 4, [1, 1, 0]);
        let b = relu(g, "three_in_relu", b);
        let b = conv(g, "three", b, 4, [3, 1, 1]);
        let b = relu(g, "three_relu", b);
        let c = conv(g, "five_in", stem, 2, [1, 1, 0]);
        let c = relu(g, "five_in_relu", c);
        let c = conv(g, "five", c, 4, [5, 1, 2]);
        let c = relu(g, "five_relu", c);
        let d = max_pool(g, "pool", stem, [3, 1, 1]);
        let d = conv(g, "pooled", d, 4, [1, 1, 0]);
        let d = relu(g, "pooled_relu", d);
        stage(g, "join", [16, 8, 8], |g| g.concat(&[a, b, c, d], 0))
    })
    .unwrap()
}

/// A residual block with a strided shortcut.
fn shortcut() -> Graph {
    trace("Shortcut", &[("x", Shape::new([4, 8, 8]))], |g, x| {
        let x = relu(g, "before", x[0]);
        let y = conv(g, "first", x, 8, [3, 2, 1]);
        let y = relu(g, "inner", y);
        let y = conv(g, "second", y, 8, [3, 1, 1]);
        let z = conv(g, "shortcut", x, 8, [1, 2, 0]);
        let z = relu(g, "shortcut_relu", z);
        let z = conv(g, "shortcut_out", z, 8, [1, 1, 0]);
        let sum = stage(g, "join", [8, 4, 4], |g| g.add(y, z));
        relu(g, "outer", sum)
    })
    .unwrap()
}

/// Scores to one role, and what they were made of to both.
fn releases() -> Graph {
    trace("Releases", &[("x", Shape::new([4, 8, 8]))], |g, x| {
        let y = conv(g, "first", x[0], 4, [3, 1, 1]);
        let y = relu(g, "relu", y);
        let mean = avg_pool(g, "mean", y, [8, 8, 0]);
        let flat = flatten(g, "flat", mean);
        let scores = linear(g, "head", flat, 5);
        g.release("scores", scores, &["client"]);
        g.release("mean", mean, &["client", "server"]);
        g.release("picture", y, &["server"]);
        scores
    })
    .unwrap()
}

/// Nothing to share: one step after the other.
fn chain() -> Graph {
    trace("Chain", &[("x", Shape::new([2, 8, 8]))], |g, x| {
        let y = conv(g, "first", x[0], 4, [3, 1, 1]);
        let y = relu(g, "relu", y);
        let y = max_pool(g, "pool", y, [2, 2, 0]);
        let y = conv(g, "second", y, 4, [3, 1, 1]);
        relu(g, "last", y)
    })
    .unwrap()
}

fn plan(graph: &Graph) -> Plan {
    Plan::new(graph, &Settings::default()).unwrap()
}

fn rounds(plan: &Plan) -> u64 {
    plan.cost(1).total().rounds
}

#[test]
fn branches_cost_the_rounds_of_the_longest() {
    let mut lines = vec![];
    for graph in [inception(), shortcut(), releases(), chain()] {
        let shared = plan(&graph);
        let alone = shared.one_after_the_other();
        alone.verify(1 << 24).unwrap();
        let (a, b) = (alone.cost(1).total(), shared.cost(1).total());
        assert_eq!((a.sent, a.corrections, a.multiply_adds), (b.sent, b.corrections, b.multiply_adds), "nothing else changes");
        lines.push(format!(
            "{}: {} rounds instead of {}, {} elements at most instead of {}",
            graph.name,
            b.rounds,
            a.rounds,
            shared.peak(1).elements,
            alone.peak(1).elements
        ));
    }
    insta::assert_snapshot!("rounds_shared", lines.join("\n"));
    insta::assert_snapshot!("inception_in_waves", plan(&inception()).to_string());
    insta::assert_snapshot!("chain_left_alone", plan(&chain()).to_string());
}

#[test]
fn private_runs_take_the_rounds_and_the_memory_that_the_plan_says() {
    for graph in [inception(), shortcut(), releases()] {
        for (parties, delay_bytes) in [(2, u64::MAX), (3, u64::MAX), (3, 0), (3, 3000), (5, 2000)] {
            let last = Place::Party(parties - 1);
            for (client, server) in [
                (Place::Party(0), last),
                (last, Place::Client(0)),
                (Place::Client(0), Place::Party(0)),
                (Place::Client(1), Place::Client(0)),
            ] {
                let deployment = Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)]);
                runs_as_planned(&graph, &Settings { parties, delay_bytes, ..Settings::default() }, &deployment, 2);
            }
        }
    }
    let narrow = Settings { ring: 32, fraction: 10, opened: 22, ..Settings::default() };
    runs_as_planned(&inception(), &narrow, &Deployment::default(), 3);
}

#[test]
fn one_of_three_deals_in_the_same_waves() {
    let graph = inception();
    let (weights, x) = (weights_of(&graph), vec![0.5f32; 4 * 512]);
    let fixed = fixed_point(&graph, &Settings::default(), &weights, &[&x], 4).unwrap();
    let run = World::third_deals().predict_graph(&graph, &weights, &[&x], 4, &mut |_| {}).unwrap();
    for (a, b) in run.opened.real("output").iter().zip(fixed.output()) {
        assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{a} against {b}");
    }
    assert_eq!(run.report.rounds(), rounds(&plan(&graph)));
}

/// A network of random steps: sums, joins, ReLUs, pools and products of any earlier values.
fn random(seed: u64) -> Graph {
    let mut rng = StdRng::seed_from_u64(seed);
    trace("Random", &[("x", Shape::new([2, 4, 4])), ("y", Shape::new([2, 4, 4]))], |g, x| {
        let mut values: Vec<Value> = x.to_vec();
        for k in 0..12 {
            let mut pick = || values[rng.random_range(0..values.len())];
            let (a, b) = (pick(), pick());
            let name = format!("s{k}");
            values.push(match rng.random_range(0..6) {
                0 => relu(g, &name, a),
                1 => max_pool(g, &name, a, [3, 1, 1]),
                2 => stage(g, &name, [2, 4, 4], |g| g.add(a, b)),
                3 => {
                    let both = stage(g, &format!("{name}_both"), [4, 4, 4], |g| g.concat(&[a, b], 0));
                    conv(g, &name, both, 2, [1, 1, 0])
                }
                _ => conv(g, &name, a, 2, [3, 1, 1]),
            });
        }
        let last = values[values.len() - 1];
        let other = values[rng.random_range(2..values.len())];
        g.release("last", last, &["client"]);
        g.release("other", other, &["server"]);
        last
    })
    .unwrap()
}

#[test]
fn rounds_never_increase_and_plans_are_in_order() {
    let mut saved = 0;
    for seed in 0..60 {
        let graph = random(seed);
        for (parties, delay_bytes) in [(2, u64::MAX), (3, 0), (3, 4000), (5, 500)] {
            let shared = Plan::new(&graph, &Settings { parties, delay_bytes, ..Settings::default() }).unwrap();
            shared.verify(1 << 24).unwrap();
            let alone = shared.one_after_the_other();
            assert!(rounds(&shared) <= rounds(&alone), "seed {seed}, {parties} parties: {} against {}", rounds(&shared), rounds(&alone));
            saved += rounds(&alone) - rounds(&shared);
        }
    }
    assert!(saved > 100, "{saved} rounds were saved in all");
    for seed in 0..4 {
        runs_as_planned(&random(seed), &Settings { parties: 2 + seed as usize % 2, ..Settings::default() }, &Deployment::default(), 1);
    }
}

#[test]
fn a_plan_that_begins_a_step_before_what_it_reads_is_refused() {
    let good = plan(&inception());
    good.verify(1 << 24).unwrap();
    let busy = |p: &Plan| p.steps.iter().position(|s| s.wave > 3).unwrap();
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut bad = good.clone();
        change(&mut bad);
        assert_ne!(bad.hash(), good.hash(), "waves are part of what everybody agrees on");
        let error = bad.verify(1 << 24).unwrap_err().to_string();
        assert!(error.contains("begins in wave"), "{error}");
    };
    refused(&|p| {
        let k = busy(p);
        p.steps[k].wave -= 1;
    });
    refused(&|p| {
        let k = busy(p);
        p.steps[k].wave = 0;
    });
    refused(&|p| {
        let k = p.steps.len() - 1;
        p.steps[k].wave += 1;
    });
    refused(&|p| p.steps.iter_mut().for_each(|s| s.wave += 1));
    refused(&|p| p.steps.iter_mut().for_each(|s| s.wave = u32::MAX));
}

/// Over sockets, with messages that one buffer of the system does not take.
#[test]
fn steps_share_exchanges_over_sockets() {
    let held: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let address = |k: usize| held[k].local_addr().unwrap().to_string();
    let addresses = [("hospital", address(0)), ("clinic", address(1)), ("dealer", address(2))];
    drop(held);
    let participants = Participants::new(&["hospital", "clinic"], Some("dealer"));
    let config = |k: usize| {
        let mut config = Config::new(addresses[k].0, participants.clone());
        config.addresses = addresses.clone().map(|(name, address)| (name.to_owned(), address)).into();
        config.timeouts.connect = Duration::from_secs(10);
        config.listen = (k == 0).then(|| addresses[0].1.clone());
        config
    };
    let (graph, batch) = (inception(), 256);
    let (weights, x) = (weights_of(&graph), vec![0.25f32; batch * 512]);
    let fixed = fixed_point(&graph, &Settings::default(), &weights, &[&x], batch).unwrap();
    let plan = plan(&graph);
    let party = |k: usize| {
        let mut session = Session::connect(&config(k)).unwrap();
        let prepared = session.prepare(&plan, (k == 1).then_some(&weights), (k == 0).then_some(batch)).unwrap();
        let mine: &[(usize, &[f32])] = if k == 0 { &[(0, &x)] } else { &[] };
        session.run(&plan, prepared, mine).unwrap()
    };
    let dealer = DealerConfig::new(participants.clone(), &addresses[2].1);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            let wait = Duration::from_secs(10);
            let (_, links) = dealer.listener().unwrap().next_group(&dealer.participants.parties, wait, wait).unwrap().unwrap();
            dealer::serve(&mut Tcp::new(links.into_iter().map(Some).collect(), &Timeouts::default()), 2).unwrap();
        });
        let clinic = scope.spawn(|| party(1));
        let outcome = party(0);
        clinic.join().unwrap();
        outcome
    });
    for (a, b) in outcome.opened.real("output").iter().zip(fixed.output()) {
        assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{a} against {b}");
    }
    assert_eq!(outcome.steps.iter().map(|s| s.rounds).sum::<u64>(), rounds(&plan));
}
