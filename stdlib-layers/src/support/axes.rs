//! Fields that may differ by axis: one number for all spatial axes, or a list with one for each.

use undertone_shape::ShapeError;

/// A field such as `kernel`, and the list `kernels` that stands in its place where it is not empty.
#[derive(Clone, Copy)]
pub(crate) struct Axes {
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    pub(crate) length: &'static str,
    pub(crate) value: usize,
    pub(crate) values: &'static [usize],
}

/// The field of a layer with its list: `axes_of!(self, kernel, kernels)`; or without one: `axes_of!(self, kernel)`.
macro_rules! axes_of {
    ($layer:expr, $one:ident, $many:ident) => {
        $crate::support::Axes {
            one: stringify!($one),
            many: stringify!($many),
            length: concat!(stringify!($many), ".len()"),
            value: $layer.$one,
            values: $layer.$many,
        }
    };
    ($layer:expr, $one:ident) => {
        $crate::support::Axes { one: stringify!($one), many: "", length: "", value: $layer.$one, values: &[] }
    };
}
pub(crate) use axes_of;

impl Axes {
    /// The value on spatial axis `i`.
    pub(crate) const fn at(&self, i: usize) -> usize {
        if self.values.is_empty() || i >= self.values.len() { self.value } else { self.values[i] }
    }

    /// The name of the field that is in force.
    pub(crate) const fn name(&self) -> &'static str {
        if self.values.is_empty() { self.one } else { self.many }
    }

    /// The values of all axes; `beyond` where there is no such axis.
    pub(crate) const fn all(&self, spatial: usize, beyond: usize) -> [usize; 3] {
        let mut all = [beyond; 3];
        let mut i = 0;
        while i < spatial && i < 3 {
            all[i] = self.at(i);
            i += 1;
        }
        all
    }

    /// Checks that a list has one entry for each of `spatial` axes, and that every value is at least `least`, which is 0 or 1.
    pub(crate) const fn check(&self, spatial: usize, least: usize) -> Result<(), ShapeError> {
        if !self.values.is_empty() && self.values.len() != spatial {
            return Err(ShapeError::field(self.length, self.values.len(), "one for each spatial axis"));
        }
        let mut i = 0;
        while i < spatial {
            if self.at(i) < least {
                return Err(ShapeError::field(self.name(), self.at(i), "at least 1"));
            }
            i += 1;
        }
        Ok(())
    }
}
