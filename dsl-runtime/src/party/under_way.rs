//! The steps of a run that are under way side by side: each is a sequence of phases that stops at every exchange.
//!
//! A step owns what it works on: its correlations, and the values that it reads together with others. So it can stop and go on while other steps begin and end, and what
//! nobody else reads is given back when it ends.

use super::mail::{Mail, Way};
use super::unpack::{Counted, Mask};
use crate::plan::Opening;
use crate::protocol::release::Release;
use crate::protocol::{Correlations, Phases, Seat, open};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::cell::RefCell;
use std::rc::Rc;
use undertone_ring::Word;
use undertone_ring::words::{add_words, append_bytes, word_bytes};
use zeroize::Zeroizing;

/// The share, or the opened value, of a step: padded to whole groups.
pub(super) type Value<W> = Zeroizing<Vec<W>>;

/// A step that has begun.
pub(super) struct UnderWay<W: Word> {
    /// Its number.
    pub step: usize,
    /// How its messages travel, the next one first.
    pub ways: std::vec::IntoIter<Way>,
    /// What it sends and receives.
    pub mail: Rc<RefCell<Mail>>,
    work: Pin<Box<dyn Future<Output = Ended<W>>>>,
}

/// What a step leaves.
pub(super) enum Ended<W: Word> {
    /// Its value.
    Value(Value<W>),
    /// An opened value, and this party's part of its mask, if it has sent.
    Opened(Value<W>, Option<Mask<W>>),
    /// What a release opened to this party, if it is a receiver.
    Released(Option<Vec<i64>>),
}

impl<W: Word> UnderWay<W> {
    /// A step that goes on until its first exchange when it is [asked](Self::go_on) to.
    pub(super) fn new(step: usize, ways: Vec<Way>, mail: &Rc<RefCell<Mail>>, work: impl Future<Output = Ended<W>> + 'static) -> Self {
        Self { step, ways: ways.into_iter(), mail: mail.clone(), work: Box::pin(work) }
    }

    /// The memory of its messages, when it is over.
    pub(super) fn ended(self) -> Option<Mail> {
        drop(self.work);
        Rc::into_inner(self.mail).map(RefCell::into_inner)
    }

    /// Goes on to the next exchange, or to the end.
    pub(super) fn go_on(&mut self) -> Option<Ended<W>> {
        match self.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => None,
        }
    }
}

/// Until the messages of this round are there.
async fn exchanged() {
    let mut asked = false;
    core::future::poll_fn(|_| if core::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// The phases of a protocol on a share.
pub(super) async fn protocol<W: Word>(
    seat: Seat,
    correlations: Counted<Box<dyn Correlations<W>>>,
    x: Rc<Value<W>>,
    rounds: usize,
    mail: Rc<RefCell<Mail>>,
    mut result: Value<W>,
) -> Ended<W> {
    drive(correlations.run(seat, &x).as_mut(), rounds, &mail, &mut result).await;
    Ended::Value(result)
}

async fn drive<W: Word>(phases: &mut dyn Phases<W>, rounds: usize, mail: &RefCell<Mail>, result: &mut [W]) {
    for k in 0..=rounds {
        mail.borrow_mut().phase(k == 0, |round, out| phases.phase(k, round, out, result));
        if k < rounds {
            exchanged().await;
        }
    }
}

/// The opening of a wire by everybody to everybody.
pub(super) async fn opening<W: Word>(n: u32, x: Rc<Value<W>>, mask: Mask<W>, mail: Rc<RefCell<Mail>>, mut result: Value<W>) -> Ended<W> {
    drive(&mut open::run(n, &x, &mask), 1, &mail, &mut result).await;
    Ended::Opened(result, Some(mask))
}

/// The opening of a wire of `len` elements that one party sends, or that one party learns.
pub(super) async fn one_way<W: Word>(
    (opening, seat, n): (Opening, Seat, u32),
    len: usize,
    x: Rc<Value<W>>,
    mask: Option<Mask<W>>,
    mail: Rc<RefCell<Mail>>,
    mut result: Value<W>,
) -> Ended<W> {
    // whoever learns adds its own share, masked if it has sent it
    let own = &mut result[..len];
    mail.borrow_mut().phase(true, |_, out| {
        if let Some(mask) = &mask {
            own.iter_mut().zip(x.iter().zip(mask.iter())).for_each(|(r, (x, mask))| *r = x.add(*mask));
            append_bytes(n, own, out);
        } else {
            own.iter_mut().zip(x.iter()).for_each(|(r, x)| *r = *x);
            // nothing is sent, but the length counts
            out.resize(word_bytes(n, W::BITS, len), 0);
        }
    });
    if opening.is_sent() {
        exchanged().await;
    }
    mail.borrow_mut().phase(false, |round, _| {
        if !opening.learns(seat.party) {
            return;
        }
        let peers = (0..seat.parties).filter(|p| *p != seat.party).zip(round.peers);
        for (_, message) in peers.filter(|(p, _)| opening.sends(*p)) {
            add_words(n, message, own);
        }
    });
    Ended::Opened(result, mask)
}

/// A release of `len` elements, from this party's share (whole groups) and its share of zero.
pub(super) async fn release<W: Word>(
    (release, seat): (Release, Seat),
    len: usize,
    x: Rc<Value<W>>,
    zeta: Value<W>,
    learns: bool,
    mail: Rc<RefCell<Mail>>,
) -> Ended<W> {
    mail.borrow_mut().phase(true, |_, out| release.send(seat, &x, &zeta, out));
    exchanged().await;
    let mut values = None;
    mail.borrow_mut().phase(false, |round, _| values = learns.then(|| release.combine::<W>(round, len)));
    Ended::Released(values)
}
