//! The names of Python that a file may use: the functions that rebuild tensors, the types of storages, and dictionaries.
//! `torch.load(.., weights_only=True)` has such a list as well; this one is shorter.

use crate::TorchError;
use crate::tensor::Numbers;

/// A function or a type that a pickle names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    Tensor,
    /// `torch._utils._rebuild_parameter`, with or without a state.
    Parameter,
    /// `torch.Size`, a tuple.
    Size,
    /// The type of a storage, such as `torch.FloatStorage`.
    Storage(Numbers),
}

impl Global {
    /// What a name stands for.
    ///
    /// # Errors
    /// [`TorchError::Object`] for any name that is not on the list.
    pub fn named(module: &str, name: &str) -> Result<Self, TorchError> {
        Ok(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Self::Tensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Self::Parameter,
            ("torch", "Size") => Self::Size,
            ("torch", "FloatStorage") => Self::Storage(Numbers::F32),
            ("torch", "DoubleStorage") => Self::Storage(Numbers::F64),
            ("torch", "HalfStorage") => Self::Storage(Numbers::F16),
            ("torch", "BFloat16Storage") => Self::Storage(Numbers::Bf16),
            ("torch", "LongStorage") => Self::Storage(Numbers::I64),
            ("torch", "IntStorage") => Self::Storage(Numbers::I32),
            ("torch", "ShortStorage") => Self::Storage(Numbers::I16),
            ("torch", "CharStorage") => Self::Storage(Numbers::I8),
            ("torch", "ByteStorage") => Self::Storage(Numbers::U8),
            ("torch", "BoolStorage") => Self::Storage(Numbers::Bool),
            _ => return Err(TorchError::object(format!("`{}.{}`", shown(module), shown(name)))),
        })
    }
}

/// A text of a file as an error shows it: short, and without characters that a terminal obeys.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
