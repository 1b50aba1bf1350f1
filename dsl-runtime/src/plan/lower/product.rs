//! Products of two secrets, of a secret with a weight of any shape, and polynomials.
//!
//! Operands of products of secrets are brought to f bits and opened to everybody, each once for all that read it, convolutions included; whoever has a value by itself opens
//! it alone, and what one party has both of is not opened at all. The product sits at 2f like any other. Elements may lie anywhere in memory: a product reads them where they
//! are, and stretches what is broadcast after it was opened.

use super::super::affine::Times;
use super::super::product::{Polynomial, Product};
use super::super::sparse::Sparse;
use super::super::step::{Copy, Geometry, Kind};
use super::super::transposed::Transposed;
use super::super::weights::WeightSpec;
use super::super::{Layout, Opening, Value};
use super::{LARGEST_FACTOR, Lower};
use crate::graph::op::ConvTranspose;
use crate::graph::{Graph, Node, NodeId, Op};
use crate::protocol::product::Form;
use undertone_shape::Shape;

const _: () = assert!(crate::graph::op::Coefficients::DEGREE <= crate::protocol::powers::DEGREE);

/// Bits behind the point that make a coefficient precise enough, counted from its first one.
const PRECISE: u32 = 10;

/// For each node, whether a product of secrets reads its value, under whatever view of the same elements.
pub(super) fn multiplied(graph: &Graph) -> Vec<bool> {
    let is_secret = |id: &NodeId| !matches!(graph.node(*id).op, Op::Parameter(_));
    // the node whose elements each node shows
    let mut shown: Vec<usize> = vec![];
    for (k, node) in graph.nodes.iter().enumerate() {
        let view = matches!(node.op, Op::Reshape { .. } | Op::Permute { .. } | Op::Dropout { .. });
        shown.push(node.inputs.first().filter(|_| view).map_or(k, |i| shown[i.0]));
    }
    let mut multiplied = vec![false; graph.nodes.len()];
    for node in &graph.nodes {
        let reads = match &node.op {
            Op::Mul | Op::MatMul => node.inputs.iter().all(is_secret),
            Op::Polynomial(p) => degree(&p.coefficients) > 1,
            _ => false,
        };
        if reads {
            node.inputs.iter().for_each(|i| multiplied[shown[i.0]] = true);
        }
    }
    shown.iter().map(|k| multiplied[*k]).collect()
}

/// Whether a node has a weight of a plan: it is a product with a parameter.
pub(in crate::plan) fn has_weight(graph: &Graph, node: &Node) -> bool {
    match node.op {
        Op::Conv(_) | Op::ConvTranspose(_) | Op::Linear | Op::Scaled(_) | Op::Biased(_) => true,
        Op::Mul | Op::MatMul => node.inputs.iter().any(|i| matches!(graph.node(*i).op, Op::Parameter(_))),
        _ => false,
    }
}

/// The highest power whose coefficient is not zero.
fn degree(coefficients: &[f64]) -> usize {
    coefficients.iter().rposition(|a| *a != 0.0).unwrap_or(0)
}

impl Lower<'_> {
    /// Element by element, with broadcasting.
    pub(super) fn mul(&mut self, node: &Node) -> Result<Value, String> {
        let parameter = |id: NodeId| if let Op::Parameter(k) = self.graph.node(id).op { Some(k) } else { None };
        let [a, b] = [node.inputs[0], node.inputs[1]];
        match (parameter(a), parameter(b)) {
            (Some(_), Some(_)) => return Err("a product of two weights is a weight: multiply them before".into()),
            (None, Some(weight)) => return self.by_weights(node, a, weight),
            (Some(weight), None) => return self.by_weights(node, b, weight),
            (None, None) => {}
        }
        let (x, y) = (self.operand(a, &node.stage)?, self.operand(b, &node.stage)?);
        let (from, by) = (self.graph.node(a).shape, self.graph.node(b).shape);
        if x == y && from == by {
            return self.powers(&x, &node.shape, &[0, 0, 1], (2 * self.s.fraction, x.factor * x.factor), &node.stage);
        }
        self.each([&x, &y], [from, by], &node.shape, &node.stage)
    }

    /// The product of two values of these shapes, element by element; they are opened as they are.
    pub(super) fn each(&mut self, [x, y]: [&Value; 2], [from, by]: [Shape; 2], shape: &Shape, stage: &str) -> Result<Value, String> {
        let shape = *shape;
        // the result lies in memory as the operand does that is not stretched
        let layout = if from == shape {
            x.layout.clone()
        } else if by == shape {
            y.layout.clone()
        } else {
            Layout::natural(shape.rank())
        };
        let to = layout.strides(&shape);
        let read = [(x, from), (y, by)].map(|(v, own)| Copy::new(&layout.0, &shape, &stretched(v, own, &shape), &to, 0, 0));
        self.multiply([x, y], Product { form: Form::Each { len: shape.numel() }, read }, shape.numel(), layout, stage)
    }

    /// `[.., a, b]` by `[.., b, c]`.
    pub(super) fn matmul(&mut self, node: &Node) -> Result<Value, String> {
        let [a, b] = [node.inputs[0], node.inputs[1]];
        let is_weight = |id: NodeId| matches!(self.graph.node(id).op, Op::Parameter(_));
        if is_weight(a) {
            return Err("a weight is the second operand of a matrix product, or that of a `Linear`".into());
        }
        if is_weight(b) {
            return self.by_matrix(node, self.graph.node(b).shape);
        }
        let (x, y) = (self.operand(a, &node.stage)?, self.operand(b, &node.stage)?);
        let (from, by, shape) = (self.graph.node(a).shape, self.graph.node(b).shape, node.shape);
        let rank = shape.rank();
        let (rows, columns, inner) = (shape.dim(rank - 2), shape.dim(rank - 1), from.dim(from.rank() - 1));
        let left = shape.with_dim(rank - 1, inner);
        let right = shape.with_dim(rank - 2, inner);
        let natural = Layout::natural(rank);
        // the second matrix is read column by column, as weights are
        let mut turned = natural.clone();
        turned.0.swap(rank - 2, rank - 1);
        let read = [
            Copy::new(&natural.0, &left, &stretched(&x, from, &left), &natural.strides(&left), 0, 0),
            Copy::new(&turned.0, &right, &stretched(&y, by, &right), &turned.strides(&right), 0, 0),
        ];
        let form = Form::Matrix { count: shape.numel() / (rows * columns).max(1), rows, inner, columns };
        self.multiply([&x, &y], Product { form, read }, shape.numel(), natural, &node.stage)
    }

    /// `[.., a, b]` by a weight `[b, c]`: the product with its transpose, as which its owner encodes it.
    fn by_matrix(&mut self, node: &Node, weight: Shape) -> Result<Value, String> {
        let [inner, columns] = *weight.dims() else {
            return Err(format!("a matrix product with a weight reads one matrix, not {weight}"));
        };
        let rows = node.shape.numel() / columns.max(1);
        let turned = Transposed::of(&ConvTranspose::PLAIN, Shape::new([inner, rows]), Shape::new([inner, columns, 1]));
        self.product(node, Geometry::linear(rows, inner, columns), &Layout::natural(node.shape.rank()), Some(turned))
    }

    /// A value plus a weight whose axes are those of the value from `axis` on.
    ///
    /// The weight is multiplied with a public 1, which the owners of weights share as they do every product: an opening of one number, before anything else, that waits for no value.
    pub(super) fn biased(&mut self, node: &Node, axis: usize) -> Result<Value, String> {
        let Op::Parameter(weight) = self.graph.node(node.inputs[1]).op else {
            return Err("the weight must be a parameter: a sum of two secrets is `Add`".to_owned());
        };
        let (shape, own, stage) = (node.shape, self.graph.parameters[weight].shape, node.stage.as_str());
        let x = self.fraction(node.inputs[0])?;
        let one = self.one(stage)?;
        let opened = self.opened_wire(one, stage, &|from, keeper| Opening { from, to: keeper });
        let geometry = Geometry::linear(1, 1, own.numel());
        let bits = 2 * self.s.fraction;
        let size = self.known.and_then(|known| known.product(self.weights.len(), stage));
        let spec = WeightSpec::new(self.graph, &geometry, (weight, None), None);
        self.weights.push(WeightSpec { stage: stage.to_owned(), bias_bits: bits, bias_factor: 1, size, ..spec });
        let kind = Kind::Linear { geometry, weight: self.weights.len() - 1 };
        let step = self.push(kind, vec![opened], own.numel(), stage);
        // as the value lies in memory
        let natural = Layout::natural(own.rank()).strides(&own);
        let from: Vec<usize> = (0..shape.rank()).map(|i| i.checked_sub(axis).and_then(|i| natural.get(i)).copied().unwrap_or(0)).collect();
        let copy = Copy::new(&x.layout.0, &shape, &from, &x.layout.strides(&shape), 0, 0);
        let len = shape.numel();
        let step = if own.numel() == len && copy.keeps(len) { step } else { self.push(Kind::Move(vec![copy]), vec![step], len, stage) };
        let weights = Value { step, layout: x.layout.clone(), bits, factor: 1, integer: None };
        let [a, b] = self.aligned([x, weights], len, stage)?;
        let step = self.push(Kind::Add, vec![a.step, b.step], len, stage);
        Ok(Value { step, ..a })
    }

    /// A public 1 at f bits, in the share of the first party: of an input of its own, so that it has it by itself, where there is one.
    fn one(&mut self, stage: &str) -> Result<usize, String> {
        let inputs = || self.steps.iter().enumerate().filter(|(_, s)| matches!(s.kind, Kind::Input(_))).map(|(k, _)| k);
        let input = inputs().find(|k| self.holders[*k] == Some(0)).or_else(|| inputs().next()).ok_or("a model without inputs")?;
        let map = Sparse::new([1, self.steps[input].len, 1], core::iter::once(vec![]), 0, 1);
        let kind = Kind::Sparse(Sparse { constants: vec![1 << self.s.fraction], ..map });
        Ok(self.once("one", kind, input, 1, stage))
    }

    /// The product of two operands, which are opened.
    pub(super) fn multiply(
        &mut self,
        [x, y]: [&Value; 2],
        product: Product,
        len: usize,
        layout: Layout,
        stage: &str,
    ) -> Result<Value, String> {
        let factor = x.factor.checked_mul(y.factor).filter(|factor| *factor <= LARGEST_FACTOR);
        let factor = factor.ok_or_else(|| format!("a product of the factors {} and {} leaves too small a range", x.factor, y.factor))?;
        let both = self.holders[x.step].filter(|holder| self.holders[y.step] == Some(*holder));
        let opened = [x, y].map(|v| self.opened_to(v.step, both, stage));
        let step = self.push(Kind::Product(product), opened.to_vec(), len, stage);
        Ok(Value { step, layout, bits: x.bits + y.bits, factor, integer: None })
    }

    /// An operand of a product of secrets: at f bits, with a small factor, in the order in memory in which a convolution or matrix product reads it too, if one does.
    fn operand(&mut self, id: NodeId, stage: &str) -> Result<Value, String> {
        let (x, shape) = (self.fraction(id)?, self.graph.node(id).shape);
        let x = self.at_fraction(id, &x, stage);
        let x = self.with_small_factor(id, &x, &shape, stage);
        let reads = |op: fn(&Op) -> bool| {
            self.consumers[id.0].iter().any(|c| op(&self.graph.node(*c).op) && self.graph.node(*c).inputs.first() == Some(&id))
        };
        let layout = if reads(|op| matches!(op, Op::Conv(_))) && shape.rank() <= 3 {
            Layout::channels_last(shape.rank())
        } else if reads(|op| *op == Op::Linear) {
            Layout::natural(shape.rank())
        } else {
            x.layout.clone()
        };
        Ok(self.arranged(&x, &shape, &layout, stage))
    }

    /// The opening of a step for products of secrets: to everybody, or, where one party has all operands by itself, to that one alone, which sends nothing.
    pub(super) fn opened_to(&mut self, step: usize, alone: Option<usize>, stage: &str) -> usize {
        self.opened_wire(step, stage, &|holder, _| Opening { from: holder, to: alone })
    }

    /// The opening of a step for a product with weights: one that products of secrets need as well serves it too.
    pub(super) fn opened_for_weights(&mut self, id: NodeId, step: usize, stage: &str) -> usize {
        let all = self.multiplied[id.0];
        // what the keeper has by itself is free for it
        self.opened_wire(step, stage, &|from, keeper| Opening {
            from,
            to: if all && (from.is_none() || from != keeper) { None } else { keeper },
        })
    }

    /// A value times a weight whose axes are those of the value or of size 1: one product a channel, whatever the channels are.
    fn by_weights(&mut self, node: &Node, id: NodeId, weight: usize) -> Result<Value, String> {
        let (shape, own) = (self.graph.node(id).shape, self.graph.parameters[weight].shape);
        if shape != node.shape {
            return Err(format!("a weight of shape {own} would stretch a value of shape {shape}: stretch the value before"));
        }
        let front = shape.rank() - own.rank();
        let kept: Vec<usize> = (front..shape.rank()).filter(|axis| own.dim(axis - front) != 1).collect();
        self.depthwise(node, id, (weight, None), &kept)
    }

    /// A value times a weight, and plus a bias, whose axes are those of the value from `axis` on.
    pub(super) fn along_weights(&mut self, node: &Node, axis: usize) -> Result<Value, String> {
        let parameter = |id: &NodeId| match self.graph.node(*id).op {
            Op::Parameter(k) => Ok(k),
            _ => Err("the weight must be a parameter: a product of two secrets is `Mul`".to_owned()),
        };
        let weight = parameter(&node.inputs[1])?;
        let bias = node.inputs.get(2).map(parameter).transpose()?;
        let kept: Vec<usize> = (axis..axis + self.graph.parameters[weight].shape.rank()).collect();
        self.depthwise(node, node.inputs[0], (weight, bias), &kept)
    }

    /// One product, and one bias, for each position of the axes `kept`, all in one row of channels.
    fn depthwise(&mut self, node: &Node, id: NodeId, (weight, bias): (usize, Option<usize>), kept: &[usize]) -> Result<Value, String> {
        let shape = node.shape;
        let (pixels, channels): (Vec<usize>, Vec<usize>) = (0..shape.rank()).partition(|axis| !kept.contains(axis));
        let layout = Layout(pixels.iter().chain(&channels).map(|axis| *axis as u8).collect());
        let x = self.fraction(id)?;
        let x = self.at_fraction(id, &x, &node.stage);
        let x = self.arranged(&x, &shape, &layout, &node.stage);
        let opened = self.opened_for_weights(id, x.step, &node.stage);
        let c = self.graph.parameters[weight].shape.numel();
        let geometry = Geometry { groups: c, ..Geometry::linear(shape.numel() / c.max(1), c, c) };
        let bits = x.bits + self.s.fraction;
        let size = self.known.and_then(|known| known.product(self.weights.len(), &node.stage));
        let spec = WeightSpec::new(self.graph, &geometry, (weight, bias), None);
        self.weights.push(WeightSpec { stage: node.stage.clone(), bias_bits: bits, bias_factor: x.factor, size, ..spec });
        let kind = Kind::Linear { geometry, weight: self.weights.len() - 1 };
        let step = self.push(kind, vec![opened], node.shape.numel(), &node.stage);
        Ok(Value { step, layout, bits, factor: x.factor, integer: None })
    }

    /// A polynomial with public coefficients.
    ///
    /// After one opening everything is local, if its exact value at the scale of its highest power fits the ring. Otherwise it is a polynomial in x^2 with linear ones as
    /// coefficients: P = (.. (Q x^2 + a_3 x + a_2) x^2 ..) + a_1 x + a_0, a product of secrets and a truncation for every two degrees.
    #[allow(clippy::float_cmp, reason = "a plain square has a coefficient of exactly 1")]
    pub(super) fn polynomial(&mut self, node: &Node, coefficients: &[f64]) -> Result<Value, String> {
        let limit = self.s.limit();
        if let Some(a) = coefficients.iter().find(|a| !a.is_finite() || a.abs() >= limit) {
            return Err(format!("the coefficient {a} must be finite and below {limit}"));
        }
        let (id, shape, stage) = (node.inputs[0], node.shape, node.stage.as_str());
        let a = &coefficients[..=degree(coefficients)];
        if a.len() <= 2 {
            let x = self.fraction(id)?;
            let slope = a.get(1).copied().unwrap_or(0.0);
            let x = self.multiplied(id, &x, &shape, &[slope], stage);
            return Ok(self.moved_by(&x, &shape, &a[..1], stage));
        }
        let (f, d) = (self.s.fraction, a.len() - 1);
        let x = self.operand(id, stage)?;
        let monomial = a[..d].iter().all(|a| *a == 0.0) && a[d] == 1.0 && d == 2;
        // only a plain square keeps a factor: in sums of powers every one would have another
        let x = if monomial || x.factor == 1 { x } else { self.without_factor(id, &x, &shape, stage) };
        if monomial {
            return self.powers(&x, &shape, &[0, 0, 1], (2 * f, x.factor * x.factor), stage);
        }
        let most = self.room() + f;
        let highest = d as u32 * f + precision(a[d], f);
        if highest <= most {
            // as many bits as there are make all coefficients more precise
            let bits = if self.known.is_some() { highest } else { most.min(highest + f) };
            let integers: Vec<i64> =
                a.iter().enumerate().map(|(k, a)| (a * 2f64.powi((bits - k as u32 * f) as i32)).round() as i64).collect();
            return self.powers(&x, &shape, &integers, (bits, 1), stage);
        }
        self.by_squares(id, &x, &shape, a, stage)
    }

    /// The polynomial of integers, of one opening.
    fn powers(&mut self, x: &Value, shape: &Shape, integers: &[i64], (bits, factor): (u32, u64), stage: &str) -> Result<Value, String> {
        if factor > LARGEST_FACTOR {
            return Err(format!("the square of the factor {} leaves too small a range", x.factor));
        }
        let opened = self.opened_to(x.step, self.holders[x.step], stage);
        let polynomial = Polynomial { coefficients: integers.to_vec(), bits, factor };
        let step = self.push(Kind::Polynomial(polynomial), vec![opened], shape.numel(), stage);
        Ok(Value { step, bits, factor, ..x.clone() })
    }

    /// (.. (Q y + a_3 x + a_2) y ..) + a_1 x + a_0 with y = x^2; of degree 2, (a_2 x + a_1) x + a_0.
    fn by_squares(&mut self, id: NodeId, x: &Value, shape: &Shape, a: &[f64], stage: &str) -> Result<Value, String> {
        let (f, d, len) = (self.s.fraction, a.len() - 1, shape.numel());
        let largest = self.known.map_or(0.0, |known| known.seen(id)[0] * (1u64 << known.margin()) as f64);
        // the magnitude of what the coefficients from k on make
        let reaches = |k: usize| a[k..].iter().rev().fold(0.0, |sum, a| sum * largest + a.abs());
        let plain = Copy::new(&x.layout.0, shape, &x.layout.strides(shape), &x.layout.strides(shape), 0, 0);
        let each = || Product { form: Form::Each { len }, read: [plain.clone(), plain.clone()] };
        let (by, step) = if d == 2 {
            (x.clone(), 1)
        } else {
            let square = self.powers(x, shape, &[0, 0, 1], (2 * f, 1), stage)?;
            (self.cut(&square, largest * largest, len, stage), 2)
        };
        // the highest terms, at 2f
        let mut k = d - if d == 2 || d % 2 == 1 { 1 } else { 2 };
        let mut sum = self.line(x, shape, [a[k], a[k + 1]], stage);
        if d > 2 && d % 2 == 0 {
            let square = self.line(&by, shape, [0.0, a[d]], stage);
            let step = self.push(Kind::Add, vec![sum.step, square.step], len, stage);
            sum = Value { step, ..sum };
        }
        while k > 0 {
            let inner = self.cut(&sum, reaches(k), len, stage);
            let product = self.multiply([&inner, &by], each(), len, x.layout.clone(), stage)?;
            k -= step;
            let line = if step == 1 { self.line(x, shape, [a[k], 0.0], stage) } else { self.line(x, shape, [a[k], a[k + 1]], stage) };
            let step = self.push(Kind::Add, vec![product.step, line.step], len, stage);
            sum = Value { step, ..product };
        }
        Ok(sum)
    }

    /// `constant + slope x` at 2f bits.
    fn line(&mut self, x: &Value, shape: &Shape, [constant, slope]: [f64; 2], stage: &str) -> Value {
        let f = self.s.fraction;
        let number = (slope * (1u64 << f) as f64).round() as i64;
        let times = Times { numbers: super::super::Numbers::one(number), ..Times::finer(f, 1) };
        let x = self.times(x, times, shape.numel(), stage);
        self.moved_by(&x, shape, &[constant], stage)
    }

    /// A value within a polynomial at f bits, which calibration has not seen but which is no larger than this.
    fn cut(&mut self, x: &Value, largest: f64, len: usize, stage: &str) -> Value {
        let t = x.bits - self.s.fraction;
        // divided together even where one party has it by itself: lanes, in which others have it, have the same steps in the same order
        let kind = Kind::Truncate { t, m: self.known.map_or(self.s.opened, |known| known.reaching(largest, x, self.s)) };
        let step = self.once(&format!("{kind:?}"), kind, x.step, len, stage);
        Value { step, bits: self.s.fraction, ..x.clone() }
    }
}

/// The distance in memory of neighbours on each axis of a larger shape; 0 where the value is stretched.
fn stretched(x: &Value, own: Shape, shape: &Shape) -> Vec<usize> {
    let (strides, front) = (x.layout.strides(&own), shape.rank() - own.rank());
    (0..shape.rank()).map(|i| if i < front || own.dim(i - front) == 1 { 0 } else { strides[i - front] }).collect()
}

/// Bits behind the point of a highest coefficient: all that it has, or [`PRECISE`] from its first one on, at most f.
fn precision(a: f64, f: u32) -> u32 {
    let exact = (0..=f).find(|k| (a * 2f64.powi(*k as i32)).fract() == 0.0);
    let enough = (0..f).find(|k| a.abs() * 2f64.powi(*k as i32) >= 2f64.powi(PRECISE as i32)).unwrap_or(f);
    exact.unwrap_or(f).min(enough)
}
