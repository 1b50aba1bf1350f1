//! The builder that layers use: a [`Scope`] knows the stage in force, a [`Value`] is the result of an operation.
//!
//! Neither panics: the first mistake is kept and becomes the error of [`trace`](super::trace), the values after it go on
//! with the shape that they should have had.

use super::op::{
    Above, Affine, Approx, ArgMax, AvgPool, BatchNorm, Biased, Coefficients, Conv, ConvTranspose, Curve, Loss, MaxOver, MaxPool, Normalize,
    Op, Piecewise, Resample, Scaled, Smooth, Softmax, TopK,
};
use super::{CLIENT, Graph, Init, Input, Node, NodeId, Parameter, Release};
use crate::error::{Error, Result};
use std::cell::RefCell;
use undertone_shape::{Infer, Shape, render};

/// The result of an operation while a model is traced: a shared graph, an id and a shape.
#[derive(Clone, Copy)]
pub struct Value<'g> {
    builder: &'g Builder,
    id: NodeId,
    shape: Shape,
}

/// Where a layer's `build` stands: the graph so far and the stage in force.
#[derive(Clone, Copy)]
pub struct Scope<'g> {
    builder: &'g Builder,
}

struct Builder(RefCell<State>);

struct State {
    graph: Graph,
    stage: String,
    /// What the names of weights start with: the stage, unless descriptions name weights otherwise.
    weights: String,
    error: Option<Error>,
}

pub(super) fn trace(
    name: &str,
    inputs: &[(&str, Shape, &str)],
    weights_owner: &str,
    body: impl for<'g> FnOnce(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>,
) -> Result<Graph> {
    let graph = Graph {
        name: name.to_owned(),
        inputs: vec![],
        parameters: vec![],
        nodes: vec![],
        output: NodeId(0),
        weights_owner: weights_owner.to_owned(),
        releases: vec![],
        origins: vec![],
        aliases: vec![],
    };
    let builder = Builder(RefCell::new(State { graph, stage: String::new(), weights: String::new(), error: None }));
    let output = {
        let mut scope = Scope { builder: &builder };
        let values: Vec<Value> = inputs.iter().enumerate().map(|(k, (name, shape, owner))| scope.input(k, name, *shape, owner)).collect();
        body(&mut scope, &values).id
    };
    let mut state = builder.0.into_inner();
    state.graph.output = output;
    if state.graph.releases.is_empty() {
        state.graph.releases.push(Release { name: "output".into(), node: output, to: vec![CLIENT.into()] });
    }
    match state.error {
        Some(e) => Err(e),
        None => state.graph.verify().map(|()| state.graph),
    }
}

impl<'g> Scope<'g> {
    /// Runs `body` as the stage `name` and compares the shape of its result with the one that inference gave.
    pub fn stage(&mut self, name: &str, expected: Infer, body: impl FnOnce(&mut Scope<'g>) -> Value<'g>) -> Value<'g> {
        self.run(name, name, expected, body)
    }

    /// As [`stage`](Self::stage), with weights whose names have `weights` in the place of `name`. A stage that declares none is a mistake.
    pub fn stage_as(&mut self, name: &str, weights: &str, expected: Infer, body: impl FnOnce(&mut Scope<'g>) -> Value<'g>) -> Value<'g> {
        let before = self.builder.0.borrow().graph.parameters.len();
        self.run(name, weights, expected, |scope| {
            let value = body(scope);
            if scope.builder.0.borrow().graph.parameters.len() == before {
                scope.fail(format!("it has no weights to call `{weights}`: remove `#[weights(..)]`"));
            }
            value
        })
    }

    fn run(&mut self, name: &str, weights: &str, expected: Infer, body: impl FnOnce(&mut Scope<'g>) -> Value<'g>) -> Value<'g> {
        let (outer, outer_weights) = {
            let mut state = self.builder.0.borrow_mut();
            let (stage, prefix) = (joined(&state.stage, name), joined(&state.weights, weights));
            (core::mem::replace(&mut state.stage, stage), core::mem::replace(&mut state.weights, prefix))
        };
        let value = body(self);
        match expected {
            Ok(shape) if shape == value.shape => {}
            Ok(shape) => self.fail(format!("`infer` says {shape}, but `build` makes {}: correct the layer", value.shape)),
            Err(e) => self.fail(render(name, &e).as_str().to_owned()),
        }
        let mut state = self.builder.0.borrow_mut();
        (state.stage, state.weights) = (outer, outer_weights);
        value
    }

    /// Declares a weight of the stage in force; its key is the stage's name, or what the description puts in its place, a dot, and `name`.
    pub fn parameter(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Value<'g> {
        self.declare(name, shape.into(), init, true)
    }

    /// Declares a weight that training does not change by its gradient, such as a running mean.
    pub fn buffer(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Value<'g> {
        self.declare(name, shape.into(), init, false)
    }

    /// Convolution of `x: [c, spatial…]` with `weight: [out, c / groups, kernel…]`, plus a bias `[out]`.
    pub fn conv(&mut self, x: Value<'g>, weight: Value<'g>, bias: Option<Value<'g>>, conv: Conv) -> Value<'g> {
        self.push(Op::Conv(conv), &with_bias(x, weight, bias))
    }

    /// Transposed convolution of `x: [c, spatial…]` with `weight: [c, out / groups, kernel…]`, plus a bias `[out]`.
    pub fn conv_transpose(&mut self, x: Value<'g>, weight: Value<'g>, bias: Option<Value<'g>>, conv: ConvTranspose) -> Value<'g> {
        self.push(Op::ConvTranspose(conv), &with_bias(x, weight, bias))
    }

    /// `x: [.., in]` times the transpose of `weight: [out, in]`, plus a bias `[out]`.
    pub fn linear(&mut self, x: Value<'g>, weight: Value<'g>, bias: Option<Value<'g>>) -> Value<'g> {
        self.push(Op::Linear, &with_bias(x, weight, bias))
    }

    /// Batch normalisation of `x: [c, …]`; `weight`, `bias`, `mean` and `variance` are `[c]`.
    pub fn batch_norm(&mut self, x: Value<'g>, [weight, bias, mean, variance]: [Value<'g>; 4], norm: BatchNorm) -> Value<'g> {
        self.normalise(x, Some([weight, bias]), [mean, variance], norm)
    }

    /// Normalisation of `x: [c, …]` by `mean` and `variance`, `[groups]`; then, where there are, times `weight` plus `bias`, `[c]`.
    pub fn normalise(
        &mut self,
        x: Value<'g>,
        affine: Option<[Value<'g>; 2]>,
        [mean, variance]: [Value<'g>; 2],
        norm: BatchNorm,
    ) -> Value<'g> {
        let inputs = [&[x][..], affine.as_ref().map_or(&[][..], |a| a), &[mean, variance]].concat();
        self.push(Op::BatchNorm(norm), &inputs)
    }

    /// `max(x, 0)`, element by element.
    pub fn relu(&mut self, x: Value<'g>) -> Value<'g> {
        self.push(Op::Relu, &[x])
    }

    /// A function that is a polynomial between public breaks, element by element.
    pub fn piecewise(&mut self, x: Value<'g>, function: Piecewise) -> Value<'g> {
        self.push(Op::Piecewise(function), &[x])
    }

    /// Whether each element is greater than `at`: 1 or 0, an integer.
    pub fn above(&mut self, x: Value<'g>, at: f64) -> Value<'g> {
        self.push(Op::Above(Above { at }), &[x])
    }

    /// The largest value of each window over the last axes.
    pub fn max_pool(&mut self, x: Value<'g>, pool: MaxPool) -> Value<'g> {
        self.push(Op::MaxPool(pool), &[x])
    }

    /// The largest value of each of several lists of positions along one axis.
    pub fn max_over(&mut self, x: Value<'g>, over: MaxOver) -> Value<'g> {
        self.push(Op::MaxOver(over), &[x])
    }

    /// The mean of each window over the last axes.
    pub fn avg_pool(&mut self, x: Value<'g>, pool: AvgPool) -> Value<'g> {
        self.push(Op::AvgPool(pool), &[x])
    }

    /// The index of the largest value along `axis`, the lowest one on a tie; the axis is removed.
    pub fn argmax(&mut self, x: Value<'g>, axis: usize) -> Value<'g> {
        self.push(Op::ArgMax(ArgMax { axis }), &[x])
    }

    /// The largest values along an axis, or their indices, the largest first and the lowest index first of equal ones.
    pub fn topk(&mut self, x: Value<'g>, topk: TopK) -> Value<'g> {
        self.push(Op::TopK(topk), &[x])
    }

    /// The sum of two values of one shape.
    pub fn add(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Add, &[a, b])
    }

    /// `x` times public factors plus public offsets: each is one number, or one for each size of axis 0.
    pub fn affine(&mut self, x: Value<'g>, factors: &[f64], offsets: &[f64]) -> Value<'g> {
        self.push(Op::Affine(Affine { factors: factors.to_vec(), offsets: offsets.to_vec() }), &[x])
    }

    /// `x factor + offset`, with the same public numbers for all elements.
    pub fn scale(&mut self, x: Value<'g>, factor: f64, offset: f64) -> Value<'g> {
        self.affine(x, &[factor], &[offset])
    }

    /// The product of two values, element by element; shapes broadcast. One of them may be a weight.
    pub fn mul(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Mul, &[a, b])
    }

    /// The quotient of two values, element by element; shapes broadcast. Divisors are positive: one below [`Smooth::LEAST`] acts as if it were that.
    pub fn divide(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Divide, &[a, b])
    }

    /// `x` times `weight`, plus a bias of the shape of the weight: their axes are those of `x` from `axis` on, and all others repeat them.
    pub fn scaled(&mut self, x: Value<'g>, axis: usize, weight: Value<'g>, bias: Option<Value<'g>>) -> Value<'g> {
        self.push(Op::Scaled(Scaled { axis }), &with_bias(x, weight, bias))
    }

    /// `x` plus `weight`, whose axes are those of `x` from `axis` on; all others repeat it.
    pub fn biased(&mut self, x: Value<'g>, axis: usize, weight: Value<'g>) -> Value<'g> {
        self.push(Op::Biased(Biased { axis }), &[x, weight])
    }

    /// A smooth function, element by element.
    pub fn curve(&mut self, x: Value<'g>, function: Smooth, approx: Approx) -> Value<'g> {
        self.push(Op::Curve(Curve { function, approx }), &[x])
    }

    /// The softmax along an axis, or its logarithm.
    pub fn softmax(&mut self, x: Value<'g>, softmax: Softmax) -> Value<'g> {
        self.push(Op::Softmax(softmax), &[x])
    }

    /// Normalisation of the last axes by their own statistics.
    pub fn normalize(&mut self, x: Value<'g>, normalize: Normalize) -> Value<'g> {
        self.push(Op::Normalize(normalize), &[x])
    }

    /// The products of the matrices `a: [.., i, j]` and `b: [.., j, k]`; the other axes broadcast. `b` may be a weight `[j, k]`.
    pub fn matmul(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::MatMul, &[a, b])
    }

    /// `coefficients[0] + coefficients[1] x + …` with public coefficients, up to degree 8.
    pub fn polynomial(&mut self, x: Value<'g>, coefficients: &[f64]) -> Value<'g> {
        self.push(Op::Polynomial(Coefficients { coefficients: coefficients.to_vec() }), &[x])
    }

    /// `x` with axes of size 1, and those that it lacks at the front, stretched to `shape`; the value itself where it has that shape.
    pub fn expand(&mut self, x: Value<'g>, shape: impl Into<Shape>) -> Value<'g> {
        let shape = shape.into();
        if x.shape == shape { x } else { self.push(Op::Expand { shape }, &[x]) }
    }

    /// The values one after the other along `axis`.
    pub fn concat(&mut self, values: &[Value<'g>], axis: usize) -> Value<'g> {
        self.push(Op::Concat { axis }, values)
    }

    /// The same elements in the same order, seen with other dimensions.
    pub fn reshape(&mut self, x: Value<'g>, shape: impl Into<Shape>) -> Value<'g> {
        self.push(Op::Reshape { shape: shape.into() }, &[x])
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of `x`.
    pub fn permute(&mut self, x: Value<'g>, axes: &[usize]) -> Value<'g> {
        self.push(Op::Permute { axes: axes.to_vec() }, &[x])
    }

    /// Positions of `axis` by a public list: position `j` of the result is position `indices[j]` of `x`.
    pub fn gather(&mut self, x: Value<'g>, axis: usize, indices: impl IntoIterator<Item = usize>) -> Value<'g> {
        self.push(Op::Gather { axis, indices: indices.into_iter().collect() }, &[x])
    }

    /// A public constant around `x`: for each axis so many positions before and after it.
    pub fn pad(&mut self, x: Value<'g>, before: &[usize], after: &[usize], value: f64) -> Value<'g> {
        self.push(Op::Pad { before: before.to_vec(), after: after.to_vec(), value }, &[x])
    }

    /// Weighted sums of the positions of an axis.
    pub fn resample(&mut self, x: Value<'g>, resample: Resample) -> Value<'g> {
        self.push(Op::Resample(resample), &[x])
    }

    /// Sets a share `rate` of the elements to zero while training; the identity otherwise.
    pub fn dropout(&mut self, x: Value<'g>, rate: f64) -> Value<'g> {
        self.push(Op::Dropout { rate }, &[x])
    }

    /// The cross-entropy of `scores: [classes, …]`; `label` holds classes, `[…]`, or a probability for each, `[classes, …]`. For losses alone.
    pub fn cross_entropy(&mut self, scores: Value<'g>, label: Value<'g>) -> Value<'g> {
        self.push(Op::Loss(Loss::CrossEntropy), &[scores, label])
    }

    /// The mean of the squares of `a - b`. For losses alone.
    pub fn mean_squared_error(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Loss(Loss::MeanSquaredError), &[a, b])
    }

    /// The cross-entropy of probabilities of yes, `a`, and the right ones, `b`. For losses alone.
    pub fn binary_cross_entropy(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Loss(Loss::BinaryCrossEntropy), &[a, b])
    }

    /// The cross-entropy of the logistic function of `a`, and the right probabilities of yes, `b`. For losses alone.
    pub fn binary_cross_entropy_with_logits(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Loss(Loss::BinaryCrossEntropyWithLogits), &[a, b])
    }

    /// The mean of the sizes of `a - b`. For losses alone.
    pub fn l1(&mut self, a: Value<'g>, b: Value<'g>) -> Value<'g> {
        self.push(Op::Loss(Loss::L1), &[a, b])
    }

    /// The mean over `a - b` of half the square, and of a straight line beyond `delta`. For losses alone.
    pub fn huber(&mut self, a: Value<'g>, b: Value<'g>, delta: f64) -> Value<'g> {
        self.push(Op::Loss(Loss::Huber { delta }), &[a, b])
    }

    /// One minus the overlap of the masks `a`, or the logistic function of it, and `b`. For losses alone.
    pub fn dice(&mut self, a: Value<'g>, b: Value<'g>, smooth: f64, from_logits: bool) -> Value<'g> {
        self.push(Op::Loss(Loss::Dice { smooth, from_logits }), &[a, b])
    }

    /// Connectionist temporal classification of `scores: [classes, time]`; `target: [longest]` ends at the first `blank`. For losses alone.
    pub fn ctc(&mut self, scores: Value<'g>, target: Value<'g>, blank: usize) -> Value<'g> {
        self.push(Op::Loss(Loss::Ctc { blank }), &[scores, target])
    }

    /// Opens a value, at the end of a run, to these roles and to nobody else.
    pub fn release(&mut self, name: &str, value: Value<'g>, to: &[&str]) {
        let to = to.iter().map(|role| (*role).to_owned()).collect();
        self.builder.0.borrow_mut().graph.releases.push(Release { name: name.to_owned(), node: value.id, to });
    }

    fn input(&mut self, index: usize, name: &str, shape: Shape, owner: &str) -> Value<'g> {
        self.builder.0.borrow_mut().graph.inputs.push(Input { name: name.to_owned(), shape, owner: owner.to_owned(), scaling: None });
        self.node(Op::Input(index), &[], shape)
    }

    fn declare(&mut self, name: &str, shape: Shape, init: Init, trainable: bool) -> Value<'g> {
        let index = {
            let mut state = self.builder.0.borrow_mut();
            let name = joined(&state.weights, name);
            state.graph.parameters.push(Parameter { name, shape, init, trainable, derived: None });
            state.graph.parameters.len() - 1
        };
        let twice = {
            let state = self.builder.0.borrow();
            let all = &state.graph.parameters;
            all[..index].iter().find(|p| p.name == all[index].name).map(|p| p.name.clone())
        };
        if let Some(name) = twice {
            self.fail(format!("the parameter `{name}` is declared twice"));
        }
        self.node(Op::Parameter(index), &[], shape)
    }

    fn push(&mut self, op: Op, inputs: &[Value<'g>]) -> Value<'g> {
        let shapes: Vec<Shape> = inputs.iter().map(|v| v.shape).collect();
        let shape = match op.infer(&shapes) {
            Ok(shape) => shape,
            Err(e) => {
                let name = op.name();
                self.fail(render(name, &e).as_str().to_owned());
                shapes.first().copied().unwrap_or(Shape::new([]))
            }
        };
        self.node(op, inputs, shape)
    }

    fn node(&mut self, op: Op, inputs: &[Value<'g>], shape: Shape) -> Value<'g> {
        let mut state = self.builder.0.borrow_mut();
        let stage = state.stage.clone();
        state.graph.nodes.push(Node { op, inputs: inputs.iter().map(|v| v.id).collect(), shape, stage });
        let id = NodeId(state.graph.nodes.len() - 1);
        Value { builder: self.builder, id, shape }
    }

    fn fail(&mut self, message: String) {
        let mut state = self.builder.0.borrow_mut();
        let (model, stage) = (state.graph.name.clone(), state.stage.clone());
        state.error.get_or_insert(Error::Graph { model, stage, message });
    }
}

impl<'g> Value<'g> {
    /// The shape of one sample of this value.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The dimensions as an array of the expected rank; zeros where the rank differs, which the layer's `infer` reports.
    pub fn dims<const R: usize>(&self) -> [usize; R] {
        core::array::from_fn(|i| self.shape.dim(i))
    }

    /// [`Scope::reshape`] as a method, for chains.
    pub fn reshape(self, shape: impl Into<Shape>) -> Value<'g> {
        self.scope().reshape(self, shape)
    }

    /// [`Scope::permute`] as a method, for chains.
    pub fn permute<const R: usize>(self, axes: [usize; R]) -> Value<'g> {
        self.scope().permute(self, &axes)
    }

    /// [`Scope::relu`] as a method, for chains.
    pub fn relu(self) -> Value<'g> {
        self.scope().relu(self)
    }

    fn scope(&self) -> Scope<'g> {
        Scope { builder: self.builder }
    }
}

impl core::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Value(%{}: {})", self.id.0, self.shape)
    }
}

fn joined(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") }
}

fn with_bias<'g>(x: Value<'g>, weight: Value<'g>, bias: Option<Value<'g>>) -> Vec<Value<'g>> {
    [Some(x), Some(weight), bias].into_iter().flatten().collect()
}
