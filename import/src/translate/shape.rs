//! Operators that give the same elements other dimensions. The first dimension of the file, that of the samples, has to stay the first.

use super::context::{Context, Translated, Value, one};
use crate::network::Secret;
use crate::tensor::Whole;

pub fn shape(c: &mut Context) -> Translated {
    // an index may be moved as well
    if let Some(Some(Value::Index(x))) = c.inputs.first().cloned() {
        let y = moved(c, &x)?;
        return Ok(vec![Value::Index(y)]);
    }
    let x = c.secret(0)?;
    Ok(one(moved(c, &x)?))
}

fn moved(c: &mut Context, x: &Secret) -> Result<Secret, String> {
    let rank = x.shape.len();
    let shape = match c.node.operator {
        "Reshape" => reshaped(c, x)?,
        "Flatten" => {
            let axis = c.integer("axis", 1);
            let axis = usize::try_from(if axis < 0 { axis + rank as i64 + 1 } else { axis })
                .ok()
                .filter(|a| *a <= rank + 1)
                .ok_or("it has no such axis")?;
            // axes of one element may go to the samples
            if axis == 0 || x.shape[..axis - 1].iter().any(|n| *n != 1) {
                return Err("it joins the samples with another axis, and each sample is computed by itself".into());
            }
            vec![x.shape.iter().product()]
        }
        "Squeeze" => {
            let axes = match c.list("axes", 1)? {
                Some(axes) => c.axes(&axes, rank)?,
                None if c.batch == Some(1) => {
                    return Err("it leaves out every axis of one element, and that of the samples is one: say which axes".into());
                }
                None => (0..rank).filter(|a| x.shape[*a] == 1).collect(),
            };
            if let Some(axis) = axes.iter().find(|a| x.shape[**a] != 1) {
                return Err(format!("it leaves out axis {}, which has {} elements", axis + 1, x.shape[*axis]));
            }
            (0..rank).filter(|a| !axes.contains(a)).map(|a| x.shape[a]).collect()
        }
        _ => {
            let axes = c.list("axes", 1)?.ok_or("its axes are missing")?;
            // counted in the result
            let axes = c.axes(&axes, rank + axes.len())?;
            let mut shape = x.shape.clone();
            for axis in axes {
                if axis > shape.len() {
                    return Err(format!("its result has no axis {}", axis + 1));
                }
                shape.insert(axis, 1);
            }
            shape
        }
    };
    Ok(c.reshape(x, shape))
}

/// The shape of a sample that a `Reshape` asks for.
#[allow(clippy::match_same_arms, reason = "one arm for each way to say it")]
fn reshaped(c: &Context, x: &Secret) -> Result<Vec<usize>, String> {
    let to = c.known(1).ok_or("its shape is computed while the network runs from more than shapes: write it as numbers")?;
    let wanted = to.wholes().ok_or("its shape is no list of whole numbers")?.to_vec();
    let across = || format!("it makes {} of {:?}, and the first axis has to stay that of the samples", listed(&wanted), x.shape);
    let Some((first, rest)) = wanted.split_first() else { return Err(across()) };
    let count: usize = x.shape.iter().product();
    let as_it_is = c.integer("allowzero", 0) == 0;
    let mut shape: Vec<Option<usize>> = vec![];
    for (i, size) in rest.iter().enumerate() {
        shape.push(match size {
            Whole::Batch => return Err(across()),
            Whole::Number(0) if as_it_is => Some(*x.shape.get(i).ok_or_else(across)?),
            Whole::Number(-1) => None,
            Whole::Number(n) => Some(usize::try_from(*n).ok().filter(|n| *n > 0).ok_or_else(across)?),
        });
    }
    let known = shape.iter().flatten().try_fold(1usize, |n, d| n.checked_mul(*d)).filter(|n| *n > 0).ok_or_else(across)?;
    let open = shape.iter().filter(|d| d.is_none()).count();
    // what is left for the open axis, if the samples stay what they are
    let fits = match (first, open) {
        (Whole::Number(-1), 0) => known == count,
        (Whole::Number(n), 0) => (*n == 0 && as_it_is || *n == 1 || Some(*n) == c.batch) && known == count,
        (Whole::Batch, 0) => known == count,
        (Whole::Number(n), 1) => (*n == 0 && as_it_is || *n == 1 || Some(*n) == c.batch) && count.is_multiple_of(known),
        (Whole::Batch, 1) => count.is_multiple_of(known),
        _ => false,
    };
    if !fits {
        return Err(across());
    }
    Ok(shape.into_iter().map(|d| d.unwrap_or(count / known)).collect())
}

fn listed(sizes: &[Whole]) -> String {
    let all: Vec<String> = sizes.iter().take(9).map(|s| if let Whole::Number(n) = s { n.to_string() } else { "samples".into() }).collect();
    format!("[{}]", all.join(", "))
}
