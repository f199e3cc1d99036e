//! Who the SUT meets behind the core: it stands for the user or the service whose address it has, and ends SIP and MSRP
//! towards the SUT (R-7.2.1.2-6), and RTP where it plays. Its [`Kind`] says whether it is a participating function, the peer of a session or a focus.
//!
//! It answers `setup:passive` and offers `setup:actpass`, so that the client opens the connection, unless it is to connect
//! itself. The one at the management address of deferred messages takes subscriptions and the INVITE of CONV-7.2.3.2.1 too.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
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
    rtp,
    transaction::{Heard, Transactions},
};
use crate::{
    trace::{Protocol, Transport},
    wire::sip::Message,
};

mod conference;
mod group;
mod kind;
mod legs;
mod letters;
mod links;
mod offers;
mod subscription;

use group::{Group, address};
pub use kind::{Kind, contact};
use legs::Leg;
use subscription::Subscription;

/// What it takes, as it lets be known (RFC 3261, 20.5): UPDATE among it, so that sessions are refreshed by that.
const METHODS: &str = "INVITE, ACK, BYE, CANCEL, UPDATE, MESSAGE, OPTIONS, SUBSCRIBE, NOTIFY";

/// Most sessions at a time; who invites more is told to come again later.
const MOST: usize = 256;

/// How long it waits before it ends a session in which nothing tells that all was taken.
const UNTOLD: Duration = Duration::from_secs(1);

/// What a participating function is, and where.
#[derive(Clone, Debug)]
pub struct Places {
    /// What it stands for.
    pub kind: Kind,
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
    /// Where it takes sound and pictures, and so which of these it plays.
    pub rtp: Vec<rtp::Place>,
    /// Fingerprint of its certificate (RFC 4572, 5).
    pub fingerprint: String,
    /// How long it lets an invitation ring before it accepts; `None`: not at all.
    pub rings: Option<Duration>,
    /// Whether it connects, rather than being connected to.
    pub connects: bool,
    /// Whether its Contact is a GRUU.
    pub gruu: bool,
    /// Whether who comes back to its group session finds it under another identity.
    pub renews: bool,
    /// Product token of a CPM client, for User-Agent and Server.
    pub product: String,
    /// Whether its answer to an offer within a session moves its path to the relay's address.
    pub moves: bool,
    /// Most streams that it takes.
    pub takes: usize,
    /// Who takes part in its group besides whom a session brings along.
    pub members: Vec<String>,
}

/// A participating function.
#[derive(Debug)]
pub struct Participating {
    has: Places,
    ids: Ids,
    transactions: Transactions,
    calls: Calls,
    endpoint: Endpoint,
    rtp: rtp::Endpoint,
    /// Sessions by call.
    legs: BTreeMap<u64, Leg>,
    /// Invitations that ring, and until when.
    ringing: Vec<(Duration, u64)>,
    subscriptions: Vec<Subscription>,
    /// The group sessions of a focus, and how many identities they had.
    groups: Vec<Group>,
    identities: u8,
    /// Connections that it opened itself.
    opened: BTreeSet<Hop>,
    /// Connections to open behind the SIP that led to them, and to close behind all.
    connects: VecDeque<Output>,
    closes: VecDeque<Output>,
    out: VecDeque<Output>,
}

impl Participating {
    /// One without sessions; identifiers come from `seed`.
    #[must_use]
    pub fn new(has: Places, seed: u64) -> Self {
        let means = Means {
            local: Hop::sip(Transport::Udp, has.inner),
            core: Hop::sip(Transport::Udp, has.core),
            datagram: usize::MAX,
            credentials: (String::new(), String::new()),
            agent: (has.kind == Kind::Peer).then(|| has.product.clone()),
        };
        Self {
            rtp: rtp::Endpoint::new(has.rtp.clone(), rtp::FAKE, seed ^ 0x5254),
            has,
            ids: Ids::new(seed),
            transactions: Transactions::default(),
            calls: Calls::new(means, seed ^ 0xca11),
            endpoint: Endpoint::new(seed ^ 0x4d53),
            legs: BTreeMap::new(),
            ringing: Vec::new(),
            subscriptions: Vec::new(),
            groups: Vec::new(),
            identities: 0,
            opened: BTreeSet::new(),
            connects: VecDeque::new(),
            closes: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// What begins or accepts a session says of it under this Contact URI.
    fn capable(&self, contact: String) -> impl FnOnce(Draft) -> Draft + use<> {
        let (kind, inner) = (self.has.kind, self.has.inner);
        move |draft| kind.capable(draft, &contact, inner)
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
            "MESSAGE" | "OPTIONS" | "NOTIFY" => (200, self.ids.token()),
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
            call::Event::Accepted { call, response } => {
                self.joined(call, self.calls.invitation(call).and_then(|invite| address(invite, "To")));
                if self.offered_nothing(call) { self.took_bare(now, call, &response) } else { self.accepted(now, call, &response) }
            }
            call::Event::Offered { call, transaction, request } => self.offered(now, call, transaction, &request),
            call::Event::Confirmed { call } | call::Event::Acknowledged { call, .. } => self.connect(now, call),
            call::Event::Answered { call, response } => self.modified(now, call, &response),
            call::Event::Refused { call, .. } | call::Event::Cancelled { call } => self.over(call),
            call::Event::Ended { call, .. } => self.over(call),
            call::Event::Progress { .. } | call::Event::Changed { .. } => {}
        }
    }

    fn offered_nothing(&self, call: u64) -> bool {
        self.calls.invitation(call).is_some_and(|invite| call::description(invite).is_none())
    }

    fn invited(&mut self, now: Duration, call: u64, request: &Arc<Message>) {
        self.group_for(call, request);
        match self.has.rings {
            _ if self.legs.len() + self.ringing.len() >= MOST => {
                self.calls.respond(now, &mut self.transactions, call, 480, |draft| draft);
            }
            None => self.answer(now, call, request),
            Some(rings) => {
                let contact = self.contact_in(Some(call));
                self.calls.respond(now, &mut self.transactions, call, 180, |draft| draft.header("Contact", &format!("<{contact}>")));
                self.ringing.push((now + rings, call));
            }
        }
    }

    fn due(&mut self, now: Duration) {
        let given_up = self.transactions.tick(now);
        self.calls.tick(now, &mut self.transactions, given_up);
        self.endpoint.tick(now);
        self.rtp.tick(now);
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
        // The latest session that stands or is about to; where there is none, the one that stood last.
        let latest = self.legs.keys().next_back().copied().or_else(|| self.calls.latest());
        let call = latest.filter(|_| wanted.within == Within::Session);
        match (wanted.method.as_str(), call) {
            ("INVITE", None) => self.invite(now, wanted),
            ("INVITE", Some(call)) if self.has.kind.stays() => self.modify(now, call, "INVITE", wanted),
            ("UPDATE", Some(call)) if self.has.kind.stays() && wanted.media.offers() => self.modify(now, call, "UPDATE", wanted),
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
                let (own, hop) = (kind::of_user(&self.has.uri).to_owned(), Hop::sip(Transport::Udp, self.has.core));
                let draft = Draft::request(method, &wanted.to)
                    .header("Via", &build::via(Hop::sip(Transport::Udp, self.has.inner), &branch))
                    .header("Max-Forwards", "70")
                    .header("From", &format!("<{own}>;tag={}", self.ids.token()))
                    .header("To", &format!("<{}>", wanted.to))
                    .header("Call-ID", &self.ids.token())
                    .header("CSeq", &format!("1 {method}"))
                    .maybe("User-Agent", self.calls.means.agent.as_deref());
                let octets = super::cpm_client::tagged(dressed(draft, wanted).finish(), &self.ids.token());
                self.transactions.request(now, hop, &branch, method, octets);
            }
        }
    }
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
            Input::Bytes { hop, bytes } if hop.protocol.is_rtp() => self.rtp.receive(hop, &bytes),
            Input::Bytes { hop, bytes } => self.arrived(now, hop, Message::parse(bytes)),
            Input::Closed { hop } if hop.protocol.is_rtp() => self.rtp.closed(hop),
            Input::Closed { hop } => {
                self.opened.remove(&hop);
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
        let sip = self.out.pop_front().or_else(|| self.transactions.poll().map(transmit));
        let media = sip.or_else(|| self.connects.pop_front()).or_else(|| self.endpoint.poll().map(transmit));
        let media = media.or_else(|| self.rtp.poll().map(transmit));
        media.or_else(|| self.closes.pop_front())
    }

    fn deadline(&self) -> Option<Duration> {
        let ringing = self.ringing.iter().map(|(until, _)| *until);
        let leaving = self.legs.values().filter_map(|leg| leg.leaves);
        [self.transactions.deadline(), self.calls.deadline(), self.endpoint.deadline(), self.rtp.deadline()]
            .into_iter()
            .flatten()
            .chain(ringing)
            .chain(leaving)
            .min()
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        let busy = |leg: &Leg| leg.streams.iter().any(|stream| self.endpoint.session(stream.session).is_some_and(msrp::Session::busy));
        self.out.is_empty() && self.ringing.is_empty() && !self.legs.values().any(|leg| leg.leaves.is_some() || busy(leg))
    }
}

#[cfg(test)]
mod tests;
