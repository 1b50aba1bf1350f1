//! Endpoints that vanish, stall or send something else than they should: every party reports it, none hangs, none panics, whether it unpacks its tape before it runs or as it
//! runs.

mod common;

use common::{SIDE, network as small, weights};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use undertone_runtime::net::{LinkError, Memory, Transport, network};
use undertone_runtime::{Error, Plan, Result, Session, Settings, World, dealer};

/// What a faulty endpoint does with one of the messages that it sends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Leaves for good.
    Vanish,
    /// Never sends it.
    Swallow,
    /// Sends one byte less.
    Shorten,
    /// Sends one byte more.
    Lengthen,
    /// Sends nothing but noise of the same length.
    Garble,
}

/// A transport that behaves until the message with this number.
struct Faulty {
    inner: Option<Memory>,
    fault: Fault,
    at: usize,
    /// Messages that this endpoint sent over all of its links.
    sent: Arc<AtomicUsize>,
    /// Whether it has left for good.
    gone: Arc<AtomicBool>,
}

impl Transport for Faulty {
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError> {
        if self.gone.load(Ordering::SeqCst) {
            self.inner = None;
        }
        let sent = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let Some(inner) = &mut self.inner else { return Err(LinkError::Closed(to)) };
        if sent != self.at {
            return inner.send(to, message);
        }
        match self.fault {
            Fault::Vanish => {
                self.gone.store(true, Ordering::SeqCst);
                self.inner = None;
                Err(LinkError::Closed(to))
            }
            Fault::Swallow => Ok(()),
            Fault::Shorten => inner.send(to, &message[..message.len().saturating_sub(1)]),
            Fault::Lengthen => inner.send(to, &[message, &[7]].concat()),
            Fault::Garble => {
                inner.send(to, &message.iter().enumerate().map(|(i, b)| b ^ (i as u8).wrapping_mul(91) ^ 0x5a).collect::<Vec<_>>())
            }
        }
    }

    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError> {
        self.inner.as_mut().ok_or(LinkError::Closed(from))?.receive(from, limit, message)
    }

    fn patience(&mut self, limit: Option<Duration>) {
        if let Some(inner) = &mut self.inner {
            inner.patience(limit);
        }
    }
}

/// Runs the small network with one endpoint that misbehaves at its `at`-th message, to its peer or to the dealer; the results of both parties.
fn run_with(culprit: usize, fault: Fault, at: usize) -> Vec<Result<Vec<f32>>> {
    run_as(culprit, fault, at, [false, false])
}

/// The same; some parties stream.
fn run_as(culprit: usize, fault: Fault, at: usize, streams: [bool; 2]) -> Vec<Result<Vec<f32>>> {
    // only a message that never comes needs the patience to end; a busy machine must not end it otherwise
    let waits = fault == Fault::Swallow || (fault == Fault::Shorten && culprit == 2); // a tape comes in pieces of any length
    let patience = Duration::from_millis(if waits { 400 } else { 10_000 });
    let sent = Arc::new(AtomicUsize::new(0));
    let gone = Arc::new(AtomicBool::new(false));
    let faulty = |i: usize, link: Memory| -> Box<dyn Transport> {
        let link = link.with_patience(patience);
        if i == culprit {
            Box::new(Faulty { inner: Some(link), fault, at, sent: sent.clone(), gone: gone.clone() })
        } else {
            Box::new(link)
        }
    };
    let peers: Vec<Box<dyn Transport>> = network(3).into_iter().take(2).enumerate().map(|(i, link)| faulty(i, link)).collect();
    let mut dealer: Vec<Box<dyn Transport>> = network(3).into_iter().enumerate().map(|(i, link)| faulty(i, link)).collect();
    std::thread::scope(|scope| {
        let service = dealer.pop();
        scope.spawn(move || dealer::serve(service.unwrap().as_mut(), 2));
        let threads: Vec<_> = peers
            .into_iter()
            .zip(dealer)
            .enumerate()
            .map(|(party, (peers, dealer))| scope.spawn(move || party_run(party, peers, dealer, streams[party])))
            .collect();
        threads.into_iter().map(|t| t.join().expect("no party panics")).collect()
    })
}

fn party_run(party: usize, peers: Box<dyn Transport>, dealer: Box<dyn Transport>, stream: bool) -> Result<Vec<f32>> {
    let (plan, weights, x) = (Plan::new(&small(), &Settings::default())?, weights(), vec![0.5; 2 * SIDE * SIDE]);
    let mut session = Session::over(party, 2, peers, dealer)?.streaming(stream);
    let mine: &[(usize, &[f32])] = if party == 0 { &[(0, &x)] } else { &[] };
    let mut run = || session.run_once(&plan, (party == 1).then_some(&weights), (party == 0).then_some(2), mine);
    let outcome = run();
    assert!(outcome.is_ok() || run().is_err(), "a session goes on after an error");
    Ok(outcome?.opened.real("output").to_vec())
}

/// What the dealer says last, when a party has left: nobody has to hear it.
const LAST_WORDS: u8 = 3;

/// The number of messages that an endpoint sends in one run.
fn messages(endpoint: usize) -> usize {
    let taps: Vec<undertone_runtime::net::Sent> = (0..3).map(|_| undertone_runtime::net::Sent::default()).collect();
    let x = vec![0.5; 2 * SIDE * SIDE];
    World::seeded(1).tapped(taps.clone()).predict_graph(&small(), &weights(), &[&x], 2, &mut |_| {}).unwrap();
    let sent = taps[endpoint].lock().unwrap();
    sent.iter().filter(|(_, message)| !(endpoint == 2 && message.len() == 2 && message[0] == LAST_WORDS)).count()
}

#[test]
fn without_a_fault_the_client_learns_the_output_and_the_server_nothing() {
    let results = run_with(0, Fault::Vanish, usize::MAX);
    assert_eq!((results[0].as_ref().unwrap().len(), results[1].as_ref().unwrap().len()), (6, 0));
}

#[test]
fn an_endpoint_that_vanishes_at_any_message_is_noticed_by_a_party_that_still_needs_it() {
    for culprit in 0..3 {
        let all = messages(culprit);
        assert!(all > 5, "endpoint {culprit} sends {all} messages");
        for at in 1..=all {
            let results = run_with(culprit, Fault::Vanish, at);
            // after its last message a party owes nobody anything any more
            let others: Vec<usize> = (0..2).filter(|p| *p != culprit).collect();
            let noticed = others.iter().filter(|p| results[**p].is_err()).count();
            assert!(noticed > 0, "endpoint {culprit} vanished at message {at} of {all}, and nobody noticed");
            for error in results.iter().filter_map(|r| r.as_ref().err()) {
                assert!(matches!(error, Error::Gone { .. } | Error::Ended { .. }), "{error}");
            }
        }
    }
}

#[test]
fn whoever_vanishes_in_the_middle_of_a_streamed_run_is_named() {
    let all = messages(2);
    for streams in [[true, true], [false, true], [true, false]] {
        // the welcome, the masks of the weights and the tape, said to both parties; then the pieces
        for at in 7..=all {
            let [first, second]: [_; 2] = run_as(2, Fault::Vanish, at, streams).try_into().unwrap();
            let (first, second) = (first.unwrap_err(), second.unwrap_err());
            assert!(matches!(&first, Error::Gone { .. } | Error::Ended { .. }), "{first}");
            assert!(
                matches!(&second, Error::Gone { .. }) && second.to_string().contains("the dealer has closed"),
                "message {at}: {second}"
            );
        }
        for culprit in 0..2 {
            for at in 1..=messages(culprit) {
                let results = run_as(culprit, Fault::Vanish, at, streams);
                let error = results[1 - culprit].as_ref().err();
                assert!(error.is_some() || at == messages(culprit), "party {culprit} vanished at message {at}, and nobody noticed");
                for error in results.iter().filter_map(|r| r.as_ref().err()) {
                    assert!(matches!(error, Error::Gone { .. } | Error::Ended { .. }), "{error}");
                }
            }
        }
    }
    assert!(all > 12, "{all} messages of the dealer");
}

#[test]
fn pieces_of_another_length_are_noticed_before_a_streamed_run_releases_anything() {
    for fault in [Fault::Lengthen, Fault::Shorten] {
        for at in 7..=messages(2) {
            let results = run_as(2, fault, at, [true, true]);
            assert!(results.iter().all(Result::is_err), "{fault:?} of message {at}: {results:?}");
        }
    }
}

#[test]
fn messages_of_another_length_are_errors_that_say_where() {
    for culprit in 0..3 {
        let all = messages(culprit);
        for fault in [Fault::Shorten, Fault::Lengthen] {
            for at in (1..=all).step_by(3) {
                let results = run_with(culprit, fault, at);
                let errors: Vec<String> = results.iter().filter_map(|r| r.as_ref().err().map(ToString::to_string)).collect();
                assert!(!errors.is_empty(), "endpoint {culprit}: {fault:?} of message {at} was not noticed");
                assert!(errors.iter().all(|e| e.contains("party") && e.len() > 20), "{errors:?}");
            }
        }
    }
}

#[test]
fn a_message_that_never_comes_ends_in_an_error() {
    for culprit in 0..3 {
        for at in [1, messages(culprit) / 2, messages(culprit)] {
            let results = run_with(culprit, Fault::Swallow, at);
            assert!(results.iter().any(Result::is_err), "endpoint {culprit} swallowed message {at}");
        }
    }
}

#[test]
fn garbled_handshakes_and_plans_are_errors_not_panics() {
    for culprit in 0..3 {
        for at in 1..=5 {
            // masked payloads have no structure that could be checked: garbling them gives a wrong result of the right size; anything else, an error
            for result in run_with(culprit, Fault::Garble, at) {
                assert!(result.is_err() || result.is_ok_and(|output| output.is_empty() || output.len() == 6));
            }
        }
    }
    let results = run_with(0, Fault::Garble, 1);
    assert!(results[1].as_ref().unwrap_err().to_string().contains("connect"), "{results:?}");
}
