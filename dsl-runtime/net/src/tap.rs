//! A transport that writes down what an endpoint sends, for tests of what the others see.

use super::{LinkError, Transport};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What an endpoint sent: the receiver, and the message.
pub type Sent = Arc<Mutex<Vec<(usize, Vec<u8>)>>>;

/// A transport whose messages are written down as they are sent.
pub struct Tap<T> {
    inner: T,
    sent: Sent,
}

impl<T: Transport> Tap<T> {
    /// Writes what `inner` sends to `sent`.
    pub fn new(inner: T, sent: Sent) -> Self {
        Self { inner, sent }
    }
}

impl<T: Transport> Transport for Tap<T> {
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push((to, message.to_vec()));
        self.inner.send(to, message)
    }

    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError> {
        self.inner.receive(from, limit, message)
    }

    fn patience(&mut self, limit: Option<Duration>) {
        self.inner.patience(limit);
    }

    // the inner one's, which may be more than sending and then receiving
    fn exchange_each<'m>(
        &mut self,
        me: usize,
        own: &dyn Fn(usize) -> &'m [u8],
        expected: &dyn Fn(usize) -> usize,
        peers: &mut [Vec<u8>],
    ) -> Result<(), LinkError> {
        let others = (0..=peers.len()).filter(|k| *k != me);
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).extend(others.map(|k| (k, own(k).to_vec())));
        self.inner.exchange_each(me, own, expected, peers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network;

    #[test]
    fn what_is_sent_and_exchanged_is_written_down() {
        let mut all = network(3);
        let sent = Sent::default();
        let mut one = Tap::new(all.remove(1), sent.clone());
        for peer in &mut all {
            peer.send(1, b"they").unwrap();
        }
        let mut peers = [vec![], vec![]];
        one.exchange(1, b"mine", &mut peers).unwrap();
        one.send(0, b"more").unwrap();
        assert_eq!(peers, [b"they", b"they"]);
        let of = |to: usize, text: &[u8]| (to, text.to_vec());
        assert_eq!(*sent.lock().unwrap(), [of(0, b"mine"), of(2, b"mine"), of(0, b"more")]);
        one.patience(Some(Duration::ZERO));
        assert_eq!(one.receive(0, 1, &mut vec![]), Err(LinkError::Stalled { endpoint: 0, seconds: 0 }));
    }
}
