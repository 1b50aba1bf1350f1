//! Plans that are chosen by calibration: their widths, what they say about ranges, and what happens at the limits.

use undertone_runtime::graph::op::{AvgPool, BatchNorm, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, Op, trace};
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Calibration, Kind, Magnitude, Range};
use undertone_runtime::{Network, Plan, Settings, Weights, World};
use undertone_shape::Shape;

const SIDE: usize = 8;

/// Convolution, normalisation, ReLU, pool, skip, mean, matrix product.
fn network() -> Graph {
    trace("Small", &[("x", Shape::new([1, SIDE, SIDE]))], |g, x| {
        let w = g.parameter("a.weight", [4, 1, 3, 3], Init::Constant(0.0));
        let y = g.stage("a", Ok(Shape::new([4, SIDE, SIDE])), |g| g.conv(x[0], w, None, Conv { padding: [1; 3], ..Conv::PLAIN }));
        let norm = ["weight", "bias", "running_mean", "running_var"].map(|n| g.parameter(&format!("norm.{n}"), [4], Init::Constant(1.0)));
        let y = g.stage("norm", Ok(y.shape()), |g| g.batch_norm(y, norm, BatchNorm::PLAIN));
        let y = g.stage("relu", Ok(y.shape()), |g| g.relu(y));
        let half = SIDE / 2;
        let pool = MaxPool { kernel: [2; 3], stride: [2; 3], padding: [0; 3] };
        let y = g.stage("pool", Ok(Shape::new([4, half, half])), |g| g.max_pool(y, pool));
        let w = g.parameter("b.weight", [4, 4, 1, 1], Init::Constant(0.0));
        let z = g.stage("b", Ok(y.shape()), |g| g.conv(y, w, None, Conv::PLAIN));
        let z = g.stage("join", Ok(y.shape()), |g| g.add(z, y));
        let z = g.stage("join_relu", Ok(y.shape()), |g| g.relu(z));
        let mean = AvgPool { kernel: [half; 3], stride: [half; 3], padding: [0; 3] };
        let z = g.stage("mean", Ok(Shape::new([4, 1, 1])), |g| g.avg_pool(z, mean));
        let z = g.stage("flat", Ok(Shape::new([4])), |g| g.reshape(z, [4]));
        let w = g.parameter("c.weight", [3, 4], Init::Constant(0.0));
        let b = g.parameter("c.bias", [3], Init::Constant(0.0));
        g.stage("c", Ok(Shape::new([3])), |g| g.linear(z, w, Some(b)))
    })
    .unwrap()
}

/// Weights that are a function of their place, as large as `times` says.
fn weights(graph: &Graph, times: f32) -> Weights {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let values = (0..p.shape.numel()).map(|i| (((i * 37 + p.name.len() * 11) % 19) as f32 / 19.0 - 0.5) * times);
        let values = if p.name.ends_with("running_var") { values.map(|v| v.abs() / times + 0.5).collect() } else { values.collect() };
        weights.insert(p.name.clone(), p.shape, values);
    }
    weights
}

fn samples(count: usize) -> Vec<f32> {
    (0..count * SIDE * SIDE).map(|i| ((i * 53) % 97) as f32 / 97.0 - 0.5).collect()
}

/// What the values of every operation are, by a wide private run: there is no other interpreter here. Values that no stage hands on have those of their stage.
fn calibrate(graph: &Graph, weights: &Weights, x: &[f32], count: usize) -> Calibration {
    let run = World::seeded(3).record().predict_graph(graph, weights, &[x], count, &mut |_| {}).unwrap();
    let stages = run.stages.unwrap();
    let range = |values: &[f32]| values.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[l, m], v| [l.min(*v), m.max(*v)]);
    let of = |stage: &str| stages.all.iter().find(|s| s.name == stage).map(|s| range(&s.values));
    let mut seen = Calibration::new(graph, weights).unwrap();
    let ranges: Vec<[f32; 2]> = graph
        .nodes
        .iter()
        .map(|node| match node.op {
            Op::Input(_) => range(x),
            // folded into the next stage: nobody asks for it
            _ => of(&node.stage).unwrap_or([-1.0, 1.0]),
        })
        .collect();
    seen.record(graph, count, &ranges).unwrap();
    seen
}

fn small(times: f32) -> (Graph, Weights, Calibration) {
    let graph = network();
    let weights = weights(&graph, times);
    let seen = calibrate(&graph, &weights, &samples(4), 4);
    (graph, weights, seen)
}

fn range(plan: &Plan, stage: &str) -> Range {
    plan.stages.iter().find(|s| s.name == stage).unwrap().range
}

#[test]
fn a_calibrated_plan_gives_what_fixed_point_gives_in_every_ring() {
    let (graph, weights, seen) = small(1.0);
    let x = samples(4);
    let exact = fixed_point(&graph, &Settings::default(), &weights, &[&x], 4).unwrap();
    for (ring, fraction, close) in [(32, 10, 2e-2), (36, 12, 5e-3), (40, 12, 5e-3), (64, 16, 4e-4)] {
        let settings = Settings::calibrated(&seen).with_ring(ring).with_fraction(fraction);
        let plan = Plan::new(&graph, &settings).unwrap();
        assert_eq!((plan.settings.ring, plan.settings.fraction, plan.margin), (ring, fraction, Some(1)));
        plan.verify(1 << 20).unwrap();
        let fixed = fixed_point(&graph, &settings, &weights, &[&x], 4).unwrap();
        let run = World::seeded(5).settings(settings.clone()).predict_graph(&graph, &weights, &[&x], 4, &mut |_| {}).unwrap();
        for ((private, fixed_value), exact) in run.output().iter().zip(fixed.output()).zip(exact.output()) {
            assert!(f64::from((private - fixed_value).abs()) <= fixed.bound + 1e-6, "ring {ring}: {private} against {fixed_value}");
            assert!((private - exact).abs() < close, "ring {ring}: {private} against {exact}");
        }
    }
}

#[test]
fn a_stage_opens_as_many_bits_as_its_values_and_the_margin_take() {
    let (graph, _, mut seen) = small(1.0);
    // an input that nothing became large of: limits alone prove little now
    let one = graph.nodes.iter().map(|n| if matches!(n.op, Op::Input(_)) { [-2000.0, 2000.0] } else { [0.0; 2] });
    seen.record(&graph, 1, &one.collect::<Vec<_>>()).unwrap();
    let plan = |settings: Settings| Plan::new(&graph, &settings.with_ring(40).with_fraction(12)).unwrap();
    let opened = |plan: &Plan| -> Vec<u32> {
        plan.steps.iter().filter_map(|s| if let Kind::Relu { compare, .. } = s.kind { Some(compare.m) } else { None }).collect()
    };
    let one = plan(Settings::calibrated(&seen));
    let expected = ["norm", "join"].map(|stage| {
        let largest = (2.0 * seen.largest(stage).unwrap() * 4096.0).ceil() as u64;
        ((largest + 4).next_power_of_two().ilog2() + 2).max(10)
    });
    assert_eq!(opened(&one), expected);
    assert!(matches!(range(&one, "pool"), Range::Calibrated { margin: 1.. }), "{:?}", range(&one, "pool"));
    let four = plan(Settings::calibrated(&seen).with_margin(4));
    assert_eq!(opened(&four)[0], expected[0] + 3);
    assert!(matches!(range(&four, "pool"), Range::Calibrated { margin: 4.. }), "{:?}", range(&four, "pool"));
}

#[test]
fn where_limits_of_inputs_and_weights_prove_a_range_it_is_proved() {
    // one product of few weights: what calibration saw is close to what is possible
    let graph = trace("One", &[("x", Shape::new([2]))], |g, x| {
        let w = g.parameter("a.weight", [2, 2], Init::Constant(0.0));
        let y = g.stage("a", Ok(Shape::new([2])), |g| g.linear(x[0], w, None));
        let y = g.stage("relu", Ok(Shape::new([2])), |g| g.relu(y));
        g.stage("twice", Ok(Shape::new([2])), |g| g.add(y, y))
    })
    .unwrap();
    let mut weights = Weights::empty();
    weights.insert("a.weight", Shape::new([2, 2]), vec![0.5, 0.5, -0.5, 0.5]);
    let mut seen = Calibration::new(&graph, &weights).unwrap();
    let values = graph.nodes.iter().map(|n| if n.op == Op::Add { [0.0, 1.8] } else { [-0.9, 0.9] });
    seen.record(&graph, 1, &values.collect::<Vec<_>>()).unwrap();
    let settings = Settings::calibrated(&seen).with_margin(3);
    let plan = Plan::new(&graph, &settings).unwrap();
    plan.verify(1 << 20).unwrap();
    assert_eq!(plan.weights[0].size, Some(Magnitude { weights: 0, bias: -24 }));
    let ranges: Vec<Range> = plan.stages.iter().map(|s| s.range).collect();
    assert_eq!(ranges, [Range::Proved; 3], "the sums of weights are at most 1");
    // an input at the limit that is enforced comes out right, one beyond is refused
    let limit = 2f32.powi(plan.inputs[0].m as i32 - 2 - plan.settings.fraction as i32);
    let at = |v: f32| World::seeded(9).settings(settings.clone()).predict_graph(&graph, &weights, &[&[v, v]], 1, &mut |_| {});
    let below = limit - 4.0 / 2f32.powi(plan.settings.fraction as i32);
    let run = at(below).unwrap();
    assert!((run.output()[0] - 2.0 * below).abs() < 0.01, "{:?} for {below}", run.output());
    let error = at(limit).unwrap_err().to_string();
    assert!(error.contains(&format!("must be finite and below {limit}, which is what the calibration allows")), "{error}");
    // without a limit on the weights nothing follows
    let (graph, _, seen) = small(1.0);
    let plan = Plan::new(&graph, &Settings::calibrated(&seen)).unwrap();
    assert!(plan.stages.iter().any(|s| matches!(s.range, Range::Calibrated { .. })));
}

#[test]
fn weights_beyond_the_sizes_of_the_calibration_are_refused_without_telling_them() {
    let (graph, _, seen) = small(1.0);
    let plan = Plan::new(&graph, &Settings::calibrated(&seen)).unwrap();
    let error = plan.encode(&weights(&graph, 9.0)).unwrap_err().to_string();
    assert!(error.contains("stage `b`: weights of a channel sum up to more than the 2^1 of the calibration"), "{error}");
    assert!(error.contains("stage `c`: a bias goes to more than"), "{error}");
    assert!(plan.encode(&weights(&graph, 1.0)).is_ok());
}

#[test]
fn a_ring_that_is_too_small_is_refused_by_the_stage_that_needs_more() {
    let (graph, _, seen) = small(40.0);
    let error = Plan::new(&graph, &Settings::calibrated(&seen).with_ring(32).with_fraction(12)).unwrap_err().to_string();
    assert!(error.contains("needs a ring of ") && error.contains("allow a larger ring than 32"), "{error}");
    let any = Plan::new(&graph, &Settings::calibrated(&seen).with_fraction(12)).unwrap();
    assert!(any.settings.ring > 32, "{}", any.settings.ring);
    let error = Plan::new(&graph, &Settings::calibrated(&seen).with_margin(17)).unwrap_err().to_string();
    assert!(error.contains("a margin of 17 bits: use at most 16"), "{error}");
    let other = trace("Small", &[("x", Shape::new([1, SIDE, SIDE]))], |g, x| g.relu(x[0])).unwrap();
    let error = Plan::new(&other, &Settings::calibrated(&seen)).unwrap_err().to_string();
    assert!(error.contains("`join` is gone"), "{error}");
}

#[test]
fn the_choice_is_the_narrow_ring_where_it_fits() {
    let (graph, _, seen) = small(1.0);
    for network in [Network::lan(), Network::wan()] {
        let plan = Plan::new(&graph, &Settings::calibrated(&seen).with_network(&network)).unwrap();
        assert_eq!((plan.settings.ring, plan.settings.fraction), (32, 10), "over {network}");
        assert_eq!(plan.settings.delay_bytes, network.delay_bytes());
        // everybody finds the same plan
        assert_eq!(plan.hash(), Plan::new(&graph, &Settings::calibrated(&seen).with_network(&network)).unwrap().hash());
    }
}

#[test]
fn a_plan_that_lies_about_its_ranges_is_refused() {
    let (graph, _, seen) = small(1.0);
    let good = Plan::new(&graph, &Settings::calibrated(&seen).with_ring(40)).unwrap();
    good.verify(1 << 20).unwrap();
    let lies = |lie: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        lie(&mut plan);
        plan.verify(1 << 20).map_err(|e| e.to_string()).expect_err("the lie is found")
    };
    let stage = |plan: &Plan, name: &str| plan.stages.iter().position(|s| s.name == name).unwrap();
    let says = |name: &'static str, range: Range| {
        lies(&move |p| {
            let k = stage(p, name);
            p.stages[k].range = range;
        })
    };
    assert!(says("join", Range::Proved).contains("stage `join` is not a share of the declared shape, scale and range"));
    assert!(says("join", Range::Calibrated { margin: 60 }).contains("`join`"));
    assert!(says("join", Range::Assumed { bits: 14, factor: 1 }).contains("`join`"));
    assert!(says("join", Range::Index).contains("`join`"));
    assert!(lies(&|p| p.inputs[0].m = 2).contains("input `x` is limited to 2 bits"));
    assert!(lies(&|p| p.inputs[0].m = 41).contains("input `x` is limited to 41 bits"));
    assert!(lies(&|p| p.weights[0].size = None).contains("sizes that do not fit"));
    assert!(lies(&|p| p.weights[0].size = Some(Magnitude { weights: 32, bias: 0 })).contains("sizes that do not fit"));
    assert!(lies(&|p| p.weights[0].size = Some(Magnitude { weights: 0, bias: -65 })).contains("sizes that do not fit"));
    assert!(lies(&|p| p.margin = Some(17)).contains("a margin of more than 16 bits"));
    assert!(lies(&|p| p.margin = None).contains("stage `step 0`: input `x` is limited"));
    // a plan without a calibration has one width for all
    let mut plain = Plan::new(&graph, &Settings::default()).unwrap();
    let relu = plain.steps.iter().position(|s| matches!(s.kind, Kind::Relu { .. })).unwrap();
    if let Kind::Relu { compare, .. } = &mut plain.steps[relu].kind {
        compare.m -= 1;
    }
    assert!(plain.verify(1 << 20).unwrap_err().to_string().contains("does not fit its inputs"));
}

/// Limits that are multiplied through many layers are beyond any number: then what was seen decides, and no width wraps around.
#[test]
fn many_layers_open_as_many_bits_as_few() {
    let layers = 48;
    let graph = trace("Deep", &[("x", Shape::new([8]))], |g, x| {
        (0..layers).fold(x[0], |y, k| {
            let w = g.parameter(&format!("l{k}.weight"), [8, 8], Init::Constant(0.0));
            let y = g.stage(&format!("l{k}"), Ok(Shape::new([8])), |g| g.linear(y, w, None));
            g.stage(&format!("r{k}"), Ok(Shape::new([8])), |g| g.relu(y))
        })
    })
    .unwrap();
    // what goes in as equal pairs comes out as it was, however large the weights are
    let row = |i: usize| (0..8).map(move |j| if j == i { 1.0 } else { 0.0 } + if j % 2 == 0 { 8.0 } else { -8.0 });
    let mut weights = Weights::empty();
    graph.parameters.iter().for_each(|p| weights.insert(p.name.clone(), p.shape, (0..8).flat_map(row).collect()));
    let x = [100.0, 100.0, 3.0, 3.0, 0.5, 0.5, 7.0, 7.0];
    let seen = calibrate(&graph, &weights, &x, 1);
    let plan = Plan::new(&graph, &Settings::calibrated(&seen).with_ring(64)).unwrap();
    let opened: Vec<u32> =
        plan.steps.iter().filter_map(|s| if let Kind::Relu { compare, .. } = s.kind { Some(compare.m) } else { None }).collect();
    assert!(opened.iter().all(|m| *m >= 16 + 7 + 2), "{opened:?}");
    assert!(matches!(range(&plan, "r47"), Range::Calibrated { margin: 1.. }), "{:?}", range(&plan, "r47"));
    plan.verify(1 << 24).unwrap();
}
