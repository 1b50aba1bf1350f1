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
//! | [`Above`] | 3 | 52 | per element, with that truncation; a bit, for releases |
//! | [`Softsign`] | 4 | 946 | per element, with that truncation: 48 thresholds of one opening |
//! | [`MaxPool1d`], [`MaxPool2d`], [`MaxPool3d`], [`AdaptiveMaxPool1d`], [`AdaptiveMaxPool2d`], [`GlobalMaxPool`] | 4 a level | 54 a comparison | ceil(log2 kernel) levels an axis; 51 bits after a ReLU |
//! | [`ArgMax`] | 4 a level | 35 a difference, 19 a pair | groups of up to 4 neighbours; a truncation before it where a product comes first |
//! | [`TopK`], [`TopKValues`] | 5 a level | 35 or 64 a difference, 19 a pair | groups of up to 64, whose largest make the next level; a rank under a mask besides |
//! | [`Silu`], [`Gelu`], [`Mish`], [`Softplus`], [`Sigmoid`], [`LogSigmoid`], [`Tanh`], [`Elu`], [`Selu`], [`Erf`] | 4 | 93 to 96 | per element, with that truncation |
//! | [`Exp`] | 4 | 108 | per element, with that truncation |
//! | [`Sin`], [`Cos`] | 2 | 39 | per element |
//! | [`Reciprocal`], [`Sqrt`], [`InverseSqrt`], [`Log`] | 4 | 450 to 563 | per element, with that truncation; [`Pow`] is one of these or a product |
//! | [`Div`] | 6 | 902 | per element |
//! | [`Softmax`], [`LogSoftmax`] | 19, 17 | 325, 259 | per element of rows of 128; fewer where values are known to be small |
//! | [`LayerNorm`], [`RmsNorm`] | 8, 7 | 69 | per element of rows of 768; a weight takes an opening besides |
//! | [`MultiHeadAttention`], [`SqueezeExcite`], [`Rnn`], [`Lstm`], [`Gru`] | | | what they are made of |
//! | [`Abs`], [`Threshold`], [`Greater`], [`GreaterEqual`], [`Less`], [`LessEqual`] | 4 | 53 | per element, with that truncation: one threshold of one opening |
//! | [`Sign`], [`Clamp`], [`Equal`], [`NotEqual`] | 4 | 72 | per element, with that truncation: two thresholds of one opening |
//! | [`Maximum`], [`Minimum`] | 4 | 51 | per element: a ReLU of the difference |
//! | [`Where`], [`Norm`], [`Sort`] | | | a product; a [`Sqrt`] of sums of squares; a [`TopKValues`] of all |
//! | [`Embedding`], [`Project`] | 1 | 64 | per input element: its opening; rows of indices that everybody knows are local |
//! | [`PositionalEmbedding`], [`RotaryEmbedding`], [`CumSum`] | 0 | 0 | local; a learned position shares an opening of one number |
//! | [`BatchNorm`], [`InstanceNorm`], [`GroupNorm`] | 0 | 0 | running statistics, folded into the convolution or linear layer before it by the owner of the weights; with `live: true` the last two are a [`LayerNorm`] |
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

mod abs;
mod adaptive_avg_pool;
mod adaptive_max_pool;
mod add;
mod arg_max;
mod avg_pool;
mod batch_norm;
mod binary_cross_entropy;
mod binary_cross_entropy_with_logits;
mod clamp;
mod comparison;
mod concat;
mod conv1d;
mod conv2d;
mod conv3d;
mod conv_transpose1d;
mod conv_transpose2d;
mod cos;
mod cross_entropy;
mod ctc;
mod cum_sum;
mod depthwise_conv1d;
mod depthwise_conv2d;
mod dice;
mod div;
mod dropout;
mod elu;
mod embedding;
mod erf;
mod exp;
mod flatten;
mod gelu;
mod global_avg_pool;
mod global_max_pool;
mod group_norm;
mod gru;
mod hard_sigmoid;
mod hard_swish;
mod hard_tanh;
mod huber;
mod instance_norm;
mod inverse_sqrt;
mod l1;
mod layer_norm;
mod leaky_relu;
mod linear;
mod log;
mod log_sigmoid;
mod lstm;
mod mat_mul;
mod max_pool;
mod maximum;
mod mean;
mod mean_squared_error;
mod minimum;
mod mish;
mod mul;
mod multi_head_attention;
mod norm;
mod p_relu;
mod pad;
mod permute;
mod pixel_shuffle;
mod polynomial;
mod positional_embedding;
mod pow;
mod project;
mod reciprocal;
mod relu;
mod relu6;
mod reshape;
mod rms_norm;
mod rnn;
mod rotary_embedding;
mod scale;
mod select;
mod selu;
mod sigmoid;
mod sign;
mod silu;
mod sin;
mod slice;
mod softmax;
mod softplus;
mod softsign;
mod sort;
mod split;
mod sqrt;
mod square;
mod squeeze_excite;
mod sub;
mod sum;
mod support;
mod tanh;
mod threshold;
mod topk;
mod transpose;
mod upsample;

pub use abs::Abs;
pub use adaptive_avg_pool::{AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d};
pub use adaptive_max_pool::{AdaptiveMaxPool1d, AdaptiveMaxPool2d};
pub use add::Add;
pub use arg_max::ArgMax;
pub use avg_pool::{AvgPool1d, AvgPool2d, AvgPool3d};
pub use batch_norm::BatchNorm;
pub use binary_cross_entropy::BinaryCrossEntropy;
pub use binary_cross_entropy_with_logits::BinaryCrossEntropyWithLogits;
pub use clamp::Clamp;
pub use comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
pub use concat::Concat;
pub use conv_transpose1d::ConvTranspose1d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;
pub use conv3d::Conv3d;
pub use cos::Cos;
pub use cross_entropy::CrossEntropy;
pub use ctc::Ctc;
pub use cum_sum::CumSum;
pub use depthwise_conv1d::DepthwiseConv1d;
pub use depthwise_conv2d::DepthwiseConv2d;
pub use dice::Dice;
pub use div::Div;
pub use dropout::Dropout;
pub use elu::Elu;
pub use embedding::Embedding;
pub use erf::Erf;
pub use exp::Exp;
pub use flatten::Flatten;
pub use gelu::Gelu;
pub use global_avg_pool::GlobalAvgPool;
pub use global_max_pool::GlobalMaxPool;
pub use group_norm::GroupNorm;
pub use gru::Gru;
pub use hard_sigmoid::HardSigmoid;
pub use hard_swish::HardSwish;
pub use hard_tanh::HardTanh;
pub use huber::Huber;
pub use instance_norm::InstanceNorm;
pub use inverse_sqrt::InverseSqrt;
pub use l1::L1;
pub use layer_norm::LayerNorm;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use log::Log;
pub use log_sigmoid::LogSigmoid;
pub use lstm::Lstm;
pub use mat_mul::MatMul;
pub use max_pool::{MaxPool1d, MaxPool2d, MaxPool3d};
pub use maximum::Maximum;
pub use mean::Mean;
pub use mean_squared_error::MeanSquaredError;
pub use minimum::Minimum;
pub use mish::Mish;
pub use mul::Mul;
pub use multi_head_attention::MultiHeadAttention;
pub use norm::Norm;
pub use p_relu::PRelu;
pub use pad::{Pad, Padding};
pub use permute::Permute;
pub use pixel_shuffle::PixelShuffle;
pub use polynomial::Polynomial;
pub use positional_embedding::PositionalEmbedding;
pub use pow::Pow;
pub use project::Project;
pub use reciprocal::Reciprocal;
pub use relu::Relu;
pub use relu6::Relu6;
pub use reshape::Reshape;
pub use rms_norm::RmsNorm;
pub use rnn::Rnn;
pub use rotary_embedding::RotaryEmbedding;
pub use scale::Scale;
pub use select::Where;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use sign::Sign;
pub use silu::Silu;
pub use sin::Sin;
pub use slice::Slice;
pub use softmax::{LogSoftmax, Softmax};
pub use softplus::Softplus;
pub use softsign::Softsign;
pub use sort::Sort;
pub use split::Split;
pub use sqrt::Sqrt;
pub use square::Square;
pub use squeeze_excite::SqueezeExcite;
pub use sub::Sub;
pub use sum::Sum;
pub use tanh::Tanh;
pub use threshold::{Above, Threshold};
pub use topk::{TopK, TopKValues};
pub use transpose::Transpose;
pub use undertone_runtime::graph::op::Approx;
pub use upsample::{Interpolation, Upsample};
