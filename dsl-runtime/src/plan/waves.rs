//! When each step begins: steps that do not depend on each other exchange in the same rounds.
//!
//! Time is counted in waves: in each, all steps that are under way send one message, all of them together in one exchange. A step begins in the wave after which everything
//! that it reads is there, and is under way for as many waves as it has messages; a step without messages is computed on the way. So a network takes as many waves as its
//! longest chain of steps has messages, and branches beside that chain cost no rounds at all. That is never more than one step after the other takes: a wave takes as many
//! exchanges as the message in it that takes most of them, two through kings, and whatever shares it would have waited by itself.
//!
//! What a step sends does not change, nor do its masks, which are named by its number.
//!
//! Steps with time to spare may begin as soon as they can or as late as they can; whichever leaves fewer elements in memory at the widest moment is taken for all of them.
//! The values of branches that are under way together are in memory together, so the peak may be higher than one branch after the other would have it ([`Plan::peak`]).
//!
//! Rounds of one run, and the most elements in memory, measured for one sample and two parties (`tests/waves.rs`):
//!
//! | network | one after the other | in waves |
//! |---|---|---|
//! | four branches of 1 by 1, 3 by 3, 5 by 5 and a pool, with their ReLUs | 41 rounds, 2048 elements | 18, 2816 |
//! | a residual block with a strided shortcut of two products | 18, 768 | 13, 1024 |
//! | three releases | 8, 1024 | 6, 1024 |
//! | a chain | 14, 512 | 14, 512 |
//!
//! Releases wait for the end and are sent together. A plan from outside must say of each step a wave that comes after what it reads, in the order of its steps, and without gaps.

use super::Plan;
use super::order::reordered;
use super::step::{Kind, Step};
use std::collections::BTreeMap;

/// Samples for which memory is compared.
const BATCH: usize = 8;

/// Gives every step its wave, and brings the steps into the order of their waves. Who keeps the weights makes no difference, so lanes have the same waves.
pub(super) fn schedule(plan: &mut Plan) {
    let messages: Vec<u32> = plan.steps.iter().map(|step| plan.exchanges(step, 1).len() as u32).collect();
    let soon = as_soon_as_possible(&plan.steps, &messages);
    let late = as_late_as_possible(&plan.steps, &messages, &soon);
    let soon = in_waves(plan, &soon);
    let late = in_waves(plan, &late);
    *plan = if late.widest(BATCH, true).0 < soon.widest(BATCH, true).0 { late } else { soon };
}

/// The first wave of each step; releases wait for each other.
fn as_soon_as_possible(steps: &[Step], messages: &[u32]) -> Vec<u32> {
    let mut waves: Vec<u32> = vec![];
    for step in steps {
        waves.push(step.inputs.iter().map(|i| waves[*i] + messages[*i]).max().unwrap_or(0));
    }
    let is_release = |k: &usize| matches!(steps[*k].kind, Kind::Release(_));
    let last = (0..steps.len()).filter(is_release).map(|k| waves[k]).max().unwrap_or(0);
    (0..steps.len()).filter(is_release).for_each(|k| waves[k] = last);
    waves
}

/// The last wave in which each step can begin without holding up anything. What nobody waits for does not wait either, nor do inputs, which their owners send at once.
fn as_late_as_possible(steps: &[Step], messages: &[u32], soon: &[u32]) -> Vec<u32> {
    let end = soon.iter().zip(messages).map(|(wave, n)| wave + n).max().unwrap_or(0);
    let mut waves: Vec<u32> = messages.iter().map(|n| end - n).collect();
    let mut read = vec![false; steps.len()];
    for (k, step) in steps.iter().enumerate().rev() {
        if !read[k] || matches!(step.kind, Kind::Input(_)) {
            waves[k] = soon[k];
        }
        step.inputs.iter().for_each(|i| read[*i] = true);
        for i in &step.inputs {
            waves[*i] = waves[*i].min(waves[k] - messages[*i]);
        }
    }
    waves
}

impl Plan {
    /// The same plan with one step after the other, each branch to its end before the next begins: more rounds, and fewer elements in memory where branches are wide.
    #[must_use]
    pub fn one_after_the_other(&self) -> Self {
        let mut order = vec![];
        let mut placed = vec![false; self.steps.len()];
        let is = |k: &usize, input: bool| match self.steps[*k].kind {
            Kind::Input(_) => input,
            Kind::Release(_) => !input,
            _ => false,
        };
        let all = 0..self.steps.len();
        let roots = all.clone().filter(|k| is(k, true)).chain(all.clone().filter(|k| is(k, false))).chain(all);
        for root in roots {
            // what a step reads comes before it: it is looked at twice, and placed the second time
            let mut open = vec![(root, false)];
            while let Some((k, ready)) = open.pop() {
                if placed[k] {
                    continue;
                }
                if ready {
                    placed[k] = true;
                    order.push(k);
                } else {
                    open.push((k, true));
                    open.extend(self.steps[k].inputs.iter().rev().map(|i| (*i, false)));
                }
            }
        }
        // releases wait for the end
        let (releases, mut order): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|k| is(k, false));
        order.extend(releases);
        let mut plan = self.clone();
        plan.steps = reordered(plan.steps, &order, &mut plan.stages, &mut plan.releases);
        let mut wave = 0;
        for k in 0..plan.steps.len() {
            plan.steps[k].wave = wave;
            wave += plan.exchanges(&plan.steps[k], 1).len() as u32;
        }
        plan
    }
}

impl Plan {
    /// The rounds of each step: those that several steps share are counted with the first of them.
    pub(crate) fn rounds(&self, batch: usize) -> Vec<u64> {
        let mut rounds = vec![0; self.steps.len()];
        let mut waves: BTreeMap<u64, (usize, u64)> = BTreeMap::new();
        for (k, step) in self.steps.iter().enumerate() {
            for (i, exchanges) in (0u64..).zip(self.exchanges(step, batch)).filter(|(_, exchanges)| *exchanges > 0) {
                let (_, most) = waves.entry(u64::from(step.wave) + i).or_insert((k, 0));
                *most = exchanges.max(*most);
            }
        }
        for (first, most) in waves.into_values() {
            rounds[first] += most;
        }
        rounds
    }
}

fn in_waves(plan: &Plan, waves: &[u32]) -> Plan {
    let mut plan = plan.clone();
    let mut order: Vec<usize> = (0..plan.steps.len()).collect();
    order.sort_by_key(|k| (waves[*k], *k));
    plan.steps.iter_mut().zip(waves).for_each(|(step, wave)| step.wave = *wave);
    plan.steps = reordered(plan.steps, &order, &mut plan.stages, &mut plan.releases);
    plan
}
