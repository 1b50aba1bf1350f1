//! The sources that the committed networks become, word for word. Renew them and read the difference:
//!
//! ```sh
//! IMPORT_UPDATE=always cargo test -p undertone-import --test onnx_sources
//! git diff
//! ```

mod common;

use common::{Folder, NETWORKS, file, import};
use undertone_import::{Options, onnx};
use undertone_runtime::Weights;

#[test]
fn sources_are_what_somebody_would_write() {
    let renew = std::env::var("IMPORT_UPDATE").is_ok_and(|v| v == "always");
    let mut different = vec![];
    for (name, _) in NETWORKS {
        let (imported, path) = (import(name), file(&format!("{name}.rs")));
        if renew {
            std::fs::write(&path, &imported.source).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != imported.source {
            different.push(format!("{name}:\n{}", imported.source));
        }
    }
    assert!(different.is_empty(), "other sources than those in tests/models:\n{}", different.join("\n"));
}

#[test]
fn weights_keep_the_names_and_layouts_of_pytorch() {
    let names = |name: &str| import(name).weights.iter().map(|(name, shape, _)| format!("{name} {shape}")).collect::<Vec<_>>();
    let lenet = [
        "conv1.bias [4]",
        "conv1.weight [4, 1, 5, 5]",
        "conv2.bias [6]",
        "conv2.weight [6, 4, 5, 5]",
        "fc1.bias [20]",
        "fc1.weight [20, 150]",
        "fc2.bias [10]",
        "fc2.weight [10, 20]",
    ];
    for network in ["lenet_11", "lenet_13", "lenet_17", "lenet_21", "lenet_fixed"] {
        assert_eq!(names(network), lenet, "{network}");
    }
    let resnet = names("resnet");
    for expected in
        ["conv1.weight [4, 3, 3, 3]", "layer2.0.downsample.0.weight [8, 4, 1, 1]", "layer2.1.conv2.bias [8]", "fc.weight [5, 8]"]
    {
        assert!(resnet.iter().any(|n| n == expected), "{expected} is not in {resnet:?}");
    }
}

#[test]
fn halves_and_files_beside_are_the_same_weights() {
    let (plain, beside, half) = (import("gemm").weights, import("beside").weights, import("half").weights);
    assert_eq!(plain, beside);
    for ((name, shape, values), (other, same, halves)) in plain.iter().zip(half.iter()) {
        assert_eq!((name, shape), (other, same));
        assert!(values.iter().zip(halves).all(|(a, b)| (a - b).abs() < 1e-3), "{name}");
    }
}

#[test]
fn both_files_are_written_or_neither() {
    let folder = Folder::new("both");
    let imported = import("lenet_17");
    let (source, weights) = (folder.0.join("model.rs"), folder.0.join("model.safetensors"));
    imported.write(&source, &weights).unwrap();
    assert_eq!(std::fs::read_to_string(&source).unwrap(), imported.source);
    assert_eq!(Weights::load(&weights).unwrap(), imported.weights);
    let files = || {
        let mut all: Vec<String> = std::fs::read_dir(&folder.0).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    };
    assert_eq!(files(), ["model.rs", "model.safetensors"], "nothing else is left");
    // the second one cannot be put into its place: the first one stays what it was
    std::fs::write(&weights, "before").unwrap();
    std::fs::create_dir(folder.0.join("taken")).unwrap();
    for (to, words) in [("taken", "taken: is a folder"), ("none/model.rs", "is in")] {
        let error = imported.write(folder.0.join(to), &weights).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(std::fs::read_to_string(&weights).unwrap(), "before");
    }
    assert!(imported.write(&source, &source).unwrap_err().to_string().contains("name two files"));
    assert_eq!(files(), ["model.rs", "model.safetensors", "taken"]);
}

#[test]
fn options_name_the_model_and_open_sizes() {
    let named = Options { model: Some("Digits".into()), ..Options::default() };
    assert!(onnx(file("lenet_17.onnx"), &named).unwrap().source.contains("pub model Digits(image: [1, 28, 28]) -> [10]"));
    for bad in ["digits", "a b", "1x", "Self", ""] {
        let options = Options { model: Some(bad.into()), ..Options::default() };
        assert!(onnx(file("lenet_17.onnx"), &options).unwrap_err().to_string().contains("is no name for a model"), "{bad}");
    }
    // the last sigmoid is left out where that is asked for, and otherwise computed
    let whole = onnx(file("logistic.onnx"), &Options::default()).unwrap();
    assert!(whole.source.contains("-> Sigmoid\n") && whole.notes.is_empty(), "{}", whole.source);
    let without = import("logistic");
    assert!(!without.source.contains("-> Sigmoid") && without.notes.len() == 1, "{}", without.source);
}
