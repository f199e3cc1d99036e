//! The delivery of deferred messages in a session of their own (CPM 1.0, 8.3.2.4.3): each in an MSRP message of its own, BYE
//! once all were answered; what was not taken stays deferred.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Deferring, ICSI, METHODS, sessions::Session, store::Deferred, taking::Stream};
use crate::{
    role::{
        call::{self, dialog},
        msrp::{self, Terms, Wish},
        sdp::{Description, Text},
        transaction::PATIENCE,
    },
    wire::{Span, lists::List, sdp::Direction, sip::Message, uri},
};

/// Media type that one deferred message is sent as.
const TYPE: &str = "multipart/mixed";

/// What an own invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Deferred messages.
    Messages,
    /// What was said in a group that is no longer active.
    Group,
    /// A group that goes on.
    Back,
}

/// A session in which deferred messages are delivered.
#[derive(Debug)]
pub(super) struct Delivery {
    pub stream: Stream,
    way: Way,
    /// Identifiers of what is to be delivered.
    wanted: Vec<String>,
    /// What waits for its fate: identifiers by Message-ID.
    sent: BTreeMap<String, String>,
    /// What was taken.
    pub taken: Vec<Deferred>,
    /// Whether the session stands: the ACK came, or the 2xx to the own INVITE.
    stands: bool,
    /// Whether it was begun to send.
    pub began: bool,
    /// How long it is waited for the connection.
    pub patience: Option<Duration>,
}

impl Deferring {
    /// A client asks for its deferred messages by INVITE.
    pub(super) fn asked_for(&mut self, now: Duration, call: u64, request: &Arc<Message>) {
        let Some(user) = self.sender(request) else {
            return self.calls.respond(now, &mut self.transactions, call, 403, |draft| draft);
        };
        let offer = call::description(request).and_then(|(_, body)| Description::read(&body).ok());
        let Some(offer) = offer.filter(|offer| matches!(offer.end.direction, Direction::Recvonly | Direction::Sendrecv)) else {
            return self.calls.respond(now, &mut self.transactions, call, 488, |draft| draft);
        };
        let target = dialog::contact(request).unwrap_or_default();
        let wanted = self.chosen(request, &user, super::forwarding::device(&target));
        // Nothing that was not declared is sent (R-CPM1-8.3.2.4.3-1).
        let declared = wanted.is_empty() || offer.end.takes(TYPE);
        let Some((stream, own)) = declared.then(|| self.met(&offer.end, TYPE)).flatten() else {
            return self.calls.respond(now, &mut self.transactions, call, 488, |draft| draft);
        };
        self.sessions.insert(call, Session::Delivery(Box::new(Delivery::new(stream, Way::Messages, wanted))));
        self.accept(now, call, &offer, &own, request);
    }

    /// What is to be delivered: what the list names with that action, or all where there is no list. What it says is to be
    /// deleted goes; the rest stays.
    fn chosen(&mut self, request: &Message, user: &str, device: Option<&str>) -> Vec<String> {
        let all = self.undelivered(user, device);
        let lists: Vec<Span> = crate::field::parts(request)
            .into_iter()
            .filter(|(kind, _)| kind == "application/resource-lists+xml")
            .map(|(_, span)| span)
            .collect();
        if lists.is_empty() {
            return all;
        }
        let mut wanted = Vec::new();
        for entry in lists.into_iter().flat_map(|span| List::parse(&request.raw, span).entries) {
            let (address, headers) = entry.uri.split_once('?').unwrap_or((&entry.uri, ""));
            let Some(id) = all.iter().find(|id| uri::same(id, address)) else { continue };
            match headers.split('&').find_map(|header| header.strip_prefix("cpm_action=")).unwrap_or("deliver") {
                "deliver" if !wanted.contains(id) => wanted.push(id.clone()),
                "delete" => drop(self.store.remove(id)),
                _ => {}
            }
        }
        wanted
    }

    /// What of the user's messages nobody said in a group and no session delivers just now.
    pub(super) fn undelivered(&self, user: &str, device: Option<&str>) -> Vec<String> {
        let waits = |kept: &&Deferred| kept.group.is_none() && !self.is_under_way(&kept.id);
        self.store.of(user, device).filter(waits).map(|kept| kept.id.clone()).collect()
    }

    /// Whether a session is to deliver that message.
    pub(super) fn is_under_way(&self, id: &str) -> bool {
        self.sessions.values().any(|session| match session {
            Session::Delivery(delivery) => delivery.wanted.iter().chain(delivery.sent.values()).any(|known| known == id),
            Session::Passed { .. } | Session::Taken(_) => false,
        })
    }

    /// Invites a client to a delivery; gives the call.
    pub(super) fn offer_delivery(&mut self, now: Duration, target: &str, way: Way, wanted: Vec<String>, group: Option<&Message>) -> u64 {
        let setup = if self.settings.msrp.is_some() { "actpass" } else { "active" };
        let types = if way == Way::Messages { TYPE } else { "message/cpim" };
        let mut own = self.own_end(setup, types);
        own.direction = if way == Way::Back { Direction::Sendrecv } else { Direction::Sendonly };
        let session = self.endpoint.open(own.path.clone(), Terms { accept: vec!["*".to_owned()], ..Terms::default() });
        let text = Text::new(&own, self.own, self.ids.bits() >> 33).to_string();
        let service = if way == Way::Back { "session" } else { "deferred" };
        let tag = format!("{ICSI}{service}").replace(':', "%3A");
        let focus = if group.is_some() { ";isfocus" } else { "" };
        let contact = format!("{}{focus};+g.3gpp.icsi-ref=\"{tag}\"", self.contact());
        let from = match group {
            Some(group) => super::forwarding::party(group, "From"),
            None => format!("<{}>", self.settings.deferred_uri),
        };
        let mut draft = self
            .calls
            .draft(target, &from, &[])
            .header("Contact", &contact)
            .header("Accept-Contact", &format!("*;+g.3gpp.icsi-ref=\"{tag}\""))
            .header("P-Asserted-Service", &format!("{ICSI}{service}"))
            .header("P-Asserted-Identity", &from)
            .header("Allow", METHODS);
        for name in ["Conversation-ID", "Contribution-ID", "Session-Replaces", "Subject"] {
            draft = draft.maybe(name, group.and_then(|group| group.value(name)).as_deref());
        }
        let call = self.calls.invite(now, &mut self.transactions, draft.body("application/sdp", text).finish());
        let stream = Stream { session, setup: setup.to_owned(), ..Stream::default() };
        self.sessions.insert(call, Session::Delivery(Box::new(Delivery::new(stream, way, wanted))));
        call
    }

    /// The client accepted an own invitation.
    pub(super) fn welcomed(&mut self, now: Duration, call: u64, response: &Message) {
        let answer = call::description(response).and_then(|(_, body)| Description::read(&body).ok());
        let Some(Session::Delivery(delivery)) = self.sessions.get_mut(&call) else { return };
        let Some(answer) = answer.filter(|answer| delivery.way != Way::Messages || answer.end.takes(TYPE)) else {
            return self.calls.end(now, &mut self.transactions, call);
        };
        let stream = &mut delivery.stream;
        stream.setup = if answer.end.setup.as_deref() == Some("passive") { "active" } else { "passive" }.to_owned();
        self.endpoint.set_remote(stream.session, answer.end.path.clone());
        stream.remote = answer.end;
        self.begin(now, call);
    }

    /// The session stands: where there is nothing to deliver it is over, else the connection is awaited.
    pub(super) fn begin(&mut self, now: Duration, call: u64) {
        let Some(Session::Delivery(delivery)) = self.sessions.get_mut(&call) else { return };
        if delivery.wanted.is_empty() && delivery.way != Way::Back {
            return self.calls.end(now, &mut self.transactions, call);
        }
        delivery.stands = true;
        delivery.patience = Some(now + PATIENCE);
        let session = delivery.stream.session;
        if self.endpoint.session(session).is_some_and(msrp::Session::bound) {
            return self.send_all(now, call);
        }
        self.meet(now, call);
    }

    /// What happened to the MSRP session of a delivery.
    pub(super) fn progress(&mut self, now: Duration, call: u64, event: msrp::Event) {
        match event {
            msrp::Event::Bound => self.send_all(now, call),
            msrp::Event::Sent { message_id, status } => self.settled(now, call, &message_id, status),
            msrp::Event::Refused { .. } | msrp::Event::Lost => {
                if let Some(Session::Delivery(delivery)) = self.sessions.get_mut(&call) {
                    delivery.sent.clear();
                    delivery.patience = None;
                }
                self.calls.end(now, &mut self.transactions, call);
            }
            msrp::Event::Received { content_type, content, .. } => self.said_by_member(now, call, &content_type, content),
            msrp::Event::Reported { .. } | msrp::Event::Aborted { .. } => {}
        }
    }

    fn send_all(&mut self, now: Duration, call: u64) {
        let Some(Session::Delivery(delivery)) = self.sessions.get_mut(&call) else { return };
        // The connection may be there before the ACK is.
        if !delivery.stands || delivery.began {
            return;
        }
        delivery.patience = None;
        delivery.began = true;
        let session = delivery.stream.session;
        for id in std::mem::take(&mut delivery.wanted) {
            let Some(message) = self.store.find(&id) else { continue };
            let message_id = self.ids.token();
            let (content_type, content) = match delivery.way {
                Way::Messages => message.encapsulated(&mut self.ids),
                Way::Group | Way::Back => (message.content_type.clone(), message.content.to_vec()),
            };
            delivery.sent.insert(message_id.clone(), id);
            self.endpoint.send(now, session, Wish::new(&message_id, &content_type, content));
        }
        self.leave_if_done(now, call);
    }

    /// The fate of one message: taken, or still deferred.
    fn settled(&mut self, now: Duration, call: u64, message_id: &str, status: u16) {
        let Some(Session::Delivery(delivery)) = self.sessions.get_mut(&call) else { return };
        let Some(id) = delivery.sent.remove(message_id) else { return };
        if status == 200 {
            delivery.taken.extend(self.store.remove(&id));
        }
        self.leave_if_done(now, call);
    }

    fn leave_if_done(&mut self, now: Duration, call: u64) {
        if let Some(Session::Delivery(delivery)) = self.sessions.get_mut(&call)
            && delivery.began
            && delivery.sent.is_empty()
        {
            let (taken, leaves) = (std::mem::take(&mut delivery.taken), delivery.way != Way::Back);
            if leaves {
                self.calls.end(now, &mut self.transactions, call);
            }
            self.record(now, taken);
        }
    }

    /// All of a delivery was answered, or it is over: what was taken is recorded, if the user wants that.
    pub(super) fn record(&mut self, now: Duration, taken: Vec<Deferred>) {
        let Some(store) = self.settings.storage_address.filter(|_| self.settings.history) else { return };
        for message in taken {
            let user = message.user.split_once(':').map_or("", |(_, rest)| rest).to_owned();
            self.history.record(now, store, &user, message.object());
        }
    }
}

impl Delivery {
    fn new(stream: Stream, way: Way, wanted: Vec<String>) -> Self {
        Self { stream, way, wanted, sent: BTreeMap::new(), taken: Vec::new(), stands: false, began: false, patience: None }
    }
}
