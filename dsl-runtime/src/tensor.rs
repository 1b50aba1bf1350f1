//! Tensors at the edge, where users touch data: shapes as types, values in the clear.

use crate::error::{Error, Result};
use crate::opened::Values;
use core::marker::PhantomData;
use undertone_shape::Shape;

/// A shape as a type. Ranks 0 to 4 exist: [`S0`] to [`S4`].
pub trait StaticShape: 'static + Send + Sync {
    /// The shape as a value.
    const SHAPE: Shape;
}

/// A scalar.
#[derive(Debug, Clone, Copy)]
pub struct S0;
/// A vector.
#[derive(Debug, Clone, Copy)]
pub struct S1<const A: usize>;
/// A matrix.
#[derive(Debug, Clone, Copy)]
pub struct S2<const A: usize, const B: usize>;
/// Rank 3, such as channels, height, width.
#[derive(Debug, Clone, Copy)]
pub struct S3<const A: usize, const B: usize, const C: usize>;
/// Rank 4.
#[derive(Debug, Clone, Copy)]
pub struct S4<const A: usize, const B: usize, const C: usize, const D: usize>;

impl StaticShape for S0 {
    const SHAPE: Shape = Shape::new([]);
}
impl<const A: usize> StaticShape for S1<A> {
    const SHAPE: Shape = Shape::new([A]);
}
impl<const A: usize, const B: usize> StaticShape for S2<A, B> {
    const SHAPE: Shape = Shape::new([A, B]);
}
impl<const A: usize, const B: usize, const C: usize> StaticShape for S3<A, B, C> {
    const SHAPE: Shape = Shape::new([A, B, C]);
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> StaticShape for S4<A, B, C, D> {
    const SHAPE: Shape = Shape::new([A, B, C, D]);
}

/// A rank as a type, to choose among `S0` to `S4` by numbers.
#[doc(hidden)]
#[derive(Debug)]
pub struct Rank<const R: usize>;
#[doc(hidden)]
pub trait Dims<const A: usize, const B: usize, const C: usize, const D: usize> {
    /// The shape type.
    type Of: StaticShape;
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> Dims<A, B, C, D> for Rank<0> {
    type Of = S0;
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> Dims<A, B, C, D> for Rank<1> {
    type Of = S1<A>;
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> Dims<A, B, C, D> for Rank<2> {
    type Of = S2<A, B>;
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> Dims<A, B, C, D> for Rank<3> {
    type Of = S3<A, B, C>;
}
impl<const A: usize, const B: usize, const C: usize, const D: usize> Dims<A, B, C, D> for Rank<4> {
    type Of = S4<A, B, C, D>;
}
/// The shape type of a rank and four dimensions.
#[doc(hidden)]
pub type TypeOf<const R: usize, const A: usize, const B: usize, const C: usize, const D: usize> = <Rank<R> as Dims<A, B, C, D>>::Of;

/// What a batch in the clear consists of: fractions, or indices.
pub trait Scalar: sealed::Sealed + Copy + PartialEq + Send + Sync + 'static {
    #[doc(hidden)]
    const KIND: &'static str;
    #[doc(hidden)]
    fn of(values: Values) -> Option<Vec<Self>>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for u32 {}
}

impl Scalar for f32 {
    const KIND: &'static str = "fractions";
    fn of(values: Values) -> Option<Vec<Self>> {
        if let Values::Real(values) = values { Some(values) } else { None }
    }
}

impl Scalar for u32 {
    const KIND: &'static str = "indices";
    fn of(values: Values) -> Option<Vec<Self>> {
        if let Values::Index(values) = values { Some(values) } else { None }
    }
}

/// A batch of samples in the clear, each of shape `S`, one after the other in row-major order: fractions, or with `T = u32` indices.
#[derive(Clone, PartialEq)]
pub struct Clear<S: StaticShape, T: Scalar = f32> {
    values: Vec<T>,
    shape: PhantomData<S>,
}

impl<S: StaticShape, T: Scalar> Clear<S, T> {
    /// A batch of samples.
    ///
    /// # Errors
    /// When the number of values is no multiple of the sample's size.
    pub fn new(values: Vec<T>) -> Result<Self> {
        if S::SHAPE.numel() == 0 || !values.len().is_multiple_of(S::SHAPE.numel()) {
            return Err(Error::Input {
                name: "values".into(),
                message: format!(
                    "{} values are no whole number of samples of shape {} ({} each)",
                    values.len(),
                    S::SHAPE,
                    S::SHAPE.numel()
                ),
            });
        }
        Ok(Self { values, shape: PhantomData })
    }

    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.values.len() / S::SHAPE.numel()
    }

    /// All values, sample after sample.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The samples one by one.
    pub fn samples(&self) -> impl Iterator<Item = &[T]> {
        self.values.chunks_exact(S::SHAPE.numel())
    }

    /// The samples `range` of the batch.
    ///
    /// # Panics
    /// When the range does not lie inside the batch.
    pub fn slice(&self, range: core::ops::Range<usize>) -> Self {
        let n = S::SHAPE.numel();
        Self { values: self.values[range.start * n..range.end * n].to_vec(), shape: PhantomData }
    }
}

impl<S: StaticShape> Clear<S> {
    /// The index of the largest value of each sample; the lowest one on a tie.
    pub fn argmax(&self) -> Vec<usize> {
        self.samples()
            .map(|s| s.iter().enumerate().fold((0, f32::NEG_INFINITY), |best, (i, v)| if *v > best.1 { (i, *v) } else { best }).0)
            .collect()
    }
}

impl<S: StaticShape, T: Scalar> core::fmt::Debug for Clear<S, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Clear{:?} x {}", S::SHAPE, self.batch())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_whole_samples() {
        let two = Clear::<S2<2, 2>>::new((0..8u8).map(f32::from).collect()).unwrap();
        assert_eq!((two.batch(), two.samples().nth(1).unwrap()), (2, &[4.0, 5.0, 6.0, 7.0][..]));
        assert_eq!(two.slice(1..2).values(), [4.0, 5.0, 6.0, 7.0]);
        let error = Clear::<S2<2, 2>>::new(vec![0.0; 7]).unwrap_err().to_string();
        assert_eq!(error, "input `values`: 7 values are no whole number of samples of shape [2, 2] (4 each)");
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        let x = Clear::<S1<3>>::new(vec![1.0, 3.0, 3.0, -1.0, -2.0, -1.0]).unwrap();
        assert_eq!(x.argmax(), [1, 0]);
    }

    #[test]
    fn a_type_is_chosen_by_rank_and_dimensions() {
        assert_eq!(<TypeOf<3, 1, 28, 28, 0> as StaticShape>::SHAPE, Shape::new([1, 28, 28]));
        assert_eq!(<TypeOf<0, 9, 9, 9, 9> as StaticShape>::SHAPE, Shape::new([]));
    }
}
