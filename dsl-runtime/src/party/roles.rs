//! What the generated role functions are made of: a role gives what it owns, and gets what is released to it.

use super::Session;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::model::Model;
use crate::opened::Opened;
use crate::plan::{Deployment, Plan, Settings};
use crate::tensor::{Clear, StaticShape};
use crate::weights::Weights;
use std::sync::Arc;

/// A batch without the type of its shape.
pub trait Samples {
    /// All values, sample after sample.
    fn values(&self) -> &[f32];
    /// The number of samples.
    fn batch(&self) -> usize;
}

impl<S: StaticShape> Samples for Clear<S> {
    fn values(&self) -> &[f32] {
        Clear::values(self)
    }
    fn batch(&self) -> usize {
        Clear::batch(self)
    }
}

/// One run of a model as a role: `inputs` are those that the role owns, by their index in the description.
///
/// # Errors
/// When the role lives elsewhere, its inputs or weights cannot be used, or the session fails.
pub fn run_role<M: Model>(
    session: &mut Session,
    role: &str,
    inputs: &[(usize, &dyn Samples)],
    weights: Option<&Weights>,
) -> Result<Opened> {
    session.run_role(M::graph()?, role, inputs, weights)
}

/// One run of a model as a party that has no role.
///
/// # Errors
/// When a role lives at this party, or the session fails.
pub fn run_compute<M: Model>(session: &mut Session) -> Result<()> {
    session.compute(M::graph()?)
}

impl Session {
    /// The settings and the deployment that plans of this session are made of.
    pub fn planned(mut self, settings: Settings, deployment: Deployment) -> Self {
        self.settings = settings;
        self.deployment = deployment;
        self.plans.clear();
        self
    }

    /// The plan of a model under this session's settings and deployment.
    ///
    /// # Errors
    /// As [`Plan::deployed`].
    pub fn plan(&mut self, graph: &Graph) -> Result<Arc<Plan>> {
        // two models may have one name, and must not open each other's releases
        if let Some((_, plan)) = self.plans.iter().find(|(known, _)| known == graph) {
            return Ok(plan.clone());
        }
        let plan = Arc::new(Plan::deployed(graph, &self.settings, &self.deployment)?);
        self.plans.push((graph.clone(), plan.clone()));
        Ok(plan)
    }

    /// One run of a model as a role, without types: what the generated function of the role does.
    ///
    /// # Errors
    /// As [`run_plan`](Self::run_plan).
    pub fn run_role(&mut self, graph: &Graph, role: &str, inputs: &[(usize, &dyn Samples)], weights: Option<&Weights>) -> Result<Opened> {
        let plan = self.plan(graph)?;
        self.run_plan(&plan, role, inputs, weights)
    }

    /// One run of a plan as a role: gives the role's inputs and weights, returns what is released to it.
    ///
    /// # Errors
    /// When the role lives elsewhere, its inputs have different numbers of samples, or as [`prepare`](Self::prepare) and [`run`](Self::run).
    pub fn run_plan(&mut self, plan: &Plan, role: &str, inputs: &[(usize, &dyn Samples)], weights: Option<&Weights>) -> Result<Opened> {
        match plan.place(role) {
            Some(place) if place == self.place => {}
            Some(place) => {
                let message = format!("role `{role}` lives at {place}, but this is {}", self.place);
                return Err(self.links.failed("roles", message));
            }
            None => return Err(self.links.failed("roles", format!("`{}` has no role `{role}`", plan.model))),
        }
        if let Some(other) = plan.roles.iter().find(|(name, place)| name != role && *place == self.place) {
            let message = format!("roles `{role}` and `{}` both live at {}: give each a place of its own", other.0, self.place);
            return Err(self.links.failed("roles", message));
        }
        let batches: Vec<usize> = inputs.iter().map(|(_, samples)| samples.batch()).collect();
        if batches.iter().any(|b| *b != batches[0]) {
            return Err(Error::Input { name: "all".into(), message: format!("the inputs have different numbers of samples: {batches:?}") });
        }
        let prepared = self.prepare(plan, weights, batches.first().copied())?;
        let mine: Vec<(usize, &[f32])> = inputs.iter().map(|(k, samples)| (*k, samples.values())).collect();
        Ok(self.run(plan, prepared, &mine)?.opened)
    }

    /// One run of a model as a party that has no role: it gives nothing and learns nothing.
    ///
    /// # Errors
    /// When a role lives at this party, or as [`prepare`](Self::prepare) and [`run`](Self::run).
    pub fn compute(&mut self, graph: &Graph) -> Result<()> {
        let plan = self.plan(graph)?;
        if let Some((role, _)) = plan.roles.iter().find(|(_, place)| *place == self.place) {
            return Err(self.links.failed("roles", format!("role `{role}` lives here: call its function")));
        }
        let prepared = self.prepare(&plan, None, None)?;
        self.run(&plan, prepared, &[]).map(|_| ())
    }
}
