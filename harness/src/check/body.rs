//! Judgements about the body of "it": CPIM, multipart, resource lists.

use super::{View, at, on_it, on_item, reference::MessageRef, shortened};
use crate::{
    field::{self, Field, Subject},
    trace::view::{Item, Seen},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::{
        Span,
        cpim::Cpim,
        lists::List,
        mime::{ContentType, Multipart},
        params::Parametered,
        uri,
    },
};

use super::compare;

/// The body is a CPIM object by its Content-Type (CONV-7.2.1.1-16); beside a resource list, [`has_parts`] judges it (R-0-13).
#[must_use]
pub fn is_cpim(view: &View<'_>) -> Judgement {
    on_item(view, |seen| {
        let (raw, subject) = (seen.raw(), Subject::from(seen));
        let kind = subject.kind();
        let place = subject.content_type_span().unwrap_or(seen.start());
        if kind.as_deref() != Some("message/cpim") {
            let observed = kind.map_or_else(|| "no Content-Type".to_owned(), |k| format!("Content-Type {k}"));
            let finding = Finding::new(Reason::Violated, "Content-Type: message/cpim", shortened(&observed));
            return vec![finding.by("CMP-MIME").on(at(seen, place))];
        }
        let body = subject.body().unwrap_or(seen.start());
        if Cpim::parse(raw, body).headers.is_empty() {
            let expected = "a CPIM object that begins with header fields such as From (RFC 3862, 2.1)";
            return vec![Finding::new(Reason::Malformed, expected, "a body without them").by("CMP-CPIM").on(at(seen, body))];
        }
        Vec::new()
    })
}

/// The content, CPIM and transfer encoding undone, is exactly these octets (CMP-OCTETS).
#[must_use]
pub fn content_is(view: &View<'_>, wanted: &[u8]) -> Judgement {
    on_item(view, |seen| {
        let raw = seen.raw();
        let expected = format!("the content: {}", shortened(&String::from_utf8_lossy(wanted)));
        let Some(part) = field::cpim_part(seen) else {
            // A wrong label is another row's concern; the object is looked for where it has to be.
            return vec![Finding::new(Reason::Missing, expected, "no CPIM object").by("CMP-OCTETS").on(seen.line())];
        };
        let cpim = Cpim::parse(raw, part);
        let content = cpim.decoded(raw);
        if content == wanted {
            return Vec::new();
        }
        let observed = format!("{} octets: {}", content.len(), shortened(&String::from_utf8_lossy(&content)));
        vec![Finding::new(Reason::Violated, expected, observed).by("CMP-OCTETS").on(at(seen, cpim.content))]
    })
}

/// The body is bodiless, not merely empty of text.
#[must_use]
pub fn is_absent(view: &View<'_>) -> Judgement {
    on_item(view, |seen| {
        let body = Subject::from(seen).body();
        match (body, seen) {
            (None, _) => Vec::new(),
            (Some(body), Item::Sip(_)) if body.is_empty() => Vec::new(),
            // RFC 4975, 7.1: without a body there is neither Content-Type nor empty line; an empty body is one.
            (Some(body), _) => vec![Finding::new(Reason::Unexpected, "no body", format!("{} octets", body.len())).on(at(seen, body))],
        }
    })
}

/// The multipart body of "it", or else the one that its CPIM object wraps (R-7.2.1.4-1), has each of these media types as exactly
/// one part, in any order.
#[must_use]
pub fn has_parts(view: &View<'_>, wanted: &[String]) -> Judgement {
    on_item(view, |seen| {
        let raw = seen.raw();
        let (value, body) = wrapped(seen);
        let content_type = value.map(|value| ContentType::parse(raw, value));
        let kind = content_type.as_ref().map(|t| t.kind.text(raw).to_ascii_lowercase());
        let place = value.unwrap_or(seen.start());
        let boundary =
            content_type.as_ref().and_then(|t| t.boundary(raw)).filter(|_| kind.as_ref().is_some_and(|k| k.starts_with("multipart/")));
        let not_mixed = |expected: &str| {
            let observed = kind.as_deref().map_or_else(|| "no Content-Type".to_owned(), shortened);
            Finding::new(Reason::Violated, expected, observed).on(at(seen, place))
        };
        let Some(boundary) = boundary else { return vec![not_mixed("Content-Type: multipart/mixed with a boundary").by("CMP-MIME")] };
        let multipart = Multipart::parse(raw, body, &boundary);
        let other = (kind.as_deref() != Some("multipart/mixed")).then(|| not_mixed("Content-Type: multipart/mixed").by("R-0-13"));
        let malformed = multipart.malformations.iter().map(|m| {
            Finding::new(Reason::Malformed, "a multipart body of RFC 2046", m.message.clone()).by("CMP-MIME").on(at(seen, m.span))
        });
        let kinds: Vec<String> = (multipart.parts.iter())
            .map(|part| part.content_type(raw).map_or_else(|| "text/plain".to_owned(), |t| t.kind.text(raw).to_ascii_lowercase()))
            .collect();
        let miscounted = wanted.iter().filter_map(|kind| {
            let count = kinds.iter().filter(|k| **k == kind.to_ascii_lowercase()).count();
            let reason = if count == 0 { Reason::Missing } else { Reason::Unexpected };
            (count != 1).then(|| {
                let observed = format!("{count} of {} parts", kinds.len());
                Finding::new(reason, format!("one part of type {kind}"), observed).by("CMP-MIME").on(at(seen, body))
            })
        });
        other.into_iter().chain(malformed).chain(miscounted).collect()
    })
}

/// Content-Type and octets of the body; of a CPIM object those of what it wraps.
fn wrapped(seen: Item<'_>) -> (Option<Span>, Span) {
    let (raw, subject) = (seen.raw(), Subject::from(seen));
    let body = subject.body().unwrap_or(seen.start());
    if subject.kind().as_deref() != Some("message/cpim") {
        return (subject.content_type_span(), body);
    }
    let cpim = Cpim::parse(raw, body);
    (cpim.mime_value(raw, "Content-Type"), cpim.content)
}

/// The media type of the body, in lower case.
fn kind(seen: &Seen) -> String {
    let kind = seen.message.content_type().map(|t| t.kind.text(&seen.message.raw).to_ascii_lowercase());
    kind.map_or_else(|| "no Content-Type".to_owned(), |k| shortened(&k))
}

/// R-0-13: list and CPIM object travel in multipart/mixed, and in no other multipart.
fn not_mixed(seen: &Seen) -> Finding {
    let place = seen.message.first("Content-Type").map_or(seen.message.start_span(), |f| f.value);
    Finding::new(Reason::Violated, "Content-Type: multipart/mixed", kind(seen)).by("R-0-13").on(at(seen, place))
}

/// The resource list names exactly these addresses, as a set (CMP-LIST; RFC 5365, 6; R-0-14). What is wanted with URI headers is
/// compared as it stands.
#[must_use]
pub fn lists(view: &View<'_>, wanted: &[String]) -> Judgement {
    on_it(view, |seen| {
        let (list, mut findings) = match resource_list(seen) {
            Ok(found) => found,
            Err(finding) => return vec![finding],
        };
        for uri in wanted.iter().filter(|w| !list.entries.iter().any(|e| names(&e.uri, w))) {
            findings.push(Finding::new(Reason::Missing, format!("{uri} in the list"), "not there").by("CMP-LIST").on(whole(seen, &list)));
        }
        for entry in list.entries.iter().filter(|e| !wanted.iter().any(|w| names(&e.uri, w))) {
            findings
                .push(Finding::new(Reason::Unexpected, "no other entry", shortened(&entry.uri)).by("CMP-LIST").on(at(seen, entry.span)));
        }
        if is_deferred(seen) {
            return findings;
        }
        if list.entries.iter().any(|e| e.copy_control.is_none()) {
            findings.push(
                Finding::new(Reason::Missing, "copyControl for each entry (RFC 5364, 4)", "an entry without")
                    .by("LST-6")
                    .weighing(Severity::Info)
                    .on(whole(seen, &list)),
            );
        }
        findings.extend(option_tag(seen));
        findings
    })
}

/// The resource list names the address in a field of another message, or one of them.
#[must_use]
pub fn lists_field(view: &View<'_>, other: &Field, message: &MessageRef) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"));
    };
    let addresses: Vec<String> = other.read(source).iter().map(|found| compare::address(&found.text)).collect();
    if addresses.is_empty() {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no {other}"));
    }
    on_it(view, |seen| match resource_list(seen) {
        Err(finding) => vec![finding],
        Ok((list, _)) if list.entries.iter().any(|e| addresses.iter().any(|a| names(&e.uri, a))) => Vec::new(),
        Ok((list, _)) => {
            let have: Vec<_> = list.entries.iter().map(|e| e.uri.as_str()).collect();
            let expected = format!("the {other} of {message} in the list: {}", addresses.join(" or "));
            vec![
                Finding::new(Reason::Missing, expected, shortened(&have.join(", ")))
                    .by("CMP-LIST")
                    .on(whole(seen, &list))
                    .on(source.line()),
            ]
        }
    })
}

/// The one resource list of a message, with what is wrong with its form.
fn resource_list(seen: &Seen) -> Result<(List, Vec<Finding>), Finding> {
    let raw = &seen.message.raw;
    let missing = |observed: &str| {
        let disposed = if is_deferred(seen) { "" } else { " with Content-Disposition recipient-list" };
        Finding::new(Reason::Missing, format!("a part application/resource-lists+xml{disposed}"), observed)
            .by("CMP-LIST")
            .on(at(seen, seen.message.body))
            .on(seen.line())
    };
    let multipart = field::multipart(&seen.message).ok_or_else(|| missing("no multipart body"))?;
    let is_list = |p: &&crate::wire::mime::Part| p.content_type(raw).is_some_and(|t| t.is(raw, "application/resource-lists+xml"));
    let mut parts = multipart.parts.iter().filter(is_list);
    let (Some(part), None) = (parts.next(), parts.next()) else { return Err(missing("no such part, or several")) };
    let list = List::parse(raw, part.body);
    let mut findings: Vec<Finding> = list
        .malformations
        .iter()
        .map(|m| {
            let lenient = matches!(m.code.as_str(), "entry-ref" | "external" | "nested-list" | "duplicate");
            let severity = if lenient { Severity::Warn } else { Severity::Fail };
            Finding::new(Reason::Malformed, "a flat list of RFC 4826", format!("{}: {}", m.code, m.message))
                .by("CMP-LIST")
                .weighing(severity)
                .on(at(seen, m.span))
        })
        .collect();
    if kind(seen) != "multipart/mixed" {
        findings.push(not_mixed(seen));
    }
    let disposition = part.header(raw, "Content-Disposition").map(|span| Parametered::parse(raw, span).head.text(raw).to_ascii_lowercase());
    if disposition.as_deref() != Some("recipient-list") && !is_deferred(seen) {
        let observed = disposition.unwrap_or_else(|| "none".to_owned());
        findings.push(
            Finding::new(Reason::Violated, "Content-Disposition: recipient-list", shortened(&observed)).by("LST-2").on(at(seen, part.span)),
        );
    }
    Ok((list, findings))
}

/// Whether an entry is the wanted one: with URI headers in what is wanted as raw text (R-7.2.3.2.1-3), else without its own.
fn names(entry: &str, wanted: &str) -> bool {
    if wanted.contains('?') { entry == wanted } else { uri::same(entry.split('?').next().unwrap_or(entry), wanted) }
}

/// Whether the request handles deferred messages: its list names messages, not recipients (R-7.2.3.2.1-3).
fn is_deferred(seen: &Seen) -> bool {
    let message = &seen.message;
    let named =
        |name: &str| message.fields_named(name).any(|f| f.value.text(&message.raw).to_ascii_lowercase().contains("oma.cpm.deferred"));
    ["Accept-Contact", "Contact", "P-Preferred-Service"].into_iter().any(named)
}

/// Require for recipient lists: in MESSAGE its absence warns, in INVITE it fails (R-0-14, H-2).
fn option_tag(seen: &Seen) -> Option<Finding> {
    let (tag, severity) = if seen.message.method() == Some("INVITE") {
        ("recipient-list-invite", Severity::Fail)
    } else {
        ("recipient-list-message", Severity::Warn)
    };
    let raw = &seen.message.raw;
    let there = seen.message.elements("Require").iter().any(|s| s.text(raw).eq_ignore_ascii_case(tag));
    (!there).then(|| Finding::new(Reason::Missing, format!("Require: {tag}"), "not there").by("R-0-14").weighing(severity).on(seen.line()))
}

fn whole(seen: &Seen, list: &List) -> Vec<crate::verdict::Evidence> {
    let spans = list.entries.iter().map(|e| e.span);
    let span = spans.reduce(|a, b| Span::new(a.from.min(b.from), a.to.max(b.to))).unwrap_or(seen.message.body);
    at(seen, span)
}
