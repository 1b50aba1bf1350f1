//! A listener and those who call it: strangers get little, honest callers wait for each other, and who gives up is in nobody's way.

mod common;

use common::{Folder, LABEL, LONG, Line, PATIENT, SOON, Spoiled, address, identities, listen, noise, own, tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};
use undertone_net::{Identity, Label, Link, Listener, NetError, Tcp, Transport, certs, dial};

/// A message as a plain connection carries it.
fn framed(number: u32, message: &[u8]) -> Vec<u8> {
    let mut bytes = (message.len() as u32).to_le_bytes().to_vec();
    bytes.extend(number.to_le_bytes());
    bytes.extend(crc32fast::hash(message).to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend(message);
    bytes
}

/// What `speaker` says first when it calls `dealer`.
fn preamble(inwards: u8, label: Label, attempt: [u8; 8]) -> Vec<u8> {
    let mut message = b"undertn\n\x01\x00".to_vec();
    message.push(inwards);
    message.extend(label);
    message.extend(attempt);
    message.extend(b"\x07speaker\x06dealer");
    framed(0, &message)
}

/// Everything that comes until the connection ends.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![];
    stream.set_read_timeout(Some(LONG)).unwrap();
    if let Err(e) = stream.read_to_end(&mut bytes) {
        let open = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut].contains(&e.kind());
        assert!(!open, "the connection does not end"); // a reset is an end
    }
    bytes
}

fn calls(port: &Listener, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(port.local_address()).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

fn missing(port: &Listener, names: &[&str]) -> String {
    let error = port.accept(&own(names), &LABEL, SOON).unwrap_err();
    assert!(matches!(error, NetError::Missing { .. }));
    error.to_string()
}

#[test]
fn strangers_that_send_garbage_are_told_and_turned_away() {
    let all = identities(&["dealer", "speaker"], false);
    let port = listen(&all[0]);
    let mut good = preamble(0, LABEL, [1; 8]);
    let long = framed(0, &[b'x'; 600]);
    *good.last_mut().unwrap() ^= 1;
    let cases: [(&[u8], &str); 5] = [
        (b"GET / HTTP/1.1\r\nHost: dealer\r\n\r\n", "no header of a message"),
        (&framed(0, b"hello there, this is no preamble"), "no endpoint of Undertone"),
        (&framed(1, b"hello"), "message 1 came where 0 was due"),
        (&long, "a message of 600 bytes, which is too long"),
        (&good, "wrong checksum"),
    ];
    for (bytes, reason) in cases {
        let mut stream = calls(&port, bytes);
        let answer = String::from_utf8_lossy(&rest(&mut stream)).into_owned();
        assert!(answer.contains(reason), "`{reason}` is not in: {answer}");
        let noted = missing(&port, &["speaker"]);
        assert!(noted.contains(reason) && noted.contains("Turned away: 127.0.0.1:"), "`{reason}` is not in: {noted}");
    }
}

#[test]
fn names_in_a_preamble_are_checked() {
    let all = identities(&["dealer", "speaker"], false);
    let port = listen(&all[0]);
    for (name, reason) in [("dealer", "has the name of this endpoint"), ("Spea\nker", "lower-case"), ("", "1 to 253")] {
        let mut message = b"undertn\n\x01\x00\x00".to_vec();
        message.extend([0; 24]);
        message.push(name.len() as u8);
        message.extend(name.as_bytes());
        message.extend(b"\x06dealer");
        let answer = String::from_utf8_lossy(&rest(&mut calls(&port, &framed(0, &message)))).into_owned();
        assert!(answer.contains(reason) && !answer.contains('\n'), "`{reason}` is not in: {answer}");
    }
}

#[test]
fn who_says_nothing_is_dropped_and_blocks_nobody() {
    for secure in [false, true] {
        let all = identities(&["dealer", "speaker"], secure);
        let port = Listener::bind_with("127.0.0.1:0", &all[0], SOON).unwrap();
        let mut silent: Vec<TcpStream> = (0..20).map(|_| calls(&port, b"")).collect();
        let (_, _) = common::link(&port, &all[1], "dealer", &address(&port));
        for stream in &mut silent {
            rest(stream); // ends: it was dropped
        }
    }
}

#[test]
fn more_strangers_than_there_is_room_for_do_not_keep_an_honest_caller_out() {
    let all = identities(&["dealer", "speaker"], true);
    // they may stay for as long as the test takes
    let port = Listener::bind_with("127.0.0.1:0", &all[0], LONG * 10).unwrap();
    let mut silent: Vec<TcpStream> = (0..300).map(|_| calls(&port, b"\x16\x03")).collect();
    common::link(&port, &all[1], "dealer", &address(&port));
    rest(&mut silent[0]); // the oldest had to go
    // of those that came last some may go on; one that came while all threads were busy with leaving is gone
    let open = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        stream.read(&mut [0]).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
    };
    assert!(silent.iter_mut().rev().take(128).any(open), "the newer ones may go on");
    // and once those that had to go have noticed, the newest one may
    let until = Instant::now() + LONG;
    while !open(&mut calls(&port, b"\x16\x03")) {
        assert!(Instant::now() < until, "the newest may go on");
    }
}

#[test]
fn without_a_certificate_nobody_gets_in() {
    let folder = Folder::new();
    certs::write(&folder.0, &["dealer"]).unwrap();
    let port = listen(&Identity::new("dealer", tls(&folder.0, "dealer")).unwrap());
    let mut roots = rustls::RootCertStore::empty();
    let pem = std::fs::read(folder.0.join("ca.pem")).unwrap();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = versions.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"undertone/1".to_vec()];
    let mut session = rustls::ClientConnection::new(Arc::new(config), "dealer".try_into().unwrap()).unwrap();
    let mut stream = TcpStream::connect(port.local_address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut both = rustls::Stream::new(&mut session, &mut stream);
    let _ = both.write_all(&preamble(0, LABEL, [1; 8])); // the client side is done before the other one has judged
    let error = both.read(&mut [0; 100]).unwrap_err().to_string();
    assert!(error.contains("CertificateRequired"), "{error}");
    let noted = missing(&port, &["speaker"]);
    assert!(noted.contains("shows no certificate"), "{noted}");
}

#[test]
fn a_certificate_is_for_its_own_name_alone() {
    // provider calls as speaker: its certificate is good, but not for that
    let folder = Folder::new();
    certs::write(&folder.0, &["dealer", "provider"]).unwrap();
    let port = listen(&Identity::new("dealer", tls(&folder.0, "dealer")).unwrap());
    let read = |name: &str| std::fs::read(folder.0.join(name)).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&read("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&read("provider.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&read("provider.key")).unwrap();
    let mut config = versions.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"undertone/1".to_vec()];
    let mut session = rustls::ClientConnection::new(Arc::new(config), "dealer".try_into().unwrap()).unwrap();
    let mut stream = TcpStream::connect(port.local_address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut both = rustls::Stream::new(&mut session, &mut stream);
    let plain = preamble(0, LABEL, [1; 8]);
    // under TLS, there are no checksums
    both.write_all(&[&plain[..8], &plain[16..]].concat()).unwrap();
    let mut answer = vec![];
    let _ = both.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.contains("not for `speaker`"), "{answer}");
    let noted = missing(&port, &["speaker"]);
    assert!(noted.contains("not for `speaker`"), "{noted}");
}

#[test]
fn a_half_call_is_in_nobodys_way_and_expires() {
    let all = identities(&["dealer", "speaker"], false);
    let port = Listener::bind_with("127.0.0.1:0", &all[0], SOON).unwrap();
    let mut half = calls(&port, &preamble(0, LABEL, [1; 8]));
    // the two halves of different attempts make no whole
    let mut other = calls(&port, &preamble(1, LABEL, [2; 8]));
    sleep(Duration::from_millis(50));
    let (here, _there) = common::link(&port, &all[1], "dealer", &address(&port));
    assert_eq!(here.peer(), "speaker");
    // a whole one takes their place
    for stream in [&mut half, &mut other] {
        assert!(String::from_utf8_lossy(&rest(stream)).contains("takes the place of this one"));
    }
    // without one, their time is over, and nothing is said
    let mut half = calls(&port, &preamble(0, LABEL, [3; 8]));
    scope(|scope| {
        let accepting = scope.spawn(|| port.accept(&own(&["speaker"]), &LABEL, SOON * 8));
        assert_eq!(rest(&mut half), b"");
        assert!(!accepting.is_finished());
        assert!(accepting.join().unwrap().is_err());
    });
}

#[test]
fn a_connection_that_is_made_twice_or_says_too_much_is_no_call() {
    let all = identities(&["dealer", "speaker"], false);
    let port = listen(&all[0]);
    let _first = calls(&port, &preamble(0, LABEL, [1; 8]));
    sleep(Duration::from_millis(50));
    let answer = rest(&mut calls(&port, &preamble(0, LABEL, [1; 8])));
    assert!(String::from_utf8_lossy(&answer).contains("made before"));
    // more than a preamble before there is an answer
    let eager = [preamble(0, LABEL, [3; 8]), framed(1, b"early")].concat();
    let _streams = [calls(&port, &eager), calls(&port, &preamble(1, LABEL, [3; 8]))];
    missing(&port, &["speaker"]);
}

#[test]
fn a_caller_that_gave_up_is_not_taken_for_one_that_waits() {
    for secure in [false, true] {
        let all = identities(&["dealer", "party0", "party1"], secure);
        let port = listen(&all[0]);
        let through = address(&port);
        let names = own(&["party0", "party1"]);
        scope(|scope| {
            let group = scope.spawn(|| port.next_group(&names, LONG, LONG).unwrap().unwrap());
            // party 0 calls, and is gone before party 1 comes
            assert!(dial(&all[1], "dealer", &through, &LABEL, SOON).is_err());
            let other = scope.spawn(|| dial(&all[2], "dealer", &through, &LABEL, LONG).unwrap());
            sleep(SOON);
            assert!(!group.is_finished() && !other.is_finished());
            let again = dial(&all[1], "dealer", &through, &LABEL, LONG).unwrap();
            let (_, mut links) = group.join().unwrap();
            let mut here = Tcp::new(links.drain(..).map(Some).collect(), &PATIENT);
            let mut there = [Tcp::new(vec![Some(again)], &PATIENT), Tcp::new(vec![Some(other.join().unwrap())], &PATIENT)];
            for (k, party) in there.iter_mut().enumerate() {
                party.send(0, &[k as u8]).unwrap();
                let mut message = vec![];
                here.receive(k, 1, &mut message).unwrap();
                assert_eq!(message, [k as u8]);
            }
        });
    }
}

#[test]
fn sessions_form_side_by_side_under_their_labels() {
    let all = identities(&["dealer", "party0", "party1"], true);
    let port = listen(&all[0]);
    let through = address(&port);
    let names = own(&["party0", "party1"]);
    scope(|scope| {
        let call = |who: usize, label: u8| {
            let (all, through) = (&all, &through);
            scope.spawn(move || Tcp::new(vec![Some(dial(&all[who], "dealer", through, &[label; 16], LONG).unwrap())], &PATIENT))
        };
        // crosswise: neither is whole before the third call
        let (a0, b1) = (call(1, 1), call(2, 2));
        sleep(SOON);
        assert!(port.next_group(&names, LONG, Duration::ZERO).unwrap().is_none());
        let b0 = call(1, 2);
        let (label, links) = port.next_group(&names, LONG, LONG).unwrap().unwrap();
        assert_eq!((label, links.iter().map(Link::peer).collect::<Vec<_>>()), ([2; 16], vec!["party0", "party1"]));
        let mut b = Tcp::new(links.into_iter().map(Some).collect(), &PATIENT);
        let a1 = call(2, 1);
        let (label, links) = port.next_group(&names, LONG, LONG).unwrap().unwrap();
        assert_eq!(label, [1; 16]);
        let mut a = Tcp::new(links.into_iter().map(Some).collect(), &PATIENT);
        for (dealer, parties, text) in [(&mut a, [a0, a1], b"a"), (&mut b, [b0, b1], b"b")] {
            for (k, party) in parties.into_iter().enumerate() {
                dealer.send(k, text).unwrap();
                let mut message = vec![];
                party.join().unwrap().receive(0, 1, &mut message).unwrap();
                assert_eq!(message, text);
            }
        }
    });
}

#[test]
fn a_dealer_two_parties_and_a_client_come_together_in_any_order() {
    let names = ["dealer", "party0", "party1", "client"];
    let all = identities(&names, true);
    let ports: Vec<Listener> = all[..3].iter().map(listen).collect();
    let addresses: Vec<String> = ports.iter().map(address).collect();
    // who starts when
    for late in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        scope(|scope| {
            let (all, ports, addresses) = (&all, &ports, &addresses);
            let call = move |me: usize, whom: usize| {
                let link = dial(&all[me], names[whom], &addresses[whom], &LABEL, LONG).unwrap();
                assert_eq!(link.peer(), names[whom]);
                link
            };
            let taken = move |me: usize, whom: &[&str]| ports[me].accept(&own(whom), &LABEL, LONG).unwrap().len();
            let start = move |me: usize| sleep(Duration::from_millis(40) * late[me]);
            let dealer = scope.spawn(move || {
                start(0);
                ports[0].next_group(&own(&["party0", "party1"]), LONG, LONG).unwrap().unwrap().1.len()
            });
            let first = scope.spawn(move || {
                start(1);
                let _link = call(1, 0);
                taken(1, &["party1", "client"])
            });
            let second = scope.spawn(move || {
                start(2);
                let _links = [call(2, 0), call(2, 1)];
                taken(2, &["client"])
            });
            start(3);
            let _links = [call(3, 1), call(3, 2)];
            assert_eq!([dealer, first, second].map(|thread| thread.join().unwrap()), [2, 2, 1]);
        });
    }
}

#[test]
fn a_set_that_stays_incomplete_is_told() {
    let all = identities(&["dealer", "party0", "party1"], true);
    let port = listen(&all[0]);
    let through = address(&port);
    scope(|scope| {
        let alone = scope.spawn(|| dial(&all[1], "dealer", &through, &LABEL, LONG).unwrap_err());
        assert!(port.next_group(&own(&["party0", "party1"]), SOON, SOON * 4).unwrap().is_none());
        let text = alone.join().unwrap().to_string();
        assert!(text.contains("`dealer`") && text.contains("party1 did not call within"), "{text}");
        let alone = scope.spawn(|| dial(&all[1], "dealer", &through, &LABEL, LONG).unwrap_err());
        let missing = port.accept(&own(&["party0", "party1"]), &LABEL, SOON).unwrap_err();
        assert!(matches!(missing, NetError::Missing { names, .. } if names == ["party1"]));
        assert!(alone.join().unwrap().to_string().contains("party1 did not call in time"));
    });
}

#[test]
fn names_that_are_expected_are_names_and_different() {
    let port = listen(&identities(&["dealer"], false)[0]);
    for names in [["party0", "party0"], ["party0", "Party1"]] {
        assert!(matches!(port.accept(&own(&names), &LABEL, LONG), Err(NetError::Name { .. })));
        assert!(matches!(port.next_group(&own(&names), LONG, LONG), Err(NetError::Name { .. })));
    }
}

#[test]
fn the_same_name_twice_is_noticed() {
    let all = identities(&["dealer", "speaker"], true);
    let port = listen(&all[0]);
    let through = address(&port);
    scope(|scope| {
        let call = || scope.spawn(|| dial(&all[1], "dealer", &through, &LABEL, LONG));
        let first = call();
        sleep(SOON);
        let second = call();
        let text = first.join().unwrap().unwrap_err().to_string();
        assert!(text.contains("is the program running twice?"), "{text}");
        port.accept(&own(&["speaker"]), &LABEL, LONG).unwrap();
        assert!(second.join().unwrap().is_ok());
    });
}

#[test]
fn a_listener_that_is_dropped_frees_its_port_and_ends_who_waits() {
    let all = identities(&["dealer", "speaker"], true);
    let port = listen(&all[0]);
    let through = address(&port);
    scope(|scope| {
        let waiting = scope.spawn(|| dial(&all[1], "dealer", &through, &LABEL, LONG));
        sleep(SOON);
        drop(port);
        // the caller tries again, and gets through to the next one
        let port = Listener::bind(&through, &all[0]).unwrap();
        port.accept(&own(&["speaker"]), &LABEL, LONG).unwrap();
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn handshakes_that_are_spoilt_end_in_errors_and_never_in_a_panic() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // threads of the listener, and those of this test
        if std::thread::current().name().is_some_and(|name| ["caller", "spoilt"].contains(&name)) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
    let all = identities(&["dealer", "speaker"], true);
    let port = Listener::bind_with("127.0.0.1:0", &all[0], SOON).unwrap();
    let line = Spoiled::to(port.local_address());
    scope(|scope| {
        for at in (0..3000).step_by(83) {
            line.set(Line::Flip(at));
            let call = || {
                let _ = dial(&all[1], "dealer", &line.address, &LABEL, Duration::from_millis(30));
            };
            std::thread::Builder::new().name("spoilt".into()).spawn_scoped(scope, call).unwrap().join().unwrap();
        }
        for seed in 0..100 {
            let _ = TcpStream::connect(port.local_address()).unwrap().write_all(&noise(3000, seed));
            let record = [&[0x16, 3, 1, 1, 0], noise(256, seed).as_slice(), &[0x14, 3, 3, 0, 1, 1], &[0x17, 3, 3, 0, 3, 0, 0, 0]].concat();
            let _ = TcpStream::connect(port.local_address()).unwrap().write_all(&record);
        }
    });
    line.set(Line::Pass);
    common::link(&port, &all[1], "dealer", &address(&port));
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
}
