//! SIP messages as read off the entries: a function of the trace, kept beside it so that each entry is read once.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bytes::Bytes;

use super::{Event, LinkChange, LinkId, Party, Trace, Transport};
use crate::{
    verdict::Evidence,
    wire::{
        Span,
        sip::Message,
        stream::{Framed, Framer, Limits},
    },
};

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
        self.pieces
            .iter()
            .filter_map(|piece| {
                let (from, to) = (span.from.max(piece.at), span.to.min(piece.at + piece.len));
                let place = |octet: usize| octet - piece.at + piece.from;
                (from < to || span.is_empty() && span.from >= piece.at && from <= piece.at + piece.len)
                    .then(|| Evidence::at(piece.entry, place(from), place(to.max(from))))
            })
            .collect()
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

#[derive(Debug)]
struct Stream {
    framer: Framer,
    /// Octets of earlier entries: stream offset, entry, length.
    entries: Vec<(u64, usize, usize)>,
    length: u64,
}

/// All SIP messages on the links of the SUT, in the order in which they were complete.
#[derive(Debug, Default)]
pub struct Messages {
    list: Vec<Seen>,
    read: usize,
    links: BTreeMap<LinkId, Transport>,
    streams: BTreeMap<(LinkId, Party), Stream>,
    /// Datagrams seen, for repetitions.
    datagrams: HashMap<(LinkId, bool, Bytes), usize>,
    /// Entries of datagrams or stream octets that are no SIP message, and keep-alives.
    other: Vec<usize>,
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
                Event::Link { link, change: LinkChange::Opened { transport, .. } } => {
                    self.links.insert(*link, *transport);
                }
                Event::Bytes { link, from, to, bytes } if from.is_sut() || to.is_sut() => {
                    let transport = self.links.get(link).copied().unwrap_or_default();
                    match transport {
                        Transport::Udp => self.datagram(number, entry.at, *link, from, to, bytes),
                        Transport::Tcp | Transport::Tls => self.octets(number, entry.at, *link, from, to, bytes),
                    }
                }
                _ => {}
            }
        }
        self.read = trace.len();
    }

    /// The messages.
    #[must_use]
    pub fn list(&self) -> &[Seen] {
        &self.list
    }

    /// Entries with octets that are no SIP message: keep-alives, garbage, what passed a limit.
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

    fn datagram(&mut self, number: usize, at: Duration, link: LinkId, from: &Party, to: &Party, bytes: &Bytes) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            self.other.push(number);
            return;
        }
        let known = *self.datagrams.entry((link, from.is_sut(), bytes.clone())).or_insert(self.list.len());
        let repeats = (known < self.list.len()).then_some(known);
        let pieces = vec![Piece { at: 0, entry: number, from: 0, len: bytes.len() }];
        let message = Message::parse(bytes.clone());
        self.list.push(Seen {
            message,
            at,
            entry: number,
            from: from.clone(),
            to: to.clone(),
            link,
            transport: Transport::Udp,
            repeats,
            pieces,
        });
    }

    fn octets(&mut self, number: usize, at: Duration, link: LinkId, from: &Party, to: &Party, bytes: &Bytes) {
        let fresh = || Stream { framer: Framer::new(Limits::default()), entries: Vec::new(), length: 0 };
        let stream = self.streams.entry((link, from.clone())).or_insert_with(fresh);
        stream.entries.push((stream.length, number, bytes.len()));
        stream.length += bytes.len() as u64;
        stream.framer.push(bytes);
        while let Some(framed) = stream.framer.next() {
            let Framed::Message { from: start, bytes } = framed else {
                self.other.push(number);
                continue;
            };
            let pieces = pieces(&stream.entries, start, bytes.len());
            let message = Message::parse(bytes);
            self.list.push(Seen {
                message,
                at,
                entry: number,
                from: from.clone(),
                to: to.clone(),
                link,
                transport: Transport::Tcp,
                repeats: None,
                pieces,
            });
        }
        // Entries that are used up are not looked at again.
        let open = stream.length - stream.framer.rest() as u64;
        stream.entries.retain(|(offset, _, len)| offset + *len as u64 > open);
    }
}

fn pieces(entries: &[(u64, usize, usize)], start: u64, len: usize) -> Vec<Piece> {
    let end = start + len as u64;
    let in_message = |offset: u64| usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
    entries
        .iter()
        .filter_map(|(offset, entry, length)| {
            let (from, to) = (start.max(*offset), end.min(offset + *length as u64));
            (from < to).then(|| Piece {
                at: in_message(from),
                entry: *entry,
                from: usize::try_from(from - offset).unwrap_or(usize::MAX),
                len: usize::try_from(to - from).unwrap_or(usize::MAX),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
