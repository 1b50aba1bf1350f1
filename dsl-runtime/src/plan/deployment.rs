//! Where the roles of a description live: each is a computing party, or a client that only gives what it owns and gets what is released to it.

use crate::error::{Error, Result};
use crate::graph::Graph;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a role lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Place {
    /// The computing party with this index.
    Party(usize),
    /// The client with this index: it sends shares of what it owns and receives what is released to it.
    Client(usize),
}

/// The roles of the models of a computation, and where each lives. It is part of what a plan is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Empty: the k-th role of a description is party k, and those beyond the last party are clients.
    roles: BTreeMap<String, Place>,
}

impl Place {
    /// The party, unless it is a client.
    pub fn party(self) -> Option<usize> {
        if let Place::Party(p) = self { Some(p) } else { None }
    }

    /// Its number among the endpoints of a computation of N parties: the parties, the dealer, the clients.
    pub fn endpoint(self, parties: usize) -> usize {
        match self {
            Place::Party(p) => p,
            Place::Client(c) => parties + 1 + c,
        }
    }
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Place::Party(p) => write!(f, "party {p}"),
            Place::Client(c) => write!(f, "client {c}"),
        }
    }
}

impl Deployment {
    /// A role at each of these places.
    pub fn new(roles: impl IntoIterator<Item = (String, Place)>) -> Self {
        Self { roles: roles.into_iter().collect() }
    }

    /// The roles that are placed, by name; none where the order of a description decides.
    pub fn roles(&self) -> impl Iterator<Item = (&str, Place)> {
        self.roles.iter().map(|(role, place)| (role.as_str(), *place))
    }

    /// The places of the roles of a model.
    ///
    /// # Errors
    /// Names a role that has no place, or one beyond the last party.
    pub(crate) fn places(&self, graph: &Graph, parties: usize) -> Result<Vec<(String, Place)>> {
        let automatic = |k: usize| if k < parties { Place::Party(k) } else { Place::Client(k - parties) };
        let bad = |message: String| Error::Plan { model: graph.name.clone(), stage: "roles".into(), message };
        let places = graph.roles().into_iter().enumerate().map(|(k, role)| {
            let place = if self.roles.is_empty() { Some(automatic(k)) } else { self.roles.get(role).copied() };
            match place {
                Some(Place::Party(p)) if p >= parties => Err(bad(format!("role `{role}` is party {p}, but there are only {parties}"))),
                Some(place) => Ok((role.to_owned(), place)),
                None => {
                    let known: Vec<String> = self.roles.keys().map(|r| format!("`{r}`")).collect();
                    Err(bad(format!("the deployment says nothing about role `{role}`; it places {}", known.join(", "))))
                }
            }
        });
        places.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::trace_roles;
    use undertone_shape::Shape;

    fn graph() -> Graph {
        trace_roles("M", &[("x", Shape::new([2]), "hospital")], "clinic", |g, x| {
            let y = g.relu(x[0]);
            g.release("y", y, &["doctor"]);
            y
        })
        .unwrap()
    }

    #[test]
    fn without_a_file_the_order_of_the_description_decides() {
        let places = Deployment::default().places(&graph(), 2).unwrap();
        let expected = [("hospital", Place::Party(0)), ("clinic", Place::Party(1)), ("doctor", Place::Client(0))];
        assert_eq!(places, expected.map(|(r, p)| (r.to_owned(), p)));
        assert_eq!(expected.map(|(_, p)| p.endpoint(2)), [0, 1, 3]);
    }

    #[test]
    fn a_role_without_a_place_is_named() {
        let some = Deployment::new([("hospital".to_owned(), Place::Party(1)), ("clinic".to_owned(), Place::Party(0))]);
        let error = some.places(&graph(), 2).unwrap_err().to_string();
        assert!(error.contains("nothing about role `doctor`; it places `clinic`, `hospital`"), "{error}");
        let far = Deployment::new([("hospital".to_owned(), Place::Party(2))]);
        assert!(far.places(&graph(), 2).unwrap_err().to_string().contains("role `hospital` is party 2, but there are only 2"));
    }
}
