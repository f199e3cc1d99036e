//! What a proxy passes on (RFC 3261, 16.6 and 16.7; CMP-FORWARD): requests and responses as they came, but for the way itself.

use super::{
    broken,
    dialog::{copies, handled, same_target},
    own, place, remark,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        params::{NameAddr, Parametered},
        sip::{Message, long_name},
    },
};

/// Header fields that describe the way of a message; rules of their own are about them.
const WAY: [&str; 5] = ["Via", "Max-Forwards", "Route", "Record-Route", "Content-Length"];

/// 16.6: the request that the SUT got goes on: Request-URI, header fields and body stay, one hop less is left, its own Via is on
/// top, and what led to it is off the route.
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let Some(method) = message.method() else {
        return vec![broken(seen, "", Reason::Suite, "a request", "a response", message.start_span())];
    };
    let list = view.messages.list();
    let number = |m: &Message| m.cseq().map(|(number, _)| number);
    let same = |old: &&Seen| {
        !old.by_sut() && old.message.is_request() && old.message.call_id() == message.call_id() && number(&old.message) == number(message)
    };
    // CANCEL and ACK have the number of their INVITE.
    let alike = |old: &&Seen| old.message.method() == Some(method);
    let before = || list[..own(view)].iter().rev().filter(same);
    let Some(came) = before().find(alike).or_else(|| before().next()) else {
        let expected = "a request that came before, passed on: its Call-ID and its number of CSeq";
        let observed = format!("{} {}", super::dialog::value(message, "Call-ID"), super::dialog::value(message, "CSeq"));
        return vec![broken(seen, "PRX-1", Reason::Violated, expected, observed, place(seen, "Call-ID"))];
    };
    let mut findings = Vec::new();
    let old = &came.message;
    if old.method() != Some(method) {
        let expected = format!("the method {}", old.method().unwrap_or_default());
        findings.push(broken(seen, "PRX-2", Reason::Violated, &expected, method, message.start_span()));
    }
    let uri = |m: &Message| m.request_uri().map(|uri| uri.text(&m.raw).into_owned()).unwrap_or_default();
    if !same_target(&uri(message), &uri(old)) {
        let expected = format!("the Request-URI {}", uri(old));
        findings.push(broken(seen, "PRX-3", Reason::Violated, &expected, uri(message), message.start_span()));
    }
    findings.extend(hops(seen, old));
    findings.extend(vias(seen, old));
    findings.extend(routes(seen, old));
    findings.extend(recorded(seen, old));
    findings.extend(kept(seen, old));
    findings.into_iter().map(|finding| finding.on(came.line())).collect()
}

/// 16.6, 3: one less.
fn hops(seen: &Seen, old: &Message) -> Option<Finding> {
    let left = |m: &Message| m.value("Max-Forwards").and_then(|v| v.trim().parse::<u32>().ok());
    let wanted = left(old).map_or(70, |n| n.saturating_sub(1));
    let observed = left(&seen.message).map_or_else(|| "none".to_owned(), |n| n.to_string());
    let finding = || broken(seen, "PRX-4", Reason::Violated, &format!("Max-Forwards {wanted}"), &observed, place(seen, "Max-Forwards"));
    (left(&seen.message) != Some(wanted)).then(finding)
}

/// 16.6, 8: one Via more, with a branch of its own; those below stay, but for what 18.2.1 adds to the topmost.
fn vias(seen: &Seen, old: &Message) -> Option<Finding> {
    let (now, before) = (via(&seen.message), via(old));
    let finding = |expected: &str, observed: String| Some(broken(seen, "PRX-5", Reason::Violated, expected, observed, place(seen, "Via")));
    let listed = || now.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(", ");
    if now.len() != before.len() + 1 || now.iter().skip(1).map(|(text, _)| text).ne(before.iter().map(|(text, _)| text)) {
        return finding("one Via on top of those that came", listed());
    }
    let (branch, below) = (now.first().and_then(|(_, branch)| branch.clone()), before.first().and_then(|(_, branch)| branch.clone()));
    if branch.is_none() || branch == below {
        return finding("a branch of its own in the topmost Via", branch.unwrap_or_else(|| "none".to_owned()));
    }
    None
}

/// The Via elements without `received` and `rport`, each with its branch.
fn via(message: &Message) -> Vec<(String, Option<String>)> {
    let raw = &message.raw;
    let element = |span: &crate::wire::Span| {
        let value = Parametered::parse(raw, *span);
        let own = |name: &str| ["received", "rport"].iter().any(|n| n.eq_ignore_ascii_case(name));
        let params = value.params.iter().filter(|p| !own(&p.name.text(raw))).map(|p| format!(";{}", p.span.text(raw)));
        let branch = value.param(raw, "branch").and_then(|p| p.value).map(|v| v.text(raw).into_owned());
        let head = value.head.text(raw).split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        (std::iter::once(head).chain(params).collect(), branch)
    };
    message.elements("Via").iter().map(element).collect()
}

/// URIs of a list of routes.
fn uris(message: &Message, name: &str) -> Vec<String> {
    super::dialog::uris(message, name)
}

/// 16.4 and 16.6, 6: the route goes on without its first element, which is that of the SUT; nothing else is lost or added.
fn routes(seen: &Seen, old: &Message) -> Option<Finding> {
    let (now, before) = (uris(&seen.message, "Route"), uris(old, "Route"));
    let rest: Vec<String> = before.iter().skip(1).cloned().collect();
    let same = |a: &[String], b: &[String]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_target(a, b));
    // A proxy may stand in the route with an element for each side.
    let twice: Vec<String> = before.iter().skip(2).cloned().collect();
    let fits = same(&now, &rest) || same(&now, &twice) && before.len() > 1 && one_host(&before[0], &before[1]);
    let expected = if rest.is_empty() { "no Route any more".to_owned() } else { format!("Route {}", rest.join(", ")) };
    let observed = super::dialog::listed(&seen.message, "Route");
    (!fits).then(|| broken(seen, "PRX-6", Reason::Violated, &expected, observed, place(seen, "Route")))
}

fn one_host(a: &str, b: &str) -> bool {
    let (a, b) = (crate::wire::uri::Uri::parse(a), crate::wire::uri::Uri::parse(b));
    a.host.eq_ignore_ascii_case(&b.host)
}

/// 16.6, 4: what was recorded stays below what the SUT records; of what begins a dialog it stays on the way.
fn recorded(seen: &Seen, old: &Message) -> Option<Finding> {
    let (now, before) = (uris(&seen.message, "Record-Route"), uris(old, "Record-Route"));
    let begins = matches!(seen.message.method(), Some("INVITE" | "SUBSCRIBE" | "REFER")) && seen.message.tag("To").is_none();
    let more = now.len().saturating_sub(before.len());
    let kept = now.len() >= before.len() && now[more..].iter().zip(&before).all(|(a, b)| same_target(a, b));
    let observed = super::dialog::listed(&seen.message, "Record-Route");
    let finding = |expected: &str| Some(broken(seen, "PRX-7", Reason::Violated, expected, &observed, place(seen, "Record-Route")));
    match (kept, more) {
        (false, _) => finding("Record-Route as it came, below its own"),
        (true, 0) if begins => finding("Record-Route of its own in what begins a dialog, so that changes of the session pass by"),
        _ => None,
    }
}

/// 16.6, 1 and 16.7, 9: header fields that are not about the way, known or not, and the body, octet by octet.
fn kept(seen: &Seen, old: &Message) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = Vec::new();
    for name in names(old) {
        let (now, before) = (values(message, &name), values(old, &name));
        if now != before {
            let reason = if now.is_empty() { Reason::Missing } else { Reason::Violated };
            let expected = format!("{name} as it came: {}", before.join(", "));
            let observed = if now.is_empty() { format!("no {name}") } else { now.join(", ") };
            findings.push(broken(seen, "PRX-8", reason, &expected, observed, place(seen, &name)));
        }
    }
    for name in names(message).into_iter().filter(|name| old.first(name).is_none()) {
        // A proxy may add header fields (16.6, 5 and 16.7, 9).
        let observed = format!("{name}: {}", values(message, &name).join(", "));
        findings.push(remark(seen, "PRX-9", Reason::Unexpected, "no header field that did not come", observed, place(seen, &name)));
    }
    let (now, before) = (message.body.of(&message.raw), old.body.of(&old.raw));
    if now != before {
        let expected = format!("the body as it came, {} octets", before.len());
        let observed = format!("{} octets, {}", now.len(), if now.len() == before.len() { "others" } else { "other ones" });
        let span = if message.body.is_empty() { message.start_span() } else { message.body };
        findings.push(broken(seen, "PRX-10", Reason::Violated, &expected, observed, span));
    }
    findings
}

/// Names of the header fields that are not about the way, each once, long and in lower case but for the spelling of the first.
fn names(message: &Message) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in &message.fields {
        let name = long_name(message.name_of(field));
        let counts = !name.is_empty() && !WAY.iter().any(|way| way.eq_ignore_ascii_case(name));
        if counts && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The values of a header field; how a list is spread over fields is nobody's business (7.3.1).
fn values(message: &Message, name: &str) -> Vec<String> {
    message.elements(name).into_iter().map(|span| message.unfolded(span).trim().to_owned()).collect()
}

/// 16.7: the response that the SUT got goes back: status, header fields and body stay, its own Via is gone. 503 may become 500.
pub(super) fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let Some(status) = message.status() else {
        return vec![broken(seen, "", Reason::Suite, "a response", "a request", message.start_span())];
    };
    let list = view.messages.list();
    let mine = own(view);
    let below = via(message);
    let came = |old: &&Seen| {
        let (vias, same) = (via(&old.message), old.message.call_id() == message.call_id() && old.message.cseq() == message.cseq());
        !old.by_sut() && old.message.is_response() && same && vias.len() == below.len() + 1
    };
    let before = || list[..mine].iter().rev().filter(came);
    let fits = |old: &&Seen| old.message.status() == Some(status) || (old.message.status(), status) == (Some(503), 500);
    let Some(came) = before().find(fits).or_else(|| before().find(|old| old.message.status().is_some_and(|s| s >= 200))) else {
        let expected = "a response that came before, passed on";
        let observed = format!("{status} by itself");
        return vec![broken(seen, "PRX-11", Reason::Unexpected, expected, observed, message.start_span())];
    };
    let mut findings = Vec::new();
    let old = &came.message;
    if !fits(&came) {
        let expected = format!("status {}", old.status().unwrap_or_default());
        findings.push(broken(seen, "PRX-12", Reason::Violated, &expected, status.to_string(), message.start_span()));
    }
    let above = via(old);
    if above.iter().skip(1).map(|(text, _)| text).ne(below.iter().map(|(text, _)| text)) {
        let observed = below.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(", ");
        findings.push(broken(seen, "PRX-13", Reason::Violated, "Via as it came without the topmost", observed, place(seen, "Via")));
    }
    findings.extend(repeated(view, seen, came));
    // 16.7, 8: a proxy may rewrite what it recorded itself, and no other element.
    let (now, then) = (addresses(message), addresses(old));
    if now.len() != then.len() || now.iter().zip(&then).filter(|(a, b)| !same_target(a, b)).count() > 2 {
        let observed = super::dialog::listed(message, "Record-Route");
        findings.push(broken(seen, "PRX-7", Reason::Violated, "Record-Route as it came", observed, place(seen, "Record-Route")));
    }
    findings.extend(kept(seen, old));
    findings.into_iter().map(|finding| finding.on(came.line())).collect()
}

/// 16.7, 10 and RFC 6026, 7.1: a 2xx to INVITE goes back each time that it comes.
fn repeated(view: &View<'_>, seen: &Seen, came: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let success = seen.message.status().is_some_and(|s| (200..300).contains(&s));
    let first = list.iter().position(|other| other.entry == came.entry).filter(|_| success)?;
    let invites = seen.message.cseq().is_some_and(|(_, method)| method == "INVITE");
    let before = |(_, other): &(usize, &Seen)| handled(view, other.entry, other.at);
    let (told, passed) = (copies(view, first).filter(before).count(), copies(view, own(view)).count());
    let expected = format!("the response {told} times, as often as it came");
    let finding = || broken(seen, "PRX-14", Reason::Missing, &expected, passed.to_string(), seen.message.start_span());
    (invites && passed < told).then(finding)
}

fn addresses(message: &Message) -> Vec<String> {
    message.elements("Record-Route").iter().map(|span| NameAddr::parse(&message.raw, *span).uri.text(&message.raw).into_owned()).collect()
}
