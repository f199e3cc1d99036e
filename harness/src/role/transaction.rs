//! SIP transactions with the timers of RFC 3261, 17, as data: nothing waits here, deadlines are asked for.
//!
//! Client transactions are those of non-INVITE requests (17.1.2), server transactions of both kinds (17.2).

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Hop, patch::Patch};
use crate::{
    trace::Transport,
    wire::{params::Parametered, sip::Message},
};

/// Estimate of a round trip (RFC 3261, 17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// Longest time between two repetitions of a non-INVITE request or of a final response to INVITE.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may live in the network.
pub const T4: Duration = Duration::from_secs(5);
/// A transaction's patience: timers B, F, H and J.
pub const PATIENCE: Duration = Duration::from_secs(32);

/// Most transactions that are kept; beyond, the oldest go.
const MOST: usize = 4096;

/// What an incoming message means to the user of the transactions.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A new request; answer it by [`Transactions::respond`] with this number.
    Request(u64, Arc<Message>),
    /// A response to the request with this number.
    Response(u64, Arc<Message>),
    /// An ACK, a repetition, or a message that belongs to nothing here.
    Nothing,
}

#[derive(Debug)]
struct Client {
    id: u64,
    branch: String,
    method: String,
    hop: Hop,
    request: Bytes,
    repeat: Option<(Duration, Duration)>,
    /// Timer F, and once a final response came timer K.
    ends: Duration,
    answered: bool,
}

#[derive(Debug)]
struct Server {
    id: u64,
    key: (String, String),
    hop: Hop,
    response: Option<Bytes>,
    invite: bool,
    status: u16,
    repeat: Option<(Duration, Duration)>,
    ends: Option<Duration>,
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
    /// Sends a non-INVITE `request` and gives its number; `branch` and `method` are those in its octets.
    pub fn request(&mut self, now: Duration, hop: Hop, branch: &str, method: &str, request: Bytes) -> u64 {
        self.last += 1;
        let repeat = (hop.transport == Transport::Udp).then_some((now + T1, T1));
        self.out.push_back((hop, request.clone()));
        self.clients.push_back(Client {
            id: self.last,
            branch: branch.to_owned(),
            method: method.to_owned(),
            hop,
            request,
            repeat,
            ends: now + PATIENCE,
            answered: false,
        });
        if self.clients.len() > MOST {
            self.clients.pop_front();
        }
        self.last
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
        if client.answered {
            return Heard::Nothing;
        }
        if status < 200 {
            client.repeat = client.repeat.map(|_| (now + T2, T2));
        } else {
            client.answered = true;
            client.repeat = None;
            client.ends = now + if client.hop.transport == Transport::Udp { T4 } else { Duration::ZERO };
        }
        Heard::Response(client.id, Arc::new(message))
    }

    fn receive_request(&mut self, now: Duration, hop: Hop, message: Message) -> Heard {
        let method = message.method().unwrap_or_default().to_owned();
        let matched = if method == "ACK" { "INVITE".to_owned() } else { method.clone() };
        let key = (message.branch().map(|b| b.into_owned()).unwrap_or_default(), matched);
        if let Some(server) = self.servers.iter_mut().find(|s| s.key == key) {
            if method == "ACK" {
                server.repeat = None;
                server.ends = Some(now + if server.hop.transport == Transport::Udp { T4 } else { Duration::ZERO });
            } else if let Some(response) = &server.response {
                self.out.push_back((server.hop, response.clone()));
            }
            return Heard::Nothing;
        }
        if method == "ACK" {
            return Heard::Nothing;
        }
        self.last += 1;
        let (message, reply) = received_from(hop, message);
        self.servers.push_back(Server {
            id: self.last,
            key,
            hop: reply,
            response: None,
            invite: method == "INVITE",
            status: 0,
            repeat: None,
            ends: None,
        });
        if self.servers.len() > MOST {
            self.servers.pop_front();
        }
        Heard::Request(self.last, Arc::new(message))
    }

    /// Sends `response` for the request with number `id`, along the Via path (18.2.2).
    pub fn respond(&mut self, now: Duration, id: u64, status: u16, response: Bytes) {
        let Some(server) = self.servers.iter_mut().find(|s| s.id == id) else { return };
        self.out.push_back((server.hop, response.clone()));
        server.response = Some(response);
        server.status = status;
        if status < 200 {
            return;
        }
        let datagram = server.hop.transport == Transport::Udp;
        server.ends = Some(now + if server.invite || datagram { PATIENCE } else { Duration::ZERO });
        if server.invite && status >= 300 && datagram {
            server.repeat = Some((now + T1, T1));
        }
    }

    /// Repeats what is due and gives the numbers of the requests that were given up (timer F).
    pub fn tick(&mut self, now: Duration) -> Vec<u64> {
        for client in &mut self.clients {
            if let Some((due, interval)) = client.repeat.filter(|(due, _)| *due <= now) {
                self.out.push_back((client.hop, client.request.clone()));
                let interval = (interval * 2).min(T2);
                client.repeat = Some((due + interval, interval));
            }
        }
        for server in &mut self.servers {
            if let (Some((due, interval)), Some(response)) = (server.repeat.filter(|(due, _)| *due <= now), &server.response) {
                self.out.push_back((server.hop, response.clone()));
                let interval = (interval * 2).min(T2);
                server.repeat = Some((due + interval, interval));
            }
        }
        let given_up = self.clients.iter().filter(|c| c.ends <= now && !c.answered).map(|c| c.id).collect();
        self.clients.retain(|c| c.ends > now);
        self.servers.retain(|s| s.ends.is_none_or(|ends| ends > now));
        given_up
    }

    /// The nearest timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let clients = self.clients.iter().flat_map(|c| [Some(c.ends), c.repeat.map(|(due, _)| due)]);
        let servers = self.servers.iter().flat_map(|s| [s.ends, s.repeat.map(|(due, _)| due)]);
        clients.chain(servers).flatten().min()
    }

    /// The next octets to send.
    pub fn poll(&mut self) -> Option<(Hop, Bytes)> {
        self.out.pop_front()
    }

    /// Whether a request waits for its final response.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.clients.iter().any(|c| !c.answered)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }
}

/// The request with `received` and `rport` in its topmost Via (RFC 3261, 18.2.1; RFC 3581, 4), and where responses go.
fn received_from(hop: Hop, message: Message) -> (Message, Hop) {
    let Some(top) = message.elements("Via").first().copied() else { return (message, hop) };
    let via = Parametered::parse(&message.raw, top);
    let sent_by = via.head.text(&message.raw).rsplit([' ', '\t']).next().unwrap_or_default().to_owned();
    let rport = via.param(&message.raw, "rport").filter(|p| p.value.is_none()).map(|p| p.span);
    if let Some(rport) = rport {
        let mut patch = Patch::default();
        patch.replace(rport, format!("rport={};received={}", hop.address.port(), hop.address.ip()));
        return (Message::parse(patch.apply(&message.raw)), hop);
    }
    if hop.transport == Transport::Tcp {
        return (message, hop);
    }
    let port = sent_by.parse::<SocketAddr>().map(|a| a.port()).ok().or_else(|| sent_by.rsplit_once(':')?.1.parse().ok());
    (message, Hop { address: SocketAddr::new(hop.address.ip(), port.unwrap_or(5060)), ..hop })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(transport: Transport) -> Hop {
        Hop::sip(transport, "192.0.2.7:5060".parse().unwrap())
    }

    fn message(text: &str) -> Message {
        Message::parse(Bytes::from(text.replace('\n', "\r\n")))
    }

    #[test]
    fn a_request_over_udp_is_repeated_at_t1_doubling_to_t2_and_given_up_after_32_s() {
        let mut transactions = Transactions::default();
        let id = transactions.request(Duration::ZERO, hop(Transport::Udp), "z9hG4bKa", "MESSAGE", Bytes::from_static(b"x"));
        let (mut sent, mut now) = (Vec::new(), Duration::ZERO);
        let given_up = loop {
            while transactions.poll().is_some() {
                sent.push(now.as_millis());
            }
            now = transactions.deadline().unwrap();
            let given_up = transactions.tick(now);
            if !given_up.is_empty() {
                break given_up;
            }
        };
        assert_eq!((given_up, now), (vec![id], PATIENCE));
        assert_eq!(sent, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    }

    #[test]
    fn a_request_over_tcp_is_sent_once() {
        let mut transactions = Transactions::default();
        transactions.request(Duration::ZERO, hop(Transport::Tcp), "z9hG4bKa", "MESSAGE", Bytes::from_static(b"x"));
        assert!(transactions.poll().is_some() && transactions.poll().is_none());
        assert_eq!(transactions.deadline(), Some(PATIENCE));
    }

    #[test]
    fn a_repeated_request_gets_the_same_response_and_is_no_second_request() {
        let mut transactions = Transactions::default();
        let text = "MESSAGE sip:a@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKb\nCSeq: 1 MESSAGE\n\n";
        let Heard::Request(id, _) = transactions.receive(Duration::ZERO, hop(Transport::Udp), message(text)) else { panic!("no request") };
        transactions.respond(Duration::ZERO, id, 200, Bytes::from_static(b"yes"));
        assert!(matches!(transactions.receive(T1, hop(Transport::Udp), message(text)), Heard::Nothing));
        let sent: Vec<_> = std::iter::from_fn(|| transactions.poll()).collect();
        assert_eq!(sent.len(), 2);
        assert_eq!((sent[0].0.address.port(), &sent[0]), (5070, &sent[1]));
    }

    #[test]
    fn a_final_response_to_invite_is_repeated_until_its_ack() {
        let mut transactions = Transactions::default();
        let text = "INVITE sip:a@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\nCSeq: 1 INVITE\n\n";
        let Heard::Request(id, _) = transactions.receive(Duration::ZERO, hop(Transport::Udp), message(text)) else { panic!("no request") };
        transactions.respond(Duration::ZERO, id, 488, Bytes::from_static(b"no"));
        transactions.tick(T1);
        transactions.receive(T1, hop(Transport::Udp), message(&text.replace("INVITE", "ACK")));
        transactions.tick(T2);
        assert_eq!(std::iter::from_fn(|| transactions.poll()).count(), 2);
    }
}
