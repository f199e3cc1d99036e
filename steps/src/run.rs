//! Running cases: cucumber over the suite, one bench a scenario, each folder closed when its scenario ends.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cucumber::{Cucumber, Event, World as _, event, parser, runner, step::Collection, writer};
use futures::{FutureExt as _, stream};
use gherkin::Feature;
use harness::{
    bench::{
        record::Recorder,
        stage::{Link, Subject, Warmth, Wrap},
    },
    report::{Line, Played, folder::Folder},
    role::{conduct::Rule, null::Null},
    sut::{
        Profile, Role,
        external::{ExternalSut, StartError},
    },
    trace::{Event as TraceEvent, Trace, Transport, jsonl, pcapng},
    verdict::{Evidence, Reason, Severity, Verdict},
};
use sha2::{Digest as _, Sha256};

use crate::{
    cases::{self, Case},
    files::{Suite, path_of},
    world::World,
};

/// What stands in the SUT's place, for a whole run.
#[derive(Clone, Debug)]
pub enum Who {
    /// The reference, a fresh one for each scenario, with these rules laid over it.
    Reference(Vec<Rule>),
    /// The reference inside something else, a fresh one for each scenario.
    Wrapped(Wrap),
    /// A null SUT, a fresh one for each scenario.
    Null(Null, Warmth),
    /// A program behind an adapter.
    External(Arc<tokio::sync::Mutex<ExternalSut>>),
}

/// Everything that the scenarios of a run share.
#[derive(Debug)]
pub struct Setup {
    /// The suite.
    pub suite: Arc<Suite>,
    /// The SUT; without one the references that are built in, each in the features of its role.
    pub profile: Option<Profile>,
    /// Transport of its signalling.
    pub transport: Transport,
    /// What carries the bytes.
    pub link: Link,
    /// What stands in its place.
    pub who: Who,
    /// Whether long waits are played on the wall clock.
    pub slow: bool,
    /// Seed of all identifiers.
    pub seed: u64,
    /// Where scenarios are written to.
    pub folder: Option<PathBuf>,
    /// Number of the first scenario.
    pub first: usize,
    /// Finished scenarios.
    pub finished: Mutex<Vec<Finished>>,
    /// Called with each finished scenario.
    pub tell: Tell,
    /// Unix time at the start, seconds; of the memory link a fixed one.
    pub epoch: i64,
    pub(crate) numbers: Mutex<usize>,
}

/// Who is told of finished scenarios.
pub struct Tell(pub Box<dyn Fn(&Finished) + Send + Sync>);

impl std::fmt::Debug for Tell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tell")
    }
}

/// A scenario that ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What was played.
    pub played: Played,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its trace.
    pub trace: Trace,
    /// Faults of the harness.
    pub faults: Vec<String>,
    /// How long it took on the bench's clock.
    pub took: Duration,
}

/// Unix time of every scenario on the memory link: 2026-01-01T00:00:00Z.
pub const MEMORY_EPOCH: i64 = 1_767_225_600;

impl Setup {
    /// A setup on the memory link for the reference with `rules`.
    #[must_use]
    pub fn memory(suite: Arc<Suite>, who: Who) -> Self {
        Self {
            suite,
            profile: None,
            transport: Transport::Udp,
            link: Link::Memory,
            who,
            slow: false,
            seed: 1,
            folder: None,
            first: 1,
            finished: Mutex::new(Vec::new()),
            tell: Tell(Box::new(|_| {})),
            epoch: MEMORY_EPOCH,
            numbers: Mutex::new(0),
        }
    }

    /// The same over sockets.
    #[must_use]
    pub fn net(self, transport: Transport, listen: std::net::SocketAddr, seed: u64) -> Self {
        Self { transport, link: Link::Net(listen), seed, epoch: unix_now().as_secs().try_into().unwrap_or(MEMORY_EPOCH), ..self }
    }

    /// What stands in the SUT's place in the next scenario. A program that was lost is started again.
    ///
    /// # Errors
    /// Why it could not be started.
    pub(crate) async fn subject(&self) -> Result<Subject, StartError> {
        Ok(match &self.who {
            Who::Reference(rules) => Subject::Reference(rules.clone()),
            Who::Wrapped(wrap) => Subject::Wrapped(*wrap),
            Who::Null(how, warmth) => Subject::Null(*how, *warmth),
            Who::External(sut) => {
                let mut sut = Arc::clone(sut).lock_owned().await;
                if let Some(profile) = self.profile.as_ref().filter(|_| sut.is_gone()) {
                    *sut = ExternalSut::start(&profile.upper_tester, &profile.folder, profile.ixit.duration("acts")).await?;
                }
                Subject::External(sut)
            }
        })
    }

    /// Seed and Unix time of a scenario.
    pub(crate) fn moment(&self, number: usize) -> (u64, i64) {
        let seed = if self.link == Link::Memory { self.seed } else { self.seed.wrapping_add(number as u64) };
        (seed, self.epoch)
    }

    /// The time of day in a scenario, `at` after its start (RFC 3339).
    pub(crate) fn now_text(&self, _number: usize, at: Duration) -> String {
        let second = self.epoch.saturating_add(i64::try_from(at.as_secs()).unwrap_or_default());
        jiff::Timestamp::from_second(second).unwrap_or_default().to_string()
    }

    fn next_number(&self) -> usize {
        let mut numbers = self.numbers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *numbers += 1;
        self.first + *numbers - 1
    }
}

/// The wall clock, for seeds and the start of a run.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a run has a date; nothing that judges sees it")]
pub fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The features, without asking the program's arguments or the file system.
struct Given(Vec<Feature>);

impl parser::Parser<()> for Given {
    type Cli = cucumber::cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, (): (), _: Self::Cli) -> Self::Output {
        stream::iter(self.0.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// Nothing is read off cucumber's events: scenarios report themselves when they end.
struct Quiet;

impl cucumber::Writer<World> for Quiet {
    type Cli = cucumber::cli::Empty;

    async fn handle_event(&mut self, _: parser::Result<Event<event::Cucumber<World>>>, _: &Self::Cli) {}
}

impl writer::NonTransforming for Quiet {}
impl writer::Normalized for Quiet {}

/// The step definitions, compiled once.
pub fn sentences() -> Collection<World> {
    static SENTENCES: std::sync::OnceLock<Collection<World>> = std::sync::OnceLock::new();
    SENTENCES.get_or_init(World::collection).clone()
}

/// Plays `cases`, at most `jobs` at a time, and gives what came of them in the order of their numbers.
pub async fn play(setup: Arc<Setup>, cases: &[Case], jobs: usize) -> Vec<Finished> {
    let wanted: Arc<BTreeSet<(String, usize)>> = Arc::new(cases.iter().map(|case| (case.feature.clone(), case.line)).collect());
    let features = selected(&setup.suite, &wanted);
    let (before, after) = (Arc::clone(&setup), Arc::clone(&setup));
    let run = Cucumber::<World, _, (), _, _>::custom(
        Given(features),
        runner::Basic::default().steps(sentences()).max_concurrent_scenarios(jobs.max(1)),
        Quiet,
    )
    .with_default_cli()
    .before(move |feature, _, scenario, world| {
        begin(&before, feature, scenario, world);
        async {}.boxed_local()
    })
    .after(move |feature, rule, scenario, ended, world| {
        let setup = Arc::clone(&after);
        end(setup, feature, rule, scenario, ended, world).boxed_local()
    });
    run.run(()).await;
    let mut finished = std::mem::take(&mut *setup.finished.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    finished.sort_by_key(|f| f.played.number);
    finished
}

/// The features cut down to the wanted scenarios.
fn selected(suite: &Suite, wanted: &BTreeSet<(String, usize)>) -> Vec<Feature> {
    let mut features = Vec::new();
    for feature in &suite.features {
        let path = path_of(feature);
        let is_wanted = |s: &gherkin::Scenario| wanted.contains(&(path.clone(), s.position.line));
        let mut feature = feature.clone();
        feature.scenarios.retain(is_wanted);
        for rule in &mut feature.rules {
            rule.scenarios.retain(is_wanted);
        }
        feature.rules.retain(|rule| !rule.scenarios.is_empty());
        if !(feature.scenarios.is_empty() && feature.rules.is_empty()) {
            features.push(feature);
        }
    }
    features
}

fn begin(setup: &Arc<Setup>, feature: &Feature, scenario: &gherkin::Scenario, world: &mut World) {
    world.setup = Some(Arc::clone(setup));
    world.feature = (path_of(feature), cases::section_of(feature));
    let embedded = || Profile::embedded(cases::role_of(feature).unwrap_or(Role::CpmClient));
    world.profile = Some(Arc::new(setup.profile.clone().unwrap_or_else(embedded).in_section(&world.feature.1)));
    world.scenario = (scenario.name.clone(), setup.next_number());
    if let Some(folder) = &setup.folder {
        let head = jsonl::Head {
            schema: jsonl::SCHEMA.to_owned(),
            feature: world.feature.0.clone(),
            scenario: scenario.name.clone(),
            line: scenario.position.line,
            transport: setup.transport,
        };
        let path = folder.join("scenarios").join(world.scenario.1.to_string());
        let file = fs::create_dir_all(&path).and_then(|()| fs::File::create_new(path.join("trace.jsonl")));
        world.recorder = Some(match file {
            Ok(file) => Recorder::to_file(file, &head),
            Err(error) => Recorder::broken(error.to_string()),
        });
    }
}

async fn end(
    setup: Arc<Setup>,
    feature: &Feature,
    rule: Option<&gherkin::Rule>,
    scenario: &gherkin::Scenario,
    ended: &event::ScenarioFinished,
    world: Option<&mut World>,
) {
    let Some(world) = world else { return };
    let bench = world.bench.take();
    let took = bench.as_ref().map_or(Duration::ZERO, |b| b.now());
    let (record, mut faults) = match bench {
        Some(bench) => bench.close_down().await,
        None => (world.recorder.take().unwrap_or_default(), Vec::new()),
    };
    faults.extend(panic_of(ended));
    let mut lines = std::mem::take(&mut world.lines);
    // What a panic kept from running is ours, not the SUT's.
    lines.extend(unplayed(world, feature, rule, scenario, lines.len()));
    let number = world.scenario.1;
    let trace_path = Folder::trace_name(number);
    let trace = record.trace().clone();
    for line in &mut lines {
        complete(line, &trace, &trace_path, &faults, record.disk.as_deref());
    }
    let played = Played {
        number,
        feature: world.feature.0.clone(),
        scenario: world.scenario.0.clone(),
        line: scenario.position.line,
        transport: setup.transport,
        trace: trace_path,
    };
    let mut finished = Finished { played, lines, trace, faults, took };
    if let Some(folder) = &setup.folder
        && let Err(error) = write(folder, &finished, setup.epoch)
    {
        for line in &mut finished.lines {
            ours(line, Reason::Disk, &error.to_string());
        }
    }
    (setup.tell.0)(&finished);
    setup.finished.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(finished);
}

/// The panic that ended a scenario, if one did.
fn panic_of(ended: &event::ScenarioFinished) -> Option<String> {
    match ended {
        event::ScenarioFinished::StepFailed(_, _, error) => Some(error.to_string()),
        event::ScenarioFinished::BeforeHookFailed(_) => Some("the scenario could not begin".to_owned()),
        event::ScenarioFinished::StepSkipped => Some("no sentence matches a step".to_owned()),
        event::ScenarioFinished::StepPassed => None,
    }
}

/// Lines with a clause behind the last one that was played.
fn unplayed(world: &World, feature: &Feature, rule: Option<&gherkin::Rule>, scenario: &gherkin::Scenario, played: usize) -> Vec<Line> {
    let backgrounds = [feature.background.as_ref(), rule.and_then(|r| r.background.as_ref())];
    let before = backgrounds.into_iter().flatten().flat_map(|b| &b.steps);
    let judged = before.chain(&scenario.steps).filter_map(|step| cases::judged(step, &world.feature.1));
    judged
        .skip(played)
        .map(|judged| Line {
            requirement: judged.requirement,
            feature: world.feature.0.clone(),
            line: judged.line,
            scenario: world.scenario.0.clone(),
            number: world.scenario.1,
            transport: world.setup().transport,
            step: judged.step,
            verdict: Verdict::Error,
            reason: Some(Reason::Panic),
            detail: "the scenario ended before this line".to_owned(),
            findings: Vec::new(),
            evidence: Vec::new(),
        })
        .collect()
}

/// Names the trace in all evidence and hashes what it points at; faults of the harness turn what they touch into errors.
fn complete(line: &mut Line, trace: &Trace, path: &str, faults: &[String], disk: Option<&str>) {
    let all = line.evidence.iter_mut().chain(line.findings.iter_mut().flat_map(|f| &mut f.evidence));
    for evidence in all {
        path.clone_into(&mut evidence.trace);
        evidence.sha256 = hash(trace, evidence);
    }
    if let Some(fault) = faults.first() {
        ours(line, Reason::Peer, fault);
    }
    if let Some(why) = disk {
        ours(line, Reason::Disk, why);
    }
}

/// Turns a line into an error of the harness: it never shows as a fail of the SUT.
fn ours(line: &mut Line, reason: Reason, detail: &str) {
    if !matches!(line.verdict, Verdict::Error | Verdict::NotTested) {
        line.verdict = Verdict::Error;
        line.reason = Some(reason);
        detail.clone_into(&mut line.detail);
        line.findings.retain(|f| f.severity < Severity::Fail);
    }
}

fn hash(trace: &Trace, evidence: &Evidence) -> String {
    match trace.entries().get(evidence.entry).map(|entry| &entry.event) {
        Some(TraceEvent::Bytes { bytes, .. }) => {
            let range = harness::wire::Span::new(evidence.from, evidence.to).of(bytes);
            hex::encode(Sha256::digest(range))
        }
        _ => String::new(),
    }
}

/// Closes the folder of a scenario: findings, what was played, the capture with its comments.
fn write(folder: &std::path::Path, finished: &Finished, epoch: i64) -> io::Result<()> {
    let path = folder.join("scenarios").join(finished.played.number.to_string());
    let mut lines = io::BufWriter::new(fs::File::create_new(path.join("findings.jsonl"))?);
    for line in &finished.lines {
        serde_json::to_writer(&mut lines, line)?;
        lines.write_all(b"\n")?;
    }
    lines.flush()?;
    fs::write(path.join("played.json"), serde_json::to_vec_pretty(&finished.played)?)?;
    let comments = |entry: usize| {
        let about = |line: &Line| {
            line.findings.iter().any(|f| f.evidence.iter().any(|e| e.entry == entry)) || line.evidence.iter().any(|e| e.entry == entry)
        };
        finished
            .lines
            .iter()
            .filter(|line| about(line))
            .map(|line| format!("{} {}: {}", line.requirement, line.verdict, line.step))
            .collect()
    };
    let start = u64::try_from(epoch).unwrap_or_default().saturating_mul(1_000_000_000);
    let mut capture = io::BufWriter::new(fs::File::create_new(path.join("trace.pcapng"))?);
    pcapng::write(&mut capture, &finished.trace, &comments, start)?;
    capture.flush()
}
