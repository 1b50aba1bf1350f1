//! Whole runs for every number of parties, ring, owner and way of messages: the result within the bound of the fixed-point reference, the cost as predicted.

mod common;

use common::{SIDE, network, weights};
use undertone_runtime::graph::{Graph, Init, trace_roles};
use undertone_runtime::party::{Outcome, fixed_point};
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
    let (total, report) = (table.total(), &run.report);
    assert_eq!((total.rounds, total.sent, total.corrections), (report.rounds(), report.sent(), report.corrections()), "{what}, in total");
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

/// The busiest party of one stage need not be that of the next: the total is what one party really sends.
#[test]
fn stages_and_total_tell_what_the_busiest_party_sends() {
    let (graph, weights, x) = (network(), weights(), pictures(2));
    let mut less = 0;
    for parties in 2..=5 {
        for delay_bytes in [0, 12_500] {
            let last = Place::Party(parties - 1);
            for (client, server) in [
                (Place::Party(0), Place::Party(0)),
                (Place::Party(0), Place::Party(1)),
                (Place::Party(1), last),
                (Place::Party(0), Place::Client(0)),
                (Place::Client(0), last),
                (Place::Client(1), Place::Client(0)),
            ] {
                let (settings, deployment) = (Settings { parties, delay_bytes, ..Settings::default() }, placed(client, server));
                let plan = Plan::deployed(&graph, &settings, &deployment).unwrap();
                let outcomes = World::parties(parties)
                    .settings(settings)
                    .deployment(deployment)
                    .execute_with(plan.clients(), |session| {
                        let me = session.place();
                        let mine: Vec<(usize, &[f32])> = if plan.inputs[0].owner == me { vec![(0, &x[..])] } else { vec![] };
                        let weights = (plan.weights_owner == me).then_some(&weights);
                        let prepared = session.prepare(&plan, weights, (!mine.is_empty()).then_some(2))?;
                        session.run(&plan, prepared, &mine)
                    })
                    .unwrap();
                let (what, table) = (format!("{parties} parties, {delay_bytes}, {client} and {server}"), plan.cost(2));
                let busiest = |counts: &dyn Fn(usize) -> bool| {
                    let sent = |o: &Outcome| o.steps.iter().enumerate().filter(|(k, _)| counts(*k)).map(|(_, m)| m.sent).sum::<u64>();
                    outcomes[..parties].iter().map(sent).max().unwrap()
                };
                for row in &table.rows {
                    assert_eq!(row.cost.sent, busiest(&|k| plan.steps[k].stage == row.stage), "{what}, {}", row.stage);
                }
                let total = table.total().sent;
                assert_eq!(total, busiest(&|_| true), "{what}");
                less += usize::from(total < table.rows.iter().map(|r| r.cost.sent).sum());
            }
        }
    }
    assert!(less > 0, "no party was overtaken by another one");
}

/// The largest inputs are compared as they should be, rounding included, and larger ones are refused.
#[test]
fn inputs_reach_up_to_as_many_units_below_the_limit_as_there_are_parties() {
    let graph = trace_roles("Limit", &[("x", Shape::new([8]), "a")], "b", |g, x| {
        let (y, i) = (g.relu(x[0]), g.argmax(x[0], 0));
        g.release("y", y, &["a"]);
        g.release("i", i, &["b"]);
        y
    })
    .unwrap();
    for parties in 2..=5 {
        for (ring, fraction, opened) in [(32, 10, 22), (33, 10, 22), (40, 12, 26)] {
            let settings = Settings { ring, fraction, opened, parties, ..Settings::default() };
            let unit = 1.0 / (1u64 << fraction) as f32;
            let most = (1u64 << (opened - 2 - fraction)) as f32 - parties as f32 * unit;
            let x = [most, -most, 0.0, unit, -unit, most - unit, unit - most, 1.0];
            let run = World::seeded(4).settings(settings.clone()).predict_graph(&graph, &Weights::empty(), &[&x], 1, &mut |_| {}).unwrap();
            assert_eq!(run.opened.real("y"), x.map(|v| v.max(0.0)), "{settings:?}");
            assert_eq!(run.opened.indices("i"), [0], "{settings:?}");
            let plan = Plan::new(&graph, &settings).unwrap();
            for beyond in [most + unit, -most - unit] {
                let given = [0.0, 0.0, beyond, 0.0, 0.0, 0.0, 0.0, 0.0];
                let error = plan.check_inputs(Place::Party(0), &[(0, &given)], 1).unwrap_err().to_string();
                assert!(error.contains("position 2: must be finite and below"), "{settings:?}: {error}");
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
