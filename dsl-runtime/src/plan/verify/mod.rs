//! Checks of a plan that came from outside, before anybody computes or allocates for it: every product of sizes is checked for overflow.

mod places;
mod scales;
mod shapes;
mod weights;
mod work;

use super::lower;
use super::range;
use super::settings::MARGIN;
use super::step::{Kind, Step};
use super::{Place, Plan, SCHEMA, Value};
use crate::error::{Error, Result};
use scales::Scale;
use undertone_shape::MAX_RANK;
use work::{STEP_WORK, WORK};

impl Plan {
    /// Checks a plan that came from outside: every step reads earlier steps of the sizes, kinds and scales that it needs, every input and weight belongs to one step,
    /// every release and stage is what it says, and no step has more than `limit` elements; all steps together, with their comparisons and padding, have at most eight
    /// times as many. Multiply-adds are bounded as well.
    ///
    /// Time and memory: linear in the plan.
    ///
    /// # Errors
    /// Names the step.
    pub fn verify(&self, limit: usize) -> Result<()> {
        let bad = |step: usize, message: String| Error::Plan { model: self.model.clone(), stage: format!("step {step}"), message };
        if self.schema != SCHEMA {
            return Err(bad(0, format!("the plan has version {}, this program knows {SCHEMA}", self.schema)));
        }
        self.settings.check()?;
        if self.margin.is_some_and(|margin| margin > MARGIN) {
            return Err(bad(0, format!("a margin of more than {MARGIN} bits")));
        }
        self.places_fit().and_then(|()| self.inputs_fit(limit)).map_err(|message| bad(0, message))?;
        let (owners, mut holders): (Vec<Place>, Vec<Option<usize>>) = (self.inputs.iter().map(|i| i.owner).collect(), vec![]);
        let (mut scales, mut spent) = (vec![], Spent::default());
        let (mut ends, mut last): (Vec<u64>, u64) = (vec![], 0);
        for (k, step) in self.steps.iter().enumerate() {
            if let Some(late) = step.inputs.iter().find(|i| **i >= k) {
                return Err(bad(k, format!("reads step {late}, which does not come before it")));
            }
            if step.len == 0 || step.len > limit {
                return Err(bad(k, format!("has {} elements; at least 1 and at most {limit} are allowed in one step", step.len)));
            }
            if !self.step_fits(step, &holders, limit) {
                return Err(bad(k, format!("{:?} of {} elements does not fit its inputs", step.kind, step.len)));
            }
            work::windows_fit(step).and_then(|()| spent.add(step, limit)).map_err(|message| bad(k, message))?;
            scales.push(Scale::of(self, step, &scales).map_err(|message| bad(k, message))?);
            let wave = u64::from(step.wave);
            // what is computed by itself is there at once, messages take a wave each, and nobody waits for nothing
            let ready = step.inputs.iter().map(|i| ends[*i]).max().unwrap_or(0);
            if wave < ready || wave > last || k > 0 && step.wave < self.steps[k - 1].wave {
                return Err(bad(
                    k,
                    format!("begins in wave {wave}: it must come after what it reads, in the order of the steps, without gaps"),
                ));
            }
            ends.push(wave + self.exchanges(step, 1).len() as u64);
            last = last.max(ends[k]);
            holders.push(lower::holder(&owners, step, self.is_masked(step), &holders));
        }
        self.weights_fit(limit).map_err(|(w, message)| bad(w, message))?;
        self.releases_fit(&scales).map_err(|(step, message)| bad(step, message))?;
        let (bounds, rooms) = (range::bounds(self), range::rooms(self));
        match self
            .stages
            .iter()
            .find(|s| !self.value_fits(&s.result, &s.shape, &scales) || !scales::range_is_known(self, s, &rooms, &bounds))
        {
            Some(stage) => {
                Err(bad(stage.result.step, format!("stage `{}` is not a share of the declared shape, scale and range", stage.name)))
            }
            None => Ok(()),
        }
    }

    /// Every release is a share of its declared shape and scale, opened by exactly one step.
    fn releases_fit(&self, scales: &[Scale]) -> Result<(), (usize, String)> {
        let opened = times(self.releases.len(), &self.steps, |kind| if let Kind::Release(r) = kind { Some(*r) } else { None });
        for (release, opened) in self.releases.iter().zip(opened) {
            if !self.value_fits(&release.value, &release.shape, scales) || opened != 1 {
                let message =
                    format!("release `{}` is not a share of the declared shape and scale, or is opened {opened} times", release.name);
                return Err((release.value.step, message));
            }
            let fits = match release.value.integer {
                Some(q) => release.m == q,
                // what lies above the ring is nobody's, and must not be shifted into what is released
                None => release.m >= 3 && release.m.saturating_add(release.value.bits - self.settings.fraction) <= self.settings.ring,
            };
            if !fits {
                return Err((
                    release.value.step,
                    format!("release `{}` has {} bits, which its value does not have", release.name, release.m),
                ));
            }
        }
        Ok(())
    }

    /// A released or recorded value: a share, at the scale that its step has, whose layout is a permutation of its axes.
    fn value_fits(&self, value: &Value, shape: &[usize], scales: &[Scale]) -> bool {
        let mut axes: Vec<u8> = value.layout.0.iter().copied().take(MAX_RANK + 1).collect();
        axes.sort_unstable();
        let is_share = |s: &Step| !matches!(s.kind, Kind::Release(_)) && !self.is_wire(value.step);
        self.steps.get(value.step).is_some_and(|s| is_share(s) && product(shape) == Some(s.len))
            && scales.get(value.step).is_some_and(|scale| scale.is(value))
            && shape.len() <= MAX_RANK
            && axes.iter().map(|a| usize::from(*a)).eq(0..shape.len())
    }
}

/// What the steps so far make others spend on one sample.
#[derive(Default)]
struct Spent {
    elements: usize,
    work: u64,
}

impl Spent {
    fn add(&mut self, step: &Step, limit: usize) -> Result<(), String> {
        let (elements, work) = (work::elements(step, 1), work::work(step));
        self.elements = self.elements.saturating_add(elements);
        self.work = self.work.saturating_add(work);
        let most = limit.saturating_mul(8);
        if self.elements > most {
            return Err(format!(
                "takes {elements} elements with its comparisons and padding, {} with all before it; at most {most} are allowed in a plan",
                self.elements
            ));
        }
        if work > STEP_WORK || self.work > WORK {
            return Err(format!(
                "takes {work} multiply-adds a sample, {} with all before it; at most {STEP_WORK} are allowed in one step and {WORK} in a plan",
                self.work
            ));
        }
        Ok(())
    }
}

/// How many steps have each of `count` numbers.
fn times(count: usize, steps: &[Step], number: impl Fn(&Kind) -> Option<usize>) -> Vec<usize> {
    let mut times = vec![0; count];
    for number in steps.iter().filter_map(|s| number(&s.kind)) {
        if let Some(times) = times.get_mut(number) {
            *times += 1;
        }
    }
    times
}

fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s))
}
