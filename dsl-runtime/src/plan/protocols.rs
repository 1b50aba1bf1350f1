//! Which protocol computes a step, with which widths: the one place that turns a plan into protocols, for the cost, the dealer and the parties.

use super::{Kind, Opening, Place, Plan, ReleaseSpec, Step};
use crate::protocol::above::Above;
use crate::protocol::argmax::ArgMax;
use crate::protocol::compact::Scaled;
use crate::protocol::curve::Evaluation;
use crate::protocol::king::Wires;
use crate::protocol::linear::Linear;
use crate::protocol::max::Max;
use crate::protocol::piecewise::Piecewise;
use crate::protocol::pool::Pool;
use crate::protocol::powers::Powers;
use crate::protocol::product::Product;
use crate::protocol::release::Release;
use crate::protocol::relu::Relu;
use crate::protocol::topk::TopK;
use crate::protocol::truncate::{Truncate, Truncation};
use crate::protocol::{Cost, On, Protocol, Traffic, open, padded};
use undertone_ring::Word;

impl Plan {
    /// The protocol of a step that takes correlations and rounds; openings, products, polynomials and releases have ways of their own, and the other steps are local.
    pub(crate) fn protocol<W: Word>(&self, step: &Step, batch: usize) -> Option<Box<dyn Protocol<W>>> {
        let (n, parties, len) = (self.settings.ring, self.settings.parties, padded(batch * step.len));
        Some(match &step.kind {
            Kind::Truncate { t, m } => Box::new(Truncation { truncate: Truncate { n, t: *t, m: *m }, parties, len }),
            Kind::Relu { t, compare } => Box::new(On { protocol: Relu::new(n, *t, *compare), len }),
            Kind::Piecewise { t, compare, function, .. } => Box::new(On { protocol: Piecewise::new(n, *t, *compare, function), len }),
            Kind::Compact { t, compare, width, function, .. } => {
                Box::new(On { protocol: Scaled::new(n, *t, *compare, *width, function), len })
            }
            Kind::Curve { t, compare, width, curve, .. } => Box::new(On { protocol: Evaluation::new(n, *t, *compare, *width, curve), len }),
            Kind::Above { t, compare, threshold } => Box::new(On { protocol: Above::new(*t, *compare, *threshold), len }),
            Kind::Max { windows, compare, narrow, group } => {
                let n = if *narrow { compare.m } else { n };
                match group {
                    2 => Box::new(Max::new(n, *compare, windows, batch)),
                    group => Box::new(Pool::new(n, *compare, *group, windows, batch)),
                }
            }
            Kind::MaxOver { over, compare, narrow, group } => {
                let n = if *narrow { compare.m } else { n };
                match group {
                    2 => Box::new(Max::over(n, *compare, over, batch)),
                    group => Box::new(Pool::over(n, *compare, *group, over, batch)),
                }
            }
            Kind::ArgMax { axis, compare, group } => Box::new(ArgMax::new(*compare, *axis, *group, batch)),
            Kind::TopK { search, compare } => {
                // indices need no more of a value than what is compared
                let n = if search.values { n } else { compare.m };
                Box::new(TopK::new(n, *compare, search, batch))
            }
            Kind::Input(_)
            | Kind::Open(_)
            | Kind::Linear { .. }
            | Kind::Product(_)
            | Kind::Polynomial(_)
            | Kind::Sum(_)
            | Kind::Times(_)
            | Kind::Plus(_)
            | Kind::Round { .. }
            | Kind::Add
            | Kind::Move(_)
            | Kind::Sparse(_)
            | Kind::Release(_) => return None,
        })
    }

    /// The product of a linear step.
    pub(crate) fn linear(&self, step: &Step, batch: usize) -> Option<(Linear, usize)> {
        let Kind::Linear { geometry, weight } = &step.kind else { return None };
        Some((Linear { n: self.settings.ring, conv: geometry.conv(), batch }, *weight))
    }

    /// The product of two secrets.
    pub(crate) fn product<'a>(&self, step: &'a Step, batch: usize) -> Option<(Product, &'a super::Product)> {
        let Kind::Product(product) = &step.kind else { return None };
        Some((Product { n: self.settings.ring, form: product.form, batch }, product))
    }

    /// The polynomial of a secret.
    pub(crate) fn powers(&self, step: &Step, batch: usize) -> Option<Powers> {
        let Kind::Polynomial(polynomial) = &step.kind else { return None };
        Some(Powers { n: self.settings.ring, coefficients: polynomial.coefficients.clone(), len: batch * step.len })
    }

    /// The release of a value: a fraction leaves at f bits; an index as it is.
    pub(crate) fn release(&self, release: &ReleaseSpec) -> Release {
        let t = if release.value.integer.is_some() { 0 } else { release.value.bits - self.settings.fraction };
        Release { t, m: release.m }
    }

    /// Between whom messages travel.
    pub(crate) fn wires(&self) -> Wires {
        Wires { parties: self.settings.parties, delay_bytes: self.settings.delay_bytes }
    }

    /// What a step costs for `batch` samples, by itself: it may share its rounds with others.
    pub(crate) fn step_cost(&self, step: &Step, batch: usize) -> Cost {
        if self.settings.is_narrow() { self.cost_in::<u32>(step, batch) } else { self.cost_in::<u64>(step, batch) }
    }

    /// For each message of a step, the exchanges that it takes: one, two through kings, none for an opening that is not sent.
    pub(crate) fn exchanges(&self, step: &Step, batch: usize) -> Vec<u64> {
        if self.settings.is_narrow() { self.exchanges_in::<u32>(step, batch) } else { self.exchanges_in::<u64>(step, batch) }
    }

    fn exchanges_in<W: Word>(&self, step: &Step, batch: usize) -> Vec<u64> {
        let of = |traffic: &Traffic| traffic.rounds.iter().map(|message| 1 + u64::from(self.wires().kings(message))).collect();
        match &step.kind {
            Kind::Open(opening) if *opening == Opening::default() => of(&open::traffic::<W>(self.settings.ring, batch * step.len)),
            Kind::Open(opening) => vec![u64::from(opening.is_sent())],
            Kind::Release(_) => vec![1],
            _ => self.protocol::<W>(step, batch).map(|protocol| of(&protocol.traffic())).unwrap_or_default(),
        }
    }

    fn cost_in<W: Word>(&self, step: &Step, batch: usize) -> Cost {
        if let Some(protocol) = self.protocol::<W>(step, batch) {
            return self.wires().cost(&protocol.traffic());
        }
        let len = batch * step.len;
        match &step.kind {
            Kind::Open(opening) => {
                let traffic = open::traffic::<W>(self.settings.ring, len);
                if *opening == Opening::default() { self.wires().cost(&traffic) } else { self.one_way(*opening, &traffic) }
            }
            Kind::Linear { .. } => self.linear(step, batch).map(|(l, _)| l.cost::<W>(self.is_masked(step))).unwrap_or_default(),
            Kind::Product(_) => self.product(step, batch).map(|(p, _)| p.cost::<W>(self.is_masked(step))).unwrap_or_default(),
            Kind::Polynomial(_) => self.powers(step, batch).map(|p| p.cost::<W>(self.is_masked(step))).unwrap_or_default(),
            Kind::Release(r) => {
                let release = &self.releases[*r];
                let receivers = |party: usize| release.to.iter().filter(|place| **place != Place::Party(party)).count() as u64;
                let bytes = self.release(release).bytes(padded(len)) as u64;
                Cost::messages(1, self.settings.parties, |party| receivers(party) * bytes)
            }
            _ => Cost::default(),
        }
    }

    /// What an opening costs that not everybody sends or learns.
    fn one_way(&self, opening: Opening, traffic: &Traffic) -> Cost {
        if !opening.is_sent() {
            return Cost::default();
        }
        let parties = 0..self.settings.parties;
        let learners = |sender: usize| parties.clone().filter(|p| *p != sender && opening.learns(*p)).count() as u64;
        let bytes: u64 = traffic.rounds.iter().flatten().map(|s| s.bytes as u64).sum();
        Cost::messages(1, self.settings.parties, |p| if opening.sends(p) { learners(p) * bytes } else { 0 })
    }
}
