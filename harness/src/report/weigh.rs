//! From judged lines to the verdicts of requirements, and from these to the claim of the run. Pure, and blind to order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Counts, Line, Played, Report, Row, Run, RunStatus, SCHEMA};
use crate::{
    requirement::Level,
    verdict::{Reason, Severity, Verdict},
};

/// Weighs the lines of a run: each requirement takes the worst verdict of its lines, with the reason of the first of the
/// worst. What stands in place of a verdict (`unless_judged`) gives way to any line that judged.
///
/// Lines of requirements that the run did not ask about are left out. A run is conformant if it is complete, at least one
/// SHALL or SHALL NOT passed, and none is left open but for what no test could show.
#[must_use]
pub fn weigh(run: &Run, lines: Vec<Line>, mut scenarios: Vec<Played>) -> Report {
    let mut by_id: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in lines {
        by_id.entry(line.requirement.clone()).or_default().push(line);
    }
    let mut rows: Vec<Row> = run.requirements.iter().map(|asked| row(run, asked, by_id.remove(&asked.id).unwrap_or_default())).collect();
    let failed: BTreeSet<&str> = rows.iter().filter(|row| row.verdict == Verdict::Fail).map(|row| row.id.as_str()).collect();
    let under: Vec<Vec<String>> = rows.iter().zip(&run.requirements).map(|(row, asked)| under(row, asked, &failed)).collect();
    for (row, under) in rows.iter_mut().zip(under) {
        row.under = under;
    }
    scenarios.sort_by_key(|played| played.number);
    Report {
        schema: SCHEMA.to_owned(),
        status: run.status,
        conformant: conformant(run.status, &rows),
        started: run.started.clone(),
        milliseconds: run.milliseconds,
        suite: run.suite.clone(),
        tool: run.tool.clone(),
        sut: run.sut.clone(),
        selection: run.selection.clone(),
        counts: counts(&rows.iter().collect::<Vec<_>>(), scenarios.len()),
        roles: by_role(&rows),
        requirements: rows,
        scenarios,
    }
}

fn row(run: &Run, asked: &Asked, mut lines: Vec<Line>) -> Row {
    lines.sort_by_key(|line| (line.number, line.line));
    let warnings = lines.iter().flat_map(|line| &line.findings).filter(|finding| finding.severity == Severity::Warn).count();
    let (mut verdict, mut reason, mut detail) = worst(&lines).unwrap_or_else(|| {
        let open = if run.status == RunStatus::Interrupted { Reason::Interrupted } else { Reason::Deselected };
        (Verdict::NotTested, Some(open), String::new())
    });
    if let Some((instead, why, words)) = &asked.unless_judged
        && (lines.is_empty() || verdict < Verdict::Pass && verdict < *instead)
    {
        (verdict, reason, detail) = (*instead, Some(*why), words.clone());
    }
    if run.strict && verdict == Verdict::Pass && warnings > 0 {
        (verdict, reason) = (Verdict::Fail, Some(Reason::Violated));
        "a warning; the run is strict".clone_into(&mut detail);
    }
    Row {
        id: asked.id.clone(),
        section: asked.section.clone(),
        title: asked.title.clone(),
        role: asked.role.clone(),
        source: asked.source.clone(),
        level: asked.level,
        basis: asked.basis,
        obligation: asked.obligation.clone(),
        refs: asked.refs.clone(),
        rulings: asked.rulings.clone(),
        verdict,
        reason,
        detail,
        warnings,
        under: Vec::new(),
        lines,
    }
}

/// The worst verdict of `lines`, with reason and detail of the first line that has it.
fn worst(lines: &[Line]) -> Option<(Verdict, Option<Reason>, String)> {
    let verdict = lines.iter().map(|line| line.verdict).reduce(Verdict::join)?;
    let line = lines.iter().find(|line| line.verdict == verdict)?;
    Some((verdict, line.reason, line.detail.clone()))
}

fn under(row: &Row, asked: &Asked, failed: &BTreeSet<&str>) -> Vec<String> {
    if row.verdict != Verdict::Fail {
        return Vec::new();
    }
    asked.depends.iter().filter(|id| **id != row.id && failed.contains(id.as_str())).cloned().collect()
}

/// The numbers of each role, with the scenarios that judged something of it.
fn by_role(rows: &[Row]) -> BTreeMap<String, Counts> {
    let mut roles: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| roles.entry(row.role.clone()).or_default().push(row));
    let of = |rows: Vec<&Row>| {
        let scenarios: BTreeSet<usize> = rows.iter().flat_map(|row| &row.lines).map(|line| line.number).collect();
        counts(&rows, scenarios.len())
    };
    roles.into_iter().map(|(role, rows)| (role, of(rows))).collect()
}

fn counts(rows: &[&Row], scenarios: usize) -> Counts {
    let with = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    Counts {
        requirements: rows.len(),
        pass: with(Verdict::Pass),
        fail: with(Verdict::Fail),
        inconclusive: with(Verdict::Inconclusive),
        error: with(Verdict::Error),
        not_applicable: with(Verdict::NotApplicable),
        not_tested: with(Verdict::NotTested),
        warnings: rows.iter().filter(|row| row.verdict == Verdict::Pass).map(|row| row.warnings).sum(),
        scenarios,
    }
}

fn conformant(status: RunStatus, rows: &[Row]) -> bool {
    let mandatory = || rows.iter().filter(|row| matches!(row.level, Level::Shall | Level::ShallNot));
    status == RunStatus::Complete && mandatory().any(|row| row.verdict == Verdict::Pass) && mandatory().all(settled)
}

/// Whether the row speaks for the SUT, or could be judged by nobody.
fn settled(row: &Row) -> bool {
    match row.verdict {
        Verdict::Pass | Verdict::NotApplicable => true,
        Verdict::NotTested => matches!(
            row.reason,
            Some(Reason::NotObservable | Reason::NoFormat | Reason::OtherParty | Reason::NoSimulator | Reason::JudgedElsewhere)
        ),
        Verdict::Inconclusive | Verdict::Fail | Verdict::Error => false,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{
        report::fixture::{asked, line, run},
        verdict::Finding,
    };

    fn judged(id: &str, verdict: Verdict, reason: Option<Reason>) -> Line {
        Line { verdict, reason, findings: Vec::new(), ..line(id) }
    }

    fn one(run: &Run, lines: Vec<Line>) -> Row {
        weigh(run, lines, Vec::new()).requirements.remove(0)
    }

    #[test]
    fn the_join_of_verdicts_is_a_semilattice() {
        for a in Verdict::ALL {
            assert_eq!(a.join(a), a);
            for b in Verdict::ALL {
                assert_eq!(a.join(b), b.join(a));
                for c in Verdict::ALL {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)));
                }
            }
        }
    }

    #[test]
    fn the_order_of_lines_changes_no_verdict() {
        let run = run(vec![asked("X-1-1")]);
        for a in Verdict::ALL {
            for b in Verdict::ALL {
                for c in Verdict::ALL {
                    let verdict = |order: [Verdict; 3]| one(&run, order.map(|v| judged("X-1-1", v, None)).into()).verdict;
                    let all = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]].map(verdict);
                    assert_eq!(all, [a.max(b).max(c); 6]);
                }
            }
        }
    }

    #[test]
    fn a_later_pass_never_hides_a_fail_and_the_first_fail_gives_the_reason() {
        let run = run(vec![asked("X-1-1")]);
        let row = one(
            &run,
            vec![
                judged("X-1-1", Verdict::Pass, None),
                judged("X-1-1", Verdict::Fail, Some(Reason::Missing)),
                judged("X-1-1", Verdict::Fail, Some(Reason::Late)),
                judged("X-1-1", Verdict::Pass, None),
            ],
        );
        assert_eq!((row.verdict, row.reason), (Verdict::Fail, Some(Reason::Missing)));
    }

    #[test]
    fn what_stands_in_place_of_a_verdict_gives_way_to_a_line_that_judged() {
        let mut applies_not = asked("X-1-1");
        applies_not.unless_judged = Some((Verdict::NotApplicable, Reason::Ics, "session: no".into()));
        let run = run(vec![applies_not]);
        assert_eq!(one(&run, vec![]).verdict, Verdict::NotApplicable);
        assert_eq!(one(&run, vec![judged("X-1-1", Verdict::NotTested, Some(Reason::Slow))]).reason, Some(Reason::Ics));
        assert_eq!(one(&run, vec![judged("X-1-1", Verdict::Pass, None)]).verdict, Verdict::Pass);
    }

    #[test]
    fn a_requirement_that_no_line_judged_is_not_tested() {
        let mut run = run(vec![asked("X-1-1")]);
        assert_eq!(one(&run, vec![]).reason, Some(Reason::Deselected));
        run.status = RunStatus::Interrupted;
        assert_eq!(one(&run, vec![]).reason, Some(Reason::Interrupted));
    }

    #[test]
    fn a_warning_is_a_fail_in_a_strict_run_only() {
        let mut run = run(vec![asked("X-1-1")]);
        let warned = || {
            let mut line = judged("X-1-1", Verdict::Pass, None);
            line.findings = vec![Finding::new(Reason::Violated, "x", "y").weighing(Severity::Warn)];
            vec![line]
        };
        let report = weigh(&run, warned(), vec![]);
        assert_eq!((report.counts.pass, report.counts.warnings, report.conformant), (1, 1, true));
        run.strict = true;
        let report = weigh(&run, warned(), vec![]);
        assert_eq!((report.counts.fail, report.requirements[0].reason, report.conformant), (1, Some(Reason::Violated), false));
    }

    #[test]
    fn a_fail_stands_under_the_fails_that_it_depends_on() {
        let mut second = asked("X-1-2");
        second.depends = vec!["X-1-1".into(), "X-1-2".into(), "X-1-3".into()];
        let run = run(vec![asked("X-1-1"), second, asked("X-1-3")]);
        let fail = |id| judged(id, Verdict::Fail, Some(Reason::Violated));
        let report = weigh(&run, vec![fail("X-1-1"), fail("X-1-2"), judged("X-1-3", Verdict::Pass, None)], vec![]);
        assert_eq!(report.requirements[1].under, ["X-1-1"]);
        assert_eq!(report.requirements[1].verdict, Verdict::Fail);
    }

    #[test]
    fn only_a_complete_run_that_leaves_nothing_open_is_conformant() {
        let mut should = asked("X-1-2");
        should.level = Level::Should;
        let mut run = run(vec![asked("X-1-1"), should, asked("X-1-3")]);
        let claim = |run: &Run, reason| {
            let lines = vec![
                judged("X-1-1", Verdict::Pass, None),
                judged("X-1-2", Verdict::Inconclusive, Some(Reason::NoSight)),
                judged("X-1-3", Verdict::NotTested, Some(reason)),
            ];
            weigh(run, lines, vec![]).conformant
        };
        assert!(claim(&run, Reason::NotObservable));
        assert!(!claim(&run, Reason::Slow));
        run.status = RunStatus::Interrupted;
        assert!(!claim(&run, Reason::NotObservable));
    }

    #[test]
    fn a_run_in_which_nothing_passed_claims_nothing() {
        assert!(!weigh(&run(vec![]), vec![], vec![]).conformant);
    }
}
