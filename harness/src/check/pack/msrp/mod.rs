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
        sip::Message,
        uri::Uri,
    },
};

pub(super) mod answers;
pub(super) mod chunks;
pub(super) mod sessions;
pub(super) mod types;

/// How soon after the connection the first SEND is due (RFC 6135, 4.2.2: immediately; CONV-7.2.1.2-on200-6).
const AT_ONCE: Duration = Duration::from_secs(1);

/// The MSRP requests that "it" is: one, or all chunks of a message.
fn requests<'a>(view: &View<'a>, item: Item<'a>) -> Vec<(usize, &'a MediaSeen)> {
    let media = view.messages.media();
    let indices = match item {
        Item::Sip(_) | Item::Rtp(_) => Vec::new(),
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

/// The session-id of the last URI of a path.
pub(super) fn session_id(seen: &MediaSeen, name: &str) -> Option<String> {
    Some(Uri::parse(uris(seen, name).last()?).session).filter(|id| !id.is_empty())
}

/// The session-ids of the paths of a description.
pub(super) fn described_sessions(message: &Message) -> Vec<String> {
    let last = |stream: Stream| Some(Uri::parse(stream.path.last()?).session);
    streams(message).into_iter().flatten().filter_map(last).filter(|id| !id.is_empty()).collect()
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

/// 7.1: framing of each request, a transaction identifier that no earlier request of the connection has, of a SEND the paths of the
/// session.
pub(super) fn framing(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    if found.is_empty() {
        return unfit(item);
    }
    let judged = |index: usize, seen: &MediaSeen| {
        let mut findings = grammar(seen);
        if findings.is_empty() && seen.is_msrp("SEND") {
            findings.extend(along(seen, Session::of(view, seen)));
        }
        findings.extend(known(view, index, seen));
        findings
    };
    found.iter().flat_map(|(index, seen)| judged(*index, seen)).collect()
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

/// 5.4: the first thing of a session on a connection is a SEND of its active side, at once, from the path of the own description
/// to that of the other side; of a session for one message it has no body (R-7.2.1.2-7).
pub(super) fn binds(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    let Some((index, seen)) = found.first().copied() else { return unfit(item) };
    let (raw, rule) = (&seen.raw, "MSRP-13");
    let mut findings = grammar(seen);
    let session = Session::of(view, seen);
    if let Some(body) = seen.msrp.body.filter(|_| session.as_ref().is_none_or(|s| s.standalone)) {
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
    let opened = view.trace.entries().iter().find_map(|entry| match &entry.event {
        Event::Link { link, change: LinkChange::Opened { from, .. } } if *link == seen.link => Some((entry.at, from.party == seen.from)),
        _ => None,
    });
    if opened.is_some_and(|(_, active)| !active) {
        findings.extend(first_of_the_other(view, index, seen));
    } else {
        findings.extend(first_of_this(view, index, seen, opened.map(|(at, _)| at)));
    }
    findings.extend(along(seen, session));
    findings
}

/// What came over the same connection before for the same session, from this side; responses are of any.
fn before<'a>(view: &View<'a>, index: usize, seen: &MediaSeen) -> Option<&'a MediaSeen> {
    let path = uris(seen, "From-Path");
    let last = |path: &[String]| path.last().cloned().unwrap_or_default();
    let same = |old: &&MediaSeen| {
        let theirs = uris(old, "From-Path");
        old.link == seen.link
            && old.by_sut() == seen.by_sut()
            && (theirs.is_empty() || path.is_empty() || same(&last(&theirs), &last(&path)))
    };
    view.messages.media()[..index].iter().find(same)
}

/// The active side: nothing in front of it, and no waiting. A connection that other sessions have already counts from the ACK.
fn first_of_this(view: &View<'_>, index: usize, seen: &MediaSeen, opened: Option<Duration>) -> Vec<Finding> {
    let rule = "MSRP-13";
    let mut findings = Vec::new();
    if let Some(first) = before(view, index, seen) {
        let observed = first.unit().start().text(&first.raw).into_owned();
        let expected = "nothing of this side in front of it on the connection";
        findings.push(broken(seen, rule, Reason::Violated, expected, observed, seen.unit().start()).on(first.line()));
    }
    let shared = view.messages.media()[..index].iter().any(|old| old.link == seen.link);
    let acked = view.messages.list().iter().rev().find(|s| s.entry < seen.entry && s.message.method() == Some("ACK")).map(|s| s.at);
    let since = opened.map(|at| if shared { acked.map_or(at, |acked| acked.max(at)) } else { at });
    if let Some(waited) = since.map(|at| seen.at.saturating_sub(at)).filter(|waited| *waited > AT_ONCE) {
        let observed = format!("after {:.1} s", waited.as_secs_f64());
        findings.push(broken(seen, rule, Reason::Late, "a SEND within 1 s of the connection", observed, seen.unit().start()));
    }
    findings
}

/// The passive side speaks once the other one has spoken.
fn first_of_the_other(view: &View<'_>, index: usize, seen: &MediaSeen) -> Option<Finding> {
    let (own, path) = (uris(seen, "From-Path"), uris(seen, "To-Path"));
    let last = |path: &[String]| path.last().cloned().unwrap_or_default();
    let spoke = |old: &&MediaSeen| {
        let ours = || same(&last(&uris(old, "To-Path")), &last(&own)) || same(&last(&uris(old, "From-Path")), &last(&path));
        old.link == seen.link && old.by_sut() != seen.by_sut() && old.is_msrp("SEND") && ours()
    };
    let expected = "nothing of the passive side before the first SEND of the other";
    let finding = || broken(seen, "MSRP-13", Reason::Violated, expected, "none had come", seen.unit().start());
    (!view.messages.media()[..index].iter().any(|old| spoke(&old))).then(finding)
}

/// MSRP-11: To-Path is the path that the other side described, From-Path that of the own side.
fn along(seen: &MediaSeen, session: Option<Session>) -> Vec<Finding> {
    let Some(session) = session else { return Vec::new() };
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

/// What the two sides of a session described.
#[derive(Clone)]
struct Session {
    own: Vec<String>,
    theirs: Vec<String>,
    /// `accept-types` and `accept-wrapped-types` of the other side, and its `max-size`.
    types: Vec<String>,
    wrapped: Vec<String>,
    most: Option<u64>,
    /// Index of the message of the other side that describes it.
    their_message: usize,
    /// Whether it is for one message.
    standalone: bool,
}

/// One stream of a description.
struct Stream {
    path: Vec<String>,
    types: Vec<String>,
    wrapped: Vec<String>,
    most: Option<u64>,
}

/// The streams of MSRP in a message, in their places; none where one is refused or has no path.
fn streams(message: &Message) -> Vec<Option<Stream>> {
    let Some(found) = super::sdp::Described::of(message) else { return Vec::new() };
    let words = |span: Span| found.text(span).split(' ').filter(|u| !u.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let read = |m: &super::sdp::Media<'_>| {
        let first = |name: &str| attributes(found.raw, m.lines, name).next();
        let list = |name: &str| first(name).map(words).unwrap_or_default();
        let live = m.is_msrp() && !m.refused();
        live.then(|| {
            let most = first("max-size").and_then(|span| found.text(span).parse().ok());
            Some(Stream { path: words(first("path")?), types: list("accept-types"), wrapped: list("accept-wrapped-types"), most })
        })?
    };
    found.media().iter().map(read).collect()
}

impl Session {
    /// That of a request: by the path that one side described, else the one described last.
    fn of(view: &View<'_>, seen: &MediaSeen) -> Option<Self> {
        let list = view.messages.list();
        let before: Range<usize> = 0..list.partition_point(|s| s.entry < seen.entry);
        // Of each response with a description, that of its request, stream by stream.
        let all: Vec<Self> = before
            .rev()
            .filter(|i| list[*i].repeats.is_none() && list[*i].message.is_response())
            .flat_map(|i| {
                let Some(asked) = view.messages.request_of(i) else { return Vec::new() };
                let standalone = super::sdp::is_standalone(&list[asked].message);
                let answers = list[i].by_sut() == seen.by_sut();
                let pairs = streams(&list[i].message).into_iter().zip(streams(&list[asked].message));
                let session = |(answer, offer): (Option<Stream>, Option<Stream>)| {
                    let (own, theirs, their_message) = if answers { (answer?, offer?, asked) } else { (offer?, answer?, i) };
                    let Stream { path, types, wrapped, most } = theirs;
                    Some(Self { own: own.path, theirs: path, types, wrapped, most, their_message, standalone })
                };
                pairs.filter_map(session).collect()
            })
            .collect();
        let (from, to) = (uris(seen, "From-Path"), uris(seen, "To-Path"));
        let last = |path: &[String]| path.last().cloned().unwrap_or_default();
        let fits = |s: &&Self| same(&last(&s.own), &last(&from)) || same(&last(&s.theirs), &last(&to));
        all.iter().find(fits).or(all.first()).cloned()
    }
}
