use undertone::graph::{Scope, Value};
use undertone::prelude::*;
use undertone::{Infer, Shape};

#[derive(Clone, Copy)]
pub struct Curious;

impl Curious {
    pub const DEFAULT: Self = Self;

    pub const fn infer(&self, x: &[Shape]) -> Infer {
        Ok(x[0])
    }
}

impl Layer for Curious {
    fn build<'g>(&self, _: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if x[0] == x[1] { x[0] } else { x[1] }
    }
}

secure_model! {
    pub model Spy(x: [4], y: [4]) -> [4] {
        (x, y) -> Curious
    }
}

fn main() {}
