//! Operators that move elements: transposition, joining and cutting, padding.

use super::context::{Context, Translated, Value, one};
use super::fold::range;
use crate::network::{Layer, Secret, list, number};

pub fn movement(c: &mut Context) -> Translated {
    match c.node.operator {
        "Transpose" => transpose(c),
        "Concat" => concat(c),
        "Split" => split(c),
        "Slice" => slice(c),
        "Pad" => padded(c),
        "Gather" => gather(c),
        _ => expand(c),
    }
}

fn transpose(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let all = x.shape.len() + 1;
    let order = c.integers("perm").unwrap_or_else(|| (0..all as i64).rev().collect());
    let order: Vec<usize> = order.iter().map(|n| usize::try_from(*n).unwrap_or(all)).collect();
    if order.len() != all || (0..all).any(|axis| !order.contains(&axis)) {
        return Err(format!("its perm is {order:?}, which is not each of {all} axes once"));
    }
    if order[0] != 0 {
        return Err("it moves the axis of the samples, and each sample is computed by itself: keep that axis first".into());
    }
    let axes: Vec<usize> = order[1..].iter().map(|a| a - 1).collect();
    Ok(one(c.permute(&x, &axes)))
}

fn concat(c: &mut Context) -> Translated {
    let all: Vec<Secret> = (0..c.inputs.len()).map(|i| c.secret(i)).collect::<Result<_, String>>()?;
    let first = all.first().ok_or("it has no inputs")?;
    let axis = c.axis(c.integer("axis", i64::MAX), first.shape.len())?;
    let other = |x: &Secret| [&x.shape[..axis], &x.shape[axis + 1..]].concat();
    if all.iter().any(|x| x.shape.len() != first.shape.len() || other(x) != other(first)) {
        return Err("its inputs have different shapes".into());
    }
    let [x] = all.as_slice() else {
        let mut shape = first.shape.clone();
        shape[axis] = all.iter().map(|x| x.shape[axis]).sum();
        let layer = Layer::new("Concat").unless(&0, "axis", &axis);
        let inputs: Vec<&Secret> = all.iter().collect();
        let scope = c.scope();
        return Ok(one(c.net.stage(layer, &inputs, shape, &scope)));
    };
    Ok(one(x.clone()))
}

/// The elements from `start` on and before `end` of one axis, as a stage unless they are all of them.
pub fn cut(c: &mut Context, x: &Secret, axis: usize, start: usize, end: usize, step: usize) -> Secret {
    if start == 0 && end >= x.shape[axis] && step == 1 {
        return x.clone();
    }
    let mut shape = x.shape.clone();
    shape[axis] = end.saturating_sub(start).div_ceil(step);
    let layer = Layer::new("Slice").unless(&0, "axis", &axis).unless(&0, "start", &start).with("end", end).unless(&1, "step", &step);
    c.stage(layer, x, shape)
}

#[allow(clippy::single_match_else, reason = "two ways to say the same")]
fn split(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let axis = c.axis(c.integer("axis", 0), x.shape.len())?;
    let (size, parts) = (x.shape[axis], c.node.outputs.len());
    let sizes: Vec<usize> = match c.list("split", 1)? {
        Some(sizes) => sizes.iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect(),
        None => {
            let each = size.div_ceil(parts.max(1));
            (0..parts).map(|i| each.min(size.saturating_sub(i * each))).collect()
        }
    };
    if sizes.len() != parts || sizes.contains(&0) || sizes.iter().try_fold(0usize, |n, s| n.checked_add(*s)) != Some(size) {
        return Err(format!("it splits {size} elements into {sizes:?}"));
    }
    let equal = sizes.iter().all(|n| *n == sizes[0]);
    let mut start = 0;
    let mut values = vec![];
    for (part, n) in sizes.iter().enumerate() {
        let mut shape = x.shape.clone();
        shape[axis] = *n;
        let y = if equal && parts > 1 {
            let layer = Layer::new("Split").unless(&0, "axis", &axis).with("parts", parts).with("part", part);
            c.stage(layer, &x, shape)
        } else {
            cut(c, &x, axis, start, start + n, 1)
        };
        values.push(Value::Secret(y));
        start += n;
    }
    Ok(values)
}

fn slice(c: &mut Context) -> Translated {
    let mut x = c.secret(0)?;
    let need = |list: Option<Vec<i64>>, what: &str| list.ok_or_else(|| format!("its {what} are missing"));
    let (starts, ends) = (need(c.list("starts", 1)?, "starts")?, need(c.list("ends", 2)?, "ends")?);
    let axes = c.list("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = c.list("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("its starts, ends, axes and steps are not as many".into());
    }
    for (((start, end), axis), step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let rank = x.shape.len();
        if matches!(*axis, 0) || *axis == -(rank as i64) - 1 {
            // all of the samples is none of them left out
            if *start == 0 && *end >= i64::from(i32::MAX) && *step == 1 {
                continue;
            }
            return Err("it takes some of the samples, and each sample is computed by itself".into());
        }
        let axis = c.axis(*axis, rank)?;
        let (first, length) = range(*start, *end, *step, x.shape[axis]).ok_or("it goes backwards, and slices go forwards")?;
        if length == 0 {
            return Err("it leaves nothing".into());
        }
        let step = *step as usize;
        // the end as a reader would write it: behind the last element that is taken
        let end = first + (length - 1) * step + 1;
        let end = if step == 1 { end } else { (first + length * step).min(x.shape[axis]) };
        x = cut(c, &x, axis, first, end, step);
    }
    Ok(one(x))
}

/// Elements around a value, one pair an axis of the sample.
pub fn pad(c: &mut Context, x: &Secret, pads: &[(usize, usize)], mode: &str, value: f32) -> Secret {
    if pads.iter().all(|p| *p == (0, 0)) {
        return x.clone();
    }
    let shape = x.shape.iter().zip(pads).map(|(n, (before, after))| n + before + after).collect();
    let (before, after): (Vec<usize>, Vec<usize>) = pads.iter().copied().unzip();
    let mut layer = Layer::new("Pad").with("before", list(&before)).with("after", list(&after));
    if mode != "Constant" {
        layer = layer.with("mode", format!("Padding::{mode}"));
    } else if value != 0.0 {
        layer = layer.with("value", number(value));
    }
    c.stage(layer, x, shape)
}

fn padded(c: &mut Context) -> Translated {
    let mut x = c.secret(0)?;
    let rank = x.shape.len();
    let mode = match c.text("mode").as_deref() {
        None | Some("constant") => "Constant",
        Some("reflect") => "Reflect",
        Some("edge") => "Replicate",
        Some(other) => return Err(format!("its mode is `{other}`, and constants, reflection and the edge are the modes that there are")),
    };
    let pads = c.list("pads", 1)?.ok_or("its pads are missing")?;
    let value = c.constant(2, "value")?.map_or(Some(0.0), |v| v.scalar()).ok_or("its value is no number")?;
    let axes = match c.constant(3, "axes")? {
        Some(axes) => axes.integers().ok_or("its axes are no whole numbers")?,
        None => (0..=rank as i64).collect(),
    };
    if !value.is_finite() {
        return Err(format!("it pads with {value}, and every value is a number within the range of the plan"));
    }
    if pads.len() != 2 * axes.len() || pads.iter().any(|n| n.unsigned_abs() >= 1 << 24) {
        return Err(format!("its pads are {pads:?} for {} axes", axes.len()));
    }
    let mut all = vec![(0, 0); rank];
    for (i, axis) in axes.iter().enumerate() {
        let (before, after) = (pads[i], pads[axes.len() + i]);
        if (before, after) == (0, 0) {
            continue;
        }
        let axis = c.axis(*axis, rank)?;
        // less than nothing is cut off
        let (from, to) = (before.min(0).unsigned_abs() as usize, after.min(0).unsigned_abs() as usize);
        let end = x.shape[axis].checked_sub(to).filter(|end| *end > from).ok_or("it cuts off everything")?;
        x = cut(c, &x, axis, from, end, 1);
        all[axis] = (before.max(0) as usize, after.max(0) as usize);
    }
    if mode == "Reflect" && all.iter().zip(&x.shape).any(|((before, after), n)| before >= n || after >= n) {
        return Err("it reflects more elements than there are".into());
    }
    Ok(one(pad(c, &x, &all, mode, value)))
}

/// One element of an axis, or neighbours.
fn gather(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let axis = c.axis(c.integer("axis", 0), x.shape.len())?;
    let known = c.constant(1, "indices")?.ok_or("its indices are missing")?;
    let size = x.shape[axis] as i64;
    let indices = known.integers().ok_or("its indices depend on the number of samples")?;
    let indices: Vec<i64> = indices.iter().map(|i| if *i < 0 { i.saturating_add(size) } else { *i }).collect();
    let first = *indices.first().ok_or("it takes nothing")?;
    let step = indices.get(1).map_or(1, |second| second.saturating_sub(first));
    let regular = indices.windows(2).all(|w| w[1].checked_sub(w[0]) == Some(step));
    if known.shape.len() > 1 || step < 1 || !regular || first < 0 || indices.last().is_some_and(|last| *last >= size) {
        return Err("it takes elements in an order that no slice has: leave them in their order".into());
    }
    let (start, step) = (first as usize, step as usize);
    let end = indices[indices.len() - 1] as usize + 1;
    let y = cut(c, &x, axis, start, if step == 1 { end } else { (start + indices.len() * step).min(x.shape[axis]) }, step);
    if !known.shape.is_empty() {
        return Ok(one(y));
    }
    let mut shape = y.shape.clone();
    shape.remove(axis);
    Ok(one(c.reshape(&y, shape)))
}

/// To the shape that a value has already; everything else is up to what reads it.
fn expand(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let to = c.known(1).ok_or("its shape is computed while the network runs, and has to be a constant")?;
    let sizes = to.wholes().ok_or("its shape is no list of whole numbers")?;
    let skip = (x.shape.len() + 1).checked_sub(sizes.len()).ok_or("its shape has more axes than its input")?;
    let own = core::iter::once(None).chain(x.shape.iter().map(|d| Some(*d as i64))).skip(skip);
    let same = sizes.iter().zip(own).all(|(to, own)| match (to, own) {
        (crate::tensor::Whole::Batch, own) => own.is_none(),
        (crate::tensor::Whole::Number(n), Some(own)) => *n == own || *n == 1,
        (crate::tensor::Whole::Number(n), None) => *n == 1 || Some(*n) == c.batch,
    });
    if same { Ok(one(x)) } else { Err("it repeats elements: leave it out where the operator after it broadcasts, or use Resize".into()) }
}
