//! Messages between endpoints over TCP: whole, in order, of any length, both ways at once, plain and under TLS.

mod common;

use common::{IMPATIENT, LONG, PATIENT, SOON, noise, parties};
use std::thread::{scope, sleep};
use std::time::Duration;
use undertone_net::{LinkError, Tcp, Transport};

/// Runs one function at every endpoint.
fn at_all<R: Send>(all: &mut [Tcp], run: impl Fn(usize, &mut Tcp) -> R + Sync) -> Vec<R> {
    scope(|scope| {
        let run = &run;
        let threads: Vec<_> = all.iter_mut().enumerate().map(|(me, one)| scope.spawn(move || run(me, one))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    })
}

#[test]
fn messages_of_all_lengths_arrive_whole_and_in_order() {
    // around the borders of buffers and records, and empty
    let lengths = [0, 1, 7, 8, 16, 100, 16_367, 16_368, 16_376, 16_384, 16_385, 65_536, 65_520, 90_112, 90_113, 1_000_003, 0, 0, 3];
    for secure in [false, true] {
        let mut all = parties(2, secure, PATIENT);
        at_all(&mut all, |me, one| {
            let mut message = vec![1; 50];
            for (k, len) in lengths.into_iter().enumerate() {
                if me == 0 {
                    one.send(1, &noise(len, k as u64)).unwrap();
                } else {
                    one.receive(0, len, &mut message).unwrap();
                    assert!(message == noise(len, k as u64), "message {k} of {len} bytes, TLS: {secure}");
                }
            }
        });
    }
}

#[test]
fn many_small_messages_keep_their_order_both_ways() {
    for secure in [false, true] {
        let mut all = parties(2, secure, PATIENT);
        at_all(&mut all, |me, one| {
            for k in 0..2000u32 {
                one.send(1 - me, &k.to_le_bytes()).unwrap();
            }
            let mut message = vec![];
            for k in 0..2000u32 {
                one.receive(1 - me, 4, &mut message).unwrap();
                assert_eq!(message, k.to_le_bytes());
            }
        });
    }
}

#[test]
fn large_exchanges_block_nobody() {
    for secure in [false, true] {
        for count in [2, 3] {
            let mut all = parties(count, secure, PATIENT);
            at_all(&mut all, |me, one| {
                let mut peers = vec![vec![]; count - 1];
                for (round, len) in [8 << 20, 100, 8 << 20, 0, 5_000_001].into_iter().enumerate() {
                    one.exchange(me, &noise(len, (round * 10 + me) as u64), &mut peers).unwrap();
                    for (k, message) in peers.iter().enumerate() {
                        let from = if k < me { k } else { k + 1 };
                        assert!(*message == noise(len, (round * 10 + from) as u64), "round {round} from {from} to {me}, TLS: {secure}");
                    }
                }
            });
        }
    }
}

#[test]
fn in_an_exchange_each_pair_may_have_a_length_of_its_own_and_may_have_nothing_to_say() {
    let length = |big: usize, from: usize, to: usize| if (from + to).is_multiple_of(4) { 0 } else { big * (1 + from) + to };
    for secure in [false, true] {
        for count in [3, 5] {
            let mut all = parties(count, secure, PATIENT);
            at_all(&mut all, |me, one| {
                for big in [0, 1, 300_000, 3 << 20] {
                    let own: Vec<Vec<u8>> = (0..count).map(|to| noise(length(big, me, to), (me * 9 + to) as u64)).collect();
                    // what is left of an earlier round is in the way of nothing
                    let mut peers = vec![vec![7; 3]; count - 1];
                    one.exchange_each(me, &|k| &own[k], &|k| length(big, k, me), &mut peers).unwrap();
                    for (k, message) in peers.iter().enumerate() {
                        let from = if k < me { k } else { k + 1 };
                        let expected = noise(length(big, from, me), (from * 9 + me) as u64);
                        assert!(*message == expected, "from {from} to {me}, {big} bytes, TLS: {secure}");
                    }
                }
            });
        }
    }
}

#[test]
fn an_exchange_of_different_lengths_is_an_error() {
    for (own, peer) in [(4, 3), (3, 4)] {
        let mut all = parties(2, false, PATIENT);
        let errors = at_all(&mut all, |me, one| one.exchange(me, &vec![0; if me == 0 { own } else { peer }], &mut [vec![]]));
        assert_eq!(errors[0], Err(LinkError::Length { endpoint: 1, expected: own, found: peer }));
    }
}

#[test]
fn one_large_way_at_a_time_needs_no_exchange() {
    // 2 deals to 1, 1 sends to 0, who is busy for a while
    let mut all = parties(3, true, PATIENT);
    at_all(&mut all, |me, one| {
        let mut message = vec![];
        match me {
            2 => one.send(1, &noise(8 << 20, 1)).unwrap(),
            1 => {
                one.send(0, &noise(8 << 20, 2)).unwrap();
                one.receive(2, 8 << 20, &mut message).unwrap();
                assert!(message == noise(8 << 20, 1));
            }
            _ => {
                sleep(Duration::from_millis(100));
                one.receive(1, 8 << 20, &mut message).unwrap();
                assert!(message == noise(8 << 20, 2));
            }
        }
    });
}

#[test]
fn an_oversized_message_is_refused_before_there_is_room_for_it() {
    for secure in [false, true] {
        let mut all = parties(2, secure, PATIENT);
        all[1].send(0, &[5; 1000]).unwrap();
        let mut message = Vec::new();
        assert_eq!(all[0].receive(1, 999, &mut message), Err(LinkError::Length { endpoint: 1, expected: 999, found: 1000 }));
        assert_eq!(message.capacity(), 0);
        assert_eq!(all[0].receive(1, 1000, &mut message), Err(LinkError::Closed(1)), "nobody knows where the next message starts");
    }
}

#[test]
fn silence_is_reported_and_does_not_end_the_link() {
    for secure in [false, true] {
        let mut all = parties(2, secure, IMPATIENT);
        let mut message = vec![];
        assert_eq!(all[0].receive(1, 9, &mut message), Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
        all[1].send(0, b"here").unwrap();
        all[0].receive(1, 9, &mut message).unwrap();
        assert_eq!(message, b"here");
    }
}

#[test]
fn patience_is_set_for_a_while_and_taken_back() {
    let mut all = parties(2, false, IMPATIENT);
    let mut message = vec![];
    all[0].patience(Some(LONG));
    let mut late = all.pop().unwrap();
    scope(|scope| {
        scope.spawn(|| {
            sleep(SOON * 2);
            late.send(0, b"late").unwrap();
        });
        all[0].receive(1, 9, &mut message).unwrap();
        assert_eq!(message, b"late");
    });
    all[0].patience(Some(Duration::from_secs(1)));
    assert_eq!(all[0].receive(1, 9, &mut message), Err(LinkError::Stalled { endpoint: 1, seconds: 1 }));
    all[0].patience(None);
    assert_eq!(all[0].receive(1, 9, &mut message), Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
}

#[test]
fn a_peer_that_takes_nothing_stalls_the_sender_and_then_the_link_is_dead() {
    for secure in [false, true] {
        let mut all = parties(2, secure, IMPATIENT);
        assert_eq!(all[0].send(1, &vec![0; 64 << 20]), Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
        assert_eq!(all[0].send(1, &[0]), Err(LinkError::Closed(1)), "half a message is out");
        // in an exchange, too
        let mut all = parties(2, secure, IMPATIENT);
        let result = all[0].exchange(0, &vec![0; 64 << 20], &mut [vec![]]);
        assert_eq!(result, Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
    }
}

#[test]
fn who_leaves_is_noticed_at_once() {
    for secure in [false, true] {
        let mut all = parties(3, secure, PATIENT);
        let mut message = vec![];
        all[2].send(0, b"the last word").unwrap();
        drop(all.pop());
        all[0].receive(2, 20, &mut message).unwrap();
        assert_eq!(message, b"the last word", "what was sent before arrives");
        assert_eq!(all[0].receive(2, 20, &mut message), Err(LinkError::Closed(2)));
        assert_eq!(all[1].receive(2, 20, &mut message), Err(LinkError::Closed(2)));
        // the system takes a message or two before it knows
        let last = (0..50).map(|_| (sleep(Duration::from_millis(5)), all[0].send(2, &[0; 100])).1).find(Result::is_err);
        assert_eq!(last, Some(Err(LinkError::Closed(2))));
        // the others go on
        all[1].send(0, b"x").unwrap();
        all[0].receive(1, 1, &mut message).unwrap();
    }
}

#[test]
fn a_peer_that_leaves_during_a_large_exchange_wakes_the_senders() {
    for secure in [false, true] {
        let mut all = parties(3, secure, PATIENT);
        let errors = at_all(&mut all, |me, one| {
            if me == 2 {
                sleep(Duration::from_millis(50));
                *one = Tcp::new(vec![], &PATIENT);
                return Ok(());
            }
            one.exchange(me, &noise(16 << 20, 0), &mut [vec![], vec![]])
        });
        // the first to notice ends its links, so the other one may hear of it there
        assert!(errors[..2].iter().all(|e| matches!(e, Err(LinkError::Closed(_)))), "{errors:?}");
        assert!(errors[..2].contains(&Err(LinkError::Closed(2))), "{errors:?}");
    }
}

#[test]
fn an_exchange_that_fails_ends_the_links_so_that_nobody_waits_for_the_other_half() {
    for secure in [false, true] {
        let mut all = parties(2, secure, IMPATIENT);
        assert!(all[0].exchange(0, &vec![0; 64 << 20], &mut [vec![]]).is_err());
        all[1].patience(Some(LONG));
        assert_eq!(all[1].receive(0, 64 << 20, &mut vec![]), Err(LinkError::Closed(0)));
    }
}

#[test]
fn there_is_no_link_to_oneself_or_to_nobody() {
    let mut all = parties(2, false, PATIENT);
    for other in [0, 2] {
        assert_eq!(all[0].send(other, b"x"), Err(LinkError::Unknown(other)));
        assert_eq!(all[0].receive(other, 1, &mut vec![]), Err(LinkError::Unknown(other)));
    }
    assert_eq!(all[0].exchange(0, b"x", &mut [vec![], vec![]]), Err(LinkError::Unknown(2)));
}
