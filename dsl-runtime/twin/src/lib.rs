//! The plaintext twin: a model's graph in 32-bit floating point, by burn, for accuracy, comparison and training.
//!
//! A [`Network`] interprets a [`Graph`](undertone_runtime::graph::Graph) on a batch of samples and trains its weights; a [`Twin`]
//! is a network with the types of a model. Names and layouts of weights are PyTorch's, so that what the twin has trained is what
//! the private computation takes. This is the only crate that names burn.
#![forbid(unsafe_code)]

mod average;
mod calibrate;
mod compare;
mod ctc;
mod gradient;
mod initial;
mod input;
mod interpret;
#[cfg(feature = "test-util")]
mod layer_test;
mod loss;
mod network;
mod ops;
mod report;
mod schedule;
mod train;
mod twin;

pub use average::Average;
pub use compare::{Comparison, StageDifference};
pub use ctc::PaddedCtc;
pub use gradient::Gradients;
pub use initial::initial;
#[cfg(feature = "test-util")]
pub use layer_test::{Finding, LayerTest};
pub use network::Network;
pub use report::{Epoch, Evaluation};
pub use schedule::Schedule;
pub use train::TrainConfig;
pub use twin::{Examples, Twin, TwinModel};

/// burn itself, for training loops of one's own.
pub use burn;
/// Where the twin computes: `Device::flex()` is the CPU, `Device::cuda(0)` a GPU with the feature `cuda`.
pub use burn::tensor::Device;
/// What [`layer_test!`] names.
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub use undertone_shape::Shape;
