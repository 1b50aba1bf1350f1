//! Layers of small networks, each a stage, and what a private run of one must keep.

use undertone_runtime::graph::op::{AvgPool, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, Scope, Value};
use undertone_runtime::party::{Outcome, fixed_point};
use undertone_runtime::{Deployment, Plan, Settings, Weights, World};
use undertone_shape::Shape;

const ANY: Init = Init::Uniform { fan_in: 9 };

pub fn stage<'g>(g: &mut Scope<'g>, name: &str, shape: impl Into<Shape>, body: impl FnOnce(&mut Scope<'g>) -> Value<'g>) -> Value<'g> {
    g.stage(name, Ok(shape.into()), body)
}

/// A convolution `[kernel, stride, padding]` of a picture.
pub fn conv<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, out: usize, [kernel, stride, padding]: [usize; 3]) -> Value<'g> {
    let [c, h, w] = x.dims();
    let side = |n: usize| (n + 2 * padding - kernel) / stride + 1;
    stage(g, name, [out, side(h), side(w)], |g| {
        let (weight, bias) = (g.parameter("weight", [out, c, kernel, kernel], ANY), g.parameter("bias", [out], ANY));
        g.conv(x, weight, Some(bias), Conv { stride: [stride; 3], padding: [padding; 3], ..Conv::PLAIN })
    })
}

pub fn linear<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, out: usize) -> Value<'g> {
    let [c] = x.dims();
    stage(g, name, [out], |g| {
        let (weight, bias) = (g.parameter("weight", [out, c], ANY), g.parameter("bias", [out], ANY));
        g.linear(x, weight, Some(bias))
    })
}

pub fn relu<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>) -> Value<'g> {
    stage(g, name, x.shape(), |g| g.relu(x))
}

pub fn flatten<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>) -> Value<'g> {
    stage(g, name, [x.shape().numel()], |g| g.reshape(x, [x.shape().numel()]))
}

/// A pool `[kernel, stride, padding]` of a picture.
pub fn max_pool<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, [kernel, stride, padding]: [usize; 3]) -> Value<'g> {
    let [c, h, w] = x.dims();
    let side = |n: usize| (n + 2 * padding - kernel) / stride + 1;
    let pool = MaxPool { kernel: [kernel; 3], stride: [stride; 3], padding: [padding; 3] };
    stage(g, name, [c, side(h), side(w)], |g| g.max_pool(x, pool))
}

pub fn avg_pool<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, [kernel, stride, padding]: [usize; 3]) -> Value<'g> {
    let [c, h, w] = x.dims();
    let side = |n: usize| (n + 2 * padding - kernel) / stride + 1;
    let pool = AvgPool { kernel: [kernel; 3], stride: [stride; 3], padding: [padding; 3] };
    stage(g, name, [c, side(h), side(w)], |g| g.avg_pool(x, pool))
}

/// Weights that are a function of their place, small enough for sums to stay small.
pub fn weights_of(graph: &Graph) -> Weights {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let taps = (p.shape.numel() / p.shape.dim(0)).max(1) as f32;
        let values = (0..p.shape.numel()).map(|i| (((i * 37 + p.name.len() * 11) % 19) as f32 / 9.5 - 1.0) / taps.sqrt());
        weights.insert(p.name.clone(), p.shape, values.collect());
    }
    weights
}

/// Runs a graph: what is released lies within the bound of the fixed-point reference, and rounds, bytes and memory are those that the plan says, stage by stage.
pub fn runs_as_planned(graph: &Graph, settings: &Settings, deployment: &Deployment, batch: usize) -> Vec<Outcome> {
    let what = format!("{}, {} parties, ring {}, {deployment:?}", graph.name, settings.parties, settings.ring);
    let (weights, plan) = (weights_of(graph), Plan::deployed(graph, settings, deployment).unwrap());
    plan.verify(1 << 24).unwrap();
    let inputs: Vec<Vec<f32>> = (0..)
        .zip(&graph.inputs)
        .map(|(k, input)| (0..batch * input.shape.numel()).map(|i| ((i * 29 + i / 7 + 5 * k) % 41) as f32 / 20.0 - 1.0).collect())
        .collect();
    let slices: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
    let fixed = fixed_point(graph, settings, &weights, &slices, batch).unwrap();
    let world = World::parties(settings.parties).settings(settings.clone()).deployment(deployment.clone());
    let outcomes = world
        .execute_with(plan.clients(), |session| {
            let me = session.place();
            let mine: Vec<(usize, &[f32])> = (0..inputs.len()).filter(|k| plan.inputs[*k].owner == me).map(|k| (k, slices[k])).collect();
            let prepared = session.prepare(&plan, (plan.weights_owner == me).then_some(&weights), (!mine.is_empty()).then_some(batch))?;
            session.run(&plan, prepared, &mine)
        })
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    for release in &plan.releases {
        for place in &release.to {
            let endpoint = match place {
                undertone_runtime::Place::Party(p) => *p,
                undertone_runtime::Place::Client(c) => settings.parties + c,
            };
            let (found, expected) = (outcomes[endpoint].opened.real(&release.name), fixed.opened.real(&release.name));
            assert_eq!(found.len(), expected.len(), "{what}, {}", release.name);
            for (a, b) in found.iter().zip(expected) {
                assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{what}, {}: {a} against {b}, bound {}", release.name, fixed.bound);
            }
        }
    }
    let (table, parties) = (plan.cost(batch), &outcomes[..settings.parties]);
    for row in &table.rows {
        let of = |k: &usize| plan.steps[*k].stage == row.stage;
        let sum = |f: &dyn Fn(&undertone_runtime::party::Measured) -> u64| {
            parties.iter().map(|o| (0..plan.steps.len()).filter(of).map(|k| f(&o.steps[k])).sum::<u64>()).max().unwrap()
        };
        let found = (sum(&|m| m.rounds), sum(&|m| m.sent), sum(&|m| m.corrections));
        assert_eq!((row.cost.rounds, row.cost.sent, row.cost.corrections), found, "{what}, {}", row.stage);
    }
    for outcome in parties {
        assert_eq!(outcome.peak, plan.peak(batch).elements, "{what}: memory");
    }
    outcomes
}
