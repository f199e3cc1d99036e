//! What an IMS core asks of routing (TS 24.229, 5.1.2A; RFC 3608; RFC 3261, 12.2.1.1 and 18.2.2): requests by the Service-Route,
//! within a dialog by its route set, responses by Via.

use std::net::SocketAddr;

use super::{
    broken,
    dialog::{Dialog, listed, same_routes, uris},
    place,
};
use crate::{
    check::View,
    trace::{Event, LinkChange, LinkId, Transport, view::Seen},
    verdict::{Finding, Reason, Severity},
    wire::uri,
};

/// Size of a request from which on TCP is due where nobody knows the path, octets (RFC 3261, 18.1.1).
const LARGE: usize = 1300;

pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    if seen.message.is_response() { response(view, seen) } else { request(view, seen) }
}

fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let granted = list[..view.sip().unwrap_or_default()]
        .iter()
        .rev()
        .find(|old| !old.by_sut() && old.message.status() == Some(200) && old.message.cseq().is_some_and(|(_, m)| m == "REGISTER"));
    let Some(granted) = granted else { return Vec::new() };
    let mut findings = Vec::new();
    // RFC 3261, 18.1.1: what is near the size of a packet has to leave by TCP, however the client is registered.
    let grown = seen.transport == Transport::Tcp && seen.message.raw.len() > LARGE;
    if granted.transport != seen.transport && !grown {
        findings.push(broken(
            seen,
            "TS 24.229, 5.1.2A.1",
            Reason::Violated,
            &format!("the registered transport {}", granted.transport),
            seen.transport.to_string(),
            seen.message.start_span(),
        ));
    }
    findings.extend(elsewhere(view, granted, seen));
    match seen.message.method() {
        Some("REGISTER") => {}
        _ if inside(view, seen) => findings.extend(dialog_route(view, seen)),
        _ => findings.extend(service_route(granted, seen)),
    }
    findings
}

/// Where the SUT stands on a link.
fn address(view: &View<'_>, wanted: LinkId) -> Option<SocketAddr> {
    view.trace.entries().iter().find_map(|entry| match &entry.event {
        Event::Link { link, change: LinkChange::Opened { from, to, .. } } if *link == wanted => {
            [from, to].into_iter().find(|end| end.party.is_sut()).map(|end| end.address)
        }
        _ => None,
    })
}

/// A request from another address than the one that was registered; over a stream each connection has a port of its own.
fn elsewhere(view: &View<'_>, granted: &Seen, seen: &Seen) -> Option<Finding> {
    let (registered, own) = (address(view, granted.link)?, address(view, seen.link)?);
    let both_udp = granted.transport == Transport::Udp && seen.transport == Transport::Udp;
    let same = if both_udp { registered == own } else { registered.ip() == own.ip() };
    let expected = format!("a request from the registered address {registered}");
    let finding = || broken(seen, "TS 24.229, 5.1.2A.1", Reason::Violated, &expected, own.to_string(), seen.message.start_span());
    (!same && seen.message.method() != Some("REGISTER")).then(|| finding().on(granted.line()))
}

/// Whether the request belongs to a dialog. The ACK to a response other than 2xx has a To tag too, but the branch of its INVITE.
fn inside(view: &View<'_>, seen: &Seen) -> bool {
    let of_invite = |old: &Seen| old.by_sut() && old.message.method() == Some("INVITE") && old.message.branch() == seen.message.branch();
    let own = super::own(view);
    let acks = seen.message.method() == Some("ACK") && view.messages.list()[..own].iter().any(of_invite);
    seen.message.tag("To").is_some() && !acks
}

fn dialog_route(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let dialog = Dialog::of(view, super::own(view))?;
    let source = &view.messages.list()[dialog.answer.unwrap_or(dialog.opening)];
    let wanted = dialog.routes(view);
    let expected = if wanted.is_empty() { "no Route".to_owned() } else { format!("the route set of the dialog: {}", wanted.join(", ")) };
    let observed = listed(&seen.message, "Route");
    let finding = || broken(seen, "DLG-2", Reason::Violated, &expected, observed, place(seen, "Route")).on(source.line());
    (!same_routes(&uris(&seen.message, "Route"), &wanted)).then(finding)
}

fn service_route(granted: &Seen, seen: &Seen) -> Option<Finding> {
    let (wanted, have) = (uris(&granted.message, "Service-Route"), uris(&seen.message, "Route"));
    // The entry point itself may stand in front of the Service-Route.
    let tail = have.len().saturating_sub(wanted.len());
    let follows = tail <= 1 && have.len() >= wanted.len() && have[tail..].iter().zip(&wanted).all(|(a, b)| uri::same(a, b));
    let expected = format!("Route with the Service-Route of the registration, in order: {}", wanted.join(", "));
    let observed = listed(&seen.message, "Route");
    let finding = || broken(seen, "RFC 3608, 6.1", Reason::Violated, &expected, observed, place(seen, "Route")).on(granted.line());
    (!follows).then(finding)
}

fn response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(request) = view.messages.request_of(view.sip().unwrap_or_default()).map(|i| &view.messages.list()[i]) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if seen.to != request.from || seen.link != request.link {
        let observed = format!("sent to {} over {}", seen.to, seen.transport);
        findings.push(
            broken(
                seen,
                "RSP-8",
                Reason::Violated,
                "the response back along the topmost Via (18.2.2; RFC 3581)",
                observed,
                seen.message.start_span(),
            )
            .on(request.line()),
        );
    }
    // How long an invited user takes is open; to a re-INVITE nobody need be asked.
    let invites = request.message.method() == Some("INVITE");
    if invites && request.message.tag("To").is_none() {
        return findings;
    }
    let (took, most) = (seen.at.saturating_sub(request.at), view.ixit.duration("reaction"));
    if took.as_secs() >= 4 {
        let expected = format!("the response within {} s, better within 4 s", most.as_secs());
        let observed = format!("{:.1} s", took.as_secs_f64());
        let late = broken(seen, "RSP-6", Reason::Late, &expected, observed, seen.message.start_span()).on(request.line());
        findings.push(match took > most {
            true if invites => late.weighing(Severity::Warn),
            true => late,
            false => late.weighing(Severity::Info),
        });
    }
    findings
}
