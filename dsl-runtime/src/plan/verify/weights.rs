//! Whether every weight belongs to one step and has the sizes that it says.

use super::super::step::Kind;
use super::super::weights::{Recipe, WeightSpec};
use super::super::{Magnitude, Plan};
use super::product;
use undertone_shape::MAX_RANK;

impl Plan {
    /// Every weight belongs to exactly one step and has the sizes that it says; all together have at most `limit` words.
    pub(super) fn weights_fit(&self, limit: usize) -> Result<(), (usize, String)> {
        let mut users = vec![0usize; self.weights.len()];
        for step in &self.steps {
            if let Kind::Linear { weight, .. } = step.kind
                && let Some(users) = users.get_mut(weight)
            {
                *users += 1;
            }
        }
        if let Some(w) = (0..users.len()).find(|w| users[*w] != 1 || !self.weight_fits(&self.weights[*w], limit)) {
            let message =
                format!("weight {w} of stage `{}` is used by {} steps, or has sizes that do not fit", self.weights[w].stage, users[w]);
            return Err((w, message));
        }
        let words = self.packed_weights();
        if words > limit {
            return Err((0, format!("all weights have {words} words as the kernels read them; at most {limit} are allowed")));
        }
        Ok(())
    }

    fn weight_fits(&self, w: &WeightSpec, limit: usize) -> bool {
        // a calibration has looked at all weights or at none
        let sized = |size: Magnitude| [size.weights, size.bias].iter().all(|power| (-64..=31).contains(power));
        weight_fits(w, limit) && w.size.is_some() == self.is_calibrated() && w.size.is_none_or(sized)
    }
}

fn weight_fits(w: &WeightSpec, limit: usize) -> bool {
    // the sizes of a transposed convolution follow from what its owner has
    if w.transposed.is_some_and(|t| t.dims() != Some(w.dims)) {
        return false;
    }
    let Some((out, len)) = w.given() else { return false };
    let named =
        |r: &Recipe, len: usize| r.named(out, len).iter().all(|(n, len)| n.shape.len() <= MAX_RANK && product(&n.shape) == Some(*len));
    // a folded weight is scaled and a folded bias is shifted: the other way round they have other lengths
    let folded = !matches!(w.weight, Recipe::Shifted(..) | Recipe::Nothing) && !matches!(w.bias, Some(Recipe::Scaled(..)));
    let scaled = w.weight_scaling.fits(out) && w.weight_scaling.is_linear() && w.bias_scaling.fits(out);
    folded
        && scaled
        && product(&w.dims) == Some(w.len)
        && named(&w.weight, len)
        && len <= limit
        && w.bias.as_ref().is_none_or(|b| named(b, out))
        && w.dims[0] == w.out
        && w.len > 0
        && w.len <= limit
}
