//! Taking in the user's place: the function ends the session of a large message, a file or a group itself and keeps what comes.

use std::{sync::Arc, time::Duration};

use super::{
    Deferring, METHODS,
    forwarding::{device, target},
    groups::Group,
    sessions::{Session, is_group, is_kept},
    store::Deferred,
};
use crate::{
    role::{
        Hop, Output,
        call::description,
        msrp::{self, Terms},
        sdp::{self, Description, End},
    },
    trace::{Protocol, Transport},
    wire::sip::Message,
};

/// One end of MSRP in a session.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Its number at the endpoint.
    pub session: u64,
    /// The other end.
    pub remote: End,
    /// Own part in setting up the connection.
    pub setup: String,
}

/// A session whose content is kept.
#[derive(Debug)]
pub(super) struct Taken {
    pub stream: Stream,
    user: String,
    device: Option<String>,
    /// Conversation-ID, if a group talks in it.
    group: Option<String>,
    request: Arc<Message>,
}

impl Deferring {
    /// Accepts an INVITE in the place of the served user, or refuses it.
    pub(super) fn take(&mut self, now: Duration, call: u64, request: &Arc<Message>) {
        let target = target(request);
        let user = self.served(&target).filter(|_| is_kept(request));
        let offer = description(request).and_then(|(_, body)| Description::read(&body).ok());
        let (Some(user), Some(offer)) = (user, offer) else {
            return self.calls.respond(now, &mut self.transactions, call, 480, |draft| draft);
        };
        let Some((stream, own)) = self.met(&offer.end, "*") else {
            return self.calls.respond(now, &mut self.transactions, call, 488, |draft| draft);
        };
        let group = is_group(request).then(|| request.value("Conversation-ID").unwrap_or_default().into_owned());
        if let Some(conversation) = &group {
            self.groups.retain(|known| known.conversation != *conversation);
            self.groups.push(Group::begun(conversation, &user, call, request));
        }
        let taken = Taken { stream, user, device: device(&target).map(str::to_owned), group, request: Arc::clone(request) };
        self.sessions.insert(call, Session::Taken(Box::new(taken)));
        self.accept(now, call, &offer, &own, request);
    }

    /// An MSRP session that answers the end of an offer, and the own end; `None`: it cannot be met.
    pub(super) fn met(&mut self, offered: &End, types: &str) -> Option<(Stream, End)> {
        let preferred = if self.settings.msrp.is_some() { "passive" } else { "active" };
        let setup = sdp::setup(offered.setup.as_deref(), preferred);
        if setup == "passive" && self.settings.msrp.is_none() {
            return None;
        }
        let own = self.own_end(&setup, types);
        let session = self.endpoint.open(own.path.clone(), Terms { accept: vec!["*".to_owned()], ..Terms::default() });
        self.endpoint.set_remote(session, offered.path.clone());
        Some((Stream { session, remote: offered.clone(), setup }, own))
    }

    /// The own end of an MSRP session.
    pub(super) fn own_end(&mut self, setup: &str, types: &str) -> End {
        let listening = self.settings.msrp.filter(|_| setup != "active");
        let address = listening.unwrap_or_else(|| std::net::SocketAddr::new(self.own.ip(), sdp::DISCARD));
        End {
            path: vec![self.endpoint.uri(address, false)],
            setup: Some(setup.to_owned()),
            accept_types: Some(types.to_owned()),
            accept_wrapped_types: Some("*".to_owned()),
            ..End::default()
        }
    }

    /// Answers an INVITE by 200 with a description.
    pub(super) fn accept(&mut self, now: Duration, call: u64, offer: &Description, own: &End, request: &Message) {
        let number = self.ids.bits() >> 33;
        let answer = offer.answer(own, self.own, number).to_string();
        let contact = self.contact();
        self.calls.respond(now, &mut self.transactions, call, 200, |draft| {
            let mut draft = draft.header("Contact", &contact).header("Allow", METHODS);
            for name in ["Conversation-ID", "Contribution-ID"] {
                draft = draft.maybe(name, request.value(name).as_deref());
            }
            draft.body("application/sdp", answer)
        });
    }

    /// Connects, where that is the own part (RFC 6135, 4.2.2).
    pub(super) fn meet(&mut self, now: Duration, call: u64) {
        let stream = match self.sessions.get(&call) {
            Some(Session::Taken(taken)) => &taken.stream,
            Some(Session::Delivery(delivery)) => &delivery.stream,
            Some(Session::Passed { .. }) | None => return,
        };
        if stream.setup != "active" {
            return;
        }
        let Some((address, secure)) = stream.remote.path.first().and_then(|uri| sdp::next_hop(uri)) else { return };
        let hop = Hop::over(Protocol::Msrp, if secure { Transport::Tls } else { Transport::Tcp }, address);
        let fingerprint = stream.remote.fingerprint.clone().filter(|_| secure);
        let session = stream.session;
        if self.opened.insert(hop) {
            self.connects.push_back(Output::Connect { hop, fingerprint });
        }
        self.endpoint.bind(now, session, hop);
    }

    /// What came in a session whose content is kept.
    pub(super) fn taken(&mut self, now: Duration, call: u64, event: msrp::Event) {
        let msrp::Event::Received { message_id, content_type, content } = event else { return };
        let Some(Session::Taken(taken)) = self.sessions.get(&call) else { return };
        let message = Deferred {
            id: String::new(),
            user: taken.user.clone(),
            device: taken.device.clone(),
            group: taken.group.clone(),
            request: Arc::clone(&taken.request),
            send: self.heads.take(&message_id),
            content_type,
            content,
            taken: 0,
            until: None,
        };
        match taken.group.clone() {
            // She is back in the group: it goes on to her at once.
            Some(conversation) if self.said_to_member(now, &conversation, &message) => {}
            _ => drop(self.keep(now, message)),
        }
    }

    /// Such a session is over.
    pub(super) fn left(&mut self, now: Duration, call: u64, taken: &Taken) {
        self.hang_up(taken.stream.session);
        self.group_over(now, call);
    }

    /// Ends an MSRP session, and its connection if this end opened it.
    pub(super) fn hang_up(&mut self, session: u64) {
        if let Some(hop) = self.endpoint.close(session).filter(|hop| self.opened.remove(hop)) {
            self.closes.push_back(Output::Close { hop });
        }
    }
}
