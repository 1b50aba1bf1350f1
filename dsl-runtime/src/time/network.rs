//! A network between the endpoints of a computation: its delay and its bandwidth.

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// How fast messages travel. Every pair of endpoints has a link of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Network {
    /// What tables call it.
    name: String,
    /// Nanoseconds from one end to the other: half of a round trip.
    delay: u64,
    /// Bytes a second, in each direction at once; 0: no limit but the machine's own.
    bandwidth: u64,
}

impl Network {
    /// Sockets of one machine: no delay and no limit but the machine's own.
    pub fn loopback() -> Self {
        Self { name: "loopback".into(), delay: 0, bandwidth: 0 }
    }

    /// 10 Gbit/s in each direction, a round trip of 0.2 ms.
    pub fn lan() -> Self {
        Self::custom("lan", 0.2e-3, 10e9)
    }

    /// 100 Mbit/s in each direction, a round trip of 40 ms.
    pub fn wan() -> Self {
        Self::custom("wan", 40e-3, 100e6)
    }

    /// A network with this round trip in seconds and this bandwidth in bits a second in each direction; times that are no times count as none, and a bandwidth that is
    /// none as no limit.
    pub fn custom(name: &str, round_trip: f64, bits_per_second: f64) -> Self {
        // casts of what is negative or no number give 0
        Self { name: name.to_owned(), delay: (round_trip * 0.5e9) as u64, bandwidth: (bits_per_second / 8.0) as u64 }
    }

    /// What tables call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds from one end to the other.
    pub fn delay(&self) -> f64 {
        self.delay as f64 / 1e9
    }

    /// Seconds that so many bytes take, without the delay.
    pub fn transfer(&self, bytes: u64) -> f64 {
        if self.bandwidth == 0 { 0.0 } else { bytes as f64 / self.bandwidth as f64 }
    }

    /// Bytes that a link takes while a message is on its way.
    pub fn delay_bytes(&self) -> u64 {
        (self.delay() * self.bandwidth as f64) as u64
    }

    /// Whether all endpoints are on one machine, and share its cores.
    pub(super) fn is_shared(&self) -> bool {
        self.delay == 0 && self.bandwidth == 0
    }
}

impl FromStr for Network {
    type Err = String;

    /// `loopback`, `lan` or `wan`.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "loopback" => Ok(Self::loopback()),
            "lan" => Ok(Self::lan()),
            "wan" => Ok(Self::wan()),
            other => Err(format!("no network is called `{other}`: use `loopback`, `lan` or `wan`")),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_shared() {
            return write!(f, "{}: one machine", self.name);
        }
        let bits = self.bandwidth as f64 * 8.0;
        let (value, unit) = if bits >= 1e9 { (bits / 1e9, "Gbit/s") } else { (bits / 1e6, "Mbit/s") };
        write!(f, "{}: ", self.name)?;
        if self.bandwidth == 0 {
            f.write_str("no limit")?;
        } else {
            write!(f, "{value} {unit}")?;
        }
        write!(f, ", round trip {} ms", self.delay as f64 * 2.0 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_over_a_wan_is_its_delay_and_its_bytes() {
        let wan = Network::wan();
        assert_eq!((wan.delay(), wan.transfer(12_500_000), wan.delay_bytes()), (0.02, 1.0, 250_000));
        assert_eq!((Network::lan().delay(), Network::lan().delay_bytes()), (0.0001, 125_000));
        assert_eq!((Network::loopback().delay(), Network::loopback().transfer(u64::MAX)), (0.0, 0.0));
    }

    #[test]
    fn names_are_read_and_printed() {
        assert_eq!("wan".parse::<Network>().unwrap().to_string(), "wan: 100 Mbit/s, round trip 40 ms");
        assert_eq!(Network::lan().to_string(), "lan: 10 Gbit/s, round trip 0.2 ms");
        assert_eq!(Network::loopback().to_string(), "loopback: one machine");
        assert_eq!(Network::custom("moon", 2.5, -1.0).to_string(), "moon: no limit, round trip 2500 ms");
        assert!("lane".parse::<Network>().unwrap_err().contains("use `loopback`, `lan` or `wan`"));
    }
}
