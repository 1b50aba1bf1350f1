//! Statlog's German credit data (Hofmann, 1994): a thousand applicants for a credit, and whether they turned out to be a good or a bad risk. A table with a header, twenty
//! attributes in codes, and the risk: 1 is good, 2 is bad.
//!
//! A row becomes numbers from 0 to 1: quantities by a fixed scale, codes as one number a code, of which one is 1. Two attributes are left out because nobody may be refused for
//! them: the ninth, marital status and sex, and the twentieth, foreign worker.

use crate::error::{Error, Result};
use std::path::Path;

/// The numbers of an applicant.
pub const FEATURES: usize = 56;

/// What is done with an attribute.
enum Column {
    /// A quantity between these two, which become 0 and 1.
    Quantity(f32, f32),
    /// One of these codes.
    Codes(&'static [&'static str]),
    /// Left out.
    Unused,
}

/// The attributes, in the order of the table.
const COLUMNS: [Column; 20] = [
    Column::Codes(&["A11", "A12", "A13", "A14"]),
    Column::Quantity(4.0, 72.0),
    Column::Codes(&["A30", "A31", "A32", "A33", "A34"]),
    Column::Codes(&["A40", "A41", "A42", "A43", "A44", "A45", "A46", "A47", "A48", "A49", "A410"]),
    Column::Quantity(250.0, 18_424.0),
    Column::Codes(&["A61", "A62", "A63", "A64", "A65"]),
    Column::Codes(&["A71", "A72", "A73", "A74", "A75"]),
    Column::Quantity(1.0, 4.0),
    Column::Unused,
    Column::Codes(&["A101", "A102", "A103"]),
    Column::Quantity(1.0, 4.0),
    Column::Codes(&["A121", "A122", "A123", "A124"]),
    Column::Quantity(19.0, 75.0),
    Column::Codes(&["A141", "A142", "A143"]),
    Column::Codes(&["A151", "A152", "A153"]),
    Column::Quantity(1.0, 4.0),
    Column::Codes(&["A171", "A172", "A173", "A174"]),
    Column::Quantity(1.0, 2.0),
    Column::Codes(&["A191", "A192"]),
    Column::Unused,
];

/// Applicants and what became of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applicants {
    /// [`FEATURES`] numbers for each.
    pub features: Vec<f32>,
    /// 1 for a bad risk, 0 for a good one.
    pub bad: Vec<usize>,
}

/// Reads the table: applicants to learn from, and every fifth one to test with.
///
/// # Errors
/// When the file cannot be read, or a row has another number of attributes, an unknown code or a quantity out of its scale.
pub fn read(path: impl AsRef<Path>) -> Result<(Applicants, Applicants)> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
    let (mut train, mut test) = (Applicants::default(), Applicants::default());
    for (i, line) in text.lines().skip(1).enumerate() {
        let (features, bad) = row(line).map_err(|message| Error::new(path, format!("line {}: {message}", i + 2)))?;
        let set = if i % 5 == 4 { &mut test } else { &mut train };
        set.features.extend(features);
        set.bad.push(usize::from(bad));
    }
    if test.bad.is_empty() {
        return Err(Error::new(path, "has fewer than five applicants below its header"));
    }
    Ok((train, test))
}

/// The numbers of one applicant, and whether it is a bad risk.
fn row(line: &str) -> Result<(Vec<f32>, bool), String> {
    let fields: Vec<&str> = line.trim_end().split(',').collect();
    let Some((risk, attributes)) = fields.split_last().filter(|(_, attributes)| attributes.len() == COLUMNS.len()) else {
        return Err(format!("{} fields; {} attributes and the risk are needed", fields.len(), COLUMNS.len()));
    };
    let mut features = Vec::with_capacity(FEATURES);
    for (k, (field, column)) in attributes.iter().zip(&COLUMNS).enumerate() {
        match column {
            Column::Unused => {}
            Column::Quantity(least, most) => {
                let value = field.parse().ok().filter(|v| (*least..=*most).contains(v));
                let value: f32 = value.ok_or_else(|| format!("attribute {} is `{field}`, but should be {least} to {most}", k + 1))?;
                features.push((value - least) / (most - least));
            }
            Column::Codes(codes) if codes.contains(field) => features.extend(codes.iter().map(|code| f32::from(u8::from(code == field)))),
            Column::Codes(codes) => return Err(format!("attribute {} is `{field}`, but should be one of {}", k + 1, codes.join(", "))),
        }
    }
    match *risk {
        "1" => Ok((features, false)),
        "2" => Ok((features, true)),
        other => Err(format!("the risk is `{other}`, but should be 1 or 2")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "A11,6,A34,A43,1169,A65,A75,4,A93,A101,4,A121,67,A143,A152,2,A173,1,A192,A201,1";

    #[test]
    fn a_row_becomes_numbers_from_0_to_1() {
        let (features, bad) = row(GOOD).unwrap();
        assert_eq!((features.len(), bad), (FEATURES, false));
        assert!(features.iter().all(|v| (0.0..=1.0).contains(v)));
        assert_eq!(features[..4], [1.0, 0.0, 0.0, 0.0], "the first attribute has the first of four codes");
        assert!((features[4] - 2.0 / 68.0).abs() < 1e-6, "six months on a scale from 4 to 72");
        let codes = COLUMNS.iter().filter(|c| matches!(c, Column::Codes(_))).count();
        assert_eq!(features.iter().filter(|v| (**v - 1.0).abs() < 1e-9).count(), codes + 2, "two quantities are the largest");
        let (other, bad) = row(&GOOD.replace("A93", "A92").replace("A201,1", "A202,2")).unwrap();
        assert!(other == features && bad, "what must not count does not");
    }

    #[test]
    fn a_row_that_cannot_be_used_is_named() {
        let refused = |from: &str, to: &str, expected: &str| {
            let error = row(&GOOD.replace(from, to)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        refused("A11,", "A15,", "attribute 1 is `A15`, but should be one of A11, A12, A13, A14");
        refused("1169", "1", "attribute 5 is `1`, but should be 250 to 18424");
        refused("1169", "many", "attribute 5 is `many`");
        refused("1169", "NaN", "attribute 5 is `NaN`");
        refused("A201,1", "A201,3", "the risk is `3`");
        refused("A201,1", "A201", "20 fields; 20 attributes and the risk are needed");
        assert!(read("nowhere.csv").unwrap_err().to_string().contains("nowhere.csv"));
    }
}
