//! The seconds of a plan, stage by stage.

use super::machine::Seconds;
use super::{Machine, Network};
use crate::plan::CostTable;
use core::fmt;

/// How long a plan takes on a machine, over a network.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeTable {
    /// The model's name.
    pub model: String,
    /// The number of samples.
    pub batch: usize,
    /// The network.
    pub network: Network,
    /// The stages, the slowest first.
    pub rows: Vec<TimeRow>,
    /// Seconds of the online half: the sum of all rows.
    pub online: f64,
    /// Seconds of the offline half. The dealer deals while corrections travel and parties unpack, so it is less than the sum of all rows; or more, where all
    /// endpoints share the cores of one machine.
    pub offline: f64,
}

/// How long one stage takes.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeRow {
    /// The stage.
    pub stage: String,
    /// Seconds online, of which the network takes...
    pub online: f64,
    /// ...this many.
    pub network: f64,
    /// Seconds of its offline work: of the dealer's, the corrections' way and the parties' unpacking, whichever takes longest.
    pub offline: f64,
}

impl CostTable {
    /// Seconds on machines like this one, the slowest stages first; constants of this machine are measured when they are first needed, which takes less than a second.
    pub fn time(&self, network: &Network) -> TimeTable {
        self.time_on(Machine::measured(), network)
    }

    /// Seconds on machines like this.
    pub fn time_on(&self, machine: &Machine, network: &Network) -> TimeTable {
        let mut all = Seconds::default();
        let row = |row: &crate::plan::Row| {
            let mut sum = Seconds::default();
            row.loads.iter().for_each(|load| sum += machine.seconds(load, network));
            all += sum;
            let wire = row.cost.rounds as f64 * network.delay() + network.transfer(row.cost.sent);
            TimeRow { stage: row.stage.clone(), online: sum.online, network: wire, offline: sum.offline() }
        };
        let mut rows: Vec<TimeRow> = self.rows.iter().map(row).collect();
        rows.sort_by(|a, b| (b.online + b.offline).total_cmp(&(a.online + a.offline)));
        TimeTable {
            model: self.model.clone(),
            batch: self.batch,
            network: network.clone(),
            rows,
            online: all.online,
            offline: machine.offline(all, self.parties, network),
        }
    }
}

impl fmt::Display for TimeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|r| r.stage.len()).max().unwrap_or(0).max(8);
        writeln!(f, "{} x {} over {}: milliseconds, the slowest first", self.model, self.batch, self.network)?;
        writeln!(f, "{:width$}  {:>10} {:>11} {:>10}", "stage", "online", "of network", "offline")?;
        for row in &self.rows {
            writeln!(f, "{:width$}  {:>10.3} {:>11.3} {:>10.3}", row.stage, row.online * 1e3, row.network * 1e3, row.offline * 1e3)?;
        }
        let wire: f64 = self.rows.iter().map(|r| r.network).sum();
        writeln!(f, "{:width$}  {:>10.3} {:>11.3} {:>10.3}", "total", self.online * 1e3, wire * 1e3, self.offline * 1e3)
    }
}
