//! A file of what was measured at which commit, a line a workload, so that a change that costs time can be found later.

use crate::failure::{Doing, Result};
use crate::figures::Figures;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// What the columns are.
const HEAD: &str = "date,commit,workload,parties,ring,threads,network,online_seconds,offline_seconds,bytes_sent_per_party,offline_bytes,rounds,peak_rss_mb,machine";

/// Appends a line to the file at `path`, and begins it if it is not there.
///
/// # Errors
/// When it cannot be written.
pub fn record(path: &Path, figures: &Figures) -> Result<()> {
    let new = !path.exists();
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).doing("the history")?;
    let text = if new { format!("{HEAD}\n{}", line(figures, &today(), &commit())) } else { line(figures, &today(), &commit()) };
    file.write_all(text.as_bytes()).doing("the history")
}

fn line(f: &Figures, date: &str, commit: &str) -> String {
    format!(
        "{date},{commit},{},{},{},{},{},{:.6},{:.6},{},{},{},{},{}\n",
        crate::table::name(f).replace(',', ";"),
        f.parties,
        f.ring,
        f.threads,
        f.network,
        f.online_seconds,
        f.offline_seconds,
        f.bytes_sent_per_party,
        f.offline_bytes,
        f.rounds,
        f.peak_rss_mb,
        f.machine.replace(',', ";"),
    )
}

/// The commit of the checkout that this runs in, with `+` where files differ from it; `unknown` outside of one.
fn commit() -> String {
    let git = |args: &[&str]| {
        Command::new("git")
            .args(args)
            .output()
            .ok()
            .filter(|o| o.status.success())
            .map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
    git(&["rev-parse", "--short", "HEAD"]).map_or_else(|| "unknown".into(), |id| if changed { format!("{id}+") } else { id })
}

/// The day, as the calendar of UTC has it.
fn today() -> String {
    let days = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |t| t.as_secs() / 86_400);
    date(days)
}

/// The date of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn date(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    format!("{:04}-{month:02}-{day:02}", year_of_era + era * 400 + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!([0, 59, 11_016, 20_785].map(date), ["1970-01-01", "1970-03-01", "2000-02-29", "2026-11-28"]);
    }
}
