//! Functions by comparison, by `LayerTest` and by what they compute; releases of a bit; and what they refuse.

use undertone_layers::{Above, HardSigmoid, HardSwish, HardTanh, Relu6, Softsign, Threshold, TopK, TopKValues};
use undertone_runtime::graph::{Graph, trace, trace_roles};
use undertone_runtime::plan::{Kind, Place};
use undertone_runtime::{Deployment, Layer, Plan, Settings, Weights, World};
use undertone_shape::{Infer, Shape, render};
use undertone_twin::layer_test;

/// Numbers of parties, and rings in words of 64 and of 32 bits.
fn settings() -> [Settings; 4] {
    let with = |ring, fraction, opened, parties| Settings { ring, fraction, opened, parties, ..Settings::default() };
    [Settings::default(), with(64, 12, 28, 2), with(64, 16, 34, 3), with(32, 8, 24, 2)]
}

#[test]
fn clamps() {
    layer_test!(Relu6, [2, 3, 4])
        .gives([2, 3, 4])
        .declares([])
        .settings(settings())
        .computes(|_, x| each(x, |x| x.clamp(0.0, 6.0)))
        .check();
    let scalar: [usize; 0] = [];
    layer_test!(Relu6, scalar).gives(scalar).settings(settings()).check();
    layer_test!(HardTanh, [30]).gives([30]).declares([]).settings(settings()).computes(|_, x| each(x, |x| x.clamp(-1.0, 1.0))).check();
    let limits = layer_test!(HardTanh { min: 0.125, max: 20.5 }, [4, 9]);
    limits.gives([4, 9]).settings(settings()).computes(|_, x| each(x, |x| x.clamp(0.125, 20.5))).check();
}

#[test]
fn gates() {
    let gate = |x: f64| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    layer_test!(HardSigmoid, [3, 11]).gives([3, 11]).declares([]).settings(settings()).computes(move |_, x| each(x, gate)).check();
    layer_test!(HardSwish, [3, 11]).gives([3, 11]).declares([]).settings(settings()).computes(move |_, x| each(x, |x| x * gate(x))).check();
}

#[test]
fn thresholds() {
    // the slopes of the test are taken between the values that it spaces out: no value is next to this threshold
    let above = layer_test!(Threshold { at: 0.51, value: -2.0 }, [5, 7]);
    above.gives([5, 7]).declares([]).settings(settings()).computes(|_, x| each(x, |x| if x > 0.51 { x } else { -2.0 })).check();
    layer_test!(Threshold, [9]).gives([9]).settings(settings()).computes(|_, x| each(x, |x| x.max(0.0))).check();
    layer_test!(Above { at: 0.5 }, [5, 7]).gives([5, 7]).declares([]).settings(settings()).check();
    layer_test!(Above, [2, 3, 4]).gives([2, 3, 4]).settings(settings()).check();
    const { assert!(Above::INTEGER) }
}

#[test]
fn softsign() {
    layer_test!(Softsign, [40]).gives([40]).declares([]).settings(settings()).check();
    // the lines against the curve
    let graph = alone(Softsign, Softsign::infer, [400]);
    let x: Vec<f32> = (0..400).map(|k| (k as f32 - 200.0).powi(3) / 16_000.0).collect();
    let run = World::seeded(3).predict_graph(&graph, &Weights::empty(), &[&x], 1, &mut |_| {}).unwrap();
    let worst = x.iter().zip(run.output()).map(|(x, y)| (y - x / (1.0 + x.abs())).abs()).fold(0.0, f32::max);
    println!("largest error of a private softsign: {} units of 2^-10", worst * 1024.0);
    assert!(worst < 1.0 / 1024.0, "{worst}");
}

#[test]
fn largest() {
    layer_test!(TopK { k: 3 }, [10]).gives([3]).declares([]).settings(settings()).check();
    layer_test!(TopK { k: 2, axis: 1 }, [3, 5, 4]).gives([3, 2, 4]).declares([]).settings(settings()).check();
    layer_test!(TopK { k: 2 }, [70]).gives([2]).settings([Settings::default()]).check();
    layer_test!(TopKValues { k: 3 }, [10]).gives([3]).declares([]).settings(settings()).check();
    let sorted = layer_test!(TopKValues { k: 6, axis: 1 }, [2, 6]);
    sorted.gives([2, 6]).declares([]).settings(settings()).computes(|_, x| x[0].chunks(6).flat_map(descending).collect()).check();
    layer_test!(TopKValues { axis: 2 }, [2, 3, 1]).gives([2, 3, 1]).settings(settings()).check();
    const { assert!(TopK::INTEGER) }
}

fn descending(row: &[f32]) -> Vec<f64> {
    let mut all: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    all
}

/// The five best of a thousand, to one role that computes nothing, for two parties and three, in words of both sizes.
#[test]
fn the_best_of_many_are_released_to_one_role() {
    let scores: Vec<f32> = (0..2000).map(|k| ((k * 7919) % 1013) as f32 / 16.0).collect();
    let expected: Vec<u32> = scores.chunks(1000).flat_map(best_five).collect();
    let graph = trace_roles("Best", &[("x", Shape::new([1000]), "shop")], "lab", |g, x| {
        let best = g.stage("best", Ok(Shape::new([5])), |g| TopK { k: 5, axis: 0 }.build(g, x));
        g.release("best", best, &["buyer"]);
        best
    })
    .unwrap();
    for settings in settings() {
        let places = [("shop", Place::Party(0)), ("lab", Place::Party(1)), ("buyer", Place::Client(0))];
        let deployment = || Deployment::new(places.map(|(role, place)| (role.to_owned(), place)));
        let plan = Plan::deployed(&graph, &settings, &deployment()).unwrap();
        plan.verify(1 << 24).unwrap();
        assert_eq!((plan.releases[0].m, plan.releases[0].to.as_slice()), (10, &[Place::Client(0)][..]));
        let cost = plan.cost(1).total();
        println!(
            "{} parties: {} rounds, {} bytes sent, {} bytes of corrections\n{plan}",
            settings.parties, cost.rounds, cost.sent, cost.corrections
        );
        let world = World::seeded(9).settings(settings.clone()).deployment(deployment());
        let run = world.predict_graph(&graph, &Weights::empty(), &[&scores], 2, &mut |_| {}).unwrap();
        assert_eq!(run.opened.indices("best"), expected, "{settings:?}");
    }
}

fn best_five(row: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..row.len() as u32).collect();
    order.sort_by(|a, b| row[*b as usize].total_cmp(&row[*a as usize]));
    order[..5].to_vec()
}

fn each(x: &[&[f32]], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x[0].iter().map(|x| f(f64::from(*x))).collect()
}

fn alone<L: Layer, const R: usize>(layer: L, infer: fn(&L, &[Shape]) -> Infer, shape: [usize; R]) -> Graph {
    let shape = Shape::new(shape);
    trace("M", &[("x", shape)], |g, x| g.stage("s", infer(&layer, &[shape]), |g| layer.build(g, x))).unwrap()
}

/// Only the roles that are named learn a mask, and only a bit an element.
#[test]
fn a_mask_is_released_to_one_role_as_one_bit_an_element() {
    let x: Vec<f32> = (0..60).map(|k| (k % 7) as f32 / 4.0 - 0.5).collect();
    let expected: Vec<u32> = x.iter().map(|x| u32::from(*x > 0.5)).collect();
    assert!(x.contains(&0.5), "a value on the threshold, which is not above it");
    let graph = trace_roles("Mask", &[("x", Shape::new([30]), "clinic")], "lab", |g, x| {
        let y = g.stage("relu6", Ok(Shape::new([30])), |g| Relu6.build(g, x));
        let mask = g.stage("mask", Ok(Shape::new([30])), |g| Above { at: 0.5 }.build(g, &[y]));
        g.release("mask", mask, &["hospital"]);
        y
    })
    .unwrap();
    let places = [("clinic", Place::Party(0)), ("lab", Place::Party(1)), ("hospital", Place::Client(0))];
    let deployment = || Deployment::new(places.map(|(role, place)| (role.to_owned(), place)));
    for settings in settings() {
        let plan = Plan::deployed(&graph, &settings, &deployment()).unwrap();
        plan.verify(1 << 20).unwrap();
        assert_eq!((plan.releases.len(), plan.releases[0].m, plan.releases[0].to.as_slice()), (1, 1, &[Place::Client(0)][..]));
        let world = World::seeded(9).settings(settings.clone()).deployment(deployment());
        let run = world.predict_graph(&graph, &Weights::empty(), &[&x], 2, &mut |_| {}).unwrap();
        assert_eq!(run.opened.indices("mask"), expected, "{settings:?}");
        assert!(run.opened.real("mask").is_empty());
    }
}

#[test]
fn a_bit_cannot_be_computed_with() {
    let shape = Shape::new([6]);
    let graph = trace("M", &[("x", shape)], |g, x| {
        let bit = g.stage("above", Ok(shape), |g| Above::DEFAULT.build(g, x));
        g.stage("relu6", Ok(shape), |g| Relu6.build(g, &[bit]))
    });
    let error = Plan::new(&graph.unwrap(), &Settings::default()).unwrap_err().to_string();
    assert!(error.contains("`relu6`") && error.contains("can be rearranged or released, not computed with"), "{error}");
}

#[test]
fn what_they_cost_is_what_their_documentation_says() {
    fn of<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer) -> (u64, u64, u64) {
        let plan = Plan::new(&alone(layer, infer, [2560]), &Settings::default()).unwrap();
        let cost = plan.cost(1).rows[0].cost;
        (cost.rounds, cost.sent * 8 / 2560, cost.corrections * 8 / 2560)
    }
    assert_eq!(of(Relu6, Relu6::infer), (4, 72, 471));
    assert_eq!(of(HardTanh::DEFAULT, HardTanh::infer), (4, 72, 471));
    assert_eq!(of(HardSigmoid, HardSigmoid::infer), (4, 72, 471));
    assert_eq!(of(HardSwish, HardSwish::infer), (4, 72, 821));
    assert_eq!(of(Threshold { at: 0.5, value: 1.0 }, Threshold::infer), (4, 53, 381));
    assert_eq!(of(Above { at: 0.5 }, Above::infer), (3, 52, 163));
    let (rounds, bits, corrections) = of(Softsign, Softsign::infer);
    assert_eq!((rounds, bits, corrections), (4, 946, 8559));
}

/// A hard sigmoid leaves its sixth in the factor, as a mean leaves its count.
#[test]
fn a_factor_stays_with_the_value() {
    let plan = Plan::new(&alone(HardSigmoid, HardSigmoid::infer, [8]), &Settings::default()).unwrap();
    assert_eq!((plan.stages[0].result.bits, plan.stages[0].result.factor), (16, 6));
    let plan = Plan::new(&alone(HardSwish, HardSwish::infer, [8]), &Settings::default()).unwrap();
    assert_eq!((plan.stages[0].result.bits, plan.stages[0].result.factor), (32, 6));
    let clamps = plan.steps.iter().filter(|s| matches!(s.kind, Kind::Piecewise { .. })).count();
    assert_eq!(clamps, 1);
}

#[track_caller]
fn refuses<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape], expected: &str) {
    let error = infer(&layer, inputs).expect_err("a refusal");
    assert_eq!(render("M.s", &error).as_str(), format!("`M.s` {expected}"));
    let named: Vec<(&str, Shape)> = ["a", "b"].into_iter().zip(inputs.iter().copied()).collect();
    let built = trace("M", &named, |g, x| layer.build(g, x)).expect_err("a refusal").to_string();
    assert!(built.ends_with(expected) && built.starts_with("model `M`, stage `"), "{built}");
}

#[test]
fn what_they_refuse() {
    let x = Shape::new([2, 4]);
    let two = "takes 1 input, but is given 2";
    refuses(Relu6, Relu6::infer, &[x; 2], two);
    refuses(HardTanh::DEFAULT, HardTanh::infer, &[x; 2], two);
    refuses(HardSigmoid, HardSigmoid::infer, &[x; 2], two);
    refuses(HardSwish, HardSwish::infer, &[x; 2], two);
    refuses(Softsign, Softsign::infer, &[x; 2], two);
    refuses(Threshold::DEFAULT, Threshold::infer, &[x; 2], two);
    refuses(Above::DEFAULT, Above::infer, &[x; 2], two);
    for (min, max) in [(1.0, 1.0), (2.0, -2.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let text = "needs the field `max: a finite number above `min`, which is finite too`";
        refuses(HardTanh { min, max }, HardTanh::infer, &[x], text);
    }
    for (at, value) in [(f64::NAN, 0.0), (0.0, f64::INFINITY)] {
        refuses(Threshold { at, value }, Threshold::infer, &[x], "needs the field `at: a finite number, and so `value``");
    }
    refuses(TopK::DEFAULT, TopK::infer, &[x; 2], two);
    refuses(TopKValues::DEFAULT, TopKValues::infer, &[x; 2], two);
    refuses(TopK::DEFAULT, TopK::infer, &[Shape::new([])], "expects rank 1, but its input is []");
    refuses(TopK { k: 1, axis: 2 }, TopK::infer, &[x], "has `axis: 2`, but it must be below the rank of the input");
    refuses(TopK { k: 0, axis: 0 }, TopK::infer, &[x], "has `k: 0`, but it must be at least 1");
    refuses(TopKValues { k: 3, axis: 0 }, TopKValues::infer, &[x], "needs at least 3 on axis 0, but its input is [2, 4]");
    let long = Shape::new([65]);
    refuses(TopK { k: 33, axis: 0 }, TopK::infer, &[long], "has `k: 33`, but it must be at most 32 on an axis of more than 64");
    refuses(Above { at: f64::NEG_INFINITY }, Above::infer, &[x], "needs the field `at: a finite number`");
}
