//! A gated recurrent unit.

use crate::support::{Recurrent, State};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// A gated recurrent unit, unrolled over the positions of a sequence: `[t, inputs]` to `[t, hidden]`, from a state of 0. PyTorch: `nn.GRU(inputs, hidden,
/// batch_first=True)`.
///
/// ```text
/// r, z, n = parts of weight_ih x + bias_ih;   r', z', n' = parts of weight_hh h + bias_hh
/// new = tanh(n + sigmoid(r + r') n'),   h' = (1 - sigmoid(z + z')) new + sigmoid(z + z') h
/// ```
/// With `layers` above 1 each layer reads the outputs of the one before; `bidirectional: true` reads the sequence from its end as well, and puts those outputs behind the
/// others; `last: true` gives the last state of the last layer alone, `[hidden]`, PyTorch's `h_n[-1]` (with both directions, `[2 hidden]`, each where it ends).
///
/// **Parameters.** For each layer k, `weight_ih_lk: [3 hidden, inputs]` and `weight_hh_lk: [3 hidden, hidden]`, and unless `bias: false`, `bias_ih_lk` and `bias_hh_lk`, each
/// `[3 hidden]`, in PyTorch's order of gates; of the other direction with `_reverse` behind the name. They start as those of linear layers.
///
/// **Cost.** For each position the opening of the state, a [`Sigmoid`](crate::Sigmoid) of two thirds of its products, a product, a [`Tanh`](crate::Tanh) and a product, one after
/// the other: 13 rounds a position, 11 with `Approx::Quick` and 9 within a promise of at most 4; two less at the first, whose state is 0.
///
/// **Errors.** Other than one input; a rank other than 2; an axis of size 0; `hidden` missing, or of 2^22 and more; no `layers`; an `approx` that is `Compact`,
/// or within what is no positive number.
///
/// ```
/// use undertone_layers::Gru;
/// use undertone_shape::Shape;
/// let layer = Gru { hidden: 16, ..Gru::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([10, 8])]), Ok(Shape::new([10, 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gru {
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

impl Gru {
    /// One layer in one direction, with biases; `hidden` is missing.
    pub const DEFAULT: Self = Self { hidden: 0, layers: 1, bidirectional: false, bias: true, last: false, approx: Approx::Everywhere };

    /// `[t, inputs]` gives `[t, hidden]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Recurrent {
        let Self { hidden, layers, bidirectional, bias, last, approx, .. } = *self;
        Recurrent { hidden, layers, bidirectional, bias, last, approx, gates: 3 }
    }
}

impl Layer for Gru {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let general = self.general();
        general.build(g, "gru", x, &|g, [of_input, of_state], before| {
            let [a, b] = [of_input, of_state].map(|products| general.part(g, products, 0, 2));
            let open = g.add(a, b);
            let open = g.curve(open, Smooth::Sigmoid, self.approx);
            let [r, z] = [0, 1].map(|k| general.part(g, open, k, k + 1));
            let [a, b] = [of_input, of_state].map(|products| general.part(g, products, 2, 3));
            let b = g.mul(r, b);
            let new = g.add(a, b);
            let new = g.curve(new, Smooth::Tanh, self.approx);
            // n + z (h - n)
            let minus = g.scale(new, -1.0, 0.0);
            let towards = before.map_or(minus, |state| g.add(state.h, minus));
            let step = g.mul(z, towards);
            let h = g.add(new, step);
            State { h, c: h }
        })
    }
}
