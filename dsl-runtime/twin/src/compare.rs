//! The twin against a private run, stage by stage: how far fixed point and rounding have taken each value.

use crate::Network;
use core::fmt;
use undertone_runtime::Result;
use undertone_runtime::report::Stages;

/// How far each stage of a recorded private run is from the twin.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// In order of execution.
    pub stages: Vec<StageDifference>,
}

/// How far one stage is from the twin.
#[derive(Clone, Debug, PartialEq)]
pub struct StageDifference {
    /// The stage.
    pub name: String,
    /// The largest absolute difference of one element.
    pub largest: f32,
    /// The mean absolute difference.
    pub mean: f32,
    /// The largest absolute value of the twin, to compare with.
    pub magnitude: f32,
}

impl Network {
    /// Compares a recorded private run ([`World::record`](undertone_runtime::World::record)) with the twin on the same inputs. Stages that exist in only one of them, such as
    /// a convolution whose normalisation was folded into it, are left out.
    ///
    /// # Errors
    /// When the inputs cannot be used.
    pub fn compare(&self, stages: &Stages, inputs: &[&[f32]], batch: usize) -> Result<Comparison> {
        let all = self.forward_all(inputs, batch)?;
        let twin = self.graph().stages();
        let compared = stages.all.iter().filter_map(|private| {
            let (_, node) = twin.iter().find(|(name, _)| *name == private.name)?;
            let plain = &all[node.0];
            (plain.len() == private.values.len() && !plain.is_empty()).then(|| difference(&private.name, plain, &private.values))
        });
        Ok(Comparison { stages: compared.collect() })
    }
}

fn difference(name: &str, plain: &[f32], private: &[f32]) -> StageDifference {
    let apart = || plain.iter().zip(private).map(|(a, b)| (a - b).abs());
    StageDifference {
        name: name.to_owned(),
        largest: apart().fold(0.0, f32::max),
        mean: apart().sum::<f32>() / plain.len() as f32,
        magnitude: plain.iter().fold(0.0, |m, v| v.abs().max(m)),
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.stages.iter().map(|s| s.name.len()).max().unwrap_or(0).max(5);
        writeln!(f, "{:width$}  {:>12} {:>12} {:>12}", "stage", "largest", "mean", "up to")?;
        for s in &self.stages {
            writeln!(f, "{:width$}  {:>12.6} {:>12.6} {:>12.3}", s.name, s.largest, s.mean, s.magnitude)?;
        }
        Ok(())
    }
}
