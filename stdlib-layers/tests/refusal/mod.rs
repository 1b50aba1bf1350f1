//! What a layer refuses, with the exact text that the compiler prints.

use undertone_runtime::Layer;
use undertone_runtime::graph::trace;
use undertone_shape::{Infer, Shape, render};

/// Checks the text of the refusal at the stage `M.s`, and that `build` reports the same instead of panicking.
#[track_caller]
pub fn refuses<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape], expected: &str) {
    let error = infer(&layer, inputs).expect_err("a refusal");
    assert_eq!(render("M.s", &error).as_str(), format!("`M.s` {expected}"));
    let named: Vec<(&str, Shape)> = ["a", "b", "c"].into_iter().zip(inputs.iter().copied()).collect();
    let built = trace("M", &named, |g, x| layer.build(g, x)).expect_err("a refusal").to_string();
    assert!(built.ends_with(expected) && built.starts_with("model `M`, stage `"), "{built}");
}
