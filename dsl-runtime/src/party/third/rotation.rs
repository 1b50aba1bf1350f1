//! The plans of a model for three parties of which one deals: a plan a lane, in each of which the roles stand elsewhere.

use super::slices::LANES;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::plan::{Deployment, Kind, Opening, Place, Plan, Settings};
use crate::wire::ELEMENTS;
use std::path::Path;
use std::sync::Arc;

/// What three parties run: the plan of each lane, and who owns and learns what seen from outside of the lanes.
#[derive(Clone, Debug)]
pub struct Rotation {
    lanes: [Arc<Plan>; LANES],
    /// The plan of the first lane with the places of the three parties: for checks and agreements, never to be run.
    whole: Plan,
}

impl Rotation {
    /// The plans of a traced model under a deployment of three parties. `settings` are those of the two that compute.
    ///
    /// # Errors
    /// As [`Plan::deployed`].
    pub fn deployed(graph: &Graph, settings: &Settings, deployment: &Deployment) -> Result<Self> {
        let places = deployment.places(graph, LANES)?;
        let lane = |lane: usize, settings: &Settings| {
            let deployment = Deployment::new(places.iter().map(|(role, place)| (role.clone(), place.in_lane(lane))));
            Plan::deployed(graph, settings, &deployment)
        };
        let first = lane(0, settings)?;
        // what is fastest may depend on who keeps the weights: the others take what the first lane has chosen
        let chosen = match settings.calibrated {
            Some(_) => settings.clone().with_ring(first.settings.ring).with_fraction(first.settings.fraction),
            None => settings.clone(),
        };
        let others = [lane(1, &chosen)?, lane(2, &chosen)?];
        let [second, third] = others;
        Self::of([first, second, third])
    }

    /// Three plans of one model, by lane.
    ///
    /// # Errors
    /// When they are not of one model under one deployment.
    pub fn of(lanes: [Plan; LANES]) -> Result<Self> {
        lanes.iter().try_for_each(|plan| plan.verify(ELEMENTS))?;
        let whole = seen_from_outside(&lanes[0], 0);
        for (lane, plan) in lanes.iter().enumerate().skip(1) {
            let other = seen_from_outside(plan, lane);
            // who sends and learns openings, adds constants and rounds is all that may differ: what is computed and released is the same for every sample
            if everywhere(&whole) != everywhere(&other) || lanes[..lane].iter().any(|before| !same_widths(before, plan)) {
                let message = format!("the plans of lanes 0 and {lane} are not of one model under one deployment: export them together");
                return Err(Error::Plan { model: whole.model, stage: String::new(), message });
            }
        }
        Ok(Self { lanes: lanes.map(Arc::new), whole })
    }

    /// The plan of each lane: in lane c, party c deals.
    pub fn lanes(&self) -> &[Arc<Plan>] {
        &self.lanes
    }

    /// Who gives what and who learns what: inputs, weights, releases and roles with the places of the three parties and their clients. Its steps are those of the first
    /// lane; it cannot be run.
    pub fn whole(&self) -> &Plan {
        &self.whole
    }

    /// Writes the plans into a folder: `lane-0.plan` and so on.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let wrong = |e: std::io::Error| Error::File { path: folder.to_owned(), message: format!("cannot be made: {e}") };
        std::fs::create_dir_all(folder).map_err(wrong)?;
        self.lanes.iter().enumerate().try_for_each(|(lane, plan)| plan.save(folder.join(file(lane))))
    }

    /// Reads the plans of a folder.
    ///
    /// # Errors
    /// As [`Plan::load`] and [`of`](Self::of).
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let plan = |lane: usize| Plan::load(folder.join(file(lane)));
        Self::of([plan(0)?, plan(1)?, plan(2)?])
    }

    /// What all endpoints compare: the hashes of all three plans.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("undertone 2026 plans of three lanes");
        for plan in &self.lanes {
            hasher.update(&plan.hash());
        }
        *hasher.finalize().as_bytes()
    }
}

fn file(lane: usize) -> String {
    format!("lane-{lane}.plan")
}

/// The steps in an order that depends on nothing but what they read: each after its inputs, from those of the releases on.
fn in_order_of_reading(plan: &Plan) -> Plan {
    let mut order: Vec<usize> = vec![];
    let mut place: Vec<Option<usize>> = vec![None; plan.steps.len()];
    let releases = (0..plan.releases.len()).filter_map(|r| plan.steps.iter().position(|s| s.kind == Kind::Release(r)));
    for end in releases.chain(0..plan.steps.len()) {
        // what is still to be looked at, and how many of its inputs are done with
        let mut open = vec![(end, 0)];
        while let Some((step, done)) = open.pop() {
            match plan.steps[step].inputs.get(done) {
                _ if place[step].is_some() => {}
                Some(input) => open.extend([(step, done + 1), (*input, 0)]),
                None => {
                    place[step] = Some(order.len());
                    order.push(step);
                }
            }
        }
    }
    let at = |step: usize| place.get(step).copied().flatten().unwrap_or(step);
    let mut ordered = plan.clone();
    ordered.steps = order.iter().map(|k| plan.steps[*k].clone()).collect();
    ordered.steps.iter_mut().flat_map(|s| &mut s.inputs).for_each(|input| *input = at(*input));
    ordered.stages.iter_mut().for_each(|stage| stage.result.step = at(stage.result.step));
    ordered.releases.iter_mut().for_each(|release| release.value.step = at(release.value.step));
    ordered
}

/// The plan without what depends on the lane. Who has a value by itself opens it sooner, so what comes when differs too.
fn everywhere(plan: &Plan) -> Plan {
    let mut plan = in_order_of_reading(plan);
    for step in &mut plan.steps {
        // who deals in a lane has nothing by itself there, and a value that somebody has takes fewer messages
        step.wave = 0;
        match &mut step.kind {
            Kind::Open(opening) => *opening = Opening::default(),
            Kind::Plus(plus) => plus.by = 0,
            Kind::Truncate { t, .. } => step.kind = Kind::Round { t: *t },
            _ => {}
        }
    }
    plan
}

/// Whether what both shift by a protocol is opened with the same bits.
fn same_widths(a: &Plan, b: &Plan) -> bool {
    let (a, b) = (in_order_of_reading(a), in_order_of_reading(b));
    a.steps.iter().zip(&b.steps).all(|steps| match (&steps.0.kind, &steps.1.kind) {
        (Kind::Truncate { m, .. }, Kind::Truncate { m: other, .. }) => m == other,
        _ => true,
    })
}

/// The plan with everybody's place among the three parties.
fn seen_from_outside(plan: &Plan, lane: usize) -> Plan {
    let mut plan = plan.clone();
    let out = |place: &mut Place| *place = place.out_of_lane(lane);
    plan.inputs.iter_mut().for_each(|input| out(&mut input.owner));
    plan.roles.iter_mut().for_each(|(_, place)| out(place));
    plan.releases.iter_mut().flat_map(|release| &mut release.to).for_each(out);
    out(&mut plan.weights_owner);
    plan
}
