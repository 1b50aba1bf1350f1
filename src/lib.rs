//! **Undertone**: machine learning on data that nobody is allowed to see.
//!
//! A model is described once, in a [`secure_model!`] block. The macro turns it into statically typed Rust that runs the network
//! under secure multi-party computation. The same description gives a plaintext twin in burn.
#![forbid(unsafe_code)]

pub use undertone_layers as layers;
/// # Example
///
/// ```
/// use undertone::prelude::*;
///
/// secure_model! {
///     /// Two layers around a nonlinearity.
///     pub model Classify { hidden: usize = 16 } (x) {
///         x -> Linear { out: hidden } -> Relu -> head: Linear { out: 3 }
///     }
/// }
///
/// secure_model! {
///     /// Three classes from four measurements.
///     pub model Iris(flower: [4]) -> [3] {
///         flower -> classify: Classify { hidden: 8 }
///     }
/// }
///
/// let graph = Iris::graph()?;
/// assert_eq!(graph.parameters[2].name, "classify.head.weight");
/// # Ok::<(), Error>(())
/// ```
pub use undertone_macros::secure_model;
pub use undertone_runtime::*;
#[cfg(feature = "twin")]
pub use undertone_twin as twin;

/// What generated code names. Nothing here is for people.
#[doc(hidden)]
pub mod __private {
    pub use undertone_runtime::__private::*;
}

/// What a program that describes and runs models needs.
pub mod prelude {
    pub use crate::layers::*;
    pub use crate::secure_model;
    #[cfg(feature = "twin")]
    pub use crate::twin::{Average, Ctc, Device, Evaluation, Examples, Schedule, TrainConfig, Twin, TwinModel};
    pub use crate::{Clear, Error, Layer, Model, Prediction, Result, S0, S1, S2, S3, S4, Settings, StaticShape, Weights, World};
}
