//! Who owns what and who learns what: the roles of a model, with `client` and `server` where the description names none.

use crate::ast::{Dims, Header, OUTPUT, Release};
use syn::Ident;
use syn::ext::IdentExt;

/// Somebody who owns or learns something.
pub struct Role {
    pub name: Ident,
    /// The inputs that it owns, as places in the header.
    pub inputs: Vec<usize>,
    /// Whether it owns the weights.
    pub weights: bool,
    /// What it learns, as places in [`openings`].
    pub learns: Vec<usize>,
}

/// A value that is opened to some roles, by its name and, unless its description has errors, its shape.
pub struct Opening<'a> {
    pub name: Ident,
    pub dims: Option<&'a Dims>,
    pub to: Vec<Ident>,
    /// The clause, unless it is the default one.
    pub syntax: Option<&'a Release>,
}

/// What every model has by a name of its own; the functions of roles stand beside it.
const RESERVED: &str =
    "build compute default forward graph infer integer load loss name plan released required trainer twin twin_seeded twin_with weights";

/// Owners of inputs, the owner of the weights, receivers, in this order. Of names that count as one, the first.
pub fn roles(header: &Header) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for (i, input) in header.inputs.iter().enumerate() {
        find(&mut roles, &input.owner.clone().unwrap_or_else(|| default(header, "client"))).inputs.push(i);
    }
    find(&mut roles, &weights_owner(header)).weights = true;
    let openings = openings(header);
    for (i, opening) in openings.iter().enumerate() {
        for name in &opening.to {
            find(&mut roles, name).learns.push(i);
        }
    }
    for role in &mut roles {
        role.learns = distinct(&openings, &role.learns);
    }
    roles
}

/// The first of each name. Names are distinct in a description without errors.
pub fn distinct(openings: &[Opening], places: &[usize]) -> Vec<usize> {
    let name = |i: usize| openings[i].name.unraw().to_string().to_lowercase();
    (0..places.len()).filter(|k| places[..*k].iter().all(|earlier| name(*earlier) != name(places[*k]))).map(|k| places[k]).collect()
}

/// The role that owns the weights.
pub fn weights_owner(header: &Header) -> Ident {
    header.weights.clone().unwrap_or_else(|| default(header, "server"))
}

/// What the model opens; without a clause the output, to the client.
pub fn openings(header: &Header) -> Vec<Opening<'_>> {
    if header.releases.is_empty() {
        let (name, to) = (default(header, OUTPUT), vec![default(header, "client")]);
        return vec![Opening { name, dims: header.output.as_ref(), to, syntax: None }];
    }
    let mut openings: Vec<Opening> = Vec::new();
    for (i, release) in header.releases.iter().enumerate() {
        let dims = release.dims.as_ref().or(header.output.as_ref().filter(|_| release.is_output()));
        let unnamed = || if release.is_output() { default(header, OUTPUT) } else { quote::format_ident!("unnamed_{i}") };
        let name = release.name.clone().unwrap_or_else(unnamed);
        openings.push(Opening { name, dims, to: release.to.clone(), syntax: Some(release) });
    }
    openings
}

/// Whether the description says anything about roles.
pub fn are_written(header: &Header) -> bool {
    header.weights.is_some() || !header.releases.is_empty() || header.inputs.iter().any(|i| i.owner.is_some())
}

/// What tells two roles apart: names that differ only in case and `_` would give structs of one name.
pub fn key(name: &Ident) -> String {
    name.unraw().to_string().replace('_', "").to_lowercase()
}

/// What a model has by this name already.
pub fn reserved(name: &Ident) -> Option<&'static str> {
    RESERVED.split(' ').find(|reserved| reserved.replace('_', "") == key(name))
}

fn find<'r>(roles: &'r mut Vec<Role>, name: &Ident) -> &'r mut Role {
    let place = roles.iter().position(|r| key(&r.name) == key(name)).unwrap_or(roles.len());
    if place == roles.len() {
        roles.push(Role { name: name.clone(), inputs: Vec::new(), weights: false, learns: Vec::new() });
    }
    &mut roles[place]
}

fn default(header: &Header, name: &str) -> Ident {
    Ident::new(name, header.name.span())
}
