//! Normalisation, with fixed statistics or with those of the sample.

use super::context::{Context, Translated, one};
use crate::network::{Layer, number};
use std::rc::Rc;

/// `BatchNormalization` as it predicts. Exporters write an InstanceNorm with running statistics like this as well.
pub fn batch(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    if c.integer("training_mode", 0) != 0 {
        return Err("it is exported as it trains: call model.eval() before the export".into());
    }
    let names = ["scale", "bias", "mean", "variance"];
    let all = (1..5).map(|i| c.weight(i, names[i - 1])).collect::<Result<Vec<_>, String>>()?;
    let channels = *x.shape.first().ok_or("its input has no channels")?;
    if let Some((known, _)) = all.iter().find(|(known, _)| known.shape != [channels]) {
        return Err(format!("its input has {channels} channels, and its weights {:?}", known.shape));
    }
    let epsilon = epsilon(c, 0.0)?;
    let prefix = c.prefix(&all.iter().map(|(known, _)| known).collect::<Vec<_>>());
    let mut layer = Layer::new("BatchNorm").unless(&number(1e-5), "epsilon", &number(epsilon)).named(prefix);
    for ((_, values), name) in all.into_iter().zip(["weight", "bias", "running_mean", "running_var"]) {
        layer = layer.weight(name, &[channels], Rc::new(values));
    }
    let shape = x.shape.clone();
    Ok(one(c.stage(layer, &x, shape)))
}

/// Normalisation of the last axes, with a weight for each element of a row.
pub fn layer(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    if c.node.outputs.iter().skip(1).any(|name| !name.is_empty()) {
        return Err("its mean and its deviation are outputs as well, and the layer gives neither".into());
    }
    let first = c.axis(c.integer("axis", -1), x.shape.len())?;
    let sizes = x.shape[first..].to_vec();
    let scale = c.weight(1, "scale")?;
    let bias = if c.has(2) { Some(c.weight(2, "bias")?) } else { None };
    let given = || core::iter::once(&scale).chain(&bias).map(|(known, _)| known);
    if let Some(known) = given().find(|known| known.shape != sizes) {
        return Err(format!("it normalises {sizes:?}, and its weights are {:?}", known.shape));
    }
    let epsilon = epsilon(c, f32::MIN_POSITIVE)?;
    let prefix = c.prefix(&given().collect::<Vec<_>>());
    let mut layer = Layer::new("LayerNorm")
        .unless(&1, "axes", &sizes.len())
        .unless(&number(1e-5), "epsilon", &number(epsilon))
        .unless(&true, "bias", &bias.is_some())
        .named(prefix)
        .weight("weight", &sizes, Rc::new(scale.1));
    if let Some((_, values)) = bias {
        layer = layer.weight("bias", &sizes, Rc::new(values));
    }
    Ok(one(c.stage(layer, &x, x.shape.clone())))
}

/// Normalisation of each channel, or of groups of them, by what the sample has there.
pub fn channels(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let channels = *x.shape.first().filter(|_| x.shape.len() > 1).ok_or("its input has no channels")?;
    let mut layer = if c.node.operator == "GroupNormalization" {
        if c.opset < 21 {
            return Err("before opset 21 it has a scale for each group: export the network with opset_version=17 or 21".into());
        }
        let groups = usize::try_from(c.integer("num_groups", 0)).unwrap_or_default();
        if groups == 0 || channels % groups != 0 {
            return Err(format!("it makes {groups} groups of {channels} channels"));
        }
        Layer::new("GroupNorm").with("groups", groups)
    } else {
        Layer::new("InstanceNorm").with("affine", true)
    };
    let all = [c.weight(1, "scale")?, c.weight(2, "bias")?];
    if let Some((known, _)) = all.iter().find(|(known, _)| known.shape != [channels]) {
        return Err(format!("its input has {channels} channels, and its weights {:?}", known.shape));
    }
    let epsilon = epsilon(c, f32::MIN_POSITIVE)?;
    layer = layer.with("live", true).unless(&number(1e-5), "epsilon", &number(epsilon));
    layer = layer.named(c.prefix(&all.iter().map(|(known, _)| known).collect::<Vec<_>>()));
    for ((_, values), name) in all.into_iter().zip(["weight", "bias"]) {
        layer = layer.weight(name, &[channels], Rc::new(values));
    }
    Ok(one(c.stage(layer, &x, x.shape.clone())))
}

/// What is added to the variance: finite, and no less than this.
fn epsilon(c: &Context, least: f32) -> Result<f32, String> {
    let epsilon = c.float("epsilon", 1e-5);
    if epsilon >= least && epsilon.is_finite() { Ok(epsilon) } else { Err(format!("its epsilon is {epsilon}")) }
}
