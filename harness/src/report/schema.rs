//! JSON Schemas (draft 2020-12) of what the report module writes and reads.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::{Report, Run};
use crate::trace::{self, jsonl};

/// Names that [`schema`] knows.
pub const SCHEMAS: &[&str] = &["report", "run", "trace"];

/// One line of `trace.jsonl`: the first is a head, all others are entries.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum TraceLine {
    /// The first line.
    Head(jsonl::Head),
    /// Any other line.
    Entry(trace::Entry),
}

/// The schema called `name`: `report` and `run` for a whole file, `trace` for each line of one.
#[must_use]
pub fn schema(name: &str) -> Option<Value> {
    let schema = match name {
        "report" => schema_for!(Report),
        "run" => schema_for!(Run),
        "trace" => schema_for!(TraceLine),
        _ => return None,
    };
    Some(schema.to_value())
}

#[cfg(test)]
mod tests {
    use std::io::BufRead as _;

    use super::*;
    use crate::{report::fixture, trace::Transport};

    #[test]
    fn a_report_fits_its_schema() {
        let validator = jsonschema::validator_for(&schema("report").unwrap()).unwrap();
        let report: Value = serde_json::from_str(&crate::report::json(&fixture::report())).unwrap();
        assert_eq!(validator.iter_errors(&report).map(|error| error.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
        assert!(!validator.is_valid(&serde_json::json!({"schema": "cpmspec.report/1"})));
    }

    #[test]
    fn a_run_fits_its_schema() {
        let validator = jsonschema::validator_for(&schema("run").unwrap()).unwrap();
        assert!(validator.is_valid(&serde_json::to_value(fixture::run(vec![fixture::asked("X-1-1")])).unwrap()));
    }

    #[test]
    fn each_line_of_a_trace_fits_its_schema() {
        let validator = jsonschema::validator_for(&schema("trace").unwrap()).unwrap();
        for path in ["scenarios/1/trace.jsonl", "scenarios/2/trace.jsonl"] {
            for line in fixture::trace_file(path, Transport::Udp).lines() {
                let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
                assert!(validator.is_valid(&line), "{line}");
            }
        }
        assert!(!validator.is_valid(&serde_json::json!({"at": 1, "bytes": {}})));
    }

    #[test]
    fn every_name_has_a_schema() {
        assert!(SCHEMAS.iter().all(|name| schema(name).is_some()));
        assert_eq!(schema("profile"), None);
    }
}
