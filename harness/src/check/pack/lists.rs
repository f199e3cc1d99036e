//! Lists in an INVITE: their form (RFC 4826), and those of recipients (RFC 5366). Which entries there are, rows of their own judge.

use super::{broken, place, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        bodies::{Body, bodies},
        lists::List,
        params::Parametered,
    },
};

/// RFC 4826, 3: one document, well-formed, in its name space; a flat list, in which nothing stands twice, is best.
pub(super) fn form(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let raw = &seen.message.raw;
    let found = documents(seen);
    let [document] = found.as_slice() else {
        let reason = if found.is_empty() { Reason::Missing } else { Reason::Unexpected };
        let expected = "one part application/resource-lists+xml";
        return vec![broken(seen, "LST-1", reason, expected, found.len().to_string(), place(seen, "Content-Type"))];
    };
    let list = List::parse(raw, document.span);
    let mut findings: Vec<Finding> = (list.malformations.iter())
        .map(|m| {
            let observed = format!("{}: {}", m.code, m.message);
            match m.code.as_str() {
                "entry-ref" | "external" | "nested-list" => unwise(seen, "LST-2", Reason::Malformed, "a flat list", observed, m.span),
                "duplicate" => unwise(seen, "LST-3", Reason::Unexpected, "each address once", observed, m.span),
                _ => broken(seen, "LST-1", Reason::Malformed, "a document of RFC 4826, 3", observed, m.span),
            }
        })
        .collect();
    if list.entries.is_empty() && findings.is_empty() {
        findings.push(broken(seen, "LST-1", Reason::Missing, "an entry in the list", "none", document.span));
    }
    findings
}

/// RFC 5366, 3 and 4: the list of recipients of an INVITE: its form, its disposition, and the option tag (H-2).
pub(super) fn recipients(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let mut findings = form(view, seen);
    if let [document] = documents(seen).as_slice() {
        let disposition = document.header(raw, "Content-Disposition");
        let word = disposition.map(|span| Parametered::parse(raw, span).head.text(raw).to_ascii_lowercase());
        if word.as_deref() != Some("recipient-list") {
            let observed = word.unwrap_or_else(|| "none".to_owned());
            let span = disposition.unwrap_or(document.span);
            findings.push(broken(seen, "LST-2", Reason::Violated, "Content-Disposition: recipient-list", observed, span));
        }
    }
    if !message.elements("Require").iter().any(|s| s.text(raw).eq_ignore_ascii_case("recipient-list-invite")) {
        let expected = "Require: recipient-list-invite";
        findings.push(broken(seen, "LST-4", Reason::Missing, expected, "not there", place(seen, "Require")));
    }
    if message.tag("To").is_some() {
        let expected = "no list of recipients within a dialog (RFC 5366, 3.2)";
        findings.push(unwise(seen, "LST-4", Reason::Unexpected, expected, "a list", place(seen, "To")));
    }
    findings
}

fn documents(seen: &Seen) -> Vec<Body> {
    let (found, _) = bodies(&seen.message);
    found.into_iter().filter(|b| b.kind == "application/resource-lists+xml" && !b.is_encoded(&seen.message.raw)).collect()
}
