//! Routing: requests of the SUT to the fakes, requests of the fakes to the SUT, responses back (RFC 3261, 16).
//!
//! Everything that a way back needs stands in the messages: the core remembers no transaction and no dialog. It stands in
//! the routes of sessions and subscriptions, so that route sets can be judged.

use std::{net::SocketAddr, time::Duration};

use super::{ImsCore, devices};
use crate::{
    role::{
        Hop, Output, build,
        patch::Patch,
        transaction::{Heard, note_source},
    },
    trace::Transport,
    wire::{
        icsi,
        params::{NameAddr, Parametered},
        sip::Message,
        uri::{self, Uri},
    },
};

/// Prefix of the branches of forwarded requests.
pub(super) const FORWARDED: &str = "z9hG4bK-core-";

/// The inner one of the two elements that record the route; the outer one is the address that the SUT talks to.
pub const INNER_ROUTE: &str = "<sip:scscf.example.com;lr>";

impl ImsCore {
    /// A request of the SUT goes to the fake that its Request-URI names: by its address, or inside a dialog by its Contact.
    pub(super) fn originating(&mut self, now: Duration, hop: Hop, message: Message) {
        let target = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
        let begins = message.tag("To").is_none() && self.has.server.is_some();
        let (several, away) = self.devices.of(&self.has.behind, &target, begins);
        if away {
            if let Heard::Request(id, request) = self.transactions.receive(now, hop, message) {
                self.respond(now, id, &request, 480, |draft| draft);
            }
            return;
        }
        let place = self.has.behind.iter().find(|(uri, _)| uri::same(uri, &target)).map(|(_, address)| *address);
        let place = several.first().copied().or(place);
        let Some(address) = place.or_else(|| host(&Uri::parse(&target)).filter(|address| self.is_behind(*address))) else {
            if let Heard::Request(id, request) = self.transactions.receive(now, hop, message) {
                self.respond(now, id, &request, 404, |draft| draft);
            }
            return;
        };
        let raw = &message.raw;
        let preferred = message.elements("P-Preferred-Identity").first().map(|s| NameAddr::parse(raw, *s).uri.text(raw).into_owned());
        let asserted = preferred.filter(|p| self.has.served.iter().any(|a| uri::same(a, p))).or_else(|| self.has.served.first().cloned());
        let mut patch = self.forwarded(&message, hop, Hop::sip(Transport::Udp, self.has.inner));
        if makes_dialog(&message) {
            patch.prepend(&message, "Record-Route", &format!("{INNER_ROUTE}, {}", self.outer_route(self.usual(hop))));
        }
        patch.remove(&message, "Route").remove(&message, "P-Preferred-Identity").remove(&message, "P-Preferred-Service");
        if message.first("P-Asserted-Identity").is_none() && !goes_along(&message) && self.has.server.is_none() {
            patch.append(&message, "P-Asserted-Identity", &format!("<{}>", asserted.unwrap_or_default()));
        }
        let bytes = patch.apply(raw);
        if several.len() > 1 && !goes_along(&message) {
            self.devices.fork(&bytes, several.len());
        }
        let all = if several.is_empty() { vec![address] } else { several };
        self.out.extend(all.into_iter().map(|address| Output::Transmit { hop: Hop::sip(Transport::Udp, address), bytes: bytes.clone() }));
    }

    /// A request of a fake goes to the contact that the SUT registered, inside a dialog to the one that the SUT gave there.
    pub(super) fn terminating(&mut self, now: Duration, hop: Hop, message: &Message) {
        let bound = self.binding.clone().filter(|b| b.until > now);
        let registered = bound.as_ref().map(|b| (b.flow, b.contact.clone()));
        let target = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
        // A dialog outlives a registration.
        let known = if message.tag("To").is_some() { registered.or_else(|| self.heard.clone()) } else { registered };
        let Some((flow, contact)) = known else {
            if let Heard::Request(id, request) = self.transactions.receive(now, hop, message.clone()) {
                self.respond(now, id, &request, 480, |draft| draft);
            }
            return;
        };
        let direct = direct(&target, &contact, flow);
        let to = direct.unwrap_or(flow);
        let raw = &message.raw;
        let mut patch = self.forwarded(message, hop, Hop::sip(to.transport, self.has.outer));
        if makes_dialog(message) {
            patch.prepend(message, "Record-Route", &format!("{}, {INNER_ROUTE}", self.outer_route(to.transport)));
        }
        if let Some(span) = message.request_uri().filter(|_| direct.is_none()) {
            patch.replace(span, contact);
            if message.tag("To").is_none() && !goes_along(message) {
                patch.append(message, "P-Called-Party-ID", &format!("<{target}>"));
            }
        }
        let sender = self.has.behind.iter().find(|(_, a)| *a == hop.address).map(|(uri, _)| uri.clone());
        if let Some(sender) = sender.filter(|_| message.first("P-Asserted-Identity").is_none() && !goes_along(message)) {
            patch.append(message, "P-Asserted-Identity", &format!("<{sender}>"));
        }
        if let Some(service) = service(message).filter(|_| message.first("P-Asserted-Service").is_none()) {
            patch.append(message, "P-Asserted-Service", &service);
        }
        patch.remove(message, "Route").remove(message, "P-Preferred-Identity").remove(message, "P-Preferred-Service");
        let (hop, bytes) = self.large.sent(to, patch.apply(raw));
        self.out.push_back(Output::Transmit { hop, bytes });
    }

    /// A request of a fake goes by way of the server that the SUT is (TS 24.229, 5.4.3.3): a first one with the server and the core on
    /// its route, one inside a dialog by the route that was recorded, else to the host that it names.
    pub(super) fn by_way_of(&mut self, server: Hop, hop: Hop, message: &Message) {
        let raw = &message.raw;
        let target = message.request_uri().map(|u| Uri::parse(&u.text(raw)));
        let route: Vec<String> = message.elements("Route").iter().map(|span| span.text(raw).trim().to_owned()).collect();
        let own = self.outer_route(server.transport);
        let left: Vec<&String> = route.iter().skip_while(|element| **element == INNER_ROUTE || same_host(element, &own)).collect();
        let address = target.as_ref().and_then(host);
        let beside = left.is_empty() && address.is_some_and(|address| self.is_behind(address));
        let to = if beside { Hop::sip(Transport::Udp, address.unwrap_or(server.address)) } else { server };
        let mut patch = self.forwarded(message, hop, Hop::sip(to.transport, if beside { self.has.inner } else { self.has.outer }));
        patch.remove(message, "Route").remove(message, "P-Preferred-Identity").remove(message, "P-Preferred-Service");
        if !left.is_empty() {
            patch.append(message, "Route", &left.into_iter().cloned().collect::<Vec<_>>().join(", "));
        } else if address.is_none_or(|address| address != server.address && !beside) {
            patch.append(message, "Route", &format!("<sip:{};lr>, {own}", server.address));
        }
        if makes_dialog(message) {
            patch.prepend(message, "Record-Route", &format!("{own}, {INNER_ROUTE}"));
        }
        let sender = self.has.behind.iter().find(|(_, a)| *a == hop.address).map(|(uri, _)| devices::user(uri).to_owned());
        if let Some(sender) = sender.filter(|_| message.first("P-Asserted-Identity").is_none() && !goes_along(message)) {
            patch.append(message, "P-Asserted-Identity", &format!("<{sender}>"));
        }
        let bytes = patch.apply(raw);
        let (hop, bytes) = if beside { (to, bytes) } else { self.large.sent(to, bytes) };
        self.out.push_back(Output::Transmit { hop, bytes });
    }

    /// The transport by which the SUT is reached that was heard over `hop`; what is large comes by TCP besides (RFC 3261, 16.6, 4).
    fn usual(&self, hop: Hop) -> Transport {
        let registered = self.binding.as_ref().map(|binding| binding.flow).filter(|flow| flow.address.ip() == hop.address.ip());
        registered.map_or(hop.transport, |flow| flow.transport)
    }

    fn outer_route(&self, transport: Transport) -> String {
        let transport = if transport == Transport::Udp { String::new() } else { format!(";transport={transport}") };
        format!("<sip:{}{transport};lr>", self.has.outer)
    }

    /// What a stateless proxy changes (RFC 3261, 16.6 and 16.11): Via, with a branch made of the one received, so that CANCEL
    /// and the ACK to a refusal go the way of their INVITE; Max-Forwards.
    fn forwarded(&self, message: &Message, from: Hop, own: Hop) -> Patch {
        let mut patch = Patch::default();
        let branch = message.branch().map(|b| b.into_owned()).unwrap_or_default();
        let origin = hex::encode(format!("{}/{}", from.transport, from.address));
        patch.prepend(message, "Via", &format!("{};x={origin}", build::via(own, &format!("{FORWARDED}{branch}"))));
        note_source(&mut patch, message, from);
        if let Some(field) = message.first("Max-Forwards") {
            let left: u32 = field.value.text(&message.raw).trim().parse().unwrap_or(70);
            patch.replace(field.value, left.saturating_sub(1).to_string());
        }
        patch
    }

    /// A response goes back the way its own Via says; the way stands in the parameter `x`, so nothing is remembered.
    pub(super) fn backwards(&mut self, message: &Message) {
        let Some(message) = self.devices.chosen(message) else { return };
        let message = &message;
        let Some(top) = message.elements("Via").first().copied() else { return };
        let via = Parametered::parse(&message.raw, top);
        let way = via.param(&message.raw, "x").and_then(|p| p.value).and_then(|v| hex::decode(v.of(&message.raw)).ok());
        let way = way.and_then(|w| String::from_utf8(w).ok()).unwrap_or_default();
        let Some((transport, address)) = way.split_once('/') else { return };
        let Ok(address) = address.parse() else { return };
        let transport = match transport {
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => Transport::Udp,
        };
        // RFC 3325, 8: what a user agent prefers stays at the edge.
        let mut patch = Patch::default();
        patch.remove_top_via(message).remove(message, "P-Preferred-Identity");
        let bytes = patch.apply(&message.raw);
        self.out.push_back(Output::Transmit { hop: Hop::sip(transport, address), bytes });
    }
}

/// Where a target inside a dialog is, if it says that itself: the host of the SUT, by the flow that it registered where the
/// address is the registered one. `None`: it is an address of the user, or a GRUU, which the registration resolves.
fn direct(target: &str, registered: &str, flow: Hop) -> Option<Hop> {
    let (uri, contact) = (Uri::parse(target), Uri::parse(registered));
    // What is no address of the SUT's host goes by the flow: the suite sends nothing to anybody else.
    let address = host(&uri).filter(|address| address.ip() == flow.address.ip())?;
    if host(&contact) == Some(address) {
        return Some(flow);
    }
    let transport = match uri.param("transport").flatten().map(str::to_ascii_lowercase).as_deref() {
        Some("tcp") => Transport::Tcp,
        Some("tls") => Transport::Tls,
        Some("udp") => Transport::Udp,
        _ => flow.transport,
    };
    Some(Hop::sip(transport, address))
}

/// The host of a URI that is an address, with its port.
fn host(uri: &Uri) -> Option<SocketAddr> {
    format!("{}:{}", uri.host, uri.port.unwrap_or(5060)).parse().ok()
}

/// Whether two elements of a route lead to the same host.
fn same_host(a: &str, b: &str) -> bool {
    let of = |text: &str| host(&Uri::parse(text.trim_matches(['<', '>'])));
    of(a).is_some() && of(a) == of(b)
}

/// Service of a first request as the network asserts it (RFC 6050, 4.1), where the request asks for one and for no other.
fn service(message: &Message) -> Option<String> {
    let of = |span| icsi::of_params(&message.raw, &Parametered::parse(&message.raw, span).params).0;
    let asked: Vec<_> = message.elements("Accept-Contact").into_iter().flat_map(of).collect();
    match asked.as_slice() {
        [one] if !one.negated && message.tag("To").is_none() && !goes_along(message) => Some(one.urn.clone()),
        _ => None,
    }
}

/// Whether a dialog may come of the request, so that the route is recorded (16.6, 4).
fn makes_dialog(message: &Message) -> bool {
    matches!(message.method(), Some("INVITE" | "SUBSCRIBE" | "REFER")) && message.tag("To").is_none()
}

/// Whether the request only goes along with another one, and says nothing of its sender.
fn goes_along(message: &Message) -> bool {
    matches!(message.method(), Some("ACK" | "CANCEL"))
}
