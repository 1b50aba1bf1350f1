//! Operations that move or add elements; free of communication.

use undertone_shape::{Infer, MAX_RANK, Shape, ShapeError};

pub(super) fn infer_add(x: &[Shape]) -> Infer {
    match *x {
        [a, b] if a == b => Ok(a),
        [a, b] => Err(ShapeError::same(a, b)),
        _ => Err(ShapeError::arity(2, x.len())),
    }
}

pub(super) fn infer_concat(axis: usize, x: &[Shape]) -> Infer {
    let Some((first, rest)) = x.split_first() else { return Err(ShapeError::arity(2, 0)) };
    if axis >= first.rank() {
        return Err(ShapeError::field("axis", axis, "below the rank of the inputs"));
    }
    let mut out = *first;
    for shape in rest {
        if shape.rank() != first.rank() {
            return Err(ShapeError::rank(first.rank(), *shape));
        }
        if let Some(i) = (0..first.rank()).find(|&i| i != axis && shape.dim(i) != first.dim(i)) {
            return Err(ShapeError::dim(i, first.dim(i), *shape));
        }
        out = out.with_dim(axis, out.dim(axis) + shape.dim(axis));
    }
    Ok(out)
}

pub(super) fn infer_reshape(shape: Shape, x: &[Shape]) -> Infer {
    match *x {
        [x] if x.numel() == shape.numel() => Ok(shape),
        [x] => Err(ShapeError::elements(shape, x)),
        _ => Err(ShapeError::arity(1, x.len())),
    }
}

pub(super) fn infer_expand(shape: Shape, x: &[Shape]) -> Infer {
    let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
    match x.broadcast(&shape) {
        Ok(together) if together == shape => Ok(shape),
        _ => Err(ShapeError::stretch(x, shape)),
    }
}

pub(super) fn infer_permute(axes: &[usize], x: &[Shape]) -> Infer {
    let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
    if axes.len() != x.rank() {
        return Err(ShapeError::rank(axes.len(), x));
    }
    let mut seen = [false; MAX_RANK];
    let mut dims = [0; MAX_RANK];
    for (to, &from) in axes.iter().enumerate() {
        if from >= x.rank() || seen[from] {
            return Err(ShapeError::field("axes", from, "each axis exactly once"));
        }
        seen[from] = true;
        dims[to] = x.dim(from);
    }
    Ok(Shape::from_slice(&dims[..x.rank()]))
}

pub(super) fn infer_gather(axis: usize, indices: &[usize], x: &[Shape]) -> Infer {
    let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
    if axis >= x.rank() {
        return Err(ShapeError::field("axis", axis, "below the rank of the input"));
    }
    if indices.is_empty() {
        return Err(ShapeError::field("indices.len()", 0, "at least 1"));
    }
    match indices.iter().find(|index| **index >= x.dim(axis)) {
        Some(index) => Err(ShapeError::too_small(axis, index.saturating_add(1), x)),
        None => Ok(x.with_dim(axis, indices.len())),
    }
}

pub(super) fn infer_pad(before: &[usize], after: &[usize], value: f64, x: &[Shape]) -> Infer {
    let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
    for sizes in [before, after] {
        if sizes.len() != x.rank() {
            return Err(ShapeError::rank(sizes.len(), x));
        }
    }
    if !value.is_finite() {
        return Err(ShapeError::required("value: a finite number"));
    }
    Ok((0..x.rank()).fold(x, |out, axis| out.with_dim(axis, x.dim(axis).saturating_add(before[axis]).saturating_add(after[axis]))))
}
