//! MSRP on the wire (RFC 4975): framing of requests (7.1), the first SEND of a connection (5.4); chunks, responses and reports
//! have files of their own.

use std::{ops::Range, time::Duration};

use super::broken;
use crate::{
    check::View,
    trace::{
        Event, LinkChange, Protocol,
        view::{Item, MediaSeen},
    },
    verdict::{Finding, Reason},
    wire::{
        Span,
        msrp::{
            range::ByteRange,
            uri::{path, same},
        },
        sdp::attributes,
    },
};

pub(super) mod answers;
pub(super) mod chunks;

/// How soon after the connection the first SEND is due (RFC 6135, 4.2.2: immediately; CONV-7.2.1.2-on200-6).
const AT_ONCE: Duration = Duration::from_secs(1);

/// The MSRP requests that "it" is: one, or all chunks of a message.
fn requests<'a>(view: &View<'a>, item: Item<'a>) -> Vec<(usize, &'a MediaSeen)> {
    let media = view.messages.media();
    let indices = match item {
        Item::Sip(_) => Vec::new(),
        Item::Media(seen) => position(view, seen).into_iter().collect(),
        Item::Whole(whole) => whole.chunks.clone(),
    };
    let of = |index: usize| Some((index, media.get(index)?));
    indices.into_iter().filter_map(of).filter(|(_, seen)| seen.protocol == Protocol::Msrp).collect()
}

/// The place of a message in its list.
fn position(view: &View<'_>, seen: &MediaSeen) -> Option<usize> {
    view.messages.media().iter().position(|other| std::ptr::eq(other, seen))
}

/// What is no MSRP at all keeps a rule from being judged; that is a fault of the feature.
fn unfit(item: Item<'_>) -> Vec<Finding> {
    vec![Finding::new(Reason::Suite, "an MSRP request or response of the kind that the section is about", "another kind").on(item.line())]
}

/// The value of a header field as text.
fn text(seen: &MediaSeen, name: &str) -> Option<String> {
    seen.msrp.field(&seen.raw, name).map(|span| span.text(&seen.raw).into_owned())
}

/// What a wish of the sender for reports says: `yes`, `no`, `partial`, in lower case; empty where it says nothing.
fn wish(seen: &MediaSeen, name: &str) -> String {
    text(seen, name).unwrap_or_default().to_ascii_lowercase()
}

/// The line of a header field, else the start line.
fn place(seen: &MediaSeen, name: &str) -> Span {
    seen.msrp.field(&seen.raw, name).unwrap_or(seen.unit().start())
}

/// The URIs of a path.
fn uris(seen: &MediaSeen, name: &str) -> Vec<String> {
    seen.msrp
        .field(&seen.raw, name)
        .map(|span| path(&seen.raw, span))
        .unwrap_or_default()
        .iter()
        .map(|s| s.text(&seen.raw).into())
        .collect()
}

fn same_paths(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn range(seen: &MediaSeen) -> Option<ByteRange> {
    text(seen, "Byte-Range")?.parse().ok()
}

/// What breaks the grammar of one message, by the rule that it breaks.
fn grammar(seen: &MediaSeen) -> Vec<Finding> {
    let rule = |code: &str| match code {
        "transaction" | "no-end-line" | "no-line-end" | "end-line-in-body" | "octets-behind-end-line" => "MSRP-2",
        "flag" | "flag-of-response" | "flag-without-body" => "MSRP-3",
        "message-id" | "no-message-id" => "MSRP-4",
        "byte-range" | "byte-range-order" => "MSRP-5",
        "no-content-type" | "no-blank-line" | "content-type-not-last" | "media-type" => "MSRP-6",
        "mime-without-body" | "transfer-encoding" | "no-line-end-before-end-line" => "MSRP-6",
        "body-too-large" => "MSRP-7",
        "success-report" | "failure-report" => "MSRP-8",
        "status" | "no-status" => "MSRP-9",
        "report-of-report" => "MSRP-10",
        "body-in-response" => "MSRP-11",
        code if code == "path" || code.starts_with("msrp-uri") => "MSRP-15",
        _ => "MSRP-1",
    };
    // What a chunk has to be to its message, 7.1.1 judges.
    let of_message = ["not-interruptible", "byte-range-length", "byte-range-beyond-total", "byte-range-total"];
    let expected = "the grammar of RFC 4975, 9";
    let faults = seen.msrp.malformations.iter().filter(|m| !of_message.contains(&m.code.as_str()));
    faults.map(|m| broken(seen, rule(&m.code), Reason::Malformed, expected, format!("{}: {}", m.code, m.message), m.span)).collect()
}

/// 7.1: framing of each request, and a transaction identifier that no earlier request of the connection has.
pub(super) fn framing(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    if found.is_empty() {
        return unfit(item);
    }
    found.iter().flat_map(|(index, seen)| grammar(seen).into_iter().chain(known(view, *index, seen))).collect()
}

/// MSRP-2: the identifier of an earlier request of the same side on the same connection.
fn known(view: &View<'_>, index: usize, seen: &MediaSeen) -> Option<Finding> {
    let own = seen.msrp.transaction.of(&seen.raw);
    let same = |old: &&MediaSeen| {
        old.link == seen.link && old.by_sut() == seen.by_sut() && old.msrp.method.is_some() && old.msrp.transaction.of(&old.raw) == own
    };
    let old = view.messages.media()[..index].iter().find(same)?;
    let observed = seen.msrp.transaction.text(&seen.raw);
    let expected = "a transaction identifier not used before";
    Some(broken(seen, "MSRP-2", Reason::Violated, expected, observed, seen.msrp.transaction).on(old.line()))
}

/// 5.4: the first thing on a connection is a SEND without body, at once, from the path of the own description to that of the
/// other side (R-7.2.1.2-7).
pub(super) fn binds(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    let Some((index, seen)) = found.first().copied() else { return unfit(item) };
    let (raw, rule) = (&seen.raw, "MSRP-13");
    let mut findings = grammar(seen);
    if let Some(body) = seen.msrp.body {
        let expected = "a first SEND without body: no Content-Type, no empty line";
        let observed = format!("a body of {} octets", body.len());
        findings.push(broken(seen, "R-7.2.1.2-7", Reason::Unexpected, expected, observed, place(seen, "Content-Type")));
    }
    if seen.msrp.method.is_none_or(|m| m.of(raw) != b"SEND") {
        findings.push(broken(seen, rule, Reason::Violated, "a SEND", seen.unit().start().text(raw), seen.unit().start()));
    }
    if seen.msrp.flag == Some(b'#') {
        findings.push(broken(seen, "MSRP-3", Reason::Violated, "the flag $", seen.msrp.end_line.text(raw).trim_end(), seen.msrp.end_line));
    }
    if seen.msrp.body.is_none() && range(seen).is_some_and(|r| r != ByteRange { start: 1, end: Some(0), total: Some(0) }) {
        let observed = text(seen, "Byte-Range").unwrap_or_default();
        findings.push(broken(seen, "MSRP-5", Reason::Violated, "Byte-Range 1-0/0, or none", observed, place(seen, "Byte-Range")));
    }
    let before = |old: &&MediaSeen| old.link == seen.link && old.by_sut() == seen.by_sut();
    if let Some(first) = view.messages.media()[..index].iter().find(before) {
        let observed = first.unit().start().text(&first.raw).into_owned();
        let expected = "nothing of this side in front of it on the connection";
        findings.push(broken(seen, rule, Reason::Violated, expected, observed, seen.unit().start()).on(first.line()));
    }
    let opened = view.trace.entries().iter().find_map(|entry| match &entry.event {
        Event::Link { link, change: LinkChange::Opened { .. } } if *link == seen.link => Some(entry.at),
        _ => None,
    });
    if let Some(waited) = opened.map(|at| seen.at.saturating_sub(at)).filter(|waited| *waited > AT_ONCE) {
        let observed = format!("after {:.1} s", waited.as_secs_f64());
        findings.push(broken(seen, rule, Reason::Late, "a SEND within 1 s of the connection", observed, seen.unit().start()));
    }
    findings.extend(along(view, seen));
    findings
}

/// MSRP-11: To-Path is the path that the other side described, From-Path that of the own side.
fn along(view: &View<'_>, seen: &MediaSeen) -> Vec<Finding> {
    let Some(session) = Session::of(view, seen) else { return Vec::new() };
    let mut findings = Vec::new();
    for (name, wanted) in [("To-Path", &session.theirs), ("From-Path", &session.own)] {
        // Of an own path with relays only the last URI is the client's (RFC 4976, 5.1).
        let have = uris(seen, name);
        let fits = same_paths(&have, wanted)
            || name == "From-Path" && same_paths(&have, wanted.get(wanted.len().saturating_sub(1)..).unwrap_or_default());
        if !fits && !have.is_empty() {
            let expected = format!("{name} as in the description: {}", wanted.join(" "));
            findings.push(broken(seen, "MSRP-11", Reason::Violated, &expected, have.join(" "), place(seen, name)));
        }
    }
    findings
}

/// The two paths of a session, as its descriptions have them.
struct Session {
    own: Vec<String>,
    theirs: Vec<String>,
}

impl Session {
    /// That of a request: by the path that one side described, else the one described last.
    fn of(view: &View<'_>, seen: &MediaSeen) -> Option<Self> {
        let list = view.messages.list();
        let described = |index: &usize| {
            let message = &list[*index].message;
            let found = super::sdp::Described::of(message)?;
            let media = found.media();
            let stream = media.iter().find(|m| m.is_msrp() && !m.refused())?;
            let span = attributes(found.raw, stream.lines, "path").next()?;
            let text = found.text(span);
            Some(text.split(' ').filter(|u| !u.is_empty()).map(str::to_owned).collect::<Vec<String>>())
        };
        let before: Range<usize> = 0..list.partition_point(|s| s.entry < seen.entry);
        // Of each response with a description, the description of its request.
        let pairs: Vec<(Vec<String>, Vec<String>)> = before
            .rev()
            .filter(|i| list[*i].repeats.is_none() && list[*i].message.is_response())
            .filter_map(|i| {
                let (answer, offer) = (described(&i)?, described(&view.messages.request_of(i)?)?);
                Some(if list[i].by_sut() == seen.by_sut() { (answer, offer) } else { (offer, answer) })
            })
            .collect();
        let (from, to) = (uris(seen, "From-Path"), uris(seen, "To-Path"));
        let last = |path: &[String]| path.last().cloned().unwrap_or_default();
        let fits = |(own, theirs): &&(Vec<String>, Vec<String>)| same(&last(own), &last(&from)) || same(&last(theirs), &last(&to));
        let (own, theirs) = pairs.iter().find(fits).or(pairs.first())?.clone();
        Some(Self { own, theirs })
    }
}
