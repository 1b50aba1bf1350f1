//! The index of the largest value: what becomes of it in a plan, in the clear and in a private run; and what may not be done with it.

use std::sync::{Arc, Mutex};
use undertone_runtime::graph::op::{AvgPool, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::net::Sent;
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Kind, Plan, Times};
use undertone_runtime::uniformity::{LIMIT, chi_square};
use undertone_runtime::{Settings, Weights, World};
use undertone_shape::Shape;

const LIMIT_OF_A_PLAN: usize = 1 << 20;

fn graph(dims: &[usize], body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Graph {
    trace("M", &[("x", Shape::from_slice(dims))], |g, x| body(g, x[0])).unwrap()
}

/// The arg max as a stage, whatever is done with it later.
fn index<'g>(g: &mut Scope<'g>, x: Value<'g>, axis: usize) -> Value<'g> {
    let dims: Vec<usize> = x.shape().dims().iter().enumerate().filter(|(a, _)| *a != axis).map(|(_, d)| *d).collect();
    g.stage("index", Ok(Shape::from_slice(&dims)), |g| g.argmax(x, axis))
}

/// Values with many ties, and the indices of the largest along the middle of three axes.
fn samples([a, b, c]: [usize; 3], samples: usize) -> (Vec<f32>, Vec<u32>) {
    let value = |s: usize, i: usize, j: usize, k: usize| ((((s * 7 + i * 31 + j * 17 + k * 3) * 2_654_435_761) >> 7) & 7) as f32 - 4.5;
    let x = (0..samples * a * b * c).map(|v| value(v / (a * b * c), v / (b * c) % a, v / c % b, v % c)).collect();
    let best = |s, i, k| (0..b).fold(0, |best, j| if value(s, i, j, k) > value(s, i, best, k) { j } else { best }) as u32;
    (x, (0..samples * a * c).map(|v| best(v / (a * c), v / c % a, v % c)).collect())
}

#[test]
fn a_private_run_gives_the_lowest_index_of_the_largest_value_for_what_the_plan_says() {
    for dims in [[1, 10, 1], [3, 9, 4], [2, 1, 3], [1, 2, 5], [1, 29, 40], [4, 33, 1]] {
        let graph = graph(&dims, |g, x| index(g, x, 1));
        let (x, expected) = samples(dims, 5);
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        plan.verify(LIMIT_OF_A_PLAN).unwrap();
        let run = World::seeded(4).record().predict_graph(&graph, &Weights::empty(), &[&x], 5, &mut |_| {}).unwrap();
        assert_eq!(run.opened.indices("output"), expected, "{dims:?}");
        assert!(run.opened.real("output").is_empty(), "indices are no fractions");
        let fixed = fixed_point(&graph, &Settings::default(), &Weights::empty(), &[&x], 5).unwrap();
        assert_eq!(fixed.opened.indices("output"), expected, "{dims:?}");
        assert!(fixed.stages[0].bound.abs() < 1e-9, "nothing is rounded");
        let recorded = &run.stages.unwrap().all[0];
        assert_eq!(recorded.values, expected.iter().map(|v| *v as f32).collect::<Vec<_>>(), "{dims:?}");
        for (row, measured) in plan.cost(5).rows.iter().zip(&run.report.rows) {
            let found = (measured.rounds, measured.sent, measured.corrections);
            assert_eq!((row.cost.rounds, row.cost.sent, row.cost.corrections), found, "{dims:?}: {}", row.stage);
        }
    }
}

#[test]
fn indices_are_permuted_reshaped_and_joined() {
    let graph = graph(&[3, 9, 4], |g, x| {
        let first = index(g, x, 1).permute([1, 0]);
        let second = g.argmax(x, 1).reshape([4, 3]);
        let both = g.concat(&[first, second], 0);
        g.dropout(both, 0.5)
    });
    let ([x, expected], plan) = (
        {
            let (x, e) = samples([3, 9, 4], 2);
            [x, e.iter().map(|v| *v as f32).collect()]
        },
        Plan::new(&graph, &Settings::default()).unwrap(),
    );
    plan.verify(LIMIT_OF_A_PLAN).unwrap();
    let run = World::seeded(4).predict_graph(&graph, &Weights::empty(), &[&x], 2, &mut |_| {}).unwrap();
    let turned: Vec<u32> = expected
        .chunks_exact(12)
        .flat_map(|e| (0..12).map(|v| e[v % 3 * 4 + v / 3] as u32).chain(e.iter().map(|v| *v as u32)).collect::<Vec<_>>())
        .collect();
    assert_eq!(run.opened.indices("output"), turned);
}

#[test]
fn an_index_cannot_be_computed_with() {
    let refused = |what: &str, body: for<'g> fn(&mut Scope<'g>, Value<'g>) -> Value<'g>| {
        let graph = graph(&[3, 9, 4], |g, x| {
            let i = index(g, x, 1);
            g.stage(what, Ok(Shape::new([3, 4])), |g| body(g, i).reshape([3, 4]))
        });
        let error = Plan::new(&graph, &Settings::default()).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("indices can be rearranged or released, not computed with"), "{what}: {error}");
    };
    refused("relu", |_, i| i.relu());
    refused("add", |g, i| g.add(i, i));
    refused("max", |g, i| g.max_pool(i, MaxPool { kernel: [1; 3], stride: [1; 3], padding: [0; 3] }));
    refused("mean", |g, i| g.avg_pool(i, AvgPool { kernel: [1; 3], stride: [1; 3], padding: [0; 3] }));
    refused("linear", |g, i| {
        let w = g.parameter("weight", [4, 4], Init::Constant(1.0));
        g.linear(i, w, None)
    });
    refused("conv", |g, i| {
        let w = g.parameter("weight", [3, 3, 1], Init::Constant(1.0));
        g.conv(i, w, None, Conv::PLAIN)
    });
    refused("again", |g, i| {
        let twelve = i.reshape([1, 12]);
        g.argmax(twelve, 0)
    });
}

#[test]
fn indices_stay_apart_from_fractions_and_from_longer_indices() {
    for axis in [1, 0] {
        let graph = trace("M", &[("x", Shape::new([3, 9, 3])), ("y", Shape::new([3, 3]))], |g, x| {
            let first = index(g, x[0], 1);
            let other = if axis == 0 { g.argmax(x[0], 0).reshape([3, 9]) } else { x[1] };
            g.stage("joined", Ok(Shape::new([3, if axis == 0 { 12 } else { 6 }])), |g| g.concat(&[first, other], 1))
        });
        let error = Plan::new(&graph.unwrap(), &Settings::default()).unwrap_err().to_string();
        assert!(error.contains("joined") && error.contains("indices can only be joined with indices of as many bits"), "{error}");
    }
}

/// The plan with trees of neighbours where it ranks.
fn by_tree(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        if let Kind::TopK { search, compare } = step.kind {
            step.kind = Kind::ArgMax { axis: search.axis, compare, group: 4 };
        }
    }
    plan.one_after_the_other()
}

#[test]
fn plans_that_misuse_indices_are_refused() {
    let graph = graph(&[3, 9, 4], |g, x| {
        let x = g.stage("relu", Ok(x.shape()), |g| g.relu(x));
        index(g, x, 1).permute([1, 0])
    });
    let plan = by_tree(&Plan::new(&graph, &Settings::default()).unwrap());
    plan.verify(LIMIT_OF_A_PLAN).unwrap();
    let at = plan.steps.iter().position(|s| matches!(s.kind, Kind::ArgMax { .. })).unwrap();
    assert_eq!(plan.steps.iter().filter(|s| matches!(s.kind, Kind::Move(_))).count(), 1);
    let wrong = |what: &str, change: &dyn Fn(&mut Plan)| {
        let mut bad = plan.clone();
        change(&mut bad);
        assert_ne!(bad, plan, "{what}");
        assert!(bad.verify(LIMIT_OF_A_PLAN).is_err(), "{what}");
    };
    for group in [0, 1, 5, usize::MAX] {
        wrong("a group that does not exist", &|p| {
            if let Kind::ArgMax { group: g, .. } = &mut p.steps[at].kind {
                *g = group;
            }
        });
    }
    for m in [0, 2, 65, u32::MAX] {
        wrong("a width that no word has", &|p| {
            if let Kind::ArgMax { compare, .. } = &mut p.steps[at].kind {
                compare.m = m;
            }
        });
    }
    for [outer, size, inner] in [[3, 8, 4], [3, 0, 4], [0, 9, 4], [27, 1, 4], [usize::MAX, 9, 4], [1 << 40, 1 << 40, 1]] {
        wrong("another axis", &|p| {
            if let Kind::ArgMax { axis, .. } = &mut p.steps[at].kind {
                (axis.outer, axis.size, axis.inner) = (outer, size, inner);
            }
        });
    }
    wrong("an index that is a fraction at a release", &|p| {
        (p.releases[0].value.integer, p.releases[0].value.bits) = (None, 16);
    });
    wrong("an index of other bits at a release", &|p| p.releases[0].value.integer = Some(5));
    wrong("an index at a scale", &|p| p.releases[0].value.bits = 16);
    wrong("a stage that is not an index", &|p| p.stages[0].result.integer = Some(4));
    wrong("a multiple of an index, called a fraction from there on", &|p| {
        let moved = p.steps.iter().position(|s| matches!(s.kind, Kind::Move(_))).unwrap();
        p.steps[moved].kind = Kind::Times(Times::whole(2));
        (p.releases[0].value.integer, p.releases[0].value.bits) = (None, 16);
    });
}

#[test]
fn the_group_is_part_of_the_plan_and_its_hash() {
    let plan = |dims: &[usize]| Plan::new(&graph(dims, |g, x| index(g, x, 0)), &Settings::default()).unwrap();
    let group = |plan: &Plan| plan.steps.iter().find_map(|s| if let Kind::ArgMax { group, .. } = s.kind { Some(group) } else { None });
    let few = plan(&[10]);
    assert_eq!((group(&few), few.cost(1).total().rounds), (None, 6), "few values: rounds decide, all are ranked at once");
    assert_eq!(group(&plan(&[10, 100_000])), Some(2), "many: bytes");
    let other = by_tree(&few);
    assert_eq!((group(&other), other.cost(1).total().rounds), (Some(4), 9));
    assert_ne!(few.hash(), other.hash());
    // rows that are longer take a few levels
    let long = plan(&[128]);
    assert_eq!(group(&long), Some(8), "{long}");
    assert!(long.cost(1).total().rounds <= 15 + 1, "{}", long.cost(1));
}

#[test]
fn what_crosses_the_wires_says_nothing_about_the_values() {
    const SAMPLES: usize = 24;
    let graph = graph(&[9, 60], |g, x| index(g, x, 0));
    let sent = |seed: u64, endpoint: usize, x: &[f32]| -> Vec<u8> {
        let taps: Vec<Sent> = (0..3).map(|_| Arc::new(Mutex::new(vec![]))).collect();
        World::seeded(seed).tapped(taps.clone()).predict_graph(&graph, &Weights::empty(), &[x], SAMPLES, &mut |_| {}).unwrap();
        let sent = taps[endpoint].lock().unwrap();
        sent.iter().filter(|(to, message)| *to < 2 && message.len() >= 256).flat_map(|(_, message)| message.iter().copied()).collect()
    };
    let equal = vec![0.0; SAMPLES * 540];
    let extreme: Vec<f32> = (0..SAMPLES * 540).map(|k| if k / 60 % 2 == 0 { 65_000.0 } else { -65_000.0 }).collect();
    for endpoint in 0..3 {
        let (a, b) = (sent(1, endpoint, &equal), sent(2, endpoint, &extreme));
        assert!(a.len() > 65536 && a.len() == b.len(), "endpoint {endpoint}: {} and {} bytes", a.len(), b.len());
        for bytes in [a, b] {
            assert!(chi_square(&bytes) < LIMIT, "endpoint {endpoint}: {}", chi_square(&bytes));
        }
    }
}

#[test]
fn values_at_the_edges_of_the_range_are_compared_right() {
    let largest = (Settings::default().limit() - 1.0) as f32;
    let rows = [[largest, -largest, 0.0], [-largest, largest, largest], [-largest, -largest, -largest], [0.0, -largest, largest]];
    let x: Vec<f32> = rows.concat();
    for relu in [false, true] {
        let graph = graph(&[3], |g, x| {
            let x = if relu { g.relu(x) } else { x };
            index(g, x, 0)
        });
        let run = World::seeded(8).predict_graph(&graph, &Weights::empty(), &[&x], 4, &mut |_| {}).unwrap();
        assert_eq!(run.opened.indices("output"), [0, 1, 0, 2], "relu {relu}");
        // values of one sign have smaller differences
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        let opened = plan.steps.iter().find_map(|s| if let Kind::ArgMax { compare, .. } = s.kind { Some(compare.m) } else { None });
        assert_eq!(opened, Some(35 - u32::from(relu)));
    }
}

#[test]
fn the_bound_of_an_index_tells_which_others_rounding_may_choose() {
    let graph = graph(&[4], |g, x| {
        let x = g.stage("same", Ok(Shape::new([4])), |g| {
            let w = g.parameter("weight", [4, 4], Init::Constant(0.0));
            g.linear(x, w, None)
        });
        index(g, x, 0)
    });
    let mut weights = Weights::empty();
    weights.insert("same.weight", [4, 4], (0..16).map(|k| f32::from(u8::from(k % 5 == 0))).collect());
    // a private truncation is off by up to one unit, so two values may move by two units against each other
    for (units, bound) in [(1, 3.0), (2, 3.0), (3, 0.0)] {
        let x = [0.5, -3.0, 0.25, 0.5 + units as f32 / 65536.0];
        let fixed = fixed_point(&graph, &Settings::default(), &weights, &[&x], 1).unwrap();
        assert_eq!(fixed.opened.indices("output"), [3]);
        assert!((fixed.stages.last().unwrap().bound - bound).abs() < 1e-9, "{units} units apart");
    }
}
