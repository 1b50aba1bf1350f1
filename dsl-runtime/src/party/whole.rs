//! Whole runs, from the agreement to the end: prepared and then run, or unpacked step by step as they run.

use super::{Mine, Outcome, Session};
use crate::error::Result;
use crate::plan::Plan;
use crate::weights::Weights;

impl Session {
    /// A whole run that unpacks its tape as it goes: agrees on it, shares weights that are new and claims a tape, as [`prepare`](Self::prepare) does, and then runs as
    /// [`run`](Self::run) does, but unpacks what a step takes of the tape just before the step begins. Each party may do so or not by itself: the messages are the same, and
    /// the peers, who hear of it in the header of the run, have the patience of `prepare_seconds` with each. It is nothing to a client.
    ///
    /// Memory: the correlations of the steps that are under way together, besides values ([`Plan::peak`]): they do not grow with the depth of the network. Of the
    /// corrections, a piece of the dealer's or a part of the file is there at a time.
    ///
    /// Time: that of a prepared run, but nothing of it is over before the inputs are known, and the parties wait for each other's unpacking between two steps.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare) and [`run`](Self::run); inputs are looked at before anything is sent by whoever says how many samples there are. Any error ends the session, and the tape is never used again.
    pub fn run_streamed(&mut self, plan: &Plan, weights: Option<&Weights>, batch: Option<usize>, inputs: &Mine<'_>) -> Result<Outcome> {
        self.guarded(|session| {
            if let Some(batch) = batch {
                plan.check_inputs(session.place, inputs, batch)?;
            }
            let prepared = session.arrange(plan, weights, batch, true)?;
            session.run_online(plan, prepared, inputs)
        })
    }

    /// A whole run, [streamed](Self::run_streamed) if this session [is told to](Self::streaming), else prepared and run.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare) and [`run`](Self::run).
    pub fn run_once(&mut self, plan: &Plan, weights: Option<&Weights>, batch: Option<usize>, inputs: &Mine<'_>) -> Result<Outcome> {
        if self.stream {
            return self.run_streamed(plan, weights, batch, inputs);
        }
        let prepared = self.prepare(plan, weights, batch)?;
        self.run(plan, prepared, inputs)
    }
}
