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
        if self.third.is_some() {
            return self.rotate_graph(graph, Some(role), inputs, weights);
        }
        let plan = self.plan(graph)?;
        self.run_plan(&plan, role, inputs, weights)
    }

    /// One run of a plan as a role: gives the role's inputs and weights, returns what is released to it.
    ///
    /// # Errors
    /// When the role lives elsewhere, its inputs have different numbers of samples, or as [`run_once`](Self::run_once).
    pub fn run_plan(&mut self, plan: &Plan, role: &str, inputs: &[(usize, &dyn Samples)], weights: Option<&Weights>) -> Result<Opened> {
        self.check_role(plan, Some(role))?;
        let mine: Vec<(usize, &[f32])> = inputs.iter().map(|(k, samples)| (*k, samples.values())).collect();
        Ok(self.run_once(plan, weights, batch_of(inputs)?, &mine)?.opened)
    }

    /// One run of a model as a party that has no role: it gives nothing and learns nothing.
    ///
    /// # Errors
    /// When a role lives at this party, or as [`run_once`](Self::run_once).
    pub fn compute(&mut self, graph: &Graph) -> Result<()> {
        if self.third.is_some() {
            return self.rotate_graph(graph, None, &[], None).map(|_| ());
        }
        let plan = self.plan(graph)?;
        self.check_role(&plan, None)?;
        self.run_once(&plan, None, None, &[]).map(|_| ())
    }

    /// Whether this role, or none, lives here.
    pub(super) fn check_role(&self, plan: &Plan, role: Option<&str>) -> Result<()> {
        let failed = |message| Err(self.links.failed("roles", message));
        let mut here = plan.roles.iter().filter(|(_, place)| *place == self.place);
        let Some(role) = role else {
            return here.next().map_or(Ok(()), |(role, _)| failed(format!("role `{role}` lives here: call its function")));
        };
        match plan.place(role) {
            Some(place) if place == self.place => {}
            Some(place) => return failed(format!("role `{role}` lives at {place}, but this is {}", self.place)),
            None => return failed(format!("`{}` has no role `{role}`", plan.model)),
        }
        match here.find(|(name, _)| name != role) {
            Some((other, _)) => failed(format!("roles `{role}` and `{other}` both live at {}: give each a place of its own", self.place)),
            None => Ok(()),
        }
    }
}

/// The number of samples, which all inputs of a role must have.
pub(super) fn batch_of(inputs: &[(usize, &dyn Samples)]) -> Result<Option<usize>> {
    let batches: Vec<usize> = inputs.iter().map(|(_, samples)| samples.batch()).collect();
    if batches.iter().any(|b| *b != batches[0]) {
        return Err(Error::Input { name: "all".into(), message: format!("the inputs have different numbers of samples: {batches:?}") });
    }
    Ok(batches.first().copied())
}
