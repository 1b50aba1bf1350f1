//! Three parties of which one deals, over real sockets of this machine: connected by configurations, role by role, many runs, orderly and other ends.

mod common;

use common::{SIDE, network, weights};
use std::net::TcpListener;
use std::time::Duration;
use undertone_runtime::config::{Participants, TlsFiles};
use undertone_runtime::net::certs;
use undertone_runtime::party::fixed_point;
use undertone_runtime::{Clear, Config, Error, Place, Result, S3, Session, Settings};

const NAMES: [&str; 3] = ["hospital", "clinic", "bank"];

/// Ports that were free a moment ago.
fn ports<const N: usize>() -> [String; N] {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    core::array::from_fn(|k| held[k].local_addr().unwrap().to_string())
}

/// Configurations of these participants, all of whom may listen; certificates are in a folder, if there is one.
fn configs(participants: &Participants, certificates: Option<&std::path::Path>) -> Vec<Config> {
    let addresses: [String; 5] = ports();
    let all: Vec<String> = participants.all().map(str::to_owned).collect();
    let config = |(k, name): (usize, &String)| {
        let mut config = Config::new(name, participants.clone());
        config.addresses = all.iter().cloned().zip(addresses.iter().cloned()).filter(|(n, _)| n != name).collect();
        config.listen = Some(addresses[k].clone());
        config.timeouts.connect = Duration::from_secs(10);
        config.timeouts.message = Duration::from_secs(10);
        config.tls = certificates.map(|folder| TlsFiles {
            ca: folder.join("ca.pem"),
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        });
        config
    };
    all.iter().enumerate().map(config).collect()
}

/// Samples of run number `run`: fewer than there are lanes, as many, more.
fn pictures(run: usize) -> Clear<S3<1, SIDE, SIDE>> {
    let samples = [1, 3, 5, 2][run % 4];
    Clear::new((0..samples * SIDE * SIDE).map(|i| ((i * 29 + run) % 31) as f32 / 31.0).collect()).unwrap()
}

/// `runs` runs in the role of this place: the hospital has the pictures and learns, the clinic has the weights, others compute.
fn party(config: &Config, runs: usize) -> Result<Vec<Vec<f32>>> {
    let (graph, weights) = (network(), weights());
    let mut session = Session::connect(config)?;
    let one = |run: usize| -> Result<Vec<f32>> {
        Ok(match session.place() {
            Place::Party(0) => session.run_role(&graph, "client", &[(0, &pictures(run))], None)?.real("output").to_vec(),
            Place::Party(1) => session.run_role(&graph, "server", &[], Some(&weights))?.real("output").to_vec(),
            _ => session.compute(&graph).map(|()| vec![])?,
        })
    };
    (0..runs).map(one).collect()
}

/// All of them at once, each with its number of runs.
fn all(configs: &[Config], runs: &[usize]) -> Vec<Result<Vec<Vec<f32>>>> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = configs.iter().zip(runs).map(|(config, runs)| scope.spawn(|| party(config, *runs))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn is_reference(output: &[f32], run: usize) -> bool {
    use undertone_runtime::party::Samples;
    let x = pictures(run);
    let expected = fixed_point(&network(), &Settings::default(), &weights(), &[x.values()], Samples::batch(&x)).unwrap();
    output.len() == expected.output().len() && output.iter().zip(expected.output()).all(|(a, b)| (a - b).abs() < 2e-3)
}

#[test]
fn four_runs_over_plain_loopback_and_over_tls_give_the_output_to_the_first_party() {
    let folder = std::env::temp_dir().join(format!("undertone-third-{}", std::process::id()));
    certs::write(&folder, &NAMES).unwrap();
    for certificates in [None, Some(folder.as_path())] {
        let mut results = all(&configs(&Participants::third_deals(NAMES), certificates), &[4; 3]).into_iter();
        let first = results.next().unwrap().unwrap();
        assert!(first.len() == 4 && first.iter().enumerate().all(|(run, output)| is_reference(output, run)), "{first:?}");
        for result in results {
            assert_eq!(result.unwrap(), vec![Vec::<f32>::new(); 4], "the others learn nothing");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_role_may_live_with_a_client_of_the_three() {
    let mut participants = Participants::third_deals(["hospital", "bank", "court"]);
    participants.clients = vec!["clinic".into()];
    participants.roles = [("client", "hospital"), ("server", "clinic")].map(|(r, n)| (r.to_owned(), n.to_owned())).into();
    let configs = configs(&participants, None);
    let (graph, weights) = (network(), weights());
    std::thread::scope(|scope| {
        let clinic = scope.spawn(|| {
            let mut session = Session::connect(&configs[3])?;
            (0..2).try_for_each(|_| session.run_role(&graph, "server", &[], Some(&weights)).map(drop))
        });
        let others: Vec<_> = configs[1..3]
            .iter()
            .map(|config| {
                scope.spawn(|| {
                    let mut session = Session::connect(config)?;
                    (0..2).try_for_each(|_| session.compute(&graph))
                })
            })
            .collect();
        let first = party(&configs[0], 2).unwrap();
        assert!(first.iter().enumerate().all(|(run, output)| is_reference(output, run)), "{first:?}");
        assert_eq!(clinic.join().unwrap(), Ok(()));
        for other in others {
            assert_eq!(other.join().unwrap(), Ok(()));
        }
    });
}

#[test]
fn who_leaves_between_two_runs_ends_the_session_in_order() {
    for leaver in 0..3 {
        let runs: Vec<usize> = (0..3).map(|k| if k == leaver { 1 } else { 9 }).collect();
        let mut results = all(&configs(&Participants::third_deals(NAMES), None), &runs);
        assert_eq!(results.remove(leaver).map(|runs| runs.len()), Ok(1));
        for result in results {
            // the leaver, or one whom it has taken along
            assert!(matches!(&result, Err(Error::Ended { .. })), "{result:?}");
        }
    }
}

#[test]
fn whoever_has_another_topology_and_other_parties_with_it_is_turned_away() {
    let mut configs = configs(&Participants::third_deals(NAMES), None);
    for config in &mut configs {
        config.timeouts.connect = Duration::from_secs(2);
    }
    configs[1].participants = Participants::new(&["hospital", "clinic"], Some("bank"));
    let results = all(&configs, &[1; 3]);
    let errors: Vec<String> = results.into_iter().map(|result| result.unwrap_err().to_string()).collect();
    let compare = "is in another session: the labels differ; compare topology, parties and clients in both deployments";
    assert!(errors[0].starts_with("party 0 `hospital`, connect: `clinic`") && errors[0].contains(compare), "{}", errors[0]);
    assert!(errors[1].starts_with("party 1 `clinic`, connect: `hospital`") && errors[1].contains(compare), "{}", errors[1]);
}

/// The same three parties, but one of them believes in a dealer: all hear both topologies before anything else.
#[test]
fn whoever_has_another_topology_of_the_same_parties_is_named_with_both() {
    let mut configs = configs(&Participants::third_deals(NAMES), None);
    for config in &mut configs {
        config.timeouts.connect = Duration::from_secs(2);
    }
    configs[1].participants = Participants::new(&NAMES, Some("dealer"));
    configs[1].settings.parties = 3;
    configs[1].addresses.insert("dealer".into(), ports::<1>()[0].clone());
    let errors: Vec<String> = all(&configs, &[1; 3]).into_iter().map(|result| result.unwrap_err().to_string()).collect();
    let expected = "party 0 `hospital` does not agree with party 1 `clinic`: topology: `third-deals` here, `dealer` there; use the same deployment everywhere";
    assert!(errors.iter().any(|e| e == expected), "{errors:?}");
    let named = |e: &String| e.contains("topology: `") || e.contains("has closed the connection");
    assert!(errors.iter().all(named), "{errors:?}");
}

#[test]
fn a_silent_party_is_named_and_nobody_waits_for_ever() {
    let mut configs = configs(&Participants::third_deals(NAMES), None);
    for config in &mut configs {
        config.timeouts.idle = Duration::from_millis(700);
        config.timeouts.prepare = Duration::from_millis(700);
        config.timeouts.message = Duration::from_millis(700);
    }
    std::thread::scope(|scope| {
        let silent = scope.spawn(|| {
            let session = Session::connect(&configs[2]).unwrap();
            std::thread::sleep(Duration::from_secs(3));
            drop(session);
        });
        for result in all(&configs[..2], &[1; 2]) {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("party 2 `bank` for 0 s") || error.contains("has left") || error.contains("has closed"), "{error}");
        }
        silent.join().unwrap();
    });
}
