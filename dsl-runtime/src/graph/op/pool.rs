//! Pooling over the spatial axes of `[c, spatial…]`.

use super::conv::window;
use undertone_shape::{Infer, Shape, ShapeError};

/// The largest value of each window. Positions in the padding take no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxPool {
    /// The size of the window on each spatial axis.
    pub kernel: [usize; 3],
    /// The step of the window on each spatial axis.
    pub stride: [usize; 3],
    /// Positions added at both ends of each spatial axis, at most half of the kernel.
    pub padding: [usize; 3],
}

/// The mean of each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AvgPool {
    /// The size of the window on each spatial axis.
    pub kernel: [usize; 3],
    /// The step of the window on each spatial axis.
    pub stride: [usize; 3],
    /// Zeros added at both ends of each spatial axis, at most half of the kernel.
    pub padding: [usize; 3],
}

impl MaxPool {
    /// The shape of the result.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        pooled(x, self.kernel, self.stride, self.padding)
    }
}

impl AvgPool {
    /// The shape of the result. Padding counts as zeros in the mean, PyTorch's `count_include_pad=True`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        pooled(x, self.kernel, self.stride, self.padding)
    }
}

const fn pooled(x: &[Shape], kernel: [usize; 3], stride: [usize; 3], padding: [usize; 3]) -> Infer {
    let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
    if x.rank() < 2 || x.rank() > 4 {
        return Err(ShapeError::rank(3, x));
    }
    let mut out = x;
    let mut i = 0;
    while i < x.rank() - 1 {
        if 2 * padding[i] > kernel[i] {
            return Err(ShapeError::field("padding", padding[i], "at most half of `kernel`"));
        }
        match window(x, i, kernel[i], stride[i], padding[i], 1) {
            Ok(size) => out = out.with_dim(i + 1, size),
            Err(e) => return Err(e),
        }
        i += 1;
    }
    Ok(out)
}

/// The largest value of each of several lists of positions along one axis: windows of any sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxOver {
    /// The axis.
    pub axis: usize,
    /// For each position of the result, the positions of the input, at least one, in growing order.
    pub windows: Vec<Vec<usize>>,
}

impl MaxOver {
    /// The shape of the result: that of the input with as many positions along the axis as there are windows.
    pub fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if self.windows.is_empty() || self.windows.iter().any(Vec::is_empty) {
            return Err(ShapeError::field("windows.len()", 0, "at least 1, and so the number of positions of each"));
        }
        for window in &self.windows {
            if let Some(position) = window.iter().find(|position| **position >= x.dim(self.axis)) {
                return Err(ShapeError::too_small(self.axis, position.saturating_add(1), x));
            }
            if let Some(pair) = window.windows(2).find(|pair| pair[0] >= pair[1]) {
                return Err(ShapeError::field("windows", pair[1], "positions that grow"));
            }
        }
        Ok(x.with_dim(self.axis, self.windows.len()))
    }
}
