//! What the tests share: the committed networks, folders that go away, and a writer of small networks.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod build;

use std::path::{Path, PathBuf};
use undertone_import::{ImportError, Imported, Options, onnx};

/// The networks of `models/make.py`, with what is left out at their ends.
pub const NETWORKS: [(&str, &[&str]); 38] = [
    ("arithmetic", &[]),
    ("beside", &[]),
    ("classes", &[]),
    ("convolutions", &[]),
    ("depth", &[]),
    ("functions", &[]),
    ("functions_13", &[]),
    ("gemm", &[]),
    ("half", &[]),
    ("keras", &[]),
    ("lenet_11", &[]),
    ("lenet_13", &[]),
    ("lenet_17", &[]),
    ("lenet_21", &[]),
    ("lenet_fixed", &[]),
    ("logistic", &["sigmoid"]),
    ("mobilenet", &[]),
    ("mobilenet_17", &[]),
    ("moves", &[]),
    ("normalised", &[]),
    ("one_axis", &[]),
    ("padded", &[]),
    ("pools", &[]),
    ("products", &[]),
    ("products_18", &[]),
    ("reductions", &[]),
    ("reductions_18", &[]),
    ("resnet", &[]),
    ("resnet_18", &[]),
    ("rows", &[]),
    ("shapes", &[]),
    ("shared", &[]),
    ("smooth", &[]),
    ("softsign", &[]),
    ("three_axes", &[]),
    ("topk", &[]),
    ("unet", &[]),
    ("upsample", &[]),
];

/// A file of the committed networks.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name)
}

/// A committed network, translated.
pub fn import(name: &str) -> Imported {
    let drop = NETWORKS.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, drop)| drop);
    let options = Options { drop_last: drop.iter().map(|d| (*d).to_owned()).collect(), ..Options::default() };
    onnx(file(&format!("{name}.onnx")), &options).unwrap_or_else(|e| panic!("{e}"))
}

/// A folder that goes away.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        // tests of one program run at the same time
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("undertone-import-{}-{name}-{next}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Translates these bytes.
    pub fn import(&self, bytes: &[u8], options: &Options) -> Result<Imported, ImportError> {
        let path = self.0.join("network.onnx");
        std::fs::write(&path, bytes).unwrap();
        onnx(path, options)
    }

    /// Why these bytes are not translated.
    pub fn refused(&self, bytes: &[u8]) -> String {
        self.import(bytes, &Options::default()).expect_err("it is translated").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
