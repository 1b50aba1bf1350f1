//! What a plan takes in seconds: the costs of its steps, on a [`Machine`] and over a [`Network`].
//!
//! A round takes the machine's own time for a message, the delay of the network one way, and its bytes over the bandwidth; the work between two rounds takes what the
//! machine's kernels take. Online, the work of one step follows that of the other, and rounds that several steps share count once. Offline, the dealer deals while the corrections travel and the parties unpack, so that only the slowest
//! of the three counts, unless they share cores.
//!
//! Constants of this machine are measured once a process ([`Machine::measured`]). Choices that are part of a plan use [`Machine::REFERENCE`] instead: every endpoint makes the
//! plan for itself, and must find the same one.

mod load;
mod machine;
mod measure;
mod network;
mod table;

pub use machine::Machine;
pub use network::Network;
pub use table::{TimeRow, TimeTable};

pub(crate) use load::{Load, Words, Work};
