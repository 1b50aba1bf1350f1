//! The transport within one process: a queue for each direction, whose buffers go back to the sender and are used again.

use super::{LinkError, Transport};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

/// How long a message is waited for: far longer than any step takes, so that only a stalled endpoint meets it.
const PATIENCE: Duration = Duration::from_mins(5);

/// How often a queue is looked at before the thread goes to sleep; waking one costs as much as some thousand looks.
const SPINS: u32 = 3000;

/// An endpoint within this process.
pub struct Memory {
    links: Vec<Option<Link>>,
    /// What it is now, and what it goes back to.
    patience: Duration,
    usual: Duration,
}

struct Link {
    out: Sender<Vec<u8>>,
    spare: Receiver<Vec<u8>>,
    inbox: Receiver<Vec<u8>>,
    give_back: Sender<Vec<u8>>,
}

/// Endpoints that are all connected with each other.
pub fn network(endpoints: usize) -> Vec<Memory> {
    let mut all: Vec<Memory> =
        (0..endpoints).map(|_| Memory { links: (0..endpoints).map(|_| None).collect(), patience: PATIENCE, usual: PATIENCE }).collect();
    for a in 0..endpoints {
        for b in a + 1..endpoints {
            let ((to_b, from_a), (to_a, from_b)) = (channel(), channel());
            let ((back_a, spare_a), (back_b, spare_b)) = (channel(), channel());
            all[a].links[b] = Some(Link { out: to_b, spare: spare_a, inbox: from_b, give_back: back_b });
            all[b].links[a] = Some(Link { out: to_a, spare: spare_b, inbox: from_a, give_back: back_a });
        }
    }
    all
}

impl Memory {
    /// The same endpoint, waiting no longer than this for a message.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        (self.patience, self.usual) = (patience, patience);
        self
    }

    fn link(&mut self, endpoint: usize) -> Result<&mut Link, LinkError> {
        self.links.get_mut(endpoint).and_then(Option::as_mut).ok_or(LinkError::Unknown(endpoint))
    }
}

impl Transport for Memory {
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError> {
        let link = self.link(to)?;
        let mut buffer = link.spare.try_recv().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(message);
        link.out.send(buffer).map_err(|_| LinkError::Closed(to))
    }

    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError> {
        let patience = self.patience;
        let link = self.link(from)?;
        let mut spins = 0;
        let mut arrived = loop {
            match link.inbox.try_recv() {
                Ok(buffer) => break buffer,
                Err(TryRecvError::Disconnected) => return Err(LinkError::Closed(from)),
                Err(TryRecvError::Empty) if spins < SPINS => {
                    spins += 1;
                    core::hint::spin_loop();
                }
                Err(TryRecvError::Empty) => match link.inbox.recv_timeout(patience) {
                    Ok(buffer) => break buffer,
                    Err(RecvTimeoutError::Timeout) => return Err(LinkError::Stalled { endpoint: from, seconds: patience.as_secs() }),
                    Err(RecvTimeoutError::Disconnected) => return Err(LinkError::Closed(from)),
                },
            }
        };
        if arrived.len() > limit {
            return Err(LinkError::Length { endpoint: from, expected: limit, found: arrived.len() });
        }
        core::mem::swap(message, &mut arrived);
        let _ = link.give_back.send(arrived); // the sender may be gone already; then nobody needs the buffer
        Ok(())
    }

    fn patience(&mut self, limit: Option<Duration>) {
        self.patience = limit.unwrap_or(self.usual);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_in_order_and_buffers_come_back() {
        let mut all = network(3);
        let mut c = all.pop().unwrap();
        let mut a = all.swap_remove(0);
        for round in 0..3u8 {
            a.send(2, &[round, 1]).unwrap();
            a.send(2, &[round, 2, 3]).unwrap();
            let mut message = vec![9; 50];
            c.receive(0, 10, &mut message).unwrap();
            assert_eq!(message, [round, 1]);
            c.receive(0, 10, &mut message).unwrap();
            assert_eq!(message, [round, 2, 3]);
        }
    }

    #[test]
    fn a_gone_a_silent_and_a_talkative_peer_are_errors() {
        let mut all = network(2);
        let b = all.pop().unwrap();
        let mut a = all.pop().unwrap().with_patience(Duration::from_millis(1));
        let mut message = vec![];
        assert_eq!(a.receive(1, 4, &mut message), Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
        a.patience(Some(Duration::from_secs(1)));
        assert_eq!(a.receive(1, 4, &mut message), Err(LinkError::Stalled { endpoint: 1, seconds: 1 }));
        a.patience(None);
        assert_eq!(a.receive(1, 4, &mut message), Err(LinkError::Stalled { endpoint: 1, seconds: 0 }));
        let mut b = b;
        b.send(0, &[0; 5]).unwrap();
        assert_eq!(a.receive(1, 4, &mut message), Err(LinkError::Length { endpoint: 1, expected: 4, found: 5 }));
        b.send(0, &[0; 3]).unwrap();
        let mut peers = [vec![]];
        assert_eq!(a.exchange(0, &[0; 4], &mut peers), Err(LinkError::Length { endpoint: 1, expected: 4, found: 3 }));
        drop(b);
        assert_eq!(a.receive(1, 4, &mut message), Err(LinkError::Closed(1)));
        assert_eq!(a.send(1, &[1]), Err(LinkError::Closed(1)));
        assert_eq!(a.send(7, &[1]), Err(LinkError::Unknown(7)));
    }
}
