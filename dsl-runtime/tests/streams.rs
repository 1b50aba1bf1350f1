//! Runs that unpack their tapes as they go: the messages, the masks and the results of prepared runs, memory that does not grow with depth, and everybody's patience.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use undertone_ring::prg::Log;
use undertone_runtime::config::{DealerConfig, Participants};
use undertone_runtime::dealer::{self, Server};
use undertone_runtime::graph::op::{Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, trace, trace_roles};
use undertone_runtime::net::{LinkError, Memory, Sent, Tcp, Timeouts, Transport, network};
use undertone_runtime::party::{Outcome, fixed_point};
use undertone_runtime::plan::Kind;
use undertone_runtime::tapes::Folder;
use undertone_runtime::{Config, Deployment, Error, Place, Plan, Session, Settings, Weights, World};
use undertone_shape::Shape;

const SEED: u64 = 23;

/// Elements of an input.
const LEN: usize = 2 * 6 * 6;

/// Every way in which a step is unpacked: products with weights, one of them of a wire that is moved, products of secrets, a polynomial, comparisons and truncations.
fn everything() -> Graph {
    let inputs = [("x", "a"), ("z", "b")].map(|(input, owner)| (input, Shape::new([2, 6, 6]), owner));
    trace_roles("Everything", &inputs, "w", |g, x| {
        let any = Init::Constant(0.1);
        let kernels = ["w1", "w2"].map(|w| g.parameter(w, [2, 2, 3, 3], any));
        let bias = g.parameter("b", [2], any);
        let padded = Conv { padding: [1, 1, 0], ..Conv::PLAIN };
        let once = g.conv(x[0], kernels[0], Some(bias), padded);
        let product = g.matmul(x[0], x[1]);
        let sum = g.add(once, product);
        let y = g.relu(sum);
        let smooth = g.polynomial(y, &[0.25, 0.5, 0.125]);
        let again = g.conv(y, kernels[1], None, padded);
        let flat = g.reshape(y, [LEN]);
        let v = g.parameter("v", [5, LEN], any);
        let flat = g.linear(flat, v, None);
        let both = g.add(again, smooth);
        let y = g.max_pool(both, MaxPool { kernel: [3; 3], stride: [2; 3], padding: [1; 3] });
        let y = g.reshape(y, [18]);
        let last = g.parameter("l", [5, 18], any);
        let y = g.linear(y, last, None);
        let y = g.add(y, flat);
        let class = g.argmax(y, 0);
        g.release("class", class, &["a", "w"]);
        g.release("output", y, &["a", "b"]);
        y
    })
    .unwrap()
}

/// As many layers of this width, each with its ReLU.
fn chain(layers: usize, width: usize) -> Graph {
    trace("Chain", &[("x", Shape::new([width]))], |g, x| {
        let mut y = x[0];
        for k in 0..layers {
            let w = g.parameter(&format!("w{k}"), [width, width], Init::Uniform { fan_in: width });
            y = g.linear(y, w, None);
            y = g.relu(y);
        }
        y
    })
    .unwrap()
}

fn weights(graph: &Graph) -> Weights {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let values = (0..p.shape.numel()).map(|i| ((i * 37 + p.name.len() * 11) % 19) as f32 / 95.0 - 0.1).collect();
        weights.insert(p.name.clone(), p.shape, values);
    }
    weights
}

fn values(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 29 + i / 7) % 41) as f32 / 20.0 - 1.0).collect()
}

fn places(a: Place, b: Place, w: Place) -> Deployment {
    Deployment::new([("a", a), ("b", b), ("w", w)].map(|(role, place)| (role.to_owned(), place)))
}

/// Runs of these batches in one session of each endpoint, some of which stream.
fn run(world: &World, plan: &Plan, graph: &Graph, batches: &[usize], streams: &(dyn Fn(usize) -> bool + Sync)) -> Vec<Vec<Outcome>> {
    let all = world.execute_with(plan.clients(), |session| {
        let me = session.place();
        let endpoint = me.party().unwrap_or(plan.settings.parties);
        let mut outcomes = vec![];
        for batch in batches {
            let inputs: Vec<(usize, Vec<f32>)> = (0..plan.inputs.len())
                .filter(|k| plan.inputs[*k].owner == me)
                .map(|k| (k, values(batch * plan.inputs[k].shape.iter().product::<usize>())))
                .collect();
            let mine: Vec<(usize, &[f32])> = inputs.iter().map(|(k, x)| (*k, x.as_slice())).collect();
            let weights = (plan.weights_owner == me).then(|| weights(graph));
            let batch = (!mine.is_empty()).then_some(*batch);
            outcomes.push(if streams(endpoint) {
                session.run_streamed(plan, weights.as_ref(), batch, &mine)?
            } else {
                let prepared = session.prepare(plan, weights.as_ref(), batch)?;
                session.run(plan, prepared, &mine)?
            });
        }
        Ok(outcomes)
    });
    all.unwrap()
}

/// A run's messages and requests to generators, endpoint by endpoint, and its outcomes.
struct Seen {
    sent: Vec<Vec<(usize, Vec<u8>)>>,
    asked: Vec<Vec<(u64, String, u64, u64)>>,
    outcomes: Vec<Vec<Outcome>>,
}

fn seen(settings: &Settings, deployment: &Deployment, streams: &(dyn Fn(usize) -> bool + Sync)) -> Seen {
    let graph = everything();
    let plan = Plan::deployed(&graph, settings, deployment).unwrap();
    let endpoints = settings.parties + 1 + plan.clients();
    let (taps, logs): (Vec<Sent>, Vec<Log>) = (0..endpoints).map(|_| (Sent::default(), Log::default())).unzip();
    let world = World::seeded(SEED).settings(settings.clone()).deployment(deployment.clone()).tapped(taps.clone()).logged(logs.clone());
    // 130 samples are unpacked in several parts
    let outcomes = run(&world, &plan, &graph, &[3, 130, 3], streams);
    let asked = |log: &Log| {
        let mut all: Vec<_> =
            log.lock().unwrap().iter().map(|r| (r.key_fingerprint, format!("{:?}", r.counter), r.first_block, r.blocks)).collect();
        all.sort();
        all
    };
    Seen { sent: taps.iter().map(|tap| tap.lock().unwrap().clone()).collect(), asked: logs.iter().map(asked).collect(), outcomes }
}

#[test]
fn whoever_streams_the_messages_the_masks_and_the_results_are_those_of_prepared_runs() {
    use Place::{Client, Party};
    let mut moved = 0;
    for (parties, ring, fraction, opened, delay_bytes) in
        [(2, 64, 16, 34, 12_500), (3, 64, 16, 34, 0), (2, 32, 10, 22, 0), (3, 40, 12, 26, u64::MAX)]
    {
        let settings = Settings { ring, fraction, opened, parties, delay_bytes, ..Settings::default() };
        let last = parties - 1;
        for deployment in
            [places(Party(0), Party(1), Party(last)), places(Party(last), Client(0), Party(0)), places(Party(1), Party(0), Client(0))]
        {
            let what = format!("{settings:?}, {deployment:?}, seed {SEED}");
            let plan = Plan::deployed(&everything(), &settings, &deployment).unwrap();
            let wire = |k: &usize| matches!(plan.steps[*k].kind, Kind::Open(_));
            moved += plan.steps.iter().filter(|s| matches!(s.kind, Kind::Move(_)) && s.inputs.iter().any(&wire)).count();
            let prepared = seen(&settings, &deployment, &|_| false);
            // what all ways have in common may still be wrong
            let (x, weights) = (values(130 * LEN), weights(&everything()));
            let fixed = fixed_point(&everything(), &settings, &weights, &[&x, &x], 130).unwrap();
            let opened = prepared.outcomes.iter().find_map(|o| o[1].opened.get("output").map(|_| o[1].opened.real("output"))).unwrap();
            assert!(opened.len() == 130 * 5 && opened.iter().any(|v| v.abs() > 0.05), "{what}");
            for (a, b) in opened.iter().zip(fixed.opened.real("output")) {
                assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{what}: {a} against {b}, bound {}", fixed.bound);
            }
            let all = |_: usize| true;
            let first = |party: usize| party == 0;
            let of_dealer = |party: usize| party == last;
            let who: [&(dyn Fn(usize) -> bool + Sync); 3] = [&all, &first, &of_dealer];
            for (k, streams) in who.into_iter().enumerate() {
                let streamed = seen(&settings, &deployment, streams);
                for (endpoint, (a, b)) in prepared.sent.iter().zip(&streamed.sent).enumerate() {
                    let what = format!("{what}, case {k}, endpoint {endpoint}");
                    assert_eq!(a.len(), b.len(), "{what}");
                    let others: Vec<_> = a.iter().zip(b).filter(|(a, b)| a != b).collect();
                    // the headers of the three runs tell each other endpoint who streams, and nothing else differs
                    let expected = if endpoint < parties && streams(endpoint) { 3 * (parties - 1 + plan.clients()) } else { 0 };
                    assert_eq!(others.len(), expected, "{what}");
                    for (a, b) in others {
                        let differ = a.1.iter().zip(&b.1).filter(|(a, b)| a != b).count();
                        assert_eq!((a.0, a.1.len(), differ), (b.0, b.1.len(), 1), "{what}");
                    }
                }
                assert!(prepared.asked == streamed.asked, "{what}, case {k}: other blocks of generators");
                for (endpoint, asked) in streamed.asked.iter().enumerate() {
                    let twice = asked.windows(2).find(|w| (w[0].0, &w[0].1) == (w[1].0, &w[1].1) && w[0].2 + w[0].3 > w[1].2);
                    assert!(twice.is_none(), "{what}, case {k}, endpoint {endpoint}: {twice:?}");
                }
                for (a, b) in prepared.outcomes.iter().flatten().zip(streamed.outcomes.iter().flatten()) {
                    assert_eq!(
                        (a.opened.real("output"), a.opened.indices("class")),
                        (b.opened.real("output"), b.opened.indices("class")),
                        "{what}"
                    );
                    assert_eq!((a.batch, a.peak), (b.batch, b.peak), "{what}");
                    let counted = |o: &Outcome| o.steps.iter().map(|s| (s.rounds, s.sent, s.corrections)).collect::<Vec<_>>();
                    assert_eq!(counted(a), counted(b), "{what}");
                }
            }
        }
    }
    assert!(moved > 0, "no wire is moved");
}

#[test]
fn memory_of_correlations_does_not_grow_with_depth() {
    let (width, batch) = (32, 40);
    for (parties, ring, fraction, opened) in [(2, 64, 16, 34), (3, 64, 16, 34), (2, 32, 10, 22)] {
        let settings = Settings { ring, fraction, opened, parties, ..Settings::default() };
        let of = |layers: usize, streams: bool| {
            let graph = chain(layers, width);
            let plan = Plan::new(&graph, &settings).unwrap();
            let world = World::seeded(SEED).settings(settings.clone());
            let outcomes = run(&world, &plan, &graph, &[batch], &|_| streams);
            outcomes.iter().map(|o| o[0].correlations).collect::<Vec<_>>()
        };
        let what = format!("{settings:?}, seed {SEED}");
        let ([few, many], [all_of_few, all_of_many]) = ([10, 40].map(|n| of(n, true)), [10, 40].map(|n| of(n, false)));
        assert_eq!(few, many, "{what}: streamed");
        for party in 0..parties {
            assert!(many[party] > batch * width * 4, "{what}: party {party} has nothing but {} bytes", many[party]);
            assert!(all_of_many[party] * 10 > all_of_few[party] * 38, "{what}: prepared, {all_of_few:?} and {all_of_many:?}");
            assert!(many[party] * 20 < all_of_many[party], "{what}: {many:?} streamed, {all_of_many:?} prepared");
        }
        println!(
            "{what}: bytes of correlations at one time with 10 and 40 layers: streamed {few:?} {many:?}, prepared {all_of_few:?} {all_of_many:?}"
        );
    }
}

#[test]
fn an_input_that_is_wrong_is_refused_before_anything_is_sent() {
    let graph = chain(1, 4);
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let taps: Vec<Sent> = (0..3).map(|_| Sent::default()).collect();
    let told = World::two_party().tapped(taps.clone()).execute(|session| {
        let Place::Party(0) = session.place() else { return Ok(String::new()) };
        let before = taps[0].lock().unwrap().len();
        let error = session.run_streamed(&plan, None, Some(1), &[(0, &[0.5, f32::NAN, 0.5, 0.5])]).unwrap_err();
        assert_eq!(taps[0].lock().unwrap().len(), before);
        Ok(error.to_string())
    });
    let told = told.unwrap();
    assert!(told[0].contains("sample 0, position 1: must be finite"), "{told:?}");
}

/// A link that is gone after so many messages.
struct Leaving {
    inner: Option<Memory>,
    left: usize,
}

impl Transport for Leaving {
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError> {
        if self.left == 0 {
            self.inner = None;
        }
        self.left = self.left.saturating_sub(1);
        self.inner.as_mut().ok_or(LinkError::Closed(to))?.send(to, message)
    }

    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError> {
        self.inner.as_mut().ok_or(LinkError::Closed(from))?.receive(from, limit, message)
    }

    fn patience(&mut self, limit: Option<Duration>) {
        if let Some(inner) = &mut self.inner {
            inner.patience(limit);
        }
    }
}

#[test]
fn tapes_on_the_disk_are_read_as_the_run_goes_and_a_run_that_breaks_off_has_used_its_own() {
    let (graph, batch, tapes) = (chain(3, 16), 5, 5);
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let folder = std::env::temp_dir().join(format!("undertone-streams-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    undertone_runtime::tapes::deal(&plan, batch, tapes, &folder, &mut |_| {}).unwrap();
    let open = |party: usize| Folder::open(&folder.join(format!("party-{party}")), party, 2).unwrap();
    let x = values(batch * 16);
    let once = |streams: [bool; 2], left: usize| {
        let party = |party: usize, inner: Memory| {
            let link = Leaving { inner: Some(inner), left: if party == 0 { left } else { usize::MAX } };
            let mut session = Session::over_tapes(party, 2, Box::new(link), open(party))?;
            let weights = (party == 1).then(|| weights(&graph));
            let mine: &[(usize, &[f32])] = if party == 0 { &[(0, &x)] } else { &[] };
            session = session.streaming(streams[party]);
            let mut run = || session.run_once(&plan, weights.as_ref(), (party == 0).then_some(batch), mine);
            let ran = run();
            assert!(ran.is_ok() || run().is_err(), "a session goes on after an error");
            ran
        };
        let mut links = network(2).into_iter();
        let (a, b) = (links.next().unwrap(), links.next().unwrap());
        std::thread::scope(|scope| {
            let first = scope.spawn(|| party(0, a));
            let second = scope.spawn(|| party(1, b));
            [first.join().unwrap(), second.join().unwrap()]
        })
    };
    let fixed = fixed_point(&graph, &Settings::default(), &weights(&graph), &[&x], batch).unwrap();
    let right = |results: [undertone_runtime::Result<Outcome>; 2]| {
        let [first, second] = results.map(Result::unwrap);
        for (a, b) in first.opened.real("output").iter().zip(fixed.output()) {
            assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{a} against {b}");
        }
        assert_eq!((first.opened.real("output").len(), second.opened.real("output").len()), (batch * 16, 0));
        [first.correlations, second.correlations]
    };
    let whole = right(once([false, false], usize::MAX));
    for streams in [[true, true], [false, true]] {
        let found = right(once(streams, usize::MAX));
        for party in 0..2 {
            assert_eq!(found[party] * 2 < whole[party], streams[party], "{streams:?}: {found:?} bytes of {whole:?}");
        }
    }
    // greeting, header, tape, run, and a few messages of steps
    for error in once([false, true], 9).map(Result::unwrap_err) {
        assert!(matches!(error, Error::Gone { .. }), "{error}");
        assert!(!error.to_string().contains("tape"), "in the middle of a step: {error}");
    }
    assert_eq!([0, 1].map(|party| open(party).left()), [1, 1], "what was claimed is dead");
    right(once([true, true], usize::MAX));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Two parties that reach each other and the dealer over sockets. Messages must come soon; what is prepared may take its time.
fn configs() -> ([Config; 2], DealerConfig) {
    let held: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let addresses: Vec<String> = held.iter().map(|l| l.local_addr().unwrap().to_string()).collect();
    drop(held);
    let participants = Participants::new(&["hospital", "clinic"], Some("dealer"));
    let config = |name: &str| {
        let mut config = Config::new(name, participants.clone());
        config.addresses = [("hospital".to_owned(), addresses[0].clone()), ("dealer".to_owned(), addresses[1].clone())].into();
        config.addresses.retain(|other, _| other != name);
        config.listen = (name == "hospital").then(|| addresses[0].clone());
        config.timeouts.message = MESSAGE;
        config.timeouts.connect = Duration::from_secs(10);
        config
    };
    let mut dealer = DealerConfig::new(participants.clone(), &addresses[1]);
    dealer.timeouts.message = MESSAGE;
    dealer.limits.ahead_bytes = 0;
    ([config("hospital"), config("clinic")], dealer)
}

const MESSAGE: Duration = Duration::from_millis(700);
/// Longer than a message may take.
const LONG: Duration = Duration::from_millis(1800);

/// One run of a party of a configuration, which waits before it begins online where it does not stream.
fn party(config: &Config, plan: &Plan, graph: &Graph, batch: usize, wait: Duration) -> Outcome {
    let mut session = Session::connect(config).unwrap();
    let (weights, x) = (weights(graph), values(batch * plan.input_len(0)));
    let first = session.place() == Place::Party(0);
    let mine: &[(usize, &[f32])] = if first { &[(0, &x)] } else { &[] };
    let (weights, said) = ((!first).then_some(&weights), first.then_some(batch));
    if config.stream {
        return session.run_once(plan, weights, said, mine).unwrap();
    }
    let prepared = session.prepare(plan, weights, said).unwrap();
    std::thread::sleep(wait);
    session.run(plan, prepared, mine).unwrap()
}

#[test]
fn a_dealer_waits_for_a_party_that_reads_its_tape_as_it_runs() {
    let ([hospital, mut clinic], dealer) = configs();
    clinic.stream = true;
    let (graph, batch) = (chain(6, 64), 1200);
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let server = Server::bind(&dealer).unwrap();
    let stop = AtomicBool::new(false);
    let outcomes = std::thread::scope(|scope| {
        let (server, stop) = (&server, &stop);
        let serving = scope.spawn(move || server.run(stop, &|_| {}));
        // the tape is claimed, and the clinic reads nothing of it before the hospital begins
        let first = scope.spawn(|| party(&hospital, &plan, &graph, batch, LONG));
        let second = scope.spawn(|| party(&clinic, &plan, &graph, batch, LONG));
        let outcomes = [first.join(), second.join()];
        stop.store(true, Ordering::SeqCst);
        serving.join().unwrap().unwrap();
        outcomes.map(Result::unwrap)
    });
    let corrections: u64 = outcomes[1].steps.iter().map(|s| s.corrections).sum();
    assert!(corrections > 20 << 20, "{corrections} bytes are on their way, and nobody has to wait");
    assert_eq!(outcomes[0].opened.real("output").len(), batch * 64);
    assert!(outcomes[1].correlations * 3 < outcomes[0].correlations, "{} and {} bytes", outcomes[1].correlations, outcomes[0].correlations);
}

/// A dealer that takes its time with one piece of a tape.
struct Slow {
    inner: Tcp,
    pieces: usize,
}

impl Transport for Slow {
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError> {
        if message.len() > 1000 {
            self.pieces += 1;
            if self.pieces == 4 {
                std::thread::sleep(LONG);
            }
        }
        self.inner.send(to, message)
    }

    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError> {
        self.inner.receive(from, limit, message)
    }

    fn patience(&mut self, limit: Option<Duration>) {
        self.inner.patience(limit);
    }
}

#[test]
fn peers_wait_for_a_party_that_unpacks_as_it_runs() {
    let ([hospital, mut clinic], dealer) = configs();
    clinic.stream = true;
    let (graph, batch) = (chain(4, 32), 40);
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let outcomes = std::thread::scope(|scope| {
        let listener = dealer.listener().unwrap();
        let serving = scope.spawn(move || {
            let wait = Duration::from_secs(10);
            let (_, links) = listener.next_group(&["hospital".to_owned(), "clinic".to_owned()], wait, wait).unwrap().unwrap();
            let mut slow = Slow { inner: Tcp::new(links.into_iter().map(Some).collect(), &Timeouts::default()), pieces: 0 };
            dealer::serve(&mut slow, 2).unwrap();
            slow.pieces
        });
        let first = scope.spawn(|| party(&hospital, &plan, &graph, batch, Duration::ZERO));
        let second = scope.spawn(|| party(&clinic, &plan, &graph, batch, Duration::ZERO));
        let outcomes = [first.join(), second.join()];
        assert!(serving.join().unwrap() > 6);
        outcomes.map(Result::unwrap)
    });
    assert!(outcomes[0].online > LONG / 2, "the wait was within the run: {:?}", outcomes[0].online);
    assert!(outcomes[1].offline > LONG / 2, "the clinic waited for the dealer: {:?}", outcomes[1].offline);
}
