//! Who may own and learn what: names of roles, names and shapes of releases.

use super::rank;
use crate::ast::{Header, OUTPUT, Release};
use crate::diagnostics::Errors;
use crate::roles::{key, reserved};
use syn::Ident;
use syn::ext::IdentExt;

/// Checks everything about roles that the header says.
pub fn roles(header: &Header, errors: &mut Errors) {
    if !header.is_concrete() {
        return layer(header, errors);
    }
    let before = errors.len();
    let mut known: Vec<&Ident> = Vec::new();
    let owners = header.inputs.iter().filter_map(|i| i.owner.as_ref()).chain(&header.weights);
    for role in owners.chain(header.releases.iter().flat_map(|r| &r.to)) {
        name(role, &mut known, errors);
    }
    // a name that is wrong in itself is enough of an error
    if errors.len() == before {
        unknown(header, errors);
    }
    for (i, release) in header.releases.iter().enumerate() {
        receivers(release, errors);
        signature(release, errors);
        duplicate(release, &header.releases[..i], errors);
        if let Some(dims) = &release.dims {
            rank(dims, true, errors);
        }
    }
}

/// A submodel has no roles. Every clause is an error of its own, because each has to go.
fn layer(header: &Header, errors: &mut Errors) {
    let open = header.inputs.iter().find(|i| i.dims.is_none()).map(|i| format!("the shape of `{}` is open", i.name));
    let why = open.unwrap_or_else(|| "it has parameters".to_owned());
    let message =
        |what: &str| format!("no `{what}` here: `{}` is a layer, because {why}, and roles belong to the model that runs", header.name);
    for owner in header.inputs.iter().filter_map(|i| i.owner.as_ref()) {
        errors.on(owner, message("from"));
    }
    if let Some(owner) = &header.weights {
        errors.on(owner, message("weights from"));
    }
    for release in &header.releases {
        errors.at(release.span, message("release"));
    }
}

/// The name of a role is that of a function and, in camel case, part of a struct's.
fn name<'a>(role: &'a Ident, known: &mut Vec<&'a Ident>, errors: &mut Errors) {
    let Some(same) = known.iter().find(|k| key(k) == key(role)) else {
        known.push(role);
        if let Some(taken) = reserved(role) {
            errors.on(role, format!("a role becomes a function of the model, and `{taken}` is one already: choose another name"));
        }
        return;
    };
    if *same != role {
        errors.on(role, format!("`{same}` and `{role}` differ only in case or `_`, and roles are compared without them"));
    }
}

/// Roles that nobody has introduced: the default receiver where it owns nothing, and a receiver that is spelt almost like an owner.
fn unknown(header: &Header, errors: &mut Errors) {
    let mut owners: Vec<String> = header.inputs.iter().map(|i| i.owner.as_ref().map_or_else(|| "client".to_owned(), text)).collect();
    owners.push(header.weights.as_ref().map_or_else(|| "server".to_owned(), text));
    if header.releases.is_empty() && !header.inputs.is_empty() && !owners.iter().any(|o| o == "client") {
        let message = format!(
            "`{}` does not say who learns its output, and nobody here is called `client`, who learns it by default: add `release {OUTPUT} to {}`",
            header.name, owners[0]
        );
        errors.on(&header.name, message);
    }
    let mut told: Vec<String> = Vec::new();
    for role in header.releases.iter().flat_map(|r| &r.to) {
        let name = text(role);
        let near = owners.iter().find(|owner| !owners.contains(&name) && one_letter_apart(owner, &name));
        if let Some(owner) = near.filter(|_| !told.contains(&name)) {
            let message = format!(
                "unknown role `{name}`: did you mean `{owner}`? A role that only learns needs a name that is not mistaken for another"
            );
            errors.on(role, message);
            told.push(name);
        }
    }
}

fn text(role: &Ident) -> String {
    role.unraw().to_string()
}

/// Whether two names are the same but for one letter that is missing, other or swapped with its neighbour. Numbers tell names apart on purpose.
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let (s, l): (Vec<char>, Vec<char>) = (short.chars().collect(), long.chars().collect());
    if s.len() < 4 || l.len() > s.len() + 1 {
        return false;
    }
    let start = s.iter().zip(&l).take_while(|(a, b)| a == b).count();
    let end = s[start..].iter().rev().zip(l[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (s, l) = (&s[start..s.len() - end], &l[start..l.len() - end]);
    let number = s.iter().chain(l).any(char::is_ascii_digit);
    match (s, l) {
        ([] | [_], [_]) => !number,
        ([a, b], [c, d]) => (a, b) == (d, c),
        _ => false,
    }
}

fn receivers(release: &Release, errors: &mut Errors) {
    for (i, role) in release.to.iter().enumerate() {
        if release.to[..i].contains(role) {
            errors.on(role, format!("`{role}` is named twice"));
        }
    }
}

/// A release says its name and its shape, unless the output has both already.
fn signature(release: &Release, errors: &mut Errors) {
    if release.is_output() || (release.name.is_some() && release.dims.is_some()) {
        return;
    }
    let needs = "its dimensions, unless it opens just";
    if let Some(name) = &release.name {
        return errors.on(name, format!("a release needs {needs} `{OUTPUT}`: write `release {name}: [..] = ..`"));
    }
    let example = "release scores: [10] = output -> Relu to client";
    errors.at(release.span, format!("a release needs a name and {needs} `{OUTPUT}`, as in `{example}`"));
}

/// Names of releases are fields, compared without case.
fn duplicate(release: &Release, earlier: &[Release], errors: &mut Errors) {
    let Some(name) = of(release) else { return };
    let Some(other) = earlier.iter().filter_map(of).find(|other| other.to_lowercase() == name.to_lowercase()) else { return };
    let message = if other == name && release.name.is_none() {
        format!("`{OUTPUT}` is released already: name all of its roles in one release, as in `to client, auditor`, or give this one a name")
    } else if other == name {
        format!("a release named `{name}` exists already: choose another name, or name all of its roles in one release")
    } else {
        format!("`{other}` and `{name}` differ only in case, and releases are compared without it")
    };
    match &release.name {
        Some(name) => errors.on(name, message),
        None => errors.at(release.pipe.as_ref().map_or(release.span, crate::ast::Pipe::span), message),
    }
}

/// The name of a release that has one.
fn of(release: &Release) -> Option<String> {
    match &release.name {
        Some(name) => Some(name.unraw().to_string()),
        None => release.is_output().then(|| OUTPUT.to_owned()),
    }
}
