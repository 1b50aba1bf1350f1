//! Sessions over real sockets of this machine: connected by configurations, many runs, orderly ends.

mod common;

use common::{SIDE, network, weights};
use std::net::TcpListener;
use std::time::Duration;
use undertone_runtime::config::{DealerConfig, Participants, TlsFiles};
use undertone_runtime::graph::trace_roles;
use undertone_runtime::net::{Tcp, Timeouts, certs};
use undertone_runtime::party::fixed_point;
use undertone_runtime::{Clear, Config, Error, Place, Plan, Result, S1, Session, Settings, Weights, World, dealer};
use undertone_shape::Shape;

/// Ports that were free a moment ago.
fn ports<const N: usize>() -> [String; N] {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    core::array::from_fn(|k| held[k].local_addr().unwrap().to_string())
}

/// Configurations of the hospital, the clinic and the dealer; certificates are in a folder, if there is one.
fn configs(certificates: Option<&std::path::Path>) -> (Config, Config, DealerConfig) {
    let participants = Participants::new(&["hospital", "clinic"], Some("dealer"));
    let [hospital, clinic, dealer] = ports();
    let tls = |name: &str| {
        certificates.map(|folder| TlsFiles {
            ca: folder.join("ca.pem"),
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        })
    };
    let config = |name: &str| {
        let mut config = Config::new(name, participants.clone());
        config.addresses =
            [("hospital", &hospital), ("clinic", &clinic), ("dealer", &dealer)].map(|(n, a)| (n.to_owned(), a.clone())).into();
        config.timeouts.connect = Duration::from_secs(10);
        config.timeouts.message = Duration::from_secs(10);
        config.tls = tls(name);
        config
    };
    let (mut first, second) = (config("hospital"), config("clinic"));
    first.listen = Some(hospital.clone());
    let mut dealer = DealerConfig::new(participants, &dealer);
    dealer.tls = tls("dealer");
    (first, second, dealer)
}

/// Serves one session.
fn deal(config: &DealerConfig) {
    let listener = config.listener().unwrap();
    let wait = Duration::from_secs(10);
    if let Some((_, links)) = listener.next_group(&config.participants.parties, wait, wait).unwrap() {
        let mut transport = Tcp::new(links.into_iter().map(Some).collect(), &Timeouts::default());
        dealer::serve(&mut transport, 2).unwrap();
    }
}

/// `runs` runs as a party; what they opened.
fn party(config: &Config, runs: usize) -> Result<Vec<Vec<f32>>> {
    let plan = Plan::new(&network(), &Settings::default())?;
    let (x, weights) = (vec![0.5f32; SIDE * SIDE], weights());
    let mut session = Session::connect(config)?;
    let first = session.place() == Place::Party(0);
    let mut all = vec![];
    for _ in 0..runs {
        let prepared = session.prepare(&plan, (!first).then_some(&weights), first.then_some(1))?;
        let mine: &[(usize, &[f32])] = if first { &[(0, &x)] } else { &[] };
        all.push(session.run(&plan, prepared, mine)?.opened.real("output").to_vec());
    }
    Ok(all)
}

fn both(hospital: &Config, clinic: &Config, dealer: &DealerConfig, runs: [usize; 2]) -> [Result<Vec<Vec<f32>>>; 2] {
    std::thread::scope(|scope| {
        scope.spawn(|| deal(dealer));
        let first = scope.spawn(|| party(hospital, runs[0]));
        let second = scope.spawn(|| party(clinic, runs[1]));
        [first.join().unwrap(), second.join().unwrap()]
    })
}

fn expected() -> Vec<f32> {
    let x = vec![0.5f32; SIDE * SIDE];
    fixed_point(&network(), &Settings::default(), &weights(), &[&x], 1).unwrap().output().to_vec()
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-3)
}

#[test]
fn two_runs_over_plain_loopback_and_over_tls_give_the_output_to_the_first_party() {
    let folder = std::env::temp_dir().join(format!("undertone-sessions-{}", std::process::id()));
    certs::write(&folder, &["hospital", "clinic", "dealer"]).unwrap();
    for certificates in [None, Some(folder.as_path())] {
        let (hospital, clinic, dealer) = configs(certificates);
        let [first, second] = both(&hospital, &clinic, &dealer, [2, 2]);
        let first = first.unwrap();
        assert!(first.len() == 2 && first.iter().all(|output| close(output, &expected())), "{first:?} is not {:?}", expected());
        assert_eq!(second.unwrap(), vec![Vec::<f32>::new(); 2], "the clinic learns nothing");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn who_leaves_between_two_runs_ends_the_session_in_order() {
    let (hospital, clinic, dealer) = configs(None);
    let [first, second] = both(&hospital, &clinic, &dealer, [1, 9]);
    assert!(first.is_ok());
    let ended = Error::Ended { party: "party 1 `clinic`".into(), peer: "party 0 `hospital`".into() };
    assert_eq!(second.unwrap_err(), ended);
}

#[test]
fn a_silent_peer_between_two_runs_is_waited_for_as_long_as_the_configuration_says() {
    let (hospital, mut clinic, dealer) = configs(None);
    clinic.timeouts.idle = Duration::from_millis(1200);
    clinic.timeouts.message = Duration::from_millis(400);
    std::thread::scope(|scope| {
        scope.spawn(|| deal(&dealer));
        let first = scope.spawn(|| {
            let session = Session::connect(&hospital).unwrap();
            std::thread::sleep(Duration::from_secs(2));
            drop(session);
        });
        let error = party(&clinic, 1).unwrap_err().to_string();
        assert!(error.contains("party 1 `clinic`, run header") && error.contains("party 0 `hospital` for 1 s"), "{error}");
        first.join().unwrap();
    });
}

#[test]
fn whoever_is_not_there_is_named_with_the_address() {
    let (mut hospital, mut clinic, dealer) = configs(None);
    clinic.timeouts.connect = Duration::from_millis(300);
    let error = Session::connect(&clinic).unwrap_err().to_string();
    let address = &clinic.addresses["hospital"];
    assert!(error.starts_with(&format!("party 1 `clinic`, connect: cannot reach `hospital` at {address}")), "{error}");
    hospital.timeouts.connect = Duration::from_millis(300);
    let error = Session::connect(&hospital).unwrap_err().to_string();
    assert!(error.starts_with("party 0 `hospital`, connect: `clinic` did not connect to"), "{error}");
    clinic.timeouts.connect = Duration::from_secs(1);
    hospital.timeouts.connect = Duration::from_secs(1);
    let errors = std::thread::scope(|scope| {
        let first = scope.spawn(|| Session::connect(&hospital).unwrap_err().to_string());
        [Session::connect(&clinic).unwrap_err().to_string(), first.join().unwrap()]
    });
    let missing = format!("cannot reach `dealer` at {}", dealer.listen);
    assert!(errors.iter().any(|e| e.contains(&missing)), "{errors:?}");
}

#[test]
fn the_deployments_of_all_must_list_the_same_endpoints() {
    let (hospital, mut clinic, _) = configs(None);
    clinic.participants.clients = vec!["doctor".into()];
    clinic.listen = Some(ports::<1>()[0].clone());
    let mut hospital = hospital;
    hospital.timeouts.connect = Duration::from_secs(2);
    clinic.timeouts.connect = Duration::from_secs(2);
    let error = std::thread::scope(|scope| {
        let first = scope.spawn(|| Session::connect(&hospital));
        let error = Session::connect(&clinic).unwrap_err().to_string();
        assert!(first.join().unwrap().is_err());
        error
    });
    assert!(error.contains("refuses the connection") && error.contains("the labels differ"), "{error}");
}

#[test]
fn two_models_of_one_name_open_each_its_own_releases() {
    let alone = |to: &'static str, index: bool| {
        trace_roles("Net", &[("x", Shape::new([4]), "alice")], "bob", |g, x| {
            let y = if index { g.argmax(x[0], 0) } else { g.relu(x[0]) };
            g.release("y", y, &[to]);
            y
        })
        .unwrap()
    };
    let graphs = [alone("bob", false), alone("alice", true)];
    let told = World::two_party()
        .execute(|session| {
            let x = Clear::<S1<4>>::new(vec![1.5, 2.5, 3.5, 0.5])?;
            let run = |graph| match session.place() {
                Place::Party(0) => session.run_role(graph, "alice", &[(0, &x)], None),
                _ => session.run_role(graph, "bob", &[], Some(&Weights::empty())),
            };
            graphs.iter().map(run).map(|o| o.map(|o| (o.real("y").len(), o.indices("y").to_vec()))).collect::<Result<Vec<_>>>()
        })
        .unwrap();
    assert_eq!(told, [vec![(0, vec![]), (0, vec![2])], vec![(4, vec![]), (0, vec![])]]);
}
