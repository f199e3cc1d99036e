//! Messages as read off the entries: a function of the trace, kept beside it so that each entry is read once.
//!
//! SIP messages stand in one list, those of media and stores (MSRP, IMAP, HTTP) in another, MSRP messages that are put
//! together from their chunks in a third, RTP streams in a fourth. [`It`] names one of any list.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;

use super::{Event, LinkChange, LinkId, Party, Protocol, Trace, Transport};
use crate::{
    verdict::Evidence,
    wire::{Span, msrp::Msrp, sip::Message},
};

pub(crate) mod cut;
mod item;
mod media;
mod rtp;
mod unit;
mod whole;

use cut::{Cut, Cutter};
use media::Media;
use rtp::Rtp;

pub use item::{It, Item};
pub use media::MediaSeen;
pub use rtp::{RtcpSeen, RtpSeen, RtpStream};
pub use unit::Unit;
pub use whole::Whole;

/// Where octets of a message stand: `len` octets of entry `entry` from `from` on are those from `at` on in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    entry: usize,
    from: usize,
    len: usize,
}

/// One SIP message that the SUT sent or was sent.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The message.
    pub message: Message,
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
    /// The message that it repeats: the same octets in the same direction of the same link, by datagram.
    pub repeats: Option<usize>,
    pieces: Vec<Piece>,
}

impl Seen {
    /// Where the octets of `span` stand in the trace: one range for each entry that holds some of them.
    #[must_use]
    pub fn evidence(&self, span: Span) -> Vec<Evidence> {
        evidence_of(&self.pieces, span)
    }

    /// Where its start line stands.
    #[must_use]
    pub fn line(&self) -> Vec<Evidence> {
        self.evidence(self.message.start_span())
    }

    /// Whether the SUT sent it.
    #[must_use]
    pub fn by_sut(&self) -> bool {
        self.from.is_sut()
    }
}

/// Ranges of evidence that one place of a message has at most; of more the first ones and the last one are kept.
const RANGES: usize = 32;

/// Where the octets of `span` stand: one range for each entry that holds some of them.
fn evidence_of(pieces: &[Piece], span: Span) -> Vec<Evidence> {
    let first = pieces.partition_point(|piece| piece.at + piece.len < span.from);
    let last = pieces.partition_point(|piece| piece.at <= span.to);
    let touched = pieces.get(first..last).unwrap_or_default();
    let range = |piece: &Piece| {
        let (from, to) = (span.from.max(piece.at), span.to.min(piece.at + piece.len));
        let place = |octet: usize| octet - piece.at + piece.from;
        (from < to || span.is_empty() && span.from >= piece.at && from <= piece.at + piece.len)
            .then(|| Evidence::at(piece.entry, place(from), place(to.max(from))))
    };
    let mut found: Vec<Evidence> = touched.iter().filter_map(range).take(RANGES).collect();
    if found.len() == RANGES {
        found.extend(touched.iter().rev().find_map(range).filter(|end| found.last() != Some(end)));
    }
    found
}

/// One direction of a stream.
#[derive(Debug)]
struct Stream {
    cutter: Cutter,
    /// Entries that are not used up: stream offset, entry, octets.
    entries: VecDeque<(u64, usize, Bytes)>,
    length: u64,
    to: Party,
}

/// All messages on the links of the SUT, in the order in which they were complete.
#[derive(Debug, Default)]
pub struct Messages {
    list: Vec<Seen>,
    media: Media,
    rtp: Rtp,
    read: usize,
    links: BTreeMap<LinkId, (Protocol, Transport)>,
    streams: BTreeMap<(LinkId, Party), Stream>,
    /// Datagrams seen, for repetitions.
    datagrams: HashMap<(LinkId, bool, Bytes), usize>,
    /// Entries of datagrams or stream octets that are no message, and keep-alives.
    other: Vec<usize>,
}

/// Where a message came from: the entry that completed it, and its way.
struct Way<'a> {
    protocol: Protocol,
    entry: usize,
    at: Duration,
    link: LinkId,
    from: &'a Party,
    to: &'a Party,
}

impl Messages {
    /// Those of `trace`.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let mut messages = Self::default();
        messages.follow(trace);
        messages
    }

    /// Reads the entries that `trace` got since the last time.
    pub fn follow(&mut self, trace: &Trace) {
        for (number, entry) in trace.entries().iter().enumerate().skip(self.read) {
            match &entry.event {
                Event::Link { link, change: LinkChange::Opened { transport, protocol, from, to } } => {
                    self.links.insert(*link, (*protocol, *transport));
                    if protocol.is_rtp() {
                        self.rtp.opened(*link, from, to);
                    }
                }
                Event::Link { link, change: LinkChange::Closed(_) | LinkChange::Reset(_) } => self.ended(number, entry.at, *link),
                Event::Bytes { link, from, to, bytes } if from.is_sut() || to.is_sut() => {
                    let (protocol, transport) = self.links.get(link).copied().unwrap_or_default();
                    let way = Way { protocol, entry: number, at: entry.at, link: *link, from, to };
                    if protocol.is_rtp() {
                        self.rtp.add(&way, bytes);
                    } else if transport.is_datagram() {
                        self.datagram(&way, bytes);
                    } else {
                        self.octets(&way, transport, bytes);
                    }
                }
                _ => {}
            }
        }
        self.read = trace.len();
    }

    /// The SIP messages.
    #[must_use]
    pub fn list(&self) -> &[Seen] {
        &self.list
    }

    /// The messages of links that carry no SIP: MSRP requests, responses and chunks, IMAP lines, HTTP messages.
    #[must_use]
    pub fn media(&self) -> &[MediaSeen] {
        &self.media.list
    }

    /// The MSRP messages, put together from their chunks, in the order of their first chunks; also incomplete ones.
    #[must_use]
    pub fn wholes(&self) -> &[Whole] {
        &self.media.wholes
    }

    /// The RTP packets, in order.
    #[must_use]
    pub fn packets(&self) -> &[RtpSeen] {
        &self.rtp.packets
    }

    /// The RTCP datagrams, in order.
    #[must_use]
    pub fn control(&self) -> &[RtcpSeen] {
        &self.rtp.control
    }

    /// The RTP streams, in the order of their first packets.
    #[must_use]
    pub fn streams(&self) -> &[RtpStream] {
        &self.rtp.streams
    }

    /// What stands at a place.
    #[must_use]
    pub fn item(&self, it: It) -> Option<Item<'_>> {
        match it {
            It::Sip(index) => self.list.get(index).map(Item::Sip),
            It::Media(index) => self.media().get(index).map(Item::Media),
            It::Whole(index) => self.wholes().get(index).map(Item::Whole),
            It::Rtp(index) => self.streams().get(index).map(Item::Rtp),
        }
    }

    /// The MSRP request that the MSRP response `index` answers: same link, other way, same transaction identifier.
    #[must_use]
    pub fn media_request_of(&self, index: usize) -> Option<usize> {
        self.media.request_of(index)
    }

    /// Entries with octets that are no message: keep-alives, garbage, what passed a limit.
    #[must_use]
    pub fn other(&self) -> &[usize] {
        &self.other
    }

    /// The request that the response `index` answers: nearest before it, the other way, same branch and method; no repetition.
    #[must_use]
    pub fn request_of(&self, index: usize) -> Option<usize> {
        let response = self.list.get(index)?;
        let (branch, method) = (response.message.branch()?, response.message.cseq()?.1);
        self.list[..index].iter().rposition(|seen| {
            seen.repeats.is_none()
                && seen.from != response.from
                && seen.message.method() == Some(method)
                && seen.message.branch().is_some_and(|b| b == branch)
        })
    }

    fn datagram(&mut self, way: &Way<'_>, bytes: &Bytes) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            self.other.push(way.entry);
            return;
        }
        let known = *self.datagrams.entry((way.link, way.from.is_sut(), bytes.clone())).or_insert(self.list.len());
        let repeats = (known < self.list.len()).then_some(known);
        let pieces = vec![Piece { at: 0, entry: way.entry, from: 0, len: bytes.len() }];
        self.sip(way, Transport::Udp, bytes.clone(), repeats, pieces);
    }

    fn octets(&mut self, way: &Way<'_>, transport: Transport, bytes: &Bytes) {
        let protocol = way.protocol;
        let fresh = || Stream { cutter: Cutter::new(protocol), entries: VecDeque::new(), length: 0, to: way.to.clone() };
        let stream = self.streams.entry((way.link, way.from.clone())).or_insert_with(fresh);
        stream.entries.push_back((stream.length, way.entry, bytes.clone()));
        stream.length += bytes.len() as u64;
        stream.cutter.push(bytes);
        let mut cuts = Vec::new();
        while let Some(cut) = stream.cutter.next() {
            cuts.push(stream.piece(cut));
        }
        for cut in cuts {
            self.add(way, transport, cut);
        }
    }

    /// Both directions of a link are at their end.
    fn ended(&mut self, entry: usize, at: Duration, link: LinkId) {
        let (protocol, transport) = self.links.get(&link).copied().unwrap_or_default();
        if protocol.is_sip() {
            return;
        }
        let ends: Vec<Party> = self.streams.keys().filter(|(of, _)| *of == link).map(|(_, from)| from.clone()).collect();
        for from in ends {
            let Some(mut stream) = self.streams.remove(&(link, from.clone())) else { continue };
            if let Some(cut) = stream.cutter.end() {
                let cut = stream.piece(cut);
                self.add(&Way { protocol, entry, at, link, from: &from, to: &stream.to }, transport, cut);
            }
        }
    }

    fn add(&mut self, way: &Way<'_>, transport: Transport, cut: Option<(Bytes, Vec<Piece>)>) {
        let protocol = way.protocol;
        let Some((raw, pieces)) = cut else {
            self.other.push(way.entry);
            return;
        };
        if protocol.is_sip() {
            return self.sip(way, transport, raw, None, pieces);
        }
        self.media.add(MediaSeen {
            protocol,
            raw,
            msrp: Msrp::default(),
            at: way.at,
            entry: way.entry,
            from: way.from.clone(),
            to: way.to.clone(),
            link: way.link,
            transport,
            whole: None,
            pieces,
        });
    }

    fn sip(&mut self, way: &Way<'_>, transport: Transport, raw: Bytes, repeats: Option<usize>, pieces: Vec<Piece>) {
        self.list.push(Seen {
            message: Message::parse(raw),
            at: way.at,
            entry: way.entry,
            from: way.from.clone(),
            to: way.to.clone(),
            link: way.link,
            transport,
            repeats,
            pieces,
        });
    }
}

impl Stream {
    /// The octets of a message with the entries that hold them; a message within one entry shares its octets.
    fn piece(&mut self, cut: Cut) -> Option<(Bytes, Vec<Piece>)> {
        let Cut::Message { from: start, bytes } = cut else { return None };
        let end = start + bytes.len() as u64;
        while self.entries.front().is_some_and(|(offset, _, octets)| offset + octets.len() as u64 <= start) {
            self.entries.pop_front();
        }
        let size = |octets: u64| usize::try_from(octets).unwrap_or(usize::MAX);
        let mut pieces = Vec::new();
        for (offset, entry, octets) in self.entries.iter().take_while(|(offset, ..)| *offset < end) {
            let (from, to) = (start.max(*offset), end.min(offset + octets.len() as u64));
            pieces.push(Piece { at: size(from - start), entry: *entry, from: size(from - offset), len: size(to - from) });
        }
        let shared = match (pieces.as_slice(), self.entries.front()) {
            ([one], Some((.., octets))) => octets.get(one.from..one.from + one.len).map(|_| octets.slice(one.from..one.from + one.len)),
            _ => None,
        };
        // A copy of its own: what was cut off the stream would keep all of the stream around it.
        Some((shared.unwrap_or_else(|| Bytes::copy_from_slice(&bytes)), pieces))
    }
}

#[cfg(test)]
mod sip_tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::trace::{Endpoint, Protocol};

    const TEXT: &[u8] = b"MESSAGE sip:a@example.com SIP/2.0\r\nCall-ID: x\r\nContent-Length: 2\r\n\r\nhi";

    fn trace(chunks: &[&[u8]]) -> Trace {
        let mut trace = Trace::default();
        let end = |party: Party| Endpoint { party, address: "192.0.2.1:5060".parse().unwrap() };
        let (sut, core) = (Party::sut(), Party::new("the IMS core"));
        let change =
            LinkChange::Opened { transport: Transport::Tcp, protocol: Protocol::Sip, from: end(sut.clone()), to: end(core.clone()) };
        trace.append(Duration::ZERO, Event::Link { link: LinkId(1), change });
        for chunk in chunks {
            let bytes = Bytes::copy_from_slice(chunk);
            trace.append(Duration::ZERO, Event::Bytes { link: LinkId(1), from: sut.clone(), to: core.clone(), bytes });
        }
        trace
    }

    #[test]
    fn a_stream_in_single_octets_holds_the_same_messages_and_evidence_finds_each_octet() {
        let twice = [TEXT, TEXT].concat();
        let chunks: Vec<&[u8]> = twice.chunks(1).collect();
        let messages = Messages::of(&trace(&chunks));
        assert_eq!(messages.list().len(), 2);
        let second = &messages.list()[1];
        assert_eq!(second.message.raw, TEXT);
        let evidence = second.evidence(Span::new(8, 11));
        assert_eq!(evidence, [9, 10, 11].map(|n| Evidence::at(TEXT.len() + n, 0, 1)).to_vec());
    }

    #[test]
    fn two_messages_in_one_segment_are_two() {
        let twice = [TEXT, TEXT].concat();
        let messages = Messages::of(&trace(&[&twice]));
        assert_eq!(messages.list()[1].evidence(Span::new(0, 7)), vec![Evidence::at(1, TEXT.len(), TEXT.len() + 7)]);
    }

    #[test]
    fn following_a_growing_trace_gives_what_reading_it_at_once_gives() {
        let whole = trace(&[&TEXT[..20], &TEXT[20..], TEXT]);
        let mut followed = Messages::default();
        let mut part = Trace::default();
        for entry in whole.entries() {
            part.append(entry.at, entry.event.clone());
            followed.follow(&part);
        }
        let raws = |m: &Messages| m.list().iter().map(|s| (s.message.raw.clone(), s.pieces.clone())).collect::<Vec<_>>();
        assert_eq!(raws(&followed), raws(&Messages::of(&whole)));
    }
}

#[cfg(test)]
mod tests;
