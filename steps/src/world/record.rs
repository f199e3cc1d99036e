//! What a judgement makes of a line: its verdict, its reason, and how much its findings may weigh.

use gherkin::Step;
use harness::{
    report::Line,
    verdict::{Evidence, Finding, Judgement, Reason, Severity, Verdict},
};

use super::{Obstacle, World};
use crate::params::Clause;

impl World {
    /// Records a line that says why nothing judges the requirement.
    pub(crate) fn untested(&mut self, step: &Step, clause: &Clause, reason: Reason) {
        let line = self.line(step, clause, Verdict::NotTested, Some(reason), String::new());
        self.lines.push(line);
    }

    pub(super) fn record(&mut self, step: &Step, clause: &Clause, judgement: Option<Judgement>) {
        let line = match judgement {
            None => self.stopped(step, clause),
            Some(Judgement::Obstacle(reason, detail)) => {
                let verdict = Obstacle::new(reason, "").verdict;
                self.line(step, clause, verdict, Some(reason), detail)
            }
            Some(Judgement::NotTaken(detail)) => self.line(step, clause, Verdict::NotApplicable, Some(Reason::Branch), detail),
            Some(Judgement::Looked { findings, evidence }) => self.weighed(step, clause, findings, evidence),
        };
        self.lines.push(line);
    }

    /// The line behind an obstacle. Only the line that needed the answer fails with a crash; what follows cannot be judged.
    fn stopped(&mut self, step: &Step, clause: &Clause) -> Line {
        let obstacle = self.obstacle.clone().unwrap_or_else(|| Obstacle::new(Reason::Suite, "stopped without an obstacle"));
        // What may not fail is no place for the crash: it cannot be judged, and the next line that may fail does.
        if obstacle.verdict == Verdict::Fail && self.most(clause) < Severity::Fail {
            return self.line(step, clause, Verdict::Inconclusive, Some(Reason::SutGone), obstacle.detail);
        }
        if obstacle.reason == Reason::Crashed {
            self.obstacle = Some(Obstacle::new(Reason::SutGone, obstacle.detail.clone()));
        }
        let line = self.line(step, clause, obstacle.verdict, Some(obstacle.reason), obstacle.detail.clone());
        if obstacle.verdict != Verdict::Fail {
            return line;
        }
        // Which requirement may fail at all, its row says.
        let finding = Finding::new(Reason::Crashed, "an answer, or a sign of life", obstacle.detail);
        self.weighed(step, clause, vec![finding], Vec::new())
    }

    /// The most that a finding about a requirement may weigh.
    fn most(&self, clause: &Clause) -> Severity {
        self.setup().suite.catalogue.get(&clause.id(&self.feature.1)).map_or(Severity::Fail, |row| row.violation)
    }

    fn weighed(&self, step: &Step, clause: &Clause, mut findings: Vec<Finding>, evidence: Vec<Evidence>) -> Line {
        let most = self.most(clause);
        for finding in &mut findings {
            finding.severity = finding.severity.min(most);
        }
        let failed = findings.iter().find(|f| f.severity == Severity::Fail);
        // A limit that was passed may have cut off what is missing.
        let limited = self.bench.as_ref().is_some_and(|b| b.record.limited());
        let (verdict, reason) = match failed {
            Some(finding) if limited && finding.reason == Reason::Missing => (Verdict::Inconclusive, Some(Reason::Limit)),
            Some(finding) => (Verdict::Fail, Some(finding.reason)),
            None => (Verdict::Pass, None),
        };
        let detail = failed.map(|f| f.observed.clone()).unwrap_or_default();
        Line { findings, evidence, ..self.line(step, clause, verdict, reason, detail) }
    }

    fn line(&self, step: &Step, clause: &Clause, verdict: Verdict, reason: Option<Reason>, detail: String) -> Line {
        let text = step.value.split_once("] ").map_or(step.value.as_str(), |(_, text)| text);
        Line {
            requirement: clause.id(&self.feature.1),
            feature: self.feature.0.clone(),
            line: step.position.line,
            scenario: self.scenario.0.clone(),
            number: self.scenario.1,
            transport: self.setup().transport,
            step: text.to_owned(),
            verdict,
            reason,
            detail,
            findings: Vec::new(),
            evidence: Vec::new(),
        }
    }
}

/// What the lines of two requirements say together: met by one of them, by none, or not known.
pub(super) fn either(lines: &[Line], ids: &[String; 2]) -> Judgement {
    let own: Vec<&Line> = lines.iter().filter(|line| ids.contains(&line.requirement)).collect();
    let found = |line: &&&Line| {
        let lacking = |f: &Finding| matches!(f.reason, Reason::Missing | Reason::Violated | Reason::Unexpected | Reason::Malformed);
        line.verdict == Verdict::Pass && !line.findings.iter().any(lacking)
    };
    if let Some(line) = own.iter().find(found) {
        return Judgement::met(line.evidence.clone());
    }
    if own.is_empty() {
        return Judgement::Obstacle(Reason::Suite, format!("no line before this one judges {}", ids.join(" or ")));
    }
    if let Some(line) = own.iter().find(|line| matches!(line.verdict, Verdict::Inconclusive | Verdict::Error | Verdict::NotTested)) {
        let reason = line.reason.unwrap_or(Reason::NotTriggered);
        return Judgement::Obstacle(reason, format!("{} could not be judged: {}", line.requirement, line.detail));
    }
    let told: Vec<String> = own.iter().map(|line| format!("{}: {} {}", line.requirement, line.verdict, line.detail)).collect();
    let evidence = own.iter().flat_map(|line| line.evidence.clone()).collect::<Vec<_>>();
    Finding::new(Reason::Missing, format!("{} met", ids.join(" or ")), told.join("; ")).on(evidence).into()
}
