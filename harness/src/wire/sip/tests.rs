use pretty_assertions::assert_eq;

use super::*;

fn parse(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn codes(message: &Message) -> Vec<&str> {
    message.malformations.iter().map(|m| m.code.as_str()).collect()
}

fn texts(message: &Message, spans: &[Span]) -> Vec<String> {
    spans.iter().map(|s| s.text(&message.raw).into_owned()).collect()
}

const REQUEST: &str = "MESSAGE sip:bob@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK-1,\r\n SIP/2.0/UDP b.example.com;branch=z9hG4bK-2\r\n\
    v: SIP/2.0/UDP c.example.com;branch=z9hG4bK-3\r\n\
    f : \"A;tag=x\" <sip:a@example.com;tag=y>;TAG=1\r\nTo: <sip:bob@example.com>\r\n\
    i: c1\r\nCSEQ: 7\r\n MESSAGE\r\nSubject: one\r\n\t two\r\n\
    c: text/plain\r\nl: 2\r\n\r\nHi";

#[test]
fn a_request_is_read_whole() {
    let message = parse(REQUEST);
    assert_eq!(codes(&message), [] as [&str; 0]);
    assert_eq!((message.method(), message.status()), (Some("MESSAGE"), None));
    assert!(message.is_request() && !message.is_response());
    assert_eq!(message.request_uri().unwrap().of(&message.raw), b"sip:bob@example.com");
    assert_eq!(message.start_span().of(&message.raw), b"MESSAGE sip:bob@example.com SIP/2.0");
    assert_eq!(message.cseq(), Some((7, "MESSAGE")));
    assert_eq!(message.call_id().as_deref(), Some("c1"));
    assert_eq!(message.tag("From").as_deref(), Some("1"));
    assert_eq!(message.tag("To"), None);
    assert_eq!(message.branch().as_deref(), Some("z9hG4bK-1"));
    assert_eq!(message.value("s").as_deref(), Some("one two"));
    assert!(message.content_type().unwrap().is(&message.raw, "text/plain"));
    assert_eq!(message.body.of(&message.raw), b"Hi");
}

#[test]
fn lists_run_over_fields_and_commas() {
    let message = parse(REQUEST);
    let vias = texts(&message, &message.elements("Via"));
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[1], "SIP/2.0/UDP b.example.com;branch=z9hG4bK-2");
    assert_eq!(texts(&message, &message.elements("call-id")), ["c1"]);
    assert_eq!(message.elements("Route"), []);
}

#[test]
fn the_tiles_are_the_message() {
    for text in [REQUEST, "\r\n\r\nA sip:a SIP/2.0\r\nl: 1\r\n\r\nabc", "", "\r\n", "x", "A\r\nb\r\n c\n\nd"] {
        let message = parse(text);
        let rebuilt: Vec<u8> = message.tiling().iter().flat_map(|s| s.of(&message.raw).to_vec()).collect();
        assert_eq!(String::from_utf8_lossy(&rebuilt), text);
    }
}

#[test]
fn a_response_is_read() {
    for (line, code, reason, expected) in [
        ("SIP/2.0 200 OK", Some(200), "OK", vec![]),
        ("SIP/2.0 480 ", Some(480), "", vec![]),
        ("SIP/2.0 480", Some(480), "", vec!["no-blank-behind-status"]),
        ("SIP/2.0 202 Taken as it is ", Some(202), "Taken as it is", vec![]),
        ("SIP/2.0 99 Low", None, "Low", vec!["status"]),
        ("SIP/2.0 4294967301 Big", None, "Big", vec!["status"]),
        ("SIP/2.0 777 Odd", Some(777), "Odd", vec!["status"]),
        ("SIP/2.0  200 OK", Some(200), "OK", vec!["start-line-blanks"]),
        ("sip/2.0 200 OK", Some(200), "OK", vec!["version-case"]),
        ("SIP/7.0 200 OK", Some(200), "OK", vec!["version"]),
    ] {
        let message = parse(&format!("{line}\r\n\r\n"));
        assert_eq!(message.status(), code, "{line}");
        let Start::Response { reason: span, .. } = message.start else { panic!("{line}") };
        assert_eq!(span.text(&message.raw), reason, "{line}");
        assert_eq!(codes(&message), expected, "{line}");
    }
}

#[test]
fn a_request_line_is_read_as_far_as_it_goes() {
    for (line, uri, expected) in [
        ("NEWMETHOD urn:service:sos SIP/2.0", "urn:service:sos", vec![]),
        ("A sip:a sip/2.0", "sip:a", vec!["version-case"]),
        ("A sip:a SIP/2.1", "sip:a", vec!["version"]),
        ("A sip:a", "sip:a", vec!["version"]),
        ("A  sip:a  SIP/2.0", "sip:a", vec!["start-line-blanks"]),
        ("A\tsip:a SIP/2.0", "sip:a", vec!["start-line-blanks"]),
        ("A sip:a SIP/2.0 ", "sip:a", vec!["start-line-blanks"]),
        (" A sip:a SIP/2.0", "sip:a", vec!["start-line-blanks"]),
        ("A sip:a; lr SIP/2.0", "sip:a; lr", vec!["blank-in-uri"]),
        ("A@B sip:a SIP/2.0", "sip:a", vec!["method"]),
    ] {
        let message = parse(&format!("{line}\r\n\r\n"));
        assert_eq!(message.request_uri().unwrap().text(&message.raw), uri, "{line}");
        assert_eq!(codes(&message), expected, "{line}");
    }
    assert!(matches!(parse("word\r\n\r\n").start, Start::Unreadable(_)));
    assert_eq!(codes(&parse("\r\n\r\n")), ["leading-crlf", "no-start-line", "no-blank-line"]);
}

#[test]
fn content_length_rules_the_body() {
    for (length, body, expected) in [
        ("", "abc", vec![]),
        ("l: 3\r\n", "abc", vec![]),
        ("l: 2\r\n", "ab", vec!["octets-behind-body"]),
        ("l: 4\r\n", "abc", vec!["body-too-short"]),
        ("l: 99999999999999999999999\r\n", "abc", vec!["body-too-short"]),
        ("l: -1\r\n", "abc", vec!["content-length"]),
        ("l: 0x3\r\n", "abc", vec!["content-length"]),
        ("l:\r\n", "abc", vec!["content-length"]),
        ("l: 3\r\nContent-Length: 3\r\n", "abc", vec!["twice"]),
    ] {
        let message = parse(&format!("A sip:a SIP/2.0\r\n{length}\r\nabc"));
        assert_eq!(message.body.text(&message.raw), body, "{length}");
        assert_eq!(codes(&message), expected, "{length}");
    }
}

#[test]
fn header_lines_that_break_the_grammar_are_named() {
    for (line, expected) in [
        ("X\r\n", vec!["header-field-without-colon"]),
        ("X Y: 1\r\n", vec!["header-field-name"]),
        (": 1\r\n", vec!["header-field-name"]),
        ("X: 1\n", vec!["bare-lf"]),
        ("X: \0\r\n", vec!["nul"]),
        ("X: a\rb\r\n", vec!["bare-cr"]),
        ("X: \x1b[2J\r\n", vec!["control-character"]),
        (" X: 1\r\n", vec!["blank-before-name"]),
        ("t: <sip:a>\r\nTO: <sip:a>\r\n", vec!["twice"]),
        ("Contribution-ID: 1\r\nContribution-ID: 2\r\nX: \t\r\n", vec![]),
    ] {
        assert_eq!(codes(&parse(&format!("A sip:a SIP/2.0\r\n{line}\r\n"))), expected, "{line:?}");
    }
    let message = Message::parse(Bytes::from_static(b"A sip:a SIP/2.0\r\nX: \xff\r\n\r\n\xff"));
    assert_eq!(codes(&message), ["not-utf8"]);
    assert_eq!(message.malformations[0].span, Span::new(20, 21));
    assert_eq!(codes(&parse("A sip:a SIP/2.0\r\nX: 1\r\n")), ["no-blank-line"]);
}

#[test]
fn an_unreadable_cseq_is_none() {
    for value in ["", "1", "x MESSAGE", "4294967296 A", "-1 A", "1 A B", "+1 A"] {
        assert_eq!(parse(&format!("A sip:a SIP/2.0\r\nCSeq: {value}\r\n\r\n")).cseq(), None, "{value}");
    }
}
