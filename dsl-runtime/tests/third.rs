//! Three parties of which one deals, in one process: whoever owns and learns, the results are those of the fixed-point reference; no mask serves twice, nothing crosses the
//! lanes, what is sent is uniform, and who deals hears no opening.

mod common;

use common::{SIDE, network, weights};
use std::collections::{HashMap, HashSet};
use undertone_ring::prg::Log;
use undertone_runtime::graph::{Graph, Init, trace_roles};
use undertone_runtime::net::Sent;
use undertone_runtime::party::{Rotation, fixed_point};
use undertone_runtime::uniformity::{LIMIT, chi_square};
use undertone_runtime::{Deployment, Error, Opened, Place, Settings, Topology, Weights, World};
use undertone_shape::Shape;

/// Endpoints of a lane without clients of all three: two parties, the dealer, and who deals as a client.
const EACH: usize = 4;

/// The input is `client`'s, the weights are `server`'s, and the scores and the class go to `reader`.
fn graph() -> Graph {
    trace_roles("Small", &[("x", Shape::new([1, SIDE, SIDE]), "client")], "server", |g, x| {
        let any = Init::Constant(0.0);
        let w = g.parameter("a.weight", [4, 1, 3, 3], any);
        let b = g.parameter("a.bias", [4], any);
        let y = g.stage("a", Ok(Shape::new([4, 6, 6])), |g| g.conv(x[0], w, Some(b), undertone_runtime::graph::op::Conv::PLAIN));
        let y = g.stage("relu", Ok(y.shape()), |g| g.relu(y));
        let y = g.stage("flat", Ok(Shape::new([144])), |g| g.reshape(y, [144]));
        let w = g.parameter("c.weight", [3, 144], any);
        let y = g.stage("c", Ok(Shape::new([3])), |g| g.linear(y, w, None));
        let class = g.stage("class", Ok(Shape::new([])), |g| g.argmax(y, 0));
        g.release("score", y, &["reader"]);
        g.release("class", class, &["reader"]);
        y
    })
    .unwrap()
}

fn weights_of(graph: &Graph) -> Weights {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let values = (0..p.shape.numel()).map(|i| ((i * 37 + p.name.len() * 11) % 19) as f32 / 19.0 - 0.5).collect();
        weights.insert(p.name.clone(), p.shape, values);
    }
    weights
}

fn pictures(samples: usize) -> Vec<f32> {
    (0..samples * SIDE * SIDE).map(|i| ((i * 29) % 31) as f32 / 31.0 - 0.3).collect()
}

fn placed(places: [(&str, Place); 3]) -> Deployment {
    Deployment::new(places.map(|(role, place)| (role.to_owned(), place)))
}

/// All ways to place three roles with three parties.
fn deployments() -> Vec<Deployment> {
    let place = |k: usize| Place::Party(k % 3);
    (0..27).map(|k| placed([("client", place(k)), ("server", place(k / 3)), ("reader", place(k / 9))])).collect()
}

fn run(world: &World, graph: &Graph, samples: usize) -> undertone_runtime::party::Untyped {
    world.predict_graph(graph, &weights_of(graph), &[&pictures(samples)], samples, &mut |_| {}).unwrap()
}

fn assert_is_reference(graph: &Graph, opened: &Opened, samples: usize, what: &str) {
    let expected = fixed_point(graph, &Settings::default(), &weights_of(graph), &[&pictures(samples)], samples).unwrap().opened;
    let (ours, theirs) = (opened.real("score"), expected.real("score"));
    assert_eq!(ours.len(), 3 * samples, "{what}");
    assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 2e-3), "{what}: {ours:?} is not {theirs:?}");
    assert_eq!(opened.indices("class"), expected.indices("class"), "{what}");
}

#[test]
fn whoever_owns_and_learns_the_results_are_those_of_the_reference() {
    let graph = graph();
    for deployment in deployments() {
        for samples in [1, 2, 3, 7] {
            let world = World::seeded(samples as u64).topology(Topology::ThirdDeals).deployment(deployment.clone());
            let what = format!("{samples} samples, seed {samples}, {deployment:?}");
            assert_is_reference(&graph, &run(&world, &graph, samples).opened, samples, &what);
        }
    }
}

#[test]
fn roles_may_live_with_clients_of_the_three() {
    let graph = graph();
    for (server, reader) in [(Place::Party(0), Place::Client(0)), (Place::Client(0), Place::Party(2)), (Place::Client(1), Place::Client(0))]
    {
        let deployment = placed([("client", Place::Party(1)), ("server", server), ("reader", reader)]);
        let world = World::third_deals().deployment(deployment);
        assert_is_reference(&graph, &run(&world, &graph, 4).opened, 4, &format!("server {server}, reader {reader}"));
    }
}

#[test]
fn the_order_of_the_description_places_roles_and_batches_follow_each_other() {
    let graph = graph();
    let world = World::third_deals().batch(4);
    let run = run(&world, &graph, 9);
    assert_is_reference(&graph, &run.opened, 9, "three runs");
    assert_eq!((run.report.runs, run.report.samples, run.report.parties, run.report.topology), (3, 9, 3, Topology::ThirdDeals));
    assert!(run.report.to_string().contains("3 parties of which one deals (semi-honest)"));
}

#[test]
fn recorded_stages_are_in_the_order_of_the_samples() {
    let (graph, samples) = (network(), 7);
    let x = pictures(samples);
    let of = |world: World| world.record().predict_graph(&graph, &weights(), &[&x], samples, &mut |_| {}).unwrap().stages.unwrap();
    let (three, two) = (of(World::third_deals()), of(World::two_party()));
    assert_eq!(three.all.len(), two.all.len());
    for (a, b) in three.all.iter().zip(&two.all) {
        assert_eq!((&a.name, &a.shape, a.values.len()), (&b.name, &b.shape, b.values.len()));
        assert!(a.values.iter().zip(&b.values).all(|(a, b)| (a - b).abs() < 1e-3), "{}: {:?} is not {:?}", a.name, a.values, b.values);
    }
}

/// Rounds are those of one lane; every party computes in two lanes of three, so it sends two thirds of what a party of two sends, for the same batch.
#[test]
fn a_party_sends_two_thirds_of_what_it_sends_as_one_of_two() {
    // wires that both open: with roles at clients of the three, every lane is the same
    let places = [("client", Place::Client(0)), ("server", Place::Client(1)), ("reader", Place::Client(2))];
    let graph = graph();
    // messages are padded to whole groups of 256 elements: here they are whole, in lanes too
    let report = |world: World| run(&world.batch(768).deployment(placed(places)), &graph, 768).report;
    let (three, two) = (report(World::third_deals()), report(World::two_party()));
    assert_eq!(three.rounds(), two.rounds());
    assert_eq!((three.sent() * 3, three.corrections() * 3), (two.sent() * 2, two.corrections()), "{three}\n{two}");
}

#[test]
fn no_block_is_asked_for_twice_and_no_two_lanes_share_a_key() {
    let graph = graph();
    let seeded = |k: usize| if k.is_multiple_of(2) { World::third_deals() } else { World::seeded(k as u64).topology(Topology::ThirdDeals) };
    for (k, deployment) in deployments().into_iter().step_by(4).enumerate() {
        let logs: Vec<Log> = (0..3 * EACH).map(|_| Log::default()).collect();
        let world = seeded(k).batch(5).deployment(deployment.clone()).logged(logs.clone());
        run(&world, &graph, 13);
        let mut lane_of: HashMap<u64, usize> = HashMap::new();
        for (endpoint, log) in logs.iter().enumerate() {
            let mut all: Vec<_> =
                log.lock().unwrap().iter().map(|r| (r.key_fingerprint, format!("{:?}", r.counter), r.first_block, r.blocks)).collect();
            all.sort();
            let twice = all.windows(2).find(|w| (w[0].0, &w[0].1) == (w[1].0, &w[1].1) && w[0].2 + w[0].3 > w[1].2);
            assert!(twice.is_none(), "{deployment:?}, endpoint {endpoint}: {twice:?}");
            for request in &all {
                let lane = *lane_of.entry(request.0).or_insert(endpoint / EACH);
                assert_eq!(lane, endpoint / EACH, "{deployment:?}: one key in two lanes");
            }
            let keys = |endpoint: usize| logs[endpoint].lock().unwrap().iter().map(|r| r.key_fingerprint).collect::<HashSet<u64>>();
            if endpoint % EACH == 3 {
                // its dealing seeds are the parties'; the seeds of its shares are drawn for them
                assert!(keys(endpoint).is_disjoint(&keys(endpoint - 1)), "who deals shares its inputs by keys of its tapes: {endpoint}");
            } else {
                assert!(!all.is_empty(), "{endpoint}");
            }
        }
        let keys: HashSet<usize> = lane_of.values().copied().collect();
        assert!(keys.len() == 3 && lane_of.len() > 12, "{} keys in {} lanes", lane_of.len(), keys.len());
    }
}

/// Everything that an endpoint of a lane, or an endpoint in what concerns whole runs, has sent.
fn sent(deployment: &Deployment, seed: u64, graph: &Graph, weights: &Weights, x: &[f32], samples: usize) -> Vec<Vec<(usize, Vec<u8>)>> {
    let taps: Vec<Sent> = (0..3 * EACH + 4).map(|_| Sent::default()).collect();
    let world = World::seeded(seed).topology(Topology::ThirdDeals).deployment(deployment.clone()).tapped(taps.clone());
    world.predict_graph(graph, weights, &[x], samples, &mut |_| {}).unwrap();
    taps.iter().map(|tap| tap.lock().unwrap().clone()).collect()
}

/// The longest message of an agreement; openings of this model, for this many samples, are longer.
const HANDSHAKE: usize = 200;

#[test]
fn who_deals_hears_requests_agreements_and_its_own_releases_only() {
    let (graph, samples) = (graph(), 48);
    for deployment in deployments() {
        let sent = sent(&deployment, 1, &graph, &weights_of(&graph), &pictures(samples), samples);
        let reader = deployment.roles().find(|(role, _)| *role == "reader").map(|(_, place)| place).unwrap();
        for lane in 0..3 {
            for evaluator in 0..2 {
                let messages = &sent[lane * EACH + evaluator];
                // as a dealer (2): the plan, with the set of weights, and the size of the batch, once each
                let asked = messages.iter().filter(|(to, _)| *to == 2).count();
                assert_eq!(asked, 2, "{deployment:?}, lane {lane}");
                // as a client (3): two messages of releases, if they are its own
                let heard: Vec<usize> = messages.iter().filter(|(to, m)| *to == 3 && m.len() > HANDSHAKE).map(|(_, m)| m.len()).collect();
                let own = reader == Place::Party(lane);
                assert!(heard.len() == usize::from(own), "{deployment:?}, lane {lane}, party {evaluator} sends its dealer {heard:?}");
                // 34 bits a score, of a whole group of 256; the indices take less than a handshake
                assert!(heard.iter().all(|len| *len == 256 * 34 / 8), "{heard:?}");
            }
        }
        // whoever is done waits until all are: one may still be dealing for the others
        for (party, messages) in sent[3 * EACH..][..3].iter().enumerate() {
            let done =
                |to: usize| messages.last_chunk::<2>().is_some_and(|last| last.iter().any(|m| *m == (to, 1u64.to_le_bytes().to_vec())));
            assert!((0..3).filter(|to| *to != party).all(done), "{deployment:?}, party {party}: {messages:?}");
        }
        // on the links of whole runs there are numbers and hashes alone
        let longest = sent[3 * EACH..].iter().flatten().map(|(_, message)| message.len()).max();
        assert!(longest.is_some_and(|l| l < HANDSHAKE), "{longest:?}");
    }
}

#[test]
fn every_endpoint_of_every_lane_sends_uniform_bytes_whatever_the_secrets_are() {
    const SAMPLES: usize = 144;
    let graph = graph();
    let zero = {
        let mut w = Weights::empty();
        weights_of(&graph).iter().for_each(|(name, shape, values)| w.insert(name, shape, vec![0.0; values.len()]));
        w
    };
    let (nothing, extreme) = (vec![0.0; SAMPLES * SIDE * SIDE], vec![50_000.0; SAMPLES * SIDE * SIDE]);
    let [client, server, reader] = ["client", "server", "reader"];
    for places in [[0, 1, 0], [0, 1, 2], [2, 0, 1], [1, 1, 1]] {
        let deployment = placed([(client, Place::Party(places[0])), (server, Place::Party(places[1])), (reader, Place::Party(places[2]))]);
        let a = sent(&deployment, 30, &graph, &zero, &nothing, SAMPLES);
        let b = sent(&deployment, 40, &graph, &weights_of(&graph), &extreme, SAMPLES);
        for endpoint in 0..3 * EACH {
            // the dealer is asked with the plan itself; everything else that is longer than a handshake is payload
            let payload = |sent: &[(usize, Vec<u8>)]| -> Vec<u8> {
                sent.iter().filter(|(to, m)| *to != 2 && m.len() > HANDSHAKE).flat_map(|(_, m)| m.iter().copied()).collect()
            };
            let (a, b) = (payload(&a[endpoint]), payload(&b[endpoint]));
            let what = format!("roles at {places:?}, lane {}, endpoint {}, seeds 30 and 40", endpoint / EACH, endpoint % EACH);
            assert_eq!(a.len(), b.len(), "{what}: lengths do not depend on secrets");
            if endpoint % EACH == 2 {
                assert!(a.len() > 1 << 17, "{what}: {} bytes", a.len());
            }
            if a.len() < 1 << 15 {
                continue;
            }
            for (secrets, bytes) in [("zeros", &a), ("extremes", &b)] {
                assert!(chi_square(bytes) < LIMIT, "{what}, {secrets}: {}", chi_square(bytes));
            }
        }
    }
}

#[test]
fn plans_and_rotations_are_not_mixed_up() {
    let graph = graph();
    let rotation = Rotation::deployed(&graph, &Settings::default(), &Deployment::default()).unwrap();
    let errors =
        World::third_deals().execute(|session| Ok(session.prepare(&rotation.lanes()[0], None, None).unwrap_err().to_string())).unwrap();
    assert!(errors.iter().all(|e| e.contains("runs rotations, not plans")), "{errors:?}");
    let errors = World::two_party().execute(|session| Ok(session.rotate(&rotation, None, None, &[]).unwrap_err().to_string())).unwrap();
    assert!(errors.iter().all(|e| e.contains("has a dealer who takes no other part")), "{errors:?}");
    let mut lanes: [undertone_runtime::Plan; 3] = core::array::from_fn(|k| (*rotation.lanes()[k]).clone());
    lanes.swap(0, 1);
    assert!(Rotation::of(lanes.clone()).unwrap_err().to_string().contains("not of one model under one deployment"));
    lanes.swap(0, 1);
    // whatever differs in one lane is not what was seen in another
    lanes[2].stages[0].name.push('2');
    assert!(Rotation::of(lanes.clone()).unwrap_err().to_string().contains("lanes 0 and 2 are not of one model"));
    lanes[2].stages[0].name.pop();
    lanes[1].inputs[0].m = 80;
    assert!(Rotation::of(lanes).is_err());
}

/// The owner of the inputs gives what cannot be used: nobody waits for it.
#[test]
fn what_is_wrong_with_an_input_is_said_by_its_owner_before_anything_runs() {
    let graph = graph();
    let rotation = Rotation::deployed(&graph, &Settings::default(), &Deployment::default()).unwrap();
    let weights = weights_of(&graph);
    let mut x = pictures(3);
    x[SIDE * SIDE + 5] = f32::NAN;
    let error = World::third_deals()
        .execute(|session| {
            let place = session.place();
            let mine: Vec<(usize, &[f32])> = if place == Place::Party(0) { vec![(0, x.as_slice())] } else { vec![] };
            assert_eq!(session.claimed_in_lanes().len(), 2, "a party computes in two lanes");
            let result = session.rotate(&rotation, (place == Place::Party(1)).then_some(&weights), (!mine.is_empty()).then_some(3), &mine);
            assert!(session.claimed_in_lanes().is_empty(), "a session that has failed lets go of its lanes");
            result
        })
        .unwrap_err();
    assert!(matches!(&error, Error::Input { name, message } if name == "x" && message.contains("sample 1, position 5")), "{error}");
}
