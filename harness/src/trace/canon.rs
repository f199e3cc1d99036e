//! The canonical text of a scenario, for snapshots: what crossed the links of the SUT and what its user did and saw.
//!
//! Every message stands in full with its line ends visible. Values that change from run to run are renamed, equal values by
//! equal names in the order of their appearance, so that the text still shows what was copied and what was made anew.

use std::collections::HashMap;

use bytes::Bytes;

use super::{
    Event, LinkChange, LinkId, Protocol, Trace,
    carried::carried,
    streams,
    view::{MediaSeen, Messages},
};
use crate::{report::escape, wire::Span};

mod pattern;
mod volatile;

use pattern::{is_word, port, session, timestamp, token, uuid};
use sha2::{Digest as _, Sha256};
use volatile::Volatile;

/// Longest body of a session, a store or a content server that is shown in full; what is shown of the beginning of a longer one,
/// and of one that goes on, and of the end of both. Octets.
const BODY: (usize, usize, usize, usize) = (1500, 1000, 60, 60);

/// Messages of one transfer in a row that are shown; of more, the first and the last ones, as many as these.
const TRANSFER: (usize, usize, usize) = (12, 4, 2);

/// Shortest value that is recognised away from the field that it was learned from, in octets.
const DISTINCT: usize = 8;

/// The canonical text of `trace`. Traffic among fakes, steps and proofs of life as such are left out.
#[must_use]
pub fn text(trace: &Trace) -> String {
    let messages = Messages::of(trace);
    let (mut out, mut names) = (String::new(), Names::default());
    let mut links: HashMap<LinkId, String> = HashMap::new();
    let left_out = left_out(messages.media());
    let streams = streams::told(&carried(trace));
    let (mut complete, mut other) = (messages.list().iter().peekable(), messages.other().iter().peekable());
    let mut media = messages.media().iter().zip(left_out).peekable();
    for (number, entry) in trace.entries().iter().enumerate() {
        let user = match &entry.event {
            Event::Asked { act, .. } => Some(("is asked for", serde_json::to_string(act))),
            Event::Answered { answer, .. } => Some(("answers", serde_json::to_string(answer))),
            Event::Seen(sight) => Some(("shows", serde_json::to_string(sight))),
            _ => None,
        };
        if let Some((verb, json)) = user {
            let json = Bytes::from(json.unwrap_or_else(|error| error.to_string()));
            out.push_str(&format!("=== the product {verb} {}\n", names.rename(&json, &[]).trim_end()));
        }
        if let Event::Link { link, change } = &entry.event {
            out.push_str(&opened(*link, change, &mut links));
        }
        if let (Event::Bytes { from, to, .. }, Some(Some(label))) = (&entry.event, streams.get(&number))
            && (from.is_sut() || to.is_sut())
        {
            out.push_str(&format!("=== {from} -> {to}, {label}\n"));
        }
        while let Some(seen) = complete.next_if(|seen| seen.entry == number) {
            let again = if seen.repeats.is_some() { ", again" } else { "" };
            out.push_str(&format!("=== {} -> {}{again}\n", seen.from, seen.to));
            if again.is_empty() {
                out.push_str(&names.rename(&seen.message.raw, &volatile::of_sip(&seen.message)));
            }
        }
        while let Some((seen, left_out)) = media.next_if(|(seen, _)| seen.entry == number) {
            match left_out {
                Shown::Not => {}
                Shown::As(count) => out.push_str(&format!("=== {count} more messages of this transfer\n")),
                Shown::Whole => {
                    out.push_str(&format!("=== {} -> {}, {}\n", seen.from, seen.to, seen.protocol));
                    out.push_str(&names.shortened(seen));
                }
            }
        }
        while other.next_if(|entry| **entry == number).is_some() {
            if let Event::Bytes { link, from, to, bytes } = &entry.event {
                let what = if links.contains_key(link) { "no message" } else { "no SIP message" };
                out.push_str(&format!("=== {from} -> {to}, {what}\n{}", names.rename(bytes, &[])));
            }
        }
    }
    out
}

/// What became of a link that carries no SIP, as a line; each such link is known by its ends.
fn opened(link: LinkId, change: &LinkChange, links: &mut HashMap<LinkId, String>) -> String {
    if let LinkChange::Opened { transport, protocol, from, to } = change
        && !protocol.is_sip()
        && (from.party.is_sut() || to.party.is_sut())
    {
        if protocol.is_rtp() {
            return String::new();
        }
        links.insert(link, format!("{} -> {}", from.party, to.party));
        return format!("=== {} connects to {}, {protocol} over {transport}\n", from.party, to.party);
    }
    let Some(ends) = links.get(&link) else { return String::new() };
    match change {
        LinkChange::Closed(party) => format!("=== {party} closes the connection {ends}\n"),
        LinkChange::Reset(party) => format!("=== {party} refuses or resets the connection {ends}\n"),
        LinkChange::Unsecured(_) => format!("=== TLS does not come up on the connection {ends}\n"),
        _ => String::new(),
    }
}

/// How a message of a transfer is shown.
#[derive(Clone, Copy)]
enum Shown {
    Whole,
    /// As this number of messages that are not shown, itself the first of them.
    As(usize),
    Not,
}

/// What is shown of long transfers: their ends.
fn left_out(list: &[MediaSeen]) -> Vec<Shown> {
    let (most, first, last) = TRANSFER;
    let is_part = |seen: &MediaSeen| seen.protocol == Protocol::Msrp && (seen.msrp.flag == Some(b'+') || seen.status() == Some(200));
    let mut shown = Vec::new();
    for run in list.chunk_by(|a, b| a.link == b.link && is_part(a) && is_part(b)) {
        let middle = if run.len() > most { first..run.len() - last } else { 0..0 };
        shown.extend((0..run.len()).map(|place| match place {
            _ if !middle.contains(&place) => Shown::Whole,
            _ if place == middle.start => Shown::As(middle.len()),
            _ => Shown::Not,
        }));
    }
    shown
}

/// Names given so far.
#[derive(Default)]
struct Names {
    of: HashMap<Vec<u8>, String>,
    counts: HashMap<&'static str, usize>,
}

impl Names {
    /// The name of a value; of what kind it is, its first appearance says.
    fn name(&mut self, kind: &'static str, value: &[u8]) -> String {
        if let Some(name) = self.of.get(value) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("<{kind} {count}>");
        self.of.insert(value.to_vec(), name.clone());
        name
    }

    /// `octets` with names for the values at `known`, for values that have a name, and for what looks volatile.
    fn rename(&mut self, octets: &[u8], known: &[Volatile]) -> String {
        let (mut out, mut plain, mut at) = (Vec::new(), 0, 0);
        let mut known = known.iter().peekable();
        while at < octets.len() {
            // Ranges that a malformed message lets overlap are passed over.
            while known.next_if(|(span, _)| span.from < at).is_some() {}
            let found = match known.peek() {
                Some((span, kind)) if span.from == at => Some((span.len(), self.name(kind, span.of(octets)))),
                next => self.recognised(octets, at, next.map_or(octets.len(), |(span, _)| span.from)),
            };
            match found {
                Some((length, name)) => {
                    out.extend_from_slice(&octets[plain..at]);
                    out.extend_from_slice(name.as_bytes());
                    at += length;
                    plain = at;
                }
                None => at += 1,
            }
        }
        out.extend_from_slice(&octets[plain..]);
        lines(&out)
    }

    /// A message with the middle of a large body as its length and hash.
    fn shortened(&mut self, seen: &MediaSeen) -> String {
        let (known, (most, begin, on, end)) = (volatile::of_media(seen), BODY);
        let body = seen.unit().body().unwrap_or(Span::new(seen.raw.len(), seen.raw.len()));
        // The content of a later chunk is nothing but content.
        let goes_on = seen.value("Byte-Range").is_some_and(|range| !range.trim().starts_with("1-"));
        let begin = if goes_on { on } else { begin };
        if body.len() <= most.min(if goes_on { 4 * on } else { most }) {
            return self.rename(&seen.raw, &known);
        }
        let middle = Span::new(body.from + begin, body.to - end);
        let mut text = self.rename(seen.raw.get(..middle.from).unwrap_or_default(), &known);
        text.push_str(&format!("({} octets, SHA-256 {})\n", middle.len(), hex::encode(Sha256::digest(middle.of(&seen.raw)))));
        let moved = |(span, kind): &Volatile| (Span::new(span.from - middle.to, span.to - middle.to), *kind);
        let behind: Vec<Volatile> = known.iter().filter(|(span, _)| span.from >= middle.to).map(moved).collect();
        text + &self.rename(seen.raw.get(middle.to..).unwrap_or_default(), &behind)
    }

    /// Length and name of a value that begins at `at` and ends before `limit`.
    fn recognised(&mut self, octets: &[u8], at: usize, limit: usize) -> Option<(usize, String)> {
        let rest = octets.get(at..limit)?;
        let behind = |length: usize| octets.get(at + length).copied();
        let before = octets[..at].last().copied();
        if let Some(length) = port(before, &octets[..at], rest).filter(|n| !behind(*n).is_some_and(is_word)) {
            return Some((length, self.name("port", &rest[..length])));
        }
        if before == Some(b'/')
            && let Some(length) = session(&octets[..at], rest)
        {
            return Some((length, self.name("session", &rest[..length])));
        }
        if before.is_some_and(is_word) {
            return None;
        }
        let whole = |length: &usize| !behind(*length).is_some_and(is_word);
        let learned = |value: &&Vec<u8>| value.len() >= DISTINCT && rest.starts_with(value) && whole(&value.len());
        if let Some(value) = self.of.keys().filter(learned).max_by_key(|value| value.len()) {
            return Some((value.len(), self.of[value].clone()));
        }
        let kinds = [("id", uuid(rest)), ("time", timestamp(rest)), ("token", token(rest))];
        let (kind, length) = kinds.into_iter().find_map(|(kind, length)| Some((kind, length.filter(whole)?)))?;
        Some((length, self.name(kind, &rest[..length])))
    }
}

/// One line for each line of `octets`, its end visible; a last line without end gets none.
fn lines(octets: &[u8]) -> String {
    octets.split_inclusive(|b| *b == b'\n').map(|line| escape::octets(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{
        trace::{LinkId, Party},
        upper::{Act, Sight, Status},
    };

    fn bytes(from: &str, to: &str, bytes: &str) -> Event {
        Event::Bytes { link: LinkId(1), from: Party::new(from), to: Party::new(to), bytes: Bytes::copy_from_slice(bytes.as_bytes()) }
    }

    fn of(events: Vec<Event>) -> String {
        let mut trace = Trace::default();
        for event in events {
            trace.append(Duration::ZERO, event);
        }
        text(&trace)
    }

    /// What stands for one line of text without a field that is known.
    fn renamed(line: &str) -> String {
        Names::default().rename(line.as_bytes(), &[]).trim_end().to_owned()
    }

    #[test]
    fn what_looks_volatile_is_renamed() {
        for (line, expected) in [
            ("urn:uuid:f81d4fae-7dec-4a0d-a765-00a0c91e6bf6", "urn:uuid:<id 1>"),
            ("f81d4fae-7dec-4a0d-a765-00a0c91e6bf6x", "f81d4fae-7dec-4a0d-a765-00a0c91e6bf6x"),
            ("imdn.Message-ID: 0123456789abcdef", "imdn.Message-ID: <token 1>"),
            ("0123456789abcde", "0123456789abcde"),
            ("0123456789abcdef 0123456789abcdee 0123456789abcdef", "<token 1> <token 2> <token 1>"),
            ("DateTime: 2026-01-01T00:00:07Z", "DateTime: <time 1>"),
            ("2026-01-01T00:00:07.25+02:00 2026-01-01", "<time 1> 2026-01-01"),
            ("sip:alice@192.0.2.1:40001;x=1", "sip:alice@192.0.2.1:<port 1>;x=1"),
            ("[2001:db8::1]:40001 p.example.com:5061", "[2001:db8::1]:<port 1> p.example.com:<port 2>"),
            ("192.0.2.1:5060 sip:4711 12:3456", "192.0.2.1:5060 sip:4711 12:3456"),
            ("Content-Length: 1300", "Content-Length: 1300"),
        ] {
            assert_eq!(renamed(line), expected);
        }
    }

    #[test]
    fn values_of_known_fields_are_renamed_however_short_they_are() {
        let request = "MESSAGE sip:a SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP g;branch=2\r\nCall-ID: x\r\n\
                       From: <sip:a>;tag=3\r\nTo: <sip:b>\r\nProxy-Authorization: Digest nonce=\"n\", response=\"r\"\r\n\
                       Content-Type: multipart/mixed;boundary=\"a-boundary\"\r\n\r\n--a-boundary--x";
        let expected = "=== the SUT -> Bob\nMESSAGE sip:a SIP/2.0␍␊\nv: SIP/2.0/UDP h;branch=<branch 1>, SIP/2.0/UDP g;branch=<branch 2>␍␊\n\
                        Call-ID: <call-id 1>␍␊\nFrom: <sip:a>;tag=<tag 1>␍␊\nTo: <sip:b>␍␊\n\
                        Proxy-Authorization: Digest nonce=\"<nonce 1>\", response=\"<response 1>\"␍␊\n\
                        Content-Type: multipart/mixed;boundary=\"<boundary 1>\"␍␊\n␍␊\n--<boundary 1>--x\n";
        assert_eq!(of(vec![bytes("the SUT", "Bob", request)]), expected);
    }

    #[test]
    fn a_value_that_was_copied_has_the_same_name_everywhere() {
        let id = "f81d4fae-7dec-4a0d-a765-00a0c91e6bf6";
        let request = format!("MESSAGE sip:a SIP/2.0\r\nCall-ID: {id}\r\n\r\n");
        let response = format!("SIP/2.0 200 OK\nCall-ID: {id}\nContribution-ID: {id}\n\n");
        let sight = Event::Seen(Sight::MessageStatus { message: id.to_owned(), status: Status::Sent, recipient: None });
        let shown = of(vec![bytes("Bob", "the SUT", &request), bytes("the SUT", "Bob", &response), sight]);
        assert_eq!((shown.matches("<call-id 1>").count(), shown.contains(id)), (4, false), "{shown}");
        assert!(shown.contains("SIP/2.0 200 OK␊\n"), "{shown}");
    }

    #[test]
    fn traffic_among_fakes_and_repetitions_take_no_room() {
        let request = "MESSAGE sip:a SIP/2.0\r\n\r\n";
        let asked = Event::Asked { id: 1, act: Act::Register {} };
        let shown = of(vec![asked, bytes("Bob", "Carol", request), bytes("Bob", "the SUT", request), bytes("Bob", "the SUT", request)]);
        let expected = "=== the product is asked for {\"act\":\"register\"}\n=== Bob -> the SUT\nMESSAGE sip:a SIP/2.0␍␊\n␍␊\n\
                        === Bob -> the SUT, again\n";
        assert_eq!(shown, expected);
    }

    fn media(entries: &[(&str, &str, String)]) -> String {
        let end = |name: &str| crate::trace::Endpoint { party: Party::new(name), address: "192.0.2.1:2855".parse().unwrap() };
        let (transport, protocol) = (crate::trace::Transport::Tls, Protocol::Msrp);
        let change = LinkChange::Opened { transport, protocol, from: end("the SUT"), to: end("Bob") };
        let link = Event::Link { link: LinkId(1), change };
        of(std::iter::once(link).chain(entries.iter().map(|(from, to, text)| bytes(from, to, text))).collect())
    }

    fn chunk(id: &str, range: &str, body: &str, flag: char) -> String {
        format!(
            "MSRP {id} SEND\r\nTo-Path: msrps://192.0.2.1:12855/abc;tcp\r\nFrom-Path: msrps://192.0.2.9:12856/de;tcp\r\nMessage-ID: m1\r\n\
             Byte-Range: {range}\r\nContent-Type: text/plain\r\n\r\n{body}\r\n-------{id}{flag}\r\n"
        )
    }

    #[test]
    fn messages_of_a_session_are_shown_with_names() {
        let response = "MSRP t1 200 OK\r\nTo-Path: msrps://192.0.2.9:12856/de;tcp\r\n-------t1$\r\n".to_owned();
        let shown = media(&[("the SUT", "Bob", chunk("t1", "1-2/2", "hi", '$')), ("Bob", "the SUT", response)]);
        let expected = "=== the SUT connects to Bob, MSRP over tls\n=== the SUT -> Bob, MSRP\nMSRP <transaction 1> SEND␍␊\n\
                        To-Path: msrps://192.0.2.1:<port 1>/<session 1>;tcp␍␊\nFrom-Path: msrps://192.0.2.9:<port 2>/<session 2>;tcp␍␊\n\
                        Message-ID: <message-id 1>␍␊\nByte-Range: 1-2/2␍␊\nContent-Type: text/plain␍␊\n␍␊\nhi␍␊\n\
                        -------<transaction 1>$␍␊\n=== Bob -> the SUT, MSRP\nMSRP <transaction 1> 200 OK␍␊\n\
                        To-Path: msrps://192.0.2.9:<port 2>/<session 2>;tcp␍␊\n-------<transaction 1>$␍␊\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn large_bodies_and_long_transfers_are_told_by_their_ends() {
        let chunks: Vec<_> = (0..5000)
            .map(|n| ("the SUT", "Bob", chunk(&format!("t{n}"), &format!("{}-*/*", n * 2048 + 1), &"x".repeat(2048), '+')))
            .collect();
        let shown = media(&chunks);
        assert!(shown.contains("(988 octets, SHA-256 "), "{shown}");
        assert!(shown.contains("(1928 octets, SHA-256 "), "{shown}");
        assert!(shown.contains("=== 4994 more messages of this transfer\n") && shown.contains("-------<transaction 6>+"), "{shown}");
        assert!(shown.len() < 10_000);
    }

    #[test]
    fn session_descriptions_are_told_by_names() {
        let request = "INVITE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n\
                       m=message 12855 TCP/TLS/MSRP *\r\na=path:msrps://192.0.2.1:12855/x1;tcp\r\na=fingerprint:SHA-256 AB:CD\r\n";
        let shown = of(vec![bytes("the SUT", "Bob", request)]);
        assert!(shown.contains("o=- <session 1> <session 2> IN IP4"), "{shown}");
        assert!(shown.contains("m=message <port 1> TCP/TLS/MSRP"), "{shown}");
        assert!(shown.contains("a=path:msrps://192.0.2.1:<port 1>/<session 3>;tcp"), "{shown}");
        assert!(shown.contains("a=fingerprint:SHA-256 <fingerprint 1>"), "{shown}");
    }

    #[test]
    fn what_is_no_sip_message_is_shown_as_it_is() {
        assert_eq!(of(vec![bytes("the SUT", "Bob", "\r\n\r\n")]), "=== the SUT -> Bob, no SIP message\n␍␊\n␍␊\n");
    }
}
