//! `report.json`: the report as it is, for machines.

use super::{Report, escape};

/// The report in JSON, by the schema `report`; ends with a line feed.
///
/// # Panics
/// Never: no map of the report has keys that are not text.
#[must_use]
pub fn json(report: &Report) -> String {
    let json = serde_json::to_string_pretty(report).expect("a report has text keys only");
    escape::json(&json) + "\n"
}
