//! The canonical text of a scenario, for snapshots: what crossed the links of the SUT and what its user did and saw.
//!
//! Every message stands in full with its line ends visible. Values that change from run to run are renamed, equal values by
//! equal names in the order of their appearance, so that the text still shows what was copied and what was made anew.

use std::collections::HashMap;

use bytes::Bytes;

use super::{Event, Trace, view::Messages};
use crate::{
    report::escape,
    wire::{
        Span,
        params::{self, NameAddr, Parametered},
        sip::Message,
    },
};

/// Shortest value that is recognised away from the field that it was learned from, in octets.
const DISTINCT: usize = 8;

/// The canonical text of `trace`. Traffic among fakes, steps and proofs of life as such are left out.
#[must_use]
pub fn text(trace: &Trace) -> String {
    let messages = Messages::of(trace);
    let (mut out, mut names) = (String::new(), Names::default());
    let (mut complete, mut other) = (messages.list().iter().peekable(), messages.other().iter().peekable());
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
        while let Some(seen) = complete.next_if(|seen| seen.entry == number) {
            let again = if seen.repeats.is_some() { ", again" } else { "" };
            out.push_str(&format!("=== {} -> {}{again}\n", seen.from, seen.to));
            if again.is_empty() {
                out.push_str(&names.rename(&seen.message.raw, &volatile(&seen.message)));
            }
        }
        while other.next_if(|entry| **entry == number).is_some() {
            if let Event::Bytes { from, to, bytes, .. } = &entry.event {
                out.push_str(&format!("=== {from} -> {to}, no SIP message\n{}", names.rename(bytes, &[])));
            }
        }
    }
    out
}

/// Octets that a name stands for.
type Volatile = (Span, &'static str);

/// Values of known fields that change from run to run, in the order of the message.
fn volatile(message: &Message) -> Vec<Volatile> {
    let raw = &message.raw;
    let mut found: Vec<Volatile> = message.elements("Call-ID").into_iter().map(|span| (span, "call-id")).collect();
    found.extend(message.elements("Date").into_iter().map(|span| (span, "time")));
    let mut param = |value: Option<Span>, kind| found.extend(value.map(|span| (unquoted(raw, span), kind)));
    for element in ["From", "To"].into_iter().flat_map(|name| message.elements(name)) {
        param(NameAddr::parse(raw, element).param(raw, "tag").and_then(|p| p.value), "tag");
    }
    for element in message.elements("Via") {
        param(Parametered::parse(raw, element).param(raw, "branch").and_then(|p| p.value), "branch");
    }
    for element in message.elements("Content-Type") {
        param(Parametered::parse(raw, element).param(raw, "boundary").and_then(|p| p.value), "boundary");
    }
    for field in ["WWW-Authenticate", "Proxy-Authenticate", "Authorization", "Proxy-Authorization", "Authentication-Info"] {
        for field in message.fields_named(field) {
            let digest = params::digest(raw, field.value);
            for kind in ["nonce", "cnonce", "opaque", "response"] {
                param(digest.param(raw, kind).and_then(|p| p.value), kind);
            }
        }
    }
    found.retain(|(span, _)| !span.is_empty());
    found.sort_by_key(|(span, _)| span.from);
    found
}

/// The range without the quotes around it.
fn unquoted(raw: &[u8], span: Span) -> Span {
    match span.of(raw) {
        [b'"', .., b'"'] => Span::new(span.from + 1, span.to - 1),
        _ => span,
    }
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

    /// Length and name of a value that begins at `at` and ends before `limit`.
    fn recognised(&mut self, octets: &[u8], at: usize, limit: usize) -> Option<(usize, String)> {
        let rest = octets.get(at..limit)?;
        let behind = |length: usize| octets.get(at + length).copied();
        let before = octets[..at].last().copied();
        if let Some(length) = port(before, &octets[..at], rest).filter(|n| !behind(*n).is_some_and(is_word)) {
            return Some((length, self.name("port", &rest[..length])));
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

fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
}

/// Whether `octets` begin like `pattern`: `x` is a hexadecimal digit, `0` a decimal one, all else itself.
fn like(octets: &[u8], pattern: &str) -> Option<usize> {
    let fits = |(octet, wanted): (&u8, u8)| match wanted {
        b'x' => octet.is_ascii_hexdigit(),
        b'0' => octet.is_ascii_digit(),
        _ => *octet == wanted,
    };
    (octets.len() >= pattern.len() && octets.iter().zip(pattern.bytes()).all(fits)).then_some(pattern.len())
}

/// RFC 4122, 3.
fn uuid(octets: &[u8]) -> Option<usize> {
    like(octets, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

/// RFC 3339, 5.6.
fn timestamp(octets: &[u8]) -> Option<usize> {
    let mut length = like(octets, "0000-00-00T00:00:00")?;
    if octets.get(length) == Some(&b'.') {
        length += 1 + octets[length + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    }
    let zone = octets.get(length..)?;
    Some(length + ["Z", "+00:00", "-00:00"].iter().find_map(|z| like(zone, z)).unwrap_or(0))
}

/// Sixteen hexadecimal digits or more, as identifiers and digests are written.
fn token(octets: &[u8]) -> Option<usize> {
    let digits = octets.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    (digits >= 16).then_some(digits)
}

/// A port of four or five digits other than 5060, behind the colon of a host.
fn port(before: Option<u8>, head: &[u8], octets: &[u8]) -> Option<usize> {
    let host = head.strip_suffix(b":")?;
    let dotted = || host.iter().rev().take_while(|b| is_word(**b) || matches!(b, b'.' | b'-')).any(|b| *b == b'.');
    let digits = octets.iter().take_while(|b| b.is_ascii_digit()).count();
    let is_port = before == Some(b':') && (4..=5).contains(&digits) && &octets[..digits] != b"5060";
    (is_port && (host.ends_with(b"]") || dotted())).then_some(digits)
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

    #[test]
    fn what_is_no_sip_message_is_shown_as_it_is() {
        assert_eq!(of(vec![bytes("the SUT", "Bob", "\r\n\r\n")]), "=== the SUT -> Bob, no SIP message\n␍␊\n␍␊\n");
    }
}
