//! Where values stand that change from run to run, in fields that are known.

use crate::{
    trace::{Protocol, view::MediaSeen},
    wire::{
        Span,
        bodies::bodies,
        params::{self, NameAddr, Parametered},
        sdp::{Sdp, attributes},
        sip::Message,
    },
};

/// Octets that a name stands for.
pub(super) type Volatile = (Span, &'static str);

/// Values of known fields that change from run to run, in the order of the message.
pub(super) fn of_sip(message: &Message) -> Vec<Volatile> {
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
    for body in bodies(message).0.iter().filter(|body| body.kind == "application/sdp") {
        descriptions(raw, &Sdp::parse(raw, body.span), &mut found);
    }
    in_order(found)
}

/// Identifiers and versions of sessions, ports, fingerprints (RFC 4566, 5.2 and 5.14; RFC 4572, 5).
fn descriptions(raw: &[u8], sdp: &Sdp, found: &mut Vec<Volatile>) {
    for line in &sdp.lines {
        match line.kind {
            b'o' => found.extend([1, 2].iter().filter_map(|n| Some((word(raw, line.value, *n)?, "session")))),
            b'm' => found.extend(word(raw, line.value, 1).filter(|port| port.len() > 1).map(|port| (port, "port"))),
            _ => {}
        }
    }
    let prints = attributes(raw, &sdp.lines, "fingerprint");
    found.extend(prints.filter_map(|value| Some((word(raw, value, 1)?, "fingerprint"))));
}

/// The n-th word of a range, counted from 0.
fn word(raw: &[u8], within: Span, number: usize) -> Option<Span> {
    let mut at = within.from;
    let words = within.of(raw).split(|b| *b == b' ').map(|word| {
        let span = Span::new(at, at + word.len());
        at = span.to + 1;
        span
    });
    words.filter(|span| !span.is_empty()).nth(number)
}

/// The same of a message of a session: its transaction, at both ends, and its Message-ID.
pub(super) fn of_media(seen: &MediaSeen) -> Vec<Volatile> {
    let mut found: Vec<Volatile> = seen.unit().headers("Message-ID").into_iter().map(|span| (span, "message-id")).collect();
    let transaction = seen.msrp.transaction;
    if seen.protocol == Protocol::Msrp && !transaction.is_empty() {
        let end = seen.msrp.end_line.from + "-------".len();
        found.push((transaction, "transaction"));
        found.extend((!seen.msrp.end_line.is_empty()).then_some((Span::new(end, end + transaction.len()), "transaction")));
    }
    in_order(found)
}

fn in_order(mut found: Vec<Volatile>) -> Vec<Volatile> {
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
