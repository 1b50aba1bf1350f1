//! Where in what a file holds the state dict is: it is all of it, or one dictionary among other things.

use crate::TorchError;
use crate::names::shown;
use crate::pickle::{Loaded, Object, Value, kind};
use crate::tensor::View;
use std::collections::HashSet;

/// Names under which training programs keep the state dict of the model, beside those of an optimiser or an average.
const USUAL: [&str; 8] = ["state_dict", "model_state_dict", "model_state", "model", "network", "net", "weights", "params"];

/// How deep a checkpoint nests dictionaries.
const DEPTH: usize = 8;

/// The tensors of the one state dict that was loaded, in the order of the file.
///
/// # Errors
/// When there is none, or several and none of them has one of the [usual](USUAL) names: what there is, is said.
pub fn state_dict(loaded: &Loaded) -> Result<Vec<(&str, &View)>, TorchError> {
    let Some(Object::Dict(top)) = loaded.object(loaded.result) else {
        return Err(TorchError::no_state_dict(format!(
            "holds {}, and not the weights of a model by their names",
            kind(loaded, loaded.result)
        )));
    };
    if let Some(tensors) = tensors(loaded, top) {
        return Ok(tensors);
    }
    let mut found = vec![];
    search(loaded, top, "", 1, &mut HashSet::new(), &mut found);
    let usual: Vec<usize> = (0..found.len()).filter(|i| USUAL.contains(&found[*i].0.as_str())).collect();
    match (usual.as_slice(), found.len()) {
        ([one], _) => Ok(found.swap_remove(*one).1),
        ([], 1) => Ok(found.swap_remove(0).1),
        (_, 0) => Err(TorchError::no_state_dict(format!("holds a dictionary without tensors ({})", listed(loaded, top)))),
        _ => {
            let all: Vec<String> = found.iter().take(8).map(|(path, t)| format!("`{}` with {} tensors", shown(path), t.len())).collect();
            Err(TorchError::no_state_dict(format!("holds {} dictionaries of tensors ({}), and one is meant", found.len(), all.join(", "))))
        }
    }
}

/// The tensors of a dictionary, if it has any and its other entries are no dictionaries that have some.
fn tensors<'a>(loaded: &'a Loaded, dict: &'a [(Value, Value)]) -> Option<Vec<(&'a str, &'a View)>> {
    let views: Vec<(&str, &View)> = dict
        .iter()
        .filter_map(|(key, value)| match (loaded.text(*key), loaded.object(*value)) {
            (Some(key), Some(Object::Tensor(view))) => Some((key, view)),
            _ => None,
        })
        .collect();
    (!views.is_empty()).then_some(views)
}

/// All dictionaries of tensors below one, each once, by the path of their keys.
fn search<'a>(
    loaded: &'a Loaded,
    dict: &'a [(Value, Value)],
    path: &str,
    depth: usize,
    seen: &mut HashSet<usize>,
    found: &mut Vec<(String, Vec<(&'a str, &'a View)>)>,
) {
    if depth > DEPTH {
        return;
    }
    for (key, value) in dict {
        let (Value::Object(place), Some(Object::Dict(inner))) = (*value, loaded.object(*value)) else { continue };
        if !seen.insert(place) {
            continue;
        }
        let key = match key {
            Value::Int(n) => n.to_string(),
            other => shown(loaded.text(*other).unwrap_or("?")),
        };
        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
        match tensors(loaded, inner) {
            Some(tensors) => found.push((path, tensors)),
            None => search(loaded, inner, &path, depth + 1, seen, found),
        }
    }
}

fn listed(loaded: &Loaded, dict: &[(Value, Value)]) -> String {
    let all: Vec<String> = dict
        .iter()
        .take(8)
        .map(|(key, value)| format!("`{}` is {}", shown(loaded.text(*key).unwrap_or("?")), kind(loaded, *value)))
        .collect();
    if all.is_empty() { "it is empty".into() } else { all.join(", ") }
}
