//! Large messages: an INVITE session each, with an MSRP session in it (CONV-7.2.1.2, CONV-7.2.2.2).

use std::{collections::BTreeMap, time::Duration};

use super::{CpmClient, content::Cpim, plane::CPIM};
use crate::{
    role::{call, msrp, sdp::Description},
    upper::{Answer, InvitationAnswer, Sight, Status},
};

mod receiving;
mod sending;

pub(super) use receiving::asks_for;

/// All large messages under way.
#[derive(Debug, Default)]
pub(super) struct Large {
    /// By number of the call.
    sessions: BTreeMap<u64, Session>,
    /// Calls that the user is asked about, by handle.
    invitations: BTreeMap<String, u64>,
}

/// One large message.
#[derive(Debug)]
struct Session {
    /// Number of the MSRP session; `None`: there is none yet.
    msrp: Option<u64>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// Out: handle for the user, the object until it is sent, whether the user knows its fate.
    Out { handle: Option<String>, cpim: Option<Cpim>, told: bool },
    /// In: the offer, and whether the message is there.
    In { offer: Box<Description>, taken: bool },
}

impl Large {
    /// Forgets all messages.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn of_msrp(&self, id: u64) -> Option<u64> {
        self.sessions.iter().find(|(_, s)| s.msrp == Some(id)).map(|(call, _)| *call)
    }
}

impl CpmClient {
    /// Takes what happened to a call that is a large message, or may become one.
    pub(super) fn large_called(&mut self, now: Duration, event: call::Event) {
        match event {
            call::Event::Progress { .. }
            | call::Event::Answered { .. }
            | call::Event::Changed { .. }
            | call::Event::Offered { .. }
            | call::Event::Acknowledged { .. } => {}
            call::Event::Accepted { call, response } => self.accepted(now, call, &response),
            call::Event::Invited { call, request } => self.invited(now, call, &request),
            call::Event::Confirmed { call } => self.confirmed(now, call),
            call::Event::Refused { call, .. } | call::Event::Cancelled { call } | call::Event::Ended { call, .. } => self.over(call),
        }
    }

    /// Takes what happened to the MSRP session of a large message.
    pub(super) fn large_exchanged(&mut self, now: Duration, id: u64, event: msrp::Event) {
        let Some(call) = self.large.of_msrp(id) else { return };
        match event {
            msrp::Event::Bound | msrp::Event::Reported { status: 200, .. } | msrp::Event::Aborted { .. } => {}
            msrp::Event::Received { content, .. } => self.received(now, call, &content),
            msrp::Event::Sent { status: 200, .. } => {
                self.tell(call, Status::Sent);
                self.leave(now, call);
            }
            // Who has the message waits for the BYE of who sent it.
            msrp::Event::Lost if self.has(call) => {}
            msrp::Event::Sent { .. } | msrp::Event::Reported { .. } | msrp::Event::Refused { .. } | msrp::Event::Lost => {
                self.tell(call, Status::Failed);
                self.leave(now, call);
            }
        }
    }

    fn has(&self, call: u64) -> bool {
        self.large.sessions.get(&call).is_some_and(|session| matches!(session.way, Way::In { taken: true, .. }))
    }

    /// A call is over: what was not sent by now failed.
    fn over(&mut self, call: u64) {
        self.tell(call, Status::Failed);
        self.hang_up(call);
        self.large.sessions.remove(&call);
        self.large.invitations.retain(|_, of| *of != call);
    }

    /// Ends the MSRP session of a call.
    fn hang_up(&mut self, call: u64) {
        if let Some(id) = self.large.sessions.get_mut(&call).and_then(|s| s.msrp.take()) {
            self.plane.hang_up(id);
        }
    }

    /// Tells the user the fate of an outgoing message, once.
    fn tell(&mut self, call: u64, status: Status) {
        let Some(Session { way: Way::Out { handle, told, .. }, .. }) = self.large.sessions.get_mut(&call) else { return };
        if let Some(message) = handle.clone().filter(|_| !std::mem::replace(told, true)) {
            self.show(Sight::MessageStatus { message, status, recipient: None });
        }
    }

    /// What the user says to an invitation that was shown.
    pub(super) fn answer_invitation(&mut self, now: Duration, invitation: &str, decision: InvitationAnswer) -> Answer {
        let Some(call) = self.large.invitations.remove(invitation) else { return Answer::UnknownHandle(invitation.to_owned()) };
        match decision {
            InvitationAnswer::Accept => self.accept_call(now, call),
            InvitationAnswer::Reject => self.refuse_call(now, call, 603),
            // Who cannot take a large message now has it deferred.
            InvitationAnswer::Decline => self.refuse_call(now, call, 480),
            InvitationAnswer::Busy => self.refuse_call(now, call, 486),
            InvitationAnswer::Redirect => {
                self.large.invitations.insert(invitation.to_owned(), call);
                return Answer::Refused("a large message cannot be redirected".to_owned());
            }
        }
        Answer::Taken(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests;
