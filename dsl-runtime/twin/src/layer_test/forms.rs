//! The forms of a layer against each other: twin, fixed-point reference, private runs, predicted and measured cost.

use super::compare::{Comparison, released};
use super::expected::inner;
use super::samples::{Group, groups, ordinary, weights};
use super::surroundings::{STAGE, alone, between};
use super::{Finding, LayerTest};
use crate::Network;
use burn::tensor::Device;
use undertone_runtime::fixed::{Against, Fixed};
use undertone_runtime::graph::{CLIENT, Graph, SERVER};
use undertone_runtime::party::{Untyped, fixed_point_against};
use undertone_runtime::{Deployment, Layer, Place, Plan, Result, Settings, Topology, Values, Weights, World};

/// Seeds of the private runs of every group.
const RUNS: u64 = 2;

/// What is said of the place where the layer is the only stage.
const ALONE: &str = "";

/// Everything that is compared under some settings.
pub(super) fn check<L: Layer>(test: &LayerTest<L>, settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![];
    let mut run = |graph: Result<Graph>, place: &'static str| {
        let outcome = graph.and_then(|graph| Forms { test, settings, graph: &graph, place }.check(&mut findings));
        outcome.map_err(|e| findings.push(Finding::new("private run", format!("{}{e}", at(place, settings))))).ok()
    };
    let plan = run(alone(test), ALONE);
    let integer = plan.is_some_and(|plan| plan.releases.iter().any(|r| r.value.integer.is_some()));
    if let Some(graph) = between(test, integer) {
        run(graph, "after a product: ");
    }
    findings
}

/// A layer somewhere, under some settings.
struct Forms<'a, L> {
    test: &'a LayerTest<L>,
    settings: &'a Settings,
    graph: &'a Graph,
    place: &'static str,
}

impl<L: Layer> Forms<'_, L> {
    fn check(&self, findings: &mut Vec<Finding>) -> Result<Plan> {
        let plan = Plan::new(self.graph, self.settings)?;
        let (seed, weights) = (self.test.seed, weights(self.graph, self.test.seed));
        plan.encode(&weights)?;
        let network = Network::new(self.graph.clone(), &weights, &Device::flex())?;
        for group in groups(&network, &plan, seed)? {
            self.twin(&network, &weights, &group, findings)?;
            let fixed = self.fixed(Against::PrivateRun, &weights, &group)?;
            for run in 0..RUNS {
                let world = self.world(seed.wrapping_add(run));
                self.private(&world, Some(&plan), (&fixed, &weights, &group), "", findings)?;
            }
        }
        if self.place == ALONE {
            let group = ordinary(&network, &plan, seed)?;
            let fixed = self.fixed(Against::PrivateRun, &weights, &group)?;
            for deployment in deployments(self.settings.parties) {
                let plan = Plan::deployed(self.graph, self.settings, &deployment)?;
                let roles: Vec<String> = deployment.roles().map(|(role, place)| format!("{role} at {place}")).collect();
                let roles = format!(", with the {}", roles.join(" and the "));
                self.private(&self.world(seed).deployment(deployment), Some(&plan), (&fixed, &weights, &group), &roles, findings)?;
            }
            // two of three compute each sample; what that costs is no sum of one plan
            if self.settings.parties == 2 {
                let world = self.world(seed).topology(Topology::ThirdDeals);
                self.private(&world, None, (&fixed, &weights, &group), ", where one of three parties deals", findings)?;
            }
        }
        Ok(plan)
    }

    fn world(&self, seed: u64) -> World {
        World::seeded(seed).settings(self.settings.clone()).record()
    }

    /// The twin and the author's own function against the fixed-point reference.
    fn twin(&self, network: &Network, weights: &Weights, group: &Group, findings: &mut Vec<Finding>) -> Result<()> {
        let fixed = self.fixed(Against::Twin, weights, group)?;
        let bound = bound(&fixed);
        let integers = released(&fixed.opened);
        let twin: Vec<f64> = network.forward(&group.slices(), group.batch())?.into_iter().map(f64::from).collect();
        let compare = |check: &'static str, found: (&str, &[f64]), expected: (&str, &[f64])| {
            let comparison = Comparison { found, expected, bound, shape: self.graph.output_shape(), samples: &group.names };
            comparison.problem().map(|problem| self.finding(check, problem))
        };
        findings.extend(compare("twin and fixed point", ("the twin", &twin), ("the fixed-point reference", &integers)));
        if let (ALONE, Some(reference)) = (self.place, &self.test.computes) {
            let weights = own(weights);
            let wanted: Vec<f64> = (0..group.batch()).flat_map(|i| reference(&weights, &group.sample(i))).collect();
            let of_twin = compare("what it computes", ("the twin", &twin), ("`computes`", &wanted));
            let of_integers = || compare("what it computes", ("the fixed-point reference", &integers), ("`computes`", &wanted));
            findings.extend(of_twin.or_else(of_integers));
        }
        Ok(())
    }

    /// A private run against the fixed-point reference, and its cost against the plan.
    fn private(
        &self,
        world: &World,
        plan: Option<&Plan>,
        (fixed, weights, group): (&Fixed, &Weights, &Group),
        world_is: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let run = world.predict_graph(self.graph, weights, &group.slices(), group.batch(), &mut |_| {})?;
        let (values, expected) = (released(&run.opened), released(&fixed.opened));
        let comparison = Comparison {
            found: ("a private run", &values),
            expected: ("the fixed-point reference", &expected),
            bound: bound(fixed),
            shape: self.graph.output_shape(),
            samples: &group.names,
        };
        let problem = comparison.problem().or_else(|| outside(&run, fixed));
        findings.extend(problem.map(|p| self.finding("private run", format!("{p}{world_is}"))));
        let problem = plan.and_then(|plan| mispriced(plan, &run));
        findings.extend(problem.map(|p| self.finding("cost", format!("{p}{world_is}"))));
        Ok(())
    }

    fn fixed(&self, against: Against, weights: &Weights, group: &Group) -> Result<Fixed> {
        fixed_point_against(against, self.graph, self.settings, weights, &group.slices(), group.batch())
    }

    fn finding(&self, check: &'static str, problem: impl core::fmt::Display) -> Finding {
        Finding::new(check, format!("{}{problem}", at(self.place, self.settings)))
    }
}

/// Where something is found: what is not said is the layer alone, under the default settings.
fn at(place: &str, settings: &Settings) -> String {
    if *settings == Settings::default() {
        return place.to_owned();
    }
    let Settings { ring, fraction, opened, parties, .. } = settings;
    format!("{place}{parties} parties, ring of {ring} bits, {fraction} fraction bits, {opened} opened bits: ")
}

/// How far a release may be off: an index by the bound of its stage, fractions have one of their own.
fn bound(fixed: &Fixed) -> f64 {
    let index = fixed.opened.iter().any(|(_, values)| matches!(values, Values::Index(_)));
    if index { fixed.stages.last().map_or(0.0, |s| s.bound) } else { fixed.bound }
}

/// The first stage whose integers are out of their bound.
fn outside(run: &Untyped, fixed: &Fixed) -> Option<String> {
    let stages = run.stages.as_ref().map_or(&[][..], |s| &s.all);
    if stages.len() != fixed.stages.len() {
        return Some(format!("{} stages were recorded, the fixed-point reference has {}", stages.len(), fixed.stages.len()));
    }
    stages.iter().zip(&fixed.stages).find_map(|(private, plain)| {
        if private.integers.len() != plain.values.len() {
            return Some(format!("stage `{}` has {} values, {} are expected", private.name, private.integers.len(), plain.values.len()));
        }
        let off = private.integers.iter().zip(&plain.values).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
        (off as f64 > plain.bound).then(|| format!("stage `{}` is off by {off} units, allowed are {}", private.name, plain.bound))
    })
}

/// The first stage that did not cost what the plan predicts.
fn mispriced(plan: &Plan, run: &Untyped) -> Option<String> {
    let (table, measured) = (plan.cost(run.report.samples), &run.report.rows);
    if table.rows.len() != measured.len() {
        return Some(format!("the plan has {} rows, the report {}", table.rows.len(), measured.len()));
    }
    let text =
        |(rounds, sent, corrections): (u64, u64, u64)| format!("{rounds} rounds, {sent} bytes sent, {corrections} bytes of corrections");
    table.rows.iter().zip(measured).find_map(|(row, measured)| {
        let predicted = (row.cost.rounds, row.cost.sent, row.cost.corrections);
        let found = (measured.rounds, measured.sent, measured.corrections);
        let samples = run.report.samples;
        (predicted != found || row.stage != measured.stage)
            .then(|| format!("stage `{}`, {samples} samples: predicted are {}, measured {}", row.stage, text(predicted), text(found)))
    })
}

/// Places of client and server other than the first two parties: swapped, each as somebody who does not compute, and both.
fn deployments(parties: usize) -> Vec<Deployment> {
    let last = Place::Party(parties - 1);
    let places =
        [(last, Place::Party(0)), (Place::Party(0), Place::Client(0)), (Place::Client(0), last), (Place::Client(0), Place::Client(1))];
    places.map(|(client, server)| Deployment::new([(CLIENT.to_owned(), client), (SERVER.to_owned(), server)])).to_vec()
}

/// The weights of the layer by the names that `build` declares.
fn own(weights: &Weights) -> Weights {
    let mut all = Weights::empty();
    for (name, shape, values) in weights.iter() {
        all.insert(inner(name, STAGE), shape, values.to_vec());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_runtime::graph::{Init, trace};
    use undertone_runtime::party::fixed_point;
    use undertone_shape::Shape;

    /// A run that is as it should be.
    fn run() -> (Plan, Untyped, Fixed) {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| {
            let weight = g.parameter("weight", [3, 4], Init::Uniform { fan_in: 4 });
            let y = g.stage("sum", Ok(Shape::new([3])), |g| g.linear(x[0], weight, None));
            g.stage("relu", Ok(Shape::new([3])), |g| g.relu(y))
        })
        .unwrap();
        let (settings, weights, x) = (Settings::default(), weights(&graph, 5), [0.3; 8]);
        let run = World::seeded(5).record().predict_graph(&graph, &weights, &[&x], 2, &mut |_| {}).unwrap();
        (Plan::new(&graph, &settings).unwrap(), run, fixed_point(&graph, &settings, &weights, &[&x], 2).unwrap())
    }

    #[test]
    fn every_figure_of_the_cost_is_compared() {
        let (plan, good, _) = run();
        assert_eq!(mispriced(&plan, &good), None);
        let with = |change: fn(&mut undertone_runtime::report::ReportRow)| {
            let mut run = good.clone();
            change(&mut run.report.rows[1]);
            mispriced(&plan, &run).unwrap()
        };
        let row = &good.report.rows[1];
        let (rounds, sent, corrections) = (row.rounds, row.sent, row.corrections);
        let text = |r: u64, s: u64, c: u64| format!("{r} rounds, {s} bytes sent, {c} bytes of corrections");
        let predicted = format!("stage `relu`, 2 samples: predicted are {}, measured ", text(rounds, sent, corrections));
        assert_eq!(with(|r| r.rounds += 1), format!("{predicted}{}", text(rounds + 1, sent, corrections)));
        assert_eq!(with(|r| r.sent -= 1), format!("{predicted}{}", text(rounds, sent - 1, corrections)));
        assert_eq!(with(|r| r.corrections += 8), format!("{predicted}{}", text(rounds, sent, corrections + 8)));
        let mut run = good.clone();
        run.report.rows.pop();
        assert!(mispriced(&plan, &run).unwrap().contains("the plan has 3 rows, the report 2"));
    }

    #[test]
    fn every_stage_has_its_bound() {
        let (_, run, fixed) = run();
        assert_eq!(outside(&run, &fixed), None);
        assert_eq!((fixed.stages[0].bound, fixed.stages[1].bound), (0.0, 1.0), "a product is exact, a truncation has a unit");
        let mut off = fixed.clone();
        off.stages[0].values[4] += 1;
        assert_eq!(outside(&run, &off).unwrap(), "stage `sum` is off by 1 units, allowed are 0");
        let mut off = fixed.clone();
        off.stages[1].values[5] += 3;
        assert!(outside(&run, &off).unwrap().starts_with("stage `relu` is off by "));
        let mut off = fixed.clone();
        off.stages[1].values.pop();
        assert_eq!(outside(&run, &off).unwrap(), "stage `relu` has 6 values, 5 are expected");
        let mut off = fixed;
        off.stages.pop();
        assert_eq!(outside(&run, &off).unwrap(), "2 stages were recorded, the fixed-point reference has 1");
    }

    #[test]
    fn roles_live_at_parties_and_clients() {
        let texts = |parties| -> Vec<String> {
            let all = deployments(parties).into_iter();
            all.map(|d| d.roles().map(|(_, place)| place.to_string()).collect::<Vec<_>>().join(", ")).collect()
        };
        assert_eq!(texts(2), ["party 1, party 0", "party 0, client 0", "client 0, party 1", "client 0, client 1"]);
        assert_eq!(texts(3)[2], "client 0, party 2");
    }
}
