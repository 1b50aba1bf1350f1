//! The middle of Undertone: a model's [`graph`], its [`plan`], the [`protocol`]s, and the parties that run them.
//!
//! Direction of knowledge: `graph` knows shapes; `protocol` knows the ring; `plan` knows both; `party` and `dealer` run plans over
//! a transport of `net`. Nothing here knows burn, and nothing here holds `unsafe`.
#![forbid(unsafe_code)]

pub mod config;
pub mod dealer;
mod entropy;
pub mod error;
pub mod files;
pub mod fixed;
pub mod graph;
pub mod layer;
pub mod model;
mod opened;
mod parameter;
pub mod party;
pub mod plan;
pub mod protocol;
pub mod report;
pub mod tapes;
pub mod tensor;
pub mod time;
mod topology;
#[cfg(any(test, feature = "test-util"))]
pub mod uniformity;
pub mod weights;
mod wire;

pub use undertone_net as net;

pub use config::Config;
pub use error::{Error, Result};
pub use layer::Layer;
pub use model::{Model, ModelInput, NoTarget};
pub use opened::{Opened, Values};
pub use party::{Prediction, Session, World};
pub use plan::{Calibration, Deployment, Place, Plan, Settings};
pub use tensor::{Clear, S0, S1, S2, S3, S4, Scalar, StaticShape};
pub use time::{Machine, Network};
pub use topology::Topology;
pub use undertone_shape::{Infer, Shape, ShapeError};
pub use weights::Weights;

/// What generated code names. Nothing here is for people.
#[doc(hidden)]
pub mod __private {
    pub use crate::graph::{Graph, Scope, Value, trace, trace_loss, trace_roles};
    pub use crate::parameter::{Element, Opens, Placeholder, Purpose, Released, Required, accept, complete, inferred, placed};
    pub use crate::party::{Samples, run_compute, run_role};
    pub use crate::plan::within_budget;
    pub use crate::tensor::TypeOf;
    pub use crate::{Clear, Layer, Model, NoTarget, Opened, Result, S0, S1, S2, S3, S4, Session, Weights};
    pub use std::sync::OnceLock;
    pub use undertone_shape::{Infer, POISONED, Shape, ShapeError, check, or_empty, returns, within};
}
