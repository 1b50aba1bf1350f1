//! Figures as a table of Markdown, and as lines for people.

use crate::figures::Figures;
use crate::peers::Peer;
use serde_json::{Value, json};
use std::fmt::Write;

/// One workload, and what a peer takes for it.
pub struct Row {
    /// Ours.
    pub ours: Figures,
    /// CrypTen's.
    pub crypten: Option<Peer>,
}

impl Row {
    /// Our figures, and CrypTen's where it was measured.
    pub fn json(&self) -> Value {
        let mut all = json!(self.ours);
        if let (Value::Object(all), Some(peer), Some([online, both])) = (&mut all, &self.crypten, self.ratios()) {
            let theirs = json!({
                "crypten_seconds": peer.seconds,
                "crypten_bytes_sent_per_party": peer.bytes_sent_per_party,
                "crypten_rounds": peer.rounds,
                "crypten_max_abs_err": peer.max_abs_err,
                "times_as_fast": online,
                "times_as_fast_with_offline": both,
            });
            if let Value::Object(theirs) = theirs {
                all.extend(theirs);
            }
        }
        all
    }

    /// How many times as long as our online half CrypTen takes, and as both halves.
    pub fn ratios(&self) -> Option<[f64; 2]> {
        let theirs = self.crypten.as_ref()?.seconds;
        let both = self.ours.online_seconds + self.ours.offline_seconds;
        Some([theirs / self.ours.online_seconds, theirs / both])
    }
}

/// A table of Markdown with everything that belongs beside its numbers.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::new();
    if let Some(first) = rows.first() {
        let ours = &first.ours;
        let _ = writeln!(
            text,
            "{} parties and a dealer, semi-honest, every one a process with {} thread(s), TCP over loopback ({}); {}. Medians; seconds. Both halves: nothing \
             is dealt ahead. Sharing the weights, once, is not counted, neither here nor there.\n",
            ours.parties, ours.threads, ours.network, ours.machine
        );
    }
    if let Some(version) = rows.iter().find_map(|row| row.crypten.as_ref()).map(|peer| &peer.version) {
        let _ = writeln!(
            text,
            "{version}, a process with one thread for each party, its in-process provider of triples (insecure), which works within its time.\n"
        );
    }
    text.push_str("| workload | ring, fraction | online | with offline | MB sent | MB dealt | rounds | error | plain | CrypTen | MB | rounds | error | times as fast | with offline |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        let ours = &row.ours;
        let both = ours.online_seconds + ours.offline_seconds;
        let plain = ours.plain_seconds.map_or_else(|| "-".into(), seconds);
        let _ = write!(
            text,
            "| {} | {}, {} | {} | {} | {} | {} | {} | {:.1e} | {plain} |",
            name(ours),
            ours.ring,
            ours.fraction,
            seconds(ours.online_seconds),
            seconds(both),
            megabytes(ours.bytes_sent_per_party),
            megabytes(ours.offline_bytes),
            ours.rounds,
            ours.max_abs_err.unwrap_or(f64::NAN),
        );
        let _ = match (&row.crypten, row.ratios()) {
            (Some(peer), Some([online, both])) => writeln!(
                text,
                " {} | {} | {} | {:.1e} | {online:.0} | {both:.0} |",
                seconds(peer.seconds),
                megabytes(peer.bytes_sent_per_party),
                peer.rounds,
                peer.max_abs_err
            ),
            _ => writeln!(text, " - | - | - | - | - | - |"),
        };
    }
    text
}

/// What was measured, and whether the plan was calibrated.
pub fn name(figures: &Figures) -> String {
    if figures.calibrated { format!("{}, calibrated", figures.workload) } else { figures.workload.clone() }
}

/// Seconds with three digits that count.
fn seconds(seconds: f64) -> String {
    let digits = (2 - seconds.max(1e-9).log10().floor() as i32).clamp(0, 7) as usize;
    format!("{seconds:.digits$}")
}

fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes >= 10.0 { format!("{megabytes:.0}") } else { format!("{megabytes:.2}") }
}

/// One line for people.
pub fn line(row: &Row) -> String {
    let figures = &row.ours;
    let milliseconds = |seconds: f64| 1e3 * seconds;
    let mut line = format!(
        "{:25} online {:9.3} ms, offline {:9.3} ms, {:9.1} kB sent, {:10.1} kB dealt, {:3} rounds, {:5} MB, error {:.1e}",
        name(figures),
        milliseconds(figures.online_seconds),
        milliseconds(figures.offline_seconds),
        figures.bytes_sent_per_party as f64 / 1e3,
        figures.offline_bytes as f64 / 1e3,
        figures.rounds,
        figures.peak_rss_mb,
        figures.max_abs_err.unwrap_or(f64::NAN),
    );
    if figures.batch > 1 {
        let _ = write!(line, ", {:.1} samples a second run after run", figures.batch as f64 / figures.seconds_of_a_run);
    }
    if let Some(plain) = figures.plain_seconds {
        let _ = write!(line, ", plain {:.3} ms", milliseconds(plain));
    }
    if let (Some(peer), Some([online, both])) = (&row.crypten, row.ratios()) {
        let _ = write!(line, "; CrypTen {:.3} ms: {online:.0} times, {both:.0} with offline", milliseconds(peer.seconds));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_count() {
        assert_eq!([0.000_123_456, 0.0123, 1.2345, 123.4].map(seconds), ["0.000123", "0.0123", "1.23", "123"]);
        assert_eq!([1_234_567, 12_345_678].map(megabytes), ["1.23", "12"]);
    }
}
