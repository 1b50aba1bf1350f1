//! What crosses the wires of whole runs: uniform, and independent of all inputs and weights, wherever the roles live.

mod common;

use common::{SIDE, network, weights};
use undertone_runtime::graph::{Graph, NodeId, Release};
use undertone_runtime::net::Sent;
use undertone_runtime::uniformity::{LIMIT, chi_square};
use undertone_runtime::{Deployment, Place, Weights, World};

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
