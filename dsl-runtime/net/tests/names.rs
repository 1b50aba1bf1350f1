//! Who may connect: names that certificates prove, one CA, and plain TCP on this machine alone.

mod common;

use common::{Folder, LABEL, LONG, SOON, address, identities, link, listen, own, tls};
use std::path::Path;
use std::thread::scope;
use undertone_net::{Identity, Listener, NetError, Security, certs, dial};

/// What the dialer and the listener say when they cannot come together.
fn both(listener: &Identity, dialer: &Identity, called: &str) -> (NetError, NetError) {
    let port = listen(listener);
    let through = address(&port);
    scope(|scope| {
        let there = scope.spawn(|| dial(dialer, called, &through, &LABEL, SOON * 3).unwrap_err());
        let here = port.accept(&own(&[dialer.name()]), &LABEL, SOON * 4).unwrap_err();
        (there.join().unwrap(), here)
    })
}

fn says(error: &NetError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn endpoints_of_one_ca_connect_and_know_each_other_by_name() {
    for secure in [false, true] {
        let all = identities(&["dealer", "speaker"], secure);
        let port = listen(&all[0]);
        let (here, there) = link(&port, &all[1], "dealer", &address(&port));
        assert_eq!((here.peer(), there.peer()), ("speaker", "dealer"));
    }
}

#[test]
fn another_ca_is_not_trusted_by_either_side() {
    let (ours, theirs) = (identities(&["dealer", "speaker"], true), identities(&["dealer", "speaker"], true));
    let (there, here) = both(&ours[0], &theirs[1], "dealer");
    assert!(matches!(there, NetError::Untrusted { .. }));
    says(&there, &["dealer", "127.0.0.1:", "not signed by the CA that all endpoints share"]);
    says(&here, &["`speaker` did not connect", "Turned away: 127.0.0.1:"]);
}

#[test]
fn a_caller_of_another_ca_is_turned_away_even_if_it_trusts_everybody() {
    // a caller that takes our CA for its own, and has a certificate that a CA of its own has signed
    let (ours, theirs) = (Folder::new(), Folder::new());
    certs::write(&ours.0, &["dealer"]).unwrap();
    certs::write(&theirs.0, &["speaker"]).unwrap();
    let security = Security::tls(&ours.0.join("ca.pem"), &theirs.0.join("speaker.pem"), &theirs.0.join("speaker.key")).unwrap();
    says(&Identity::new("speaker", security).unwrap_err(), &["`speaker`", "speaker.pem", "not signed by the CA", "ca.pem"]);
    // both in one file, so that its own certificate passes at its own side
    let two = theirs.0.join("two.pem");
    let pem = |folder: &Folder| std::fs::read_to_string(folder.0.join("ca.pem")).unwrap();
    std::fs::write(&two, pem(&ours) + &pem(&theirs)).unwrap();
    let caller =
        Identity::new("speaker", Security::tls(&two, &theirs.0.join("speaker.pem"), &theirs.0.join("speaker.key")).unwrap()).unwrap();
    let (there, here) = both(&Identity::new("dealer", tls(&ours.0, "dealer")).unwrap(), &caller, "dealer");
    says(&there, &["does not take our certificate: endpoints need certificates of one CA"]);
    says(&here, &["Turned away: 127.0.0.1:", "not signed by the CA"]);
}

#[test]
fn who_answers_must_have_the_name_that_was_called() {
    let all = identities(&["dealer", "speaker", "provider"], true);
    let (there, _) = both(&all[0], &all[1], "provider");
    assert!(matches!(there, NetError::Untrusted { .. }));
    says(&there, &["is not connected as `provider`", "not for `provider`"]);
    let (there, _) = both(&identities(&["dealer"], false)[0], &identities(&["speaker"], false)[0], "provider");
    says(&there, &["`provider` was called, but this is `dealer`"]);
}

#[test]
fn a_caller_that_is_not_expected_is_refused_with_the_reason() {
    for secure in [false, true] {
        let all = identities(&["dealer", "speaker", "stranger"], secure);
        let port = listen(&all[0]);
        let through = address(&port);
        scope(|scope| {
            let there = scope.spawn(|| dial(&all[2], "dealer", &through, &LABEL, LONG).unwrap_err());
            let here = port.accept(&own(&["speaker"]), &LABEL, SOON * 2).unwrap_err();
            says(&here, &["`speaker` did not connect to 127.0.0.1:", "Turned away: `stranger`"]);
            let there = there.join().unwrap();
            assert!(matches!(there, NetError::Refused { .. }));
            says(&there, &["`dealer` at 127.0.0.1:", "not among those that are expected here: speaker"]);
        });
    }
}

#[test]
fn another_session_is_refused() {
    let all = identities(&["dealer", "speaker"], true);
    let port = listen(&all[0]);
    let through = address(&port);
    scope(|scope| {
        let there = scope.spawn(|| dial(&all[1], "dealer", &through, &[8; 16], LONG).unwrap_err());
        assert!(port.accept(&own(&["speaker"]), &LABEL, SOON * 2).is_err());
        says(&there.join().unwrap(), &["refuses the connection", "the labels differ"]);
    });
}

#[test]
fn one_side_plain_and_the_other_under_tls_is_explained() {
    let (plain, secure) = (identities(&["dealer", "speaker"], false), identities(&["dealer", "speaker"], true));
    says(&both(&secure[0], &plain[1], "dealer").0, &["does it expect TLS"]);
    says(&both(&plain[0], &secure[1], "dealer").0, &["does it run without certificates?"]);
}

#[test]
fn plain_tcp_stays_on_this_machine() {
    let me = &identities(&["speaker"], false)[0];
    for there in ["192.0.2.1:7000", "0.0.0.0:0", "[::]:0", "8.8.8.8:1"] {
        says(&Listener::bind(there, me).err().unwrap(), &[there, "without TLS", "certificates"]);
        // at once: nothing is sent there
        let error = dial(me, "dealer", there, &LABEL, LONG).unwrap_err();
        assert_eq!(error, NetError::NotLoopback { address: there.into() });
    }
    for here in ["127.0.0.1:0", "127.8.9.1:0", "localhost:0"] {
        assert!(Listener::bind(here, me).is_ok(), "{here}");
    }
    let secure = &identities(&["speaker"], true)[0];
    assert!(Listener::bind("0.0.0.0:0", secure).is_ok(), "under TLS, any address will do");
}

#[test]
fn addresses_that_are_none_or_in_use_are_named() {
    let all = identities(&["dealer", "speaker"], false);
    let port = listen(&all[0]);
    says(&Listener::bind(&address(&port), &all[1]).err().unwrap(), &[&address(&port), "in use"]);
    for wrong in ["", "dealer", "127.0.0.1", "127.0.0.1:99999"] {
        says(&Listener::bind(wrong, &all[1]).err().unwrap(), &["cannot listen on", "HOST:PORT"]);
        says(&dial(&all[1], "dealer", wrong, &LABEL, LONG).unwrap_err(), &["`dealer`", "HOST:PORT"]);
    }
}

#[test]
fn nobody_there_is_reported_in_time_with_name_and_address() {
    let all = identities(&["dealer", "speaker"], true);
    let port = listen(&all[0]);
    let free = address(&port);
    drop(port);
    let error = dial(&all[1], "dealer", &free, &LABEL, SOON).unwrap_err();
    assert!(matches!(error, NetError::Connect { .. }));
    says(&error, &["cannot reach `dealer` at 127.0.0.1:", "nobody listens there"]);
    // listening, but it waits for nobody
    let port = listen(&all[0]);
    says(&dial(&all[1], "dealer", &address(&port), &LABEL, SOON).unwrap_err(), &["did not answer"]);
}

#[test]
fn a_peer_that_comes_later_is_waited_for() {
    let all = identities(&["dealer", "speaker"], true);
    let free = address(&listen(&all[0]));
    scope(|scope| {
        let there = scope.spawn(|| dial(&all[1], "dealer", &free, &LABEL, LONG));
        std::thread::sleep(SOON);
        let port = Listener::bind(&free, &all[0]).unwrap();
        port.accept(&own(&["speaker"]), &LABEL, LONG).unwrap();
        assert!(there.join().unwrap().is_ok());
    });
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    certs::write(&folder.0, &["speaker", "dealer"]).unwrap();
    let at = |name: &str| folder.0.join(name);
    std::fs::write(at("garbage"), b"\x00garbage").unwrap();
    std::fs::write(at("broken"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let load = |ca: &str, certificate: &str, key: &str| Security::tls(&at(ca), &at(certificate), &at(key)).err().unwrap();
    says(&load("none", "speaker.pem", "speaker.key"), &["none", "cannot be read"]);
    says(&load("garbage", "speaker.pem", "speaker.key"), &["garbage", "no certificate"]);
    says(&load("broken", "speaker.pem", "speaker.key"), &["broken", "no certificate of a CA"]);
    says(&load("ca.pem", "garbage", "speaker.key"), &["garbage", "no certificate"]);
    says(&load("ca.pem", "broken", "speaker.key"), &["broken"]);
    says(&load("ca.pem", "speaker.pem", "garbage"), &["garbage", "no private key"]);
    says(&load("ca.pem", "speaker.pem", "dealer.key"), &["dealer.key", "not the private key of the certificate in", "speaker.pem"]);
    says(&Identity::new("dealer", tls(&folder.0, "speaker")).unwrap_err(), &["`dealer`", "speaker.pem", "not for `dealer`"]);
    says(&Identity::new("Speaker", tls(&folder.0, "speaker")).unwrap_err(), &["`Speaker`", "lower-case"]);
}

#[test]
fn certificates_are_written_once_and_keys_are_for_their_owner() {
    let folder = Folder::new();
    let inner = folder.0.join("new/certs");
    certs::write(&inner, &["speaker", "dealer.example.org"]).unwrap();
    let mut files: Vec<String> = std::fs::read_dir(&inner).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["ca.pem", "dealer.example.org.key", "dealer.example.org.pem", "speaker.key", "speaker.pem"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(inner.join("speaker.key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!std::fs::read_to_string(inner.join("ca.pem")).unwrap().contains("PRIVATE"));
    let before = std::fs::read(inner.join("speaker.key")).unwrap();
    std::fs::remove_file(inner.join("ca.pem")).unwrap();
    says(&certs::write(&inner, &["provider", "speaker"]).unwrap_err(), &["speaker.key", "not overwritten"]);
    assert_eq!(std::fs::read(inner.join("speaker.key")).unwrap(), before);
    assert!(!inner.join("provider.key").exists() && !inner.join("ca.pem").exists(), "all or nothing");
    for names in [&["a", "a"][..], &["ca"], &["../a"], &["A"], &[""]] {
        let error = certs::write(&folder.0.join("never"), names).unwrap_err();
        assert!(matches!(error, NetError::Name { .. }), "{names:?}: {error}");
    }
    assert!(!Path::new(&folder.0.join("never")).exists());
}

#[test]
fn keys_are_not_printed() {
    let folder = Folder::new();
    certs::write(&folder.0, &["speaker"]).unwrap();
    let identity = Identity::new("speaker", tls(&folder.0, "speaker")).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity(speaker, Tls)");
    let made = certs::development(&["speaker"]).unwrap();
    assert_eq!(format!("{:?}", made.endpoints[0]), "Pems(speaker)");
}
