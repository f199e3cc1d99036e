//! `run`: plays the suite, writes the run folder, says what is no pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use harness::{
    report::{
        Asked, Counts, Folder, RUN_SCHEMA, Report, Row, Run, RunStatus, SuiteFacts, SutFacts, ToolFacts, escape, html, json, junit,
        markdown, weigh,
    },
    requirement::Requirement,
    sut::{Profile, UpperTester, external::ExternalSut, profile},
    verdict::{Reason, Verdict},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{DATA, Done, FAILED, FINE, HARNESS, INCONCLUSIVE, INTERRUPTED, Stop, profile_and_ids, profile_of, selects};
use crate::{
    cases::{self, Case},
    files::Suite,
    run::{self, Finished, Setup, Tell, Who},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A profile (sut.yaml), then ids; without a profile the built-in reference of each role is the SUT.
    #[arg(value_name = "PROFILE | ID")]
    what: Vec<String>,
    /// Folder to write the run to; it must not exist, or be empty. Default: runs/<time>.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Scenarios at a time; a SUT of a profile has one user and plays one at a time.
    #[arg(long, value_name = "N", default_value_t = 12)]
    jobs: usize,
    /// Count warnings as fails.
    #[arg(long)]
    strict: bool,
    /// Play scenarios that wait for more than a few seconds.
    #[arg(long)]
    slow: bool,
    /// Seed of all identifiers; default: the time.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

pub(super) fn main(suite: Arc<Suite>, args: Args) -> Done {
    let (path, ids) = profile_and_ids(&suite.catalogue, &args.what)?;
    let profile = path.map(|path| profile::read(&path).map_err(Stop::data)).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = runtime.block_on(play(&suite, profile.as_ref(), &ids, &args));
    // Readers of sockets and pipes that wait for ever must not keep the process.
    runtime.shutdown_background();
    done
}

/// What is to be played, and what stands in for requirements that no line will judge.
struct Plan {
    asked: Vec<Asked>,
    cases: Vec<Case>,
}

/// What binds the role of the SUT; without a profile, what binds any role.
fn plan(suite: &Suite, given: Option<&Profile>, ids: &[String]) -> Plan {
    let all = cases::cases(suite);
    let by = cases::by_requirement(&suite.catalogue, &all);
    let selected = |id: &str| selects(&suite.catalogue, ids, id);
    let applies = |case: &&Case| case.ruled_out(&profile_of(given, case.role.name())).is_none();
    let binds = |row: &&Requirement| given.is_none_or(|profile| profile.role.name() == row.role) && selected(&row.id);
    let asked = suite.catalogue.rows().filter(binds).map(|row| asked(suite, row, &all, &by, &profile_of(given, &row.role))).collect();
    let cases = all.iter().filter(applies).filter(|case| case.judged.iter().any(|j| selected(&j.requirement))).cloned().collect();
    Plan { asked, cases }
}

fn asked(suite: &Suite, row: &Requirement, all: &[Case], by: &BTreeMap<String, Vec<&Case>>, profile: &Profile) -> Asked {
    let section = suite.catalogue.section_of(&row.id);
    let judging = by.get(&row.id).map_or(&[][..], Vec::as_slice);
    let untested = || all.iter().flat_map(|case| &case.judged).find(|j| j.requirement == row.id).and_then(|j| j.untested);
    let id = section.map(|s| format!("{}-{}", s.document, s.section)).unwrap_or_default();
    let other = profile.other_edition(&id).map(|words| (Verdict::NotApplicable, Reason::Edition, words));
    let unless_judged = other.or_else(|| match judging.iter().map(|case| case.ruled_out(profile)).collect::<Option<Vec<_>>>() {
        Some(rules) if !rules.is_empty() => Some((Verdict::NotApplicable, Reason::Ics, rules[0].clone())),
        Some(_) => untested().map(|reason| (Verdict::NotTested, reason, String::new())),
        None => None,
    });
    Asked {
        id: row.id.clone(),
        section: id,
        title: section.map(|s| s.title.clone()).unwrap_or_default(),
        role: row.role.clone(),
        source: section.map(|s| suite.sources.get(&s.source).unwrap_or(&s.source).clone()).unwrap_or_default(),
        level: row.level,
        basis: row.basis,
        obligation: row.obligation.clone(),
        refs: row.refs.clone(),
        rulings: suite.rulings_of(&row.id).iter().map(|r| r.id.clone()).collect(),
        depends: row.depends.clone(),
        unless_judged,
    }
}

async fn play(suite: &Arc<Suite>, given: Option<&Profile>, ids: &[String], args: &Args) -> Done {
    let start = run::unix_now();
    let stamp = jiff::Timestamp::from_second(i64::try_from(start.as_secs()).unwrap_or_default()).unwrap_or_default();
    let Plan { asked, cases } = plan(suite, given, ids);
    if let Some(profile) = given.filter(|_| asked.is_empty()) {
        return Err(Stop::usage(format!("nothing that is selected binds a {}", profile.role.name())));
    }
    let external = given.filter(|profile| matches!(profile.upper_tester, UpperTester::Stdio(_) | UpperTester::Tcp(_)));
    let who = if let Some(profile) = external {
        let patience = profile.ixit.duration("acts");
        // An adapter that cannot be trusted, or not even started, is a fault of the profile.
        let sut = ExternalSut::start(&profile.upper_tester, &profile.folder, patience)
            .await
            .map_err(|e| Stop(DATA, format!("upper tester: {e}")))?;
        Who::External(Arc::new(tokio::sync::Mutex::new(sut)))
    } else {
        Who::Reference(Vec::new())
    };
    let root = args.out.clone().unwrap_or_else(|| fresh(&stamp.strftime("%Y%m%dT%H%M%SZ").to_string()));
    let folder = Folder::create(&root).map_err(|e| Stop::usage(e.to_string()))?;
    let mut run = Run {
        schema: RUN_SCHEMA.to_owned(),
        status: RunStatus::Interrupted,
        started: stamp.to_string(),
        milliseconds: 0,
        suite: SuiteFacts { version: env!("CARGO_PKG_VERSION").to_owned(), sha256: suite.sha256() },
        tool: ToolFacts { name: "cpmspec".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        sut: facts(given, &asked),
        selection: ids.to_vec(),
        strict: args.strict,
        requirements: asked,
    };
    folder.write_run(&run).map_err(|e| Stop(HARNESS, e.to_string()))?;
    let seed = args.seed.unwrap_or(u64::try_from(start.as_nanos()).unwrap_or_default());
    let reach = given.map(|profile| profile.reach.clone()).unwrap_or_default();
    let total = cases.len() * reach.sip.len();
    let progress = progress(total);
    let events = Arc::new(Mutex::new(Events::create(&root)?));
    events
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .tell("run-started", &serde_json::json!({ "scenarios": total, "seed": seed }));
    let playing = async {
        let mut first = 1;
        for transport in &reach.sip {
            let (bar, log) = (progress.clone(), Arc::clone(&events));
            let tell = Tell(Box::new(move |finished: &Finished| {
                bar.inc(1);
                bar.set_message(escape::terminal(&finished.played.scenario));
                log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).finished(finished);
            }));
            let base = Setup::memory(Arc::clone(suite), who.clone()).net(*transport, reach.core, seed);
            let setup = Setup { profile: given.cloned(), folder: Some(root.clone()), first, slow: args.slow, tell, ..base };
            // One user, or one port, is for one scenario at a time.
            let jobs = if external.is_some() || reach.core.port() != 0 { 1 } else { args.jobs };
            first += run::play(Arc::new(setup), &cases, jobs).await.len();
        }
    };
    let complete = tokio::select! {
        () = playing => true,
        () = look_again() => false,
        _ = tokio::signal::ctrl_c() => false,
    };
    progress.finish_and_clear();
    if let Who::External(sut) = who
        && let Ok(sut) = Arc::try_unwrap(sut)
    {
        sut.into_inner().stop(Duration::from_secs(2)).await;
    }
    run.status = if complete { RunStatus::Complete } else { RunStatus::Interrupted };
    run.milliseconds = u64::try_from((run::unix_now().saturating_sub(start)).as_millis()).unwrap_or_default();
    folder.write_run(&run).map_err(|e| Stop(HARNESS, e.to_string()))?;
    events.lock().unwrap_or_else(std::sync::PoisonError::into_inner).tell("run-ended", &serde_json::json!({ "complete": complete }));
    conclude(&root, given)
}

/// Whom the run is about.
fn facts(given: Option<&Profile>, asked: &[Asked]) -> SutFacts {
    let roles: BTreeSet<&str> = asked.iter().map(|asked| asked.role.as_str()).collect();
    let profiles: Vec<Profile> =
        given.map_or_else(|| roles.iter().map(|role| profile_of(None, role)).collect(), |profile| vec![profile.clone()]);
    let says = |(item, yes): (&'static str, bool)| (item.to_owned(), if yes { "yes" } else { "no" }.to_owned());
    SutFacts {
        name: profiles.first().map(|profile| profile.name.clone()).unwrap_or_default(),
        role: roles.into_iter().collect::<Vec<_>>().join(", "),
        transports: profiles.first().map(|profile| profile.reach.sip.clone()).unwrap_or_default(),
        ics: profiles.iter().flat_map(|profile| profile.ics.iter().filter(|(item, _)| profile.role.is_asked(item)).map(says)).collect(),
    }
}

/// A line of the summary.
fn tally(about: &str, counts: &Counts) -> String {
    let [(_, requirements), verdicts @ .., (_, warnings), _] = counts.listed();
    let verdicts: Vec<String> = verdicts.iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
    format!("{about}{requirements} requirements: {}; {warnings} warnings\n", verdicts.join(", "))
}

/// How often scenarios are looked at although nobody woke them.
const AGAIN: Duration = Duration::from_millis(100);

/// Never ends, and wakes what it is awaited with now and then. Under many datagrams a wake of a scenario by a thread of the runtime
/// was seen to be lost between `FuturesUnordered` and `block_on`: all was there, and nobody looked.
async fn look_again() {
    loop {
        tokio::time::sleep(AGAIN).await;
    }
}

/// A folder below `runs` that does not exist yet: two runs may begin in one second.
fn fresh(stamp: &str) -> PathBuf {
    let numbered = (2..).map(|n| format!("{stamp}-{n}"));
    let names = std::iter::once(stamp.to_owned()).chain(numbered);
    names.map(|name| Path::new("runs").join(name)).find(|path| !path.exists()).unwrap_or_else(|| PathBuf::from("runs"))
}

fn progress(total: usize) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

/// `events.jsonl`: what happened to the run, in order.
struct Events(fs::File);

impl Events {
    fn create(root: &Path) -> Result<Self, Stop> {
        let path = root.join("events.jsonl");
        fs::File::create_new(&path).map(Self).map_err(|e| Stop::io(&path, &e))
    }

    fn tell(&mut self, event: &str, facts: &serde_json::Value) {
        let at = u64::try_from(run::unix_now().as_millis()).unwrap_or_default();
        let line = serde_json::json!({ "unix_ms": at, "event": event, "facts": facts });
        // The events are a convenience; what the verdicts rest on is in the scenario folders.
        let _ = writeln!(self.0, "{line}");
    }

    fn finished(&mut self, finished: &Finished) {
        let facts = serde_json::json!({
            "number": finished.played.number,
            "feature": finished.played.feature,
            "scenario": finished.played.scenario,
            "transport": finished.played.transport,
            "milliseconds": u64::try_from(finished.took.as_millis()).unwrap_or_default(),
            "lines": finished.lines.len(),
            "faults": finished.faults,
        });
        self.tell("scenario-ended", &facts);
    }
}

/// Writes the reports from the run folder, prints what is no pass, and gives the exit status.
fn conclude(root: &Path, profile: Option<&Profile>) -> Done {
    let recorded = Folder::read(root).map_err(Stop::data)?;
    let report = weigh(&recorded.run, recorded.lines, recorded.scenarios);
    let folder = Folder::at(root);
    let write = |name: &str, text: String| {
        let path = root.join(name);
        fs::write(&path, text).map_err(|e| Stop(HARNESS, format!("{}: {e}", path.display())))
    };
    write("report.json", json(&report))?;
    write("report.html", html(&report, &|name| folder.trace(name).ok()))?;
    write("junit.xml", junit(&report))?;
    write("summary.md", markdown(&report))?;
    let mut out = String::new();
    for remark in &recorded.remarks {
        out.push_str(&format!("remark: {}\n", escape::terminal(remark)));
    }
    report.requirements.iter().filter(|row| row.verdict != Verdict::Pass || row.warnings > 0).for_each(|row| out.push_str(&line(row)));
    out.push('\n');
    if report.roles.len() > 1 {
        report.roles.iter().for_each(|(role, counts)| out.push_str(&tally(&format!("{role}: "), counts)));
    }
    let counts = &report.counts;
    out.push_str(&tally("", counts));
    let transports: Vec<_> = report.sut.transports.iter().map(ToString::to_string).collect();
    out.push_str(&format!(
        "{} scenarios over {} in {:.1} s\n",
        counts.scenarios,
        transports.join(" and "),
        report.milliseconds as f64 / 1000.0
    ));
    let (waived, complaints) = profile.map(|profile| waived(profile, &report)).unwrap_or_default();
    for complaint in &complaints {
        out.push_str(&format!("{}\n", escape::terminal(complaint)));
    }
    out.push_str(&format!("{}\n", root.join("report.html").display()));
    super::print(&out)?;
    Ok(exit(&report, &waived, !complaints.is_empty()))
}

fn line(row: &Row) -> String {
    let finding = row.lines.iter().flat_map(|l| &l.findings).find(|_| row.verdict == Verdict::Fail || row.warnings > 0);
    let reason = row.reason.map(|r| format!(" ({r})")).unwrap_or_default();
    let place = row
        .lines
        .iter()
        .find(|l| l.verdict == row.verdict)
        .map(|l| format!(" {}:{} over {}", l.feature, l.line, l.transport))
        .unwrap_or_default();
    let text = match finding {
        Some(f) => format!(": expected {}; observed {}", f.expected, f.observed),
        None if row.detail.is_empty() => String::new(),
        None => format!(": {}", row.detail),
    };
    let word = if row.verdict == Verdict::Pass { "warning".to_owned() } else { row.verdict.to_string() };
    format!("{word:<14} {:<24}{reason}{}{}\n", row.id, escape::terminal(&text), escape::terminal(&place))
}

/// Ids whose fail is waived, and what is wrong with the waivers: expired ones, and ones that nothing needs.
fn waived(profile: &Profile, report: &Report) -> (Vec<String>, Vec<String>) {
    let today = jiff::Timestamp::from_second(i64::try_from(run::unix_now().as_secs()).unwrap_or_default())
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let (mut ids, mut complaints) = (Vec::new(), Vec::new());
    for waiver in &profile.waivers {
        let verdict = report.requirements.iter().find(|row| row.id == waiver.id).map(|row| row.verdict);
        if waiver.until < today {
            complaints.push(format!("the waiver for {} expired on {}", waiver.id, waiver.until));
        } else if verdict == Some(Verdict::Fail) {
            ids.push(waiver.id.clone());
        } else if verdict.is_some() {
            complaints.push(format!("the waiver for {} is needless: it did not fail", waiver.id));
        }
    }
    (ids, complaints)
}

fn exit(report: &Report, waived: &[String], complaints: bool) -> u8 {
    let has = |verdict| report.requirements.iter().any(|row| row.verdict == verdict && !waived.contains(&row.id));
    if has(Verdict::Error) {
        HARNESS
    } else if report.status == RunStatus::Interrupted {
        INTERRUPTED
    } else if has(Verdict::Fail) || complaints {
        FAILED
    } else if has(Verdict::Inconclusive) {
        INCONCLUSIVE
    } else {
        FINE
    }
}
