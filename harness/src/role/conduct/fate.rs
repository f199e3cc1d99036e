//! What becomes of one message under the rules: it is edited, answered, held back, said again, cut off, or it vanishes.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;

use super::{Deviant, Feed, Has, Held, Hop, Input, Output, Replace, Rule, Said, Upon, edit, media, write};
use crate::{
    role::{build::Draft, patch::Patch, transaction::note_source},
    template,
    trace::Protocol,
    wire::sip::Message,
};

/// How many decisions about messages are remembered for their repetitions.
const REMEMBERED: usize = 256;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub(super) struct Fate {
    /// What goes on, and whereto; none: it vanished.
    passed: Option<(Hop, Bytes)>,
    /// What is said back.
    answer: Option<Bytes>,
    delay: Duration,
    repeat: u32,
    cut: bool,
    /// Octets that go out before the cut.
    at: Option<usize>,
    /// Octets of each piece.
    split: Option<usize>,
    /// Octets a second that are read.
    throttle: Option<u64>,
    feeds: Vec<Feed>,
    opens: Vec<String>,
}

impl Fate {
    /// The message goes on as it is.
    fn plain(hop: Hop, bytes: Bytes) -> Self {
        Self {
            passed: Some((hop, bytes)),
            answer: None,
            delay: Duration::ZERO,
            repeat: 0,
            cut: false,
            at: None,
            split: None,
            throttle: None,
            feeds: Vec::new(),
            opens: Vec::new(),
        }
    }
}

impl Deviant {
    pub(super) fn message_in(&mut self, now: Duration, hop: Hop, bytes: Bytes) {
        let fate = self.fate(Way::In, hop, bytes);
        if let Some(answer) = fate.answer {
            self.out.push_back(Output::Transmit { hop, bytes: answer });
        }
        if fate.cut {
            self.out.push_back(Output::Close { hop });
        }
        let mut due = now + fate.delay;
        if let (Some(rate), Some((_, bytes))) = (fate.throttle, &fate.passed) {
            let took = Duration::from_secs_f64(bytes.len() as f64 / rate.max(1) as f64);
            due = self.busy.get(&hop).copied().unwrap_or(now).max(now) + took;
            self.busy.insert(hop, due);
        }
        for (hop, bytes) in std::iter::repeat_n(fate.passed, 1 + fate.repeat as usize).flatten() {
            let hop = self.believed(hop);
            if due <= now {
                self.inner.handle(now, Input::Bytes { hop, bytes });
                self.drain(now);
            } else {
                self.waiting.push((due, Held::In(hop, bytes)));
            }
        }
        self.besides(now, None, fate.feeds, &fate.opens);
    }

    pub(super) fn message_out(&mut self, now: Duration, hop: Hop, bytes: Bytes) {
        let fate = self.fate(Way::Out, hop, bytes.clone());
        for (hop, bytes) in std::iter::repeat_n(fate.passed, 1 + fate.repeat as usize).flatten() {
            let hop = self.led.get(&hop).copied().unwrap_or(hop);
            let size = fate.split.unwrap_or(bytes.len()).max(1);
            let kept = bytes.slice(..fate.at.unwrap_or(bytes.len()).min(bytes.len()));
            for from in (0..kept.len()).step_by(size) {
                let piece = kept.slice(from..(from + size).min(kept.len()));
                let output = Output::Transmit { hop, bytes: piece };
                if fate.delay.is_zero() {
                    self.say(now, output);
                } else if !self.barred.contains(&hop) {
                    self.waiting.push((now + fate.delay, Held::Out(output)));
                }
            }
        }
        if fate.cut {
            self.say(now, Output::Close { hop: self.led.get(&hop).copied().unwrap_or(hop) });
        }
        self.besides(now, Some((hop, bytes)), fate.feeds, &fate.opens);
    }

    /// Says something over a stream that may be opened later, or never.
    pub(super) fn say(&mut self, now: Duration, output: Output) {
        let hop = match &output {
            Output::Transmit { hop, .. } | Output::Close { hop } | Output::Connect { hop, .. } => *hop,
            Output::Answered { .. } | Output::Sight(_) => return self.out.push_back(output),
        };
        match self.late.get(&hop) {
            _ if self.barred.contains(&hop) => {}
            Some(at) if *at > now => self.waiting.push((*at, Held::Out(output))),
            _ => self.out.push_back(output),
        }
    }

    /// The stream that the role believes it is heard over.
    pub(super) fn believed(&self, hop: Hop) -> Hop {
        self.led.iter().find(|(_, real)| **real == hop).map_or(hop, |(believed, _)| *believed)
    }

    /// A stream is about to be opened.
    pub(super) fn connecting(&mut self, now: Duration, hop: Hop, fingerprint: Option<String>) {
        let mut to = hop;
        for index in 0..self.rules.len() {
            let rule = self.rules[index].0.clone();
            let of = |name: &String| super::said::named(name) == Some(hop.protocol);
            if !rule.upon.connecting.as_ref().is_some_and(of) || rule.upon.after.as_ref().is_some_and(|a| !self.happened.contains(a)) {
                continue;
            }
            self.rules[index].1 += 1;
            if rule.upon.nth.is_some_and(|nth| nth != self.rules[index].1) {
                continue;
            }
            for (key, values) in &rule.edit {
                let host = values.list().first().cloned().unwrap_or_default();
                match self.hosts.get(&host).filter(|_| key == "destination") {
                    Some(address) => to.address = *address,
                    None => self.complaints.push(format!("connecting: nothing but a destination can be edited; no host {host:?}")),
                }
            }
            if rule.drop {
                self.barred.insert(hop);
            }
            if let Some(delay) = rule.delay {
                self.late.insert(to, now + Duration::from_millis(delay));
            }
        }
        if to != hop {
            self.led.insert(hop, to);
        }
        if self.barred.contains(&hop) {
            self.barred.insert(to);
        }
        self.say(now, Output::Connect { hop: to, fingerprint });
    }

    /// What the rules want besides: the role is handed what did not come, a connection is opened.
    fn besides(&mut self, now: Duration, sent: Option<(Hop, Bytes)>, feeds: Vec<Feed>, opens: &[String]) {
        for name in opens {
            self.open(name);
        }
        for feed in feeds {
            if let (Some(status), Some((hop, bytes))) = (feed.answer, &sent) {
                let said = Said::parse(hop.protocol, bytes.clone());
                let bytes = self.answer(&said, status, &BTreeMap::new());
                self.inner.handle(now, Input::Bytes { hop: *hop, bytes });
            } else if let Some(status) = feed.answer {
                self.feed_answer(now, status);
            }
            if let Some(fields) = &feed.act {
                let names = self.names.clone();
                self.feed_act(now, fields, |name| names.get(name).cloned());
            }
        }
    }

    /// What the rules make of a message; a repetition meets the fate of the original.
    fn fate(&mut self, way: Way, hop: Hop, bytes: Bytes) -> Fate {
        let plain = Fate::plain(hop, bytes.clone());
        if self.rules.is_empty() || self.unseen.contains(&hop.address) {
            return plain;
        }
        // Only SIP repeats what it said.
        let repeats = hop.protocol == Protocol::Sip;
        if let Some((.., fate)) = self.fates.iter().filter(|_| repeats).find(|(w, b, _)| *w == way && *b == bytes) {
            // What is held back comes once; its repetitions would overtake it.
            let passed = fate.passed.clone().filter(|_| fate.delay.is_zero());
            return Fate { passed, delay: Duration::ZERO, repeat: 0, feeds: Vec::new(), opens: Vec::new(), ..fate.clone() };
        }
        let fate = self.judge(way, plain);
        if let Some((hop, passed)) = &fate.passed {
            let history = if way == Way::Out { &mut self.sent } else { &mut self.received };
            remember(history, Said::parse(hop.protocol, passed.clone()));
        }
        if repeats {
            self.fates.push_back((way, bytes, fate.clone()));
            if self.fates.len() > REMEMBERED {
                self.fates.pop_front();
            }
        }
        fate
    }

    /// The first rule that answers, drops or cuts settles it; edits of all rules before it add up.
    fn judge(&mut self, way: Way, mut fate: Fate) -> Fate {
        let Some((hop, original)) = fate.passed.clone() else { return fate };
        let original = Said::parse(hop.protocol, original);
        if way == Way::In && self.is_ack_of_refused(&original) {
            fate.passed = None;
            return fate;
        }
        for index in 0..self.rules.len() {
            let rule = self.rules[index].0.clone();
            let spec = if way == Way::Out { &rule.upon.sending } else { &rule.upon.receiving };
            if !spec.as_deref().is_some_and(|spec| original.is_kind(spec)) || !self.holds(&rule.upon, &original) {
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
                self.refuses(&original, status);
                fate.answer = Some(self.answer(&noted(&original, hop), status, &rule.header));
                fate.passed = None;
            }
            if rule.drop || rule.cut {
                fate.passed = fate.passed.filter(|_| rule.at.is_some() && !rule.drop);
                (fate.cut, fate.at) = (rule.cut, rule.at);
            }
            fate.split = rule.split.or(fate.split);
            fate.throttle = rule.throttle.or(fate.throttle);
            fate.delay += Duration::from_millis(rule.delay.unwrap_or_default());
            fate.repeat += rule.repeat.unwrap_or_default();
            fate.feeds.extend(rule.feed);
            fate.opens.extend(rule.open);
            if rule.answer.is_some() || rule.drop || rule.cut {
                break;
            }
        }
        fate
    }

    /// Remembers an INVITE that a rule refuses: the ACK that follows belongs to nobody else.
    fn refuses(&mut self, request: &Said, status: u16) {
        let branch = request.sip().filter(|m| status >= 300 && m.method() == Some("INVITE")).and_then(|m| m.branch());
        self.refused.extend(branch.map(|b| b.into_owned()));
    }

    fn is_ack_of_refused(&self, said: &Said) -> bool {
        let ack = said.sip().filter(|m| m.method() == Some("ACK"));
        ack.and_then(|m| m.branch()).is_some_and(|branch| self.refused.iter().any(|refused| **refused == *branch))
    }

    fn holds(&self, upon: &Upon, said: &Said) -> bool {
        let has = match &upon.has {
            None => true,
            Some(Has::Field(name)) => !said.read(name).is_empty(),
            Some(Has::Fitting(fields)) => {
                fields.iter().all(|(name, pattern)| said.read(name).iter().any(|text| template::fits(&self.named(pattern), text)))
            }
        };
        let to = upon.to.as_deref().is_none_or(|to| said.target().is_some_and(|target| template::fits(&self.named(to), &target)));
        has && to
            && upon.lacks.as_deref().is_none_or(|name| said.read(name).is_empty())
            && upon.after.as_ref().is_none_or(|a| self.happened.contains(a))
    }

    fn named(&self, text: &str) -> String {
        template::fill(text, |name| self.names.get(name).cloned()).unwrap_or_else(|_| text.to_owned())
    }

    fn edited(&mut self, rule: &Rule, mut hop: Hop, mut bytes: Bytes) -> (Hop, Bytes) {
        let this = Said::parse(hop.protocol, bytes.clone());
        if let Some(Replace { bytes: old, with }) = &rule.replace {
            bytes = if hop.protocol == Protocol::Sip { edit::replace(&bytes, old, with) } else { edit::replace_all(&bytes, old, with) };
        }
        for (key, values) in &rule.edit {
            let filled: Result<Vec<String>, String> = values.list().iter().map(|value| self.fill(value, &this)).collect();
            let done = filled.and_then(|values| {
                if key == "destination" {
                    let host = values.first().map(String::as_str).unwrap_or_default();
                    hop.address = *self.hosts.get(host).ok_or_else(|| format!("destination: no host {host:?}"))?;
                    return Ok(bytes.clone());
                }
                if key == "source" && hop.protocol.is_rtp() {
                    hop.lane = values.first().and_then(|lane| lane.parse().ok()).ok_or("source: no number of an own pair of ports")?;
                    return Ok(bytes.clone());
                }
                if hop.protocol == Protocol::Sip {
                    edit::message(&bytes, key, &values)
                } else {
                    media::message(hop.protocol, &bytes, key, &values)
                }
            });
            match done {
                Ok(changed) => bytes = changed,
                Err(why) => self.complaints.push(why),
            }
        }
        (hop, bytes)
    }

    /// Fills in `{new}`, `{New}`, `{this.X}`, `{sent.X}`, `{received.X}`, `{first.X}`, `{lower received.X}` and the names of the scenario.
    pub(super) fn fill(&mut self, text: &str, this: &Said) -> Result<String, String> {
        let family = this.family();
        let same = |said: &&Said| said.family() == family;
        template::fill(text, |name| {
            let (lower, name) = name.strip_prefix("lower ").map_or((false, name), |rest| (true, rest));
            let value = match name.split_once('.') {
                _ if self.names.contains_key(name) => self.names.get(name).cloned(),
                None if name == "new" => Some(self.ids.uuid()),
                None if name == "New" => Some(self.ids.mixed()),
                Some((which @ ("this" | "sent" | "received" | "first"), field)) => {
                    let said = match which {
                        "this" => Some(this),
                        "sent" => self.sent.iter().rfind(same),
                        "first" => self.sent.iter().find(same),
                        _ => {
                            let has = |said: &&Said| said.is_request() && said.family().0 == family.0 && !said.read(field).is_empty();
                            self.received.iter().rfind(has)
                        }
                    };
                    said?.read(field).into_iter().next()
                }
                _ => None,
            };
            value.map(|v| if lower { v.to_lowercase() } else { v })
        })
        .map_err(|e| e.to_string())
    }

    /// A response to a request of SIP or MSRP.
    fn answer(&mut self, request: &Said, status: u16, header: &BTreeMap<String, String>) -> Bytes {
        let Some(message) = request.sip() else {
            let one = |name: &str| request.read(name).into_iter().next().unwrap_or_default();
            let first = |path: String| path.split(' ').next().unwrap_or_default().to_owned();
            // RFC 4975, 7.2: back to who is nearest on the way.
            let (to, from) = (first(one("MSRP From-Path")), first(one("MSRP To-Path")));
            return write::response(&one("MSRP transaction"), status, &to, &from);
        };
        let tag = self.ids.token();
        let mut draft = Draft::response(message, status, &tag);
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
}

/// A request of SIP with the place that it came from in its Via, as who answers has it (RFC 3581, 4).
fn noted(request: &Said, hop: Hop) -> Said {
    let Said::Sip(message) = request else { return request.clone() };
    let mut patch = Patch::default();
    note_source(&mut patch, message, hop);
    Said::Sip(Message::parse(patch.apply(&message.raw)))
}

/// Keeps a message; of those in chunks, which may be many, the first and the last of a family.
fn remember(history: &mut Vec<Said>, said: Said) {
    let family = said.family();
    if family.0 != Protocol::Sip && history.iter().filter(|old| old.family() == family).count() > 1 {
        let last = history.iter().rposition(|old| old.family() == family).unwrap_or_default();
        history.remove(last);
    }
    history.push(said);
}
