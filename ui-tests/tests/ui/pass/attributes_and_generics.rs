use undertone::graph::{Scope, Value};
use undertone::prelude::*;
use undertone::{Infer, Shape, ShapeError};

/// A layer with a constant parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Twice<const N: usize> {
    pub unused: bool,
}

impl<const N: usize> Twice<N> {
    pub const DEFAULT: Self = Self { unused: false };
    /// A layer of one's own may require fields as well.
    pub const REQUIRED: &'static [&'static str] = &["unused"];

    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if x.len() == 1 { Ok(x[0]) } else { Err(ShapeError::arity(1, x.len())) }
    }
}

impl<const N: usize> Layer for Twice<N> {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        (0..N).fold(x[0], |x, _| g.add(x, x))
    }
}

secure_model! {
    #[derive(PartialEq)]
    model Net(x: [2]) -> [2] {
        x -> Twice<3> { unused: true } -> crate::Twice<2> { unused: false }
    }
}

fn main() {
    assert!(Net == Net::DEFAULT);
    assert_eq!(Net::graph().unwrap().nodes.len(), 6);
}
