//! SIP as a role hears it: what came in datagrams and over streams, as messages (RFC 3261, 18.3).

use std::{collections::BTreeMap, net::SocketAddr};

use bytes::Bytes;

use super::Hop;
use crate::{
    trace::Transport,
    wire::{
        sip::Message,
        stream::{Framed, Framer, Limits},
    },
};

/// The streams that a role hears, each with what of a message has come so far.
#[derive(Debug, Default)]
pub struct Inlet {
    streams: BTreeMap<SocketAddr, Framer>,
}

impl Inlet {
    /// The messages that are whole with these octets; an empty datagram is none (RFC 5626, 3.5.1).
    pub fn receive(&mut self, hop: Hop, bytes: Bytes) -> Vec<Message> {
        if hop.transport == Transport::Udp {
            let blank = bytes.iter().all(u8::is_ascii_whitespace);
            return if blank { Vec::new() } else { vec![Message::parse(bytes)] };
        }
        self.framed(hop, &bytes).into_iter().filter_map(message).collect()
    }

    /// What came over a stream, keep-alives too.
    pub fn framed(&mut self, hop: Hop, bytes: &[u8]) -> Vec<Framed> {
        let framer = self.streams.entry(hop.address).or_insert_with(|| Framer::new(Limits::default()));
        framer.push(bytes);
        std::iter::from_fn(|| framer.next()).collect()
    }

    /// A stream has ended.
    pub fn closed(&mut self, hop: Hop) {
        self.streams.remove(&hop.address);
    }

    /// Forgets all streams.
    pub fn clear(&mut self) {
        self.streams.clear();
    }
}

/// The message, if it is one.
pub fn message(framed: Framed) -> Option<Message> {
    match framed {
        Framed::Message { bytes, .. } => Some(Message::parse(bytes)),
        _ => None,
    }
}
