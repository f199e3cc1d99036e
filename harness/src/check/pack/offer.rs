//! Descriptions of a session that was there before (RFC 3264, 5 and 8; RFC 4975, 8.4; CMP-OA): how one carries on those before,
//! what a modified offer is, and what the offer of who returns is.

use super::{
    broken, msrp_sdp, own,
    sdp::{self, Described},
    unwise,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{sdp::attributes, sip::Message},
};

/// An earlier description of the SUT in the dialog of "it".
struct Earlier<'a> {
    seen: &'a Seen,
    described: Described<'a>,
}

/// The latest description of the SUT before "it", and the latest that was negotiated: they differ after an offer that was refused.
fn earlier<'a>(view: &View<'a>, seen: &Seen) -> Vec<Earlier<'a>> {
    let list = view.messages.list();
    let index = own(view);
    let same = |i: &usize| {
        let other = &list[*i];
        other.by_sut() && other.repeats.is_none() && other.message.call_id() == seen.message.call_id()
    };
    let accepted = |i: usize| {
        let success = |i: usize| list[i].message.status().is_some_and(|s| (200..300).contains(&s));
        success(i) || (i..index).any(|answer| success(answer) && view.messages.request_of(answer) == Some(i))
    };
    let read = |i: usize| Some((i, Described::of(&list[i].message)?));
    let mut found = (0..index).rev().filter(same).filter_map(read);
    let Some((last, described)) = found.next() else { return Vec::new() };
    let negotiated = if accepted(last) { None } else { found.find(|(i, _)| accepted(*i)) };
    let latest = Earlier { seen: &list[last], described };
    std::iter::once(latest).chain(negotiated.map(|(i, described)| Earlier { seen: &list[i], described })).collect()
}

/// The o= line: its version, and the rest of it.
fn origin(described: &Described<'_>) -> (Option<u64>, Vec<String>) {
    let text = described.session(b'o').next().map(|l| described.text(l.value)).unwrap_or_default();
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let version = words.get(2).and_then(|w| w.parse::<u64>().ok());
    (version, words.into_iter().enumerate().filter(|(n, _)| *n != 2).map(|(_, w)| w).collect())
}

/// All lines but o=.
fn rest(described: &Described<'_>) -> Vec<String> {
    described.sdp.lines.iter().filter(|l| l.kind != b'o').map(|l| described.text(l.value)).collect()
}

/// OA-5 and OA-6: a later description of the SUT in one dialog: the same o= but its version, which counts changes; no m= line goes.
pub(super) fn carries_on(view: &View<'_>, seen: &Seen, own: &Described<'_>) -> Vec<Finding> {
    // A request outside any dialog that is tried again modifies no session.
    if seen.message.tag("To").is_none() {
        return Vec::new();
    }
    let before = earlier(view, seen);
    let Some(last) = before.last() else { return Vec::new() };
    let mut findings = Vec::new();
    let (version, kept) = origin(own);
    // A first description may be repeated as it is in later responses to one request; one that was refused may count or not.
    let due = |old: &Earlier<'_>| {
        let (earlier, _) = origin(&old.described);
        if rest(own) == rest(&old.described) { earlier } else { earlier.map(|v| v.wrapping_add(1)) }
    };
    if !before.iter().any(|old| kept == origin(&old.described).1 && version == due(old)) {
        let line = |d: &Described<'_>| d.session(b'o').next().map(|l| d.text(l.value)).unwrap_or_default();
        let place = own.session(b'o').next().map_or(own.span, |l| l.line);
        let expected = format!("o= of the description before, version {}: {}", due(last).unwrap_or_default(), line(&last.described));
        findings.push(broken(seen, "OA-5", Reason::Violated, &expected, line(own), place).on(last.seen.line()));
    }
    if own.sdp.media.len() < last.described.sdp.media.len() {
        let expected = format!("no m= line less than before: {}", last.described.sdp.media.len());
        let observed = own.sdp.media.len().to_string();
        findings.push(broken(seen, "OA-6", Reason::Violated, &expected, observed, own.span).on(last.seen.line()));
    }
    findings
}

/// RFC 3264, 5: a first offer; who returns to a session asks for the kinds of streams that it had (R-7.3.1.5-3).
pub(super) fn first(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = sdp::rules(view, seen);
    let Some(own) = Described::of(&seen.message) else { return findings };
    let Some((old, before)) = left(view, seen) else { return findings };
    let (now, then) = (kinds(&own), kinds(&before));
    if now != then {
        let expected = format!("the kinds of streams of the session before: {}", then.join(", "));
        let place = own.media().first().map_or(own.span, |m| m.line.line);
        findings.push(broken(seen, "R-7.3.1.5-3", Reason::Violated, &expected, now.join(", "), place).on(old.line()));
    }
    findings
}

/// The last description of the SUT in an earlier dialog of the same conversation.
fn left<'a>(view: &View<'a>, seen: &Seen) -> Option<(&'a Seen, Described<'a>)> {
    let list = view.messages.list();
    let conversation = |m: &Message| m.value("Conversation-ID").map(|v| v.trim().to_owned());
    let wanted = conversation(&seen.message)?;
    let before = &list[..own(view)];
    // A response may have changed what the INVITE said.
    let same = |s: &Seen| {
        let call = s.message.call_id();
        call != seen.message.call_id()
            && before.iter().any(|other| other.message.call_id() == call && conversation(&other.message).as_ref() == Some(&wanted))
    };
    before.iter().rev().filter(|s| s.by_sut() && same(s)).find_map(|s| Some((s, Described::of(&s.message)?)))
}

/// What the live streams of a description are: media, protocol and, of MSRP, what is accepted; in order.
fn kinds(described: &Described<'_>) -> Vec<String> {
    let list = |m: &sdp::Media<'_>, name: &str| {
        let mut types: Vec<String> = attributes(described.raw, m.lines, name)
            .flat_map(|span| described.text(span).to_ascii_lowercase().split(' ').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        types.sort();
        types.join(" ")
    };
    let kind = |m: &sdp::Media<'_>| {
        let accepted =
            if m.is_msrp() { format!(" {};{}", list(m, "accept-types"), list(m, "accept-wrapped-types")) } else { String::new() };
        format!("{} {}{accepted}", m.word(0), m.word(2))
    };
    described.media().iter().filter(|m| !m.refused()).map(kind).collect()
}

/// RFC 3264, 8: an offer that changes a running session: version one up, streams in their places.
pub(super) fn modified(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = sdp::rules(view, seen);
    let Some(own) = Described::of(&seen.message) else { return findings };
    let before = earlier(view, seen);
    let Some(last) = before.last() else {
        findings.push(broken(seen, "OA-5", Reason::Missing, "a description of the session before", "none", own.span));
        return findings;
    };
    if rest(&own) == rest(&last.described) {
        let expected = "another description than the one before";
        findings.push(broken(seen, "OA-5", Reason::Violated, expected, "the same", own.span).on(last.seen.line()));
    }
    findings.extend(places(seen, &own, last));
    findings
}

/// OA-6: what is still there stays in its place; another medium in it is allowed (8.3.3), and told.
fn places(seen: &Seen, own: &Described<'_>, last: &Earlier<'_>) -> Vec<Finding> {
    let (now, old) = (own.media(), last.described.media());
    let mut findings = Vec::new();
    for (place, (a, b)) in now.iter().zip(&old).enumerate() {
        let kind = |m: &sdp::Media<'_>| (m.word(0).to_owned(), m.word(2).to_owned());
        if kind(a) == kind(b) || a.refused() || b.refused() {
            continue;
        }
        let elsewhere =
            now.iter().enumerate().any(|(n, m)| n != place && kind(m) == kind(b) && old.get(n).is_none_or(|o| kind(o) != kind(b)));
        let expected = format!("{} over {} in this place, as before", b.word(0), b.word(2));
        let observed = own.text(a.line.value);
        let weighed = if elsewhere { broken } else { unwise };
        findings.push(weighed(seen, "OA-6", Reason::Violated, &expected, observed, a.line.line).on(last.seen.line()));
    }
    findings
}

/// RFC 4975, 8.4: streams that go on have a path to the client; where nothing changes the o= line is that of before.
pub(super) fn updated(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = msrp_sdp::path(view, seen);
    let Some(own) = Described::of(&seen.message) else { return findings };
    let unchanged = earlier(view, seen).into_iter().find(|old| rest(&own) == rest(&old.described));
    if let Some(old) = unchanged.filter(|old| origin(&own) != origin(&old.described)) {
        let line = |d: &Described<'_>| d.session(b'o').next().map(|l| d.text(l.value)).unwrap_or_default();
        let place = own.session(b'o').next().map_or(own.span, |l| l.line);
        let expected = format!("the o= line of before, as nothing changes: {}", line(&old.described));
        findings.push(broken(seen, "RFC 4975, 8.4", Reason::Violated, &expected, line(&own), place).on(old.seen.line()));
    }
    findings
}
