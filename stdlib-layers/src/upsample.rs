//! Images with more pixels.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Resample;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// How an [`Upsample`] finds what lies between the positions of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The position before.
    Nearest,
    /// Linear between the two positions next to it, one axis after the other: PyTorch's `linear` over one axis, `bilinear` over two, `trilinear` over three.
    Bilinear,
}

/// Each spatial axis `scale` times as long, or brought to another size: `[c, spatial…]` to `[c, spatial'…]`, over one to three axes. PyTorch: `nn.Upsample`,
/// `F.interpolate`.
///
/// ```text
/// Nearest      y[j] = x[floor(j n / n')]
/// Bilinear     y[j] = x[floor(s)] (1 - s + floor(s)) + x[floor(s) + 1] (s - floor(s)),    positions beyond the last one being the last one
///              s = max(0, (j + 1/2) n / n' - 1/2);  with align_corners  s = j (n - 1) / (n' - 1)
/// ```
/// `n` and `n'` are the sizes of the axis before and after.
///
/// **Parameters.** None.
///
/// **Cost.** None, neither rounds nor bytes: shares are moved, or combined by public coefficients. For `Bilinear` their common denominator, such as 4 an axis for a
/// scale of 2 and n' - 1 with `align_corners`, is carried in the scale of the result, exactly. Where all denominators that a value has met are more than 4096 in all,
/// as much of them as need be becomes coefficients of as many fraction bits as weights have, which are truncated as a product is: 1 round where nothing else truncates.
///
/// **Errors.** Other than one input; a rank other than 2 to 4; neither or both of a scale and a size; a list with another number of entries than there are spatial axes;
/// a scale or size of 0; a size of 2^24 or more; a spatial axis of size 0; `align_corners` without `Bilinear`.
///
/// ```
/// use undertone_layers::{Interpolation, Upsample};
/// use undertone_shape::Shape;
/// let layer = Upsample { scale: 2, mode: Interpolation::Bilinear, ..Upsample::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([8, 16, 12])]), Ok(Shape::new([8, 32, 24])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Upsample {
    /// How many times as long each axis becomes; this or the size is required.
    pub scale: usize,
    /// The scales of all axes, in the place of `scale` where it is not empty.
    pub scales: &'static [usize],
    /// The size of each axis of the result: PyTorch's `size`.
    pub out: usize,
    /// The sizes of all axes, in the place of `out` where it is not empty.
    pub outs: &'static [usize],
    /// How positions are found.
    pub mode: Interpolation,
    /// Whether the first and the last positions of input and result lie on each other.
    pub align_corners: bool,
}

impl Upsample {
    /// The nearest position; the scale is missing.
    pub const DEFAULT: Self = Self { scale: 0, scales: &[], out: 0, outs: &[], mode: Interpolation::Nearest, align_corners: false };

    /// `[c, spatial…]` gives `[c, spatial'…]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if (self.scale > 0 || !self.scales.is_empty()) == (self.out > 0 || !self.outs.is_empty()) {
            return Err(ShapeError::required("scale`, or else `out"));
        }
        if self.align_corners && !matches!(self.mode, Interpolation::Bilinear) {
            return Err(ShapeError::required("mode: Bilinear` where it has `align_corners"));
        }
        if x.rank() < 2 || x.rank() > 4 {
            return Err(ShapeError::rank(3, x));
        }
        if !self.scales.is_empty() && self.scales.len() != x.rank() - 1 {
            return Err(ShapeError::field("scales.len()", self.scales.len(), "one for each spatial axis"));
        }
        if !self.outs.is_empty() && self.outs.len() != x.rank() - 1 {
            return Err(ShapeError::field("outs.len()", self.outs.len(), "one for each spatial axis"));
        }
        let mut out = x;
        let mut axis = 1;
        while axis < x.rank() {
            if x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            let [scale, size] = [at(self.scale, self.scales, axis), at(self.out, self.outs, axis)];
            let size = if scale > 0 { x.dim(axis).saturating_mul(scale) } else { size };
            if size == 0 {
                return Err(ShapeError::field(if self.scales.is_empty() { "outs" } else { "scales" }, 0, "at least 1"));
            }
            if size >= LARGEST_AXIS {
                let name = if scale > 0 { "scale" } else { "out" };
                return Err(ShapeError::field(name, if scale > 0 { scale } else { size }, "so small that each axis stays below 2^24"));
            }
            out = out.with_dim(axis, size);
            axis += 1;
        }
        Ok(out)
    }
}

impl Layer for Upsample {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "upsample", e, x),
        };
        let mut y = x[0];
        for axis in 1..shape.rank() {
            let [before, after] = [y.shape().dim(axis), shape.dim(axis)];
            y = match self.mode {
                _ if before == after => y,
                Interpolation::Nearest => g.gather(y, axis, (0..after).map(|j| j * before / after)),
                Interpolation::Bilinear => g.resample(y, linear(axis, before, after, self.align_corners)),
            };
        }
        y
    }
}

/// The interpolation of an axis of `before` positions at `after` places.
fn linear(axis: usize, before: usize, after: usize, align_corners: bool) -> Resample {
    // the place of j in the input, over the denominator
    let denominator = if align_corners { (after - 1).max(1) } else { 2 * after };
    let place = |j: usize| if align_corners { j * (before - 1) } else { ((2 * j + 1) * before).saturating_sub(after) };
    let row = |j: usize| {
        let (first, beyond) = (place(j) / denominator, place(j) % denominator);
        let second = (first + 1).min(before - 1);
        if beyond == 0 || second == first {
            return vec![(first, denominator as i64)];
        }
        vec![(first, (denominator - beyond) as i64), (second, beyond as i64)]
    };
    Resample { axis, denominator: denominator as u64, rows: (0..after).map(row).collect() }
}

/// The entry of the spatial axis `axis`, counted from 1.
const fn at(one: usize, each: &[usize], axis: usize) -> usize {
    if axis - 1 < each.len() { each[axis - 1] } else { one }
}
