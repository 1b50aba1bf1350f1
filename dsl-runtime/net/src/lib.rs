//! How messages get from one endpoint to another. Endpoints 0 to N - 1 are the parties, endpoint N is the dealer.
//!
//! A transport carries whole messages in order and knows nothing of protocols; nothing of the protocols knows a transport.
#![forbid(unsafe_code)]

mod memory;
#[cfg(any(test, feature = "test-util"))]
mod tap;

pub use memory::{Memory, network};
#[cfg(any(test, feature = "test-util"))]
pub use tap::{Sent, Tap};

/// Why a message did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The other endpoint is gone.
    #[error("endpoint {0} has closed the connection")]
    Closed(usize),
    /// Nothing came within the time allowed.
    #[error("endpoint {endpoint} sent nothing for {seconds} s")]
    Stalled {
        /// Who should have sent.
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

    /// One round: sends `own` to every peer and receives a message of the same length from each, in the order of their indices.
    ///
    /// # Errors
    /// When a peer is gone or silent, or its message has another length.
    fn exchange(&mut self, me: usize, own: &[u8], peers: &mut [Vec<u8>]) -> Result<(), LinkError> {
        let others = |k: usize| if k < me { k } else { k + 1 };
        for k in 0..peers.len() {
            self.send(others(k), own)?;
        }
        for (k, message) in peers.iter_mut().enumerate() {
            self.receive(others(k), own.len(), message)?;
            if message.len() != own.len() {
                return Err(LinkError::Length { endpoint: others(k), expected: own.len(), found: message.len() });
            }
        }
        Ok(())
    }
}
