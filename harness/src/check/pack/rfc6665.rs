//! Event subscriptions (RFC 6665): the SUBSCRIBE that begins one (4.1.2), goes on with it (4.1.2.2) or ends it (4.1.2.3), and the
//! answer to a NOTIFY (4.1.3). Which event and for how long, rows of their own judge.

use std::time::Duration;

use super::{broken, dialog::value, in_dialog, invite, own, place, rfc3261, unwise};
use crate::{
    check::{View, compare::number},
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{params::Parametered, sip::Message},
};

/// 4.1.2: a SUBSCRIBE outside any dialog, with Event, one Contact, and a duration; a fetch is not refreshed (4.4.3). One within
/// the dialog of a session warns (R-7.3.10.1-1, H-8).
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = match in_session(view, seen) {
        Some(inside) => inside,
        None => rfc3261::request(seen).into_iter().chain(invite::fresh(view, seen)).collect(),
    };
    findings.extend(contents(seen));
    if message.first("Expires").is_none() {
        findings.push(unwise(seen, "RFC 6665, 4.1.2.1", Reason::Missing, "Expires", "none", message.start_span()));
    }
    findings.extend(longer(view, seen));
    findings.extend(refreshed(view, seen, own(view)));
    findings
}

/// What every SUBSCRIBE has, and none of a client has.
fn contents(seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings: Vec<Finding> = invite::contact(seen).map(|f| f.by("EVT-1")).into_iter().collect();
    if message.first("Event").is_none() {
        findings.push(broken(seen, "EVT-1", Reason::Missing, "one Event", "none", message.start_span()));
    }
    for name in ["P-Asserted-Identity", "P-Called-Party-ID"] {
        if let Some(asserted) = message.first(name) {
            let expected = format!("no {name} from a client: the network sets it");
            findings.push(broken(seen, "ID-5", Reason::Unexpected, &expected, name, asserted.line));
        }
    }
    findings
}

/// What is to be said where it is sent within the dialog of a session.
fn in_session(view: &View<'_>, seen: &Seen) -> Option<Vec<Finding>> {
    let list = view.messages.list();
    let call = seen.message.call_id();
    let invites = |s: &Seen| s.message.method() == Some("INVITE") && s.message.call_id() == call;
    seen.message.tag("To").filter(|_| list[..own(view)].iter().any(invites))?;
    let mut findings = rfc3261::any_request(seen);
    findings.extend(in_dialog(view, seen, own(view), "INVITE").unwrap_or_default());
    let expected = "a dialog of its own for the subscription";
    findings.push(unwise(seen, "H-8", Reason::Violated, expected, "the dialog of a session", place(seen, "Call-ID")));
    Some(findings)
}

/// After 423 the duration is at least that of Min-Expires (RFC 3261, 10.2.8, as 4.1.2.1 has it).
fn longer(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let target = |m: &Message| m.request_uri().map(|u| u.text(&m.raw).into_owned());
    let brief = |i: &usize| {
        let asked = view.messages.request_of(*i).map(|i| &list[i]);
        list[*i].message.status() == Some(423)
            && asked.is_some_and(|s| s.by_sut() && s.message.method() == Some("SUBSCRIBE") && target(&s.message) == target(&seen.message))
    };
    let told = (0..own(view)).rev().find(brief).map(|i| &list[i])?;
    let least = number(&told.message.value("Min-Expires")?)?;
    // Without the field the default of the package is meant (RFC 4575, 3.4).
    let asked = seen.message.value("Expires").map_or(Some(3600), |v| number(&v));
    let expected = format!("Expires of at least {least}");
    let finding = || broken(seen, "EVT-3", Reason::Violated, &expected, value(&seen.message, "Expires"), place(seen, "Expires"));
    asked.is_none_or(|seconds| seconds < least).then(|| finding().on(told.line()))
}

/// 4.1.2.2: in the dialog of the subscription, for the same event, before it is over.
pub(super) fn refreshes(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = within(view, seen);
    if let Some(field) = seen.message.first("Expires").filter(|f| number(&f.value.text(&seen.message.raw)).is_none_or(|n| n == 0)) {
        let observed = field.value.text(&seen.message.raw);
        findings.push(broken(seen, "EVT-5", Reason::Violated, "Expires above 0", observed, field.value));
    }
    findings
}

/// 4.1.2.3: the same, with a duration of 0.
pub(super) fn ends(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = within(view, seen);
    if seen.message.value("Expires").and_then(|v| number(&v)) != Some(0) {
        let observed = value(&seen.message, "Expires");
        findings.push(broken(seen, "EVT-5", Reason::Violated, "Expires: 0", observed, place(seen, "Expires")));
    }
    findings
}

fn within(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let (message, index) = (&seen.message, own(view));
    let mut findings: Vec<Finding> = rfc3261::any_request(seen).into_iter().chain(contents(seen)).collect();
    let same_call = |s: &&Seen| s.message.call_id() == message.call_id();
    let before = || list[..index].iter().filter(same_call);
    let opened = before().find(|s| s.by_sut() && s.message.method() == Some("SUBSCRIBE"));
    // One that began within the dialog of a session goes on there (H-8).
    let shared = opened.is_some_and(|first| first.message.tag("To").is_some());
    match in_dialog(view, seen, index, if shared { "INVITE" } else { "SUBSCRIBE" }) {
        Some(found) => findings.extend(found),
        None => {
            let finding = broken(seen, "DLG-4", Reason::Violated, "the dialog of a subscription", "none", place(seen, "Call-ID"));
            findings.push(finding);
        }
    }
    if let Some(first) = opened.filter(|first| event(&first.message) != event(message)) {
        let expected = format!("Event as in the first SUBSCRIBE: {}", value(&first.message, "Event"));
        let finding = broken(seen, "EVT-2", Reason::Violated, &expected, value(message, "Event"), place(seen, "Event"));
        findings.push(finding.on(first.line()));
    }
    if let Some(over) = before().find(|s| !s.by_sut() && s.message.method() == Some("NOTIFY") && terminated(&s.message)) {
        let expected = "nothing more for a subscription that the notifier has ended";
        let finding = broken(seen, "EVT-4", Reason::Unexpected, expected, "a SUBSCRIBE in its dialog", message.start_span());
        findings.push(finding.on(over.line()));
    } else if let Some((told, until)) = before().rev().find_map(granted).filter(|(_, until)| seen.at >= *until) {
        let expected = format!("before the subscription is over, {} s after the grant", (until - told.at).as_secs());
        let observed = format!("after {:.1} s", seen.at.saturating_sub(told.at).as_secs_f64());
        findings.push(broken(seen, "EVT-3", Reason::Late, &expected, observed, message.start_span()).on(told.line()));
    }
    findings
}

/// The package of an event, and its id: compared octet by octet (8.2.1).
fn event(message: &Message) -> Option<(String, Option<String>)> {
    let event = Parametered::parse(&message.raw, message.first("Event")?.value);
    let id = event.param(&message.raw, "id").map(|p| p.value.map(|v| v.text(&message.raw).into_owned()).unwrap_or_default());
    Some((event.head.text(&message.raw).into_owned(), id))
}

fn state(message: &Message) -> Option<Parametered> {
    Some(Parametered::parse(&message.raw, message.first("Subscription-State")?.value))
}

fn terminated(message: &Message) -> bool {
    state(message).is_some_and(|s| s.head.text(&message.raw).eq_ignore_ascii_case("terminated"))
}

/// Until when a 2xx to a SUBSCRIBE, or a NOTIFY, lets a subscription last.
fn granted(seen: &Seen) -> Option<(&Seen, Duration)> {
    let message = &seen.message;
    let of_response = || {
        let success = message.status().is_some_and(|s| (200..300).contains(&s)) && message.cseq().is_some_and(|(_, m)| m == "SUBSCRIBE");
        success.then(|| number(&message.value("Expires")?))?
    };
    let of_notify = || {
        let state = state(message).filter(|_| message.method() == Some("NOTIFY"))?;
        number(&state.param(&message.raw, "expires")?.value?.text(&message.raw))
    };
    let seconds = of_response().or_else(of_notify).filter(|_| !seen.by_sut())?;
    Some((seen, seen.at + Duration::from_secs(seconds.min(u64::from(u32::MAX)))))
}

/// 4.1.3: the response to a NOTIFY, also to one that comes before the response to the SUBSCRIBE: 200 in a subscription of the
/// client, 489 to another event, 481 to one of no subscription; what has ended is not refreshed.
pub(super) fn answer(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let mut findings = rfc3261::response(view, seen);
    let Some(notify) = view.messages.request_of(own(view)) else { return findings };
    let asked = &list[notify].message;
    let (call, tag) = (asked.call_id(), asked.tag("To"));
    let of_call = |m: &Message| m.call_id() == call && m.tag("From") == tag;
    let matched =
        (0..notify).rev().find(|i| list[*i].by_sut() && list[*i].message.method() == Some("SUBSCRIBE") && of_call(&list[*i].message));
    let status = seen.message.status().unwrap_or_default();
    let mut wrong = |right: bool, warns: bool, expected: &str| {
        if !right {
            let observed = seen.message.start_span().text(&seen.message.raw);
            let weighed = if warns { unwise } else { broken };
            let finding = weighed(seen, "EVT-6", Reason::Violated, expected, observed, seen.message.start_span());
            findings.push(finding.on(list[notify].line()));
        }
    };
    let Some(subscribe) = matched else {
        // A REFER subscribes without SUBSCRIBE (RFC 3515, 2.4.4).
        let refers = list[..notify].iter().any(|s| s.by_sut() && s.message.method() == Some("REFER") && s.message.call_id() == call);
        if !refers {
            wrong(matches!(status, 481 | 489), false, "481 to a NOTIFY of no subscription");
        }
        return findings;
    };
    // A token in another case is the client's own doing (RFC 4575, 3, warns).
    let folded = |m: &Message| event(m).map(|(package, id)| (package.to_ascii_lowercase(), id));
    if folded(asked) == folded(&list[subscribe].message) {
        let over = list[..notify].iter().any(|s| {
            !s.by_sut()
                && s.repeats.is_none()
                && s.message.method() == Some("NOTIFY")
                && s.message.call_id() == call
                && terminated(&s.message)
        });
        // What comes behind the end belongs to no subscription.
        wrong(status < 300 || over && status == 481, false, "200 to a NOTIFY of a subscription of the client");
    } else {
        wrong(status == 489, status == 481, "489 to a NOTIFY of another event");
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
