//! A socket that does not block. A call that must wait first looks again and again for a short time, since waking a thread costs more than a short message takes, and
//! only then lets the system put it to sleep.

use crate::conn::Fault;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// The end of all patience.
    pub until: Instant,
    /// How long to look for bytes before going to sleep.
    pub spin: Duration,
    /// What a message that has begun gets in any case: a short look for the next message must not end one that is on its way.
    message: Duration,
}

impl Wait {
    pub fn new(patience: Duration, spin: Duration) -> Self {
        let now = Instant::now();
        // far enough to be never, where the clock cannot count so far
        let until = now.checked_add(patience).unwrap_or_else(|| now + Duration::from_secs(1 << 31));
        Self { until, spin, message: Duration::ZERO }
    }

    /// The same, for messages that get this long once they have begun.
    pub fn with_message(self, message: Duration) -> Self {
        Self { message, ..self }
    }

    /// The time for a message whose first byte is there.
    pub fn begun(&self) -> Self {
        Self { until: self.until.max(Self::new(self.message, self.spin).until), ..*self }
    }

    /// What is left of the time, for a call that blocks.
    pub fn left(&self) -> Result<Duration, Fault> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Fault::Stalled) } else { Ok(left.max(Duration::from_millis(1))) }
    }
}

/// Reads at least one byte: looks for it for a while, then sleeps.
pub(crate) fn read_some(mut stream: &TcpStream, into: &mut [u8], wait: &Wait) -> Result<usize, Fault> {
    let mut since = None;
    loop {
        match stream.read(into) {
            Ok(0) => return Err(Fault::Closed),
            Ok(n) => return Ok(n),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                let since = *since.get_or_insert_with(Instant::now);
                if since.elapsed() < wait.spin && Instant::now() < wait.until {
                    std::thread::yield_now();
                    continue;
                }
                let left = wait.left()?;
                match blocking(stream, || stream.set_read_timeout(Some(left)), || (&mut &*stream).read(into)) {
                    Ok(0) => return Err(Fault::Closed),
                    Ok(n) => return Ok(n),
                    Err(e) if may_go_on(&e) => {}
                    Err(_) => return Err(Fault::Closed),
                }
            }
            Err(_) => return Err(Fault::Closed),
        }
    }
}

/// Writes what the socket takes of two pieces; where it takes nothing, waits if there is time to wait, or else returns 0.
pub(crate) fn write_some(stream: &TcpStream, pieces: [&[u8]; 2], wait: Option<&Wait>) -> Result<usize, Fault> {
    let [first, second] = pieces;
    let write = |mut stream: &TcpStream| {
        if second.is_empty() { stream.write(first) } else { stream.write_vectored(&[IoSlice::new(first), IoSlice::new(second)]) }
    };
    loop {
        match write(stream) {
            Ok(0) => return Err(Fault::Closed),
            Ok(n) => return Ok(n),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                let Some(wait) = wait else { return Ok(0) };
                let left = wait.left()?;
                match blocking(stream, || stream.set_write_timeout(Some(left)), || write(stream)) {
                    Ok(0) => return Err(Fault::Closed),
                    Ok(n) => return Ok(n),
                    Err(e) if may_go_on(&e) => {}
                    Err(_) => return Err(Fault::Closed),
                }
            }
            Err(_) => return Err(Fault::Closed),
        }
    }
}

/// Does one thing that may block, within the time that `limit` sets.
fn blocking<T>(
    stream: &TcpStream,
    limit: impl FnOnce() -> std::io::Result<()>,
    act: impl FnOnce() -> std::io::Result<T>,
) -> std::io::Result<T> {
    limit()?;
    stream.set_nonblocking(false)?;
    let result = act();
    stream.set_nonblocking(true)?;
    result
}

/// Whether an error only says that the time is over, or that a signal came.
fn may_go_on(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
