//! Sessions: what becomes of an INVITE, and those that are passed on, two calls that go on and end together (RFC 3261, 16 by
//! way of RFC 7092).

use std::{sync::Arc, time::Duration};

use super::{
    Deferring, METHODS,
    delivery::Delivery,
    forwarding::{asks_for, device, dressed, hops_left, party, target},
    taking::Taken,
};
use crate::{
    role::{
        call::{self, description},
        msrp,
    },
    wire::{params::NameAddr, sip::Message},
};

/// Most sessions at a time.
const MOST: usize = 200;

/// What the CANCEL says of an invitation that only rang (CONV-7.4.4).
const UNANSWERED: &str = "SIP;cause=408;text=\"User not responding\"";

/// What a call is for.
#[derive(Debug)]
pub(super) enum Session {
    /// One side of a session that is passed on.
    Passed {
        /// The other side.
        other: u64,
        /// When it rang long enough, if it is to be kept then.
        rings: Option<Duration>,
    },
    /// What is sent in it is kept.
    Taken(Box<Taken>),
    /// Deferred messages are delivered in it.
    Delivery(Box<Delivery>),
}

impl Deferring {
    pub(super) fn called(&mut self, now: Duration, event: call::Event) {
        let call = event.call();
        match event {
            call::Event::Invited { request, .. } => self.invited(now, call, &request),
            call::Event::Progress { response, .. } => self.progressed(now, call, &response),
            call::Event::Accepted { response, .. } => self.accepted(now, call, &response),
            call::Event::Confirmed { .. } => self.confirmed(now, call),
            call::Event::Refused { response, .. } => self.refused(now, call, response.as_deref()),
            call::Event::Cancelled { .. } | call::Event::Ended { .. } => self.over(now, call),
            call::Event::Answered { .. } | call::Event::Changed { .. } | call::Event::Offered { .. } | call::Event::Acknowledged { .. } => {
            }
        }
    }

    fn invited(&mut self, now: Duration, call: u64, request: &Arc<Message>) {
        if self.sessions.len() >= MOST {
            return self.calls.respond(now, &mut self.transactions, call, 503, |draft| draft);
        }
        let target = target(request);
        if crate::wire::uri::same(&target, &self.settings.deferred_uri) {
            return self.asked_for(now, call, request);
        }
        match self.served(&target) {
            Some(user) if !self.presence.reaches(&user, device(&target)) => self.take(now, call, request),
            None if self.sender(request).is_none() => self.calls.respond(now, &mut self.transactions, call, 404, |draft| draft),
            user => self.pass_invitation(now, call, request, &target, user.is_some()),
        }
    }

    /// Invites who the INVITE is for, with what it says.
    fn pass_invitation(&mut self, now: Duration, call: u64, request: &Message, target: &str, to_served: bool) {
        let route = self.onward(request);
        let route: Vec<String> = route.into_iter().collect();
        let contact = self.copied_contact(request);
        let draft = self.calls.draft(target, &party(request, "From"), &route).header("Contact", &contact);
        let hops = hops_left(request);
        let draft = dressed(draft.overlaid(&[("Max-Forwards".to_owned(), Some(vec![hops]))]), request, &[]);
        let other = self.calls.invite(now, &mut self.transactions, draft.finish());
        let rings = (to_served && is_kept(request)).then(|| now + self.settings.rings);
        self.sessions.insert(call, Session::Passed { other, rings: None });
        self.sessions.insert(other, Session::Passed { other: call, rings });
    }

    /// The own Contact with the parameters of the one received: features, and whether it is a focus.
    fn copied_contact(&self, message: &Message) -> String {
        let raw = &message.raw;
        let params = message.elements("Contact").first().map(|span| NameAddr::parse(raw, *span).params).unwrap_or_default();
        let params: String = params.iter().map(|param| format!(";{}", param.span.text(raw))).collect();
        format!("{}{params}", self.contact())
    }

    fn progressed(&mut self, now: Duration, call: u64, response: &Message) {
        if let Some(Session::Passed { other, .. }) = self.sessions.get(&call) {
            let contact = self.contact();
            let status = response.status().unwrap_or(180);
            self.calls.respond(now, &mut self.transactions, *other, status, |draft| draft.header("Contact", &contact));
        }
    }

    fn accepted(&mut self, now: Duration, call: u64, response: &Message) {
        match self.sessions.get_mut(&call) {
            Some(Session::Passed { other, rings }) => {
                *rings = None;
                let other = *other;
                let contact = self.copied_contact(response);
                let answer = description(response);
                self.calls.respond(now, &mut self.transactions, other, 200, |draft| {
                    let draft = draft.header("Contact", &contact).header("Allow", METHODS);
                    match answer {
                        Some((kind, body)) => draft.body(&kind, body.to_vec()),
                        None => draft,
                    }
                });
            }
            Some(Session::Delivery(_)) => self.welcomed(now, call, response),
            Some(Session::Taken(_)) | None => {}
        }
    }

    fn confirmed(&mut self, now: Duration, call: u64) {
        match self.sessions.get(&call) {
            Some(Session::Taken(_)) => self.meet(now, call),
            Some(Session::Delivery(_)) => self.begin(now, call),
            Some(Session::Passed { .. }) | None => {}
        }
    }

    fn refused(&mut self, now: Duration, call: u64, response: Option<&Message>) {
        match self.sessions.remove(&call) {
            Some(Session::Passed { other, .. }) => {
                self.sessions.remove(&other);
                let status = response.and_then(Message::status).unwrap_or(408);
                let request = self.calls.invitation(other).cloned().filter(|_| self.calls.lasts(other));
                match request {
                    // She is there, but nobody takes it; 487 is what the own CANCEL brought.
                    Some(request) if matches!(status, 408 | 480 | 487) && is_kept(&request) && self.served(&target(&request)).is_some() => {
                        self.take(now, other, &request);
                    }
                    _ => self.calls.respond(now, &mut self.transactions, other, status, |draft| draft),
                }
            }
            Some(Session::Delivery(delivery)) => self.record(now, delivery.taken),
            Some(Session::Taken(_)) | None => {}
        }
    }

    /// A call is over; what it was tied to ends with it.
    pub(super) fn over(&mut self, now: Duration, call: u64) {
        match self.sessions.remove(&call) {
            Some(Session::Passed { other, .. }) => {
                self.sessions.remove(&other);
                if self.calls.lasts(other) {
                    self.calls.end(now, &mut self.transactions, other);
                }
            }
            Some(Session::Taken(taken)) => self.left(now, call, &taken),
            Some(Session::Delivery(delivery)) => {
                self.group_left(call);
                self.hang_up(delivery.stream.session);
                self.record(now, delivery.taken);
            }
            None => {}
        }
    }

    /// What happened to an MSRP session.
    pub(super) fn carried(&mut self, now: Duration, session: u64, event: msrp::Event) {
        let of = |known: &Session| match known {
            Session::Taken(taken) => taken.stream.session == session,
            Session::Delivery(delivery) => delivery.stream.session == session,
            Session::Passed { .. } => false,
        };
        let Some((call, known)) = self.sessions.iter().find(|(_, known)| of(known)) else { return };
        let call = *call;
        match known {
            Session::Taken(_) => self.taken(now, call, event),
            Session::Delivery(_) => self.progress(now, call, event),
            Session::Passed { .. } => {}
        }
    }

    /// What rang long enough is cancelled; where nobody connects for a delivery, that is over.
    pub(super) fn sessions_due(&mut self, now: Duration) {
        let mut cancelled = Vec::new();
        let mut left = Vec::new();
        for (call, session) in &mut self.sessions {
            match session {
                Session::Passed { rings, .. } => {
                    if rings.take_if(|at| *at <= now).is_some() {
                        cancelled.push(*call);
                    }
                }
                Session::Delivery(delivery) => {
                    if delivery.patience.take_if(|at| *at <= now).is_some() {
                        left.push(*call);
                    }
                }
                Session::Taken(_) => {}
            }
        }
        for call in cancelled {
            self.calls.end_with(now, &mut self.transactions, call, &[("Reason", UNANSWERED)]);
        }
        for call in left {
            self.calls.end(now, &mut self.transactions, call);
        }
    }

    pub(super) fn sessions_deadline(&self) -> Option<Duration> {
        let due = |session: &Session| match session {
            Session::Passed { rings, .. } => *rings,
            Session::Delivery(delivery) => delivery.patience,
            Session::Taken(_) => None,
        };
        self.sessions.values().filter_map(due).min()
    }
}

/// Whether what a session carries is kept where nobody answers: large messages, files, and what groups say.
pub(super) fn is_kept(request: &Message) -> bool {
    ["largemsg", "filetransfer", "msg"].iter().any(|feature| asks_for(request, feature)) || is_group(request)
}

/// Whether a focus invites (RFC 4579, 5.2).
pub(super) fn is_group(request: &Message) -> bool {
    let raw = &request.raw;
    request.elements("Contact").first().is_some_and(|span| NameAddr::parse(raw, *span).param(raw, "isfocus").is_some())
}
