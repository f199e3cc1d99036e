//! The packs of RTP on talks made by hand: silent on what is right; made wrong in one place, exactly one rule speaks.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::time::Duration;

use bytes::Bytes;
use harness::{
    check::{View, pack},
    sut::Ixit,
    trace::{
        Endpoint, Event, LinkChange, LinkId, Party, Protocol, Trace, Transport,
        view::{It, Messages},
    },
    verdict::{Finding, Judgement, Reason, Severity},
};
use pretty_assertions::assert_eq;
use rtcp_types::{Bye, Compound, RtcpPacketWriter as _, RtcpPacketWriterExt as _, Sdes, SdesChunk, SdesItem, SenderReport};
use rtp_types::RtpPacketBuilder;

/// One thing that was said, and when, in milliseconds.
#[derive(Clone)]
struct Said {
    at: u64,
    what: What,
}

#[derive(Clone)]
enum What {
    Sip { by_sut: bool, text: String },
    Rtp { from: u16, to: u16, packet: Packet },
    Rtcp { from: u16, to: u16, ssrc: u32, parts: &'static str },
}

#[derive(Clone, Copy)]
struct Packet {
    kind: u8,
    sequence: u16,
    time: u32,
    ssrc: u32,
    version: u8,
}

/// A description: host, and for each medium its m= line with attributes.
fn description(host: &str, sections: &[&str]) -> String {
    let head = format!("v=0\no=- 1 1 IN IP4 {host}\ns=-\nc=IN IP4 {host}\nt=0 0\n");
    head + &sections.iter().map(|section| format!("m={section}\n")).collect::<String>()
}

fn sip(start: &str, cseq: &str, body: &str) -> String {
    let head = format!(
        "{start}\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{}\nFrom: <sip:alice@example.com>;tag=a\n\
         To: <sip:bob@example.com>;tag=b\nCall-ID: one\nCSeq: {cseq}\n",
        cseq.replace(' ', "-").replace("ACK", "x")
    );
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
    let body = body.replace('\n', "\r\n");
    format!("{head}{kind}\n").replace('\n', "\r\n") + &body
}

fn said(at: u64, by_sut: bool, text: String) -> Said {
    Said { at, what: What::Sip { by_sut, text } }
}

const AUDIO: (&str, &str) = ("audio 4000 RTP/AVP 97 0\nb=AS:64\na=rtpmap:97 AMR/8000", "audio 5000 RTP/AVP 0");
const VIDEO: (&str, &str) = ("video 4002 RTP/AVP 31", "video 5002 RTP/AVP 31");

/// INVITE of the SUT, 200, ACK.
fn opened(sections: &[(&str, &str)]) -> Vec<Said> {
    let (own, theirs): (Vec<_>, Vec<_>) = sections.iter().copied().unzip();
    vec![
        said(0, true, sip("INVITE sip:bob@example.com SIP/2.0", "1 INVITE", &description("192.0.2.10", &own))),
        said(10, false, sip("SIP/2.0 200 OK", "1 INVITE", &description("192.0.2.30", &theirs))),
        said(20, true, sip("ACK sip:bob@192.0.2.30 SIP/2.0", "1 ACK", "")),
    ]
}

/// A stream of 20 packets from one port to another, with a report at its beginning.
fn stream(at: u64, (from, to): (u16, u16), kind: u8, ssrc: u32) -> Vec<Said> {
    let packet = |n: u16| Packet { kind, sequence: 65_530_u16.wrapping_add(n), time: 7 + u32::from(n) * 160, ssrc, version: 2 };
    let clock = if kind == 31 { 90 * 20 } else { 160 };
    let packets = (0..20).map(|n| Said {
        at: at + u64::from(n) * 20,
        what: What::Rtp { from, to, packet: Packet { time: 7 + u32::from(n) * clock, ..packet(n) } },
    });
    let report = Said { at, what: What::Rtcp { from: from + 1, to: to + 1, ssrc, parts: "SR SDES" } };
    std::iter::once(report).chain(packets).collect()
}

fn talk() -> Vec<Said> {
    [opened(&[AUDIO]), stream(30, (4000, 5000), 0, 9)].concat()
}

fn both() -> Vec<Said> {
    [opened(&[AUDIO, VIDEO]), stream(30, (4000, 5000), 0, 9), stream(31, (4002, 5002), 31, 8)].concat()
}

/// A re-INVITE of the other side to another port and format, taken by the SUT; and what follows.
fn moved(theirs: &str, own: &str) -> Vec<Said> {
    let invite = sip("INVITE sip:alice@192.0.2.10 SIP/2.0", "7 INVITE", &description("192.0.2.30", &[theirs]));
    let answer = sip("SIP/2.0 200 OK", "7 INVITE", &description("192.0.2.10", &[own]));
    let ack = sip("ACK sip:alice@192.0.2.10 SIP/2.0", "7 ACK", "");
    let change = vec![said(1000, false, invite), said(1010, true, answer), said(1020, false, ack)];
    [talk(), change].concat()
}

fn followed() -> Vec<Said> {
    [moved("audio 5010 RTP/AVP 8", "audio 4000 RTP/AVP 8"), stream(1030, (4000, 5010), 8, 9)].concat()
}

fn held() -> Vec<Said> {
    [moved("audio 5000 RTP/AVP 0\na=inactive", "audio 4000 RTP/AVP 0\na=inactive")].concat()
}

fn ended() -> Vec<Said> {
    let bye = said(2000, true, sip("BYE sip:bob@192.0.2.30 SIP/2.0", "2 BYE", ""));
    let goodbye = Said { at: 2001, what: What::Rtcp { from: 4001, to: 5001, ssrc: 9, parts: "SR SDES BYE" } };
    [talk(), vec![bye, goodbye]].concat()
}

fn rtcp(ssrc: u32, parts: &str) -> Bytes {
    let chunk = || SdesChunk::builder(ssrc).add_item(SdesItem::builder(SdesItem::CNAME, "a@b"));
    if !parts.starts_with("SR") {
        // The crate refuses to write what RFC 3550 forbids.
        return rtcp(ssrc, &format!("SR {parts}")).slice(28..);
    }
    let compound = parts.split(' ').fold(Compound::builder(), |compound, part| match part {
        "SR" => compound.add_packet(SenderReport::builder(ssrc)),
        "BYE" => compound.add_packet(Bye::builder().add_source(ssrc)),
        _ => compound.add_packet(Sdes::builder().add_chunk(chunk())),
    });
    let mut octets = vec![0; compound.calculate_size().unwrap()];
    compound.write_into(&mut octets).unwrap();
    octets.into()
}

fn trace(said: &[Said]) -> Trace {
    let mut said = said.to_vec();
    said.sort_by_key(|one| one.at);
    let mut trace = Trace::default();
    let (sut, core, bob) = (Party::sut(), Party::new("the IMS core"), Party::new("Bob"));
    let end = |party: &Party, host: u8, port: u16| Endpoint { party: party.clone(), address: ([192, 0, 2, host], port).into() };
    let open = |trace: &mut Trace, id: LinkId, protocol, from, to| {
        let known = trace.entries().iter().any(|e| matches!(&e.event, Event::Link { link, .. } if *link == id));
        let change = LinkChange::Opened { transport: Transport::Udp, protocol, from, to };
        if !known {
            trace.append(Duration::ZERO, Event::Link { link: id, change });
        }
    };
    for one in said {
        let at = Duration::from_millis(one.at);
        let (link, from, to, bytes) = match one.what {
            What::Sip { by_sut, text } => {
                open(&mut trace, LinkId(0), Protocol::Sip, end(&sut, 10, 5060), end(&core, 1, 5060));
                let (from, to) = if by_sut { (&sut, &core) } else { (&core, &sut) };
                (LinkId(0), from.clone(), to.clone(), Bytes::from(text))
            }
            What::Rtp { from, to, packet } => {
                let link = LinkId(u32::from(from) << 16 | u32::from(to));
                open(&mut trace, link, Protocol::Rtp, end(&sut, 10, from), end(&bob, 30, to));
                let builder = RtpPacketBuilder::<&[u8], &[u8]>::new().payload_type(packet.kind).sequence_number(packet.sequence);
                let mut octets = builder.timestamp(packet.time).ssrc(packet.ssrc).payload(&[0; 20]).write_vec().unwrap();
                octets[0] = octets[0] & 0x3f | packet.version << 6;
                (link, sut.clone(), bob.clone(), octets.into())
            }
            What::Rtcp { from, to, ssrc, parts } => {
                let link = LinkId(u32::from(from) << 16 | u32::from(to));
                open(&mut trace, link, Protocol::Rtcp, end(&sut, 10, from), end(&bob, 30, to));
                (link, sut.clone(), bob.clone(), rtcp(ssrc, parts))
            }
        };
        trace.append(at, Event::Bytes { link, from, to, bytes });
    }
    trace
}

/// What is judged: the streams with these numbers, or the SIP message.
#[derive(Clone, Copy)]
enum Judged {
    Streams(&'static [usize]),
    Sip(usize),
}

fn judged(said: &[Said], it: Judged, spec: &str) -> Vec<Finding> {
    let trace = trace(said);
    let messages = Messages::of(&trace);
    let (it, they): (It, Vec<It>) = match it {
        Judged::Streams(streams) => (It::Rtp(streams[streams.len() - 1]), streams.iter().map(|n| It::Rtp(*n)).collect()),
        Judged::Sip(index) => (It::Sip(index), Vec::new()),
    };
    let ixit = Ixit::default();
    let view = View { trace: &trace, messages: &messages, it: Some(it), they: &they, taken: &[], ixit: &ixit };
    match pack::obeys(&view, &spec.parse().unwrap()) {
        Judgement::Looked { findings, evidence } => {
            for one in findings.iter().flat_map(|f| &f.evidence).chain(&evidence) {
                if let Event::Bytes { bytes, .. } = &trace.entries()[one.entry].event {
                    assert!(one.from <= one.to && one.to <= bytes.len(), "{one:?}");
                }
            }
            assert!(!evidence.is_empty());
            findings
        }
        other => panic!("{spec} did not look: {other:?}"),
    }
}

/// Changes the packets of a talk, each with its number.
fn packets(mut said: Vec<Said>, mut change: impl FnMut(usize, &mut u64, &mut u16, &mut u16, &mut Packet)) -> Vec<Said> {
    let mut number = 0;
    for one in &mut said {
        if let What::Rtp { from, to, packet } = &mut one.what {
            change(number, &mut one.at, from, to, packet);
            number += 1;
        }
    }
    said
}

/// Changes RTCP; `None` takes it out.
fn reports(said: Vec<Said>, parts: Option<&'static str>, moved: u16) -> Vec<Said> {
    let change = |one: Said| match one.what {
        What::Rtcp { from, to, ssrc, .. } => parts.map(|parts| Said { at: one.at, what: What::Rtcp { from, to: to + moved, ssrc, parts } }),
        what => Some(Said { at: one.at, what }),
    };
    said.into_iter().filter_map(change).collect()
}

fn texts(mut said: Vec<Said>, from: &str, to: &str) -> Vec<Said> {
    let mut found = false;
    for one in &mut said {
        if let What::Sip { text, .. } = &mut one.what {
            found |= text.contains(from);
            *text = text.replace(from, to);
        }
    }
    assert!(found, "{from:?}");
    said
}

/// Rule, weight and reason of the one finding; the talk, what is judged in it, and by which pack.
type Case = (&'static str, Severity, Reason, Vec<Said>, Judged, &'static str);

const ONE: Judged = Judged::Streams(&[0]);
const TWO: Judged = Judged::Streams(&[0, 1]);

#[test]
fn right_talks_are_passed_over_in_silence() {
    let cases: [(&str, Vec<Said>, Judged, &[&str]); 7] = [
        ("a talk", talk(), ONE, &["RFC 3550", "RFC 3264 section 5.1", "RFC 3550 section 5.2"]),
        ("sound and pictures", both(), TWO, &["RFC 3550", "RFC 3264 section 5.1", "RFC 3550 section 5.2"]),
        ("an offer", both(), Judged::Sip(0), &["RFC 3550 section 5.2", "TS 24.229 section 6.1"]),
        ("a talk that moves", followed(), TWO, &["RFC 3550", "RFC 3264 section 5.1"]),
        ("the answer to a move", followed(), Judged::Sip(4), &["RFC 3264 section 8.3"]),
        ("the answer to hold", held(), Judged::Sip(4), &["RFC 3264 section 8.3"]),
        ("a talk that ends", ended(), ONE, &["RFC 3550"]),
    ];
    for (name, said, it, specs) in cases {
        for spec in specs {
            assert_eq!(judged(&said, it, spec), [], "{name} by {spec}");
        }
    }
}

#[test]
fn one_wrong_thing_makes_one_rule_speak() {
    use Severity::{Fail, Info, Warn};
    let place = "RFC 3264 section 5.1";
    let follows = "RFC 3264 section 8.3";
    let apart = "RFC 3550 section 5.2";
    let ims = "TS 24.229 section 6.1";
    let all: Vec<Case> = vec![
        // RFC 3550.
        ("RFC 3550, 5.1", Fail, Reason::Malformed, packets(talk(), |_, _, _, _, p| p.version = 1), ONE, "RFC 3550"),
        ("RFC 3264, 6.1", Fail, Reason::Violated, packets(talk(), |n, _, _, _, p| p.kind = if n == 19 { 97 } else { 0 }), ONE, "RFC 3550"),
        (
            "RFC 3550, 5.1",
            Fail,
            Reason::Violated,
            packets(talk(), |_, _, _, _, p| p.sequence = p.sequence.wrapping_mul(2)),
            ONE,
            "RFC 3550",
        ),
        (
            "RFC 3550, 5.1",
            Warn,
            Reason::Violated,
            packets(talk(), |n, _, _, _, p| p.sequence = p.sequence.wrapping_add(u16::from(n > 9))),
            ONE,
            "RFC 3550",
        ),
        ("RFC 3550, 5.1", Fail, Reason::Violated, packets(talk(), |_, _, _, _, p| p.time = 7), ONE, "RFC 3550"),
        ("RFC 3551, 4.1", Fail, Reason::Violated, packets(talk(), |_, _, _, _, p| p.time *= 10), ONE, "RFC 3550"),
        (
            "RFC 3550, 5.1",
            Warn,
            Reason::Violated,
            packets(talk(), |n, _, _, _, p| (p.sequence, p.time) = (n as u16, n as u32 * 160)),
            ONE,
            "RFC 3550",
        ),
        (
            "RFC 3550, 8",
            Fail,
            Reason::Unexpected,
            packets([talk(), stream(500, (4000, 5000), 0, 5)].concat(), |_, _, _, _, _| {}),
            Judged::Streams(&[1]),
            "RFC 3550",
        ),
        ("RFC 3550, 6.1", Fail, Reason::Missing, reports(talk(), None, 0), ONE, "RFC 3550"),
        ("RFC 3550, 6.1", Fail, Reason::Missing, reports(talk(), Some("SR SDES"), 8), ONE, "RFC 3550"),
        ("RFC 3550, 6.1", Fail, Reason::Missing, reports(talk(), Some("SR"), 0), ONE, "RFC 3550"),
        ("RFC 3550, 6.1", Fail, Reason::Violated, reports(talk(), Some("SDES"), 0), ONE, "RFC 3550"),
        ("RFC 3550, 6.6", Warn, Reason::Missing, reports(ended(), Some("SR SDES"), 0), ONE, "RFC 3550"),
        // Where and when.
        ("RFC 3264, 5.1", Fail, Reason::Violated, packets(talk(), |_, _, _, to, _| *to = 5008), ONE, place),
        ("RFC 4961, 4", Fail, Reason::Violated, packets(talk(), |_, _, from, _, _| *from = 4008), ONE, place),
        ("RFC 3264, 5.1", Fail, Reason::Late, packets(talk(), |_, at, _, _, _| *at += 6000), ONE, place),
        ("RFC 3264, 5.1", Info, Reason::Late, packets(talk(), |_, at, _, _, _| *at += 4500), ONE, place),
        ("RFC 3264, 5.1", Fail, Reason::Unexpected, texts(talk(), "5000 RTP/AVP 0", "5000 RTP/AVP 0\r\na=sendonly"), ONE, place),
        ("RFC 3264, 5.1", Fail, Reason::Violated, [followed(), stream(7000, (4000, 5000), 0, 9)].concat(), ONE, place),
        // What follows.
        ("RFC 3264, 8.3", Fail, Reason::Missing, packets(followed(), |_, _, _, to, _| *to = 5000), Judged::Sip(4), follows),
        ("RFC 3264, 8.3", Fail, Reason::Missing, packets(followed(), |_, _, _, _, p| p.kind = 0), Judged::Sip(4), follows),
        ("RFC 3264, 8.3", Fail, Reason::Unexpected, [followed(), stream(7000, (4000, 5000), 0, 9)].concat(), Judged::Sip(4), follows),
        ("RFC 3264, 8.3", Fail, Reason::Unexpected, [held(), stream(7000, (4000, 5000), 0, 9)].concat(), Judged::Sip(4), follows),
        (
            "RFC 3264, 8.3",
            Fail,
            Reason::Late,
            packets(followed(), |n, at, _, _, _| *at += if n > 19 { 6000 } else { 0 }),
            Judged::Sip(4),
            follows,
        ),
        ("RFC 3550, 6.6", Warn, Reason::Missing, moved("audio 0 RTP/AVP 0", "audio 0 RTP/AVP 0"), Judged::Sip(4), follows),
        // Apart.
        ("RFC 3550, 5.2", Fail, Reason::Violated, texts(both(), "video 4002", "video 4000"), Judged::Sip(0), apart),
        ("RFC 3550, 5.2", Fail, Reason::Violated, texts(both(), "video 4002", "video 4001"), Judged::Sip(0), apart),
        (
            "RFC 3550, 5.2",
            Fail,
            Reason::Violated,
            packets(both(), |n, _, _, _, p| p.kind = if n % 2 == 1 && p.ssrc == 9 { 31 } else { p.kind }),
            ONE,
            apart,
        ),
        ("RFC 3550, 5.2", Fail, Reason::Violated, packets(both(), |_, _, from, _, _| *from = 4000), ONE, apart),
        ("RFC 3550, 5.2", Fail, Reason::Missing, reports(both(), None, 0), ONE, apart),
        // IMS.
        ("IR.92, 3.2", Warn, Reason::Violated, texts(talk(), "4000 RTP/AVP", "4000 RTP/SAVP"), Judged::Sip(0), ims),
        ("IR.92, 3.2", Warn, Reason::Missing, texts(talk(), "AMR/8000", "AMR-WB/16000"), Judged::Sip(0), ims),
        ("TS 24.229, 6.1", Warn, Reason::Missing, texts(talk(), "b=AS:64\r\n", ""), Judged::Sip(0), ims),
        ("TS 24.229, 6.1", Warn, Reason::Violated, texts(talk(), "b=AS:64", "b=AS:64\r\nb=RS:0"), Judged::Sip(0), ims),
    ];
    let mut wrong = Vec::new();
    for (number, (rule, severity, reason, said, it, spec)) in all.into_iter().enumerate() {
        let found = judged(&said, it, spec);
        let told: Vec<_> = found.iter().map(|f| (f.rule.as_str(), f.severity, f.reason)).collect();
        if told != [(rule, severity, reason)] {
            wrong.push(format!("{number}: {spec}, {rule} {reason}: {found:#?}"));
        }
        assert!(found.iter().all(|f| !f.evidence.is_empty()), "{number}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rtcp_at_the_port_for_rtp_is_taken_where_both_say_so() {
    let muxed = |said: Vec<Said>| {
        let change = |one: Said| match one.what {
            What::Rtcp { ssrc, parts, .. } => Said { at: one.at, what: What::Rtcp { from: 4000, to: 5000, ssrc, parts } },
            what => Said { at: one.at, what },
        };
        // What a link carries, the end of the fake says: it is that of RTP.
        let mut said: Vec<Said> = said.into_iter().map(change).collect();
        said.sort_by_key(|one| matches!(one.what, What::Rtcp { .. }));
        said.iter_mut().filter(|one| matches!(one.what, What::Rtcp { .. })).for_each(|one| one.at += 5);
        said
    };
    assert_eq!(judged(&muxed(talk()), ONE, "RFC 3550").iter().map(|f| f.rule.as_str()).collect::<Vec<_>>(), ["RFC 3550, 6.1"]);
    let agreed = texts(muxed(talk()), "5000 RTP/AVP 0", "5000 RTP/AVP 0\r\na=rtcp-mux");
    let agreed = texts(agreed, "b=AS:64\r\n", "a=rtcp-mux\r\n");
    assert_eq!(judged(&agreed, ONE, "RFC 3550"), []);
}
