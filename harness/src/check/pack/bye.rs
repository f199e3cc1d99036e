//! BYE: as the SUT sends it (RFC 3261, 15.1.1), and how it answers one (15.1.2).

use super::{
    broken,
    dialog::{Dialog, T1},
    own, rfc3261,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
};

/// 15.1.1: a new request within a dialog that is confirmed; a callee waits for the ACK, or for its timeout (15).
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let index = own(view);
    let mut findings = rfc3261::any_request(seen);
    let Some(dialog) = Dialog::of(view, index) else {
        findings.push(broken(seen, "DLG-4", Reason::Unexpected, "a dialog that it ends", "none", seen.message.start_span()));
        return findings;
    };
    let opening = &list[dialog.opening];
    // RFC 3261, 15: a caller may end an early dialog with BYE; a tag in a provisional response made it.
    let of_opening = |i: &usize| view.messages.request_of(*i) == Some(dialog.opening) && list[*i].message.tag("To").is_some();
    let early = (dialog.opening + 1..index).filter(of_opening).find(|i| list[*i].message.status().is_some_and(|s| s < 200));
    match dialog.answer.or(early.filter(|_| dialog.caller)) {
        None => {
            let expected = "no BYE without a dialog: its INVITE was not answered with success";
            let finding = broken(seen, "INV-8", Reason::Unexpected, expected, "a BYE", seen.message.start_span());
            findings.push(finding.on(opening.line()));
        }
        Some(answer) => {
            findings.extend(Dialog { answer: Some(answer), ..dialog }.request(view, seen, index));
            findings.extend(dialog.counts_on(view, seen, index));
        }
    }
    if !dialog.caller
        && let Some(answer) = dialog.answer
    {
        let call = opening.message.call_id();
        let is_ack = |s: &Seen| !s.by_sut() && s.message.method() == Some("ACK") && s.message.call_id() == call;
        let acked = list[dialog.opening..index].iter().any(is_ack);
        // The SUT counts from when it made the response, the trace from when it came.
        let given_up = seen.at.saturating_sub(list[answer].at) + T1 >= super::GIVEN_UP;
        if !acked && !given_up {
            let expected = "no BYE of a callee before the ACK, or 32 s without it";
            let finding = broken(seen, "INV-8", Reason::Unexpected, expected, "a BYE", seen.message.start_span());
            findings.push(finding.on(opening.line()));
        }
    }
    findings
}

/// 15.1.2: the response, and after it silence in the dialog.
pub(super) fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let index = own(view);
    let mut findings = rfc3261::response(view, seen);
    let ended = seen.message.status().is_some_and(|s| (200..300).contains(&s));
    let call = seen.message.call_id();
    let speaks = |s: &&Seen| {
        s.by_sut() && s.repeats.is_none() && s.message.call_id() == call && s.message.method().is_some_and(|m| !matches!(m, "ACK" | "BYE"))
    };
    if let Some(later) = list[index..].iter().find(speaks).filter(|_| ended) {
        let observed = later.message.method().unwrap_or_default().to_owned();
        let finding =
            broken(later, "INV-9", Reason::Unexpected, "no request in the dialog after the BYE", observed, later.message.start_span());
        findings.push(finding.on(seen.line()));
    }
    findings
}
