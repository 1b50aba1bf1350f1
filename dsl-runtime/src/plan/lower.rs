//! From a graph to steps: which values are opened, at which scale they sit, how they lie in memory.
//!
//! Scales are lazy. A product sits at 2f until something needs f: a ReLU truncates inside its own opening, an addition at 2f shifts the other branch left, an
//! average pool leaves its division in a public factor. Only where nothing else applies does a truncation run. A value is opened once for all its consumers.

mod affine;
mod curve;
mod movement;
mod piecewise;
mod product;
mod rows;

pub(super) use product::has_weight;

use super::affine::Times;
use super::choice::Known;
use super::memory::Layout;
use super::range::{self, Range};
use super::step::{Copy, Geometry, Kind, Step, Sum, innermost, windows};
use super::transposed::Transposed;
use super::weights::WeightSpec;
use super::widths::{index_of_largest, pool_group, top_group};
use super::{InputSpec, Place, Plan, ReleaseSpec, SCHEMA, Scaling, Stage, Value, Widths, dims, is_masked};
use super::{order, waves, wire};
use crate::error::{Error, Result};
use crate::graph::op::ConvTranspose;
use crate::graph::{Graph, Node, NodeId, Op, op};
use crate::protocol::Compare;
use crate::protocol::argmax::Axis;
use crate::protocol::topk::{LARGEST, Search};
use std::collections::HashMap;
use undertone_shape::Shape;

/// The largest public factor that a value may carry: it takes that much from the range.
pub(super) const LARGEST_FACTOR: u64 = 1 << 12;

pub(super) fn lower(graph: &Graph, widths: Widths, roles: &[(String, Place)], known: Option<&Known<'_>>) -> Result<Plan> {
    let place = |role: &str| roles.iter().find(|(name, _)| name == role).map_or(Place::Party(0), |(_, place)| *place);
    let weights_owner = place(&graph.weights_owner);
    let mut l = Lower {
        graph,
        s: widths,
        known,
        owners: graph.inputs.iter().map(|i| place(&i.owner)).collect(),
        keeper: weights_owner.party(),
        holders: vec![],
        steps: vec![],
        weights: vec![],
        values: vec![None; graph.nodes.len()],
        memo: HashMap::new(),
        consumers: graph.consumers(),
        multiplied: product::multiplied(graph),
    };
    for (i, node) in graph.nodes.iter().enumerate() {
        if !matches!(node.op, Op::Parameter(_)) {
            let value =
                l.node(node, NodeId(i)).map_err(|message| Error::Plan { model: graph.name.clone(), stage: node.stage.clone(), message })?;
            l.values[i] = Some(value);
        }
    }
    let (mut stages, ends): (Vec<Stage>, Vec<NodeId>) = l.stages().into_iter().unzip();
    let mut releases = vec![];
    for (k, release) in graph.releases.iter().enumerate() {
        let stage = format!("release {}", release.name);
        let shape = graph.node(release.node).shape;
        let value = l.value(release.node).map_err(|message| Error::Plan { model: graph.name.clone(), stage: stage.clone(), message })?;
        let value = l.arranged(&value, &shape, &Layout::natural(shape.rank()), &stage);
        l.push(Kind::Release(k), vec![value.step], shape.numel(), &stage);
        let mut to: Vec<Place> = vec![];
        for place in release.to.iter().map(|role| place(role)) {
            // two roles that live at one place learn it together
            if !to.contains(&place) {
                to.push(place);
            }
        }
        let m = value.integer.unwrap_or_else(|| l.known.map_or(widths.opened, |k| k.released(release.node, &value, widths)));
        releases.push(ReleaseSpec { name: release.name.clone(), value, shape: dims(shape), m, to });
    }
    wire::settle(&mut l.steps, &stages);
    let steps = order::without_idle(l.steps, &mut stages, &mut releases);
    let input = |(k, i): (usize, &crate::graph::Input)| InputSpec {
        name: i.name.clone(),
        shape: dims(i.shape),
        owner: place(&i.owner),
        scaling: i.scaling.as_ref().map(Scaling::of).unwrap_or_default(),
        m: known.map_or(widths.opened, |known| known.input(k, widths)),
    };
    let mut plan = Plan {
        schema: SCHEMA,
        model: graph.name.clone(),
        settings: widths,
        margin: known.map(Known::margin),
        inputs: graph.inputs.iter().enumerate().map(input).collect(),
        weights: l.weights,
        steps,
        stages,
        weights_owner,
        releases,
        roles: roles.to_vec(),
    };
    waves::schedule(&mut plan);
    let (bounds, rooms) = (range::bounds(&plan), range::rooms(&plan));
    let seen = |end: &NodeId| known.map(|known| known.seen(*end));
    let ranges: Vec<Range> =
        plan.stages.iter().zip(&ends).map(|(stage, end)| range::of_stage(&plan, stage, &rooms, &bounds, seen(end))).collect();
    plan.stages.iter_mut().zip(ranges).for_each(|(stage, range)| stage.range = range);
    Ok(plan)
}

pub(super) struct Lower<'a> {
    graph: &'a Graph,
    pub(super) s: Widths,
    /// What calibration knows.
    known: Option<&'a Known<'a>>,
    /// The owners of the inputs.
    owners: Vec<Place>,
    /// The party that keeps the weights to itself.
    pub(super) keeper: Option<usize>,
    /// For each step, the party that has its value by itself.
    pub(super) holders: Vec<Option<usize>>,
    pub(super) steps: Vec<Step>,
    weights: Vec<WeightSpec>,
    values: Vec<Option<Value>>,
    /// Steps that were already made: what, of which step.
    pub(super) memo: HashMap<(String, usize), usize>,
    consumers: Vec<Vec<NodeId>>,
    /// Whether a product of secrets reads a node, or a view of it.
    multiplied: Vec<bool>,
}

impl Lower<'_> {
    fn node(&mut self, node: &Node, id: NodeId) -> Result<Value, String> {
        let stage = node.stage.as_str();
        let input = |k: usize| node.inputs[k];
        let shape = |k: usize| self.graph.node(input(k)).shape;
        Ok(match &node.op {
            Op::Input(k) => {
                let step = self.push(Kind::Input(*k), vec![], node.shape.numel(), stage);
                Value { step, layout: Layout::natural(node.shape.rank()), bits: self.s.fraction, factor: 1, integer: None }
            }
            Op::Conv(conv) => {
                let (x, w) = (shape(0), shape(1));
                self.linear(node, Geometry::of(conv, x, w), &Layout::channels_last(x.rank()))?
            }
            Op::ConvTranspose(conv) => self.transposed(node, conv)?,
            Op::Linear => {
                let (x, w) = (shape(0), shape(1));
                self.linear(node, Geometry::linear(x.numel() / w.dim(1), w.dim(1), w.dim(0)), &Layout::natural(x.rank()))?
            }
            Op::BatchNorm(_) => return Err("a batch normalisation whose statistics are not weights cannot be folded".into()),
            Op::Relu => {
                let x = self.fraction(input(0))?;
                let t = x.bits - self.s.fraction;
                let compare = Compare::new(self.opened(input(0), &x));
                let step = self.push(Kind::Relu { t, compare }, vec![x.step], node.shape.numel(), stage);
                Value { step, bits: self.s.fraction, ..x }
            }
            Op::Piecewise(function) => self.piecewise(node, function)?,
            Op::Above(above) => self.above(node, above.at)?,
            Op::MaxPool(_) => self.max_pool(node, id)?,
            Op::MaxOver(over) => self.max_over(node, id, over)?,
            Op::ArgMax(a) => self.argmax(node, a.axis)?,
            Op::TopK(topk) => self.topk(node, *topk)?,
            Op::AvgPool(_) => {
                let x = self.fraction(input(0))?;
                let windows = windows(node, shape(0)).ok_or("no windows")?;
                let count = windows.kernel.iter().fold(1u64, |n, k| n.saturating_mul(*k as u64));
                let factor = x.factor.saturating_mul(count);
                if factor > LARGEST_FACTOR {
                    return self.means(input(0), x, &shape(0), &windows, stage);
                }
                let x = self.arranged(&x, &shape(0), &Layout::channels_last(shape(0).rank()), stage);
                let step = self.push(Kind::Sum(Sum(windows)), vec![x.step], node.shape.numel(), stage);
                Value { step, factor, ..x }
            }
            Op::Add => self.add(node)?,
            Op::Affine(affine) => self.affine(node, affine)?,
            Op::Mul => self.mul(node)?,
            Op::Divide => self.divide(node, id)?,
            Op::Scaled(scaled) => self.along_weights(node, scaled.axis)?,
            Op::Biased(biased) => self.biased(node, biased.axis)?,
            Op::Curve(curve) => self.curve(node, id, curve)?,
            Op::Softmax(softmax) => self.softmax(node, softmax)?,
            Op::Normalize(normalize) => self.normalize(node, normalize)?,
            Op::MatMul => self.matmul(node)?,
            Op::Polynomial(p) => self.polynomial(node, &p.coefficients)?,
            Op::Concat { axis } => self.concat(node, *axis)?,
            Op::Reshape { shape: to } => {
                let x = self.value(input(0))?;
                let x = self.arranged(&x, &shape(0), &Layout::natural(shape(0).rank()), stage);
                Value { layout: Layout::natural(to.rank()), ..x }
            }
            Op::Expand { shape: to } => self.expand(node, to)?,
            Op::Permute { axes } => {
                let x = self.value(input(0))?;
                let layout = x.layout.0.iter().map(|a| axes.iter().position(|from| from == &usize::from(*a)).unwrap_or(0) as u8).collect();
                Value { layout: Layout(layout), ..x }
            }
            Op::Gather { axis, indices } => self.gather(node, *axis, indices)?,
            Op::Pad { before, after, value } => self.pad(node, before, after, *value)?,
            Op::Resample(resample) => self.resample(node, resample)?,
            Op::Dropout { .. } => self.value(input(0))?,
            Op::Parameter(_) => return Err("weights are read by convolutions, matrix products and `Mul` only".into()),
            Op::Loss(loss) => {
                return Err(format!(
                    "`{}` is a loss, which the plain twin alone computes: use it in the `loss` clause of a description",
                    loss.name()
                ));
            }
        })
    }

    /// Convolution or matrix product: the value is opened at f fraction bits, the result sits at 2f.
    fn linear(&mut self, node: &Node, geometry: Geometry, layout: &Layout) -> Result<Value, String> {
        let value = self.product(node, geometry, layout, None)?;
        let layout =
            if matches!(node.op, Op::Linear) { Layout::natural(node.shape.rank()) } else { Layout::channels_last(node.shape.rank()) };
        Ok(Value { layout, ..value })
    }

    /// Transposed convolution: one product at the input's resolution for all phases, whose results are moved between each other.
    fn transposed(&mut self, node: &Node, conv: &ConvTranspose) -> Result<Value, String> {
        let (x, w) = (self.graph.node(node.inputs[0]).shape, self.graph.node(node.inputs[1]).shape);
        let sizes = |shape: Shape| innermost(&shape.dims()[1..], 1);
        let transposed = Transposed::of(conv, x, w);
        let (geometry, copies) = transposed.product(sizes(x), sizes(node.shape), innermost(&conv.padding[..x.rank() - 1], 0));
        let value = self.product(node, geometry, &Layout::channels_last(x.rank()), Some(transposed))?;
        let len = node.shape.numel();
        let layout = Layout::channels_last(node.shape.rank());
        if self.steps[value.step].len == len && copies.len() == 1 && copies[0].keeps(len) {
            return Ok(Value { layout, ..value });
        }
        let inputs = vec![value.step; copies.len()];
        let step = self.push(Kind::Move(copies), inputs, len, &node.stage);
        Ok(Value { step, layout, ..value })
    }

    /// The product of an opened value that lies in memory as `layout` says; its result lies as the kernels leave it.
    fn product(&mut self, node: &Node, geometry: Geometry, layout: &Layout, transposed: Option<Transposed>) -> Result<Value, String> {
        let x = self.fraction(node.inputs[0])?;
        let shape = self.graph.node(node.inputs[0]).shape;
        let x = self.at_fraction(node.inputs[0], &x, &node.stage);
        let x = self.arranged(&x, &shape, layout, &node.stage);
        let opened = self.opened_for_weights(node.inputs[0], x.step, &node.stage);
        let parameter = |id: &NodeId| match self.graph.node(*id).op {
            Op::Parameter(k) => Ok(k),
            _ => Err("the weight must be a parameter: products of two secrets are `Mul` and `MatMul`".to_owned()),
        };
        let weight = parameter(&node.inputs[1])?;
        let bias = node.inputs.get(2).map(parameter).transpose()?;
        let bits = x.bits + self.s.fraction;
        let size = self.known.and_then(|known| known.product(self.weights.len(), &node.stage));
        let spec = WeightSpec::new(self.graph, &geometry, (weight, bias), transposed);
        self.weights.push(WeightSpec { stage: node.stage.clone(), bias_bits: bits, bias_factor: x.factor, size, ..spec });
        let kind = Kind::Linear { geometry, weight: self.weights.len() - 1 };
        let step = self.push(kind, vec![opened], geometry.conv().outputs(), &node.stage);
        Ok(Value { step, layout: layout.clone(), bits, factor: x.factor, integer: None })
    }

    fn max_pool(&mut self, node: &Node, id: NodeId) -> Result<Value, String> {
        let shape = self.graph.node(node.inputs[0]).shape;
        let x = self.fraction(node.inputs[0])?;
        let x = self.at_fraction(node.inputs[0], &x, &node.stage);
        let x = self.arranged(&x, &shape, &Layout::channels_last(shape.rank()), &node.stage);
        let compare = self.compared(node, &x);
        let narrow = self.feeds_relus(id);
        let windows = windows(node, shape).ok_or("no windows")?;
        let group = pool_group(&self.s, &windows, compare, narrow);
        let step = self.push(Kind::Max { windows, compare, narrow, group }, vec![x.step], node.shape.numel(), &node.stage);
        Ok(Value { step, ..x })
    }

    /// A value at f fraction bits, one of its axes as it lies in memory, and the place of that axis there.
    fn along(&mut self, node: &Node, axis: usize) -> Result<(Value, Axis, usize), String> {
        let shape = self.graph.node(node.inputs[0]).shape;
        let x = self.fraction(node.inputs[0])?;
        let x = self.at_fraction(node.inputs[0], &x, &node.stage);
        let place = x.layout.0.iter().position(|a| usize::from(*a) == axis).ok_or("no such axis")?;
        let sizes = |axes: &[u8]| axes.iter().map(|a| shape.dim(usize::from(*a))).product();
        let (outer, inner) = (sizes(&x.layout.0[..place]), sizes(&x.layout.0[place + 1..]));
        Ok((x, Axis { outer, size: shape.dim(axis), inner }, place))
    }

    /// The largest along an axis, or their indices.
    fn topk(&mut self, node: &Node, op::TopK { axis, k, values }: op::TopK) -> Result<Value, String> {
        let (x, axis, _) = self.along(node, axis)?;
        let compare = self.compared(node, &x);
        let search = Search { axis, k, group: LARGEST, values };
        let search = Search { group: top_group(&self.s, search, compare), ..search };
        let step = self.push(Kind::TopK { search, compare }, vec![x.step], node.shape.numel(), &node.stage);
        Ok(if values { Value { step, ..x } } else { Value { step, bits: 0, factor: 1, integer: Some(axis.bits()), ..x } })
    }

    /// The index of the largest along an axis, which may lie anywhere in memory.
    fn argmax(&mut self, node: &Node, axis: usize) -> Result<Value, String> {
        let (x, axis, place) = self.along(node, axis)?;
        let (compare, q) = (self.compared(node, &x), axis.bits());
        let kind = index_of_largest(&self.s, axis, compare);
        let step = self.push(kind, vec![x.step], node.shape.numel(), &node.stage);
        Ok(Value { step, layout: x.layout.without(place), bits: 0, factor: 1, integer: Some(q) })
    }

    /// Whether a value is only read by ReLUs, so that no more of its bits are needed than they open.
    fn feeds_relus(&self, id: NodeId) -> bool {
        let readers = &self.consumers[id.0];
        !self.graph.is_released(id) && !readers.is_empty() && readers.iter().all(|r| self.graph.node(*r).op == Op::Relu)
    }

    /// How any two values of a node's input are compared: differences of values of either sign need one bit more than differences of values of one sign.
    fn compared(&self, node: &Node, x: &Value) -> Compare {
        Compare::new(match self.known {
            // a ReLU that reads the result opens no more bits than it has
            Some(known) => known.compared(node.inputs[0], x, self.s).max(known.opened(node.inputs[0], x, self.s)),
            None => self.s.opened + u32::from(!self.is_positive(node.inputs[0])),
        })
    }

    /// Whether a value is the result of a ReLU, moved or chosen from.
    fn is_positive(&self, id: NodeId) -> bool {
        let node = self.graph.node(id);
        match node.op {
            Op::Relu => true,
            Op::MaxPool(_) | Op::MaxOver(_) | Op::Gather { .. } | Op::Reshape { .. } | Op::Permute { .. } => {
                self.is_positive(node.inputs[0])
            }
            _ => false,
        }
    }

    /// The bits that an opening of the value of a node needs once it is at f fraction bits.
    fn opened(&self, id: NodeId, x: &Value) -> u32 {
        self.known.map_or(self.s.opened, |known| known.opened(id, x, self.s))
    }

    fn add(&mut self, node: &Node) -> Result<Value, String> {
        let (a, b) = (self.fraction(node.inputs[0])?, self.fraction(node.inputs[1])?);
        let b = self.arranged(&b, &node.shape, &a.layout, &node.stage);
        let [a, b] = self.aligned([a, b], node.shape.numel(), &node.stage)?;
        let step = self.push(Kind::Add, vec![a.step, b.step], node.shape.numel(), &node.stage);
        Ok(Value { step, ..a })
    }

    fn concat(&mut self, node: &Node, axis: usize) -> Result<Value, String> {
        let values = node.inputs.iter().map(|i| self.value(*i)).collect::<Result<Vec<Value>, String>>()?;
        let shapes: Vec<Shape> = node.inputs.iter().map(|i| self.graph.node(*i).shape).collect();
        let integer = same_kind(&values)?;
        let (bits, factor) = common(&values)?;
        let layout = values[0].layout.clone();
        let to = layout.strides(&node.shape);
        let (mut inputs, mut copies, mut start) = (vec![], vec![], 0);
        for (value, shape) in values.iter().zip(&shapes) {
            let value = self.scaled(value, bits, factor, shape.numel(), &node.stage);
            copies.push(Copy::new(&layout.0, shape, &value.layout.strides(shape), &to, 0, start * to[axis]));
            inputs.push(value.step);
            start += shape.dim(axis);
        }
        let step = self.push(Kind::Move(copies), inputs, node.shape.numel(), &node.stage);
        Ok(Value { step, layout, bits, factor, integer })
    }

    /// Two values at the same scale and factor.
    fn aligned(&mut self, [a, b]: [Value; 2], len: usize, stage: &str) -> Result<[Value; 2], String> {
        let (bits, factor) = common(&[a.clone(), b.clone()])?;
        Ok([self.scaled(&a, bits, factor, len, stage), self.scaled(&b, bits, factor, len, stage)])
    }

    /// The value with more fraction bits or a larger factor: a multiplication by a public integer, exact and free.
    fn scaled(&mut self, x: &Value, bits: u32, factor: u64, len: usize, stage: &str) -> Value {
        if (bits, factor) == (x.bits, x.factor) {
            return x.clone();
        }
        self.times(x, Times::finer(bits - x.bits, factor / x.factor), len, stage)
    }

    /// The value at f fraction bits.
    fn at_fraction(&mut self, id: NodeId, x: &Value, stage: &str) -> Value {
        if x.bits == self.s.fraction {
            return x.clone();
        }
        let t = x.bits - self.s.fraction;
        if self.holders[x.step].is_some() {
            // whoever has it by itself rounds it by itself
            let step = self.once("round", Kind::Round { t }, x.step, self.steps[x.step].len, stage);
            return Value { step, bits: self.s.fraction, ..x.clone() };
        }
        let m = self.opened(id, x);
        self.truncated(x, t, m, stage)
    }

    /// The value with its axes in this order.
    fn arranged(&mut self, x: &Value, shape: &Shape, layout: &Layout, stage: &str) -> Value {
        if x.layout.same(layout, shape) {
            return Value { layout: layout.clone(), ..x.clone() };
        }
        let kind = Kind::Move(vec![x.layout.to(layout, shape)]);
        let step = self.once(&format!("{kind:?}"), kind, x.step, shape.numel(), stage);
        Value { step, layout: layout.clone(), ..x.clone() }
    }

    /// A step of one input that is made once, however often it is asked for.
    pub(super) fn once(&mut self, what: &str, kind: Kind, input: usize, len: usize, stage: &str) -> usize {
        if let Some(step) = self.memo.get(&(what.to_owned(), input)) {
            return *step;
        }
        let step = self.push(kind, vec![input], len, stage);
        self.memo.insert((what.to_owned(), input), step);
        step
    }

    fn push(&mut self, kind: Kind, inputs: Vec<usize>, len: usize, stage: &str) -> usize {
        let step = Step { kind, inputs, len, stage: stage.to_owned(), wave: 0 };
        self.holders.push(holder(&self.owners, &step, is_masked(&self.steps, &step), &self.holders));
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// The value of a node that is computed with: not an index.
    fn fraction(&self, id: NodeId) -> Result<Value, String> {
        let value = self.value(id)?;
        if value.integer.is_some() {
            return Err("indices can be rearranged or released, not computed with".into());
        }
        Ok(value)
    }

    /// The value of a node that is not a parameter.
    fn value(&self, id: NodeId) -> Result<Value, String> {
        self.values[id.0].clone().ok_or_else(|| {
            "a weight stands where a value is needed: weights are read by convolutions, matrix products and `Mul` only".to_owned()
        })
    }

    /// The stages, with the nodes whose values they hand on; their ranges are found when the plan is whole.
    fn stages(&self) -> Vec<(Stage, NodeId)> {
        self.graph
            .stages()
            .into_iter()
            .filter_map(|(name, id)| {
                let result = self.value(id).ok()?;
                let stage = Stage { name: name.to_owned(), shape: dims(self.graph.node(id).shape), result, range: Range::Index };
                Some((stage, id))
            })
            .collect()
    }
}

/// The party that has the value of a step all by itself, the shares of the others being zero: an input of its own, or what steps without communication made of
/// such. `before` says so of the earlier steps.
pub(super) fn holder(owners: &[Place], step: &Step, masked: bool, before: &[Option<usize>]) -> Option<usize> {
    let of = |i: &usize| before.get(*i).copied().flatten();
    match &step.kind {
        Kind::Input(k) => owners.get(*k)?.party(),
        // a constant is in the share of the first party
        Kind::Sparse(sparse) => of(step.inputs.first()?).filter(|party| *party == 0 || sparse.constants.is_empty()),
        Kind::Sum(_) | Kind::Times(_) | Kind::Plus(_) | Kind::Round { .. } | Kind::Add | Kind::Move(_) => {
            let first = of(step.inputs.first()?)?;
            step.inputs.iter().all(|i| of(i) == Some(first)).then_some(first)
        }
        // the opening of a value that only its reader has is not sent, and what it makes of it is its own
        Kind::Open(opening) if !opening.is_sent() => opening.from,
        Kind::Linear { .. } | Kind::Product(_) | Kind::Polynomial(_) if !masked => of(step.inputs.first()?),
        _ => None,
    }
}

/// q, where all values are indices mod 2^q; `None` where none is one.
fn same_kind(values: &[Value]) -> Result<Option<u32>, String> {
    let first = values.first().and_then(|v| v.integer);
    if values.iter().all(|v| v.integer == first) {
        return Ok(first);
    }
    Err("indices can only be joined with indices of as many bits: of axes whose sizes lie between the same powers of two".into())
}

/// The scale that all values can be brought to exactly.
fn common(values: &[Value]) -> Result<(u32, u64), String> {
    let bits = values.iter().map(|v| v.bits).max().unwrap_or(0);
    let factor = values.iter().fold(1u64, |f, v| (f / gcd(f, v.factor)).saturating_mul(v.factor));
    if factor > LARGEST_FACTOR {
        return Err(format!("the means that meet here need a common factor of {factor}; at most {LARGEST_FACTOR} is possible"));
    }
    Ok((bits, factor))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
