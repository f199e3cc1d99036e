//! RTP and RTCP of the SUT: what packets say (RFC 3550), where they go (RFC 3264), that media are kept apart, and what IMS wants.
//!
//! Of streams, all that the seeing line found are judged. Packets that are lost on their way to the suite are no fault of the
//! SUT: numbers that are left out now and then are a warning.

use std::time::Duration;

use super::broken as broken_at;
use crate::{
    check::View,
    trace::view::{It, Item, RtcpSeen, RtpSeen, RtpStream},
    verdict::{Finding, Reason, Severity},
    wire::{Span, rtp},
};

mod agreed;
pub(super) mod ims;
pub(super) mod place;
pub(super) mod separate;

use agreed::{Agreed, Medium};

/// Packets that a stream is judged by, where it goes on.
const ENOUGH: usize = 10;

/// "It", or all that the seeing line found, where these are streams of the SUT.
fn streams<'a>(view: &View<'a>, item: Item<'a>) -> Vec<&'a RtpStream> {
    let all = view.messages.streams();
    let Item::Rtp(own) = item else { return Vec::new() };
    let they: Vec<_> = view.they.iter().filter_map(|it| if let It::Rtp(index) = it { all.get(*index) } else { None }).collect();
    if they.is_empty() { vec![own] } else { they }
}

/// What is no stream keeps a rule from being judged; that is a fault of the feature.
fn unfit(item: Item<'_>) -> Vec<Finding> {
    vec![Finding::new(Reason::Suite, "an RTP stream", "another kind").on(item.line())]
}

fn packets<'a>(view: &View<'a>, stream: &RtpStream) -> Vec<&'a RtpSeen> {
    stream.packets.iter().filter_map(|index| view.messages.packets().get(*index)).collect()
}

/// RTCP of the SUT about a stream, wherever it went.
fn control<'a>(view: &View<'a>, ssrc: u32) -> impl Iterator<Item = &'a RtcpSeen> + use<'a> {
    view.messages.control().iter().filter(move |seen| seen.by_sut() && seen.compound.is_of(ssrc))
}

/// Whether there is as much of the streams as is judged; `None`: the pack is about something else.
#[must_use]
pub(super) fn enough(view: &View<'_>, spec: &str) -> Option<bool> {
    if !matches!(spec, "RFC 3550" | "RFC 3550 section 5.2" | "RFC 3264 section 5.1" | "RFC 3264 section 8.3") {
        return None;
    }
    let item = view.item().ok()?;
    if spec == "RFC 3264 section 8.3" {
        return Some(place::followed(view, item));
    }
    let agreed = Agreed::all(view);
    let is_enough = |stream: &&RtpStream| {
        let media = || agreed.iter().filter_map(|one| Some((one, one.at(stream.way.1)?)));
        let named = control(view, stream.ssrc).any(|seen| seen.compound.names().count() > 0) || media().any(|(_, m)| !m.has_control());
        let gone = gone(&agreed, stream);
        let over = !gone || control(view, stream.ssrc).any(|seen| seen.compound.says_goodbye(stream.ssrc));
        (gone || stream.packets.len() >= ENOUGH) && named && over
    };
    Some(streams(view, item).iter().all(is_enough))
}

/// Whether the medium of a stream has ended: its call did, or a later description has it no more.
fn gone(agreed: &[Agreed<'_>], stream: &RtpStream) -> bool {
    let last = agreed.iter().rev().find(|one| one.at(stream.way.1).is_some());
    let Some((last, medium)) = last.and_then(|last| Some((last, last.at(stream.way.1)?))) else { return false };
    let later = agreed.iter().filter(|other| other.is_of_call(last) && other.sealed > last.sealed);
    last.over.is_some() || later.into_iter().any(|other| other.media.iter().all(|m| m.section != medium.section))
}

fn broken(packet: &RtpSeen, rule: &str, reason: Reason, expected: &str, observed: String, span: Span) -> Finding {
    Finding::new(reason, expected, observed).by(rule).on([packet.evidence(span)])
}

/// RFC 3550: header, payload types, source, numbers, times, and the RTCP beside them.
pub(super) fn rules(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let (streams, agreed) = (streams(view, item), Agreed::all(view));
    if streams.is_empty() {
        return unfit(item);
    }
    let judge = |stream: &&RtpStream| {
        let packets = packets(view, stream);
        let mut findings = header(&packets);
        findings.extend(types(&agreed, stream, &packets));
        findings.extend(source(view, &agreed, stream));
        findings.extend(numbers(&packets));
        findings.extend(times(&agreed, stream, &packets));
        findings.extend(first(&packets));
        findings.extend(reports(view, &agreed, stream));
        findings.extend(goodbye(view, &agreed, stream));
        findings
    };
    streams.iter().flat_map(judge).collect()
}

/// 5.1, 5.3.1: what a header has.
fn header(packets: &[&RtpSeen]) -> Vec<Finding> {
    let wrong = |packet: &&&RtpSeen| !packet.packet.malformations.is_empty();
    let Some(packet) = packets.iter().find(wrong) else { return Vec::new() };
    let told = packet.packet.malformations.iter().take(4);
    told.map(|m| {
        broken(packet, "RFC 3550, 5.1", Reason::Malformed, "an RTP packet of version 2", format!("{}: {}", m.code, m.message), m.span)
    })
    .collect()
}

/// The payload types that were agreed on (RFC 3264, 6.1 and 8.3.2).
fn types(agreed: &[Agreed<'_>], stream: &RtpStream, packets: &[&RtpSeen]) -> Option<Finding> {
    let media = |at: Duration| agreed.iter().filter(move |one| one.may_hold(at)).filter_map(|one| one.at(stream.way.1));
    let wrong = |packet: &&&RtpSeen| {
        let mut media = media(packet.at).peekable();
        // Where it goes is judged elsewhere.
        media.peek().is_some() && !media.any(|medium| medium.allows(packet.packet.payload_type))
    };
    let all: Vec<_> = packets.iter().filter(wrong).collect();
    let packet = all.first()?;
    let allowed = media(packet.at).map(Medium::types).collect::<Vec<_>>().join(" or ");
    let expected = format!("a payload type that was agreed on: {allowed}");
    let observed = format!("payload type {}, in {} of {} packets", packet.packet.payload_type, all.len(), packets.len());
    Some(broken(packet, "RFC 3264, 6.1", Reason::Violated, &expected, observed, rtp::PAYLOAD_TYPE))
}

/// 8: one source a stream, as long as the descriptions stay what they are.
fn source(view: &View<'_>, agreed: &[Agreed<'_>], stream: &RtpStream) -> Option<Finding> {
    let begins = |stream: &RtpStream| packets(view, stream).first().map(|packet| packet.at);
    let own = begins(stream)?;
    let other = view.messages.streams().iter().find(|other| {
        let begun = begins(other).unwrap_or_default();
        // A new source may begin with a new description.
        let parted = |one: &Agreed<'_>| other.at < one.sealed + agreed::SETTLED && one.from <= own && begun < one.from;
        other.by_sut() && other.link == stream.link && other.ssrc != stream.ssrc && begun <= own && !agreed.iter().any(parted)
    })?;
    let packet = *packets(view, stream).first()?;
    let expected = format!("one source a stream: SSRC {:08x}", other.ssrc);
    let finding = broken(packet, "RFC 3550, 8", Reason::Unexpected, &expected, format!("SSRC {:08x}, too", stream.ssrc), rtp::SSRC);
    Some(finding.on(other.evidence(rtp::SSRC)))
}

/// What is wrong now and then may be the way; what is wrong with more than every fifth packet is the sender.
fn weight(wrong: usize, all: usize) -> Severity {
    if wrong * 5 > all { Severity::Fail } else { Severity::Warn }
}

/// 5.1: each packet has the next number.
fn numbers(packets: &[&RtpSeen]) -> Option<Finding> {
    let steps: Vec<_> = packets.iter().zip(packets.iter().skip(1)).collect();
    let step = |(a, b): &(&&RtpSeen, &&RtpSeen)| b.packet.sequence.wrapping_sub(a.packet.sequence);
    let wrong: Vec<_> = steps.iter().filter(|pair| step(pair) != 1).collect();
    let (before, packet) = wrong.first()?;
    let observed =
        format!("{} after {}; {} of {} steps are not 1", packet.packet.sequence, before.packet.sequence, wrong.len(), steps.len());
    let finding = broken(packet, "RFC 3550, 5.1", Reason::Violated, "sequence numbers that go up by one", observed, rtp::SEQUENCE);
    Some(finding.on([before.evidence(rtp::SEQUENCE)]).weighing(weight(wrong.len(), steps.len())))
}

/// 5.1: times go on, of sound with each packet, as fast as the clock of the format says.
fn times(agreed: &[Agreed<'_>], stream: &RtpStream, packets: &[&RtpSeen]) -> Vec<Finding> {
    let Some(medium) = agreed.iter().rev().find_map(|one| one.at(stream.way.1)) else { return Vec::new() };
    let passed = |a: &RtpSeen, b: &RtpSeen| b.packet.timestamp.wrapping_sub(a.packet.timestamp);
    let expected = "timestamps that go on with each packet";
    let steps: Vec<_> =
        packets.iter().zip(packets.iter().skip(1)).filter(|(a, b)| a.packet.sequence.wrapping_add(1) == b.packet.sequence).collect();
    // Of pictures several packets are of one time, and some come before their turn.
    let stands = |(a, b): &&(&&RtpSeen, &&RtpSeen)| medium.own.kind == "audio" && !(1..1 << 31).contains(&passed(a, b));
    let wrong: Vec<_> = steps.iter().filter(stands).collect();
    if let Some((before, packet)) = wrong.first() {
        let observed = format!("{} after {}", packet.packet.timestamp, before.packet.timestamp);
        let finding = broken(packet, "RFC 3550, 5.1", Reason::Violated, expected, observed, rtp::TIMESTAMP);
        return vec![finding.on([before.evidence(rtp::TIMESTAMP)]).weighing(weight(wrong.len(), steps.len()))];
    }
    let (Some(first), Some(last)) = (packets.first(), packets.last()) else { return Vec::new() };
    let clocks: Vec<f64> = medium.formats.iter().filter_map(|(_, clock)| clock.map(f64::from)).collect();
    let took = last.at.saturating_sub(first.at).as_secs_f64();
    // The longer it goes on, the less the way of single packets matters.
    let slack = match took {
        took if took < 0.1 => return Vec::new(),
        took if took < 1.0 => 4.0,
        _ => 1.6,
    };
    let (ticks, clock) = (f64::from(passed(first, last)), clocks.first().copied().unwrap_or_default());
    let fits = |clock: &f64| (took / slack..took * slack).contains(&(ticks / clock));
    if clocks.is_empty() || clocks.iter().any(fits) {
        return Vec::new();
    }
    let expected = format!("timestamps in the clock of the format, {clock} Hz");
    let observed = format!("{ticks} ticks in {took:.2} s");
    let finding = broken(last, "RFC 3551, 4.1", Reason::Violated, &expected, observed, rtp::TIMESTAMP);
    vec![finding.on([first.evidence(rtp::TIMESTAMP)])]
}

/// 5.1: numbers and times begin anywhere; that both begin at zero tells who draws no lots.
fn first(packets: &[&RtpSeen]) -> Option<Finding> {
    let packet = packets.first().filter(|seen| seen.packet.sequence <= 1 && seen.packet.timestamp == 0)?;
    let expected = "a first sequence number and timestamp that nobody can guess";
    let finding = broken(packet, "RFC 3550, 5.1", Reason::Violated, expected, format!("{} and 0", packet.packet.sequence), rtp::SEQUENCE);
    Some(finding.on([packet.evidence(rtp::TIMESTAMP)]).weighing(Severity::Warn))
}

/// 6.1: RTCP comes to its port, begins with a report and names its source.
fn reports(view: &View<'_>, agreed: &[Agreed<'_>], stream: &RtpStream) -> Vec<Finding> {
    let rule = "RFC 3550, 6.1";
    let media: Vec<&Medium> = agreed.iter().filter_map(|one| one.at(stream.way.1)).collect();
    let Some(medium) = media.last() else { return Vec::new() };
    if media.iter().any(|medium| !medium.has_control()) {
        return Vec::new();
    }
    let may_mux = media.iter().any(|medium| medium.own.muxes && medium.theirs.muxes);
    let comes = |seen: &&RtcpSeen| {
        media.iter().any(|medium| medium.theirs.takes_control(seen.way.1)) && !seen.multiplexed || may_mux && seen.way.1 == stream.way.1
    };
    let (here, elsewhere): (Vec<_>, Vec<_>) = control(view, stream.ssrc).partition(comes);
    let Some(_) = here.first() else {
        let expected = format!("RTCP of SSRC {:08x} at port {}", stream.ssrc, medium.theirs.rtcp);
        let observed = elsewhere.first().map_or_else(|| "none".to_owned(), |seen| format!("it went to {}", seen.way.1));
        let places = elsewhere.first().map(|seen| seen.evidence(Span::all(&seen.raw)));
        return vec![Finding::new(Reason::Missing, expected, observed).by(rule).on(stream.line()).on(places)];
    };
    let mut findings = Vec::new();
    let mut wrong = |seen: &RtcpSeen, reason, expected: &str, observed: String, span: Span| {
        if findings.len() < 4 {
            findings.push(Finding::new(reason, expected, observed).by(rule).on([seen.evidence(span)]));
        }
    };
    for seen in here {
        let all = Span::all(&seen.raw);
        if let Some(fault) = seen.compound.malformations.first() {
            wrong(seen, Reason::Malformed, "an RTCP compound of version 2", format!("{}: {}", fault.code, fault.message), fault.span);
        } else if !seen.compound.begins_with_report() {
            let kind = seen.compound.packets.first().map_or(0, |packet| packet.kind);
            wrong(seen, Reason::Violated, "a compound that begins with SR or RR", format!("packet type {kind}"), Span::new(0, 4));
        } else if !seen.compound.names().any(|(source, name)| source == stream.ssrc && !name.is_empty()) {
            wrong(seen, Reason::Missing, "SDES with the CNAME of the source", "none".to_owned(), all);
        }
    }
    findings
}

/// 6.6: who leaves says so.
fn goodbye(view: &View<'_>, agreed: &[Agreed<'_>], stream: &RtpStream) -> Option<Finding> {
    let said = control(view, stream.ssrc).any(|seen| seen.compound.says_goodbye(stream.ssrc));
    let finding = || Finding::new(Reason::Missing, "an RTCP BYE where a stream ends", "none").by("RFC 3550, 6.6").on(stream.line());
    (gone(agreed, stream) && !said).then(|| finding().weighing(Severity::Warn))
}
