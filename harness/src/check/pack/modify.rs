//! Requests within a dialog (RFC 3261, 12.2.1), re-INVITE among them (14.1), and responses to re-INVITE (14.2).

use std::time::Duration;

use super::{
    broken,
    conference::{set_up, strict},
    dialog::{Dialog, T1, same_target, uris, value},
    in_dialog, invite, own, place, remark, rfc3261, unwise,
};
use crate::{
    check::View,
    field::Field,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{bodies::bodies, sip::Message, uri},
};

/// 12.2.1.1: identifiers, tags, number, routes and the newest target of the dialog.
pub(super) fn inside(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = rfc3261::any_request(seen);
    findings.extend(of_dialog(view, seen));
    findings
}

fn of_dialog(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let index = own(view);
    let found = ["INVITE", "SUBSCRIBE"].into_iter().find_map(|method| in_dialog(view, seen, index, method));
    found.unwrap_or_else(|| vec![no_dialog(seen)])
}

fn no_dialog(seen: &Seen) -> Finding {
    broken(seen, "DLG-4", Reason::Violated, "a dialog that it belongs to", "none", seen.message.start_span())
}

/// 12.2.1.2 and R-0-17: the Request-URI is the newest target of the dialog; that of the set-up passes with a remark.
pub(super) fn target(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let message = &seen.message;
    let Some(dialog) = Dialog::of(view, own(view)) else { return vec![no_dialog(seen)] };
    let Some((newest, of)) = dialog.target(view, own(view)).filter(|_| !strict(view)) else { return Vec::new() };
    let said = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
    if same_target(&said, &newest) {
        return Vec::new();
    }
    let expected = format!("the remote target {newest}");
    let older = set_up(view, &dialog).is_some_and(|first| same_target(&said, &first));
    let finding = if older {
        remark(seen, "R-0-17", Reason::Violated, &expected, said, message.start_span())
    } else {
        broken(seen, "DLG-3", Reason::Violated, &expected, said, message.start_span())
    };
    vec![finding.on(list[of].line())]
}

/// 14 and R-7.3.7-2: a re-INVITE, with the header fields of the set-up.
pub(super) fn like_the_set_up(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = again(view, seen);
    let Some(dialog) = Dialog::of(view, own(view)) else { return findings };
    let list = view.messages.list();
    let message = &seen.message;
    let rule = "R-7.3.7-2";
    for name in ["Accept-Contact", "P-Preferred-Service", "User-Agent"] {
        if message.first(name).is_none() {
            let expected = format!("{name} as in the INVITE of the set-up");
            findings.push(unwise(seen, rule, Reason::Missing, &expected, "none", message.start_span()));
        }
    }
    let tagged: Option<Field> = "Contact;+g.3gpp.icsi-ref".parse().ok();
    if tagged.is_some_and(|field| field.read(message).is_empty()) {
        let observed = value(message, "Contact");
        findings.push(unwise(seen, rule, Reason::Missing, "Contact with the feature tag", observed, place(seen, "Contact")));
    }
    for name in ["Conversation-ID", "Contribution-ID"] {
        // A response may have replaced what the INVITE said.
        let said = |m: &Message| m.value(name).map(|v| v.trim().to_owned());
        let of_set_up: Vec<String> =
            [Some(dialog.opening), dialog.answer].into_iter().flatten().filter_map(|i| said(&list[i].message)).collect();
        let now = said(message);
        if !of_set_up.is_empty() && !now.as_ref().is_some_and(|now| of_set_up.contains(now)) {
            let expected = format!("{name} of the session: {}", of_set_up.join(" or "));
            let reason = if now.is_none() { Reason::Missing } else { Reason::Violated };
            findings.push(unwise(seen, rule, reason, &expected, value(message, name), place(seen, name)).on(list[dialog.opening].line()));
        }
    }
    findings
}

/// 14.1: a request of the dialog, its target aside, while no other INVITE is open; after 491 in time; no list (RFC 5366, 3.2).
pub(super) fn again(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = rfc3261::any_request(seen);
    // Where it goes, a row of its own judges.
    findings.extend(of_dialog(view, seen).into_iter().filter(|f| f.rule != "DLG-3"));
    findings.extend(invite::contact(seen));
    findings.extend(moved(view, seen));
    findings.extend(pending(view, seen));
    findings.extend(after_glare(view, seen));
    if let Some(list) = bodies(message).0.into_iter().find(|body| body.kind == "application/resource-lists+xml") {
        let expected = "no list of recipients within a dialog (RFC 5366, 3.2)";
        findings.push(broken(seen, "LST-4", Reason::Unexpected, expected, "a list", list.span));
    }
    let requires = |span: &crate::wire::Span| span.text(&message.raw).eq_ignore_ascii_case("recipient-list-invite");
    if let Some(span) = message.elements("Require").into_iter().find(requires) {
        let expected = "no Require: recipient-list-invite within a dialog (RFC 5366, 3.2)";
        findings.push(broken(seen, "LST-4", Reason::Unexpected, expected, "recipient-list-invite", span));
    }
    if let Some(asserted) = message.first("P-Asserted-Identity") {
        let expected = "no P-Asserted-Identity from a client: the network sets it";
        findings.push(broken(seen, "ID-5", Reason::Unexpected, expected, "P-Asserted-Identity", asserted.line));
    }
    findings
}

/// A Contact that names another place than before: it may, where the client moved.
fn moved(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let contact = |m: &Message| uris(m, "Contact").into_iter().next();
    let of_call = |s: &&Seen| s.by_sut() && s.message.call_id() == seen.message.call_id();
    let before = view.messages.list()[..own(view)].iter().rev().filter(of_call).find_map(|s| Some((contact(&s.message)?, s)));
    let (before, old) = before?;
    let now = contact(&seen.message)?;
    let finding = || {
        let expected = format!("the Contact of before, unless the client moved: {before}");
        unwise(seen, "RFC 3261, 14.1", Reason::Violated, &expected, &now, place(seen, "Contact")).on(old.line())
    };
    (!uri::same(&now, &before)).then(finding)
}

/// INV-6: an INVITE of the dialog, in either direction, that has no final response.
fn pending(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let index = own(view);
    let of_call = |i: &usize| {
        let other = &list[*i];
        other.repeats.is_none() && other.message.method() == Some("INVITE") && other.message.call_id() == seen.message.call_id()
    };
    let ends = |i: usize, of: usize| list[i].message.status().is_some_and(|s| s >= 200) && view.messages.request_of(i) == Some(of);
    let open = (0..index).filter(of_call).find(|of| !(*of..index).any(|i| ends(i, *of)))?;
    let expected = "no INVITE while another one of the dialog is open";
    Some(broken(seen, "INV-6", Reason::Unexpected, expected, "one is open", seen.message.start_span()).on(list[open].line()))
}

/// INV-6: after 491 the owner of the Call-ID waits 2.1 to 4 s, the other side up to 2 s.
fn after_glare(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let index = own(view);
    let own_invite = |i: &usize| {
        let other = &list[*i];
        other.by_sut() && other.message.method() == Some("INVITE") && other.message.call_id() == seen.message.call_id()
    };
    let last = (0..index).rev().filter(own_invite).find(|i| list[*i].repeats.is_none())?;
    let glare = |i: &usize| list[*i].message.status() == Some(491) && view.messages.request_of(*i) == Some(last);
    let told = &list[(last..index).find(glare)?];
    let caller = Dialog::of(view, index)?.caller;
    let (least, most) = if caller { (2.1, 4.0) } else { (0.0, 2.0) };
    // Clocks of two sides differ a little, and the way takes time.
    let (slack, way) = (Duration::from_millis(50).as_secs_f64(), T1.as_secs_f64());
    let waited = seen.at.saturating_sub(told.at).as_secs_f64();
    let expected = format!("a new try {least} to {most} s after 491");
    let finding = || broken(seen, "INV-6", Reason::Late, &expected, format!("{waited:.2} s"), seen.message.start_span()).on(told.line());
    (waited < least - slack || waited > most + way).then(finding)
}

/// 14.2: what a response to a re-INVITE copies; one Contact in a 2xx; a 488 had better say why.
pub(super) fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = rfc3261::response(view, seen);
    if let Some(asserted) = message.first("P-Asserted-Identity") {
        let expected = "no P-Asserted-Identity from a client";
        findings.push(broken(seen, "ID-3", Reason::Unexpected, expected, "P-Asserted-Identity", asserted.line));
    }
    let status = message.status().unwrap_or_default();
    if (200..300).contains(&status) {
        findings.extend(invite::contact(seen).map(|f| f.by("RSP-4")));
    }
    if status == 488 && message.first("Warning").is_none() {
        let expected = "Warning in a 488";
        findings.push(remark(seen, "RFC 3261, 14.2", Reason::Missing, expected, "none", message.start_span()));
    }
    findings
}
