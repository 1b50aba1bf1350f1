//! Peers that are not who or what they should be: both sides say so and nothing is run.

use crate::common::{Cast, Exit, Process, Scene, graph};
use std::time::Duration;
use undertone_runtime::net::{Identity, Security, Tcp, Timeouts, Transport, certs, dial};
use undertone_runtime::{Plan, Settings};

/// Both parties end with exit code 1, and nothing is written.
fn both(scene: &Scene, hospital: Process, clinic: Process) -> [Exit; 2] {
    let exits = [hospital, clinic].map(Process::exit);
    assert!(!scene.path("y.safetensors").exists());
    exits
}

#[test]
fn a_peer_with_another_model() {
    let scene = Scene::new(Cast::default());
    let _dealer = scene.dealer();
    scene.plan(&graph("Other", "patient"), &Settings::default()).save(scene.path("other.plan")).unwrap();
    let [first, second] = both(&scene, scene.hospital(&[]), scene.clinic_with("other.plan", "w.safetensors", &[]));
    first.failed(&["party 0 `hospital` does not agree with party 1 `clinic`: `Small` is run here, `Other` there"]);
    second.failed(&["party 1 `clinic` does not agree with party 0 `hospital`: `Other` is run here, `Small` there"]);
}

#[test]
fn a_peer_with_another_plan() {
    let scene = Scene::new(Cast::default());
    let _dealer = scene.dealer();
    scene.plan(&graph("Small", "patient"), &Settings { opened: 30, ..Settings::default() }).save(scene.path("other.plan")).unwrap();
    let [first, second] = both(&scene, scene.hospital(&[]), scene.clinic_with("other.plan", "w.safetensors", &[]));
    first.failed(&["the plans have the same steps, but other settings", "the plans differ first at step"]);
    second.failed(&["the plans have the same steps, but other settings", "the plans differ first at step"]);
}

#[test]
fn a_configuration_with_other_settings_than_the_plan() {
    let scene = Scene::new(Cast::default());
    scene.configure("hospital", &[("[timeouts]\n", "[settings]\nopened_bits = 30\n[timeouts]\n")]);
    scene.hospital(&[]).exit().refused(&["the plan of `Small` has other settings than the configuration"]);
}

#[test]
fn a_peer_with_another_role() {
    let scene = Scene::new(Cast::default());
    let _dealer = scene.dealer();
    // the clinic has a deployment of its own, in which it is the patient, and a plan that goes with it
    let deployment = std::fs::read_to_string(scene.path("deployment.toml")).unwrap();
    let swapped =
        deployment.replace("model = \"clinic\"", "model = \"hospital\"").replace("patient = \"hospital\"", "patient = \"clinic\"");
    std::fs::write(scene.path("swapped.toml"), swapped).unwrap();
    scene.configure("clinic", &[("deployment.toml", "swapped.toml")]);
    let participants = undertone_runtime::config::Participants::from_file(scene.path("swapped.toml")).unwrap();
    let plan = Plan::deployed(&graph("Small", "patient"), &Settings::default(), &participants.deployment()).unwrap();
    plan.save(scene.path("swapped.plan")).unwrap();
    let files = ["--input", "x.safetensors", "--output", "y.safetensors"];
    let clinic = scene.start("clinic", &[&["party", "--config", "clinic.toml", "--plan", "swapped.plan"], files.as_slice()].concat());
    let [first, second] = both(&scene, scene.hospital(&[]), clinic);
    first.failed(&["does not agree with party 1 `clinic`: the plans"]);
    second.failed(&["does not agree with party 0 `hospital`: the plans"]);
}

#[test]
fn a_certificate_of_another_authority() {
    let scene = Scene::new(Cast { tls: true, connect: Some(1.5), ..Cast::default() });
    let _dealer = scene.dealer();
    certs::write(&scene.path("theirs"), &["clinic"]).unwrap();
    scene.configure("clinic", &[("certs/", "theirs/")]);
    let [first, second] = both(&scene, scene.hospital(&[]), scene.clinic(&[]));
    first.failed(&["`clinic` did not connect to"]);
    second.failed(&["party 1 `clinic`, connect: who answers at"]);
    assert!(second.err.contains("not signed by the CA"), "{second:?}");
}

#[test]
fn a_certificate_of_another_name() {
    let scene = Scene::new(Cast { tls: true, connect: Some(1.5), ..Cast::default() });
    // a certificate for somebody else is refused where it lies
    scene.configure("clinic", &[("certs/clinic", "certs/doctor")]);
    scene.clinic(&[]).exit().refused(&["clinic.toml, `tls.certificate`", "not for `clinic`"]);
    // whoever answers with a certificate for somebody else is not talked to
    let _dealer = scene.dealer();
    scene.configure("clinic", &[]);
    let (hospital, dealer) = (scene.address("hospital").to_owned(), scene.address("dealer").to_owned());
    let swap = [
        (format!("hospital = \"{hospital}\""), format!("hospital = \"{dealer}\"")),
        (format!("dealer = \"{dealer}\""), format!("dealer = \"{hospital}\"")),
    ];
    scene.configure("clinic", &[(&swap[0].0, "hospital = \"\""), (&swap[1].0, &swap[1].1), ("hospital = \"\"", &swap[0].1)]);
    scene.clinic(&[]).exit().failed(&["the certificate is valid, but not for `hospital`"]);
}

#[test]
fn a_peer_that_nobody_expects() {
    let scene = Scene::new(Cast { tls: true, connect: Some(1.5), ..Cast::default() });
    let deployment = std::fs::read_to_string(scene.path("deployment.toml")).unwrap();
    std::fs::write(scene.path("other.toml"), deployment.replace("\"clinic\"", "\"doctor\"")).unwrap();
    let changes = [("name = \"clinic\"", "name = \"doctor\""), ("deployment.toml", "other.toml"), ("certs/clinic", "certs/doctor")];
    scene.configure("clinic", &changes);
    let [first, second] = both(&scene, scene.hospital(&[]), scene.clinic(&[]));
    first.failed(&["Turned away: `doctor`: it is not among those that are expected here: clinic"]);
    second.ended_saying(1, "`hospital` at");
    assert!(second.err.contains("refuses the connection: it is not among those that are expected here"), "{second:?}");
}

/// A greeting by hand: version, endpoint, parties, clients, generator, nonce, no seed, topology.
fn hello(version: u8) -> Vec<u8> {
    let mut bytes = vec![version, 1, 2, 0, 10];
    bytes.extend(b"aes128-ctr");
    bytes.extend([7; 16]);
    bytes.extend([0, 6]);
    bytes.extend(b"dealer");
    bytes
}

/// What the hospital says to a clinic that greets like this.
fn greeted_with(greeting: &[u8]) -> Exit {
    let scene = Scene::new(Cast { connect: Some(3.0), patience: Some(3.0), ..Cast::default() });
    let hospital = scene.hospital(&[]);
    let identity = Identity::new("clinic", Security::Loopback).unwrap();
    let link = dial(&identity, "hospital", scene.address("hospital"), &scene.participants.label(), Duration::from_secs(5)).unwrap();
    let mut clinic = Tcp::new(vec![Some(link)], &Timeouts::default());
    let _ = clinic.send(0, greeting); // it may hang up before it has heard all
    hospital.exit()
}

#[test]
fn a_peer_of_another_version() {
    let says = |text: &str| format!("party 0 `hospital` does not agree with party 1 `clinic`: protocol version: {text}");
    greeted_with(&hello(4)).failed(&[&says("3 here, 4 there")]);
    // the first release also said how wide its words were
    let mut first = hello(1);
    first.insert(15, 64);
    greeted_with(&first).failed(&[&says("3 here, 1 there")]);
    // the greeting is one that is understood: with the right version the hospital goes on to the dealer, who is not there
    greeted_with(&hello(3)).failed(&["cannot reach `dealer`"]);
}

#[test]
fn a_peer_that_greets_with_garbage() {
    for garbage in [vec![], vec![0xff; 4000], hello(3)[..20].to_vec(), [hello(3), vec![1]].concat()] {
        greeted_with(&garbage).failed(&["party 0 `hospital`, connect: party 1 `clinic`: a message"]);
    }
    greeted_with(&vec![0; 5 << 20]).failed(&["party 1 `clinic` sent 5242880 bytes where 4194304 were expected"]);
}
