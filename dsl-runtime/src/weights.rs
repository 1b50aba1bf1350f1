//! Named weights in the clear, as their owner has them: read from safetensors and from state dicts of PyTorch, written to safetensors.

use crate::error::{Error, Result};
use crate::graph::Graph;
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use undertone_shape::Shape;

/// The weights of a model in the clear: PyTorch's names and layouts. `Debug` shows names and shapes only.
#[derive(Clone, Default)]
pub struct Weights {
    tensors: BTreeMap<String, (Shape, Vec<f32>)>,
    /// Computed when it is first asked for.
    fingerprint: std::sync::OnceLock<[u8; 32]>,
}

/// The number format of a weights file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits, exact.
    Single,
    /// 16 bits: half the size, about three significant digits.
    Half,
}

impl Weights {
    /// No weights at all: what a model without parameters has.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a safetensors file, or a state dict that `torch.save` wrote (`.pt`, `.pth`); the bytes say which, not the name. Numbers of
    /// other kinds become 32-bit floats; what these do not hold is left out, and so are counters called `num_batches_tracked`.
    ///
    /// Nothing in a file of PyTorch is run: one that holds other objects than tensors is refused, and the object named.
    ///
    /// # Errors
    /// When the file cannot be read, is neither, or is truncated, and when a file of PyTorch holds no state dict or several.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|e| file(path, format!("cannot be read: {e}")))?;
        Self::from_bytes(&bytes).map_err(|message| file(path, message))
    }

    /// Reads the bytes of a safetensors file or of a state dict of PyTorch.
    ///
    /// # Errors
    /// As [`load`](Self::load), as a text without a path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if undertone_torch::is_torch(bytes) {
            return Self::from_torch(bytes);
        }
        let all = SafeTensors::deserialize(bytes).map_err(|e| format!("not a whole safetensors file: {e}"))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in all.tensors() {
            if view.shape().len() > undertone_shape::MAX_RANK {
                return Err(format!("`{name}` has {} dimensions; at most 8 are possible", view.shape().len()));
            }
            // if a model wants what is left out as a weight, `fit` says that it is missing
            let Some(values) = floats(&view).filter(|_| !name.ends_with("num_batches_tracked")) else { continue };
            tensors.insert(name.clone(), (Shape::from_slice(view.shape()), values));
        }
        Ok(Self { tensors, ..Self::default() })
    }

    fn from_torch(bytes: &[u8]) -> Result<Self, String> {
        let mut tensors = BTreeMap::new();
        for (name, tensor) in undertone_torch::read(bytes).map_err(|e| e.to_string())? {
            if tensor.shape.len() > undertone_shape::MAX_RANK {
                return Err(format!("`{name}` has {} dimensions; at most 8 are possible", tensor.shape.len()));
            }
            tensors.insert(name, (Shape::from_slice(&tensor.shape), tensor.values));
        }
        Ok(Self { tensors, ..Self::default() })
    }

    /// Writes a safetensors file; a file is never left half written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>, precision: Precision) -> Result<()> {
        let path = path.as_ref();
        let data: Vec<(String, Shape, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, (shape, values))| {
                let bytes = match precision {
                    Precision::Single => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
                    Precision::Half => values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect(),
                };
                (name.clone(), *shape, bytes)
            })
            .collect();
        let dtype = if precision == Precision::Single { Dtype::F32 } else { Dtype::F16 };
        let views: Result<Vec<(&str, TensorView)>, _> = data
            .iter()
            .map(|(name, shape, bytes)| TensorView::new(dtype, shape.dims().to_vec(), bytes).map(|view| (name.as_str(), view)))
            .collect();
        let no_metadata: Option<HashMap<String, String>> = None;
        let bytes = views
            .and_then(|views| safetensors::serialize(views, no_metadata))
            .map_err(|e| file(path, format!("cannot be encoded: {e}")))?;
        let partial = path.with_extension("partial");
        std::fs::write(&partial, bytes)
            .and_then(|()| std::fs::rename(&partial, path))
            .map_err(|e| file(path, format!("cannot be written: {e}")))
    }

    /// Adds a weight, or replaces the one with this name.
    ///
    /// # Panics
    /// When the number of values is not that of the shape.
    pub fn insert(&mut self, name: impl Into<String>, shape: impl Into<Shape>, values: Vec<f32>) {
        let shape = shape.into();
        assert_eq!(shape.numel(), values.len(), "a weight of shape {shape} has {} values", shape.numel());
        self.tensors.insert(name.into(), (shape, values));
        self.fingerprint = std::sync::OnceLock::new();
    }

    /// What tells these weights apart from all others: BLAKE3 over names, shapes and values. Computed once.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        *self.fingerprint.get_or_init(|| {
            let mut hasher = blake3::Hasher::new_derive_key("undertone 2026 weights fingerprint");
            for (name, (shape, values)) in &self.tensors {
                hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(&(shape.rank() as u64).to_le_bytes());
                shape.dims().iter().for_each(|d| _ = hasher.update(&(*d as u64).to_le_bytes()));
                for part in values.chunks(4096) {
                    let bits: Vec<u32> = part.iter().map(|v| v.to_bits()).collect();
                    hasher.update(undertone_ring::bytes::as_bytes(&bits));
                }
            }
            *hasher.finalize().as_bytes()
        })
    }

    /// The weight with this name.
    pub fn get(&self, name: &str) -> Option<(Shape, &[f32])> {
        self.tensors.get(name).map(|(shape, values)| (*shape, values.as_slice()))
    }

    /// All weights, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Shape, &[f32])> {
        self.tensors.iter().map(|(name, (shape, values))| (name.as_str(), *shape, values.as_slice()))
    }

    /// The number of values of all weights.
    pub fn count(&self) -> usize {
        self.tensors.values().map(|(_, values)| values.len()).sum()
    }

    /// Checks that every parameter of the graph is there, has its shape and is finite. Weights that the graph does not name are
    /// left out. Where all names begin with `module.`, `model.` or `_orig_mod.`, as some wrappers of PyTorch write them, and the graph's do not, that
    /// beginning is left out.
    ///
    /// # Errors
    /// [`Error::Weights`], which names every weight that is wrong.
    pub fn fit(mut self, graph: &Graph) -> Result<Self> {
        let mut problems = Vec::new();
        let mut tensors = BTreeMap::new();
        let wrapper = self.wrapper(graph);
        for parameter in &graph.parameters {
            let name = &parameter.name;
            match self.tensors.remove(&format!("{wrapper}{name}")) {
                None => problems.push(format!("`{name}` {} is missing", parameter.shape)),
                Some((shape, _)) if shape != parameter.shape => {
                    problems.push(format!("`{name}` should be {}, but is {shape}", parameter.shape));
                }
                Some((shape, values)) => {
                    if let Some(i) = values.iter().position(|v| !v.is_finite()) {
                        problems.push(format!("`{name}` is not finite at position {i}"));
                    }
                    tensors.insert(name.clone(), (shape, values));
                }
            }
        }
        if problems.is_empty() {
            Ok(Self { tensors, ..Self::default() })
        } else {
            Err(Error::Weights { model: graph.name.clone(), problems })
        }
    }
}

impl Weights {
    /// What all names begin with in a file that a wrapper of PyTorch wrote; nothing where a name of the graph is there as it is.
    fn wrapper(&self, graph: &Graph) -> &'static str {
        let all_with = |wrapper: &str| {
            !graph.parameters.is_empty() && graph.parameters.iter().all(|p| self.tensors.contains_key(&format!("{wrapper}{}", p.name)))
        };
        let plain = graph.parameters.iter().any(|p| self.tensors.contains_key(&p.name));
        ["module.", "model.", "_orig_mod."].into_iter().find(|wrapper| !plain && all_with(wrapper)).unwrap_or_default()
    }
}

impl PartialEq for Weights {
    fn eq(&self, other: &Self) -> bool {
        self.tensors == other.tensors
    }
}

impl core::fmt::Debug for Weights {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_map().entries(self.tensors.iter().map(|(name, (shape, _))| (name, shape))).finish()
    }
}

fn file(path: &Path, message: String) -> Error {
    Error::File { path: path.to_owned(), message }
}

fn floats(view: &TensorView) -> Option<Vec<f32>> {
    let data = view.data();
    Some(match view.dtype() {
        Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F16 => data.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
        Dtype::BF16 => data.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        Dtype::I64 => exact(data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)))?,
        Dtype::I32 => exact(data.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b).into()))?,
        Dtype::I16 => exact(data.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b).into()))?,
        Dtype::I8 => exact(data.iter().map(|b| b.cast_signed().into()))?,
        Dtype::U8 => exact(data.iter().map(|b| (*b).into()))?,
        _ => return None,
    })
}

/// Integers as 32-bit floats, if those hold all of them.
fn exact(all: impl Iterator<Item = i64>) -> Option<Vec<f32>> {
    all.map(|n| (n.unsigned_abs() <= 1 << f32::MANTISSA_DIGITS).then_some(n as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Init, trace};

    fn graph() -> Graph {
        trace("M", &[("x", Shape::new([3]))], |g, x| {
            let w = g.parameter("fc.weight", [2, 3], Init::Constant(0.0));
            let b = g.parameter("fc.bias", [2], Init::Constant(0.0));
            g.linear(x[0], w, Some(b))
        })
        .unwrap()
    }

    fn weights() -> Weights {
        let mut w = Weights::empty();
        w.insert("fc.weight", [2, 3], vec![1.0, -2.5, 3.0, 0.125, 5.0, -6.0]);
        w.insert("fc.bias", [2], vec![0.5, -0.5]);
        w
    }

    #[test]
    fn a_file_gives_back_what_was_written() {
        let dir = std::env::temp_dir().join(format!("undertone-weights-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for precision in [Precision::Single, Precision::Half] {
            let path = dir.join("w.safetensors");
            weights().save(&path, precision).unwrap();
            assert_eq!(Weights::load(&path).unwrap(), weights(), "these values are exact in half precision too");
            let bytes = std::fs::read(&path).unwrap();
            for cut in [0, 7, 20, bytes.len() - 1] {
                std::fs::write(&path, &bytes[..cut]).unwrap();
                let error = Weights::load(&path).unwrap_err().to_string();
                assert!(error.contains("w.safetensors") && error.contains("not a whole safetensors file"), "{error}");
            }
        }
        assert!(Weights::load(dir.join("none.safetensors")).unwrap_err().to_string().contains("cannot be read"));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_state_dict_of_pytorch_is_the_same_as_its_safetensors() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("torch/tests/files");
        let load = |name: &str| Weights::load(files.join(name)).unwrap();
        assert_eq!(load("net.pt"), load("net.safetensors"));
        assert_eq!(load("net.pt").get("features.1.running_mean").unwrap().0, Shape::new([3]));
        assert_eq!(load("kinds.pt"), load("kinds.safetensors"), "integers are read where 32 bits hold them");
        let error = Weights::load(files.join("os_system.pt")).unwrap_err().to_string();
        assert!(error.contains("os_system.pt: holds `posix.system`"), "{error}");
        assert!(!Path::new("/tmp/undertone-was-here").exists(), "nothing in a file is run");
    }

    #[test]
    fn names_of_wrappers_are_taken_off() {
        for wrapper in ["module.", "model.", "_orig_mod."] {
            let mut w = Weights::empty();
            for (name, shape, values) in weights().iter() {
                w.insert(format!("{wrapper}{name}"), shape, values.to_vec());
            }
            assert_eq!(w.clone().fit(&graph()).unwrap(), weights());
            w.insert("fc.bias", [2], vec![0.0; 2]);
            let error = w.fit(&graph()).unwrap_err().to_string();
            assert!(error.contains("`fc.weight` [2, 3] is missing"), "two sets of weights are not mixed: {error}");
        }
        let mut w = Weights::empty();
        w.insert("module.fc.weight", [2, 3], vec![0.0; 6]);
        let error = w.fit(&graph()).unwrap_err().to_string();
        assert!(error.contains("`fc.weight` [2, 3] is missing; `fc.bias` [2] is missing"), "{error}");
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let mut w = weights();
        w.insert("fc.weight", [3, 2], vec![0.0; 6]);
        w.tensors.remove("fc.bias");
        let error = w.fit(&graph()).unwrap_err().to_string();
        assert_eq!(error, "the weights do not fit `M`: `fc.weight` should be [2, 3], but is [3, 2]; `fc.bias` [2] is missing");
    }

    #[test]
    fn weights_that_are_not_finite_are_refused() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut w = weights();
            w.insert("fc.bias", [2], vec![0.0, bad]);
            let error = w.fit(&graph()).unwrap_err().to_string();
            assert!(error.contains("`fc.bias` is not finite at position 1"), "{error}");
        }
    }

    #[test]
    fn weights_of_other_models_are_left_out() {
        let mut w = weights();
        w.insert("other", [1], vec![f32::NAN]);
        assert_eq!(w.fit(&graph()).unwrap(), weights());
    }
}
