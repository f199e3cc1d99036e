//! The server as an end of two dialogs: INVITE in, INVITE out; answers, refusals, CANCEL and BYE from one side to the other.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Settings,
    changes::Change,
    description::{Origin, Taken, rewritten},
    passing::{METHODS, passed, presented, untagged},
    relay::Relay,
    routes,
};
use crate::{
    role::{
        Hop,
        build::Draft,
        call::{Calls, Event, Means, description},
        ids::Ids,
        transaction::{Heard, Transactions},
    },
    wire::sip::Message,
};

/// A session: two calls, by side. Side 0 is who invited, side 1 who was invited.
#[derive(Debug)]
pub(super) struct Pair {
    pub calls: [u64; 2],
    /// What the server has said on each side.
    pub origins: [Origin; 2],
    /// Its description as it stands on each side.
    pub said: [Option<String>; 2],
    /// What each side described last.
    pub described: [Option<Bytes>; 2],
    /// What the served client was seen to take.
    pub taken: Taken,
    /// On which side the served client is.
    pub client: usize,
    /// The INVITE as it came.
    invite: Arc<Message>,
    over: [bool; 2],
}

/// The server as a B2BUA.
#[derive(Debug)]
pub(super) struct B2bua {
    pub own: SocketAddr,
    pub msrp: Option<SocketAddr>,
    ids: Ids,
    pub calls: Calls,
    pub relay: Relay,
    pub pairs: Vec<Pair>,
    pub changes: Vec<Change>,
}

impl B2bua {
    pub fn new(own: SocketAddr, settings: &Settings, seed: u64) -> Self {
        Self {
            own,
            msrp: settings.msrp,
            ids: Ids::new(seed),
            calls: Calls::new(means(own, settings), seed ^ 0x0062_3262),
            relay: Relay::new(seed ^ 0x0072_6c79),
            pairs: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Takes what came.
    pub fn heard(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, heard: Heard) {
        self.calls.means = means(self.own, settings);
        if let Heard::Request(id, request) = self.calls.heard(now, transactions, heard) {
            self.requested(now, transactions, id, &request);
        }
        self.attend(now, settings, transactions);
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, given_up: Vec<u64>) {
        self.calls.means = means(self.own, settings);
        self.calls.tick(now, transactions, given_up);
        self.unanswered(now, transactions);
        self.attend(now, settings, transactions);
    }

    /// Whether something of its own is still to be sent.
    pub fn waits(&self) -> bool {
        self.calls.waits()
    }

    /// A request that belongs to no call: a sign of life, or that the core tells of a registration (TS 24.229, 5.4.1.7).
    fn requested(&mut self, now: Duration, transactions: &mut Transactions, id: u64, request: &Message) {
        let status = if matches!(request.method(), Some("OPTIONS" | "REGISTER")) { 200 } else { 405 };
        let draft = Draft::response(request, status, &self.ids.token()).header("Allow", METHODS);
        let expires = request.value("Expires").filter(|_| request.method() == Some("REGISTER"));
        transactions.respond(now, id, status, draft.maybe("Expires", expires.as_deref()).finish());
    }

    fn attend(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions) {
        while let Some(event) = self.calls.event() {
            match event {
                Event::Invited { call, request } => self.invited(now, settings, transactions, call, request),
                Event::Progress { call, response } => self.progressed(now, settings, transactions, call, &response),
                Event::Accepted { call, response } => self.accepted(now, settings, transactions, call, &response),
                Event::Refused { call, response } => self.refused(now, transactions, call, response.as_deref()),
                Event::Confirmed { call } => self.confirmed(transactions, call),
                Event::Cancelled { call } | Event::Ended { call, .. } => self.ended(now, transactions, call),
                Event::Offered { call, transaction, request } => self.offered(now, settings, transactions, call, transaction, request),
                Event::Answered { call, response } => self.answered(now, settings, transactions, call, &response),
                Event::Changed { .. } | Event::Acknowledged { .. } => {}
            }
        }
    }

    /// Where a call stands: its pair and its side.
    pub fn place(&self, call: u64) -> Option<(usize, usize)> {
        self.pairs.iter().enumerate().find_map(|(at, pair)| Some((at, pair.calls.iter().position(|c| *c == call)?)))
    }

    /// A description of the other side as it goes out on `side` of a pair.
    pub fn description(&mut self, at: usize, side: usize, body: &[u8]) -> String {
        let Some(msrp) = self.msrp else { return String::from_utf8_lossy(body).into_owned() };
        let (pair, relay) = (&mut self.pairs[at], &mut self.relay);
        let key = pair.calls[0];
        rewritten(body, msrp, &mut pair.origins[side], |section| relay.own(key, section, side, msrp))
    }

    /// An INVITE: another one goes out in its place.
    fn invited(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, call: u64, request: Arc<Message>) {
        if request.value("Max-Forwards").is_some_and(|left| left.trim() == "0") {
            return self.calls.respond(now, transactions, call, 483, |draft| draft);
        }
        self.calls.respond(now, transactions, call, 100, |draft| draft);
        let target = request.request_uri().map(|uri| uri.text(&request.raw).into_owned()).unwrap_or_default();
        let route = routes(&request, self.own);
        let draft = self.calls.draft(&target, &untagged(&request, "From"), &route);
        let overlay = [("To", untagged(&request, "To")), ("Max-Forwards", hops_left(&request))];
        let draft = draft.overlaid(&overlay.map(|(name, value)| (name.to_owned(), Some(vec![value]))));
        let mut draft = presented(passed(draft, &request), &request, self.own, settings.transport);
        let invites = settings.serves(&target) || !settings.serves(&address(&request, "From"));
        let offer = description(&request);
        self.pairs.push(Pair {
            calls: [call, 0],
            origins: [Origin::new(self.ids.bits() >> 33), Origin::new(self.ids.bits() >> 33)],
            said: [None, None],
            described: [offer.as_ref().map(|(_, body)| body.clone()), None],
            taken: Taken::default(),
            client: usize::from(invites),
            invite: request,
            over: [false, false],
        });
        let at = self.pairs.len() - 1;
        if let Some((kind, body)) = offer {
            let text = self.description(at, 1, &body);
            self.pairs[at].said[1] = Some(text.clone());
            draft = draft.body(&kind, text);
        }
        let out = self.calls.invite(now, transactions, draft.finish());
        self.pairs[at].calls[1] = out;
        self.calls.negotiate(call);
        self.calls.negotiate(out);
    }

    fn progressed(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, call: u64, response: &Message) {
        let Some((at, _)) = self.place(call) else { return };
        let (to, own, status) = (self.pairs[at].calls[0], self.own, response.status().unwrap_or(180));
        let present = |draft| presented(passed(draft, response), response, own, settings.transport);
        self.calls.respond(now, transactions, to, status, present);
    }

    /// The invited side accepted: so does the server.
    fn accepted(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, call: u64, response: &Message) {
        let Some((at, _)) = self.place(call) else { return };
        let answer = description(response);
        let text = answer.as_ref().map(|(_, body)| self.description(at, 0, body));
        let (to, own) = (self.pairs[at].calls[0], self.own);
        self.pairs[at].said[0].clone_from(&text);
        self.pairs[at].described[1] = answer.map(|(_, body)| body);
        self.calls.respond(now, transactions, to, 200, |draft| {
            let draft = presented(passed(draft, response), response, own, settings.transport);
            match text {
                Some(text) => draft.body("application/sdp", text),
                None => draft,
            }
        });
        self.settle(at);
    }

    /// The invited side refused, or said nothing at all (8.1.3.1).
    fn refused(&mut self, now: Duration, transactions: &mut Transactions, call: u64, response: Option<&Message>) {
        let Some((at, _)) = self.place(call) else { return };
        let (to, status) = (self.pairs[at].calls[0], relayed(response.and_then(Message::status).unwrap_or(408)));
        self.calls.respond(now, transactions, to, status, |draft| match response {
            Some(response) => passed(draft, response),
            None => draft,
        });
        self.relay.end(self.pairs[at].calls[0]);
        self.pairs.remove(at);
    }

    /// The inviting side confirmed; where the INVITE offered nothing, its ACK answers (13.2.1).
    fn confirmed(&mut self, transactions: &mut Transactions, call: u64) {
        let Some((at, 0)) = self.place(call) else { return };
        let answer = self.calls.confirmation(call).and_then(|ack| description(ack));
        let Some((kind, body)) = answer.filter(|_| description(&self.pairs[at].invite).is_none()) else { return };
        let text = self.description(at, 1, &body);
        let pair = &mut self.pairs[at];
        (pair.said[1], pair.described[0]) = (Some(text.clone()), Some(body));
        let to = pair.calls[1];
        self.calls.answer(transactions, to, (kind, text.into()));
        self.settle(at);
    }

    /// One side left, or was lost: the other one is left.
    fn ended(&mut self, now: Duration, transactions: &mut Transactions, call: u64) {
        let Some((at, side)) = self.place(call) else { return };
        self.give_up(now, transactions, call);
        let reason = self.calls.parting(call).and_then(|parting| parting.value("Reason").map(|reason| reason.into_owned()));
        let fields: Vec<(&str, &str)> = reason.iter().map(|reason| ("Reason", reason.as_str())).collect();
        let other = self.pairs[at].calls[1 - side];
        self.calls.end_with(now, transactions, other, &fields);
        self.relay.end(self.pairs[at].calls[0]);
        self.pairs[at].over[side] = true;
        if self.pairs[at].over == [true, true] {
            self.pairs.remove(at);
        }
    }

    /// Both sides agreed: media go by what they said last.
    pub fn settle(&mut self, at: usize) {
        let pair = &mut self.pairs[at];
        if let Some(body) = &pair.described[pair.client] {
            pair.taken.learn(body);
        }
        if let ([Some(one), Some(two)], Some(_)) = (&pair.described, self.msrp) {
            self.relay.settle(pair.calls[0], [one, two]);
        }
    }
}

/// How the others are reached.
pub(super) fn means(own: SocketAddr, settings: &Settings) -> Means {
    Means::plain(Hop::sip(settings.transport, own), settings.hop())
}

/// The status by which the other side learns of a refusal: a challenge was meant for the server (22.3).
pub(super) fn relayed(status: u16) -> u16 {
    if matches!(status, 401 | 407) { 403 } else { status }
}

fn hops_left(request: &Message) -> String {
    let left: u32 = request.value("Max-Forwards").and_then(|left| left.trim().parse().ok()).unwrap_or(70);
    left.saturating_sub(1).to_string()
}

/// URI of From or To.
fn address(message: &Message, name: &str) -> String {
    let addr = message.first(name).map(|field| crate::wire::params::NameAddr::parse(&message.raw, field.value));
    addr.map(|addr| addr.uri.text(&message.raw).into_owned()).unwrap_or_default()
}
