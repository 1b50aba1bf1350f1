use undertone::graph::{Scope, Value};
use undertone::prelude::*;
use undertone::{Infer, Shape, ShapeError};

/// `N` times the same value, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Times<const N: usize>;

impl<const N: usize> Times<N> {
    pub const DEFAULT: Self = Self;

    pub const fn infer(&self, x: &[Shape]) -> Infer {
        match *x {
            [x] => Ok(x.with_dim(0, N * x.dim(0))),
            _ => Err(ShapeError::arity(1, x.len())),
        }
    }
}

impl<const N: usize> Layer for Times<N> {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        g.concat(&[x[0]; N], 0)
    }
}

const TWICE: usize = 2;

secure_model! {
    model Net(x: [2]) -> [12] {
        x -> Times<3> -> six: Times<{ TWICE }>
    }
}
