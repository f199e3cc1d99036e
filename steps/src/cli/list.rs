//! `list`: what would run, what would not, and why.

use std::fmt::Write as _;

use harness::sut::{Edition, profile};
use serde::Serialize;

use super::{Done, Format, Stop, print, profile_and_ids, selects};
use crate::{cases, files::Suite};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A profile (sut.yaml), then ids; without a profile those of the built-in references.
    #[arg(value_name = "PROFILE | ID")]
    what: Vec<String>,
    /// Text or JSON.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A row of the list; the JSON is a contract.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    section: String,
    /// Empty: of none.
    edition: &'static str,
    role: String,
    level: String,
    tested: bool,
    reason: Option<String>,
    scenarios: Vec<String>,
}

pub(super) fn main(suite: &Suite, args: Args) -> Done {
    let (path, ids) = profile_and_ids(&suite.catalogue, &args.what)?;
    let given = path.map(|path| profile::read(&path).map_err(Stop::data)).transpose()?;
    let all = cases::cases(suite);
    let by = cases::by_requirement(&suite.catalogue, &all);
    let mut entries = Vec::new();
    for row in suite.catalogue.rows().filter(|row| selects(&suite.catalogue, &ids, &row.id)) {
        let profile = super::profile_of(given.as_ref(), &row.role);
        let judging = by.get(&row.id).map_or(&[][..], Vec::as_slice);
        let playing: Vec<_> = judging.iter().filter(|case| case.ruled_out(&profile).is_none()).collect();
        let untested = all.iter().flat_map(|case| &case.judged).find(|j| j.requirement == row.id).and_then(|j| j.untested);
        let section = suite.catalogue.section_of(&row.id).map(|s| format!("{}-{}", s.document, s.section)).unwrap_or_default();
        let edition = Edition::of(&section).map_or("", Edition::name);
        let reason = profile.other_edition(&section).or_else(|| match (playing.is_empty(), judging.first()) {
            (false, _) => None,
            (true, Some(case)) => case.ruled_out(&profile),
            (true, None) => untested.map(|reason| reason.to_string()),
        });
        entries.push(Entry {
            id: row.id.clone(),
            section,
            edition,
            role: row.role.clone(),
            level: row.level.to_string(),
            tested: !playing.is_empty(),
            reason,
            scenarios: playing.iter().map(|case| format!("{}:{} {}", case.feature, case.line, case.title)).collect(),
        });
    }
    if args.format == Format::Json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&entries).unwrap_or_default()));
    }
    let mut out = String::new();
    for entry in &entries {
        let what = match (&entry.reason, entry.scenarios.len()) {
            (Some(reason), _) => format!("not tested: {reason}"),
            (None, 1) => "1 scenario".to_owned(),
            (None, n) => format!("{n} scenarios"),
        };
        let edition = if entry.edition.is_empty() { String::new() } else { format!("CPM {}", entry.edition) };
        let _ = writeln!(out, "{:<26} {edition:<8} {:<10} {what}", entry.id, entry.level);
    }
    let tested = entries.iter().filter(|e| e.tested).count();
    let _ = writeln!(out, "{} requirements, {tested} tested", entries.len());
    print(&out)
}
