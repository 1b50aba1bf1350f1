//! What can be computed now: constants, and the small programs that exporters write to make shapes at run time (`Shape`, `Gather`, `Concat`, …).
//! The number of samples stays what it is, an unknown among known numbers.

use super::context::{Translated, Value};
use crate::onnx::{Files, Node, decode};
use crate::tensor::{Known, Tensor, Values, Whole, elements, strides, together};
use std::path::Path;
use std::rc::Rc;

/// How many values may still be computed: a network has as many as its file, or little more, and a small file must not fill the memory.
pub struct Room(usize);

impl Room {
    pub fn of(file: usize) -> Self {
        Self(file.saturating_mul(4).saturating_add(1 << 24))
    }

    /// Takes room for a tensor of this shape.
    pub fn take(&mut self, shape: &[usize]) -> Result<(), String> {
        let rest = elements(shape).and_then(|n| self.0.checked_sub(n));
        self.0 = rest.ok_or_else(|| format!("it makes a constant of shape {shape:?}, which is many times larger than the file"))?;
        Ok(())
    }
}

/// The values of a node whose inputs are all known, or nothing where it belongs into the network.
pub fn fold(node: &Node, inputs: &[Option<Value>], room: &mut Room) -> Option<Translated> {
    match node.operator {
        "Constant" => return Some(constant(node, room).map(known)),
        "Shape" => return shape_of(node, inputs),
        _ => {}
    }
    let all: Option<Vec<Option<Known>>> = inputs
        .iter()
        .map(|value| match value {
            None => Some(None),
            Some(Value::Known(known)) => Some(Some(known.clone())),
            Some(_) => None,
        })
        .collect();
    let all = all.filter(|all| all.iter().any(Option::is_some))?;
    Some(Fold { node, inputs: all, room }.result())
}

fn known(tensor: Tensor) -> Vec<Value> {
    vec![Value::Known(Rc::new(tensor))]
}

fn constant(node: &Node, room: &mut Room) -> Result<Tensor, String> {
    let Some(attribute) = node.attributes.first() else { return Err("it has no value".into()) };
    let whole = |values: &[i64]| Tensor::whole(values.iter().map(|n| Whole::Number(*n)).collect());
    match attribute.name {
        "value" => {
            let stored = attribute.tensor.as_deref().ok_or("it has no value")?;
            let shape: Vec<usize> = stored.dims.iter().map(|d| usize::try_from(*d).unwrap_or(0)).collect();
            room.take(&shape)?;
            // constants of nodes are small, and stand in the file itself
            if stored.is_external {
                return Err("its value is in another file, where only initialisers may be".into());
            }
            decode(stored, &mut Files::of(Path::new("")))
        }
        "value_float" => Ok(Tensor::real(&[], vec![attribute.float.unwrap_or(0.0)], "")),
        "value_floats" => Ok(Tensor::real(&[attribute.floats.len()], attribute.floats.clone(), "")),
        "value_int" => Ok(whole(&[attribute.integer.unwrap_or(0)]).reshaped(vec![])),
        "value_ints" => Ok(whole(&attribute.integers)),
        other => Err(format!("its value is a `{other}`, and constants are numbers")),
    }
}

/// The shape of a value of the network: the samples first.
fn shape_of(node: &Node, inputs: &[Option<Value>]) -> Option<Translated> {
    let all: Vec<Whole> = match inputs.first()? {
        Some(Value::Secret(x) | Value::Index(x)) => {
            core::iter::once(Whole::Batch).chain(x.shape.iter().map(|d| Whole::Number(*d as i64))).collect()
        }
        Some(Value::Known(t)) => t.shape.iter().map(|d| Whole::Number(*d as i64)).collect(),
        _ => return None,
    };
    let end = |name: &str, default: i64| {
        let at = node.attribute(name).and_then(|a| a.integer).unwrap_or(default);
        let at = if at < 0 { at.saturating_add(all.len() as i64) } else { at };
        at.clamp(0, all.len() as i64) as usize
    };
    let (from, to) = (end("start", 0), end("end", all.len() as i64));
    Some(Ok(known(Tensor::whole(all[from..to.max(from)].to_vec()))))
}

struct Fold<'a> {
    node: &'a Node<'a>,
    inputs: Vec<Option<Known>>,
    room: &'a mut Room,
}

impl Fold<'_> {
    fn result(mut self) -> Translated {
        let operator = self.node.operator;
        if operator == "Split" {
            return Err("it splits a constant: fold constants before, with onnxsim or onnxruntime".into());
        }
        let tensor = match operator {
            "Identity" | "Dropout" => return Ok(vec![Value::Known(self.input(0)?)]),
            "Cast" => self.cast(),
            "ConstantOfShape" => self.filled(),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => self.reshaped(),
            "Transpose" => self.transposed(),
            "Concat" => self.joined(),
            "Gather" => self.gathered(),
            "Slice" => self.sliced(),
            "Expand" => self.expanded(),
            "Range" => self.range(),
            "Add" | "Sub" | "Mul" | "Div" | "Equal" | "Where" | "Pow" | "Min" | "Max" => self.combined(operator),
            "Neg" | "Sqrt" | "Reciprocal" | "Floor" | "Ceil" | "Exp" | "Abs" => self.mapped(operator),
            "ReduceProd" | "ReduceSum" => self.reduced(operator == "ReduceProd"),
            other => Err(format!("`{other}` of constants is not computed here: fold constants before, with onnxsim or onnxruntime")),
        };
        tensor.map(known)
    }

    fn input(&self, index: usize) -> Result<Known, String> {
        self.inputs.get(index).cloned().flatten().ok_or_else(|| format!("its input {index} is missing"))
    }

    /// Whole numbers of an attribute, or of an input.
    fn list(&self, attribute: &str, index: usize) -> Result<Option<Vec<i64>>, String> {
        if let Some(a) = self.node.attribute(attribute) {
            return Ok(Some(a.integers.clone()));
        }
        match self.inputs.get(index) {
            Some(Some(known)) => known.integers().map(Some).ok_or_else(|| format!("its {attribute} depend on the number of samples")),
            _ => Ok(None),
        }
    }

    fn integer(&self, name: &str, default: i64) -> i64 {
        self.node.attribute(name).and_then(|a| a.integer).unwrap_or(default)
    }

    fn cast(&mut self) -> Result<Tensor, String> {
        let x = self.input(0)?;
        self.room.take(&x.shape)?;
        let to = self.integer("to", 1);
        let values = match (&x.values, to) {
            (_, 1 | 10 | 11 | 16) => Values::Real(x.floats().ok_or("it computes with the number of samples")?),
            (Values::Real(v), _) => Values::Whole(v.iter().map(|n| Whole::Number(*n as i64)).collect()),
            (whole, _) => whole.clone(),
        };
        Ok(Tensor { shape: x.shape.clone(), values, origin: x.origin.clone() })
    }

    fn filled(&mut self) -> Result<Tensor, String> {
        let shape = sizes(self.input(0)?.as_ref())?;
        self.room.take(&shape)?;
        let n = shape.iter().product();
        let value = match self.node.attribute("value").and_then(|a| a.tensor.as_deref()) {
            Some(stored) => decode(stored, &mut Files::of(Path::new("")))?,
            None => Tensor::real(&[1], vec![0.0], ""),
        };
        if value.len() != 1 {
            return Err("its value is not one number".into());
        }
        Ok(value.gather(shape, core::iter::repeat_n(0, n)))
    }

    fn reshaped(&mut self) -> Result<Tensor, String> {
        let x = self.input(0)?;
        let rank = x.shape.len() as i64;
        let at =
            |axis: i64, rank: i64| usize::try_from(if axis < 0 { axis + rank } else { axis }).map_err(|_| format!("it has no axis {axis}"));
        let mut shape = x.shape.clone();
        match self.node.operator {
            "Reshape" => {
                let to = self.list("shape", 1)?.ok_or("its shape is missing")?;
                shape = to
                    .iter()
                    .enumerate()
                    .map(|(i, n)| match n {
                        0 if self.integer("allowzero", 0) == 0 => x.shape.get(i).copied().unwrap_or(1),
                        -1 => usize::MAX,
                        n => usize::try_from(*n).unwrap_or(usize::MAX - 1),
                    })
                    .collect();
                if let Some(open) = shape.iter().position(|n| *n == usize::MAX) {
                    shape[open] = 1;
                    shape[open] = x.len() / elements(&shape).filter(|n| *n > 0).ok_or("its shape does not fit")?;
                }
            }
            "Flatten" => {
                let axis = at(self.integer("axis", 1), rank)?.min(shape.len());
                shape = vec![x.shape[..axis].iter().product(), x.shape[axis..].iter().product()];
            }
            "Squeeze" => match self.list("axes", 1)? {
                None => shape.retain(|n| *n != 1),
                Some(axes) => {
                    let axes = axes.iter().map(|a| at(*a, rank)).collect::<Result<Vec<usize>, String>>()?;
                    let mut i = 0;
                    shape.retain(|_| {
                        i += 1;
                        !axes.contains(&(i - 1))
                    });
                }
            },
            _ => {
                let axes = self.list("axes", 1)?.ok_or("its axes are missing")?;
                let all = rank + axes.len() as i64;
                let mut axes = axes.iter().map(|a| at(*a, all)).collect::<Result<Vec<usize>, String>>()?;
                axes.sort_unstable();
                for axis in axes {
                    if axis > shape.len() {
                        return Err(format!("it has no axis {axis}"));
                    }
                    shape.insert(axis, 1);
                }
            }
        }
        if shape.len() > 16 || elements(&shape) != Some(x.len()) {
            return Err(format!("{} values do not have the shape {shape:?}", x.len()));
        }
        self.room.take(&shape)?;
        Ok(x.reshaped(shape))
    }

    fn transposed(&mut self) -> Result<Tensor, String> {
        let x = self.input(0)?;
        let rank = x.shape.len();
        let axes: Vec<usize> = match self.node.attribute("perm") {
            Some(a) => a.integers.iter().map(|n| usize::try_from(*n).unwrap_or(rank)).collect(),
            None => (0..rank).rev().collect(),
        };
        if axes.len() != rank || (0..rank).any(|axis| !axes.contains(&axis)) {
            return Err("its axes are not each axis once".into());
        }
        self.room.take(&x.shape)?;
        Ok(x.permuted(&axes))
    }

    fn joined(&mut self) -> Result<Tensor, String> {
        let all = (0..self.inputs.len()).map(|i| self.input(i)).collect::<Result<Vec<Known>, String>>()?;
        let rank = all[0].shape.len() as i64;
        let axis = self.integer("axis", 0);
        let axis = if axis < 0 { axis + rank } else { axis };
        if all.iter().any(|t| t.shape.len() as i64 != rank) || !(0..rank).contains(&axis) {
            return Err("its inputs have other axes than it joins".into());
        }
        let axis = axis as usize;
        let other = |t: &Known| [&t.shape[..axis], &t.shape[axis + 1..]].concat();
        if all.iter().any(|t| other(t) != other(&all[0])) {
            return Err("its inputs have different shapes".into());
        }
        let mut shape = all[0].shape.clone();
        shape[axis] = all.iter().map(|t| t.shape[axis]).sum();
        self.room.take(&shape)?;
        let outer: usize = shape[..axis].iter().product();
        let real = all.iter().all(|t| matches!(t.values, Values::Real(_)));
        let piece = |t: &Known| t.len().checked_div(outer).unwrap_or(0);
        let values = if real {
            let parts: Vec<(Vec<f32>, usize)> = all.iter().map(|t| (t.floats().unwrap_or_default(), piece(t))).collect();
            Values::Real((0..outer).flat_map(|o| parts.iter().flat_map(move |(v, n)| v[o * n..(o + 1) * n].to_vec())).collect())
        } else {
            let parts: Option<Vec<(&[Whole], usize)>> = all.iter().map(|t| Some((t.wholes()?, piece(t)))).collect();
            let parts = parts.ok_or("it joins real and whole numbers")?;
            Values::Whole((0..outer).flat_map(|o| parts.iter().flat_map(move |(v, n)| v[o * n..(o + 1) * n].to_vec())).collect())
        };
        Ok(Tensor { shape, values, origin: String::new() })
    }

    fn gathered(&mut self) -> Result<Tensor, String> {
        let (x, which) = (self.input(0)?, self.input(1)?);
        let rank = x.shape.len() as i64;
        let axis = self.integer("axis", 0);
        let axis =
            usize::try_from(if axis < 0 { axis + rank } else { axis }).ok().filter(|a| *a < x.shape.len()).ok_or("it has no such axis")?;
        let size = x.shape[axis];
        let indices = which.integers().ok_or("its indices depend on the number of samples")?;
        let place = |i: &i64| usize::try_from(if *i < 0 { i.saturating_add(size as i64) } else { *i }).ok().filter(|i| *i < size);
        let indices: Vec<usize> = indices.iter().map(place).collect::<Option<_>>().ok_or("an index is out of range")?;
        let shape = [&x.shape[..axis], &which.shape, &x.shape[axis + 1..]].concat();
        self.room.take(&shape)?;
        let (outer, inner): (usize, usize) = (x.shape[..axis].iter().product(), x.shape[axis + 1..].iter().product());
        let places = (0..outer).flat_map(|o| indices.iter().flat_map(move |i| (0..inner).map(move |k| (o * size + i) * inner + k)));
        Ok(x.gather(shape, places))
    }

    fn sliced(&mut self) -> Result<Tensor, String> {
        let x = self.input(0)?;
        let need = |list: Option<Vec<i64>>| list.ok_or("its starts or ends are missing");
        let (starts, ends) = (need(self.list("starts", 1)?)?, need(self.list("ends", 2)?)?);
        let axes = self.list("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = self.list("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
        self.room.take(&x.shape)?;
        // which places of each axis, in which order: exporters turn paddings round by going backwards
        let mut taken: Vec<Vec<usize>> = x.shape.iter().map(|n| (0..*n).collect()).collect();
        for (((start, end), axis), step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let axis = if *axis < 0 { axis + x.shape.len() as i64 } else { *axis };
            let axis = usize::try_from(axis).ok().filter(|a| *a < x.shape.len()).ok_or("it has no such axis")?;
            let size = x.shape[axis];
            taken[axis] = match range(*start, *end, *step, size) {
                Some((first, length)) => (0..length).map(|i| first + i * *step as usize).collect(),
                None => backwards(*start, *end, *step, size).ok_or("its step is 0")?,
            };
        }
        let shape: Vec<usize> = taken.iter().map(Vec::len).collect();
        self.room.take(&shape)?;
        let distances = strides(&x.shape);
        let own = strides(&shape);
        let place = |i: usize| (0..shape.len()).map(|a| taken[a][i / own[a] % shape[a]] * distances[a]).sum();
        let all: Vec<usize> = (0..shape.iter().product()).map(place).collect();
        Ok(x.gather(shape.clone(), all.into_iter()))
    }

    fn expanded(&mut self) -> Result<Tensor, String> {
        let x = self.input(0)?;
        let shape = together(&x.shape, &sizes(self.input(1)?.as_ref())?).ok_or("its shape does not fit")?;
        self.room.take(&shape)?;
        x.broadcast(&shape).ok_or_else(|| "its shape does not fit".into())
    }

    fn range(&mut self) -> Result<Tensor, String> {
        let end = |i: usize| {
            self.input(i)?
                .integers()
                .and_then(|v| v.first().copied())
                .ok_or_else(|| "it counts in fractions, or to the number of samples".to_owned())
        };
        let (from, to, step) = (end(0)?, end(1)?, end(2)?);
        let n = if step > 0 {
            to.saturating_sub(from).max(0) as usize / step as usize + usize::from(to.saturating_sub(from).max(0) % step != 0)
        } else {
            0
        };
        self.room.take(&[n])?;
        Ok(Tensor::whole((0..n as i64).map(|i| Whole::Number(from + i * step)).collect()))
    }

    /// Operators of several tensors, element by element.
    fn combined(&mut self, operator: &str) -> Result<Tensor, String> {
        let all = (0..self.inputs.len()).map(|i| self.input(i)).collect::<Result<Vec<Known>, String>>()?;
        let shape = all.iter().try_fold(vec![], |shape, t| together(&shape, &t.shape)).ok_or("its inputs have shapes that do not fit")?;
        for _ in 0..=all.len() {
            self.room.take(&shape)?;
        }
        let wide =
            all.iter().map(|t| t.broadcast(&shape)).collect::<Option<Vec<Tensor>>>().ok_or("its inputs have shapes that do not fit")?;
        let (first, second) = (wide.first().ok_or("it has no inputs")?, wide.get(1).ok_or("it has one input")?);
        if operator == "Where" {
            let third = wide.get(2).ok_or("it has two inputs")?;
            let yes: Vec<bool> = first.wholes().ok_or("its condition is no truth value")?.iter().map(|b| *b != Whole::Number(0)).collect();
            let values = match (&second.values, &third.values) {
                (Values::Real(a), Values::Real(b)) => {
                    Values::Real(yes.iter().zip(a.iter().zip(b)).map(|(y, (a, b))| if *y { *a } else { *b }).collect())
                }
                (Values::Whole(a), Values::Whole(b)) => {
                    Values::Whole(yes.iter().zip(a.iter().zip(b)).map(|(y, (a, b))| if *y { *a } else { *b }).collect())
                }
                _ => return Err("it chooses among real and whole numbers".into()),
            };
            return Ok(Tensor { shape, values, origin: String::new() });
        }
        let origin = if first.origin.is_empty() { second.origin.clone() } else { first.origin.clone() };
        let values = match (&first.values, &second.values) {
            (Values::Real(a), Values::Real(b)) if operator != "Equal" => {
                Values::Real(a.iter().zip(b).map(|(a, b)| real(operator, *a, *b)).collect())
            }
            (Values::Whole(a), Values::Whole(b)) => {
                let all: Option<Vec<Whole>> = a.iter().zip(b).map(|(a, b)| whole(operator, *a, *b)).collect();
                Values::Whole(all.ok_or("it computes with the number of samples, or beyond 64 bits")?)
            }
            _ => return Err("it mixes real and whole numbers".into()),
        };
        Ok(Tensor { shape, values, origin })
    }

    fn mapped(&mut self, operator: &str) -> Result<Tensor, String> {
        let x = self.input(0)?;
        self.room.take(&x.shape)?;
        let values = match (&x.values, operator) {
            (Values::Real(v), _) => {
                let function: fn(f32) -> f32 = match operator {
                    "Neg" => |n| -n,
                    "Sqrt" => f32::sqrt,
                    "Reciprocal" => |n| 1.0 / n,
                    "Floor" => f32::floor,
                    "Ceil" => f32::ceil,
                    "Abs" => f32::abs,
                    _ => f32::exp,
                };
                Values::Real(v.iter().map(|n| function(*n)).collect())
            }
            (Values::Whole(v), "Neg" | "Abs") => {
                let one = |n: &Whole| match n {
                    Whole::Number(n) if operator == "Abs" => n.checked_abs().map(Whole::Number),
                    Whole::Number(n) => n.checked_neg().map(Whole::Number),
                    Whole::Batch => None,
                };
                Values::Whole(v.iter().map(one).collect::<Option<_>>().ok_or("it computes with the number of samples")?)
            }
            _ => return Err("it has whole numbers".into()),
        };
        Ok(Tensor { shape: x.shape.clone(), values, origin: x.origin.clone() })
    }

    /// Over all elements, as for the size of a shape.
    fn reduced(&mut self, product: bool) -> Result<Tensor, String> {
        let x = self.input(0)?;
        let v = x.integers().ok_or("it computes with the number of samples, or with fractions")?;
        if x.shape.len() > 1 {
            return Err("it reduces a constant with several axes: fold constants before, with onnxsim or onnxruntime".into());
        }
        let n = v.iter().try_fold(i64::from(product), |n, v| if product { n.checked_mul(*v) } else { n.checked_add(*v) });
        let shape = if self.integer("keepdims", 1) == 1 { vec![1; x.shape.len()] } else { vec![] };
        Ok(Tensor::whole(vec![Whole::Number(n.ok_or("it is larger than 64 bits")?)]).reshaped(shape))
    }
}

fn real(operator: &str, a: f32, b: f32) -> f32 {
    match operator {
        "Add" => a + b,
        "Sub" => a - b,
        "Mul" => a * b,
        "Div" => a / b,
        "Pow" => a.powf(b),
        "Min" => a.min(b),
        _ => a.max(b),
    }
}

fn whole(operator: &str, a: Whole, b: Whole) -> Option<Whole> {
    match (operator, a, b) {
        // an exporter asks whether a size is the number that means "as it is", which the number of samples is not
        ("Equal", a, b) => Some(Whole::Number((a == b).into())),
        ("Mul" | "Div", Whole::Batch, Whole::Number(1)) | ("Mul", Whole::Number(1), Whole::Batch) => Some(Whole::Batch),
        (_, Whole::Number(a), Whole::Number(b)) => {
            let n = match operator {
                "Add" => a.checked_add(b),
                "Sub" => a.checked_sub(b),
                "Mul" => a.checked_mul(b),
                "Div" => a.checked_div(b),
                "Min" => Some(a.min(b)),
                "Max" => Some(a.max(b)),
                _ => None,
            };
            n.map(Whole::Number)
        }
        _ => None,
    }
}

/// A shape in a tensor, without the number of samples.
fn sizes(tensor: &Tensor) -> Result<Vec<usize>, String> {
    let all = tensor.integers().ok_or("its shape depends on the number of samples")?;
    let all: Option<Vec<usize>> = all.iter().map(|n| usize::try_from(*n).ok()).collect();
    all.filter(|s| s.len() <= 16).ok_or_else(|| "its shape has negative sizes, or more than 16".into())
}

/// The places of a slice with a negative step.
fn backwards(start: i64, end: i64, step: i64, size: usize) -> Option<Vec<usize>> {
    let size = size as i64;
    let at = |n: i64| if n < 0 { n.saturating_add(size) } else { n }.clamp(-1, size - 1);
    let (start, end) = (at(start), at(end));
    let back = usize::try_from(step.checked_neg()?).ok().filter(|s| *s > 0)?;
    Some(((end + 1)..=start).rev().step_by(back).map(|i| i as usize).collect())
}

/// The first place and the number of places of a slice, as ONNX counts: from the end where negative, and never beyond it.
pub fn range(start: i64, end: i64, step: i64, size: usize) -> Option<(usize, usize)> {
    let size = size as i64;
    let at = |n: i64| if n < 0 { n.saturating_add(size).max(0) } else { n.min(size) };
    let (start, end) = (at(start), at(end));
    let step = usize::try_from(step).ok().filter(|s| *s > 0)?;
    Some((start as usize, ((end - start).max(0) as usize).div_ceil(step)))
}
