//! What a run has released to one endpoint: values by the names of the description's releases.

use crate::error::{Error, Result};
use crate::tensor::{Clear, Scalar, StaticShape};

/// The values of one release, sample after sample, row-major.
#[derive(Clone, PartialEq)]
pub enum Values {
    /// Fractions.
    Real(Vec<f32>),
    /// Indices, of an argmax.
    Index(Vec<u32>),
}

/// What was released to one endpoint, by name; `Debug` shows names and counts only.
#[derive(Clone, Default, PartialEq)]
pub struct Opened {
    all: Vec<(String, Values)>,
}

impl Values {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::Real(v) => v.len(),
            Values::Index(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Opened {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the values of a release, after those of earlier samples.
    pub(crate) fn push(&mut self, name: &str, values: Values) {
        let known = self.all.iter_mut().find(|(n, _)| n == name).map(|(_, v)| v);
        match (known, values) {
            (Some(Values::Real(known)), Values::Real(more)) => known.extend(more),
            (Some(Values::Index(known)), Values::Index(more)) => known.extend(more),
            (_, values) => self.all.push((name.to_owned(), values)),
        }
    }

    /// Adds what was released of later samples.
    pub(crate) fn append(&mut self, later: Self) {
        later.all.into_iter().for_each(|(name, values)| self.push(&name, values));
    }

    /// The releases, in the order of the description.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.all.iter().map(|(name, values)| (name.as_str(), values))
    }

    /// The values of a release, if it was to this endpoint.
    pub fn get(&self, name: &str) -> Option<&Values> {
        self.all.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The fractions of a release; none where it was not to this endpoint, or holds indices.
    pub fn real(&self, name: &str) -> &[f32] {
        if let Some(Values::Real(values)) = self.get(name) { values } else { &[] }
    }

    /// The indices of a release; none where it was not to this endpoint, or holds fractions.
    pub fn indices(&self, name: &str) -> &[u32] {
        if let Some(Values::Index(values)) = self.get(name) { values } else { &[] }
    }

    /// Takes the values of a release out, with their shape.
    ///
    /// # Errors
    /// When it was not to this endpoint, or has other values than `T`.
    pub fn take<S: StaticShape, T: Scalar>(&mut self, name: &str) -> Result<Clear<S, T>> {
        let missing = || Error::Input { name: name.to_owned(), message: "was not released to this endpoint".into() };
        let at = self.all.iter().position(|(n, _)| n == name).ok_or_else(missing)?;
        let (name, values) = self.all.remove(at);
        let wrong = || Error::Input { name, message: format!("does not hold {}", T::KIND) };
        Clear::new(T::of(values).ok_or_else(wrong)?)
    }
}

impl core::fmt::Debug for Values {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} values", self.len())
    }
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_map().entries(self.all.iter().map(|(n, v)| (n, v))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::S1;

    #[test]
    fn values_are_taken_by_name_and_kind() {
        let mut opened = Opened::new();
        opened.push("score", Values::Real(vec![1.0, 2.0]));
        opened.push("class", Values::Index(vec![7]));
        opened.push("score", Values::Real(vec![3.0, 4.0]));
        assert_eq!((opened.real("score"), opened.indices("class")), (&[1.0, 2.0, 3.0, 4.0][..], &[7][..]));
        assert_eq!((opened.real("class").len(), opened.real("none").len()), (0, 0));
        assert_eq!(format!("{opened:?}"), r#"{"score": 4 values, "class": 1 values}"#, "no value is printed");
        let error = opened.clone().take::<S1<1>, f32>("class").unwrap_err().to_string();
        assert!(error.contains("`class`: does not hold fractions"), "{error}");
        assert_eq!(opened.take::<S1<2>, f32>("score").unwrap().batch(), 2);
        assert!(opened.take::<S1<2>, f32>("score").unwrap_err().to_string().contains("was not released"), "it is taken once");
        assert_eq!(opened.take::<S1<1>, u32>("class").unwrap().values(), [7]);
    }
}
