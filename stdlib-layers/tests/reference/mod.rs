//! A graph computed node by node, straight from the definitions of the operations, in f64: slow and plain, so that it can be
//! read against PyTorch's documentation.

use undertone_runtime::Weights;
use undertone_runtime::graph::{Graph, Op, op};
use undertone_shape::Shape;

/// The output of the graph, sample after sample.
pub fn run(graph: &Graph, weights: &Weights, inputs: &[&[f32]], batch: usize) -> Vec<f32> {
    (0..batch).flat_map(|sample| run_one(graph, weights, inputs, sample)).map(|v| v as f32).collect()
}

#[derive(Clone)]
struct Tensor {
    shape: Shape,
    values: Vec<f64>,
}

fn run_one(graph: &Graph, weights: &Weights, inputs: &[&[f32]], sample: usize) -> Vec<f64> {
    let mut done: Vec<Tensor> = Vec::new();
    for node in &graph.nodes {
        let x: Vec<&Tensor> = node.inputs.iter().map(|id| &done[id.0]).collect();
        let size = node.shape.numel();
        let values = match &node.op {
            Op::Input(k) => inputs[*k][sample * size..(sample + 1) * size].iter().map(|v| f64::from(*v)).collect(),
            Op::Parameter(k) => weights.get(&graph.parameters[*k].name).unwrap().1.iter().map(|v| f64::from(*v)).collect(),
            other => each(node.shape, |i| element(other, &x, node.shape, i)),
        };
        done.push(Tensor { shape: node.shape, values });
    }
    done.swap_remove(graph.output.0).values
}

/// The element at the position `i` of the result.
fn element(op: &Op, x: &[&Tensor], shape: Shape, i: &[usize]) -> f64 {
    match op {
        Op::Input(_) | Op::Parameter(_) => unreachable!("these have no operands"),
        Op::Conv(conv) => convolution(*conv, x, shape, i),
        Op::ConvTranspose(conv) => transposed(*conv, x, shape, i),
        Op::Linear => {
            let (last, rows) = (i[i.len() - 1], &i[..i.len() - 1]);
            let products = (0..x[1].shape.dim(1)).map(|k| x[0].at(&[rows, &[k]].concat()) * x[1].at(&[last, k]));
            products.sum::<f64>() + x.get(2).map_or(0.0, |bias| bias.at(&[last]))
        }
        Op::BatchNorm(norm) => {
            let [mean, variance] = [2, 1].map(|k| x[x.len() - k]);
            let group = [i[0] / (shape.dim(0) / mean.shape.dim(0))];
            let y = (x[0].at(i) - mean.at(&group)) / (variance.at(&group) + norm.epsilon).sqrt();
            if x.len() == 5 { y * x[1].at(&i[..1]) + x[2].at(&i[..1]) } else { y }
        }
        Op::Relu => x[0].at(i).max(0.0),
        Op::Piecewise(function) => function.at(x[0].at(i)),
        Op::Above(above) => f64::from(u8::from(x[0].at(i) > above.at)),
        Op::MaxPool(p) => window(x[0], i, p.kernel, p.stride, p.padding).into_iter().flatten().fold(f64::NEG_INFINITY, f64::max),
        Op::MaxOver(m) => m.windows[i[m.axis]].iter().map(|j| x[0].at(&moved(i, m.axis, *j))).fold(f64::NEG_INFINITY, f64::max),
        Op::AvgPool(p) => {
            let all = window(x[0], i, p.kernel, p.stride, p.padding);
            all.iter().map(|v| v.unwrap_or(0.0)).sum::<f64>() / all.len() as f64
        }
        Op::ArgMax(a) => {
            let value = |j: usize| x[0].at(&[&i[..a.axis], &[j], &i[a.axis..]].concat());
            (1..x[0].shape.dim(a.axis)).fold(0, |best, j| if value(j) > value(best) { j } else { best }) as f64
        }
        Op::TopK(t) => {
            let value = |j: usize| x[0].at(&[&i[..t.axis], &[j], &i[t.axis + 1..]].concat());
            let mut order: Vec<usize> = (0..x[0].shape.dim(t.axis)).collect();
            order.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
            if t.values { value(order[i[t.axis]]) } else { order[i[t.axis]] as f64 }
        }
        Op::Add => x[0].at(i) + x[1].at(i),
        Op::Affine(a) => {
            let of = |all: &[f64]| if let [one] = all { *one } else { all[i[0]] };
            x[0].at(i) * of(&a.factors) + of(&a.offsets)
        }
        Op::Mul => x[0].stretched(i) * x[1].stretched(i),
        Op::Divide => x[0].stretched(i) / x[1].stretched(i).max(op::Smooth::LEAST),
        Op::Scaled(s) => {
            let at = &i[s.axis..s.axis + x[1].shape.rank()];
            x[0].at(i) * x[1].at(at) + x.get(2).map_or(0.0, |bias| bias.at(at))
        }
        Op::Biased(b) => x[0].at(i) + x[1].at(&i[b.axis..b.axis + x[1].shape.rank()]),
        Op::Curve(c) => c.function.held(x[0].at(i)),
        Op::Softmax(s) => {
            let sum: f64 = (0..shape.dim(s.axis)).map(|j| (x[0].at(&moved(i, s.axis, j)) - x[0].at(i)).exp()).sum();
            if s.logarithm { -sum.ln() } else { 1.0 / sum }
        }
        Op::Normalize(n) => {
            let outer = &i[..i.len() - n.axes];
            let row = each(Shape::from_slice(&shape.dims()[outer.len()..]), |inner| x[0].at(&[outer, inner].concat()));
            let mean_of = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / row.len() as f64;
            let mean = if n.centred { mean_of(&mut row.iter().copied()) } else { 0.0 };
            let variance = mean_of(&mut row.iter().map(|v| (v - mean).powi(2)));
            (x[0].at(i) - mean) / (variance + n.eps).sqrt()
        }
        Op::MatMul => {
            let (outer, row, column) = (&i[..i.len() - 2], i[i.len() - 2], i[i.len() - 1]);
            let inner = x[0].shape.dim(x[0].shape.rank() - 1);
            (0..inner).map(|k| x[0].stretched(&[outer, &[row, k]].concat()) * x[1].stretched(&[outer, &[k, column]].concat())).sum()
        }
        Op::Polynomial(p) => p.at(x[0].at(i)),
        Op::Expand { .. } => x[0].stretched(i),
        Op::Concat { axis } => {
            let mut i = i.to_vec();
            let mut parts = x.iter();
            loop {
                let part = parts.next().unwrap();
                match i[*axis].checked_sub(part.shape.dim(*axis)) {
                    None => return part.at(&i),
                    Some(rest) => i[*axis] = rest,
                }
            }
        }
        Op::Reshape { .. } => x[0].values[flat(shape, i)],
        Op::Permute { axes } => {
            let mut from = vec![0; i.len()];
            axes.iter().zip(i).for_each(|(axis, i)| from[*axis] = *i);
            x[0].at(&from)
        }
        Op::Gather { axis, indices } => x[0].at(&moved(i, *axis, indices[i[*axis]])),
        Op::Pad { before, value, .. } => {
            let inside: Option<Vec<usize>> = i.iter().zip(before).map(|(i, before)| i.checked_sub(*before)).collect();
            inside.and_then(|i| x[0].inside(&i)).unwrap_or(*value)
        }
        Op::Resample(r) => {
            let terms = r.rows[i[r.axis]].iter().map(|(position, numerator)| x[0].at(&moved(i, r.axis, *position)) * *numerator as f64);
            terms.sum::<f64>() / r.denominator as f64
        }
        Op::Dropout { .. } => x[0].at(i),
        Op::Loss(_) => unreachable!("no case has a loss: the twin alone computes them"),
    }
}

/// A position with another one on one axis.
fn moved(i: &[usize], axis: usize, to: usize) -> Vec<usize> {
    i.iter().enumerate().map(|(k, i)| if k == axis { to } else { *i }).collect()
}

fn convolution(conv: op::Conv, x: &[&Tensor], shape: Shape, i: &[usize]) -> f64 {
    let (input, weight) = (x[0], x[1]);
    let channels = weight.shape.dim(1);
    let group = i[0] / (shape.dim(0) / conv.groups);
    let taps = each(Shape::from_slice(&weight.shape.dims()[1..]), |tap| {
        let at = (1..i.len()).map(|a| (i[a] * conv.stride[a - 1] + tap[a] * conv.dilation[a - 1]).checked_sub(conv.padding[a - 1]));
        let at: Option<Vec<usize>> = core::iter::once(Some(group * channels + tap[0])).chain(at).collect();
        at.and_then(|at| input.inside(&at)).unwrap_or(0.0) * weight.at(&[&i[..1], tap].concat())
    });
    taps.iter().sum::<f64>() + x.get(2).map_or(0.0, |bias| bias.at(&i[..1]))
}

/// Every position of the input adds each tap somewhere: those that come here are added up.
fn transposed(conv: op::ConvTranspose, x: &[&Tensor], shape: Shape, i: &[usize]) -> f64 {
    let (input, weight) = (x[0], x[1]);
    let (inputs, outputs) = (input.shape.dim(0) / conv.groups, shape.dim(0) / conv.groups);
    let mut sum = 0.0;
    for c in i[0] / outputs * inputs..(i[0] / outputs + 1) * inputs {
        each(Shape::from_slice(&weight.shape.dims()[2..]), |tap| {
            let at = (0..tap.len()).map(|a| {
                let before = (i[a + 1] + conv.padding[a]).checked_sub(tap[a] * conv.dilation[a])?;
                before.is_multiple_of(conv.stride[a]).then_some(before / conv.stride[a])
            });
            let at: Option<Vec<usize>> = core::iter::once(Some(c)).chain(at).collect();
            sum += at.and_then(|at| input.inside(&at)).unwrap_or(0.0) * weight.at(&[&[c, i[0] % outputs], tap].concat());
            0.0
        });
    }
    sum + x.get(2).map_or(0.0, |bias| bias.at(&i[..1]))
}

/// The values under a window; `None` in the padding.
fn window(x: &Tensor, i: &[usize], kernel: [usize; 3], stride: [usize; 3], padding: [usize; 3]) -> Vec<Option<f64>> {
    let spatial = i.len() - 1;
    let mut all = Vec::new();
    each(Shape::from_slice(&kernel[..spatial]), |tap| {
        let at = (0..spatial).map(|a| (i[a + 1] * stride[a] + tap[a]).checked_sub(padding[a]));
        let at: Option<Vec<usize>> = core::iter::once(Some(i[0])).chain(at).collect();
        all.push(at.and_then(|at| x.inside(&at)));
        0.0
    });
    all
}

/// The value at every position, in row-major order.
fn each(shape: Shape, mut value: impl FnMut(&[usize]) -> f64) -> Vec<f64> {
    (0..shape.numel())
        .map(|flat| {
            let mut rest = flat;
            let mut i = vec![0; shape.rank()];
            for axis in (0..shape.rank()).rev() {
                (i[axis], rest) = (rest % shape.dim(axis), rest / shape.dim(axis));
            }
            value(&i)
        })
        .collect()
}

fn flat(shape: Shape, i: &[usize]) -> usize {
    i.iter().enumerate().fold(0, |sum, (axis, i)| sum * shape.dim(axis) + i)
}

impl Tensor {
    /// The element that stands at `i` of a larger shape.
    fn stretched(&self, i: &[usize]) -> f64 {
        let own = &i[i.len() - self.shape.rank()..];
        let at: Vec<usize> = own.iter().zip(self.shape.dims()).map(|(i, size)| if *size == 1 { 0 } else { *i }).collect();
        self.at(&at)
    }

    fn at(&self, i: &[usize]) -> f64 {
        self.inside(i).expect("a position inside the tensor")
    }

    fn inside(&self, i: &[usize]) -> Option<f64> {
        let fits = i.len() == self.shape.rank() && i.iter().zip(self.shape.dims()).all(|(i, size)| i < size);
        fits.then(|| self.values[flat(self.shape, i)])
    }
}
