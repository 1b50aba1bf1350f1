//! Calling a peer: two connections, one for each direction, tried again until the peer is up and everybody that it waits for has called.

use crate::conn::{Conn, Fault};
use crate::identity::{Identity, explain, fresh};
use crate::preamble::{Answer, Direction, Preamble};
use crate::socket::Wait;
use crate::tls::Session;
use crate::{Label, NetError};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long one address may take to answer the first packet, and then the handshake.
const STEP: Duration = Duration::from_secs(10);
/// The first pause between two attempts, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// Both directions to one peer, whose name is proved as far as [`crate::Security`] goes.
pub struct Link {
    pub(crate) peer: String,
    pub(crate) outgoing: Conn,
    pub(crate) incoming: Conn,
}

impl Link {
    /// The name of the peer.
    pub fn peer(&self) -> &str {
        &self.peer
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({})", self.peer)
    }
}

/// Why an attempt failed: whether another one may do better.
enum Failure {
    Again(String),
    Final(NetError),
}

/// Connects to the peer of this name that listens on `address` (`host:port`), for the session of this label. Tries again while nobody listens there, and waits until the
/// peer has all that it waits for, up to `timeout`.
///
/// # Errors
/// When the address is none, or (without TLS) reaches further than this machine; when the peer is not there in time; when it is not who it should be, or refuses.
pub fn dial(identity: &Identity, peer: &str, address: &str, label: &Label, timeout: Duration) -> Result<Link, NetError> {
    crate::check_name(peer)?;
    let call = Call { identity, peer, address, label, wait: Wait::new(timeout, Duration::ZERO) };
    let mut pause = PAUSES.0;
    loop {
        match call.attempt() {
            Ok(link) => return Ok(link),
            Err(Failure::Final(e)) => return Err(e),
            Err(Failure::Again(message)) if Instant::now() + pause >= call.wait.until => {
                return Err(NetError::Connect { name: peer.into(), address: address.into(), seconds: timeout.as_secs(), message });
            }
            Err(Failure::Again(_)) => {}
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(PAUSES.1);
    }
}

struct Call<'a> {
    identity: &'a Identity,
    peer: &'a str,
    address: &'a str,
    label: &'a Label,
    wait: Wait,
}

impl Call<'_> {
    fn attempt(&self) -> Result<Link, Failure> {
        let mut failure = Failure::Again("the name of the host has no address".into());
        for address in self.resolve()? {
            match self.attempt_at(address) {
                Ok(link) => return Ok(link),
                Err(e @ Failure::Final(_)) => return Err(e),
                Err(again) => failure = again,
            }
        }
        Err(failure)
    }

    /// All addresses, each of which must be allowed.
    fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let found = self.address.to_socket_addrs().map_err(|e| match e.kind() {
            ErrorKind::InvalidInput => Failure::Final(NetError::Connect {
                name: self.peer.into(),
                address: self.address.into(),
                seconds: 0,
                message: "this is no address; write HOST:PORT".into(),
            }),
            _ => Failure::Again(format!("the name of the host is not known: {e}")),
        })?;
        let found: Vec<SocketAddr> = found.collect();
        if self.identity.tls().is_none() && found.iter().any(|a| !a.ip().to_canonical().is_loopback()) {
            return Err(Failure::Final(NetError::NotLoopback { address: self.address.into() }));
        }
        Ok(found)
    }

    fn attempt_at(&self, address: SocketAddr) -> Result<Link, Failure> {
        let attempt = fresh().map_err(Failure::Final)?;
        let mut outgoing = self.connection(address, attempt, Direction::Out)?;
        let mut incoming = self.connection(address, attempt, Direction::In)?;
        for conn in [&mut outgoing, &mut incoming] {
            match Answer::hear(conn, &self.wait).map_err(|fault| self.failure(fault))? {
                Answer::Accepted => {}
                Answer::Later(reason) => return Err(Failure::Again(reason)),
                Answer::Refused(reason) => {
                    let (name, address) = (self.peer.into(), self.address.into());
                    return Err(Failure::Final(NetError::Refused { name, address, reason }));
                }
            }
        }
        Ok(Link { peer: self.peer.to_owned(), outgoing, incoming })
    }

    /// One connection, up to its preamble.
    fn connection(&self, address: SocketAddr, attempt: [u8; 8], direction: Direction) -> Result<Conn, Failure> {
        let left = self.wait.until.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), STEP);
        let step = Wait::new(left, Duration::ZERO);
        let stream = TcpStream::connect_timeout(&address, left).map_err(|e| {
            Failure::Again(match e.kind() {
                ErrorKind::ConnectionRefused => "nobody listens there; is it running, with this address?".into(),
                _ => e.to_string(),
            })
        })?;
        // on one machine, a call to a port where nobody listens can come out at itself, and then nobody else could listen there
        if stream.local_addr().is_ok_and(|own| own == address) {
            return Err(Failure::Again("nobody listens there; is it running, with this address?".into()));
        }
        let session = self.identity.tls().map(|tls| Session::client(tls, self.peer)).transpose();
        let session = session.map_err(|e| self.failure(Fault::Tls(Box::new(e))))?;
        let mut conn = Conn::new(stream, session, &step).map_err(|fault| self.failure(fault))?;
        let (from, to) = (self.identity.name().to_owned(), self.peer.to_owned());
        let preamble = Preamble { direction, label: *self.label, attempt, from, to };
        conn.send(&preamble.encode(), &step).map_err(|fault| self.failure(fault))?;
        Ok(conn)
    }

    fn failure(&self, fault: Fault) -> Failure {
        let untrusted = |message| Failure::Final(NetError::Untrusted { name: self.peer.into(), address: self.address.into(), message });
        match fault {
            Fault::Closed => Failure::Again("it closed the connection before it answered".into()),
            Fault::Stalled => Failure::Again("it did not answer; does it wait for others?".into()),
            Fault::Tls(e) => untrusted(explain(&e, self.peer)),
            Fault::Corrupt(_) | Fault::Length { .. } if self.identity.tls().is_none() => {
                untrusted("what it sent is no answer; does it expect TLS, or is it another service?".into())
            }
            Fault::Corrupt(what) => untrusted(what),
            Fault::Length { found, .. } => untrusted(format!("an answer of {found} bytes")),
        }
    }
}
