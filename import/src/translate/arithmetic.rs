//! Sums, differences, products and quotients: of values with each other, and with constants.

use super::context::{Context, Translated, one};
use crate::network::{Layer, Secret};
use crate::tensor::{Known, elements, together};
use std::rc::Rc;

pub fn arithmetic(c: &mut Context) -> Translated {
    match c.node.operator {
        "Neg" => {
            let x = c.secret(0)?;
            Ok(one(c.scale(&x, -1.0, 0.0)))
        }
        "Pow" => power(c),
        "Sum" | "Mean" => sum(c),
        "Max" | "Min" => extreme(c),
        _ => binary(c),
    }
}

fn binary(c: &mut Context) -> Translated {
    let operator = c.node.operator;
    match (c.known(0), c.known(1)) {
        (None, None) => {
            let (a, b) = (c.secret(0)?, c.secret(1)?);
            pair(c, &a, &b)
        }
        (None, Some(k)) => {
            let x = c.secret(0)?;
            constant(c, &x, &k, operator)
        }
        (Some(k), None) => {
            let x = c.secret(1)?;
            match operator {
                "Sub" => {
                    let x = c.scale(&x, -1.0, 0.0);
                    constant(c, &x, &k, "Add")
                }
                "Div" => {
                    c.positive("Div", "divisors");
                    let x = c.elementwise(Layer::new("Reciprocal"), &x);
                    constant(c, &x, &k, "Mul")
                }
                other => constant(c, &x, &k, other),
            }
        }
        (Some(_), Some(_)) => Err("both of its inputs are constants: fold constants before, with onnxsim or onnxruntime".into()),
    }
}

/// Two values of the network.
fn pair(c: &mut Context, a: &Secret, b: &Secret) -> Translated {
    if a.shape.len() != b.shape.len() {
        return Err(format!("its inputs are {:?} and {:?} beside the samples: give both the same number of axes", a.shape, b.shape));
    }
    let shape = together(&a.shape, &b.shape).ok_or_else(|| format!("its inputs {:?} and {:?} do not fit together", a.shape, b.shape))?;
    let scope = c.scope();
    let y = match c.node.operator {
        "Add" if a == b => return Ok(one(c.scale(a, 2.0, 0.0))),
        "Mul" if a == b => c.elementwise(Layer::new("Square"), a),
        "Mul" if gate(c, a, b) => c.elementwise(Layer::new("HardSwish"), a),
        "Mul" if gate(c, b, a) => c.elementwise(Layer::new("HardSwish"), b),
        operator => {
            let layer = Layer::new(match operator {
                "Add" => "Add",
                "Sub" => "Sub",
                "Mul" => "Mul",
                "Max" => "Maximum",
                "Min" => "Minimum",
                _ => {
                    c.positive("Div", "divisors");
                    "Div"
                }
            });
            if a.shape == b.shape { c.net.together(layer, &[a, b], &scope) } else { c.net.stage(layer, &[a, b], shape, &scope) }
        }
    };
    Ok(one(y))
}

/// Whether `b` is the hard sigmoid of `a`: their product has a layer.
fn gate(c: &Context, a: &Secret, b: &Secret) -> bool {
    c.net.layer(b).is_some_and(|l| l.name == "HardSigmoid") && c.net.before(b) == *a
}

/// A value and a constant.
fn constant(c: &mut Context, x: &Secret, known: &Known, operator: &str) -> Translated {
    let mut values = known.floats().ok_or("it computes with the number of samples")?;
    match operator {
        "Sub" => values.iter_mut().for_each(|v| *v = -*v),
        "Div" => values.iter_mut().for_each(|v| *v = 1.0 / *v),
        _ => {}
    }
    if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
        return Err(format!("its constant is {bad}, or it divides by 0"));
    }
    let adds = matches!(operator, "Add" | "Sub");
    if let [value] = values.as_slice() {
        return Ok(one(if adds { c.scale(x, 1.0, *value) } else { c.scale(x, *value, 0.0) }));
    }
    // axes in front are those of the sample, or of the samples
    let own: Vec<usize> = known.shape.iter().copied().skip_while(|n| *n == 1).collect();
    let rank = x.shape.len();
    let shape: Vec<usize> = core::iter::repeat_n(1, rank.saturating_sub(own.len())).chain(own).collect();
    if shape.len() != rank || together(&shape, &x.shape).as_ref() != Some(&x.shape) {
        return Err(format!("its constant has the shape {:?}, and its input {:?} beside the samples", known.shape, x.shape));
    }
    if adds && let Some(y) = bias(c, x, &shape, &values, known) {
        return Ok(one(y));
    }
    let prefix = c.prefix(&[known]);
    let scope = c.scope();
    let axes: Vec<usize> = (0..rank).filter(|a| shape[*a] != 1).collect();
    if let [axis] = axes.as_slice() {
        let (factor, offset) = if adds {
            (vec![1.0; values.len()], values)
        } else {
            let n = values.len();
            (values, vec![0.0; n])
        };
        return Ok(one(c.net.affine(x, *axis, factor, offset, (&prefix, &scope))));
    }
    // a constant for each element
    let count = elements(&x.shape).filter(|n| *n <= 1 << 24).ok_or("its constant is too large")?;
    let wide =
        crate::tensor::Tensor::real(&shape, values, "").broadcast(&x.shape).and_then(|t| t.floats()).ok_or("its constant does not fit")?;
    let (factor, offset) = if adds { (vec![1.0; count], wide) } else { (wide, vec![0.0; count]) };
    let flat = c.reshape(x, vec![count]);
    let y = c.net.affine(&flat, 0, factor, offset, (&prefix, &scope));
    Ok(one(c.reshape(&y, x.shape.clone())))
}

/// A constant added to a product without a bias is its bias.
#[allow(clippy::case_sensitive_file_extension_comparisons, reason = "a name of a weight, not of a file")]
fn bias(c: &mut Context, x: &Secret, shape: &[usize], values: &[f32], known: &Known) -> Option<Secret> {
    let layer = c.net.layer(x)?;
    let last = x.shape.len() - 1;
    let (axis, out) = match layer.name {
        "Linear" => (last, x.shape[last]),
        "Conv1d" | "Conv2d" | "Conv3d" | "ConvTranspose1d" | "ConvTranspose2d" | "DepthwiseConv1d" | "DepthwiseConv2d" => (0, x.shape[0]),
        _ => return None,
    };
    let along = shape.iter().enumerate().all(|(a, n)| *n == if a == axis { out } else { 1 });
    if layer.field("bias") != Some("false") || !along {
        return None;
    }
    let mut layer = layer.clone().weight("bias", &[out], Rc::new(values.to_vec()));
    layer.fields.retain(|(name, _)| *name != "bias");
    // the exporter has moved the weight, and with it its name
    if !known.origin.is_empty() && known.origin.ends_with(".bias") {
        layer.prefix = c.prefix(&[known]);
    }
    let before = c.net.before(x);
    Some(c.stage(layer, &before, x.shape.clone()))
}

/// A whole power of at most 8, a root, or the reciprocal of one.
fn power(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let exponent = c.constant(1, "exponent")?.and_then(|e| e.scalar()).ok_or("its exponent is not one number")?;
    let layer = match exponent {
        1.0 => return Ok(one(x)),
        2.0 => Layer::new("Square"),
        0.5 => Layer::new("Sqrt"),
        -0.5 => {
            c.positive("Pow", "values");
            Layer::new("InverseSqrt")
        }
        -1.0 => {
            c.positive("Pow", "values");
            Layer::new("Reciprocal")
        }
        n if n.fract() == 0.0 && (3.0..=8.0).contains(&n) => {
            let mut coefficients = vec!["0.0"; n as usize];
            coefficients.push("1.0");
            Layer::new("Polynomial").with("coefficients", format!("&[{}]", coefficients.join(", ")))
        }
        other => return Err(format!("its exponent is {other}: whole ones from 1 to 8, 0.5, -0.5 and -1 have a layer")),
    };
    Ok(one(c.elementwise(layer, &x)))
}

/// The sum or the mean of several values.
fn sum(c: &mut Context) -> Translated {
    let all: Vec<Secret> = (0..c.inputs.len()).map(|i| c.secret(i)).collect::<Result<_, String>>()?;
    let first = all.first().ok_or("it has no inputs")?;
    if all.iter().any(|x| x.shape != first.shape) {
        return Err("its inputs have different shapes".into());
    }
    let refs: Vec<&Secret> = all.iter().collect();
    let scope = c.scope();
    let y = if all.len() == 1 { first.clone() } else { c.net.together(Layer::new("Add"), &refs, &scope) };
    Ok(one(if c.node.operator == "Mean" { c.scale(&y, 1.0 / all.len() as f32, 0.0) } else { y }))
}

/// The larger or the smaller one of two values, or of a value and a number: a ReLU around it.
fn extreme(c: &mut Context) -> Translated {
    let given: Vec<Option<Known>> = (0..c.inputs.len()).map(|i| c.known(i)).collect();
    match given.as_slice() {
        [None, Some(k)] | [Some(k), None] => {
            let x = c.secret(usize::from(given[0].is_some()))?;
            let bound = k.scalar().filter(|b| b.is_finite()).ok_or("it compares with a constant that is not one number")?;
            // min(x, b) = b - relu(b - x)
            let (sign, offset) = if c.node.operator == "Max" { (1.0, -bound) } else { (-1.0, bound) };
            let beyond = c.scale(&x, sign, offset);
            let beyond = c.elementwise(Layer::new("Relu"), &beyond);
            Ok(one(c.scale(&beyond, sign, bound)))
        }
        [None, None] => {
            let (a, b) = (c.secret(0)?, c.secret(1)?);
            pair(c, &a, &b)
        }
        _ => Err("it compares more than two values: compare them two by two".into()),
    }
}
