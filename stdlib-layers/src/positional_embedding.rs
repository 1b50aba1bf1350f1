//! Where a position stands, added to it.

use crate::support::{one, refused, shapes, tables};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `x + table` over the last two axes, positions and elements: `[t, d]` to `[t, d]`. PyTorch: `x + nn.Embedding(t, d).weight`, or, with `learned: false`, the waves of
/// Vaswani and others (2017), section 3.5, which everybody knows.
///
/// ```text
/// table[p, 2 i] = sin(p / 10000^(2 i / d)),   table[p, 2 i + 1] = cos(p / 10000^(2 i / d))
/// ```
/// A model that was trained on more positions keeps as many rows as there are here: the first `t` of its table.
///
/// **Parameters.** Unless `learned: false`, `weight: [t, d]`, which starts uniform from -1 to 1.
///
/// **Cost.** None but the opening of one number, which waits for no value and shares the first round; without a weight none at all.
///
/// **Errors.** Other than one input; a rank below 2; an axis of size 0.
///
/// ```
/// use undertone_layers::PositionalEmbedding;
/// use undertone_shape::Shape;
/// assert_eq!(PositionalEmbedding::DEFAULT.infer(&[Shape::new([12, 32])]), Ok(Shape::new([12, 32])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionalEmbedding {
    /// Whether the table is a weight.
    pub learned: bool,
}

impl PositionalEmbedding {
    /// A weight.
    pub const DEFAULT: Self = Self { learned: true };

    /// `[.., t, d]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        positions(x)
    }
}

/// The shape of an input of positions and elements.
pub(crate) const fn positions(x: &[Shape]) -> Infer {
    let x = match one(x) {
        Ok(x) => x,
        Err(e) => return Err(e),
    };
    if x.rank() < 2 {
        return Err(ShapeError::rank(2, x));
    }
    let mut axis = 0;
    while axis < x.rank() {
        if x.dim(axis) == 0 {
            return Err(ShapeError::too_small(axis, 1, x));
        }
        axis += 1;
    }
    Ok(x)
}

impl Layer for PositionalEmbedding {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "positional_embedding", e, x),
        };
        let [t, d] = [shape.dim(shape.rank() - 2), shape.dim(shape.rank() - 1)];
        if self.learned {
            let weight = g.parameter("weight", [t, d], Init::Uniform { fan_in: 1 });
            return g.biased(x[0], shape.rank() - 2, weight);
        }
        let wave = |p: usize, c: usize| {
            let angle = p as f64 * 10_000f64.powf(-((c / 2 * 2) as f64) / d as f64);
            if c.is_multiple_of(2) { angle.sin() } else { angle.cos() }
        };
        let table: Vec<f64> = (0..t * d).map(|k| wave(k / d, k % d)).collect();
        tables::last_axes(g, x[0], t * d, &[1.0], &table)
    }
}
