//! Going back to the session of a long-lived group (CONV-7.3.1.5).

use std::{collections::BTreeMap, time::Duration};

use super::{Kind, Session, State, Thread, focus};
use crate::{
    role::cpm_client::CpmClient,
    upper::Answer,
    wire::{sip::Message, uri},
};

impl CpmClient {
    /// `rejoin-group`: identity and identifiers are those of the session that was, the dialog and the description are new.
    pub(in crate::role::cpm_client) fn rejoin_group(&mut self, now: Duration, handle: &str, anonymous: bool) -> Answer {
        let Some(session) = self.sessions.find(handle).cloned() else { return Answer::UnknownHandle(handle.to_owned()) };
        let Some(identity) = session.identity.clone() else {
            return Answer::Refused("the session is not that of a group".to_owned());
        };
        // Who has left may come back, although the BYE waits for its response.
        if session.state != State::Over && !session.left {
            return Answer::NotNow("the session is not over".to_owned());
        }
        let (streams, roster) = (session.streams.len(), self.conferences.participants(&session.handle));
        let handle = self.handle("session");
        let thread = Thread { in_reply_to: None, ..session.thread };
        let again = Session {
            handle: handle.clone(),
            anonymous,
            roster: if roster.is_empty() { session.roster } else { roster },
            thread,
            streams: Vec::new(),
            rejoins: true,
            left: false,
            replaced_by: None,
            held: false,
            state: State::Inviting,
            ..session
        };
        self.sessions.keep(again);
        self.invite_once_registered(now, &handle, &identity, streams);
        Answer::Taken(BTreeMap::from([("session".to_owned(), handle)]))
    }

    /// What is no longer there is begun anew as an ad-hoc group of those who took part last, in the same conversation
    /// (CONV-7.3.1.5-on404). `false`: it is not, and the user learns of the refusal.
    pub(super) fn restarted(&mut self, now: Duration, handle: &str, status: u16) -> bool {
        let Some(session) = self.sessions.find(handle).filter(|s| s.rejoins && !s.left && matches!(status, 403 | 404)) else {
            return false;
        };
        let connected = |status: &Option<String>| status.as_deref().is_none_or(|status| status == "connected");
        let last: Vec<_> = session.roster.iter().filter(|p| connected(&p.status)).map(|p| p.address.clone()).collect();
        let members = self.others(if session.roster.is_empty() { session.members.clone() } else { last });
        if members.is_empty() {
            return false;
        }
        let (factory, contribution, count) = (self.settings.controlling_function.clone(), self.ids.uuid(), session.streams.len());
        self.release(handle);
        let Some(session) = self.sessions.find_mut(handle) else { return false };
        (session.kind, session.peer, session.members) = (Kind::AdHoc, factory.clone(), members);
        (session.identity, session.rejoins, session.thread.contribution) = (None, false, Some(contribution));
        self.invite_to(now, handle, &factory, count);
        true
    }

    /// Whether an INVITE that came is for the session that the own INVITE under way goes back to: by its identifiers or its
    /// identity. The received one goes on, the own one is given up (R-7.3.1.5-5). Gives the handle of the session.
    pub(in crate::role::cpm_client) fn glare(&mut self, now: Duration, call: u64, request: &Message) -> Option<String> {
        let (thread, came_from) = (Thread::of(request), focus(request));
        let identity = |s: &Session| {
            came_from.as_ref().zip(s.identity.as_ref()).is_some_and(|((contact, focus), own)| *focus && uri::same(contact, own))
        };
        let same = |s: &Session| {
            let ids = (&s.thread.conversation, &s.thread.contribution);
            ids.0.is_some() && ids == (&thread.conversation, &thread.contribution) || identity(s)
        };
        let session = self.sessions.all.iter_mut().find(|s| s.rejoins && s.state == State::Inviting && same(s))?;
        let own = std::mem::replace(&mut session.call, call);
        (session.state, session.rejoins) = (State::Invited, false);
        let handle = session.handle.clone();
        self.release(&handle);
        self.plane.calls.means = self.means();
        self.plane.calls.end(now, &mut self.transactions, own);
        Some(handle)
    }
}
