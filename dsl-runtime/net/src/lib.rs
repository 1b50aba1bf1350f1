//! How messages get from one endpoint to another. Endpoints 0 to N - 1 are the parties, endpoint N is the dealer, and after it come clients.
//!
//! A transport carries whole messages in order and knows nothing of protocols; nothing of the protocols knows a transport. [`Memory`] connects threads of one process,
//! [`Tcp`] processes: under TLS 1.3, in which both sides prove their names, or in the clear on one machine.
//!
//! # Who calls whom
//! The order is dealer, party 0, party 1 and so on, clients. The later of two endpoints [`dial`]s the earlier, which has a [`Listener`]; so clients and the last party
//! need no address that others can reach. Each endpoint first binds its listener, then dials all earlier ones in that order, then accepts all later ones. Nobody is
//! answered before all that are expected have called, so who is connected can start.
#![forbid(unsafe_code)]

pub mod certs;
mod conn;
mod dial;
mod error;
mod frame;
mod identity;
mod listener;
mod memory;
mod name;
mod pool;
mod preamble;
mod socket;
#[cfg(any(test, feature = "test-util"))]
mod tap;
mod tcp;
mod tls;

pub use dial::{Link, dial};
pub use error::NetError;
pub use identity::{Identity, Security, Tls};
pub use listener::Listener;
pub use memory::{Memory, network};
pub use name::check_name;
#[cfg(any(test, feature = "test-util"))]
pub use tap::{Sent, Tap};
pub use tcp::{Tcp, Timeouts};

use std::time::Duration;

/// What tells sessions apart when they are connected: the endpoints of one session give the same.
pub type Label = [u8; 16];

/// Why a message did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The other endpoint is gone.
    #[error("endpoint {0} has closed the connection")]
    Closed(usize),
    /// No whole message came, or could be sent, within the time allowed.
    #[error("no message got through between here and endpoint {endpoint} for {seconds} s")]
    Stalled {
        /// Who should have sent or received.
        endpoint: usize,
        /// How long was waited.
        seconds: u64,
    },
    /// A message has another length than expected.
    #[error("endpoint {endpoint} sent {found} bytes where {expected} were expected")]
    Length {
        /// Who sent.
        endpoint: usize,
        /// The expected length, or the largest allowed one.
        expected: usize,
        /// The length that was found.
        found: usize,
    },
    /// What came is not what was sent: a checksum, a record of TLS or the number of a message is wrong.
    #[error("what came from endpoint {endpoint} is not what it sent: {what}")]
    Corrupt {
        /// Who should have sent.
        endpoint: usize,
        /// What is wrong.
        what: String,
    },
    /// There is no such endpoint.
    #[error("there is no endpoint {0}")]
    Unknown(usize),
}

/// Whole messages between endpoints, in order.
pub trait Transport: Send {
    /// Sends a message; it may still be under way when this returns.
    ///
    /// # Errors
    /// When the endpoint is gone.
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError>;

    /// Receives the next message of an endpoint into `message`, whose contents are replaced. A message longer than `limit` is an error.
    ///
    /// # Errors
    /// When the endpoint is gone or silent, or the message is too long.
    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError>;

    /// How long one message may take from now on, in either direction; `None` goes back to what the transport was made with. Long for the wait for the next run, short
    /// within one.
    fn patience(&mut self, limit: Option<Duration>);

    /// One round: sends `own` to every peer and receives a message of the same length from each, in the order of their indices.
    ///
    /// # Errors
    /// When a peer is gone or silent, or its message has another length.
    fn exchange(&mut self, me: usize, own: &[u8], peers: &mut [Vec<u8>]) -> Result<(), LinkError> {
        self.exchange_each(me, &|_| own, &|_| own.len(), peers)
    }

    /// As [`exchange`](Self::exchange), with a message of its own for each peer: `own(k)` goes to party k, from which `expected(k)` bytes come.
    ///
    /// # Errors
    /// As [`exchange`](Self::exchange).
    fn exchange_each<'m>(
        &mut self,
        me: usize,
        own: &dyn Fn(usize) -> &'m [u8],
        expected: &dyn Fn(usize) -> usize,
        peers: &mut [Vec<u8>],
    ) -> Result<(), LinkError> {
        let others = |k: usize| if k < me { k } else { k + 1 };
        for k in 0..peers.len() {
            self.send(others(k), own(others(k)))?;
        }
        for (k, message) in peers.iter_mut().enumerate() {
            let (endpoint, expected) = (others(k), expected(others(k)));
            self.receive(endpoint, expected, message)?;
            if message.len() != expected {
                return Err(LinkError::Length { endpoint, expected, found: message.len() });
            }
        }
        Ok(())
    }
}
