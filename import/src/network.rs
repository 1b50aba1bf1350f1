//! The network as it will be described: inputs and stages, each a layer with its fields and its weights.
//!
//! What exporters write in several steps becomes one stage here as it is added: reshapes of reshapes, permutations that undo each other, a bias
//! behind its product, scalings behind scalings. Stages that nothing reads any more are left out at the end ([`Network::live`]).

use crate::tensor::elements;
use std::fmt::Display;
use std::rc::Rc;

/// A value of one sample: the place where it is made, and its shape without the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    pub id: usize,
    pub shape: Vec<usize>,
}

/// Everything that the network makes, in an order of execution.
#[derive(Default)]
pub struct Network {
    pub made: Vec<Made>,
}

/// A value and how it is made.
pub struct Made {
    pub what: What,
    pub shape: Vec<usize>,
    pub inputs: Vec<usize>,
    /// Where in the exporter's program this happened, such as `layer1.0.add`; empty where that is not known.
    pub scope: String,
}

/// An input or a stage.
pub enum What {
    /// An input with its name in the file.
    Input(String),
    Stage(Layer),
}

/// A layer as a description writes it.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    pub name: &'static str,
    pub fields: Vec<(&'static str, String)>,
    pub weights: Vec<Weight>,
    /// What the keys of its weights begin with in the file it comes from, such as `layer1.0.conv1`; empty where that is not known.
    pub prefix: String,
}

/// A weight of a layer.
#[derive(Clone, Debug)]
pub struct Weight {
    /// Its own name, such as `weight`.
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub values: Rc<Vec<f32>>,
}

impl Layer {
    pub fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// A field with a value.
    pub fn with(mut self, field: &'static str, value: impl Display) -> Self {
        self.fields.push((field, value.to_string()));
        self
    }

    /// A field, unless it has the layer's default.
    pub fn unless<T: Display + PartialEq>(self, default: &T, field: &'static str, value: &T) -> Self {
        if value == default { self } else { self.with(field, value) }
    }

    /// A field that takes one number for all spatial axes, or a list in the plural.
    pub fn spatial(self, default: usize, one: &'static str, many: &'static str, values: &[usize]) -> Self {
        match values.split_first() {
            Some((first, rest)) if rest.iter().all(|v| v == first) => self.unless(&default, one, first),
            _ => self.with(many, list(values)),
        }
    }

    pub fn weight(mut self, name: &'static str, shape: &[usize], values: Rc<Vec<f32>>) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "values of a weight");
        self.weights.push(Weight { name, shape: shape.to_vec(), values });
        self
    }

    pub fn named(mut self, prefix: String) -> Self {
        self.prefix = prefix;
        self
    }

    /// The value of a field as it is written.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
    }
}

/// A list as a field holds it.
pub fn list(values: &[usize]) -> String {
    format!("&{values:?}")
}

/// The shortest number that is this one in 32 bits, as a constant of Rust.
pub fn number(value: f32) -> String {
    format!("{value:?}")
}

impl Network {
    pub fn input(&mut self, name: &str, shape: Vec<usize>) -> Secret {
        self.push(What::Input(name.to_owned()), vec![], shape, "")
    }

    /// Adds a stage.
    pub fn stage(&mut self, layer: Layer, inputs: &[&Secret], shape: Vec<usize>, scope: &str) -> Secret {
        self.push(What::Stage(layer), inputs.iter().map(|x| x.id).collect(), shape, scope)
    }

    fn push(&mut self, what: What, inputs: Vec<usize>, shape: Vec<usize>, scope: &str) -> Secret {
        self.made.push(Made { what, shape: shape.clone(), inputs, scope: scope.to_owned() });
        Secret { id: self.made.len() - 1, shape }
    }

    /// The layer that makes a value, if it is a stage.
    pub fn layer(&self, x: &Secret) -> Option<&Layer> {
        if let What::Stage(layer) = &self.made[x.id].what { Some(layer) } else { None }
    }

    /// The first value that a stage reads.
    pub fn before(&self, x: &Secret) -> Secret {
        let id = self.made[x.id].inputs[0];
        Secret { id, shape: self.made[id].shape.clone() }
    }

    /// The same elements with other dimensions; `shape` has as many.
    pub fn reshape(&mut self, x: &Secret, shape: Vec<usize>, scope: &str) -> Secret {
        let mut x = x.clone();
        while self.layer(&x).is_some_and(|l| matches!(l.name, "Reshape" | "Flatten")) {
            x = self.before(&x);
        }
        if x.shape == shape {
            return x;
        }
        let flat = elements(&x.shape).unwrap_or_default();
        match shape.as_slice() {
            // nothing is a scalar by reshaping: the sum of its one element is
            [] => {
                let one = self.reshape(&x, vec![1], scope);
                self.stage(Layer::new("Sum").with("axes", list(&[0])), &[&one], shape, scope)
            }
            [n] if *n == flat => self.stage(Layer::new("Flatten"), &[&x], shape, scope),
            _ => self.stage(Layer::new("Reshape").with("to", list(&shape)), &[&x], shape, scope),
        }
    }

    /// Axis `i` of the result is axis `axes[i]` of `x`.
    pub fn permute(&mut self, x: &Secret, axes: &[usize], scope: &str) -> Secret {
        let (mut x, mut axes) = (x.clone(), axes.to_vec());
        while let Some(first) = self.permutation(&x) {
            axes = axes.iter().map(|a| first[*a]).collect();
            x = self.before(&x);
        }
        if axes.iter().enumerate().all(|(i, a)| i == *a) {
            return x;
        }
        let shape: Vec<usize> = axes.iter().map(|a| x.shape[*a]).collect();
        // axes of one element may be anywhere: where nothing else moves, the elements stay in their order
        if axes.iter().filter(|a| x.shape[**a] != 1).is_sorted() {
            return self.reshape(&x, shape, scope);
        }
        self.stage(Layer::new("Permute").with("axes", list(&axes)), &[&x], shape, scope)
    }

    fn permutation(&self, x: &Secret) -> Option<Vec<usize>> {
        let layer = self.layer(x).filter(|l| l.name == "Permute")?;
        layer.field("axes")?.trim_start_matches("&[").trim_end_matches(']').split(", ").map(|a| a.parse().ok()).collect()
    }

    /// A stage that treats all elements alike. A permutation before it comes after it instead, where it may meet the one that undoes it.
    pub fn elementwise(&mut self, layer: Layer, x: &Secret, scope: &str) -> Secret {
        if let Some(axes) = self.permutation(x) {
            let inner = self.before(x);
            let y = self.elementwise(layer, &inner, scope);
            return self.permute(&y, &axes, scope);
        }
        self.stage(layer, &[x], x.shape.clone(), scope)
    }

    /// A stage over values of one shape, element by element; permutations are treated as in [`elementwise`](Self::elementwise).
    pub fn together(&mut self, layer: Layer, inputs: &[&Secret], scope: &str) -> Secret {
        let axes = self.permutation(inputs[0]);
        if let Some(axes) = axes.filter(|axes| inputs.iter().all(|x| self.permutation(x).as_ref() == Some(axes))) {
            let inner: Vec<Secret> = inputs.iter().map(|x| self.before(x)).collect();
            let inner: Vec<&Secret> = inner.iter().collect();
            if inner.iter().all(|x| x.shape == inner[0].shape) {
                let y = self.together(layer, &inner, scope);
                return self.permute(&y, &axes, scope);
            }
        }
        self.stage(layer, inputs, inputs[0].shape.clone(), scope)
    }

    /// `x * factor + offset`, with public numbers.
    pub fn scale(&mut self, x: &Secret, factor: f32, offset: f32, scope: &str) -> Secret {
        let (mut x, mut factor, mut offset) = (x.clone(), factor, offset);
        if let Some(layer) = self.layer(&x).filter(|l| l.name == "Scale") {
            let field = |name: &str, default: f32| layer.field(name).and_then(|v| v.parse().ok()).unwrap_or(default);
            let (f, o): (f32, f32) = (field("factor", 1.0), field("offset", 0.0));
            let (both, shift) = (factor * f, factor * o + offset);
            if both.is_finite() && shift.is_finite() {
                (factor, offset) = (both, shift);
                x = self.before(&x);
            }
        }
        if (factor, offset) == (1.0, 0.0) {
            return x;
        }
        let text = (number(factor), number(offset));
        let layer = Layer::new("Scale").unless(&number(1.0), "factor", &text.0).unless(&number(0.0), "offset", &text.1);
        self.elementwise(layer, &x, scope)
    }

    /// `x * factor[i] + offset[i]` where `i` is the place along `axis`, with secret numbers: a batch normalisation whose statistics are 0 and 1.
    pub fn affine(&mut self, x: &Secret, axis: usize, factor: Vec<f32>, offset: Vec<f32>, names: (&str, &str)) -> Secret {
        let (prefix, scope) = names;
        let first: Vec<usize> = core::iter::once(axis).chain((0..x.shape.len()).filter(|a| *a != axis)).collect();
        let back: Vec<usize> = (0..x.shape.len()).map(|a| first.iter().position(|f| *f == a).unwrap_or(a)).collect();
        let mut y = self.permute(x, &first, scope);
        let (mut factor, mut offset) = (factor, offset);
        if let Some(layer) = self.layer(&y).filter(|l| l.name == "BatchNorm" && l.field("epsilon") == Some("0.0")) {
            let (f, o) = (layer.weights[0].values.clone(), layer.weights[1].values.clone());
            for ((factor, offset), (f, o)) in factor.iter_mut().zip(&mut offset).zip(f.iter().zip(o.iter())) {
                *offset += *factor * o;
                *factor *= f;
            }
            y = self.before(&y);
        }
        let n = factor.len();
        let constant = |value: f32| Rc::new(vec![value; n]);
        let layer = Layer::new("BatchNorm")
            .with("epsilon", "0.0")
            .weight("weight", &[n], Rc::new(factor))
            .weight("bias", &[n], Rc::new(offset))
            .weight("running_mean", &[n], constant(0.0))
            .weight("running_var", &[n], constant(1.0))
            .named(prefix.to_owned());
        let shape = y.shape.clone();
        let y = self.stage(layer, &[&y], shape, scope);
        self.permute(&y, &back, scope)
    }

    /// Which values the outputs need.
    pub fn live(&self, outputs: &[usize]) -> Vec<bool> {
        let mut live = vec![false; self.made.len()];
        for id in outputs {
            live[*id] = true;
        }
        for id in (0..self.made.len()).rev() {
            if live[id] {
                for input in &self.made[id].inputs {
                    live[*input] = true;
                }
            }
        }
        live
    }
}
