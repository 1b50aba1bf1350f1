//! Three processes of which one deals, in each slice of a batch another one: sessions that work, one that is killed, one that stalls, one that disagrees.

use crate::common::{Cast, Exit, Process, Scene, graph};
use std::time::{Duration, Instant};
use undertone_runtime::Settings;
use undertone_runtime::party::Rotation;

const NAMES: [&str; 3] = ["hospital", "clinic", "doctor"];
const DEPLOYMENT: &str = "\
topology = \"third-deals\"
parties = [\"hospital\", \"clinic\", \"doctor\"]
[roles]
patient = \"hospital\"
model = \"clinic\"
";

/// A scene without a dealer: the third party, the doctor, only computes and deals.
fn scene(cast: Cast) -> Scene {
    let scene = Scene::new(cast);
    std::fs::write(scene.path("deployment.toml"), DEPLOYMENT).unwrap();
    for name in NAMES {
        configure(&scene, name, &[]);
    }
    let participants = undertone_runtime::config::Participants::from_file(scene.path("deployment.toml")).unwrap();
    let rotation = Rotation::deployed(&graph("Small", "patient"), &Settings::default(), &participants.deployment()).unwrap();
    rotation.save(scene.path("small")).unwrap();
    scene
}

fn configure(scene: &Scene, name: &str, changes: &[(&str, &str)]) {
    let dealer = format!("dealer = \"{}\"", scene.address("dealer"));
    scene.configure(name, &[&[(dealer.as_str(), "")], changes].concat());
}

fn start(scene: &Scene, name: &str, more: &[&str]) -> Process {
    let config = format!("{name}.toml");
    let files: &[&str] = match name {
        "hospital" => &["--input", "x.safetensors", "--output", "y.safetensors"],
        "clinic" => &["--weights", "w.safetensors"],
        _ => &[],
    };
    scene.start(name, &[&["party", "--config", &config, "--plan", "small"], files, more].concat())
}

/// One session of one run, which must work.
fn works(scene: &Scene) -> Vec<Exit> {
    let processes = NAMES.map(|name| start(scene, name, &[]));
    let exits = processes.map(Process::done).into();
    scene.output_is(0);
    exits
}

#[test]
fn three_processes_compute_and_deal_in_turn_over_tcp_and_tls() {
    for tls in [false, true] {
        let scene = scene(Cast { tls, ..Cast::default() });
        let processes = ["doctor", "clinic", "hospital"].map(|name| start(&scene, name, &["--runs", "4"]));
        let [doctor, clinic, hospital] = processes.map(Process::done);
        scene.output_is(0);
        assert!(hospital.out.contains("Small as `patient`, run 4: 2 samples"), "{}", hospital.out);
        assert!(
            doctor.out.contains("Small without a role, run 4: 2 samples") && clinic.out.contains("bytes sent, weights"),
            "{}",
            doctor.out
        );
        // two samples are two slices: in each run, each party computes in one or two of them, under tapes that its peer there has as well
        for exit in [&doctor, &clinic, &hospital] {
            let lines: Vec<usize> = exit.out.lines().map(|line| line.matches(" of dealing ").count()).collect();
            assert!(lines.len() == 4 && lines.iter().all(|count| *count == 2), "{}", exit.out);
        }
    }
}

#[test]
fn a_server_goes_from_one_session_to_the_next() {
    let scene = scene(Cast::default());
    let (mut clinic, mut doctor) = (start(&scene, "clinic", &["--serve"]), start(&scene, "doctor", &["--serve"]));
    for _ in 0..2 {
        start(&scene, "hospital", &["--runs", "2"]).done();
        scene.output_is(0);
    }
    clinic.lines(4);
    assert!(clinic.is_running() && doctor.is_running());
}

/// Whoever is killed: the others notice in time and name it, or one that it took along; the next session works.
#[test]
fn whoever_is_killed_takes_all_lanes_along() {
    let scene = scene(Cast { tls: true, connect: Some(3.0), patience: Some(4.0), ..Cast::default() });
    for (moment, after) in [0, 20, 60, 90, 130, 170, 210, 250, 300].into_iter().enumerate() {
        let mut processes: Vec<Process> = NAMES.map(|name| start(&scene, name, &["--runs", "1000000"])).into();
        std::thread::sleep(Duration::from_millis(after));
        let mut victim = processes.remove(moment % 3);
        victim.kill();
        let begun = Instant::now();
        let survivors: Vec<Exit> = processes.into_iter().map(|process| process.exit_within(Duration::from_secs(8))).collect();
        println!("{} killed after {after} ms, noticed within {:?}: {}", victim.name, begun.elapsed(), survivors[0].err.trim());
        let name = format!("`{}`", victim.name);
        for exit in &survivors {
            let taken = NAMES.map(|name| format!("`{name}` has"));
            // somebody else may have been the one who noticed, and says so when it hangs up
            exit.failed(&[&name, &format!("{} did not call in time", victim.name), &taken[0], &taken[1], &taken[2]]);
        }
        assert!(survivors.iter().any(|exit| exit.err.contains(&name)), "nobody names {name}: {survivors:?}");
        let _ = std::fs::remove_file(scene.path("y.safetensors"));
        works(&scene);
    }
}

#[test]
fn whoever_stalls_is_named() {
    let scene = scene(Cast { connect: Some(5.0), patience: Some(1.0), ..Cast::default() });
    // whoever waits for somebody who waits has more patience than that one: so it hears of the end, and does not blame the wrong one
    for name in NAMES {
        configure(&scene, name, &[("prepare_seconds = 1", "prepare_seconds = 3"), ("idle_seconds = 1", "idle_seconds = 7")]);
    }
    for (k, name) in NAMES.into_iter().enumerate() {
        let mut processes: Vec<Process> = NAMES.map(|name| start(&scene, name, &["--runs", "1000000"])).into();
        processes[k].lines(2);
        let silent = processes.remove(k);
        silent.signal("STOP");
        let survivors: Vec<Exit> = processes.into_iter().map(|process| process.exit_within(Duration::from_secs(10))).collect();
        let name = format!("`{name}`");
        for exit in &survivors {
            exit.failed(&[&name, "has closed", "has left", "no message got through between here and"]);
        }
        assert!(survivors.iter().any(|exit| exit.err.contains(&name)), "nobody names {name}: {survivors:?}");
    }
}

#[test]
fn another_topology_is_named_by_all_that_meet_it() {
    let scene = scene(Cast { connect: Some(1.5), ..Cast::default() });
    let with_dealer = "parties = [\"hospital\", \"clinic\"]\ndealer = \"dealer\"\n[roles]\npatient = \"hospital\"\nmodel = \"clinic\"\n";
    std::fs::write(scene.path("two.toml"), with_dealer).unwrap();
    scene.configure("clinic", &[("deployment.toml", "two.toml")]);
    let clinic = scene.clinic(&[]);
    let [hospital, doctor] = ["hospital", "doctor"].map(|name| start(&scene, name, &[]));
    hospital.exit().failed(&["compare topology, parties and clients in both deployments"]);
    clinic.exit().ended_saying(1, "compare topology, parties and clients in both deployments");
    assert_eq!(doctor.exit().code, Some(1));
    assert!(!scene.path("y.safetensors").exists());
}

#[test]
fn plans_go_with_the_topology_and_with_each_other() {
    let scene = scene(Cast::default());
    let hospital = scene.hospital(&[]);
    hospital.exit().refused(&["small.plan: is no folder, and the topology `third-deals` of the deployment needs a folder of three plans"]);
    std::fs::copy(scene.path("small/lane-0.plan"), scene.path("small/lane-1.plan")).unwrap();
    start(&scene, "doctor", &[]).exit().refused(&["not of one model under one deployment"]);
    // somebody with the plans of another model
    let participants = undertone_runtime::config::Participants::from_file(scene.path("deployment.toml")).unwrap();
    let of = |name: &str| Rotation::deployed(&graph(name, "patient"), &Settings::default(), &participants.deployment()).unwrap();
    of("Small").save(scene.path("small")).unwrap();
    of("Other").save(scene.path("other")).unwrap();
    let [hospital, clinic] = ["hospital", "clinic"].map(|name| start(&scene, name, &[]));
    let doctor = scene.start("doctor", &["party", "--config", "doctor.toml", "--plan", "other"]);
    doctor.exit().failed(&["party 2 `doctor` does not agree with party 0 `hospital`: `Other` is run here, `Small` there"]);
    for exit in [hospital.exit(), clinic.exit()] {
        exit.failed(&["party 2 `doctor`: `Small` is run here, `Other` there", "the plans differ", "has left"]);
    }
    // what the plans cost and reveal is printed
    let printed = scene.start("plan", &["plan", "small", "--batch", "7"]).done().out;
    for text in
        ["3 parties of which one deals", "role `patient` at party 0: gives input `x`", "where party 2 deals: hash", "Small x 3: per party"]
    {
        assert!(printed.contains(text), "`{text}` is not in {printed}");
    }
}
