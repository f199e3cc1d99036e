//! Messages of media and stores: MSRP, IMAP and HTTP on the links of the SUT.

use std::{borrow::Cow, collections::HashMap, time::Duration};

use bytes::Bytes;

use super::{Piece, Unit, Whole, evidence_of};
use crate::{
    trace::{LinkId, Party, Protocol, Transport},
    verdict::Evidence,
    wire::{Span, msrp::Msrp},
};

/// One message of a link that carries no SIP, and that the SUT sent or was sent.
#[derive(Clone, Debug)]
pub struct MediaSeen {
    /// What its link carries.
    pub protocol: Protocol,
    /// Its octets: one MSRP request, response or chunk, one IMAP line with its literals, one HTTP message.
    pub raw: Bytes,
    /// Its parts, if it is MSRP; else empty.
    pub msrp: Msrp,
    /// When its last octet was there.
    pub at: Duration,
    /// The entry that its last octet came with.
    pub entry: usize,
    /// Who sent it.
    pub from: Party,
    /// Who it was sent to.
    pub to: Party,
    /// The link.
    pub link: LinkId,
    /// How it was carried.
    pub transport: Transport,
    /// The message that this chunk is part of: index in [`Messages::wholes`](super::Messages::wholes).
    pub whole: Option<usize>,
    pub(super) pieces: Vec<Piece>,
}

impl MediaSeen {
    /// The message as its octets say.
    #[must_use]
    pub fn unit(&self) -> Unit<'_> {
        Unit { protocol: self.protocol, raw: &self.raw, msrp: &self.msrp, link: Some(self.link) }
    }

    /// Method of a request, see [`Unit::method`].
    #[must_use]
    pub fn method(&self) -> Option<Cow<'_, str>> {
        self.unit().method()
    }

    /// Status of a response, see [`Unit::status`].
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.unit().status()
    }

    /// Text of the first header field of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.unit().header(name).map(|span| span.text(&self.raw))
    }

    /// Whether this is an MSRP request with this method.
    #[must_use]
    pub fn is_msrp(&self, method: &str) -> bool {
        self.protocol == Protocol::Msrp && self.msrp.method.is_some_and(|span| span.of(&self.raw) == method.as_bytes())
    }

    /// First octet by Byte-Range, 0-based, and the total; without one the content begins with its first octet (RFC 4975, 7.1.1).
    pub(super) fn range(&self) -> (u64, Option<u64>) {
        let text = self.value("Byte-Range").unwrap_or_default().into_owned();
        let (range, total) = text.split_once('/').unwrap_or((&text, ""));
        let start = range.split('-').next().and_then(|n| n.trim().parse::<u64>().ok()).unwrap_or(1);
        (start.saturating_sub(1), total.trim().parse().ok())
    }

    /// Where the octets of `span` stand in the trace; of a long span the beginning and the end.
    #[must_use]
    pub fn evidence(&self, span: Span) -> Vec<Evidence> {
        evidence_of(&self.pieces, span)
    }

    /// Where its start line stands.
    #[must_use]
    pub fn line(&self) -> Vec<Evidence> {
        self.evidence(self.unit().start())
    }

    /// Whether the SUT sent it.
    #[must_use]
    pub fn by_sut(&self) -> bool {
        self.from.is_sut()
    }
}

/// Side of a link, and transaction identifier.
type Transaction = (LinkId, bool, Bytes);

/// Direction, paths and Message-ID.
type Session = (bool, Bytes, Bytes, Bytes);

/// All of them, with what they make together.
#[derive(Debug, Default)]
pub(super) struct Media {
    pub(super) list: Vec<MediaSeen>,
    pub(super) wholes: Vec<Whole>,
    /// Latest request of a transaction.
    requests: HashMap<Transaction, usize>,
    /// Requests of responses, by index of the response.
    answered: HashMap<usize, usize>,
    /// Latest message of a session by Message-ID.
    open: HashMap<Session, usize>,
}

impl Media {
    /// One more, complete now.
    pub(super) fn add(&mut self, mut seen: MediaSeen) {
        if seen.protocol == Protocol::Msrp {
            seen.msrp = Msrp::parse(&seen.raw, Span::all(&seen.raw));
            let index = self.list.len();
            let transaction = seen.raw.slice(seen.msrp.transaction.from..seen.msrp.transaction.to.max(seen.msrp.transaction.from));
            if seen.msrp.status.is_some() {
                if let Some(request) = self.requests.get(&(seen.link, !seen.by_sut(), transaction)) {
                    self.answered.insert(index, *request);
                }
            } else {
                self.requests.insert((seen.link, seen.by_sut(), transaction), index);
            }
            if seen.is_msrp("SEND") && seen.msrp.body.is_some() {
                self.chunk(index, &mut seen);
            }
        }
        self.list.push(seen);
    }

    fn chunk(&mut self, index: usize, seen: &mut MediaSeen) {
        let part = |name: &str| seen.unit().header(name).map_or_else(Bytes::new, |span| seen.raw.slice(span.from..span.to));
        let message_id = part("Message-ID");
        let key = (seen.by_sut(), part("From-Path"), part("To-Path"), message_id.clone());
        let again = |whole: &Whole| (whole.complete() || whole.aborted) && seen.range().0 == 0;
        let known = self.open.get(&key).copied().filter(|&known| self.wholes.get(known).is_some_and(|whole| !again(whole)));
        let number = known.unwrap_or_else(|| {
            self.wholes.push(Whole::begun(seen, String::from_utf8_lossy(&message_id).into_owned()));
            self.open.insert(key, self.wholes.len() - 1);
            self.wholes.len() - 1
        });
        seen.whole = Some(number);
        if let Some(whole) = self.wholes.get_mut(number) {
            whole.take(index, seen);
        }
    }

    /// The request that a response answers.
    pub(super) fn request_of(&self, index: usize) -> Option<usize> {
        self.answered.get(&index).copied()
    }
}
