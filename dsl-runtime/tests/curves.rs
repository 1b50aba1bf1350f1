//! Smooth functions in plans: how near private runs come to them, everywhere and where values are promised to stay; what they cost; at which scales they read and write; and
//! plans that misuse them.

#[allow(dead_code, reason = "blocks of other networks")]
#[path = "common/blocks.rs"]
mod blocks;
#[path = "common/smooth.rs"]
mod smooth;

use blocks::{avg_pool, flatten, linear, runs_as_planned, weights_of};
use smooth::{curve, graph, network, plain, settings};
use undertone_runtime::fixed::Against;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::party::{fixed_point, fixed_point_against};
use undertone_runtime::plan::{Calibration, Kind, Plan};
use undertone_runtime::protocol::Compare;
use undertone_runtime::protocol::curve::{Curve, Form};
use undertone_runtime::protocol::words::{Family, Words};
use undertone_runtime::{Deployment, Settings, Weights, World};

const LIMIT: usize = 1 << 24;

const ALL: [Smooth; 19] = [
    Smooth::Gelu,
    Smooth::GeluTanh,
    Smooth::Silu,
    Smooth::Mish,
    Smooth::Softplus,
    Smooth::LogSigmoid,
    Smooth::Elu { alpha: 1.0 },
    Smooth::Elu { alpha: 0.25 },
    Smooth::Selu,
    Smooth::Sigmoid,
    Smooth::Tanh,
    Smooth::Erf,
    Smooth::Exp,
    Smooth::Sin,
    Smooth::Cos,
    Smooth::Reciprocal,
    Smooth::Sqrt,
    Smooth::InverseSqrt,
    Smooth::Log,
];

/// A grid around 0, values of every size, and both ends.
fn samples(most: f64) -> Vec<f32> {
    let grid = (-600..600).map(|k| f64::from(k) / 40.0);
    let sizes = (-14..16).flat_map(|k| [1.0, -1.0, 1.37, -1.9, 0.51].map(|s| s * 2f64.powi(k)));
    let all = grid.chain(sizes).chain([most, -most, most / 2.0]).filter(|x| x.abs() <= most);
    all.map(|x| x as f32).collect()
}

/// The largest error of a private run, as part of the larger one of 1 and the value.
fn error(function: Smooth, approx: Approx, settings: &Settings, most: f64) -> f64 {
    let x = samples(most);
    let graph = plain(x.len(), function, approx);
    Plan::new(&graph, settings).unwrap().verify(LIMIT).unwrap();
    let run = World::seeded(11).settings(settings.clone()).predict_graph(&graph, &Weights::empty(), &[&x], 1, &mut |_| {});
    let run = run.unwrap_or_else(|e| panic!("{function:?}: {e}"));
    let scale = f64::from(1u32 << settings.fraction);
    let mut worst = 0f64;
    for (x, found) in x.iter().zip(run.output()) {
        // as it is encoded
        let x = (f64::from(*x) * scale).round() / scale;
        // as far as a result has room
        let top = f64::from(1u32 << (settings.opened - 3 - settings.fraction));
        let want = if function == Smooth::Exp { function.held(x).min(top) } else { function.held(x) };
        worst = worst.max((f64::from(*found) - want).abs() / want.abs().max(1.0));
    }
    worst
}

#[test]
fn private_runs_are_right_everywhere() {
    for function in ALL {
        for parties in [2, 3, 5] {
            let wide = error(function, Approx::Everywhere, &settings(64, parties), 32767.0);
            assert!(wide <= 2f64.powi(-11), "{function:?}, {parties} parties: 2^{:.2}", wide.log2());
            println!("{function:?}, {parties} parties: 2^{:.2}", wide.log2());
        }
        let middle = error(function, Approx::Everywhere, &settings(40, 2), 4095.0);
        assert!(middle <= 2f64.powi(-10), "{function:?}: 2^{:.2}", middle.log2());
    }
}

#[test]
fn fewer_rounds_are_as_right() {
    for function in ALL {
        let quick = error(function, Approx::Quick, &settings(64, 2), 32767.0);
        assert!(quick <= 2f64.powi(-11), "{function:?}: 2^{:.2}", quick.log2());
        for most in [0.5, 4.0] {
            let within = error(function, Approx::Within(most), &settings(64, 3), most);
            assert!(within <= 2f64.powi(-11), "{function:?} within {most}: 2^{:.2}", within.log2());
        }
    }
    let calm = error(Smooth::Gelu, Approx::Within(16.0), &settings(40, 2), 16.0);
    assert!(calm <= 2f64.powi(-10), "2^{:.2}", calm.log2());
}

/// Rounds of the function, and bytes that a party sends for it.
fn cost(function: Smooth, approx: Approx, size: usize) -> (u64, u64) {
    let plan = Plan::new(&plain(size, function, approx), &settings(64, 2)).unwrap();
    let cost = plan.cost(1).rows.iter().find(|row| row.stage == "f").unwrap().cost;
    (cost.rounds, cost.sent)
}

#[test]
fn rounds_and_bytes_are_few() {
    for function in ALL {
        let turns = matches!(function, Smooth::Sin | Smooth::Cos);
        assert_eq!(cost(function, Approx::Everywhere, 100).0, if turns { 2 } else { 4 }, "{function:?}");
        assert_eq!(cost(function, Approx::Quick, 100).0, if turns { 2 } else { 3 }, "{function:?}");
    }
    for (function, most) in [
        (Smooth::Gelu, 4.0),
        (Smooth::GeluTanh, 16.0),
        (Smooth::Silu, 11.0),
        (Smooth::Mish, 8.0),
        (Smooth::Softplus, 16.0),
        (Smooth::LogSigmoid, 9.0),
        (Smooth::Sigmoid, 9.0),
        (Smooth::Tanh, 8.0),
        (Smooth::Erf, 8.0),
        (Smooth::Exp, 8.0),
    ] {
        assert_eq!(cost(function, Approx::Within(most), 100).0, 2, "{function:?}");
    }
    let (_, sent) = cost(Smooth::Gelu, Approx::Everywhere, 10_000);
    assert!(sent <= 120_000, "GELU of 10 000 values sends {sent} bytes, 80 000 more are for the next opening");
}

#[test]
fn plans_cost_what_is_measured() {
    let (two, five) = (settings(64, 2), settings(64, 5));
    let deployment = Deployment::default();
    runs_as_planned(&network(&[Smooth::Sigmoid, Smooth::Exp, Smooth::Sin], Approx::Everywhere), &two, &deployment, 2);
    runs_as_planned(&network(&[Smooth::Sigmoid, Smooth::Cos], Approx::Quick), &five, &deployment, 1);
    runs_as_planned(&network(&[Smooth::Tanh, Smooth::Exp], Approx::Within(4.0)), &settings(40, 3), &deployment, 1);
    for function in [Smooth::Gelu, Smooth::Reciprocal, Smooth::Elu { alpha: 1.0 }, Smooth::Selu] {
        for settings in [&two, &five] {
            let graph = graph([24], |g, x| {
                let x = linear(g, "first", x, 24);
                let x = curve(g, x, function, Approx::Everywhere);
                linear(g, "second", x, 4)
            });
            runs_as_planned(&graph, settings, &deployment, 3);
        }
    }
}

#[test]
fn values_lie_within_the_bounds_of_the_reference() {
    for function in ALL {
        for approx in [Approx::Everywhere, Approx::Within(60.0)] {
            let graph = graph([2, 14, 14], |g, x| {
                let x = avg_pool(g, "mean", x, [7, 7, 0]);
                let x = flatten(g, "flat", x);
                let x = linear(g, "product", x, 40);
                curve(g, x, function, approx)
            });
            let weights = weights_of(&graph);
            let x: Vec<f32> = (0..2 * 392).map(|k| ((k * 37 % 101) as f32 - 50.0) / 7.0 + (k / 392) as f32 * 20.0).collect();
            for settings in [settings(64, 2), settings(64, 3)] {
                Plan::new(&graph, &settings).unwrap().verify(LIMIT).unwrap();
                let fixed = fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap();
                let twin = fixed_point_against(Against::Twin, &graph, &settings, &weights, &[&x], 2).unwrap();
                let run =
                    World::seeded(3).settings(settings.clone()).record().predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
                let stages = run.stages.unwrap();
                let (private, plain, product) = (&stages.all[3], &fixed.stages[3], &stages.all[2]);
                let off = private.integers.iter().zip(&plain.values).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(off as f64 <= plain.bound, "{function:?}: off by {off}, allowed are {}", plain.bound);
                // the function of what the reference computed of the product
                let plan = Plan::new(&graph, &settings).unwrap();
                let [from, to] = [2, 3].map(|k| &plan.stages[k].result);
                assert_eq!(product.integers.len(), private.integers.len());
                // an exponential ends where its result has no more room
                let top = if function == Smooth::Exp { 10.0 } else { f64::INFINITY };
                let values = fixed.stages[2].values.iter().zip(&twin.stages[3].values);
                for (x, y) in values.filter(|(x, _)| from.decode(**x) < top) {
                    let want = function.held(from.decode(*x));
                    assert!(
                        (to.decode(*y) - want).abs() <= to.decode(1) * twin.stages[3].bound + 1e-9,
                        "{function:?} of {}",
                        from.decode(*x)
                    );
                }
            }
        }
    }
}

#[test]
fn calibrated_plans_open_what_values_need() {
    let graph = graph([24], |g, x| {
        let x = linear(g, "first", x, 24);
        let x = g.stage("gelu", Ok(x.shape()), |g| g.curve(x, Smooth::Gelu, Approx::Everywhere));
        let x = linear(g, "second", x, 24);
        let x = g.stage("exp", Ok(x.shape()), |g| g.curve(x, Smooth::Exp, Approx::Everywhere));
        let x = linear(g, "third", x, 24);
        g.stage("sine", Ok(x.shape()), |g| g.curve(x, Smooth::Sin, Approx::Everywhere))
    });
    let weights = weights_of(&graph);
    let mut seen = Calibration::new(&graph, &weights).unwrap();
    let of = |stage: &str| match stage {
        "gelu" => [-0.2, 6.0],
        "exp" => [0.01, 20.0],
        "third" => [-60.0, 60.0],
        "sine" => [-1.0, 1.0],
        _ => [-6.0, 6.0],
    };
    let ranges: Vec<[f32; 2]> = graph.nodes.iter().map(|n| of(&n.stage)).collect();
    seen.record(&graph, 4, &ranges).unwrap();
    let settings = Settings::calibrated(&seen).with_fraction(12);
    let plan = Plan::new(&graph, &settings).unwrap();
    plan.verify(LIMIT).unwrap();
    assert!(plan.settings.ring < 50, "{plan}");
    let x: Vec<f32> = (0..48).map(|k| ((k * 29 % 47) as f32 - 23.0) / 12.0).collect();
    let run = World::seeded(3).settings(settings.clone()).predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
    let fixed = fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap();
    for (a, b) in run.output().iter().zip(fixed.output()) {
        assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{a} against {b}, bound {}", fixed.bound);
    }
}

/// What is done to the fields of a step that computes a smooth function.
type Change<'a> = Box<dyn Fn(&mut u32, &mut Compare, &mut u32, &mut Curve, &mut u32, &mut u64) + 'a>;

fn words(curve: &mut Curve) -> &mut Words {
    let words = curve.pieces.iter_mut().find_map(|form| if let Form::Words(words) = form { Some(words) } else { None });
    words.unwrap()
}

#[test]
fn plans_that_misuse_functions_are_refused() {
    let plan_of = |function: Smooth| {
        let graph = graph([4], |g, x| {
            let x = linear(g, "product", x, 4);
            curve(g, x, function, Approx::Everywhere)
        });
        let plan = Plan::new(&graph, &settings(64, 2)).unwrap();
        plan.verify(LIMIT).unwrap();
        plan
    };
    let with = |function: Smooth, change: &Change| {
        let plan = plan_of(function);
        let mut bad = plan.clone();
        bad.stages.clear();
        for step in &mut bad.steps {
            if let Kind::Curve { t, compare, width, curve, bits, factor } = &mut step.kind {
                change(t, compare, width, curve, bits, factor);
            }
        }
        assert_ne!(bad.steps, plan.steps);
        bad.verify(LIMIT).map_err(|e| e.to_string())
    };
    let bad: Vec<(&str, Change)> = vec![
        ("a shift that leaves less than the fraction", Box::new(|t, _, _, _, _, _| *t = 17)),
        ("a shift that leaves more, of a value that is itself", Box::new(|t, _, _, _, _, _| *t = 15)),
        ("a shift beyond the ring", Box::new(|t, _, _, _, _, _| *t = u32::MAX)),
        ("bits that no word has", Box::new(|_, c, _, _, _, _| c.m = u32::MAX)),
        ("no bits", Box::new(|_, c, _, _, _, _| c.m = 0)),
        ("fewer bits than words read", Box::new(|_, c, w, _, _, _| (c.m, *w) = (19, 20))),
        ("more bits than the ring has left", Box::new(|_, c, w, _, _, _| (c.m, *w) = (49, 50))),
        ("digits that cover less than the opening", Box::new(|_, _, w, _, _, _| *w = 33)),
        ("digits that cover more", Box::new(|_, _, w, _, _, _| *w = 36)),
        ("a fused comparison", Box::new(|_, c, _, _, _, _| c.fused = true)),
        ("digits that do not exist", Box::new(|_, c, _, _, _, _| c.digit = 9)),
        ("thresholds that descend", Box::new(|_, _, _, f, _, _| f.thresholds.reverse())),
        ("thresholds that are equal", Box::new(|_, _, _, f, _, _| f.thresholds[1] = f.thresholds[0])),
        ("a threshold beyond every opening", Box::new(|_, _, _, f, _, _| f.thresholds[1] = (1 << 32) + 1)),
        ("the least threshold", Box::new(|_, _, _, f, _, _| f.thresholds[0] = i64::MIN)),
        ("a piece too few", Box::new(|_, _, _, f, _, _| f.pieces.truncate(2))),
        ("nothing but a constant", Box::new(|_, _, _, f, _, _| (f.thresholds, f.pieces) = (vec![], f.pieces[..1].to_vec()))),
        (
            "too many thresholds",
            Box::new(|_, _, _, f, _, _| {
                f.thresholds = (0..65).collect();
                f.pieces = vec![Form::Line { error: 0 }; 66];
            }),
        ),
        ("a multiple that does not wrap", Box::new(|_, _, _, f, _, _| f.by = 3)),
        ("words of more than 64 bits", Box::new(|_, _, _, f, _, _| words(f).t = 60)),
        ("words beyond all sizes", Box::new(|_, _, _, f, _, _| words(f).t = u32::MAX)),
        ("values of more bits than the ring", Box::new(|_, _, _, f, _, _| words(f).m = 65)),
        ("values of no bits", Box::new(|_, _, _, f, _, _| words(f).m = 2)),
        (
            "a sum that overflows",
            Box::new(|_, _, _, f, _, _| {
                if let Family::Waves(w) = &mut words(f).family {
                    w.cosines[0] = i32::MIN;
                }
            }),
        ),
        ("bits that the value does not have", Box::new(|_, _, _, _, bits, _| *bits = 20)),
        ("bits without end", Box::new(|_, _, _, _, bits, _| *bits = u32::MAX)),
        ("no factor", Box::new(|_, _, _, _, _, factor| *factor = 0)),
        ("a factor that the value does not have", Box::new(|_, _, _, _, _, factor| *factor = 2)),
    ];
    for (what, change) in &bad {
        assert!(with(Smooth::Gelu, change).is_err(), "{what}");
    }
    let constants: Vec<(&str, Change)> = vec![
        ("fewer bits than it reads", Box::new(|_, _, _, _, bits, _| *bits = 15)),
        ("more bits than it was released with", Box::new(|_, _, _, _, bits, _| *bits = 17)),
        ("what was to be shifted away", Box::new(|t, _, _, _, _, _| *t = 0)),
        ("a factor that leaves no range", Box::new(|_, _, _, _, _, factor| *factor = 1 << 13)),
    ];
    for (what, change) in &constants {
        assert!(with(Smooth::Sigmoid, change).is_err(), "{what}");
    }
    let turns: Vec<(&str, Change)> = vec![
        ("a turn that is not the ring", Box::new(|t, _, _, _, _, _| *t = 43)),
        ("a turn of other bits", Box::new(|_, c, w, _, _, _| (c.m, *w) = (21, 21))),
        ("a comparison of what nothing compares", Box::new(|_, c, _, _, _, _| c.digit = 8)),
        ("digits of what nothing compares", Box::new(|_, _, w, _, _, _| *w = 21)),
    ];
    for (what, change) in &turns {
        assert!(with(Smooth::Sin, change).is_err(), "{what}");
    }
    let good: Vec<Change> = vec![
        Box::new(|_, c, _, _, _, _| c.radix = 4),
        Box::new(|_, c, _, _, _, _| (c.digit, c.radix) = (8, 4)),
        Box::new(|_, _, w, _, _, _| *w = 34),
        Box::new(|_, _, _, f, _, _| f.thresholds[1] = 1 << 32),
    ];
    for change in &good {
        assert_eq!(with(Smooth::Gelu, change), Ok(()));
    }
}
