//! The budget of a description: what one sample may cost online.

use super::Settings;
use crate::model::Model;

/// Checks what one sample of a model costs online, with the default settings: rounds, and megabytes (10^6 bytes) that the busiest party sends.
///
/// # Errors
/// A text that says what is over, with the table of stages; or why the model has no plan.
pub fn within_budget<M: Model>(rounds: Option<u64>, megabytes: Option<f64>) -> Result<(), String> {
    let plan = M::plan(&Settings::default()).map_err(|e| e.to_string())?;
    let table = plan.cost(1);
    let total = table.total();
    let sent = total.sent as f64 / 1e6;
    let mut over = Vec::new();
    if let Some(rounds) = rounds.filter(|rounds| total.rounds > *rounds) {
        over.push(format!("{} rounds instead of {rounds}", total.rounds));
    }
    if let Some(megabytes) = megabytes.filter(|megabytes| sent > *megabytes) {
        over.push(format!("{sent:.6} megabytes instead of {megabytes}"));
    }
    if over.is_empty() { Ok(()) } else { Err(format!("`{}` is over its budget: {}\n{table}", M::NAME, over.join(", "))) }
}
