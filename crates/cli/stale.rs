//! Rows of a run's output that keep an older answer, as its summary says.

use leadmill_state::RunRecord;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many rows of each step keep an older answer, in the latest output of a run. Steps without any are left out.
pub(crate) fn of(run: &RunRecord) -> BTreeMap<String, u64> {
    let summary: Value = run
        .summary
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let steps = summary["steps"].as_array().into_iter().flatten();
    let stale = steps.filter_map(|step| {
        let rows = step["stale"].as_u64().filter(|rows| *rows > 0)?;
        Some((step["name"].as_str()?.to_owned(), rows))
    });
    stale.collect()
}

/// The same of one step, for people.
pub(crate) fn told(step: &str, rows: u64) -> String {
    format!("{step}: {rows} rows keep an older answer (stale)")
}
