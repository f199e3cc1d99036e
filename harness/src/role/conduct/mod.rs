//! Conduct: rules laid over a role. What a fake does other than its role would, and what a defective SUT does wrong,
//! are the same data.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{Actor, Hop, Hosts, Input, Output, build::Draft, ids::Ids};
use crate::{
    field::Field,
    template,
    trace::Transport,
    upper::{Act, Sight},
    wire::{
        sip::Message,
        stream::{Framed, Framer, Limits},
    },
};

pub mod edit;
pub mod rule;

pub use rule::{Feed, Has, Replace, Rule, Upon, Values};

/// How many decisions about messages are remembered for their repetitions.
const REMEMBERED: usize = 256;

/// Acts that a rule feeds are numbered from here; their answers go nowhere.
const FED: u64 = 1 << 62;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// What became of a message.
#[derive(Clone, Debug)]
struct Fate {
    /// What goes on, and whereto; none: it vanished.
    passed: Option<(Hop, Bytes)>,
    /// What is said back.
    answer: Option<Bytes>,
    delay: Duration,
    repeat: u32,
    cut: bool,
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
    sent: Vec<Message>,
    received: Vec<Message>,
    fates: VecDeque<(Way, Bytes, Fate)>,
    streams: BTreeMap<SocketAddr, Framer>,
    waiting: Vec<(Duration, Way, Hop, Bytes)>,
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
            streams: BTreeMap::new(),
            waiting: Vec::new(),
            out: VecDeque::new(),
            complaints: Vec::new(),
        }
    }

    fn message_in(&mut self, now: Duration, hop: Hop, bytes: Bytes) {
        let fate = self.fate(Way::In, hop, bytes);
        if let Some(answer) = fate.answer {
            self.out.push_back(Output::Transmit { hop, bytes: answer });
        }
        if fate.cut {
            self.out.push_back(Output::Close { hop });
        }
        for (hop, bytes) in std::iter::repeat_n(fate.passed, 1 + fate.repeat as usize).flatten() {
            if fate.delay.is_zero() {
                self.inner.handle(now, Input::Bytes { hop, bytes });
                self.drain(now);
            } else {
                self.waiting.push((now + fate.delay, Way::In, hop, bytes));
            }
        }
    }

    fn message_out(&mut self, now: Duration, hop: Hop, bytes: Bytes) {
        let fate = self.fate(Way::Out, hop, bytes);
        if fate.cut {
            self.out.push_back(Output::Close { hop });
        }
        for (hop, bytes) in std::iter::repeat_n(fate.passed, 1 + fate.repeat as usize).flatten() {
            if fate.delay.is_zero() {
                self.out.push_back(Output::Transmit { hop, bytes });
            } else {
                self.waiting.push((now + fate.delay, Way::Out, hop, bytes));
            }
        }
    }

    /// What the rules make of a message; a repetition meets the fate of the original.
    fn fate(&mut self, way: Way, hop: Hop, bytes: Bytes) -> Fate {
        let plain = Fate { passed: Some((hop, bytes.clone())), answer: None, delay: Duration::ZERO, repeat: 0, cut: false };
        if self.rules.is_empty() || self.unseen.contains(&hop.address) {
            return plain;
        }
        if let Some((.., fate)) = self.fates.iter().find(|(w, b, _)| *w == way && *b == bytes) {
            // What is held back comes once; its repetitions would overtake it.
            let passed = fate.passed.clone().filter(|_| fate.delay.is_zero());
            return Fate { passed, delay: Duration::ZERO, repeat: 0, ..fate.clone() };
        }
        let fate = self.judge(way, plain);
        if let Some((_, passed)) = &fate.passed {
            let history = if way == Way::Out { &mut self.sent } else { &mut self.received };
            history.push(Message::parse(passed.clone()));
        }
        self.fates.push_back((way, bytes, fate.clone()));
        if self.fates.len() > REMEMBERED {
            self.fates.pop_front();
        }
        fate
    }

    /// The first rule with a verb other than `edit` and `replace` settles it; edits of all rules add up.
    fn judge(&mut self, way: Way, mut fate: Fate) -> Fate {
        let Some((_, original)) = fate.passed.clone() else { return fate };
        let original = Message::parse(original);
        for index in 0..self.rules.len() {
            let rule = self.rules[index].0.clone();
            let spec = if way == Way::Out { &rule.upon.sending } else { &rule.upon.receiving };
            if !spec.as_deref().is_some_and(|spec| is_kind(&original, spec)) || !self.holds(&rule.upon, &original) {
                continue;
            }
            self.rules[index].1 += 1;
            if rule.upon.nth.is_some_and(|nth| nth != self.rules[index].1) {
                continue;
            }
            if let Some((hop, bytes)) = &mut fate.passed {
                let (to, changed) = self.edited(&rule, *hop, bytes.clone());
                (*hop, *bytes) = (to, changed);
            }
            if let Some(status) = rule.answer {
                fate.answer = Some(self.answer(&original, status, &rule.header));
                fate.passed = None;
            }
            if rule.drop || rule.cut {
                fate.passed = None;
                fate.cut = rule.cut;
            }
            fate.delay += Duration::from_millis(rule.delay.unwrap_or_default());
            fate.repeat += rule.repeat.unwrap_or_default();
            if rule.answer.is_some() || rule.drop || rule.cut {
                break;
            }
        }
        fate
    }

    fn holds(&self, upon: &Upon, message: &Message) -> bool {
        let read = |name: &str| name.parse::<Field>().map(|field| field.read(message)).unwrap_or_default();
        let has = match &upon.has {
            None => true,
            Some(Has::Field(name)) => !read(name).is_empty(),
            Some(Has::Fitting(fields)) => {
                fields.iter().all(|(name, pattern)| read(name).iter().any(|found| template::fits(&self.named(pattern), &found.text)))
            }
        };
        let to = upon.to.as_deref().is_none_or(|to| {
            let to = self.named(to);
            match message.request_uri() {
                Some(uri) => template::fits(&to, &uri.text(&message.raw)),
                None => message.cseq().is_some_and(|(_, method)| method == to),
            }
        });
        has && to
            && upon.lacks.as_deref().is_none_or(|name| read(name).is_empty())
            && upon.after.as_ref().is_none_or(|a| self.happened.contains(a))
    }

    fn named(&self, text: &str) -> String {
        template::fill(text, |name| self.names.get(name).cloned()).unwrap_or_else(|_| text.to_owned())
    }

    fn edited(&mut self, rule: &Rule, mut hop: Hop, mut bytes: Bytes) -> (Hop, Bytes) {
        let this = Message::parse(bytes.clone());
        if let Some(Replace { bytes: old, with }) = &rule.replace {
            bytes = edit::replace(&bytes, old, with);
        }
        for (key, values) in &rule.edit {
            let filled: Result<Vec<String>, String> = values.list().iter().map(|value| self.fill(value, &this)).collect();
            let done = filled.and_then(|values| {
                if key == "destination" {
                    let host = values.first().map(String::as_str).unwrap_or_default();
                    hop.address = *self.hosts.get(host).ok_or_else(|| format!("destination: no host {host:?}"))?;
                    return Ok(bytes.clone());
                }
                edit::message(&bytes, key, &values)
            });
            match done {
                Ok(changed) => bytes = changed,
                Err(why) => self.complaints.push(why),
            }
        }
        (hop, bytes)
    }

    /// Fills in `{new}`, `{this.X}`, `{sent.X}`, `{received.X}`, `{first.X}`, `{lower received.X}` and the names of the scenario.
    fn fill(&mut self, text: &str, this: &Message) -> Result<String, String> {
        let method = this.cseq().map(|(_, m)| m.to_owned());
        let same = |m: &&Message| m.cseq().map(|(_, m)| m.to_owned()) == method && m.is_request() == this.is_request();
        template::fill(text, |name| {
            let (lower, name) = name.strip_prefix("lower ").map_or((false, name), |rest| (true, rest));
            let value = match name.split_once('.') {
                _ if self.names.contains_key(name) => self.names.get(name).cloned(),
                None if name == "new" => Some(self.ids.uuid()),
                Some((which @ ("this" | "sent" | "received" | "first"), field)) => {
                    let message = match which {
                        "this" => Some(this),
                        "sent" => self.sent.iter().rfind(same),
                        "first" => self.sent.iter().find(same),
                        _ => self.received.iter().rfind(|m| m.is_request()),
                    };
                    let field: Field = field.parse().ok()?;
                    field.read(message?).first().map(|found| found.text.clone())
                }
                _ => None,
            };
            value.map(|v| if lower { v.to_lowercase() } else { v })
        })
        .map_err(|e| e.to_string())
    }

    fn answer(&mut self, request: &Message, status: u16, header: &BTreeMap<String, String>) -> Bytes {
        let tag = self.ids.token();
        let mut draft = Draft::response(request, status, &tag);
        for (name, value) in header.iter().filter(|(name, _)| *name != "algorithm") {
            match self.fill(value, request) {
                Ok(value) => draft = draft.header(name, &value),
                Err(why) => self.complaints.push(why),
            }
        }
        // What RFC 3261, 20 and 22 want beside these statuses, unless the scenario says otherwise.
        let asks = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        if matches!(status, 401 | 407) && !header.contains_key(asks) {
            let algorithm = header.get("algorithm").map_or("MD5", String::as_str);
            let home = self.names.get("home").cloned().unwrap_or_default();
            draft = draft
                .header(asks, &format!("Digest realm=\"{home}\", nonce=\"{}\", algorithm={algorithm}, qop=\"auth\"", self.ids.token()));
        }
        draft.finish()
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
            if let Some(status) = rule.feed.and_then(|feed| feed.answer) {
                self.feed_answer(now, status);
            }
        }
        self.happened.insert(name.to_owned());
        self.inner.handle(now, Input::Act { id, act });
    }

    fn feed_answer(&mut self, now: Duration, status: u16) {
        let Some(request) = self.sent.iter().rfind(|m| m.is_request()) else { return };
        let bytes = Draft::response(request, status, "fed").finish();
        let hop = Hop::sip(Transport::Udp, SocketAddr::from(([192, 0, 2, 0], 0)));
        self.inner.handle(now, Input::Bytes { hop, bytes });
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
            let value = |text: &str| template::fill(text, |name| shown.get(name.strip_prefix("this.")?)?.as_str().map(str::to_owned));
            let act: Option<serde_json::Map<_, _>> = fields.iter().map(|(k, v)| Some((k.clone(), value(v).ok()?.into()))).collect();
            match act.map(|act| serde_json::from_value::<Act>(act.into())) {
                Some(Ok(act)) => self.inner.handle(now, Input::Act { id: FED, act }),
                _ => self.complaints.push("feed: no such act".to_owned()),
            }
        }
    }

    /// Takes what the role wants done and lets the rules have their say.
    fn drain(&mut self, now: Duration) {
        while let Some(output) = self.inner.poll() {
            match output {
                Output::Transmit { hop, bytes } => self.message_out(now, hop, bytes),
                Output::Sight(sight) => self.sight(now, sight),
                Output::Answered { id, .. } if id >= FED => {}
                other => self.out.push_back(other),
            }
        }
    }
}

/// Whether a message is of a kind: `MESSAGE or INVITE`, `200`, `*` (any request).
fn is_kind(message: &Message, spec: &str) -> bool {
    spec.split(" or ").any(|word| match (message.method(), message.status()) {
        (Some(method), _) => word == "*" && !matches!(method, "ACK" | "OPTIONS") || word == method,
        (None, Some(status)) => word == status.to_string(),
        (None, None) => false,
    })
}

impl Actor for Deviant {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.transport == Transport::Udp => self.message_in(now, hop, bytes),
            Input::Bytes { hop, bytes } if self.rules.is_empty() => self.inner.handle(now, Input::Bytes { hop, bytes }),
            Input::Bytes { hop, bytes } => {
                let framer = self.streams.entry(hop.address).or_insert_with(|| Framer::new(Limits::default()));
                framer.push(&bytes);
                let framed: Vec<_> = std::iter::from_fn(|| framer.next()).collect();
                for framed in framed {
                    if let Framed::Message { bytes, .. } = framed {
                        self.message_in(now, hop, bytes);
                    }
                }
            }
            Input::Closed { hop } => {
                self.streams.remove(&hop.address);
                self.inner.handle(now, Input::Closed { hop });
            }
            Input::Timeout => {
                let (due, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(|(at, ..)| *at <= now);
                self.waiting = waiting;
                let due: Vec<_> = due;
                for (_, way, hop, bytes) in due {
                    match way {
                        Way::In => self.inner.handle(now, Input::Bytes { hop, bytes }),
                        Way::Out => self.out.push_back(Output::Transmit { hop, bytes }),
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
        self.waiting.iter().map(|(at, ..)| *at).chain(self.inner.deadline()).min()
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
        self.streams.clear();
        self.waiting.clear();
        self.out.clear();
        for rule in &mut self.rules {
            rule.1 = 0;
        }
    }
}
