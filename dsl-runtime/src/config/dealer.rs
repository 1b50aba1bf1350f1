//! What a dealer is told before it starts.

use super::file::{beside, read};
use super::{Participants, Timeouts, TlsFiles, address, identity, timeouts};
use crate::error::{Error, Result};
use crate::net::{Identity, Listener};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The dealer of a computation. Made from a file, or in code: [`DealerConfig::new`], and then its fields.
///
/// ```toml
/// deployment = "deployment.toml"       # the file that is the same for everybody; it names the dealer
/// listen = "0.0.0.0:7002"              # where the parties find it
///
/// [tls]                                # absent: plain TCP, on a loopback address only
/// ca = "certs/ca.pem"
/// certificate = "certs/dealer.pem"
/// key = "certs/dealer.key"
///
/// [limits]                             # optional, each with its default
/// sessions = 16                        # sessions that are served at the same time
/// elements = 268435456                 # elements of a tape, with comparisons and padding; and weights of a session
/// ahead_bytes = 67108864               # bytes of the next tape that are dealt before anybody asks for it
///
/// [timeouts]                           # optional, as those of a party
/// connect_seconds = 30.0               # until all parties of a session have called
/// message_seconds = 30.0               # a party that does not take what it is sent
/// prepare_seconds = 300.0              # the same of a piece of a tape: a party may read it step by step, as it runs
/// idle_seconds = 3600.0                # the wait for the next request of a session
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DealerConfig {
    /// Who takes part: the same for everybody. It names the dealer.
    pub participants: Participants,
    /// Where the parties find it, `host:port`.
    pub listen: String,
    /// Certificates; without them only a loopback address is taken.
    pub tls: Option<TlsFiles>,
    /// How much it serves.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// What errors name.
    file: PathBuf,
}

/// How much a dealer serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Sessions that are served at the same time.
    pub sessions: usize,
    /// The largest number of elements of one tape, all samples and steps together, with comparisons and padding; a session may have as many weights.
    pub elements: usize,
    /// Bytes of the next tape that are dealt before anybody asks for it; 0: none.
    pub ahead_bytes: usize,
}

impl Default for Limits {
    /// 16 sessions, and what a service spends by default on each.
    fn default() -> Self {
        let service = crate::dealer::Limits::default();
        Self { sessions: 16, elements: service.elements, ahead_bytes: service.ahead }
    }
}

impl Limits {
    /// What a service may spend on one session.
    pub fn service(&self) -> crate::dealer::Limits {
        crate::dealer::Limits { elements: self.elements, ahead: self.ahead_bytes }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    deployment: PathBuf,
    listen: String,
    tls: Option<TlsFiles>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    timeouts: timeouts::File,
}

impl DealerConfig {
    /// The dealer of these participants, without TLS, with default limits and timeouts.
    pub fn new(participants: Participants, listen: &str) -> Self {
        let (limits, timeouts) = (Limits::default(), Timeouts::default());
        Self { participants, listen: listen.to_owned(), tls: None, limits, timeouts, file: "configuration of the dealer".into() }
    }

    /// Reads and checks the file of a dealer, and the deployment that it names.
    ///
    /// # Errors
    /// [`Error::Config`], or [`Error::File`] where a file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file: File = read(path)?;
        let participants = Participants::from_file(beside(path, &file.deployment))?;
        let mut config = Self { file: path.to_owned(), ..Self::new(participants, &file.listen) };
        config.tls = file.tls.map(|tls| tls.beside(path));
        config.limits = file.limits;
        config.timeouts = file.timeouts.timeouts().map_err(|(field, message)| config.wrong(field, message))?;
        config.check()?;
        Ok(config)
    }

    /// Checks everything that can be checked without a socket; the certificates are read.
    ///
    /// # Errors
    /// Names the first field that is wrong, and says what to do.
    pub fn check(&self) -> Result<()> {
        self.participants.check()?;
        address::check(&self.listen, self.tls.is_none()).map_err(|message| self.wrong("listen", message))?;
        if self.limits.sessions == 0 {
            return Err(self.wrong("limits.sessions", "a dealer without sessions serves nobody".into()));
        }
        self.timeouts.check().map_err(|(field, message)| self.wrong(field, message))?;
        self.identity().map(|_| ())
    }

    /// The dealer's name.
    ///
    /// # Errors
    /// When the deployment has no dealer.
    pub fn name(&self) -> Result<&str> {
        let message = || "the deployment names no dealer: add dealer = \"NAME\" there".to_owned();
        self.participants.dealer.as_deref().ok_or_else(|| self.wrong("deployment", message()))
    }

    /// Binds the port where the parties call.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the port cannot be had.
    pub fn listener(&self) -> Result<Listener> {
        self.check()?;
        let party = self.participants.called(self.name()?);
        Listener::bind(&self.listen, &self.identity()?).map_err(|cause| Error::Connect { party, cause })
    }

    fn identity(&self) -> Result<Identity> {
        identity(self.name()?, self.tls.as_ref(), |field, message| self.wrong(field, message))
    }

    fn wrong(&self, field: &str, message: String) -> Error {
        Error::Config { path: self.file.clone(), field: field.to_owned(), message }
    }
}
