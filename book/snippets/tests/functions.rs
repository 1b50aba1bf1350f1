//! The tables and plots of the chapter "Functions" are those of the plans and of private runs. `BOOK_UPDATE=always` writes them again.
#![allow(missing_docs)]

mod chapter;

use plotters::prelude::*;
use std::fmt::Write as _;
use undertone::graph::op::{Approx, Normalize, Smooth, Softmax};
use undertone::graph::{Graph, Scope, Value, trace};
use undertone::{Plan, Settings, Shape, Weights, World};

const SEED: u64 = 5;

/// A function of the table.
struct Row {
    name: &'static str,
    function: Smooth,
    approx: Approx,
    /// From where to where its error is looked at.
    domain: [f64; 2],
    written: &'static str,
    error: Error,
}

/// What an error is compared with.
#[derive(Clone, Copy)]
enum Error {
    Absolute,
    /// With the value where that is larger than 1.
    Mixed,
}

const WHOLE: [f64; 2] = [-32_000.0, 32_000.0];
const POSITIVE: [f64; 2] = [1.0 / 256.0, 32_000.0];

const fn row(name: &'static str, function: Smooth, approx: Approx, domain: [f64; 2], written: &'static str, error: Error) -> Row {
    Row { name, function, approx, domain, written, error }
}

const ALL: [Row; 29] = [
    row("gelu", Smooth::Gelu, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("gelu quick", Smooth::Gelu, Approx::Quick, WHOLE, "all", Error::Absolute),
    row("gelu within 4", Smooth::Gelu, Approx::Within(4.0), [-4.0, 4.0], "at most 4", Error::Absolute),
    row("gelu by tanh", Smooth::GeluTanh, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("silu", Smooth::Silu, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("mish", Smooth::Mish, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("softplus", Smooth::Softplus, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("log sigmoid", Smooth::LogSigmoid, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("elu", Smooth::Elu { alpha: 1.0 }, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("selu", Smooth::Selu, Approx::Everywhere, WHOLE, "all", Error::Mixed),
    row("sigmoid", Smooth::Sigmoid, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("sigmoid quick", Smooth::Sigmoid, Approx::Quick, WHOLE, "all", Error::Absolute),
    row("tanh", Smooth::Tanh, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("tanh within 4", Smooth::Tanh, Approx::Within(4.0), [-4.0, 4.0], "at most 4", Error::Absolute),
    row("erf", Smooth::Erf, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("exp", Smooth::Exp, Approx::Everywhere, [-32_000.0, 9.0], "below 9", Error::Mixed),
    row("exp within 8", Smooth::Exp, Approx::Within(8.0), [-8.0, 8.0], "at most 8", Error::Mixed),
    row("sin", Smooth::Sin, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("cos", Smooth::Cos, Approx::Everywhere, WHOLE, "all", Error::Absolute),
    row("reciprocal", Smooth::Reciprocal, Approx::Everywhere, POSITIVE, "from 1/256", Error::Mixed),
    row("reciprocal quick", Smooth::Reciprocal, Approx::Quick, POSITIVE, "from 1/256", Error::Mixed),
    row("reciprocal compact", Smooth::Reciprocal, Approx::Compact, POSITIVE, "from 1/256", Error::Mixed),
    row("inverse sqrt", Smooth::InverseSqrt, Approx::Everywhere, POSITIVE, "from 1/256", Error::Mixed),
    row("inverse sqrt compact", Smooth::InverseSqrt, Approx::Compact, POSITIVE, "from 1/256", Error::Mixed),
    row("sqrt", Smooth::Sqrt, Approx::Everywhere, [0.0, 32_000.0], "from 0", Error::Mixed),
    row("sqrt compact", Smooth::Sqrt, Approx::Compact, [0.0, 32_000.0], "from 0", Error::Mixed),
    row("log", Smooth::Log, Approx::Everywhere, POSITIVE, "from 1/256", Error::Absolute),
    row("log quick", Smooth::Log, Approx::Quick, POSITIVE, "from 1/256", Error::Absolute),
    row("log compact", Smooth::Log, Approx::Compact, POSITIVE, "from 1/256", Error::Absolute),
];

fn rows() -> impl Iterator<Item = (&'static Row, Graph, Plan)> {
    ALL.iter().map(|row| {
        let graph = graph([1000], |g, x| g.curve(x, row.function, row.approx));
        let plan = Plan::new(&graph, &settings()).unwrap();
        (row, graph, plan)
    })
}

/// Nothing goes through kings, which two parties do not have.
fn settings() -> Settings {
    Settings::default()
}

fn graph(shape: impl Into<Shape>, body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Graph {
    let shape = shape.into();
    trace("F", &[("x", shape)], |g, x| g.stage("f", Ok(shape), |g| body(g, x[0]))).unwrap()
}

/// Rounds, and bits an element: sent by a party, and corrections.
fn cost(plan: &Plan, elements: usize) -> String {
    let table = plan.cost(1);
    let row = table.rows.iter().find(|row| row.stage == "f").unwrap();
    let bits = |bytes: u64| bytes * 8 / elements as u64;
    format!("{} | {} | {}", row.cost.rounds, bits(row.cost.sent), bits(row.cost.corrections))
}

/// 2000 numbers evenly spread near 0, and 2000 of every magnitude, as they are encoded.
fn points([low, high]: [f64; 2]) -> Vec<f32> {
    let near = (0..2000).map(|k| low.max(-12.0) + (high.min(12.0) - low.max(-12.0)) * f64::from(k) / 1999.0);
    let far = (0..1000).flat_map(|k| {
        let magnitude = 2f64.powf(-10.0 + 25.0 * f64::from(k) / 999.0);
        [magnitude, -magnitude]
    });
    let whole = |x: f64| (x * 65536.0).round() / 65536.0;
    near.chain(far).filter(|x| (low..=high).contains(x)).map(|x| whole(x) as f32).collect()
}

/// What a private run is off at each of these numbers.
fn errors(row: &Row, graph: &Graph, x: &[f32]) -> Vec<f64> {
    let samples = x.len().div_ceil(1000);
    let mut all = x.to_vec();
    all.resize(samples * 1000, x[0]);
    let run = World::seeded(SEED).settings(settings()).predict_graph(graph, &Weights::empty(), &[&all], samples, &mut |_| {}).unwrap();
    let of = |(x, found): (&f32, &f32)| {
        let value = row.function.at(f64::from(*x));
        let size = if matches!(row.error, Error::Mixed) { value.abs().max(1.0) } else { 1.0 };
        (f64::from(*found) - value) / size
    };
    x.iter().zip(run.output()).map(of).collect()
}

/// The table of functions of one number.
fn table() -> String {
    let mut out =
        "| function | values | largest error | rounds | bits sent | bits of corrections |\n|---|---|---|---|---|---|\n".to_owned();
    for (row, graph, plan) in rows() {
        let worst = errors(row, &graph, &points(row.domain)).iter().fold(0f64, |m, e| m.max(e.abs()));
        assert!(worst <= 0.5f64.powi(11), "{}: 2^{:.1}, seed {SEED}", row.name, worst.log2());
        let of = if matches!(row.error, Error::Mixed) { " of the value" } else { "" };
        writeln!(out, "| {} | {} | 2^{:.1}{of} | {} |", row.name, row.written, worst.log2(), cost(&plan, 1000)).unwrap();
    }
    out
}

/// The table of functions of rows.
fn table_of_rows() -> String {
    let softmax = |logarithm, within| Softmax { axis: 1, logarithm, within };
    let norm = |centred| Normalize { axes: 1, eps: 1e-5, centred };
    let all: [(&str, usize, Graph); 6] = [
        ("softmax of 128", 128, graph([64, 128], |g, x| g.softmax(x, softmax(false, None)))),
        ("softmax of 128 within 8", 128, graph([64, 128], |g, x| g.softmax(x, softmax(false, Some(8.0))))),
        ("log softmax of 128", 128, graph([64, 128], |g, x| g.softmax(x, softmax(true, None)))),
        ("softmax of 16", 16, graph([64, 16], |g, x| g.softmax(x, softmax(false, None)))),
        ("layer norm of 768", 768, graph([64, 768], |g, x| g.normalize(x, norm(true)))),
        ("rms norm of 768", 768, graph([64, 768], |g, x| g.normalize(x, norm(false)))),
    ];
    let mut out = "| function | rounds | bits sent | bits of corrections |\n|---|---|---|---|\n".to_owned();
    for (name, size, graph) in &all {
        let plan = Plan::new(graph, &settings()).unwrap();
        writeln!(out, "| {name} | {} |", cost(&plan, 64 * size)).unwrap();
    }
    let quotient = trace("F", &[("a", Shape::new([1000])), ("b", Shape::new([1000]))], |g, x| {
        g.stage("f", Ok(Shape::new([1000])), |g| g.divide(x[0], x[1]))
    });
    writeln!(out, "| quotient | {} |", cost(&Plan::new(&quotient.unwrap(), &settings()).unwrap(), 1000)).unwrap();
    out
}

#[test]
fn the_tables_of_the_chapter_are_measured() {
    chapter::holds("functions.md", "functions", &table());
    chapter::holds("functions.md", "rows", &table_of_rows());
}

/// The error of each function over its domain, as a picture of vectors.
#[test]
fn the_plots_of_the_chapter_are_measured() {
    let mut links = "| function | its error |\n|---|---|\n".to_owned();
    for (row, graph, _) in rows() {
        let name = row.name.replace(' ', "-");
        writeln!(links, "| {} | ![the error of {}](pictures/error-{name}.svg) |", row.name, row.name).unwrap();
        let [low, high] = [row.domain[0].max(-12.0), row.domain[1].min(12.0)];
        let x: Vec<f32> = (0..1000).map(|k| ((low + (high - low) * f64::from(k) / 999.0) * 65536.0).round() as f32 / 65536.0).collect();
        let errors = errors(row, &graph, &x);
        let most = errors.iter().fold(0f64, |m, e| m.max(e.abs())) * 65536.0;
        let path = chapter::path(&format!("pictures/error-{name}.svg"));
        let mut picture = String::new();
        {
            let area = SVGBackend::with_string(&mut picture, (640, 200)).into_drawing_area();
            area.fill(&WHITE).unwrap();
            let mut chart = ChartBuilder::on(&area).margin(4).build_cartesian_2d(low..high, -most * 1.1..most * 1.1).unwrap();
            let line = |y: f64| LineSeries::new([(low, y), (high, y)], RGBColor(180, 180, 180));
            chart.draw_series(line(0.0)).unwrap();
            let points = x.iter().zip(&errors).map(|(x, e)| (f64::from(*x), e * 65536.0));
            chart.draw_series(LineSeries::new(points, RGBColor(30, 80, 160))).unwrap();
            area.present().unwrap();
        }
        if chapter::is_updated() {
            std::fs::write(&path, &picture).unwrap();
        } else {
            // one thing a failure names: a missing picture is as stale as an old one
            let old = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(old == picture, "{name}: BOOK_UPDATE=always draws it again");
        }
    }
    chapter::holds("functions.md", "plots", &links);
}
