//! Labelled series of several numbers in the `.ts` format of the time-series classification archives (Bagnall et al., 2018), of equal lengths or not.
//!
//! ```text
//! # a comment
//! @dimensions 2
//! @classLabel true spoken silent
//! @data
//! 0.1,0.2,0.3:1.5,1.4,1.2:spoken
//! ```
//!
//! Fields of the head that say nothing about how to read the data, or are what they must be, may stand there too. The examples read the Japanese Vowels (Kudo, Toyama and Shimbo, 1999): nine
//! speakers say two vowels, twelve coefficients of linear prediction every 6.4 ms, 7 to 29 times.

use crate::error::{Error, Result};
use std::path::Path;

/// Series and their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The numbers at each point in time.
    pub channels: usize,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Each series, point by point, [`channels`](Self::channels) numbers each.
    pub values: Vec<Vec<f32>>,
    /// The class of each series.
    pub labels: Vec<usize>,
}

impl Series {
    /// The points of the longest series.
    pub fn longest(&self) -> usize {
        self.values.iter().map(|values| values.len() / self.channels).max().unwrap_or(0)
    }

    /// All series as `[length, channels]` each, one after the other, zeros *before* a shorter one: a recurrent layer then ends with what came last.
    ///
    /// # Errors
    /// The number and the points of the first series that is longer.
    pub fn padded(&self, length: usize) -> Result<Vec<f32>, TooLong> {
        let mut all = Vec::with_capacity(self.values.len() * length * self.channels);
        for (series, values) in self.values.iter().enumerate() {
            let Some(missing) = (length * self.channels).checked_sub(values.len()) else {
                return Err(TooLong { series, points: values.len() / self.channels, length });
            };
            all.resize(all.len() + missing, 0.0);
            all.extend(values);
        }
        Ok(all)
    }
}

/// A series has more points than there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("series {series}, counted from 0, has {points} points, but the model takes {length}")]
pub struct TooLong {
    /// Which one.
    pub series: usize,
    /// Its points.
    pub points: usize,
    /// The points that there is room for.
    pub length: usize,
}

/// Reads a `.ts` file.
///
/// # Errors
/// When the file cannot be read, its head lacks the classes or the data, has time stamps or missing values, or a line has another number of channels, channels of different
/// lengths, something else than finite numbers, or an unknown class.
pub fn read(path: impl AsRef<Path>) -> Result<Series> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
    parse(&text).map_err(|message| Error::new(path, message))
}

fn parse(text: &str) -> Result<Series, String> {
    let mut lines =
        text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (mut channels, mut classes) = (None, Vec::new());
    loop {
        let (number, line) = lines.next().ok_or("has no line `@data`; is this a file of series?")?;
        let lower = line.to_ascii_lowercase();
        let mut words = line.split_whitespace().skip(1);
        match lower.split_whitespace().next().unwrap_or_default() {
            "@data" => break,
            "@timestamps" | "@missing" if lower.ends_with("true") => return Err(format!("line {number}: `{line}` is not supported")),
            "@univariate" if lower.ends_with("true") => channels = Some(1),
            "@dimensions" => {
                let count = words.next().and_then(|w| w.parse().ok()).filter(|n| *n > 0);
                channels = Some(count.ok_or_else(|| format!("line {number}: `{line}` is no number of channels"))?);
            }
            "@classlabel" if words.next().is_some_and(|w| w.eq_ignore_ascii_case("true")) => classes = words.map(str::to_owned).collect(),
            field if field.starts_with('@') => {}
            _ => return Err(format!("line {number} is not of the head, and there was no line `@data` yet")),
        }
    }
    if classes.is_empty() {
        return Err("names no classes; the head needs a line `@classLabel true`, followed by them".to_owned());
    }
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        let (series, label) = row(line, &mut channels, &classes).map_err(|message| format!("line {number}: {message}"))?;
        values.push(series);
        labels.push(label);
    }
    match channels {
        Some(channels) if !values.is_empty() => Ok(Series { channels, classes, values, labels }),
        _ => Err("has no series below its line `@data`".to_owned()),
    }
}

/// A series point by point, and its class.
fn row(line: &str, channels: &mut Option<usize>, classes: &[String]) -> Result<(Vec<f32>, usize), String> {
    let (data, class) = line.rsplit_once(':').ok_or("has no class after a colon")?;
    let label = classes
        .iter()
        .position(|c| c == class.trim())
        .ok_or_else(|| format!("`{}` is none of the classes {}", class.trim(), classes.join(", ")))?;
    let number = |field: &str| {
        field.trim().parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| format!("`{}` is no finite number", field.trim()))
    };
    let rows = data.split(':').map(|channel| channel.split(',').map(number).collect()).collect::<Result<Vec<Vec<f32>>, String>>()?;
    let expected = *channels.get_or_insert(rows.len());
    if rows.len() != expected {
        return Err(format!("has {} channels, but the others have {expected}", rows.len()));
    }
    let points = rows[0].len();
    if let Some(other) = rows.iter().find(|channel| channel.len() != points) {
        return Err(format!("has channels of {points} and of {} points", other.len()));
    }
    Ok(((0..points).flat_map(|t| rows.iter().map(move |channel| channel[t])).collect(), label))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# two\n@problemName Test\n@timeStamps false\n@missing false\n@univariate false\n@dimensions 2\n@equalLength false\n@classLabel true a b\n@data\n1,2,3:-1,-2,-3:b\n\n4:0.5:a\n";

    #[test]
    fn series_are_read_point_by_point() {
        let s = parse(GOOD).unwrap();
        assert_eq!((s.channels, s.longest(), s.labels.as_slice()), (2, 3, &[1, 0][..]));
        assert_eq!(s.values, [vec![1.0, -1.0, 2.0, -2.0, 3.0, -3.0], vec![4.0, 0.5]]);
        assert_eq!(s.padded(3).unwrap(), [1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.5], "zeros come first");
        let error = s.padded(2).unwrap_err();
        assert_eq!(error, TooLong { series: 0, points: 3, length: 2 });
        assert!(error.to_string().contains("series 0") && error.to_string().contains("3 points"), "{error}");
        let one = parse("@univariate true\n@CLASSLABEL TRUE x\n@DATA\r\n1, 2:x\r\n").unwrap();
        assert_eq!((one.channels, one.values), (1, vec![vec![1.0, 2.0]]));
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why() {
        let refused = |from: &str, to: &str, expected: &str| {
            assert!(GOOD.contains(from), "{from} is not in the file");
            let message = parse(&GOOD.replace(from, to)).unwrap_err();
            assert!(message.contains(expected), "expected `{expected}`, got `{message}`");
        };
        refused("@data", "@date", "line 10 is not of the head");
        refused("@data\n1,2,3:-1,-2,-3:b\n\n4:0.5:a\n", "", "no line `@data`");
        refused("1,2,3:-1,-2,-3:b\n\n4:0.5:a\n", "", "no series below");
        refused("@classLabel true a b", "@classLabel false", "names no classes");
        refused("@classLabel true a b", "@classLabel true", "names no classes");
        refused("@dimensions 2", "@dimensions 0", "line 6: `@dimensions 0` is no number");
        refused("@dimensions 2", "@dimensions 3", "line 10: has 2 channels, but the others have 3");
        refused("4:0.5:a", "4:a", "line 12: has 1 channels, but the others have 2");
        refused("@missing false", "@missing true", "`@missing true` is not supported");
        refused("@timeStamps false", "@timeStamps true", "is not supported");
        refused("-3:b", "-3:c", "line 10: `c` is none of the classes a, b");
        refused("1,2,3", "1,?,3", "`?` is no finite number");
        refused("1,2,3", "1,NaN,3", "`NaN` is no finite number");
        refused("1,2,3", "1,,3", "`` is no finite number");
        refused("1,2,3", "1,2", "channels of 2 and of 3 points");
        refused("4:0.5:a", "4", "line 12: has no class");
        assert!(parse("").unwrap_err().contains("no line `@data`"));
        assert!(read("nowhere.ts").unwrap_err().to_string().starts_with("nowhere.ts: cannot be read"));
    }
}
