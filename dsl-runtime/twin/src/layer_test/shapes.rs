//! `infer` against `build`: for the inputs of the test, and for similar ones.

use super::{Finding, LayerTest, surroundings};
use std::panic::{AssertUnwindSafe, catch_unwind};
use undertone_runtime::Layer;
use undertone_shape::{MAX_RANK, Shape, render};

const CHECK: &str = "shapes";

pub(super) fn check<L: Layer>(test: &LayerTest<L>) -> Vec<Finding> {
    let mut findings = vec![];
    if let (Some(wanted), Ok(found)) = (test.gives, (test.infer)(&test.layer, &test.inputs))
        && wanted != found
    {
        findings.push(Finding::new(CHECK, format!("`infer` says {found}, but {wanted} is expected")));
    }
    findings.extend(similar(&test.inputs).iter().filter_map(|inputs| on(test, inputs)).map(|message| Finding::new(CHECK, message)));
    findings
}

/// What is wrong on these inputs. What `infer` refuses, `build` never sees, so it may then do as it likes.
fn on<L: Layer>(test: &LayerTest<L>, inputs: &[Shape]) -> Option<String> {
    let shapes = || inputs.iter().map(Shape::to_string).collect::<Vec<_>>().join(", ");
    let layer = test.layer;
    let Ok(inferred) = catch_unwind(AssertUnwindSafe(|| (test.infer)(&layer, inputs))) else {
        return Some(format!("`infer` panics on ({}): return a `ShapeError` that says what is needed", shapes()));
    };
    match inferred {
        Err(e) if render("", &e).as_str().len() > 2 => None,
        Err(_) => Some(format!("`infer` refuses ({}) without saying why", shapes())),
        Ok(shape) => match catch_unwind(AssertUnwindSafe(|| surroundings::on(test, inputs))) {
            Ok(Ok(_)) => None,
            Ok(Err(e)) => Some(format!("`infer` accepts ({}) and says {shape}, but `build` does not follow: {e}", shapes())),
            Err(_) => Some(format!("`infer` accepts ({}) and says {shape}, but `build` panics", shapes())),
        },
    }
}

/// Other sizes, ranks and numbers of inputs, each different in one place only.
fn similar(inputs: &[Shape]) -> Vec<Vec<Shape>> {
    let mut all = vec![vec![], [inputs, inputs.get(..1).unwrap_or_default()].concat()];
    all.extend(inputs.split_last().map(|(_, others)| others.to_vec()));
    for (k, shape) in inputs.iter().enumerate() {
        let mut with = |shape: Shape| all.push(inputs.iter().enumerate().map(|(i, s)| if i == k { shape } else { *s }).collect());
        for axis in 0..shape.rank() {
            let size = shape.dim(axis);
            for other in [0, 1, size.saturating_sub(1), size + 1, 2 * size] {
                with(shape.with_dim(axis, other));
            }
        }
        if let Some((_, rest)) = shape.dims().split_last() {
            with(Shape::from_slice(rest));
        }
        if shape.rank() < MAX_RANK {
            with(Shape::from_slice(&[&[1], shape.dims()].concat()));
        }
    }
    all
}
