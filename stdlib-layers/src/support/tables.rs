//! Public numbers for each element of the last axes.

use undertone_runtime::graph::{Scope, Value};

/// `x factor + offset` with public numbers that repeat along the axes before: as many as the last axes have elements, or one.
pub(crate) fn last_axes<'g>(g: &mut Scope<'g>, x: Value<'g>, size: usize, factors: &[f64], offsets: &[f64]) -> Value<'g> {
    let shape = x.shape();
    let outer = shape.numel() / size.max(1);
    if outer == 1 {
        let flat = g.reshape(x, [size]);
        return g.affine(flat, factors, offsets).reshape(shape);
    }
    let rows = g.reshape(x, [outer, size]).permute([1, 0]);
    g.affine(rows, factors, offsets).permute([1, 0]).reshape(shape)
}

/// The angles of positions, `[t, half]`: position p turns pair i by `p / base^(i / half)`.
pub(crate) fn angles(t: usize, half: usize, base: f64) -> Vec<Vec<f64>> {
    let frequency = |i: usize| base.powf(-(i as f64) / half as f64);
    (0..t).map(|p| (0..half).map(|i| p as f64 * frequency(i)).collect()).collect()
}
