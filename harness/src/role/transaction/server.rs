//! Server transactions (RFC 3261, 17.2), and the repetition of a 2xx response to INVITE by its sender (13.3.1.4).

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;

use super::{PATIENCE, Repeat, T2, T4};
use crate::{
    role::{Hop, patch::Patch},
    trace::Transport,
    wire::{params::Parametered, sip::Message},
};

/// One server transaction.
#[derive(Debug)]
pub(super) struct Server {
    pub id: u64,
    /// Branch and method, that of an ACK being INVITE.
    pub key: (String, String),
    hop: Hop,
    response: Option<Bytes>,
    status: u16,
    repeat: Option<Repeat>,
    /// Timers H, then I, J, or the time in which a 2xx response to INVITE is repeated.
    ends: Option<Duration>,
    acknowledged: bool,
}

/// What a repeated request or an ACK brings about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Echo {
    /// The response is sent again.
    Again(Hop, Bytes),
    /// An ACK that is the business of who sent the 2xx.
    Up,
    /// Nothing.
    Nothing,
}

impl Server {
    /// The transaction of a request whose responses go to `hop`.
    pub fn new(id: u64, key: (String, String), hop: Hop) -> Self {
        Self { id, key, hop, response: None, status: 0, repeat: None, ends: None, acknowledged: false }
    }

    fn invite(&self) -> bool {
        self.key.1 == "INVITE"
    }

    fn datagram(&self) -> bool {
        self.hop.transport == Transport::Udp
    }

    /// Takes a request with this key: a repetition, or the ACK.
    pub fn receive(&mut self, now: Duration, ack: bool) -> Echo {
        match (&self.response, self.status) {
            (_, ..300) if ack => Echo::Up,
            (_, 300..) if ack => {
                self.acknowledged = true;
                self.repeat = None;
                self.ends = Some(now + if self.datagram() { T4 } else { Duration::ZERO });
                Echo::Nothing
            }
            // The 2xx to INVITE has timers of its own (RFC 6026, 7.1).
            (_, 200..300) if self.invite() => Echo::Nothing,
            // Once the ACK came the transaction only swallows.
            (Some(response), _) if !self.acknowledged => Echo::Again(self.hop, response.clone()),
            _ => Echo::Nothing,
        }
    }

    /// Sends a response; after a final one nothing more is sent but its repetitions.
    pub fn respond(&mut self, now: Duration, status: u16, response: Bytes) -> Option<(Hop, Bytes)> {
        if self.status >= 200 {
            return None;
        }
        self.response = Some(response.clone());
        self.status = status;
        if status >= 200 {
            let waits = self.invite() || self.datagram();
            self.ends = Some(now + if waits { PATIENCE } else { Duration::ZERO });
            // Over any transport: a proxy behind the first hop may lose the 2xx (13.3.1.4).
            self.repeat = (self.invite() && (status < 300 || self.datagram())).then(|| Repeat::from(now));
        }
        Some((self.hop, response))
    }

    /// Sends a 2xx that somebody else repeats.
    pub fn pass(&mut self, now: Duration, status: u16, response: Bytes) -> Option<(Hop, Bytes)> {
        if self.status >= 300 {
            return None;
        }
        (self.response, self.status, self.repeat) = (Some(response.clone()), status, None);
        self.ends.get_or_insert(now + PATIENCE);
        self.acknowledged = true;
        Some((self.hop, response))
    }

    /// The ACK to the 2xx came.
    pub fn confirm(&mut self) {
        self.acknowledged = true;
        self.repeat = None;
    }

    /// Repeats the final response to INVITE if that is due.
    pub fn repetition(&mut self, now: Duration) -> Option<(Hop, Bytes)> {
        let due = self.repeat.as_mut()?.due(now, T2);
        due.then(|| Some((self.hop, self.response.clone()?)))?
    }

    /// Whether the transaction is over.
    pub fn over(&self, now: Duration) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// Whether a final response to INVITE was sent and no ACK came.
    pub fn waits_for_ack(&self) -> bool {
        self.invite() && self.status >= 200 && !self.acknowledged
    }

    /// The nearest timer.
    pub fn deadline(&self) -> Option<Duration> {
        self.ends.into_iter().chain(self.repeat.map(|r| r.due)).min()
    }
}

/// Writes into the topmost Via where the request came from, if that asks for it by `rport` (RFC 3581, 4); else says `false`.
pub fn note_source(patch: &mut Patch, message: &Message, hop: Hop) -> bool {
    let via = message.elements("Via").first().map(|top| Parametered::parse(&message.raw, *top));
    let rport = via.and_then(|via| via.param(&message.raw, "rport").filter(|p| p.value.is_none()).map(|p| p.span));
    if let Some(rport) = rport {
        patch.replace(rport, format!("rport={};received={}", hop.address.port(), hop.address.ip()));
    }
    rport.is_some()
}

/// The request with `received` and `rport` in its topmost Via (RFC 3261, 18.2.1; RFC 3581, 4), and where responses go.
pub(super) fn received_from(hop: Hop, message: Message) -> (Message, Hop) {
    let Some(top) = message.elements("Via").first().copied() else { return (message, hop) };
    let via = Parametered::parse(&message.raw, top);
    let sent_by = via.head.text(&message.raw).rsplit([' ', '\t']).next().unwrap_or_default().to_owned();
    let mut patch = Patch::default();
    if note_source(&mut patch, &message, hop) {
        return (Message::parse(patch.apply(&message.raw)), hop);
    }
    if hop.transport != Transport::Udp {
        return (message, hop);
    }
    let port = sent_by.parse::<SocketAddr>().map(|a| a.port()).ok().or_else(|| sent_by.rsplit_once(':')?.1.parse().ok());
    (message, Hop { address: SocketAddr::new(hop.address.ip(), port.unwrap_or(5060)), ..hop })
}
