//! Checks of a plan that came from outside, before anybody computes or allocates for it: every product of sizes is checked for overflow.

use super::lower;
use super::step::{Copy, Geometry, Kind, Step, Sum};
use super::weights::WeightSpec;
use super::{Opening, Place, Plan, SCHEMA, Value};
use crate::error::{Error, Result};
use crate::protocol::Fold;
use crate::protocol::argmax::Axis;
use crate::protocol::group::LARGEST;
use crate::protocol::max::Windows;
use undertone_shape::MAX_RANK;

/// The largest size of one axis.
const AXIS: usize = 1 << 24;

/// The largest number of roles, and of releases.
const ROLES: usize = 64;

/// The largest number of times that a window covers elements, summed over a sample: the comparisons of a pool.
const COVERED: usize = 1 << 26;

impl Plan {
    /// Checks a plan that came from outside: every step reads earlier steps of the sizes and kinds that it needs, every weight belongs to one step, and no step has
    /// more than `limit` elements; all steps together have at most eight times as many.
    ///
    /// # Errors
    /// Names the step.
    pub fn verify(&self, limit: usize) -> Result<()> {
        let bad = |step: usize, message: String| Error::Plan { model: self.model.clone(), stage: format!("step {step}"), message };
        if self.schema != SCHEMA {
            return Err(bad(0, format!("the plan has version {}, this program knows {SCHEMA}", self.schema)));
        }
        self.settings.check()?;
        if !self.places_fit() {
            return Err(bad(0, "a role lives beyond the last party, or has no place".into()));
        }
        let (owners, mut holders): (Vec<Place>, Vec<Option<usize>>) = (self.inputs.iter().map(|i| i.owner).collect(), vec![]);
        let (mut indices, mut total) = (vec![], 0usize);
        for (k, step) in self.steps.iter().enumerate() {
            if let Some(late) = step.inputs.iter().find(|i| **i >= k) {
                return Err(bad(k, format!("reads step {late}, which does not come before it")));
            }
            total = total.saturating_add(step.len);
            if step.len == 0 || step.len > limit || total > limit.saturating_mul(8) {
                return Err(bad(k, format!("has {} elements, {total} so far; at most {limit} are allowed in one step", step.len)));
            }
            if !self.step_fits(step, &holders, limit) {
                return Err(bad(k, format!("{:?} of {} elements does not fit its inputs", step.kind, step.len)));
            }
            indices.push(bits_of_index(step, &indices).map_err(|message| bad(k, message))?);
            holders.push(lower::holder(&owners, step, self.is_masked(step), &holders));
        }
        self.weights_fit(limit).map_err(|(w, message)| bad(w, message))?;
        self.releases_fit(&indices).map_err(|(step, message)| bad(step, message))?;
        match self.stages.iter().find(|s| !self.value_fits(&s.result, &s.shape, &indices)) {
            Some(stage) => Err(bad(stage.result.step, format!("stage `{}` is not a share of the declared shape", stage.name))),
            None => Ok(()),
        }
    }

    fn step_fits(&self, step: &Step, holders: &[Option<usize>], limit: usize) -> bool {
        let input = |k: usize| step.inputs.get(k).map(|i| &self.steps[*i]);
        let len = |k: usize| input(k).map(|s| s.len);
        let arity = match &step.kind {
            Kind::Input(_) => 0,
            Kind::Add => 2,
            Kind::Move(copies) => copies.len(),
            _ => 1,
        };
        // opened values are read by linear steps alone, and results of narrow comparisons by a ReLU that opens no more bits than they have
        let readable = |k: usize| match input(k).map(|s| &s.kind) {
            Some(Kind::Open(_)) => matches!(step.kind, Kind::Linear { .. }),
            Some(Kind::Max { narrow: true, m, .. }) => step.kind == Kind::Relu { t: 0 } && *m >= self.settings.opened,
            Some(Kind::Release(_)) | None => false,
            Some(_) => !matches!(step.kind, Kind::Linear { .. }),
        };
        if step.inputs.len() != arity || !(0..arity).all(readable) {
            return false;
        }
        let s = self.settings;
        let widths = |t: u32| Fold { n: s.ring, t, m: s.opened }.is_valid(64);
        match &step.kind {
            Kind::Input(k) => self.inputs.get(*k).is_some_and(|i| product(&i.shape) == Some(step.len)),
            Kind::Open(opening) => {
                let from = step.inputs.first().and_then(|i| holders[*i]);
                len(0) == Some(step.len) && *opening == Opening { from, to: self.keeper() }
            }
            Kind::Release(r) => self.releases.get(*r).is_some_and(|r| len(0) == Some(step.len) && step.inputs == [r.value.step]),
            Kind::Times { factor } => len(0) == Some(step.len) && *factor > 0,
            Kind::Truncate { t } => len(0) == Some(step.len) && (1..=s.ring / 2).contains(t) && widths(*t),
            Kind::Relu { t } => len(0) == Some(step.len) && *t <= s.ring / 2 && widths(*t),
            Kind::Add => len(0) == Some(step.len) && len(1) == Some(step.len),
            Kind::Linear { geometry, weight } => {
                self.weights.get(*weight).is_some_and(|w| geometry.weights() == Some(w.len) && w.out == geometry.out)
                    && geometry.fits(limit)
                    && len(0) == Some(geometry.conv().inputs())
                    && step.len == geometry.conv().outputs()
            }
            Kind::Max { windows, m, .. } => (3..=s.ring).contains(m) && windows_fit(windows, len(0), step.len),
            Kind::ArgMax { axis, m, group } => {
                (3..=s.ring).contains(m) && (2..=LARGEST).contains(group) && axis_fits(axis, len(0), step.len)
            }
            Kind::Sum(Sum(windows)) => windows_fit(windows, len(0), step.len),
            Kind::Move(copies) => copies.iter().enumerate().all(|(k, c)| copy_fits(c, len(k), step.len)),
        }
    }

    /// Every weight belongs to exactly one step and has the sizes that it says.
    fn weights_fit(&self, limit: usize) -> Result<(), (usize, String)> {
        let mut users = vec![0usize; self.weights.len()];
        for step in &self.steps {
            if let Kind::Linear { weight, .. } = step.kind {
                users[weight] += 1;
            }
        }
        match (0..users.len()).find(|w| users[*w] != 1 || !weight_fits(&self.weights[*w], limit)) {
            Some(w) => Err((
                w,
                format!("weight {w} of stage `{}` is used by {} steps, or has sizes that do not fit", self.weights[w].stage, users[w]),
            )),
            None => Ok(()),
        }
    }

    /// Every release is a share of its declared shape, opened by exactly one step, to at least one place.
    fn releases_fit(&self, indices: &[Option<u32>]) -> Result<(), (usize, String)> {
        for (k, release) in self.releases.iter().enumerate() {
            let opened = self.steps.iter().filter(|s| s.kind == Kind::Release(k)).count();
            if !self.value_fits(&release.value, &release.shape, indices) || opened != 1 || release.to.is_empty() {
                let message = format!("release `{}` is not a share of the declared shape, or is opened {opened} times", release.name);
                return Err((release.value.step, message));
            }
        }
        if self.releases.is_empty() || self.releases.len() > ROLES {
            return Err((0, format!("{} releases: there must be one, and at most {ROLES}", self.releases.len())));
        }
        Ok(())
    }

    /// Every owner and receiver is a place of a role, and every place exists.
    fn places_fit(&self) -> bool {
        let exists = |place: &Place| match place {
            Place::Party(p) => *p < self.settings.parties,
            Place::Client(c) => *c < ROLES,
        };
        let known = |place: &Place| self.roles.iter().any(|(_, p)| p == place);
        self.roles.len() <= ROLES
            && self.roles.iter().all(|(_, place)| exists(place))
            && self.inputs.iter().all(|i| known(&i.owner))
            && known(&self.weights_owner)
            && self.releases.iter().all(|r| r.to.iter().all(known))
    }

    /// A released or recorded value: a share, at f or 2f or an index, whose layout is a permutation of its axes. `indices` says of each step whether it is one.
    fn value_fits(&self, value: &Value, shape: &[usize], indices: &[Option<u32>]) -> bool {
        let f = self.settings.fraction;
        let mut axes: Vec<u8> = value.layout.0.clone();
        axes.sort_unstable();
        let scale = match value.integer {
            Some(_) => value.bits == 0 && value.factor == 1,
            None => value.bits == f || value.bits == 2 * f,
        };
        self.steps.get(value.step).is_some_and(|s| !matches!(s.kind, Kind::Open(_) | Kind::Release(_)) && product(shape) == Some(s.len))
            && scale
            && indices.get(value.step) == Some(&value.integer)
            && value.factor > 0
            && shape.len() <= MAX_RANK
            && axes.iter().map(|a| usize::from(*a)).eq(0..shape.len())
    }
}

impl Geometry {
    /// The number of weights, unless it overflows.
    fn weights(&self) -> Option<usize> {
        product(&[self.out, self.kernel[0], self.kernel[1], self.c / self.groups.max(1)])
    }

    /// Whether the kernels can compute it: nothing is zero, a window fits, and the padded input has at most `limit` elements.
    fn fits(&self, limit: usize) -> bool {
        let all = [
            self.h,
            self.w,
            self.c,
            self.out,
            self.groups,
            self.kernel[0],
            self.kernel[1],
            self.stride[0],
            self.stride[1],
            self.dilation[0],
            self.dilation[1],
        ];
        if !all.iter().chain(&self.padding).all(|v| *v < AXIS) || all.contains(&0) {
            return false;
        }
        let side = |i: usize| [self.h, self.w][i] + 2 * self.padding[i];
        let reach = |i: usize| self.dilation[i].checked_mul(self.kernel[i] - 1);
        self.c.is_multiple_of(self.groups)
            && self.out.is_multiple_of(self.groups)
            && (0..2).all(|i| reach(i).is_some_and(|r| side(i) > r))
            && product(&[side(0), side(1), self.c]).is_some_and(|n| n <= limit)
            && product(&[side(0), side(1), self.out]).is_some()
    }
}

fn weight_fits(w: &WeightSpec, limit: usize) -> bool {
    let named = |r: &super::Recipe, len: usize| {
        r.named(w.out, len).iter().all(|(n, len)| n.shape.len() <= MAX_RANK && product(&n.shape) == Some(*len))
    };
    product(&w.dims) == Some(w.len)
        && named(&w.weight, w.len)
        && w.bias.as_ref().is_none_or(|b| named(b, w.out))
        && w.dims[0] == w.out
        && w.len > 0
        && w.len <= limit
        && w.bias_bits < 63
        && w.bias_factor > 0
}

fn windows_fit(w: &Windows, input: Option<usize>, output: usize) -> bool {
    let sizes = w.size.iter().chain(&w.kernel).chain(&w.stride).chain([&w.channels]);
    let sane =
        sizes.chain(&w.padding).all(|v| *v < AXIS) && w.size.iter().chain(&w.kernel).chain(&w.stride).all(|v| *v > 0) && w.channels > 0;
    if !sane || !(0..3).all(|i| 2 * w.padding[i] <= w.kernel[i] && w.size[i] + 2 * w.padding[i] >= w.kernel[i]) {
        return false;
    }
    let with = |sizes: [usize; 3]| product(&[sizes[0], sizes[1], sizes[2], w.channels]);
    let covered = with(w.pooled()).and_then(|n| n.checked_mul(w.kernel.iter().copied().max()?));
    with(w.size) == input && with(w.pooled()) == Some(output) && covered.is_some_and(|n| n <= COVERED)
}

/// q of a step whose values are indices mod 2^q, `None` for all others. Indices are moved and released; nothing else is done with them, and different ones stay apart.
fn bits_of_index(step: &Step, before: &[Option<u32>]) -> Result<Option<u32>, String> {
    let inputs: Vec<Option<u32>> = step.inputs.iter().map(|i| before.get(*i).copied().flatten()).collect();
    match (&step.kind, inputs.first()) {
        (Kind::Move(_) | Kind::Release(_), Some(first)) if inputs.iter().all(|i| i == first) => Ok(*first),
        (kind, _) if inputs.iter().any(Option::is_some) => Err(format!("{kind:?} computes with indices or mixes them")),
        (Kind::ArgMax { axis, .. }, _) => Ok(Some(axis.bits())),
        _ => Ok(None),
    }
}

fn axis_fits(axis: &Axis, input: Option<usize>, output: usize) -> bool {
    let sizes = [axis.outer, axis.size, axis.inner];
    sizes.iter().all(|v| (1..AXIS).contains(v)) && product(&sizes) == input && product(&[axis.outer, axis.inner]) == Some(output)
}

fn copy_fits(copy: &Copy, input: Option<usize>, output: usize) -> bool {
    let (from, to, moved) = copy.reach();
    copy.axes.len() <= MAX_RANK && input.is_some_and(|n| from <= n) && to <= output && moved <= output
}

fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s))
}
