//! What the author of a layer says that it should be.

use undertone_runtime::Weights;
use undertone_runtime::graph::{Init, Parameter};
use undertone_shape::Shape;

/// A parameter that a layer should declare.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) init: Init,
    pub(super) trainable: bool,
}

/// From weights, by the names that `build` declares, and the inputs of one sample to its output.
pub(super) type Reference = dyn Fn(&Weights, &[&[f32]]) -> Vec<f64>;

impl Expected {
    /// What a parameter of the stage `stage` is.
    pub(super) fn of(parameter: &Parameter, stage: &str) -> Self {
        Self {
            name: inner(&parameter.name, stage).to_owned(),
            shape: parameter.shape,
            init: parameter.init,
            trainable: parameter.trainable,
        }
    }
}

impl core::fmt::Display for Expected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let kind = if self.trainable { "" } else { ", a buffer" };
        write!(f, "`{}` {} {:?}{kind}", self.name, self.shape, self.init)
    }
}

/// The name of a parameter as `build` declares it, without the stage.
pub(super) fn inner<'a>(name: &'a str, stage: &str) -> &'a str {
    name.strip_prefix(stage).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}
