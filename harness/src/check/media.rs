//! The media plane: connections of the SUT, and what it says over them.

use std::{net::SocketAddr, time::Duration};

use super::{View, pack, reference::MessageRef, shortened};
use crate::{
    field::Field,
    trace::{
        Event, LinkChange, LinkId, Protocol, Transport,
        view::{Item, MediaSeen, Seen},
    },
    verdict::{Evidence, Finding, Judgement, Reason, Severity},
    wire::msrp::uri::{self, MsrpUri},
};

/// What a line says of the media plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// No connection, no request over an old one.
    StaysDown,
    /// A connection within `media` of the stimulus, or of the ACK, and a request of the SUT over it; where the other side
    /// connects, the SUT's answer to one will do.
    Starts,
    /// No request of the SUT any more once the session is over.
    Stops,
    /// A connection opened or closed, or a request of the SUT along another path than before.
    Changes,
    /// Nothing of that.
    StaysUnchanged,
}

/// A link that was opened for MSRP, with one end at the SUT.
#[derive(Clone, Copy, Debug)]
struct Opened {
    entry: usize,
    at: Duration,
    link: LinkId,
    by_sut: bool,
    to: SocketAddr,
    transport: Transport,
}

fn opened<'a>(view: &View<'a>) -> impl Iterator<Item = Opened> + use<'a> {
    view.trace.entries().iter().enumerate().filter_map(|(number, entry)| match &entry.event {
        Event::Link { link, change: LinkChange::Opened { transport, protocol: Protocol::Msrp, from, to } } => {
            let ours = from.party.is_sut() || to.party.is_sut();
            let by_sut = from.party.is_sut();
            ours.then_some(Opened { entry: number, at: entry.at, link: *link, by_sut, to: to.address, transport: *transport })
        }
        _ => None,
    })
}

/// The SUT opens a connection to the leftmost URI of a path, and of no other place, within `media` (RFC 4975, 8.3; RFC 4145).
///
/// `msrps` wants TLS. A host that is no address is not looked up: then the port decides.
#[must_use]
pub fn connects(view: &View<'_>, field: &Field, message: &MessageRef) -> Judgement {
    let whole = View { it: None, ..*view };
    let source = message.before_it(&whole).and_then(|place| view.messages.item(place));
    let Some(source) = source else { return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen")) };
    let found = field.read(source);
    let Some(path) = found.first() else { return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no {field}")) };
    let Some(leftmost) = uri::path(source.raw(), path.span).first().copied() else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("the {field} of {message} is empty"));
    };
    let named = MsrpUri::parse(source.raw(), leftmost);
    let target = Target::of(source.raw(), &named);
    let limit = view.ixit.duration("media");
    let expected = format!("a connection to {}, the leftmost URI of the {field}, within {} s", target.text, limit.as_secs_f64());
    let named_at = source.evidence(leftmost);
    let opened: Vec<Opened> = opened(view).filter(|link| link.by_sut && link.entry > source.entry()).collect();
    let at_entry = |link: &Opened| Evidence::at(link.entry, 0, 0);
    let Some(right) = opened.iter().find(|link| target.is(link)) else {
        let finding = match opened.first() {
            Some(other) => Finding::new(Reason::Violated, expected, format!("a connection to {} over {}", other.to, other.transport))
                .on([at_entry(other)]),
            None => Finding::new(Reason::Missing, expected, "none"),
        };
        return finding.by("CMP-MSRPURI").on(named_at).into();
    };
    let finding = late(view, source.entry(), source.at(), right, &expected);
    let evidence: Vec<Evidence> = [at_entry(right)].into_iter().chain(named_at).collect();
    Judgement::Looked { findings: finding.map(|f| f.on(evidence.clone())).into_iter().collect(), evidence }
}

/// A connection that comes later than `media` after its cause, or nearly so; an ACK between them is the nearer cause.
fn late(view: &View<'_>, entry: usize, at: Duration, link: &Opened, expected: &str) -> Option<Finding> {
    let limit = view.ixit.duration("media");
    let is_ack = |seen: &&Seen| seen.entry > entry && seen.entry < link.entry && seen.message.method() == Some("ACK");
    let cause = view.messages.list().iter().rev().find(is_ack).map_or(at, |ack| ack.at);
    let passed = link.at.saturating_sub(cause);
    let finding = |severity, observed: String| Some(Finding::new(Reason::Late, expected, observed).weighing(severity));
    if passed > limit {
        finding(Severity::Fail, format!("after {:.1} s", passed.as_secs_f64()))
    } else if passed > limit.mul_f64(0.8) {
        finding(Severity::Info, format!("after {:.1} s: a near miss", passed.as_secs_f64()))
    } else {
        None
    }
}

/// Where a URI says that its owner is reached.
struct Target {
    text: String,
    host: String,
    port: Option<u16>,
    secure: bool,
}

impl Target {
    fn of(raw: &[u8], named: &MsrpUri) -> Self {
        let (host, secure) = (named.host.text(raw).into_owned(), named.is_secure(raw));
        let port = named.port.map_or_else(String::new, |port| format!(":{port}"));
        let text = shortened(&format!("{host}{port}{}", if secure { " over TLS" } else { "" }));
        Self { text, host, port: named.port, secure }
    }

    fn is(&self, link: &Opened) -> bool {
        let host = self.host.parse::<std::net::IpAddr>().map_or(true, |ip| ip == link.to.ip());
        host && self.port.is_none_or(|port| port == link.to.port()) && self.secure == (link.transport == Transport::Tls)
    }
}

/// What the media plane does since the last stimulus.
#[must_use]
pub fn plane(view: &View<'_>, plane: Plane) -> Judgement {
    let since = view.stimulus();
    match plane {
        Plane::StaysDown => stays_down(view, since),
        Plane::Starts => starts(view, since),
        Plane::Stops => stops(view, since),
        Plane::Changes => changes(view, since),
        Plane::StaysUnchanged => stays_unchanged(view, since),
    }
}

/// MSRP requests of the SUT behind an entry.
fn requests<'a>(view: &View<'a>, since: usize) -> impl Iterator<Item = &'a MediaSeen> + use<'a> {
    let own = move |seen: &&MediaSeen| seen.entry > since && seen.by_sut() && seen.protocol == Protocol::Msrp && seen.msrp.method.is_some();
    view.messages.media().iter().filter(own)
}

fn stays_down(view: &View<'_>, since: usize) -> Judgement {
    let expected = "no MSRP connection of the SUT, and no request over one";
    let connected = opened(view).filter(|link| link.by_sut && link.entry > since).map(|link| {
        let observed = format!("a connection to {}, {:.3} s after the stimulus", link.to, seconds(view, link.at));
        Finding::new(Reason::Unexpected, expected, observed).on([Evidence::at(link.entry, 0, 0)])
    });
    let said = requests(view, since).map(|seen| {
        let observed = shortened(&Item::Media(seen).start().text(&seen.raw));
        Finding::new(Reason::Unexpected, expected, observed).on(seen.line())
    });
    let findings = connected.chain(said).take(4).collect();
    Judgement::Looked { findings, evidence: vec![Evidence::at(since, 0, 0)] }
}

fn starts(view: &View<'_>, since: usize) -> Judgement {
    let links: Vec<Opened> = opened(view).filter(|link| link.entry > since).collect();
    let evidence: Vec<Evidence> = links.iter().map(|link| Evidence::at(link.entry, 0, 0)).collect();
    let theirs: Vec<LinkId> = links.iter().filter(|link| !link.by_sut).map(|link| link.link).collect();
    let answers = |seen: &&MediaSeen| seen.entry > since && seen.by_sut() && theirs.contains(&seen.link) && seen.status() == Some(200);
    let answer = || view.messages.media().iter().find(answers);
    let Some(first) = requests(view, since).next().or_else(answer) else {
        return Finding::new(Reason::Missing, "an MSRP request of the SUT", "none").on(evidence).into();
    };
    let expected = format!("an MSRP connection within {} s", view.ixit.duration("media").as_secs_f64());
    let finding = links.first().and_then(|link| late(view, since, view.stimulated_at(), link, &expected));
    let evidence: Vec<Evidence> = evidence.into_iter().chain(first.line()).collect();
    Judgement::Looked { findings: finding.map(|f| f.on(evidence.clone())).into_iter().collect(), evidence }
}

/// What became of the media plane behind an entry: in words, with where it stands.
fn moves(view: &View<'_>, since: usize) -> Vec<(String, Vec<Evidence>)> {
    let to_path = |seen: &MediaSeen| "MSRP To-Path".parse::<Field>().ok()?.read(Item::Media(seen)).into_iter().next().map(|f| f.text);
    let before: Vec<String> = requests(view, 0).filter(|seen| seen.entry <= since).filter_map(to_path).collect();
    let elsewhere = requests(view, since).filter_map(|seen| {
        let path = to_path(seen).filter(|path| !before.contains(path))?;
        Some((format!("a request along {}", shortened(&path)), seen.line()))
    });
    let links: Vec<Opened> = opened(view).collect();
    let at = |entry: usize| vec![Evidence::at(entry, 0, 0)];
    let up = links.iter().filter(|link| link.entry > since).map(|link| (format!("a connection opened to {}", link.to), at(link.entry)));
    let down = links.iter().filter(|link| link.entry <= since).filter_map(|link| {
        let entry = closed(view, link.link).filter(|entry| *entry > since)?;
        Some((format!("the connection to {} closed", link.to), at(entry)))
    });
    up.chain(down).chain(elsewhere).collect()
}

fn changes(view: &View<'_>, since: usize) -> Judgement {
    let limit = view.ixit.duration("media");
    let expected = format!("media over the new path, or the old one closed, within {} s", limit.as_secs_f64());
    let moves = moves(view, since);
    if moves.is_empty() {
        let observed = "no connection opened or closed, no request along another path";
        return Finding::new(Reason::Missing, expected, observed).on([Evidence::at(since, 0, 0)]).into();
    }
    let first = opened(view).find(|link| link.entry > since);
    let finding = first.and_then(|link| late(view, since, view.stimulated_at(), &link, &expected));
    let evidence: Vec<Evidence> = moves.into_iter().flat_map(|(_, evidence)| evidence).collect();
    Judgement::Looked { findings: finding.map(|f| f.on(evidence.clone())).into_iter().collect(), evidence }
}

fn stays_unchanged(view: &View<'_>, since: usize) -> Judgement {
    let expected = "no MSRP connection opened or closed, and no request along another path";
    let finding = |(observed, evidence): (String, Vec<Evidence>)| Finding::new(Reason::Unexpected, expected, observed).on(evidence);
    let findings = moves(view, since).into_iter().take(4).map(finding).collect();
    Judgement::Looked { findings, evidence: vec![Evidence::at(since, 0, 0)] }
}

/// The session is over with the latest BYE, or CANCEL, since the stimulus, else with the stimulus. What is said in other sessions
/// counts for nothing.
fn stops(view: &View<'_>, since: usize) -> Judgement {
    let ends = |method: Option<&str>| matches!(method, Some("BYE" | "CANCEL"));
    let list = view.messages.list();
    let over = list.iter().rev().find(|seen| seen.entry >= since && seen.repeats.is_none() && ends(seen.message.method()));
    let (entry, evidence) = over.map_or_else(|| (since, vec![Evidence::at(since, 0, 0)]), |seen| (seen.entry, seen.line()));
    let own = over.and_then(|seen| Some(pack::own_sessions(view, &seen.message.call_id()?))).unwrap_or_default();
    let is_own = |seen: &MediaSeen, path: &str| own.is_empty() || pack::session_id(seen, path).is_some_and(|id| own.contains(&id));
    let mut findings: Vec<Finding> = requests(view, entry)
        .filter(|seen| is_own(seen, "From-Path"))
        .take(4)
        .map(|seen| {
            let observed = shortened(&Item::Media(seen).start().text(&seen.raw));
            Finding::new(Reason::Unexpected, "no MSRP request once the session is over", observed).on(seen.line())
        })
        .collect();
    findings.extend(over.filter(|_| !own.is_empty()).and_then(|over| still_taken(view, over, &own)));
    let used = |link: &Opened| view.messages.media().iter().filter(|seen| seen.link == link.link).collect::<Vec<_>>();
    let alone = |link: &Opened| used(link).iter().all(|seen| is_own(seen, "From-Path") || is_own(seen, "To-Path"));
    let still_open = opened(view).filter(|link| link.entry < entry && closed(view, link.link).is_none()).filter(alone);
    findings.extend(still_open.map(|link| {
        Finding::new(Reason::Missing, "the MSRP connection closed with its session", format!("the one to {} is open", link.to))
            .weighing(Severity::Warn)
            .on([Evidence::at(link.entry, 0, 0)])
    }));
    Judgement::Looked { findings, evidence }
}

/// The first request of the other side along a path of the session that the SUT takes though it is over for longer than `media`.
fn still_taken(view: &View<'_>, over: &Seen, own: &[String]) -> Option<Finding> {
    let media = view.messages.media();
    let limit = over.at + view.ixit.duration("media");
    let asked = |index: usize| media.get(view.messages.media_request_of(index)?);
    let late = |seen: &MediaSeen| seen.at > limit && pack::session_id(seen, "To-Path").is_some_and(|id| own.contains(&id));
    let takes = |(index, seen): &(usize, &MediaSeen)| seen.by_sut() && seen.status() == Some(200) && asked(*index).is_some_and(late);
    let (_, answer) = media.iter().enumerate().find(takes)?;
    let observed = format!("200, {:.1} s after its end", answer.at.saturating_sub(over.at).as_secs_f64());
    Some(Finding::new(Reason::Unexpected, "481 in a session that is over, or no connection", observed).on(answer.line()).on(over.line()))
}

/// The entry with which a link went down.
fn closed(view: &View<'_>, wanted: LinkId) -> Option<usize> {
    let ends =
        |event: &Event| matches!(event, Event::Link { link, change: LinkChange::Closed(_) | LinkChange::Reset(_) } if *link == wanted);
    view.trace.entries().iter().position(|entry| ends(&entry.event))
}

fn seconds(view: &View<'_>, at: Duration) -> f64 {
    at.saturating_sub(view.stimulated_at()).as_secs_f64()
}
