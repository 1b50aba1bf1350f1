//! Tapes through whole runs, and everything that may happen to a folder between two of them.

use super::dealing::deal_with;
use super::{Folder, deal};
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::graph::{Graph, Init, trace};
use crate::net::{Sent, Tap, Transport, network};
use crate::party::World;
use crate::party::source::Source;
use crate::plan::{Plan, Settings};
use crate::{Session, Weights};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use undertone_ring::prg::Log;
use undertone_shape::Shape;

const BATCH: usize = 3;

/// A linear layer between comparisons: every kind of correction.
fn graph(name: &str) -> Graph {
    trace(name, &[("x", Shape::new([6]))], |g, x| {
        let w = g.parameter("w", [5, 6], Init::Uniform { fan_in: 6 });
        let y = g.linear(x[0], w, None);
        let y = g.relu(y);
        let v = g.parameter("v", [4, 5], Init::Uniform { fan_in: 5 });
        g.linear(y, v, None)
    })
    .unwrap()
}

fn plan() -> Plan {
    Plan::new(&graph("M"), &Settings::default()).unwrap()
}

fn weights(seed: usize) -> Weights {
    let mut weights = Weights::empty();
    for p in graph("M").parameters {
        let values = (0..p.shape.numel()).map(|i| ((i * 37 + p.name.len() * 11 + seed * 5) % 19) as f32 / 19.0 - 0.5).collect();
        weights.insert(p.name, p.shape, values);
    }
    weights
}

fn input() -> Vec<f32> {
    (0..6 * BATCH).map(|i| (i * 7 % 11) as f32 / 4.0 - 1.0).collect()
}

/// A place of its own for each test, removed at its end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("undertone-tapes-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A place with so many tapes.
    fn dealt(count: u64) -> Self {
        let place = Self::new();
        deal(&plan(), BATCH, count, &place.0, &mut |_| {}).unwrap();
        place
    }

    fn party(&self, party: usize) -> PathBuf {
        self.0.join(format!("party-{party}"))
    }

    fn tape(&self, tape: u64) -> PathBuf {
        self.party(1).join(format!("{tape:06}.tape"))
    }

    /// Copies a party's folder, as a backup does.
    fn back_up(&self, party: usize) -> PathBuf {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let to = self.0.join(format!("backup-{}", NEXT.fetch_add(1, Ordering::SeqCst)));
        copy(&self.party(party), &to);
        to
    }

    fn restore(&self, party: usize, from: &Path) {
        std::fs::remove_dir_all(self.party(party)).unwrap();
        copy(from, &self.party(party));
    }

    fn open(&self, party: usize) -> Result<Folder> {
        Folder::open(&self.party(party), party, 2)
    }

    fn claimed(&self) -> [u64; 2] {
        [0, 1].map(|p| self.open(p).unwrap().claimed())
    }

    /// One run in a session of its own.
    fn run(&self) -> [Result<Vec<f32>>; 2] {
        self.run_with(&plan(), &weights(0), BATCH, None)
    }

    fn run_with(&self, plan: &Plan, weights: &Weights, batch: usize, logs: Option<&[Log; 2]>) -> [Result<Vec<f32>>; 2] {
        let links = network(2).into_iter().map(|link| Box::new(link) as Box<dyn Transport>).collect();
        self.run_over(links, plan, weights, batch, logs)
    }

    fn run_over(
        &self,
        links: Vec<Box<dyn Transport>>,
        plan: &Plan,
        weights: &Weights,
        batch: usize,
        logs: Option<&[Log; 2]>,
    ) -> [Result<Vec<f32>>; 2] {
        let party = |party: usize, link: Box<dyn Transport>| -> Result<Vec<f32>> {
            let folder = self.open(party)?;
            let log = logs.map(|l| l[party].clone());
            let watch = move |key: &mut undertone_ring::prg::Prg| log.iter().for_each(|log| key.audit(log.clone()));
            let mut session = Session::over_source(party, 2, link, Box::new(watch), |_| Ok(Box::new(folder)))?;
            let prepared = session.prepare(plan, (party == 1).then_some(weights), (party == 0).then_some(batch))?;
            let x = &input()[..6 * batch];
            let mine: &[(usize, &[f32])] = if party == 0 { &[(0, x)] } else { &[] };
            Ok(session.run(plan, prepared, mine)?.opened.real("output").to_vec())
        };
        let mut links = links.into_iter();
        let (a, b) = (links.next().unwrap(), links.next().unwrap());
        std::thread::scope(|scope| {
            let first = scope.spawn(move || party(0, a));
            let second = scope.spawn(move || party(1, b));
            [first.join().unwrap(), second.join().unwrap()]
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn says<T: core::fmt::Debug>(result: &Result<T>, text: &str) {
    let error = result.as_ref().unwrap_err().to_string();
    assert!(error.contains(text), "`{text}` is not in: {error}");
}

fn ok(results: [Result<Vec<f32>>; 2]) -> Vec<f32> {
    let [a, b] = results.map(Result::unwrap);
    assert!(b.is_empty(), "party 1 learns nothing");
    a
}

#[test]
fn runs_from_tapes_give_what_a_dealer_gives_and_each_uses_the_next_tape() {
    let place = Place::dealt(2);
    let live = World::two_party().predict_graph(&graph("M"), &weights(0), &[&input()], BATCH, &mut |_| {}).unwrap();
    let mut corrections = vec![];
    for run in 1..=2 {
        corrections.push(std::fs::read(place.tape(run)).unwrap());
        let output = ok(place.run());
        assert_eq!(output.len(), live.output().len());
        assert!(output.iter().zip(live.output()).all(|(a, b)| (a - b).abs() < 1e-3), "{output:?}, live {:?}", live.output());
        assert!(output.iter().any(|v| v.abs() > 0.05), "{output:?}");
        assert_eq!(place.claimed(), [run, run]);
        assert!(!place.tape(run).exists(), "what was used is deleted");
        assert_eq!(place.tape(2).exists(), run == 1);
    }
    let same = corrections[0].iter().zip(&corrections[1]).filter(|(a, b)| a == b).count();
    assert!(same * 20 < corrections[0].len(), "{same} bytes of two tapes are equal");
    let results = place.run();
    for result in &results {
        says(result, "tapes 1 to 2 are used: deal more");
    }
    assert!(matches!(results[0], Err(Error::File { .. })));
    assert_eq!(place.open(0).unwrap().left(), 0);
}

#[test]
fn many_runs_of_one_session_use_a_tape_each() {
    let place = Place::dealt(3);
    let mut links = network(2);
    let party = |party: usize, link| {
        let (plan, weights, x) = (plan(), weights(0), input());
        let mut session = Session::over_tapes(party, 2, Box::new(link), place.open(party).unwrap()).unwrap();
        for run in 1..=3 {
            let prepared = session.prepare(&plan, (party == 1).then_some(&weights), (party == 0).then_some(BATCH)).unwrap();
            let mine: &[(usize, &[f32])] = if party == 0 { &[(0, &x)] } else { &[] };
            session.run(&plan, prepared, mine).unwrap();
            assert_eq!(session.claimed().unwrap().1, run);
        }
        let other = session.prepare(&plan, (party == 1).then_some(&self::weights(1)), (party == 0).then_some(BATCH));
        says(&other, if party == 1 { "serve one set of weights" } else { "party 1" });
    };
    std::thread::scope(|scope| {
        let (b, a) = (links.remove(1), links.remove(0));
        scope.spawn(move || party(0, a));
        scope.spawn(move || party(1, b));
    });
}

#[test]
fn a_tape_that_was_claimed_is_dead_whatever_happens_to_its_process() {
    let place = Place::dealt(3);
    let used = std::fs::read(place.tape(2)).unwrap();
    ok(place.run());
    let mut folder = place.open(1).unwrap();
    let set = folder.set().unwrap();
    assert_eq!(folder.tape(set, &plan(), BATCH, 0), Ok(2));
    assert_eq!(folder.corrections(10).map(<[u8]>::len), Ok(10));
    drop(folder); // killed while it reads
    std::fs::write(place.tape(2), &used).unwrap();
    ok(place.run());
    assert_eq!(place.claimed(), [3, 3], "tape 2 is there and whole, and not used again; party 0 follows");
}

#[test]
fn a_tape_that_is_not_what_was_dealt_is_refused_and_burnt() {
    let len = std::fs::metadata(Place::dealt(1).tape(1)).unwrap().len() as usize;
    let spoil = |text: &str, spoil: &dyn Fn(&Place)| {
        let place = Place::dealt(2);
        spoil(&place);
        let results = place.run();
        says(&results[1], text);
        says(&results[0], "party 1");
        assert_eq!(place.open(1).unwrap().claimed(), 1, "{text}: the tape is dead");
        ok(place.run());
        assert_eq!(place.claimed(), [2, 2]);
    };
    let change = |place: &Place, f: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(place.tape(1)).unwrap();
        f(&mut bytes);
        std::fs::write(place.tape(1), bytes).unwrap();
    };
    for cut in [1, 33, len / 2, len - 20, len - 2, len] {
        spoil("the tape is truncated", &|p| change(p, &|b| b.truncate(b.len() - cut)));
    }
    spoil("the tape is too long", &|p| change(p, &|b| b.push(0)));
    spoil("the tape is missing", &|p| std::fs::remove_file(p.tape(1)).unwrap());
    spoil("this is no tape", &|p| change(p, &|b| b[0] ^= 1));
    for at in [len - 1, len - 33, len / 2, 200] {
        spoil("its checksum does not fit", &|p| change(p, &|b| b[at] ^= 1));
    }
    for at in (8..200).step_by(7) {
        let place = Place::dealt(1);
        change(&place, &|b| b[at] ^= 0x40);
        let mut folder = place.open(1).unwrap();
        let set = folder.set().unwrap();
        assert!(folder.tape(set, &plan(), BATCH, 0).is_err(), "byte {at}");
    }
    spoil("is tape 2, not tape 1", &|p| assert!(std::fs::copy(p.tape(2), p.tape(1)).is_ok()));
    spoil("is of another dealing", &|p| assert!(std::fs::copy(Place::dealt(1).tape(1), p.tape(1)).is_ok()));
}

#[test]
fn folders_of_other_parties_dealings_and_plans_are_refused() {
    let place = Place::dealt(2);
    says(&Folder::open(&place.party(1), 0, 2), "the tapes of party 1 of 2, this is party 0 of 2");
    says(&Folder::open(&place.party(1), 1, 3), "this is party 1 of 3");
    says(&Folder::open(&place.0, 0, 2), "no finished dealing");
    // swapped between the parties
    std::fs::rename(place.party(0), place.0.join("x")).unwrap();
    std::fs::rename(place.party(1), place.party(0)).unwrap();
    std::fs::rename(place.0.join("x"), place.party(1)).unwrap();
    says(&place.open(0), "the tapes of party 1");

    let (place, other) = (Place::dealt(2), Place::dealt(2));
    place.restore(0, &other.party(0));
    for result in place.run() {
        says(&result, "different dealings");
    }
    assert_eq!(place.claimed(), [0, 0]);

    let place = Place::dealt(2);
    let another = Plan::new(&graph("Another"), &Settings::default()).unwrap();
    for result in place.run_with(&another, &weights(0), BATCH, None) {
        says(&result, "dealt for a plan of `M`, not for this one of `Another`");
    }
    for result in place.run_with(&plan(), &weights(0), BATCH - 1, None) {
        says(&result, "for 3 samples at once, not for 2");
    }
    assert_eq!(place.claimed(), [0, 0], "nothing is claimed");
    ok(place.run());
}

#[test]
fn other_weights_are_refused_before_anything_of_them_is_sent() {
    let place = Place::dealt(5);
    ok(place.run());
    let payload = |sent: &Sent| sent.lock().unwrap().iter().map(|(_, m)| m.len()).sum::<usize>();
    let run = |weights: &Weights| {
        let sent = Sent::default();
        let mut links = network(2);
        let (b, a) = (links.remove(1), links.remove(0));
        let links: Vec<Box<dyn Transport>> = vec![Box::new(a), Box::new(Tap::new(b, sent.clone()))];
        (place.run_over(links, &plan(), weights, BATCH, None), payload(&sent))
    };
    let (results, sent) = run(&weights(1));
    says(&results[1], "used with other weights");
    let handshakes = 300;
    assert!(sent < handshakes, "{sent} bytes were sent");
    let (results, sent) = run(&weights(0));
    ok(results);
    assert!(sent > handshakes, "the same weights are welcome: {sent} bytes");

    // the owner forgets, its peer does not
    std::fs::remove_file(place.party(1).join("weights")).unwrap();
    let (results, sent) = run(&weights(1));
    says(&results[1], "used with other weights");
    assert!(sent < handshakes, "{sent} bytes were sent");
    // tapes that were used with weights that nobody remembers are used no more
    std::fs::remove_file(place.party(0).join("weights")).unwrap();
    let (results, sent) = run(&weights(0));
    says(&results[1], "of which nothing is known here");
    assert!(sent < handshakes, "{sent} bytes were sent");
    // an owner that died between sending its weights and the first claim, and came back from a backup, meets a peer that remembers
    let early = Place::dealt(2);
    let backup = early.back_up(1);
    let run = |weights: &Weights, batch: usize| {
        let sent = Sent::default();
        let mut links = network(2);
        let (b, a) = (links.remove(1), links.remove(0));
        let links: Vec<Box<dyn Transport>> = vec![Box::new(a), Box::new(Tap::new(b, sent.clone()))];
        (early.run_over(links, &plan(), weights, batch, None), payload(&sent))
    };
    let (results, sent) = run(&weights(0), BATCH + 1);
    says(&results[0], "samples at once");
    assert!(sent < handshakes, "what cannot be run is refused before any weight is sent: {sent} bytes");
    let stuck = [0, 1].map(|party| early.party(party).join("claimed.new"));
    for path in &stuck {
        std::fs::create_dir(path).unwrap();
    }
    let (results, sent) = run(&weights(0), BATCH);
    assert!(results.iter().all(Result::is_err) && early.claimed() == [0, 0], "{results:?}");
    assert!(sent > handshakes, "the weights were sent, and no tape was claimed: {sent} bytes");
    for path in &stuck {
        std::fs::remove_dir(path).unwrap();
    }
    early.restore(1, &backup);
    let nothing = run(&weights(1), BATCH);
    says(&nothing.0[1], "used with other weights");
    assert_eq!(nothing.1, run(&weights(2), BATCH).1, "whatever the other weights are, the same little is sent");
    assert!(nothing.1 < handshakes, "{} bytes were sent", nothing.1);
    // the same weights are welcome, also from a backup
    ok(run(&weights(0), BATCH).0);
    early.restore(1, &backup);
    ok(run(&weights(0), BATCH).0);
    // even an owner that has been tampered with meets a peer that remembers
    let before = Place::dealt(1);
    let (mut theirs, set) = (before.open(0).unwrap(), before.open(0));
    assert!(set.is_err(), "one at a time");
    let id = theirs.set().unwrap();
    theirs.bind(id, [1; 32], 0).unwrap();
    drop(theirs);
    let mut again = before.open(0).unwrap();
    assert_eq!(again.bind(id, [1; 32], 0), Ok(()));
    says(&again.bind(id, [2; 32], 0), "other weights");
    says(&again.weights([0; 16], &plan(), BATCH), "another set of weights");
    drop(again);
    says(&before.run()[1], "other weights");
}

#[test]
fn a_folder_that_was_restored_goes_on_where_its_peer_is() {
    let place = Place::dealt(6);
    let (client, server) = (place.back_up(0), place.back_up(1));
    ok(place.run());
    ok(place.run());
    place.restore(0, &client);
    assert_eq!(place.claimed(), [0, 2]);
    ok(place.run());
    assert_eq!(place.claimed(), [3, 3]);
    // a backup from before the first run does not know the weights that were sent, but the peer does
    let later = place.back_up(1);
    place.restore(1, &server);
    assert_eq!(place.claimed(), [3, 0]);
    ok(place.run());
    ok(place.run());
    place.restore(1, &later);
    assert_eq!(place.claimed(), [5, 3]);
    ok(place.run());
    assert_eq!(place.claimed(), [6, 6]);
    let results = place.run();
    says(&results[0], "tapes 1 to 6 are used");
}

#[test]
fn a_folder_serves_one_session_at_a_time() {
    let place = Place::dealt(1);
    let held = place.open(0).unwrap();
    says(&place.open(0), "in use by another");
    place.open(1).unwrap();
    drop(held);
    place.open(0).unwrap();
}

#[test]
fn without_a_durable_claim_no_tape_is_touched() {
    let place = Place::dealt(2);
    let mut folder = place.open(1).unwrap();
    let set = folder.set().unwrap();
    std::fs::create_dir(place.party(1).join("claimed.new")).unwrap();
    assert!(folder.tape(set, &plan(), BATCH, 0).is_err());
    assert!(folder.corrections(1).is_err());
    assert_eq!((folder.claimed(), place.tape(1).exists()), (0, true));
    drop(folder);
    std::fs::remove_dir(place.party(1).join("claimed.new")).unwrap();
    // a claim that was being written when the machine stopped
    std::fs::write(place.party(1).join("claimed.new"), b"half").unwrap();
    ok(place.run());
    assert_eq!(place.claimed(), [1, 1]);
    for spoilt in [&b""[..], b"half of a record, long enough to have a checksum at its end"] {
        std::fs::write(place.party(0).join("claimed"), spoilt).unwrap();
        says(&place.open(0), "damaged");
    }
    std::fs::remove_file(place.party(0).join("claimed")).unwrap();
    says(&place.open(0), "cannot be used any more");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::dealt(1);
    for (file, of) in [("dealing", 0), ("lock", 0), ("claimed", 1), ("000001.tape", 1)] {
        let mode = std::fs::metadata(place.party(of).join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert_eq!(std::fs::metadata(place.party(0)).unwrap().permissions().mode() & 0o777, 0o700);
    let allow = |mode| std::fs::set_permissions(place.party(1), std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o500);
    // root writes everywhere
    if std::fs::write(place.party(1).join("probe"), b"").is_err() {
        let mut folder = place.open(1).unwrap();
        let set = folder.set().unwrap();
        says(&folder.tape(set, &plan(), BATCH, 0), "denied");
    }
    allow(0o700);
}

#[test]
fn a_dealing_is_whole_or_not_there_and_never_overwritten() {
    let place = Place::dealt(1);
    let before = std::fs::read(place.tape(1)).unwrap();
    says(&deal(&plan(), BATCH, 1, &place.0, &mut |_| {}), "never overwritten");
    assert_eq!(std::fs::read(place.tape(1)).unwrap(), before);
    // killed before its last file
    std::fs::remove_file(place.party(1).join("dealing")).unwrap();
    says(&place.open(1), "no finished dealing here");
    std::fs::write(place.party(1).join("dealing"), b"short").unwrap();
    says(&place.open(1), "damaged");
    // what fails is removed
    let other = Place::new();
    let spoil = std::cell::Cell::new(0);
    let failed = deal(&plan(), BATCH, 3, &other.0, &mut |done| {
        spoil.set(done);
        std::fs::create_dir(other.tape(done + 1)).unwrap();
    });
    assert!(failed.is_err());
    assert_eq!((spoil.get(), other.party(0).exists(), other.party(1).exists()), (1, false, false));
    let mut done = vec![];
    deal(&plan(), BATCH, 2, &other.0, &mut |tape| done.push(tape)).unwrap();
    assert_eq!(done, [1, 2]);
}

#[test]
fn what_cannot_be_dealt_ahead_is_refused() {
    let place = Place::new();
    let none = |plan: &Plan, batch, count, text| {
        says(&deal(plan, batch, count, &place.0, &mut |_| {}), text);
        assert!(!place.party(0).exists());
    };
    none(&plan(), 0, 1, "without samples");
    none(&plan(), 1, 0, "at least 1");
    none(&plan(), 1 << 28, 1, "at most");
    let deployment =
        crate::Deployment::new([("client".to_owned(), crate::Place::Party(0)), ("server".to_owned(), crate::Place::Client(0))]);
    let shared = Plan::deployed(&graph("M"), &Settings::default(), &deployment).unwrap();
    none(&shared, 1, 1, "weights are shared among the parties");
    // without weights nobody has to own them
    let bare = trace("B", &[("x", Shape::new([6]))], |g, x| g.relu(x[0])).unwrap();
    let bare = Plan::new(&bare, &Settings::default()).unwrap();
    deal(&bare, BATCH, 1, &place.0, &mut |_| {}).unwrap();
    let output = ok(place.run_with(&bare, &Weights::empty(), BATCH, None));
    let exact: Vec<f32> = input().iter().map(|v| v.max(0.0)).collect();
    assert!(output.iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-3), "{output:?}");
}

#[test]
fn no_block_is_asked_for_twice_by_dealer_or_party_over_many_sessions() {
    let place = Place::new();
    let (dealer, logs) = (Log::default(), [Log::default(), Log::default()]);
    deal_with(&plan(), BATCH, 3, &place.0, &mut |_| {}, &mut Entropy::System, &mut |key| key.audit(dealer.clone())).unwrap();
    let backup = place.back_up(0);
    for run in 0..3 {
        ok(place.run_with(&plan(), &weights(0), BATCH, Some(&logs)));
        if run == 1 {
            place.restore(0, &backup);
        }
    }
    for (who, log) in [&dealer, &logs[0], &logs[1]].into_iter().enumerate() {
        let log = log.lock().unwrap();
        assert!(log.len() > 20, "log {who} has {} requests", log.len());
        let mut seen = std::collections::HashSet::new();
        for request in log.iter() {
            // the masks of the weights are the same in each session: that is what their record is for
            if request.counter.field == crate::protocol::field::WEIGHT {
                continue;
            }
            for block in request.first_block..request.first_block + request.blocks {
                assert!(seen.insert((request.key_fingerprint, request.counter, block)), "log {who}: {request:?}");
            }
        }
    }
}

#[test]
fn a_tape_is_as_long_as_the_plan_says() {
    let (place, plan) = (Place::dealt(1), plan());
    let corrections: u64 = plan.steps.iter().map(|s| plan.step_cost(s, BATCH).corrections).sum();
    let len = std::fs::metadata(place.tape(1)).unwrap().len();
    assert!((corrections + 32..corrections + 300).contains(&len), "{len} bytes for {corrections} of corrections");
    let mut folder = place.open(1).unwrap();
    let set = folder.set().unwrap();
    folder.tape(set, &plan, BATCH, 0).unwrap();
    folder.corrections(corrections as usize - 1).unwrap();
    says(&folder.corrections(2), "no tape has 2 more bytes");
    says(&folder.finish(), "1 bytes more than the plan needs");
}
