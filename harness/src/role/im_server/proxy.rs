//! The server as a proxy (RFC 3261, 16): it forwards what comes, remembers the transactions, and stands in the route.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Settings, b2bua::means, names, passing::METHODS, routes};
use crate::{
    role::{
        Hop,
        build::{self, Draft},
        ids::Ids,
        patch::Patch,
        transaction::{Heard, Transactions},
    },
    trace::Transport,
    wire::sip::Message,
};

/// Most requests that are remembered; beyond, the oldest go.
const MOST: usize = 4096;

/// A request that was forwarded.
#[derive(Debug)]
struct Forwarded {
    /// Branch with which it came; its CANCEL has the same (9.1).
    branch: String,
    invite: bool,
    /// Transactions in which it came, and in which it went on.
    came: u64,
    went: u64,
    request: Arc<Message>,
}

/// The server as a proxy.
#[derive(Debug)]
pub(super) struct Proxy {
    own: SocketAddr,
    ids: Ids,
    forwarded: Vec<Forwarded>,
}

impl Proxy {
    pub fn new(own: SocketAddr, seed: u64) -> Self {
        Self { own, ids: Ids::new(seed ^ 0x0070_7278), forwarded: Vec::new() }
    }

    /// Takes what came.
    pub fn heard(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, heard: Heard) {
        match heard {
            Heard::Request(id, request) if request.method() == Some("CANCEL") => self.cancelled(now, transactions, id, &request),
            Heard::Request(id, request) => self.requested(now, settings, transactions, id, request),
            Heard::Response(id, response) => self.responded(now, transactions, id, &response),
            Heard::Ack(ack) => {
                // The ACK to a 2xx is a request by itself, without a transaction.
                if hops(&ack) != Some(0) {
                    // One that comes again goes on with the same branch (16.11).
                    let branch = format!("z9hG4bK-im-{}", ack.branch().unwrap_or_default());
                    let octets = self.onwards(settings, &ack, &branch);
                    transactions.send(settings.hop(), octets);
                }
            }
            Heard::Nothing => {}
        }
    }

    /// Lets time pass: who asked with INVITE is told that nobody answered (16.8); others know by their own timer (RFC 4320, 4.2).
    pub fn tick(&mut self, now: Duration, transactions: &mut Transactions, given_up: &[u64]) {
        for entry in self.forwarded.extract_if(.., |entry| given_up.contains(&entry.went)) {
            if entry.invite {
                let tag = self.ids.token();
                transactions.respond(now, entry.came, 408, Draft::response(&entry.request, 408, &tag).finish());
            }
        }
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.ids.token())
    }

    fn respond(
        &mut self,
        now: Duration,
        transactions: &mut Transactions,
        id: u64,
        request: &Message,
        status: u16,
        fields: &[(&str, &str)],
    ) {
        let tag = self.ids.token();
        let draft = fields.iter().fold(Draft::response(request, status, &tag), |draft, (name, value)| draft.header(name, value));
        transactions.respond(now, id, status, draft.finish());
    }

    /// A request other than ACK and CANCEL (16.3 to 16.6).
    fn requested(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, id: u64, request: Arc<Message>) {
        let method = request.method().unwrap_or_default().to_owned();
        let required: Vec<_> = request.elements("Proxy-Require").into_iter().map(|tag| request.unfolded(tag).into_owned()).collect();
        let target = request.request_uri().map(|uri| uri.text(&request.raw).into_owned()).unwrap_or_default();
        if names(&target, self.own) && matches!(method.as_str(), "OPTIONS" | "REGISTER") {
            let expires = request.value("Expires").filter(|_| method == "REGISTER");
            let mut fields = vec![("Allow", METHODS)];
            fields.extend(expires.as_deref().map(|expires| ("Expires", expires)));
            return self.respond(now, transactions, id, &request, 200, &fields);
        }
        if hops(&request) == Some(0) {
            return self.respond(now, transactions, id, &request, 483, &[]);
        }
        if !required.is_empty() {
            return self.respond(now, transactions, id, &request, 420, &[("Unsupported", &required.join(", "))]);
        }
        if method == "INVITE" {
            self.respond(now, transactions, id, &request, 100, &[]);
        }
        let branch = self.branch();
        // A large one goes by TCP (18.1.1).
        let (leaving, hop) = means(self.own, settings).leaving(Message::parse(self.onwards(settings, &request, &branch)));
        let went = transactions.request(now, hop, &branch, &method, leaving.raw);
        let branch = request.branch().map(|branch| branch.into_owned()).unwrap_or_default();
        self.forwarded.push(Forwarded { branch, invite: method == "INVITE", came: id, went, request });
        if self.forwarded.len() > MOST {
            self.forwarded.remove(0);
        }
    }

    /// The request as it goes on (16.6): all octets as they were, but for Via, Max-Forwards, Route and Record-Route.
    fn onwards(&self, settings: &Settings, request: &Message, branch: &str) -> Bytes {
        let mut patch = Patch::default();
        patch.prepend(request, "Via", &build::via(Hop::sip(settings.transport, self.own), branch));
        match request.first("Max-Forwards").zip(hops(request)) {
            Some((field, left)) => drop(patch.replace(field.value, left.saturating_sub(1).to_string())),
            None => drop(patch.append(request, "Max-Forwards", "70")),
        }
        let route = routes(request, self.own);
        if request.first("Route").is_some_and(|_| route.len() != request.elements("Route").len()) {
            patch.set(request, "Route", &route);
        }
        if matches!(request.method(), Some("INVITE" | "SUBSCRIBE" | "REFER")) && request.tag("To").is_none() {
            let transport = if settings.transport == Transport::Udp { String::new() } else { format!(";transport={}", settings.transport) };
            patch.prepend(request, "Record-Route", &format!("<sip:{}{transport};lr>", self.own));
        }
        patch.apply(&request.raw)
    }

    /// A response (16.7): all octets as they were, but for the own Via; 503 is not the sender's business (16.7, 6).
    fn responded(&mut self, now: Duration, transactions: &mut Transactions, id: u64, response: &Message) {
        let Some(entry) = self.forwarded.iter().find(|entry| entry.went == id) else { return };
        let (came, invite) = (entry.came, entry.invite);
        let status = response.status().unwrap_or_default();
        if status <= 100 {
            return;
        }
        let mut patch = Patch::default();
        patch.remove_top_via(response);
        if status == 503 {
            patch.replace(response.start_span(), "SIP/2.0 500 Server Internal Error");
        }
        let (status, octets) = (if status == 503 { 500 } else { status }, patch.apply(&response.raw));
        if invite && (200..300).contains(&status) {
            // It is repeated by who sent it, until the ACK passes by (RFC 6026, 7.1).
            return transactions.pass(now, came, status, octets);
        }
        transactions.respond(now, came, status, octets);
        if status >= 200 {
            self.forwarded.retain(|entry| entry.went != id);
        }
    }

    /// CANCEL is answered here and goes on in the transaction that it cancels (16.10).
    fn cancelled(&mut self, now: Duration, transactions: &mut Transactions, id: u64, request: &Message) {
        let branch = request.branch().unwrap_or_default();
        let went = self.forwarded.iter().find(|entry| entry.invite && entry.branch == branch).map(|entry| entry.went);
        self.respond(now, transactions, id, request, if went.is_some() { 200 } else { 481 }, &[]);
        if let Some(went) = went {
            let reason = request.value("Reason").map(|reason| ("Reason".to_owned(), reason.into_owned()));
            transactions.cancel(now, went, &reason.into_iter().collect::<Vec<_>>());
        }
    }
}

/// Max-Forwards.
fn hops(request: &Message) -> Option<u32> {
    request.value("Max-Forwards")?.trim().parse().ok()
}
