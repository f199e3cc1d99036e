//! UPDATE (RFC 3311): only to who lists it, by who lists it, with a Contact; and what a 2xx to it carries.

use super::{broken, own, place, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::sip::Message,
};

/// 4, 5.1 and 5.2. A request of another method breaks no rule of this document.
pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    match (seen.message.method(), seen.message.cseq()) {
        (Some("UPDATE"), _) => request(view, seen),
        (None, Some((_, "UPDATE"))) => response(seen),
        _ => Vec::new(),
    }
}

fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = contact(seen, "a Contact in UPDATE (5.1)").into_iter().collect::<Vec<_>>();
    let said = |sut: bool| {
        let of_call = move |old: &&Seen| old.by_sut() == sut && old.message.call_id() == seen.message.call_id();
        let before = view.messages.list()[..own(view)].iter().rev();
        before.filter(of_call).find(|old| old.message.first("Allow").is_some())
    };
    match said(false) {
        Some(old) if !lists(&old.message) => {
            let finding =
                broken(seen, "UPD-1", Reason::Violated, "UPDATE only to who lists it in Allow (4)", "UPDATE", seen.message.start_span());
            findings.push(finding.on(old.evidence(place(old, "Allow"))));
        }
        Some(_) => {}
        None => {
            let expected = "UPDATE only to who lists it in Allow (4)";
            findings.push(broken(seen, "UPD-1", Reason::Violated, expected, "UPDATE, and no Allow came", seen.message.start_span()));
        }
    }
    // What this request says of itself counts as well.
    if !lists(&seen.message) && !said(true).is_some_and(|old| lists(&old.message)) {
        let expected = "UPDATE in the Allow of who sends it (4)";
        findings.push(unwise(seen, "UPD-2", Reason::Missing, expected, "it is not listed", place(seen, "Allow")));
    }
    findings
}

fn response(seen: &Seen) -> Vec<Finding> {
    let success = seen.message.status().is_some_and(|status| (200..300).contains(&status));
    contact(seen, "a Contact in a 2xx to UPDATE (5.2)").filter(|_| success).into_iter().collect()
}

fn contact(seen: &Seen, expected: &str) -> Option<Finding> {
    let finding = || broken(seen, "UPD-3", Reason::Missing, expected, "none", seen.message.start_span());
    seen.message.first("Contact").is_none().then(finding)
}

fn lists(message: &Message) -> bool {
    message.elements("Allow").iter().any(|span| span.of(&message.raw) == b"UPDATE")
}
