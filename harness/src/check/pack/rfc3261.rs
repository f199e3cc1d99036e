//! Rules that hold for any SIP message outside dialogs (RFC 3261, 7, 8.1.1 and 8.2.6).

use std::collections::BTreeSet;

use super::{broken, place};
use crate::{
    check::View,
    trace::{Transport, view::Seen},
    verdict::{Finding, Reason},
    wire::{Malformation, params::NameAddr, sip::Message, uri, values},
};

/// Codes of malformed values that break the grammar of the header fields which every message has.
const GRAMMAR: [&str; 8] = ["uri", "via", "number", "cseq", "token", "date", "brackets-needed", "empty-element"];

/// SIP-1 to SIP-9 for a request outside any dialog.
pub(super) fn request(seen: &Seen) -> Vec<Finding> {
    let mut findings = any_request(seen);
    if seen.message.tag("To").is_some() {
        findings.push(broken(seen, "SIP-3", Reason::Unexpected, "no tag in To outside a dialog", "a tag", place(seen, "To")));
    }
    findings
}

/// SIP-1 to SIP-9 for any request.
pub(super) fn any_request(seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let start = message.start_span();
    let mut findings = grammar(seen);
    for name in ["Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq"] {
        if message.first(name).is_none() {
            findings.push(broken(seen, "SIP-1", Reason::Missing, &format!("{name} in every request"), format!("no {name}"), start));
        }
    }
    if message.first("From").is_some() && message.tag("From").is_none() {
        findings.push(broken(seen, "SIP-3", Reason::Missing, "a tag in From", "none", place(seen, "From")));
    }
    if message.first("Via").is_some() && message.branch().is_none() {
        findings.push(broken(seen, "SIP-5", Reason::Missing, "a branch in the topmost Via", "none", place(seen, "Via")));
    }
    if let Some(branch) = message.branch()
        && !branch.starts_with("z9hG4bK")
    {
        findings.push(broken(seen, "SIP-5", Reason::Violated, "a Via branch that starts with z9hG4bK", branch, place(seen, "Via")));
    }
    if message.first("CSeq").is_some() && message.cseq().map(|(_, m)| m) != message.method() {
        findings.push(broken(seen, "SIP-6", Reason::Violated, "CSeq with the method of the request", "another", place(seen, "CSeq")));
    }
    let forwards = message.value("Max-Forwards").map(|v| v.trim().parse::<u32>().unwrap_or(u32::MAX));
    if forwards.is_some_and(|n| n > 255) {
        findings.push(broken(seen, "SIP-7", Reason::Malformed, "Max-Forwards from 0 to 255", "another value", place(seen, "Max-Forwards")));
    }
    for name in ["From", "To"] {
        let bare = message
            .elements(name)
            .first()
            .map(|span| NameAddr::parse(raw, *span))
            .is_some_and(|a| !a.bracketed && a.uri.of(raw).iter().any(|b| matches!(b, b',' | b'?' | b';')));
        if bare {
            findings.push(broken(
                seen,
                "SIP-8",
                Reason::Malformed,
                &format!("{name} with its URI in angle brackets"),
                "no brackets",
                place(seen, name),
            ));
        }
    }
    findings
}

/// What the grammar forbids, and Content-Type and Content-Length of the body (SIP-9, SIP-10).
pub(super) fn grammar(seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    // Values that rows of their own judge are theirs: feature tags, service identifiers.
    let elsewhere =
        |name: &str| ["Accept-Contact", "P-Preferred-Service", "P-Asserted-Service"].iter().any(|n| n.eq_ignore_ascii_case(name));
    let judged_here = |m: &Malformation| {
        let field = message.fields.iter().find(|f| f.line.from <= m.span.from && m.span.to <= f.line.to);
        GRAMMAR.contains(&m.code.as_str()) && !field.is_some_and(|f| elsewhere(message.name_of(f)))
    };
    let values: Vec<Malformation> = values::malformations(message).into_iter().filter(judged_here).collect();
    let mut findings: Vec<Finding> = message
        .malformations
        .iter()
        .chain(&values)
        .map(|m| broken(seen, "SIP-10", Reason::Malformed, "the grammar of RFC 3261, 25", format!("{}: {}", m.code, m.message), m.span))
        .collect();
    if !message.body.is_empty() && message.first("Content-Type").is_none() {
        findings.push(broken(seen, "SIP-9", Reason::Missing, "Content-Type with a body", "none", message.start_span()));
    }
    if seen.transport != Transport::Udp && message.first("Content-Length").is_none() {
        findings.push(broken(seen, "SIP-9", Reason::Missing, "Content-Length over a stream", "none", message.start_span()));
    }
    findings
}

/// RSP-1: what a response copies from its request, in order, and its To tag.
pub(super) fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = grammar(seen);
    let index = view.sip().unwrap_or_default();
    let Some(request) = view.messages.request_of(index).map(|i| &view.messages.list()[i]) else { return findings };
    let (message, asked) = (&seen.message, &request.message);
    let texts = |m: &Message, name: &str| m.elements(name).iter().map(|s| m.unfolded(*s).trim().to_owned()).collect::<Vec<_>>();
    for name in ["From", "Call-ID", "CSeq"] {
        let kept = match name {
            "From" => same_party(message, asked),
            "CSeq" => message.cseq() == asked.cseq(),
            _ => texts(message, name) == texts(asked, name),
        };
        if !kept {
            findings.push(
                broken(
                    seen,
                    "RSP-1",
                    Reason::Violated,
                    &format!("{name} as in the request"),
                    texts(message, name).join(", "),
                    place(seen, name),
                )
                .on(request.line()),
            );
        }
    }
    let (own, theirs) = (texts(message, "Via"), texts(asked, "Via"));
    let copied = own.len() == theirs.len() && own.iter().zip(&theirs).enumerate().all(|(n, (a, b))| kept_via(a, b, n == 0));
    if !copied {
        findings.push(
            broken(seen, "RSP-1", Reason::Violated, "all Via of the request, in order", own.join(", "), place(seen, "Via"))
                .on(request.line()),
        );
    }
    let to = |m: &Message| m.elements("To").first().map(|s| NameAddr::parse(&m.raw, *s).uri.text(&m.raw).into_owned());
    if !to(message).zip(to(asked)).is_some_and(|(own, theirs)| uri::same(&own, &theirs)) {
        findings.push(broken(seen, "RSP-1", Reason::Violated, "To as in the request", to(message).unwrap_or_default(), place(seen, "To")));
    }
    match (asked.tag("To"), message.tag("To")) {
        (_, None) => findings.push(broken(seen, "RSP-1", Reason::Missing, "a tag in To", "none", place(seen, "To"))),
        // Within a dialog the tag is that of the dialog (8.2.6.2).
        (Some(theirs), Some(own)) if own != theirs => {
            let expected = format!("the To tag of the request: {theirs}");
            findings.push(broken(seen, "RSP-2", Reason::Violated, &expected, own, place(seen, "To")).on(request.line()));
        }
        _ => {}
    }
    findings
}

/// Whether From names the same address with the same tag; how it is spelled may change on the way through a parser.
fn same_party(own: &Message, theirs: &Message) -> bool {
    let address = |m: &Message| m.elements("From").first().map(|s| NameAddr::parse(&m.raw, *s).uri.text(&m.raw).into_owned());
    address(own).zip(address(theirs)).is_some_and(|(a, b)| uri::same(&a, &b)) && own.tag("From") == theirs.tag("From")
}

/// Whether two Via values are one and the same, blanks and order of parameters aside.
pub(super) fn same_via(own: &str, theirs: &str) -> bool {
    kept_via(own, theirs, false)
}

/// The topmost Via may have `received` added and `rport` filled in (18.2.1; RFC 3581, 4); of all else only the order of the
/// parameters, blanks and the case of what has none may differ.
fn kept_via(own: &str, theirs: &str, topmost: bool) -> bool {
    let parts = |via: &str| {
        let mut parts = via.split(';').map(|p| {
            let (name, value) = p.split_once('=').map_or((p, None), |(name, value)| (name, Some(value.trim().to_owned())));
            (name.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase(), value)
        });
        // `SIP / 2.0 / UDP host : 5060` is legal: SLASH and COLON take blanks.
        let sent_by = parts.next().map(|(text, _)| text.replace(" /", "/").replace("/ ", "/").replace(" :", ":").replace(": ", ":"));
        let kept = |p: &(String, Option<String>)| !(topmost && matches!(p.0.as_str(), "received" | "rport"));
        (sent_by, parts.filter(kept).collect::<BTreeSet<_>>())
    };
    parts(own) == parts(theirs)
}
