//! Conduct: rules laid over a role. What a fake does other than its role would, and what a defective SUT does wrong,
//! are the same data.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{Actor, Hop, Hosts, Input, Output, build::Draft, ids::Ids, msrp::write};
use crate::{
    template,
    trace::{
        Protocol, Transport,
        view::cut::{Cut, Cutter},
    },
    upper::{Act, Sight},
};

pub mod edit;
mod fate;
mod media;
pub mod rule;
mod said;
#[cfg(test)]
mod tests;

use fate::{Fate, Way};
pub use rule::{Feed, Has, Replace, Rule, Upon, Values};
use said::Said;

/// Acts that a rule feeds are numbered from here; their answers go nowhere.
const FED: u64 = 1 << 62;

/// What waits for its time.
#[derive(Debug)]
enum Held {
    In(Hop, Bytes),
    Out(Output),
}

/// A role with rules laid over it.
pub struct Deviant {
    inner: Box<dyn Actor>,
    rules: Vec<(Rule, u32)>,
    /// Values of placeholders, and names of places.
    names: BTreeMap<String, String>,
    hosts: Hosts,
    /// Addresses whose messages no rule sees: the fakes behind a core.
    unseen: Vec<SocketAddr>,
    ids: Ids,
    happened: BTreeSet<String>,
    sent: Vec<Said>,
    received: Vec<Said>,
    fates: VecDeque<(Way, Bytes, Fate)>,
    /// Branches of INVITE requests that a rule refused: their ACK is not the role's.
    refused: BTreeSet<String>,
    streams: BTreeMap<Hop, Cutter>,
    /// Streams that are never opened, or later, or to another end than the role believes.
    barred: BTreeSet<Hop>,
    late: BTreeMap<Hop, Duration>,
    led: BTreeMap<Hop, Hop>,
    /// Until when a stream that is read slowly is read.
    busy: BTreeMap<Hop, Duration>,
    waiting: Vec<(Duration, Held)>,
    out: VecDeque<Output>,
    complaints: Vec<String>,
}

impl Deviant {
    /// `inner` with `rules` over it; `names` are the placeholders of the scenario.
    #[must_use]
    pub fn new(
        inner: Box<dyn Actor>,
        rules: Vec<Rule>,
        names: BTreeMap<String, String>,
        hosts: Hosts,
        unseen: Vec<SocketAddr>,
        seed: u64,
    ) -> Self {
        Self {
            inner,
            rules: rules.into_iter().map(|rule| (rule, 0)).collect(),
            names,
            hosts,
            unseen,
            // Other identifiers than those of the role, which may have the same seed.
            ids: Ids::new(!seed),
            happened: BTreeSet::new(),
            sent: Vec::new(),
            received: Vec::new(),
            fates: VecDeque::new(),
            refused: BTreeSet::new(),
            streams: BTreeMap::new(),
            barred: BTreeSet::new(),
            late: BTreeMap::new(),
            led: BTreeMap::new(),
            busy: BTreeMap::new(),
            waiting: Vec::new(),
            out: VecDeque::new(),
            complaints: Vec::new(),
        }
    }

    fn act(&mut self, now: Duration, id: u64, mut act: Act) {
        let name = act.name();
        for index in 0..self.rules.len() {
            let rule = self.rules[index].0.clone();
            if rule.upon.asked.as_deref() != Some(name) || rule.upon.after.as_ref().is_some_and(|a| !self.happened.contains(a)) {
                continue;
            }
            self.rules[index].1 += 1;
            if rule.upon.nth.is_some_and(|nth| nth != self.rules[index].1) {
                continue;
            }
            for (key, values) in &rule.edit {
                match edit::object(&act, key, values) {
                    Ok(changed) => act = changed,
                    Err(why) => self.complaints.push(why),
                }
            }
            if let Some(name) = &rule.open {
                self.open(name);
            }
            if let Some(status) = rule.feed.and_then(|feed| feed.answer) {
                self.feed_answer(now, status);
            }
        }
        self.happened.insert(name.to_owned());
        self.inner.handle(now, Input::Act { id, act });
    }

    /// Opens an MSRP connection to a fake, which the role knows nothing of.
    fn open(&mut self, name: &str) {
        match self.hosts.get(name) {
            Some(address) => {
                let hop = Hop::over(Protocol::Msrp, Transport::Tcp, *address);
                self.out.push_back(Output::Connect { hop, fingerprint: None });
            }
            None => self.complaints.push(format!("open: no host {name:?}")),
        }
    }

    /// Hands the role a response to the SIP request that it sent last.
    fn feed_answer(&mut self, now: Duration, status: u16) {
        let Some(request) = self.sent.iter().rev().filter_map(Said::sip).find(|m| m.is_request()) else { return };
        let bytes = Draft::response(request, status, "fed").finish();
        let hop = Hop::sip(Transport::Udp, SocketAddr::from(([192, 0, 2, 0], 0)));
        self.inner.handle(now, Input::Bytes { hop, bytes });
    }

    /// Hands the role an act that nobody did.
    fn feed_act(&mut self, now: Duration, fields: &BTreeMap<String, String>, mut value: impl FnMut(&str) -> Option<String>) {
        let mut fill = |text: &str| template::fill(text, &mut value).ok();
        let act: Option<serde_json::Map<_, _>> = fields.iter().map(|(k, v)| Some((k.clone(), fill(v)?.into()))).collect();
        match act.map(|act| serde_json::from_value::<Act>(act.into())) {
            Some(Ok(act)) => self.inner.handle(now, Input::Act { id: FED, act }),
            _ => self.complaints.push("feed: no such act".to_owned()),
        }
    }

    /// The sight as the user gets it, if he does; feeds are handed in afterwards.
    fn sight(&mut self, now: Duration, mut sight: Sight) {
        let name = sight.name();
        self.happened.insert(name.to_owned());
        let mut fed = Vec::new();
        for index in 0..self.rules.len() {
            let rule = self.rules[index].0.clone();
            if rule.upon.showing.as_deref() != Some(name) {
                continue;
            }
            if rule.drop {
                return;
            }
            for (key, values) in &rule.edit {
                match edit::object(&sight, key, values) {
                    Ok(changed) => sight = changed,
                    Err(why) => self.complaints.push(why),
                }
            }
            fed.extend(rule.feed.and_then(|feed| feed.act));
        }
        let shown = serde_json::to_value(&sight).unwrap_or_default();
        self.out.push_back(Output::Sight(sight));
        for fields in fed {
            self.feed_act(now, &fields, |name| shown.get(name.strip_prefix("this.")?)?.as_str().map(str::to_owned));
        }
    }

    /// Takes what the role wants done and lets the rules have their say.
    fn drain(&mut self, now: Duration) {
        while let Some(output) = self.inner.poll() {
            match output {
                Output::Transmit { hop, bytes } => self.message_out(now, hop, bytes),
                Output::Connect { hop, fingerprint } => self.connecting(now, hop, fingerprint),
                Output::Close { hop } => self.say(now, Output::Close { hop: self.led.get(&hop).copied().unwrap_or(hop) }),
                Output::Sight(sight) => self.sight(now, sight),
                Output::Answered { id, .. } if id >= FED => {}
                other => self.out.push_back(other),
            }
        }
    }
}

impl Actor for Deviant {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.transport == Transport::Udp => self.message_in(now, hop, bytes),
            Input::Bytes { hop, bytes } if self.rules.is_empty() => self.inner.handle(now, Input::Bytes { hop, bytes }),
            Input::Bytes { hop, bytes } => {
                let stream = self.streams.entry(hop).or_insert_with(|| Cutter::new(hop.protocol));
                stream.push(&bytes);
                let cut: Vec<_> = std::iter::from_fn(|| stream.next()).collect();
                for cut in cut {
                    if let Cut::Message { bytes, .. } = cut {
                        self.message_in(now, hop, bytes);
                    }
                }
            }
            Input::Closed { hop } => {
                self.streams.remove(&hop);
                let hop = self.believed(hop);
                self.inner.handle(now, Input::Closed { hop });
            }
            Input::Timeout => {
                let (due, waiting): (Vec<_>, _) = std::mem::take(&mut self.waiting).into_iter().partition(|(at, _)| *at <= now);
                self.waiting = waiting;
                for (_, held) in due {
                    match held {
                        Held::In(hop, bytes) => self.inner.handle(now, Input::Bytes { hop, bytes }),
                        Held::Out(output) => self.out.push_back(output),
                    }
                }
                self.inner.handle(now, Input::Timeout);
            }
            Input::Act { id, act } => self.act(now, id, act),
            Input::Stimulus(stimulus) => self.inner.handle(now, Input::Stimulus(stimulus)),
        }
        self.drain(now);
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        self.waiting.iter().map(|(at, _)| *at).chain(self.inner.deadline()).min()
    }

    fn deviate(&mut self, rule: Rule) {
        self.rules.insert(0, (rule, 0));
    }

    fn complaints(&self) -> Vec<String> {
        self.complaints.clone()
    }

    fn chill(&mut self) {
        self.inner.chill();
    }

    fn idle(&self, now: Duration, within: Duration) -> bool {
        self.out.is_empty() && self.waiting.is_empty() && self.inner.idle(now, within)
    }

    fn reset(&mut self) {
        self.inner.reset();
        self.happened.clear();
        self.sent.clear();
        self.received.clear();
        self.fates.clear();
        self.refused.clear();
        self.streams.clear();
        self.barred.clear();
        self.late.clear();
        self.led.clear();
        self.busy.clear();
        self.waiting.clear();
        self.out.clear();
        for rule in &mut self.rules {
            rule.1 = 0;
        }
    }
}
