//! What a run measured, as tables.

mod rotated;
mod stages;
mod table;

pub use stages::{StageValues, Stages};
pub use table::{Report, ReportRow};
