//! `undertone import`: what it writes and says, and that it writes nothing where something is wrong.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn network(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../import/tests/models").join(name)
}

fn import(folder: &Path, network: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
    command.current_dir(folder).arg("import").arg(network).args(["--out", "model.rs", "--weights", "model.safetensors"]).args(more);
    command.output().unwrap()
}

#[test]
fn a_description_and_its_weights_are_written_or_nothing() {
    let folder = std::env::temp_dir().join(format!("undertone-cli-import-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();

    // the same network with another operator, which no layer computes
    let (mut other, inside) = (std::fs::read(network("logistic.onnx")).unwrap(), folder.join("inside"));
    for at in 0..other.len() - 7 {
        if &other[at..at + 7] == b"Sigmoid" {
            other[at..at + 7].copy_from_slice(b"Hardmax");
        }
    }
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("other.onnx"), other).unwrap();
    let refused = import(&folder, &inside.join("other.onnx"), &[]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.contains("1 node of the network cannot be translated, and nothing is written:\n  `/1/Hardmax` (Hardmax)"), "{said}");
    std::fs::remove_dir_all(inside).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is written");
    for arguments in [&["--drop-last", "relu"][..], &["--input", "x"], &["--input", "x=0"], &["--name", "no name"]] {
        assert_eq!(import(&folder, &network("logistic.onnx"), arguments).status.code(), Some(2), "{arguments:?}");
    }

    let done = import(&folder, &network("logistic.onnx"), &["--drop-last", "sigmoid", "--name", "Credit"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = text(&done.stdout);
    assert!(said.starts_with("Credit: 1 stage in model.rs, 7 weights in model.safetensors\nSigmoid at the end is left out"), "{said}");
    assert!(std::fs::read_to_string(folder.join("model.rs")).unwrap().contains("pub model Credit(x: [6]) -> [1]"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    std::fs::remove_dir_all(folder).unwrap();
}
