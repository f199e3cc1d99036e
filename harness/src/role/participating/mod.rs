//! A CPM participating function as the SUT meets it: it stands for the user or the service whose address it has, and ends
//! SIP and MSRP towards the SUT (R-7.2.1.2-6).
//!
//! It answers `setup:passive` and offers `setup:actpass`, so that the client always opens the connection. The one at the
//! management address of deferred messages takes subscriptions and the INVITE of CONV-7.2.3.2.1 too.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{
    Actor, Hop, Input, Outgoing, Output, Stimulus, Within,
    build::{self, Draft},
    call::{self, Calls, Means},
    ids::Ids,
    msrp::{self, Endpoint},
    patch::Patch,
    transaction::{Heard, Transactions},
};
use crate::{
    trace::{Protocol, Transport},
    wire::sip::Message,
};

mod legs;
mod subscription;

use legs::Leg;
use subscription::Subscription;

/// What it takes, as it lets be known (RFC 3261, 20.5): UPDATE among it, so that sessions are refreshed by that.
const METHODS: &str = "INVITE, ACK, BYE, CANCEL, UPDATE, MESSAGE, OPTIONS, SUBSCRIBE, NOTIFY";

/// Most sessions at a time; who invites more is told to come again later.
const MOST: usize = 256;

/// How long it waits before it ends a session in which nothing tells that all was taken.
const UNTOLD: Duration = Duration::from_secs(1);

/// Where a participating function is.
#[derive(Clone, Debug)]
pub struct Places {
    /// Address of the user or service that it stands for.
    pub uri: String,
    /// Own address towards the core.
    pub inner: SocketAddr,
    /// The core.
    pub core: SocketAddr,
    /// Where it takes MSRP in the clear.
    pub tcp: SocketAddr,
    /// Where it takes MSRP under TLS.
    pub tls: SocketAddr,
    /// Where its relay takes MSRP.
    pub relay: SocketAddr,
    /// Fingerprint of its certificate (RFC 4572, 5).
    pub fingerprint: String,
    /// How long it lets an invitation ring before it accepts; `None`: not at all.
    pub rings: Option<Duration>,
}

/// A participating function.
#[derive(Debug)]
pub struct Participating {
    has: Places,
    ids: Ids,
    transactions: Transactions,
    calls: Calls,
    endpoint: Endpoint,
    /// Sessions by call.
    legs: BTreeMap<u64, Leg>,
    /// Invitations that ring, and until when.
    ringing: Vec<(Duration, u64)>,
    subscription: Option<Subscription>,
    out: VecDeque<Output>,
}

impl Participating {
    /// One without sessions; identifiers come from `seed`.
    #[must_use]
    pub fn new(has: Places, seed: u64) -> Self {
        let means = Means {
            local: Hop::sip(Transport::Udp, has.inner),
            core: Hop::sip(Transport::Udp, has.core),
            credentials: (String::new(), String::new()),
            agent: None,
        };
        Self {
            has,
            ids: Ids::new(seed),
            transactions: Transactions::default(),
            calls: Calls::new(means, seed ^ 0xca11),
            endpoint: Endpoint::new(seed ^ 0x4d53),
            legs: BTreeMap::new(),
            ringing: Vec::new(),
            subscription: None,
            out: VecDeque::new(),
        }
    }

    /// Contact: an address that only the core can reach, with a user part that is nobody's address.
    fn contact(&self) -> String {
        let user = self.has.uri.split_once(':').map_or("", |(_, rest)| rest).split('@').next().unwrap_or_default();
        format!("<sip:{}-pf@{}>", user.trim_start_matches('+'), self.has.inner)
    }

    fn arrived(&mut self, now: Duration, hop: Hop, message: Message) {
        let heard = self.transactions.receive(now, hop, message);
        if let Heard::Request(id, request) = self.calls.heard(now, &mut self.transactions, heard) {
            self.requested(now, id, &request);
        }
        self.events(now);
    }

    /// A request that belongs to no call.
    fn requested(&mut self, now: Duration, id: u64, request: &Message) {
        let (status, tag) = match request.method().unwrap_or_default() {
            "MESSAGE" | "OPTIONS" => (200, self.ids.token()),
            "SUBSCRIBE" => return self.subscribed(now, id, request),
            _ => (501, self.ids.token()),
        };
        self.transactions.respond(now, id, status, Draft::response(request, status, &tag).finish());
    }

    /// What calls and sessions have to tell.
    fn events(&mut self, now: Duration) {
        loop {
            if let Some(event) = self.calls.event() {
                self.called(now, event);
            } else if let Some((session, event)) = self.endpoint.event() {
                self.carried(now, session, &event);
            } else {
                return;
            }
        }
    }

    fn called(&mut self, now: Duration, event: call::Event) {
        match event {
            call::Event::Invited { call, request } => self.invited(now, call, &request),
            call::Event::Accepted { call, response } => self.accepted(call, &response),
            call::Event::Refused { call, .. } | call::Event::Cancelled { call } => self.over(call),
            call::Event::Ended { call, .. } => self.over(call),
            call::Event::Progress { .. }
            | call::Event::Confirmed { .. }
            | call::Event::Answered { .. }
            | call::Event::Changed { .. }
            | call::Event::Offered { .. }
            | call::Event::Acknowledged { .. } => {}
        }
    }

    fn invited(&mut self, now: Duration, call: u64, request: &Arc<Message>) {
        match self.has.rings {
            _ if self.legs.len() + self.ringing.len() >= MOST => {
                self.calls.respond(now, &mut self.transactions, call, 480, |draft| draft);
            }
            None => self.answer(now, call, request),
            Some(rings) => {
                let contact = self.contact();
                self.calls.respond(now, &mut self.transactions, call, 180, |draft| draft.header("Contact", &contact));
                self.ringing.push((now + rings, call));
            }
        }
    }

    fn due(&mut self, now: Duration) {
        let given_up = self.transactions.tick(now);
        self.calls.tick(now, &mut self.transactions, given_up);
        self.endpoint.tick(now);
        let (answered, ringing) = std::mem::take(&mut self.ringing).into_iter().partition(|(until, _)| *until <= now);
        self.ringing = ringing;
        let answered: Vec<_> = answered;
        for (_, call) in answered {
            if let Some(request) = self.calls.invitation(call).cloned().filter(|_| self.calls.lasts(call)) {
                self.answer(now, call, &request);
            }
        }
        let leaving: Vec<u64> = self.legs.iter().filter(|(_, leg)| leg.leaves.is_some_and(|at| at <= now)).map(|(call, _)| *call).collect();
        for call in leaving {
            self.leave(now, call);
        }
        self.events(now);
    }

    /// Sends a named message of a scenario.
    fn send(&mut self, now: Duration, wanted: &Outgoing) {
        let call = self.calls.latest().filter(|_| wanted.within == Within::Session);
        match (wanted.method.as_str(), call) {
            ("INVITE", None) => self.invite(now, wanted),
            ("CANCEL", Some(call)) => {
                self.calls.cancel_anyway(now, &mut self.transactions, call, |cancel| laid_over(&cancel, &wanted.headers));
            }
            ("NOTIFY", _) if wanted.within == Within::Subscription => self.notify(now, wanted),
            (method, _) if method.starts_with("MSRP ") => self.say(now, method.trim_start_matches("MSRP "), wanted),
            (method, Some(call)) => {
                self.calls.request(now, &mut self.transactions, call, method, |draft| dressed(draft, wanted));
            }
            (method, None) => {
                let branch = format!("z9hG4bK{}", self.ids.token());
                let (own, hop) = (self.has.uri.clone(), Hop::sip(Transport::Udp, self.has.core));
                let draft = Draft::request(method, &wanted.to)
                    .header("Via", &build::via(Hop::sip(Transport::Udp, self.has.inner), &branch))
                    .header("Max-Forwards", "70")
                    .header("From", &format!("<{own}>;tag={}", self.ids.token()))
                    .header("To", &format!("<{}>", wanted.to))
                    .header("Call-ID", &self.ids.token())
                    .header("CSeq", &format!("1 {method}"));
                let octets = super::cpm_client::tagged(dressed(draft, wanted).finish(), &self.ids.token());
                self.transactions.request(now, hop, &branch, method, octets);
            }
        }
    }
}

/// The draft with what begins or accepts a session says of its sender.
fn capable(draft: Draft, contact: &str) -> Draft {
    draft.header("Contact", contact).header("Allow", METHODS).header("Supported", "timer")
}

/// The draft with the header fields and the body of a named message.
fn dressed(draft: Draft, wanted: &Outgoing) -> Draft {
    let draft = draft.overlaid(&wanted.headers);
    match &wanted.body {
        Some((kind, body)) => draft.body(kind, body.to_vec()),
        None => draft,
    }
}

/// The message with header fields replaced; `None` takes one out.
fn laid_over(bytes: &Bytes, headers: &[(String, Option<Vec<String>>)]) -> Bytes {
    let message = Message::parse(bytes.clone());
    let mut patch = Patch::default();
    for (name, values) in headers {
        patch.set(&message, name, values.as_deref().unwrap_or_default());
    }
    patch.apply(bytes)
}

impl Actor for Participating {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.protocol == Protocol::Msrp => {
                self.endpoint.receive(now, hop, &bytes);
                self.events(now);
            }
            Input::Bytes { hop, bytes } => self.arrived(now, hop, Message::parse(bytes)),
            Input::Closed { hop } => {
                self.endpoint.closed(hop);
                self.events(now);
            }
            Input::Timeout => self.due(now),
            Input::Stimulus(Stimulus::Send(wanted)) => {
                self.send(now, &wanted);
                self.events(now);
            }
            Input::Stimulus(Stimulus::Raw(bytes)) => {
                let hop = Hop::sip(Transport::Udp, self.has.core);
                self.out.push_back(Output::Transmit { hop, bytes });
            }
            Input::Act { .. } | Input::Stimulus(_) => {}
        }
    }

    fn poll(&mut self) -> Option<Output> {
        let transmit = |(hop, bytes)| Output::Transmit { hop, bytes };
        self.out.pop_front().or_else(|| self.transactions.poll().map(transmit)).or_else(|| self.endpoint.poll().map(transmit))
    }

    fn deadline(&self) -> Option<Duration> {
        let ringing = self.ringing.iter().map(|(until, _)| *until);
        let leaving = self.legs.values().filter_map(|leg| leg.leaves);
        [self.transactions.deadline(), self.calls.deadline(), self.endpoint.deadline()]
            .into_iter()
            .flatten()
            .chain(ringing)
            .chain(leaving)
            .min()
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        let busy = |leg: &Leg| self.endpoint.session(leg.session).is_some_and(msrp::Session::busy);
        self.out.is_empty() && self.ringing.is_empty() && !self.legs.values().any(|leg| leg.leaves.is_some() || busy(leg))
    }
}
