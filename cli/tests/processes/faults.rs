//! What goes wrong on the line or with a peer: everybody says in time what happened and where, and nothing is written.

use crate::common::{Cast, Change, Exit, Process, Proxy, Scene};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Sessions whose clinic reaches the hospital through a proxy.
fn through(tls: bool, change: Change, back: bool, runs: &str) -> (Scene, Proxy, [Exit; 2]) {
    // only what is swallowed needs the patience to end; a busy machine must not end it otherwise
    let patience = if matches!(change, Change::Swallow(_)) { 1.0 } else { 10.0 };
    let scene = Scene::new(Cast { tls, connect: Some(3.0), patience: Some(patience), ..Cast::default() });
    let proxy = Proxy::new(scene.address("hospital"), change, back);
    scene.detour("clinic", "hospital", &proxy.address);
    let _dealer = scene.dealer();
    let parties = [scene.hospital(&["--runs", runs]), scene.clinic(&["--runs", runs])];
    let exits = parties.map(Process::exit);
    (scene, proxy, exits)
}

/// Both parties have failed, and at least one of them says this. Near the end, one may be done before the other one notices.
fn failed(exits: &[Exit; 2], near_the_end: bool, texts: &[&str]) {
    let done = exits.iter().filter(|exit| exit.code == Some(0)).count();
    assert!(done <= usize::from(near_the_end), "{exits:?}");
    exits.iter().filter(|exit| exit.code != Some(0)).for_each(|exit| exit.failed(&["party", "dealer"]));
    assert!(exits.iter().any(|exit| texts.iter().any(|text| exit.err.contains(text))), "none of {texts:?} is in {exits:?}");
}

/// Bytes that go through the proxy in a run without a fault.
fn bytes(tls: bool, back: bool) -> usize {
    let (scene, proxy, exits) = through(tls, Change::None, back, "2");
    assert!(exits.iter().all(|exit| exit.code == Some(0)), "{exits:?}");
    scene.output_is(0);
    proxy.bytes()
}

fn flipped(tls: bool) {
    for back in [false, true] {
        let all = bytes(tls, back);
        for part in [30, 60, 97] {
            let at = all * part / 100;
            let (_, _, exits) = through(tls, Change::Flip(at), back, "2");
            let texts = ["is broken: TLS", "is broken: what came is no header", "is broken: the checksum", "is broken: message"];
            failed(&exits, part > 90, &texts);
        }
    }
}

#[test]
fn one_flipped_bit_on_a_plain_connection() {
    flipped(false);
}

#[test]
fn one_flipped_bit_under_tls() {
    flipped(true);
}

#[test]
fn a_connection_that_is_cut() {
    for (tls, back) in [(false, true), (true, false)] {
        let all = bytes(tls, back);
        let (scene, _, exits) = through(tls, Change::Cut(all * 2 / 3), back, "2");
        failed(&exits, false, &["`clinic` has closed the connection", "`hospital` has closed the connection"]);
        assert!(!scene.path("y.safetensors").exists() || scene.output().len() == 6);
    }
}

#[test]
fn a_connection_that_swallows_what_is_sent() {
    let all = bytes(false, true);
    let (_, _, exits) = through(false, Change::Swallow(all * 2 / 3), true, "2");
    failed(&exits, false, &["no message got through between here and party"]);
}

#[test]
fn a_message_that_comes_twice() {
    let (scene, _, exits) = through(false, Change::Repeat(7), false, "2");
    failed(&exits, false, &["a message was repeated"]);
    assert!(!scene.path("y.safetensors").exists());
}

#[test]
fn a_message_that_says_it_is_larger_than_any() {
    let (scene, _, exits) = through(false, Change::Oversize(7), false, "2");
    failed(&exits, false, &["party 1 `clinic` sent 2147483648 bytes where"]);
    assert!(!scene.path("y.safetensors").exists());
}

#[test]
fn a_peer_that_stalls() {
    let scene = Scene::new(Cast { patience: Some(1.0), ..Cast::default() });
    let _dealer = scene.dealer();
    let (mut hospital, clinic) = (scene.hospital(&["--runs", "1000000"]), scene.clinic(&["--runs", "1000000"]));
    hospital.lines(2);
    hospital.signal("STOP");
    let start = Instant::now();
    let exit = clinic.exit_within(Duration::from_secs(5));
    exit.failed(&[
        "no message got through between here and party 0 `hospital` for 1 s",
        "no message got through between here and the dealer",
    ]);
    assert!(start.elapsed() > Duration::from_millis(500), "it was waited for");
    hospital.signal("CONT");
    hospital.exit_within(Duration::from_secs(5)).failed(&["party 1 `clinic`", "the dealer `dealer`"]);
}

#[test]
fn a_dealer_that_stalls() {
    let scene = Scene::new(Cast { patience: Some(1.0), ..Cast::default() });
    let dealer = scene.dealer();
    let (mut hospital, clinic) = (scene.hospital(&["--runs", "1000000"]), scene.clinic(&["--runs", "1000000"]));
    hospital.lines(2);
    dealer.signal("STOP");
    let exits = [hospital, clinic].map(|party| party.exit_within(Duration::from_secs(5)));
    failed(&exits, false, &["no message got through between here and the dealer `dealer` for 1 s"]);
    dealer.signal("CONT");
}

#[test]
fn strangers_that_send_garbage_are_no_trouble() {
    for tls in [false, true] {
        let scene = Scene::new(Cast { tls, ..Cast::default() });
        let _dealer = scene.dealer();
        let hospital = scene.hospital(&[]);
        for name in ["hospital", "dealer"] {
            let mut strangers = vec![];
            for garbage in [vec![0u8; 64], vec![0xff; 70_000], b"GET / HTTP/1.1\r\n\r\n".to_vec()] {
                let start = Instant::now();
                let mut stream = loop {
                    match TcpStream::connect(scene.address(name)) {
                        Ok(stream) => break stream,
                        Err(e) => assert!(start.elapsed() < Duration::from_secs(10), "{name} does not listen: {e}"),
                    }
                };
                let _ = stream.write_all(&garbage); // it may be thrown out before it has said all
                strangers.push(stream);
            }
        }
        let clinic = scene.clinic(&[]);
        let _ = [hospital, clinic].map(Process::done);
        scene.output_is(0);
    }
}

#[test]
fn a_client_that_dies_and_a_client_that_is_left_alone() {
    let scene = Scene::new(Cast { doctor: true, ..Cast::default() });
    let _dealer = scene.dealer();
    let many = ["--runs", "1000000"];
    for victim in 0..3 {
        let mut all = vec![scene.doctor(&many), scene.hospital(&many), scene.clinic(&many)];
        all[0].lines(2);
        let mut killed = all.remove(victim);
        killed.kill();
        let name = format!("`{}`", killed.name);
        let exits: Vec<Exit> = all.into_iter().map(|party| party.exit_within(Duration::from_secs(5))).collect();
        for exit in &exits {
            exit.failed(&["has closed", "has left"]);
        }
        assert!(exits.iter().any(|exit| exit.err.contains(&name)), "nobody names {name}: {exits:?}");
        scene.output_is(0);
    }
    let _ = [scene.doctor(&[]), scene.hospital(&[]), scene.clinic(&[])].map(Process::done);
}
