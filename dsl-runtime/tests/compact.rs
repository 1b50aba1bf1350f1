//! Compact functions in plans: how near private runs come to them, what they cost and save, at which scales they read and write; and plans that misuse them.

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
use undertone_runtime::protocol::compact::Compact;
use undertone_runtime::{Deployment, Settings, Weights, World};

const LIMIT: usize = 1 << 24;

const ALL: [Smooth; 4] = [Smooth::Reciprocal, Smooth::InverseSqrt, Smooth::Sqrt, Smooth::Log];

/// The largest error of a private run on values of every size and sign, as part of the larger one of 1 and the value.
fn error(function: Smooth, settings: &Settings, most: f64) -> f64 {
    let grid = (-200..600).map(|k| f64::from(k) / 40.0);
    let sizes = (-14..16).flat_map(|k| [1.0, -1.0, 1.37, -1.9, 0.51].map(|s| s * 2f64.powi(k)));
    let all = grid.chain(sizes).chain([most, -most, most / 2.0]).filter(|x| x.abs() <= most);
    let x: Vec<f32> = all.map(|x| x as f32).collect();
    let graph = plain(x.len(), function, Approx::Compact);
    Plan::new(&graph, settings).unwrap().verify(LIMIT).unwrap();
    let run = World::seeded(11).settings(settings.clone()).predict_graph(&graph, &Weights::empty(), &[&x], 1, &mut |_| {});
    let run = run.unwrap_or_else(|e| panic!("{function:?}: {e}"));
    let scale = f64::from(1u32 << settings.fraction);
    let off = |(x, found): (&f32, &f32)| {
        // as it is encoded
        let want = function.held((f64::from(*x) * scale).round() / scale);
        (f64::from(*found) - want).abs() / want.abs().max(1.0)
    };
    x.iter().zip(run.output()).map(off).fold(0.0, f64::max)
}

#[test]
fn private_runs_are_right_everywhere() {
    for function in ALL {
        for parties in [2, 3, 5] {
            let wide = error(function, &settings(64, parties), 32767.0);
            println!("{function:?}, {parties} parties, seed 11: 2^{:.2}", wide.log2());
            assert!(wide <= 2f64.powi(-11), "{function:?}, {parties} parties, seed 11: 2^{:.2}", wide.log2());
        }
        let middle = error(function, &settings(40, 2), 4095.0);
        assert!(middle <= 2f64.powi(-10), "{function:?}, seed 11: 2^{:.2}", middle.log2());
    }
}

#[test]
fn rounds_are_few_and_corrections_a_quarter() {
    let cost = |function, approx| {
        let plan = Plan::new(&plain(10_000, function, approx), &settings(64, 2)).unwrap();
        plan.cost(1).rows.iter().find(|row| row.stage == "f").unwrap().cost
    };
    for function in ALL {
        let (compact, everywhere) = (cost(function, Approx::Compact), cost(function, Approx::Everywhere));
        assert_eq!(compact.rounds, if function == Smooth::Log { 6 } else { 7 }, "{function:?}");
        assert!(
            compact.corrections * 4 <= everywhere.corrections + everywhere.corrections / 8,
            "{function:?}: {compact:?}, {everywhere:?}"
        );
        assert!(compact.sent < everywhere.sent, "{function:?}: {compact:?}, {everywhere:?}");
    }
}

#[test]
fn plans_cost_what_is_measured() {
    let deployment = Deployment::default();
    runs_as_planned(&network(&ALL, Approx::Compact), &settings(64, 2), &deployment, 2);
    runs_as_planned(&network(&[Smooth::Log, Smooth::Sqrt], Approx::Compact), &settings(64, 5), &deployment, 1);
    runs_as_planned(&network(&[Smooth::Reciprocal, Smooth::InverseSqrt], Approx::Compact), &settings(40, 3), &deployment, 1);
}

#[test]
fn values_lie_within_the_bounds_of_the_reference() {
    for function in ALL {
        let graph = graph([2, 14, 14], |g, x| {
            let x = avg_pool(g, "mean", x, [7, 7, 0]);
            let x = flatten(g, "flat", x);
            let x = linear(g, "product", x, 40);
            curve(g, x, function, Approx::Compact)
        });
        let weights = weights_of(&graph);
        let x: Vec<f32> = (0..2 * 392).map(|k| ((k * 37 % 101) as f32 - 50.0) / 7.0 + (k / 392) as f32 * 20.0).collect();
        for settings in [settings(64, 2), settings(64, 3)] {
            let plan = Plan::new(&graph, &settings).unwrap();
            plan.verify(LIMIT).unwrap();
            let fixed = fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap();
            let twin = fixed_point_against(Against::Twin, &graph, &settings, &weights, &[&x], 2).unwrap();
            let run = World::seeded(3).settings(settings.clone()).record().predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
            let stages = run.stages.unwrap();
            let (private, plain) = (&stages.all[3], &fixed.stages[3]);
            let off = private.integers.iter().zip(&plain.values).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(off as f64 <= plain.bound, "{function:?}, seed 3: off by {off}, allowed are {}", plain.bound);
            // the function of what the reference computed of the product
            let [from, to] = [2, 3].map(|k| &plan.stages[k].result);
            for (x, y) in fixed.stages[2].values.iter().zip(&twin.stages[3].values) {
                let want = function.held(from.decode(*x));
                let allowed = to.decode(1) * twin.stages[3].bound + 1e-9;
                assert!((to.decode(*y) - want).abs() <= allowed, "{function:?} of {}", from.decode(*x));
            }
        }
    }
}

#[test]
fn calibrated_plans_open_what_values_need() {
    let graph = graph([24], |g, x| {
        let x = g.stage("square", Ok(x.shape()), |g| g.polynomial(x, &[0.1, 0.0, 1.0]));
        let x = g.stage("root", Ok(x.shape()), |g| g.curve(x, Smooth::Sqrt, Approx::Compact));
        let x = g.stage("inverse", Ok(x.shape()), |g| g.curve(x, Smooth::Reciprocal, Approx::Compact));
        g.stage("log", Ok(x.shape()), |g| g.curve(x, Smooth::Log, Approx::Compact))
    });
    let weights = Weights::empty();
    let mut seen = Calibration::new(&graph, &weights).unwrap();
    let of = |stage: &str| match stage {
        "square" => [0.1, 4.1],
        "root" => [0.3, 2.1],
        "inverse" => [0.4, 3.2],
        "log" => [-1.0, 1.2],
        _ => [-2.0, 2.0],
    };
    let ranges: Vec<[f32; 2]> = graph.nodes.iter().map(|n| of(&n.stage)).collect();
    seen.record(&graph, 4, &ranges).unwrap();
    let settings = Settings::calibrated(&seen).with_fraction(12);
    let plan = Plan::new(&graph, &settings).unwrap();
    plan.verify(LIMIT).unwrap();
    assert!(plan.settings.ring < 50 && plan.steps.iter().any(|s| matches!(s.kind, Kind::Compact { .. })), "{plan}");
    let x: Vec<f32> = (0..48).map(|k| ((k * 29 % 47) as f32 - 23.0) / 12.0).collect();
    let run = World::seeded(3).settings(settings.clone()).predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
    let fixed = fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap();
    for ((a, b), x) in run.output().iter().zip(fixed.output()).zip(&x) {
        assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{a} against {b}, bound {}, seed 3", fixed.bound);
        let want = -0.5 * (f64::from(*x).powi(2) + 0.1).ln();
        assert!((f64::from(*a) - want).abs() < 1.0 / 128.0, "{a} at {x}, not {want}, seed 3");
    }
}

/// What is done to the fields of a step that computes a compact function.
type Change<'a> = Box<dyn Fn(&mut u32, &mut Compare, &mut u32, &mut Compact, &mut u32) + 'a>;

#[test]
fn plans_that_misuse_them_are_refused() {
    let graph = graph([4], |g, x| {
        let x = linear(g, "product", x, 4);
        curve(g, x, Smooth::Reciprocal, Approx::Compact)
    });
    let plan = Plan::new(&graph, &settings(64, 2)).unwrap();
    plan.verify(LIMIT).unwrap();
    let bad: Vec<(&str, Change)> = vec![
        ("a shift that leaves less than the fraction", Box::new(|t, _, _, _, _| *t = 17)),
        ("a shift beyond the ring", Box::new(|t, _, _, _, _| *t = u32::MAX)),
        ("bits that no word has", Box::new(|_, c, _, _, _| c.m = u32::MAX)),
        ("no bits", Box::new(|_, c, w, _, _| (c.m, *w) = (0, 1))),
        ("fewer bits than intervals need", Box::new(|_, c, w, _, _| (c.m, *w) = (22, 23))),
        ("more bits than the ring has left", Box::new(|_, c, w, _, _| (c.m, *w) = (49, 50))),
        ("digits that cover the opening only", Box::new(|_, _, w, _, _| *w = 34)),
        ("digits that cover more", Box::new(|_, _, w, _, _| *w = 36)),
        ("a fused comparison", Box::new(|_, c, _, _, _| c.fused = true)),
        ("digits that do not exist", Box::new(|_, c, _, _, _| c.digit = 9)),
        ("intervals that descend", Box::new(|_, _, _, f, _| f.intervals.reverse())),
        ("no interval", Box::new(|_, _, _, f, _| f.intervals.clear())),
        ("a place that is not read", Box::new(|_, _, _, f, _| f.drop = 40)),
        ("words that do not fit", Box::new(|_, _, _, f, _| f.words.t += 30)),
        ("a value that is not lifted", Box::new(|_, _, _, f, _| f.words.m = 65)),
        ("no fraction", Box::new(|_, _, _, _, bits| *bits = 0)),
        ("a fraction beyond the ring", Box::new(|_, _, _, _, bits| *bits = 63)),
    ];
    for (what, change) in bad {
        let mut bad = plan.clone();
        bad.stages.clear();
        for step in &mut bad.steps {
            if let Kind::Compact { t, compare, width, function, bits } = &mut step.kind {
                change(t, compare, width, function, bits);
            }
        }
        assert_ne!(bad.steps, plan.steps, "{what}");
        assert!(bad.verify(LIMIT).is_err(), "{what}");
    }
}
