//! Pictures of another size: interpolation, and channels that become pixels.

use super::context::{Context, Translated, one};
use crate::network::{Layer, Secret};

pub fn resize(c: &mut Context) -> Translated {
    match c.node.operator {
        "Resize" => interpolate(c),
        "DepthToSpace" => depth_to_space(c),
        _ => space_to_depth(c),
    }
}

/// Enlarges the spatial axes by whole factors.
fn interpolate(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let rank = x.shape.len();
    let axes: Vec<i64> = c.integers("axes").unwrap_or_else(|| (0..=rank as i64).collect());
    let factors = factors(c, &x, &axes)?;
    if factors.first().is_some_and(|f| *f != 1) {
        return Err("it changes the number of channels".into());
    }
    let scales = factors.get(1..).unwrap_or_default();
    if scales.iter().all(|f| *f == 1) {
        return Ok(one(x));
    }
    if c.integer("antialias", 0) != 0 || c.integer("exclude_outside", 0) != 0 {
        return Err("it smooths, or leaves out what is outside: interpolate plainly".into());
    }
    let mode = c.text("mode").unwrap_or_else(|| "nearest".into());
    let transform = c.text("coordinate_transformation_mode").unwrap_or_else(|| "half_pixel".into());
    let shape: Vec<usize> = x.shape.iter().zip(&factors).map(|(n, f)| n * f).collect();
    let layer = Layer::new("Upsample").spatial(0, "scale", "scales", scales);
    let layer = match (mode.as_str(), transform.as_str()) {
        ("nearest", transform) => {
            let rounding = c.text("nearest_mode").unwrap_or_else(|| "round_prefer_floor".into());
            for (n, f) in x.shape[1..].iter().zip(scales).filter(|(_, f)| **f > 1) {
                if !(0..(n * f).min(1 << 16)).all(|i| nearest(i, *n, *f, transform, &rounding) == Some(i / f)) {
                    return Err(format!(
                        "it takes the nearest element by `{transform}` and `{rounding}`, and the layer repeats each element: use asymmetric and floor"
                    ));
                }
            }
            layer
        }
        ("linear", "half_pixel" | "pytorch_half_pixel") if x.shape.len() == 3 => layer.with("mode", "Interpolation::Bilinear"),
        ("linear", "align_corners") if x.shape.len() == 3 => layer.with("mode", "Interpolation::Bilinear").with("align_corners", true),
        ("linear", other) => {
            return Err(format!(
                "it interpolates over {} axes by `{other}`: two axes by half_pixel or align_corners have a layer",
                rank.saturating_sub(1)
            ));
        }
        (other, _) => return Err(format!("its mode is `{other}`: nearest and linear have a layer")),
    };
    Ok(one(c.stage(layer, &x, shape)))
}

/// The factor of each axis of a sample.
fn factors(c: &Context, x: &Secret, axes: &[i64]) -> Result<Vec<usize>, String> {
    let rank = x.shape.len();
    let given = |index: usize, what: &str| Ok::<_, String>(c.constant(index, what)?.filter(|k| k.len() > 0));
    let mut all = vec![1; rank];
    let mut set = |axis: i64, factor: Option<f32>| -> Result<(), String> {
        let whole = factor.filter(|f| *f >= 1.0 && *f <= 4096.0 && f.fract() == 0.0);
        let Some(whole) = whole else {
            return Err(format!(
                "it changes the size of axis {axis} by {}: whole factors have a layer",
                factor.map_or("a part".into(), |f| f.to_string())
            ));
        };
        if axis == 0 || axis == -(rank as i64) - 1 {
            return if whole as usize == 1 { Ok(()) } else { Err("it changes the number of samples".into()) };
        }
        all[c.axis(axis, rank)?] = whole as usize;
        Ok(())
    };
    if let Some(scales) = given(2, "scales")? {
        let scales = scales.floats().filter(|s| s.len() == axes.len()).ok_or("its scales are not one an axis")?;
        for (axis, scale) in axes.iter().zip(scales) {
            set(*axis, Some(scale))?;
        }
        return Ok(all);
    }
    let sizes = given(3, "sizes")?.ok_or("it has neither scales nor sizes")?;
    let sizes = sizes.wholes().filter(|s| s.len() == axes.len()).ok_or("its sizes are not one an axis")?.to_vec();
    for (axis, size) in axes.iter().zip(&sizes) {
        if matches!(axis, 0) || *axis == -(rank as i64) - 1 {
            continue; // the samples stay as many as they are
        }
        let own = x.shape[c.axis(*axis, rank)?] as i64;
        let factor = match size {
            crate::tensor::Whole::Number(n) if n % own == 0 => Some((n / own) as f32),
            _ => None,
        };
        set(*axis, factor)?;
    }
    Ok(all)
}

/// The element that an output takes, by the formulas of ONNX.
fn nearest(i: usize, size: usize, factor: usize, transform: &str, rounding: &str) -> Option<usize> {
    let (i, f, n) = (i as f64, factor as f64, size as f64);
    let place = match transform {
        "half_pixel" | "half_pixel_symmetric" => (i + 0.5) / f - 0.5,
        "pytorch_half_pixel" if size * factor > 1 => (i + 0.5) / f - 0.5,
        "pytorch_half_pixel" => 0.0,
        "asymmetric" => i / f,
        "align_corners" => i * (n - 1.0) / (n * f - 1.0),
        "tf_half_pixel_for_nn" => (i + 0.5) / f,
        _ => return None,
    };
    let rounded = match rounding {
        "round_prefer_floor" => (place - 0.5).ceil(),
        "round_prefer_ceil" => (place + 0.5).floor(),
        "floor" => place.floor(),
        "ceil" => place.ceil(),
        _ => return None,
    };
    Some(rounded.clamp(0.0, n - 1.0) as usize)
}

fn block(c: &Context, x: &Secret) -> Result<(usize, [usize; 3]), String> {
    let b = usize::try_from(c.integer("blocksize", 0)).ok().filter(|b| (1..=64).contains(b)).ok_or("its blocksize is no size")?;
    match x.shape[..] {
        [channels, h, w] => Ok((b, [channels, h, w])),
        _ => Err(format!("its input has the shape {:?} beside the samples, and a picture has three axes", x.shape)),
    }
}

fn depth_to_space(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let (b, [channels, h, w]) = block(c, &x)?;
    if !channels.is_multiple_of(b * b) {
        return Err(format!("its {channels} channels are no multiple of {}", b * b));
    }
    let out = channels / (b * b);
    let shape = vec![out, h * b, w * b];
    match c.text("mode").as_deref() {
        Some("CRD") => Ok(one(c.stage(Layer::new("PixelShuffle").with("factor", b), &x, shape))),
        None | Some("DCR") => {
            let y = c.reshape(&x, vec![b, b, out, h, w]);
            let y = c.permute(&y, &[2, 3, 0, 4, 1]);
            Ok(one(c.reshape(&y, shape)))
        }
        Some(other) => Err(format!("its mode is `{other}`, and CRD and DCR are the modes that there are")),
    }
}

fn space_to_depth(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let (b, [channels, h, w]) = block(c, &x)?;
    if !h.is_multiple_of(b) || !w.is_multiple_of(b) {
        return Err(format!("its picture of {h} by {w} is no multiple of {b}"));
    }
    let y = c.reshape(&x, vec![channels, h / b, b, w / b, b]);
    let y = c.permute(&y, &[2, 4, 0, 1, 3]);
    Ok(one(c.reshape(&y, vec![channels * b * b, h / b, w / b])))
}
