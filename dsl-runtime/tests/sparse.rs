//! Public linear maps in plans: what becomes a copy, what a map, at which scale; and maps that somebody made by hand.

use undertone_runtime::graph::op::{Conv, MaxOver, Resample};
use undertone_runtime::graph::{Graph, Init, Op, Scope, Value, trace};
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Calibration, Kind, Sparse, Step};
use undertone_runtime::protocol::Compare;
use undertone_runtime::protocol::over::Over;
use undertone_runtime::{Plan, Settings, Weights, World};
use undertone_shape::Shape;

/// The elements of one step that parties and dealers allow.
const LIMIT: usize = 1 << 28;

fn of(dims: &[usize], body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Plan {
    with(&Settings::default(), dims, body).unwrap()
}

fn with(
    settings: &Settings,
    dims: &[usize],
    body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>,
) -> undertone_runtime::Result<Plan> {
    let plan = Plan::new(&trace("M", &[("x", Shape::from_slice(dims))], |g, x| body(g, x[0]))?, settings)?;
    plan.verify(LIMIT)?;
    Ok(plan)
}

/// The steps without input and release, as listings have them.
fn steps(plan: &Plan) -> Vec<String> {
    let text = plan.to_string();
    let lines =
        text.lines().filter_map(|line| line.trim().strip_prefix('%')?.split_once(" = ")).map(|(_, what)| what.trim_end_matches(" # "));
    lines
        .filter(|what| !what.starts_with("input") && !what.starts_with("release"))
        .map(|what| what.trim_end().trim_end_matches("  #").to_owned())
        .collect()
}

fn mean(axis: usize, windows: &[Vec<usize>]) -> impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g> {
    let means = Resample::means(axis, windows);
    move |g, x| g.resample(x, means)
}

#[test]
fn evenly_growing_positions_and_zeros_are_copied() {
    assert_eq!(steps(&of(&[3, 8], |g, x| g.gather(x, 1, [1, 4, 7]))), ["move (1) %0: 9"]);
    assert_eq!(steps(&of(&[3, 8], |g, x| g.gather(x, 1, 0..8))), [""; 0]);
    assert_eq!(steps(&of(&[3, 8], |g, x| g.gather(x, 0, [2, 1, 0]))), ["sparse 3 to 3, 3 terms %0: 24"]);
    assert_eq!(steps(&of(&[3, 8], |g, x| g.pad(x, &[1, 2], &[0, 3], 0.0))), ["move (1) %0: 52"]);
    assert_eq!(steps(&of(&[3, 8], |g, x| g.pad(x, &[0, 0], &[0, 0], 7.0))), [""; 0]);
    let around = of(&[3, 8], |g, x| g.pad(x, &[1, 2], &[0, 3], -0.5));
    assert_eq!(steps(&around), ["sparse 3 to 4, 3 terms %0: 32", "sparse 8 to 13, 8 terms %1: 52"]);
    let Kind::Sparse(first) = &around.steps[1].kind else { panic!("a map") };
    assert_eq!(first.constants, [-(1 << 15), 0, 0, 0]);
}

#[test]
fn a_constant_stands_at_the_scale_of_the_value_beside_it() {
    let scaled = of(&[4], |g, x| {
        let w = g.parameter("w", [4, 4], Init::Constant(0.1));
        let y = g.linear(x, w, None);
        let means = g.resample(y, Resample::means(0, &[vec![0, 1, 2], vec![3, 2, 0]]));
        g.pad(means, &[1], &[0], 2.0)
    });
    let constants =
        scaled.steps.iter().find_map(|s| if let Kind::Sparse(s) = &s.kind { Some(&s.constants).filter(|c| !c.is_empty()) } else { None });
    assert_eq!(constants.unwrap(), &[6 << 32, 0, 0]);
    let settings = Settings { ring: 32, fraction: 8, opened: 24, ..Settings::default() };
    let error = with(&settings, &[4], |g, x| g.pad(x, &[1], &[0], f64::from(1 << 22))).unwrap_err().to_string();
    assert!(error.contains("the constant 4194304 does not fit into the ring"), "{error}");
}

#[test]
fn denominators_are_carried_exactly_while_they_fit() {
    let all: Vec<usize> = (0..64).collect();
    let one = of(&[2, 64, 65], mean(1, core::slice::from_ref(&all)));
    assert_eq!(steps(&one), ["sparse 64 to 1, 64 terms, factor 64 %0: 130"]);
    assert_eq!((one.releases[0].value.bits, one.releases[0].value.factor), (16, 64));
    let both = of(&[2, 64, 64], |g, x| {
        let y = g.resample(x, Resample::means(1, core::slice::from_ref(&all)));
        g.resample(y, Resample::means(2, core::slice::from_ref(&all)))
    });
    assert_eq!((both.releases[0].value.bits, both.releases[0].value.factor), (16, 4096));
    // 65 positions more are rounded coefficients, and the result sits at twice the fraction
    let more: Vec<usize> = (0..65).collect();
    let rounded = of(&[2, 64, 65], |g, x| {
        let y = g.resample(x, Resample::means(1, core::slice::from_ref(&all)));
        g.resample(y, Resample::means(2, core::slice::from_ref(&more)))
    });
    assert_eq!(steps(&rounded)[1], "sparse 65 to 1, 65 terms, 16 bits %1: 2");
    assert_eq!((rounded.releases[0].value.bits, rounded.releases[0].value.factor), (32, 64));
    let Kind::Sparse(map) = &rounded.steps[2].kind else { panic!("a map") };
    assert_eq!(map.terms.iter().map(|(_, c)| c).sum::<i64>(), 1 << 16, "a row keeps its sum");
    assert!(map.terms.iter().all(|(_, c)| (1008..=1009).contains(c)), "{:?}", map.terms);
    // windows of 2 and 3 have 6 in common, and what all numerators share goes away
    let uneven = of(&[5], mean(0, &[vec![0, 1], vec![1, 2, 3], vec![3, 4]]));
    assert_eq!(steps(&uneven), ["sparse 5 to 3, 7 terms, factor 6 %0: 3"]);
    let halves = Resample { axis: 0, denominator: 12, rows: vec![vec![(0, 6), (1, 6)], vec![(1, 12)]] };
    assert_eq!(steps(&of(&[2], |g, x| g.resample(x, halves))), ["sparse 2 to 2, 3 terms, factor 2 %0: 2"]);
}

#[test]
fn a_map_with_fraction_bits_reads_a_value_at_the_fraction() {
    let plan = of(&[100], |g, x| {
        let w = g.parameter("w", [10_007, 100], Init::Constant(0.1));
        let y = g.linear(x, w, None);
        let all: Vec<usize> = (0..10_007).collect();
        let mean = g.resample(y, Resample::means(0, &[all]));
        g.relu(mean)
    });
    let kinds: Vec<&Kind> = plan.steps.iter().map(|s| &s.kind).collect();
    assert!(matches!(kinds[3], Kind::Truncate { t: 16, .. }), "{plan}");
    assert!(matches!(kinds[4], Kind::Sparse(Sparse { bits: 16, factor: 1, .. })), "{plan}");
    assert!(matches!(kinds[5], Kind::Relu { t: 16, .. }), "{plan}");
}

/// A plan that was changed is refused, for this reason.
fn refused(plan: &Plan, text: &str, change: impl FnOnce(&mut Sparse, &mut Step)) {
    let mut bad = plan.clone();
    bad.stages.clear();
    let at = bad.steps.iter().position(|s| matches!(s.kind, Kind::Sparse(_))).unwrap();
    let Kind::Sparse(mut map) = bad.steps[at].kind.clone() else { unreachable!() };
    let mut step = bad.steps[at].clone();
    change(&mut map, &mut step);
    bad.steps[at] = Step { kind: Kind::Sparse(map), ..step };
    let error = bad.verify(LIMIT).expect_err(text).to_string();
    assert!(error.contains(text), "`{text}` is not in: {error}");
}

#[test]
fn a_map_reads_inside_of_its_axis_and_has_the_size_that_it_says() {
    let plan = of(&[2, 5, 3], mean(1, &[vec![0, 1, 4], vec![2]]));
    let bad = |change: fn(&mut Sparse)| refused(&plan, "does not fit its inputs", move |map, _| change(map));
    bad(|map| map.terms[0].0 = 5);
    bad(|map| map.terms[0].0 = usize::MAX);
    bad(|map| map.ends[0] = 5);
    bad(|map| map.ends = vec![4, 4, 4]);
    bad(|map| map.ends = vec![4, 3]);
    bad(|map| map.ends = vec![3]);
    bad(|map| map.terms.push((0, 1)));
    bad(|map| map.constants = vec![1]);
    bad(|map| map.size = 6);
    bad(|map| map.outer = 0);
    bad(|map| (map.outer, map.inner) = (usize::MAX, usize::MAX));
    refused(&plan, "does not fit", |_, step| step.len = 11);
    refused(&plan, "does not fit", |_, step| step.inputs = vec![0, 0]);
}

#[test]
fn a_map_says_its_scale() {
    let plan = of(&[2, 5, 3], mean(1, &[vec![0, 1, 4], vec![2]]));
    refused(&plan, "declared shape and scale", |map, _| map.factor = 1);
    refused(&plan, "leaves a factor of more than 4096", |map, _| map.factor = 4097);
    refused(&plan, "leaves a factor of more than 4096", |map, _| map.factor = 0);
    refused(&plan, "15 fraction bits on a value of 16", |map, _| map.bits = 15);
    refused(&plan, "declared shape and scale", |map, _| map.bits = 16);
}

#[test]
fn indices_are_selected_and_not_computed_with() {
    let plan = of(&[3, 4], |g, x| {
        let index = g.argmax(x, 0);
        g.gather(index, 0, [3, 1, 1, 0])
    });
    assert_eq!(plan.releases[0].value.integer, Some(2));
    refused(&plan, "a linear map computes with indices", |map, _| map.terms[0].1 = 2);
    refused(&plan, "a linear map computes with indices", |map, _| map.constants = vec![1; 4]);
    let error = with(&Settings::default(), &[3, 4], |g, x| {
        let index = g.argmax(x, 0);
        g.pad(index, &[1], &[0], 0.0)
    });
    assert!(error.unwrap_err().to_string().contains("indices can be rearranged or released, not computed with"));
}

#[test]
fn the_work_of_a_map_is_bounded() {
    // few elements, each of a sum of very many
    let plan = of(&[1 << 12, 2, 1 << 12], mean(1, &[vec![0, 1]]));
    let terms = vec![(1, 1); 1 << 13];
    refused(&plan, "takes 137438953472 multiply-adds a sample", |map, _| (map.ends, map.terms) = (vec![terms.len()], terms));
}

fn lists(axis: usize, windows: &[&[usize]]) -> MaxOver {
    MaxOver { axis, windows: windows.iter().map(|w| w.to_vec()).collect() }
}

#[test]
fn the_largest_of_lists_is_found_where_the_value_lies() {
    // two values of either sign differ by one bit more than two results of a ReLU, chosen from or moved
    let plan = of(&[2, 5, 3], |g, x| {
        let y = g.max_over(x, lists(1, &[&[0, 1, 2], &[2, 4]]));
        let y = g.relu(y);
        let y = g.gather(y, 2, [2, 1, 0]);
        let y = g.max_over(y, lists(2, &[&[0, 1], &[1, 2]]));
        g.max_over(y, lists(1, &[&[0, 1]]))
    });
    let expected = [
        "max of 2 lists of 5, m = 35, narrow %0: 12",
        "relu after 0 %1: 12",
        "sparse 3 to 3, 3 terms %2: 12",
        "max of 2 lists of 3, m = 34 %3: 8",
        "max of 1 lists of 2, m = 34 %4: 4",
    ];
    // by how many neighbours they are sought is for the predicted time to say
    let sought = |step: &String| [" by 3", " by 4"].iter().fold(step.clone(), |step, by| step.replace(by, ""));
    assert_eq!(steps(&plan).iter().map(sought).collect::<Vec<_>>(), expected);
}

#[test]
fn lists_that_somebody_made_are_checked() {
    let plan = of(&[2, 5, 3], |g, x| g.max_over(x, lists(1, &[&[0, 1, 3], &[2, 4]])));
    let bad = |text: &str, change: &dyn Fn(&mut Over)| {
        let mut bad = plan.clone();
        bad.stages.clear();
        let Kind::MaxOver { over, .. } = &mut bad.steps[1].kind else { panic!("a maximum over lists") };
        change(over);
        let error = bad.verify(LIMIT).expect_err(text).to_string();
        assert!(error.contains(text), "`{text}` is not in: {error}");
    };
    bad("does not fit", &|over| over.positions[4] = 5);
    bad("does not fit", &|over| over.positions[1] = 3);
    bad("does not fit", &|over| over.ends = vec![0, 5]);
    bad("does not fit", &|over| over.ends = vec![3, 6]);
    bad("does not fit", &|over| over.ends.clear());
    bad("does not fit", &|over| (over.outer, over.inner) = (usize::MAX, 2));
    for change in [|compare: &mut Compare| *compare = compare.opening(33), |compare: &mut Compare| compare.fused = true] {
        let mut bad = plan.clone();
        let Kind::MaxOver { compare, group, .. } = &mut bad.steps[1].kind else { panic!("a maximum over lists") };
        change(compare);
        *group = 3;
        assert!(bad.verify(LIMIT).unwrap_err().to_string().contains("does not fit"));
    }
    // few results of very many positions each
    let long = 1usize << 20;
    let mut wide = of(&[long], |g, x| g.max_over(x, lists(0, &[&[0, 1]])));
    wide.stages.clear();
    wide.releases[0].shape = vec![5];
    let over = Over::new([1, long, 1], &vec![(0..long).collect::<Vec<usize>>(); 5]);
    for step in &mut wide.steps[1..] {
        step.len = 5;
    }
    if let Kind::MaxOver { over: all, .. } = &mut wide.steps[1].kind {
        *all = over;
    }
    let error = wide.verify(LIMIT).unwrap_err().to_string();
    assert!(error.contains("its windows cover 5242880 positions of one axis"), "{error}");
}

/// Down and up again, with a constant around that no value has.
fn decoder() -> Graph {
    trace("Decoder", &[("x", Shape::new([1, 6, 7]))], |g, x| {
        let w = g.parameter("a", [3, 1, 3, 3], Init::Constant(0.0));
        let y = g.stage("a", Ok(Shape::new([3, 6, 7])), |g| g.conv(x[0], w, None, Conv { padding: [1; 3], ..Conv::PLAIN }));
        let y = g.stage("relu", Ok(y.shape()), |g| g.relu(y));
        let y = g.stage("max", Ok(Shape::new([3, 6, 3])), |g| g.max_over(y, lists(2, &[&[0, 1, 2], &[2, 4], &[5, 6]])));
        let rows = vec![vec![(0, 4)], vec![(0, 3), (1, 1)], vec![(1, 3), (0, 1)], vec![(1, 2), (2, 2)], vec![(2, 4)]];
        let y = g.stage("up", Ok(Shape::new([3, 6, 5])), |g| g.resample(y, Resample { axis: 2, denominator: 4, rows }));
        let y = g.stage("pad", Ok(Shape::new([3, 8, 6])), |g| g.pad(y, &[0, 1, 0], &[0, 1, 1], -3.0));
        let w = g.parameter("b", [2, 3, 3, 3], Init::Constant(0.0));
        let y = g.stage("b", Ok(Shape::new([2, 6, 4])), |g| g.conv(y, w, None, Conv::PLAIN));
        g.stage("mean", Ok(Shape::new([2, 1, 4])), |g| g.resample(y, Resample::means(1, &[(0..6).collect()])))
    })
    .unwrap()
}

#[test]
fn a_calibrated_plan_gives_what_fixed_point_gives() {
    let graph = decoder();
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        weights.insert(p.name.clone(), p.shape, (0..p.shape.numel()).map(|i| ((i * 37) % 19) as f32 / 19.0 - 0.5).collect());
    }
    let x: Vec<f32> = (0..3 * 42).map(|i| ((i * 53) % 97) as f32 / 48.0 - 1.0).collect();
    let wide = World::seeded(3).record().predict_graph(&graph, &weights, &[&x], 3, &mut |_| {}).unwrap();
    let range = |values: &[f32]| values.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[l, m], v| [l.min(*v), m.max(*v)]);
    let stages = wide.stages.as_ref().unwrap();
    let of = |name: &str| stages.all.iter().find(|s| s.name == name).map(|s| range(&s.values));
    let ranges: Vec<[f32; 2]> =
        graph.nodes.iter().map(|n| if matches!(n.op, Op::Input(_)) { range(&x) } else { of(&n.stage).unwrap_or([-1.0, 1.0]) }).collect();
    let mut seen = Calibration::new(&graph, &weights).unwrap();
    seen.record(&graph, 3, &ranges).unwrap();
    for (ring, fraction, close) in [(32, 8, 0.2), (40, 12, 1e-2), (64, 16, 1e-3)] {
        let settings = Settings::calibrated(&seen).with_ring(ring).with_fraction(fraction);
        Plan::new(&graph, &settings).unwrap().verify(1 << 20).unwrap();
        let fixed = fixed_point(&graph, &settings, &weights, &[&x], 3).unwrap();
        let run = World::seeded(5).settings(settings).predict_graph(&graph, &weights, &[&x], 3, &mut |_| {}).unwrap();
        for ((private, plain), exact) in run.output().iter().zip(fixed.output()).zip(wide.output()) {
            assert!(f64::from((private - plain).abs()) <= fixed.bound + 1e-6, "ring {ring}: {private} against {plain}");
            assert!((private - exact).abs() < close, "ring {ring}: {private} against {exact}");
        }
    }
}
