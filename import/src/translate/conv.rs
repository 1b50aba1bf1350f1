//! Convolutions and transposed convolutions, over one to three axes.

use super::context::{Context, Translated, one};
use super::movement::{cut, pad};
use crate::network::{Layer, Secret};
use std::rc::Rc;

/// A window over the spatial axes, as convolutions and pools have it.
pub struct Window {
    pub kernel: Vec<usize>,
    pub strides: Vec<usize>,
    pub dilations: Vec<usize>,
    /// Elements added before and after each axis.
    pub pads: Vec<(usize, usize)>,
}

impl Window {
    /// Reads the attributes of a node whose input has this shape; `kernel` is that of the weight, where there is one.
    pub fn read(c: &Context, x: &Secret, kernel: Option<&[usize]>) -> Result<Self, String> {
        let spatial = x.shape.len().saturating_sub(1);
        if !(1..=3).contains(&spatial) {
            return Err(format!("it works over {spatial} axes, and layers do over one to three"));
        }
        let sizes = |name: &str, least: i64| -> Result<Option<Vec<usize>>, String> {
            let Some(list) = c.integers(name) else { return Ok(None) };
            let good = list.len() == spatial && list.iter().all(|n| (least..1 << 31).contains(n));
            if good {
                Ok(Some(list.iter().map(|n| *n as usize).collect()))
            } else {
                Err(format!("its {name} are {list:?}, and its input has {spatial} spatial axes"))
            }
        };
        let kernel = match (kernel, sizes("kernel_shape", 1)?) {
            (Some(kernel), Some(said)) if kernel != said => {
                return Err(format!("its kernel_shape is {said:?}, and its weight has {kernel:?}"));
            }
            (Some(kernel), _) => kernel.to_vec(),
            (None, said) => said.ok_or("its kernel_shape is missing")?,
        };
        let strides = sizes("strides", 1)?.unwrap_or_else(|| vec![1; spatial]);
        let dilations = sizes("dilations", 1)?.unwrap_or_else(|| vec![1; spatial]);
        let mut window = Self { kernel, strides, dilations, pads: vec![(0, 0); spatial] };
        match c.text("auto_pad").as_deref() {
            None | Some("NOTSET" | "") => {
                if let Some(pads) = c.integers("pads") {
                    if pads.len() != 2 * spatial || pads.iter().any(|n| !(0..1 << 31).contains(n)) {
                        return Err(format!("its pads are {pads:?}: two numbers of at least 0 are needed for each of {spatial} axes"));
                    }
                    window.pads = (0..spatial).map(|i| (pads[i] as usize, pads[spatial + i] as usize)).collect();
                }
            }
            Some("VALID") => {}
            Some(same @ ("SAME_UPPER" | "SAME_LOWER")) => {
                for i in 0..spatial {
                    let size = x.shape[i + 1];
                    let total = ((size.div_ceil(window.strides[i]) - 1) * window.strides[i] + window.reach(i)).saturating_sub(size);
                    let (less, more) = (total / 2, total - total / 2);
                    window.pads[i] = if same == "SAME_UPPER" { (less, more) } else { (more, less) };
                }
            }
            Some(other) => return Err(format!("its auto_pad is `{other}`, which is no way to pad")),
        }
        Ok(window)
    }

    /// How many elements of an axis one window covers.
    pub fn reach(&self, axis: usize) -> usize {
        self.dilations[axis].saturating_mul(self.kernel[axis] - 1).saturating_add(1)
    }

    /// The padding of each axis, if both sides have the same.
    pub fn symmetric(&self) -> Option<Vec<usize>> {
        self.pads.iter().map(|(before, after)| (before == after).then_some(*before)).collect()
    }

    /// The number of windows along an axis of this size.
    pub fn count(&self, axis: usize, size: usize) -> Result<usize, String> {
        let padded = size.saturating_add(self.pads[axis].0).saturating_add(self.pads[axis].1);
        let room = padded
            .checked_sub(self.reach(axis))
            .ok_or_else(|| format!("its kernel reaches over {} elements, and axis {axis} has {padded}", self.reach(axis)))?;
        Ok(room / self.strides[axis] + 1)
    }
}

pub fn conv(c: &mut Context) -> Translated {
    let mut x = c.secret(0)?;
    let (known, values) = c.weight(1, "weight")?;
    let bias = if c.has(2) { Some(c.weight(2, "bias")?) } else { None };
    let [out, per_group, kernel @ ..] = known.shape.as_slice() else { return Err("its weight has too few axes".into()) };
    let mut window = Window::read(c, &x, Some(kernel))?;
    let groups = usize::try_from(c.integer("group", 1)).ok().filter(|g| *g > 0).ok_or("its group is less than 1")?;
    let channels = x.shape[0];
    if kernel.len() + 1 != x.shape.len()
        || per_group.checked_mul(groups) != Some(channels)
        || !out.is_multiple_of(groups)
        || known.len() == 0
    {
        return Err(format!("its weight is {:?} in {groups} groups, and its input {:?}", known.shape, x.shape));
    }
    if window.symmetric().is_none() {
        x = pad_window(c, &x, &mut window);
    }
    let mut shape = vec![*out];
    for axis in 0..kernel.len() {
        shape.push(window.count(axis, x.shape[axis + 1])?);
    }
    let padding = window.symmetric().unwrap_or_default();
    let depthwise = groups == channels && groups > 1 && kernel.len() < 3;
    let layer = if depthwise {
        Layer::new(["DepthwiseConv1d", "DepthwiseConv2d"][kernel.len() - 1])
            .spatial(1, "kernel", "kernels", &window.kernel)
            .spatial(1, "stride", "strides", &window.strides)
            .spatial(0, "padding", "paddings", &padding)
            .spatial(1, "dilation", "dilations", &window.dilations)
            .unless(&1, "multiplier", &(out / groups))
    } else {
        Layer::new(["Conv1d", "Conv2d", "Conv3d"][kernel.len() - 1])
            .with("out", out)
            .spatial(1, "kernel", "kernels", &window.kernel)
            .spatial(1, "stride", "strides", &window.strides)
            .spatial(0, "padding", "paddings", &padding)
            .spatial(1, "dilation", "dilations", &window.dilations)
            .unless(&1, "groups", &groups)
    };
    let mut names = vec![&known];
    names.extend(bias.as_ref().map(|(b, _)| b));
    let prefix = c.prefix(&names);
    let layer = layer.weight("weight", &known.shape, Rc::new(values)).named(prefix);
    let layer = with_bias(layer, bias.map(|(_, values)| values), *out)?;
    Ok(one(c.stage(layer, &x, shape)))
}

/// The bias of a layer, or that it has none.
fn with_bias(layer: Layer, bias: Option<Vec<f32>>, out: usize) -> Result<Layer, String> {
    match bias {
        None => Ok(layer.with("bias", false)),
        Some(values) if values.len() == out => Ok(layer.weight("bias", &[out], Rc::new(values))),
        Some(values) => Err(format!("its bias has {} elements, and its output {out} channels", values.len())),
    }
}

/// Zeros around the spatial axes, as a stage of its own; the window then needs none.
fn pad_window(c: &mut Context, x: &Secret, window: &mut Window) -> Secret {
    let pads = core::iter::once((0, 0)).chain(window.pads.drain(..)).collect::<Vec<_>>();
    window.pads = vec![(0, 0); pads.len() - 1];
    pad(c, x, &pads, "Constant", 0.0)
}

pub fn transposed(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let (known, values) = c.weight(1, "weight")?;
    let bias = if c.has(2) { Some(c.weight(2, "bias")?) } else { None };
    let [channels, per_group, kernel @ ..] = known.shape.as_slice() else { return Err("its weight has too few axes".into()) };
    let spatial = kernel.len();
    if !(1..=2).contains(&spatial) {
        return Err(format!("it works over {spatial} axes, and transposed convolutions do over one or two"));
    }
    if c.integers("output_shape").is_some() {
        return Err("it says its output_shape: say its pads and output_padding instead".into());
    }
    if !matches!(c.text("auto_pad").as_deref(), None | Some("NOTSET" | "" | "VALID")) {
        return Err("its padding follows from its output (auto_pad): say its pads and output_padding instead".into());
    }
    let window = Window::read(c, &x, Some(kernel))?;
    let groups = usize::try_from(c.integer("group", 1)).ok().filter(|g| *g > 0).ok_or("its group is less than 1")?;
    if x.shape.len() != spatial + 1 || x.shape[0] != *channels || !channels.is_multiple_of(groups) || known.len() == 0 {
        return Err(format!("its weight is {:?} in {groups} groups, and its input {:?}", known.shape, x.shape));
    }
    let out = per_group.checked_mul(groups).ok_or("it has too many channels")?;
    let extra = c.integers("output_padding").unwrap_or_else(|| vec![0; spatial]);
    if extra.len() != spatial || extra.iter().any(|n| !(0..1 << 31).contains(n)) {
        return Err(format!("its output_padding is {extra:?}"));
    }
    let extra: Vec<usize> = extra.iter().map(|n| *n as usize).collect();
    // what one side cuts off more than the other is cut off by slices
    let padding: Vec<usize> = window.pads.iter().map(|(before, after)| *before.min(after)).collect();
    let mut shape = vec![out];
    for axis in 0..spatial {
        let full =
            (x.shape[axis + 1] - 1).saturating_mul(window.strides[axis]).saturating_add(window.reach(axis)).saturating_add(extra[axis]);
        shape.push(full.checked_sub(2 * padding[axis]).filter(|n| *n > 0).ok_or("its pads cut off all of it")?);
    }
    let layer = Layer::new(["ConvTranspose1d", "ConvTranspose2d"][spatial - 1])
        .with("out", out)
        .spatial(1, "kernel", "kernels", &window.kernel)
        .spatial(1, "stride", "strides", &window.strides)
        .spatial(0, "padding", "paddings", &padding)
        .spatial(0, "output_padding", "output_paddings", &extra)
        .spatial(1, "dilation", "dilations", &window.dilations)
        .unless(&1, "groups", &groups);
    let mut names = vec![&known];
    names.extend(bias.as_ref().map(|(b, _)| b));
    let prefix = c.prefix(&names);
    let layer = layer.weight("weight", &known.shape, Rc::new(values)).named(prefix);
    let layer = with_bias(layer, bias.map(|(_, values)| values), out)?;
    let mut y = c.stage(layer, &x, shape);
    for (axis, (before, after)) in window.pads.iter().enumerate() {
        let common = *before.min(after);
        let (start, end) = (before - common, (y.shape[axis + 1] + common).checked_sub(*after).ok_or("its pads cut off all of it")?);
        y = cut(c, &y, axis + 1, start, end, 1);
    }
    Ok(one(y))
}
