//! The parties: a [`Session`] is one party's side of a computation, a [`World`] is all of them, and the dealer, in this process.
//!
//! A session connects, shares weights once, and then runs: offline it unpacks its tape ([`Prepared`]), online it runs the steps of the plan; or it unpacks as it
//! runs ([`Session::run_streamed`]). Every correlation is owned by the `Prepared` of one run, which the run consumes: it cannot be used twice. An endpoint that does not compute, a client, has a session
//! as well: it gives shares of what it owns and gets what is released to it.

mod client;
mod connect;
mod encode;
mod handshake;
mod kept;
mod links;
mod mail;
mod offline;
mod online;
mod pool;
mod roles;
mod session;
pub(crate) mod source;
mod third;
mod under_way;
mod unpack;
mod weights;
mod whole;
mod world;

pub use encode::Mine;
pub(crate) use encode::outputs;
pub use offline::Prepared;
pub use online::{Measured, Outcome, Recorded};
pub use roles::{Samples, run_compute, run_role};
pub use session::Session;
pub use third::{Lane, Rotated, Rotation};
pub use world::{Prediction, Untyped, World, fixed_point, fixed_point_against};
