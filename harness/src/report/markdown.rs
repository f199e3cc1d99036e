//! `report.md`: a summary for a merge request or a ticket. What passed is only counted.

use std::fmt::Write as _;

use super::{Counts, Report, Row, escape, words};
use crate::verdict::{Severity, Verdict};

/// Longest quotation in a table cell, in characters.
const CELL: usize = 300;

/// The report in Markdown (GitHub Flavored Markdown for the tables).
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut out, report);
    let _ = open(&mut out, report);
    let _ = warnings(&mut out, report);
    let _ = sections(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) -> std::fmt::Result {
    let transports: Vec<String> = report.sut.transports.iter().map(ToString::to_string).collect();
    let (sut, suite, tool, counts) = (&report.sut, &report.suite, &report.tool, &report.counts);
    writeln!(out, "# Conformance report: {}\n\n**{}**\n", escape::markdown(&sut.name), words::claim(report))?;
    writeln!(out, "- SUT: {}, role {}, over {}", escape::markdown(&sut.name), escape::markdown(&sut.role), transports.join(", "))?;
    writeln!(out, "- Suite: {}, SHA-256 `{}`", escape::markdown(&suite.version), escape::visible(&suite.sha256))?;
    writeln!(out, "- Tool: {} {}", escape::markdown(&tool.name), escape::markdown(&tool.version))?;
    writeln!(out, "- Begun {}, took {}\n", escape::visible(&report.started), words::seconds(report.milliseconds))?;
    writeln!(out, "| Role | requirements | pass | fail | inconclusive | error | not applicable | not tested | warnings | scenarios |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    if report.roles.len() > 1 {
        report.roles.iter().try_for_each(|(role, counts)| numbers(out, &escape::markdown(role), counts))?;
    }
    let role = escape::markdown(&sut.role);
    numbers(out, if report.roles.len() > 1 { "all" } else { &role }, counts)
}

fn numbers(out: &mut String, about: &str, counts: &Counts) -> std::fmt::Result {
    let numbers: Vec<String> = counts.listed().iter().map(|(_, number)| format!(" {number} |")).collect();
    writeln!(out, "| {about} |{}", numbers.concat())
}

/// What is no pass, the worst first.
fn open(out: &mut String, report: &Report) -> std::fmt::Result {
    let mut rows: Vec<&Row> = report.requirements.iter().filter(|row| row.verdict != Verdict::Pass).collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by_key(|row| std::cmp::Reverse(rank(row.verdict)));
    writeln!(out, "\n## No pass\n\n| Requirement | Level | Verdict | Expected | Observed |\n|---|---|---|---|---|")?;
    for row in rows {
        let finding = row.lines.iter().filter(|line| line.verdict == row.verdict).flat_map(|line| &line.findings).next();
        let (expected, observed) = match finding {
            Some(finding) => (prose(&finding.expected), code(&finding.observed)),
            None => (prose(&row.obligation), code(&row.detail)),
        };
        let reason = row.reason.map_or(String::new(), |reason| format!(" ({reason})"));
        let under = if row.under.is_empty() { String::new() } else { format!(", under {}", prose(&row.under.join(", "))) };
        writeln!(out, "| {} | {} | {}{reason}{under} | {expected} | {observed} |", prose(&row.id), row.level, row.verdict)?;
    }
    Ok(())
}

/// The order of the table: the SUT's fault, nobody's, ours, and what was not judged.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 5,
        Verdict::Inconclusive => 4,
        Verdict::Error => 3,
        Verdict::NotTested => 2,
        Verdict::NotApplicable => 1,
        Verdict::Pass => 0,
    }
}

fn warnings(out: &mut String, report: &Report) -> std::fmt::Result {
    let rows: Vec<&Row> = report.requirements.iter().filter(|row| row.verdict == Verdict::Pass && row.warnings > 0).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Warnings beside passes\n\n| Requirement | Level | Expected | Observed |\n|---|---|---|---|")?;
    for row in rows {
        for finding in row.lines.iter().flat_map(|line| &line.findings).filter(|finding| finding.severity == Severity::Warn) {
            writeln!(out, "| {} | {} | {} | {} |", prose(&row.id), row.level, prose(&finding.expected), code(&finding.observed))?;
        }
    }
    Ok(())
}

fn sections(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "\n## Sections\n\n| Section | Title | Pass | Of |\n|---|---|---:|---:|")?;
    for rows in report.requirements.chunk_by(|a, b| a.section == b.section) {
        let passes = rows.iter().filter(|row| row.verdict == Verdict::Pass).count();
        let first = rows.first().map(|row| (prose(&row.section), prose(&row.title))).unwrap_or_default();
        writeln!(out, "| {} | {} | {passes} | {} |", first.0, first.1, rows.len())?;
    }
    Ok(())
}

fn prose(text: &str) -> String {
    escape::markdown(&escape::shorten(text, CELL))
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { escape::markdown_code(&escape::shorten(text, CELL)) }
}

#[cfg(test)]
mod tests {
    use crate::report::fixture;

    #[test]
    fn the_summary_shows_what_is_no_pass() {
        fixture::snapshot("report.md", &super::markdown(&fixture::report()));
    }

    #[test]
    fn the_json_is_the_report() {
        let report = fixture::report();
        let json = crate::report::json(&report);
        pretty_assertions::assert_eq!(serde_json::from_str::<crate::report::Report>(&json).unwrap(), report);
        fixture::snapshot("report.json", &json);
    }
}
