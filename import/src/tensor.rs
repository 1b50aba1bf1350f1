//! Tensors whose values are known before the network runs: weights, and the numbers with which exporters write shapes.

use std::rc::Rc;

/// A whole number of a shape: known, or the number of samples, which only the run knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    Number(i64),
    /// The size of the first axis of every input.
    Batch,
}

/// The values of a tensor, the last axis running fastest.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Real(Vec<f32>),
    Whole(Vec<Whole>),
}

/// A tensor with known values.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Values,
    /// The initialiser that it comes from; empty where it comes from several or none.
    pub origin: String,
}

/// A tensor that several places share.
pub type Known = Rc<Tensor>;

impl Tensor {
    pub fn real(shape: &[usize], values: Vec<f32>, origin: &str) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "values of a tensor");
        Self { shape: shape.to_vec(), values: Values::Real(values), origin: origin.to_owned() }
    }

    /// A vector of whole numbers.
    pub fn whole(values: Vec<Whole>) -> Self {
        Self { shape: vec![values.len()], values: Values::Whole(values), origin: String::new() }
    }

    pub fn len(&self) -> usize {
        match &self.values {
            Values::Real(v) => v.len(),
            Values::Whole(v) => v.len(),
        }
    }

    /// The values as floats, if none of them is the number of samples.
    pub fn floats(&self) -> Option<Vec<f32>> {
        match &self.values {
            Values::Real(v) => Some(v.clone()),
            Values::Whole(v) => v.iter().map(|n| if let Whole::Number(n) = n { Some(*n as f32) } else { None }).collect(),
        }
    }

    /// The one value, where there is one.
    pub fn scalar(&self) -> Option<f32> {
        match &self.values {
            Values::Real(v) if v.len() == 1 => Some(v[0]),
            Values::Whole(v) if v.len() == 1 => self.floats().map(|v| v[0]),
            _ => None,
        }
    }

    pub fn wholes(&self) -> Option<&[Whole]> {
        if let Values::Whole(v) = &self.values { Some(v) } else { None }
    }

    /// The values as numbers, if all of them are whole and known.
    pub fn integers(&self) -> Option<Vec<i64>> {
        self.wholes()?.iter().map(|n| if let Whole::Number(n) = n { Some(*n) } else { None }).collect()
    }

    /// The same values with the elements at these places, in another shape.
    pub fn gather(&self, shape: Vec<usize>, places: impl Iterator<Item = usize>) -> Self {
        let values = match &self.values {
            Values::Real(v) => Values::Real(places.map(|i| v[i]).collect()),
            Values::Whole(v) => Values::Whole(places.map(|i| v[i]).collect()),
        };
        Self { shape, values, origin: self.origin.clone() }
    }

    /// The same values in another shape of as many elements.
    pub fn reshaped(&self, shape: Vec<usize>) -> Self {
        Self { shape, values: self.values.clone(), origin: self.origin.clone() }
    }

    /// The axes in another order.
    pub fn permuted(&self, axes: &[usize]) -> Self {
        let strides = strides(&self.shape);
        let shape: Vec<usize> = axes.iter().map(|a| self.shape[*a]).collect();
        let moved: Vec<usize> = axes.iter().map(|a| strides[*a]).collect();
        self.gather(shape.clone(), places(&shape, &moved))
    }

    /// Seen with a larger shape, as operators of ONNX broadcast.
    pub fn broadcast(&self, shape: &[usize]) -> Option<Self> {
        let missing = shape.len().checked_sub(self.shape.len())?;
        let own = strides(&self.shape);
        let mut moved = vec![0; shape.len()];
        for (axis, (size, stride)) in self.shape.iter().zip(&own).enumerate() {
            if *size == shape[missing + axis] {
                moved[missing + axis] = *stride;
            } else if *size != 1 {
                return None;
            }
        }
        Some(self.gather(shape.to_vec(), places(shape, &moved)))
    }
}

/// The distance between neighbours along each axis.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut all = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        all[axis - 1] = all[axis] * shape[axis].max(1);
    }
    all
}

/// The places of the elements of a view with these strides, in order.
pub fn places(shape: &[usize], strides: &[usize]) -> impl Iterator<Item = usize> + use<> {
    let (shape, strides) = (shape.to_vec(), strides.to_vec());
    let mut index = vec![0; shape.len()];
    let mut next = 0;
    (0..shape.iter().product::<usize>()).map(move |_| {
        let place = next;
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            next += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            next -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
        place
    })
}

/// The shape that two shapes have together, as operators of ONNX broadcast.
pub fn together(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (x, y) if x == y => Some(x),
            (1, y) => Some(y),
            (x, 1) => Some(x),
            _ => None,
        })
        .collect()
}

/// The number of elements, if it is at most 2^40, and would be with every empty axis left out: more is no network.
pub fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, d| n.checked_mul((*d).max(1))).filter(|n| *n <= 1 << 40)?;
    Some(shape.iter().product())
}
