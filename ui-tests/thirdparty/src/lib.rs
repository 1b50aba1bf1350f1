//! A layer and a submodel that Undertone has never heard of, in a crate that knows only `undertone`.
#![forbid(unsafe_code)]

use undertone::graph::{Scope, Value};
use undertone::prelude::*;
use undertone::{Infer, Shape, ShapeError};

/// Pixel shuffle: `[c · f², h, w]` to `[c, h · f, w · f]`. PyTorch: `nn.PixelShuffle`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelShuffle {
    /// The factor f by which height and width grow.
    pub factor: usize,
}

impl PixelShuffle {
    /// Twice the size.
    pub const DEFAULT: Self = Self { factor: 2 };

    /// Refuses another rank than 3, and channels that are no multiple of f².
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if x.rank() != 3 {
            return Err(ShapeError::rank(3, x));
        }
        let f = self.factor;
        if f == 0 {
            return Err(ShapeError::field("factor", 0, "at least 1"));
        }
        if !x.dim(0).is_multiple_of(f * f) {
            return Err(ShapeError::divisible(0, f * f, x));
        }
        Ok(Shape::new([x.dim(0) / (f * f), x.dim(1) * f, x.dim(2) * f]))
    }
}

impl Layer for PixelShuffle {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let ([c, h, w], f) = (x[0].dims(), self.factor);
        let c = c / (f * f);
        g.reshape(x[0], [c, f, f, h, w]).permute([0, 3, 1, 4, 2]).reshape([c, h * f, w * f])
    }
}

secure_model! {
    /// A convolution, then a picture of twice the size: a submodel for other crates.
    pub model Upscale {
        /// Channels of the output.
        width: usize,
    } (x) {
        x -> Conv2d { out: 4 * width, kernel: 3, padding: 1 } -> PixelShuffle
    }
}

/// Not a layer, though it has all that one has but the trait.
#[derive(Clone, Copy, Debug)]
pub struct NotALayer;

impl NotALayer {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape of the first input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        Ok(x)
    }
}
