//! Captures as Wireshark reads them. Without `tshark` on this machine there is nothing to see here.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{
    io::Write as _,
    process::{Command, Output},
    time::Duration,
};

use bytes::Bytes;
use harness::trace::{Endpoint, Event, LinkChange, LinkId, Party, Protocol, Trace, Transport, pcapng};
use pretty_assertions::assert_eq;

/// A trace with one link of each kind, each message cut in two where it is carried by a stream.
fn trace() -> Trace {
    let mut trace = Trace::default();
    let large = "0123456789".repeat(30_000);
    let paths = |to: &str, from: &str| format!("To-Path: msrp://192.0.2.{to};tcp\r\nFrom-Path: msrp://192.0.2.{from};tcp\r\n");
    let there = paths("3:2855/kjh37s2s20w2a", "1:49152/jshA7weztas");
    let back = paths("1:49152/jshA7weztas", "3:2855/kjh37s2s20w2a");
    let cpim = "From: <sip:alice@example.com>\r\nTo: <sip:bob@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\n";
    let send = |id: &str, range: &str, body: &str, flag: char| {
        format!(
            "MSRP {id} SEND\r\n{there}Message-ID: 87652\r\nByte-Range: {range}\r\nContent-Type: message/cpim\r\n\r\n{body}\r\n-------{id}{flag}\r\n"
        )
    };
    let total = cpim.len() + large.len();
    let msrp = [
        (true, format!("MSRP a786hjs1 SEND\r\n{there}Message-ID: 1\r\nByte-Range: 1-0/0\r\n-------a786hjs1$\r\n")),
        (false, format!("MSRP a786hjs1 200 OK\r\n{back}-------a786hjs1$\r\n")),
        (true, send("a786hjs2", &format!("1-{}/{total}", cpim.len()), cpim, '+')),
        (false, format!("MSRP a786hjs2 200 OK\r\n{back}-------a786hjs2$\r\n")),
        (true, send("a786hjs3", &format!("{}-{total}/{total}", cpim.len() + 1), &large, '$')),
        (false, format!("MSRP a786hjs3 200 OK\r\n{back}-------a786hjs3$\r\n")),
        (
            false,
            format!(
                "MSRP a786hjs4 REPORT\r\n{back}Message-ID: 87652\r\nByte-Range: 1-{total}/{total}\r\nStatus: 000 200 OK\r\n-------a786hjs4$\r\n"
            ),
        ),
    ];
    let imap = [
        (false, "* OK ready\r\n".to_owned()),
        (true, "A1 LOGIN alice {6}\r\nsecret\r\n".to_owned()),
        (false, "A1 OK done\r\n".to_owned()),
        (true, "A2 UID FETCH 4711 (BODY[])\r\n".to_owned()),
        (false, "* 1 FETCH (UID 4711 BODY[] {13}\r\nSubject: x\r\n\r)\r\nA2 OK done\r\n".to_owned()),
    ];
    let http = [
        (true, "GET /large HTTP/1.1\r\nHost: content.example.com\r\n\r\n".to_owned()),
        (false, format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{large}", large.len())),
    ];
    let kinds = [
        (Protocol::Msrp, Transport::Tcp, msrp.to_vec()),
        (Protocol::Msrp, Transport::Tls, msrp.to_vec()),
        (Protocol::Imap, Transport::Tcp, imap.to_vec()),
        (Protocol::Http, Transport::Tcp, http.to_vec()),
        (Protocol::Sip, Transport::Tcp, vec![(true, "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".to_owned())]),
    ];
    let (sut, bob) = (Party::sut(), Party::new("Bob"));
    for (link, (protocol, transport, messages)) in (0..).map(LinkId).zip(kinds) {
        let port = 40_000 + u16::try_from(link.0).unwrap();
        let end = |party: &Party, host: &str| Endpoint { party: party.clone(), address: host.parse().unwrap() };
        let change =
            LinkChange::Opened { transport, protocol, from: end(&sut, &format!("192.0.2.1:{port}")), to: end(&bob, "192.0.2.3:2855") };
        trace.append(Duration::ZERO, Event::Link { link, change });
        for (n, (by_sut, text)) in messages.into_iter().enumerate() {
            let (from, to) = if by_sut { (&sut, &bob) } else { (&bob, &sut) };
            let (a, b) = text.split_at(text.len() / 2);
            for part in [a, b] {
                let bytes = Bytes::copy_from_slice(part.as_bytes());
                trace.append(Duration::from_millis(n as u64), Event::Bytes { link, from: from.clone(), to: to.clone(), bytes });
            }
        }
    }
    trace
}

fn tshark(file: &std::path::Path, arguments: &[&str]) -> Option<Output> {
    Command::new("tshark").arg("-r").arg(file).args(arguments).output().ok()
}

#[test]
fn a_capture_opens_without_a_malformed_packet() {
    let mut file = tempfile::Builder::new().suffix(".pcapng").tempfile().unwrap();
    let mut octets = Vec::new();
    pcapng::write(&mut octets, &trace(), &|entry| vec![format!("entry {entry}")], 1_795_251_600_000_000_000).unwrap();
    file.write_all(&octets).unwrap();
    let Some(malformed) = tshark(
        file.path(),
        &["-Y", "_ws.malformed || _ws.expert.severity >= 6291456", "-T", "fields", "-e", "frame.number", "-e", "_ws.expert"],
    ) else {
        return;
    };
    assert_eq!((String::from_utf8_lossy(&malformed.stdout).as_ref(), malformed.status.success()), ("", true), "{malformed:?}");
    let known = tshark(file.path(), &["-T", "fields", "-e", "_ws.col.Protocol"]).unwrap();
    let known = String::from_utf8(known.stdout).unwrap();
    let count = |name: &str| known.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!((count("MSRP"), count("IMAP"), count("HTTP"), count("SIP")), (14, 6, 2, 1), "{known}");
    let read = tshark(file.path(), &["-Y", "msrp", "-T", "fields", "-e", "msrp.method", "-e", "msrp.status.code", "-e", "msrp.byte.range"]);
    let read = String::from_utf8(read.unwrap().stdout).unwrap();
    assert_eq!(read.lines().nth(2).map(|line| line.starts_with("SEND")), Some(true), "{read}");
}
