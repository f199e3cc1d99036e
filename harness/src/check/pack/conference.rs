//! Conferences: whom a request of a participant goes to (RFC 4579), and the SUBSCRIBE for who takes part (RFC 4575, 3).

use super::{
    broken,
    dialog::{Dialog, same_target, uris},
    own, place, remark, unwise,
};
use crate::{
    check::{View, compare::number},
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        params::{NameAddr, Parametered},
        sip::Message,
        uri::Uri,
    },
};

/// A message of a focus, which its Contact shows by `isfocus`, and the conference URI in it.
struct Focus {
    index: usize,
    uri: String,
    /// Names of the header parameters of the Contact.
    params: Vec<String>,
}

fn focus(message: &Message, index: usize) -> Option<Focus> {
    let raw = &message.raw;
    let contact = NameAddr::parse(raw, *message.elements("Contact").first()?);
    contact.param(raw, "isfocus")?;
    let params = contact.params.iter().map(|p| p.name.text(raw).to_ascii_lowercase()).collect();
    Some(Focus { index, uri: contact.uri.text(raw).into_owned(), params })
}

/// What foci said before "it" in INVITE and UPDATE requests and in 2xx responses to them, the newest first.
fn foci(view: &View<'_>) -> Vec<Focus> {
    let sets = |m: &str| matches!(m, "INVITE" | "UPDATE");
    let list = &view.messages.list()[..own(view)];
    let tells = |s: &Seen| {
        let done = s.message.status().is_none_or(|status| (200..300).contains(&status));
        !s.by_sut() && s.repeats.is_none() && done && s.message.cseq().is_some_and(|(_, m)| sets(m))
    };
    list.iter().enumerate().rev().filter(|(_, s)| tells(s)).filter_map(|(index, s)| focus(&s.message, index)).collect()
}

/// 3 and R-0-17: the Request-URI is the conference URI of the session, with all its parameters and none of the header's; that of
/// the set-up passes with a remark where a later one came.
pub(super) fn target(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let rule = "RFC 4579, 3";
    let list = view.messages.list();
    let message = &seen.message;
    let said = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
    let all = foci(view);
    let of_call = |f: &&Focus| list[f.index].message.call_id() == message.call_id();
    let conversation = |m: &Message| m.value("Conversation-ID").map(|v| v.trim().to_owned());
    let theirs = |f: &Focus| {
        let answered = view.messages.request_of(f.index).map(|i| &list[i].message);
        conversation(&list[f.index].message).or_else(|| conversation(answered?))
    };
    let inside = message.tag("To").is_some();
    // A session is known by its dialog; from outside by its conversation, else it is the latest.
    let same_talk = |f: &&Focus| conversation(message).is_some() && theirs(f) == conversation(message);
    let newest = all.iter().find(|f| inside && of_call(f)).or_else(|| all.iter().find(same_talk)).or(all.first());
    let Some(newest) = newest else {
        let expected = "a session with a focus in front of it";
        return vec![broken(seen, rule, Reason::Missing, expected, said, message.start_span())];
    };
    if inside && strict(view) {
        return Vec::new();
    }
    let source = &list[newest.index];
    let wrong = |expected: &str| broken(seen, rule, Reason::Violated, expected, &said, message.start_span()).on(source.line());
    let fits = |f: &Focus| same_target(&said, &f.uri);
    if !fits(newest) {
        let expected = format!("the conference URI {}", newest.uri);
        let call = source.message.call_id();
        let older = all.iter().filter(|f| list[f.index].message.call_id() == call).any(fits);
        let finding = remark(seen, "R-0-17", Reason::Violated, &format!("{expected}, the newest"), &said, message.start_span());
        return vec![if older { finding.on(source.line()) } else { wrong(&expected) }];
    }
    let (own, stored) = (Uri::parse(&said), Uri::parse(&newest.uri));
    let copied = own.params.iter().find(|(name, _)| {
        let name = name.to_ascii_lowercase();
        stored.param(&name).is_none() && newest.params.contains(&name)
    });
    copied.map(|(name, _)| wrong(&format!("the conference URI {}, without the header parameter {name}", newest.uri))).into_iter().collect()
}

/// Whether the dialog of "it" has a strict router on top of its routes; that is not graded (R-0-17).
pub(super) fn strict(view: &View<'_>) -> bool {
    let routes = Dialog::of(view, own(view)).map(|dialog| dialog.routes(view)).unwrap_or_default();
    routes.first().is_some_and(|first| Uri::parse(first).param("lr").is_none())
}

/// RFC 4575, 3: the package, without an id; a media type that the package has; a duration.
pub(super) fn subscribes(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let rule = "RFC 4575, 3";
    let message = &seen.message;
    let raw = &message.raw;
    let mut findings = Vec::new();
    match message.first("Event") {
        None => findings.push(broken(seen, rule, Reason::Missing, "Event: conference", "none", message.start_span())),
        Some(field) => {
            let event = Parametered::parse(raw, field.value);
            let package = event.head.text(raw);
            if package != "conference" {
                // RFC 6665, 8.2.1, compares octets; the row reads a token.
                let weighed = if package.eq_ignore_ascii_case("conference") { unwise } else { broken };
                findings.push(weighed(seen, rule, Reason::Violated, "Event: conference", package, field.value));
            }
            if let Some(id) = event.param(raw, "id") {
                findings.push(broken(seen, rule, Reason::Unexpected, "Event without an id", field.value.text(raw), id.span));
            }
        }
    }
    findings.extend(accepts(seen, rule));
    let expires = message.first("Expires");
    let seconds = expires.and_then(|f| number(&f.value.text(raw)));
    if let Some(field) = expires.filter(|_| seconds.is_none() || seconds == Some(0) && message.tag("To").is_none()) {
        let expected = "Expires above 0, or none";
        findings.push(broken(seen, rule, Reason::Violated, expected, field.value.text(raw), field.value));
    }
    findings.extend(early(view, seen));
    findings
}

/// Without Accept the type of the package is meant; with it that has to be there.
fn accepts(seen: &Seen, rule: &str) -> Option<Finding> {
    let message = &seen.message;
    let types: Vec<String> = (message.elements("Accept").iter())
        .map(|span| Parametered::parse(&message.raw, *span).head.text(&message.raw).to_ascii_lowercase())
        .collect();
    let has = |wanted: &[&str]| types.iter().any(|t| wanted.contains(&t.as_str()));
    if message.first("Accept").is_none() || has(&["application/conference-info+xml"]) {
        return None;
    }
    let weighed = if has(&["application/*", "*/*"]) { unwise } else { broken };
    let expected = "Accept with application/conference-info+xml, or none";
    Some(weighed(seen, rule, Reason::Missing, expected, types.join(", "), place(seen, "Accept")))
}

/// R-7.3.2-5: after the own 2xx to the invitation; before it warns.
fn early(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let newest = foci(view).into_iter().next()?;
    let invite = &list[newest.index];
    let said = seen.message.request_uri().map(|u| u.text(&seen.message.raw).into_owned()).unwrap_or_default();
    let begins = |message: &Message| message.is_request() && message.tag("To").is_none();
    if !begins(&invite.message) || !begins(&seen.message) || !same_target(&said, &newest.uri) {
        return None;
    }
    let accepts = |i: &usize| list[*i].message.status().is_some_and(|s| (200..300).contains(&s));
    let accepted = (newest.index..own(view)).filter(accepts).any(|i| view.messages.request_of(i) == Some(newest.index));
    let expected = "a SUBSCRIBE after the 2xx to the invitation";
    let finding = || unwise(seen, "R-7.3.2-5", Reason::Violated, expected, "none was sent", seen.message.start_span()).on(invite.line());
    (!accepted).then(finding)
}

/// Where a dialog was made, Contact of the other side in it: of the INVITE, or of the 2xx to it.
pub(super) fn set_up(view: &View<'_>, dialog: &Dialog) -> Option<String> {
    let index = if dialog.caller { dialog.answer? } else { dialog.opening };
    uris(&view.messages.list()[index].message, "Contact").into_iter().next()
}
