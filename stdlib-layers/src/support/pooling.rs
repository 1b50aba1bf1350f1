//! Windows over one to three axes: the common part of the pools.

use super::{Axes, one};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of a pool, with the number of spatial axes.
pub(crate) struct Pooling {
    pub(crate) spatial: usize,
    pub(crate) kernel: Axes,
    /// 0 stands for the kernel: windows that touch.
    pub(crate) stride: Axes,
    pub(crate) padding: Axes,
    pub(crate) dilation: Axes,
    /// Whether a last window counts that begins inside and ends beyond the padding.
    pub(crate) ceil_mode: bool,
}

/// The dilation of a pool that has no such field.
pub(crate) const UNDILATED: Axes = Axes { one: "dilation", many: "", length: "", value: 1, values: &[] };

impl Pooling {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if x.rank() != self.spatial + 1 {
            return Err(ShapeError::rank(self.spatial + 1, x));
        }
        let fields = [(&self.kernel, 1), (&self.stride, 0), (&self.padding, 0), (&self.dilation, 1)];
        let mut field = 0;
        while field < fields.len() {
            if let Err(e) = fields[field].0.check(self.spatial, fields[field].1) {
                return Err(e);
            }
            field += 1;
        }
        let mut out = x;
        let mut axis = 0;
        while axis < self.spatial {
            if self.padding.at(axis) > self.kernel.at(axis) / 2 {
                let value = self.padding.at(axis);
                return Err(ShapeError::field(self.padding.name(), value, "at most half of `kernel`"));
            }
            match self.count(x, axis) {
                Ok(count) => out = out.with_dim(axis + 1, count),
                Err(e) => return Err(e),
            }
            axis += 1;
        }
        Ok(out)
    }

    /// Kernel, stride and padding for each axis of an operation whose windows are plain ones.
    pub(crate) fn axes(&self) -> [[usize; 3]; 3] {
        let stride = |axis| if axis < self.spatial { self.step(axis) } else { 1 };
        [self.kernel.all(self.spatial, 1), core::array::from_fn(stride), self.padding.all(self.spatial, 0)]
    }

    /// Whether all windows have as many positions as the kernel, those in the padding counted: so that one operation over all axes has them.
    pub(crate) fn is_plain(&self, x: Shape) -> bool {
        (0..self.spatial).all(|axis| {
            let last = self.count(x, axis).map_or(0, |count| (count - 1) * self.step(axis) + self.kernel.at(axis));
            self.dilation.at(axis) == 1 && last <= x.dim(axis + 1) + 2 * self.padding.at(axis)
        })
    }

    /// For each window along a spatial axis, the positions that it covers, and how many those are with the padding.
    pub(crate) fn windows(&self, x: Shape, axis: usize) -> Vec<(Vec<usize>, usize)> {
        let (size, padding) = (x.dim(axis + 1), self.padding.at(axis));
        let window = |k: usize| {
            let start = k * self.step(axis);
            let taps = (0..self.kernel.at(axis)).map(|tap| start + tap * self.dilation.at(axis)).filter(|tap| *tap < size + 2 * padding);
            let taps: Vec<usize> = taps.collect();
            (taps.iter().filter_map(|tap| tap.checked_sub(padding)).filter(|tap| *tap < size).collect(), taps.len())
        };
        (0..self.count(x, axis).unwrap_or(0)).map(window).collect()
    }

    /// The number of windows along a spatial axis, each of which has a position outside of the padding.
    const fn count(&self, x: Shape, axis: usize) -> Result<usize, ShapeError> {
        let (size, step, padding, reach) = (x.dim(axis + 1), self.step(axis), self.padding.at(axis), self.reach(axis));
        let padded = size.saturating_add(padding.saturating_mul(2));
        let more = if self.ceil_mode { step - 1 } else { 0 };
        if size == 0 || padded.saturating_add(more) < reach {
            let missing = reach.saturating_sub(padding.saturating_mul(2).saturating_add(more));
            return Err(ShapeError::too_small(axis + 1, if missing == 0 { 1 } else { missing }, x));
        }
        let mut count = (padded.saturating_add(more) - reach) / step + 1;
        if self.ceil_mode && (count - 1) * step >= size + padding {
            count -= 1;
        }
        if self.dilation.at(axis) > 1 && padding > 0 {
            let mut k = 0;
            while k < count {
                if !self.covers(axis, k * step, size) {
                    return Err(ShapeError::field(
                        self.dilation.name(),
                        self.dilation.at(axis),
                        "such that no window lies in the padding alone",
                    ));
                }
                k += 1;
            }
        }
        Ok(count)
    }

    /// Whether a window that starts here, counted from the start of the padding, has a position outside of it.
    const fn covers(&self, axis: usize, start: usize, size: usize) -> bool {
        let (padding, mut tap) = (self.padding.at(axis), 0);
        while tap < self.kernel.at(axis) {
            let at = start + tap * self.dilation.at(axis);
            if at >= padding && at < padding + size {
                return true;
            }
            tap += 1;
        }
        false
    }

    /// Positions from the first tap of a window to its last.
    const fn reach(&self, axis: usize) -> usize {
        self.dilation.at(axis).saturating_mul(self.kernel.at(axis) - 1).saturating_add(1)
    }

    const fn step(&self, axis: usize) -> usize {
        if self.stride.at(axis) == 0 { self.kernel.at(axis) } else { self.stride.at(axis) }
    }
}
