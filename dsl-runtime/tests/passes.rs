//! What each pass makes of a small graph or plan, before and after, what it must leave alone, and what it saves; and that private runs still compute the same.

#[path = "common/blocks.rs"]
mod blocks;

use blocks::{avg_pool, conv, flatten, linear, max_pool, relu, runs_as_planned, stage};
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::plan::passes::merge_equal;
use undertone_runtime::plan::{Kind, Times};
use undertone_runtime::{Deployment, Place, Plan, Settings};
use undertone_shape::Shape;

fn plan(graph: &Graph) -> Plan {
    Plan::new(graph, &Settings::default()).unwrap()
}

fn count(plan: &Plan, is: impl Fn(&Kind) -> bool) -> usize {
    plan.steps.iter().filter(|s| is(&s.kind)).count()
}

/// Rounds and bytes of one sample.
fn cost(plan: &Plan) -> (u64, u64, u64) {
    let total = plan.cost(1).total();
    (total.rounds, total.sent, total.corrections)
}

/// Two and three parties, with kings and without, weights that their owner keeps and weights that are shared.
fn everywhere(graph: &Graph) {
    for (parties, delay_bytes) in [(2, u64::MAX), (3, u64::MAX), (3, 0)] {
        for (client, server) in
            [(Place::Party(0), Place::Party(1)), (Place::Party(0), Place::Client(0)), (Place::Client(0), Place::Party(0))]
        {
            let deployment = Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)]);
            runs_as_planned(graph, &Settings { parties, delay_bytes, ..Settings::default() }, &deployment, 2);
        }
    }
}

/// A value that a convolution reads as it is, and a matrix product after flattening.
fn two_layouts(convolved: bool, flattened: bool) -> Graph {
    trace("TwoLayouts", &[("x", Shape::new([2, 6, 6]))], |g, x| {
        let y = conv(g, "first", x[0], 8, [3, 1, 1]);
        let y = relu(g, "relu", y);
        if convolved {
            let z = conv(g, "again", y, 4, [3, 1, 1]);
            g.release("map", z, &["client"]);
        }
        if flattened {
            let z = flatten(g, "flat", y);
            let z = linear(g, "head", z, 10);
            g.release("head", z, &["client"]);
        }
        y
    })
    .unwrap()
}

#[test]
fn a_value_is_opened_once_for_two_layouts() {
    let both = plan(&two_layouts(true, true));
    insta::assert_snapshot!("wire_two_layouts", both.to_string());
    let opened = |plan: &Plan| -> usize { plan.steps.iter().filter(|s| matches!(s.kind, Kind::Open(_))).map(|s| s.len).sum() };
    let (only_map, only_head) = (plan(&two_layouts(true, false)), plan(&two_layouts(false, true)));
    assert_eq!((opened(&only_map), opened(&only_head), opened(&both)), (72 + 288, 72 + 288, 72 + 288));
    everywhere(&two_layouts(true, true));
}

/// A product at twice the fraction that a pool reads as it is, and a convolution after its axes were joined and split again.
fn two_truncations() -> Graph {
    trace("TwoTruncations", &[("x", Shape::new([2, 4, 6]))], |g, x| {
        let y = conv(g, "first", x[0], 4, [1, 1, 0]);
        let z = stage(g, "seen", [4, 6, 4], |g| g.reshape(y, [4, 6, 4]));
        let a = conv(g, "straight", y, 4, [3, 1, 1]);
        let b = conv(g, "seen_otherwise", z, 4, [3, 1, 1]);
        g.release("a", a, &["client"]);
        g.release("b", b, &["client"]);
        a
    })
    .unwrap()
}

#[test]
fn a_value_is_truncated_and_opened_once_however_it_is_seen() {
    let plan = plan(&two_truncations());
    insta::assert_snapshot!("wire_two_truncations", plan.to_string());
    assert_eq!(count(&plan, |k| matches!(k, Kind::Truncate { .. })), 1);
    assert_eq!(count(&plan, |k| matches!(k, Kind::Open(_))), 2);
    everywhere(&two_truncations());
}

/// What two products read is not the same: nothing can be shared.
fn two_values() -> Graph {
    trace("TwoValues", &[("x", Shape::new([2, 6, 6]))], |g, x| {
        let y = conv(g, "first", x[0], 4, [3, 1, 1]);
        let (a, b) = (relu(g, "relu", y), y);
        let a = conv(g, "of_relu", a, 4, [3, 1, 1]);
        let b = conv(g, "of_product", b, 4, [3, 1, 1]);
        stage(g, "sum", [4, 6, 6], |g| g.add(a, b))
    })
    .unwrap()
}

#[test]
fn different_values_are_opened_each() {
    let plan = plan(&two_values());
    insta::assert_snapshot!("wire_left_alone", plan.to_string());
    assert_eq!(count(&plan, |k| matches!(k, Kind::Open(_))), 3);
}

#[test]
fn a_plan_that_reads_a_moved_wire_as_a_share_is_refused() {
    let good = plan(&two_layouts(true, true));
    good.verify(1 << 20).unwrap();
    let opened = |k: usize| good.steps[k].inputs.first().is_some_and(|i| matches!(good.steps[*i].kind, Kind::Open(_)));
    let moved = (0..good.steps.len()).find(|k| matches!(good.steps[*k].kind, Kind::Move(_)) && opened(*k)).unwrap();
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(bad.verify(1 << 20).is_err());
    };
    refused(&|p| p.stages[0].result.step = moved);
    refused(&|p| p.steps[moved].kind = Kind::Times(Times::whole(1)));
    refused(&|p| p.steps[moved].kind = Kind::Move(vec![]));
    refused(&|p| {
        // the opening is released
        let release = p.steps.iter().position(|s| matches!(s.kind, Kind::Release(_))).unwrap();
        p.steps[release].inputs = vec![moved];
        p.releases[0].value.step = moved;
    });
}

/// Two branches that each begin with a ReLU and a pool of their own; where `different`, the pools have other windows.
fn twins(different: bool) -> Graph {
    trace("Twins", &[("x", Shape::new([2, 9, 9]))], |g, x| {
        let y = conv(g, "first", x[0], 4, [2, 1, 0]);
        let (a, b) = (relu(g, "left_relu", y), relu(g, "right_relu", y));
        let a = max_pool(g, "left_pool", a, [2, 2, 0]);
        let b = if different { max_pool(g, "right_pool", b, [3, 2, 1]) } else { max_pool(g, "right_pool", b, [2, 2, 0]) };
        let (a, b) = (conv(g, "left_conv", a, 4, [1, 1, 0]), conv(g, "right_conv", b, 4, [1, 1, 0]));
        stage(g, "sum", [4, 4, 4], |g| g.add(a, b))
    })
    .unwrap()
}

#[test]
fn equal_operations_are_one() {
    let graph = twins(false);
    insta::assert_snapshot!("equal_before", graph.to_string());
    let merged = merge_equal(&graph);
    insta::assert_snapshot!("equal_after", merged.to_string());
    let names = |graph: &Graph| graph.stages().iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let (mut before, mut after) = (names(&graph), names(&merged));
    before.sort();
    after.sort();
    assert_eq!(before, after, "every stage keeps its name");
    let plan = plan(&graph);
    assert_eq!(count(&plan, |k| matches!(k, Kind::Relu { .. })), 1);
    assert_eq!(count(&plan, |k| matches!(k, Kind::Max { .. })), 1);
    assert_eq!(count(&plan, |k| matches!(k, Kind::Linear { .. })), 3, "weights are never merged");
    let row = |name: &str| plan.cost(1).rows.into_iter().find(|r| r.stage == name).unwrap().cost;
    assert_eq!(row("right_pool").sent, 0);
    let saved = row("left_pool");
    insta::assert_snapshot!(
        "equal_gain",
        format!("{} rounds, {} bytes sent, {} of corrections", saved.rounds, saved.sent, saved.corrections)
    );
    everywhere(&graph);
}

#[test]
fn what_differs_in_a_field_is_not_one() {
    let graph = twins(true);
    let merged = merge_equal(&graph);
    insta::assert_snapshot!("equal_left_alone", merged.to_string());
    assert_eq!(merged.nodes.iter().filter(|n| n.op.name() == "max_pool").count(), 2);
    everywhere(&graph);
}

#[test]
fn the_ranges_of_equal_operations_are_those_of_either() {
    use undertone_runtime::plan::Calibration;
    let graph = twins(false);
    let mut calibration = Calibration::new(&graph, &blocks::weights_of(&graph)).unwrap();
    let ranges = vec![[-1.0, 1.5]; graph.nodes.len()];
    calibration.record(&graph, 3, &ranges).unwrap();
    let plan = Plan::new(&graph, &Settings::calibrated(&calibration)).unwrap();
    plan.verify(1 << 20).unwrap();
    let ranges = |name: &str| plan.stages.iter().find(|s| s.name == name).unwrap().range;
    assert_eq!(ranges("left_pool"), ranges("right_pool"));
}

/// A convolution of each channel by itself, without bias.
fn depthwise<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, [kernel, stride]: [usize; 2]) -> Value<'g> {
    let [c, h, w] = x.dims();
    let side = |n: usize| (n - kernel) / stride + 1;
    stage(g, name, [c, side(h), side(w)], |g| {
        let weight = g.parameter("weight", [c, 1, kernel, kernel], Init::Uniform { fan_in: 4 });
        g.conv(x, weight, None, Conv { stride: [stride; 3], groups: c, ..Conv::PLAIN })
    })
}

/// A convolution, means of it, and a matrix product: as average pools, or as what they are without a public factor, depthwise products.
fn means(pooled: bool) -> Graph {
    trace("Means", &[("x", Shape::new([2, 8, 8]))], |g, x| {
        let y = conv(g, "first", x[0], 4, [3, 1, 1]);
        let y = relu(g, "relu", y);
        let y = if pooled {
            let y = avg_pool(g, "mean", y, [2, 2, 0]);
            avg_pool(g, "mean_of_means", y, [4, 4, 0])
        } else {
            let y = depthwise(g, "mean", y, [2, 2]);
            depthwise(g, "mean_of_means", y, [4, 4])
        };
        let y = flatten(g, "flat", y);
        linear(g, "head", y, 3)
    })
    .unwrap()
}

#[test]
fn a_mean_is_carried_in_the_scale() {
    let (before, after) = (plan(&means(false)), plan(&means(true)));
    insta::assert_snapshot!("mean_before", before.to_string());
    insta::assert_snapshot!("mean_after", after.to_string());
    assert_eq!(after.releases[0].value.factor, 64);
    let ((rounds, sent, corrections), found) = (cost(&before), cost(&after));
    assert!(found.0 < rounds && found.1 < sent && found.2 < corrections, "{found:?} against {:?}", cost(&before));
    insta::assert_snapshot!("mean_gain", format!("{found:?} instead of {:?}", cost(&before)));
    everywhere(&means(true));
}

/// Means over `sides` squared values, one after the other.
fn nested(sides: &[usize]) -> Graph {
    let side: usize = sides.iter().product();
    trace("Nested", &[("x", Shape::new([1, side, side]))], |g, x| {
        let y = sides.iter().enumerate().fold(x[0], |y, (k, side)| avg_pool(g, &format!("mean_{k}"), y, [*side, *side, 0]));
        relu(g, "relu", y)
    })
    .unwrap()
}

#[test]
fn factors_reach_their_limit_and_go_no_further() {
    let largest = nested(&[8, 8]);
    assert_eq!(plan(&largest).releases[0].value.factor, 4096);
    everywhere(&largest);
    // beyond, a mean is a coefficient of f bits, and the factor stays
    let beyond = nested(&[8, 8, 2]);
    assert!(plan(&beyond).releases[0].value.factor <= 4096);
    everywhere(&beyond);
}

/// A pool of this size and step after a ReLU.
fn pool(kernel: usize, stride: usize) -> Graph {
    trace("Pool", &[("x", Shape::new([4, 32, 32]))], |g, x| {
        let y = relu(g, "relu", x[0]);
        max_pool(g, "pool", y, [kernel, stride, kernel / 2])
    })
    .unwrap()
}

#[test]
fn overlapping_windows_share_comparisons() {
    let pooled = |kernel, stride| {
        let plan = plan(&pool(kernel, stride));
        let row = plan.cost(1).rows.into_iter().find(|r| r.stage == "pool").unwrap().cost;
        let Some(Kind::Max { windows, group, .. }) = plan.steps.iter().map(|s| s.kind.clone()).find(|k| matches!(k, Kind::Max { .. }))
        else {
            panic!("no pool")
        };
        format!(
            "kernel {kernel} stride {stride}: {} by {group}, {} rounds, {} sent, {} corrections",
            windows.comparisons(1),
            row.rounds,
            row.sent,
            row.corrections
        )
    };
    let lines: Vec<String> = [(2, 2), (3, 2), (3, 1), (5, 1), (9, 1), (13, 1)].map(|(k, s)| pooled(k, s)).into();
    insta::assert_snapshot!("max_trees", lines.join("\n"));
    for (kernel, stride) in [(3, 1), (5, 1), (3, 2)] {
        let graph = trace("Pool", &[("x", Shape::new([2, 7, 7]))], |g, x| max_pool(g, "pool", x[0], [kernel, stride, kernel / 2])).unwrap();
        everywhere(&graph);
    }
}

/// Ten convolutions in a row with their ReLUs, and a skip over two of them.
fn deep() -> Graph {
    trace("Deep", &[("x", Shape::new([4, 8, 8]))], |g, x| {
        let mut y = x[0];
        for k in 0..10 {
            let next = conv(g, &format!("conv_{k}"), y, 4, [3, 1, 1]);
            let next = if k == 5 { stage(g, "skip", [4, 8, 8], |g| g.add(next, y)) } else { next };
            y = relu(g, &format!("relu_{k}"), next);
        }
        y
    })
    .unwrap()
}

#[test]
fn memory_is_that_of_the_widest_place() {
    let plan = plan(&deep());
    let peak = plan.peak(1);
    // all values together, as if none were given back
    let all: usize = plan.steps.iter().map(|s| s.len.next_multiple_of(256)).sum();
    insta::assert_snapshot!("memory", format!("{} elements, {} bytes in {}; {all} elements in all", peak.elements, peak.bytes, peak.stage));
    assert!(8 * peak.elements < all);
    runs_as_planned(&deep(), &Settings::default(), &Deployment::default(), 3);
}
