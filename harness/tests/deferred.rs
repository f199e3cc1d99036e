//! What a deferred message has to hold, on conversations written by hand: each as it stands holds; made wrong in one place it does
//! not.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use harness::{
    check::{View, enclosed, pack},
    field::Field,
    trace::{Transport, view::It},
    verdict::Judgement,
};
use pretty_assertions::assert_eq;
use talk::{Talk, the};

#[expect(dead_code, reason = "shared with other tests")]
mod talk;

const CPIM: &str = "From: <sip:bob@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHello";

const FRAGMENT: &str = "MESSAGE sip:alice@example.com SIP/2.0\nFrom: <sip:bob@example.com>;tag=b\nTo: <sip:alice@example.com>\n\
    Call-ID: c1\nCSeq: 1 MESSAGE\nP-Asserted-Identity: <sip:bob@example.com>\nConversation-ID: v1\nContribution-ID: b1\n\
    Content-Type: message/cpim\nDate: Thu, 09 Oct 2025 08:53:20 GMT\n";

const HEAD: &str =
    "MSRP tid1 SEND\nTo-Path: msrp://192.0.2.9:2855/s;tcp\nFrom-Path: msrp://192.0.2.7:9/b;tcp\nMessage-ID: big\nByte-Range: 1-64/64\n";

fn message(more: &str) -> String {
    format!(
        "MESSAGE sip:alice@example.com SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nFrom: <sip:bob@example.com>;tag=b\n\
         To: <sip:alice@example.com>\nCall-ID: c1\nCSeq: 1 MESSAGE\nP-Asserted-Identity: <sip:bob@example.com>\n{more}Conversation-ID: v1\n\
         Contribution-ID: b1\nContent-Type: message/cpim\n\n{}",
        CPIM.replace("\r\n", "\n")
    )
}

fn part(kind: &str, text: &str) -> String {
    format!("--x\nContent-Type: {kind}\n\n{text}\n").replace('\n', "\r\n")
}

fn delivered(parts: &[String]) -> String {
    let body = format!("{}--x--\r\n", parts.concat());
    format!(
        "MSRP dlv1 SEND\r\nTo-Path: msrp://192.0.2.8:2855/b;tcp\r\nFrom-Path: msrp://192.0.2.9:9/own;tcp\r\nMessage-ID: m1\r\n\
         Byte-Range: 1-{0}/{0}\r\nContent-Type: multipart/mixed;boundary=x\r\n\r\n{body}\r\n-------dlv1$\r\n",
        body.len()
    )
}

/// Bob's message, and its delivery with these parts, in a network that tells the time.
fn pager(more: &str, parts: &[String]) -> Talk {
    pager_in("Date: Thu, 09 Oct 2025 08:53:00 GMT\n", more, parts)
}

/// The same where the registration says `clock`.
fn pager_in(clock: &str, more: &str, parts: &[String]) -> Talk {
    let register = format!("REGISTER sip:192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK0\nCSeq: 1 REGISTER\n{clock}\n");
    Talk::new()
        .sip(false, &register)
        .pass(20_000)
        .sip(false, &message(more))
        .pass(60_000)
        .connects(2, Transport::Tcp, "192.0.2.8:2855")
        .says(2, true, delivered(parts))
}

fn sound() -> [String; 2] {
    [part("message/sipfrag", FRAGMENT), part("message/cpim", CPIM.replace("\r\n", "\n").as_str())]
}

/// The parts with `old` made `new`.
fn with(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (old.replace('\n', "\r\n"), new.replace('\n', "\r\n"));
    let parts = sound().map(|part| part.replace(&old, &new));
    assert!(parts != sound(), "{old} is not there");
    parts.to_vec()
}

fn whole(talk: &Talk) -> Option<It> {
    talk.look(None, |view| view.messages.wholes().len().checked_sub(1).map(It::Whole))
}

fn encapsulates(view: &View<'_>) -> Judgement {
    enclosed::encapsulates(view, &the("the received MESSAGE request"))
}

#[test]
fn a_message_of_pager_mode_is_there_with_header_fields_and_content() {
    let told = |more: &str, parts: &[String]| {
        let talk = pager(more, parts);
        talk.told(whole(&talk), encapsulates)
    };
    assert_eq!(told("", &sound()), "met");
    assert_eq!(told("", &sound()[1..]), "fail missing", "no header part");
    assert_eq!(told("", &[sound()[0].clone(), sound()[0].clone(), sound()[1].clone()]), "fail unexpected", "two of them");
    assert_eq!(told("", &with("Contribution-ID: b1\n", "")), "fail missing");
    assert_eq!(told("", &with("Conversation-ID: v1", "Conversation-ID: V1")), "fail violated");
    assert_eq!(told("", &with("MESSAGE sip:alice@example.com SIP/2.0\n", "")), "met", "a fragment may lack it");
    assert_eq!(told("", &with("MESSAGE sip:alice@example.com", "INVITE sip:alice@example.com")), "fail violated");
    assert_eq!(told("", &with("Hello", "hello")), "fail violated");
    assert_eq!(told("", &sound()[..1]), "fail missing", "no content");
    assert_eq!(told("", &[sound()[0].clone(), sound()[1].clone(), sound()[1].clone()]), "fail unexpected");
    assert_eq!(told("", &with("--x\nContent-Type: message/cpim\n\nFrom", "--x\nContent-Type: text/plain\n\nFrom")), "fail violated");
    assert_eq!(told("", &with("P-Asserted-Identity: <sip:bob@example.com>\n", "")), "pass missing");
    assert_eq!(told("Subject: news\n", &sound()), "pass missing");
    assert_eq!(told("InReplyTo-Contribution-ID: b0\n", &sound()), "fail missing");
    assert_eq!(told("Privacy: id\n", &with("P-Asserted-Identity: <sip:bob@example.com>\n", "Privacy: id\n")), "met");
    assert_eq!(told("Privacy: id\n", &with("CSeq:", "Privacy: id\nCSeq:")), "fail unexpected", "the identity leaks");
    assert_eq!(Talk::new().told(None, encapsulates), "obstacle not-triggered");
}

#[test]
fn content_may_be_encoded_or_inside_a_whole_message() {
    let told = |parts: &[String]| {
        let talk = pager("", parts);
        talk.told(whole(&talk), encapsulates)
    };
    let base64 = "RnJvbTogPHNpcDpib2JAZXhhbXBsZS5jb20+DQoNCkNvbnRlbnQtVHlwZTogdGV4dC9wbGFpbg0KDQpIZWxsbw==";
    let head = sound()[0].clone();
    assert_eq!(told(&[head.clone(), part("message/cpim\nContent-Transfer-Encoding: base64", base64)]), "met");
    assert_eq!(told(&[head, part("message/cpim\nContent-Transfer-Encoding: rot13", base64)]), "fail malformed");
    let inside = format!("{FRAGMENT}Content-Length: {}\n\n{}", CPIM.len(), CPIM.replace("\r\n", "\n"));
    assert_eq!(told(&[part("message/sip", &inside)]), "met");
}

#[test]
fn what_is_encapsulated_is_whole() {
    let spec = "RFC 3420".parse().unwrap();
    let told = |parts: &[String]| {
        let talk = pager("", parts);
        talk.told(whole(&talk), |view| pack::obeys(view, &spec))
    };
    let content = sound()[1].clone();
    let of = |kind: &str, text: &str| told(&[part(kind, text), content.clone()]);
    let full = format!("{FRAGMENT}Via: SIP/2.0/UDP a;branch=z9hG4bK1\nMax-Forwards: 70\nContent-Length: 0\n\n");
    assert_eq!(told(&sound()), "met");
    assert_eq!(of("message/sipfrag", "From: <sip:bob@example.com>\n"), "met");
    assert_eq!(of("message/sipfrag", "From: <sip:bob@example.com>\nCSeq 1 MESSAGE\n"), "fail malformed");
    assert_eq!(of("message/sipfrag", "From: <sip:bob@example.com>\n\nHello"), "fail missing", "a body of no type");
    assert_eq!(of("message/sip", FRAGMENT), "fail malformed", "no message");
    assert_eq!(of("message/sip", &full), "met");
    assert_eq!(of("message/sip", &full.replace("CSeq: 1 MESSAGE\n", "")), "fail missing");
    assert_eq!(of("message/sip", &full.replace("Content-Length: 0", "Content-Length: 9")), "fail malformed");
    assert_eq!(of("text/plain", FRAGMENT), "fail missing");
    let talk = pager("", &sound());
    assert_eq!(talk.told(talk.last(), |view| pack::obeys(view, &spec)), "obstacle hidden-by-answer", "a body without parts");
}

#[test]
fn the_time_is_that_of_the_receipt_or_of_the_message() {
    let spec = "RFC 3261 section 20.17".parse().unwrap();
    let told = |more: &str, parts: &[String]| {
        let talk = pager(more, parts);
        talk.told(whole(&talk), |view| pack::obeys(view, &spec))
    };
    let at = |time: &str| with("08:53:20", time);
    assert_eq!(told("", &sound()), "met");
    assert_eq!(told("", &at("08:53:22")), "met");
    assert_eq!(told("", &at("08:53:23")), "fail violated");
    assert_eq!(told("", &at("08:54:20")), "fail violated", "the time of the delivery");
    assert_eq!(told("", &with("Date: Thu, 09 Oct 2025 08:53:20 GMT\n", "")), "fail violated", "none");
    assert_eq!(told("Date: Wed, 08 Oct 2025 10:00:00 GMT\n", &with("Thu, 09 Oct 2025 08:53:20", "Wed, 08 Oct 2025 10:00:00")), "met");
    assert_eq!(told("", &with("Call-ID: c1\n", "Call-ID: c2\n")), "met", "known by the identifiers of CPM");
    let timeless = pager_in("", "", &sound());
    assert_eq!(timeless.told(whole(&timeless), |view| pack::obeys(view, &spec)), "obstacle suite", "nobody tells the time");
}

#[test]
fn a_large_message_is_there_with_both_heads() {
    let invite = "INVITE sip:alice@example.com SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nFrom: <sip:bob@example.com>;tag=b\n\
                  To: <sip:alice@example.com>\nCall-ID: c1\nCSeq: 1 INVITE\nConversation-ID: v1\nContribution-ID: b1\n\n";
    let came = format!("{HEAD}Content-Type: message/cpim\n\n").replace('\n', "\r\n") + CPIM + "\r\n-------tid1$\r\n";
    let came = came.replace("1-64/64", &format!("1-{0}/{0}", CPIM.len()));
    let head = HEAD.replace("1-64/64", &format!("1-{0}/{0}", CPIM.len()));
    let fragment = FRAGMENT
        .replace("MESSAGE sip", "INVITE sip")
        .replace("1 MESSAGE", "1 INVITE")
        .replace("P-Asserted-Identity: <sip:bob@example.com>\n", "");
    let talk = |parts: &[String]| {
        Talk::new().sip(false, invite).connected_by(2).says(2, false, &came).connects(3, Transport::Tcp, "192.0.2.8:2855").says(
            3,
            true,
            delivered(parts),
        )
    };
    let parts = |fragment: &str, head: &str| {
        [part("message/sipfrag", fragment), part("message/msrpfrag", head), part("message/cpim", CPIM.replace("\r\n", "\n").as_str())]
    };
    let told = |parts: &[String], what: &str| {
        let talk = talk(parts);
        talk.told(whole(&talk), |view| enclosed::encapsulates(view, &the(what)))
    };
    let sound = parts(&fragment, &head);
    assert_eq!(told(&sound, "the received INVITE request"), "met");
    assert_eq!(told(&sound, "the received MSRP message"), "met");
    assert_eq!(told(&sound, "the received MSRP SEND request"), "met");
    assert_eq!(told(&[sound[0].clone(), sound[2].clone()], "the received MSRP message"), "fail missing");
    assert_eq!(told(&sound[1..], "the received INVITE request"), "fail missing");
    assert_eq!(told(&parts(&fragment, &head.replace("big", "small")), "the received MSRP message"), "fail violated");
    assert_eq!(told(&parts(&fragment, "hello"), "the received MSRP message"), "fail malformed");
    assert_eq!(told(&parts(&fragment, "X: y"), "the received MSRP message"), "fail missing");
    let other = [sound[0].clone(), sound[1].clone(), part("message/cpim", "Something else")];
    assert_eq!(told(&other, "the received INVITE request"), "fail violated");
    // The head of the MSRP request under a wrong name is no concern of the header fields of the INVITE.
    let misnamed = [sound[0].clone(), part("message/sipfrag", &head), sound[2].clone()];
    assert_eq!(told(&misnamed, "the received INVITE request"), "met");
    assert_eq!(told(&misnamed, "the received MSRP message"), "fail missing");
}

#[test]
fn fields_of_what_is_enclosed_are_read() {
    let talk = pager("", &sound());
    let read = |name: &str| {
        let field: Field = name.parse().unwrap();
        talk.look(whole(&talk), |view| field.read(view.item().unwrap()).into_iter().map(|found| found.text).collect::<Vec<_>>())
    };
    assert_eq!(read("SIPFRAG Contribution-ID"), ["b1"]);
    assert_eq!(read("SIPFRAG Subject"), [""; 0]);
    assert_eq!(read("content"), ["Hello"]);
    let list = "<?xml version=\"1.0\"?>\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list><entry uri=\"sip:m1@a\"/>\
                <entry uri=\"sip:m2@a\"/></list></resource-lists>";
    let talk =
        Talk::new().sip(true, &format!("NOTIFY sip:a SIP/2.0\nCSeq: 1 NOTIFY\nContent-Type: application/resource-lists+xml\n\n{list}"));
    let read = |name: &str| {
        let field: Field = name.parse().unwrap();
        talk.look(talk.last(), |view| field.read(view.item().unwrap()).into_iter().map(|found| found.text).collect::<Vec<_>>())
    };
    assert_eq!(read("LIST uri"), ["sip:m1@a", "sip:m2@a"]);
    assert_eq!(read("LIST uri;2"), ["sip:m2@a"]);
    assert_eq!(read("LIST uri;3"), [""; 0]);
}
