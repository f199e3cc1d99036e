//! Inviting to a session: of two (CONV-7.3.1.1), of an ad-hoc group (7.3.1.2), of a pre-defined group (7.3.1.3); joining a group
//! (7.3.1.4).

use std::{collections::BTreeMap, time::Duration};

use super::{Kind, Session, State, Thread, UNKNOWN};
use crate::{
    role::{
        call,
        cpm_client::{
            CpmClient, content,
            settings::{ICSI, METHODS, SUPPORTED, encoded_icsi},
        },
        sdp::{Description, Unacceptable},
    },
    upper::{Answer, Conversation, NoticeCode, SessionState, Sight, StartSession},
    wire::{sip::Message, uri},
};

/// Session interval that is asked for, seconds (RFC 4028, 4).
const INTERVAL: u32 = 1800;

impl CpmClient {
    /// `start-session`.
    pub(in crate::role::cpm_client) fn start_session(&mut self, now: Duration, wish: StartSession) -> Answer {
        let (kind, peer, members) = match (wish.to, wish.participants.is_empty(), wish.group) {
            (Some(to), true, None) => (Kind::OneToOne, to, Vec::new()),
            (None, false, None) => (Kind::AdHoc, self.settings.controlling_function.clone(), wish.participants),
            (None, true, Some(group)) => (Kind::PreDefined, group, Vec::new()),
            _ => return Answer::Refused("a session is with one person, with several, or of a group".to_owned()),
        };
        if let Some(unknown) = wish.media.iter().find(|kind| !self.plane.rtp.plays(kind)) {
            return Answer::Refused(format!("the client does not play {unknown}"));
        }
        let members = self.others(members);
        if kind == Kind::AdHoc && members.len() > self.settings.max_participants {
            // CONV-7.3.1.2-6: nothing is sent, the user learns why.
            self.show(Sight::Notice { code: NoticeCode::TooManyParticipants, outcome: None, messages: Vec::new() });
            return Answer::Taken(BTreeMap::new());
        }
        let answered = match wish.in_reply_to.map(|handle| self.answered_by(&handle).ok_or(handle)) {
            Some(Err(handle)) => return Answer::UnknownHandle(handle),
            Some(Ok(thread)) => thread,
            None => Thread::default(),
        };
        let from = wish.from.unwrap_or_else(|| self.settings.address().to_owned());
        let mut session = Session::new(self.handle("session"), kind, &peer, &from);
        (session.members, session.closed, session.anonymous) = (members, wish.closed, wish.anonymous);
        session.media = wish.media;
        let same = wish.conversation == Conversation::Same;
        let conversation = match answered.conversation.filter(|_| same) {
            Some(conversation) => {
                self.continues(session.party(), conversation.clone());
                conversation
            }
            None => self.conversation_with(&session.party(), same),
        };
        session.thread = Thread { conversation: Some(conversation), contribution: None, in_reply_to: answered.contribution };
        self.begin(now, session)
    }

    /// `join-group`: always a new conversation (R-7.3.1.4-1).
    pub(in crate::role::cpm_client) fn join_group(&mut self, now: Duration, group: &str, anonymous: bool) -> Answer {
        let from = self.settings.address().to_owned();
        let mut session = Session::new(self.handle("session"), Kind::PreDefined, group, &from);
        session.anonymous = anonymous;
        session.joins = true;
        session.thread.conversation = Some(self.conversation_with(&session.party(), false));
        self.begin(now, session)
    }

    /// Begins a session with a Contribution-ID of its own and answers its handle.
    fn begin(&mut self, now: Duration, mut session: Session) -> Answer {
        session.thread.contribution = Some(self.ids.uuid());
        let handle = session.handle.clone();
        let target = session.peer.clone();
        self.sessions.keep(session);
        self.invite_once_registered(now, &handle, &target, 1);
        Answer::Taken(BTreeMap::from([("session".to_owned(), handle)]))
    }

    /// The users of a list other than the own one, each once.
    pub(super) fn others(&self, users: Vec<String>) -> Vec<String> {
        let mut others: Vec<String> = Vec::new();
        for user in users {
            let own = self.settings.addresses.iter().any(|own| uri::same(own, &user));
            if !own && !others.iter().any(|other| uri::same(other, &user)) {
                others.push(user);
            }
        }
        others
    }

    /// Sends the INVITE of a session now or, if the client is not registered, once it is (CONV-7-registerfirst).
    pub(super) fn invite_once_registered(&mut self, now: Duration, handle: &str, target: &str, streams: usize) {
        self.sessions.waiting.push_back((handle.to_owned(), target.to_owned(), streams));
        if self.may_send() {
            self.invite_waiting(now);
        }
    }

    /// Sends the INVITEs that waited for the registration.
    pub(in crate::role::cpm_client) fn invite_waiting(&mut self, now: Duration) {
        while let Some((handle, target, streams)) = self.sessions.waiting.pop_front() {
            self.invite_to(now, &handle, &target, streams);
        }
    }

    /// Sends the INVITE of a session to `target`, offering `streams` streams.
    pub(super) fn invite_to(&mut self, now: Duration, handle: &str, target: &str, streams: usize) {
        let Some((closed, media)) = self.sessions.find(handle).map(|s| (s.closed, s.media.clone())) else { return };
        let (text, streams) = self.chat_offer(streams, &media, closed);
        let Some(session) = self.sessions.find_mut(handle) else { return };
        (session.text, session.streams) = (Some(text.clone()), streams);
        let session = session.clone();
        let invite = self.session_invite(&session, target, &text.to_string());
        self.plane.calls.means = self.means();
        let call = self.plane.calls.invite(now, &mut self.transactions, invite);
        if let Some(session) = self.sessions.find_mut(handle) {
            (session.call, session.state) = (call, State::Inviting);
        }
    }

    fn session_invite(&mut self, session: &Session, target: &str, offer: &str) -> bytes::Bytes {
        let from = self.name_addr(&session.from, session.anonymous);
        let listed = if session.kind == Kind::AdHoc && !session.rejoins { session.members.as_slice() } else { &[] };
        let (content_type, body) = if listed.is_empty() {
            ("application/sdp".to_owned(), offer.as_bytes().to_vec())
        } else {
            content::with_recipients(&self.ids.token(), "application/sdp", offer.as_bytes(), listed)
        };
        let contact = self.session_contact(session.anonymous);
        let tag = format!("+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("session"));
        let thread = &session.thread;
        self.plane
            .calls
            .draft(target, &from, &self.registration.service_route)
            .header("Contact", &contact)
            .header("P-Preferred-Identity", &format!("<{}>", session.from))
            .header("Accept-Contact", &format!("*;{tag}"))
            .header("P-Preferred-Service", &format!("{ICSI}session"))
            .header("User-Agent", &self.settings.product())
            .header("Allow", &METHODS.replace(',', ", "))
            .header("Supported", SUPPORTED)
            .header("Session-Expires", &format!("{INTERVAL};refresher=uac"))
            .maybe("Conversation-ID", thread.conversation.as_deref())
            .maybe("Contribution-ID", thread.contribution.as_deref())
            .maybe("InReplyTo-Contribution-ID", thread.in_reply_to.as_deref())
            .maybe("Privacy", session.anonymous.then_some("id"))
            .maybe("Require", (!listed.is_empty()).then_some("recipient-list-invite"))
            .body(&content_type, body)
            .finish()
    }

    /// Value of From for an own address, without tag.
    pub(in crate::role::cpm_client) fn name_addr(&self, own: &str, anonymous: bool) -> String {
        match self.settings.display_name.as_str() {
            _ if anonymous => format!("\"Anonymous\" <{UNKNOWN}>"),
            "" => format!("<{own}>"),
            name => format!("\"{}\" <{own}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    /// Own Contact in a session, feature tag included: the public GRUU or the instance of the device, for who stays unknown the
    /// temporary GRUU or a bare address (CONV-7.3.1.1-7).
    pub(in crate::role::cpm_client) fn session_contact(&self, anonymous: bool) -> String {
        let (public, temporary) = &self.registration.gruus;
        let contact = match if anonymous { temporary } else { public } {
            Some(gruu) => format!("<{gruu}>"),
            None if anonymous => format!("<sip:{};transport={}>", self.local, self.settings.transport),
            None => format!("{};+sip.instance=\"<{}>\"", self.contact(), self.settings.instance_id),
        };
        format!("{contact};+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("session"))
    }

    /// The INVITE was accepted, and that acknowledged.
    pub(super) fn session_accepted(&mut self, now: Duration, call: u64, response: &Message) {
        self.plane.calls.negotiate(call);
        let Some(session) = self.sessions.of_call_mut(call) else { return };
        session.identify(response);
        if session.joins || session.rejoins {
            session.thread.adopt(response);
        }
        (session.state, session.rejoins) = (State::Open, false);
        let (handle, identity) = (session.handle.clone(), session.identity.clone());
        if let (party, Some(conversation)) = (session.party(), session.thread.conversation.clone()) {
            self.continues(party, conversation);
        }
        let answer = call::description(response).map(|(_, body)| Description::any(&body));
        let met = match answer {
            Some(Ok(answer)) => {
                self.play(now, &handle, &answer.flows);
                self.take_answer(now, &handle, &answer)
            }
            // All streams are refused: there is nothing to be opened.
            Some(Err(Unacceptable::NoMsrp)) => {
                self.release(&handle);
                true
            }
            Some(Err(_)) | None => false,
        };
        if !met {
            return self.give_up(now, &handle, SessionState::Failed);
        }
        self.show(Sight::SessionState(Self::change(&handle, SessionState::Established)));
        if let Some(identity) = identity {
            self.watch(now, &handle, &identity);
        }
    }

    /// The INVITE came to nothing; no response counts as 408 (RFC 3261, 8.1.3.1).
    pub(super) fn session_refused(&mut self, now: Duration, call: u64, response: Option<&Message>) {
        let Some(session) = self.sessions.of_call(call) else { return };
        let status = response.and_then(Message::status).unwrap_or(408);
        let (handle, left) = (session.handle.clone(), session.left);
        if self.restarted(now, &handle, status) {
            return;
        }
        let mut change = Self::change(&handle, if left { SessionState::Ended } else { SessionState::Failed });
        change.status = (!left).then_some(status);
        self.session_over(&handle, Some(change));
    }
}
