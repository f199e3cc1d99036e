//! `report.html`: one file that needs neither network nor scripts. What fails comes first, each fail with its octets.
//!
//! The template escapes every value by [`escape::markup`]; only ladders and marked octets come in as markup of ours.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use sha2::{Digest as _, Sha256};

use super::{Counts, Line, Report, Row, escape, words};
use crate::{
    trace::Trace,
    verdict::{Evidence, Finding, Severity, Verdict},
    wire::Span,
};

mod raw;
mod scenario;

/// Octets of messages, and of ladders, that one page may hold.
const ROOM: usize = 8 << 20;
/// Octets of ladders of scenarios in which everything passed.
const ROOM_FOR_PASSES: usize = 1 << 20;
/// Messages shown with one line.
const MESSAGES: usize = 4;
/// Findings shown with one line.
const FINDINGS: usize = 20;
/// Longest quotation outside of messages, in characters.
const QUOTE: usize = 2000;

/// The report as one HTML page. `traces` gives a trace by its name in the run folder, as evidence has it; what it does not
/// give, the page does without.
///
/// # Panics
/// Never: template and values are ours, and each value is defined.
#[must_use]
pub fn html(report: &Report, traces: &dyn Fn(&str) -> Option<Trace>) -> String {
    let page = Page {
        report,
        load: traces,
        loaded: RefCell::default(),
        room: Cell::new(ROOM),
        room_for_passes: Cell::new(ROOM_FOR_PASSES),
        numbers: report.scenarios.iter().map(|played| (played.trace.as_str(), played.number)).collect(),
        open: report.requirements.iter().flat_map(|row| &row.lines).filter(|line| is_open(line)).map(|line| line.number).collect(),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, _, value| {
        let text = value.to_string();
        Ok(out.write_str(&if value.is_safe() { text } else { escape::markup(&text) })?)
    });
    // A style element ends its lines as the hash has them, whatever the checkout did to the file.
    let style = include_str!("html/page.css").replace('\r', "");
    let hash = STANDARD.encode(Sha256::digest(&style));
    environment
        .add_template("page", include_str!("html/page.jinja"))
        .and_then(|()| environment.get_template("page"))
        .and_then(|template| template.render(context! { style => Value::from_safe_string(style), hash, ..page.values() }))
        .expect("template and values are ours")
}

/// How many rows have which verdict, in words.
fn counted(rows: &[Row]) -> String {
    let counts: Vec<String> = (Verdict::ALL.iter().rev())
        .map(|verdict| (rows.iter().filter(|row| row.verdict == *verdict).count(), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {}", words::spoken(*verdict)))
        .collect();
    counts.join(", ")
}

/// Whether a line makes its scenario worth showing in full.
fn is_open(line: &Line) -> bool {
    line.verdict > Verdict::Pass || line.findings.iter().any(|finding| finding.severity != Severity::Info)
}

struct Page<'a> {
    report: &'a Report,
    load: &'a dyn Fn(&str) -> Option<Trace>,
    loaded: RefCell<HashMap<String, Option<Rc<Trace>>>>,
    room: Cell<usize>,
    room_for_passes: Cell<usize>,
    /// Scenarios by the name of their trace.
    numbers: HashMap<&'a str, usize>,
    /// Scenarios that are shown with all their messages.
    open: BTreeSet<usize>,
}

impl Page<'_> {
    fn values(&self) -> Value {
        let Report { sut, suite, tool, counts, .. } = self.report;
        let claim = words::claim(self.report);
        let transports: Vec<String> = sut.transports.iter().map(ToString::to_string).collect();
        context! {
            claim,
            claim_kind => match claim { "conformant" | "conformant in what was selected" => "pass", "not conformant" => "fail", _ => "inconclusive" },
            sut => context! { name => &sut.name, role => &sut.role, transports => transports.join(", ") },
            ics => sut.ics.iter().map(|(item, value)| context! { item, value }).collect::<Vec<_>>(),
            suite => context! { version => &suite.version, sha256 => &suite.sha256 },
            tool => format!("{} {}", tool.name, tool.version),
            started => &self.report.started,
            took => words::seconds(self.report.milliseconds),
            requirements => counts.requirements,
            numbers => self.report.scenarios.iter().map(|played| played.number).collect::<Vec<_>>(),
            roles => self.roles(),
            tiles => self.tiles(),
            groups => self.groups(),
            documents => self.documents(),
            scenarios => self.report.scenarios.iter().map(|played| self.scenario(played)).collect::<Vec<_>>(),
            verdicts => Verdict::ALL.iter().rev().map(|verdict| word(*verdict)).collect::<Vec<_>>(),
            reasons => self.reasons(),
        }
    }

    /// The numbers by role, where there is more than one.
    fn roles(&self) -> Vec<Value> {
        let roles = Some(&self.report.roles).filter(|roles| roles.len() > 1);
        let row = |(role, counts): (&String, &Counts)| {
            context! { role, numbers => counts.listed().map(|(_, number)| number).to_vec() }
        };
        roles.into_iter().flatten().map(row).collect()
    }

    fn tiles(&self) -> Vec<Value> {
        let counts = &self.report.counts;
        [
            ("fail", "fail", counts.fail, "fail"),
            ("inconclusive", "inconclusive", counts.inconclusive, "inconclusive"),
            ("error", "error", counts.error, "error"),
            ("warnings", "warning", counts.warnings, "warnings"),
            ("pass", "pass", counts.pass, "requirements"),
            ("not applicable", "not-applicable", counts.not_applicable, "requirements"),
            ("not tested", "not-tested", counts.not_tested, "requirements"),
            ("scenarios", "not-tested", counts.scenarios, "scenarios"),
        ]
        .map(|(name, kind, count, to)| context! { name, kind, count, to })
        .to_vec()
    }

    /// What a reader has to look at: fails, what could not be judged, faults of the harness, warnings.
    fn groups(&self) -> Vec<Value> {
        let group = |id: &str, title: &str, lead: &str, takes: &dyn Fn(&Row) -> bool| {
            let rows: Vec<Value> = self.report.requirements.iter().filter(|row| takes(row)).map(|row| self.card(row)).collect();
            (!rows.is_empty()).then(|| context! { id, title, lead, rows })
        };
        [
            group("fail", "Fails", "The SUT did not meet these requirements.", &|row| row.verdict == Verdict::Fail),
            group("inconclusive", "Inconclusive", "These could not be judged; the reason is no nonconformity.", &|row| {
                row.verdict == Verdict::Inconclusive
            }),
            group("error", "Errors", "The harness failed here. This says nothing about the SUT.", &|row| row.verdict == Verdict::Error),
            group("warnings", "Warnings", "These passed, with something to look at beside the pass.", &is_warned),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn documents(&self) -> Vec<Value> {
        let rows = &self.report.requirements;
        rows.chunk_by(|a, b| a.source == b.source)
            .map(|rows| {
                let sections: Vec<Value> = rows.chunk_by(|a, b| a.section == b.section).map(|rows| self.section(rows)).collect();
                context! { name => rows.first().map_or("", |row| &row.source), counts => counted(rows), sections }
            })
            .collect()
    }

    fn section(&self, rows: &[Row]) -> Value {
        let first = rows.first();
        context! {
            id => first.map_or("", |row| &row.section),
            title => first.map_or("", |row| &row.title),
            counts => counted(rows),
            rows => rows.iter().map(|row| self.row(row)).collect::<Vec<_>>(),
        }
    }

    /// A requirement in the list of its section. Where a card shows it already, the list leads there.
    fn row(&self, row: &Row) -> Value {
        let has_card = has_card(row);
        let lines: Vec<Value> = if has_card { vec![] } else { row.lines.iter().map(|line| self.line(line, false)).collect() };
        context! { has_card, lines, ..facts(row) }
    }

    fn card(&self, row: &Row) -> Value {
        let (open, passed): (Vec<&Line>, Vec<&Line>) = row.lines.iter().partition(|line| is_open(line));
        let shown: Vec<Value> = open.into_iter().map(|line| self.line(line, true)).collect();
        context! { shown, lines => passed.into_iter().map(|line| self.line(line, false)).collect::<Vec<_>>(), ..facts(row) }
    }

    fn line(&self, line: &Line, in_full: bool) -> Value {
        context! {
            place => format!("{}:{}", line.feature, line.line),
            scenario => &line.scenario,
            number => line.number,
            transport => line.transport.to_string(),
            step => &line.step,
            verdict => word(line.verdict),
            reason => line.reason.map_or("", |reason| reason.word()),
            detail => quote(&line.detail),
            findings => line.findings.iter().take(FINDINGS).map(|finding| self.finding(finding)).collect::<Vec<_>>(),
            more => line.findings.len().saturating_sub(FINDINGS),
            messages => if in_full { self.messages(line) } else { vec![] },
        }
    }

    fn finding(&self, finding: &Finding) -> Value {
        let severity = match finding.severity {
            Severity::Info => "note",
            Severity::Warn => "warning",
            Severity::Fail => "fail",
        };
        let places: Vec<Value> = finding
            .evidence
            .iter()
            .map(|evidence| context! { text => words::place(evidence), link => self.link(evidence).unwrap_or_default() })
            .collect();
        context! {
            severity,
            reason => finding.reason.word(),
            expected => escape::shorten(&finding.expected, QUOTE),
            observed => quote(&finding.observed),
            rule => &finding.rule,
            places,
        }
    }

    /// The messages that a line rests on, with its ranges marked: those of its findings, else what the check looked at.
    fn messages(&self, line: &Line) -> Vec<Value> {
        let found = line.findings.iter().filter(|finding| finding.severity != Severity::Info);
        let mut evidence: Vec<&Evidence> = found.flat_map(|finding| &finding.evidence).collect();
        if evidence.is_empty() {
            evidence = line.evidence.iter().collect();
        }
        let mut places: BTreeMap<(&str, usize), Vec<Span>> = BTreeMap::new();
        for Evidence { trace, entry, from, to, .. } in evidence {
            places.entry((trace, *entry)).or_default().push(Span::new(*from, *to));
        }
        places.into_iter().take(MESSAGES).map(|((trace, entry), marks)| self.entry(trace, entry, &marks, "")).collect()
    }

    /// The reasons that this report gives, with what they mean.
    fn reasons(&self) -> Vec<Value> {
        let rows = self.report.requirements.iter();
        let reasons: BTreeSet<_> = rows.flat_map(|row| row.lines.iter().filter_map(|line| line.reason).chain(row.reason)).collect();
        reasons.into_iter().map(|reason| context! { word => reason.word(), meaning => words::meaning(reason) }).collect()
    }
}

/// What the page says of a requirement wherever it stands.
fn facts(row: &Row) -> Value {
    context! {
        id => &row.id,
        title => &row.title,
        section => &row.section,
        level => row.level.to_string(),
        basis => words::basis(row.basis),
        verdict => word(row.verdict),
        reason => row.reason.map_or("", |reason| reason.word()),
        detail => quote(&row.detail),
        warnings => row.warnings,
        obligation => &row.obligation,
        refs => row.refs.join("; "),
        rulings => row.rulings.join(", "),
        under => &row.under,
    }
}

/// What a SUT may have said, with what is invisible in it named and dimmed.
fn quote(text: &str) -> Value {
    Value::from_safe_string(raw::inline(&escape::shorten(text, QUOTE)))
}

fn is_warned(row: &Row) -> bool {
    row.verdict == Verdict::Pass && row.warnings > 0
}

fn has_card(row: &Row) -> bool {
    row.verdict > Verdict::Pass || is_warned(row)
}

fn word(verdict: Verdict) -> Value {
    context! {
        word => words::spoken(verdict),
        kind => verdict.word(),
        symbol => words::symbol(verdict),
        meaning => words::verdict_meaning(verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Played, fixture};

    fn page() -> String {
        html(&fixture::report(), &fixture::trace)
    }

    #[test]
    fn the_page_shows_the_fixed_run() {
        fixture::snapshot("report.html", &page());
    }

    #[test]
    fn nothing_of_a_sut_becomes_markup() {
        let page = page();
        assert!(!page.contains("<script") && !page.contains("<b>garbage") && !page.contains("<beta>"));
        assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn the_page_reaches_for_nothing_outside() {
        let page = page();
        assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
        for link in page.split("href=\"").skip(1).chain(page.split("src=\"").skip(1)) {
            assert!(link.starts_with('#'), "{}", link.chars().take(40).collect::<String>());
        }
        assert!(!page.contains(" style=\"") && !page.contains("url("));
    }

    #[test]
    fn every_link_leads_somewhere_and_no_id_stands_twice() {
        let page = page();
        let mut ids = BTreeSet::new();
        for id in page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.insert(id), "{id} stands twice");
        }
        for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(link), "#{link} leads nowhere");
        }
    }

    #[test]
    fn the_judged_octets_are_marked() {
        assert!(page().contains("Contribution-ID: <mark>=cmd()]]&gt;</mark>"));
    }

    #[test]
    fn a_page_without_traces_is_a_page() {
        assert!(html(&fixture::report(), &|_| None).contains("scenarios/1/trace.jsonl is not there"));
    }

    #[test]
    fn a_large_run_stays_a_small_page() {
        let mut report = fixture::report();
        let trace = fixture::trace("scenarios/1/trace.jsonl").unwrap();
        let played = report.scenarios.remove(0);
        report.scenarios = (10..210).map(|n| Played { number: n, trace: format!("scenarios/{n}/trace.jsonl"), ..played.clone() }).collect();
        let lines: Vec<Line> = (10..14).map(|number| Line { number, ..fixture::line("X-1-1") }).collect();
        let row = Row { verdict: Verdict::Pass, lines, ..report.requirements.remove(0) };
        report.requirements = (0..500).map(|n| Row { id: format!("X-1-{n}"), ..row.clone() }).collect();
        let page = html(&report, &|_| Some(trace.clone()));
        assert!(page.len() < 2 << 20, "{} octets", page.len());
    }
}
