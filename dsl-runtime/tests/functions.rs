//! Functions by comparison in plans: which bits they open, what calibration makes of them, what is proved of their results; and plans that misuse them.

use undertone_runtime::graph::op::{Break, Piecewise, Polynomial, TopK};
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Calibration, Kind, Plan, Range};
use undertone_runtime::protocol::Compare;
use undertone_runtime::protocol::piecewise::{Function, Piece};
use undertone_runtime::protocol::topk::Search;
use undertone_runtime::{Settings, Weights, World};
use undertone_shape::Shape;

/// The elements of one step that parties and dealers allow.
const LIMIT: usize = 1 << 24;

fn graph(size: usize, body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Graph {
    trace("M", &[("x", Shape::new([size]))], |g, x| body(g, x[0])).unwrap()
}

/// A function as a stage of its own.
fn stage<'g>(g: &mut Scope<'g>, x: Value<'g>, name: &str, f: &Piecewise) -> Value<'g> {
    g.stage(name, Ok(x.shape()), |g| g.piecewise(x, f.clone()))
}

fn linear<'g>(g: &mut Scope<'g>, x: Value<'g>, name: &str) -> Value<'g> {
    let size = x.shape().dim(0);
    g.stage(name, Ok(x.shape()), |g| {
        let w = g.parameter("weight", [size, size], Init::Constant(0.25));
        g.linear(x, w, None)
    })
}

fn swish() -> Piecewise {
    let pieces = vec![Polynomial::default(), Polynomial { square: 1.0 / 6.0, slope: 0.5, offset: 0.0 }, Polynomial::line(1.0, 0.0)];
    Piecewise { breaks: vec![Break::From(-3.0), Break::From(3.0)], pieces }
}

fn weights(graph: &Graph) -> Weights {
    let mut all = Weights::empty();
    for p in &graph.parameters {
        all.insert(p.name.clone(), p.shape, (0..p.shape.numel()).map(|k| (k % 5) as f32 / 8.0 - 0.25).collect());
    }
    all
}

/// Values everywhere: far below, between and above all breaks, and on them.
fn samples(size: usize) -> Vec<f32> {
    (0..size).map(|k| (k as f32 - size as f32 / 2.0).powi(3) / 64.0 + (k % 3) as f32 / 16.0).collect()
}

#[test]
fn a_truncation_is_part_of_the_opening_and_a_result_at_the_scale_of_a_product_waits_for_the_next() {
    let graph = graph(8, |g, x| {
        let y = linear(g, x, "first");
        let y = stage(g, y, "swish", &swish());
        let y = linear(g, y, "second");
        stage(g, y, "clamp", &Piecewise::clamp(0.0, 6.0))
    });
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    plan.verify(LIMIT).unwrap();
    let text = plan.to_string();
    assert!(text.contains("piecewise after 16 at [-196608, 196608], 16 bits more, factor 6"), "{text}");
    assert!(text.contains("truncate by 16"), "the opening of the second product reads values at f: {text}");
    assert!(text.contains("piecewise after 16 at [1, 2359296]"), "the clamp is at six times six units: {text}");
    assert_eq!((plan.releases[0].value.bits, plan.releases[0].value.factor), (16, 6));
}

#[test]
fn private_runs_lie_within_the_bounds_of_the_reference() {
    let sign = Piecewise { breaks: vec![Break::From(0.0), Break::After(0.0)], pieces: [-1.0, 0.0, 1.0].map(Polynomial::constant).to_vec() };
    let leak = Piecewise { breaks: vec![Break::From(0.0)], pieces: vec![Polynomial::line(0.01, 0.0), Polynomial::line(1.0, 0.0)] };
    let magnitude = Piecewise { breaks: vec![Break::From(0.0)], pieces: vec![Polynomial::line(-1.0, 0.0), Polynomial::line(1.0, 0.0)] };
    for f in [swish(), sign, leak, magnitude, Piecewise::clamp(-0.5, 900.0)] {
        for after in [false, true] {
            let graph = graph(24, |g, x| {
                let x = if after { linear(g, x, "product") } else { x };
                stage(g, x, "f", &f)
            });
            let (weights, x) = (weights(&graph), samples(48));
            for parties in [2, 3] {
                let settings = Settings { parties, ..Settings::default() };
                Plan::new(&graph, &settings).unwrap().verify(LIMIT).unwrap();
                let fixed = fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap();
                let run = World::seeded(3).settings(settings).record().predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
                let (private, plain) = (&run.stages.unwrap().all[usize::from(after)], &fixed.stages[usize::from(after)]);
                let off = private.integers.iter().zip(&plain.values).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(off as f64 <= plain.bound, "{f:?}: off by {off}, allowed are {}", plain.bound);
                assert!(after || plain.bound.abs() < 1e-9, "nothing rounds before a function of an input");
                let near = x.iter().zip(run.opened.real("output")).all(|(x, y)| (f.at(f64::from(*x)) - f64::from(*y)).abs() < 2e-2);
                assert!(after || near, "{f:?}");
            }
        }
    }
}

#[test]
fn calibration_takes_the_range_of_a_clamp_for_what_it_is() {
    let graph = graph(8, |g, x| {
        let y = linear(g, x, "first");
        let y = stage(g, y, "clamp", &Piecewise::clamp(0.0, 6.0));
        let y = linear(g, y, "second");
        stage(g, y, "again", &Piecewise::clamp(-1e9, 1e9))
    });
    let weights = weights(&graph);
    let mut seen = Calibration::new(&graph, &weights).unwrap();
    let of = |stage: &str| match stage {
        "clamp" => [0.0, 6.0],
        "second" | "again" => [-10.0, 11.0],
        _ => [-40.0, 50.0],
    };
    let ranges: Vec<[f32; 2]> = graph.nodes.iter().map(|n| of(&n.stage)).collect();
    seen.record(&graph, 4, &ranges).unwrap();
    // with a margin of four bits a value of 6 might be 96, but for the clamp
    let settings = Settings::calibrated(&seen).with_margin(4).with_ring(48).with_fraction(12);
    let plan = Plan::new(&graph, &settings).unwrap();
    plan.verify(LIMIT).unwrap();
    let opened: Vec<u32> =
        plan.steps.iter().filter_map(|s| if let Kind::Piecewise { compare, .. } = &s.kind { Some(compare.m) } else { None }).collect();
    assert_eq!(opened.len(), 2);
    // 50 times 16 with 12 fraction bits, and a sign
    assert_eq!(opened[0], 10 + 12 + 2, "{plan}");
    let clamp = plan.stages.iter().find(|s| s.name == "clamp").unwrap();
    assert!(matches!(clamp.range, Range::Proved | Range::Calibrated { .. }), "{:?}", clamp.range);
    let x = samples(16).iter().map(|x| x.clamp(-20.0, 20.0)).collect::<Vec<f32>>();
    let run = World::seeded(3).settings(settings.clone()).predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
    let fixed = fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap();
    for (a, b) in run.output().iter().zip(fixed.output()) {
        assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{a} against {b}");
    }
}

#[test]
fn what_a_function_makes_of_an_input_is_proved() {
    let range = |f: Piecewise| {
        let plan = Plan::new(&graph(4, |g, x| stage(g, x, "f", &f)), &Settings::default()).unwrap();
        plan.stages[0].range
    };
    assert_eq!(range(Piecewise::clamp(-1.0, 1.0)), Range::Proved);
    // six times as many units, twice as many fraction bits: more than a release has room for
    assert_eq!(range(swish()), Range::Assumed { bits: 16, factor: 6 });
}

/// What is done to the fields of a step that computes a function.
type Change<'a> = Box<dyn Fn(&mut u32, &mut Compare, &mut Function, &mut u32, &mut u64) + 'a>;

#[test]
fn plans_that_misuse_functions_are_refused() {
    let plan = Plan::new(
        &graph(4, |g, x| {
            let x = linear(g, x, "product");
            stage(g, x, "clamp", &Piecewise::clamp(0.0, 6.0))
        }),
        &Settings::default(),
    )
    .unwrap();
    plan.verify(LIMIT).unwrap();
    let at = plan.steps.iter().position(|s| matches!(s.kind, Kind::Piecewise { .. })).unwrap();
    let Kind::Piecewise { function, .. } = plan.steps[at].kind.clone() else { panic!("a function") };
    let with = |change: &Change| {
        let mut bad = plan.clone();
        bad.stages.clear();
        if let Kind::Piecewise { t, compare, function, bits, factor } = &mut bad.steps[at].kind {
            change(t, compare, function, bits, factor);
        }
        assert_ne!(bad.steps, plan.steps);
        bad.verify(LIMIT).map_err(|e| e.to_string())
    };
    let usual = Compare::new(34);
    let pieces = |n: usize| (0..n).map(|k| Piece::constant(k as i64)).collect::<Vec<_>>();
    let bad: Vec<(&str, Change)> = vec![
        ("a shift that is not the fraction", Box::new(|t, _, _, _, _| *t = 15)),
        ("a shift beyond the ring", Box::new(|t, _, _, _, _| *t = u32::MAX)),
        ("other bits than the plan opens", Box::new(|_, c, _, _, _| c.m = 33)),
        ("bits that no word has", Box::new(|_, c, _, _, _| c.m = u32::MAX)),
        ("no bits", Box::new(|_, c, _, _, _| c.m = 0)),
        ("a fused comparison", Box::new(|_, c, _, _, _| c.fused = true)),
        ("digits that do not exist", Box::new(|_, c, _, _, _| c.digit = 9)),
        ("no thresholds", Box::new(|_, _, f, _, _| *f = Function { thresholds: vec![], pieces: pieces(1) })),
        ("more thresholds than are allowed", Box::new(|_, _, f, _, _| *f = Function { thresholds: (0..65).collect(), pieces: pieces(66) })),
        ("thresholds that descend", Box::new(|_, _, f, _, _| f.thresholds.reverse())),
        ("a threshold that is beyond every opening", Box::new(|_, _, f, _, _| f.thresholds[1] = (1 << 32) + 1)),
        ("the least threshold of all", Box::new(|_, _, f, _, _| f.thresholds[0] = i64::MIN)),
        ("a piece too few", Box::new(|_, _, f, _, _| f.pieces.truncate(2))),
        ("a piece like the one before", Box::new(|_, _, f, _, _| f.pieces[1] = f.pieces[0])),
        ("bits that no value has", Box::new(|_, _, _, bits, _| *bits = 3)),
        ("bits without end", Box::new(|_, _, _, bits, _| *bits = u32::MAX)),
        ("no factor", Box::new(|_, _, _, _, factor| *factor = 0)),
        ("a factor that leaves no range", Box::new(|_, _, _, _, factor| *factor = 1 << 13)),
        ("the largest factor", Box::new(|_, _, _, _, factor| *factor = u64::MAX)),
        // what is released is at the scale that the plan says
        ("a square that hides the fraction bits of one of its factors", Box::new(|_, _, f, _, _| f.pieces[1].square = i64::MIN)),
        ("a scale that the release does not have", Box::new(|_, _, _, bits, _| *bits = 16)),
        ("a factor that the release does not have", Box::new(|_, _, _, _, factor| *factor = 2)),
    ];
    for (what, change) in &bad {
        assert!(with(change).is_err(), "{what}");
    }
    let good: Vec<Change> = vec![
        Box::new(|_, c, _, _, _| c.radix = 4),
        Box::new(|_, c, _, _, _| *c = Compare { digit: 8, radix: 3, ..usual }),
        Box::new(|_, _, f, _, _| f.thresholds[1] = 1 << 32),
    ];
    for change in &good {
        assert_eq!(with(change), Ok(()));
    }
    assert_eq!(function.thresholds, [1, 6 << 16]);
}

#[test]
fn plans_that_misuse_bits_are_refused() {
    let plan = Plan::new(&graph(4, |g, x| g.above(x, 0.5)), &Settings::default()).unwrap();
    plan.verify(LIMIT).unwrap();
    assert_eq!((plan.releases[0].m, plan.releases[0].value.integer), (1, Some(1)));
    let at = plan.steps.iter().position(|s| matches!(s.kind, Kind::Above { .. })).unwrap();
    let wrong = |what: &str, change: &dyn Fn(&mut Plan)| {
        let mut bad = plan.clone();
        change(&mut bad);
        assert_ne!(bad, plan, "{what}");
        assert!(bad.verify(LIMIT).is_err(), "{what}");
    };
    for threshold in [i64::MIN, i64::MAX, (1 << 32) + 1, -(1 << 32) - 1] {
        wrong("a threshold beyond every opening", &|p| {
            if let Kind::Above { threshold: t, .. } = &mut p.steps[at].kind {
                *t = threshold;
            }
        });
    }
    for compare in
        [Compare { fused: true, ..Compare::new(34) }, Compare::new(35), Compare::new(0), Compare { radix: 5, ..Compare::new(34) }]
    {
        wrong("a comparison that is not made", &|p| {
            if let Kind::Above { compare: c, .. } = &mut p.steps[at].kind {
                *c = compare;
            }
        });
    }
    wrong("a shift of nothing", &|p| {
        if let Kind::Above { t, .. } = &mut p.steps[at].kind {
            *t = 16;
        }
    });
    wrong("a bit that is a fraction at a release", &|p| {
        (p.releases[0].value.integer, p.releases[0].value.bits, p.releases[0].m) = (None, 16, 34);
    });
    wrong("a bit of two bits", &|p| {
        (p.releases[0].value.integer, p.releases[0].m) = (Some(2), 2);
    });
}

/// In a ring of 32 bits nothing is left between what is opened and what is shifted away: thresholds must do without.
#[test]
fn thresholds_need_no_bit_of_the_ring() {
    let graph = graph(12, |g, x| {
        let x = linear(g, x, "product");
        stage(g, x, "clamp", &Piecewise::clamp(-300.0, 500.0))
    });
    let settings = Settings::default().with_ring(32);
    let plan = Plan::new(&graph, &settings).unwrap();
    plan.verify(LIMIT).unwrap();
    assert!(plan.steps.iter().all(|s| !matches!(s.kind, Kind::Truncate { .. })), "{plan}");
    let mut weights = Weights::empty();
    weights.insert("product.weight", [12, 12], (0..144).map(|k| f32::from(u8::from(k % 13 == 0))).collect());
    // up to the limit of the opening
    let x: Vec<f32> = (0..12).map(|k| (k as f32 - 5.5) * 186.0).collect();
    let run = World::seeded(1).settings(settings).predict_graph(&graph, &weights, &[&x], 1, &mut |_| {}).unwrap();
    for (x, y) in x.iter().zip(run.output()) {
        assert!((x.clamp(-300.0, 500.0) - y).abs() < 2.0 / 1024.0, "{x} gives {y}");
    }
}

#[test]
fn plans_that_misuse_a_search_are_refused() {
    let plan = Plan::new(&graph(70, |g, x| g.topk(x, TopK { axis: 0, k: 3, values: false })), &Settings::default()).unwrap();
    plan.verify(LIMIT).unwrap();
    assert_eq!((plan.releases[0].m, plan.releases[0].value.integer), (7, Some(7)));
    let at = plan.steps.iter().position(|s| matches!(s.kind, Kind::TopK { .. })).unwrap();
    let wrong = |what: &str, change: &dyn Fn(&mut Search, &mut Compare)| {
        let mut bad = plan.clone();
        if let Kind::TopK { search, compare } = &mut bad.steps[at].kind {
            change(search, compare);
        }
        assert_ne!(bad, plan, "{what}");
        assert!(bad.verify(LIMIT).is_err(), "{what}");
    };
    for k in [0, 2, 4, 71, usize::MAX] {
        wrong("another number of results", &|search, _| search.k = k);
    }
    for group in [0, 1, 5, 65, usize::MAX] {
        wrong("a group that does not exist", &|search, _| search.group = group);
    }
    for [outer, size, inner] in [[1, 69, 1], [0, 70, 1], [2, 35, 1], [1, 0, 1], [usize::MAX, 70, 2], [1 << 40, 1 << 40, 1]] {
        wrong("another axis", &|search, _| (search.axis.outer, search.axis.size, search.axis.inner) = (outer, size, inner));
    }
    wrong("values that are released as indices", &|search, _| search.values = true);
    wrong("a fused comparison", &|_, compare| compare.fused = true);
    for m in [0, 3, 33, 36, u32::MAX] {
        wrong("bits that nothing opens", &|_, compare| compare.m = m);
    }
}
