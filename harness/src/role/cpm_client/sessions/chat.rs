//! Chat messages: each a CPIM object in an MSRP message of its own (CONV-7.3.9.1).

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Kind, Session, State, Stream, UNKNOWN};
use crate::{
    role::{
        cpm_client::{CpmClient, content::Cpim, plane::CPIM, receiving::Stored},
        msrp::{Terms, Wish},
        sdp::End,
    },
    upper::{Answer, SendChat, Sight, Status},
    wire::{Span, sdp::Direction},
};

/// Chat messages without a known fate that are remembered.
const MOST: usize = 1000;

impl Session {
    /// Whom a chat message is for: the other user, the focus of an ad-hoc group, the group (CONV-7.3.9.1-1a to -1c; R-7.3.9.1-4).
    fn addressee(&self) -> &str {
        match self.kind {
            Kind::AdHoc => self.identity.as_deref().unwrap_or(&self.peer),
            Kind::OneToOne | Kind::PreDefined => &self.peer,
        }
    }

    /// The stream that takes messages: of the other end too.
    fn chat(&self) -> Option<&Stream> {
        let heard = |stream: &&Stream| stream.remote.as_ref().is_some_and(hears);
        self.live().find(heard)
    }
}

fn hears(end: &End) -> bool {
    matches!(end.direction, Direction::Sendrecv | Direction::Recvonly)
}

/// Whether the other end takes `kind` inside a CPIM object (RFC 4975, 8.6).
fn takes(end: &End, kind: &str) -> bool {
    let among = |types: &str| Terms { accept: types.split_ascii_whitespace().map(str::to_owned).collect(), ..Terms::default() }.takes(kind);
    let Some(types) = end.accept_types.as_deref() else { return true };
    end.takes(CPIM) && (among(types) || end.accept_wrapped_types.as_deref().is_some_and(among))
}

impl CpmClient {
    /// `send-chat`.
    pub(in crate::role::cpm_client) fn send_chat(&mut self, now: Duration, wish: SendChat) -> Answer {
        let octets = match (wish.text, wish.base64.map(|b| STANDARD.decode(b))) {
            (_, Some(Ok(octets))) => octets,
            (_, Some(Err(_))) => return Answer::Refused("content is no base64".to_owned()),
            (text, None) => text.unwrap_or_default().into_bytes(),
        };
        let kind = wish.content_type.unwrap_or_else(|| "text/plain;charset=UTF-8".to_owned());
        let Some(session) = self.sessions.find(&wish.session) else { return Answer::UnknownHandle(wish.session) };
        // RFC 5438, 12.1.1: who wants to stay unknown does not ask for notifications.
        let wanted = if session.anonymous { Vec::new() } else { wish.imdn };
        let imdn = (!wanted.is_empty()).then(|| (self.ids.token(), wanted));
        let handle = self.handle("chat");
        if let Some((id, _)) = &imdn {
            self.notified.insert(id.clone(), handle.clone());
        }
        let cpim = Cpim { imdn, content_type: kind, content: octets, ..Cpim::default() };
        match self.write(now, &wish.session, cpim, Some(&handle)) {
            Ok(()) => Answer::Taken(BTreeMap::from([("message".to_owned(), handle)])),
            Err(answer) => answer,
        }
    }

    /// Sends an object in a session, from its user; for its addressee, unless it has one. The answer says why that cannot be.
    pub(in crate::role::cpm_client) fn write(
        &mut self,
        now: Duration,
        session: &str,
        cpim: Cpim,
        handle: Option<&str>,
    ) -> Result<(), Answer> {
        let Some(session) = self.sessions.current(session) else { return Err(Answer::UnknownHandle(session.to_owned())) };
        let not_now = |why: &str| Err(Answer::NotNow(why.to_owned()));
        if session.state != State::Open {
            return not_now("the session is not open");
        }
        let Some(stream) = session.chat() else { return not_now("the session has no stream that takes messages") };
        if stream.remote.as_ref().is_some_and(|end| !takes(end, &cpim.content_type)) {
            return Err(Answer::Refused("the other end does not take content of this type".to_owned()));
        }
        let from = if session.anonymous { UNKNOWN } else { &session.from };
        let to = if cpim.to.is_empty() { session.addressee() } else { &cpim.to };
        let cpim = Cpim { from: from.to_owned(), to: to.to_owned(), date_time: self.date_time(now), ..cpim };
        let (msrp, message_id) = (stream.msrp, self.ids.token());
        if let Some(handle) = handle {
            self.sessions.letters.insert((msrp, message_id.clone()), handle.to_owned());
            if self.sessions.letters.len() > MOST {
                self.sessions.letters.pop_first();
            }
        }
        // One chunk after the other: a session may end while a long message is under way.
        let wish = Wish { window: 1, ..Wish::new(&message_id, CPIM, cpim.octets()) };
        self.plane.msrp.send(now, msrp, wish);
        Ok(())
    }

    /// The fate of a chat message is known.
    pub(super) fn chat_sent(&mut self, msrp: u64, message_id: String, status: u16) {
        if let Some(message) = self.sessions.letters.remove(&(msrp, message_id)) {
            let status = if status == 200 { Status::Sent } else { Status::Failed };
            self.show(Sight::MessageStatus { message, status, recipient: None });
        }
    }

    /// A chat message came: its sender is the other user or, in a group, whom the object names.
    pub(super) fn chat_received(&mut self, now: Duration, handle: &str, content_type: &str, content: &[u8]) {
        let Some(session) = self.sessions.find(handle) else { return };
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let stored = Stored {
            asserted: if session.kind == Kind::OneToOne { vec![session.peer.clone()] } else { Vec::new() },
            hidden: session.hidden,
            conversation: session.thread.conversation.clone(),
            contribution: session.thread.contribution.clone(),
            session: Some(handle.to_owned()),
            ..Stored::default()
        };
        if kind.eq_ignore_ascii_case(CPIM) {
            self.take_chat(now, stored, content, Span::all(content));
        }
    }
}
