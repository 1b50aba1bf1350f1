//! One connection: messages over one socket, plain or under TLS, each with a deadline of its own.

use crate::frame::{Header, PLAIN, SEALED};
use crate::socket::{Wait, read_some, write_some};
use crate::tls::{RECORD, Session, Sink, Step};
use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use zeroize::Zeroize;

/// Bytes that are read at once: a few records of TLS, the longest message of its handshake, and a record more.
const READ: usize = 88 << 10;
/// Bytes that are encrypted or copied at once: whole records.
const WRITE: usize = 64 << 10;

/// Why a message does not get through.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The peer is gone.
    Closed,
    /// The time is over.
    Stalled,
    /// A message is longer than allowed.
    Length { limit: usize, found: usize },
    /// What came is not what was sent.
    Corrupt(String),
    /// TLS found that the peer or its bytes are wrong.
    Tls(Box<rustls::Error>),
}

/// A connection to one peer.
pub(crate) struct Conn {
    stream: Arc<TcpStream>,
    tls: Option<Box<Session>>,
    /// What has come and is not looked at yet: `raw[start..end]`.
    raw: Vec<u8>,
    start: usize,
    end: usize,
    /// What is decrypted and not taken yet: `rest[taken..]`.
    rest: Vec<u8>,
    taken: usize,
    /// The header and the start of a message, before they are encrypted together.
    plain: Vec<u8>,
    /// What is to go out: `wire[gone..due]`.
    wire: Vec<u8>,
    gone: usize,
    due: usize,
    received: u32,
    sent: u32,
    /// After an error in the middle of a message nobody knows where the next one starts, coming in or going out.
    deaf: bool,
    mute: bool,
}

/// A message on its way out.
pub(crate) struct Sending<'m> {
    message: &'m [u8],
    /// How much of it has been handed on.
    at: usize,
    begun: bool,
}

impl<'m> Sending<'m> {
    pub fn new(message: &'m [u8]) -> Self {
        Self { message, at: 0, begun: false }
    }
}

impl Conn {
    /// Takes a connected socket and, for TLS, does the handshake.
    pub fn new(stream: TcpStream, tls: Option<Session>, wait: &Wait) -> Result<Self, Fault> {
        let prepared = stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true));
        prepared.map_err(|_| Fault::Closed)?;
        let mut conn = Self {
            stream: Arc::new(stream),
            tls: tls.map(Box::new),
            raw: vec![0; READ],
            start: 0,
            end: 0,
            rest: Vec::new(),
            taken: 0,
            plain: Vec::new(),
            wire: Vec::new(),
            gone: 0,
            due: 0,
            received: 0,
            sent: 0,
            deaf: false,
            mute: false,
        };
        while conn.tls.is_some() && !conn.handshake(wait)? {}
        Ok(conn)
    }

    /// The session, where there is one.
    pub fn session(&self) -> Option<&Session> {
        self.tls.as_deref()
    }

    /// The socket, to end it while another thread sends.
    pub fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// Whether the peer is there and has sent nothing that was not asked for.
    pub fn is_quiet(&self) -> bool {
        let nothing = self.start == self.end && self.taken == self.rest.len() && !self.deaf;
        nothing && matches!(self.stream.peek(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock)
    }

    /// Receives the next message into `message`. After [`Fault::Stalled`] before its first byte one may try again; any other fault ends the connection.
    pub fn receive(&mut self, limit: usize, message: &mut Vec<u8>, wait: &Wait) -> Result<(), Fault> {
        if self.deaf {
            return Err(Fault::Closed);
        }
        let mut begun = false;
        let result = self.try_receive(limit, message, wait, &mut begun);
        if begun || matches!(result, Err(Fault::Closed | Fault::Corrupt(_) | Fault::Tls(_))) {
            self.deaf = result.is_err();
            // a session of TLS that has seen an error is not to be used again
            self.mute |= result.is_err() && self.tls.is_some();
        }
        result
    }

    fn try_receive(&mut self, limit: usize, message: &mut Vec<u8>, wait: &Wait, begun: &mut bool) -> Result<(), Fault> {
        let mut bytes = [0; PLAIN];
        let head = &mut bytes[..if self.tls.is_some() { SEALED } else { PLAIN }];
        let mut have = self.read_some(head, wait)?;
        *begun = true;
        let wait = &wait.begun();
        while have < head.len() {
            have += self.read_some(&mut head[have..], wait).map_err(|fault| match head {
                [0x15, 3, ..] if self.tls.is_none() && have > 1 => Fault::Corrupt("an alert of TLS came".into()),
                _ => fault,
            })?;
        }
        let header = Header::read(head, self.received)?;
        let length = header.length as usize;
        if length > limit {
            return Err(Fault::Length { limit, found: length });
        }
        message.resize(length, 0);
        let mut have = 0;
        while have < length {
            have += self.read_some(&mut message[have..], wait)?;
        }
        if header.check.is_some_and(|check| check != crc32fast::hash(message)) {
            return Err(Fault::Corrupt(format!("message {} has a wrong checksum", header.number)));
        }
        self.received = self.received.wrapping_add(1);
        Ok(())
    }

    /// Sends a message, waiting where the socket takes no more.
    pub fn send(&mut self, message: &[u8], wait: &Wait) -> Result<(), Fault> {
        self.advance(&mut Sending::new(message), Some(wait)).map(|_| ())
    }

    /// Sends on: to the end with a time to wait, else what the socket takes at once. Whether all of it is gone.
    pub fn advance(&mut self, sending: &mut Sending<'_>, wait: Option<&Wait>) -> Result<bool, Fault> {
        if self.mute {
            return Err(Fault::Closed);
        }
        let result = self.try_advance(sending, wait);
        self.mute = result.is_err();
        result
    }

    fn try_advance(&mut self, sending: &mut Sending<'_>, wait: Option<&Wait>) -> Result<bool, Fault> {
        let message = sending.message;
        if !sending.begun {
            self.begin(sending)?;
        }
        loop {
            while self.gone < self.due {
                // under TLS the message is in there already; otherwise it goes out with its header, in one call
                let rest = if self.tls.is_some() { &[] } else { &message[sending.at..] };
                match write_some(&self.stream, [&self.wire[self.gone..self.due], rest], wait)? {
                    0 => return Ok(false),
                    n => {
                        let of_header = n.min(self.due - self.gone);
                        self.gone += of_header;
                        sending.at += n - of_header;
                    }
                }
            }
            if sending.at == message.len() {
                return Ok(true);
            }
            if let Some(tls) = &mut self.tls {
                let next = message.len().min(sending.at + WRITE);
                self.due = tls.seal(&message[sending.at..next], &mut self.wire, 0).map_err(tls_fault)?;
                self.gone = 0;
                sending.at = next;
            } else {
                match write_some(&self.stream, [&message[sending.at..], &[]], wait)? {
                    0 => return Ok(false),
                    n => sending.at += n,
                }
            }
        }
    }

    /// The header and the start of the message, together: a small message is one record and one packet.
    fn begin(&mut self, sending: &mut Sending<'_>) -> Result<(), Fault> {
        let message = sending.message;
        let Ok(length) = u32::try_from(message.len()) else {
            return Err(Fault::Length { limit: u32::MAX as usize, found: message.len() });
        };
        let check = if self.tls.is_some() { None } else { Some(crc32fast::hash(message)) };
        let mut bytes = [0; PLAIN];
        let head = Header { length, number: self.sent, check }.write(&mut bytes);
        let head = &bytes[..head];
        let first = message.len().min(RECORD - head.len());
        let together = if self.tls.is_some() { &mut self.plain } else { &mut self.wire };
        together.clear();
        together.extend_from_slice(head);
        if let Some(tls) = &mut self.tls {
            self.plain.extend_from_slice(&message[..first]);
            self.due = tls.seal(&self.plain, &mut self.wire, 0).map_err(tls_fault)?;
            sending.at = first;
        } else {
            self.due = head.len();
        }
        self.gone = 0;
        self.sent = self.sent.wrapping_add(1);
        sending.begun = true;
        Ok(())
    }

    /// Some bytes of the messages' stream, at least one.
    fn read_some(&mut self, into: &mut [u8], wait: &Wait) -> Result<usize, Fault> {
        loop {
            let rest = &mut self.rest[self.taken..];
            if !rest.is_empty() {
                let n = rest.len().min(into.len());
                into[..n].copy_from_slice(&rest[..n]);
                self.taken += n;
                return Ok(n);
            }
            self.rest.clear();
            self.taken = 0;
            if self.tls.is_some() {
                let (step, taken) = self.step(into)?;
                match step {
                    Step::Data if taken > 0 => return Ok(taken),
                    Step::Closed => return Err(Fault::Closed),
                    Step::More | Step::Ready => self.pull(wait)?,
                    // no bytes of a message: an endless row of these is no progress
                    Step::Data | Step::Send => drop(wait.left()?),
                }
            } else if self.start < self.end {
                let n = (self.end - self.start).min(into.len());
                into[..n].copy_from_slice(&self.raw[self.start..self.start + n]);
                self.start += n;
                return Ok(n);
            } else if into.len() >= READ {
                return read_some(&self.stream, into, wait);
            } else {
                self.pull(wait)?;
            }
        }
    }

    /// One step of the handshake; whether it was the last.
    fn handshake(&mut self, wait: &Wait) -> Result<bool, Fault> {
        match self.step(&mut [])?.0 {
            Step::Ready | Step::Data => return Ok(true),
            Step::Closed => return Err(Fault::Closed),
            Step::More => self.pull(wait)?,
            Step::Send => {}
        }
        Ok(false)
    }

    /// One step of TLS: what it wants, and how many decrypted bytes are in `into`. What it has to say goes out.
    fn step(&mut self, into: &mut [u8]) -> Result<(Step, usize), Fault> {
        let Some(tls) = &mut self.tls else { return Err(Fault::Closed) };
        let mut control = Vec::new();
        let mut sink = Sink { into, taken: 0, rest: &mut self.rest, control: &mut control };
        let (discard, step) = tls.step(&mut self.raw[self.start..self.end], &mut sink);
        let taken = sink.taken;
        self.start += discard;
        if step.is_err() {
            // The alert that says why, if there is one. It comes before the session looks at anything else; asked twice, it would read on.
            let mut sink = Sink { into: &mut [], taken: 0, rest: &mut Vec::new(), control: &mut control };
            let _ = tls.step(&mut self.raw[self.start..self.end], &mut sink);
        }
        // a handshake fits into the buffer of a socket many times, and so does an alert
        if !control.is_empty() && write_some(&self.stream, [&control, &[]], None).unwrap_or(0) < control.len() && step.is_ok() {
            return Err(Fault::Closed);
        }
        Ok((step.map_err(tls_fault)?, taken))
    }

    /// Reads what there is into `raw`, at least one byte.
    fn pull(&mut self, wait: &Wait) -> Result<(), Fault> {
        self.raw.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == READ {
            return Err(Fault::Corrupt("a record without an end".into()));
        }
        self.end += read_some(&self.stream, &mut self.raw[self.end..], wait)?;
        Ok(())
    }
}

impl Drop for Conn {
    /// Ends both directions at once. There is no farewell: every message has its length and number, so a cut shows as well as an end.
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both); // it may be gone already
        // seeds and shares went through these
        self.raw.zeroize();
        self.rest.zeroize();
        self.plain.zeroize();
        self.wire.zeroize();
    }
}

fn tls_fault(error: rustls::Error) -> Fault {
    Fault::Tls(Box::new(error))
}

#[cfg(test)]
mod tests;
