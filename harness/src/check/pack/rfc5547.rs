//! Files in a session description (RFC 5547, 6 and 8): the selector, its copy in the answer, the identifier of the transfer.
//! That there is a size and that it is right, rows of their own judge.

use super::{broken, own, sdp::Described, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{Span, sdp::attributes, uri::percent_decode},
};

pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(described) = Described::of(&seen.message) else { return Vec::new() };
    let request = view.messages.request_of(own(view)).map(|i| &view.messages.list()[i]);
    let offer = request.and_then(|r| Described::of(&r.message));
    let mut findings = Vec::new();
    for (number, stream) in described.media().iter().enumerate().filter(|(_, m)| m.is_msrp() && !m.refused()) {
        let of = |name: &str| attributes(described.raw, stream.lines, name).next();
        let offered = |name: &str| {
            let offer = offer.as_ref()?;
            attributes(offer.raw, offer.media().get(number)?.lines, name).next().map(|s| offer.text(s))
        };
        let (selector, identifier) = (of("file-selector"), of("file-transfer-id"));
        if let Some(span) = selector {
            findings.extend(selectors(seen, &described.text(span), span));
        }
        match identifier {
            Some(span) if !is_token(&described.text(span)) => {
                findings.push(broken(seen, "RFC 5547, 6", Reason::Malformed, "file-transfer-id: a token", described.text(span), span));
            }
            // In large message mode nothing asks for it but RFC 5547 (R-7.2.1.2-5).
            None if offer.is_none() && selector.is_some() => {
                let expected = "file-transfer-id beside file-selector (8.2.1)";
                findings.push(unwise(seen, "FT-2", Reason::Missing, expected, "none", stream.line.line));
            }
            _ => {}
        }
        findings.extend(copied(seen, selector.map(|s| described.text(s)), offered("file-selector"), selector.unwrap_or(stream.line.line)));
        if let Some(wanted) = offered("file-transfer-id") {
            let expected = format!("file-transfer-id of the offer: {wanted}");
            let place = identifier.unwrap_or(stream.line.line);
            match identifier.map(|s| described.text(s)) {
                Some(text) if text == wanted => {}
                Some(text) => findings.push(broken(seen, "FT-3", Reason::Violated, &expected, text, place)),
                None => findings.push(unwise(seen, "FT-3", Reason::Missing, &expected, "none", place)),
            }
        }
    }
    findings
}

/// 6: selectors with one blank between them, at least one, none twice but hash.
fn selectors(seen: &Seen, text: &str, span: Span) -> Vec<Finding> {
    let pieces = split(text);
    let mut findings = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for piece in &pieces {
        let (name, value) = piece.split_once(':').unwrap_or((piece, ""));
        let (right, expected) = match name {
            "name" => (is_quoted(value), "name in quotes, what may not stand there percent-encoded"),
            "size" => (is_integer(value), "size: octets, decimal"),
            "type" => (is_type(value), "type: a media type, parameters in quotes"),
            "hash" => (is_hash(value), "hash:sha-1: and 20 octets as pairs of hexadecimal digits"),
            _ => (false, "selectors name, size, type and hash, one blank between them"),
        };
        if !right {
            findings.push(broken(seen, "RFC 5547, 6", Reason::Malformed, expected, piece.as_str(), span));
        } else if name == "hash" && value.bytes().skip("sha-1".len()).any(|b| b.is_ascii_lowercase()) {
            findings.push(unwise(seen, "FT-4", Reason::Malformed, "hash in capitals", piece.as_str(), span));
        }
        if known.contains(&name) && name != "hash" {
            findings.push(broken(seen, "RFC 5547, 6", Reason::Unexpected, &format!("{name} once"), text, span));
        }
        known.push(name);
    }
    findings
}

/// 8.3.1: the answer has name, type and size of the offer, with their values; one that is left out warns (CONV-7.2.2.2-2c).
fn copied(seen: &Seen, own: Option<String>, offered: Option<String>, span: Span) -> Vec<Finding> {
    let Some(offered) = offered else { return Vec::new() };
    let own = own.unwrap_or_default();
    let mine = split(&own);
    let mut findings = Vec::new();
    for wanted in split(&offered) {
        let name = wanted.split(':').next().unwrap_or_default();
        if !matches!(name, "name" | "type" | "size") || mine.contains(&wanted) {
            continue;
        }
        let expected = format!("the selector of the offer: {wanted}");
        match mine.iter().find(|m| m.split(':').next() == Some(name)) {
            Some(other) => findings.push(broken(seen, "FT-3", Reason::Violated, &expected, other.as_str(), span)),
            None => findings.push(unwise(seen, "FT-3", Reason::Missing, &expected, "none", span)),
        }
    }
    findings
}

/// The pieces between single blanks outside quotes.
fn split(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        match pieces.last_mut() {
            Some(last) if c != ' ' || quoted => last.push(c),
            _ => pieces.push(String::new()),
        }
    }
    pieces
}

fn is_integer(text: &str) -> bool {
    text.starts_with(|c: char| ('1'..='9').contains(&c)) && text.bytes().all(|b| b.is_ascii_digit()) || text == "0"
}

fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner.is_some_and(|t| !t.is_empty() && !t.contains(['"', '\r', '\n', '\0']) && percent_decode(t).1)
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&b))
}

fn is_type(text: &str) -> bool {
    let mut pieces = text.split(';');
    let named = pieces.next().and_then(|t| t.split_once('/')).is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
    named && pieces.all(|p| p.split_once('=').is_some_and(|(name, value)| is_token(name) && is_quoted(value)))
}

fn is_hash(text: &str) -> bool {
    let Some((algorithm, value)) = text.split_once(':') else { return false };
    let pairs: Vec<&str> = value.split(':').collect();
    let hex = pairs.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()));
    is_token(algorithm) && hex && (algorithm != "sha-1" || pairs.len() == 20)
}
