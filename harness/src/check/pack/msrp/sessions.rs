//! Responses by the session that a request was for (RFC 4975, 7.3): 481 for none, 506 for one that is bound to another connection.

use std::time::Duration;

use super::{super::sdp::Described, broken, position, unfit, uris};
use crate::{
    check::View,
    trace::{
        Event, LinkChange, LinkId, Protocol,
        view::{Item, MediaSeen},
    },
    verdict::{Finding, Reason, Severity},
    wire::{sdp::attributes, uri::Uri},
};

const RULE: &str = "MSRP-12";

/// What a session-id of the SUT stands for when a request comes.
enum State {
    /// No description has it.
    Unknown,
    /// Its call has ended, this long ago.
    Ended(Duration),
    /// It is alive; the link that it is bound to, if any, while that is open.
    Alive(Option<LinkId>),
    /// Its path was described anew since it was bound: which link it has now, nobody can tell.
    Renewed,
}

/// 7.3: neither 481 nor 506 for a session that is there (R-7.3.9.1-2: told by its session-id), 481 for another, 506 for one that
/// belongs to another connection; there 481 is a remark.
pub(in super::super) fn answers(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let Item::Media(seen) = item else { return unfit(item) };
    let (Some(status), Some(index)) = (seen.msrp.status, position(view, seen)) else { return unfit(item) };
    let Some(asked) = view.messages.media_request_of(index).and_then(|i| view.messages.media().get(i)) else { return unfit(item) };
    let (expected, severity) = match state(view, asked) {
        State::Unknown if status == 481 => return Vec::new(),
        State::Unknown => ("481: no session of the client has this session-id", Severity::Fail),
        // What is over is given up within a moment.
        State::Ended(since) if status == 481 || since < view.ixit.duration("media") => return Vec::new(),
        State::Ended(_) => ("481: the session is over", Severity::Fail),
        State::Alive(Some(link)) if link != seen.link => match status {
            506 => return Vec::new(),
            481 => ("506: the session is bound to another connection", Severity::Info),
            _ => ("506: the session is bound to another connection", Severity::Fail),
        },
        State::Alive(_) if matches!(status, 481 | 506) => ("neither 481 nor 506: the session is there", Severity::Fail),
        State::Alive(_) | State::Renewed => return Vec::new(),
    };
    let finding = broken(seen, RULE, Reason::Violated, expected, status.to_string(), seen.unit().start());
    vec![finding.weighing(severity).on(asked.line())]
}

/// The session-id that a path is about: of its last URI.
fn session_id(path: &[String]) -> String {
    path.last().map(|uri| Uri::parse(uri).session).unwrap_or_default()
}

fn state(view: &View<'_>, asked: &MediaSeen) -> State {
    let list = view.messages.list();
    let wanted = session_id(&uris(asked, "To-Path"));
    let before = list.partition_point(|s| s.entry < asked.entry);
    let has_path = |s: &crate::trace::view::Seen| {
        let described = Described::of(&s.message);
        described.is_some_and(|d| {
            let media = d.media();
            let paths = media.iter().filter(|m| m.is_msrp()).flat_map(|m| attributes(d.raw, m.lines, "path"));
            paths.into_iter().any(|p| session_id(&d.text(p).split(' ').map(str::to_owned).collect::<Vec<_>>()) == wanted)
        })
    };
    let own = list[..before].iter().rev().find(|s| s.by_sut() && has_path(s));
    let Some(own) = own.filter(|_| !wanted.is_empty()) else { return State::Unknown };
    let call = own.message.call_id();
    let ends = |s: &&crate::trace::view::Seen| s.message.method() == Some("BYE") && s.message.call_id() == call;
    if let Some(over) = list[..before].iter().find(ends) {
        return State::Ended(asked.at.saturating_sub(over.at));
    }
    let Some((link, bound)) = bound(view, asked, &wanted) else { return State::Alive(None) };
    let again = |s: &crate::trace::view::Seen| {
        s.entry > bound && s.repeats.is_none() && s.message.call_id() == call && Described::of(&s.message).is_some()
    };
    if list[..before].iter().any(again) {
        return State::Renewed;
    }
    State::Alive(Some(link).filter(|link| is_open(view, *link, asked.entry)))
}

/// The link over which the session first spoke, and the entry of that: a request of the SUT, or one that it answered with 200.
fn bound(view: &View<'_>, asked: &MediaSeen, wanted: &str) -> Option<(LinkId, usize)> {
    let media = view.messages.media();
    let taken =
        |index: usize| (index..media.len()).any(|i| media[i].status() == Some(200) && view.messages.media_request_of(i) == Some(index));
    let speaks = |(index, seen): &(usize, &MediaSeen)| {
        let name = if seen.by_sut() { "From-Path" } else { "To-Path" };
        seen.protocol == Protocol::Msrp
            && seen.entry < asked.entry
            && seen.msrp.method.is_some()
            && session_id(&uris(seen, name)) == wanted
            && (seen.by_sut() || taken(*index))
    };
    media.iter().enumerate().find(speaks).map(|(_, seen)| (seen.link, seen.entry))
}

/// Whether a link was still open at an entry.
fn is_open(view: &View<'_>, wanted: LinkId, entry: usize) -> bool {
    !view
        .trace
        .entries()
        .iter()
        .take(entry)
        .any(|e| matches!(&e.event, Event::Link { link, change: LinkChange::Closed(_) | LinkChange::Reset(_) } if *link == wanted))
}
