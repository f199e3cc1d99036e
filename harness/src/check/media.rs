//! The media plane: connections of the SUT, and what it says over them.

use std::{net::SocketAddr, time::Duration};

use super::{View, reference::MessageRef, shortened};
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
    /// A connection within `media` of the stimulus, or of the ACK, and a request of the SUT over it.
    Starts,
    /// No request of the SUT any more once the session is over.
    Stops,
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
    let Some(first) = requests(view, since).next() else {
        return Finding::new(Reason::Missing, "an MSRP request of the SUT", "none").on(evidence).into();
    };
    let expected = format!("an MSRP connection within {} s", view.ixit.duration("media").as_secs_f64());
    let finding = links.first().and_then(|link| late(view, since, view.stimulated_at(), link, &expected));
    let evidence: Vec<Evidence> = evidence.into_iter().chain(first.line()).collect();
    Judgement::Looked { findings: finding.map(|f| f.on(evidence.clone())).into_iter().collect(), evidence }
}

/// The session is over with the latest BYE, or CANCEL, since the stimulus, else with the stimulus.
fn stops(view: &View<'_>, since: usize) -> Judgement {
    let ends = |method: Option<&str>| matches!(method, Some("BYE" | "CANCEL"));
    let list = view.messages.list();
    let over = list.iter().rev().find(|seen| seen.entry >= since && seen.repeats.is_none() && ends(seen.message.method()));
    let (entry, evidence) = over.map_or_else(|| (since, vec![Evidence::at(since, 0, 0)]), |seen| (seen.entry, seen.line()));
    let mut findings: Vec<Finding> = requests(view, entry)
        .take(4)
        .map(|seen| {
            let observed = shortened(&Item::Media(seen).start().text(&seen.raw));
            Finding::new(Reason::Unexpected, "no MSRP request once the session is over", observed).on(seen.line())
        })
        .collect();
    let still_open = opened(view).filter(|link| link.entry < entry && !is_closed(view, link.link));
    findings.extend(still_open.map(|link| {
        Finding::new(Reason::Missing, "the MSRP connection closed with its session", format!("the one to {} is open", link.to))
            .weighing(Severity::Warn)
            .on([Evidence::at(link.entry, 0, 0)])
    }));
    Judgement::Looked { findings, evidence }
}

fn is_closed(view: &View<'_>, wanted: LinkId) -> bool {
    view.trace
        .entries()
        .iter()
        .any(|entry| matches!(&entry.event, Event::Link { link, change: LinkChange::Closed(_) | LinkChange::Reset(_) } if *link == wanted))
}

fn seconds(view: &View<'_>, at: Duration) -> f64 {
    at.saturating_sub(view.stimulated_at()).as_secs_f64()
}
