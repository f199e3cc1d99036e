//! What links carried, message by message: for pictures and captures. No octet is left out, whatever it is; checks use
//! [`view`](super::view).

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;

use super::{
    Event, LinkChange, LinkId, Party, Protocol, Trace, Transport,
    view::cut::{Cut, Cutter},
};

/// A datagram, a message of a stream, or octets of a stream that are none.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    /// Entries that hold its octets, the first and the last.
    pub(super) entries: (usize, usize),
    /// When its last octet was there.
    pub(super) at: Duration,
    pub(super) link: LinkId,
    pub(super) transport: Transport,
    /// What it is; none: octets of a stream that are no message.
    pub(super) protocol: Option<Protocol>,
    pub(super) from: Party,
    pub(super) to: Party,
    pub(super) bytes: Bytes,
}

/// One direction of a stream.
struct Stream {
    cutter: Cutter,
    /// What is not given yet: offset, entry, when, octets.
    parts: VecDeque<(u64, usize, Duration, Bytes)>,
    length: u64,
}

/// All that links of `trace` carried, in the order in which it was complete; octets that never became a message stand where
/// they came.
pub(super) fn carried(trace: &Trace) -> Vec<Carried> {
    let mut found = Vec::new();
    let mut links: HashMap<LinkId, (Protocol, Transport)> = HashMap::new();
    let mut streams: BTreeMap<(LinkId, Party), (Stream, Carried)> = BTreeMap::new();
    for (number, entry) in trace.entries().iter().enumerate() {
        match &entry.event {
            Event::Link { link, change: LinkChange::Opened { transport, protocol, .. } } => {
                links.insert(*link, (*protocol, *transport));
            }
            Event::Link { link, change: LinkChange::Closed(_) | LinkChange::Reset(_) } => {
                for (_, (stream, like)) in streams.iter_mut().filter(|((of, _), _)| of == link) {
                    stream.end(like, &mut found);
                }
            }
            Event::Bytes { link, from, to, bytes } => {
                let (protocol, transport) = links.get(link).copied().unwrap_or_default();
                let like = Carried {
                    entries: (number, number),
                    at: entry.at,
                    link: *link,
                    transport,
                    protocol: Some(protocol),
                    from: from.clone(),
                    to: to.clone(),
                    bytes: bytes.clone(),
                };
                if transport.is_datagram() {
                    found.push(like);
                    continue;
                }
                let fresh = || (Stream { cutter: Cutter::new(protocol), parts: VecDeque::new(), length: 0 }, like.clone());
                let (stream, _) = streams.entry((*link, from.clone())).or_insert_with(fresh);
                stream.take(&like, &mut found);
            }
            _ => {}
        }
    }
    for (stream, like) in streams.values_mut() {
        stream.end(like, &mut found);
    }
    found.sort_by_key(|carried| carried.entries.1);
    found
}

impl Stream {
    fn take(&mut self, like: &Carried, found: &mut Vec<Carried>) {
        self.parts.push_back((self.length, like.entries.0, like.at, like.bytes.clone()));
        self.length += like.bytes.len() as u64;
        self.cutter.push(&like.bytes);
        while let Some(cut) = self.cutter.next() {
            self.give(cut, like, found);
        }
    }

    fn end(&mut self, like: &Carried, found: &mut Vec<Carried>) {
        if let Some(cut) = self.cutter.end() {
            self.give(cut, like, found);
        }
        self.rest(u64::MAX, like, found);
    }

    fn give(&mut self, cut: Cut, like: &Carried, found: &mut Vec<Carried>) {
        match cut {
            Cut::Message { from, bytes } => {
                self.rest(from, like, found);
                let end = from + bytes.len() as u64;
                let mut entries = (like.entries.0, like.entries.1);
                let mut at = like.at;
                if let Some(part) = self.parts.front() {
                    entries = (part.1, part.1);
                }
                while let Some((offset, entry, when, octets)) = self.parts.front_mut().filter(|part| part.0 < end) {
                    (entries.1, at) = (*entry, *when);
                    let left = usize::try_from(end - *offset).unwrap_or(usize::MAX);
                    if octets.len() > left {
                        drop(octets.split_to(left));
                        *offset = end;
                    } else {
                        self.parts.pop_front();
                    }
                }
                found.push(Carried { entries, at, bytes, ..like.clone() });
            }
            // How many octets follow a limit nobody knows yet.
            Cut::Other { len: 0, .. } => {}
            Cut::Other { from, len } => self.rest(from + len as u64, like, found),
        }
    }

    /// Gives the octets in front of `end` as what they are, entry by entry.
    fn rest(&mut self, end: u64, like: &Carried, found: &mut Vec<Carried>) {
        while let Some((offset, entry, at, mut octets)) = self.parts.pop_front() {
            if offset >= end {
                self.parts.push_front((offset, entry, at, octets));
                return;
            }
            let left = usize::try_from(end - offset).unwrap_or(usize::MAX);
            if octets.len() > left {
                let behind = octets.split_off(left);
                self.parts.push_front((end, entry, at, behind));
            }
            if !octets.is_empty() {
                found.push(Carried { entries: (entry, entry), at, protocol: None, bytes: octets, ..like.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::trace::Endpoint;

    fn trace(protocol: Protocol, chunks: &[&str]) -> Trace {
        let mut trace = Trace::default();
        let end = |party: Party| Endpoint { party, address: "192.0.2.1:2855".parse().unwrap() };
        let (sut, bob) = (Party::sut(), Party::new("Bob"));
        let change = LinkChange::Opened { transport: Transport::Tcp, protocol, from: end(sut.clone()), to: end(bob.clone()) };
        trace.append(Duration::ZERO, Event::Link { link: LinkId(1), change });
        for chunk in chunks {
            let bytes = Bytes::copy_from_slice(chunk.as_bytes());
            trace.append(Duration::ZERO, Event::Bytes { link: LinkId(1), from: sut.clone(), to: bob.clone(), bytes });
        }
        trace
    }

    fn told(trace: &Trace) -> Vec<(usize, usize, bool, String)> {
        let told = |c: Carried| (c.entries.0, c.entries.1, c.protocol.is_some(), String::from_utf8_lossy(&c.bytes).into_owned());
        carried(trace).into_iter().map(told).collect()
    }

    #[test]
    fn messages_are_put_together_and_what_is_none_stays_where_it_came() {
        let (one, two) = ("MSRP ab12 SEND\r\nTo-Path: a\r\n-------ab12$\r\n", "MSRP cd 200 OK\r\n-------cd$\r\n");
        let both = [one, two].concat();
        let found = told(&trace(Protocol::Msrp, &[&both[..20], &both[20..60], &both[60..], "\r\n", "MSRP ef", " SEN"]));
        let text = |text: &str| text.to_owned();
        assert_eq!(
            found,
            [
                (1, 2, true, text(one)),
                (2, 3, true, text(two)),
                (4, 4, false, text("\r\n")),
                (5, 5, false, text("MSRP ef")),
                (6, 6, false, text(" SEN")),
            ]
        );
    }

    #[test]
    fn nothing_is_lost_however_octets_came() {
        let stream = "\r\n\r\nOPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc\x01garbage\nMESSAGE";
        for protocol in [Protocol::Sip, Protocol::Msrp, Protocol::Imap, Protocol::Http] {
            for by in [1, 3, 20, 100] {
                let chunks: Vec<&str> = stream.as_bytes().chunks(by).map(|c| std::str::from_utf8(c).unwrap()).collect();
                let all: String = told(&trace(protocol, &chunks)).into_iter().map(|told| told.3).collect();
                assert_eq!(all.len(), stream.len(), "{protocol} by {by}: {all:?}");
            }
        }
    }

    #[test]
    fn a_response_without_a_length_ends_with_its_stream() {
        assert_eq!(
            told(&trace(Protocol::Http, &["HTTP/1.1 200 OK\r\n\r\n", "abc"])),
            [(1, 2, true, "HTTP/1.1 200 OK\r\n\r\nabc".to_owned())]
        );
    }
}
