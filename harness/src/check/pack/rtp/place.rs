//! Where RTP goes, where it comes from and when (RFC 3264, 5.1), and that it follows a description that changes it (8.3).

use std::time::Duration;

use super::{
    Agreed, Finding, Item, Medium, Reason, RtpSeen, RtpStream, Severity, View, agreed::SETTLED, broken, control, packets, streams,
};
use crate::wire::{Span, rtp};

/// 5.1: to where the other side is, from where the SUT says that it is, in time, and only where a description lets it.
pub(in super::super) fn rules(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let (streams, agreed) = (streams(view, item), Agreed::all(view));
    if streams.is_empty() {
        return super::unfit(item);
    }
    let judge = |stream: &&RtpStream| {
        let packets = packets(view, stream);
        let astray = astray(&agreed, stream, &packets);
        // What goes to nobody, nobody announced.
        let known = astray.is_none().then(|| [announced(&agreed, stream), late(view, &agreed, stream)]);
        astray.into_iter().chain(known.into_iter().flatten().flatten()).collect::<Vec<_>>()
    };
    streams.iter().flat_map(judge).collect()
}

/// Packets that go to where nobody takes them now, or that the direction forbids.
fn astray(agreed: &[Agreed<'_>], stream: &RtpStream, packets: &[&RtpSeen]) -> Option<Finding> {
    let media = |at: Duration| agreed.iter().filter(move |one| one.may_hold(at)).flat_map(|one| &one.media);
    let goes = |medium: &Medium| medium.theirs.takes(stream.way.1);
    let wrong: Vec<_> = packets.iter().filter(|packet| !media(packet.at).any(|medium| goes(medium) && medium.sends())).collect();
    let packet = wrong.first()?;
    let held = media(packet.at).find(|medium| goes(medium));
    let places: Vec<String> =
        agreed.iter().filter(|one| one.holds(packet.at)).flat_map(|one| &one.media).map(|m| m.theirs.place()).collect();
    let (reason, expected) = match held {
        Some(medium) => (
            Reason::Unexpected,
            format!("no packets: one end is {}, the other {}", medium.own.direction.name(), medium.theirs.direction.name()),
        ),
        None if places.is_empty() => (Reason::Unexpected, "no packets: there is no such stream".to_owned()),
        None => (Reason::Violated, format!("packets to {}, as described", places.join(" or "))),
    };
    let observed = format!("{} of {} to {}", wrong.len(), packets.len(), stream.way.1);
    let finding = broken(packet, "RFC 3264, 5.1", reason, &expected, observed, Span::new(0, rtp::SSRC.to));
    let described = agreed.iter().rfind(|one| one.may_hold(packet.at));
    Some(finding.on(described.map(|one| one.theirs.line()).unwrap_or_default()))
}

/// Symmetric RTP: packets leave from where the SUT takes them.
fn announced(agreed: &[Agreed<'_>], stream: &RtpStream) -> Option<Finding> {
    let media: Vec<_> = agreed.iter().filter_map(|one| Some((one, one.at(stream.way.1)?))).collect();
    if media.iter().any(|(_, medium)| medium.own.takes(stream.way.0)) {
        return None;
    }
    let (one, medium) = media.last()?;
    let expected = format!("packets from {}, as described", medium.own.place());
    let finding = Finding::new(Reason::Violated, expected, format!("from {}", stream.way.0)).by("RFC 4961, 4");
    Some(finding.on(stream.line()).on(one.own.evidence(medium.own.line)))
}

/// The first packet comes in time; nearly late is told.
fn late(view: &View<'_>, agreed: &[Agreed<'_>], stream: &RtpStream) -> Option<Finding> {
    let (limit, one) = (view.ixit.duration("media"), agreed.iter().find(|one| one.at(stream.way.1).is_some_and(Medium::sends))?);
    let all = view.messages.packets().iter();
    let first = all.into_iter().find(|packet| packet.by_sut() && packet.way.1 == stream.way.1 && packet.at >= one.from)?;
    let passed = first.at.saturating_sub(one.sealed);
    let severity = match passed {
        passed if passed > limit => Severity::Fail,
        passed if passed > limit.mul_f64(0.8) => Severity::Info,
        _ => return None,
    };
    let expected = format!("the first packet within {} s of the ACK", limit.as_secs_f64());
    let observed = format!("after {:.1} s", passed.as_secs_f64());
    Some(broken(first, "RFC 3264, 5.1", Reason::Late, &expected, observed, Span::new(0, rtp::SSRC.to)).weighing(severity))
}

/// What "it", one of the messages that agreed on something, agreed on.
fn of_message<'a, 'b>(agreed: &'b [Agreed<'a>], item: Item<'_>) -> Option<&'b Agreed<'a>> {
    let Item::Sip(seen) = item else { return None };
    agreed.iter().find(|one| [one.own.entry, one.theirs.entry, one.ack].contains(&seen.entry))
}

/// Packets of the SUT that go as agreed, from then on.
fn following<'a>(view: &View<'a>, one: &Agreed<'_>, medium: &Medium) -> Vec<&'a RtpSeen> {
    let goes = |packet: &&RtpSeen| {
        packet.by_sut() && packet.at >= one.from && medium.theirs.takes(packet.way.1) && medium.allows(packet.packet.payload_type)
    };
    view.messages.packets().iter().filter(goes).collect()
}

/// Whether each medium goes as the message says.
pub(super) fn followed(view: &View<'_>, item: Item<'_>) -> bool {
    let agreed = Agreed::all(view);
    let Some(one) = of_message(&agreed, item) else { return false };
    one.media.iter().filter(|medium| medium.sends()).all(|medium| following(view, one, medium).len() > 2)
}

/// 8.3: after the ACK packets go where the new description says, with its payload types, and nowhere else 5 s later.
pub(in super::super) fn follows(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let rule = "RFC 3264, 8.3";
    let agreed = Agreed::all(view);
    if !matches!(item, Item::Sip(_)) {
        return vec![Finding::new(Reason::Suite, "an offer or an answer", "another kind").on(item.line())];
    }
    let Some(one) = of_message(&agreed, item) else {
        return vec![Finding::new(Reason::Missing, "an offer that was answered, and acknowledged", "none").by(rule).on(item.line())];
    };
    let mut findings = Vec::new();
    for medium in one.media.iter().filter(|medium| medium.sends()) {
        let packets = following(view, one, medium);
        let since = |packet: &&RtpSeen| packet.by_sut() && packet.at >= one.sealed;
        let expected = format!("{} to {} with payload type {} after the ACK", medium.own.kind, medium.theirs.place(), medium.types());
        match packets.iter().find(|packet| packet.at >= one.sealed).or(packets.last()) {
            None => {
                let other = view.messages.packets().iter().rfind(since);
                let told = |packet: &RtpSeen| format!("payload type {} to {}", packet.packet.payload_type, packet.way.1);
                let observed = other.map_or_else(|| "no packet".to_owned(), told);
                let places = other.map(|packet| packet.evidence(Span::new(0, rtp::SSRC.to)));
                findings.push(Finding::new(Reason::Missing, expected, observed).by(rule).on(item.line()).on(places));
            }
            Some(packet) if packet.at > one.sealed + SETTLED => {
                let observed = format!("after {:.1} s", (packet.at - one.sealed).as_secs_f64());
                findings.push(broken(packet, rule, Reason::Late, &expected, observed, Span::new(0, rtp::SSRC.to)));
            }
            Some(_) => {}
        }
    }
    findings.extend(otherwise(view, &agreed, one));
    findings.extend(left(view, &agreed, one));
    findings
}

/// Packets of the call that go as nobody wants them any more.
fn otherwise(view: &View<'_>, agreed: &[Agreed<'_>], one: &Agreed<'_>) -> Option<Finding> {
    let is_of_call = |packet: &&RtpSeen| agreed.iter().any(|other| other.is_of_call(one) && other.at(packet.way.1).is_some());
    let goes =
        |packet: &RtpSeen| one.media.iter().any(|m| m.sends() && m.theirs.takes(packet.way.1) && m.allows(packet.packet.payload_type));
    let settled = |at: Duration| at > one.sealed + SETTLED && one.until.is_none_or(|until| at < until);
    let wrong = |packet: &&RtpSeen| packet.by_sut() && settled(packet.at) && is_of_call(packet) && !goes(packet);
    let packet = view.messages.packets().iter().find(wrong)?;
    let observed = format!(
        "payload type {} to {}, {:.1} s after the ACK",
        packet.packet.payload_type,
        packet.way.1,
        (packet.at - one.sealed).as_secs_f64()
    );
    let expected = "nothing that the description does not say";
    let finding = broken(packet, "RFC 3264, 8.3", Reason::Unexpected, expected, observed, Span::new(0, rtp::SSRC.to));
    Some(finding.on(one.theirs.line()))
}

/// A stream that is dropped had better say goodbye.
fn left(view: &View<'_>, agreed: &[Agreed<'_>], one: &Agreed<'_>) -> Option<Finding> {
    let before = agreed.iter().rfind(|other| other.is_of_call(one) && other.sealed < one.sealed)?;
    let dropped = before.media.iter().find(|medium| one.media.iter().all(|now| now.section != medium.section))?;
    let stream = view.messages.streams().iter().rfind(|stream| stream.by_sut() && dropped.theirs.takes(stream.way.1))?;
    let said = control(view, stream.ssrc).any(|seen| seen.compound.says_goodbye(stream.ssrc));
    let finding = || Finding::new(Reason::Missing, "an RTCP BYE of the stream that is dropped", "none").by("RFC 3550, 6.6");
    (!said).then(|| finding().on(stream.line()).weighing(Severity::Warn))
}
