//! The parties: a [`Session`] is one party's side of a computation, a [`World`] is all of them, and the dealer, in this process.
//!
//! A session connects, shares weights once, and then runs: offline it unpacks its tape ([`Prepared`]), online it runs the steps of the plan. Every
//! correlation is owned by the `Prepared` of one run, which the run consumes: it cannot be used twice.

mod encode;
mod handshake;
mod offline;
mod online;
mod pool;
mod session;
mod weights;
mod world;

pub use offline::Prepared;
pub use online::{Measured, Outcome, Recorded};
pub use session::Session;
pub use weights::WeightSet;
pub use world::{Prediction, Untyped, World, fixed_point};

/// The party that owns the inputs and learns the output.
pub const CLIENT: usize = 0;

/// The party that owns the weights and learns nothing.
pub const SERVER: usize = 1;
