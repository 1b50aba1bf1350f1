//! Networks that read a sequence position by position: the common part of `Rnn`, `Lstm` and `Gru`, unrolled over all positions.

use super::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::graph::op::{Approx, Curve, Smooth};
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of the layer.
pub(crate) struct Recurrent {
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) bidirectional: bool,
    pub(crate) bias: bool,
    /// Whether only the last state is wanted.
    pub(crate) last: bool,
    pub(crate) approx: Approx,
    /// Vectors of `hidden` elements that a product makes.
    pub(crate) gates: usize,
}

/// What a cell hands on to itself: its output, and what else it remembers.
#[derive(Clone, Copy)]
pub(crate) struct State<'g> {
    pub(crate) h: Value<'g>,
    pub(crate) c: Value<'g>,
}

/// What a cell makes of the products with the input and with its output before, and of its state, where there is one already: it starts at 0.
pub(crate) type Cell<'a, 'g> = &'a dyn Fn(&mut Scope<'g>, [Value<'g>; 2], Option<State<'g>>) -> State<'g>;

impl Recurrent {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.hidden == 0 {
            return Err(ShapeError::required("hidden"));
        }
        if self.hidden >= LARGEST_AXIS / self.gates {
            return Err(ShapeError::field("hidden", self.hidden, "below 2^22"));
        }
        if self.layers == 0 {
            return Err(ShapeError::field("layers", 0, "at least 1"));
        }
        if x.rank() != 2 {
            return Err(ShapeError::rank(2, x));
        }
        let mut axis = 0;
        while axis < 2 {
            if x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            axis += 1;
        }
        if let Err(e) = (Curve { function: Smooth::Tanh, approx: self.approx }).infer(&[x]) {
            return Err(e);
        }
        let out = if self.bidirectional { 2 * self.hidden } else { self.hidden };
        Ok(if self.last { Shape::new([out]) } else { Shape::new([x.dim(0), out]) })
    }

    pub(crate) fn build<'g>(&self, g: &mut Scope<'g>, layer: &str, x: &[Value<'g>], cell: Cell<'_, 'g>) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, layer, e, x);
        }
        let mut x = x[0];
        for l in 0..self.layers {
            let directions = if self.bidirectional { 2 } else { 1 };
            let all: Vec<Vec<Value<'g>>> = (0..directions).map(|d| self.direction(g, x, l, d == 1, cell)).collect();
            if self.last && l + 1 == self.layers {
                let ends: Vec<Value<'g>> = all.iter().map(|states| states[states.len() - 1]).collect();
                return joined(g, &ends, 0);
            }
            let sequences: Vec<Value<'g>> = all.into_iter().enumerate().map(|(d, states)| self.sequence(g, states, d == 1)).collect();
            x = joined(g, &sequences, 1);
        }
        x
    }

    /// The outputs of a layer in one direction, in the order in which they are computed.
    fn direction<'g>(&self, g: &mut Scope<'g>, x: Value<'g>, layer: usize, reverse: bool, cell: Cell<'_, 'g>) -> Vec<Value<'g>> {
        let ([t, inputs], all) = (x.dims(), self.gates * self.hidden);
        let suffix = format!("l{layer}{}", if reverse { "_reverse" } else { "" });
        let [for_input, for_state] = [inputs, self.hidden].map(|fan_in| Init::Uniform { fan_in });
        let input = g.parameter(&format!("weight_ih_{suffix}"), [all, inputs], for_input);
        let state = g.parameter(&format!("weight_hh_{suffix}"), [all, self.hidden], for_state);
        let biases = self.bias.then(|| {
            [("ih", for_input), ("hh", for_state)].map(|(which, init)| g.parameter(&format!("bias_{which}_{suffix}"), [all], init))
        });
        let products = g.linear(x, input, biases.map(|b| b[0]));
        let mut before: Option<State<'g>> = None;
        let mut outputs = vec![];
        for k in 0..t {
            let position = if reverse { t - 1 - k } else { k };
            let of_input = g.gather(products, 0, [position]).reshape([all]);
            let h = before.map_or_else(|| self.zeros(g, x), |state| state.h);
            let of_state = g.linear(h, state, biases.map(|b| b[1]));
            let after = cell(g, [of_input, of_state], before);
            outputs.push(after.h);
            before = Some(after);
        }
        outputs
    }

    /// The state before the first position, which depends on nothing that has to be computed.
    fn zeros<'g>(&self, g: &mut Scope<'g>, x: Value<'g>) -> Value<'g> {
        let inputs = x.shape().dim(1);
        let row = g.gather(x, 0, [0]).reshape([inputs]);
        let row = g.gather(row, 0, 0..inputs.min(self.hidden));
        let zeros = g.scale(row, 0.0, 0.0);
        if self.hidden > inputs { g.pad(zeros, &[0], &[self.hidden - inputs], 0.0) } else { zeros }
    }

    /// Outputs in the order of positions, one a row.
    fn sequence<'g>(&self, g: &mut Scope<'g>, mut outputs: Vec<Value<'g>>, reverse: bool) -> Value<'g> {
        if reverse {
            outputs.reverse();
        }
        let rows: Vec<Value<'g>> = outputs.into_iter().map(|h| h.reshape([1, self.hidden])).collect();
        joined(g, &rows, 0)
    }

    /// Vectors `from` to `to` of those that a product makes.
    pub(crate) fn part<'g>(&self, g: &mut Scope<'g>, products: Value<'g>, from: usize, to: usize) -> Value<'g> {
        g.gather(products, 0, from * self.hidden..to * self.hidden)
    }
}

fn joined<'g>(g: &mut Scope<'g>, values: &[Value<'g>], axis: usize) -> Value<'g> {
    if let [one] = values { *one } else { g.concat(values, axis) }
}
