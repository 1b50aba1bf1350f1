//! Layers whose result is an index, privately and in fixed point: exactly PyTorch's figures.

#[allow(dead_code, reason = "shared with tests that use more of it")]
mod common;

use common::{Figures, cases};
use undertone_runtime::graph::Graph;

use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::Kind;
use undertone_runtime::{Opened, Plan, Settings, World};

/// The cases that give indices, with their figures.
fn indices() -> Vec<(&'static str, Graph, Figures)> {
    let all = cases().into_iter().filter(|c| c.name.starts_with("arg_max") || c.name == "letters").map(|case| {
        let graph = case.graph().unwrap();
        let figures = case.figures(&graph);
        (case.name, graph, figures)
    });
    let all: Vec<_> = all.collect();
    assert_eq!(all.len(), 6);
    all
}

fn same(name: &str, opened: &Opened, figures: &Figures) {
    let found: Vec<f32> = opened.indices("output").iter().map(|v| *v as f32).collect();
    assert_eq!(found, figures.output, "{name}");
}

#[test]
fn indices_are_those_of_pytorch() {
    for (name, graph, figures) in indices() {
        let inputs: Vec<&[f32]> = figures.inputs.iter().map(Vec::as_slice).collect();
        let fixed = fixed_point(&graph, &Settings::default(), &figures.weights, &inputs, figures.batch).unwrap();
        same(name, &fixed.opened, &figures);
        for batch in [1, 64] {
            let world = World::seeded(batch as u64).batch(batch);
            let run = world.predict_graph(&graph, &figures.weights, &inputs, figures.batch, &mut |_| {}).unwrap();
            same(name, &run.opened, &figures);
        }
    }
}

#[test]
fn a_level_is_four_rounds_by_a_tree_and_five_by_ranking() {
    for (name, graph, figures) in indices() {
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        let table = plan.cost(figures.batch);
        let index = table.rows.iter().find(|r| r.range == "index").unwrap();
        let truncated = u64::from(name == "letters");
        let level = if plan.steps.iter().any(|s| matches!(s.kind, Kind::TopK { .. })) { 5 } else { 4 };
        // a tree of larger groups than fours ranks what its levels leave
        let ranked = plan.steps.iter().any(|s| matches!(s.kind, Kind::ArgMax { group, .. } if group > 4));
        let levels = index.cost.rounds.checked_sub(truncated + if ranked { 5 } else { 0 }).unwrap();
        assert!(ranked || levels >= level, "{name}");
        assert_eq!(levels % level, 0, "{name}: whole levels, after the truncation of a product");
    }
}
