//! The IMS core as the SUT sees it: entry point, registrar and router in one (RFC 3261, 10.3 and 16; RFC 3327, 3608, 5627).
//!
//! Towards the SUT it speaks over its own address, towards the fakes behind it over an inner one.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{
    Actor, Grant, Hop, Input, Output, Stimulus,
    build::{self, Draft},
    ids::Ids,
    patch::Patch,
    transaction::{Heard, Transactions},
};
use crate::{
    digest::{Algorithm, Credentials},
    trace::Transport,
    wire::{
        params::{self, NameAddr, Parametered},
        sip::Message,
        stream::{Framed, Framer, Limits},
        uri,
    },
};

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
    /// Last flow and Contact that the SUT was heard with, registered or not: where probes go.
    heard: Option<(Hop, String)>,
    transactions: Transactions,
    streams: BTreeMap<SocketAddr, Framer>,
    out: VecDeque<Output>,
}

impl ImsCore {
    /// A core with nobody registered.
    #[must_use]
    pub fn new(has: Provisioning, seed: u64) -> Self {
        Self {
            has,
            ids: Ids::new(seed),
            grant: Grant::default(),
            binding: None,
            heard: None,
            transactions: Transactions::default(),
            streams: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    fn arrived(&mut self, now: Duration, hop: Hop, message: Message) {
        if message.is_response() {
            if message.branch().is_some_and(|b| b.starts_with(FORWARDED)) {
                self.backwards(&message);
            } else {
                self.transactions.receive(now, hop, message);
            }
            return;
        }
        let from_fake = self.is_behind(hop.address);
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

    /// A request of the SUT goes to the fake that its Request-URI names.
    fn originating(&mut self, now: Duration, hop: Hop, message: Message) {
        let target = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
        let place = self.has.behind.iter().find(|(uri, _)| uri::same(uri, &target)).map(|(_, address)| *address);
        let Some(address) = place else {
            if let Heard::Request(id, request) = self.transactions.receive(now, hop, message) {
                self.respond(now, id, &request, 404, |draft| draft);
            }
            return;
        };
        let raw = &message.raw;
        let preferred = message.elements("P-Preferred-Identity").first().map(|s| NameAddr::parse(raw, *s).uri.text(raw).into_owned());
        let asserted = preferred.filter(|p| self.has.served.iter().any(|a| uri::same(a, p))).or_else(|| self.has.served.first().cloned());
        let mut patch = self.forwarded(&message, hop, self.has.inner);
        patch.remove(&message, "Route").remove(&message, "P-Preferred-Identity").remove(&message, "P-Preferred-Service");
        if message.first("P-Asserted-Identity").is_none() {
            patch.append(&message, "P-Asserted-Identity", &format!("<{}>", asserted.unwrap_or_default()));
        }
        let bytes = patch.apply(raw);
        self.out.push_back(Output::Transmit { hop: Hop::sip(Transport::Udp, address), bytes });
    }

    /// A request of a fake goes to the contact that the SUT registered.
    fn terminating(&mut self, now: Duration, hop: Hop, message: &Message) {
        let Some(binding) = self.binding.clone().filter(|b| b.until > now) else {
            if let Heard::Request(id, request) = self.transactions.receive(now, hop, message.clone()) {
                self.respond(now, id, &request, 480, |draft| draft);
            }
            return;
        };
        let raw = &message.raw;
        let mut patch = self.forwarded(message, hop, self.has.outer);
        if let Some(target) = message.request_uri() {
            patch.replace(target, binding.contact.clone());
            patch.append(message, "P-Called-Party-ID", &format!("<{}>", target.text(raw)));
        }
        let sender = self.has.behind.iter().find(|(_, a)| *a == hop.address).map(|(uri, _)| uri.clone());
        if let Some(sender) = sender.filter(|_| message.first("P-Asserted-Identity").is_none()) {
            patch.append(message, "P-Asserted-Identity", &format!("<{sender}>"));
        }
        patch.remove(message, "P-Preferred-Identity").remove(message, "P-Preferred-Service");
        let bytes = patch.apply(raw);
        self.out.push_back(Output::Transmit { hop: binding.flow, bytes });
    }

    /// What a stateless proxy changes (RFC 3261, 16.6 and 16.11): Via with a branch made of the one received, Max-Forwards.
    fn forwarded(&self, message: &Message, from: Hop, own: SocketAddr) -> Patch {
        let mut patch = Patch::default();
        let branch = message.branch().map(|b| b.into_owned()).unwrap_or_default();
        let transport =
            if own == self.has.outer { self.binding.as_ref().map_or(Transport::Udp, |b| b.flow.transport) } else { Transport::Udp };
        let origin = hex::encode(format!("{}/{}", from.transport, from.address));
        patch.prepend(message, "Via", &format!("{};x={origin}", build::via(Hop::sip(transport, own), &format!("{FORWARDED}{branch}"))));
        if let Some(field) = message.first("Max-Forwards") {
            let left: u32 = field.value.text(&message.raw).trim().parse().unwrap_or(70);
            patch.replace(field.value, left.saturating_sub(1).to_string());
        }
        patch
    }

    /// A response goes back the way its own Via says; the way stands in the parameter `x`, so nothing is remembered.
    fn backwards(&mut self, message: &Message) {
        let Some(top) = message.elements("Via").first().copied() else { return };
        let via = Parametered::parse(&message.raw, top);
        let way = via.param(&message.raw, "x").and_then(|p| p.value).and_then(|v| hex::decode(v.of(&message.raw)).ok());
        let way = way.and_then(|w| String::from_utf8(w).ok()).unwrap_or_default();
        let Some((transport, address)) = way.split_once('/') else { return };
        let Ok(address) = address.parse() else { return };
        let transport = if transport == "tcp" { Transport::Tcp } else { Transport::Udp };
        // RFC 3325, 8: what a user agent prefers stays at the edge.
        let bytes = Patch::without(&without_top_via(message, top), "P-Preferred-Identity");
        self.out.push_back(Output::Transmit { hop: Hop::sip(transport, address), bytes });
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

/// Prefix of the branches of forwarded requests.
const FORWARDED: &str = "z9hG4bK-core-";

/// The message without its topmost Via element.
fn without_top_via(message: &Message, top: crate::wire::Span) -> Bytes {
    let mut patch = Patch::default();
    let Some(field) = message.first("Via") else { return message.raw.clone() };
    if top == field.value {
        patch.replace(field.line, "");
    } else {
        let rest = crate::wire::Span::new(top.to, field.value.to).of(&message.raw);
        let comma = rest.iter().position(|b| *b == b',').map_or(rest.len(), |at| at + 1);
        patch.replace(crate::wire::Span::new(top.from, top.to + comma), "");
    }
    patch.apply(&message.raw)
}

impl Actor for ImsCore {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.transport == Transport::Udp => {
                if bytes.iter().any(|b| !b.is_ascii_whitespace()) {
                    self.arrived(now, hop, Message::parse(bytes));
                }
            }
            Input::Bytes { hop, bytes } => {
                let framer = self.streams.entry(hop.address).or_insert_with(|| Framer::new(Limits::default()));
                framer.push(&bytes);
                let framed: Vec<_> = std::iter::from_fn(|| framer.next()).collect();
                // RFC 5626, 3.5.1: a double CRLF is answered by a single one.
                for _ in framed.windows(2).filter(|pair| matches!(pair, [Framed::KeepAlive { .. }, Framed::KeepAlive { .. }])) {
                    self.out.push_back(Output::Transmit { hop, bytes: Bytes::from_static(b"\r\n") });
                }
                for framed in framed {
                    if let Framed::Message { bytes, .. } = framed {
                        self.arrived(now, hop, Message::parse(bytes));
                    }
                }
            }
            Input::Closed { hop } => {
                self.streams.remove(&hop.address);
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
                let octets = Draft::request(&wanted.method, &wanted.to)
                    .header("Via", &build::via(Hop::sip(Transport::Udp, self.has.inner), &branch))
                    .header("Max-Forwards", "70")
                    .header("From", &format!("<sip:{}>;tag={}", self.has.home, self.ids.token()))
                    .header("To", &format!("<{}>", wanted.to))
                    .header("Call-ID", &self.ids.token())
                    .header("CSeq", &format!("1 {}", wanted.method))
                    .overlaid(&wanted.headers)
                    .finish();
                let own = Hop::sip(Transport::Udp, self.has.inner);
                self.terminating(now, own, &Message::parse(octets));
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
