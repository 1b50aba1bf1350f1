//! One TLS session over buffers that the connection owns: the session does no input or output, and keeps no more than a record.

use crate::identity::Tls;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus};
use rustls::{CommonState, Error};

/// Bytes of one record before it is encrypted, at most.
pub(crate) const RECORD: usize = 16 << 10;
/// More than a record grows by.
const GROWTH: usize = 64;
/// More than a change of keys takes, which the session may put before a record.
const CONTROL: usize = 512;

/// A session, from its first byte to its last.
pub(crate) enum Session {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

/// What the session wants next.
pub(crate) enum Step {
    /// Bytes of its own are to be sent: they are in [`Sink::control`].
    Send,
    /// More bytes of the peer.
    More,
    /// Nothing: it is ready to encrypt, and what came is used up.
    Ready,
    /// Decrypted bytes are in [`Sink`].
    Data,
    /// The peer has ended the session.
    Closed,
}

/// Where a step puts what it produces.
pub(crate) struct Sink<'a> {
    /// Decrypted bytes, as many as fit; `taken` says how many did.
    pub into: &'a mut [u8],
    pub taken: usize,
    /// Decrypted bytes that did not fit.
    pub rest: &'a mut Vec<u8>,
    /// Bytes for the peer that are no data.
    pub control: &'a mut Vec<u8>,
}

impl Session {
    /// The side that dials, for a peer of this name.
    pub fn client(tls: &Tls, peer: &str) -> Result<Self, Error> {
        let name = ServerName::try_from(peer.to_owned()).map_err(|_| Error::General("no DNS name".into()))?;
        UnbufferedClientConnection::new(tls.client.clone(), name).map(Session::Client)
    }

    /// The side that was dialed.
    pub fn server(tls: &Tls) -> Result<Self, Error> {
        UnbufferedServerConnection::new(tls.server.clone()).map(Session::Server)
    }

    /// The certificate that the peer has shown.
    pub fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        let state: &CommonState = match self {
            Session::Client(c) => c,
            Session::Server(s) => s,
        };
        state.peer_certificates()?.first()
    }

    /// Goes on as far as `raw` allows; how many bytes of its front are done with, and what is next.
    pub fn step(&mut self, raw: &mut [u8], sink: &mut Sink<'_>) -> (usize, Result<Step, Error>) {
        match self {
            Session::Client(c) => advance(c.process_tls_records(raw), sink),
            Session::Server(s) => advance(s.process_tls_records(raw), sink),
        }
    }

    /// Encrypts `plain` to `out`, from `at` on; where it ends. `out` grows as needed.
    pub fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>, at: usize) -> Result<usize, Error> {
        let space = at + plain.len() + (plain.len() / RECORD + 1) * GROWTH + CONTROL;
        if out.len() < space {
            out.resize(space, 0);
        }
        let mut end = at;
        loop {
            let sealed = match self {
                Session::Client(c) => seal(c.process_tls_records(&mut []), plain, out, &mut end)?,
                Session::Server(s) => seal(s.process_tls_records(&mut []), plain, out, &mut end)?,
            };
            if sealed {
                return Ok(end);
            }
        }
    }
}

fn advance<D>(status: UnbufferedStatus<'_, '_, D>, sink: &mut Sink<'_>) -> (usize, Result<Step, Error>) {
    let mut discard = status.discard;
    let step = match status.state {
        Err(e) => Err(e),
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let at = sink.control.len();
            let mut encoded = data.encode(&mut []);
            if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = encoded {
                sink.control.resize(at + required_size, 0);
                encoded = data.encode(&mut sink.control[at..]);
            }
            encoded.map(|_| Step::Send).map_err(|e| Error::General(e.to_string()))
        }
        Ok(ConnectionState::TransmitTlsData(sent)) => {
            sent.done(); // the connection sends what is in `control` before it does anything else
            Ok(Step::Send)
        }
        Ok(ConnectionState::BlockedHandshake) => Ok(Step::More),
        Ok(ConnectionState::WriteTraffic(_)) => Ok(Step::Ready),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            let mut result = Ok(Step::Data);
            while let Some(record) = traffic.next_record() {
                match record {
                    Ok(record) => {
                        discard += record.discard;
                        let room = sink.into.len() - sink.taken;
                        let (now, later) = record.payload.split_at(room.min(record.payload.len()));
                        sink.into[sink.taken..sink.taken + now.len()].copy_from_slice(now);
                        sink.taken += now.len();
                        sink.rest.extend_from_slice(later);
                    }
                    Err(e) => {
                        result = Err(e);
                        break;
                    }
                }
            }
            result
        }
        Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => Ok(Step::Closed),
        Ok(_) => Err(Error::General("the session took a way that was not offered".into())),
    };
    (discard, step)
}

/// One step of encrypting: false when something else had to go first.
fn seal<D>(status: UnbufferedStatus<'_, '_, D>, plain: &[u8], out: &mut [u8], end: &mut usize) -> Result<bool, Error> {
    match status.state? {
        ConnectionState::WriteTraffic(mut traffic) => match traffic.encrypt(plain, &mut out[*end..]) {
            Ok(len) => {
                *end += len;
                Ok(true)
            }
            Err(EncryptError::EncryptExhausted) => Err(Error::EncryptError),
            Err(e @ EncryptError::InsufficientSize(_)) => Err(Error::General(e.to_string())),
        },
        ConnectionState::EncodeTlsData(mut data) => {
            *end += data.encode(&mut out[*end..]).map_err(|e| Error::General(e.to_string()))?;
            Ok(false)
        }
        ConnectionState::TransmitTlsData(sent) => {
            sent.done();
            Ok(false)
        }
        ConnectionState::PeerClosed => Ok(false),
        _ => Err(Error::HandshakeNotComplete),
    }
}
