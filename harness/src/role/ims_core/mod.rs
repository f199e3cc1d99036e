//! The IMS core as the SUT sees it: entry point, registrar and router in one (RFC 3261, 10.3 and 16; RFC 3327, 3608, 5627).
//!
//! Towards the SUT it speaks over its own address, towards the fakes behind it over an inner one.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use bytes::Bytes;

use super::{
    Actor, Grant, Hop, Input, Output, Stimulus,
    build::{self, Draft},
    ids::Ids,
    inlet::{self, Inlet},
    transaction::{Heard, Transactions},
};
use crate::{
    digest::{Algorithm, Credentials},
    trace::Transport,
    wire::{
        params::{self, NameAddr},
        sip::Message,
        stream::Framed,
    },
};

mod devices;
mod large;
mod routing;

use devices::Devices;
use large::Large;
pub use routing::INNER_ROUTE;

/// Route that the core hands out for originating requests (RFC 3608): two elements, so that their order shows.
pub const SERVICE_ROUTE: &str = "<sip:orig@scscf.example.com;lr>, <sip:as.example.com;lr>";

/// What a core is provisioned with.
#[derive(Clone, Debug)]
pub struct Provisioning {
    /// Home domain.
    pub home: String,
    /// Addresses of the user that the SUT serves, the default one first.
    pub served: Vec<String>,
    /// User name and password of that user.
    pub credentials: (String, String),
    /// The fakes behind the core: their addresses and where they are.
    pub behind: Vec<(String, SocketAddr)>,
    /// Of a SUT that is a server: where it is reached, whoever is registered.
    pub server: Option<Hop>,
    /// Address towards the SUT.
    pub outer: SocketAddr,
    /// Address towards the fakes.
    pub inner: SocketAddr,
}

#[derive(Debug, Clone)]
struct Binding {
    contact: String,
    flow: Hop,
    until: Duration,
}

/// The core.
#[derive(Debug)]
pub struct ImsCore {
    has: Provisioning,
    ids: Ids,
    grant: Grant,
    binding: Option<Binding>,
    /// Who of the users behind it is there, where the SUT is a server.
    devices: Devices,
    /// Last flow and Contact that the SUT was heard with, registered or not: where probes go.
    heard: Option<(Hop, String)>,
    transactions: Transactions,
    inlet: Inlet,
    /// What went to the SUT by TCP for being large.
    large: Large,
    out: VecDeque<Output>,
}

impl ImsCore {
    /// A core with nobody registered.
    #[must_use]
    pub fn new(has: Provisioning, seed: u64) -> Self {
        let heard = has.server.map(|hop| (hop, format!("sip:{}", hop.address)));
        Self {
            has,
            ids: Ids::new(seed),
            grant: Grant::default(),
            binding: None,
            devices: Devices::default(),
            heard,
            transactions: Transactions::default(),
            inlet: Inlet::default(),
            large: Large::default(),
            out: VecDeque::new(),
        }
    }

    fn arrived(&mut self, now: Duration, hop: Hop, message: Message) {
        if message.is_response() {
            if message.branch().is_some_and(|b| b.starts_with(routing::FORWARDED)) {
                self.backwards(&message);
            } else {
                self.transactions.receive(now, hop, message);
            }
            return;
        }
        let from_fake = self.is_behind(hop.address);
        if let Some(server) = self.has.server.filter(|_| from_fake) {
            return self.by_way_of(server, hop, &message);
        }
        match message.method().unwrap_or_default() {
            "REGISTER" | "OPTIONS" => {
                if let Heard::Request(id, request) = self.transactions.receive(now, hop, message) {
                    self.serve(now, hop, id, &request);
                }
            }
            _ if from_fake => self.terminating(now, hop, &message),
            _ => self.originating(now, hop, message),
        }
    }

    fn is_behind(&self, address: SocketAddr) -> bool {
        self.has.behind.iter().any(|(_, a)| *a == address)
    }

    fn respond(&mut self, now: Duration, id: u64, request: &Message, status: u16, more: impl FnOnce(Draft) -> Draft) {
        let tag = self.ids.token();
        let octets = more(Draft::response(request, status, &tag)).finish();
        self.transactions.respond(now, id, status, octets);
    }

    fn serve(&mut self, now: Duration, hop: Hop, id: u64, request: &Message) {
        if request.method() == Some("OPTIONS") {
            self.respond(now, id, request, 200, |draft| draft);
            return;
        }
        let raw = &request.raw;
        let contact = request.elements("Contact").first().map(|span| NameAddr::parse(raw, *span));
        if let Some(contact) = contact.as_ref().filter(|c| !c.star) {
            self.heard = Some((hop, contact.uri.text(raw).into_owned()));
        }
        if !self.authentic(request) {
            self.respond(now, id, request, 403, |draft| draft);
            return;
        }
        let of_contact = contact.as_ref().and_then(|c| c.param(raw, "expires")?.value?.text(raw).parse::<u32>().ok());
        let asked = of_contact.or_else(|| request.value("Expires")?.trim().parse().ok()).unwrap_or(Grant::LONGEST);
        let granted = if asked == 0 { 0 } else { self.grant.expires.unwrap_or(asked.min(Grant::LONGEST)) };
        self.binding = contact.as_ref().filter(|_| granted > 0).map(|c| Binding {
            contact: c.uri.text(raw).into_owned(),
            flow: hop,
            until: now + Duration::from_secs(granted.into()),
        });
        let listed = contact.as_ref().filter(|c| granted > 0 && !c.star).map(|c| self.listed(request, c, granted));
        let (in_contact, path) = (self.grant.in_contact, format!("<sip:{};lr>", self.has.outer));
        let associated = self.has.served.iter().map(|a| format!("<{a}>")).collect::<Vec<_>>().join(", ");
        self.respond(now, id, request, 200, |draft| {
            draft
                .maybe("Contact", listed.as_deref())
                .maybe("Expires", (!in_contact && granted > 0).then(|| granted.to_string()).as_deref())
                .header("Path", &path)
                .header("Service-Route", SERVICE_ROUTE)
                .header("P-Associated-URI", &associated)
        });
    }

    /// The binding as the 200 response lists it: the Contact as registered, its expiry, its GRUUs (RFC 5627, 5.2).
    fn listed(&mut self, request: &Message, contact: &NameAddr, granted: u32) -> String {
        let raw = &request.raw;
        let params: String = contact
            .params
            .iter()
            .filter(|p| !p.name.text(raw).eq_ignore_ascii_case("expires"))
            .map(|p| format!(";{}", p.span.text(raw)))
            .collect();
        let mut listed = format!("<{}>{params}", contact.uri.text(raw));
        if self.grant.in_contact {
            listed.push_str(&format!(";expires={granted}"));
        }
        let supports = request.elements("Supported").iter().any(|s| s.text(raw).eq_ignore_ascii_case("gruu"));
        if let Some(instance) = contact.param(raw, "+sip.instance").and_then(|p| p.value).filter(|_| supports && self.grant.gruu) {
            let urn = instance.text(raw).trim_matches(['<', '>']).to_owned();
            let own = self.has.served.first().cloned().unwrap_or_default();
            listed.push_str(&format!(";pub-gruu=\"{own};gr={urn}\";temp-gruu=\"sip:{}@{};gr\"", self.ids.token(), self.has.home));
        }
        listed
    }

    /// Whether the request carries no credentials, or right ones.
    fn authentic(&self, request: &Message) -> bool {
        let raw = &request.raw;
        let Some(field) = request.first("Authorization").or_else(|| request.first("Proxy-Authorization")) else { return true };
        let value = params::digest(raw, field.value);
        let text = |name: &str| value.param(raw, name).and_then(|p| p.value).map_or_else(String::new, |v| v.text(raw).into_owned());
        let Some(algorithm) = Algorithm::named(&text("algorithm")) else { return false };
        let (user, realm, nonce, uri) = (text("username"), text("realm"), text("nonce"), text("uri"));
        let (qop, nc, cnonce) = (text("qop"), text("nc"), text("cnonce"));
        let (known, password) = &self.has.credentials;
        let right = Credentials {
            algorithm,
            user: &user,
            realm: &realm,
            nonce: &nonce,
            method: request.method().unwrap_or_default(),
            uri: &uri,
            quality: (!qop.is_empty()).then_some((&qop, &nc, &cnonce)),
        };
        user == *known && right.response(password) == text("response")
    }

    /// Asks the SUT for a sign of life where it was heard last.
    fn probe(&mut self, now: Duration, flow: Hop, contact: &str) {
        let branch = format!("z9hG4bK{}", self.ids.token());
        let address = self.has.outer;
        let octets = Draft::request("OPTIONS", contact)
            .header("Via", &build::via(Hop::sip(flow.transport, address), &branch))
            .header("Max-Forwards", "70")
            .header("From", &format!("<sip:{}>;tag={}", self.has.home, self.ids.token()))
            .header("To", &format!("<{contact}>"))
            .header("Call-ID", &self.ids.token())
            .header("CSeq", "1 OPTIONS")
            .finish();
        self.transactions.request(now, flow, &branch, "OPTIONS", octets);
    }
}

impl Actor for ImsCore {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.transport == Transport::Udp => {
                for message in self.inlet.receive(hop, bytes) {
                    self.arrived(now, hop, message);
                }
            }
            Input::Bytes { hop, bytes } => {
                self.large.heard(hop);
                let framed = self.inlet.framed(hop, &bytes);
                // RFC 5626, 3.5.1: a double CRLF is answered by a single one.
                for _ in framed.windows(2).filter(|pair| matches!(pair, [Framed::KeepAlive { .. }, Framed::KeepAlive { .. }])) {
                    self.out.push_back(Output::Transmit { hop, bytes: Bytes::from_static(b"\r\n") });
                }
                for message in framed.into_iter().filter_map(inlet::message) {
                    self.arrived(now, hop, message);
                }
            }
            Input::Closed { hop } => {
                self.inlet.closed(hop);
                let unheard = self.large.refused(hop);
                self.out.extend(unheard.into_iter().map(|(hop, bytes)| Output::Transmit { hop, bytes }));
            }
            Input::Timeout => {
                self.transactions.tick(now);
            }
            Input::Act { .. } => {}
            Input::Stimulus(Stimulus::Probe { flow, contact }) => self.probe(now, flow, &contact),
            Input::Stimulus(Stimulus::Grant(grant)) => self.grant = grant,
            Input::Stimulus(Stimulus::Raw(bytes)) => {
                if let Some((hop, _)) = self.heard {
                    self.out.push_back(Output::Transmit { hop, bytes });
                }
            }
            Input::Stimulus(Stimulus::Send(wanted)) => {
                let branch = format!("z9hG4bK{}", self.ids.token());
                let draft = Draft::request(&wanted.method, &wanted.to)
                    .header("Via", &build::via(Hop::sip(Transport::Udp, self.has.inner), &branch))
                    .header("Max-Forwards", "70")
                    .header("From", &format!("<sip:{}>;tag={}", self.has.home, self.ids.token()))
                    .header("To", &format!("<{}>", wanted.to))
                    .header("Call-ID", &self.ids.token())
                    .header("CSeq", &format!("1 {}", wanted.method))
                    .overlaid(&wanted.headers);
                let octets = match &wanted.body {
                    Some((kind, body)) => draft.body(kind, body.to_vec()).finish(),
                    None => draft.finish(),
                };
                let (own, message) = (Hop::sip(Transport::Udp, self.has.inner), Message::parse(octets));
                // What it tells a server of a registration holds for itself.
                self.devices.told(&message);
                match self.has.server {
                    Some(server) => self.by_way_of(server, own, &message),
                    None => self.terminating(now, own, &message),
                }
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front().or_else(|| self.transactions.poll().map(|(hop, bytes)| Output::Transmit { hop, bytes }))
    }

    fn deadline(&self) -> Option<Duration> {
        self.transactions.deadline()
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        self.out.is_empty()
    }
}

#[cfg(test)]
mod tests;
