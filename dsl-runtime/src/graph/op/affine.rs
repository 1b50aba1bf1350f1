//! Public affine maps: multiplication by numbers that everybody knows, and addition of such.

use undertone_shape::{Infer, Shape, ShapeError};

/// `x factor + offset`. Both are one number, or one for each size of axis 0, the channels. They are part of the description and secret from nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// What `x` is multiplied with.
    pub factors: Vec<f64>,
    /// What is added after that.
    pub offsets: Vec<f64>,
}

impl Affine {
    /// The same for all elements.
    pub fn all(factor: f64, offset: f64) -> Self {
        Self { factors: vec![factor], offsets: vec![offset] }
    }

    /// The shape of the result: that of the input.
    pub fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        for (name, numbers) in [("factors", &self.factors), ("offsets", &self.offsets)] {
            if numbers.iter().any(|v| !v.is_finite()) {
                return Err(ShapeError::required(if name == "factors" { "factors: finite numbers" } else { "offsets: finite numbers" }));
            }
            if numbers.len() != 1 && (x.rank() == 0 || numbers.len() != x.dim(0)) {
                return Err(ShapeError::field(name, numbers.len(), "one number, or one for each size of axis 0"));
            }
        }
        Ok(x)
    }
}
