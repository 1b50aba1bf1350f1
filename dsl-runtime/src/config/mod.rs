//! What one endpoint is told before it starts: who it is, who takes part, where the others are, and how they know each other.
//!
//! Two files. The [`Participants`] are the same file for everybody; a [`Config`] is each endpoint's own:
//!
//! ```toml
//! name = "clinic"                        # this endpoint, as the deployment calls it
//! deployment = "deployment.toml"         # the file that is the same for everybody
//! threads = 8                            # that share this party's products; one a core by default
//! stream = true                          # unpacks its tape step by step as it runs: less memory, not less time; false by default, and each party's own affair
//! listen = "0.0.0.0:7001"                # where later endpoints find this one; only needed if there are any that dial it
//! settings_file = "settings.toml"        # optional: a file with the fields of [settings]; one of the two
//!
//! [addresses]                            # of those that this endpoint dials: all earlier parties and the dealer
//! dealer = "dealer.example.org:7002"
//! hospital = "hospital.example.org:7000"
//!
//! [tls]                                  # absent: plain TCP, on loopback addresses only
//! ca = "certs/ca.pem"                    # who signs all certificates
//! certificate = "certs/clinic.pem"       # of this endpoint, for its name
//! key = "certs/clinic.key"
//!
//! [settings]                             # optional: how numbers are represented when a plan is made from a model
//! ring_bits = 64
//! fraction_bits = 16
//! opened_bits = 34
//! calibration = "model.calibration.toml" # instead of opened_bits: the plan chooses by what calibration saw
//! margin_bits = 1                        # with a calibration: how many bits larger than on the samples a value may be
//! network = "lan"                        # where the plan should be fast: loopback, lan or wan
//! delay_bytes = 12500                    # what a link takes while a message is on its way; longer ones go through kings, if there are more than two parties
//!
//! [timeouts]                             # optional, each with its default
//! connect_seconds = 30.0                 # until everybody is connected
//! message_seconds = 30.0                 # one message within a run; among N parties, N - 1 of them
//! prepare_seconds = 300.0                # a tape that is dealt or unpacked; for a client, all of a run; any message of a run where a party streams
//! idle_seconds = 3600.0                  # the wait for the next run
//! spin_microseconds = 50.0               # how long a thread looks for a message before it sleeps
//!
//! [tapes]                                # instead of the dealer's address
//! folder = "tapes/clinic"
//! ```
//!
//! With `topology = "third-deals"` among the participants there is no dealer, and one address of each party serves all that it is called for.
//!
//! The order of endpoints is dealer, parties, clients; the later of two dials the earlier. Paths are relative to the file they stand in. Everything is checked before
//! any socket is opened, and every error names the file and the field.

mod address;
mod dealer;
mod file;
mod participants;
mod timeouts;

pub use dealer::{DealerConfig, Limits};
pub use participants::Participants;
pub use timeouts::Timeouts;

use crate::error::{Error, Result};
use crate::net::{Identity, Listener, Security};
use crate::plan::{Calibration, Place, Settings};
use crate::topology::Topology;
use file::{beside, read};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One endpoint of a computation: a party or a client. Made from a file, or in code: [`Config::new`], and then its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The name of this endpoint among the participants.
    pub name: String,
    /// Who takes part, and where the roles live: the same for everybody.
    pub participants: Participants,
    /// How numbers are represented, where a plan is made from a model.
    pub settings: Settings,
    /// Where later endpoints find this one, `host:port`; not needed where nobody dials it.
    pub listen: Option<String>,
    /// Where the others are, `host:port` by name: all earlier parties, and the dealer unless there are tapes.
    pub addresses: BTreeMap<String, String>,
    /// Certificates; without them only loopback addresses are taken.
    pub tls: Option<TlsFiles>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// A folder of tapes, instead of the dealer.
    pub tapes: Option<PathBuf>,
    /// The threads that share the products of this endpoint; by default one for each core.
    pub threads: usize,
    /// Whether this party unpacks its tape as it runs, step by step, and not before ([`run_streamed`](crate::Session::run_streamed)): its memory does not grow with the
    /// depth of the network. Each party's own affair.
    pub stream: bool,
    /// What errors name.
    file: PathBuf,
}

/// The files that prove who an endpoint is, all in PEM form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate of the authority that signed those of all endpoints.
    pub ca: PathBuf,
    /// This endpoint's certificate, for its name; its chain may follow it.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
}

/// The file of an endpoint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    name: String,
    deployment: PathBuf,
    listen: Option<String>,
    settings_file: Option<PathBuf>,
    #[serde(default)]
    addresses: BTreeMap<String, String>,
    tls: Option<TlsFiles>,
    settings: Option<SettingsFile>,
    #[serde(default)]
    timeouts: timeouts::File,
    tapes: Option<TapesFile>,
    threads: Option<usize>,
    #[serde(default)]
    stream: bool,
}

/// The cores of this machine.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The largest number of threads of one endpoint.
const THREADS: usize = 1024;

/// A file of settings, or the table of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    ring_bits: Option<u32>,
    fraction_bits: Option<u32>,
    opened_bits: Option<u32>,
    delay_bytes: Option<u64>,
    /// A file that calibration has written, beside the one that this stands in; then the plan chooses what is not given.
    calibration: Option<PathBuf>,
    margin_bits: Option<u32>,
    network: Option<String>,
}

impl SettingsFile {
    /// The settings that the file `at` says.
    fn settings(self, at: &Path, parties: usize) -> Result<Settings, (&'static str, String)> {
        let text = |e: Error| e.to_string();
        let mut settings = match &self.calibration {
            Some(path) => Settings::calibrated(&Calibration::load(beside(at, path)).map_err(|e| ("settings.calibration", text(e)))?),
            None => Settings::default(),
        };
        if self.calibration.is_some() && self.opened_bits.is_some() {
            return Err(("settings.opened_bits", "the plan chooses them by the calibration: leave one of the two out".into()));
        }
        if self.calibration.is_none() && self.margin_bits.is_some() {
            return Err(("settings.margin_bits", "there is no calibration that it would widen".into()));
        }
        if let Some(network) = &self.network {
            settings = settings.with_network(&network.parse().map_err(|e| ("settings.network", e))?);
        }
        if let Some(n) = self.ring_bits {
            settings = settings.with_ring(n);
        }
        if let Some(f) = self.fraction_bits {
            settings = settings.with_fraction(f);
        }
        if let Some(margin) = self.margin_bits {
            settings = settings.with_margin(margin);
        }
        let (opened, delay_bytes) = (self.opened_bits.unwrap_or(settings.opened), self.delay_bytes.unwrap_or(settings.delay_bytes));
        Ok(Settings { opened, parties, delay_bytes, ..settings })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TapesFile {
    folder: PathBuf,
}

impl Config {
    /// An endpoint of this name without addresses: default settings and timeouts, no TLS, a dealer and not tapes.
    pub fn new(name: &str, participants: Participants) -> Self {
        Self {
            name: name.to_owned(),
            settings: Settings { parties: participants.computing(), ..Settings::default() },
            participants,
            listen: None,
            addresses: BTreeMap::new(),
            tls: None,
            timeouts: Timeouts::default(),
            tapes: None,
            threads: cores(),
            stream: false,
            file: format!("configuration of `{name}`").into(),
        }
    }

    /// Reads and checks the file of an endpoint, and the deployment that it names.
    ///
    /// # Errors
    /// [`Error::Config`], or [`Error::File`] where a file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file: Contents = read(path)?;
        let participants = Participants::from_file(beside(path, &file.deployment))?;
        let mut config = Self { file: path.to_owned(), ..Self::new(&file.name, participants) };
        let table: Option<(PathBuf, SettingsFile)> = match (&file.settings_file, file.settings) {
            (Some(_), Some(_)) => return Err(config.wrong("settings_file", "there is a table [settings] as well: keep one of the two")),
            (Some(other), None) => Some((beside(path, other), read(&beside(path, other))?)),
            (None, table) => table.map(|table| (path.to_owned(), table)),
        };
        if let Some((at, table)) = table {
            let parties = config.settings.parties;
            config.settings = table.settings(&at, parties).map_err(|(field, message)| config.wrong(field, message))?;
        }
        config.listen = file.listen;
        config.addresses = file.addresses;
        config.tls = file.tls.map(|tls| tls.beside(path));
        config.timeouts = file.timeouts.timeouts().map_err(|(field, message)| config.wrong(field, message))?;
        config.threads = file.threads.unwrap_or(config.threads);
        config.stream = file.stream;
        config.tapes = file.tapes.map(|tapes| beside(path, &tapes.folder));
        config.check()?;
        Ok(config)
    }

    /// Checks everything that can be checked without a socket; the certificates are read.
    ///
    /// # Errors
    /// Names the first field that is wrong, and says what to do.
    pub fn check(&self) -> Result<()> {
        self.participants.check()?;
        let place = self.place()?;
        if self.settings.parties != self.participants.computing() {
            let message = format!("{} parties compute, but in the deployment {} do", self.settings.parties, self.participants.computing());
            return Err(self.wrong("settings", message));
        }
        if !(1..=THREADS).contains(&self.threads) {
            return Err(self.wrong("threads", format!("{} threads: use 1 to {THREADS}", self.threads)));
        }
        if self.stream && place.party().is_none() {
            return Err(self.wrong("stream", "a client uses no tapes: remove the field"));
        }
        self.settings.check().map_err(|e| match e {
            Error::Plan { message, .. } => self.wrong("settings", message),
            other => other,
        })?;
        self.timeouts.check().map_err(|(field, message)| self.wrong(field, message))?;
        self.check_addresses(place)?;
        self.identity().map(|_| ())
    }

    fn check_addresses(&self, place: Place) -> Result<()> {
        let plain = self.tls.is_none();
        for (k, (name, address)) in self.addresses.iter().enumerate() {
            let field = format!("addresses.{name}");
            if !self.participants.all().any(|n| n == name) {
                return Err(
                    self.wrong(&field, format!("the deployment knows no endpoint `{name}`; it knows {}", self.participants.listed()))
                );
            }
            address::check(address, plain).map_err(|message| self.wrong(&field, message))?;
            if let Some((other, _)) = self.addresses.iter().take(k).find(|(_, a)| *a == address) {
                return Err(self.wrong(&field, format!("`{other}` has the same address: each endpoint needs its own")));
            }
        }
        for name in self.dials() {
            if !self.addresses.contains_key(name) {
                return Err(self.wrong("addresses", format!("`{}` dials `{name}`: give its address, as {name} = \"HOST:PORT\"", self.name)));
            }
        }
        match &self.listen {
            Some(listen) => address::check(listen, plain).map_err(|message| self.wrong("listen", message))?,
            None if self.is_dialed() => {
                let who = self.callers().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
                return Err(self.wrong("listen", format!("{who} dial this endpoint: give the address where it listens, as \"HOST:PORT\"")));
            }
            None => {}
        }
        self.check_source(place)
    }

    /// A party has a dealer or tapes, never both; a client has neither.
    fn check_source(&self, place: Place) -> Result<()> {
        if self.participants.topology == Topology::ThirdDeals {
            return match &self.tapes {
                Some(_) => Err(self.wrong("tapes", "the parties deal for each other, and not from the disk: remove the table")),
                None => Ok(()),
            };
        }
        let dealer = self.participants.dealer.as_ref();
        let addressed = dealer.is_some_and(|d| self.addresses.contains_key(d));
        match (place, &self.tapes) {
            (Place::Client(_), Some(_)) => Err(self.wrong("tapes", "a client uses no tapes: remove the table")),
            (Place::Party(_), Some(_)) if addressed => {
                Err(self.wrong("tapes", "there is the dealer's address as well: keep one of the two, the same on all parties"))
            }
            (Place::Party(_), Some(folder)) if !folder.is_dir() => {
                Err(self.wrong("tapes.folder", format!("{} is no folder: make one with `undertone deal`", folder.display())))
            }
            (Place::Party(_), None) if dealer.is_none() => {
                Err(self.wrong("tapes", "the deployment has no dealer: name one there, or give the folder of this party's tapes here"))
            }
            _ => Ok(()),
        }
    }

    /// Where this endpoint stands among the participants.
    ///
    /// # Errors
    /// When it is not among the parties and clients.
    pub fn place(&self) -> Result<Place> {
        if self.participants.dealer.as_deref() == Some(self.name.as_str()) {
            return Err(self.wrong("name", format!("`{}` is the dealer: `undertone dealer` runs it, with a file of its own", self.name)));
        }
        let message = || format!("the deployment knows no endpoint `{}`; it knows {}", self.name, self.participants.listed());
        self.participants.place(&self.name).ok_or_else(|| self.wrong("name", message()))
    }

    /// Binds the port where later endpoints call; none where nobody does. One listener serves many sessions, one after the other.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the port cannot be had.
    pub fn listener(&self) -> Result<Option<Listener>> {
        self.check()?;
        match &self.listen {
            Some(listen) if self.is_dialed() => {
                let bound = Listener::bind(listen, &self.identity()?);
                bound.map(Some).map_err(|cause| Error::Connect { party: self.called(), cause })
            }
            _ => Ok(None),
        }
    }

    /// The names of those that this endpoint dials: earlier parties, then the dealer.
    fn dials(&self) -> impl Iterator<Item = &str> {
        let place = self.participants.place(&self.name);
        let dealer =
            if matches!(place, Some(Place::Party(_))) && self.tapes.is_none() { self.participants.dealer.as_deref() } else { None };
        self.earlier().chain(dealer)
    }

    /// The parties that this endpoint dials, in order.
    pub(crate) fn earlier(&self) -> impl Iterator<Item = &str> {
        let all = &self.participants.parties;
        let until = all.iter().position(|n| *n == self.name).unwrap_or(all.len());
        all[..until].iter().map(String::as_str)
    }

    /// Who dials this endpoint, in order: later parties and all clients.
    pub(crate) fn callers(&self) -> impl Iterator<Item = &str> {
        let all = &self.participants.parties;
        let from = all.iter().position(|n| *n == self.name);
        let clients = self.participants.clients.iter().filter(move |_| from.is_some());
        all[from.map_or(all.len(), |k| k + 1)..].iter().chain(clients).map(String::as_str)
    }

    fn is_dialed(&self) -> bool {
        self.callers().next().is_some()
    }

    /// What proves this endpoint's name.
    pub(crate) fn identity(&self) -> Result<Identity> {
        identity(&self.name, self.tls.as_ref(), |field, message| self.wrong(field, message))
    }

    /// What this endpoint is called in errors.
    pub(crate) fn called(&self) -> String {
        self.participants.called(&self.name)
    }

    fn wrong(&self, field: &str, message: impl Into<String>) -> Error {
        Error::Config { path: self.file.clone(), field: field.to_owned(), message: message.into() }
    }
}

impl TlsFiles {
    fn beside(self, path: &Path) -> Self {
        Self { ca: beside(path, &self.ca), certificate: beside(path, &self.certificate), key: beside(path, &self.key) }
    }
}

fn identity(name: &str, tls: Option<&TlsFiles>, wrong: impl Fn(&str, String) -> Error) -> Result<Identity> {
    let security = match tls {
        None => Security::Loopback,
        Some(tls) => Security::tls(&tls.ca, &tls.certificate, &tls.key).map_err(|e| wrong("tls", e.to_string()))?,
    };
    Identity::new(name, security).map_err(|e| wrong(if tls.is_some() { "tls.certificate" } else { "name" }, e.to_string()))
}

#[cfg(test)]
mod tests;
