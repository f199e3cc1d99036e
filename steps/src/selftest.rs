//! Proof that the checks can fail: every defect on the memory link, and SUTs that conform to nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use harness::{
    bench::stage::Warmth,
    report::Line,
    requirement::Requirement,
    role::null::Null,
    verdict::{Severity, Verdict},
};
use serde::Serialize;

use crate::{
    cases::{self, Case},
    files::Suite,
    run::{self, Setup, Who},
};

/// What `selftest` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Rows of the catalogue that were asked about.
    pub requirements: usize,
    /// Those with a judging line.
    pub judged: usize,
    /// Defects played.
    pub defects: usize,
    /// Defects that their requirement noticed.
    pub killed: usize,
    /// Killed, and nothing outside the neighbourhood fell.
    pub precise: usize,
    /// Runs of one defect against one scenario.
    pub runs: usize,
    /// Requirements whose defect was not noticed, or that have none.
    pub survivors: Vec<String>,
    /// Null SUTs from the start: every pass is undeserved.
    pub null_suts: Vec<NullOutcome>,
    /// Null SUTs from the first stimulus on, with what they passed.
    pub warm_null_suts: Vec<WarmOutcome>,
    /// The matrix, by requirement.
    #[serde(skip)]
    pub matrix: BTreeMap<String, Kill>,
    /// Rows that did not pass with the reference itself.
    #[serde(skip)]
    pub reference: Vec<String>,
}

/// What a cold null SUT passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NullOutcome {
    /// Its name.
    pub name: &'static str,
    /// Number of requirements passed.
    pub passes: usize,
}

/// What a warm null SUT passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarmOutcome {
    /// Its name.
    pub name: &'static str,
    /// Requirements passed.
    pub passes: Vec<String>,
}

/// What one defect brought down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kill {
    /// Whether its requirement noticed.
    pub killed: bool,
    /// Rows that fell, or whose findings changed, besides it: within its neighbourhood.
    pub near: BTreeSet<String>,
    /// The same outside of it.
    pub far: BTreeSet<String>,
    /// Rows of `also` that did not fall: dead entries.
    pub dead: BTreeSet<String>,
}

/// Whether any exemption is dead or too many are made.
#[must_use]
pub fn exempted(suite: &Suite) -> usize {
    suite.defects.values().filter(|rules| rules.iter().any(|rule| !rule.also.is_empty())).count()
}

/// Plays the defects of the selected rows: `full`, against all cases; else against those of their section and neighbourhood.
pub async fn matrix(suite: &Arc<Suite>, selected: &dyn Fn(&str) -> bool, full: bool) -> Outcome {
    let all = cases::cases(suite);
    let by = cases::by_requirement(&suite.catalogue, &all);
    let rows: Vec<&Requirement> = suite.catalogue.rows().filter(|row| selected(&row.id)).collect();
    let judged: Vec<&Requirement> = rows.iter().copied().filter(|row| by.get(&row.id).is_some_and(|cases| !cases.is_empty())).collect();
    let reference = weights(&play(suite, Who::Reference(Vec::new()), &all).await);
    let mut outcome = Outcome {
        requirements: rows.len(),
        judged: judged.len(),
        defects: 0,
        killed: 0,
        precise: 0,
        runs: 0,
        survivors: Vec::new(),
        null_suts: Vec::new(),
        warm_null_suts: Vec::new(),
        matrix: BTreeMap::new(),
        reference: by
            .iter()
            .filter(|(id, cases)| !cases.is_empty() && reference.get(*id).is_none_or(|w| w.verdict != Verdict::Pass))
            .map(|(id, _)| id.clone())
            .collect(),
    };
    for row in judged {
        let Some(rules) = suite.defects.get(&row.id) else {
            outcome.survivors.push(row.id.clone());
            continue;
        };
        let near: BTreeSet<&str> = suite.catalogue.neighbourhood(&row.id);
        let also: BTreeSet<&String> = rules.iter().flat_map(|rule| rule.also.keys()).collect();
        let is_near = |id: &String| near.contains(id.as_str()) || also.contains(id);
        let touched: Vec<Case> = all.iter().filter(|case| full || case.judged.iter().any(|j| is_near(&j.requirement))).cloned().collect();
        outcome.runs += touched.len();
        outcome.defects += 1;
        let lines = play(suite, Who::Reference(rules.clone()), &touched).await;
        let kill = kill(row, &near, &also, &reference, &weights(&lines), &touched);
        outcome.killed += usize::from(kill.killed);
        outcome.precise += usize::from(kill.killed && kill.far.is_empty() && kill.dead.is_empty());
        if !kill.killed {
            outcome.survivors.push(row.id.clone());
        }
        outcome.matrix.insert(row.id.clone(), kill);
    }
    outcome
}

/// Plays the null SUTs against all selected rows.
pub async fn nulls(suite: &Arc<Suite>, selected: &dyn Fn(&str) -> bool, outcome: &mut Outcome) {
    let all = cases::cases(suite);
    for (how, name) in Null::ALL {
        let passed = |lines: &[Line]| -> Vec<String> {
            weights(lines).into_iter().filter(|(id, w)| w.verdict == Verdict::Pass && selected(id)).map(|(id, _)| id).collect()
        };
        let cold = passed(&play(suite, Who::Null(how, Warmth::Cold), &all).await);
        outcome.null_suts.push(NullOutcome { name, passes: cold.len() });
        let warm = play(suite, Who::Null(how, Warmth::Warm), &all).await;
        outcome.warm_null_suts.push(WarmOutcome { name, passes: passed(&warm) });
    }
}

async fn play(suite: &Arc<Suite>, who: Who, cases: &[Case]) -> Vec<Line> {
    let setup = Arc::new(Setup::memory(Arc::clone(suite), who));
    run::play(setup, cases, 1).await.into_iter().flat_map(|finished| finished.lines).collect()
}

/// Verdict of a requirement, and what its findings are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Weight {
    verdict: Verdict,
    /// Findings by line: weight and rule; what they quote changes with every identifier.
    findings: BTreeSet<(usize, String, Severity, String)>,
}

fn weights(lines: &[Line]) -> BTreeMap<String, Weight> {
    let mut weights: BTreeMap<String, Weight> = BTreeMap::new();
    for line in lines {
        let weight = weights.entry(line.requirement.clone()).or_default();
        weight.verdict = weight.verdict.join(line.verdict);
        weight
            .findings
            .extend(line.findings.iter().map(|f| (line.line, line.scenario.clone(), f.severity, f.expected.chars().take(20).collect())));
    }
    weights
}

/// Holds what a defect brought down against what it may bring down.
fn kill(
    row: &Requirement,
    near: &BTreeSet<&str>,
    also: &BTreeSet<&String>,
    reference: &BTreeMap<String, Weight>,
    now: &BTreeMap<String, Weight>,
    played: &[Case],
) -> Kill {
    let judged_here: BTreeSet<&str> = played.iter().flat_map(|case| case.judged.iter().map(|j| j.requirement.as_str())).collect();
    let fell = |id: &str| {
        let Some(weight) = now.get(id) else { return false };
        let before = reference.get(id).cloned().unwrap_or_default();
        weight.verdict == Verdict::Fail && before.verdict != Verdict::Fail
    };
    // Where the row can only warn or note, another finding than before is what shows.
    let changed = |id: &str| {
        let (Some(weight), Some(before)) = (now.get(id), reference.get(id)) else { return false };
        weight.findings.difference(&before.findings).next().is_some()
    };
    let noticed = if row.violation == Severity::Fail { fell(&row.id) } else { changed(&row.id) };
    let mut kill = Kill { killed: noticed, ..Kill::default() };
    for id in judged_here {
        if id == row.id || !fell(id) {
            continue;
        }
        if near.contains(id) || also.contains(&id.to_owned()) {
            kill.near.insert(id.to_owned());
        } else {
            kill.far.insert(id.to_owned());
        }
    }
    kill.dead = also.iter().filter(|id| !kill.near.contains(**id)).map(|id| (*id).clone()).collect();
    kill
}

/// The matrix as the text of a snapshot.
#[must_use]
pub fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    for (id, kill) in &outcome.matrix {
        let list = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("{id}: {}", if kill.killed { "killed" } else { "SURVIVED" }));
        for (word, ids) in [("near", &kill.near), ("FAR", &kill.far), ("DEAD", &kill.dead)] {
            if !ids.is_empty() {
                out.push_str(&format!("; {word} {}", list(ids)));
            }
        }
        out.push('\n');
    }
    out
}
