//! A plain recurrent network.

use crate::support::{Recurrent, State};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// A recurrent network, unrolled over the positions of a sequence: `[t, inputs]` to `[t, hidden]`, from a state of 0. PyTorch: `nn.RNN(inputs, hidden, batch_first=True)`.
///
/// ```text
/// h' = tanh(weight_ih x + bias_ih + weight_hh h + bias_hh)
/// ```
/// With `layers` above 1 each layer reads the outputs of the one before; `bidirectional: true` reads the sequence from its end as well, and puts those outputs behind the
/// others; `last: true` gives the last state of the last layer alone, `[hidden]`, PyTorch's `h_n[-1]` (with both directions, `[2 hidden]`, each where it ends).
///
/// **Parameters.** For each layer k, `weight_ih_lk: [hidden, inputs]` and `weight_hh_lk: [hidden, hidden]`, and unless `bias: false`, `bias_ih_lk` and `bias_hh_lk`, each
/// `[hidden]`, in PyTorch's order of gates; of the other direction with `_reverse` behind the name. They start as those of linear layers.
///
/// **Cost.** For each position the opening of the state, `hidden` numbers, and a [`Tanh`](crate::Tanh) of them, one after the other: 5 rounds a position, 4 with `Approx::Quick` and
/// 3 within a promise of at most 4.
///
/// **Errors.** Other than one input; a rank other than 2; an axis of size 0; `hidden` missing, or of 2^22 and more; no `layers`; an `approx` that is `Compact`,
/// or within what is no positive number.
///
/// ```
/// use undertone_layers::Rnn;
/// use undertone_shape::Shape;
/// let layer = Rnn { hidden: 16, ..Rnn::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([10, 8])]), Ok(Shape::new([10, 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of a description, as PyTorch has them")]
pub struct Rnn {
    /// The size of a state; required.
    pub hidden: usize,
    /// How many layers stand on each other.
    pub layers: usize,
    /// Whether the sequence is read from its end as well.
    pub bidirectional: bool,
    /// Whether products have a bias.
    pub bias: bool,
    /// Whether only the last state is wanted.
    pub last: bool,
    /// Whether a ReLU stands in the place of the hyperbolic tangent.
    pub relu: bool,
    /// Where and how a private run computes smooth functions.
    pub approx: Approx,
}

impl Rnn {
    /// One layer in one direction, with biases; `hidden` is missing.
    pub const DEFAULT: Self =
        Self { hidden: 0, layers: 1, bidirectional: false, bias: true, last: false, relu: false, approx: Approx::Everywhere };

    /// `[t, inputs]` gives `[t, hidden]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Recurrent {
        let Self { hidden, layers, bidirectional, bias, last, approx, .. } = *self;
        Recurrent { hidden, layers, bidirectional, bias, last, approx, gates: 1 }
    }
}

impl Layer for Rnn {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let general = self.general();
        general.build(g, "rnn", x, &|g, [of_input, of_state], before| {
            let sum = g.add(of_input, of_state);
            let h = if self.relu { g.relu(sum) } else { g.curve(sum, Smooth::Tanh, self.approx) };
            State { h, c: before.map_or(h, |state| state.c) }
        })
    }
}
