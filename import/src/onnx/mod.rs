//! Files of ONNX: what is in them, and whether it is a network at all. What the operators mean is up to the translation.

mod check;
mod external;
mod messages;
mod numbers;
mod wire;

pub use check::{default_domain, name_of, read};
pub use external::Files;
pub use messages::{Model, Node, Tensor as Stored, ValueInfo};
pub use numbers::{FLOATING, decode};
