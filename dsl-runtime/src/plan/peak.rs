//! How much memory the values of a run take at its widest moment.
//!
//! A value is given back when its last reader has ended, so memory grows with the widest place of a network and not with its depth: of ten convolutions in a row with their
//! ReLUs, two values are there at a time and not thirty. What is counted are the values of steps, in whole groups of 256 elements; what a step needs besides while it runs,
//! messages and the correlations that are unpacked before a run begins are not.

use super::{Kind, Plan};
use crate::protocol::padded;

/// The most memory that values take at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peak {
    /// Elements of all samples.
    pub elements: usize,
    /// Bytes: 4 an element in a ring of 32 bits, 8 in any other.
    pub bytes: usize,
    /// The stage that computes while there are most.
    pub stage: String,
}

impl Plan {
    /// The most memory that the values of a run of `batch` samples take with one party.
    pub fn peak(&self, batch: usize) -> Peak {
        let (elements, at) = self.widest(batch, false);
        let word = if self.settings.is_narrow() { 4 } else { 8 };
        Peak { elements, bytes: elements * word, stage: self.stage_name(at).to_owned() }
    }

    /// The most elements at one time, and the step that begins then; as if openings that are not sent took their wave, where they `wait`.
    pub(super) fn widest(&self, batch: usize, wait: bool) -> (usize, usize) {
        let size = |k: usize| if matches!(self.steps[k].kind, Kind::Release(_)) { 0 } else { padded(batch * self.steps[k].len) };
        let (mut live, mut most, mut at) = (0, 0, 0);
        let mut readers = self.readers();
        let mut end = |k: usize, live: &mut usize| {
            self.steps[k].inputs.iter().for_each(|i| readers[*i] -= 1);
            let inputs = &self.steps[k].inputs;
            // a step may read a value twice
            let read = inputs.iter().enumerate().filter(|(n, i)| !inputs[..*n].contains(i)).map(|(_, i)| *i);
            *live -= read.chain([k]).filter(|i| readers[*i] == 0).map(size).sum::<usize>();
        };
        // steps that are under way, with the wave in which they end
        let mut under_way: Vec<(usize, u64)> = vec![];
        for (k, step) in self.steps.iter().enumerate() {
            let wave = u64::from(step.wave);
            under_way.retain(|(k, last)| {
                if *last <= wave {
                    end(*k, &mut live);
                }
                *last > wave
            });
            live += size(k);
            if live > most {
                (most, at) = (live, k);
            }
            match self.exchanges(step, batch) {
                messages if messages.is_empty() || !wait && messages.iter().all(|n| *n == 0) => end(k, &mut live),
                messages => under_way.push((k, wave + messages.len() as u64)),
            }
        }
        (most, at)
    }
}
