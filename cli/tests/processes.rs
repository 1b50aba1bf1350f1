//! The program with real processes: sessions that work, what is refused, what breaks, and what happens then.

mod common;

#[path = "processes/faults.rs"]
mod faults;
#[path = "processes/kills.rs"]
mod kills;
#[path = "processes/refusals.rs"]
mod refusals;
#[path = "processes/sessions.rs"]
mod sessions;
#[path = "processes/tapes.rs"]
mod tapes;
#[path = "processes/third.rs"]
mod third;
#[path = "processes/usage.rs"]
mod usage;
