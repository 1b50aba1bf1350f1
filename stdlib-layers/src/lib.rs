//! The standard layers, one file a layer: stages of `secure_model!`.
//!
//! A layer says in `infer` what shapes it takes and gives, as a `const fn`, so that a wrong shape is a compile error; and in `build`
//! how it is composed from the primitive operations of [`undertone_runtime::graph`]. It names no protocol and no party: secure form,
//! twin, fixed-point reference and cost follow from the operations. Names, layouts and defaults are PyTorch's.
//!
//! Shapes are those of one sample: there is no batch dimension. Costs are those of two parties with a dealer at the default
//! numbers (n = 64, f = 16, m = 34, w = 4, radix 3), per element of one sample, online bits counted in one direction:
//!
//! | layer | rounds | online bits | what is counted |
//! |---|---|---|---|
//! | [`Conv1d`], [`Conv2d`], [`Conv3d`], [`DepthwiseConv1d`], [`DepthwiseConv2d`], [`ConvTranspose1d`], [`ConvTranspose2d`], [`Linear`] | 1 | 64 | per input element: its opening |
//! | [`Relu`] | 4 | 51 | per element, with the truncation of the product before it |
//! | [`Relu6`], [`HardTanh`], [`HardSigmoid`], [`HardSwish`] | 4 | 72 | per element, with that truncation: two thresholds of one opening |
//! | [`Threshold`] | 4 | 53 | per element, with that truncation |
//! | [`Above`] | 3 | 52 | per element, with that truncation; a bit, for releases |
//! | [`Softsign`] | 4 | 946 | per element, with that truncation: 48 thresholds of one opening |
//! | [`MaxPool1d`], [`MaxPool2d`], [`MaxPool3d`], [`AdaptiveMaxPool1d`], [`AdaptiveMaxPool2d`], [`GlobalMaxPool`] | 4 a level | 54 a comparison | ceil(log2 kernel) levels an axis; 51 bits after a ReLU |
//! | [`ArgMax`] | 4 a level | 35 a difference, 19 a pair | groups of up to 4 neighbours; a truncation before it where a product comes first |
//! | [`TopK`], [`TopKValues`] | 5 a level | 35 or 64 a difference, 19 a pair | groups of up to 64, whose largest make the next level; a rank under a mask besides |
//! | [`BatchNorm`], [`InstanceNorm`], [`GroupNorm`] | 0 | 0 | running statistics, folded into the convolution or linear layer before it by the owner of the weights |
//! | [`LeakyRelu`] | 5 | 52 | per element: a ReLU, and a truncation before whatever needs one |
//! | [`PRelu`] | 6 | 116 | per element: a ReLU, a truncation and the opening for the slope |
//! | [`Mul`], [`MatMul`] | 1 an operand | 64 | per element of each operand: its opening |
//! | [`Square`], [`Polynomial`] | 1 | 64 | per element: its opening; a polynomial beyond degree 2 takes 2 rounds and 65 bits more for every two degrees |
//! | [`Scale`] | 0 or 1 | 0 or 1 | per element: local, and a truncation where none comes anyway |
//! | [`AvgPool1d`], [`AvgPool2d`], [`AvgPool3d`], [`AdaptiveAvgPool1d`], [`AdaptiveAvgPool2d`], [`AdaptiveAvgPool3d`], [`GlobalAvgPool`], [`Mean`], [`Sum`], [`Upsample`] | 0 | 0 | local: elements are summed; means divide by up to 4096 in all for nothing |
//! | [`Add`], [`Sub`], [`Dropout`] | 0 | 0 | local |
//! | [`Concat`], [`Flatten`], [`Pad`], [`Permute`], [`PixelShuffle`], [`Reshape`], [`Slice`], [`Split`], [`Transpose`] | 0 | 0 | local: elements are moved |
//!
//! Losses stand in the `loss` clause of a description, and the twin alone computes them: [`CrossEntropy`], [`BinaryCrossEntropy`],
//! [`BinaryCrossEntropyWithLogits`], [`MeanSquaredError`], [`L1`], [`Huber`], [`Dice`] and [`Ctc`].
#![forbid(unsafe_code)]

mod adaptive_avg_pool;
mod adaptive_max_pool;
mod add;
mod arg_max;
mod avg_pool;
mod batch_norm;
mod binary_cross_entropy;
mod binary_cross_entropy_with_logits;
mod concat;
mod conv1d;
mod conv2d;
mod conv3d;
mod conv_transpose1d;
mod conv_transpose2d;
mod cross_entropy;
mod ctc;
mod depthwise_conv1d;
mod depthwise_conv2d;
mod dice;
mod dropout;
mod flatten;
mod global_avg_pool;
mod global_max_pool;
mod group_norm;
mod hard_sigmoid;
mod hard_swish;
mod hard_tanh;
mod huber;
mod instance_norm;
mod l1;
mod leaky_relu;
mod linear;
mod mat_mul;
mod max_pool;
mod mean;
mod mean_squared_error;
mod mul;
mod p_relu;
mod pad;
mod permute;
mod pixel_shuffle;
mod polynomial;
mod relu;
mod relu6;
mod reshape;
mod scale;
mod slice;
mod softsign;
mod split;
mod square;
mod sub;
mod sum;
mod support;
mod threshold;
mod topk;
mod transpose;
mod upsample;

pub use adaptive_avg_pool::{AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d};
pub use adaptive_max_pool::{AdaptiveMaxPool1d, AdaptiveMaxPool2d};
pub use add::Add;
pub use arg_max::ArgMax;
pub use avg_pool::{AvgPool1d, AvgPool2d, AvgPool3d};
pub use batch_norm::BatchNorm;
pub use binary_cross_entropy::BinaryCrossEntropy;
pub use binary_cross_entropy_with_logits::BinaryCrossEntropyWithLogits;
pub use concat::Concat;
pub use conv_transpose1d::ConvTranspose1d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;
pub use conv3d::Conv3d;
pub use cross_entropy::CrossEntropy;
pub use ctc::Ctc;
pub use depthwise_conv1d::DepthwiseConv1d;
pub use depthwise_conv2d::DepthwiseConv2d;
pub use dice::Dice;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use global_avg_pool::GlobalAvgPool;
pub use global_max_pool::GlobalMaxPool;
pub use group_norm::GroupNorm;
pub use hard_sigmoid::HardSigmoid;
pub use hard_swish::HardSwish;
pub use hard_tanh::HardTanh;
pub use huber::Huber;
pub use instance_norm::InstanceNorm;
pub use l1::L1;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use mat_mul::MatMul;
pub use max_pool::{MaxPool1d, MaxPool2d, MaxPool3d};
pub use mean::Mean;
pub use mean_squared_error::MeanSquaredError;
pub use mul::Mul;
pub use p_relu::PRelu;
pub use pad::{Pad, Padding};
pub use permute::Permute;
pub use pixel_shuffle::PixelShuffle;
pub use polynomial::Polynomial;
pub use relu::Relu;
pub use relu6::Relu6;
pub use reshape::Reshape;
pub use scale::Scale;
pub use slice::Slice;
pub use softsign::Softsign;
pub use split::Split;
pub use square::Square;
pub use sub::Sub;
pub use sum::Sum;
pub use threshold::{Above, Threshold};
pub use topk::{TopK, TopKValues};
pub use transpose::Transpose;
pub use upsample::{Interpolation, Upsample};
