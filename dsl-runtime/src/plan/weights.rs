//! Weights as their owner encodes them for a plan: folded in the clear, in the kernels' layout, as integers.

use super::scaling::{Scaling, composed};
use super::transposed::Transposed;
use super::{Geometry, Widths, dims};
use crate::error::Result;
use crate::graph::op::Affine;
use crate::graph::{self, Derived, Graph};
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use undertone_shape::Shape;
use zeroize::Zeroizing;

/// A weight of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightSpec {
    /// The stage that uses it.
    pub stage: String,
    /// How it is computed.
    pub weight: Recipe,
    /// By what public numbers it is multiplied after that.
    pub weight_scaling: Scaling,
    /// How the product of a transposed convolution is made of it and its bias; what they are computed from has the layout and the channels of the operation.
    pub transposed: Option<Transposed>,
    /// The sizes `[out, c / groups, kernel depth, kernel height, kernel width]` of the weight, row-major.
    pub dims: [usize; 5],
    /// How its bias is computed, if it has one.
    pub bias: Option<Recipe>,
    /// By what public numbers that is multiplied and moved after that.
    pub bias_scaling: Scaling,
    /// Fraction bits of the bias: those of the product.
    pub bias_bits: u32,
    /// The public factor that the product carries.
    pub bias_factor: u64,
    /// The number of weights.
    pub len: usize,
    /// The number of output channels, and of biases.
    pub out: usize,
    /// What the weights may not exceed, where calibration has looked.
    pub size: Option<Magnitude>,
}

/// Sizes of weights after folding, as powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Magnitude {
    /// The sum of the magnitudes of the weights of an output channel is at most 2^this.
    pub weights: i32,
    /// The magnitude of a bias is at most 2^this.
    pub bias: i32,
}

/// How a weight is computed from the owner's weights. Numbers are kept as bits, so that a plan holds no floats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recipe {
    /// A weight as it is.
    Given(Named),
    /// `weight * gamma / sqrt(variance + epsilon)`; without a weight, its scale alone.
    Scaled(Option<Named>, Norm),
    /// `beta + (bias - mean) * gamma / sqrt(variance + epsilon)`.
    Shifted(Option<Named>, Norm),
    /// Zeros: a bias that only public numbers are added to.
    Nothing,
}

/// A weight in the owner's file: its key and the shape that it must have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The key, such as `fc1.weight`.
    pub name: String,
    /// The shape, in PyTorch's layout.
    pub shape: Vec<usize>,
}

/// The weights of a normalisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norm {
    /// gamma, one a channel; 1 where there is none.
    pub weight: Option<Named>,
    /// beta, one a channel; 0 where there is none.
    pub bias: Option<Named>,
    /// The running mean, one for each group of channels that are neighbours.
    pub mean: Named,
    /// The running variance, one for each of them.
    pub variance: Named,
    /// The bits of epsilon, a double.
    pub epsilon: u64,
}

/// A weight as integers mod 2^64.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedWeight {
    /// `[out][kernel depth][kernel height][kernel width][c / groups]` at f fraction bits.
    pub weight: Vec<u64>,
    /// One a channel, at the product's fraction bits; empty without a bias.
    pub bias: Vec<u64>,
}

impl core::fmt::Debug for EncodedWeight {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EncodedWeight[{} weights, {} biases]", self.weight.len(), self.bias.len())
    }
}

impl Drop for EncodedWeight {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.weight);
        zeroize::Zeroize::zeroize(&mut self.bias);
    }
}

impl Recipe {
    /// The recipe of a parameter of the graph, and what is done after it.
    pub(super) fn of(graph: &Graph, parameter: usize) -> (Self, Scaling) {
        let mut after: Option<Affine> = None;
        let mut parameter = Some(parameter);
        while let Some(k) = parameter {
            let Some(Derived::Scaled { of, scaling }) = &graph.parameters[k].derived else { break };
            // what is done later was met first
            after = Some(after.map_or_else(|| scaling.clone(), |later| composed(scaling, &later)));
            parameter = *of;
        }
        let recipe = parameter.map_or(Recipe::Nothing, |k| Self::plain(graph, k));
        (recipe, after.map(|a| Scaling::of(&a)).unwrap_or_default())
    }

    /// The recipe of a parameter that is not scaled.
    fn plain(graph: &Graph, parameter: usize) -> Self {
        let named = |k: usize| Named { name: graph.parameters[k].name.clone(), shape: dims(graph.parameters[k].shape) };
        let norm = |n: graph::Norm| Norm {
            weight: n.weight.map(named),
            bias: n.bias.map(named),
            mean: named(n.mean),
            variance: named(n.variance),
            epsilon: n.epsilon.to_bits(),
        };
        match graph.parameters[parameter].derived {
            None | Some(Derived::Scaled { .. }) => Recipe::Given(named(parameter)),
            Some(Derived::Weight { weight, norm: n }) => Recipe::Scaled(weight.map(named), norm(n)),
            Some(Derived::Bias { bias, norm: n }) => Recipe::Shifted(bias.map(named), norm(n)),
        }
    }

    /// The `len` values, for `out` channels; `channel` says which one a value belongs to.
    fn values(
        &self,
        weights: &Weights,
        (out, len): (usize, usize),
        channel: &dyn Fn(usize) -> usize,
        problems: &mut Vec<String>,
    ) -> Vec<f64> {
        let mut get = |wanted: &Named| -> Vec<f64> {
            let (name, shape) = (&wanted.name, Shape::from_slice(&wanted.shape));
            match weights.get(name) {
                Some((found, values)) if found == shape => return values.iter().map(|v| f64::from(*v)).collect(),
                Some((found, _)) => problems.push(format!("`{name}` should be {shape}, but is {found}")),
                None => problems.push(format!("`{name}` {shape} is missing")),
            }
            vec![0.0; shape.numel()]
        };
        match self {
            Recipe::Given(weight) => get(weight),
            Recipe::Nothing => vec![0.0; len],
            Recipe::Scaled(weight, norm) => {
                let weight = weight.as_ref().map_or_else(|| vec![1.0; len], &mut get);
                let scale = norm.scale(out, &mut get);
                weight.iter().enumerate().map(|(i, w)| w * scale[channel(i)]).collect()
            }
            Recipe::Shifted(bias, norm) => {
                let bias = bias.as_ref().map_or_else(|| vec![0.0; out], &mut get);
                let (scale, mean) = (norm.scale(out, &mut get), get(&norm.mean));
                let beta = norm.bias.as_ref().map_or_else(|| vec![0.0; out], &mut get);
                (0..out).map(|i| beta[i] + (bias[i] - mean[i * mean.len() / out]) * scale[i]).collect()
            }
        }
    }

    /// All weights that the recipe names, with the number of values that it needs of each.
    pub(super) fn named(&self, out: usize, len: usize) -> Vec<(&Named, usize)> {
        match self {
            Recipe::Given(w) => vec![(w, len)],
            Recipe::Nothing => vec![],
            Recipe::Scaled(w, n) | Recipe::Shifted(w, n) => {
                let affine = n.weight.iter().chain(&n.bias).map(|w| (w, out));
                w.iter().map(|w| (w, len)).chain(affine).chain([&n.mean, &n.variance].map(|w| (w, n.groups(out)))).collect()
            }
        }
    }
}

impl Norm {
    /// The number of groups whose statistics there are: the size of the mean, where it divides the channels.
    fn groups(&self, out: usize) -> usize {
        let groups = self.mean.shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).unwrap_or(0);
        if groups > 0 && out.is_multiple_of(groups) { groups } else { out }
    }

    /// What each of `out` channels is multiplied by.
    fn scale(&self, out: usize, get: &mut impl FnMut(&Named) -> Vec<f64>) -> Vec<f64> {
        let gamma = self.weight.as_ref().map_or_else(|| vec![1.0; out], &mut *get);
        let variance = get(&self.variance);
        let of = |i: usize| (variance[i * variance.len() / out] + f64::from_bits(self.epsilon)).sqrt();
        gamma.iter().enumerate().map(|(i, g)| g / of(i)).collect()
    }
}

impl WeightSpec {
    /// The weight of these recipes, for this product; its stage, its scale and its limits are to be set.
    pub(super) fn new(graph: &Graph, geometry: &Geometry, (weight, bias): (usize, Option<usize>), transposed: Option<Transposed>) -> Self {
        let [depth, height, width] = geometry.kernel;
        let dims = [geometry.out, geometry.c / geometry.groups, depth, height, width];
        let (recipe, weight_scaling) = Recipe::of(graph, weight);
        let (bias, bias_scaling) = bias.map(|b| Recipe::of(graph, b)).unzip();
        let bias_scaling = bias_scaling.unwrap_or_default();
        Self {
            stage: String::new(),
            weight: recipe,
            weight_scaling,
            transposed,
            dims,
            bias,
            bias_scaling,
            bias_bits: 0,
            bias_factor: 1,
            len: dims.iter().product(),
            out: geometry.out,
            size: None,
        }
    }

    /// The channels and the number of weights in the layout of the operation.
    pub(super) fn given(&self) -> Option<(usize, usize)> {
        self.transposed.map_or(Some((self.out, self.len)), |t| t.given().map(|len| (t.out, len)))
    }

    /// Weights `[out][c / groups][taps…]` and biases of the product, folded.
    fn values(&self, weights: &Weights, problems: &mut Vec<String>) -> [Zeroizing<Vec<f64>>; 2] {
        let (out, len) = self.given().unwrap_or_default();
        let channel = |i: usize| self.transposed.map_or_else(|| i / (len / out), |t| t.channel(i));
        let mut values = Zeroizing::new(self.weight.values(weights, (out, len), &channel, problems));
        values.iter_mut().enumerate().for_each(|(i, v)| *v = self.weight_scaling.at(*v, channel(i)));
        let bias = self.bias.as_ref().map(|b| b.values(weights, (out, out), &|i| i, problems));
        let mut bias = Zeroizing::new(bias.unwrap_or_default());
        bias.iter_mut().enumerate().for_each(|(i, v)| *v = self.bias_scaling.at(*v, i));
        match self.transposed {
            None => [values, bias],
            Some(t) => [t.arranged(&values), if bias.is_empty() { vec![] } else { t.arranged_bias(&bias) }].map(Zeroizing::new),
        }
    }

    /// log2, rounded up, of the largest sum of magnitudes of an output channel and of the largest magnitude of a bias, after folding.
    pub(super) fn sizes(&self, weights: &Weights, problems: &mut Vec<String>) -> [i32; 2] {
        let [values, bias] = self.values(weights, problems);
        if values.iter().chain(bias.iter()).any(|v| !v.is_finite()) {
            problems.push(format!("stage `{}`: a weight is not finite after folding", self.stage));
            return [0; 2];
        }
        [power_above(largest_sum(&values, self.out)), power_above(largest(&bias))]
    }

    /// No encoded weight is larger than 2^this in magnitude, whatever weights are given: what [`WeightSpec::encode`] refuses is public.
    pub(crate) fn bits(&self, widths: &Widths) -> u32 {
        // A power of two itself may be reached, by rounding at least.
        1 + match self.size {
            None => widths.opened - 2,
            Some(size) => (size.weights + widths.fraction as i32).max(0) as u32,
        }
    }

    /// Folds and encodes; every weight that is missing, not finite or out of range adds to `problems`.
    pub fn encode(&self, weights: &Weights, widths: &Widths, problems: &mut Vec<String>) -> EncodedWeight {
        let [values, bias] = self.values(weights, problems);
        if let Some(size) = self.size {
            // the sizes are public, what exceeds them is not
            let exceeded =
                [("weights of a channel sum up", largest_sum(&values, self.out), size.weights), ("a bias goes", largest(&bias), size.bias)];
            for (what, found, power) in exceeded {
                if found.is_nan() || found > 2f64.powi(power) {
                    let stage = &self.stage;
                    problems.push(format!(
                        "stage `{stage}`: {what} to more than the 2^{power} of the calibration: calibrate with these weights"
                    ));
                }
            }
        }
        let limit = if self.size.is_some() { 2f64.powi(31) } else { widths.limit() };
        for (what, values, factor) in [("weight", &values, 1.0), ("bias", &bias, self.bias_factor as f64)] {
            // the weight itself stays out of the error: it is the server's secret
            if let Some(i) = values.iter().position(|v| !v.is_finite() || v.abs() * factor >= limit) {
                problems.push(format!("stage `{}`: {what} {i} after folding must be finite and below {}", self.stage, limit / factor));
            }
        }
        let [out, c, depth, height, width] = self.dims;
        let taps = depth * height * width;
        let scale = (1u64 << widths.fraction) as f64;
        let mut encoded = Vec::with_capacity(self.len);
        for o in 0..out {
            for tap in 0..taps {
                encoded.extend((0..c).map(|i| encode(values[(o * c + i) * taps + tap] * scale)));
            }
        }
        let scale = (1u64 << self.bias_bits) as f64 * self.bias_factor as f64;
        EncodedWeight { weight: encoded, bias: bias.iter().map(|b| encode(b * scale)).collect() }
    }
}

/// Encodes the weights of a plan.
///
/// # Errors
/// [`Error::Weights`](crate::Error::Weights), naming everything that is wrong.
pub(super) fn encode_all(plan: &super::Plan, weights: &Weights) -> Result<Vec<EncodedWeight>> {
    let mut problems = vec![];
    let all = plan.weights.iter().map(|w| w.encode(weights, &plan.settings, &mut problems)).collect();
    if problems.is_empty() {
        return Ok(all);
    }
    problems.dedup();
    Err(crate::Error::Weights { model: plan.model.clone(), problems })
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, b| b.abs().max(m))
}

/// The largest sum of magnitudes of an output channel.
fn largest_sum(values: &[f64], out: usize) -> f64 {
    let taps = (values.len() / out.max(1)).max(1);
    values.chunks_exact(taps).map(|w| w.iter().map(|v| v.abs()).sum()).fold(0.0, f64::max)
}

/// The least power of two that is not below; that of nothing is small.
fn power_above(v: f64) -> i32 {
    let mut power = -24;
    while v > 2f64.powi(power) {
        power += 1;
    }
    power
}

/// The nearest integer mod 2^64.
pub(crate) fn encode(v: f64) -> u64 {
    // as `f64::round`, which is a call where the processor's own instruction is not assumed
    let whole = v as i64;
    let rest = v - whole as f64;
    whole.wrapping_add(i64::from(rest >= 0.5)).wrapping_sub(i64::from(rest <= -0.5)) as u64
}
