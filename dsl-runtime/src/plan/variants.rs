//! Which comparison each step makes: digits, radix, whether its last round is fused, and by how many neighbours the largest is sought.
//!
//! Wider digits, more of them at once and larger groups take fewer rounds and more of the dealer's bytes. What is best depends on the network and on how many elements
//! a step has, so each step is taken for itself. Everybody finds the same, because everything here follows from the plan, the network that its settings name, and the
//! constants of [`Machine::REFERENCE`].
//!
//! What is dealt can be dealt before anybody waits, so a little more of it is then spent on rounds, in every plan: as many of them as a [`SHARE`] of the corrections
//! saves, or [`LITTLE`], the cheapest first.

use super::{Kind, Plan, Step, waves};
use crate::protocol::Compare;
use crate::protocol::argmax::Axis;
use crate::protocol::group::LARGEST;
use crate::protocol::piecewise::width;
use crate::protocol::topk::Search;
use crate::time::{Load, Machine, Network};

/// The part of a plan's corrections that may be added where it saves rounds.
const SHARE: u64 = 16;
/// Bytes of corrections that may always be added: a network takes less time for them than for a round.
const LITTLE: u64 = 32 << 10;

/// The same plan with the comparisons that are fastest for `batch` samples, online and offline together, and then fewer rounds for a [`SHARE`] of the corrections.
pub(super) fn fastest(mut plan: Plan, network: &Network, batch: usize) -> Plan {
    for k in 0..plan.steps.len() {
        let step = &plan.steps[k];
        let time = |kind: &Kind| {
            let load = Load::of(&plan, &Step { kind: kind.clone(), ..step.clone() }, batch);
            Machine::REFERENCE.seconds(&load, network).sum()
        };
        let all = variants(&step.kind);
        // of two that take as long, the first: the usual one
        let best = all.into_iter().map(|kind| (time(&kind), kind)).reduce(|best, next| if next.0 < best.0 { next } else { best });
        if let Some((_, kind)) = best {
            plan.steps[k].kind = kind;
        }
    }
    // comparisons of another kind take other numbers of rounds
    waves::schedule(&mut plan);
    fewer_rounds(plan, batch)
}

/// Fewer rounds, for at most a [`SHARE`] of the corrections of `batch` samples, or [`LITTLE`].
pub(super) fn fewer_rounds(mut plan: Plan, batch: usize) -> Plan {
    let total = plan.cost(batch).total();
    let (mut left, mut rounds) = ((total.corrections / SHARE).max(LITTLE), total.rounds);
    // what each variant adds, how many rounds it saves, and of which step it is
    let mut all = vec![];
    for (k, step) in plan.steps.iter().enumerate() {
        let now = plan.step_cost(step, batch);
        for kind in variants(&step.kind) {
            let cost = plan.step_cost(&Step { kind: kind.clone(), ..step.clone() }, batch);
            if cost.rounds < now.rounds && cost.sent <= now.sent {
                all.push((cost.corrections.saturating_sub(now.corrections), now.rounds - cost.rounds, k, kind));
            }
        }
    }
    all.sort_by_key(|(added, saved, k, _)| (added / saved, *k));
    let mut changed = vec![false; plan.steps.len()];
    for (added, _, k, kind) in all {
        if changed[k] || added > left {
            continue;
        }
        // the waves bring the steps into another order, in which `k` would be another one
        let mut other = plan.clone();
        other.steps[k].kind = kind.clone();
        waves::schedule(&mut other);
        let total = other.cost(batch).total().rounds;
        // otherwise other steps of the same waves take as long
        if total < rounds {
            (left, rounds, changed[k]) = (left - added, total, true);
            plan.steps[k].kind = kind;
        }
    }
    waves::schedule(&mut plan);
    plan
}

/// All ways in which a step may compare, the one that it has first.
fn variants(kind: &Kind) -> Vec<Kind> {
    let groups = |own: usize| core::iter::once(own).chain((2..=LARGEST).filter(move |g| *g != own));
    match kind {
        Kind::Relu { t, compare } => comparisons(*compare, true).map(|compare| Kind::Relu { t: *t, compare }).collect(),
        Kind::Piecewise { compare, function, .. } => {
            with(kind, comparisons(*compare, false).filter(|c| c.opening(width(c.m, &function.thresholds)).is_valid()))
        }
        // digits of 8 bits by 4 were asked for, and without thresholds nothing is compared
        Kind::Curve { compare, width, curve, .. } if !curve.thresholds.is_empty() && (compare.digit, compare.radix) != (8, 4) => {
            with(kind, comparisons(*compare, false).filter(|c| c.opening(*width).is_valid()))
        }
        Kind::Compact { compare, width, .. } => with(kind, comparisons(*compare, false).filter(|c| c.opening(*width).is_valid())),
        Kind::Above { compare, threshold, .. } => {
            with(kind, comparisons(*compare, false).filter(|c| c.opening(width(c.m, &[*threshold])).is_valid()))
        }
        Kind::Max { windows, compare, narrow, group } => groups(*group)
            .flat_map(|group| {
                let kind = move |compare| Kind::Max { windows: *windows, compare, narrow: *narrow, group };
                comparisons(*compare, group == 2).map(kind)
            })
            .collect(),
        Kind::MaxOver { over, compare, narrow, group } => groups(*group)
            .flat_map(|group| {
                let kind = move |compare| Kind::MaxOver { over: over.clone(), compare, narrow: *narrow, group };
                comparisons(*compare, group == 2).map(kind)
            })
            .collect(),
        Kind::ArgMax { axis, compare, group } => {
            let ranked = |group| Search { axis: *axis, k: 1, group, values: false };
            let ranked = Search::GROUPS.into_iter().map(ranked).filter(Search::is_valid);
            let ranked = ranked.flat_map(|search| comparisons(*compare, false).map(move |compare| Kind::TopK { search, compare }));
            groups(*group)
                .chain(Axis::RANKED.into_iter().filter(|g| g != group && axis.takes(*g)))
                .flat_map(|group| comparisons(*compare, false).map(move |compare| Kind::ArgMax { axis: *axis, compare, group }))
                .chain(ranked)
                .collect()
        }
        Kind::TopK { search, compare } => {
            let own = core::iter::once(*search);
            let all =
                own.chain(Search::GROUPS.into_iter().map(|group| Search { group, ..*search }).filter(|s| s != search && s.is_valid()));
            all.flat_map(|search| comparisons(*compare, false).map(move |compare| Kind::TopK { search, compare })).collect()
        }
        _ => vec![],
    }
}

/// The step with each of these comparisons.
fn with(kind: &Kind, all: impl Iterator<Item = Compare>) -> Vec<Kind> {
    let with = |own: Compare| {
        let mut kind = kind.clone();
        if let Kind::Piecewise { compare, .. } | Kind::Above { compare, .. } | Kind::Curve { compare, .. } | Kind::Compact { compare, .. } =
            &mut kind
        {
            *compare = own;
        }
        kind
    };
    all.map(with).collect()
}

/// Comparisons of as many bits, the given one first.
fn comparisons(own: Compare, fused: bool) -> impl Iterator<Item = Compare> {
    let others = [(4, 3), (4, 4), (6, 3), (6, 4), (8, 3), (8, 4)].into_iter().flat_map(move |(digit, radix)| {
        [false, true].into_iter().filter(move |f| fused || !f).map(move |fused| Compare { digit, radix, fused, ..own })
    });
    core::iter::once(own).chain(others.filter(move |c| *c != own && c.is_valid()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, trace};
    use crate::plan::lower::lower;
    use crate::plan::passes::optimise;
    use crate::plan::{Deployment, Settings};
    use undertone_shape::Shape;

    /// The plan before anything is spent on rounds.
    fn lowered(graph: &Graph) -> Plan {
        let settings = Settings::default();
        let roles = Deployment::default().places(graph, settings.parties).unwrap();
        lower(&optimise(graph, &settings.widths()), settings.widths(), &roles, None).unwrap()
    }

    fn rounds_and_offline(size: usize, network: &Network) -> (u64, u64) {
        let graph = trace("M", &[("x", Shape::new([size]))], |g, x| {
            let y = g.stage("relu", Ok(Shape::new([size])), |g| g.relu(x[0]));
            let i = g.stage("index", Ok(Shape::new([])), |g| g.argmax(y, 0));
            g.release("i", i, &["client"]);
            y
        });
        let settings = Settings { ring: 40, fraction: 12, opened: 26, ..Settings::default() };
        let plan = fastest(Plan::new(&graph.unwrap(), &settings).unwrap(), network, 1);
        plan.verify(1 << 24).unwrap();
        let total = plan.cost(1).total();
        (total.rounds, total.corrections)
    }

    #[test]
    fn rounds_are_saved_where_they_take_long_and_bytes_where_there_are_many() {
        let (fast, slow) = (rounds_and_offline(100, &Network::loopback()), rounds_and_offline(100, &Network::wan()));
        assert!(slow.0 < fast.0, "{slow:?} over a slow network, {fast:?} over a fast one");
        let (few, many) = (rounds_and_offline(64, &Network::wan()), rounds_and_offline(100_000, &Network::wan()));
        assert!(many.1 / 100_000 < few.1 / 64, "{many:?} for many elements, {few:?} for few");
    }

    #[test]
    fn small_steps_take_fewer_rounds_where_large_ones_need_most_of_the_dealer() {
        let graph = trace("M", &[("x", Shape::new([100_000]))], |g, x| {
            let y = g.stage("large", Ok(Shape::new([100_000])), |g| g.relu(x[0]));
            let y = g.stage("few", Ok(Shape::new([1000])), |g| {
                let y = g.gather(y, 0, 0..1000);
                let y = g.scale(y, 1.0, -0.5);
                g.relu(y)
            });
            g.release("y", y, &["client"]);
            y
        });
        let plan = lowered(&graph.unwrap());
        let rounds = |plan: &Plan| -> Vec<u64> {
            let relus = plan.steps.iter().filter(|step| matches!(step.kind, Kind::Relu { .. }));
            relus.map(|step| plan.step_cost(step, 1).rounds).collect()
        };
        let fewer = fewer_rounds(plan.clone(), 1);
        fewer.verify(1 << 24).unwrap();
        assert_eq!((rounds(&plan), rounds(&fewer)), (vec![4, 4], vec![4, 3]));
        let [before, after] = [&plan, &fewer].map(|plan| plan.cost(1).total());
        assert_eq!(after.rounds, before.rounds - 1);
        assert!(after.corrections > before.corrections && after.corrections <= before.corrections + before.corrections / SHARE);
        assert!(after.sent <= before.sent);
    }

    #[test]
    fn nothing_is_spent_where_the_whole_plan_takes_as_long() {
        let graph = trace("M", &[("x", Shape::new([64, 1000]))], |g, x| {
            // side by side, the index takes longer
            let i = g.stage("index", Ok(Shape::new([64])), |g| g.argmax(x[0], 1));
            let y = g.stage("relu", Ok(Shape::new([1, 256])), |g| {
                let row = g.gather(x[0], 0, 0..1);
                let few = g.gather(row, 1, 0..256);
                g.relu(few)
            });
            g.release("i", i, &["client"]);
            g.release("y", y, &["client"]);
            y
        });
        let plan = lowered(&graph.unwrap());
        let relu = |plan: &Plan| plan.steps.iter().find(|step| matches!(step.kind, Kind::Relu { .. })).unwrap().kind.clone();
        assert_eq!(relu(&fewer_rounds(plan.clone(), 1)), relu(&plan));
    }

    #[test]
    fn an_index_is_found_in_few_rounds_where_they_take_long() {
        let graph = trace("M", &[("x", Shape::new([128]))], |g, x| {
            let i = g.stage("index", Ok(Shape::new([])), |g| g.argmax(x[0], 0));
            g.release("i", i, &["client"]);
            i
        });
        let plan = fastest(Plan::new(&graph.unwrap(), &Settings::default()).unwrap(), &Network::wan(), 1);
        plan.verify(1 << 24).unwrap();
        // and one of the release
        assert!(plan.cost(1).total().rounds <= 10 + 1, "{}", plan.cost(1));
    }

    #[test]
    fn every_variant_can_be_run() {
        for kind in [Kind::Relu { t: 0, compare: Compare::new(26) }, Kind::Relu { t: 12, compare: Compare::new(34) }] {
            let all = variants(&kind);
            assert_eq!(all[0], kind, "the usual one is first");
            assert!(all.len() > 4, "{all:?}");
            assert!(all.iter().all(|k| matches!(k, Kind::Relu { compare, .. } if compare.is_valid())));
        }
    }
}
