//! MESSAGE (RFC 3428): the request, and responses to it. That there is no Contact in the request, CONV-7.2.1.1-3 judges.

use super::{broken, place, rfc3261, transaction, unwise};
use crate::{
    check::{View, compare::address},
    field,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::uri,
};

/// Largest CPIM object of a pager mode message, and largest request that RFC 3428, 8 is content with, octets (R-7.2.1.1-2).
const MOST: usize = 1300;

pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    if seen.message.is_response() { response(view, seen) } else { request(view, seen) }
}

fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = rfc3261::request(seen);
    if message.body.is_empty() {
        findings.push(broken(seen, "MSG-2", Reason::Missing, "a body", "none", message.start_span()));
    }
    if let Some(part) = field::cpim_part(message).filter(|part| part.len() > MOST) {
        findings.push(broken(
            seen,
            "R-7.2.1.1-2",
            Reason::Violated,
            "a CPIM object of at most 1300 octets",
            format!("{} octets", part.len()),
            part,
        ));
    }
    if message.raw.len() > MOST {
        let observed = format!("{} octets", message.raw.len());
        findings.push(unwise(
            seen,
            "MSG-3",
            Reason::Violated,
            "a request of at most 1300 octets (RFC 3428, 8)",
            observed,
            message.start_span(),
        ));
    }
    for name in ["P-Asserted-Identity", "P-Called-Party-ID"] {
        if let Some(asserted) = message.first(name) {
            findings.push(broken(
                seen,
                "ID-5",
                Reason::Unexpected,
                &format!("no {name} from a client: the network sets it"),
                name,
                asserted.line,
            ));
        }
    }
    let lasts = message.value("Expires").and_then(|v| v.trim().parse::<u32>().ok()).unwrap_or(0);
    if lasts > 0 && message.first("Date").is_none() {
        findings.push(unwise(seen, "MSG-5", Reason::Missing, "Date beside Expires (RFC 3428, 4)", "none", place(seen, "Expires")));
    }
    findings.extend(one_at_a_time(view, seen));
    findings
}

/// MSG-6: no second MESSAGE to a target before the final response to the first.
fn one_at_a_time(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let own = view.sip()?;
    let target = |s: &Seen| s.message.request_uri().map(|u| address(&u.text(&s.message.raw)));
    let earlier = list[..own].iter().enumerate().rev().find(|(_, old)| {
        old.by_sut()
            && old.repeats.is_none()
            && old.message.method() == Some("MESSAGE")
            && target(old).zip(target(seen)).is_some_and(|(a, b)| uri::same(&a, &b))
    })?;
    let answered =
        (earlier.0 + 1..own).any(|i| list[i].message.status().is_some_and(|s| s >= 200) && view.messages.request_of(i) == Some(earlier.0));
    // RFC 3261, 17.1.2: a transaction that was given up after 64*T1 is over as well.
    let given_up = seen.at.saturating_sub(earlier.1.at) >= super::GIVEN_UP;
    (!answered && !given_up).then(|| {
        broken(
            seen,
            "MSG-6",
            Reason::Violated,
            "no second MESSAGE to a target while one is pending",
            "sent before the final response to the first",
            seen.message.start_span(),
        )
        .on(earlier.1.line())
    })
}

fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = rfc3261::response(view, seen);
    if let Some(contact) = message.first("Contact") {
        findings.push(broken(seen, "MSG-1", Reason::Unexpected, "no Contact in a response to MESSAGE", "Contact", contact.line));
    }
    if !message.body.is_empty() && message.status().is_some_and(|s| s < 300) {
        findings.push(broken(
            seen,
            "MSG-4",
            Reason::Unexpected,
            "no body in a 2xx response to MESSAGE (RFC 3428, 7)",
            format!("{} octets", message.body.len()),
            message.body,
        ));
    }
    if let Some(asserted) = message.first("P-Asserted-Identity") {
        findings.push(broken(
            seen,
            "ID-3",
            Reason::Unexpected,
            "no P-Asserted-Identity from a client",
            "P-Asserted-Identity",
            asserted.line,
        ));
    }
    findings.extend(transaction::answered_again(view, seen));
    findings
}
