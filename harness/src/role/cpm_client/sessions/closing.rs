//! Ending a session of two (CONV-7.3.4.1), leaving that of a group (7.3.4.2), and the end that others make (7.3.4.3).

use std::{collections::BTreeMap, time::Duration};

use super::State;
use crate::{
    role::{call, cpm_client::CpmClient},
    upper::{Answer, SessionState},
    wire::{params::Parametered, sip::Message},
};

/// Why a session ends that its user ends (R-7.3.4.1-1).
pub(super) const COMPLETED: &str = "SIP;cause=200;text=\"Call completed\"";

/// Cause of an end that is none to worry about: another device took over.
pub(super) const ELSEWHERE: u16 = 200;

impl CpmClient {
    /// `end-session`: an INVITE without final response is cancelled, a session is left.
    pub(in crate::role::cpm_client) fn end_session(&mut self, now: Duration, handle: &str, anonymous: bool) -> Answer {
        let Some(session) = self.sessions.find_mut(handle) else { return Answer::UnknownHandle(handle.to_owned()) };
        let (call, state) = (session.call, session.state);
        if matches!(state, State::Invited | State::Over) || session.left {
            return Answer::NotNow("the session is not open".to_owned());
        }
        session.left = true;
        let fields: &[_] = match (state, anonymous || session.anonymous) {
            (State::Inviting, _) => &[],
            (_, false) => &[("Reason", COMPLETED)],
            (_, true) => &[("Reason", COMPLETED), ("Privacy", "id")],
        };
        self.plane.calls.means = self.means();
        self.plane.calls.end_with(now, &mut self.transactions, call, fields);
        if state == State::Open {
            self.release(handle);
        }
        Answer::Taken(BTreeMap::new())
    }

    /// A session cannot go on: it is left, and the user told.
    pub(super) fn give_up(&mut self, now: Duration, handle: &str, state: SessionState) {
        let Some(session) = self.sessions.find(handle).filter(|session| session.state != State::Over) else { return };
        let call = session.call;
        self.plane.calls.means = self.means();
        self.plane.calls.end(now, &mut self.transactions, call);
        self.unwatch(now, handle);
        self.session_over(handle, Some(Self::change(handle, state)));
    }

    /// A session is over by a BYE of either end.
    pub(super) fn session_ended(&mut self, now: Duration, call: u64, how: call::End) {
        let Some(session) = self.sessions.of_call(call) else { return };
        let handle = session.handle.clone();
        let parting = self.plane.calls.parting(call).filter(|_| how == call::End::ByPeer);
        let reason = parting.and_then(|bye| reason(bye));
        // CONV-7.3.4.3-4: what another device took is no news, unless the user wants it.
        let silent = reason.as_ref().is_some_and(|(cause, _)| *cause == ELSEWHERE) && !self.settings.tells_elsewhere;
        let mut change = Self::change(&handle, SessionState::Ended);
        (change.cause, change.text) = reason.map_or((None, None), |(cause, text)| (Some(cause), text));
        self.unwatch(now, &handle);
        self.session_over(&handle, (!silent).then_some(change));
    }
}

/// Cause and text of the one SIP value of Reason (RFC 3326, 2).
pub(in crate::role::cpm_client) fn reason(message: &Message) -> Option<(u16, Option<String>)> {
    let raw = &message.raw;
    message.elements("Reason").into_iter().find_map(|span| {
        let value = Parametered::parse(raw, span);
        let param = |name| value.param(raw, name).and_then(|p| p.value).map(|v| v.text(raw).trim().to_owned());
        let sip = value.head.text(raw).trim().eq_ignore_ascii_case("SIP");
        Some((param("cause").filter(|_| sip)?.parse().ok()?, param("text")))
    })
}
