//! Losses: which shapes they compare, and that no plan has one.

use undertone_layers::{BinaryCrossEntropy, BinaryCrossEntropyWithLogits, CrossEntropy, Ctc, Dice, Huber, L1, MeanSquaredError};
use undertone_runtime::graph::{Init, trace, trace_loss};
use undertone_runtime::{Layer, Plan, Settings};
use undertone_shape::{Infer, Shape, render};

fn shape<const R: usize>(dims: [usize; R]) -> Shape {
    Shape::new(dims)
}

/// Checks that a loss compares these with one another, in `infer` and as it is traced.
#[track_caller]
fn compares<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, x: [Shape; 2]) {
    assert_eq!(infer(&layer, &x), Ok(shape([])));
    let graph = trace_loss("M.loss", &[("output", x[0]), ("target", x[1])], |g, x| layer.build(g, x)).unwrap();
    assert_eq!((graph.output_shape(), graph.releases.len()), (shape([]), 0));
}

/// Checks the text of a refusal, and that `build` reports the same instead of panicking.
#[track_caller]
fn refuses<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, x: &[Shape], expected: &str) {
    let error = infer(&layer, x).expect_err("a refusal");
    assert_eq!(render("M.s", &error).as_str(), format!("`M.s` {expected}"));
    let named: Vec<(&str, Shape)> = ["output", "a", "b"].into_iter().zip(x.iter().copied()).collect();
    let built = trace_loss("M.loss", &named, |g, x| layer.build(g, x)).expect_err("a refusal").to_string();
    assert!(built.ends_with(expected), "{built}");
}

#[test]
fn a_cross_entropy_compares_scores_with_classes_or_probabilities() {
    compares(CrossEntropy, CrossEntropy::infer, [shape([10]), shape([])]);
    compares(CrossEntropy, CrossEntropy::infer, [shape([10]), shape([10])]);
    compares(CrossEntropy, CrossEntropy::infer, [shape([3, 8, 9]), shape([8, 9])]);
    compares(CrossEntropy, CrossEntropy::infer, [shape([3, 8, 9]), shape([3, 8, 9])]);
    let infer = CrossEntropy::infer;
    refuses(CrossEntropy, infer, &[shape([10])], "takes 2 inputs, but is given 1");
    refuses(CrossEntropy, infer, &[shape([]), shape([])], "expects rank 1, but its input is []");
    refuses(CrossEntropy, infer, &[shape([10]), shape([9])], "needs inputs of one shape, but they are [10] and [9]");
    refuses(CrossEntropy, infer, &[shape([3, 8, 9]), shape([9, 8])], "needs inputs of one shape, but they are [3, 8, 9] and [9, 8]");
}

#[test]
fn a_mean_squared_error_broadcasts_nothing() {
    compares(MeanSquaredError, MeanSquaredError::infer, [shape([2, 3]), shape([2, 3])]);
    compares(MeanSquaredError, MeanSquaredError::infer, [shape([]), shape([])]);
    let (infer, x) = (MeanSquaredError::infer, shape([4]));
    refuses(MeanSquaredError, infer, &[x, shape([])], "needs inputs of one shape, but they are [4] and []");
    refuses(MeanSquaredError, infer, &[x; 3], "takes 2 inputs, but is given 3");
}

/// Checks a loss of two values of one shape, images among them.
#[track_caller]
fn compares_alike<L: Layer + Copy>(layer: L, infer: fn(&L, &[Shape]) -> Infer) {
    for x in [shape([3, 64, 64]), shape([1]), shape([])] {
        compares(layer, infer, [x, x]);
    }
    refuses(layer, infer, &[shape([1, 8, 8]), shape([8, 8])], "needs inputs of one shape, but they are [1, 8, 8] and [8, 8]");
    refuses(layer, infer, &[shape([1]), shape([])], "needs inputs of one shape, but they are [1] and []");
    refuses(layer, infer, &[shape([4])], "takes 2 inputs, but is given 1");
    refuses(layer, infer, &[shape([4]); 3], "takes 2 inputs, but is given 3");
}

#[test]
fn losses_of_numbers_and_of_yes_or_no_broadcast_nothing() {
    compares_alike(BinaryCrossEntropy, BinaryCrossEntropy::infer);
    compares_alike(BinaryCrossEntropyWithLogits, BinaryCrossEntropyWithLogits::infer);
    compares_alike(L1, L1::infer);
    compares_alike(Huber { delta: 0.5 }, Huber::infer);
    compares_alike(Dice::DEFAULT, Dice::infer);
}

#[test]
fn what_no_loss_can_do_with_is_refused() {
    let x = [shape([4]); 2];
    for delta in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        refuses(Huber { delta }, Huber::infer, &x, "needs the field `delta: above 0`");
    }
    for smooth in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        refuses(Dice { smooth, ..Dice::DEFAULT }, Dice::infer, &x, "needs the field `smooth: above 0`");
    }
}

#[test]
fn a_ctc_compares_scores_over_time_with_classes() {
    let (scores, target) = (shape([5, 12]), shape([12]));
    compares(Ctc { blank: 4 }, Ctc::infer, [scores, target]);
    let refused = |blank, x: [Shape; 2], expected: &str| refuses(Ctc { blank }, Ctc::infer, &x, expected);
    refused(5, [scores, target], "has `blank: 5`, but it must be one of the classes");
    refused(0, [shape([12]), target], "expects rank 2, but its input is [12]");
    refused(0, [scores, scores], "expects rank 1, but its input is [5, 12]");
    refused(0, [scores, shape([13])], "needs at least 13 on axis 1, but its input is [5, 12]");
    refused(0, [scores, shape([0])], "needs at least 1 on axis 0, but its input is [0]");
    refused(0, [shape([1, 12]), target], "needs at least 2 on axis 0, but its input is [1, 12]");
}

#[test]
fn no_plan_has_a_loss() {
    let graph =
        trace("M", &[("x", shape([3])), ("y", shape([3]))], |g, x| g.stage("s", Ok(shape([])), |g| CrossEntropy.build(g, x))).unwrap();
    let error = Plan::new(&graph, &Settings::default()).unwrap_err().to_string();
    assert!(error.contains("stage `s`") && error.contains("`cross_entropy` is a loss, which the plain twin alone computes"), "{error}");
}

#[test]
fn a_loss_has_no_weights_and_is_a_number() {
    let x = [("output", shape([3])), ("target", shape([3]))];
    let error = trace_loss("M.loss", &x, |g, x| {
        let weight = g.parameter("weight", [3, 3], Init::Constant(1.0));
        let y = g.linear(x[0], weight, None);
        g.mean_squared_error(y, x[1])
    });
    assert!(error.unwrap_err().to_string().contains("a loss has no weights, but here is `weight`"));
    let error = trace_loss("M.loss", &x, |g, x| g.add(x[0], x[1])).unwrap_err().to_string();
    assert!(error.contains("a loss is a number, but this one has the shape [3]"), "{error}");
}
