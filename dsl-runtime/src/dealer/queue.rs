//! Pieces of a tape between the thread that deals them and the one that sends them: a bounded number of bytes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Pieces whose memory is kept.
const SPARE: usize = 8;

/// A queue of pieces that holds at most so many bytes.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    limit: usize,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Vec<u8>>,
    /// Memory to be used again.
    spare: Vec<Vec<u8>>,
    bytes: usize,
    /// The most bytes that ever waited.
    most: usize,
    end: Option<End>,
    /// Nobody takes pieces any more.
    closed: bool,
}

/// Why there are no more pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The tape is complete.
    Complete,
    /// Whoever made it is gone.
    Broken,
}

impl Queue {
    /// An empty queue, and memory of earlier pieces.
    pub(super) fn new(limit: usize, spare: Vec<Vec<u8>>) -> Self {
        Self { state: Mutex::new(State { spare, ..State::default() }), changed: Condvar::new(), limit }
    }

    /// The memory that no piece is in.
    pub(super) fn spare(&self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.lock().spare)
    }

    /// Adds a piece, as soon as there is room, and leaves an empty one; false when nobody wants it. A piece beyond the limit is taken by an empty queue.
    pub(super) fn push(&self, piece: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        while !state.closed && state.bytes > 0 && state.bytes + piece.len() > self.limit {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return false;
        }
        let mut memory = state.spare.pop().unwrap_or_default();
        memory.clear();
        state.bytes += piece.len();
        state.pieces.push_back(core::mem::replace(piece, memory));
        state.most = state.most.max(state.bytes);
        self.changed.notify_all();
        true
    }

    /// Says that no piece follows; only the first time counts.
    pub(super) fn end(&self, end: End) {
        self.lock().end.get_or_insert(end);
        self.changed.notify_all();
    }

    /// The next piece, as soon as there is one. `spare` is memory that is not needed any more.
    pub(super) fn pop(&self, spare: Vec<u8>) -> Result<Vec<u8>, End> {
        let mut state = self.lock();
        if spare.capacity() > 0 && state.spare.len() < SPARE {
            state.spare.push(spare);
        }
        loop {
            if let Some(piece) = state.pieces.pop_front() {
                state.bytes -= piece.len();
                self.changed.notify_all();
                return Ok(piece);
            }
            if let Some(end) = state.end {
                return Err(end);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether nobody takes pieces any more.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Nobody takes pieces any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn pieces_come_in_order_and_no_more_of_them_wait_than_the_limit() {
        let (queue, pushed) = (Arc::new(Queue::new(100, vec![])), Arc::new(AtomicUsize::new(0)));
        let (maker, count) = (queue.clone(), pushed.clone());
        let thread = std::thread::spawn(move || {
            for k in 0..50u8 {
                assert!(maker.push(&mut vec![k; 30]));
                count.fetch_add(1, Ordering::SeqCst);
            }
            maker.end(End::Complete);
        });
        while pushed.load(Ordering::SeqCst) < 3 {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(pushed.load(Ordering::SeqCst), 3, "the fourth piece waits");
        for k in 0..50u8 {
            assert_eq!(queue.pop(vec![]), Ok(vec![k; 30]));
        }
        assert_eq!(queue.pop(vec![]), Err(End::Complete));
        thread.join().unwrap();
        let state = queue.lock();
        assert_eq!((state.most, state.bytes), (90, 0));
    }

    #[test]
    fn a_closed_queue_lets_its_maker_go() {
        let queue = Arc::new(Queue::new(10, vec![]));
        assert!(queue.push(&mut vec![0; 30]), "a long piece is taken when nothing waits");
        let maker = queue.clone();
        let thread = std::thread::spawn(move || maker.push(&mut vec![0; 1]));
        queue.close();
        assert!(!thread.join().unwrap());
        queue.end(End::Broken);
        queue.end(End::Complete);
        assert_eq!((queue.pop(vec![]).map(|p| p.len()), queue.pop(vec![])), (Ok(30), Err(End::Broken)));
    }
}
