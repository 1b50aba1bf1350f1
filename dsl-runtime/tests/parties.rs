//! Whole runs for every number of parties, ring, owner and way of messages: the result within the bound of the fixed-point reference, the cost as predicted.

mod common;

use common::{SIDE, network, weights};
use undertone_runtime::graph::{Graph, Init, trace_roles};
use undertone_runtime::party::fixed_point;
use undertone_runtime::{Deployment, Place, Plan, Settings, Weights, World};
use undertone_shape::Shape;

/// Rings with their fraction and opened bits.
const RINGS: [(u32, u32, u32); 5] = [(64, 16, 34), (52, 14, 30), (40, 12, 26), (33, 10, 22), (32, 10, 22)];

/// A picture a sample, every value different, in [-1, 1].
fn pictures(batch: usize) -> Vec<f32> {
    (0..batch * SIDE * SIDE).map(|i| ((i * 29 + i / 7) % 41) as f32 / 20.0 - 1.0).collect()
}

/// Runs the network, and compares stage by stage what was computed and what it took.
fn agrees(settings: &Settings, deployment: &Deployment, batch: usize, what: &str) {
    let (graph, weights, x) = (network(), weights(), pictures(batch));
    let fixed = fixed_point(&graph, settings, &weights, &[&x], batch).unwrap();
    let world = World::seeded(7).settings(settings.clone()).deployment(deployment.clone()).record();
    let run = world.predict_graph(&graph, &weights, &[&x], batch, &mut |_| {}).unwrap_or_else(|e| panic!("{what}: {e}"));
    let stages = run.stages.unwrap();
    for (stage, expected) in stages.all.iter().zip(&fixed.stages) {
        for (a, b) in stage.integers.iter().zip(&expected.values) {
            assert!(a.abs_diff(*b) as f64 <= expected.bound, "{what}, {}: {a} against {b}, bound {}", stage.name, expected.bound);
        }
    }
    for (a, b) in run.opened.real("output").iter().zip(fixed.output()) {
        assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{what}: {a} against {b}, bound {}", fixed.bound);
    }
    let table = Plan::deployed(&graph, settings, deployment).unwrap().cost(batch);
    for (row, measured) in table.rows.iter().zip(&run.report.rows) {
        let (told, found) =
            ((row.cost.rounds, row.cost.sent, row.cost.corrections), (measured.rounds, measured.sent, measured.corrections));
        assert_eq!((&row.stage, told), (&measured.stage, found), "{what}");
    }
}

fn placed(client: Place, server: Place) -> Deployment {
    Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)])
}

#[test]
fn every_number_of_parties_and_every_ring_computes_the_same() {
    for parties in 2..=5 {
        for (ring, fraction, opened) in RINGS {
            for delay_bytes in [0, u64::MAX] {
                let settings = Settings { ring, fraction, opened, parties, delay_bytes, ..Settings::default() };
                agrees(&settings, &Deployment::default(), 2, &format!("{settings:?}"));
            }
        }
    }
}

#[test]
fn inputs_and_weights_may_be_anybodys() {
    for parties in [2, 3, 5] {
        let last = Place::Party(parties - 1);
        let places = [
            (Place::Party(0), Place::Party(0)),
            (Place::Party(1), Place::Party(0)),
            (last, Place::Party(1)),
            (last, last),
            (Place::Client(0), last),
            (Place::Party(1), Place::Client(0)),
            (Place::Client(1), Place::Client(0)),
        ];
        for (client, server) in places {
            for (ring, fraction, opened) in [RINGS[0], RINGS[4]] {
                let settings = Settings { ring, fraction, opened, parties, ..Settings::default() };
                agrees(&settings, &placed(client, server), 3, &format!("{client} and {server}, {settings:?}"));
            }
        }
    }
}

/// Two inputs of two owners, an index for one receiver and scores for everybody.
fn shared() -> Graph {
    trace_roles("Shared", &[("x", Shape::new([4, 3, 3]), "a"), ("y", Shape::new([4, 3, 3]), "b")], "c", |g, x| {
        let z = g.add(x[0], x[1]);
        let z = g.relu(z);
        let z = g.reshape(z, [36]);
        let z = g.reshape(z, [9, 4]);
        let i = g.argmax(z, 1);
        g.release("index", i, &["d"]);
        g.release("scores", z, &["a", "b", "c"]);
        z
    })
    .unwrap()
}

#[test]
fn indices_and_releases_to_all_or_one_cost_what_is_predicted() {
    let graph = shared();
    let (x, y): (Vec<f32>, Vec<f32>) = (0..72).map(|i| ((i * 13 % 17) as f32 / 4.0 - 2.0, (i * 5 % 11) as f32 / 8.0)).unzip();
    for parties in [2, 3, 4, 5] {
        for (ring, fraction, opened) in RINGS {
            for delay_bytes in [0, 12_500] {
                let settings = Settings { ring, fraction, opened, parties, delay_bytes, ..Settings::default() };
                let run = World::seeded(3)
                    .settings(settings.clone())
                    .predict_graph(&graph, &Weights::empty(), &[&x, &y], 2, &mut |_| {})
                    .unwrap();
                let table = Plan::new(&graph, &settings).unwrap().cost(2);
                for (row, m) in table.rows.iter().zip(&run.report.rows) {
                    let told = (row.cost.rounds, row.cost.sent, row.cost.corrections);
                    assert_eq!((&row.stage, told), (&m.stage, (m.rounds, m.sent, m.corrections)), "{settings:?}");
                }
                let scores: Vec<f32> = x.iter().zip(&y).map(|(a, b)| (a + b).max(0.0)).collect();
                for (a, b) in run.opened.real("scores").iter().zip(&scores) {
                    assert!((a - b).abs() < 0.01, "{a} against {b}, {settings:?}");
                }
                let expected: Vec<u32> = scores
                    .chunks(4)
                    .map(|row| (0..4u32).rev().max_by(|a, b| row[*a as usize].total_cmp(&row[*b as usize])).unwrap())
                    .collect();
                assert_eq!(run.opened.indices("index"), &expected[..], "{settings:?}");
            }
        }
    }
}

#[test]
fn threads_share_products_and_change_nothing() {
    let graph = trace_roles("Wide", &[("x", Shape::new([1200]), "client")], "server", |g, x| {
        let w = g.parameter("w", [600, 1200], Init::Uniform { fan_in: 1200 });
        let y = g.linear(x[0], w, None);
        g.release("y", y, &["client"]);
        y
    })
    .unwrap();
    let mut weights = Weights::empty();
    weights.insert("w", [600, 1200], (0..720_000).map(|i| ((i * 31 % 97) as f32 - 48.0) / 500.0).collect());
    let x: Vec<f32> = (0..1200).map(|i| (i % 13) as f32 / 13.0).collect();
    for (ring, fraction, opened) in RINGS {
        let settings = Settings { ring, fraction, opened, ..Settings::default() };
        let run = |threads: usize| {
            let world = World::seeded(5).settings(settings.clone()).threads(threads);
            world.predict_graph(&graph, &weights, &[&x], 1, &mut |_| {}).unwrap().opened.real("y").to_vec()
        };
        assert_eq!(run(1), run(3), "{settings:?}");
    }
}
