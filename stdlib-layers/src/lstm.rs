//! A long short-term memory.

use crate::support::{Recurrent, State};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// A long short-term memory, unrolled over the positions of a sequence: `[t, inputs]` to `[t, hidden]`, from a state of 0. PyTorch: `nn.LSTM(inputs, hidden,
/// batch_first=True)`.
///
/// ```text
/// i, f, g, o = parts of weight_ih x + bias_ih + weight_hh h + bias_hh
/// c' = sigmoid(f) c + sigmoid(i) tanh(g),   h' = sigmoid(o) tanh(c')
/// ```
/// With `layers` above 1 each layer reads the outputs of the one before; `bidirectional: true` reads the sequence from its end as well, and puts those outputs behind the
/// others; `last: true` gives the last state of the last layer alone, `[hidden]`, PyTorch's `h_n[-1]` (with both directions, `[2 hidden]`, each where it ends).
///
/// **Parameters.** For each layer k, `weight_ih_lk: [4 hidden, inputs]` and `weight_hh_lk: [4 hidden, hidden]`, and unless `bias: false`, `bias_ih_lk` and `bias_hh_lk`, each
/// `[4 hidden]`, in PyTorch's order of gates; of the other direction with `_reverse` behind the name. They start as those of linear layers.
///
/// **Cost.** For each position the opening of the state, a [`Sigmoid`](crate::Sigmoid) and a [`Tanh`](crate::Tanh) of its products beside each other, a product, another
/// [`Tanh`](crate::Tanh) and a product, one after the other: 12 rounds a position, 10 with `Approx::Quick` and 8 within a promise of at most 4; one less at the first, whose state is 0.
///
/// **Errors.** Other than one input; a rank other than 2; an axis of size 0; `hidden` missing, or of 2^22 and more; no `layers`; an `approx` that is `Compact`,
/// or within what is no positive number.
///
/// ```
/// use undertone_layers::Lstm;
/// use undertone_shape::Shape;
/// let layer = Lstm { hidden: 16, ..Lstm::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([10, 8])]), Ok(Shape::new([10, 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lstm {
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
    /// Where and how a private run computes smooth functions.
    pub approx: Approx,
}

impl Lstm {
    /// One layer in one direction, with biases; `hidden` is missing.
    pub const DEFAULT: Self = Self { hidden: 0, layers: 1, bidirectional: false, bias: true, last: false, approx: Approx::Everywhere };

    /// `[t, inputs]` gives `[t, hidden]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Recurrent {
        let Self { hidden, layers, bidirectional, bias, last, approx, .. } = *self;
        Recurrent { hidden, layers, bidirectional, bias, last, approx, gates: 4 }
    }
}

impl Layer for Lstm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let general = self.general();
        general.build(g, "lstm", x, &|g, [of_input, of_state], before| {
            let sum = g.add(of_input, of_state);
            let open = g.gather(sum, 0, (0..2 * self.hidden).chain(3 * self.hidden..4 * self.hidden));
            let open = g.curve(open, Smooth::Sigmoid, self.approx);
            let [i, f, o] = [0, 1, 2].map(|k| general.part(g, open, k, k + 1));
            let new = general.part(g, sum, 2, 3);
            let new = g.curve(new, Smooth::Tanh, self.approx);
            let mut c = g.mul(i, new);
            if let Some(state) = before {
                let kept = g.mul(f, state.c);
                c = g.add(c, kept);
            }
            let seen = g.curve(c, Smooth::Tanh, self.approx);
            State { h: g.mul(o, seen), c }
        })
    }
}
