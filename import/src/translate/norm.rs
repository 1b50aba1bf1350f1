//! Normalisation with fixed statistics.

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
    let epsilon = c.float("epsilon", 1e-5);
    if !(epsilon >= 0.0 && epsilon.is_finite()) {
        return Err(format!("its epsilon is {epsilon}"));
    }
    let prefix = c.prefix(&all.iter().map(|(known, _)| known).collect::<Vec<_>>());
    let mut layer = Layer::new("BatchNorm").unless(&number(1e-5), "epsilon", &number(epsilon)).named(prefix);
    for ((_, values), name) in all.into_iter().zip(["weight", "bias", "running_mean", "running_var"]) {
        layer = layer.weight(name, &[channels], Rc::new(values));
    }
    let shape = x.shape.clone();
    Ok(one(c.stage(layer, &x, shape)))
}
