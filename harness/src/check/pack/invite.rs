//! INVITE outside any dialog (RFC 3261, 13.2.1), and the responses to one: their form (13.3.1) and how long a 2xx is repeated
//! (13.3.1.4).

use std::time::Duration;

use super::{
    T2, broken,
    dialog::{T1, copies, listed, uris, value},
    own, place, remark, rfc3261, unwise,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason, Severity},
    wire::{params::NameAddr, uri::Uri},
};

/// Longest silence while an invitation is open (RFC 3261, 13.3.1.1), with the way that a response takes.
const SILENCE: Duration = Duration::from_secs(61);

/// 13.2.1: a new Call-ID, From tag and branch; one Contact. What it asks for, other rows judge.
pub(super) fn initial(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = rfc3261::request(seen);
    findings.extend(contact(seen));
    if message.first("Allow").is_none() {
        findings.push(unwise(seen, "RFC 3261, 13.2.1", Reason::Missing, "Allow in an INVITE", "none", message.start_span()));
    }
    if message.first("Supported").is_none() {
        findings.push(remark(seen, "RFC 3261, 13.2.1", Reason::Missing, "Supported in an INVITE", "none", message.start_span()));
    }
    for name in ["P-Asserted-Identity", "P-Called-Party-ID"] {
        if let Some(asserted) = message.first(name) {
            let expected = format!("no {name} from a client: the network sets it");
            findings.push(broken(seen, "ID-5", Reason::Unexpected, &expected, name, asserted.line));
        }
    }
    findings.extend(fresh(view, seen));
    findings
}

/// SIP-1: exactly one Contact, with a sip or sips URI (8.1.1.8).
pub(super) fn contact(seen: &Seen) -> Option<Finding> {
    let contacts = uris(&seen.message, "Contact");
    let right = |uri: &String| matches!(Uri::parse(uri).scheme.as_str(), "sip" | "sips");
    let expected = "exactly one Contact, with a sip or sips URI";
    match contacts.as_slice() {
        [] => Some(broken(seen, "SIP-1", Reason::Missing, expected, "none", seen.message.start_span())),
        [one] if right(one) => None,
        _ => Some(broken(seen, "SIP-1", Reason::Violated, expected, contacts.join(", "), place(seen, "Contact"))),
    }
}

/// Call-ID, From tag and branch that no earlier request of the SUT had; after a response that asks for another try, the Call-ID
/// stays and the number grows (8.1.3.5).
pub(super) fn fresh(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let message = &seen.message;
    let index = own(view);
    let earlier = || list[..index].iter().enumerate().filter(|(_, s)| s.by_sut() && s.repeats.is_none() && s.message.is_request());
    let mut findings = Vec::new();
    if let Some((_, old)) = earlier().find(|(_, s)| message.branch().is_some() && s.message.branch() == message.branch()) {
        let observed = message.branch().unwrap_or_default().into_owned();
        let finding = broken(seen, "SIP-5", Reason::Violated, "a branch not used before", observed, place(seen, "Via"));
        findings.push(finding.on(old.line()));
    }
    // ACK and CANCEL belong to the request that they follow.
    let is_own = |s: &Seen| !matches!(s.message.method(), Some("ACK" | "CANCEL"));
    let same_call = |(_, s): &(usize, &Seen)| is_own(s) && s.message.call_id() == message.call_id();
    match earlier().filter(same_call).last() {
        Some((before, old)) => {
            let asks = |s: u16| (300..400).contains(&s) || matches!(s, 401 | 407 | 413 | 415 | 416 | 420 | 421 | 422 | 423 | 485 | 503);
            let again = old.message.method() == message.method()
                && (before..index).any(|i| list[i].message.status().is_some_and(asks) && view.messages.request_of(i) == Some(before));
            if !again {
                let finding =
                    broken(seen, "RFC 3261, 8.1.1.4", Reason::Violated, "a new Call-ID", value(message, "Call-ID"), place(seen, "Call-ID"));
                findings.push(finding.on(old.line()));
            } else if message.cseq().map(|(n, _)| n) != old.message.cseq().map(|(n, _)| n + 1) {
                let expected = "CSeq one more than in the request that was turned down";
                let finding = broken(seen, "RFC 3261, 8.1.3.5", Reason::Violated, expected, value(message, "CSeq"), place(seen, "CSeq"));
                findings.push(finding.on(old.line()));
            }
        }
        None => {
            let tag = message.tag("From");
            if let Some((_, old)) = earlier().find(|(_, s)| tag.is_some() && s.message.tag("From") == tag) {
                let observed = tag.unwrap_or_default().into_owned();
                let finding = broken(seen, "SIP-4", Reason::Violated, "a From tag not used before", observed, place(seen, "From"));
                findings.push(finding.on(old.line()));
            }
        }
    }
    findings
}

/// 13.3.1: what is copied from the INVITE; what makes a dialog has Record-Route and one Contact (12.1.1).
pub(super) fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let (message, index) = (&seen.message, own(view));
    let mut findings = rfc3261::response(view, seen);
    if let Some(asserted) = message.first("P-Asserted-Identity") {
        let expected = "no P-Asserted-Identity from a client";
        findings.push(broken(seen, "ID-3", Reason::Unexpected, expected, "P-Asserted-Identity", asserted.line));
    }
    let Some(asked) = view.messages.request_of(index) else { return findings };
    let status = message.status().unwrap_or_default();
    if (101..300).contains(&status) {
        let texts = |s: &Seen| s.message.elements("Record-Route").iter().map(|e| e.text(&s.message.raw).into_owned()).collect::<Vec<_>>();
        if texts(seen) != texts(&list[asked]) {
            let expected = format!("Record-Route of the INVITE, in order: {}", listed(&list[asked].message, "Record-Route"));
            let observed = listed(message, "Record-Route");
            let finding = broken(seen, "RSP-4", Reason::Violated, &expected, observed, place(seen, "Record-Route"));
            findings.push(finding.on(list[asked].line()));
        }
    }
    if (200..300).contains(&status) {
        findings.extend(contact(seen).map(|f| f.by("RSP-4")));
        // Supported beside it is left to the client (R-7.2.2.2-2).
        if message.first("Allow").is_none() {
            findings.push(unwise(seen, "RFC 3261, 13.3.1.4", Reason::Missing, "Allow in a 2xx to INVITE", "none", message.start_span()));
        }
    }
    findings.extend(renamed(seen, &list[asked]));
    if status >= 200 {
        findings.extend(silence(view, seen, asked, index));
    }
    let own = message.tag("To");
    let of_same = |i: &usize| view.messages.request_of(*i) == Some(asked) && list[*i].message.tag("To").is_some();
    if let Some(told) = (asked + 1..index).find(of_same).map(|i| &list[i]).filter(|s| s.message.tag("To") != own) {
        let expected = format!("the To tag of the responses before: {}", told.message.tag("To").unwrap_or_default());
        let observed = own.unwrap_or_default().into_owned();
        findings.push(broken(seen, "RSP-2", Reason::Violated, &expected, observed, place(seen, "To")).on(told.line()));
    }
    findings
}

/// R-7.3.2-8: a display name that To of the request does not have (8.2.6.2).
fn renamed(seen: &Seen, asked: &Seen) -> Option<Finding> {
    let name = |s: &Seen| NameAddr::parse(&s.message.raw, s.message.first("To")?.value).display_name(&s.message.raw);
    let (own, theirs) = (name(seen).filter(|n| !n.is_empty()), name(asked).filter(|n| !n.is_empty()));
    let expected = format!("To as in the request: {}", value(&asked.message, "To"));
    let finding = || unwise(seen, "R-7.3.2-8", Reason::Violated, &expected, value(&seen.message, "To"), place(seen, "To")).on(asked.line());
    (own.is_some() && own != theirs).then(finding)
}

/// 13.3.1.1: while the user is asked, a provisional response each minute.
fn silence(view: &View<'_>, seen: &Seen, asked: usize, index: usize) -> Option<Finding> {
    let list = view.messages.list();
    let provisional =
        |i: &usize| view.messages.request_of(*i) == Some(asked) && list[*i].message.status().is_some_and(|s| (101..200).contains(&s));
    let told = (asked..index).filter(provisional).map(|i| list[i].at);
    let times: Vec<Duration> = std::iter::once(list[asked].at).chain(told).chain([seen.at]).collect();
    let longest = times.windows(2).filter_map(|pair| pair.last()?.checked_sub(*pair.first()?)).max()?;
    let observed = format!("none in {:.0} s", longest.as_secs_f64());
    let expected = "a provisional response each minute";
    (longest > SILENCE).then(|| remark(seen, "RFC 3261, 13.3.1.1", Reason::Missing, expected, observed, seen.message.start_span()))
}

/// 13.3.1.4: a 2xx is repeated at T1, doubling up to T2, until its ACK comes, and no longer; by whatever it is carried.
pub(super) fn repeated(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let index = own(view);
    if !seen.message.status().is_some_and(|s| (200..300).contains(&s)) {
        return Vec::new();
    }
    let is_ack = |s: &&Seen| {
        !s.by_sut()
            && s.message.method() == Some("ACK")
            && s.message.call_id() == seen.message.call_id()
            && s.message.cseq().map(|(n, _)| n) == seen.message.cseq().map(|(n, _)| n)
    };
    let acked = list[index..].iter().find(is_ack);
    let given_up = seen.at + super::GIVEN_UP;
    let until = acked.map_or(view.trace.end(), |ack| ack.at).min(given_up);
    let sent: Vec<&Seen> = copies(view, index).map(|(_, s)| s).collect();
    let mut findings = Vec::new();
    let (mut due, mut last) = (T1, seen.at);
    for next in sent.iter().skip(1).filter(|s| s.at <= until) {
        let waited = next.at.saturating_sub(last);
        // The network may double a datagram; that is no repetition.
        if waited < DOUBLED {
            continue;
        }
        if waited < due / 2 || waited > due * 2 {
            findings.push(late(next, due, &format!("{:.1} s", waited.as_secs_f64())).on(seen.line()));
        }
        (last, due) = (next.at, (due * 2).min(T2));
    }
    if until.saturating_sub(last) > due * 2 {
        let finding = late(seen, due, &format!("none in {:.1} s", until.saturating_sub(last).as_secs_f64()));
        findings.push(Finding { reason: Reason::Missing, ..finding });
    }
    if let Some(ack) = acked {
        // One may have been on its way when the ACK came.
        if let Some(late) = sent.iter().find(|s| s.at > ack.at + T1 / 2) {
            let observed = format!("one {:.1} s after the ACK", late.at.saturating_sub(ack.at).as_secs_f64());
            let expected = "no repetition after the ACK";
            findings.push(broken(*late, "INV-10", Reason::Unexpected, expected, observed, late.message.start_span()).on(ack.line()));
        }
    } else if view.trace.end() > given_up + 2 * T2 {
        let call = seen.message.call_id();
        let ended = list[index..].iter().any(|s| s.by_sut() && s.message.method() == Some("BYE") && s.message.call_id() == call);
        if !ended {
            let expected = "a BYE after 32 s without ACK";
            findings.push(broken(seen, "INV-10", Reason::Missing, expected, "none", seen.message.start_span()).weighing(Severity::Warn));
        }
    }
    findings
}

/// Datagrams that come as close to each other as this are one that the network doubled.
const DOUBLED: Duration = Duration::from_millis(20);

fn late(seen: &Seen, due: Duration, observed: &str) -> Finding {
    let expected = format!("the 2xx again after {:.1} s, half to twice that", due.as_secs_f64());
    broken(seen, "INV-10", Reason::Late, &expected, observed, seen.message.start_span())
}
