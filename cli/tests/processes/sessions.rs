//! Sessions that work: hospital, clinic and dealer, each a process.

use crate::common::{Cast, Process, Scene};

#[test]
fn three_processes_over_tls_give_the_output_to_the_hospital_alone() {
    let scene = Scene::new(Cast { tls: true, ..Cast::default() });
    let _dealer = scene.dealer();
    let exits = scene.works();
    assert!(exits[0].out.contains("Small as `patient`, run 1: 2 samples"), "{}", exits[0].out);
    assert!(exits[1].out.contains("Small as `model`, run 1: 2 samples"), "{}", exits[1].out);
    assert_eq!(exits[0].tapes(), exits[1].tapes());
    let files =
        std::fs::read_dir(&scene.folder).unwrap().filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "safetensors"));
    assert_eq!(files.count(), 3, "weights, input and the one output");
}

#[test]
fn the_order_in_which_processes_start_does_not_matter() {
    let scene = Scene::new(Cast::default());
    let clinic = scene.clinic(&["--runs", "2"]);
    std::thread::sleep(std::time::Duration::from_millis(150));
    let hospital = scene.hospital(&["--runs", "2"]);
    std::thread::sleep(std::time::Duration::from_millis(150));
    let _dealer = scene.dealer();
    let [first, second] = [hospital, clinic].map(Process::done);
    scene.output_is(0);
    let tapes = first.tapes();
    assert_eq!((tapes.len(), &tapes), (2, &second.tapes()));
    assert!(tapes[0].0 == tapes[1].0 && tapes[0].1 < tapes[1].1, "a tape a run, of one dealing: {tapes:?}");
}

#[test]
fn a_client_learns_what_is_released_to_it_and_the_parties_do_not() {
    let scene = Scene::new(Cast { tls: true, doctor: true, ..Cast::default() });
    let processes = [scene.dealer(), scene.doctor(&["--role", "reader"]), scene.clinic(&[]), scene.hospital(&[])];
    let [_dealer, others @ ..] = processes;
    let [doctor, ..] = others.map(Process::done);
    scene.output_is(0);
    assert!(doctor.out.contains("as `reader`") && doctor.tapes().is_empty(), "{}", doctor.out);
}

#[test]
fn a_server_goes_from_one_session_to_the_next() {
    let scene = Scene::new(Cast::default());
    let (_dealer, mut clinic) = (scene.dealer(), scene.clinic(&["--serve"]));
    let first = scene.hospital(&["--runs", "2"]).done();
    let second = scene.hospital(&[]).done();
    scene.output_is(0);
    assert_ne!(first.tapes()[0].0, second.tapes()[0].0, "another session, another dealing");
    // a session that breaks does not end the server
    let mut third = scene.hospital(&["--runs", "1000000"]);
    third.lines(1);
    third.kill();
    scene.hospital(&[]).done();
    clinic.lines(4);
    assert!(clinic.is_running());
}

#[test]
fn parties_that_only_compute_take_part_in_any_number_and_ring() {
    for (helpers, narrow, tls, doctor) in [(1, false, true, false), (1, true, false, true), (3, true, true, false)] {
        let scene = Scene::new(Cast { tls, doctor, helpers, narrow, ..Cast::default() });
        let dealer = scene.dealer();
        let mut running = vec![scene.hospital(&[]), scene.clinic(&[])];
        running.extend((0..helpers).map(|k| scene.helper(k)));
        running.extend(doctor.then(|| scene.doctor(&[])));
        let exits: Vec<_> = running.into_iter().map(Process::done).collect();
        scene.output_is(0);
        assert!(exits[2].out.contains("Small without a role, run 1: 2 samples"), "{}", exits[2].out);
        drop(dealer);
    }
}

#[test]
fn a_party_may_unpack_its_tape_as_it_runs_whatever_the_others_do() {
    for streaming in [&["clinic"][..], &["hospital"], &["hospital", "clinic"]] {
        let scene = Scene::new(Cast { tls: true, doctor: true, ..Cast::default() });
        for name in streaming {
            let from = format!("name = \"{name}\"\n");
            scene.configure(name, &[(&from, &format!("{from}stream = true\n"))]);
        }
        let processes = [scene.dealer(), scene.doctor(&["--runs", "2"]), scene.clinic(&["--runs", "2"]), scene.hospital(&["--runs", "2"])];
        let [_dealer, others @ ..] = processes;
        let [doctor, clinic, hospital] = others.map(Process::done);
        scene.output_is(0);
        assert!(doctor.out.contains("run 2: 2 samples"), "{}", doctor.out);
        let tapes = clinic.tapes();
        assert_eq!((tapes.len(), &tapes), (2, &hospital.tapes()), "{streaming:?}");
    }
}

#[test]
fn when_one_of_three_parties_dies_the_others_say_who() {
    let scene = Scene::new(Cast { helpers: 1, patience: Some(3.0), ..Cast::default() });
    let _dealer = scene.dealer();
    let (hospital, clinic, mut ministry) = (scene.hospital(&["--runs", "1000000"]), scene.clinic(&["--runs", "1000000"]), scene.helper(0));
    ministry.lines(1);
    ministry.kill();
    for other in [hospital, clinic] {
        other.exit().failed(&["ministry", "the dealer"]);
    }
}
