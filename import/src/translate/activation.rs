//! Piecewise functions of one element.

use super::context::{Context, Translated, one};
use crate::network::{Layer, Secret, number};
use std::rc::Rc;

pub fn activation(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    for name in ["alpha", "beta"] {
        let value = c.float(name, 0.0);
        if !value.is_finite() {
            return Err(format!("its {name} is {value}, which is no number"));
        }
    }
    let layer = match c.node.operator {
        "Relu" => Layer::new("Relu"),
        "LeakyRelu" => Layer::new("LeakyRelu").unless(&number(0.01), "slope", &number(c.float("alpha", 0.01))),
        "PRelu" => return prelu(c, &x),
        "Clip" => match clip(c)? {
            (None, None) => return Ok(one(x)),
            (Some(0.0), None) => Layer::new("Relu"),
            (Some(0.0), Some(6.0)) => Layer::new("Relu6"),
            (Some(min), Some(max)) if min < max => {
                Layer::new("HardTanh").unless(&number(-1.0), "min", &number(min)).unless(&number(1.0), "max", &number(max))
            }
            (Some(min), Some(max)) => return Err(format!("it keeps values between {min} and {max}")),
            // one bound is a ReLU around it
            (Some(min), None) => {
                let low = c.scale(&x, 1.0, -min);
                let low = c.elementwise(Layer::new("Relu"), &low);
                return Ok(one(c.scale(&low, 1.0, min)));
            }
            (None, Some(max)) => {
                let high = c.scale(&x, -1.0, max);
                let high = c.elementwise(Layer::new("Relu"), &high);
                return Ok(one(c.scale(&high, -1.0, max)));
            }
        },
        "HardSigmoid" => return hard_sigmoid(c, &x),
        "HardSwish" => Layer::new("HardSwish"),
        "Softsign" => Layer::new("Softsign"),
        other => return Err(super::unknown::advice(other)),
    };
    Ok(one(c.elementwise(layer, &x)))
}

/// The bounds, where there are some.
fn clip(c: &Context) -> Result<(Option<f32>, Option<f32>), String> {
    let bound = |index: usize, name: &str| -> Result<Option<f32>, String> {
        let given = match c.constant(index, name)? {
            Some(known) => Some(known.scalar().ok_or_else(|| format!("its {name} is no number"))?),
            None => c.node.attribute(name).and_then(|a| a.float),
        };
        match given {
            Some(bound) if bound.is_nan() => Err(format!("its {name} is no number")),
            // the largest numbers of 32 bits mean that there is no bound
            other => Ok(other.filter(|b| b.abs() < f32::MAX)),
        }
    };
    Ok((bound(1, "min")?, bound(2, "max")?))
}

/// `max(0, min(1, alpha x + beta))`: PyTorch's slope is a sixth, others are scaled before it.
#[allow(clippy::unnecessary_wraps, reason = "all translations may fail")]
fn hard_sigmoid(c: &mut Context, x: &Secret) -> Translated {
    let (alpha, beta) = (c.float("alpha", 0.2), c.float("beta", 0.5));
    let sixth = 1.0 / 6.0;
    if (alpha - sixth).abs() < 1e-5 && (beta - 0.5).abs() < 1e-6 {
        return Ok(one(c.elementwise(Layer::new("HardSigmoid"), x)));
    }
    let inner = c.scale(x, alpha, beta);
    let layer = Layer::new("HardTanh").with("min", number(0.0));
    Ok(one(c.elementwise(layer, &inner)))
}

/// A slope for all elements, or one a channel.
fn prelu(c: &mut Context, x: &Secret) -> Translated {
    let (known, values) = c.weight(1, "slope")?;
    let channels = x.shape.first().copied().unwrap_or(1);
    let shape: Vec<usize> = known.shape.iter().copied().skip_while(|n| *n == 1).collect();
    // one a channel stands before the spatial axes, which it has as ones
    let a_channel = shape.first() == Some(&channels) && shape[1..].iter().all(|n| *n == 1) && shape.len() == x.shape.len();
    let per_channel = a_channel || (shape == [channels] && x.shape.len() == 1);
    if !(shape.is_empty() || per_channel) {
        return Err(format!("its slopes have the shape {:?}: there is one for all elements, or one a channel", known.shape));
    }
    let prefix = c.prefix(&[&known]);
    let n = values.len();
    let layer = Layer::new("PRelu").unless(&false, "per_channel", &per_channel).weight("weight", &[n], Rc::new(values)).named(prefix);
    Ok(one(c.stage(layer, x, x.shape.clone())))
}
