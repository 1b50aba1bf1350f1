//! Files that PyTorch wrote, against what PyTorch says is in them; `files/make.py` made both.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::PathBuf;
use undertone_torch::{Tensor, is_torch, read};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)).unwrap()
}

fn expected(name: &str) -> BTreeMap<String, Tensor> {
    let bytes = bytes(name);
    let tensor = |view: &safetensors::tensor::TensorView| Tensor {
        shape: view.shape().to_vec(),
        values: view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
    };
    SafeTensors::deserialize(&bytes).unwrap().tensors().iter().map(|(name, view)| (name.clone(), tensor(view))).collect()
}

fn refused(name: &str) -> String {
    let bytes = bytes(name);
    assert!(is_torch(&bytes), "{name}");
    read(&bytes).unwrap_err().to_string()
}

#[test]
fn state_dicts_are_read_by_their_names() {
    for (file, values) in
        [("net.pt", "net"), ("protocol_4.pt", "net"), ("kinds.pt", "kinds"), ("views.pt", "views"), ("checkpoint.pt", "checkpoint")]
    {
        assert_eq!(read(&bytes(file)).unwrap(), expected(&format!("{values}.safetensors")), "{file}");
    }
}

#[test]
fn parameters_are_tensors_too() {
    let (read, all) = (read(&bytes("parameters.pt")).unwrap(), expected("net.safetensors"));
    assert_eq!(read.len(), 6);
    for (name, tensor) in &read {
        assert_eq!(Some(tensor), all.get(name), "{name}");
    }
}

#[test]
fn names_are_those_of_the_file() {
    let names: Vec<String> = read(&bytes("module.pt")).unwrap().into_keys().collect();
    let expected: Vec<String> = expected("net.safetensors").into_keys().map(|name| format!("module.{name}")).collect();
    assert_eq!(names, expected);
}

#[test]
fn what_is_no_state_dict_is_named() {
    for (file, words) in [
        ("os_system.pt", "holds `posix.system`, and nothing but tensors"),
        ("whole_model.pt", "holds `__main__.Net`, and nothing but tensors"),
        ("numpy.pt", "holds `numpy._core.multiarray.scalar`, and"),
        ("complex.pt", "holds `torch.ComplexFloatStorage`, and"),
        ("legacy.pt", "in the format that PyTorch had before version 1.6"),
        ("script.pt", "an archive of TorchScript"),
        ("tensor.pt", "holds a tensor, and not the weights of a model"),
        ("two.pt", "holds 2 dictionaries of tensors (`generator` with 9 tensors, `critic` with 9 tensors), and one is meant"),
        ("no_tensors.pt", "holds a dictionary without tensors (`epoch` is a number, `note` is the text \"none\")"),
        ("compressed.pt", "the entry `data.pkl` is compressed or encrypted"),
        ("repeated.pt", "many times more values than the file has bytes, as `number` with its 2147483647 values"),
    ] {
        let error = refused(file);
        assert!(error.contains(words), "{file}: {error}");
        assert!(error.contains("torch.save"), "{file} says what to do: {error}");
    }
    assert!(!is_torch(&bytes("net.safetensors")));
    assert!(read(b"something else").unwrap_err().to_string().contains("not a whole file of torch.save"));
}

#[test]
fn truncated_files_are_refused_at_every_length() {
    let whole = bytes("views.pt");
    for length in 0..whole.len() {
        read(&whole[..length]).unwrap_err();
    }
}

#[test]
fn damaged_files_are_refused_or_the_damage_does_not_matter() {
    let (whole, expected) = (bytes("net.pt"), expected("net.safetensors"));
    let seed = 20_261_128;
    let mut rng = StdRng::seed_from_u64(seed);
    for round in 0..20_000 {
        let mut file = whole.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..file.len());
            file[at] = rng.random();
        }
        // what was changed may be padding, or a date
        if let Ok(read) = read(&file) {
            assert_eq!(read, expected, "seed {seed}, round {round}");
        }
    }
}
