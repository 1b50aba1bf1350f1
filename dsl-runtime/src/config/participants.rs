//! Who takes part in a computation, and where the roles of its models live: one file, the same for everybody.

use super::file::read;
use crate::error::{Error, Result};
use crate::net::{Label, check_name};
use crate::plan::{Deployment, Place};
use crate::protocol::PARTIES;
use crate::topology::Topology;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The endpoints of a computation by name, and where the roles live.
///
/// ```toml
/// parties = ["hospital", "clinic"]     # who computes; the order counts: the later of two dials the earlier
/// dealer = "dealer"                    # who deals; not needed where all parties have tapes on disk
/// clients = ["doctor"]                 # who only gives what it owns and gets what is released to it; none by default
///
/// [roles]                              # each role of a description, and its endpoint
/// patient = "hospital"                 # without this table the order of the description decides
/// model = "clinic"
/// reader = "doctor"
/// ```
///
/// With three parties and `topology = "third-deals"` there is no dealer: one of the three deals, in each slice of a batch another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participants {
    /// Who deals: somebody who takes no other part, unless the file says `topology = "third-deals"`.
    pub topology: Topology,
    /// The computing parties, in order.
    pub parties: Vec<String>,
    /// The dealer; none where all parties have tapes on disk.
    pub dealer: Option<String>,
    /// Those that do not compute, in order.
    pub clients: Vec<String>,
    /// The endpoint of each role; empty: the order of a description decides.
    pub roles: BTreeMap<String, String>,
    /// What errors name.
    file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topology: Option<String>,
    parties: Vec<String>,
    dealer: Option<String>,
    #[serde(default)]
    clients: Vec<String>,
    #[serde(default)]
    roles: BTreeMap<String, String>,
}

impl Participants {
    /// Three parties of which one deals, without clients and roles: these are fields.
    pub fn third_deals(parties: [&str; 3]) -> Self {
        Self { topology: Topology::ThirdDeals, ..Self::new(&parties, None) }
    }

    /// How many parties compute one sample: all, or two of three.
    pub(crate) fn computing(&self) -> usize {
        match self.topology {
            Topology::Dealer => self.parties.len(),
            Topology::ThirdDeals => 2,
        }
    }

    /// Parties and a dealer, without clients and roles: these are fields.
    pub fn new(parties: &[&str], dealer: Option<&str>) -> Self {
        let parties = parties.iter().map(|&p| p.to_owned()).collect();
        Self { parties, dealer: dealer.map(str::to_owned), file: "deployment".into(), ..Self::default() }
    }

    /// Reads and checks a deployment.
    ///
    /// # Errors
    /// [`Error::Config`], or [`Error::File`] where the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let File { topology, parties, dealer, clients, roles } = read(path.as_ref())?;
        let mut participants = Self { topology: Topology::Dealer, parties, dealer, clients, roles, file: path.as_ref().to_owned() };
        if let Some(name) = topology {
            let none = || participants.wrong("topology", format!("`{}` is none: write \"dealer\" or \"third-deals\"", printable(&name)));
            participants.topology = Topology::named(&name).ok_or_else(none)?;
        }
        participants.check()?;
        Ok(participants)
    }

    /// Checks names and roles.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<()> {
        if self.topology == Topology::ThirdDeals {
            if self.parties.len() != 3 {
                return Err(self.wrong("parties", format!("{} parties: the third deals among three", self.parties.len())));
            }
            if self.dealer.is_some() {
                return Err(self.wrong("dealer", "one of the three parties deals: remove it, or write topology = \"dealer\"".into()));
            }
        } else if !(2..=PARTIES).contains(&self.parties.len()) {
            return Err(self.wrong("parties", format!("{} parties: use 2 to {PARTIES}", self.parties.len())));
        }
        let fields = [("parties", self.parties.as_slice()), ("dealer", self.dealer.as_slice()), ("clients", self.clients.as_slice())];
        let mut seen: Vec<&str> = vec![];
        for (field, names) in fields {
            for name in names {
                check_name(name).map_err(|e| self.wrong(field, e.to_string()))?;
                if seen.contains(&name.as_str()) {
                    return Err(self.wrong(field, format!("`{name}` is there twice: each endpoint has a name of its own")));
                }
                seen.push(name);
            }
        }
        for (role, name) in &self.roles {
            let field = format!("roles.{role}");
            if self.dealer.as_ref() == Some(name) {
                return Err(self.wrong(&field, format!("`{name}` is the dealer, which knows every mask: no role can live there")));
            }
            if self.place(name).is_none() {
                return Err(self.wrong(&field, format!("there is no endpoint `{name}`; there are {}", self.listed())));
            }
        }
        Ok(())
    }

    /// Where each role lives: what a plan is made of.
    pub fn deployment(&self) -> Deployment {
        Deployment::new(self.roles.iter().filter_map(|(role, name)| Some((role.clone(), self.place(name)?))))
    }

    /// Where an endpoint stands; nowhere if it is the dealer, or unknown.
    pub fn place(&self, name: &str) -> Option<Place> {
        let at = |names: &[String]| names.iter().position(|n| n == name);
        at(&self.parties).map(Place::Party).or_else(|| at(&self.clients).map(Place::Client))
    }

    /// The names of all endpoints: parties, dealer, clients.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.parties.iter().chain(&self.dealer).chain(&self.clients).map(String::as_str)
    }

    /// What an endpoint is called in errors.
    pub(crate) fn called(&self, name: &str) -> String {
        match self.place(name) {
            Some(place) => format!("{place} `{name}`"),
            None if self.dealer.as_deref() == Some(name) => format!("the dealer `{name}`"),
            None => format!("`{name}`"),
        }
    }

    /// What all endpoints are called, by their numbers.
    pub(crate) fn names(&self) -> Vec<String> {
        let dealer = self.dealer.as_ref().map_or_else(|| "the dealer".to_owned(), |name| self.called(name));
        let called = |name: &String| self.called(name);
        self.parties.iter().map(called).chain([dealer]).chain(self.clients.iter().map(called)).collect()
    }

    pub(super) fn listed(&self) -> String {
        self.all().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    /// The label under which parties and clients call each other: endpoints with another list of names are in another session.
    pub fn label(&self) -> Label {
        let mut hasher = blake3::Hasher::new_derive_key("undertone 2026 endpoints");
        for names in [&self.parties, &self.clients] {
            hasher.update(&(names.len() as u64).to_le_bytes());
            for name in names {
                hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            }
        }
        let mut label = Label::default();
        label.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        label
    }

    fn wrong(&self, field: &str, message: String) -> Error {
        Error::Config { path: self.file.clone(), field: field.to_owned(), message }
    }
}

/// A text from outside, as data.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
