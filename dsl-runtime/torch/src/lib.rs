//! State dicts as `torch.save` writes them (`.pt`, `.pth`), read without Python.
//!
//! Such a file is a zip archive of a pickle and of the bytes of each storage. A pickle is a program, and Python runs it; the machine here
//! (`pickle`) knows the instructions that build dictionaries and tensors and the dozen names that tensors need, and refuses everything
//! else by its name. Nothing in a file is ever run, and what a file claims is compared with what it holds before anything is allocated for it.
#![forbid(unsafe_code)]

mod archive;
mod checkpoint;
mod error;
mod names;
mod pickle;
mod tensor;

pub use error::TorchError;
use std::collections::BTreeMap;
pub use tensor::Tensor;

/// Whether these bytes are something that PyTorch writes, of today or of before 2020; [`read`] then reads them or says why it does not.
pub fn is_torch(bytes: &[u8]) -> bool {
    archive::is_archive(bytes) || is_legacy(bytes)
}

/// The tensors of a state dict, by PyTorch's names; numbers that 32-bit floats do not hold, and counters called `num_batches_tracked`, are
/// left out. A checkpoint that holds one state dict under a name, such as `state_dict`, is read as well.
///
/// # Errors
/// [`TorchError`]: when the file is damaged or in PyTorch's old format, when it holds other objects than tensors, and when it holds no state
/// dict or several.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, TorchError> {
    if !archive::is_archive(bytes) {
        return Err(if is_legacy(bytes) { TorchError::Legacy } else { TorchError::damaged("it does not begin as a zip archive does") });
    }
    let archive = archive::Archive::open(bytes)?;
    if archive.has("constants.pkl") {
        return Err(TorchError::Script);
    }
    let Some(program) = archive.get("data.pkl")? else {
        return Err(TorchError::damaged("it is a zip archive without `data.pkl`, so torch.save did not write it"));
    };
    if archive.get("byteorder")?.is_some_and(|order| order != b"little") {
        return Err(TorchError::BigEndian);
    }
    let loaded = pickle::run(program)?;
    let mut budget = tensor::Budget::of(bytes.len());
    let (mut tensors, mut entries) = (BTreeMap::new(), BTreeMap::new());
    for (name, view) in checkpoint::state_dict(&loaded)? {
        if name.ends_with("num_batches_tracked") {
            continue;
        }
        if name.len() > 1024 {
            return Err(TorchError::damaged(format!("a name is longer than any in a model: `{}`", names::shown(name))));
        }
        let key = &view.storage.key;
        // checked once, though many tensors may share it
        let data = match entries.get(key) {
            Some(data) => *data,
            None => archive.get(&format!("data/{key}"))?.ok_or_else(|| {
                TorchError::damaged(format!("`{}` has its values in `data/{}`, which is missing", names::shown(name), names::shown(key)))
            })?,
        };
        entries.insert(key.clone(), data);
        if let Some(tensor) = view.read(name, data, &mut budget)? {
            tensors.insert(name.to_owned(), tensor);
        }
    }
    Ok(tensors)
}

/// The first instructions of PyTorch's format of before 2020: protocol 2 and a number that marks it; or a tar archive, which came before.
fn is_legacy(bytes: &[u8]) -> bool {
    const MAGIC: [u8; 15] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];
    bytes.starts_with(&MAGIC) || bytes.get(257..262) == Some(b"ustar")
}
