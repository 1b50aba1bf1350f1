//! A line that spoils what goes over it: every message arrives as it was sent, or an error says what happened.

mod common;

use common::{IMPATIENT, Line, PATIENT, Spoiled, identities, link, listen, noise};
use std::thread::scope;
use std::time::Duration;
use undertone_net::{LinkError, Tcp, Timeouts, Transport};

/// Two parties with a line between them, which passes everything until a test sets it.
fn two(secure: bool, timeouts: Timeouts) -> (Tcp, Tcp, Spoiled) {
    let all = identities(&["party0", "party1"], secure);
    let port = listen(&all[0]);
    let line = Spoiled::to(port.local_address());
    let (here, there) = link(&port, &all[1], "party0", &line.address);
    (Tcp::new(vec![None, Some(here)], &timeouts), Tcp::new(vec![Some(there), None], &timeouts), line)
}

fn is_corrupt(result: &Result<(), LinkError>, parts: &[&str]) {
    let Err(LinkError::Corrupt { endpoint: 1, what }) = result else { panic!("{result:?}") };
    assert!(parts.iter().all(|part| what.contains(part)), "{parts:?} is not in: {what}");
}

#[test]
fn one_flipped_bit_is_found_wherever_it_is() {
    for secure in [false, true] {
        let framed = 300 + if secure { 8 } else { 16 };
        for at in (0..framed).step_by(7).chain([3, 4, 5, framed - 1]) {
            let (mut a, mut b, line) = two(secure, IMPATIENT);
            line.set(Line::Flip(at));
            b.send(0, &noise(300, 3)).unwrap();
            let mut message = vec![];
            let result = a.receive(1, 1000, &mut message);
            if secure && at < 5 {
                // the header of a record says how long it is and is not itself encrypted: a longer one never ends
                assert!(matches!(result, Err(LinkError::Corrupt { .. } | LinkError::Stalled { .. })), "byte {at}: {result:?}");
            } else {
                let what = match (secure, at) {
                    (true, _) => "TLS",
                    (false, 0..16) => "no header",
                    (false, _) => "wrong checksum",
                };
                is_corrupt(&result, &[what]);
            }
            if !matches!(result, Err(LinkError::Stalled { .. })) {
                assert_eq!(a.receive(1, 1000, &mut message), Err(LinkError::Closed(1)));
            }
        }
    }
}

#[test]
fn one_flipped_bit_deep_in_a_large_message_is_found() {
    for secure in [false, true] {
        let (mut a, mut b, line) = two(secure, PATIENT);
        line.set(Line::Flip(2_000_000));
        let results = scope(|scope| {
            let there = scope.spawn(|| b.exchange(1, &noise(4 << 20, 1), &mut [vec![]]));
            let here = a.exchange(0, &noise(4 << 20, 2), &mut [vec![]]);
            drop(a);
            [here, there.join().unwrap()]
        });
        // it was on the way of one of them; the other then misses its peer
        let corrupt = results.iter().filter(|r| matches!(r, Err(LinkError::Corrupt { .. }))).count();
        assert_eq!(corrupt, 1, "{results:?}");
    }
}

#[test]
fn a_repeated_message_is_found() {
    for secure in [false, true] {
        let (mut a, mut b, line) = two(secure, PATIENT);
        let mut message = vec![];
        line.set(Line::Repeat);
        b.send(0, b"once").unwrap();
        a.receive(1, 9, &mut message).unwrap();
        assert_eq!(message, b"once");
        is_corrupt(
            &a.receive(1, 9, &mut message),
            &[if secure { "TLS" } else { "message 1 came where 2 was due: a message was repeated" }],
        );
    }
}

#[test]
fn a_lost_message_is_found() {
    for secure in [false, true] {
        let (mut a, mut b, line) = two(secure, PATIENT);
        line.set(Line::Swallow);
        b.send(0, b"lost").unwrap();
        std::thread::sleep(Duration::from_millis(50)); // so that it is alone in what the line takes
        b.send(0, b"next").unwrap();
        is_corrupt(&a.receive(1, 9, &mut vec![]), &[if secure { "TLS" } else { "message 2 came where 1 was due: a message was lost" }]);
    }
}

#[test]
fn what_trickles_does_not_prolong_the_time() {
    for secure in [false, true] {
        let (mut a, mut b, line) = two(secure, IMPATIENT);
        line.set(Line::Trickle);
        b.send(0, &[1; 100]).unwrap(); // which takes 2 s and more
        assert_eq!(a.receive(1, 100, &mut vec![]), Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
    }
}

#[test]
fn a_short_look_for_a_message_does_not_end_one_that_is_on_its_way() {
    for secure in [false, true] {
        let (mut a, mut b, line) = two(secure, PATIENT);
        a.patience(Some(Duration::from_millis(5)));
        line.set(Line::Trickle);
        b.send(0, &[7; 20]).unwrap();
        let mut message = vec![];
        while let Err(e) = a.receive(1, 20, &mut message) {
            assert!(matches!(e, LinkError::Stalled { .. }), "{e}");
        }
        assert_eq!(message, [7; 20]);
    }
}

#[test]
fn a_line_that_is_cut_in_a_message_is_an_end() {
    for secure in [false, true] {
        for at in [0, 5, 100, 70_000] {
            let (mut a, mut b, line) = two(secure, PATIENT);
            line.set(Line::Cut(at));
            let _ = b.send(0, &vec![1; 200_000]);
            assert_eq!(a.receive(1, 200_000, &mut vec![]), Err(LinkError::Closed(1)));
        }
    }
}
