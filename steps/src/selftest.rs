//! Proof that the checks can fail: every defect on the memory link, and SUTs that conform to nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use harness::{
    bench::stage::Warmth,
    report::Line,
    requirement::Requirement,
    role::{conduct::Rule, null::Null},
    verdict::{Severity, Verdict},
};
use serde::Serialize;
use tokio::runtime::Runtime;

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
///
/// # Errors
/// That a runtime could not be made.
pub fn matrix(suite: &Arc<Suite>, selected: &(dyn Fn(&str) -> bool + Sync), full: bool) -> io::Result<Outcome> {
    let all = cases::cases(suite);
    let by = cases::by_requirement(&suite.catalogue, &all);
    let rows: Vec<&Requirement> = suite.catalogue.rows().filter(|row| selected(&row.id)).collect();
    let judged: Vec<&Requirement> = rows.iter().copied().filter(|row| by.get(&row.id).is_some_and(|cases| !cases.is_empty())).collect();
    let plans: Vec<Plan<'_>> = judged.iter().filter_map(|row| Plan::of(suite, row, &all, full)).collect();
    let needed: BTreeSet<(&str, usize)> =
        plans.iter().flat_map(|plan| &plan.cases).map(|case| (case.feature.as_str(), case.line)).collect();
    let played: Vec<Case> = all.iter().filter(|case| needed.contains(&(case.feature.as_str(), case.line))).cloned().collect();
    let chunks: Vec<&[Case]> = played.chunks(CHUNK).collect();
    let lines = side_by_side(&chunks, |runtime, cases| play(runtime, suite, Who::Reference(Vec::new()), cases))?;
    let reference = weights(&lines.concat());
    let kills = side_by_side(&plans, |runtime, plan| {
        let lines = play(runtime, suite, Who::Reference(plan.rules.clone()), &plan.cases);
        kill(plan, &reference, &weights(&lines))
    })?;
    let passes = |row: &&&Requirement| reference.get(&row.id).is_some_and(|weight| weight.verdict == Verdict::Pass);
    let mut outcome = Outcome {
        requirements: rows.len(),
        judged: judged.len(),
        defects: plans.len(),
        killed: kills.iter().filter(|kill| kill.killed).count(),
        precise: kills.iter().filter(|kill| kill.killed && kill.far.is_empty() && kill.dead.is_empty()).count(),
        runs: plans.iter().map(|plan| plan.cases.len()).sum(),
        survivors: judged.iter().map(|row| row.id.clone()).collect(),
        null_suts: Vec::new(),
        warm_null_suts: Vec::new(),
        matrix: plans.iter().map(|plan| plan.row.id.clone()).zip(kills).collect(),
        reference: judged.iter().filter(|row| !passes(row)).map(|row| row.id.clone()).collect(),
    };
    outcome.survivors.retain(|id| !outcome.matrix.get(id).is_some_and(|kill| kill.killed));
    Ok(outcome)
}

/// Plays the null SUTs against all selected rows.
///
/// # Errors
/// That a runtime could not be made.
pub fn nulls(suite: &Arc<Suite>, selected: &(dyn Fn(&str) -> bool + Sync), outcome: &mut Outcome) -> io::Result<()> {
    let judges = |case: &&Case| case.judged.iter().any(|judged| selected(&judged.requirement));
    let all = cases::cases(suite);
    let cases: Vec<Case> = all.iter().filter(judges).cloned().collect();
    let suts: Vec<(Null, Warmth)> = Null::ALL.iter().flat_map(|(how, _)| [(*how, Warmth::Cold), (*how, Warmth::Warm)]).collect();
    let passed = side_by_side(&suts, |runtime, (how, warmth)| {
        let weights = weights(&play(runtime, suite, Who::Null(*how, *warmth), &cases));
        weights.into_iter().filter(|(id, w)| w.verdict == Verdict::Pass && selected(id)).map(|(id, _)| id).collect::<Vec<_>>()
    })?;
    for ((_, name), passed) in Null::ALL.iter().zip(passed.chunks_exact(2)) {
        outcome.null_suts.push(NullOutcome { name, passes: passed[0].len() });
        outcome.warm_null_suts.push(WarmOutcome { name, passes: passed[1].clone() });
    }
    Ok(())
}

/// Cases that one thread plays at a time.
const CHUNK: usize = 16;

/// Threads that play side by side.
#[must_use]
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// What `work` makes of each item, in their order, on as many threads as there are processors: on the memory link a scenario waits for
/// nothing.
fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&Runtime, &T) -> R + Sync) -> io::Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let worker = || -> io::Result<Vec<(usize, R)>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let taken = std::iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        });
        Ok(taken.map(|(at, item)| (at, work(&runtime, item))).collect())
    };
    let done: io::Result<Vec<Vec<(usize, R)>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads()).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    // cucumber puts a silent panic hook in place while it runs, and several at a time do not put the old one back.
    drop(std::panic::take_hook());
    let mut done: Vec<(usize, R)> = done?.into_iter().flatten().collect();
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

fn play(runtime: &Runtime, suite: &Arc<Suite>, who: Who, cases: &[Case]) -> Vec<Line> {
    let setup = Arc::new(Setup::memory(Arc::clone(suite), who));
    runtime.block_on(run::play(setup, cases, 1)).into_iter().flat_map(|finished| finished.lines).collect()
}

/// One defect, and what it is played against.
struct Plan<'a> {
    row: &'a Requirement,
    rules: &'a Vec<Rule>,
    near: BTreeSet<&'a str>,
    also: BTreeSet<&'a String>,
    cases: Vec<Case>,
}

impl<'a> Plan<'a> {
    /// `None`: the row has no defect.
    fn of(suite: &'a Suite, row: &'a Requirement, all: &[Case], full: bool) -> Option<Self> {
        let rules = suite.defects.get(&row.id)?;
        let near = suite.catalogue.neighbourhood(&row.id);
        let also: BTreeSet<&String> = rules.iter().flat_map(|rule| rule.also.keys()).collect();
        let is_near = |id: &String| near.contains(id.as_str()) || also.contains(id);
        let touches = |case: &&Case| case.role.name() == row.role && (full || case.judged.iter().any(|j| is_near(&j.requirement)));
        Some(Self { row, rules, cases: all.iter().filter(touches).cloned().collect(), near, also })
    }
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
fn kill(plan: &Plan<'_>, reference: &BTreeMap<String, Weight>, now: &BTreeMap<String, Weight>) -> Kill {
    let Plan { row, near, also, cases, .. } = plan;
    let judged_here: BTreeSet<&str> = cases.iter().flat_map(|case| case.judged.iter().map(|j| j.requirement.as_str())).collect();
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
