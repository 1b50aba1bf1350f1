//! How long things may take.

use serde::Deserialize;
use std::time::Duration;

/// The longest time that makes sense anywhere.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// How long an endpoint waits for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until everybody is connected.
    pub connect: Duration,
    /// One message within a run, while nobody has other work to do first. The messages of one round are read one after the other: among N parties the last one of them waits
    /// for N - 1 messages, so that many must fit in this time.
    pub message: Duration,
    /// What others prepare before they answer: a tape that is dealt, read or unpacked; for a client, all of a run. Where a party
    /// [streams](crate::Session::run_streamed), every message within a run, and for the dealer, every piece of a tape: what is unpacked for the steps between comes before it.
    pub prepare: Duration,
    /// The wait for the next run.
    pub idle: Duration,
    /// How long a thread looks for a message before it goes to sleep.
    pub spin: Duration,
}

impl Default for Timeouts {
    /// 30 s, 30 s, 5 minutes, an hour, 50 us.
    fn default() -> Self {
        let net = crate::net::Timeouts::default();
        Self { connect: net.connect, message: net.message, prepare: Duration::from_mins(5), idle: Duration::from_hours(1), spin: net.spin }
    }
}

/// The table `[timeouts]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    connect_seconds: Option<f64>,
    message_seconds: Option<f64>,
    prepare_seconds: Option<f64>,
    idle_seconds: Option<f64>,
    spin_microseconds: Option<f64>,
}

/// A field, and what is wrong with it.
type Wrong = (&'static str, String);

impl File {
    pub(super) fn timeouts(&self) -> Result<Timeouts, Wrong> {
        let standard = Timeouts::default();
        let duration = |given: Option<f64>, unit: f64, standard: Duration, field: &'static str| match given {
            None => Ok(standard),
            Some(v) => {
                Duration::try_from_secs_f64(v * unit).map_err(|_| (field, format!("{v} is no time: give a number that is not negative")))
            }
        };
        Ok(Timeouts {
            connect: duration(self.connect_seconds, 1.0, standard.connect, "timeouts.connect_seconds")?,
            message: duration(self.message_seconds, 1.0, standard.message, "timeouts.message_seconds")?,
            prepare: duration(self.prepare_seconds, 1.0, standard.prepare, "timeouts.prepare_seconds")?,
            idle: duration(self.idle_seconds, 1.0, standard.idle, "timeouts.idle_seconds")?,
            spin: duration(self.spin_microseconds, 1e-6, standard.spin, "timeouts.spin_microseconds")?,
        })
    }
}

impl Timeouts {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        let all = [
            ("timeouts.connect_seconds", self.connect),
            ("timeouts.message_seconds", self.message),
            ("timeouts.prepare_seconds", self.prepare),
            ("timeouts.idle_seconds", self.idle),
        ];
        match all.iter().find(|(_, time)| time.is_zero() || *time > LONGEST) {
            Some((field, time)) => Err((field, format!("{} s: use more than 0 and at most a year", time.as_secs_f64()))),
            None if self.spin > Duration::from_secs(1) => {
                Err(("timeouts.spin_microseconds", "more than a second of looking burns a core: use less".into()))
            }
            None => Ok(()),
        }
    }

    /// What a transport needs.
    pub(crate) fn of_net(&self) -> crate::net::Timeouts {
        crate::net::Timeouts { connect: self.connect, message: self.message, spin: self.spin }
    }

    /// What a transport to the dealer needs: it deals before it answers.
    pub(crate) fn of_dealer(&self) -> crate::net::Timeouts {
        crate::net::Timeouts { message: self.prepare, ..self.of_net() }
    }
}
