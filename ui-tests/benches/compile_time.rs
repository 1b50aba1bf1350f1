//! How long the compiler takes for large descriptions: ResNet-152 from submodels and loops, and the same network written out flat.
//!
//! ```text
//! cargo test -p undertone-ui-tests --bench compile_time
//! ```
//!
//! Each model is a crate of its own, whose dependencies are built before. *expand* is the macro alone, in a test of `undertone-macros`;
//! *check* is `cargo check`, *build* is `cargo build` with the linker, both without optimisation; an empty crate is printed for comparison.
//! Nothing is asserted: times are those of the machine.
#![allow(missing_docs)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Runs of which the best one counts.
const RUNS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let models = [
        ("an empty crate", String::new()),
        ("ResNet-152 from submodels and loops", std::fs::read_to_string(root.join("ui-tests/benches/models/resnet152.rs"))?),
        ("ResNet-152 written out flat", flat()),
    ];
    expansion(&root, &models)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time");
    let package = package(&root, &folder)?;
    println!("\n{:38} {:>8} {:>8}", "seconds, best of 3", "check", "build");
    for (name, source) in models {
        let source = format!("#![allow(unused_imports)]\nuse undertone::prelude::*;\n{source}\nfn main() {{}}\n");
        let mut best = [f64::INFINITY; 2];
        for run in 0..=RUNS {
            for (command, best) in ["check", "build"].into_iter().zip(&mut best) {
                // another text, so that nothing is taken from an earlier run
                std::fs::write(package.join("src/main.rs"), format!("{source}// run {run}\n"))?;
                let seconds = cargo(command, &package, &folder)?;
                // the first run builds the dependencies
                if run > 0 {
                    *best = best.min(seconds);
                }
            }
        }
        println!("{name:38} {:>8.2} {:>8.2}", best[0], best[1]);
    }
    Ok(())
}

/// Prints the seconds that the macro takes by itself.
fn expansion(root: &Path, models: &[(&str, String)]) -> Result<(), Box<dyn std::error::Error>> {
    for (name, source) in &models[1..] {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time.rs");
        std::fs::write(&path, source)?;
        let output = Command::new(env!("CARGO"))
            .args(["test", "--quiet", "-p", "undertone-macros", "--lib", "--", "--nocapture", "seconds_of_an_expansion"])
            .current_dir(root)
            .env("UNDERTONE_DESCRIPTION", &path)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.lines().find(|line| line.starts_with("expand ")) {
            Some(line) => println!("{name:38} {line}"),
            None => return Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
    Ok(())
}

/// A crate that needs nothing but `undertone`, with the versions of this workspace.
fn package(root: &Path, folder: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let package = folder.join("package");
    std::fs::create_dir_all(package.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"described\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nundertone = {{ path = {:?}, default-features = false }}\n\n[workspace]\n",
        root.display().to_string()
    );
    std::fs::write(package.join("Cargo.toml"), manifest)?;
    std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    Ok(package)
}

/// The seconds of `cargo check` or `cargo build`.
fn cargo(command: &str, package: &Path, folder: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let start = Instant::now();
    let output = Command::new(env!("CARGO"))
        .args([command, "--quiet", "--offline"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .output()?;
    let seconds = start.elapsed().as_secs_f64();
    if output.status.success() { Ok(seconds) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}

/// The same network as `models/resnet152.rs`, all of its stages in one description without loops.
fn flat() -> String {
    let mut text = String::from(
        "secure_model! {\n    pub model Flat(image: [3, 224, 224]) -> [1000] {\n        let x0 = image -> Conv2d { out: 64, kernel: 7, stride: 2, padding: 3 } -> BatchNorm -> Relu\n            -> MaxPool2d { kernel: 3, stride: 2, padding: 1 };\n",
    );
    let mut block = 0;
    for (width, blocks, first) in [(64, 3, 1), (128, 8, 2), (256, 36, 2), (512, 3, 2)] {
        for stride in [first].into_iter().chain([1; 40]).take(blocks) {
            let (x, y, out) = (block, block + 1, 4 * width);
            block += 1;
            let _ = write!(
                text,
                "        let skip{y} = x{x} -> Conv2d {{ out: {out}, stride: {stride} }} -> BatchNorm;
        let body{y} = x{x} -> Conv2d {{ out: {width} }} -> BatchNorm -> Relu
            -> Conv2d {{ out: {width}, kernel: 3, stride: {stride}, padding: 1 }} -> BatchNorm -> Relu
            -> Conv2d {{ out: {out} }} -> BatchNorm;
        let x{y} = (body{y}, skip{y}) -> Add -> Relu;\n"
            );
        }
    }
    let _ = write!(text, "        x{block} -> GlobalAvgPool -> fc: Linear {{ out: 1000 }}\n    }}\n}}\n");
    text
}
