//! Networks of others as descriptions and weights of Undertone: a file of ONNX becomes the source of a `secure_model!` and a safetensors file
//! that belongs to it.
//!
//! ```text
//! file      onnx: decoded, and checked for versions, names and order
//! constants translate/fold: what exporters compute at run time about shapes is computed now
//! network   translate: every node becomes stages, with shapes of one sample; all that cannot are reported together
//! source    source: pipes, names, weights
//! ```
//!
//! State dicts of PyTorch need no import: `Weights::load` reads them.
//!
//! A file is not trusted. It is compared with what it claims before anything is allocated, other files are read only in its own folder, and
//! whatever is wrong with it is an error; nothing is written then.
#![forbid(unsafe_code)]

mod error;
mod files;
mod names;
mod network;
mod onnx;
mod source;
mod tensor;
mod translate;

use error::shown;
pub use error::{ImportError, Problem};
use std::path::Path;
use translate::Refused;
use undertone_runtime::Weights;

/// What the file does not say, or what should be different.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name of the model; without one, that of the file.
    pub model: Option<String>,
    /// Shapes of inputs without the batch, by the names of the inputs: for sizes that the file leaves open.
    pub shapes: Vec<(String, Vec<usize>)>,
    /// Operators that are left out where they come last: `softmax`, `logsoftmax`, `sigmoid`.
    pub drop_last: Vec<String>,
}

/// A network that has been translated.
#[derive(Debug)]
pub struct Imported {
    /// The name of the model.
    pub model: String,
    /// The source, a `secure_model!`.
    pub source: String,
    /// Its weights, in PyTorch's layouts.
    pub weights: Weights,
    /// The number of its stages.
    pub stages: usize,
    /// What differs from the file, and a reader should know.
    pub notes: Vec<String>,
}

/// Translates a file of ONNX.
///
/// # Errors
/// [`ImportError`]: when the file cannot be read or is no network of opset 11 to 21, and when nodes cannot be translated: all of them are named.
pub fn onnx(path: impl AsRef<Path>, options: &Options) -> Result<Imported, ImportError> {
    let path = path.as_ref();
    let refused = |message: String| ImportError::File { path: path.to_owned(), message };
    let bytes = std::fs::read(path).map_err(|e| refused(format!("cannot be read: {e}")))?;
    let (model, opset) = onnx::read(&bytes).map_err(refused)?;
    let mut files = onnx::Files::of(path);
    let translation = translate::translate(&model, opset, &mut files, options, bytes.len()).map_err(|e| match e {
        Refused::File(message) => refused(message),
        Refused::Nodes(problems) => ImportError::Untranslated { path: path.to_owned(), problems },
    })?;
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let name = match &options.model {
        Some(name) if names::type_name(name) == *name => name.clone(),
        Some(name) => {
            return Err(refused(format!(
                "`{}` is no name for a model: write it like a type, as in `LeNet`, and not like a layer",
                shown(name)
            )));
        }
        None => names::type_name(&stem),
    };
    let file = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    let producer = format!("{} {}", shown(model.producer), shown(model.producer_version));
    let maker = if producer.trim().is_empty() { "an exporter that does not say its name" } else { producer.trim() };
    let origin = format!("`{}`, opset {opset}, made by {maker}", shown(&file).replace('`', "'"));
    let head = source::Head { model: &name, origin, notes: &translation.notes };
    let described = source::describe(&translation.network, &translation.outputs, &head).map_err(refused)?;
    Ok(Imported { model: name, source: described.source, weights: described.weights, stages: described.stages, notes: translation.notes })
}

impl Imported {
    /// Writes the source and the weights: both, or neither.
    ///
    /// # Errors
    /// When one of them cannot be written; what was there before is there still.
    pub fn write(&self, source: impl AsRef<Path>, weights: impl AsRef<Path>) -> Result<(), ImportError> {
        files::write_both(self, source.as_ref(), weights.as_ref())
    }
}
