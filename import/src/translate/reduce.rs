//! Operators that leave axes out: means, sums, maxima, and the places of the largest values.

use super::context::{Context, Translated, Value, one};
use super::pool::global;
use crate::network::{Layer, Secret, list};

pub fn reduce(c: &mut Context) -> Translated {
    match c.node.operator {
        "ArgMax" => argmax(c),
        "TopK" => topk(c),
        _ => over_axes(c),
    }
}

fn over_axes(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let rank = x.shape.len();
    let keep = c.integer("keepdims", 1) != 0;
    let axes = match c.list("axes", 1)? {
        Some(axes) if !axes.is_empty() => c.axes(&axes, rank)?,
        _ if c.integer("noop_with_empty_axes", 0) != 0 => return Ok(one(x)),
        _ => return Err("it reduces all axes, with them that of the samples: say which axes".into()),
    };
    let spatial = rank > 1 && axes.len() == rank - 1 && axes[0] == 1;
    if spatial && c.node.operator != "ReduceSum" {
        let layer = if c.node.operator == "ReduceMean" { "GlobalAvgPool" } else { "GlobalMaxPool" };
        return Ok(one(global(c, &x, layer, keep)));
    }
    let layer = match c.node.operator {
        "ReduceMean" => "Mean",
        "ReduceSum" => "Sum",
        _ => return largest(c, &x, &axes, keep),
    };
    let shape = without(&x.shape, &axes, keep);
    let layer = Layer::new(layer).with("axes", list(&axes)).unless(&false, "keep", &keep);
    Ok(one(c.stage(layer, &x, shape)))
}

fn without(shape: &[usize], axes: &[usize], keep: bool) -> Vec<usize> {
    let all = shape.iter().enumerate();
    if keep {
        all.map(|(a, n)| if axes.contains(&a) { 1 } else { *n }).collect()
    } else {
        all.filter(|(a, _)| !axes.contains(a)).map(|(_, n)| *n).collect()
    }
}

/// The largest over any axes: they come last, and are pooled as if they were spatial.
#[allow(clippy::unnecessary_wraps, reason = "all translations may fail")]
fn largest(c: &mut Context, x: &Secret, axes: &[usize], keep: bool) -> Translated {
    let rank = x.shape.len();
    let kept: Vec<usize> = (0..rank).filter(|a| !axes.contains(a)).collect();
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let (outer, inner): (usize, usize) = (kept.iter().map(|a| x.shape[*a]).product(), axes.iter().map(|a| x.shape[*a]).product());
    let turned = c.permute(x, &order);
    let rows = c.reshape(&turned, vec![outer, inner]);
    let y = c.stage(Layer::new("GlobalMaxPool"), &rows, vec![outer]);
    Ok(one(c.reshape(&y, without(&x.shape, axes, keep))))
}

fn argmax(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    if c.integer("select_last_index", 0) != 0 {
        return Err("of equal values it takes the last one, and the layer the first one".into());
    }
    let axis = c.axis(c.integer("axis", 0), x.shape.len())?;
    let mut shape = x.shape.clone();
    shape.remove(axis);
    let mut y = c.stage(Layer::new("ArgMax").unless(&0, "axis", &axis), &x, shape.clone());
    if c.integer("keepdims", 1) != 0 {
        shape.insert(axis, 1);
        let layer = Layer::new("Reshape").with("to", list(&shape));
        y = c.stage(layer, &y, shape);
    }
    Ok(vec![Value::Index(y)])
}

fn topk(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let k = c.list("k", 1)?.and_then(|k| k.first().copied()).and_then(|k| usize::try_from(k).ok()).ok_or("its k is missing")?;
    let axis = c.axis(c.integer("axis", -1), x.shape.len())?;
    if c.integer("largest", 1) == 0 {
        return Err("it takes the smallest values, and the layer the largest: negate the values before it".into());
    }
    if k == 0 || k > x.shape[axis] {
        return Err(format!("it takes {k} of {} values", x.shape[axis]));
    }
    let mut shape = x.shape.clone();
    shape[axis] = k;
    let given = |i: usize| c.node.outputs.get(i).is_some_and(|o| !o.is_empty());
    let (values, places) = (given(0), given(1));
    let layer = |name| Layer::new(name).with("k", k).unless(&0, "axis", &axis);
    // each output has a layer of its own, which is left out where nothing reads it
    let found = if values { Value::Secret(c.stage(layer("TopKValues"), &x, shape.clone())) } else { Value::Failed };
    let at = if places { Value::Index(c.stage(layer("TopK"), &x, shape)) } else { Value::Failed };
    Ok(vec![found, at])
}
