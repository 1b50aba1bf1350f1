//! Smooth functions of one element, the magnitude, the sign, and the softmax of a row.

use super::context::{Context, Translated, one};
use crate::network::{Layer, number};

/// Operators that are layers of the same name, without fields.
const SAME: [&str; 13] = ["Abs", "Cos", "Erf", "Exp", "Log", "Mish", "Reciprocal", "Sigmoid", "Sign", "Sin", "Softplus", "Sqrt", "Tanh"];

/// PyTorch's constants of the scaled exponential linear unit, which are ONNX's as well.
const SELU: (f32, f32) = (1.673_263_2, 1.050_701);

pub fn smooth(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let layer = match c.node.operator {
        "Elu" => {
            let alpha = c.float("alpha", 1.0);
            if !alpha.is_finite() {
                return Err(format!("its alpha is {alpha}, which is no number"));
            }
            Layer::new("Elu").unless(&number(1.0), "alpha", &number(alpha))
        }
        "Selu" => {
            let (alpha, gamma) = (c.float("alpha", SELU.0), c.float("gamma", SELU.1));
            let usual = (alpha - SELU.0).abs() < 1e-5 && (gamma - SELU.1).abs() < 1e-5;
            if !usual {
                return Err(format!(
                    "its alpha is {alpha} and its gamma {gamma}, and PyTorch's alone have a layer: write it as Elu and Mul"
                ));
            }
            Layer::new("Selu")
        }
        "Gelu" => {
            let form = c.text("approximate").unwrap_or_else(|| "none".into());
            let tanh = match form.as_str() {
                "none" => false,
                "tanh" => true,
                other => return Err(format!("its approximate is `{}`, and there are `none` and `tanh`", crate::error::shown(other))),
            };
            Layer::new("Gelu").unless(&false, "tanh", &tanh)
        }
        operator => {
            let name = SAME.iter().find(|name| **name == operator).ok_or_else(|| super::unknown::advice(operator))?;
            if matches!(*name, "Log" | "Reciprocal") {
                c.positive(name, "values");
            }
            Layer::new(name)
        }
    };
    Ok(one(c.elementwise(layer, &x)))
}

/// `Softmax` and `LogSoftmax` along one axis. Before opset 13 they joined all axes from the one they name; that is a row where but one of these has
/// more than one element.
pub fn softmax(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let rank = x.shape.len();
    let axis = if c.opset >= 13 {
        c.axis(c.integer("axis", -1), rank)?
    } else {
        let first = c.axis(c.integer("axis", 1), rank)?;
        let mut long = (first..rank).filter(|a| x.shape[*a] != 1);
        match (long.next(), long.next()) {
            (None, _) => first,
            (Some(only), None) => only,
            _ => {
                return Err(format!(
                    "before opset 13 it is one of all elements of {:?} together: export the network with opset_version=17, or flatten them before it",
                    &x.shape[first..]
                ));
            }
        }
    };
    let layer = Layer::new(if c.node.operator == "Softmax" { "Softmax" } else { "LogSoftmax" }).unless(&0, "axis", &axis);
    Ok(one(c.stage(layer, &x, x.shape.clone())))
}
