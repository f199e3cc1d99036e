//! What judging costs: reading one MESSAGE of 1.5 kB off the trace and all checks of the first scenario of 7.2.1.1, with evidence.

#![expect(clippy::unwrap_used, reason = "a bench that cannot begin has nothing to measure")]

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::{
    check::{View, body, field, pack},
    field::Field,
    sut::Ixit,
    trace::{
        Endpoint, Event, LinkChange, LinkId, Mark, Party, Protocol, Trace, Transport,
        view::{It, Messages},
    },
    verdict::Judgement,
};

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn message() -> Bytes {
    let content = "0123456789 ".repeat(70);
    let body = crlf(&format!(
        "From: <sip:alice@example.com>\nTo: <sip:bob@example.com>\nDateTime: 2026-01-01T00:00:00Z\n\nContent-Type: text/plain;charset=UTF-8\n\n{content}"
    ));
    let head = crlf(&format!(
        "MESSAGE sip:bob@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1f2e3d4c5b6a7988;rport\nMax-Forwards: 70\nRoute: <sip:orig@scscf.example.com;lr>, <sip:as.example.com;lr>\nFrom: <sip:alice@example.com>;tag=1122334455667788\nTo: <sip:bob@example.com>\nCall-ID: 99aabbccddeeff00\nCSeq: 1 MESSAGE\nP-Preferred-Identity: <sip:alice@example.com>\nAccept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg\"\nP-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg\nUser-Agent: CPM-client/OMA2.0 bench/1\nConversation-ID: 3f0b7c1a-0000-4000-8000-000000000001\nContribution-ID: 3f0b7c1a-0000-4000-8000-000000000002\nContent-Type: message/cpim\nContent-Length: {}\n\n",
        body.len()
    ));
    format!("{head}{body}").into()
}

fn trace() -> Trace {
    let mut trace = Trace::default();
    let end = |party: &str, host: &str| Endpoint { party: Party::new(party), address: host.parse().unwrap() };
    let change = LinkChange::Opened {
        transport: Transport::Udp,
        protocol: Protocol::Sip,
        from: end("the SUT", "192.0.2.1:5060"),
        to: end("the IMS core", "192.0.2.2:5060"),
    };
    trace.append(Duration::ZERO, Event::Link { link: LinkId(0), change });
    let (sut, core) = (Party::sut(), Party::new("the IMS core"));
    let granted = crlf(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKr\nFrom: <sip:alice@example.com>;tag=a\nTo: <sip:alice@example.com>;tag=b\nCall-ID: r\nCSeq: 1 REGISTER\nService-Route: <sip:orig@scscf.example.com;lr>, <sip:as.example.com;lr>\nP-Associated-URI: <sip:alice@example.com>\nContent-Length: 0\n\n",
    );
    trace.append(Duration::ZERO, Event::Bytes { link: LinkId(0), from: core.clone(), to: sut.clone(), bytes: granted.into() });
    trace.append(Duration::ZERO, Event::Mark(Mark::Stimulus("Alice sends a message".to_owned())));
    trace.append(Duration::ZERO, Event::Bytes { link: LinkId(0), from: sut, to: core, bytes: message() });
    trace
}

/// The lines of the scenario that look at the message, in its order.
fn judge(view: &View<'_>, fields: &[Field]) -> Vec<Judgement> {
    let icsi = "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg";
    let [accept_contact, identity, contact, service, asserted, agent, privacy, target, conversation, contribution, reply] = fields else {
        return Vec::new();
    };
    vec![
        pack::obeys(view, &"RFC 3428".parse().unwrap()),
        field::carries_icsi(view, accept_contact, true, icsi),
        field::is_address_of(view, identity, "Alice"),
        field::has(view, contact, field::Has::MustNot),
        field::is(view, service, icsi),
        field::has(view, asserted, field::Has::MustNot),
        field::states_release(view, agent),
        field::has(view, privacy, field::Has::MustNot),
        field::is_address_of(view, target, "Bob"),
        field::is_newly_generated(view, conversation),
        field::is_newly_generated(view, contribution),
        field::has(view, reply, field::Has::MustNot),
        body::content_is(view, "0123456789 ".repeat(70).as_bytes()),
        body::is_cpim(view),
        pack::obeys(view, &"TS 24.229".parse().unwrap()),
    ]
}

fn view<'a>(trace: &'a Trace, messages: &'a Messages, ixit: &'a Ixit) -> View<'a> {
    View { trace, messages, it: Some(It::Sip(1)), they: &[It::Sip(1)], taken: &[It::Sip(1)], ixit }
}

fn first_scenario(criterion: &mut Criterion) {
    let names = [
        "Accept-Contact",
        "P-Preferred-Identity",
        "Contact",
        "P-Preferred-Service",
        "P-Asserted-Service",
        "User-Agent",
        "Privacy",
        "Request-URI",
        "Conversation-ID",
        "Contribution-ID",
        "InReplyTo-Contribution-ID",
    ];
    let fields: Vec<Field> = names.iter().map(|name| name.parse().unwrap()).collect();
    let (trace, ixit) = (trace(), Ixit::default());
    let messages = Messages::of(&trace);
    let said = judge(&view(&trace, &messages, &ixit), &fields);
    let fails = |j: &Judgement| !matches!(j, Judgement::Looked { findings, .. } if findings.iter().all(|f| f.severity < harness::verdict::Severity::Fail));
    assert!(said.len() == 15 && !said.iter().any(fails), "the message is conformant: {said:?}");
    let mut group = criterion.benchmark_group("first scenario of 7.2.1.1");
    group.throughput(Throughput::Bytes(message().len() as u64));
    group.bench_function("read and judge one MESSAGE", |bencher| {
        bencher.iter(|| {
            let messages = Messages::of(black_box(&trace));
            judge(&view(&trace, &messages, &ixit), &fields)
        });
    });
    group.bench_function("read only", |bencher| bencher.iter(|| Messages::of(black_box(&trace))));
    group.finish();
}

criterion_group!(benches, first_scenario);
criterion_main!(benches);
