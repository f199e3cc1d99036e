//! SIP transactions with the timers of RFC 3261, 17, as data: nothing waits here, deadlines are asked for.
//!
//! Of an INVITE the client side acknowledges what is no 2xx, holds a CANCEL back until it may go, and hands up each 2xx;
//! the server side repeats its final response until the ACK. What a 2xx means is the business of [`call`](super::call).

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;

use super::Hop;
use crate::wire::sip::Message;

mod client;
mod server;

pub use client::beside;
use client::{Client, Reaction};
pub use server::note_source;
use server::{Echo, Server};

/// Estimate of a round trip (RFC 3261, 17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// Longest time between two repetitions of a non-INVITE request or of a final response to INVITE.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may live in the network.
pub const T4: Duration = Duration::from_secs(5);
/// A transaction's patience, 64*T1: timers B, D, F, H and J.
pub const PATIENCE: Duration = Duration::from_secs(32);

/// Most transactions that are kept; beyond, the oldest go.
const MOST: usize = 4096;

/// What an incoming message means to the user of the transactions.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A new request; answer it by [`Transactions::respond`] with this number.
    Request(u64, Arc<Message>),
    /// A response to the request with this number; of an INVITE each 2xx that comes, repeated ones too.
    Response(u64, Arc<Message>),
    /// An ACK that no transaction is waiting for: to a 2xx, or to nothing.
    Ack(Arc<Message>),
    /// A repetition, the ACK to another final response, or a message that belongs to nothing here.
    Nothing,
}

/// When something is said again, and after what time.
#[derive(Clone, Copy, Debug)]
struct Repeat {
    due: Duration,
    interval: Duration,
}

/// All transactions of one party.
#[derive(Debug, Default)]
pub struct Transactions {
    clients: VecDeque<Client>,
    servers: VecDeque<Server>,
    out: VecDeque<(Hop, Bytes)>,
    last: u64,
}

impl Transactions {
    /// Sends a `request` other than ACK and gives its number; `branch` and `method` are those in its octets.
    pub fn request(&mut self, now: Duration, hop: Hop, branch: &str, method: &str, request: Bytes) -> u64 {
        self.last += 1;
        self.out.push_back((hop, request.clone()));
        self.clients.push_back(Client::new(now, self.last, hop, branch, method, request));
        if self.clients.len() > MOST {
            self.clients.pop_front();
        }
        self.last
    }

    /// Sends an INVITE and gives its number; `branch` is that in its octets.
    pub fn invite(&mut self, now: Duration, hop: Hop, branch: &str, request: Bytes) -> u64 {
        self.request(now, hop, branch, "INVITE", request)
    }

    /// Sends octets that belong to no transaction: the ACK to a 2xx.
    pub fn send(&mut self, hop: Hop, bytes: Bytes) {
        self.out.push_back((hop, bytes));
    }

    /// Cancels the INVITE with number `id` (RFC 3261, 9.1): the CANCEL, with these further header fields, goes out once a
    /// provisional response has come. `false`: a final response came already, or there is no such INVITE; nothing is sent.
    pub fn cancel(&mut self, now: Duration, id: u64, fields: &[(String, String)]) -> bool {
        let Some(client) = self.clients.iter_mut().find(|c| c.id == id && c.method == "INVITE") else { return false };
        match client.cancel(fields) {
            None => false,
            Some(at_once) => {
                if at_once {
                    self.send_cancel(now, id);
                }
                true
            }
        }
    }

    fn send_cancel(&mut self, now: Duration, id: u64) {
        let Some(at) = self.clients.iter().position(|c| c.id == id) else { return };
        let (hop, branch) = (self.clients[at].hop, self.clients[at].branch.clone());
        if self.clients.iter().any(|c| c.branch == branch && c.method == "CANCEL") {
            return;
        }
        let octets = self.clients[at].cancelling(now);
        self.request(now, hop, &branch, "CANCEL", octets);
        if let Some(cancel) = self.clients.back_mut() {
            cancel.own = true;
        }
    }

    /// Takes a message that came from `hop`.
    pub fn receive(&mut self, now: Duration, hop: Hop, message: Message) -> Heard {
        if message.is_response() { self.receive_response(now, message) } else { self.receive_request(now, hop, message) }
    }

    fn receive_response(&mut self, now: Duration, message: Message) -> Heard {
        let (Some(branch), Some((_, method)), Some(status)) = (message.branch(), message.cseq(), message.status()) else {
            return Heard::Nothing;
        };
        let Some(client) = self.clients.iter_mut().find(|c| c.branch == branch && c.method == method) else { return Heard::Nothing };
        let Reaction { up, ack, cancel } = client.receive(now, status, &message);
        let (id, hop, own) = (client.id, client.hop, client.own);
        self.out.extend(ack.map(|ack| (hop, ack)));
        if cancel {
            self.send_cancel(now, id);
        }
        if up && !own { Heard::Response(id, Arc::new(message)) } else { Heard::Nothing }
    }

    fn receive_request(&mut self, now: Duration, hop: Hop, message: Message) -> Heard {
        let method = message.method().unwrap_or_default();
        let ack = method == "ACK";
        let key = (message.branch().map(|b| b.into_owned()).unwrap_or_default(), if ack { "INVITE" } else { method }.to_owned());
        if let Some(server) = self.servers.iter_mut().find(|s| s.key == key) {
            return match server.receive(now, ack) {
                Echo::Up => Heard::Ack(Arc::new(message)),
                Echo::Again(hop, response) => {
                    self.out.push_back((hop, response));
                    Heard::Nothing
                }
                Echo::Nothing => Heard::Nothing,
            };
        }
        if ack {
            return Heard::Ack(Arc::new(message));
        }
        self.last += 1;
        let (message, reply) = server::received_from(hop, message);
        self.servers.push_back(Server::new(self.last, key, reply));
        if self.servers.len() > MOST {
            self.servers.pop_front();
        }
        Heard::Request(self.last, Arc::new(message))
    }

    /// Sends `response` for the request with number `id`, along the Via path (18.2.2). A final response to INVITE is
    /// repeated until its ACK: a 2xx over any transport until [`Self::confirm`], others over UDP.
    pub fn respond(&mut self, now: Duration, id: u64, status: u16, response: Bytes) {
        let Some(server) = self.servers.iter_mut().find(|s| s.id == id) else { return };
        self.out.extend(server.respond(now, status, response));
    }

    /// Sends a 2xx to the INVITE with number `id` as a proxy does: as often as it is told, and never by itself (RFC 6026, 7.1).
    pub fn pass(&mut self, now: Duration, id: u64, status: u16, response: Bytes) {
        let Some(server) = self.servers.iter_mut().find(|s| s.id == id) else { return };
        self.out.extend(server.pass(now, status, response));
    }

    /// The ACK to the 2xx of the INVITE with number `id` came: it is repeated no more.
    pub fn confirm(&mut self, id: u64) {
        if let Some(server) = self.servers.iter_mut().find(|s| s.id == id) {
            server.confirm();
        }
    }

    /// Repeats what is due and gives the numbers of the requests that were given up without a final response (timers B
    /// and F), and of the INVITEs whose final response saw no ACK (timer H).
    pub fn tick(&mut self, now: Duration) -> Vec<u64> {
        for client in &mut self.clients {
            self.out.extend(client.repetition(now).map(|request| (client.hop, request)));
        }
        for server in &mut self.servers {
            self.out.extend(server.repetition(now));
        }
        let given_up = self.clients.iter().filter(|c| c.over(now) && !c.answered() && !c.own).map(|c| c.id);
        let unconfirmed = self.servers.iter().filter(|s| s.over(now) && s.waits_for_ack()).map(|s| s.id);
        let ended = given_up.chain(unconfirmed).collect();
        self.clients.retain(|c| !c.over(now));
        self.servers.retain(|s| !s.over(now));
        ended
    }

    /// The nearest timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.clients.iter().filter_map(Client::deadline).chain(self.servers.iter().filter_map(Server::deadline)).min()
    }

    /// The next octets to send.
    pub fn poll(&mut self) -> Option<(Hop, Bytes)> {
        self.out.pop_front()
    }

    /// Whether a request waits for its final response.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.clients.iter().any(|c| !c.answered())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }
}

#[cfg(test)]
mod tests;
