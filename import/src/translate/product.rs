//! Matrix products: with weights a linear layer, of two values a layer of their own.

use super::context::{Context, Translated, one};
use crate::network::{Layer, Secret};
use crate::tensor::Known;
use std::rc::Rc;

/// `alpha x W + beta b`.
pub fn gemm(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let (known, values) = c.weight(1, "weight")?;
    if c.integer("transA", 0) != 0 {
        return Err("it transposes its input, and with it the samples".into());
    }
    let [rows, columns] = *known.shape.as_slice() else { return Err(format!("its weight has the shape {:?}", known.shape)) };
    let turned = c.integer("transB", 0) != 0;
    let (out, width) = if turned { (rows, columns) } else { (columns, rows) };
    if x.shape != [width] || out == 0 {
        return Err(format!("its weight has the shape {:?}, and its input {:?} beside the samples", known.shape, x.shape));
    }
    let (alpha, beta) = (c.float("alpha", 1.0), c.float("beta", 1.0));
    let mut weight = if turned { values } else { transposed(&values, width, out) };
    for w in &mut weight {
        *w *= alpha;
    }
    let mut names = vec![known];
    let mut bias = None;
    if c.has(2) {
        let (known, values) = c.weight(2, "bias")?;
        let flat: Vec<usize> = known.shape.iter().copied().skip_while(|n| *n == 1).collect();
        let all = match values.as_slice() {
            [one] => vec![*one; out],
            _ if flat == [out] => values,
            _ => return Err(format!("its bias has the shape {:?}, and its output {out} elements", known.shape)),
        };
        bias = Some(Rc::new(all.iter().map(|b| b * beta).collect()));
        names.push(known);
    }
    let prefix = c.prefix(&names.iter().collect::<Vec<_>>());
    let layer = linear(out, width, weight, bias, prefix);
    Ok(one(c.stage(layer, &x, vec![out])))
}

fn linear(out: usize, width: usize, weight: Vec<f32>, bias: Option<Rc<Vec<f32>>>, prefix: String) -> Layer {
    let layer = Layer::new("Linear").with("out", out).weight("weight", &[out, width], Rc::new(weight)).named(prefix);
    match bias {
        Some(bias) => layer.weight("bias", &[out], bias),
        None => layer.with("bias", false),
    }
}

/// The matrix of `rows` by `columns` with its axes exchanged.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect()
}

pub fn matmul(c: &mut Context) -> Translated {
    match (c.known(0), c.known(1)) {
        (None, Some(_)) => {
            let x = c.secret(0)?;
            let (known, values) = c.weight(1, "weight")?;
            right(c, &x, &known, &values)
        }
        (Some(_), None) => {
            // (W x)' = x' W'
            let x = c.secret(1)?;
            let (known, values) = c.weight(0, "weight")?;
            let matrix: Vec<usize> = known.shape.iter().copied().skip_while(|n| *n == 1).collect();
            let ([out, width], [height, _]) = (matrix.as_slice(), x.shape.as_slice()) else {
                return Err(format!(
                    "it multiplies a constant of shape {:?} with a value of shape {:?}: only matrices have a layer",
                    known.shape, x.shape
                ));
            };
            if width != height {
                return Err(format!("its inputs have the shapes {:?} and {:?}", known.shape, x.shape));
            }
            let prefix = c.prefix(&[&known]);
            let turned = c.permute(&x, &[1, 0]);
            let shape = vec![turned.shape[0], *out];
            let y = c.stage(linear(*out, *width, values, None, prefix), &turned, shape);
            Ok(one(c.permute(&y, &[1, 0])))
        }
        (None, None) => {
            let (a, b) = (c.secret(0)?, c.secret(1)?);
            let (Some(([m, k], outer)), Some(([l, n], others))) = (matrix(&a), matrix(&b)) else {
                return Err(format!(
                    "its inputs have the shapes {:?} and {:?} beside the samples: matrices have two axes",
                    a.shape, b.shape
                ));
            };
            if k != l || outer != others {
                return Err(format!("its inputs have the shapes {:?} and {:?} beside the samples", a.shape, b.shape));
            }
            let shape = [outer, &[m, n]].concat();
            let scope = c.scope();
            Ok(one(c.net.stage(Layer::new("MatMul"), &[&a, &b], shape, &scope)))
        }
        (Some(_), Some(_)) => Err("both of its inputs are constants: fold constants before, with onnxsim or onnxruntime".into()),
    }
}

fn matrix(x: &Secret) -> Option<([usize; 2], &[usize])> {
    let (outer, last) = x.shape.split_last_chunk()?;
    Some((*last, outer))
}

/// A value times a weight, over its last axis.
fn right(c: &mut Context, x: &Secret, known: &Known, values: &[f32]) -> Translated {
    let vector = known.shape.len() == 1;
    let matrix: Vec<usize> = if vector {
        vec![known.shape[0], 1]
    } else {
        known.shape.iter().copied().skip_while(|n| *n == 1 && known.shape.len() > 2).collect()
    };
    let [width, out] = *matrix.as_slice() else {
        return Err(format!("its weight has the shape {:?}, and a matrix has two axes", known.shape));
    };
    let Some((last, outer)) = x.shape.split_last().filter(|(last, _)| **last == width && out > 0) else {
        return Err(format!("its weight has the shape {:?}, and its input {:?} beside the samples", known.shape, x.shape));
    };
    let prefix = c.prefix(&[known]);
    let layer = linear(out, *last, transposed(values, width, out), None, prefix);
    let shape = [outer, &[out]].concat();
    let y = c.stage(layer, x, shape);
    Ok(one(if vector { c.reshape(&y, outer.to_vec()) } else { y }))
}
