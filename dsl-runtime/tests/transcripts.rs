//! What crosses the wires of whole runs: uniform, and independent of all inputs and weights, wherever the roles live.

mod common;

use common::{SIDE, network, weights};
use undertone_ring::prg::Log;
use undertone_runtime::graph::op::{Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, NodeId, Release, trace_roles};
use undertone_runtime::net::Sent;
use undertone_runtime::plan::Kind;
use undertone_runtime::uniformity::{LIMIT, chi_square};
use undertone_runtime::{Deployment, Place, Plan, Settings, Weights, World};
use undertone_shape::Shape;

/// The endpoints of two parties and two clients: both parties, the dealer, the clients.
const ENDPOINTS: usize = 5;

/// The small network, which releases its scores to the client and to nobody else.
fn scores() -> Graph {
    network()
}

/// The small network, which releases a stage from its middle to both roles.
fn shared_release() -> Graph {
    let mut graph = network();
    let pool = graph.nodes.iter().position(|n| n.stage == "pool").unwrap();
    graph.releases.push(Release { name: "middle".into(), node: NodeId(pool), to: vec!["client".into(), "server".into()] });
    graph
}

fn deployments() -> Vec<Deployment> {
    use Place::{Client, Party};
    let places = [(Party(0), Party(1)), (Party(1), Party(0)), (Party(0), Client(0)), (Client(0), Party(1)), (Client(1), Client(0))];
    places.map(|(client, server)| Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)])).into()
}

/// The payloads that an endpoint sent in several runs: messages of some length, so that handshakes, which are not secret, stay out.
fn payloads(graph: &Graph, deployment: &Deployment, seed: u64, endpoint: usize, weights: &Weights, x: &[f32], samples: usize) -> Vec<u8> {
    (0..RUNS)
        .flat_map(|run| {
            let taps: Vec<Sent> = (0..ENDPOINTS).map(|_| Sent::default()).collect();
            let world = World::seeded(seed + run).deployment(deployment.clone()).tapped(taps.clone());
            world.predict_graph(graph, weights, &[x], samples, &mut |_| {}).unwrap();
            let sent = taps[endpoint].lock().unwrap();
            // the dealer is asked with the plan itself; everything else that is longer than a handshake is payload
            let payload = sent.iter().filter(|(to, message)| *to != 2 && message.len() >= 256);
            payload.flat_map(|(_, message)| message.iter().copied()).collect::<Vec<u8>>()
        })
        .collect()
}

/// Runs of one pair of inputs and weights.
const RUNS: u64 = 4;

fn two_samples(a: &[u8], b: &[u8]) -> f64 {
    let mut bins = [[0f64; 2]; 256];
    for (k, sample) in [a, b].iter().enumerate() {
        for v in *sample {
            bins[usize::from(*v)][k] += 1.0;
        }
    }
    bins.iter().filter(|[a, b]| a + b > 0.0).map(|[a, b]| (a - b) * (a - b) / (a + b)).sum()
}

#[test]
fn every_endpoint_sends_uniform_bytes_whatever_the_secrets_are() {
    const SAMPLES: usize = 48;
    let zero = {
        let mut w = Weights::empty();
        weights().iter().for_each(|(name, shape, values)| w.insert(name, shape, vec![0.0; values.len()]));
        w
    };
    let (nothing, extreme) = (vec![0.0; SAMPLES * SIDE * SIDE], vec![50_000.0; SAMPLES * SIDE * SIDE]);
    for graph in [scores(), shared_release()] {
        for deployment in deployments() {
            for endpoint in 0..ENDPOINTS {
                let what = format!("{} releases, {deployment:?}, endpoint {endpoint}, seeds from 10 and 20", graph.releases.len());
                let a = payloads(&graph, &deployment, 10, endpoint, &zero, &nothing, SAMPLES);
                let b = payloads(&graph, &deployment, 20, endpoint, &weights(), &extreme, SAMPLES);
                assert_eq!(a.len(), b.len(), "{what}: lengths do not depend on secrets");
                // a client of weights alone sends only their shares: too few to say anything
                assert!(a.len() > 65536 || (endpoint > 2 && a.len() < 4096), "{what}: {} bytes", a.len());
                if a.len() <= 65536 {
                    continue;
                }
                for (secrets, bytes) in [("zeros", &a), ("extremes", &b)] {
                    assert!(chi_square(bytes) < LIMIT, "{what}, {secrets}: {}", chi_square(bytes));
                }
                assert!(two_samples(&a, &b) < LIMIT, "{what}: {}", two_samples(&a, &b));
            }
        }
    }
}

#[test]
fn two_runs_of_the_same_input_look_different() {
    let (x, graph) = (vec![1.0; SIDE * SIDE], scores());
    for deployment in deployments() {
        let of = |seed| payloads(&graph, &deployment, seed, 0, &weights(), &x, 1);
        let (a, b) = (of(1), of(2 + RUNS));
        let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
        assert!(same * 64 < a.len(), "{same} of {} bytes are equal", a.len());
    }
}

/// Every kind of step, a wire that two products read, a sum of inputs of two owners, and releases to several places.
fn of_four(name: &str, hidden: usize) -> Graph {
    let inputs = [("x", "a"), ("z", "b"), ("u", "c")].map(|(input, owner)| (input, Shape::new([2, 6, 6]), owner));
    let plain = Conv { padding: [1, 1, 0], ..Conv::PLAIN };
    trace_roles(name, &inputs, "w", |g, x| {
        let any = Init::Constant(0.1);
        let kernels = ["w1", "w2", "w3"].map(|w| g.parameter(w, [hidden, 2, 3, 3], any));
        let bias = g.parameter("b", [hidden], any);
        let (once, again) = (g.conv(x[0], kernels[0], Some(bias), plain), g.conv(x[0], kernels[1], None, plain));
        let sum = g.add(x[1], x[2]);
        let third = g.conv(sum, kernels[2], None, plain);
        let y = g.add(once, again);
        let y = g.add(y, third);
        let y = g.relu(y);
        let y = g.max_pool(y, MaxPool { kernel: [3; 3], stride: [2; 3], padding: [1; 3] });
        let y = g.relu(y);
        let y = g.reshape(y, [hidden * 9]);
        let last = g.parameter("v", [29, hidden * 9], any);
        let y = g.linear(y, last, None);
        let class = g.argmax(y, 0);
        g.release("class", class, &["a", "c", "w"]);
        g.release("logits", y, &["b", "c"]);
        g.release("again", y, &["b"]);
        class
    })
    .unwrap()
}

/// Weights that are all the same.
fn constant(graph: &Graph, value: f32) -> Weights {
    let mut weights = Weights::empty();
    graph.parameters.iter().for_each(|p| weights.insert(p.name.clone(), p.shape, vec![value; p.shape.numel()]));
    weights
}

/// Runs all plans twice, each with batches of these sizes, in one session of each endpoint.
fn run_all(world: &World, models: &[(Plan, Weights)], batches: &[usize]) {
    let ran = world.execute_with(models[0].0.clients(), |session| {
        let me = session.place();
        for (plan, weights) in models.iter().chain(models) {
            for batch in batches {
                let data = vec![0.25f32; 72 * batch];
                let mine: Vec<(usize, &[f32])> = (0..3).filter(|k| plan.inputs[*k].owner == me).map(|k| (k, data.as_slice())).collect();
                let weights = (plan.weights_owner == me).then_some(weights);
                let prepared = session.prepare(plan, weights, (!mine.is_empty()).then_some(*batch))?;
                session.run(plan, prepared, &mine)?;
            }
        }
        Ok(())
    });
    ran.unwrap();
}

/// No endpoint has asked a generator for a block twice. Returns the number of requests.
fn no_block_twice(logs: &[Log], what: &str) -> usize {
    let mut requests = 0;
    for (endpoint, log) in logs.iter().enumerate() {
        let mut all: Vec<_> =
            log.lock().unwrap().iter().map(|r| (r.key_fingerprint, format!("{:?}", r.counter), r.first_block, r.blocks)).collect();
        all.sort();
        requests += all.len();
        let twice = all.windows(2).find(|w| (w[0].0, &w[0].1) == (w[1].0, &w[1].1) && w[0].2 + w[0].3 > w[1].2);
        assert!(twice.is_none(), "{what}, endpoint {endpoint}: {twice:?}");
    }
    requests
}

/// The roles of the model of four.
fn of_four_places(weights: Place) -> Deployment {
    let places = [("a", Place::Party(0)), ("b", Place::Party(1)), ("c", Place::Client(0)), ("w", weights)];
    Deployment::new(places.map(|(role, place)| (role.to_owned(), place)))
}

#[test]
fn no_block_is_asked_for_twice_over_many_plans_batches_and_owners() {
    for owner in [Place::Client(1), Place::Party(0), Place::Party(1)] {
        let deployment = of_four_places(owner);
        let models: Vec<(Plan, Weights)> = [("M", 3), ("N", 4)]
            .map(|(name, hidden)| of_four(name, hidden))
            .iter()
            .map(|graph| (Plan::deployed(graph, &Settings::default(), &deployment).unwrap(), constant(graph, 0.1)))
            .collect();
        let logs: Vec<Log> = (0..6).map(|_| Log::default()).collect();
        run_all(&World::two_party().deployment(deployment).logged(logs.clone()), &models, &[1, 3]);
        let requests = no_block_twice(&logs, &format!("weights at {owner}"));
        assert!(requests > 1000, "{requests} requests");
    }
}

/// The widths of a ring, for this many parties; longer messages than `delay_bytes` go through kings.
fn widths(ring: u32, parties: usize, delay_bytes: u64) -> Settings {
    let (fraction, opened) = match ring {
        64 => (16, 34),
        40 => (12, 26),
        _ => (10, 22),
    };
    Settings { ring, fraction, opened, parties, delay_bytes, ..Settings::default() }
}

/// Steps of more than 4096 elements are dealt and unpacked in parts, and narrow rings have narrow words and blocks of their own.
#[test]
fn no_block_is_asked_for_twice_among_more_parties_in_narrow_rings_and_in_steps_of_several_parts() {
    /// Elements that are dealt at once.
    const PART: usize = 4096;
    const KINGS: u64 = 0;
    const NO_KINGS: u64 = u64::MAX;
    let of = [
        (2, 32, NO_KINGS),
        (2, 33, NO_KINGS),
        (2, 40, NO_KINGS),
        (2, 64, NO_KINGS),
        (3, 32, KINGS),
        (3, 64, NO_KINGS),
        (4, 33, KINGS),
        (4, 32, NO_KINGS),
        (5, 40, KINGS),
        (5, 64, 12_500),
    ];
    let graph = of_four("M", 4);
    for (parties, ring, delay_bytes) in of {
        for owner in [Place::Client(1), Place::Party(0), Place::Party(parties - 1)] {
            let (settings, deployment) = (widths(ring, parties, delay_bytes), of_four_places(owner));
            let plan = Plan::deployed(&graph, &settings, &deployment).unwrap();
            let logs: Vec<Log> = (0..parties + 3).map(|_| Log::default()).collect();
            let world = World::parties(parties).settings(settings.clone()).deployment(deployment).logged(logs.clone());
            // 130 samples of 36 elements are compared in two parts
            let compared = plan.steps.iter().filter(|s| matches!(s.kind, Kind::Relu { .. })).map(|s| s.len * 130);
            assert!(compared.max().unwrap() > PART);
            run_all(&world, &[(plan, constant(&graph, 0.1))], &[130, 3]);
            let requests = no_block_twice(&logs, &format!("{settings:?}, weights at {owner}"));
            assert!(requests > 100 * parties, "{requests} requests");
        }
    }
}

#[test]
fn the_seeds_of_a_clients_shares_differ_by_party_by_input_and_by_run() {
    let graph = of_four("M", 2);
    let [a, b, c, w] = [Place::Client(0), Place::Party(0), Place::Client(0), Place::Client(0)];
    let places = [("a", a), ("b", b), ("c", c), ("w", w)].map(|(role, place)| (role.to_owned(), place));
    let (parties, runs, deployment) = (4, 4, Deployment::new(places));
    let settings = widths(64, parties, 0);
    let plan = Plan::deployed(&graph, &settings, &deployment).unwrap();
    let client = parties + 1;
    let (logs, taps): (Vec<Log>, Vec<Sent>) = (0..parties + 2).map(|_| (Log::default(), Sent::default())).unzip();
    let world = World::parties(parties).settings(settings).deployment(deployment).logged(logs.clone()).tapped(taps.clone());
    run_all(&world, &[(plan.clone(), constant(&graph, 0.1))], &[1, 3]);
    // two inputs in each run, and each weight once
    let seeds = (2 * runs + plan.weights.len()) * (parties - 1);
    let mut sent: Vec<(usize, Vec<u8>)> = taps[client].lock().unwrap().iter().filter(|(_, m)| m.len() == 16).cloned().collect();
    assert_eq!(sent.len(), seeds);
    sent.sort_by(|a, b| a.1.cmp(&b.1));
    assert!(sent.windows(2).all(|w| w[0].1 != w[1].1), "one seed served two sharings, or two parties");
    // and the audit sees every generator that is made of one, at the client and at the parties
    let keys = |endpoint: usize| logs[endpoint].lock().unwrap().iter().map(|r| r.key_fingerprint).collect::<std::collections::HashSet<_>>();
    let of_client = keys(client);
    assert_eq!(of_client.len(), seeds);
    let parties_know: usize = (0..parties).map(|p| keys(p).intersection(&of_client).count()).sum();
    assert_eq!(parties_know, seeds, "each seed is one party's");
    assert_eq!(keys(parties - 1).intersection(&of_client).count(), 0, "the last party gets the rest, and no seed");
}

#[test]
fn more_parties_and_narrow_words_send_uniform_bytes_too() {
    const SAMPLES: usize = 48;
    let (graph, zero) = (network(), constant(&network(), 0.0));
    let (nothing, extreme) = (vec![0.0; SAMPLES * SIDE * SIDE], vec![500.0; SAMPLES * SIDE * SIDE]);
    for (parties, ring, delay_bytes) in [(2, 32, 0), (2, 40, 0), (3, 32, 0), (3, 40, u64::MAX), (3, 64, 0), (5, 32, u64::MAX), (5, 64, 0)] {
        let settings = widths(ring, parties, delay_bytes);
        // the zeros that fill the last block of a weight in a ring of 33 to 63 bits are no secret, but not uniform either
        let limit = if [32, 64].contains(&ring) { LIMIT } else { 4.0 * LIMIT };
        let last = Place::Party(parties - 1);
        for (client, server) in [(Place::Party(0), Place::Party(1)), (last, Place::Client(0)), (Place::Client(0), Place::Party(0))] {
            let deployment = Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)]);
            for (secrets, weights, x) in [("zeros", &zero, &nothing), ("extremes", &weights(), &extreme)] {
                // what each party sends to each other endpoint, in two runs
                let mut streams = vec![vec![vec![]; parties + 2]; parties];
                for run in 0..2 {
                    let taps: Vec<Sent> = (0..parties + 2).map(|_| Sent::default()).collect();
                    let world = World::seeded(90 + run).settings(settings.clone()).deployment(deployment.clone()).tapped(taps.clone());
                    world.predict_graph(&graph, weights, &[x], SAMPLES, &mut |_| {}).unwrap();
                    for (to_all, tap) in streams.iter_mut().zip(&taps) {
                        let tap = tap.lock().unwrap();
                        // the dealer is asked with the plan itself, and handshakes are short
                        let payload = tap.iter().filter(|(to, message)| *to != parties && message.len() >= 256);
                        payload.for_each(|(to, message)| to_all[*to].extend_from_slice(message));
                    }
                }
                let mut long = 0;
                for (from, to_all) in streams.iter().enumerate() {
                    for (to, bytes) in to_all.iter().enumerate().filter(|(_, bytes)| bytes.len() > 30_000) {
                        long += 1;
                        let found = chi_square(bytes);
                        assert!(found < limit, "{settings:?}, {client} and {server}, {secrets}, {from} to {to}: {found}, seeds 90 and 91");
                    }
                }
                assert!(long >= parties * (parties - 1), "{settings:?}: all parties send to each other, {long} streams");
            }
        }
    }
}
