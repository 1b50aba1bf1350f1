//! What a step makes a machine do.

use crate::plan::{Geometry, Kind, Plan, Step};
use crate::protocol::product::Form;
use crate::protocol::{Cost, padded};
use undertone_ring::conv::Conv;

/// A step for a batch, as far as its time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    /// Its messages and corrections.
    pub cost: Cost,
    /// The number of computing parties.
    pub parties: usize,
    /// Which words it has.
    pub words: Words,
    /// The work between the messages.
    pub work: Work,
}

/// The words of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// 32 bits.
    Narrow,
    /// 64 bits, of which the ring has so few that processors may have products for it.
    Middle,
    /// 64 bits.
    Wide,
}

impl Words {
    /// Those of a ring of n bits.
    pub(crate) fn of(n: u32) -> Self {
        match n {
            ..=32 => Self::Narrow,
            33..=52 => Self::Middle,
            _ => Self::Wide,
        }
    }
}

/// The work of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Work {
    /// Words that are read, and written elsewhere.
    Local(usize),
    /// Words that are masked and opened.
    Open(usize),
    /// A product.
    Product {
        /// Its kind.
        class: Class,
        /// Multiply-adds, those of the kernels' padding counted.
        multiply_adds: u64,
        /// Words that are masked, and words of the result.
        sizes: [usize; 2],
        /// Whether its operand was masked: otherwise there is no offline half.
        masked: bool,
        /// Parties that make an offline product: all but the one that keeps the weights.
        makers: usize,
    },
    /// Products of matrices that are both opened.
    Matrices {
        /// Their kind.
        class: Class,
        /// Multiply-adds of one of the two products that a party makes, those of the kernels' padding counted.
        multiply_adds: u64,
        /// Words of the operands, and of the result.
        sizes: [usize; 2],
        /// Whether they were masked: otherwise there is one product.
        masked: bool,
    },
    /// Products element by element.
    Multiply {
        /// Words of the result.
        words: usize,
        /// How often a party passes over them.
        times: usize,
        /// Whether there are correlations.
        masked: bool,
    },
    /// Elements that are compared.
    Compare(usize),
    /// Comparisons that choose the larger one of two.
    Max(usize),
    /// Comparisons that choose the largest of a group.
    Groups(usize),
    /// Elements that are divided.
    Truncate(usize),
    /// Elements that are released.
    Release(usize),
}

/// Kinds of products: within each, a multiply-add takes about as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// One input channel an output.
    Depthwise,
    /// Few products a sum.
    Shallow,
    /// Up to as many products a sum as are done at once.
    Deep,
    /// More.
    Long,
    /// Few results a weight: weights are read from memory for each.
    Rows,
}

impl Class {
    /// The number of kinds.
    pub(super) const COUNT: usize = 5;

    pub(crate) fn of(geometry: &Geometry, batch: usize) -> Self {
        let conv = geometry.conv();
        let depth = conv.depth();
        if geometry.groups > 1 && geometry.c == geometry.groups && geometry.out == geometry.groups {
            Self::Depthwise
        } else if batch * conv.pixels() < 6 {
            Self::Rows
        } else if depth <= 32 {
            Self::Shallow
        } else if depth <= 512 {
            Self::Deep
        } else {
            Self::Long
        }
    }
}

impl Load {
    /// That of a step for `batch` samples.
    pub(crate) fn of(plan: &Plan, step: &Step, batch: usize) -> Self {
        let (len, words) = (batch * step.len, Words::of(plan.settings.ring));
        let work = match &step.kind {
            Kind::Open(opening) if opening.is_sent() => Work::Open(len),
            Kind::Linear { geometry, .. } => Work::Product {
                class: Class::of(geometry, batch),
                multiply_adds: effective(&geometry.conv(), batch, words != Words::Narrow),
                sizes: [batch * geometry.conv().inputs(), len],
                masked: plan.is_masked(step),
                makers: plan.settings.parties - usize::from(plan.keeper().is_some()),
            },
            Kind::Product(p) => match p.form {
                Form::Each { .. } => Work::Multiply { words: len, times: 2, masked: plan.is_masked(step) },
                Form::Matrix { count, rows, inner, columns } => {
                    let (geometry, matrices) = (Geometry::linear(rows, inner, columns), batch * count);
                    Work::Matrices {
                        class: Class::of(&geometry, matrices),
                        multiply_adds: effective(&geometry.conv(), 1, words != Words::Narrow) * matrices as u64,
                        sizes: [batch * (p.form.operands()[0] + p.form.operands()[1]), len],
                        masked: plan.is_masked(step),
                    }
                }
            },
            Kind::Polynomial(p) => Work::Multiply { words: len, times: p.coefficients.len(), masked: plan.is_masked(step) },
            Kind::Relu { .. } | Kind::Above { .. } => Work::Compare(padded(len)),
            Kind::Piecewise { function, .. } => Work::Compare(padded(len) * function.thresholds.len()),
            // a word is about half the work of a comparison
            Kind::Curve { curve, .. } => Work::Compare(padded(len) * (curve.thresholds.len() + curve.words().div_ceil(2))),
            Kind::Compact { function, .. } => Work::Compare(padded(len) * (function.intervals.len() + function.words().div_ceil(2))),
            Kind::Max { windows, group: 2, .. } => Work::Max(windows.compared(batch)),
            Kind::Max { windows, group, .. } => Work::Groups(windows.comparisons_by(*group, batch)),
            Kind::MaxOver { over, group: 2, .. } => Work::Max(over.compared(batch)),
            Kind::MaxOver { over, group, .. } => Work::Groups(over.comparisons_by(*group, batch)),
            Kind::ArgMax { axis, group, .. } => Work::Groups(axis.comparisons(*group, batch)),
            Kind::TopK { search, .. } => Work::Groups(search.comparisons(batch)),
            Kind::Truncate { .. } => Work::Truncate(padded(len)),
            Kind::Release(_) => Work::Release(padded(len)),
            Kind::Sum(sum) => Work::Local(len * sum.0.kernel.iter().product::<usize>()),
            Kind::Sparse(sparse) => Work::Local(len.max(batch * sparse.work() as usize)),
            Kind::Input(_) | Kind::Open(_) | Kind::Times(_) | Kind::Plus(_) | Kind::Round { .. } | Kind::Add | Kind::Move(_) => {
                Work::Local(len)
            }
        };
        Self { cost: plan.step_cost(step, batch), parties: plan.settings.parties, words, work }
    }
}

/// The multiply-adds that a kernel really does: it takes pixels by six, and the outputs of a group by four, or by eight where words are narrow.
fn effective(conv: &Conv, batch: usize, wide: bool) -> u64 {
    let (groups, depth) = (conv.groups, conv.depth());
    let pixels = batch * conv.pixels();
    if groups > 1 && conv.c == groups && conv.o == groups {
        return (pixels * conv.o * depth) as u64;
    }
    let outputs = (conv.o / groups).next_multiple_of(if wide { 4 } else { 8 });
    let pixels = if pixels < 6 { pixels } else { pixels.next_multiple_of(6) };
    (pixels * groups * outputs * depth) as u64
}
