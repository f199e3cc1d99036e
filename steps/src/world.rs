//! The world of one scenario: a bench, what "it" is, and the lines judged so far.
//!
//! Steps ask the world to wait, to look and to record; they never assert. What a line finds wrong is data, and so is what
//! keeps it from looking; only faults of the harness are panics.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use cucumber::World as Cucumber;
use gherkin::Step;
use harness::{
    bench::{Bench, record::Recorder},
    check::{View, seeing::Sighting},
    report::Line,
    requirement::Level,
    role::{Hop, Stimulus, ids::Ids},
    scenario::Scenario,
    sut::Profile,
    trace::{Event, LinkChange, Mark, view::It},
    upper::{Act, Answer},
    verdict::{Judgement, Reason, Severity, Verdict},
    wire::params::NameAddr,
};

use crate::{params::Clause, run::Setup};

mod record;

use record::either;

/// What keeps the rest of a scenario from being judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What the lines become: inconclusive, not tested, an error.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// In words.
    pub detail: String,
}

impl Obstacle {
    /// Nobody's nonconformity.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let verdict = match reason {
            Reason::NoAct | Reason::NoSetting | Reason::Slow | Reason::Transport => Verdict::NotTested,
            Reason::Branch => Verdict::NotApplicable,
            Reason::Suite | Reason::Link | Reason::Peer | Reason::Panic | Reason::Disk => Verdict::Error,
            _ => Verdict::Inconclusive,
        };
        Self { verdict, reason, detail: detail.into() }
    }
}

/// How long to look for what might come at once before the SUT is asked whether it is idle.
const AT_ONCE: Duration = Duration::from_millis(300);

/// Longest time that passes on the wall clock without `--slow`.
const SLOW: Duration = Duration::from_secs(5);

/// One scenario under way.
#[derive(Cucumber)]
#[world(init = Self::new)]
pub struct World {
    pub(crate) setup: Option<Arc<Setup>>,
    /// What the SUT is in this section.
    pub(crate) profile: Option<Arc<Profile>>,
    /// Feature file and its section tag.
    pub(crate) feature: (String, String),
    /// Title, and number in the run.
    pub(crate) scenario: (String, usize),
    pub(crate) bench: Option<Bench>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) network: Scenario,
    pub(crate) names: BTreeMap<String, String>,
    pub(crate) ids: Ids,
    it: Option<It>,
    they: Vec<It>,
    taken: Vec<It>,
    obstacle: Option<Obstacle>,
    /// What the product said when it refused the last act.
    refused: Option<String>,
    /// Whether the last seeing line did not find what it looked for: what follows from it is hidden.
    hidden: bool,
    /// The option that the SUT did not take, which the lines up to the next stimulus are about.
    untaken: Option<String>,
    /// The sight that the user may see and did not: what it leaves out since the last stimulus says nothing.
    pub(crate) unseen: Option<String>,
    /// The option that left no message, which only lines about "it" are about.
    nothing: Option<String>,
    stimulated: bool,
    pub(crate) lines: Vec<Line>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("scenario", &self.scenario).field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}

impl World {
    fn new() -> Self {
        Self {
            setup: None,
            profile: None,
            feature: Default::default(),
            scenario: Default::default(),
            bench: None,
            recorder: None,
            network: Scenario::default(),
            names: BTreeMap::new(),
            ids: Ids::new(0),
            it: None,
            they: Vec::new(),
            taken: Vec::new(),
            obstacle: None,
            refused: None,
            hidden: false,
            untaken: None,
            unseen: None,
            nothing: None,
            stimulated: false,
            lines: Vec::new(),
        }
    }

    /// What the run is about.
    ///
    /// # Panics
    /// If the before hook did not run: a fault of the harness.
    pub(crate) fn setup(&self) -> Arc<Setup> {
        Arc::clone(self.setup.as_ref().expect("the before hook sets it"))
    }

    /// What the SUT is, in the edition that the section is of.
    ///
    /// # Panics
    /// As [`Self::setup`].
    pub(crate) fn profile(&self) -> Arc<Profile> {
        Arc::clone(self.profile.as_ref().expect("the before hook sets it"))
    }

    /// Lets every later line of the scenario become what `obstacle` says.
    pub(crate) fn stop(&mut self, obstacle: Obstacle) {
        if let Some(bench) = &mut self.bench {
            bench.mark(Mark::Obstacle(format!("{}: {}", obstacle.reason, obstacle.detail)));
        }
        self.obstacle.get_or_insert(obstacle);
    }

    /// The bench, unless the scenario has been stopped.
    pub(crate) fn bench(&mut self) -> Option<&mut Bench> {
        if self.obstacle.is_some() {
            return None;
        }
        if self.bench.is_none() {
            self.stop(Obstacle::new(Reason::Suite, "no network is loaded before this step"));
        }
        self.bench.as_mut()
    }

    pub(crate) fn duration(&self, name: &str) -> Duration {
        self.profile().ixit.duration(name)
    }

    /// What a check may look at now.
    fn view<'a>(&'a self, bench: &'a Bench, profile: &'a Profile) -> View<'a> {
        View {
            trace: bench.record.trace(),
            messages: bench.record.messages(),
            it: self.it,
            they: &self.they,
            taken: &self.taken,
            ixit: &profile.ixit,
        }
    }

    /// Looks at the trace.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> Option<T> {
        let (bench, profile) = (self.bench.as_ref()?, self.profile.as_ref()?);
        Some(look(&self.view(bench, profile)))
    }

    /// Marks a stimulus; absences and sights count from here.
    pub(crate) fn stimulus(&mut self, text: &str) {
        self.refused = None;
        self.hidden = false;
        self.untaken = None;
        self.unseen = None;
        self.nothing = None;
        let first = !std::mem::replace(&mut self.stimulated, true);
        if let Some(bench) = self.bench() {
            if first {
                bench.chill();
            }
            bench.mark(Mark::Stimulus(text.to_owned()));
        }
    }

    /// Lets the user act; gives the handles. What the product refuses is remembered, what it cannot do stops the scenario.
    pub(crate) async fn act(&mut self, act: Act) -> Option<BTreeMap<String, String>> {
        let patience = self.duration("acts");
        let name = act.name();
        let bench = self.bench()?;
        if !bench.knows_act(name) {
            self.stop(Obstacle::new(Reason::NoAct, format!("the adapter has no act {name}")));
            return None;
        }
        let answer = bench.act(act, patience).await;
        match answer {
            Some(Answer::Taken(handles)) => return Some(handles),
            Some(Answer::Refused(why) | Answer::NotNow(why)) => self.refused = Some(format!("the product refused {name}: {why}")),
            // What the handle named is gone: as good as a refusal, and no reason why something should come of it.
            Some(Answer::UnknownHandle(handle)) => self.refused = Some(format!("{name}: unknown handle {handle:?}")),
            Some(Answer::NoSuchAct) => self.stop(Obstacle::new(Reason::NoAct, format!("the adapter has no act {name}"))),
            None => self.lost(name),
        }
        None
    }

    /// The SUT did not answer an act: it is gone, or hangs.
    fn lost(&mut self, act: &str) {
        let gone = self.bench.as_ref().and_then(|b| b.gone().map(str::to_owned));
        let detail = gone.unwrap_or_else(|| format!("{act} was not answered in time"));
        // ARCHITECTURE, section 11: who dies of a stimulus fails the line that needed its effect; before one it is nobody's fault.
        let (verdict, reason) = if self.stimulated { (Verdict::Fail, Reason::Crashed) } else { (Verdict::Inconclusive, Reason::SutGone) };
        self.stop(Obstacle { verdict, reason, detail: format!("after {}: {detail}", self.last_stimulus()) });
    }

    /// The refusal of the last act, which keeps lines from being judged unless they expect nothing to happen.
    pub(crate) fn unless_refused(&mut self) {
        if let Some(why) = self.refused.take() {
            self.stop(Obstacle::new(Reason::ActRefused, why));
        }
    }

    /// Waits until `done`, at most as long as a reaction may take; a SUT that says it is idle is not waited for.
    pub(crate) async fn until(&mut self, done: impl Fn(&View<'_>) -> bool) -> bool {
        let (profile, reaction) = (self.profile(), self.duration("reaction"));
        let quiet = self.duration("quiet");
        let Some(mut bench) = self.bench.take() else { return false };
        let state = (self.it, self.they.clone(), self.taken.clone());
        let seen = |bench: &Bench| {
            done(&View {
                trace: bench.record.trace(),
                messages: bench.record.messages(),
                it: state.0,
                they: &state.1,
                taken: &state.2,
                ixit: &profile.ixit,
            }) || bench.gone().is_some()
        };
        let mut met = bench.until(AT_ONCE.min(reaction), seen).await;
        if !met {
            // A fake that is slow on purpose is waited for before the SUT is asked whether it is done.
            bench.until(reaction, |bench| seen(bench) || bench.fakes_are_idle()).await;
            met = seen(&bench);
        }
        // What the fakes took is not the SUT's time.
        let end = bench.now() + reaction.saturating_sub(AT_ONCE);
        if !met && bench.knows_idle() && bench.idle(end.saturating_sub(bench.now()), quiet).await {
            // What was on its way while the SUT said so is still read.
            met = bench.until(Duration::from_millis(20), seen).await;
        } else if !met {
            met = bench.until(end.saturating_sub(bench.now()), seen).await;
        }
        let done = met && self.look_at(&bench, &profile, &done);
        self.bench = Some(bench);
        done
    }

    /// Lets a stream go on until there is enough of it, at most as long as a reaction may take; that the SUT is idle says nothing
    /// about it.
    pub(crate) async fn listen(&mut self, enough: impl Fn(&View<'_>) -> bool) {
        if self.obstacle.is_some() || self.look(&enough).unwrap_or(true) {
            return;
        }
        let (profile, reaction) = (self.profile(), self.duration("reaction"));
        let Some(mut bench) = self.bench.take() else { return };
        let done = |bench: &Bench| self.look_at(bench, &profile, &enough) || bench.gone().is_some();
        bench.until(reaction, done).await;
        self.bench = Some(bench);
    }

    fn look_at(&self, bench: &Bench, profile: &Profile, done: impl Fn(&View<'_>) -> bool) -> bool {
        done(&self.view(bench, profile))
    }

    /// Lets time pass, unless that takes too long on the wall clock.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let slow = self.setup().slow;
        let Some(bench) = self.bench() else { return };
        if bench.waits_for_real() && !slow && time > SLOW {
            self.stop(Obstacle::new(Reason::Slow, format!("{} s pass here; --slow plays it", time.as_secs())));
            return;
        }
        bench.pass(time).await;
    }

    /// Records what a seeing line found; what it took is taken, the last of it is "it".
    pub(crate) fn take(&mut self, sighting: &Sighting) {
        let met = matches!(&sighting.judgement, Judgement::Looked { findings, .. } if findings.iter().all(|f| f.severity < Severity::Fail))
            || matches!(sighting.judgement, Judgement::NotTaken(_));
        self.hidden = !met;
        self.nothing = None;
        if let Judgement::NotTaken(fact) = &sighting.judgement {
            self.untaken = Some(fact.clone());
        }
        self.it = sighting.found.last().copied().filter(|_| met);
        self.they = if met { sighting.found.clone() } else { Vec::new() };
        self.taken.extend(&sighting.found);
    }

    /// Takes all that the SUT said since the last stimulus: it belongs to what was there beforehand, and later lines pass it over.
    pub(crate) fn pass_over(&mut self) {
        let said = self.look(|view| {
            let messages = view.messages;
            let sip = (0..messages.list().len()).map(It::Sip);
            let media = (0..messages.media().len()).map(It::Media);
            let places = sip.chain(media).chain((0..messages.wholes().len()).map(It::Whole));
            let places = places.chain((0..messages.streams().len()).map(It::Rtp));
            let since = view.stimulus();
            let own = |at: &It| messages.item(*at).is_some_and(|item| item.by_sut() && item.entry() >= since);
            places.filter(own).collect::<Vec<_>>()
        });
        self.taken.extend(said.into_iter().flatten());
    }

    /// How binding a row is.
    pub(crate) fn level(&self, clause: &Clause) -> Option<Level> {
        self.setup().suite.catalogue.get(&clause.id(&self.feature.1)).map(|row| row.level)
    }

    /// Records that the SUT left out a message that it may send; lines about that message are about an option not taken.
    pub(crate) fn not_taken(&mut self, step: &Step, clause: &Clause, fact: &str) {
        (self.it, self.hidden) = (None, false);
        self.they.clear();
        self.nothing = Some(fact.to_owned());
        self.judge(step, clause, |_| Judgement::NotTaken(fact.to_owned()));
    }

    /// Where a SUT that is a server is, heard or not.
    fn server(&self) -> Option<(Hop, String)> {
        let uri = self.names.get("sut")?;
        let address = uri.strip_prefix("sip:")?.parse().ok()?;
        Some((Hop::sip(self.setup().transport, address), uri.clone()))
    }

    /// Whether the SUT lives: it answers a request that any SIP user agent answers. `None`: it was never heard.
    pub(crate) async fn lives(&mut self) -> Option<bool> {
        let (flow, contact) = self.look(last_heard).flatten().or_else(|| self.server())?;
        let reaction = self.duration("reaction");
        let bench = self.bench.as_mut()?;
        let start = bench.record.trace().len();
        bench.stimulate("the IMS core", Stimulus::Probe { flow, contact });
        let answered = move |bench: &Bench| {
            let list = bench.record.messages().list();
            list.iter()
                .rev()
                .take_while(|seen| seen.entry >= start)
                .any(|seen| seen.by_sut() && seen.message.is_response() && seen.message.cseq().is_some_and(|(_, m)| m == "OPTIONS"))
        };
        let lives = bench.until(reaction, |bench| answered(bench) || bench.gone().is_some()).await && bench.gone().is_none();
        bench.mark(Mark::ProofOfLife(lives));
        Some(lives)
    }

    /// Waits until an absence is certain: the SUT has handled everything, or the quiet period is over; then it has to live.
    pub(crate) async fn barrier(&mut self) -> Result<(), Obstacle> {
        let dead = |detail: &str| Obstacle::new(Reason::NoProofOfLife, detail);
        let (acts, quiet) = (self.duration("acts"), self.duration("quiet"));
        if self.lives().await != Some(true) {
            return Err(dead("the SUT did not answer OPTIONS"));
        }
        let Some(bench) = self.bench.as_mut() else { return Err(dead("there is no bench")) };
        if bench.knows_idle() {
            if !bench.idle(acts, quiet).await {
                return Err(dead("the SUT did not become idle"));
            }
            bench.mark(Mark::Barrier);
        } else {
            let left = quiet.saturating_sub(bench.now().saturating_sub(stimulated_at(bench)));
            bench.pass(left).await;
            bench.mark(Mark::Quiet(u64::try_from(quiet.as_millis()).unwrap_or(u64::MAX)));
        }
        if self.lives().await == Some(true) { Ok(()) } else { Err(dead("the SUT did not answer OPTIONS after the quiet period")) }
    }

    /// Records the verdict of a line from what a check says.
    pub(crate) fn judge(&mut self, step: &Step, clause: &Clause, check: impl FnOnce(&View<'_>) -> Judgement) {
        let judgement = match (&self.obstacle, &self.untaken) {
            (Some(_), _) => None,
            (None, Some(fact)) => Some(Judgement::NotTaken(fact.clone())),
            (None, None) => Some(
                self.look(check).unwrap_or_else(|| Judgement::Obstacle(Reason::Suite, "no network is loaded before this step".to_owned())),
            ),
        };
        let judgement = match (judgement, &self.nothing) {
            (Some(Judgement::Obstacle(Reason::HiddenByAnswer, _)), Some(fact)) if self.it.is_none() => {
                Some(Judgement::NotTaken(fact.clone()))
            }
            (judgement, _) => judgement,
        };
        self.record(step, clause, judgement);
    }

    /// Waits until the check is content, or nothing more will come, and records what it then says.
    pub(crate) async fn judge_in_time(&mut self, step: &Step, clause: &Clause, check: impl Fn(&View<'_>) -> Judgement) {
        self.unless_refused();
        if self.obstacle.is_none() {
            if self.until(|view| is_content(&check(view))).await {
                // What is seen once must not be seen again; whether the SUT proves to live is not the question here.
                let _ = self.barrier().await;
            }
            self.check_life(&mut |view| is_missing(&check(view))).await;
        }
        self.judge(step, clause, check);
    }

    /// Waits until the check is content, at most as long as a reaction may take, and records what it then says.
    pub(crate) async fn judge_when(&mut self, step: &Step, clause: &Clause, check: impl Fn(&View<'_>) -> Judgement) {
        self.unless_refused();
        if self.obstacle.is_none() {
            self.until(|view| is_content(&check(view))).await;
            self.check_life(&mut |view| is_missing(&check(view))).await;
        }
        self.judge(step, clause, check);
    }

    /// Records whether one of two requirements was met by an earlier line: it passed and found what it allows.
    pub(crate) fn judge_either(&mut self, step: &Step, clause: &Clause, one: &Clause, other: &Clause) {
        let ids = [one.id(&self.feature.1), other.id(&self.feature.1)];
        let judgement = either(&self.lines, &ids);
        self.untaken = None;
        self.judge(step, clause, |_| judgement);
    }

    /// The obstacle to a line about what the user sees: another answer than the one that was due hides it.
    pub(crate) fn hidden_by_answer(&self) -> Option<Judgement> {
        self.hidden.then(|| {
            Judgement::Obstacle(Reason::HiddenByAnswer, "the message before it was not answered, or not sent, as it should be".to_owned())
        })
    }

    /// Where something is missing: a SUT that no longer lives did not fail to send it, it crashed.
    pub(crate) async fn check_life(&mut self, missing: &mut dyn FnMut(&View<'_>) -> bool) {
        if !self.look(|view| missing(view)).unwrap_or(false) || self.obstacle.is_some() {
            return;
        }
        let gone = self.bench.as_ref().and_then(|b| b.gone().map(str::to_owned));
        if let Some(why) = gone {
            self.stop(Obstacle {
                verdict: Verdict::Fail,
                reason: Reason::Crashed,
                detail: format!("after {}: {why}", self.last_stimulus()),
            });
        } else if self.lives().await == Some(false) && !self.says_idle().await {
            let detail = format!("after {} the SUT answers neither OPTIONS nor `idle`", self.last_stimulus());
            self.stop(Obstacle { verdict: Verdict::Fail, reason: Reason::Crashed, detail });
        }
    }

    /// Whether the adapter says that the SUT is idle; some products never answer OPTIONS and live all the same.
    async fn says_idle(&mut self) -> bool {
        let (acts, external) = (self.duration("acts"), self.bench.as_ref().is_some_and(Bench::is_external));
        match self.bench.as_mut() {
            Some(bench) if external && bench.knows_idle() => bench.idle(acts, Duration::ZERO).await,
            _ => false,
        }
    }

    fn last_stimulus(&self) -> String {
        let text = self.look(|view| match &view.trace.entries().get(view.stimulus()).map(|e| &e.event) {
            Some(Event::Mark(Mark::Stimulus(text))) => Some(text.clone()),
            _ => None,
        });
        text.flatten().map_or_else(|| "the start".to_owned(), |text| format!("{text:?}"))
    }

    /// Whether the scenario goes on.
    pub(crate) fn goes_on(&self) -> bool {
        self.obstacle.is_none()
    }
}

fn stimulated_at(bench: &Bench) -> Duration {
    let entries = bench.record.trace().entries();
    entries.iter().rev().find(|e| matches!(e.event, Event::Mark(Mark::Stimulus(_)))).map_or(Duration::ZERO, |e| e.at)
}

/// Whether a check has nothing to fail, so that waiting for more changes nothing.
pub(crate) fn is_content(judgement: &Judgement) -> bool {
    matches!(judgement, Judgement::Looked { findings, .. } if findings.iter().all(|f| f.severity < Severity::Fail))
}

/// Whether all that a check has to say is that something did not come.
fn is_missing(judgement: &Judgement) -> bool {
    match judgement {
        Judgement::Looked { findings, .. } => findings.iter().any(|f| f.reason == Reason::Missing && f.severity == Severity::Fail),
        Judgement::Obstacle(reason, _) => *reason == Reason::NotTriggered,
        Judgement::NotTaken(_) => true,
    }
}

/// Where the SUT was heard last by the core, and the Contact that it gave there.
fn last_heard(view: &View<'_>) -> Option<(Hop, String)> {
    let list = view.messages.list();
    let register =
        list.iter().rev().find(|seen| seen.by_sut() && seen.message.method() == Some("REGISTER") && seen.to.name() == "the IMS core")?;
    let contact = *register.message.elements("Contact").first()?;
    let uri = NameAddr::parse(&register.message.raw, contact).uri.text(&register.message.raw).into_owned();
    let last = list.iter().rev().find(|seen| seen.by_sut() && seen.to == register.to)?;
    let opened = view.trace.entries().iter().find_map(|entry| match &entry.event {
        Event::Link { link, change: LinkChange::Opened { from, to, .. } } if *link == last.link => {
            Some(if from.party.is_sut() { from.address } else { to.address })
        }
        _ => None,
    })?;
    Some((Hop::sip(last.transport, opened), uri))
}
