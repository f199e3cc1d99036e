//! The heads of MSRP SEND requests as they came: what is kept of a large message besides its content.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::{
    role::Hop,
    wire::{
        Span,
        msrp::{Msrp, MsrpFramer},
        stream::Framed,
    },
};

/// Most heads that are kept; beyond, the oldest go.
const MOST: usize = 256;

/// Start line and header fields of the first chunk of each message, by Message-ID.
#[derive(Debug, Default)]
pub(super) struct Heads {
    streams: BTreeMap<Hop, MsrpFramer>,
    heads: VecDeque<(String, Bytes)>,
}

impl Heads {
    /// Takes octets of a connection.
    pub fn heard(&mut self, hop: Hop, bytes: &[u8]) {
        let framer = self.streams.entry(hop).or_insert_with(|| MsrpFramer::new(MsrpFramer::LIMITS));
        framer.push(bytes);
        while let Some(framed) = framer.next() {
            let Framed::Message { bytes: raw, .. } = framed else { continue };
            let msrp = Msrp::parse(&raw, Span::all(&raw));
            let sends = msrp.method.is_some_and(|method| method.of(&raw) == b"SEND");
            let id = msrp.field(&raw, "Message-ID").map(|span| span.text(&raw).into_owned());
            let (Some(body), Some(id), true) = (msrp.body, id, sends) else { continue };
            if self.heads.iter().any(|(known, _)| *known == id) {
                continue;
            }
            // Without the empty line in front of the body.
            self.heads.push_back((id, Bytes::copy_from_slice(Span::new(0, body.from.saturating_sub(2)).of(&raw))));
            if self.heads.len() > MOST {
                self.heads.pop_front();
            }
        }
    }

    /// A connection is gone.
    pub fn closed(&mut self, hop: Hop) {
        self.streams.remove(&hop);
    }

    /// Takes the head of a message out.
    pub fn take(&mut self, message_id: &str) -> Option<Bytes> {
        let at = self.heads.iter().position(|(known, _)| known == message_id)?;
        self.heads.remove(at).map(|(_, head)| head)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
