//! CANCEL: as the SUT sends it (RFC 3261, 9.1), and how it answers one (9.2).

use super::{ack, broken, dialog::T1, dialog::same_party, dialog::value, own, place, rfc3261, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
};

/// 9.1: what it takes over from its INVITE, and when it may be sent: after a provisional response, before a final one.
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let (message, index) = (&seen.message, own(view));
    let mut findings = rfc3261::any_request(seen);
    let is_invite = |i: &usize| list[*i].by_sut() && list[*i].repeats.is_none() && list[*i].message.method() == Some("INVITE");
    let invites = || (0..index).rev().filter(is_invite);
    let by_branch = invites().find(|i| list[*i].message.branch() == message.branch());
    let by_call = || invites().find(|i| list[*i].message.call_id() == message.call_id());
    let Some(invite) = by_branch.or_else(by_call).or_else(|| invites().next()) else {
        findings.push(broken(seen, "INV-4", Reason::Unexpected, "an INVITE that it cancels", "none", message.start_span()));
        return findings;
    };
    let asked = &list[invite];
    findings.extend(ack::of_transaction(seen, asked, "INV-4"));
    if !same_party((message, "To"), (&asked.message, "To")) {
        let expected = format!("To of the INVITE: {}", value(&asked.message, "To"));
        let finding = broken(seen, "INV-4", Reason::Violated, &expected, value(message, "To"), place(seen, "To"));
        findings.push(finding.on(asked.line()));
    }
    findings.extend(ack::number(seen, asked));
    for name in ["Require", "Proxy-Require"] {
        if let Some(field) = message.first(name) {
            findings.push(broken(seen, "INV-4", Reason::Unexpected, &format!("no {name} in CANCEL"), name, field.line));
        }
    }
    let statuses = |i: &usize| list[*i].message.status().filter(|_| view.messages.request_of(*i) == Some(invite));
    let answers: Vec<(usize, u16)> = (invite + 1..index).filter_map(|i| Some((i, statuses(&i)?))).collect();
    if answers.is_empty() {
        let observed = "no response has come";
        let finding = broken(seen, "INV-4", Reason::Unexpected, "no CANCEL before a provisional response", observed, message.start_span());
        findings.push(finding.on(asked.line()));
    }
    // A final response that is on its way does not count.
    let known = answers.iter().find(|(i, status)| *status >= 200 && seen.at.saturating_sub(list[*i].at) >= T1);
    if let Some((last, status)) = known {
        let observed = format!("{status} had come");
        let finding = broken(seen, "INV-4", Reason::Unexpected, "no CANCEL after the final response", observed, message.start_span());
        findings.push(finding.on(list[*last].line()));
    }
    findings
}

/// 9.2: the response to a CANCEL, or to the INVITE that it cancels: both have the To tag of the responses before.
pub(super) fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let index = own(view);
    let mut findings = rfc3261::response(view, seen);
    let Some(asked) = view.messages.request_of(index) else { return findings };
    let cancels = list[asked].message.method() == Some("CANCEL");
    let cancelled = |i: &usize| list[*i].message.method() == Some("INVITE") && list[*i].message.branch() == list[asked].message.branch();
    let Some(invite) = (0..=asked).rev().find(cancelled) else { return findings };
    let own = seen.message.tag("To");
    let tagged = |s: &&Seen| s.by_sut() && s.message.tag("To").is_some();
    let of_invite = |i: &usize| *i != index && view.messages.request_of(*i) == Some(invite) && tagged(&&list[*i]);
    let Some(told) = (invite + 1..list.len()).find(of_invite).map(|i| &list[i]) else { return findings };
    let theirs = told.message.tag("To");
    if own.is_some() && own != theirs {
        let expected = format!("the To tag of the other responses: {}", theirs.unwrap_or_default());
        let (observed, span) = (own.unwrap_or_default().into_owned(), place(seen, "To"));
        // Between the two transactions it is a recommendation, within one a rule (8.2.6.2).
        findings.push(if cancels {
            unwise(seen, "RFC 3261, 9.2", Reason::Violated, &expected, observed, span).on(told.line())
        } else {
            broken(seen, "RSP-2", Reason::Violated, &expected, observed, span).on(told.line())
        });
    }
    findings
}
