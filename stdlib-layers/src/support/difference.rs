//! Functions of the difference of two values.

use super::{refused, shapes, together};
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The shape that two inputs broadcast to.
pub(crate) const fn infer(x: &[Shape]) -> Infer {
    if x.len() != 2 {
        return Err(ShapeError::arity(2, x.len()));
    }
    together(x)
}

/// Both inputs stretched, and their difference.
pub(crate) fn stretched<'g>(g: &mut Scope<'g>, x: &[Value<'g>], shape: Shape) -> [Value<'g>; 3] {
    let (a, b) = (g.expand(x[0], shape), g.expand(x[1], shape));
    let minus = g.scale(b, -1.0, 0.0);
    [a, b, g.add(a, minus)]
}

/// Constants on both sides of each break of the difference.
pub(crate) fn steps<'g>(g: &mut Scope<'g>, layer: &str, x: &[Value<'g>], breaks: &[Break], values: &[f64]) -> Value<'g> {
    match infer(&shapes(x)) {
        Ok(shape) => {
            let [_, _, difference] = stretched(g, x, shape);
            let pieces = values.iter().map(|v| Polynomial::constant(*v)).collect();
            g.piecewise(difference, Piecewise { breaks: breaks.to_vec(), pieces })
        }
        Err(e) => refused(g, layer, e, x),
    }
}
