//! `junit.xml`: one suite per section, one case per requirement and scenario. For CI systems, which know four outcomes.
//!
//! Inconclusive, not tested and not applicable are `skipped`; the property `verdict` tells them apart.

use std::{collections::BTreeMap, time::Duration};

use quick_junit::{NonSuccessKind, Property, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{
    Line, Report, Row,
    escape::{shorten, visible},
    words,
};
use crate::verdict::{Reason, Severity, Verdict};

/// Longest quotation, in characters.
const QUOTE: usize = 2000;

/// The report in JUnit's XML, as CI systems read it.
///
/// # Panics
/// Never: the document is written to memory.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut document = Document::new(visible(&format!("cpmspec: {}", report.sut.name)));
    document.set_time(Duration::from_millis(report.milliseconds));
    for rows in report.requirements.chunk_by(|a, b| a.section == b.section) {
        let Some(first) = rows.first() else { continue };
        let mut suite = TestSuite::new(visible(&format!("{} {}", first.section, first.title)));
        for (name, value) in [
            ("claim", words::claim(report)),
            ("started", &report.started),
            ("sut", &report.sut.name),
            ("role", &report.sut.role),
            ("suite", &report.suite.version),
            ("suite-sha256", &report.suite.sha256),
        ] {
            suite.add_property(Property::new(name, visible(value)));
        }
        for row in rows {
            suite.add_test_cases(cases(row));
        }
        document.add_test_suite(suite);
    }
    document.to_string().expect("memory takes every document")
}

fn cases(row: &Row) -> Vec<TestCase> {
    let mut scenarios: BTreeMap<usize, Vec<&Line>> = BTreeMap::new();
    for line in &row.lines {
        scenarios.entry(line.number).or_default().push(line);
    }
    if scenarios.is_empty() {
        return vec![case(row, row.id.clone(), row.verdict, row.reason, &row.detail, &[])];
    }
    let mut cases: Vec<TestCase> = scenarios.values().filter_map(|lines| played(row, lines)).collect();
    // What stands in place of a verdict may be stronger than what the lines could say.
    if row.lines.iter().all(|line| line.verdict < row.verdict) && row.verdict < Verdict::Pass {
        cases.push(case(row, row.id.clone(), row.verdict, row.reason, &row.detail, &[]));
    }
    cases
}

/// The case of one scenario.
fn played(row: &Row, lines: &[&Line]) -> Option<TestCase> {
    let worst = lines.iter().map(|line| line.verdict).reduce(Verdict::join)?;
    let line = lines.iter().find(|line| line.verdict == worst)?;
    let name = format!("{}: {} ({})", row.id, line.scenario, line.transport);
    // Where all lines of a failed row passed, the run was strict, and it is the warnings that fail.
    let strict = row.verdict == Verdict::Fail && row.lines.iter().all(|line| line.verdict <= Verdict::Pass);
    let warns = lines.iter().flat_map(|line| &line.findings).any(|finding| finding.severity == Severity::Warn);
    let (verdict, reason) = if strict && warns && worst == Verdict::Pass { (row.verdict, row.reason) } else { (worst, line.reason) };
    Some(case(row, name, verdict, reason, &line.detail, lines))
}

fn case(row: &Row, name: String, verdict: Verdict, reason: Option<Reason>, detail: &str, lines: &[&Line]) -> TestCase {
    let mut status = match verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Inconclusive | Verdict::NotTested | Verdict::NotApplicable => TestCaseStatus::skipped(),
    };
    let reason = reason.map_or("", Reason::word);
    let text = findings(lines);
    let message = match text.first() {
        Some(finding) if verdict == Verdict::Fail => finding.clone(),
        _ if detail.is_empty() => format!("{verdict} ({reason})"),
        _ => visible(&format!("{verdict} ({reason}): {}", shorten(detail, QUOTE))),
    };
    status.set_message(message).set_type(reason).set_description(text.join("\n"));
    let mut case = TestCase::new(visible(&name), status);
    if verdict == Verdict::Pass && !text.is_empty() {
        case.set_system_out(text.join("\n"));
    }
    case.set_classname(visible(&row.section));
    for (name, value) in [("requirement", row.id.as_str()), ("verdict", verdict.word()), ("reason", reason)] {
        case.add_property(Property::new(name, visible(value)));
    }
    case.add_property(Property::new("level", row.level.to_string()));
    case
}

/// The findings of `lines`, one line each for the finding and for each place of its evidence.
fn findings(lines: &[&Line]) -> Vec<String> {
    let mut text = Vec::new();
    for line in lines {
        for finding in &line.findings {
            let (expected, observed) = (shorten(&finding.expected, QUOTE), shorten(&finding.observed, QUOTE));
            text.push(visible(&format!("expected {expected}; observed {observed}")));
            text.push(visible(&format!("  {}:{} {}", line.feature, line.line, line.step)));
            text.extend(finding.evidence.iter().map(|evidence| visible(&format!("  {}", words::place(evidence)))));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_outcome_has_its_element() {
        let xml = junit(&fixture::report());
        let document = roxmltree::Document::parse(&xml).unwrap();
        let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
        assert_eq!((count("testsuite"), count("testcase")), (2, 8));
        assert_eq!((count("failure"), count("error"), count("skipped")), (2, 1, 3));
        fixture::snapshot("junit.xml", &xml);
    }

    #[test]
    fn what_a_sut_sent_stays_text() {
        let xml = junit(&fixture::report());
        assert!(!xml.contains("<script>") && !xml.contains('\u{1b}'));
        let document = roxmltree::Document::parse(&xml).unwrap();
        let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
        assert!(failure.text().unwrap().contains("=cmd()]]> <script>alert(1)</script> ␛]0;x␇"));
    }

    #[test]
    fn a_warning_of_a_strict_run_is_a_failure() {
        let mut report = fixture::report();
        let row = &mut report.requirements[1];
        (row.verdict, row.reason) = (Verdict::Fail, Some(Reason::Violated));
        assert!(
            junit(&report).contains("<testsuites name=\"cpmspec: Acme RCS 4.2 &lt;beta&gt;\" tests=\"8\" skipped=\"3\" failures=\"3\""),
            "{}",
            junit(&report)
        );
    }
}
