//! The steps of a plan, for one sample.

use super::affine::{Plus, Times};
use super::product::{Polynomial, Product};
use super::sparse::Sparse;
use crate::graph::{self, Node, Op};
use crate::protocol::Compare;
use crate::protocol::argmax::Axis;
use crate::protocol::compact::Compact;
use crate::protocol::curve::Curve;
use crate::protocol::max::Windows;
use crate::protocol::open::Opening;
use crate::protocol::over::Over;
use crate::protocol::piecewise::Function;
use crate::protocol::topk::Search;
use serde::{Deserialize, Serialize};
use undertone_ring::Word;
use undertone_ring::conv::Conv;
use undertone_shape::Shape;

/// One step: what is computed, from which steps, and how many elements a sample has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is computed.
    pub kind: Kind,
    /// The steps whose values are read.
    pub inputs: Vec<usize>,
    /// The number of elements of one sample of the result.
    pub len: usize,
    /// The stage of the description, for reports and errors.
    pub stage: String,
    /// When it begins: the exchange, counted from 0, in which its first message goes, or before which it is computed. Steps that are under way together share their rounds.
    pub wave: u32,
}

/// What a step computes. Values are shares, except after [`Kind::Open`] and moves of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Input `k` at f fraction bits, row-major.
    Input(usize),
    /// Opens a share under a mask: only products and polynomials may read it, and a [`Kind::Move`] that leaves it opened.
    Open(Opening),
    /// Convolution or matrix product of an opened value with weight `weight` of the plan.
    Linear {
        /// The geometry.
        geometry: Geometry,
        /// The index into [`Plan::weights`](super::Plan::weights).
        weight: usize,
    },
    /// Product of two opened values.
    Product(Product),
    /// Polynomial of an opened value.
    Polynomial(Polynomial),
    /// Division by 2^t.
    Truncate {
        /// The shift.
        t: u32,
        /// Bits that more than two parties open: the result stays below 2^(m - 2).
        m: u32,
    },
    /// Division by 2^t, then ReLU.
    Relu {
        /// The shift; 0 for a value that is already at f bits.
        t: u32,
        /// How the result is compared with 0: it stays below 2^(m - 2).
        compare: Compare,
    },
    /// Division by 2^t, then a function.
    Piecewise {
        /// The shift; 0 for a value that is already at f bits.
        t: u32,
        /// How the result of the division is compared: it stays below 2^(m - 2).
        compare: Compare,
        /// The function of integers.
        function: Function,
        /// Fraction bits that its value has more than what it is a function of: 0 or f.
        bits: u32,
        /// The public factor that its value carries more than what it is a function of.
        factor: u64,
    },
    /// Division by 2^t, then a smooth function.
    Curve {
        /// The shift.
        t: u32,
        /// How the result of the division is compared: it stays below 2^(m - 2).
        compare: Compare,
        /// Bits that the digits of the comparison cover: m + 1, or m where the result and its distance from every threshold stay below 2^(m - 2).
        width: u32,
        /// The function of integers.
        curve: Curve,
        /// Fraction bits of its value.
        bits: u32,
        /// The public factor of its value.
        factor: u64,
    },
    /// Division by 2^t, then whether the result is at least a threshold: 1 or 0, mod 2.
    Above {
        /// The shift; 0 for a value that is already at f bits.
        t: u32,
        /// How the result of the division is compared: it stays below 2^(m - 2).
        compare: Compare,
        /// The threshold.
        threshold: i64,
    },
    /// The largest of each window.
    Max {
        /// The windows.
        windows: Windows,
        /// How two values are compared; the ring of the comparison has its m bits where `narrow`.
        compare: Compare,
        /// Whether the result is only needed mod 2^m.
        narrow: bool,
        /// Positions of a window that are compared at once, 2 to 4.
        group: usize,
    },
    /// The largest of each of several lists of positions along an axis.
    MaxOver {
        /// The lists.
        over: Over,
        /// How two values are compared; the ring of the comparison has its m bits where `narrow`.
        compare: Compare,
        /// Whether the result is only needed mod 2^m.
        narrow: bool,
        /// Positions of a window that are compared at once, 2 to 4.
        group: usize,
    },
    /// The index of the largest along an axis, mod 2^q for its `axis.bits()`.
    ArgMax {
        /// The axis.
        axis: Axis,
        /// How two values are compared; the ring of the comparison has its m bits.
        compare: Compare,
        /// Neighbours that are compared at once, 2 to 4; or more, of which there are groups of 4 until at most this many are left, which are ranked.
        group: usize,
    },
    /// The largest values along an axis, in order, or their indices mod 2^q for its `axis.bits()`.
    TopK {
        /// What is sought.
        search: Search,
        /// How two values are compared; the ring of the comparison has its m bits where indices are sought.
        compare: Compare,
    },
    /// The sum of each window.
    Sum(Sum),
    /// Multiplication by public numbers.
    Times(Times),
    /// Addition of public numbers.
    Plus(Plus),
    /// Division by 2^t, to the nearest, of a value that one party has by itself.
    Round {
        /// The shift.
        t: u32,
    },
    /// The sum of two values.
    Add,
    /// Elements moved: one copy an input. What moves an opened value is one, and has no other input.
    Move(Vec<Copy>),
    /// A public linear map along one axis.
    Sparse(Sparse),
    /// Opens the value to the receivers of this release of the plan; there is no result.
    Release(usize),
    /// Division by 2^t, then a smooth function that repeats from one power of 4 to the next.
    Compact {
        /// The shift.
        t: u32,
        /// How the result of the division is compared: it stays below 2^(m - 2).
        compare: Compare,
        /// Bits that the digits of the comparison cover: m + 1, because a value may be as far below a threshold.
        width: u32,
        /// The function of integers.
        function: Compact,
        /// Fraction bits of its value, which has no factor.
        bits: u32,
    },
}

/// A convolution over depth, height and width, in this order, channels innermost; axes that it does not have are of size 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// The input without its channels.
    pub size: [usize; 3],
    /// Channels of the input.
    pub c: usize,
    /// Taps of the kernel.
    pub kernel: [usize; 3],
    /// The distance of neighbouring windows.
    pub stride: [usize; 3],
    /// Zeros at both ends.
    pub padding: [usize; 3],
    /// The distance of neighbouring taps.
    pub dilation: [usize; 3],
    /// Channels of the output.
    pub out: usize,
    /// Groups of channels that do not mix.
    pub groups: usize,
}

/// Sums over windows of `[spatial…, c]`; positions in the padding are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum(pub Windows);

/// A strided copy: element `i` of axis `k` is read at `i * from[k]` and written at `i * to[k]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    pub(super) axes: Vec<(usize, usize, usize)>,
    from: usize,
    to: usize,
}

impl Geometry {
    /// The same for the kernels.
    pub fn conv(&self) -> Conv {
        Conv {
            d: self.size[0],
            h: self.size[1],
            w: self.size[2],
            c: self.c,
            kd: self.kernel[0],
            kh: self.kernel[1],
            kw: self.kernel[2],
            sd: self.stride[0],
            sh: self.stride[1],
            sw: self.stride[2],
            pd: self.padding[0],
            ph: self.padding[1],
            pw: self.padding[2],
            dd: self.dilation[0],
            dh: self.dilation[1],
            dw: self.dilation[2],
            o: self.out,
            groups: self.groups,
        }
    }

    /// A matrix product of `rows` rows.
    pub fn linear(rows: usize, c: usize, out: usize) -> Self {
        Self { size: [1, 1, rows], c, kernel: [1; 3], stride: [1; 3], padding: [0; 3], dilation: [1; 3], out, groups: 1 }
    }

    /// The geometry of a convolution of an input `[c, spatial…]` with a weight `[out, c / groups, kernel…]`.
    pub(super) fn of(conv: &graph::op::Conv, input: Shape, weight: Shape) -> Self {
        let axes = input.rank() - 1;
        Self {
            size: innermost(&input.dims()[1..], 1),
            c: input.dim(0),
            kernel: innermost(&weight.dims()[2..], 1),
            stride: innermost(&conv.stride[..axes], 1),
            padding: innermost(&conv.padding[..axes], 0),
            dilation: innermost(&conv.dilation[..axes], 1),
            out: weight.dim(0),
            groups: conv.groups,
        }
    }
}

impl Sum {
    /// Adds up the windows of one sample.
    pub fn run<W: Word>(&self, x: &[W], out: &mut [W]) {
        self.0.reduce(W::from_u64(0), x, out, W::add);
    }
}

impl Copy {
    /// A copy of a value whose axes are walked in the order `order`, outermost first.
    pub fn new(order: &[u8], shape: &Shape, from: &[usize], to: &[usize], from_start: usize, to_start: usize) -> Self {
        let axes = order.iter().map(|a| usize::from(*a)).map(|a| (shape.dim(a), from[a], to[a]));
        Self::along(axes, from_start, to_start)
    }

    /// A copy along these axes, outermost first: sizes, and the distances of neighbours where it reads and where it writes.
    pub(super) fn along(all: impl IntoIterator<Item = (usize, usize, usize)>, from: usize, to: usize) -> Self {
        let mut axes: Vec<(usize, usize, usize)> = Vec::new();
        for next in all.into_iter().filter(|axis| axis.0 != 1) {
            match axes.last_mut() {
                // two axes that lie next to each other on both sides are one
                Some(last) if last.1 == next.0 * next.1 && last.2 == next.0 * next.2 => *last = (last.0 * next.0, next.1, next.2),
                _ => axes.push(next),
            }
        }
        Self { axes, from, to }
    }

    /// Whether it reads `len` elements and writes them as they are.
    pub(super) fn keeps(&self, len: usize) -> bool {
        let one = len == 1 && self.axes.is_empty();
        (self.from, self.to) == (0, 0) && (one || self.axes == [(len, 1, 1)])
    }

    /// Whether it leaves `len` elements where they are.
    pub(super) fn is_plain(&self, len: usize) -> bool {
        (self.from, self.to) == (0, 0) && (self.axes == [(len, 1, 1)] || (len == 1 && self.axes.is_empty()))
    }

    /// Copies one sample.
    pub fn run<W: Word>(&self, x: &[W], out: &mut [W]) {
        walk(&self.axes, &x[self.from..], &mut out[self.to..]);
    }

    /// Copies samples of `from` elements into new ones of `to`; what is written nowhere is zero.
    pub(crate) fn whole<W: Word>(&self, x: &[W], from: usize, to: usize, samples: usize) -> Vec<W> {
        let mut out = vec![W::from_u64(0); samples * to];
        out.chunks_exact_mut(to).zip(x.chunks_exact(from)).for_each(|(out, x)| self.run(x, out));
        out
    }

    /// One past the last element that is read and written, and how many are moved; the largest number where that overflows.
    pub(super) fn reach(&self) -> (usize, usize, usize) {
        let end = |start: usize, f: fn(&(usize, usize, usize)) -> usize| {
            self.axes
                .iter()
                .try_fold(start, |s, a| a.0.checked_sub(1)?.checked_mul(f(a))?.checked_add(s))
                .map_or(usize::MAX, |v| v.saturating_add(1))
        };
        let moved = self.axes.iter().try_fold(1usize, |n, a| n.checked_mul(a.0)).unwrap_or(usize::MAX);
        (end(self.from, |a| a.1), end(self.to, |a| a.2), moved)
    }
}

fn walk<W: Word>(axes: &[(usize, usize, usize)], x: &[W], out: &mut [W]) {
    match axes {
        [] => out[0] = x[0],
        [(n, 1, 1)] => out[..*n].copy_from_slice(&x[..*n]),
        [(n, from, to)] => (0..*n).for_each(|i| out[i * to] = x[i * from]),
        [(n, from, to), rest @ ..] => (0..*n).for_each(|i| walk(rest, &x[i * from..], &mut out[i * to..])),
    }
}

/// The windows of a pooling node over an input of this shape.
pub(crate) fn windows(node: &Node, input: Shape) -> Option<Windows> {
    let (kernel, stride, padding) = match &node.op {
        Op::MaxPool(p) => (p.kernel, p.stride, p.padding),
        Op::AvgPool(p) => (p.kernel, p.stride, p.padding),
        _ => return None,
    };
    let axes = input.rank() - 1;
    let place = |values: [usize; 3], plain: usize| innermost(&values[..axes], plain);
    let size = innermost(&input.dims()[1..], 1);
    Some(Windows { size, kernel: place(kernel, 1), stride: place(stride, 1), padding: place(padding, 0), channels: input.dim(0) })
}

/// The values of up to three spatial axes, which are the innermost of three; `plain` for axes that there are not.
pub(super) fn innermost(values: &[usize], plain: usize) -> [usize; 3] {
    let missing = 3usize.saturating_sub(values.len());
    core::array::from_fn(|i| i.checked_sub(missing).and_then(|k| values.get(k)).copied().unwrap_or(plain))
}
