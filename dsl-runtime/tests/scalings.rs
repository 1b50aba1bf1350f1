//! Public scalings that owners do in the clear: what becomes of small graphs, before and after, what it saves, what is left alone, and that private runs still compute the
//! same.

#[path = "common/blocks.rs"]
#[allow(dead_code, reason = "other files use the rest")]
mod blocks;

use blocks::{conv, linear, relu, runs_as_planned, stage, weights_of};
use undertone_runtime::graph::op::BatchNorm;
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Calibration, Kind, Recipe, Scaling};
use undertone_runtime::{Deployment, Place, Plan, Settings};
use undertone_shape::Shape;

fn plan(graph: &Graph) -> Plan {
    let plan = Plan::new(graph, &Settings::default()).unwrap();
    plan.verify(1 << 20).unwrap();
    plan
}

/// Rounds and bytes of one sample.
fn cost(plan: &Plan) -> (u64, u64, u64) {
    let total = plan.cost(1).total();
    (total.rounds, total.sent, total.corrections)
}

fn scalings(plan: &Plan) -> usize {
    plan.steps.iter().filter(|s| matches!(s.kind, Kind::Times(_) | Kind::Plus(_) | Kind::Round { .. })).count()
}

/// Two and three parties; an input and weights that parties have, and such that clients share.
fn everywhere(graph: &Graph) {
    for parties in [2, 3] {
        for (client, server) in
            [(Place::Party(0), Place::Party(1)), (Place::Party(0), Place::Client(0)), (Place::Client(0), Place::Party(0))]
        {
            let deployment = Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)]);
            runs_as_planned(graph, &Settings { parties, ..Settings::default() }, &deployment, 2);
        }
    }
}

fn scale<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, factor: f64, offset: f64) -> Value<'g> {
    stage(g, name, x.shape(), |g| g.scale(x, factor, offset))
}

/// The same value, where `apart` seen through an operation through which nothing is folded.
fn seen<'g>(g: &mut Scope<'g>, x: Value<'g>, apart: bool) -> Value<'g> {
    if apart { stage(g, "seen", x.shape(), |g| g.reshape(x, x.shape())) } else { x }
}

/// Scalings of the input, after a matrix product and before one; nothing can be folded where they are `apart`.
fn three(apart: bool) -> Graph {
    trace("Three", &[("x", Shape::new([12]))], |g, x| {
        let y = seen(g, x[0], apart);
        let y = scale(g, "pixels", y, 1.0 / 255.0, -0.5);
        let y = linear(g, "first", y, 8);
        let y = seen(g, y, apart);
        let y = scale(g, "temperature", y, 0.3, 0.7);
        let y = relu(g, "relu", y);
        let y = scale(g, "smaller", y, 0.37, 0.0);
        let y = seen(g, y, apart);
        linear(g, "head", y, 3)
    })
    .unwrap()
}

#[test]
fn scalings_cost_nothing_where_owners_do_them() {
    let deployment = Deployment::new([("client".to_owned(), Place::Client(0)), ("server".to_owned(), Place::Party(0))]);
    let plan = |apart: bool| Plan::deployed(&three(apart), &Settings::default(), &deployment).unwrap();
    let (before, after) = (plan(true), plan(false));
    insta::assert_snapshot!("scalings_before", before.to_string());
    insta::assert_snapshot!("scalings_after", after.to_string());
    assert!(scalings(&before) >= 3);
    assert_eq!(scalings(&after), 0);
    let (was, is) = (cost(&before), cost(&after));
    assert!(is.0 < was.0 && is.1 < was.1 && is.2 < was.2, "{is:?} against {was:?}");
    insta::assert_snapshot!("scalings_gain", format!("{is:?} instead of {was:?}"));
    everywhere(&three(true));
    everywhere(&three(false));
}

#[test]
fn what_is_folded_computes_the_same() {
    let x: Vec<f32> = (0..24).map(|i| (i * 37 % 256) as f32).collect();
    let of = |apart: bool| {
        let graph = three(apart);
        fixed_point(&graph, &Settings::default(), &weights_of(&graph), &[&x], 2).unwrap()
    };
    let (before, after) = (of(true), of(false));
    for (a, b) in before.output().iter().zip(after.output()) {
        assert!((a - b).abs() < 2e-3, "{a} without folding, {b} with it");
    }
}

/// A convolution, a normalisation and two scalings of its channels: one product.
#[test]
fn scalings_go_on_top_of_one_another_and_of_a_normalisation() {
    let graph = trace("Chain", &[("x", Shape::new([2, 4, 4]))], |g, x| {
        let y = scale(g, "half", x[0], 0.5, 0.25);
        let y = scale(g, "three", y, 3.0, -0.125);
        let y = conv(g, "conv", y, 3, [3, 1, 1]);
        let y = stage(g, "norm", [3, 4, 4], |g| {
            let norm = ["gamma", "beta", "mean"].map(|name| g.parameter(name, [3], Init::Constant(0.5)));
            let variance = g.parameter("variance", [3], Init::Constant(1.0));
            g.batch_norm(y, [norm[0], norm[1], norm[2], variance], BatchNorm { epsilon: 4.0, ..BatchNorm::PLAIN })
        });
        let y = stage(g, "channels", [3, 4, 4], |g| g.affine(y, &[1.0, -2.0, 0.5], &[0.0, 1.0, -1.0]));
        scale(g, "all", y, 1.5, 0.125)
    })
    .unwrap();
    let plan = plan(&graph);
    assert_eq!(scalings(&plan), 0, "{plan}");
    assert_eq!(plan.weights.len(), 1);
    // 3 (x / 2 + 1/4) - 1/8
    assert_eq!([0.0, 1.0].map(|v| format!("{:?}", plan.inputs[0].scaling).contains(&f64::to_bits(v + 0.5).to_string())), [false, true]);
    everywhere(&graph);
    let x: Vec<f32> = (0..32).map(|i| (i * 7 % 11) as f32 / 11.0).collect();
    let folded = fixed_point(&graph, &Settings::default(), &weights_of(&graph), &[&x], 1).unwrap();
    // the same by hand, in the clear
    let weights = weights_of(&graph);
    let get = |name: &str| weights.get(name).unwrap().1.to_vec();
    let (w, b) = (get("conv.weight"), get("conv.bias"));
    let (gamma, beta, mean, variance) = (get("norm.gamma"), get("norm.beta"), get("norm.mean"), get("norm.variance"));
    for (at, found) in folded.output().iter().enumerate() {
        let (o, i, j) = (at / 16, at / 4 % 4, at % 4);
        let mut sum = b[o];
        for (c, di, dj) in (0..2).flat_map(|c| (0..9).map(move |t| (c, t / 3, t % 3))) {
            let (y, z) = ((i + di).wrapping_sub(1), (j + dj).wrapping_sub(1));
            if y < 4 && z < 4 {
                sum += w[(o * 2 + c) * 9 + di * 3 + dj] * (3.0 * (x[c * 16 + y * 4 + z] / 2.0 + 0.25) - 0.125);
            }
        }
        let norm = (sum - mean[o]) * gamma[o] / (variance[o] + 4.0).sqrt() + beta[o];
        let expected = 1.5 * ([1.0, -2.0, 0.5][o] * norm + [0.0, 1.0, -1.0][o]) + 0.125;
        assert!((found - expected).abs() < 1e-3, "element {at}: {found}, {expected} by hand");
    }
}

#[test]
fn what_cannot_be_folded_is_left_alone() {
    let counted = |build: &dyn for<'g> Fn(&mut Scope<'g>, Value<'g>) -> Value<'g>| {
        let graph = trace("M", &[("x", Shape::new([2, 4, 4]))], |g, x| {
            let y = relu(g, "first", x[0]);
            build(g, y)
        });
        scalings(&plan(&graph.unwrap()))
    };
    let after = |factor: f64, released: bool| {
        counted(&|g, x| {
            let y = conv(g, "conv", x, 3, [1, 1, 0]);
            if released {
                g.release("conv", y, &["client"]);
            }
            let y = scale(g, "scaled", y, factor, 0.0);
            g.release("scaled", y, &["client"]);
            y
        })
    };
    assert_eq!([after(0.3, false), after(16.0, false), after(-1.0 / 16.0, false)], [0; 3]);
    let left = [after(0.3, true), after(17.0, false), after(0.06, false)];
    assert!(left.iter().all(|n| *n > 0), "read twice, too large, too small: {left:?}");
    let before = |factor: f64, offset: f64, twice: bool| {
        counted(&|g, x| {
            let y = scale(g, "scaled", x, factor, offset);
            let z = conv(g, "conv", y, 2, [1, 1, 0]);
            if twice { stage(g, "sum", [2, 4, 4], |g| g.add(y, z)) } else { z }
        })
    };
    assert_eq!([before(0.3, 0.0, false), before(-5.0, 0.0, false)], [0; 2]);
    // what is added before a product meets its padding, or not
    let left = [before(0.3, 0.5, false), before(40.0, 0.0, false), before(0.3, 0.0, true)];
    assert!(left.iter().all(|n| *n > 0), "added to, too large, read twice: {left:?}");
    let channels = counted(&|g, x| {
        let y = stage(g, "scaled", [2, 4, 4], |g| g.affine(x, &[0.5, 2.0], &[0.0]));
        conv(g, "conv", y, 2, [1, 1, 0])
    });
    assert!(channels > 0, "one factor a channel");
    // an input that two read is encoded as it is
    let twice = trace("M", &[("x", Shape::new([4]))], |g, x| {
        let y = scale(g, "scaled", x[0], 0.3, 0.0);
        stage(g, "sum", [4], |g| g.add(x[0], y))
    });
    assert_eq!(plan(&twice.unwrap()).inputs[0].scaling, Scaling::default());
}

#[test]
fn an_input_is_limited_as_it_is_scaled() {
    let graph =
        trace("M", &[("x", Shape::new([2, 2]))], |g, x| stage(g, "rows", [2, 2], |g| g.affine(x[0], &[1e-3, 1.0], &[0.0]))).unwrap();
    let check = |x: [f32; 4]| plan(&graph).check_inputs(Place::Party(0), &[(0, &x)], 1).map_err(|e| e.to_string());
    assert_eq!(check([4e6, -4e6, 0.0, 0.0]), Ok(()));
    let error = check([0.0, 0.0, 4e6, 0.0]).unwrap_err();
    assert!(error.contains("position 2: as the description scales it, must be finite and below 65536"), "{error}");
    assert!(check([f32::INFINITY, 0.0, 0.0, 0.0]).is_err());
}

#[test]
fn a_calibration_has_the_range_of_what_is_encoded() {
    let graph = trace("M", &[("x", Shape::new([12]))], |g, x| {
        let y = scale(g, "pixels", x[0], 1.0 / 255.0, 0.0);
        linear(g, "head", y, 3)
    })
    .unwrap();
    let mut calibration = Calibration::new(&graph, &weights_of(&graph)).unwrap();
    let ranges: Vec<[f32; 2]> = graph
        .nodes
        .iter()
        .map(|node| match node.stage.as_str() {
            "pixels" => [0.0, 1.0],
            "head" => [-2.0, 2.0],
            _ => [0.0, 255.0],
        })
        .collect();
    calibration.record(&graph, 3, &ranges).unwrap();
    let plan = Plan::new(&graph, &Settings::calibrated(&calibration).with_margin(1)).unwrap();
    plan.verify(1 << 20).unwrap();
    let f = plan.settings.fraction;
    // 1, a margin of one bit, the units that comparisons need, a sign
    assert!(plan.inputs[0].m <= f + 5, "{} bits for numbers of at most 1 with {f} fraction bits", plan.inputs[0].m);
    plan.check_inputs(Place::Party(0), &[(0, &[255.0; 12])], 1).unwrap();
    assert!(plan.check_inputs(Place::Party(0), &[(0, &[255.0 * 40.0; 12])], 1).is_err());
}

#[test]
fn plans_that_misuse_scalings_are_refused() {
    let good = plan(&three(false));
    let other = trace("M", &[("x", Shape::new([3, 4, 4]))], |g, x| {
        let y = stage(g, "rows", [3, 4, 4], |g| g.affine(x[0], &[0.5, 2.0, 3.0], &[0.0, 1.0, 2.0]));
        let y = conv(g, "conv", y, 3, [1, 1, 0]);
        stage(g, "channels", [3, 4, 4], |g| g.affine(y, &[0.5, 2.0, 3.0], &[0.0, 1.0, 2.0]))
    });
    let other = plan(&other.unwrap());
    let refused = |what: &str, change: &dyn Fn(&mut Plan)| {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(bad.verify(1 << 20).is_err(), "{what}");
    };
    refused("as many numbers as there are no channels", &|p| p.inputs[0].scaling = other.inputs[0].scaling.clone());
    refused("a weight that is moved", &|p| p.weights[0].weight_scaling = p.weights[0].bias_scaling.clone());
    refused("as many factors as there are no outputs", &|p| p.weights[0].weight_scaling = other.weights[0].weight_scaling.clone());
    refused("as many offsets as there are no outputs", &|p| p.weights[0].bias_scaling = other.weights[0].bias_scaling.clone());
    refused("a weight of nothing", &|p| p.weights[0].weight = Recipe::Nothing);
}
