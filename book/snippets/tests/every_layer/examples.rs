//! An example of every layer: a stage as a description writes it, which is compiled, planned and run. A layer that is new gets a line here, in the group in which the page shows
//! it.

use std::fmt::Debug;
use undertone::graph::{Graph, trace};
use undertone::layers::*;
use undertone::{Infer, Layer, Result, Shape};

/// A stage, and what goes into it.
pub struct Example {
    pub layer: &'static str,
    /// The fields as a description writes them, between braces; empty where it writes none.
    pub fields: String,
    /// The fields that a description need not write, as `name: value`.
    pub defaults: String,
    pub inputs: Vec<Shape>,
    pub gives: Shape,
    /// The least and the largest value of the inputs.
    pub values: [f32; 2],
    /// With the layer as its only stage; an error for a loss.
    pub graph: Result<Graph>,
}

impl Example {
    /// The name of the stage in the graph.
    pub const STAGE: &str = "layer";

    fn new<L: Layer + Debug>(
        (layer, fields): (&'static str, &[&str]),
        (built, default): (L, L),
        infer: fn(&L, &[Shape]) -> Infer,
        inputs: Vec<Shape>,
        values: [f32; 2],
    ) -> Self {
        let gives = infer(&built, &inputs).unwrap_or_else(|e| panic!("{layer}: {e:?}"));
        let names = ["a", "b", "c"];
        let named: Vec<(&str, Shape)> = names.into_iter().zip(inputs.iter().copied()).collect();
        let graph = trace(layer, &named, |g, x| g.stage(Self::STAGE, Ok(gives), |g| built.build(g, x)));
        let fields = if fields.is_empty() { String::new() } else { format!("{{ {} }}", fields.join(", ")) };
        let whole = format!("{default:?}").replace(&usize::MAX.to_string(), "usize::MAX").replace("inf", "f64::INFINITY");
        let defaults = whole.strip_prefix(&format!("{layer} {{ ")).and_then(|rest| rest.strip_suffix(" }")).unwrap_or_default().to_owned();
        Self { layer, fields, defaults, inputs, gives, values, graph }
    }
}

const ORDINARY: [f32; 2] = [-4.0, 4.0];
const POSITIVE: [f32; 2] = [0.25, 4.0];
const BITS: [f32; 2] = [0.0, 1.0];

/// `example!(Layer { field: value }, [shape of an input], ..)`, and behind a semicolon the range of its values, if it is not that from -4 to 4.
macro_rules! example {
    ($layer:ident { $($field:ident: $value:expr),+ }, $($input:expr),+ $(; $values:expr)?) => {{
        #[allow(clippy::needless_update, reason = "one form for layers with all and with some fields given, as in generated code")]
        let layer = $layer { $($field: $value,)+ ..$layer::DEFAULT };
        let fields = [$(concat!(stringify!($field), ": ", stringify!($value))),+];
        example!(of $layer, fields, layer, [$($input),+] $(, $values)?)
    }};
    ($layer:ident, $($input:expr),+ $(; $values:expr)?) => {
        example!(of $layer, [], $layer::DEFAULT, [$($input),+] $(, $values)?)
    };
    (of $layer:ident, $fields:expr, $built:expr, $inputs:tt) => { example!(of $layer, $fields, $built, $inputs, ORDINARY) };
    (of $layer:ident, $fields:expr, $built:expr, [$($input:expr),+], $values:expr) => {
        Example::new((stringify!($layer), &$fields), ($built, $layer::DEFAULT), $layer::infer, vec![$(Shape::new($input)),+], $values)
    };
}

/// The groups of the page, in its order.
pub fn groups() -> Vec<(&'static str, Vec<Example>)> {
    vec![
        ("Linear layers and tables", tables()),
        ("Convolutions", convolutions()),
        ("Pools and resampling", pools()),
        ("Activations", activations()),
        ("Functions and arithmetic", functions()),
        ("Normalisations and sums", norms()),
        ("Attention, gates and recurrent networks", sequences()),
        ("Comparison and selection", selections()),
        ("Arrangement", movements()),
        (LOSSES, losses()),
    ]
}

/// The group of what the twin alone computes.
pub const LOSSES: &str = "Losses";

fn tables() -> Vec<Example> {
    vec![
        example!(Linear { out: 10 }, [84]),
        example!(Project { out: 32 }, [16, 64]),
        example!(MatMul, [16, 32], [32, 24]),
        example!(Embedding { dim: 32 }, [12, 100]; BITS),
        example!(Embedding { dim: 32, vocabulary: 2, indices: &[0, 0, 0, 1, 1, 1] }, [6, 32]),
        example!(PositionalEmbedding, [12, 32]),
        example!(RotaryEmbedding, [12, 32]),
    ]
}

fn convolutions() -> Vec<Example> {
    vec![
        example!(Conv1d { out: 8, kernel: 11, stride: 2, padding: 5 }, [4, 100]),
        example!(Conv2d { out: 6, kernel: 5, padding: 2 }, [3, 16, 16]),
        example!(Conv3d { out: 4, kernel: 3, padding: 1 }, [2, 6, 8, 8]),
        example!(DepthwiseConv1d { kernel: 5, padding: 2 }, [8, 50]),
        example!(DepthwiseConv2d { kernel: 3, padding: 1 }, [8, 12, 12]),
        example!(ConvTranspose1d { out: 4, kernel: 4, stride: 2, padding: 1 }, [8, 25]),
        example!(ConvTranspose2d { out: 4, kernel: 2, stride: 2 }, [8, 8, 8]),
    ]
}

fn pools() -> Vec<Example> {
    vec![
        example!(MaxPool1d, [8, 64]),
        example!(MaxPool2d { kernel: 3, stride: 2, padding: 1 }, [4, 16, 16]),
        example!(MaxPool3d, [2, 8, 8, 8]),
        example!(AvgPool1d, [8, 64]),
        example!(AvgPool2d, [4, 16, 16]),
        example!(AvgPool3d, [2, 8, 8, 8]),
        example!(AdaptiveMaxPool1d { out: 7 }, [8, 64]),
        example!(AdaptiveMaxPool2d { out: 7 }, [4, 16, 16]),
        example!(AdaptiveAvgPool1d { out: 7 }, [8, 64]),
        example!(AdaptiveAvgPool2d { out: 7 }, [4, 16, 16]),
        example!(AdaptiveAvgPool3d { out: 3 }, [2, 8, 8, 8]),
        example!(GlobalMaxPool, [8, 8, 8]),
        example!(GlobalAvgPool, [8, 8, 8]),
        example!(Upsample { scale: 2, mode: Interpolation::Bilinear }, [4, 8, 8]),
    ]
}

fn activations() -> Vec<Example> {
    vec![
        example!(Relu, [1000]),
        example!(Relu6, [1000]),
        example!(LeakyRelu, [1000]),
        example!(PRelu, [1000]),
        example!(HardTanh, [1000]),
        example!(HardSigmoid, [1000]),
        example!(HardSwish, [1000]),
        example!(Softsign, [1000]),
        example!(Gelu, [1000]),
        example!(Gelu { approx: Approx::Quick }, [1000]),
        example!(Gelu { approx: Approx::Within(4.0) }, [1000]),
        example!(Silu, [1000]),
        example!(Mish, [1000]),
        example!(Softplus, [1000]),
        example!(Sigmoid, [1000]),
        example!(LogSigmoid, [1000]),
        example!(Tanh, [1000]),
        example!(Elu, [1000]),
        example!(Selu, [1000]),
        example!(Softmax { axis: 1 }, [16, 64]),
        example!(Softmax { axis: 1, within: Some(4.0) }, [16, 64]),
        example!(LogSoftmax { axis: 1 }, [16, 64]),
        example!(Dropout { rate: 0.1 }, [1000]),
    ]
}

fn functions() -> Vec<Example> {
    vec![
        example!(Add, [16, 8, 8], [16, 8, 8]),
        example!(Sub, [16, 8, 8], [16, 8, 8]),
        example!(Mul, [16, 8, 8], [16, 8, 8]),
        example!(Div, [1000], [1000]; POSITIVE),
        example!(Scale { factor: 0.5, offset: 1.0 }, [1000]),
        example!(Square, [1000]),
        example!(Pow { exponent: 3.0 }, [1000]),
        example!(Pow { exponent: 1.5 }, [1000]; POSITIVE),
        example!(Polynomial { coefficients: &[0.25, 0.5, 0.125] }, [1000]),
        example!(Exp, [1000]),
        example!(Log, [1000]; POSITIVE),
        example!(Sqrt, [1000]; POSITIVE),
        example!(InverseSqrt, [1000]; POSITIVE),
        example!(Reciprocal, [1000]; POSITIVE),
        example!(Sin, [1000]),
        example!(Cos, [1000]),
        example!(Erf, [1000]),
    ]
}

fn norms() -> Vec<Example> {
    vec![
        example!(BatchNorm, [8, 10, 10]),
        example!(InstanceNorm, [8, 10, 10]),
        example!(GroupNorm { groups: 2 }, [8, 10, 10]),
        example!(GroupNorm { groups: 2, live: true }, [8, 10, 10]),
        example!(LayerNorm, [16, 64]),
        example!(RmsNorm, [16, 64]),
        example!(Norm { axes: &[1] }, [16, 64]),
        example!(Mean { axes: &[1] }, [16, 64]),
        example!(Sum { axes: &[1] }, [16, 64]),
        example!(CumSum { axis: 1 }, [16, 64]),
    ]
}

fn sequences() -> Vec<Example> {
    vec![
        example!(MultiHeadAttention { heads: 4 }, [16, 32]),
        example!(SqueezeExcite { squeeze: 4 }, [16, 8, 8]),
        example!(Rnn { hidden: 16 }, [10, 8]),
        example!(Lstm { hidden: 16 }, [10, 8]),
        example!(Gru { hidden: 16 }, [10, 8]),
    ]
}

fn selections() -> Vec<Example> {
    vec![
        example!(Abs, [1000]),
        example!(Sign, [1000]),
        example!(Clamp { min: 0.0, max: 1.0 }, [1000]),
        example!(Threshold { at: 0.5 }, [1000]),
        example!(Above { at: 0.5 }, [1000]),
        example!(Greater, [500], [500]),
        example!(GreaterEqual, [500], [500]),
        example!(Less, [500], [500]),
        example!(LessEqual, [500], [500]),
        example!(Equal, [500], [500]),
        example!(NotEqual, [500], [500]),
        example!(Maximum, [500], [500]),
        example!(Minimum, [500], [500]),
        example!(Where, [500], [500], [500]; BITS),
        example!(ArgMax, [10]),
        example!(ArgMax { axis: 1 }, [400, 10]),
        example!(TopK { k: 5 }, [100]),
        example!(TopKValues { k: 5 }, [100]),
        example!(Sort { axis: 1 }, [16, 16]),
    ]
}

fn movements() -> Vec<Example> {
    vec![
        example!(Concat, [8, 16, 16], [4, 16, 16]),
        example!(Flatten, [16, 5, 5]),
        example!(Pad { before: &[0, 1, 1], after: &[0, 1, 1] }, [3, 16, 16]),
        example!(Permute { axes: &[1, 2, 0] }, [3, 16, 16]),
        example!(PixelShuffle { factor: 2 }, [8, 8, 8]),
        example!(Reshape { to: &[4, 8, 16] }, [16, 32]),
        example!(Slice { axis: 1, step: 2 }, [16, 32]),
        example!(Split { parts: 4, part: 1 }, [16, 32]),
        example!(Transpose, [16, 32]),
    ]
}

fn losses() -> Vec<Example> {
    vec![
        example!(CrossEntropy, [10], []),
        example!(BinaryCrossEntropy, [64, 64], [64, 64]),
        example!(BinaryCrossEntropyWithLogits, [64, 64], [64, 64]),
        example!(MeanSquaredError, [8], [8]),
        example!(L1, [8], [8]),
        example!(Huber { delta: 1.0 }, [8], [8]),
        example!(Dice, [64, 64], [64, 64]),
        example!(Ctc, [29, 100], [20]),
    ]
}
