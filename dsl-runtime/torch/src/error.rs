//! Why a file of PyTorch is not read, and what to do.

/// What to write in Python, where a file holds something else.
const SAVE: &str = "save the weights alone, in PyTorch: torch.save(model.state_dict(), \"weights.pt\")";

/// Why a file of PyTorch is not read, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TorchError {
    /// Bytes are missing or make no sense.
    #[error("not a whole file of torch.save: {0}")]
    Damaged(String),
    /// The format of PyTorch before version 1.6.
    #[error("is in the format that PyTorch had before version 1.6: load it in PyTorch and {SAVE}")]
    Legacy,
    /// A program of TorchScript.
    #[error("is an archive of TorchScript, which holds a program: load it in PyTorch with torch.jit.load and {SAVE}")]
    Script,
    /// Written on a machine with the other order of bytes.
    #[error("was written on a big-endian machine: load it in PyTorch on another one and {SAVE}")]
    BigEndian,
    /// Something that is no tensor, dictionary, list, number or text.
    #[error("holds {object}, and nothing but tensors is read from a file, as nothing in it is ever run: {SAVE}")]
    Object {
        /// What it is, by its name in Python.
        object: String,
    },
    /// Not one state dict.
    #[error("{found}: {SAVE}")]
    NoStateDict {
        /// What the file holds instead.
        found: String,
    },
}

impl TorchError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    pub(crate) fn object(object: impl Into<String>) -> Self {
        Self::Object { object: object.into() }
    }

    pub(crate) fn no_state_dict(found: impl Into<String>) -> Self {
        Self::NoStateDict { found: found.into() }
    }
}
