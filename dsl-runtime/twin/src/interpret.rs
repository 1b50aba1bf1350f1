//! The interpreter: runs the nodes of a graph in order.
//!
//! A value is a tensor `[rows, elements]`, row-major within a row; every operation reshapes it to what it needs. A value that
//! depends on no input has a single row, which takes part for every sample.

use crate::ops::{self, norm::Statistics};
use burn::tensor::Tensor;
use rand::rngs::Xoshiro256PlusPlus;
use undertone_runtime::graph::op::Loss;
use undertone_runtime::graph::{Graph, Node, Op};
use undertone_runtime::{Error, Result};
use undertone_shape::Shape;

/// The value of a node.
#[derive(Clone)]
pub(crate) struct Value {
    rows: Tensor<2>,
    /// Whether it depends on no input.
    constant: bool,
}

impl Value {
    /// The rows: one for each sample, or a single one for a value that depends on no input.
    pub(crate) fn rows(&self) -> Tensor<2> {
        self.rows.clone()
    }

    /// One row for each of `batch` samples.
    pub(crate) fn each(&self, batch: usize) -> Tensor<2> {
        let [_, elements] = self.rows.dims();
        if self.constant { self.rows.clone().expand([batch, elements]) } else { self.rows.clone() }
    }
}

/// Which values survive a run.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Keep {
    /// That of the output; memory of the others is used again.
    Output,
    /// All of them.
    All,
}

/// Whether a run is for a result or for training.
pub(crate) enum Mode<'a> {
    /// Running statistics, no dropout.
    Evaluate,
    /// Statistics of the batch, dropout at work.
    Train {
        /// Dropout's randomness.
        rng: &'a mut Xoshiro256PlusPlus,
        /// For each sample, the share of its last axis that is not padding.
        valid: Option<&'a [f32]>,
        /// For each batch normalisation, the nodes of running mean and variance with the statistics of the batch.
        statistics: Vec<(usize, usize, f64, Statistics)>,
    },
}

/// Runs the graph on `inputs`, each `[batch, elements]`, with the weights in the order of the graph's parameters.
pub(crate) fn run(graph: &Graph, inputs: &[Tensor<2>], parameters: &[Tensor<1>], keep: Keep, mode: &mut Mode) -> Result<Vec<Value>> {
    let mut last_use = vec![usize::MAX; graph.nodes.len()];
    if keep == Keep::Output {
        for (i, node) in graph.nodes.iter().enumerate() {
            last_use[i] = i;
            node.inputs.iter().for_each(|input| last_use[input.0] = i);
        }
        last_use[graph.output.0] = usize::MAX;
    }
    let mut values: Vec<Value> = Vec::with_capacity(graph.nodes.len());
    for (i, node) in graph.nodes.iter().enumerate() {
        let value = match &node.op {
            Op::Input(k) => Value { rows: inputs[*k].clone(), constant: false },
            Op::Parameter(k) => Value { rows: parameters[*k].clone().unsqueeze(), constant: true },
            _ => {
                let operands = Operands { graph, node, values: &values };
                let constant = node.inputs.iter().all(|input| values[input.0].constant);
                let rows = apply(&operands, mode).map_err(|message| Error::Graph {
                    model: graph.name.clone(),
                    stage: node.stage.clone(),
                    message,
                })?;
                Value { rows, constant }
            }
        };
        values.push(value);
        for used in node.inputs.iter().map(|input| input.0).chain([i]) {
            if last_use[used] == i {
                values[used].rows = Tensor::empty([1, 1], &values[used].rows.device());
            }
        }
    }
    Ok(values)
}

/// The operands of one node.
struct Operands<'a> {
    graph: &'a Graph,
    node: &'a Node,
    values: &'a [Value],
}

impl Operands<'_> {
    fn count(&self) -> usize {
        self.node.inputs.len()
    }

    fn shape(&self, i: usize) -> Shape {
        self.graph.node(self.node.inputs[i]).shape
    }

    fn value(&self, i: usize) -> &Value {
        &self.values[self.node.inputs[i].0]
    }

    fn rows(&self, i: usize) -> Tensor<2> {
        self.value(i).rows()
    }

    /// All operands with the same number of rows.
    fn aligned(&self) -> Vec<Tensor<2>> {
        let batch = (0..self.count()).map(|i| self.value(i).rows.dims()[0]).max().unwrap_or(1);
        (0..self.count()).map(|i| self.value(i).each(batch)).collect()
    }

    /// An operand that has to be the same for every sample, flat.
    fn weight(&self, i: usize) -> Result<Tensor<1>, String> {
        let value = self.value(i);
        if value.constant {
            Ok(value.rows().flatten(0, 1))
        } else {
            Err(format!("operand {i} of `{}` depends on an input; only weights are possible", self.node.op.name()))
        }
    }

    /// The bias, where there is one.
    fn bias(&self) -> Result<Option<Tensor<1>>, String> {
        if self.count() > 2 { self.weight(2).map(Some) } else { Ok(None) }
    }
}

fn apply(x: &Operands, mode: &mut Mode) -> Result<Tensor<2>, String> {
    Ok(match &x.node.op {
        Op::Input(_) | Op::Parameter(_) => return Err("inputs and weights have no operands".into()),
        Op::Conv(c) => ops::window::conv(x.rows(0), x.shape(0), x.weight(1)?, x.shape(1), x.bias()?, c),
        Op::ConvTranspose(c) => ops::window::conv_transpose(x.rows(0), x.shape(0), x.weight(1)?, x.shape(1), x.bias()?, c),
        Op::Linear => ops::movement::linear(x.rows(0), x.weight(1)?, x.bias()?, x.shape(1)),
        Op::BatchNorm(norm) => {
            let (mean, variance) = (x.count() - 2, x.count() - 1);
            let affine = if x.count() == 5 { Some([x.weight(1)?, x.weight(2)?]) } else { None };
            match mode {
                Mode::Evaluate => ops::norm::evaluate(x.rows(0), x.shape(0), affine, [x.weight(mean)?, x.weight(variance)?], norm),
                Mode::Train { valid, statistics, .. } => {
                    let (rows, of_batch) = ops::norm::train(x.rows(0), x.shape(0), affine, x.shape(mean).dim(0), norm, *valid)?;
                    statistics.push((x.node.inputs[mean].0, x.node.inputs[variance].0, norm.momentum, of_batch));
                    rows
                }
            }
        }
        Op::Relu => burn::tensor::activation::relu(x.rows(0)),
        Op::Piecewise(function) => ops::piecewise::apply(x.rows(0), function),
        Op::Above(above) => ops::piecewise::above(x.rows(0), above.at),
        Op::MaxPool(p) => ops::window::max_pool(x.rows(0), x.shape(0), p),
        Op::MaxOver(over) => ops::window::max_over(x.rows(0), x.shape(0), over),
        Op::ArgMax(a) => ops::movement::argmax(x.rows(0), x.shape(0), a.axis),
        Op::TopK(topk) => ops::topk::apply(x.rows(0), x.shape(0), topk)?,
        Op::AvgPool(p) => ops::window::avg_pool(x.rows(0), x.shape(0), p),
        Op::Add => x.aligned().into_iter().reduce(|a, b| a + b).ok_or("`add` has no operands")?,
        Op::Affine(a) => ops::affine::affine(x.rows(0), x.shape(0), a),
        Op::Mul => {
            let [a, b] = <[_; 2]>::try_from(x.aligned()).map_err(|_| "`mul` multiplies two values")?;
            ops::product::mul([(a, x.shape(0)), (b, x.shape(1))], x.node.shape)
        }
        Op::Divide => {
            let [a, b] = <[_; 2]>::try_from(x.aligned()).map_err(|_| "`divide` divides two values")?;
            ops::curve::divide([(a, x.shape(0)), (b, x.shape(1))], x.node.shape)
        }
        Op::Scaled(s) => ops::product::scaled(x.rows(0), x.shape(0), s.axis, x.weight(1)?, x.shape(1), x.bias()?),
        Op::Biased(b) => ops::product::biased(x.rows(0), x.shape(0), b.axis, x.weight(1)?),
        Op::Curve(c) => ops::curve::apply(x.rows(0), c.function),
        Op::Softmax(s) => ops::curve::softmax(x.rows(0), x.shape(0), s),
        Op::Normalize(n) => ops::norm::rows(x.rows(0), x.shape(0), n),
        Op::MatMul => {
            let [a, b] = <[_; 2]>::try_from(x.aligned()).map_err(|_| "`mat_mul` multiplies two values")?;
            ops::product::matmul([(a, x.shape(0)), (b, x.shape(1))], x.node.shape)
        }
        Op::Polynomial(p) => ops::product::polynomial(x.rows(0), p),
        Op::Expand { shape } => ops::movement::expand(x.rows(0), x.shape(0), *shape),
        Op::Concat { axis } => ops::movement::concat(x.aligned(), &(0..x.count()).map(|i| x.shape(i)).collect::<Vec<_>>(), *axis),
        Op::Reshape { .. } => x.rows(0),
        Op::Permute { axes } => ops::movement::permute(x.rows(0), x.shape(0), axes),
        Op::Gather { axis, indices } => ops::movement::gather(x.rows(0), x.shape(0), *axis, indices),
        Op::Pad { before, after, value } => ops::movement::pad(x.rows(0), x.shape(0), before, after, *value),
        Op::Resample(resample) => ops::movement::resample(x.rows(0), x.shape(0), resample),
        Op::Dropout { rate } => match mode {
            Mode::Train { rng, .. } => ops::movement::dropout(x.rows(0), *rate, rng),
            Mode::Evaluate => x.rows(0),
        },
        Op::Loss(loss) => {
            let [output, target] = <[_; 2]>::try_from(x.aligned()).map_err(|_| "a loss compares two values")?;
            match *loss {
                Loss::CrossEntropy => ops::loss::cross_entropy(output, x.shape(0), target, x.shape(1))?,
                Loss::BinaryCrossEntropy => ops::loss::binary_cross_entropy(output, target)?,
                Loss::BinaryCrossEntropyWithLogits => ops::loss::binary_cross_entropy_with_logits(output, target)?,
                Loss::MeanSquaredError => ops::loss::mean_squared_error(output, target),
                Loss::L1 => (output - target).abs().mean_dim(1),
                Loss::Huber { delta } => ops::loss::huber(output, target, delta),
                Loss::Dice { smooth, from_logits } => ops::loss::dice(output, target, smooth, from_logits)?,
                Loss::Ctc { blank } => ops::loss::ctc(output, x.shape(0), &target, blank)?,
            }
        }
    })
}
