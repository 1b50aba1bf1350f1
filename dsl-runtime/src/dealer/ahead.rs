//! A tape that is being dealt on another thread, before it is asked for or while it is sent.

use super::pieces::Receiver;
use super::queue::{End, Queue};
use super::{WeightMasks, deal};
use crate::plan::Plan;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use undertone_ring::prg::Prg;

/// A set of weights: the plan that it belongs to, and its masks.
pub(super) type Set = Arc<(Plan, WeightMasks)>;

/// A tape on its way. Dropping it ends its making, between slices of a step; its id is never given to another tape.
pub(super) struct Ahead {
    pub tape: u64,
    /// The set of weights and the batch that it is for.
    pub serves: ([u8; 16], usize),
    queue: Arc<Queue>,
}

/// The thread that deals the tapes of a session, one after the other, so that it has its memory already. It starts with the first, and again if it has panicked.
#[derive(Default)]
pub(super) struct Maker {
    thread: Option<(Sender<Job>, JoinHandle<()>)>,
}

/// A tape that is to be dealt.
struct Job {
    /// Ends its queue wherever the job is dropped.
    out: Leave,
    set: Set,
    keys: Vec<Prg>,
    batch: usize,
}

/// Tells the reader of a queue that its maker is gone, however it went.
struct Leave(Arc<Queue>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.end(End::Broken);
    }
}

impl Receiver for &Leave {
    fn put(&mut self, piece: &[u8]) -> bool {
        self.0.push(&mut piece.to_vec())
    }

    fn take(&mut self, piece: &mut Vec<u8>) -> bool {
        self.0.push(piece)
    }

    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

impl Maker {
    /// Starts to deal tape `tape`, of which at most `limit` bytes wait, in the memory of earlier pieces.
    pub(super) fn start(
        &mut self,
        (tape, limit): (u64, usize),
        serves: ([u8; 16], usize),
        set: Set,
        keys: Vec<Prg>,
        spare: Vec<Vec<u8>>,
    ) -> std::io::Result<Ahead> {
        let queue = Arc::new(Queue::new(limit, spare));
        let mut job = Job { out: Leave(queue.clone()), set, keys, batch: serves.1 };
        if let Some((jobs, _)) = &self.thread {
            match jobs.send(job) {
                Ok(()) => return Ok(Ahead { tape, serves, queue }),
                Err(returned) => job = returned.0,
            }
        }
        let (jobs, next) = channel::<Job>();
        let thread = std::thread::Builder::new().name("tapes".into()).spawn(move || {
            for Job { out, set, keys, batch } in next {
                if deal(&set.0, &set.1, &keys, batch, &out) {
                    out.0.end(End::Complete);
                }
            }
        })?;
        // it has just begun to wait for one
        let _ = jobs.send(job);
        self.thread = Some((jobs, thread));
        Ok(Ahead { tape, serves, queue })
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if let Some((jobs, thread)) = self.thread.take() {
            drop(jobs);
            let _ = thread.join(); // if it has panicked, whoever waited for the tape says so
        }
    }
}

impl Ahead {
    /// Hands on the whole tape, piece by piece; returns the memory of the pieces. Nothing when its thread did not finish it.
    ///
    /// # Errors
    /// Those of `send`.
    pub(super) fn send<E>(self, mut send: impl FnMut(&[u8]) -> Result<(), E>) -> Result<Option<Vec<Vec<u8>>>, E> {
        let mut piece = Vec::new();
        loop {
            piece = match self.queue.pop(piece) {
                Ok(piece) => piece,
                Err(end) => return Ok((end == End::Complete).then(|| self.queue.spare())),
            };
            send(&piece)?;
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_that_nobody_begins_is_broken() {
        let queue = Arc::new(Queue::new(10, vec![]));
        let (jobs, next) = channel();
        jobs.send(Leave(queue.clone())).unwrap();
        drop(next); // as where the thread has panicked in the tape before
        assert_eq!(queue.pop(vec![]), Err(End::Broken));
    }
}
