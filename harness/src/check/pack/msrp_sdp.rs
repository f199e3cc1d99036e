//! MSRP in a session description: m=, c= and path (RFC 4975, 8.1 and 8.2), media types (8.6), who connects (RFC 6135).

use std::net::IpAddr;

use super::{
    broken, own,
    sdp::{Described, Media, is_standalone},
    unwise,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason, Severity},
    wire::{
        Span,
        sdp::attributes,
        uri::{self, Uri},
    },
};

const RULE: &str = "MSRP-16";

/// RFC 4975, 8: all of it.
pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    [lines, path, types].into_iter().flat_map(|part| part(view, seen)).collect()
}

/// 8.1: m= names MSRP, and with c= repeats address and port of the last URI of the path.
pub(super) fn lines(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(own) = Described::of(&seen.message) else { return Vec::new() };
    let mut findings = Vec::new();
    let media = own.media();
    let streams: Vec<&Media<'_>> = media.iter().filter(|m| m.is_msrp()).collect();
    if streams.is_empty() {
        let expected = "m=message with TCP/MSRP or TCP/TLS/MSRP";
        findings.push(broken(seen, RULE, Reason::Missing, expected, "none", media.first().map_or(own.span, |m| m.line.line)));
    }
    if let Some(second) = streams.get(1).filter(|_| seen.message.is_request() && is_standalone(&seen.message)) {
        let expected = "one MSRP stream for one message";
        findings.push(broken(seen, "CONV-7.2.1.2-17", Reason::Unexpected, expected, own.text(second.line.value), second.line.line));
    }
    for stream in streams {
        let line = own.text(stream.line.value);
        let secure = stream.word(2) == "TCP/TLS/MSRP";
        let right =
            stream.word(0) == "message" && (secure || stream.word(2) == "TCP/MSRP") && stream.words.get(3..).is_some_and(|f| f == ["*"]);
        if !right {
            let expected = "m=message <port> TCP/MSRP *, or TCP/TLS/MSRP";
            findings.push(broken(seen, RULE, Reason::Violated, expected, line, stream.line.line));
            continue;
        }
        let path = attributes(own.raw, stream.lines, "path").next();
        let Some((place, last)) = path.and_then(|p| Some((p, own.text(p).split(' ').next_back()?.to_owned()))) else { continue };
        let uri = Uri::parse(&last);
        if stream.refused() || !matches!(uri.scheme.as_str(), "msrp" | "msrps") {
            continue;
        }
        if secure != (uri.scheme == "msrps") {
            let expected = "msrps over TCP/TLS/MSRP, msrp over TCP/MSRP";
            findings.push(broken(seen, RULE, Reason::Violated, expected, format!("{last} over {}", stream.word(2)), place));
        }
        if let Some(port) = uri.port.filter(|p| Some(*p) != stream.port()) {
            let expected = format!("the port of the last URI of the path: {port}");
            findings.push(broken(seen, RULE, Reason::Violated, &expected, line, stream.line.line));
        }
        let connection = stream.lines.iter().chain(own.sdp.session()).find(|l| l.kind == b'c');
        if let Some(connection) = connection {
            let text = own.text(connection.value);
            let address = text.split(' ').next_back().unwrap_or_default();
            if !same_host(address, &uri.host) {
                let expected = format!("c= with the address of the last URI of the path: {}", uri.host);
                findings.push(broken(seen, RULE, Reason::Violated, &expected, &text, connection.line));
            }
        }
    }
    findings
}

/// 8.2: one path, MSRP URIs with port and transport, the last with a session-id that no other session has.
pub(super) fn path(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(described) = Described::of(&seen.message) else { return Vec::new() };
    let mut findings = Vec::new();
    for stream in described.media().iter().filter(|m| m.is_msrp() && !m.refused()) {
        let paths: Vec<Span> = attributes(described.raw, stream.lines, "path").collect();
        let [path] = paths.as_slice() else {
            let observed = paths.len().to_string();
            let reason = if paths.is_empty() { Reason::Missing } else { Reason::Unexpected };
            findings.push(broken(seen, RULE, reason, "one path attribute in the section of an MSRP stream", observed, stream.line.line));
            continue;
        };
        let text = described.text(*path);
        let uris: Vec<&str> = text.split(' ').collect();
        let expected = "MSRP URIs with explicit port and a transport, one blank between them";
        if let Some(wrong) = uris.iter().find(|u| !is_msrp_uri(u)) {
            findings.push(broken(seen, RULE, Reason::Malformed, expected, *wrong, *path));
            continue;
        }
        let last = uris.last().copied().unwrap_or_default();
        if Uri::parse(last).session.is_empty() {
            findings.push(broken(seen, RULE, Reason::Malformed, "a session-id in the URI of the client", last, *path));
        } else if let Some(other) = used(view, seen, last) {
            let expected = "a URI that no other session has";
            findings.push(broken(seen, RULE, Reason::Violated, expected, last, *path).on(other.line()));
        }
    }
    findings
}

/// The message of another session, or of the other side, whose description has this URI.
fn used<'a>(view: &View<'a>, seen: &Seen, wanted: &str) -> Option<&'a Seen> {
    let other = |s: &&Seen| s.repeats.is_none() && (s.by_sut() != seen.by_sut() || s.message.call_id() != seen.message.call_id());
    view.messages.list()[..own(view)].iter().filter(other).find(|s| {
        Described::of(&s.message).is_some_and(|d| {
            let paths = |m: &Media<'_>| attributes(d.raw, m.lines, "path").map(|p| d.text(p)).collect::<Vec<_>>();
            d.media().iter().flat_map(paths).any(|p| p.split(' ').any(|u| uri::same(u, wanted)))
        })
    })
}

fn is_msrp_uri(text: &str) -> bool {
    let uri = Uri::parse(text);
    let transport = uri.params.first().is_some_and(|(name, value)| value.is_none() && name.eq_ignore_ascii_case("tcp"));
    matches!(uri.scheme.as_str(), "msrp" | "msrps") && uri.problem.is_none() && uri.port.is_some() && transport
}

/// Whether two hosts are one, by address or by name.
fn same_host(a: &str, b: &str) -> bool {
    let bare = |h: &str| h.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let (a, b) = (bare(a), bare(b));
    a == b || a.parse::<IpAddr>().ok().zip(b.parse::<IpAddr>().ok()).is_some_and(|(a, b)| a == b)
}

/// 8.6: accept-types once, accept-wrapped-types at most once, lists of media types.
pub(super) fn types(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(own) = Described::of(&seen.message) else { return Vec::new() };
    let mut findings = Vec::new();
    for stream in own.media().iter().filter(|m| m.is_msrp() && !m.refused()) {
        let mut known: Vec<String> = Vec::new();
        for name in ["accept-types", "accept-wrapped-types"] {
            let lists: Vec<Span> = attributes(own.raw, stream.lines, name).collect();
            if name == "accept-types" && lists.is_empty() {
                findings.push(broken(seen, RULE, Reason::Missing, "accept-types in an MSRP stream", "none", stream.line.line));
            }
            if let Some(second) = lists.get(1) {
                findings.push(broken(seen, RULE, Reason::Unexpected, &format!("{name} once"), own.text(*second), *second));
            }
            let Some(list) = lists.first() else { continue };
            let text = own.text(*list);
            if text.split(' ').any(|entry| !is_format(entry)) {
                let expected = format!("{name}: media types, type/* or *, one blank between them");
                findings.push(broken(seen, RULE, Reason::Malformed, &expected, text, *list));
                continue;
            }
            let entries: Vec<String> = text.split(' ').map(|e| e.split(';').next().unwrap_or_default().to_ascii_lowercase()).collect();
            if let Some(twice) = entries.iter().find(|e| known.contains(e)) {
                let expected = "no type of accept-types again in accept-wrapped-types";
                findings.push(unwise(seen, RULE, Reason::Unexpected, expected, twice, *list));
            }
            known = entries;
        }
    }
    findings
}

/// `format-entry` of RFC 4975, 8.6; parameters are not looked into.
fn is_format(entry: &str) -> bool {
    let token = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&b));
    let mut pieces = entry.split(';');
    let head = pieces.next().unwrap_or_default();
    let named = head.split_once('/').is_some_and(|(kind, sub)| token(kind) && kind != "*" && token(sub));
    let right = |p: &str| p.split_once('=').is_some_and(|(name, value)| token(name) && !value.is_empty());
    (named && pieces.all(right)) || entry == "*"
}

/// RFC 6135: setup and no connection.
pub(super) fn connects(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    [setup, connection].into_iter().flat_map(|part| part(view, seen)).collect()
}

/// RFC 6135, 4.2: setup stands there, is never holdconn, never passive in an offer; in an answer it fits the offer (RFC 4145, 4.1).
pub(super) fn setup(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(described) = Described::of(&seen.message) else { return Vec::new() };
    let request = view.messages.request_of(own(view)).map(|i| &view.messages.list()[i]);
    let offer = request.and_then(|r| Described::of(&r.message));
    // RFC 6135 binds where the source names it; of a session RFC 4975 has a default (H-7).
    let asked = request.map_or(&seen.message, |r| &r.message);
    let (standalone, begins) = (is_standalone(asked), asked.tag("To").is_none());
    let mut findings = Vec::new();
    for (number, stream) in described.media().iter().enumerate().filter(|(_, m)| m.is_msrp() && !m.refused()) {
        let setups = described.values(stream.lines, "setup");
        let Some(place) = setups.first().copied() else {
            let (rule, severity) = if standalone { ("RFC 6135, 4.2.1", Severity::Fail) } else { ("H-7", Severity::Warn) };
            let finding = broken(seen, rule, Reason::Missing, "setup in each offer and answer", "none", stream.line.line);
            findings.push(finding.weighing(severity));
            continue;
        };
        let value = described.text(place);
        let offered = offer.as_ref().and_then(|o| {
            let media = o.media();
            let setup = o.values(media.get(number)?.lines, "setup").first().map(|s| o.text(*s))?;
            Some(setup).filter(|s| s != "holdconn")
        });
        let (rule, expected) = match (value.as_str(), offered.as_deref()) {
            ("holdconn", _) => ("RFC 6135, 4.2.1", "no setup:holdconn"),
            ("active" | "passive" | "actpass", None) if offer.is_none() => match value.as_str() {
                "passive" => ("RFC 6135, 4.2.2", "no setup:passive in an offer"),
                _ => ("", ""),
            },
            ("actpass", _) if offer.is_some() => ("RFC 4145, 4.1", "setup:active or passive in an answer"),
            ("active", Some("active")) => ("RFC 4145, 4.1", "setup:passive to an offer of active"),
            ("passive", Some("passive")) => ("RFC 4145, 4.1", "setup:active to an offer of passive"),
            ("active" | "passive", _) => ("", ""),
            _ => ("RFC 4145, 4", "setup:active, passive or actpass"),
        };
        if !rule.is_empty() {
            findings.push(broken(seen, rule, Reason::Violated, expected, &value, place));
        }
        let path = attributes(described.raw, stream.lines, "path").next();
        let first = path.map(|p| described.text(p)).unwrap_or_default();
        let discard = first.split(' ').next().is_some_and(|u| Uri::parse(u).port == Some(9));
        // In a session that goes on the path may be the one that was agreed.
        if begins && value == "active" && stream.port() != Some(9) {
            let observed = described.text(stream.line.value);
            findings.push(unwise(seen, "RFC 6135, 4.2.2", Reason::Violated, "port 9 beside setup:active", observed, stream.line.line));
        }
        if matches!(value.as_str(), "passive" | "actpass") && discard {
            let expected = "a port that can be connected to, beside setup:passive or actpass";
            findings.push(broken(seen, "RFC 6135, 4.2.2", Reason::Violated, expected, first, path.unwrap_or(place)));
        }
    }
    findings
}

/// RFC 6135, 4.4: no connection attribute.
pub(super) fn connection(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(own) = Described::of(&seen.message) else { return Vec::new() };
    let found = attributes(own.raw, &own.sdp.lines, "connection");
    found.map(|span| broken(seen, "RFC 6135, 4.4", Reason::Unexpected, "no connection attribute", own.text(span), span)).collect()
}
