use pretty_assertions::assert_eq;

use super::*;
use crate::trace::Endpoint;

/// A trace with one MSRP link, opened by the SUT; what it holds is said by the SUT (true) or by Bob.
fn trace(said: &[(bool, &[u8])]) -> Trace {
    let mut trace = Trace::default();
    let end = |party: &str| Endpoint { party: Party::new(party), address: "192.0.2.1:2855".parse().unwrap() };
    let change = LinkChange::Opened { transport: Transport::Tcp, protocol: Protocol::Msrp, from: end("the SUT"), to: end("Bob") };
    trace.append(Duration::ZERO, Event::Link { link: LinkId(7), change });
    for (by_sut, octets) in said {
        let (from, to) = if *by_sut { ("the SUT", "Bob") } else { ("Bob", "the SUT") };
        let bytes = Bytes::copy_from_slice(octets);
        trace.append(
            trace.end() + Duration::from_millis(1),
            Event::Bytes { link: LinkId(7), from: Party::new(from), to: Party::new(to), bytes },
        );
    }
    trace
}

fn send(tid: &str, range: &str, content: Option<&[u8]>, flag: char) -> Vec<u8> {
    let mut text =
        format!("MSRP {tid} SEND\r\nTo-Path: msrp://b:1/x;tcp\r\nFrom-Path: msrp://a:1/y;tcp\r\nMessage-ID: m1\r\n").into_bytes();
    if !range.is_empty() {
        text.extend_from_slice(format!("Byte-Range: {range}\r\n").as_bytes());
    }
    if let Some(content) = content {
        text.extend_from_slice(b"Content-Type: message/cpim\r\n\r\n");
        text.extend_from_slice(content);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("-------{tid}{flag}\r\n").as_bytes());
    text
}

fn said(messages: &Messages) -> Vec<String> {
    let media = messages.media().iter().map(|seen| format!("{} {:?} {:?}", seen.entry, seen.whole, seen.pieces));
    let wholes = messages.wholes().iter().map(|whole| format!("{:?} {:?} {:?}", whole.chunks, whole.complete(), whole.raw()));
    media.chain(wholes).collect()
}

#[test]
fn chunks_in_any_segments_make_the_message_and_evidence_finds_each_octet() {
    let stream =
        [send("aaaa", "", None, '$'), send("bbbb", "1-*/8", Some(b"abcd"), '+'), send("cccc", "5-8/8", Some(b"efgh"), '$')].concat();
    for size in [1, 5, 100, stream.len()] {
        let parts: Vec<(bool, &[u8])> = stream.chunks(size).map(|part| (true, part)).collect();
        let trace = trace(&parts);
        let messages = Messages::of(&trace);
        assert_eq!(messages.media().len(), 3, "{size} octets at a time");
        let [whole] = messages.wholes() else { panic!("{:?}", messages.wholes()) };
        assert!(whole.complete() && whole.chunks == [1, 2] && whole.gaps().is_empty());
        let body = whole.msrp().body.unwrap();
        assert_eq!(body.of(whole.raw()), b"abcdefgh");
        let shown: Vec<u8> = whole
            .evidence(Span::new(body.from + 3, body.from + 6))
            .iter()
            .flat_map(|evidence| match &trace.entries()[evidence.entry].event {
                Event::Bytes { bytes, .. } => bytes[evidence.from..evidence.to].to_vec(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(shown, b"def");
    }
}

#[test]
fn following_and_reading_at_once_give_the_same() {
    let stream =
        [send("bbbb", "5-8/*", Some(b"efgh"), '$'), send("cccc", "1-4/*", Some(b"abcd"), '+'), send("dddd", "1-2/2", Some(b"xy"), '$')];
    let stream = stream.concat();
    let parts: Vec<(bool, &[u8])> = stream.chunks(9).map(|part| (true, part)).collect();
    let whole = trace(&parts);
    let mut followed = Messages::default();
    let mut part = Trace::default();
    for entry in whole.entries() {
        part.append(entry.at, entry.event.clone());
        followed.follow(&part);
        let _ = said(&followed);
    }
    assert_eq!(said(&followed), said(&Messages::of(&whole)));
    // The third chunk begins a message of its own: the first one was complete.
    assert_eq!(followed.wholes().iter().map(|w| w.chunks.clone()).collect::<Vec<_>>(), [vec![0, 1], vec![2]]);
}

#[test]
fn what_is_missing_is_named() {
    let chunks = [send("bbbb", "1-2/*", Some(b"ab"), '+'), send("cccc", "5-6/*", Some(b"ef"), '+'), send("dddd", "9-9/9", Some(b"i"), '$')];
    let [a, b, c] = &chunks;
    let gaps = |said: &[(bool, &[u8])]| Messages::of(&trace(said)).wholes()[0].gaps();
    assert_eq!(gaps(&[(true, a), (true, b)]), [(3, Some(4)), (7, None)]);
    assert_eq!(gaps(&[(true, a), (true, b), (true, c)]), [(3, Some(4)), (7, Some(8))]);
    let messages = Messages::of(&trace(&[(true, a), (true, c)]));
    assert!(!messages.wholes()[0].complete());
    assert_eq!(messages.wholes()[0].msrp().body.unwrap().of(messages.wholes()[0].raw()), b"abi");
}

#[test]
fn octets_that_come_twice_count_once_and_a_sender_may_give_up() {
    let chunks = [send("bbbb", "1-4/6", Some(b"abcd"), '+'), send("cccc", "3-6/6", Some(b"XXef"), '$')];
    let messages = Messages::of(&trace(&[(true, &chunks.concat())]));
    let whole = &messages.wholes()[0];
    assert!(whole.complete());
    assert_eq!(whole.msrp().body.unwrap().of(whole.raw()), b"abXXef");
    let aborted = Messages::of(&trace(&[(true, &send("bbbb", "1-4/6", Some(b"abcd"), '#'))]));
    assert!(aborted.wholes()[0].aborted && !aborted.wholes()[0].complete());
}

#[test]
fn a_response_belongs_to_the_request_of_its_transaction() {
    let response = b"MSRP bbbb 200 OK\r\nTo-Path: msrp://a:1/y;tcp\r\nFrom-Path: msrp://b:1/x;tcp\r\n-------bbbb$\r\n";
    let messages = Messages::of(&trace(&[(true, &send("bbbb", "1-2/2", Some(b"ab"), '$')), (false, response), (true, response)]));
    assert_eq!((messages.media_request_of(1), messages.media_request_of(2)), (Some(0), None));
    assert_eq!((messages.media()[1].status(), messages.media()[0].method().as_deref()), (Some(200), Some("SEND")));
}

#[test]
fn a_long_message_is_read_in_linear_time_and_shares_its_octets() {
    let content = vec![b'x'; 2048];
    let said: Vec<Vec<u8>> = (0..512)
        .map(|n| send(&format!("t{n:04}"), &format!("{}-*/*", n * 2048 + 1), Some(&content), if n == 511 { '$' } else { '+' }))
        .collect();
    let said: Vec<(bool, &[u8])> = said.iter().map(|octets| (true, octets.as_slice())).collect();
    let trace = trace(&said);
    let messages = Messages::of(&trace);
    assert!(messages.wholes()[0].complete());
    assert_eq!(messages.wholes()[0].msrp().body.unwrap().len(), 512 * 2048);
    let Event::Bytes { bytes, .. } = &trace.entries()[1].event else { panic!() };
    assert_eq!(messages.media()[0].raw.as_ptr(), bytes.as_ptr());
    // Of a long span the beginning and the end are shown.
    let whole = &messages.wholes()[0];
    let evidence = whole.evidence(whole.msrp().body.unwrap());
    assert_eq!((evidence.len(), evidence.last().map(|e| e.entry)), (RANGES + 1, Some(512)));
}
