//! CrypTen on the same work, on the same machine, in the same run.

use crate::failure::{Doing, Failure, Result};
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// What CrypTen has measured.
#[derive(Clone, Debug, Deserialize)]
pub struct Peer {
    /// Seconds of one run, triples included.
    #[serde(default)]
    pub seconds: f64,
    /// Bytes that a party has sent.
    #[serde(default)]
    pub bytes_sent_per_party: u64,
    /// Its rounds.
    #[serde(default)]
    pub rounds: u64,
    /// Its largest error.
    #[serde(default)]
    pub max_abs_err: f64,
    /// Which CrypTen this is.
    #[serde(default)]
    pub version: String,
    /// Why there are no figures.
    pub error: Option<String>,
}

/// Workloads that CrypTen has no functions for, or that take it minutes.
const WITHOUT: &[&str] = &["resnet18", "resnet50", "vgg16", "bert_tiny", "minilm", "unet_128"];

/// Whether CrypTen is measured on a workload.
pub fn knows(workload: &str) -> bool {
    !WITHOUT.contains(&workload)
}

/// Runs a workload in CrypTen with its in-process provider of triples.
///
/// # Errors
/// When the program cannot be started, or has no figures.
pub fn crypten(python: &Path, workload: &str, parties: u8) -> Result<Peer> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("crypten/run.py");
    let mut command = namespace();
    // another variant of a function is compared with the same function
    let function = workload.strip_suffix("_compact").unwrap_or(workload);
    command.arg(python).args(["-W", "ignore"]).arg(&program).args([function, "--parties", &parties.to_string()]);
    let output = command.output().doing("CrypTen")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = |message: String| Failure::Peer { workload: workload.to_owned(), message };
    let last = text.lines().rev().find(|line| line.starts_with('{'));
    let line = last.ok_or_else(|| failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
    let figures: Peer = serde_json::from_str(line).doing("CrypTen's figures")?;
    match &figures.error {
        Some(error) => Err(failed(error.clone())),
        None => Ok(figures),
    }
}

/// What starts a command in a network namespace of its own where that is allowed, and as it is elsewhere: then other traffic over loopback is counted too.
fn namespace() -> Command {
    let own = ["-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];
    let mut test = Command::new("unshare");
    test.args(own).arg("true");
    if test.output().is_ok_and(|output| output.status.success()) {
        let mut command = Command::new("unshare");
        command.args(own);
        return command;
    }
    Command::new("env")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::ALL;

    #[test]
    fn figures_and_failures_are_told_apart() {
        let good: Peer = serde_json::from_str(r#"{"workload": "exp", "parties": 2, "seconds": 0.5, "bytes_sent_per_party": 7, "rounds": 8, "max_abs_err": 1.5, "version": "x"}"#).unwrap();
        assert_eq!((good.seconds, good.bytes_sent_per_party, good.rounds, good.error), (0.5, 7, 8, None));
        let bad: Peer = serde_json::from_str(r#"{"workload": "exp", "error": "no"}"#).unwrap();
        assert_eq!(bad.error.as_deref(), Some("no"));
        assert!(WITHOUT.iter().all(|name| ALL.contains(name)));
    }

    #[test]
    fn a_python_that_is_none_is_an_error() {
        let error = crypten(Path::new("/nonexistent/python"), "exp", 2).unwrap_err();
        assert!(error.to_string().contains("exp"), "{error}");
    }
}
