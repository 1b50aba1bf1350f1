//! The primitive operations, one file a family. The list is closed: every interpreter matches it exhaustively, so that a
//! new operation does not compile until the twin, the fixed-point reference and the plan know it.

mod affine;
mod argmax;
mod conv;
mod conv_transpose;
mod curve;
mod loss;
mod movement;
mod norm;
mod piecewise;
mod pool;
mod product;
pub(crate) mod resample;
mod rows;
mod scaled;
mod topk;

pub use affine::Affine;
pub use argmax::ArgMax;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use curve::{Approx, Curve, Smooth};
pub use loss::Loss;
pub use norm::{BatchNorm, Over};
pub use piecewise::{Above, Break, Piecewise, Polynomial};
pub use pool::{AvgPool, MaxOver, MaxPool};
pub use product::Coefficients;
pub use resample::Resample;
pub use rows::{Normalize, Softmax};
pub use scaled::{Biased, Scaled};
pub use topk::TopK;
use undertone_shape::{Infer, Shape, ShapeError};

/// A primitive operation on one sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The model's input with this index.
    Input(usize),
    /// The weight with this index in the graph's parameters.
    Parameter(usize),
    /// Convolution: inputs `x: [c, spatial…]`, `weight: [out, c / groups, kernel…]` and optionally `bias: [out]`.
    Conv(Conv),
    /// Transposed convolution: inputs `x: [c, spatial…]`, `weight: [c, out / groups, kernel…]` and optionally `bias: [out]`.
    ConvTranspose(ConvTranspose),
    /// Matrix product: inputs `x: [.., in]`, `weight: [out, in]` and optionally `bias: [out]`.
    Linear,
    /// Normalisation by statistics that are weights: inputs `x: [c, …]`, then weight and bias, each `[c]`, or neither; then running mean and running variance, each
    /// `[groups]` for groups of channels that are neighbours.
    BatchNorm(BatchNorm),
    /// `max(x, 0)`.
    Relu,
    /// A function that is a polynomial between public breaks.
    Piecewise(Piecewise),
    /// Whether a value is greater than a public number: 1 or 0.
    Above(Above),
    /// The largest value of each window.
    MaxPool(MaxPool),
    /// The largest value of each of several lists of positions along one axis.
    MaxOver(MaxOver),
    /// The mean of each window.
    AvgPool(AvgPool),
    /// The index of the largest value along an axis.
    ArgMax(ArgMax),
    /// The largest values along an axis, or their indices.
    TopK(TopK),
    /// The sum of two values of one shape.
    Add,
    /// A value times public numbers, plus public numbers.
    Affine(Affine),
    /// The product of two values, element by element; shapes broadcast.
    Mul,
    /// The quotient of two values, element by element; shapes broadcast. A divisor below [`Smooth::LEAST`] acts as if it were that.
    Divide,
    /// Weighted along some axes: inputs `x`, `weight` and optionally `bias`, whose axes are those of x from one on.
    Scaled(Scaled),
    /// The sum with a weight: inputs `x` and `weight`, whose axes are those of x from one on.
    Biased(Biased),
    /// A smooth function, element by element.
    Curve(Curve),
    /// The softmax along an axis, or its logarithm.
    Softmax(Softmax),
    /// Normalisation of the last axes by their own statistics.
    Normalize(Normalize),
    /// The products of matrices: inputs `[.., a, b]` and `[.., b, c]`; the second one may be a weight `[b, c]`.
    MatMul,
    /// A polynomial with public coefficients.
    Polynomial(Coefficients),
    /// The values one after the other along an axis.
    Concat {
        /// The axis along which the values are joined.
        axis: usize,
    },
    /// The same elements in the same order, with other dimensions.
    Reshape {
        /// The shape of the result.
        shape: Shape,
    },
    /// Axes of size 1, and those that the value lacks at the front, stretched to another shape.
    Expand {
        /// The shape of the result.
        shape: Shape,
    },
    /// The axes in another order.
    Permute {
        /// Axis `i` of the result is axis `axes[i]` of the input.
        axes: Vec<usize>,
    },
    /// Positions of an axis by a public list: some of them, in any order, any of them several times.
    Gather {
        /// The axis.
        axis: usize,
        /// Position `j` of the result is position `indices[j]` of the input.
        indices: Vec<usize>,
    },
    /// A public constant beside the input.
    Pad {
        /// Positions before the input, for each axis.
        before: Vec<usize>,
        /// Positions after it.
        after: Vec<usize>,
        /// What they hold.
        value: f64,
    },
    /// Weighted sums of the positions of an axis.
    Resample(Resample),
    /// Drops elements while training, the identity otherwise.
    Dropout {
        /// The share of elements that is set to zero.
        rate: f64,
    },
    /// How far an output is from what it should be, a number: inputs output and target. The twin alone computes it.
    Loss(Loss),
}

impl Op {
    /// The shape of the result, or why these inputs do not fit. Inputs and parameters have no operands and are refused here.
    pub fn infer(&self, x: &[Shape]) -> Infer {
        match self {
            Op::Input(_) | Op::Parameter(_) => Err(ShapeError::arity(0, x.len())),
            Op::Conv(c) => c.infer(x),
            Op::ConvTranspose(c) => c.infer(x),
            Op::Linear => conv::infer_linear(x),
            Op::BatchNorm(n) => n.infer(x),
            Op::Relu | Op::Dropout { .. } => one(x),
            Op::Piecewise(p) => p.infer(x),
            Op::Above(a) => a.infer(x),
            Op::MaxPool(p) => p.infer(x),
            Op::MaxOver(m) => m.infer(x),
            Op::AvgPool(p) => p.infer(x),
            Op::ArgMax(a) => a.infer(x),
            Op::TopK(t) => t.infer(x),
            Op::Add => movement::infer_add(x),
            Op::Affine(a) => a.infer(x),
            Op::Mul | Op::Divide => product::infer_mul(x),
            Op::Scaled(s) => s.infer(x),
            Op::Biased(b) => b.infer(x),
            Op::Curve(c) => c.infer(x),
            Op::Softmax(s) => s.infer(x),
            Op::Normalize(n) => n.infer(x),
            Op::MatMul => product::infer_matmul(x),
            Op::Polynomial(p) => p.infer(x),
            Op::Concat { axis } => movement::infer_concat(*axis, x),
            Op::Reshape { shape } => movement::infer_reshape(*shape, x),
            Op::Expand { shape } => movement::infer_expand(*shape, x),
            Op::Permute { axes } => movement::infer_permute(axes, x),
            Op::Gather { axis, indices } => movement::infer_gather(*axis, indices, x),
            Op::Pad { before, after, value } => movement::infer_pad(before, after, *value, x),
            Op::Resample(r) => r.infer(x),
            Op::Loss(loss) => loss.infer(x),
        }
    }

    /// Whether the result is an integer and no fraction: an index, or a bit. Later operations may move it, but not compute with it.
    pub const fn is_integer(&self) -> bool {
        matches!(self, Op::Above(_) | Op::ArgMax(_) | Op::TopK(TopK { values: false, .. }))
    }

    /// The operation's name, for listings and errors.
    pub const fn name(&self) -> &'static str {
        match self {
            Op::Input(_) => "input",
            Op::Parameter(_) => "parameter",
            Op::Conv(_) => "conv",
            Op::ConvTranspose(_) => "conv_transpose",
            Op::Linear => "linear",
            Op::BatchNorm(_) => "batch_norm",
            Op::Relu => "relu",
            Op::Piecewise(_) => "piecewise",
            Op::Above(_) => "above",
            Op::MaxPool(_) => "max_pool",
            Op::MaxOver(_) => "max_over",
            Op::AvgPool(_) => "avg_pool",
            Op::ArgMax(_) => "arg_max",
            Op::TopK(_) => "top_k",
            Op::Add => "add",
            Op::Affine(_) => "affine",
            Op::Mul => "mul",
            Op::Divide => "divide",
            Op::Scaled(_) => "scaled",
            Op::Biased(_) => "biased",
            Op::Curve(c) => c.function.name(),
            Op::Softmax(Softmax { logarithm: false, .. }) => "softmax",
            Op::Softmax(_) => "log_softmax",
            Op::Normalize(_) => "normalize",
            Op::MatMul => "mat_mul",
            Op::Polynomial(_) => "polynomial",
            Op::Concat { .. } => "concat",
            Op::Reshape { .. } => "reshape",
            Op::Expand { .. } => "expand",
            Op::Permute { .. } => "permute",
            Op::Gather { .. } => "gather",
            Op::Pad { .. } => "pad",
            Op::Resample(_) => "resample",
            Op::Dropout { .. } => "dropout",
            Op::Loss(loss) => loss.name(),
        }
    }
}

fn one(x: &[Shape]) -> Infer {
    match *x {
        [x] => Ok(x),
        _ => Err(ShapeError::arity(1, x.len())),
    }
}
