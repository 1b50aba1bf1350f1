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
            offline: machine.offline(all, network),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::trace;
    use crate::{Plan, Settings, Shape};

    /// A large ReLU and a small one.
    fn plan() -> Plan {
        let graph = trace("Two", &[("x", Shape::new([1, 200_000]))], |g, x| {
            let y = g.stage("large", Ok(x[0].shape()), |g| g.relu(x[0]));
            let pool = crate::graph::op::AvgPool { kernel: [1; 3], stride: [100; 3], padding: [0; 3] };
            let y = g.stage("pick", Ok(Shape::new([1, 2000])), |g| g.avg_pool(y, pool));
            g.stage("small", Ok(y.shape()), |g| g.relu(y))
        });
        Plan::new(&graph.unwrap(), &Settings::default()).unwrap()
    }

    #[test]
    fn the_slowest_stages_come_first_and_add_up() {
        let time = plan().cost(3).time_on(&Machine::REFERENCE, &Network::lan());
        assert_eq!(time.rows[0].stage, "large", "{time}");
        assert!(time.rows.windows(2).all(|r| r[0].online + r[0].offline >= r[1].online + r[1].offline), "{time}");
        let sum: f64 = time.rows.iter().map(|r| r.online).sum();
        assert!((sum - time.online).abs() < 1e-9, "{sum} is not {}", time.online);
        assert!(time.to_string().contains("lan: 10 Gbit/s, round trip 0.2 ms: milliseconds, the slowest first"), "{time}");
    }

    #[test]
    fn over_a_wan_delays_and_bytes_are_what_takes_the_time() {
        let cost = plan().cost(1);
        let total = cost.total();
        let on = |network: &Network| cost.time_on(&Machine::REFERENCE, network);
        let (near, far) = (on(&Network::custom("near", 0.0, 1e15)), on(&Network::wan()));
        // half a round trip a round, and 100 Mbit/s
        let expected = total.rounds as f64 * 0.02 + total.sent as f64 / 12.5e6;
        assert!((far.online - near.online - expected).abs() < 1e-4, "{} and {} are not {expected} apart", far.online, near.online);
        assert!((far.offline - total.corrections as f64 / 12.5e6).abs() < 0.2, "corrections on their way: {}", far.offline);
        let wire: f64 = far.rows.iter().map(|r| r.network).sum();
        assert!((wire - expected).abs() < 1e-9, "{wire}");
    }

    #[test]
    fn this_machine_is_measured_once() {
        let machine = Machine::measured();
        assert!(core::ptr::eq(machine, Machine::measured()));
        let time = plan().cost(1).time_on(machine, &Network::loopback());
        assert!(time.online > 0.0 && time.offline > 0.0 && time.online.is_finite() && time.offline.is_finite(), "{time}");
    }
}
