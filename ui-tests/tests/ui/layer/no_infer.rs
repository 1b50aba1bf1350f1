use undertone::graph::{Scope, Value};
use undertone::prelude::*;

#[derive(Clone, Copy)]
pub struct Mystery;

impl Mystery {
    pub const DEFAULT: Self = Self;
}

impl Layer for Mystery {
    fn build<'g>(&self, _: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        x[0]
    }
}

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> Mystery
    }
}

fn main() {}
