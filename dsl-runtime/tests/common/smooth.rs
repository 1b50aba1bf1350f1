//! Networks around functions of one number, for the tests of all their kinds.

use crate::blocks::{avg_pool, flatten, linear};
use undertone_runtime::Settings;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Graph, Scope, Value, trace};
use undertone_shape::Shape;

pub fn graph(shape: impl Into<Shape>, body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Graph {
    trace("M", &[("x", shape.into())], |g, x| body(g, x[0])).unwrap()
}

pub fn curve<'g>(g: &mut Scope<'g>, x: Value<'g>, function: Smooth, approx: Approx) -> Value<'g> {
    g.stage("f", Ok(x.shape()), |g| g.curve(x, function, approx))
}

/// A function of the input itself.
pub fn plain(size: usize, function: Smooth, approx: Approx) -> Graph {
    graph([size], |g, x| curve(g, x, function, approx))
}

pub fn settings(n: u32, parties: usize) -> Settings {
    let (fraction, opened) = if n == 64 { (16, 34) } else { (12, 28) };
    Settings { ring: n, fraction, opened, parties, ..Settings::default() }
}

/// A network in which functions read products and means of every kind.
pub fn network(functions: &[Smooth], approx: Approx) -> Graph {
    graph([2, 14, 14], |g, x| {
        let wide = avg_pool(g, "mean", x, [7, 7, 0]);
        let even = avg_pool(g, "even", x, [2, 2, 0]);
        let even = flatten(g, "flat_even", even);
        let x = flatten(g, "flat", wide);
        let mut all = vec![];
        for (k, function) in functions.iter().enumerate() {
            // of a mean of 49 values, of a product of it, of means of four values, of a product of the function
            let a = g.stage(&format!("a{k}"), Ok(x.shape()), |g| g.curve(x, *function, approx));
            let y = linear(g, &format!("y{k}"), x, 6);
            let b = g.stage(&format!("b{k}"), Ok(y.shape()), |g| g.curve(y, *function, approx));
            let c = g.stage(&format!("c{k}"), Ok(even.shape()), |g| g.curve(even, *function, approx));
            let d = linear(g, &format!("d{k}"), b, 3);
            all.extend([a, b, c, d]);
        }
        // means and products have scales of their own
        let all: Vec<Value<'_>> = all.into_iter().map(|v| g.stage("relu", Ok(v.shape()), |g| g.relu(v))).collect();
        g.concat(&all, 0)
    })
}
