use undertone::graph::{Scope, Value};
use undertone::prelude::*;
use undertone::{Infer, Shape};

thread_local! {
    static KEPT: std::cell::RefCell<Vec<Value<'static>>> = const { std::cell::RefCell::new(Vec::new()) };
}

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
        KEPT.with(|kept| kept.borrow_mut().push(x[0]));
        x[0]
    }
}

secure_model! {
    pub model Spy(x: [4]) -> [4] {
        x -> Curious
    }
}

fn main() {}
