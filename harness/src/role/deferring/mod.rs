//! The CPM participating function that serves a user and keeps messages for her while she is away (CPM 1.0, 8.3.2; CONV-7.5.1).
//!
//! Everything goes by way of the IMS core. It learns by third-party REGISTER who is there, passes on what can be passed on, and
//! keeps the rest: pager mode messages, large messages, files, messages of groups, and notifications for the device that asked.
//! What it keeps it lists to who subscribes, and delivers in sessions, each message in one MSRP message of its own.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use super::{
    Actor, Hop, Input, Output,
    build::Draft,
    call::{Calls, Means},
    ids::Ids,
    inlet::Inlet,
    msrp::Endpoint,
    transaction::{Heard, Transactions},
};
use crate::{
    trace::{Protocol, Transport},
    upper::{Act, Answer},
    wire::{params::NameAddr, sip::Message},
};

mod delivery;
mod forwarding;
mod groups;
mod heads;
mod history;
mod notifier;
mod presence;
mod sessions;
mod settings;
mod store;
mod taking;

use forwarding::Passed;
use groups::Group;
use heads::Heads;
use history::History;
use notifier::Subscription;
use presence::Presence;
use sessions::Session;
pub use settings::Settings;
use store::Store;

/// What it takes, as it lets be known (RFC 3261, 20.5).
const METHODS: &str = "INVITE, ACK, BYE, CANCEL, UPDATE, MESSAGE, OPTIONS, SUBSCRIBE, REGISTER";

/// Beginning of all CPM service identifiers.
const ICSI: &str = "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.";

/// A participating function.
#[derive(Debug)]
pub struct Deferring {
    settings: Settings,
    initial: Settings,
    own: SocketAddr,
    /// Unix time at the start, seconds; its clock is this plus `now`.
    epoch: i64,
    ids: Ids,
    transactions: Transactions,
    calls: Calls,
    endpoint: Endpoint,
    inlet: Inlet,
    heads: Heads,
    presence: Presence,
    store: Store,
    /// Requests that were passed on and wait for their response, by the transaction of the copy.
    passed: BTreeMap<u64, Passed>,
    /// What sessions are for, by call.
    sessions: BTreeMap<u64, Session>,
    groups: Vec<Group>,
    subscriptions: Vec<Subscription>,
    history: History,
    /// Connections that it opened itself.
    opened: BTreeSet<Hop>,
    traffic: VecDeque<Output>,
    connects: VecDeque<Output>,
    closes: VecDeque<Output>,
}

impl Deferring {
    /// One that listens at `own` and starts its clock at Unix time `epoch` (seconds); identifiers come from `seed`.
    #[must_use]
    pub fn new(settings: Settings, own: SocketAddr, seed: u64, epoch: i64) -> Self {
        Self {
            calls: Calls::new(means(&settings, own), seed ^ 0x0063_616c_6c73),
            endpoint: Endpoint::new(seed ^ 0x006d_7372_7073),
            initial: settings.clone(),
            settings,
            own,
            epoch,
            ids: Ids::new(seed),
            transactions: Transactions::default(),
            inlet: Inlet::default(),
            heads: Heads::default(),
            presence: Presence::default(),
            store: Store::default(),
            passed: BTreeMap::new(),
            sessions: BTreeMap::new(),
            groups: Vec::new(),
            subscriptions: Vec::new(),
            history: History::default(),
            opened: BTreeSet::new(),
            traffic: VecDeque::new(),
            connects: VecDeque::new(),
            closes: VecDeque::new(),
        }
    }

    fn core(&self) -> Hop {
        Hop::sip(self.settings.transport, self.settings.core)
    }

    fn local(&self) -> Hop {
        Hop::sip(self.settings.transport, self.own)
    }

    /// Own Contact value.
    fn contact(&self) -> String {
        let transport =
            if self.settings.transport == Transport::Udp { String::new() } else { format!(";transport={}", self.settings.transport) };
        format!("<sip:{}{transport}>", self.own)
    }

    /// Seconds since 1970.
    fn clock(&self, now: Duration) -> i64 {
        self.epoch + i64::try_from(now.as_secs()).unwrap_or_default()
    }

    /// The address of the served user that `target` is, without the device that it may name.
    fn served(&self, target: &str) -> Option<String> {
        let user = target.split(';').next().unwrap_or_default();
        self.settings.served.iter().find(|served| crate::wire::uri::same(served, user) || *served == target).cloned()
    }

    /// The served user who sent a request, as the core asserts it, or as it says itself where nothing is asserted.
    fn sender(&self, request: &Message) -> Option<String> {
        let asserted = request.elements("P-Asserted-Identity");
        let named = if asserted.is_empty() { request.elements("From") } else { asserted };
        named.into_iter().find_map(|span| self.served(&NameAddr::parse(&request.raw, span).uri.text(&request.raw)))
    }

    fn arrived(&mut self, now: Duration, hop: Hop, message: Message) {
        let heard = self.transactions.receive(now, hop, message);
        match self.calls.heard(now, &mut self.transactions, heard) {
            Heard::Request(id, request) => self.requested(now, id, &request),
            Heard::Response(id, response) => self.responded(now, id, &response),
            Heard::Ack(_) | Heard::Nothing => {}
        }
    }

    /// A request that belongs to no call.
    fn requested(&mut self, now: Duration, id: u64, request: &Arc<Message>) {
        match request.method().unwrap_or_default() {
            "MESSAGE" => self.message(now, id, request),
            "SUBSCRIBE" => self.subscribed(now, id, request),
            "REGISTER" => self.told(now, id, request),
            "OPTIONS" => self.answer(now, id, request, 200, |draft| draft.header("Allow", METHODS)),
            _ => self.answer(now, id, request, 501, |draft| draft.header("Allow", METHODS)),
        }
    }

    fn answer(&mut self, now: Duration, id: u64, request: &Message, status: u16, more: impl FnOnce(Draft) -> Draft) {
        let tag = self.ids.token();
        let octets = more(Draft::response(request, status, &tag)).finish();
        self.transactions.respond(now, id, status, octets);
    }

    /// Takes what happened to calls and MSRP sessions, and lines up what is to go out: SIP before the media that it leads to.
    fn attend(&mut self, now: Duration) {
        loop {
            self.line_up();
            if let Some(event) = self.calls.event() {
                self.called(now, event);
            } else if let Some((session, event)) = self.endpoint.event() {
                self.carried(now, session, event);
            } else if self.store.took_news() {
                self.tell_all(now);
            } else {
                return;
            }
        }
    }

    fn line_up(&mut self) {
        let octets = |(hop, bytes)| Output::Transmit { hop, bytes };
        self.traffic.extend(std::iter::from_fn(|| self.transactions.poll()).map(octets));
        self.traffic.append(&mut self.connects);
        self.traffic.extend(std::iter::from_fn(|| self.endpoint.poll()).map(octets));
        self.traffic.append(&mut self.closes);
    }

    fn due(&mut self, now: Duration) {
        let given_up = self.transactions.tick(now);
        self.endpoint.tick(now);
        for id in self.calls.tick(now, &mut self.transactions, given_up) {
            self.unanswered(now, id);
        }
        self.sessions_due(now);
        self.subscriptions_due(now);
        self.store.expire(now);
        self.history.tick(now);
    }

    /// Forgets everything without a word.
    fn forget(&mut self) {
        self.transactions.clear();
        self.calls.clear();
        self.endpoint.clear();
        self.inlet.clear();
        self.heads.clear();
        self.presence = Presence::default();
        self.store.clear();
        self.passed.clear();
        self.sessions.clear();
        self.groups.clear();
        self.subscriptions.clear();
        self.history.clear();
        self.traffic.clear();
        self.connects.clear();
        self.closes.extend(std::mem::take(&mut self.opened).into_iter().map(|hop| Output::Close { hop }));
    }
}

/// How calls reach the others.
fn means(settings: &Settings, own: SocketAddr) -> Means {
    Means::plain(Hop::sip(settings.transport, own), Hop::sip(settings.transport, settings.core))
}

impl Actor for Deferring {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.protocol == Protocol::Msrp => {
                self.heads.heard(hop, &bytes);
                self.endpoint.receive(now, hop, &bytes);
            }
            Input::Closed { hop } if hop.protocol == Protocol::Msrp => {
                self.opened.remove(&hop);
                self.heads.closed(hop);
                self.endpoint.closed(hop);
            }
            Input::Bytes { hop, .. } | Input::Closed { hop } if hop.protocol == Protocol::Imap => self.history.heard(now, input),
            Input::Bytes { hop, bytes } => {
                for message in self.inlet.receive(hop, bytes) {
                    self.arrived(now, hop, message);
                }
            }
            Input::Closed { hop } => self.inlet.closed(hop),
            Input::Timeout => self.due(now),
            Input::Act { id, act } => {
                let answer = match act {
                    Act::Configure { setting, value } => match self.settings.configure(&setting, &value) {
                        Ok(()) => {
                            self.calls.means = means(&self.settings, self.own);
                            Answer::Taken(BTreeMap::new())
                        }
                        Err(why) => Answer::Refused(why),
                    },
                    Act::Restart { wipe: true } => {
                        self.forget();
                        Answer::Taken(BTreeMap::new())
                    }
                    _ => Answer::NoSuchAct,
                };
                self.traffic.push_front(Output::Answered { id, answer });
            }
            Input::Stimulus(_) => {}
        }
        self.attend(now);
    }

    fn poll(&mut self) -> Option<Output> {
        self.traffic.pop_front().or_else(|| self.history.poll())
    }

    fn deadline(&self) -> Option<Duration> {
        let timers = [
            self.transactions.deadline(),
            self.calls.deadline(),
            self.endpoint.deadline(),
            self.sessions_deadline(),
            self.subscriptions_deadline(),
            self.store.deadline(),
            self.history.deadline(),
        ];
        timers.into_iter().flatten().min()
    }

    fn idle(&self, now: Duration, within: Duration) -> bool {
        let soon = [self.sessions_deadline(), self.subscriptions_deadline()].into_iter().flatten().any(|at| at <= now + within);
        self.traffic.is_empty() && self.history.idle() && !self.calls.waits() && !soon
    }

    fn reset(&mut self) {
        self.forget();
        self.settings = self.initial.clone();
        self.calls.means = means(&self.settings, self.own);
        self.closes.clear();
    }
}

#[cfg(test)]
mod tests;
