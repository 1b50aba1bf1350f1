//! `kill -9` of each process at random moments: the others say in time what happened and where, no output is half written, the next run works, and uses nothing again.

use crate::common::{Cast, Exit, Scene};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashSet;
use std::time::{Duration, Instant};

const MOMENTS: usize = 20;
/// Within this time the others have noticed: their patience is longer than a kill needs to be seen, and this is longer than that.
const LIMIT: Duration = Duration::from_secs(8);

/// The seed, printed so that a failure can be repeated with `UNDERTONE_SEED`.
fn random() -> StdRng {
    let given = std::env::var("UNDERTONE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| rand::rng().random());
    println!("UNDERTONE_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Kills parties that have tapes on disk: the numbers of the tapes rise strictly, over all sessions.
#[test]
fn of_a_party_with_tapes_on_disk() {
    const RUNS: u64 = 12;
    let mut random = random();
    let cast = Cast { connect: Some(2.0), patience: Some(4.0), ..Cast::default() };
    let scene = crate::tapes::scene(cast, (RUNS + 2) * MOMENTS as u64);
    let mut highest = 0;
    for moment in 0..MOMENTS {
        let (victim, after) = (random.random_range(0..2), Duration::from_micros(random.random_range(0..120_000)));
        let runs = RUNS.to_string();
        let mut parties = vec![scene.hospital(&["--runs", &runs]), scene.clinic(&["--runs", &runs])];
        std::thread::sleep(after);
        let mut killed = parties.remove(victim);
        killed.kill();
        let (killed, survivor) = (killed.exit(), parties.remove(0).exit_within(LIMIT));
        println!("moment {moment}: {} killed after {after:?}: {}", killed.name, survivor.err.trim());
        if survivor.code != Some(0) {
            survivor.failed(&[&format!("`{}`", killed.name)]);
        }
        let next = scene.works();
        for exit in [&killed, &survivor, &next[0], &next[1]] {
            let tapes: Vec<u64> = exit.tapes().into_iter().map(|(_, number)| number).collect();
            assert!(tapes.is_sorted() && tapes.first().is_none_or(|first| *first > highest), "after tape {highest}: {exit:?}");
        }
        let session = [&killed, &survivor].into_iter().flat_map(Exit::tapes).map(|(_, number)| number).max();
        let last = next[0].tapes()[0].1;
        assert!(session.is_none_or(|session| session < last), "the next run uses a tape above {session:?}, not {last}");
        highest = last;
    }
    assert!(highest > 3 * MOMENTS as u64, "most sessions were killed after they had begun: tape {highest}");
}

/// All tapes that were used so far; none may come again.
#[derive(Default)]
struct Used(HashSet<(String, u64)>);

impl Used {
    /// The tapes of the two parties of one session: each was used once, by both or by one that went ahead.
    fn add(&mut self, exits: &[Exit]) {
        let session: HashSet<(String, u64)> = exits.iter().flat_map(Exit::tapes).collect();
        for exit in exits {
            let (all, distinct) = (exit.tapes(), exit.tapes().into_iter().collect::<HashSet<_>>());
            assert_eq!(all.len(), distinct.len(), "a tape twice in one session: {exit:?}");
        }
        for tape in session {
            assert!(self.0.insert(tape.clone()), "tape {tape:?} was used before");
        }
    }
}

/// Kills the process of this name at random moments of sessions with many runs.
fn kill(victim: &str) {
    let mut random = random();
    let scene = Scene::new(Cast { tls: true, connect: Some(2.0), patience: Some(4.0), ..Cast::default() });
    let mut used = Used::default();
    let mut dealer = scene.dealer();
    for moment in 0..MOMENTS {
        let after = Duration::from_micros(random.random_range(0..250_000));
        let mut parties = vec![scene.hospital(&["--runs", "1000000"]), scene.clinic(&["--runs", "1000000"])];
        std::thread::sleep(after);
        let mut exits = vec![];
        if victim == "dealer" {
            dealer.kill();
        } else {
            let at = parties.iter().position(|p| p.name == victim).unwrap();
            parties[at].kill();
            exits.push(parties.remove(at).exit());
        }
        let start = Instant::now();
        let survivors: Vec<Exit> = parties.into_iter().map(|party| party.exit_within(LIMIT)).collect();
        println!("moment {moment}: {victim} killed after {after:?}, noticed within {:?}: {}", start.elapsed(), survivors[0].err.trim());
        // all name the one that was killed, or one that it took along
        for exit in &survivors {
            exit.failed(&[victim, "`hospital` has closed", "`clinic` has closed", "`hospital` has left", "`clinic` has left"]);
        }
        let named = |exit: &Exit| exit.err.contains(victim);
        assert!(survivors.iter().any(named), "nobody names {victim}: {survivors:?}");
        if scene.path("y.safetensors").exists() {
            scene.output_is(0);
            std::fs::remove_file(scene.path("y.safetensors")).unwrap();
        }
        exits.extend(survivors);
        used.add(&exits);
        if victim == "dealer" {
            dealer = scene.dealer();
        }
        used.add(&scene.works());
    }
    assert!(dealer.is_running());
    assert!(used.0.len() > 2 * MOMENTS, "most sessions were killed after they had begun: {} tapes", used.0.len());
}

#[test]
fn of_the_hospital() {
    kill("hospital");
}

#[test]
fn of_the_clinic() {
    kill("clinic");
}

#[test]
fn of_the_dealer() {
    kill("dealer");
}
