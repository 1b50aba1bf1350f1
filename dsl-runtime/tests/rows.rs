//! Functions of whole rows, and quotients, in plans: how near private runs come to them, what they cost, and that all kinds of rows are read where they lie in memory.

#[path = "common/blocks.rs"]
#[allow(dead_code, reason = "other files use the rest")]
mod blocks;

use blocks::{conv, linear, runs_as_planned, stage};
use undertone_runtime::graph::op::{Normalize, Softmax};
use undertone_runtime::graph::{Graph, trace};
use undertone_runtime::plan::{Kind, Plan};
use undertone_runtime::{Deployment, Settings, Weights, World};
use undertone_shape::Shape;

const SEED: u64 = 41;

fn softmax(shape: impl Into<Shape>, softmax: Softmax) -> Graph {
    trace("M", &[("x", shape.into())], |g, x| stage(g, "softmax", x[0].shape(), |g| g.softmax(x[0], softmax))).unwrap()
}

fn normalize(shape: impl Into<Shape>, normalize: Normalize) -> Graph {
    trace("M", &[("x", shape.into())], |g, x| stage(g, "norm", x[0].shape(), |g| g.normalize(x[0], normalize))).unwrap()
}

fn divide(a: impl Into<Shape>, b: impl Into<Shape>, out: impl Into<Shape>) -> Graph {
    trace("M", &[("a", a.into()), ("b", b.into())], |g, x| stage(g, "quotient", out.into(), |g| g.divide(x[0], x[1]))).unwrap()
}

const PLAIN: Softmax = Softmax { axis: 1, logarithm: false, within: None };

/// What a private run makes of it, and the rounds before the release.
fn private(graph: &Graph, settings: &Settings, inputs: &[&[f32]], samples: usize) -> (Vec<f32>, u64) {
    // nothing goes through kings, which save bytes and take rounds
    let settings = &Settings { delay_bytes: u64::MAX, ..settings.clone() };
    let plan = Plan::new(graph, settings).unwrap();
    plan.verify(1 << 24).unwrap();
    let world = World::seeded(SEED).settings(settings.clone());
    let run = world.predict_graph(graph, &Weights::empty(), inputs, samples, &mut |_| {}).unwrap();
    (run.output().to_vec(), plan.cost(samples).total().rounds - 1)
}

fn narrow() -> Settings {
    Settings { ring: 40, fraction: 12, opened: 28, ..Settings::default() }
}

/// The largest difference from what `expected` makes of each row of numbers.
fn worst(found: &[f32], x: &[f32], row: usize, expected: impl Fn(&[f64]) -> Vec<f64>) -> f64 {
    let rows = x.chunks_exact(row).map(|x| expected(&x.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>()));
    found.iter().zip(rows.flatten()).map(|(found, expected)| (f64::from(*found) - expected).abs()).fold(0.0, f64::max)
}

fn exact_softmax(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().copied().fold(f64::MIN, f64::max);
    let e: Vec<f64> = x.iter().map(|x| (x - largest).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

fn exact_norm(x: &[f64], eps: f64, centred: bool) -> Vec<f64> {
    let mean = if centred { x.iter().sum::<f64>() / x.len() as f64 } else { 0.0 };
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64;
    x.iter().map(|x| (x - mean) / (variance + eps).sqrt()).collect()
}

/// Rows of every kind: equal values, one that stands out, spread widely, narrowly, and far from 0.
fn rows(size: usize, reach: f32) -> Vec<f32> {
    let noise = |k: usize| ((k * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
    // numbers that are encoded as they are
    let whole = |x: f32| (x * 4096.0).round() / 4096.0;
    let row = |f: &dyn Fn(usize) -> f32| (0..size).map(|k| whole(f(k))).collect::<Vec<f32>>();
    [
        row(&|_| 0.0),
        row(&|_| -reach),
        row(&|k| if k == size / 2 { reach } else { -reach }),
        row(&|k| noise(k) * reach),
        row(&|k| noise(k * 3 + 1)),
        row(&|k| noise(k * 5 + 2) * 0.01),
        row(&|k| reach - 1.0 + noise(k * 11) / 2.0),
        row(&|k| k as f32 / size as f32),
    ]
    .concat()
}

#[test]
fn a_softmax_is_right_wherever_its_values_are() {
    for (settings, size, reach, bound) in [
        (Settings::default(), 128, 30_000.0, 12.0),
        (Settings::default(), 10, 100.0, 12.0),
        (Settings::default(), 1, 5.0, 12.0),
        (Settings::default(), 500, 20.0, 11.0),
        (narrow(), 32, 1000.0, 9.0),
    ] {
        for parties in [2, 3, 5] {
            let (settings, x) = (Settings { parties, ..settings.clone() }, rows(size, reach));
            let (found, rounds) = private(&softmax([8, size], PLAIN), &settings, &[&x], 1);
            let error = worst(&found, &x, size, exact_softmax);
            assert!(error <= 0.5f64.powf(bound), "{size}, {parties} parties, seed {SEED}: 2^{:.1}", error.log2());
            let most = if size <= 144 { 20 } else { 25 };
            assert!(rounds <= most, "{rounds} rounds for {size}");
            let (found, _) = private(&softmax([8, size], Softmax { logarithm: true, ..PLAIN }), &settings, &[&x], 1);
            let error = worst(&found, &x, size, |x| {
                let largest = x.iter().copied().fold(f64::MIN, f64::max);
                let log = x.iter().map(|x| (x - largest).exp()).sum::<f64>().ln();
                x.iter().map(|x| x - largest - log).collect()
            });
            // a float has 24 bits
            let allowed = 0.5f64.powf(bound - 1.0) + f64::from(reach) * 0.5f64.powi(22);
            assert!(error <= allowed, "logarithm, {size}, {parties} parties, seed {SEED}: 2^{:.1}", error.log2());
        }
    }
}

#[test]
fn a_promised_range_needs_no_maximum() {
    for (most, bound) in [(8.0, 11.0), (4.0, 12.0), (1.0, 12.0)] {
        let x = rows(128, most as f32);
        for parties in [2, 3] {
            let settings = Settings { parties, ..Settings::default() };
            let graph = softmax([8, 128], Softmax { within: Some(most), ..PLAIN });
            let (found, rounds) = private(&graph, &settings, &[&x], 1);
            let error = worst(&found, &x, 128, exact_softmax);
            assert!(error <= 0.5f64.powf(bound), "within {most}, {parties} parties: 2^{:.1}", error.log2());
            assert!(rounds <= 8, "{rounds} rounds");
        }
    }
}

#[test]
fn rows_are_normalised_by_their_own_statistics() {
    for (settings, size, reach, eps, bound) in [
        (Settings::default(), 768, 60.0, 1e-5, 10.0),
        (Settings::default(), 64, 30.0, 1e-5, 10.0),
        (Settings::default(), 2, 1000.0, 1e-5, 10.0),
        (Settings { fraction: 12, opened: 28, ..Settings::default() }, 8, 8000.0, 1e-3, 7.0),
        (Settings::default(), 4096, 20.0, 1e-5, 9.0),
        // a unit of 2^-12 is large next to a small eps
        (narrow(), 16, 1.5, 0.1, 7.0),
    ] {
        for (parties, centred) in [(2, true), (3, true), (5, true), (2, false), (3, false)] {
            let settings = Settings { parties, ..settings.clone() };
            let x = rows(size, reach);
            let (found, rounds) = private(&normalize([8, size], Normalize { axes: 1, eps, centred }), &settings, &[&x], 1);
            let error = worst(&found, &x, size, |x| exact_norm(x, eps, centred));
            assert!(error <= 0.5f64.powf(bound), "{size}, {parties} parties, centred {centred}, seed {SEED}: 2^{:.1}", error.log2());
            assert!(rounds <= 8, "{rounds} rounds");
        }
    }
}

#[test]
fn quotients_are_right_over_the_whole_range() {
    let b: Vec<f32> = (0..300).map(|k| 2f32.powf(-8.0 + 23.0 * k as f32 / 300.0)).collect();
    let a: Vec<f32> = b.iter().enumerate().map(|(k, b)| (b * [1.0, -3.0, 0.25, 100.0, 0.001][k % 5]).clamp(-32000.0, 32000.0)).collect();
    for parties in [2, 3, 5] {
        let settings = Settings { parties, ..Settings::default() };
        let (found, rounds) = private(&divide([300], [300], [300]), &settings, &[&a, &b], 1);
        for ((a, b), found) in a.iter().zip(&b).zip(&found) {
            let (a, b) = ((f64::from(*a) * 65536.0).round(), (f64::from(*b) * 65536.0).round());
            let error = (f64::from(*found) - a / b).abs() / (a / b).abs().max(1.0);
            assert!(error <= 0.5f64.powi(11), "{a} / {b}, {parties} parties: {found}");
        }
        assert!(rounds <= 6, "{rounds} rounds: {}", Plan::new(&divide([300], [300], [300]), &settings).unwrap());
    }
}

/// Along every axis, of values that a convolution left channels last, shared and owned; what is measured is what the plan says.
#[test]
fn rows_lie_anywhere_in_memory() {
    let graph = trace("M", &[("x", Shape::new([2, 3, 4]))], |g, x| {
        let y = conv(g, "conv", x[0], 5, [1, 1, 0]);
        for axis in 0..3 {
            let name = ["a", "b", "c"][axis];
            let z = stage(g, name, [5, 3, 4], |g| g.softmax(y, Softmax { axis, ..PLAIN }));
            g.release(name, z, &["client"]);
        }
        for axes in 1..4 {
            let name = ["d", "e", "f"][axes - 1];
            let z = stage(g, name, [5, 3, 4], |g| g.normalize(y, Normalize { axes, eps: 1e-3, centred: axes != 2 }));
            g.release(name, z, &["client"]);
        }
        y
    })
    .unwrap();
    for parties in [2, 3] {
        let outcomes = runs_as_planned(&graph, &Settings { parties, ..Settings::default() }, &Deployment::default(), 3);
        for (name, axis) in [("a", 0), ("b", 1), ("c", 2)] {
            let all = outcomes[0].opened.real(name);
            let stride = [12, 4, 1][axis];
            let size = [5, 3, 4][axis];
            for (at, _) in all.iter().enumerate().filter(|(at, _)| at / stride % size == 0) {
                let sum: f32 = (0..size).map(|k| all[at + k * stride]).sum();
                assert!((sum - 1.0).abs() < 1e-3, "{name} at {at}: {sum}");
            }
        }
    }
    let quotient = divide([3, 1, 4], [2, 4], [3, 2, 4]);
    let x: Vec<f32> = (0..12).map(|k| k as f32 - 5.0).collect();
    let y: Vec<f32> = (0..8).map(|k| 1.0 + k as f32 / 2.0).collect();
    let (found, _) = private(&quotient, &Settings::default(), &[&x, &y], 1);
    for (at, found) in found.iter().enumerate() {
        let expected = x[at / 8 * 4 + at % 4] / y[at % 8];
        assert!((found - expected).abs() < 1e-3, "{at}: {found} against {expected}");
    }
}

#[test]
fn rows_stand_between_products() {
    let graph = trace("M", &[("x", Shape::new([6]))], |g, x| {
        let y = linear(g, "first", x[0], 8);
        let y = stage(g, "norm", [8], |g| g.normalize(y, Normalize { axes: 1, eps: 1e-5, centred: true }));
        let y = linear(g, "second", y, 5);
        let y = stage(g, "softmax", [5], |g| g.softmax(y, Softmax { axis: 0, ..PLAIN }));
        linear(g, "third", y, 3)
    })
    .unwrap();
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    plan.verify(1 << 20).unwrap();
    assert!(plan.steps.iter().any(|s| matches!(s.kind, Kind::Curve { .. })));
    for parties in [2, 3] {
        runs_as_planned(&graph, &Settings { parties, ..Settings::default() }, &Deployment::default(), 2);
    }
}

#[test]
fn plans_that_misuse_the_scales_of_rows_are_refused() {
    let good = Plan::new(&normalize([4, 32], Normalize { axes: 1, eps: 1e-5, centred: true }), &Settings::default()).unwrap();
    good.verify(1 << 20).unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut Kind) -> bool| {
        let mut bad = good.clone();
        let changed = bad.steps.iter_mut().filter_map(|s| change(&mut s.kind).then_some(())).count();
        assert!(changed > 0, "{what}: nothing to change");
        assert!(bad.verify(1 << 20).is_err(), "{what}");
    };
    // what is released has the bits that it says
    refused("a shift that leaves more bits", &|k| {
        if let Kind::Truncate { t: t @ 32, .. } = k {
            *t = 31;
            true
        } else {
            false
        }
    });
    refused("a shift that leaves too few", &|k| {
        if let Kind::Truncate { t: t @ 32, .. } = k {
            *t = 33;
            true
        } else {
            false
        }
    });
    refused("an opening wider than the ring", &|k| {
        if let Kind::Truncate { m, .. } = k {
            *m = 62;
            true
        } else {
            false
        }
    });
    refused("a function that says less than its bits", &|k| {
        if let Kind::Curve { bits, .. } = k {
            *bits -= 1;
            true
        } else {
            false
        }
    });
    refused("a function that says more than its bits", &|k| {
        if let Kind::Curve { bits, .. } = k {
            *bits += 1;
            true
        } else {
            false
        }
    });
    refused("a function of another shift", &|k| {
        if let Kind::Curve { t, .. } = k {
            *t += 25;
            true
        } else {
            false
        }
    });
    refused("a square with half of its bits", &|k| {
        if let Kind::Polynomial(p) = k {
            p.bits /= 2;
            true
        } else {
            false
        }
    });
}
