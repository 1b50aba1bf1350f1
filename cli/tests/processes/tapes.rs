//! Tapes on disk instead of a dealer: used once, whatever happens to them.

use crate::common::{BATCH, Cast, Exit, Process, Scene, weights};
use std::path::Path;
use undertone_runtime::weights::Precision;

/// A scene without a dealer: both parties have tapes.
pub fn scene(cast: Cast, count: u64) -> Scene {
    let scene = Scene::new(cast);
    deal(&scene, "tapes", count, BATCH);
    for (party, name) in ["hospital", "clinic"].into_iter().enumerate() {
        use_tapes(&scene, name, &format!("tapes/party-{party}"));
    }
    scene
}

fn deal(scene: &Scene, out: &str, count: u64, batch: usize) {
    let (count, batch) = (count.to_string(), batch.to_string());
    let dealt = scene.start("deal", &["deal", "--plan", "small.plan", "--count", &count, "--batch", &batch, "--out", out]);
    assert!(dealt.done().out.starts_with(&format!("{count} tapes of {batch} samples of `Small`")));
}

fn use_tapes(scene: &Scene, name: &str, folder: &str) {
    let dealer = format!("dealer = \"{}\"", scene.address("dealer"));
    scene.configure(name, &[(&dealer, &format!("[tapes]\nfolder = \"{folder}\""))]);
}

/// The numbers of the tapes that a party has used.
fn numbers(exit: &Exit) -> Vec<u64> {
    exit.tapes().into_iter().map(|(_, number)| number).collect()
}

/// A session in which both parties say so if they fail; nothing new is written if they do.
fn session(scene: &Scene, runs: &str) -> [Exit; 2] {
    let output = scene.path("y.safetensors");
    let _ = std::fs::remove_file(&output);
    let exits = [scene.hospital(&["--runs", runs]), scene.clinic(&["--runs", runs])].map(Process::exit);
    if output.exists() {
        scene.output_is(0);
    }
    exits
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn tapes_serve_runs_of_many_sessions_one_each() {
    let scene = scene(Cast { tls: true, ..Cast::default() }, 3);
    let [first, second] = session(&scene, "2");
    assert_eq!((numbers(&first), numbers(&second), first.code), (vec![1, 2], vec![1, 2], Some(0)));
    assert_eq!(numbers(&scene.works()[0]), [3]);
    let exits = session(&scene, "1");
    for exit in exits {
        exit.ended_saying(2, "tapes 1 to 3 are used: deal more");
    }
    scene.start("deal", &["deal", "--plan", "small.plan", "--count", "1", "--out", "tapes"]).exit().refused(&["are never overwritten"]);
}

#[test]
fn a_tape_that_was_put_back_is_not_used_again() {
    let scene = scene(Cast::default(), 3);
    let used = scene.path("tapes/party-1/000001.tape");
    let bytes = std::fs::read(&used).unwrap();
    assert_eq!(numbers(&scene.works()[1]), [1]);
    assert!(!used.exists(), "what was used is deleted");
    std::fs::write(&used, &bytes).unwrap();
    // and not under another number either
    std::fs::write(scene.path("tapes/party-1/000002.tape"), &bytes).unwrap();
    let [first, second] = session(&scene, "1");
    second.refused(&["000002.tape"]);
    first.failed(&["`clinic`"]);
    assert_eq!(numbers(&scene.works()[1]), [3]);
}

#[test]
fn a_tape_that_is_truncated_or_damaged_is_dead_and_the_next_one_works() {
    let scene = scene(Cast::default(), 4);
    let tape = |number: u64| scene.path(&format!("tapes/party-1/{number:06}.tape"));
    let bytes = std::fs::read(tape(1)).unwrap();
    std::fs::write(tape(1), &bytes[..bytes.len() / 2]).unwrap();
    let mut flipped = std::fs::read(tape(2)).unwrap();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 4;
    std::fs::write(tape(2), flipped).unwrap();
    std::fs::remove_file(tape(3)).unwrap();
    for number in 1..=3 {
        let [first, second] = session(&scene, "1");
        second.refused(&[&format!("{number:06}.tape")]);
        first.failed(&["`clinic`"]);
        assert!(!scene.path("y.safetensors").exists());
    }
    assert_eq!(numbers(&scene.works()[0]), [4]);
}

#[test]
fn a_folder_that_is_restored_from_a_backup_goes_on_where_its_peer_is() {
    let scene = scene(Cast::default(), 6);
    assert_eq!(numbers(&scene.works()[0]), [1]);
    for (party, expected) in [(0, 3), (1, 5)] {
        let (folder, backup) = (scene.path(&format!("tapes/party-{party}")), scene.path(&format!("backup-{party}")));
        copy(&folder, &backup);
        assert_eq!(numbers(&scene.works()[0]), [expected - 1]);
        std::fs::remove_dir_all(&folder).unwrap();
        copy(&backup, &folder);
        let exits = scene.works();
        assert_eq!((numbers(&exits[0]), numbers(&exits[1])), (vec![expected], vec![expected]), "the folder of party {party}");
    }
}

#[test]
fn tapes_meet_one_set_of_weights() {
    let scene = scene(Cast::default(), 4);
    scene.works();
    weights(1).save(scene.path("other.safetensors"), Precision::Single).unwrap();
    let _ = std::fs::remove_file(scene.path("y.safetensors"));
    let (hospital, clinic) = (scene.hospital(&[]), scene.clinic_with("small.plan", "other.safetensors", &[]));
    clinic.exit().refused(&["these tapes were used with other weights: deal tapes for these weights too"]);
    hospital.exit().failed(&["`clinic`"]);
    assert!(!scene.path("y.safetensors").exists());
    scene.works();
}

#[test]
fn tapes_of_another_dealing_batch_plan_or_party_are_refused() {
    let scene = scene(Cast::default(), 2);
    deal(&scene, "others", 2, BATCH + 1);
    use_tapes(&scene, "clinic", "others/party-1");
    for exit in session(&scene, "1") {
        exit.failed(&["the tapes are of different dealings"]);
    }
    use_tapes(&scene, "hospital", "others/party-0");
    for exit in session(&scene, "1") {
        exit.refused(&["these tapes are for 3 samples at once, not for 2"]);
    }
    use_tapes(&scene, "clinic", "tapes/party-0");
    scene.clinic(&[]).exit().refused(&["these are the tapes of party 0 of 2, this is party 1 of 2"]);
    use_tapes(&scene, "clinic", "none");
    scene.clinic(&[]).exit().refused(&["clinic.toml, `tapes.folder`", "none is no folder"]);
}
