//! The dealer as a server, and tapes in its place, over real sockets of this machine.

mod common;

use common::{SIDE, network, weights};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use undertone_runtime::config::{DealerConfig, Participants};
use undertone_runtime::dealer::{Limits, Server};
use undertone_runtime::party::fixed_point;
use undertone_runtime::{Config, Error, Place, Plan, Result, Session, Settings, tapes};

/// A port that was free a moment ago.
fn port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn participants(dealer: Option<&str>) -> Participants {
    Participants::new(&["hospital", "clinic"], dealer)
}

/// The two parties of one session; the hospital has a port of its own.
fn parties(dealer: Option<&str>) -> [Config; 2] {
    let hospital = port();
    ["hospital", "clinic"].map(|name| {
        let mut config = Config::new(name, participants(dealer.map(|_| "dealer")));
        config.addresses.insert("hospital".into(), hospital.clone());
        if let Some(dealer) = dealer {
            config.addresses.insert("dealer".into(), dealer.to_owned());
        }
        if name == "hospital" {
            config.listen = Some(hospital.clone());
        }
        config.timeouts.connect = Duration::from_secs(10);
        config.timeouts.message = Duration::from_secs(10);
        config
    })
}

fn party(config: &Config, runs: usize) -> Result<Vec<f32>> {
    let plan = Plan::new(&network(), &Settings::default())?;
    let (x, weights) = (vec![0.5f32; SIDE * SIDE], weights());
    let mut session = Session::connect(config)?;
    let first = session.place() == Place::Party(0);
    let mut opened = vec![];
    for _ in 0..runs {
        let prepared = session.prepare(&plan, (!first).then_some(&weights), first.then_some(1))?;
        let mine: &[(usize, &[f32])] = if first { &[(0, &x)] } else { &[] };
        opened = session.run(&plan, prepared, mine)?.opened.real("output").to_vec();
    }
    Ok(opened)
}

fn both(configs: &[Config; 2], runs: usize) -> [Result<Vec<f32>>; 2] {
    std::thread::scope(|scope| configs.each_ref().map(|config| scope.spawn(move || party(config, runs))).map(|t| t.join().unwrap()))
}

fn expected() -> Vec<f32> {
    fixed_point(&network(), &Settings::default(), &weights(), &[&[0.5; SIDE * SIDE]], 1).unwrap().output().to_vec()
}

fn right(output: &[f32]) {
    let expected = expected();
    assert_eq!(output.len(), expected.len());
    assert!(output.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 0.01), "{output:?}, in the clear {expected:?}");
}

/// Serves while `body` runs, which is given the address; what was logged.
fn serving(sessions: usize, limits: Limits, body: impl FnOnce(&str, &Mutex<Vec<String>>)) -> Vec<String> {
    let mut config = DealerConfig::new(participants(Some("dealer")), "127.0.0.1:0");
    config.limits.sessions = sessions;
    config.timeouts.connect = Duration::from_secs(5);
    let server = Server::bind(&config).unwrap().limits(limits);
    let (stop, lines) = (AtomicBool::new(false), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        let log = |line: &str| lines.lock().unwrap().push(line.to_owned());
        let (server, stop) = (&server, &stop);
        let thread = scope.spawn(move || server.run(stop, &log));
        let end = Stop(stop);
        body(&server.local_address().to_string(), &lines);
        let from = Instant::now();
        drop(end);
        thread.join().unwrap().unwrap();
        assert!(from.elapsed() < Duration::from_secs(5), "the server does not stop");
    });
    lines.into_inner().unwrap()
}

/// Stops the server also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn count(lines: &[String], text: &str) -> usize {
    lines.iter().filter(|l| l.contains(text)).count()
}

#[test]
fn a_server_serves_one_session_after_the_other_and_many_at_once() {
    let lines = serving(16, Limits::default(), |address, _| {
        for runs in [1, 3] {
            let [hospital, clinic] = both(&parties(Some(address)), runs);
            right(&hospital.unwrap());
            assert!(clinic.unwrap().is_empty());
        }
        let at_once: Vec<_> = (0..4).map(|_| parties(Some(address))).collect();
        std::thread::scope(|scope| {
            let threads: Vec<_> = at_once.iter().map(|configs| scope.spawn(|| both(configs, 2))).collect();
            for thread in threads {
                right(thread.join().unwrap()[0].as_ref().unwrap());
            }
        });
    });
    assert_eq!((count(&lines, "starts: hospital, clinic"), count(&lines, "ends:")), (6, 6), "{lines:#?}");
    assert_eq!((count(&lines, "1 tapes"), count(&lines, "3 tapes"), count(&lines, "2 tapes")), (1, 1, 4), "{lines:#?}");
}

#[test]
fn a_server_keeps_to_its_number_of_sessions_and_stops_when_it_is_told() {
    let lines = serving(1, Limits::default(), |address, lines| {
        let [hospital, clinic] = parties(Some(address));
        let held = std::thread::scope(|scope| {
            let a = scope.spawn(|| Session::connect(&hospital).unwrap());
            let b = scope.spawn(|| Session::connect(&clinic).unwrap());
            (a.join().unwrap(), b.join().unwrap())
        });
        let others = parties(Some(address));
        let waiting = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| both(&others, 1));
            let from = Instant::now();
            while count(&lines.lock().unwrap(), "others wait") == 0 && from.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(10));
            }
            assert_eq!(count(&lines.lock().unwrap(), "starts"), 1);
            drop(held);
            waiting.join().unwrap()
        });
        right(waiting[0].as_ref().unwrap());
        // a session without requests does not keep the server
        let [hospital, clinic] = parties(Some(address));
        std::thread::scope(|scope| {
            scope.spawn(|| core::mem::forget(Session::connect(&hospital).unwrap()));
            scope.spawn(|| core::mem::forget(Session::connect(&clinic).unwrap()));
        });
    });
    assert_eq!((count(&lines, "starts"), count(&lines, "the dealer is stopped")), (3, 1), "{lines:#?}");
}

#[test]
fn a_server_refuses_what_is_beyond_its_limits_and_goes_on() {
    let lines = serving(4, Limits { elements: 50, ..Limits::default() }, |address, _| {
        for _ in 0..2 {
            for result in both(&parties(Some(address)), 1) {
                let error = result.unwrap_err().to_string();
                assert!(error.contains("the dealer refuses") || error.contains("closed"), "{error}");
            }
        }
    });
    assert_eq!(count(&lines, "ends: 0 tapes"), 2, "{lines:#?}");
}

#[test]
fn parties_with_tapes_need_no_dealer() {
    let folder = std::env::temp_dir().join(format!("undertone-parties-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let plan = Plan::new(&network(), &Settings::default()).unwrap();
    tapes::deal(&plan, 1, 3, &folder, &mut |_| {}).unwrap();
    let mut configs = parties(None);
    for (party, config) in configs.iter_mut().enumerate() {
        config.tapes = Some(folder.join(format!("party-{party}")));
    }
    for runs in [1, 2] {
        let [hospital, clinic] = both(&configs, runs);
        right(&hospital.unwrap());
        assert!(clinic.unwrap().is_empty());
    }
    for result in both(&configs, 1) {
        assert!(matches!(&result, Err(Error::File { message, .. }) if message.contains("tapes 1 to 3 are used")), "{result:?}");
    }
    let swapped: [PathBuf; 2] = [1, 0].map(|p| folder.join(format!("party-{p}")));
    for (config, tapes) in configs.iter_mut().zip(swapped) {
        config.tapes = Some(tapes);
    }
    let [hospital, _] = both(&configs, 1);
    assert!(hospital.unwrap_err().to_string().contains("these are the tapes of party 1"));
    std::fs::remove_dir_all(&folder).unwrap();
}
