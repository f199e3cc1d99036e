//! What a dialog of the SUT is made of, as the trace shows it (RFC 3261, 12; CMP-DIALOG), and what its requests owe it.

use std::time::Duration;

use super::{broken, place, unwise};
use crate::{
    check::{View, compare::address},
    trace::{Event, Mark, view::Seen},
    verdict::{Finding, Reason},
    wire::{
        params::NameAddr,
        sip::Message,
        uri::{self, Uri},
    },
};

/// Estimate of a round trip (RFC 3261, 17.1.1.1): what crosses on the way may come so late.
pub(super) const T1: Duration = Duration::from_millis(500);

/// A dialog that the SUT takes part in, or one that it asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialog {
    /// Index of the request that asks for it: of several, after a challenge, the last.
    pub(super) opening: usize,
    /// Index of the 2xx response to it.
    pub(super) answer: Option<usize>,
    /// Whether the SUT asked for it.
    pub(super) caller: bool,
}

impl Dialog {
    /// The dialog by INVITE or SUBSCRIBE that message `index` belongs to, by its Call-ID; where none has that, the last one before.
    pub(super) fn of(view: &View<'_>, index: usize) -> Option<Self> {
        let list = view.messages.list();
        let own = list.get(index)?.message.call_id();
        let opens = |i: &usize| {
            let message = &list[*i].message;
            list[*i].repeats.is_none() && matches!(message.method(), Some("INVITE" | "SUBSCRIBE")) && message.tag("To").is_none()
        };
        let before = || (0..index).rev().filter(opens);
        let opening = before().find(|i| list[*i].message.call_id() == own).or_else(|| before().next())?;
        let confirms = |i: &usize| list[*i].message.status().is_some_and(|s| (200..300).contains(&s));
        let answer = (opening + 1..index).filter(confirms).find(|i| view.messages.request_of(*i) == Some(opening));
        Some(Self { opening, answer, caller: list[opening].by_sut() })
    }

    /// Where the peer wants to be reached before message `index`: Contact of its newest INVITE, UPDATE or 2xx to one (DLG-3).
    pub(super) fn target(&self, view: &View<'_>, index: usize) -> Option<(String, usize)> {
        let list = view.messages.list();
        let call = list[self.opening].message.call_id();
        (self.opening..index.min(list.len())).rev().find_map(|i| {
            let (seen, message) = (&list[i], &list[i].message);
            let refreshes = |m: &str| matches!(m, "INVITE" | "UPDATE" | "SUBSCRIBE" | "NOTIFY");
            let fits = message.method().map_or_else(
                || message.status().is_some_and(|s| (200..300).contains(&s)) && message.cseq().is_some_and(|(_, m)| refreshes(m)),
                refreshes,
            );
            (!seen.by_sut() && fits && message.call_id() == call).then(|| Some((uris(message, "Contact").into_iter().next()?, i)))?
        })
    }

    /// The route set (DLG-2): of a caller the Record-Route of the response, reversed; of a callee that of the request.
    pub(super) fn routes(&self, view: &View<'_>) -> Vec<String> {
        let list = view.messages.list();
        if !self.caller {
            return uris(&list[self.opening].message, "Record-Route");
        }
        let mut routes = self.answer.map(|i| uris(&list[i].message, "Record-Route")).unwrap_or_default();
        routes.reverse();
        routes
    }

    /// Messages that say who speaks from the SUT's side, and who from the other, with the field that says it.
    fn sides<'a>(&self, view: &View<'a>) -> [(&'a Message, &'static str); 2] {
        let list = view.messages.list();
        let opening = &list[self.opening].message;
        let answer = self.answer.map_or(opening, |i| &list[i].message);
        if self.caller { [(opening, "From"), (answer, "To")] } else { [(answer, "To"), (opening, "From")] }
    }

    /// What is wrong with a request of the SUT inside this dialog, its number aside: identifiers, target, routes (DLG-2 to DLG-5).
    pub(super) fn request(&self, view: &View<'_>, seen: &Seen, index: usize) -> Vec<Finding> {
        let list = view.messages.list();
        let message = &seen.message;
        let source = list[self.answer.unwrap_or(self.opening)].line();
        let mut findings = Vec::new();
        if message.call_id() != list[self.opening].message.call_id() {
            let expected = "the Call-ID of the dialog";
            findings.push(broken(seen, "DLG-4", Reason::Violated, expected, value(message, "Call-ID"), place(seen, "Call-ID")));
        }
        for (name, (other, field)) in ["From", "To"].into_iter().zip(self.sides(view)) {
            if !same_party((message, name), (other, field)) {
                let expected = format!("{name} of the dialog: {}", value(other, field));
                findings.push(broken(seen, "DLG-4", Reason::Violated, &expected, value(message, name), place(seen, name)));
            }
        }
        let routes = self.routes(view);
        // A strict router on top changes the Request-URI too; that is not graded (R-0-17).
        let loose = routes.first().is_none_or(|first| Uri::parse(first).param("lr").is_some());
        if loose && let Some((target, of)) = self.target(view, index) {
            let own = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
            if !same_target(&own, &target) {
                let expected = format!("the remote target {target}");
                let finding = broken(seen, "DLG-3", Reason::Violated, &expected, own, message.start_span());
                findings.push(finding.on(list[of].line()));
            }
        }
        if loose && !same_routes(&uris(message, "Route"), &routes) {
            let expected = if routes.is_empty() { "no Route".to_owned() } else { format!("the route set {}", routes.join(", ")) };
            findings.push(broken(seen, "DLG-2", Reason::Violated, &expected, listed(message, "Route"), place(seen, "Route")));
        }
        findings.into_iter().map(|f| f.on(source.clone())).collect()
    }

    /// CSeq of a new request of the SUT: above the last one of its own; a gap warns (DLG-4).
    pub(super) fn counts_on(&self, view: &View<'_>, seen: &Seen, index: usize) -> Option<Finding> {
        let list = view.messages.list();
        let call = list[self.opening].message.call_id();
        let (own, _) = seen.message.cseq()?;
        let last = list[self.opening..index]
            .iter()
            .rev()
            .filter(|old| old.by_sut() && old.message.call_id() == call && old.repeats.is_none())
            .find(|old| old.message.method().is_some_and(|m| !matches!(m, "ACK" | "CANCEL")))?;
        let (before, _) = last.message.cseq()?;
        let expected = format!("CSeq {}, one more than in the request before", before.saturating_add(1));
        let span = place(seen, "CSeq");
        match own.checked_sub(before) {
            Some(1) => None,
            None | Some(0) => Some(broken(seen, "DLG-4", Reason::Violated, &expected, own.to_string(), span).on(last.line())),
            Some(_) => Some(unwise(seen, "DLG-4", Reason::Violated, &expected, own.to_string(), span).on(last.line())),
        }
    }
}

/// The URIs of all values of a field, without header parameters.
pub(super) fn uris(message: &Message, name: &str) -> Vec<String> {
    message.elements(name).iter().map(|span| address(&span.text(&message.raw))).collect()
}

/// The URIs of a field as text for a finding.
pub(super) fn listed(message: &Message, name: &str) -> String {
    let uris = uris(message, name);
    if uris.is_empty() { format!("no {name}") } else { uris.join(", ") }
}

/// The value of a field as text for a finding.
pub(super) fn value(message: &Message, name: &str) -> String {
    message.value(name).map_or_else(|| format!("no {name}"), |v| v.trim().to_owned())
}

/// Whether two fields name the same address with the same tag, however they are spelled.
pub(super) fn same_party(own: (&Message, &str), other: (&Message, &str)) -> bool {
    let read = |(message, name): (&Message, &str)| {
        let span = message.first(name)?.value;
        Some((NameAddr::parse(&message.raw, span).uri.text(&message.raw).into_owned(), message.tag(name).map(|t| t.into_owned())))
    };
    read(own).zip(read(other)).is_some_and(|(a, b)| uri::same(&a.0, &b.0) && a.1 == b.1)
}

/// CMP-URI for stored targets: equal, and no parameter lost.
pub(super) fn same_target(own: &str, stored: &str) -> bool {
    let (a, b) = (Uri::parse(own), Uri::parse(stored));
    uri::same(own, stored) && b.params.iter().all(|(name, value)| a.param(name) == Some(value.as_deref()))
}

/// Whether two lists of routes are equal, in order.
pub(super) fn same_routes(own: &[String], wanted: &[String]) -> bool {
    own.len() == wanted.len() && own.iter().zip(wanted).all(|(a, b)| same_target(a, b))
}

/// The SUT has shown that it has handled what came with this entry: it answered a probe since, or 2 s are over.
pub(super) fn handled(view: &View<'_>, entry: usize, at: Duration) -> bool {
    let proven = view.trace.entries().iter().rposition(|e| matches!(e.event, Event::Mark(Mark::ProofOfLife(true))));
    proven.is_some_and(|proof| entry < proof) || at + 4 * T1 <= view.trace.end()
}

/// Indices of a message and of those with the same octets from the same side, behind it; over a stream too.
pub(super) fn copies<'a>(view: &View<'a>, index: usize) -> impl Iterator<Item = (usize, &'a Seen)> {
    let list = view.messages.list();
    let first = list.get(index);
    list.iter().enumerate().skip(index).filter(move |(_, s)| first.is_some_and(|f| s.from == f.from && s.message.raw == f.message.raw))
}
