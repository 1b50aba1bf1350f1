//! A stand-in.
use undertone_runtime::graph::op::MaxPool;
use undertone_runtime::graph::{Scope, Value};
use undertone_runtime::{Infer, Layer, Shape, ShapeError};
/// The index of the largest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArgMax {
    /// The axis.
    pub axis: usize,
}
impl ArgMax {
    /// The first axis.
    pub const DEFAULT: Self = Self { axis: 0 };
    /// An index.
    pub const INTEGER: bool = true;
    /// Without the axis.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank"));
        }
        let (mut dims, mut i) = ([0; 8], 0);
        while i + 1 < x.rank() {
            dims[i] = x.dim(if i < self.axis { i } else { i + 1 });
            i += 1;
        }
        Ok(Shape::from_slice(dims.split_at(x.rank() - 1).0))
    }
}
impl Layer for ArgMax {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = x[0].shape();
        let rest: Vec<usize> = shape.dims().iter().enumerate().filter(|(i, _)| *i != self.axis).map(|(_, d)| *d).collect();
        let mut axes: Vec<usize> = (0..shape.rank()).filter(|i| *i != self.axis).collect();
        axes.push(self.axis);
        let k = shape.dim(self.axis);
        let moved = g.permute(x[0], &axes);
        let flat = g.reshape(moved, [shape.numel() / k, k]);
        let max = g.max_pool(flat, MaxPool { kernel: [k, 1, 1], stride: [k, 1, 1], padding: [0; 3] });
        g.reshape(max, Shape::from_slice(&rest))
    }
}
