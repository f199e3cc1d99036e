//! The conformant CPM client: registers, sends and receives messages, small and large, notifies.
//!
//! As a peer it stands behind the core and needs no registration; as the SUT it does everything through the core.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use super::{
    Actor, Hop, Input, Output, Stimulus,
    build::{self, Draft},
    ids::Ids,
    inlet::Inlet,
    transaction::{Heard, Transactions},
};
use crate::{
    trace::Protocol,
    upper::{Act, Answer, Resources, Scope, Sight},
    wire::sip::Message,
};

mod conference;
pub mod content;
mod deferred;
mod forwarding;
mod large;
mod pages;
mod plane;
#[cfg(test)]
mod play;
mod receiving;
mod registration;
mod sending;
mod sessions;
pub mod settings;

use conference::Conferences;
use deferred::{Deferred, Storage};
use large::Large;
use pages::Pages;
use plane::Plane;
use receiving::Stored;
use registration::{Next, Purpose, Registration};
use sending::Letter;
use sessions::Sessions;
pub use settings::Settings;

/// Most letters that wait to be sent.
const QUEUE: usize = 1000;

/// A CPM client.
#[derive(Debug)]
pub struct CpmClient {
    settings: Settings,
    initial: Settings,
    local: SocketAddr,
    /// Unix time at the start, seconds; the client's clock is this plus `now`.
    epoch: i64,
    peer: bool,
    ids: Ids,
    handles: u64,
    transactions: Transactions,
    registration: Registration,
    inlet: Inlet,
    queue: VecDeque<Letter>,
    /// Requests without final response: target and handle by transaction.
    outstanding: BTreeMap<u64, (String, Option<String>)>,
    plane: Plane,
    large: Large,
    sessions: Sessions,
    conferences: Conferences,
    /// Whether the device is without network.
    offline: bool,
    conversations: BTreeMap<Vec<String>, String>,
    stored: VecDeque<Stored>,
    /// Handles of own messages by their IMDN Message-ID.
    notified: BTreeMap<String, String>,
    exhausted: bool,
    deferred: Deferred,
    storage: Storage,
    pages: Pages,
    out: VecDeque<Output>,
}

impl CpmClient {
    /// A client that listens at `local` and starts its clock at Unix time `epoch` (seconds).
    #[must_use]
    pub fn new(settings: Settings, local: SocketAddr, seed: u64, epoch: i64) -> Self {
        Self {
            plane: Plane::new(plane::means(&settings, local), settings.rtp.clone(), seed),
            large: Large::default(),
            sessions: Sessions::default(),
            conferences: Conferences::new(plane::means(&settings, local), seed),
            offline: false,
            initial: settings.clone(),
            settings,
            local,
            epoch,
            peer: false,
            ids: Ids::new(seed),
            handles: 0,
            transactions: Transactions::default(),
            registration: Registration::default(),
            inlet: Inlet::default(),
            queue: VecDeque::new(),
            outstanding: BTreeMap::new(),
            conversations: BTreeMap::new(),
            stored: VecDeque::new(),
            notified: BTreeMap::new(),
            exhausted: false,
            deferred: Deferred::default(),
            storage: Storage::default(),
            pages: Pages::default(),
            out: VecDeque::new(),
        }
    }

    /// The same client as a peer behind the core: trusted there, without registration.
    #[must_use]
    pub fn peer(settings: Settings, local: SocketAddr, seed: u64, epoch: i64) -> Self {
        Self { peer: true, ..Self::new(settings, local, seed, epoch) }
    }

    fn core(&self) -> Option<Hop> {
        Some(Hop::sip(self.settings.transport, self.settings.core?))
    }

    fn may_send(&self) -> bool {
        !self.offline && (self.peer || self.registration.cpm)
    }

    fn handle(&mut self, prefix: &str) -> String {
        self.handles += 1;
        format!("{prefix}-{}", self.handles)
    }

    fn show(&mut self, sight: Sight) {
        self.out.push_back(Output::Sight(sight));
    }

    fn date_time(&self, now: Duration) -> String {
        let second = self.epoch + i64::try_from(now.as_secs()).unwrap_or_default();
        jiff::Timestamp::from_second(second).unwrap_or_default().to_string()
    }

    fn http_date(&self, now: Duration) -> String {
        let second = self.epoch + i64::try_from(now.as_secs()).unwrap_or_default();
        jiff::Timestamp::from_second(second).unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn register(&mut self, now: Duration, purpose: Purpose) {
        let Some(hop) = self.core() else { return };
        let local = Hop::sip(hop.transport, self.local);
        let branch = format!("z9hG4bK{}", self.ids.token());
        let octets = self.registration.request(&self.settings, local, &branch, purpose, &mut self.ids).finish();
        let id = self.transactions.request(now, hop, &branch, "REGISTER", octets);
        self.registration.pending = Some((id, purpose));
        self.registration.refresh = None;
    }

    fn act(&mut self, now: Duration, act: Act) -> Answer {
        let taken = || Answer::Taken(BTreeMap::new());
        if self.offline && !matches!(act, Act::GoOnline {} | Act::Restart { .. } | Act::Configure { .. } | Act::Query { .. }) {
            return Answer::NotNow("the device is without network".to_owned());
        }
        match act {
            Act::Register {} => {
                self.register(now, Purpose::Cpm);
                taken()
            }
            Act::Deregister { scope } => {
                let purpose = if scope == Scope::Cpm { Purpose::WithoutCpm } else { Purpose::Leave };
                self.registration.cpm = false;
                self.register(now, purpose);
                taken()
            }
            Act::Restart { wipe } => {
                self.restart(wipe);
                taken()
            }
            Act::SendMessage(_) | Act::Reply(_) if self.queue.len() >= QUEUE => Answer::NotNow("the outbox is full".to_owned()),
            Act::SendMessage(wish) => self.send_message(now, wish),
            Act::Reply(wish) => self.reply(now, wish),
            Act::MarkRead { message } => self.mark_read(now, &message),
            Act::Configure { setting, value } => match self.settings.configure(&setting, &value) {
                Ok(()) => {
                    if setting == "pull-deferred" {
                        self.pull(now);
                    }
                    taken()
                }
                Err(why) => Answer::Refused(why),
            },
            Act::SetResources { level } => {
                self.exhausted = level == Resources::Exhausted;
                taken()
            }
            Act::Query { what, of } => self.query(what, &of),
            Act::CancelMessage { message } => self.cancel_message(now, &message),
            Act::AnswerInvitation { invitation, decision, to } => {
                self.answer_session(now, &invitation, decision, to).unwrap_or_else(|| self.answer_invitation(now, &invitation, decision))
            }
            Act::StartSession(wish) => self.start_session(now, wish),
            Act::JoinGroup { group, anonymous } => self.join_group(now, &group, anonymous),
            Act::RejoinGroup { session, anonymous } => self.rejoin_group(now, &session, anonymous),
            Act::EndSession { session, anonymous } => self.end_session(now, &session, anonymous),
            Act::SendChat(wish) => self.send_chat(now, wish),
            Act::WatchParticipants { session, on } => self.watch_participants(now, &session, on),
            Act::ModifySession { session, change, types } => self.modify_session(&session, change, types),
            Act::GoOffline { how } => {
                self.go_offline(how);
                taken()
            }
            Act::GoOnline {} => {
                self.go_online(now);
                taken()
            }
            Act::ForwardStored(wish) => self.forward_stored(now, wish),
            Act::ListDeferred {} => self.list_deferred(now),
            Act::HandleDeferred { decisions } => self.handle_deferred(now, decisions),
            Act::PushNotify {} => self.push_notified(now),
            Act::AnswerConnect { connect } => self.answer_connect(now, connect),
        }
    }

    fn restart(&mut self, wipe: bool) {
        self.plane.clear();
        self.forget(wipe);
    }

    /// Forgets what goes on, and what is stored if that is wiped.
    fn forget(&mut self, wipe: bool) {
        self.transactions.clear();
        self.registration = Registration::default();
        self.inlet.clear();
        self.queue.clear();
        self.outstanding.clear();
        self.large.clear();
        self.sessions.lose();
        self.conferences.lost();
        (self.exhausted, self.offline) = (false, false);
        self.deferred.restart(wipe);
        self.storage.clear();
        self.pages.clear();
        if wipe {
            self.conversations.clear();
            self.stored.clear();
            self.sessions.clear();
            self.conferences.clear();
            self.notified.clear();
        }
    }

    fn arrived(&mut self, now: Duration, hop: Hop, message: Message) {
        let heard = self.transactions.receive(now, hop, message);
        self.plane.calls.means = self.means();
        let heard = self.plane.calls.heard(now, &mut self.transactions, heard);
        match self.conferences.subscriber.heard(now, &mut self.transactions, heard) {
            Heard::Request(id, request) => self.requested(now, id, &request),
            Heard::Response(id, response) => self.responded(now, id, &response),
            Heard::Ack(_) | Heard::Nothing => {}
        }
    }

    fn responded(&mut self, now: Duration, id: u64, response: &Message) {
        let status = response.status().unwrap_or_default();
        if status < 200 {
            return;
        }
        if self.registration.pending.is_some_and(|(pending, _)| pending == id) {
            let before = self.registration.cpm;
            match self.registration.answered(now, response) {
                Next::Again(purpose) => self.register(now, purpose),
                Next::Done => {
                    if !before {
                        self.pull(now);
                    }
                    self.pump(now);
                }
            }
        } else if !self.subscribed(now, id, Some(response)) {
            self.delivered(now, id, status < 300);
        }
    }

    fn due(&mut self, now: Duration) {
        let given_up = self.transactions.tick(now);
        self.plane.calls.means = self.means();
        self.plane.msrp.tick(now);
        self.plane.rtp.tick(now);
        let given_up = self.plane.calls.tick(now, &mut self.transactions, given_up);
        for id in self.conferences.subscriber.tick(now, &mut self.transactions, given_up) {
            if self.registration.pending.is_some_and(|(pending, _)| pending == id) {
                self.registration.over();
            } else if !self.subscribed(now, id, None) {
                self.delivered(now, id, false);
            }
        }
        if self.registration.refresh.is_some_and(|at| at <= now) {
            let purpose = if self.registration.cpm { Purpose::Cpm } else { Purpose::WithoutCpm };
            self.register(now, purpose);
        }
        if self.registration.until.is_some_and(|at| at <= now) {
            self.registration.over();
        }
        self.subscribe_again(now);
        self.invitations_due(now);
        self.storage.tick(now);
        self.pages_due(now);
    }

    /// Sends a named message of a scenario, as the user of this client would.
    fn send(&mut self, now: Duration, wanted: &super::Outgoing) {
        let Some(hop) = self.core() else { return };
        let branch = format!("z9hG4bK{}", self.ids.token());
        let own = self.settings.address().to_owned();
        let mut draft = Draft::request(&wanted.method, &wanted.to)
            .header("Via", &build::via(Hop::sip(hop.transport, self.local), &branch))
            .header("Max-Forwards", "70")
            .header("From", &format!("<{own}>"))
            .header("To", &format!("<{}>", wanted.to))
            .header("Call-ID", &self.ids.token())
            .header("CSeq", &format!("1 {}", wanted.method))
            .header("User-Agent", &self.settings.product())
            .overlaid(&wanted.headers);
        if let Some((content_type, body)) = &wanted.body {
            draft = draft.body(content_type, body.to_vec());
        }
        let octets = tagged(draft.finish(), &self.ids.token());
        self.transactions.request(now, hop, &branch, &wanted.method, octets);
    }
}

/// The request with a tag in its From header field, if it has none.
pub(crate) fn tagged(octets: bytes::Bytes, tag: &str) -> bytes::Bytes {
    let message = Message::parse(octets);
    match message.first("From") {
        Some(from) if message.tag("From").is_none() => {
            let mut patch = super::patch::Patch::default();
            patch.replace(crate::wire::Span::new(from.value.to, from.value.to), format!(";tag={tag}"));
            patch.apply(&message.raw)
        }
        _ => message.raw,
    }
}

impl Actor for CpmClient {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { .. } | Input::Closed { .. } | Input::Timeout if self.offline => return,
            Input::Bytes { hop, bytes } if hop.protocol == Protocol::Msrp => self.plane.receive(now, hop, &bytes),
            Input::Closed { hop } if hop.protocol == Protocol::Msrp => self.plane.closed(hop),
            Input::Bytes { hop, bytes } if hop.protocol.is_rtp() => self.plane.rtp.receive(hop, &bytes),
            Input::Closed { hop } if hop.protocol.is_rtp() => self.plane.rtp.closed(hop),
            Input::Bytes { hop, .. } | Input::Closed { hop } if hop.protocol == Protocol::Imap => self.store_said(now, input),
            Input::Bytes { hop, .. } | Input::Closed { hop } if hop.protocol == Protocol::Http => self.page_came(input),
            Input::Bytes { hop, bytes } => {
                for message in self.inlet.receive(hop, bytes) {
                    self.arrived(now, hop, message);
                }
            }
            Input::Closed { hop } => self.inlet.closed(hop),
            Input::Timeout => self.due(now),
            Input::Act { id, act } => {
                let answer = self.act(now, act);
                self.out.push_back(Output::Answered { id, answer });
            }
            Input::Stimulus(Stimulus::Send(wanted)) => self.send(now, &wanted),
            Input::Stimulus(Stimulus::Raw(bytes)) => {
                if let Some(hop) = self.core() {
                    self.out.push_back(Output::Transmit { hop, bytes });
                }
            }
            Input::Stimulus(Stimulus::Probe { .. } | Stimulus::Grant(_)) => {}
        }
        self.attend(now);
    }

    fn poll(&mut self) -> Option<Output> {
        // An answer precedes the sights and the traffic that the act brings about.
        if let Some(at) = self.out.iter().position(|o| matches!(o, Output::Answered { .. })) {
            return self.out.remove(at);
        }
        self.out.pop_front().or_else(|| self.plane.poll()).or_else(|| self.storage.poll()).or_else(|| self.pages.poll())
    }

    fn deadline(&self) -> Option<Duration> {
        if self.offline {
            return None;
        }
        let registration = [self.registration.refresh, self.registration.until];
        let others = [
            self.transactions.deadline(),
            self.plane.deadline(),
            self.conferences.deadline(),
            self.invitations_deadline(),
            self.storage.deadline(),
            self.pages.deadline(),
        ];
        registration.into_iter().chain(others).flatten().min()
    }

    fn idle(&self, now: Duration, within: Duration) -> bool {
        let fetched = self.plane.silent() && self.storage.idle() && self.pages.idle();
        let next = [self.registration.refresh, self.conferences.sends(), self.invitations_deadline()];
        self.out.is_empty() && fetched && next.into_iter().flatten().all(|at| at > now + within)
    }

    fn reset(&mut self) {
        self.settings = self.initial.clone();
        self.restart(true);
        self.out.clear();
    }
}
