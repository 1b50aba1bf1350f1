//! **Undertone**: machine learning on data that nobody is allowed to see.
//!
//! A model is described once, in a [`secure_model!`] block. The macro turns it into statically typed Rust that runs the network
//! under secure multi-party computation. The same description gives a plaintext twin in burn.
//!
//! ```
//! use undertone::prelude::*;
//!
//! secure_model! {
//!     /// LeNet-5 on grey images of 28 by 28 pixels.
//!     pub model LeNet(image: [1, 28, 28]) -> [10] {
//!         image
//!             -> Conv2d { out: 6, kernel: 5, padding: 2 } -> Relu -> MaxPool2d
//!             -> Conv2d { out: 16, kernel: 5 }            -> Relu -> MaxPool2d
//!             -> Flatten
//!             -> fc1: Linear { out: 120 } -> Relu
//!             -> fc2: Linear { out: 84 }  -> Relu
//!             -> fc3: Linear { out: 10 }
//!     }
//! }
//!
//! # #[cfg(feature = "twin")]
//! fn main() -> Result<()> {
//!     let weights = LeNet::twin(&Device::flex())?.weights()?; // untrained; or LeNet::load("lenet.safetensors")?
//!     let images = Clear::<S3<1, 28, 28>>::new(vec![0.5; 4 * 784])?; // four samples
//!
//!     let run = World::two_party().predict::<LeNet>(&weights, &images)?;
//!     println!("{:?}", run.output.argmax()); // a class for each sample
//!     println!("{}", run.report); // rounds, bytes and time of every stage
//! #   assert_eq!((run.output.batch(), run.report.samples), (4, 4));
//!     Ok(())
//! }
//! # #[cfg(not(feature = "twin"))]
//! # fn main() {}
//! ```
//!
//! # Who sees what
//!
//! Two to five parties and a dealer, all following the protocol; the dealer works together with no party. A description says who owns the
//! inputs and the weights, and what is released to whom; whatever is not released, nobody learns. By default a client has the inputs and
//! learns the output, and a server has the weights and learns nothing. Parties see masked values, which are uniformly random to them. The
//! dealer sees the plan, batch sizes and the number of runs. The [plan](Plan) is public: it holds the architecture, never data or weights.
//! A release says something about what it was computed from, and many releases say more. Values out of range give wrong results
//! without an error.
//!
//! [`World`] runs all of them in this process, which protects nothing from its owner. [`Session::connect`] is one party on a machine of its
//! own, over TLS.
//!
//! # What is where
//!
//! - [`prelude`]: what a program that describes and runs models imports.
//! - [`layers`]: the standard layers, with shapes, cost and the PyTorch equivalent of each.
//! - [`Model`]: what every description becomes. [`Clear`]: data at its edge. [`Weights`]: named weights, from and to safetensors.
//! - [`World`] and [`Session`]: private runs; [`Plan`] and [`Plan::cost`]: what they cost, before any data exists.
//! - [`config`]: what a party, a client or the dealer is told before it connects. [`tapes`]: randomness on disk, instead of a dealer.
//! - `twin` (feature `twin`, on by default): the same model in burn, for training and comparison.
//! - [`Layer`], [`Infer`], [`graph::Scope`]: for layers of one's own. `LayerTest` and `layer_test!` (features `twin` and `test-util`) check one with one call.
//!
//! # Describing a model
//!
//! One [`secure_model!`] holds one model. Its grammar:
//!
//! ```text
//! description = attributes visibility "model" NAME [ "{" parameter,* "}" ] "(" input,* ")" [ "->" dims ] [ "weights" "from" ROLE ]
//!               "{" let* pipe "}" [ loss ] release*
//! parameter   = NAME ":" TYPE [ "=" EXPRESSION ]          a field of a submodel; without a default it is required
//! input       = NAME [ ":" dims ] [ "from" ROLE ]         without dims: any shape, for submodels
//! dims        = "[" EXPRESSION,* "]"                      [] is a scalar
//! let         = "let" NAME "=" pipe ";"
//! pipe        = source ( "->" step )*
//! source      = NAME | "(" NAME,* ")"                     a tuple hands several values to one layer
//! step        = stage | "for" PATTERN "in" list "{" step ( "->" step )* "}"
//! stage       = [ "#[weights(" TEXT ")]" ] [ NAME ":" ] PATH [ "{" field,* "}" ]      fields that are not given take the layer's defaults
//! field       = NAME ":" EXPRESSION | NAME
//! loss        = "loss" "(" input,* ")" "{" pipe "}"       what the twin trains by; it reads its inputs and `output`
//! release     = "release" [ NAME [ ":" dims ] "=" ] pipe "to" ROLE,+      what is opened, and who learns it
//! list        = "[" EXPRESSION,* "]" | "[" EXPRESSION ";" NUMBER "]" | NUMBER ".." NUMBER | NUMBER "..=" NUMBER
//! ```
//!
//! A stage's name, or else its layer's in snake case with a number, is the key of its weights, its row in reports and its place in
//! errors. Names inside of a submodel follow its own after a dot. Shapes are those of one sample and are checked by the compiler.
//!
//! `#[weights("layer1.0.conv1")]` before a stage is the key of its weights in the place of its name. `#[budget(rounds = 200, megabytes = 8)]`
//! before a model becomes a test that fails when one sample costs more.
//!
//! **Roles own and learn.** `from` says who owns an input or the weights, `release` what is opened to whom, and nothing else ever is.
//! Without clauses a `client` owns the inputs and learns the output, and a `server` owns the weights; where nobody is called `client`, a
//! release says who learns the output. A role may only learn, unless its name is one letter away from another's. A release reads the output, by the
//! name `output`, or another value of the description; it states its name and its shape unless it opens just the output. Each role becomes
//! a function of the model, whose arguments are what the role owns and whose result is what it learns: nothing, a value, or a struct of
//! several, called like the model and the role. A party without a role calls `compute`.
//!
//! ```
//! use undertone::prelude::*;
//! use undertone::Session;
//!
//! secure_model! {
//!     /// Tells five kinds of nuclei apart.
//!     pub model Nuclei(image: [1, 64, 64] from hospital) -> [5] weights from clinic {
//!         image -> Conv2d { out: 8, kernel: 5, stride: 3 } -> Relu -> GlobalAvgPool -> Linear { out: 5 }
//!     }
//!     release kind: [] = output -> ArgMax to hospital, registry
//!     release scores = output to hospital
//! }
//!
//! fn hospital(session: &mut Session, image: &Clear<S3<1, 64, 64>>) -> Result<Clear<S0, u32>> {
//!     let learned: NucleiHospital = Nuclei::hospital(session, image)?;
//!     println!("{:?}", learned.scores.values());
//!     Ok(learned.kind)
//! }
//!
//! fn clinic(session: &mut Session, weights: &Weights) -> Result<()> {
//!     Nuclei::clinic(session, weights)
//! }
//!
//! fn registry(session: &mut Session) -> Result<Clear<S0, u32>> {
//!     Nuclei::registry(session)
//! }
//! ```
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
#[cfg(all(feature = "twin", feature = "test-util"))]
pub use undertone_twin::{Finding, LayerTest, layer_test};

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
    pub use crate::twin::{Average, Comparison, Device, Evaluation, Examples, Schedule, TrainConfig, Twin, TwinModel};
    pub use crate::{
        Clear, Config, Error, Layer, Model, Prediction, Result, S0, S1, S2, S3, S4, Session, Settings, StaticShape, Weights, World,
    };
}
