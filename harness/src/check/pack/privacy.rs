//! Privacy (RFC 3323, 4.2; RFC 3325, 9.3; CMP-PRIV): its form, and header fields that still name a user who wants to stay
//! anonymous (R-0-7). That `id` is among the values, rows of their own judge.

use super::{broken, dialog::uris, place, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{is_token, params::split, uri},
};

const RULE: &str = "ID-1";

/// Privacy is there: tokens, each once, `none` alone; with `id` nothing else of a new request names the user.
pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let mut findings = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for field in message.fields_named("Privacy") {
        // RFC 3323 has semicolons; commas are often met.
        let pieces = split(raw, field.value, b';').into_iter().flat_map(|piece| split(raw, piece, b','));
        for piece in pieces {
            let value = piece.text(raw).to_ascii_lowercase();
            if !is_token(value.as_bytes()) {
                findings.push(broken(seen, RULE, Reason::Malformed, "tokens between semicolons", piece.text(raw), piece));
            } else if known.contains(&value) {
                findings.push(broken(seen, RULE, Reason::Unexpected, "each value once", &value, piece));
            }
            known.push(value);
        }
    }
    if known.is_empty() {
        findings.push(broken(seen, RULE, Reason::Missing, "Privacy with a value", "none", place(seen, "Privacy")));
    }
    if known.len() > 1 && known.iter().any(|value| value == "none") {
        findings.push(broken(seen, RULE, Reason::Violated, "none as the only value", known.join(";"), place(seen, "Privacy")));
    }
    // Inside a dialog From is what it was (RFC 3261, 12.2.1.1).
    if known.iter().any(|value| value == "id") && message.is_request() && message.tag("To").is_none() {
        findings.extend(named(view, seen));
    }
    findings
}

/// R-0-7: a leak warns.
fn named(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let addresses = view.addresses("Alice");
    let mut findings = Vec::new();
    for name in ["From", "Contact", "Reply-To"] {
        if let Some(own) = uris(&seen.message, name).into_iter().find(|u| addresses.iter().any(|a| uri::same(a, u))) {
            let expected = format!("{name} that does not name the user");
            findings.push(unwise(seen, "R-0-7", Reason::Unexpected, &expected, own, place(seen, name)));
        }
    }
    findings
}
