//! Event subscriptions (RFC 6665): the SUBSCRIBE (4.1.2) and the answer to a NOTIFY (4.1.3). Which event and for how long, rows of
//! their own judge.

use super::{broken, invite, own, rfc3261, unwise};
use crate::{
    check::{View, compare::number},
    trace::view::Seen,
    verdict::{Finding, Reason},
};

/// 4.1.2: a SUBSCRIBE outside any dialog, with Event, one Contact, and a duration; a fetch is not refreshed (4.4.3).
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = rfc3261::request(seen);
    findings.extend(invite::fresh(view, seen));
    findings.extend(invite::contact(seen).map(|f| f.by("EVT-1")));
    if message.first("Event").is_none() {
        findings.push(broken(seen, "EVT-1", Reason::Missing, "one Event", "none", message.start_span()));
    }
    if message.first("Expires").is_none() {
        findings.push(unwise(seen, "RFC 6665, 4.1.2.1", Reason::Missing, "Expires", "none", message.start_span()));
    }
    for name in ["P-Asserted-Identity", "P-Called-Party-ID"] {
        if let Some(asserted) = message.first(name) {
            let expected = format!("no {name} from a client: the network sets it");
            findings.push(broken(seen, "ID-5", Reason::Unexpected, &expected, name, asserted.line));
        }
    }
    findings.extend(refreshed(view, seen, own(view)));
    findings
}

/// 4.1.3: the response to a NOTIFY, also to one that comes before the response to the SUBSCRIBE; what has ended is not refreshed.
pub(super) fn answer(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let mut findings = rfc3261::response(view, seen);
    let Some(notify) = view.messages.request_of(own(view)) else { return findings };
    let (call, tag) = (list[notify].message.call_id(), list[notify].message.tag("To"));
    let subscribes = |i: &usize| list[*i].by_sut() && list[*i].message.method() == Some("SUBSCRIBE") && list[*i].message.call_id() == call;
    let matched = (0..notify).rev().filter(subscribes).find(|i| list[*i].message.tag("From") == tag);
    let Some(subscribe) = matched else { return findings };
    if seen.message.status().is_some_and(|s| s >= 300) {
        let observed = seen.message.start_span().text(&seen.message.raw);
        let expected = "200 to a NOTIFY of a subscription of the client";
        let finding = broken(seen, "EVT-6", Reason::Violated, expected, observed, seen.message.start_span());
        findings.push(finding.on(list[notify].line()));
    }
    findings.extend(refreshed(view, &list[subscribe], subscribe));
    findings
}

/// EVT-5: a request within the dialog of a fetch, that was for one NOTIFY.
fn refreshed(view: &View<'_>, seen: &Seen, index: usize) -> Option<Finding> {
    let expires = seen.message.value("Expires").and_then(|v| number(&v));
    let again = |s: &&Seen| {
        s.by_sut()
            && s.repeats.is_none()
            && s.message.method() == Some("SUBSCRIBE")
            && s.message.call_id() == seen.message.call_id()
            && s.message.tag("To").is_some()
    };
    let later = view.messages.list()[index..].iter().skip(1).find(again).filter(|_| expires == Some(0))?;
    let expected = "no refresh of a fetch";
    Some(broken(later, "EVT-5", Reason::Unexpected, expected, "a SUBSCRIBE in its dialog", later.message.start_span()).on(seen.line()))
}
