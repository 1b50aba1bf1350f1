//! Pools: of windows, and of everything.

use super::context::{Context, Translated, one};
use super::conv::Window;
use super::movement::pad;
use crate::network::{Layer, Secret};

pub fn pool(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    if x.shape.len() < 2 {
        return Err(format!("its input has the shape {:?}, and a pool works over spatial axes", x.shape));
    }
    match c.node.operator {
        "GlobalAveragePool" => Ok(one(global(c, &x, "GlobalAvgPool", true))),
        "GlobalMaxPool" => Ok(one(global(c, &x, "GlobalMaxPool", true))),
        "MaxPool" => max(c, x),
        _ => average(c, x),
    }
}

/// All spatial axes in one; where they are kept, with one element each.
pub fn global(c: &mut Context, x: &Secret, layer: &'static str, keep: bool) -> Secret {
    let channels = x.shape[0];
    let y = c.stage(Layer::new(layer), x, vec![channels]);
    let shape = if keep { core::iter::once(channels).chain(x.shape[1..].iter().map(|_| 1)).collect() } else { vec![channels] };
    c.reshape(&y, shape)
}

/// The number of windows along each axis; with `ceil_mode` also those that reach beyond the end, unless they begin there.
fn counts(window: &Window, x: &Secret, ceil: bool) -> Result<Vec<usize>, String> {
    let count = |axis: usize| {
        let (size, stride, (before, after)) = (x.shape[axis + 1], window.strides[axis], window.pads[axis]);
        let floor = window.count(axis, size)?;
        let more = floor + usize::from(!(size + before + after - window.reach(axis)).is_multiple_of(stride));
        Ok(if ceil && (more - 1) * stride < size + before { more } else { floor })
    };
    (0..window.kernel.len()).map(count).collect()
}

#[allow(clippy::needless_range_loop, reason = "several lists have an entry for each axis")]
fn max(c: &mut Context, mut x: Secret) -> Translated {
    if c.node.outputs.iter().skip(1).any(|o| !o.is_empty()) {
        return Err("it gives the places of the largest values as well, and they are secret: give the largest alone".into());
    }
    if c.integer("storage_order", 0) != 0 {
        return Err("it counts places by columns".into());
    }
    let mut window = Window::read(c, &x, None)?;
    let mut ceil = c.integer("ceil_mode", 0) != 0;
    if fitting(&window).is_none() {
        // A window that reaches beyond the edge covers the edge, so repeating the edge changes no maximum.
        if window.dilations.iter().any(|d| *d != 1)
            || window.pads.iter().zip(&window.kernel).any(|((before, after), k)| before >= k || after >= k)
        {
            return Err("it pads by as much as its kernel or more, or by different amounts with dilations".into());
        }
        let counts = counts(&window, &x, ceil)?;
        for axis in 0..window.kernel.len() {
            let needed =
                ((counts[axis] - 1) * window.strides[axis] + window.reach(axis)).saturating_sub(x.shape[axis + 1] + window.pads[axis].0);
            window.pads[axis].1 = window.pads[axis].1.max(needed);
        }
        ceil = false;
        x = around(c, &x, &mut window, "Replicate");
    }
    pooled(c, &x, &window, "Max", ceil, None)
}

fn average(c: &mut Context, mut x: Secret) -> Translated {
    let mut window = Window::read(c, &x, None)?;
    if window.dilations.iter().any(|d| *d != 1) {
        return Err(format!("its dilations are {:?}, and means of windows have none", window.dilations));
    }
    let counted = c.integer("count_include_pad", 0) != 0;
    let ceil = c.integer("ceil_mode", 0) != 0;
    if fitting(&window).is_none() {
        // padding that counts is padding; what `ceil_mode` adds never counts
        if !counted || ceil {
            return Err(
                "its windows at the edges have fewer elements than others, on one side alone: pad by the same on both sides, or with count_include_pad".into()
            );
        }
        x = around(c, &x, &mut window, "Constant");
    }
    pooled(c, &x, &window, "Avg", ceil, Some(counted))
}

/// The padding of a layer, which is the same on both sides and at most half of the kernel.
fn fitting(window: &Window) -> Option<Vec<usize>> {
    window.symmetric().filter(|p| p.iter().zip(&window.kernel).all(|(p, k)| 2 * p <= *k))
}

/// The padding as a stage of its own.
fn around(c: &mut Context, x: &Secret, window: &mut Window, mode: &str) -> Secret {
    let pads: Vec<(usize, usize)> = core::iter::once((0, 0)).chain(window.pads.iter().copied()).collect();
    window.pads.iter_mut().for_each(|p| *p = (0, 0));
    pad(c, x, &pads, mode, 0.0)
}

fn pooled(c: &mut Context, x: &Secret, window: &Window, kind: &str, ceil: bool, counted: Option<bool>) -> Translated {
    let spatial = window.kernel.len();
    let padding = fitting(window).unwrap_or_else(|| vec![0; spatial]);
    let (floor, counts) = (counts(window, x, false)?, counts(window, x, ceil)?);
    let shape = [&x.shape[..1], &counts].concat();
    let name = match (kind, spatial) {
        ("Max", 1) => "MaxPool1d",
        ("Max", 2) => "MaxPool2d",
        ("Max", _) => "MaxPool3d",
        (_, 1) => "AvgPool1d",
        (_, 2) => "AvgPool2d",
        _ => "AvgPool3d",
    };
    let mut layer = Layer::new(name).spatial(2, "kernel", "kernels", &window.kernel);
    // windows touch where nothing else is said
    if window.strides != window.kernel {
        layer = layer.spatial(0, "stride", "strides", &window.strides);
    }
    layer = layer.spatial(0, "padding", "paddings", &padding).spatial(1, "dilation", "dilations", &window.dilations);
    if counts != floor {
        layer = layer.with("ceil_mode", true);
    }
    if counted == Some(false) && padding.iter().any(|p| *p > 0) {
        layer = layer.with("count_include_pad", false);
    }
    Ok(one(c.stage(layer, x, shape)))
}
