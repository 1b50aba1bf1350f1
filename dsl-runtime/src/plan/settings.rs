//! How numbers are represented: as the user asks for it, and as a plan has it.

use super::Calibration;
use crate::error::{Error, Result};
use crate::protocol::PARTIES;
use crate::time::Network;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The largest margin, in bits.
pub(super) const MARGIN: u32 = 16;

/// How numbers are represented, and how many parties compute: what a plan is made of besides the graph.
///
/// Without a calibration a plan has these widths. With one, the plan chooses ring, fraction and opened bits, stage by stage, unless they are fixed.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// n: bits of the ring, 32 to 64. Rings of 32 bits are kept in words of 32, all others in words of 64.
    pub ring: u32,
    /// f: fraction bits of inputs, weights and activations.
    pub fraction: u32,
    /// m: bits opened by a comparison. Values must stay below 2^(m - 2 - f).
    pub opened: u32,
    /// N: computing parties, 2 to 5.
    pub parties: usize,
    /// The bytes that a link takes while a message is on its way, its bandwidth times its delay: longer messages among more than two parties go through kings.
    pub delay_bytes: u64,
    /// What is known about the values, and what the plan may choose.
    pub calibrated: Option<Calibrated>,
}

/// A calibration, and what a plan may choose by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// The ranges of the values.
    pub calibration: Arc<Calibration>,
    /// The ring, if it is fixed.
    pub ring: Option<u32>,
    /// The fraction bits, if they are fixed.
    pub fraction: Option<u32>,
    /// How many bits larger than on the samples a value may be.
    pub margin: u32,
    /// Where the plan should be fast.
    pub network: Network,
}

/// The widths of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Widths {
    /// n: bits of the ring, 32 to 64.
    pub ring: u32,
    /// f: fraction bits of inputs, weights and activations.
    pub fraction: u32,
    /// m: bits that comparisons open, where no step says otherwise.
    pub opened: u32,
    /// N: computing parties, 2 to 5.
    pub parties: usize,
    /// The bytes that a link takes while a message is on its way.
    pub delay_bytes: u64,
}

impl Default for Settings {
    /// 64 bits, of which 16 are a fraction; values are safe below 2^16. Two parties. Links of 1 Gbit/s and 100 us.
    fn default() -> Self {
        Self { ring: 64, fraction: 16, opened: 34, parties: 2, delay_bytes: 12_500, calibrated: None }
    }
}

impl Settings {
    /// Widths that a plan chooses by what calibration saw, for a fast network: values may be twice as large as on the samples.
    pub fn calibrated(calibration: &Calibration) -> Self {
        let calibration = Arc::new(calibration.clone());
        let calibrated = Calibrated { calibration, ring: None, fraction: None, margin: 1, network: Network::lan() };
        Self { delay_bytes: calibrated.network.delay_bytes(), calibrated: Some(calibrated), ..Self::default() }
    }

    /// The same with a ring of n bits. Without a calibration the fraction is what such a ring has room for: 10 bits of 32, 12 of 40, 16 of 64.
    pub fn with_ring(mut self, n: u32) -> Self {
        if let Some(calibrated) = &mut self.calibrated {
            calibrated.ring = Some(n);
            return self;
        }
        let fraction = standard_fraction(n);
        Self { ring: n, fraction, opened: n.saturating_sub(fraction).min(18 + fraction), ..self }
    }

    /// The same with f fraction bits.
    pub fn with_fraction(mut self, f: u32) -> Self {
        match &mut self.calibrated {
            Some(calibrated) => calibrated.fraction = Some(f),
            None => self.fraction = f,
        }
        self
    }

    /// The same, where values may be 2^`bits` times as large as on the samples; without a calibration there are none.
    pub fn with_margin(mut self, bits: u32) -> Self {
        if let Some(calibrated) = &mut self.calibrated {
            calibrated.margin = bits;
        }
        self
    }

    /// The same for another network.
    pub fn with_network(mut self, network: &Network) -> Self {
        self.delay_bytes = network.delay_bytes();
        if let Some(calibrated) = &mut self.calibrated {
            calibrated.network = network.clone();
        }
        self
    }

    /// Checks that the protocols can work with these widths.
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    pub fn check(&self) -> Result<()> {
        let Some(c) = &self.calibrated else { return self.widths().check() };
        let ring = c.ring.unwrap_or(64);
        let fraction = c.fraction.unwrap_or_else(|| standard_fraction(ring));
        if c.margin > MARGIN {
            return Err(refused(format!("a margin of {} bits: use at most {MARGIN}", c.margin)));
        }
        Widths { ring, fraction, opened: ring.saturating_sub(fraction), ..self.widths() }.check()
    }

    /// The largest magnitude that an input or a weight may have, without a calibration.
    pub fn limit(&self) -> f64 {
        self.widths().limit()
    }

    /// The widths, without a calibration.
    pub fn widths(&self) -> Widths {
        let Self { ring, fraction, opened, parties, delay_bytes, .. } = *self;
        Widths { ring, fraction, opened, parties, delay_bytes }
    }
}

impl Widths {
    /// Whether shares are kept in words of 32 bits; otherwise in words of 64.
    pub fn is_narrow(&self) -> bool {
        self.ring <= u32::BITS
    }

    /// Checks that the protocols can work with these widths.
    ///
    /// # Errors
    /// Names the width that cannot be used.
    pub fn check(&self) -> Result<()> {
        let problem = if !(32..=64).contains(&self.ring) {
            format!("a ring of {} bits: use 32 to 64", self.ring)
        } else if !(2..=PARTIES).contains(&self.parties) {
            format!("{} parties: use 2 to {PARTIES}", self.parties)
        } else if !(4..=24).contains(&self.fraction) {
            format!("{} fraction bits: use 4 to 24", self.fraction)
        } else if self.opened < self.fraction + 4 || self.opened + self.fraction > self.ring {
            format!(
                "{} opened bits with {} fraction bits: use {} to {}",
                self.opened,
                self.fraction,
                self.fraction + 4,
                self.ring - self.fraction
            )
        } else {
            return Ok(());
        };
        Err(refused(problem))
    }

    /// The magnitude below which an input or a weight must stay, where the plan knows nothing better.
    pub fn limit(&self) -> f64 {
        (1u64 << (self.opened - 2 - self.fraction)) as f64
    }
}

/// The fraction that a ring has room for, beside the products.
pub(super) fn standard_fraction(ring: u32) -> u32 {
    match ring {
        ..=32 => 10,
        33..=55 => 12,
        _ => 16,
    }
}

fn refused(message: String) -> Error {
    Error::Plan { model: String::new(), stage: String::new(), message }
}
