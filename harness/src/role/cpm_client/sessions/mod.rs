//! CPM sessions: chats of two users and of groups (CONV-7.3).
//!
//! A session outlives its call: one that is over stays known, so that its user may write of it, answer it and, if it was that
//! of a group, go back to it. What a session carries is in `media`, what it leads to on the wire in the module of its section.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::{CpmClient, registration::Purpose};
use crate::{
    role::{
        call,
        sdp::{Flow, Text},
    },
    upper::{Answer, Offline, Participant, SessionChange, SessionKind, SessionRecord, SessionState, Sight},
    wire::{params::NameAddr, sip::Message, uri},
};

mod chat;
mod closing;
mod inviting;
mod media;
mod modifying;
mod opening;
mod rejoining;

use inviting::Invitation;
pub(super) use media::Stream;
use modifying::{Proposal, Wanted};

/// Most sessions that are remembered; beyond, the oldest that is over goes.
const MOST: usize = 64;

/// Most conversations that can be continued.
const CONVERSATIONS: usize = 1000;

/// Address of who stays unknown (RFC 3323, 4.1.1.3).
const UNKNOWN: &str = "sip:anonymous@anonymous.invalid";

/// All sessions of one client, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: VecDeque<Session>,
    /// Handles of chat messages by MSRP session and Message-ID, until their fate is known.
    letters: BTreeMap<(u64, String), String>,
    /// Sessions that begin once the client is registered: handle, Request-URI, streams.
    waiting: VecDeque<(String, String, usize)>,
}

/// What kind of session; it decides whom a chat message is for (CONV-7.3.9.1-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of two users.
    OneToOne,
    /// Of users who were put together for it.
    AdHoc,
    /// Of a group with an address of its own, joined or started.
    PreDefined,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The own INVITE has no final response.
    Inviting,
    /// The INVITE of another has no final response.
    Invited,
    /// It stands, or a 2xx of ours waits for its ACK.
    Open,
    /// It did not come about, or is over.
    Over,
}

/// What connects a session to others (CONV appendix C).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Thread {
    pub conversation: Option<String>,
    pub contribution: Option<String>,
    pub in_reply_to: Option<String>,
}

impl Thread {
    /// The identifiers that a message carries.
    pub fn of(message: &Message) -> Self {
        let text = |name: &str| message.value(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        Self {
            conversation: text("Conversation-ID"),
            contribution: text("Contribution-ID"),
            in_reply_to: text("InReplyTo-Contribution-ID"),
        }
    }

    /// Takes over what a 200 response says (R-7.3.1.4-1); what it leaves out stays.
    pub fn adopt(&mut self, response: &Message) {
        let said = Self::of(response);
        self.conversation = said.conversation.or_else(|| self.conversation.take());
        self.contribution = said.contribution.or_else(|| self.contribution.take());
    }
}

/// One session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub handle: String,
    pub kind: Kind,
    pub state: State,
    /// The call that carries it; of one that is over, the last one.
    pub call: u64,
    /// Whom it is with: the other user, the pre-defined group, or the function that controls an ad-hoc group.
    pub peer: String,
    /// The users of an ad-hoc group who were invited at first.
    pub members: Vec<String>,
    /// Who took part in the session that it goes back to (CONV-7.3.1.5-on404-1).
    pub roster: Vec<Participant>,
    /// Group session identity: Contact of the focus (RFC 4579, 5.2).
    pub identity: Option<String>,
    pub thread: Thread,
    /// Own address in it.
    pub from: String,
    pub anonymous: bool,
    /// Whether the group stays as it was put together.
    pub closed: bool,
    /// The own description as offered or answered last.
    pub text: Option<Text>,
    /// What the other end said last of sound and pictures, by media section.
    pub flows: Vec<Option<Flow>>,
    /// What it has besides messages: `audio`, `video`.
    pub media: Vec<String>,
    /// By number of the media section; `None`: refused, or no MSRP.
    pub streams: Vec<Option<Stream>>,
    /// Whether the user joined a group that is open to who joins.
    pub joins: bool,
    /// Whether the INVITE under way goes back to a session that was.
    pub rejoins: bool,
    /// Whether the user ended it.
    pub left: bool,
    /// Whether the other end stays unknown to the user (CONV-7.3.2-3c-id).
    pub hidden: bool,
    /// The invitation that waits for the user.
    invitation: Option<Invitation>,
    /// Handle of the 1-1 session that it takes the place of, until that is left.
    pub replaces: Option<String>,
    /// Handle of the group session that took its place.
    pub replaced_by: Option<String>,
    /// Whether the user takes no messages for now.
    pub held: bool,
    /// Changes that wait for those under way.
    changes: VecDeque<Wanted>,
    /// What the own re-INVITE under way makes of it.
    proposal: Option<Proposal>,
    /// What was agreed on by the own answer, until its ACK.
    agreed: Option<Proposal>,
}

impl Session {
    /// A session that has not begun.
    pub fn new(handle: String, kind: Kind, peer: &str, from: &str) -> Self {
        Self {
            handle,
            kind,
            state: State::Inviting,
            call: 0,
            peer: peer.to_owned(),
            members: Vec::new(),
            roster: Vec::new(),
            identity: None,
            thread: Thread::default(),
            from: from.to_owned(),
            anonymous: false,
            closed: false,
            text: None,
            flows: Vec::new(),
            media: Vec::new(),
            streams: Vec::new(),
            joins: false,
            rejoins: false,
            left: false,
            hidden: false,
            invitation: None,
            replaces: None,
            replaced_by: None,
            held: false,
            changes: VecDeque::new(),
            proposal: None,
            agreed: None,
        }
    }

    /// The streams that are not refused.
    pub fn live(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().flatten()
    }

    /// With whom the conversation is: the key of what continues it.
    fn party(&self) -> Vec<String> {
        if self.kind == Kind::AdHoc && !self.members.is_empty() { self.members.clone() } else { vec![self.peer.clone()] }
    }

    /// Takes the Contact of the focus as identity of a group session. Of an invitation only `isfocus` tells that it is one
    /// (R-7.3.2-6).
    pub fn identify(&mut self, message: &Message) {
        let Some((contact, focus)) = focus(message) else { return };
        if focus || self.kind != Kind::OneToOne {
            self.identity = Some(contact);
        }
    }
}

/// Whether two lists name the same addresses in the same order.
fn among(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| uri::same(a, b))
}

/// URI of the Contact, and whether it is that of a focus (RFC 4579, 5.2).
pub(super) fn focus(message: &Message) -> Option<(String, bool)> {
    let contact = NameAddr::parse(&message.raw, *message.elements("Contact").first()?);
    Some((contact.uri.text(&message.raw).into_owned(), contact.param(&message.raw, "isfocus").is_some()))
}

impl Sessions {
    /// Keeps a new session.
    pub fn keep(&mut self, session: Session) {
        self.all.push_back(session);
        if self.all.len() > MOST
            && let Some(at) = self.all.iter().position(|s| s.state == State::Over)
        {
            self.all.remove(at);
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.all.iter()
    }

    pub fn find(&self, handle: &str) -> Option<&Session> {
        self.all.iter().find(|s| s.handle == handle)
    }

    /// The session where the conversation of another goes on: that session, or the one that took its place.
    pub fn current(&self, handle: &str) -> Option<&Session> {
        let session = self.find(handle)?;
        session.replaced_by.as_deref().and_then(|by| self.find(by)).or(Some(session))
    }

    pub fn find_mut(&mut self, handle: &str) -> Option<&mut Session> {
        self.all.iter_mut().find(|s| s.handle == handle)
    }

    /// The session that a call carries.
    pub fn of_call(&self, call: u64) -> Option<&Session> {
        self.all.iter().rev().find(|s| s.call == call && s.state != State::Over)
    }

    pub fn of_call_mut(&mut self, call: u64) -> Option<&mut Session> {
        self.all.iter_mut().rev().find(|s| s.call == call && s.state != State::Over)
    }

    /// The session that an MSRP session belongs to.
    pub fn of_msrp(&self, id: u64) -> Option<&Session> {
        self.all.iter().find(|s| s.live().any(|stream| stream.msrp == id))
    }

    /// All sessions are over without a word; those of groups may be gone back to.
    pub fn lose(&mut self) {
        for session in &mut self.all {
            session.state = State::Over;
            (session.invitation, session.proposal, session.agreed) = (None, None, None);
            session.changes.clear();
            session.streams.clear();
        }
        self.waiting.clear();
        self.letters.clear();
    }

    /// Forgets all sessions.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl CpmClient {
    /// Takes what happened to the call of a session.
    pub(super) fn session_called(&mut self, now: Duration, event: call::Event) {
        match event {
            call::Event::Accepted { call, response } => self.session_accepted(now, call, &response),
            call::Event::Refused { call, response } => self.session_refused(now, call, response.as_deref()),
            call::Event::Ended { call, how } => self.session_ended(now, call, how),
            call::Event::Confirmed { call } => self.session_confirmed(now, call),
            call::Event::Cancelled { call } => self.session_cancelled(call),
            call::Event::Changed { call, response } => self.session_modified(now, call, &response),
            call::Event::Offered { call, transaction, request } => self.session_offered(now, call, transaction, &request),
            call::Event::Acknowledged { call, ack } => self.session_acknowledged(now, call, Some(&ack)),
            call::Event::Progress { .. } | call::Event::Answered { .. } | call::Event::Invited { .. } => {}
        }
    }

    /// A session is over: its streams are given up, and the user is told if there is something to be told.
    pub(super) fn session_over(&mut self, handle: &str, told: Option<SessionChange>) {
        let Some(session) = self.sessions.find_mut(handle) else { return };
        (session.state, session.invitation) = (State::Over, None);
        self.forget_changes(handle);
        self.release(handle);
        if let Some(change) = told {
            self.show(Sight::SessionState(change));
        }
    }

    /// What the user knows a session by, with the state that it came to.
    pub(super) fn change(handle: &str, state: SessionState) -> SessionChange {
        SessionChange { session: handle.to_owned(), state, status: None, cause: None, text: None, by: None }
    }

    /// The conversation that `party` was had with last.
    pub(super) fn conversation_with(&mut self, party: &[String], same: bool) -> String {
        let found = self.conversations.iter().find(|(uris, _)| same && among(uris, party)).map(|(_, id)| id.clone());
        let conversation = found.unwrap_or_else(|| self.ids.uuid());
        self.continues(party.to_vec(), conversation.clone());
        conversation
    }

    /// From now on this is the conversation with `party`.
    pub(super) fn continues(&mut self, party: Vec<String>, conversation: String) {
        self.conversations.retain(|uris, _| !among(uris, &party));
        self.conversations.insert(party, conversation);
        if self.conversations.len() > CONVERSATIONS {
            self.conversations.pop_first();
        }
    }

    /// What connects the message or the invitation that the user answers.
    fn answered_by(&self, handle: &str) -> Option<Thread> {
        let message = self.stored.iter().find(|s| s.handle == handle);
        let thread =
            message.map(|s| Thread { conversation: s.conversation.clone(), contribution: s.contribution.clone(), in_reply_to: None });
        thread.or_else(|| Some(self.sessions.find(handle)?.thread.clone()))
    }

    /// `query` for what the client keeps of a session.
    pub(super) fn query_session(&mut self, handle: &str) -> Answer {
        let Some(session) = self.sessions.find(handle) else { return Answer::UnknownHandle(handle.to_owned()) };
        let record = SessionRecord {
            session: handle.to_owned(),
            kind: if session.kind == Kind::OneToOne { SessionKind::OneToOne } else { SessionKind::Group },
            conversation: session.thread.conversation.clone(),
            contribution: session.thread.contribution.clone(),
            identity: session.identity.clone(),
        };
        self.show(Sight::SessionRecord(record));
        Answer::Taken(BTreeMap::new())
    }

    /// `watch-participants`.
    pub(super) fn watch_participants(&mut self, now: Duration, handle: &str, on: bool) -> Answer {
        let Some(session) = self.sessions.find(handle) else { return Answer::UnknownHandle(handle.to_owned()) };
        let Some(identity) = session.identity.clone() else {
            return Answer::Refused("the session is not that of a group".to_owned());
        };
        if on {
            self.watch(now, handle, &identity);
        } else {
            self.unwatch(now, handle);
        }
        Answer::Taken(BTreeMap::new())
    }

    /// The device loses the network: nobody hears of it. Sessions are over, but known; switched off, it is not registered
    /// when it comes back.
    pub(super) fn go_offline(&mut self, how: Offline) {
        let open: Vec<_> = self.sessions.iter().filter(|s| s.state != State::Over).map(|s| s.handle.clone()).collect();
        match how {
            Offline::Off => {
                self.plane.lose();
                self.forget(false);
            }
            Offline::Network => {
                self.transactions.clear();
                self.plane.lose();
                self.large.clear();
                self.conferences.lost();
                self.sessions.lose();
            }
        }
        self.offline = true;
        for handle in open {
            self.show(Sight::SessionState(Self::change(&handle, SessionState::Ended)));
        }
    }

    /// The network is there again, and registered at.
    pub(super) fn go_online(&mut self, now: Duration) {
        if std::mem::replace(&mut self.offline, false) {
            self.plane.found();
            if !self.peer {
                self.register(now, Purpose::Cpm);
            }
        }
    }

    /// `query` for who takes part in a session.
    pub(super) fn query_participants(&mut self, handle: &str) -> Answer {
        let Some(session) = self.sessions.find(handle) else { return Answer::UnknownHandle(handle.to_owned()) };
        if session.kind == Kind::OneToOne {
            return Answer::Refused("the session is not that of a group".to_owned());
        }
        self.show_participants(handle);
        Answer::Taken(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests;
