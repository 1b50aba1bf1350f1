//! A network that tells classes apart, privately and in the clear, on the same samples.

use super::sheet::{Found, sheet};
use super::{Run, largest_difference, share};
use serde_json::json;
use std::path::PathBuf;
use undertone::Plan;
use undertone::prelude::*;
use undertone_data::picture;

/// Samples for a network, and what it should do with them.
pub struct Task<'a, I: StaticShape> {
    /// The weights.
    pub weights: &'a Weights,
    /// The samples.
    pub inputs: Clear<I>,
    /// The class of each sample.
    pub labels: &'a [usize],
    /// Samples that run at once unless options say otherwise.
    pub batch: usize,
    /// The share of samples for which both runs must give the same class.
    pub agreement: f64,
    /// The share of samples that the plain twin must get right.
    pub accuracy: f64,
    /// A file that gets a sheet of the pictures, framed by whether their classes were found.
    pub picture: Option<PathBuf>,
    /// The brightest value of a pixel.
    pub white: f32,
}

impl<I: StaticShape> Task<'_, I> {
    /// Runs the network twice and prints what came out; whether it is as good as promised.
    pub fn run<M>(&self, options: &Run) -> Result<bool, Box<dyn std::error::Error>>
    where
        M: Model<Input = Clear<I>, Released = Clear<<M as Model>::Output>>,
    {
        let samples = self.inputs.batch();
        println!("{}: {} weights, {samples} samples", M::NAME, self.weights.count());
        let twin = M::twin_with(&Device::flex(), self.weights)?;
        let settings = options.settings(&twin, &self.inputs)?;
        let plan: Plan = M::plan(&settings)?;
        let run = options.predict::<M, _>(settings, self.batch, self.weights, &self.inputs)?;
        let (report, private) = (run.report, run.output);
        let started = std::time::Instant::now();
        let plain = twin.predict(&self.inputs)?;
        let seconds = started.elapsed().as_secs_f64();

        let (known, secret) = (plain.argmax(), private.argmax());
        let (accuracy_twin, accuracy_private, agreement) =
            (share(&known, self.labels), share(&secret, self.labels), share(&known, &secret));
        if let (Some(path), [channels, side, _]) = (&self.picture, I::SHAPE.dims()) {
            let found: Vec<Found> = (0..samples).map(|i| Found::new(self.labels[i], known[i], secret[i])).collect();
            picture::write_png(&sheet(self.inputs.values(), (*channels, *side), self.white, &found), path)?;
            println!("pictures in {}: green right, orange wrong in both runs, red different", path.display());
        }
        let difference = largest_difference(plain.values(), private.values());
        println!("{report}\n");
        println!("accuracy             twin {accuracy_twin:.4}, private {accuracy_private:.4}");
        println!("agreement            {agreement:.4}");
        println!("largest difference   {difference:.5} of a score");
        let each = |seconds: f64| seconds / samples as f64;
        let (online, offline) = (report.online.as_secs_f64(), report.offline.as_secs_f64());
        println!("seconds a sample     {:.4} online, {:.4} offline; the twin {:.4}", each(online), each(offline), each(seconds));
        let figures = json!({
            "model": M::NAME,
            "weights": self.weights.count(),
            "accuracy_twin": accuracy_twin,
            "accuracy_private": accuracy_private,
            "agreement": agreement,
            "largest_logit_difference": difference,
            "twin_seconds": seconds,
        });
        options.finish(&plan, self.batch, figures, &report);
        Ok(agreement >= self.agreement && accuracy_twin >= self.accuracy)
    }
}
