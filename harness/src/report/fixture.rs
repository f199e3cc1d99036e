//! One small fixed run for the tests of the writers: every verdict once, and a SUT that sends whatever hurts a reader.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;

use super::{Asked, Line, Played, RUN_SCHEMA, Report, Run, RunStatus, SuiteFacts, SutFacts, ToolFacts, weigh};
use crate::{
    requirement::{Basis, Level},
    trace::{Endpoint, Event, LinkChange, LinkId, Mark, Party, Trace, Transport, jsonl},
    upper::{Act, Answer, ReceivedMessage, SendMessage, Sight},
    verdict::{Evidence, Finding, Reason, Severity, Verdict},
};

const FEATURE: &str = "features/CONV/7.2.1.1-send-pager-mode-message.feature";

/// A message of the SUT with a script, a terminal escape, an octet that is no UTF-8 and a formula.
pub(crate) const MESSAGE: &[u8] = b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK7\r\n\
From: \"<script>alert(1)</script>\" <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 7f2@192.0.2.1\r\n\
CSeq: 1 MESSAGE\r\nContribution-ID: =cmd()]]>\r\nSubject: \x1b]0;x\x07\xff\r\nContent-Type: text/plain\r\n\
Content-Length: 7\r\n\r\nhello\r\n";

/// A run that asked about `requirements`.
pub(crate) fn run(requirements: Vec<Asked>) -> Run {
    Run {
        schema: RUN_SCHEMA.into(),
        status: RunStatus::Complete,
        started: "2026-11-21T09:00:00Z".into(),
        milliseconds: 83_417,
        suite: SuiteFacts { version: "0.1.0".into(), sha256: "5f".repeat(32) },
        tool: ToolFacts { name: "cpmspec".into(), version: "0.1.0".into() },
        sut: SutFacts {
            name: "Acme RCS 4.2 <beta>".into(),
            role: "cpm-client".into(),
            transports: vec![Transport::Udp, Transport::Tcp],
            ics: BTreeMap::from([("msg".into(), "yes".into()), ("session".into(), "no".into())]),
        },
        selection: vec![],
        strict: false,
        requirements,
    }
}

/// A SHALL without anything special.
pub(crate) fn asked(id: &str) -> Asked {
    Asked {
        id: id.into(),
        section: id.rsplit_once('-').map_or(id, |(section, _)| section).into(),
        title: "Send a pager mode message".into(),
        role: "cpm-client".into(),
        source: "a document".into(),
        level: Level::Shall,
        basis: Basis::Keyword,
        obligation: format!("Our words for {id}."),
        refs: vec![],
        rulings: vec![],
        depends: vec![],
        unless_judged: None,
    }
}

/// A line of `id` that passed in scenario 1.
pub(crate) fn line(id: &str) -> Line {
    Line {
        requirement: id.into(),
        feature: FEATURE.into(),
        line: 14,
        scenario: "A message to one person".into(),
        number: 1,
        transport: Transport::Udp,
        step: "it carries Accept-Contact".into(),
        verdict: Verdict::Pass,
        reason: None,
        detail: String::new(),
        findings: vec![],
        evidence: vec![],
    }
}

fn judged(id: &str, line_number: usize, verdict: Verdict, reason: Reason, detail: &str) -> Line {
    Line { line: line_number, verdict, reason: Some(reason), detail: detail.into(), ..line(id) }
}

fn of(trace: &str, entry: usize, from: usize, to: usize) -> Evidence {
    Evidence { trace: trace.into(), sha256: "ab".repeat(32), ..Evidence::at(entry, from, to) }
}

/// First octet of `part` within [`MESSAGE`], and one behind its last.
fn place(part: &[u8]) -> (usize, usize) {
    let from = MESSAGE.windows(part.len()).position(|window| window == part).expect("it is there");
    (from, from + part.len())
}

/// The report of the fixed run.
pub(crate) fn report() -> Report {
    let id = |step: &str| format!("CONV-7.2.1.1-{step}");
    let mut requirements: Vec<Asked> =
        ["1", "2", "9a", "9b", "13"].iter().map(|step| asked(&id(step))).chain(["CONV-7.3.2-1c", "CONV-7.3.2-2"].map(asked)).collect();
    for asked in &mut requirements {
        if asked.section == "CONV-7.3.2" {
            asked.title = "Receive an invitation".into();
        }
    }
    requirements[1].level = Level::Should;
    requirements[2].refs = vec!["RFC 3428, 4".into()];
    requirements[2].rulings = vec!["R-7.2.1.1-2".into()];
    requirements[3].depends = vec![id("9a")];
    requirements[5].unless_judged = Some((Verdict::NotApplicable, Reason::Ics, "session: no".into()));
    requirements[6].unless_judged = Some((Verdict::NotTested, Reason::NotObservable, "only the user could tell".into()));

    let trace = "scenarios/1/trace.jsonl";
    let (from, to) = place(b"=cmd()]]>");
    let mut violated = judged(&id("9a"), 15, Verdict::Fail, Reason::Violated, "");
    violated.step = "its Contribution-ID is newly generated".into();
    violated.findings = vec![
        Finding::new(Reason::Violated, "a Contribution-ID not seen before", "=cmd()]]> <script>alert(1)</script> \u{1b}]0;x\u{7}")
            .by("CMP-OPAQUE")
            .on([of(trace, 4, from, to)]),
    ];
    let mut missing = judged(&id("9b"), 16, Verdict::Fail, Reason::Missing, "");
    missing.findings = vec![Finding::new(Reason::Missing, "Conversation-ID", "no such header field | `x`").on([of(trace, 4, from, from)])];
    let mut warned = Line { line: 17, ..line(&id("2")) };
    warned.findings =
        vec![Finding::new(Reason::Violated, "User-Agent first", "User-Agent second").weighing(Severity::Warn).on([of(trace, 4, 0, 7)])];
    let hidden = judged(&id("13"), 21, Verdict::Inconclusive, Reason::NoSight, "::error::the adapter lacks \u{202e}sights");
    let broken = Line {
        number: 2,
        transport: Transport::Tcp,
        scenario: "A message <to> many".into(),
        ..judged(&id("1"), 31, Verdict::Error, Reason::Panic, "index out of bounds")
    };
    let passed = Line { evidence: vec![of(trace, 4, 0, 35)], ..line(&id("1")) };
    let played = |number: usize, scenario: &str, line: usize, transport: Transport| Played {
        number,
        feature: FEATURE.into(),
        scenario: scenario.into(),
        line,
        transport,
        trace: format!("scenarios/{number}/trace.jsonl"),
    };
    weigh(
        &run(requirements),
        vec![passed, violated, missing, warned, hidden, broken],
        vec![
            played(1, "A message to one person", 12, Transport::Udp),
            played(2, "A message <to> many", 29, Transport::Tcp),
            played(3, "Nothing is judged here", 40, Transport::Udp),
        ],
    )
}

/// The trace at `path` of the fixed run.
pub(crate) fn trace(path: &str) -> Option<Trace> {
    match path {
        "scenarios/1/trace.jsonl" => Some(first()),
        "scenarios/2/trace.jsonl" => Some(second()),
        _ => None,
    }
}

fn opened(transport: Transport, from: (&Party, &str), to: (&Party, &str)) -> LinkChange {
    let end = |(party, address): (&Party, &str)| Endpoint { party: party.clone(), address: address.parse().expect("an address") };
    LinkChange::Opened { transport, protocol: crate::trace::Protocol::Sip, from: end(from), to: end(to) }
}

/// A message over UDP that is sent twice, answered, and seen.
fn first() -> Trace {
    let (sut, core) = (Party::sut(), Party::new("the IMS core"));
    let link = LinkId(1);
    let bytes = |from: &Party, to: &Party, bytes: &'static [u8]| Event::Bytes {
        link,
        from: from.clone(),
        to: to.clone(),
        bytes: Bytes::from_static(bytes),
    };
    let mut trace = Trace::default();
    let act =
        Act::SendMessage(SendMessage { to: vec!["sip:bob@example.com".into()], text: Some("hello".into()), ..SendMessage::default() });
    let answer = b"SIP/2.0 202 Accepted\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK7\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n";
    let sight = ReceivedMessage { message: "m<1>".into(), text: Some("\u{1b}[31mhi".into()), ..ReceivedMessage::default() };
    let events = [
        Event::Link { link, change: opened(Transport::Udp, (&sut, "192.0.2.1:5062"), (&core, "192.0.2.9:5060")) },
        Event::Mark(Mark::Step { line: 13, text: "Alice sends \"hello\" to Bob".into() }),
        Event::Asked { id: 1, act },
        Event::Answered { id: 1, answer: Answer::Taken(BTreeMap::from([("message".into(), "m1".into())])) },
        bytes(&sut, &core, MESSAGE),
        bytes(&sut, &core, MESSAGE),
        bytes(&core, &sut, answer),
        bytes(&sut, &core, b"\r\n\r\n"),
        bytes(&sut, &core, b"\x01\x02<b>garbage\x9b"),
        Event::Seen(Sight::MessageReceived(sight)),
        Event::Mark(Mark::Barrier),
    ];
    for (index, event) in events.into_iter().enumerate() {
        trace.append(Duration::from_millis(250 * u64::try_from(index).expect("small")), event);
    }
    trace
}

/// A connection over IPv6 that carries SIP and MSRP between three parties, and is reset.
fn second() -> Trace {
    let (sut, core, bob) = (Party::sut(), Party::new("the IMS core"), Party::new("Bob"));
    let mut trace = Trace::default();
    let mut append = |millis: u64, event: Event| trace.append(Duration::from_millis(millis), event);
    let change = |link: u32, change: LinkChange| Event::Link { link: LinkId(link), change };
    let bytes = |link: u32, from: &Party, to: &Party, bytes: &'static [u8]| Event::Bytes {
        link: LinkId(link),
        from: from.clone(),
        to: to.clone(),
        bytes: Bytes::from_static(bytes),
    };
    append(0, change(1, opened(Transport::Tcp, (&sut, "[2001:db8::1]:40000"), (&core, "[2001:db8::9]:5060"))));
    append(3, bytes(1, &sut, &core, b"INVITE sip:bob@example.com SIP/2.0\r\nCSeq: 2 INVITE\r\nContent-Length: 0\r\n\r\n"));
    append(5, bytes(1, &core, &sut, b"SIP/2.0 200 OK\r\nCSeq: 2 INVITE\r\nContent-Length: 0\r\n\r\n"));
    append(9, change(2, opened(Transport::Tcp, (&bob, "[2001:db8::7]:40001"), (&sut, "[2001:db8::1]:2855"))));
    append(
        12,
        bytes(
            2,
            &bob,
            &sut,
            b"MSRP a786hjs2 SEND\r\nTo-Path: msrp://[2001:db8::1]:2855/x;tcp\r\n\
From-Path: msrp://[2001:db8::7]:40001/y;tcp\r\n-------a786hjs2$\r\n",
        ),
    );
    append(
        15,
        bytes(
            2,
            &sut,
            &bob,
            b"MSRP a786hjs2 200 OK\r\nTo-Path: msrp://[2001:db8::7]:40001/y;tcp\r\n\
From-Path: msrp://[2001:db8::1]:2855/x;tcp\r\n-------a786hjs2$\r\n",
        ),
    );
    append(20, change(2, LinkChange::Reset(sut)));
    append(21, Event::Mark(Mark::SutLost("exit status 101".into())));
    trace
}

/// Compares a text with its snapshot in the project's folder of report formats.
pub(crate) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/report"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The trace at `path` of the fixed run, as its file holds it.
pub(crate) fn trace_file(path: &str, transport: Transport) -> Vec<u8> {
    let head = jsonl::Head {
        schema: jsonl::SCHEMA.into(),
        feature: FEATURE.into(),
        scenario: "A message to one person".into(),
        line: 12,
        transport,
    };
    let mut file = Vec::new();
    jsonl::write_head(&mut file, &head).expect("memory takes it");
    for entry in trace(path).unwrap_or_default().entries() {
        jsonl::write_entry(&mut file, entry).expect("memory takes it");
    }
    file
}
