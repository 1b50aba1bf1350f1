//! Whether roles, inputs and releases are what a deployment can have: in bounded numbers, with names that tell them apart.

use super::super::step::Kind;
use super::super::{Place, Plan};
use super::{product, times};
use std::collections::HashSet;

/// The largest number of roles, and of releases.
const ROLES: usize = 64;

impl Plan {
    /// Every owner and receiver is a place of a role, and every place exists; nothing is released to one place twice.
    pub(super) fn places_fit(&self) -> Result<(), String> {
        if self.roles.len() > ROLES {
            return Err(format!("{} roles: at most {ROLES} are allowed", self.roles.len()));
        }
        if self.releases.is_empty() || self.releases.len() > ROLES {
            return Err(format!("{} releases: there must be one, and at most {ROLES}", self.releases.len()));
        }
        distinct("roles", self.roles.iter().map(|(name, _)| name.as_str()))?;
        distinct("releases", self.releases.iter().map(|r| r.name.as_str()))?;
        distinct("inputs", self.inputs.iter().map(|i| i.name.as_str()))?;
        for release in &self.releases {
            let to = &release.to;
            if to.is_empty() || to.len() > self.roles.len() || (1..to.len()).any(|k| to[..k].contains(&to[k])) {
                return Err(format!(
                    "release `{}` goes to {} places: at least 1 and at most the {} of the roles, none of them twice",
                    release.name,
                    to.len(),
                    self.roles.len()
                ));
            }
        }
        let exists = |place: &Place| match place {
            Place::Party(p) => *p < self.settings.parties,
            Place::Client(c) => *c < ROLES,
        };
        let known = |place: &Place| self.roles.iter().any(|(_, p)| p == place);
        let fits = self.roles.iter().all(|(_, place)| exists(place))
            && self.inputs.iter().all(|i| known(&i.owner))
            && known(&self.weights_owner)
            && self.releases.iter().all(|r| r.to.iter().all(known));
        if fits { Ok(()) } else { Err("a role lives beyond the last party, or has no place".into()) }
    }

    /// There is an input, and every input has at most `limit` elements and is read by exactly one step: the number of samples is that of the first.
    pub(super) fn inputs_fit(&self, limit: usize) -> Result<(), String> {
        if self.inputs.is_empty() {
            return Err("no inputs: there must be one, whose owner says how many samples there are".into());
        }
        let read = times(self.inputs.len(), &self.steps, |kind| if let Kind::Input(k) = kind { Some(*k) } else { None });
        for (input, read) in self.inputs.iter().zip(read) {
            if read != 1 {
                return Err(format!("input `{}` is read by {read} steps: exactly one must read it", input.name));
            }
            if product(&input.shape).is_none_or(|n| n > limit) {
                return Err(format!("input `{}` has too many elements: at most {limit} are allowed in one step", input.name));
            }
            if !input.scaling.fits(input.shape.first().copied().unwrap_or(1)) {
                return Err(format!("input `{}` is scaled by other than one number a channel", input.name));
            }
            if !(3..=self.settings.ring).contains(&input.m) || (!self.is_calibrated() && input.m != self.settings.opened) {
                return Err(format!("input `{}` is limited to {} bits, which this plan cannot take", input.name, input.m));
            }
        }
        Ok(())
    }
}

/// Names that tell apart what they name.
fn distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("two {what} are called `{name}`: every name must be its own"));
        }
    }
    Ok(())
}
