//! Lines about the media plane, dialogs and session descriptions, on conversations written by hand: what holds and what does not.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::time::Duration;

use harness::{
    check::{View, What, body, field, media, order, pack, sdp, seeing, session, sight},
    trace::{Event, Transport, view::It},
    upper::{DeferredEntry, Sight},
    verdict::{Judgement, Reason, Severity},
};
use talk::{OFFER, PATH, Talk, answer, answers, called, invite, send, the, within};

mod talk;

#[test]
fn the_connection_goes_to_the_leftmost_uri_and_in_time() {
    let check = |view: &View<'_>| media::connects(view, &"SDP path".parse().unwrap(), &the("the received 200 response"));
    let told = |talk: Talk| talk.told(None, check);
    assert_eq!(told(called(PATH)), "fail missing");
    assert_eq!(told(called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855")), "met");
    assert_eq!(told(called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2856")), "fail violated");
    assert_eq!(told(called(PATH).connects(2, Transport::Tls, "192.0.2.8:2855")), "fail violated");
    assert_eq!(told(called("msrps://192.0.2.8:2855/b;tcp").connects(2, Transport::Tls, "192.0.2.8:2855")), "met");
    let relayed = "msrp://192.0.2.7:1/r;tcp msrp://192.0.2.8:2855/b;tcp";
    assert_eq!(told(called(relayed).connects(2, Transport::Tcp, "192.0.2.8:2855")), "fail violated");
    assert_eq!(told(called(relayed).connects(2, Transport::Tcp, "192.0.2.7:1")), "met");
    assert_eq!(told(called(PATH).pass(5200).connects(2, Transport::Tcp, "192.0.2.8:2855")), "fail late");
    assert_eq!(told(called(PATH).pass(4500).connects(2, Transport::Tcp, "192.0.2.8:2855")), "pass late");
    assert_eq!(told(Talk::new()), "obstacle not-triggered");
}

#[test]
fn the_media_plane_stays_down_starts_and_stops() {
    let told = |talk: &Talk, plane| talk.told(None, |view| media::plane(view, plane));
    let up = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, true, send("aaaa", "1-0/0", None, '$'));
    assert_eq!(told(&called(PATH), media::Plane::StaysDown), "met");
    assert_eq!(told(&up, media::Plane::StaysDown), "fail unexpected");
    assert_eq!(told(&called(PATH), media::Plane::Starts), "fail missing");
    assert_eq!(told(&up, media::Plane::Starts), "met");
    let over = up.sip(true, &within("BYE", 2, 3));
    assert_eq!(told(&over, media::Plane::Stops), "pass missing");
    assert_eq!(told(&over.clone().closed(2), media::Plane::Stops), "met");
    assert_eq!(told(&over.says(2, true, send("bbbb", "1-2/2", Some("ab"), '$')).closed(2), media::Plane::Stops), "fail unexpected");
}

#[test]
fn messages_of_msrp_are_found_whole_and_answered_by_transaction() {
    let wanted = |kind: &str| seeing::Wanted { kinds: vec![kind.parse::<What>().unwrap()], party: "Bob".to_owned(), with: Vec::new() };
    let cpim = "From: <sip:a>\r\n\r\nContent-Type: text/plain\r\n\r\nhello";
    let (one, two) = cpim.split_at(20);
    let talk = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, true, send("aaaa", "1-0/0", None, '$')).says(
        2,
        true,
        send("bbbb", &format!("1-*/{}", cpim.len()), Some(one), '+'),
    );
    let found = |talk: &Talk, kind: &str| talk.look(None, |view| seeing::sends(view, &wanted(kind), Some(1)).found);
    assert_eq!(found(&talk, "MSRP message"), []);
    let missing = talk.look(None, |view| seeing::sends(view, &wanted("MSRP message"), None));
    let Judgement::Looked { findings, .. } = &missing.judgement else { panic!("{missing:?}") };
    assert!(findings[0].observed.contains("octets 21-50 did not come"), "{findings:?}");
    let talk = talk.says(2, true, send("cccc", &format!("21-*/{}", cpim.len()), Some(two), '$'));
    assert_eq!(found(&talk, "MSRP message"), [It::Whole(0)]);
    assert_eq!(talk.told(Some(It::Whole(0)), |view| body::content_is(view, b"hello")), "met");
    assert_eq!(talk.told(Some(It::Whole(0)), body::is_cpim), "met");
    assert_eq!(talk.told(Some(It::Whole(0)), |view| field::is(view, &"CPIM From".parse().unwrap(), "<sip:a>")), "met");
    assert_eq!(talk.told(Some(It::Media(0)), body::is_absent), "met");
    assert_eq!(talk.told(Some(It::Media(1)), body::is_absent), "fail unexpected");
    let path = |view: &View<'_>| {
        field::is_field_of(view, &"MSRP To-Path".parse().unwrap(), &"SDP path".parse().unwrap(), &the("the received 200 response"))
    };
    assert_eq!(talk.told(Some(It::Media(0)), path), "met");
    let bye = talk.sip(true, &within("BYE", 2, 3));
    assert_eq!(bye.told(bye.last(), |view| order::comes(view, true, &the("the sent MSRP message"))), "met");
    assert_eq!(bye.told(bye.last(), |view| order::comes(view, false, &the("the sent MSRP message"))), "fail violated");
}

#[test]
fn responses_of_msrp_and_their_absence() {
    let received = |talk: Talk| talk.connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, false, send("aaaa", "1-2/2", Some("ab"), '$'));
    let silent = received(called(PATH));
    let answered = silent.clone().says(2, true, answers("aaaa", 413));
    let told = |talk: &Talk, of: &str| talk.told(None, |view| seeing::answers(view, &[413], &the(of), false).judgement);
    for of in ["the received MSRP SEND request", "the received MSRP message"] {
        assert_eq!(told(&silent, of), "fail missing");
        assert_eq!(told(&answered, of), "met");
        assert_eq!(told(&silent.clone().says(2, true, answers("aaaa", 200)), of), "fail violated");
    }
    let none = |talk: &Talk| talk.told(None, |view| session::does_not_answer(view, &the("the received MSRP SEND request")));
    assert_eq!((none(&silent).as_str(), none(&answered).as_str()), ("met", "fail unexpected"));
}

/// Two chunks of five octets for the SUT.
fn in_chunks() -> Talk {
    let chunk = |tid: &str, range: &str, content: &str, flag| send(tid, range, Some(content), flag);
    let talk = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855");
    talk.says(2, false, chunk("aaaa", "1-3/5", "abc", '+')).says(2, false, chunk("bbbb", "4-5/5", "de", '$'))
}

#[test]
fn each_chunk_has_its_response() {
    let told = |talk: &Talk| talk.told(None, |view| seeing::answers(view, &[200], &the("the received MSRP message"), false).judgement);
    let last = in_chunks().says(2, true, answers("bbbb", 200));
    assert_eq!(told(&last), "fail missing");
    let both = |first: &str| in_chunks().says(2, true, first).says(2, true, answers("bbbb", 200));
    assert_eq!(told(&both(&answers("aaaa", 200))), "met");
    let begun = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, false, send("aaaa", "1-3/5", Some("abc"), '+'));
    assert_eq!(told(&begun.says(2, true, answers("aaaa", 200))), "obstacle not-triggered");
    let none = |talk: &Talk| talk.told(None, |view| session::does_not_answer(view, &the("the received MSRP message")));
    assert_eq!(none(&in_chunks()), "met");
    assert_eq!(none(&in_chunks().says(2, true, answers("aaaa", 200))), "fail unexpected");

    // The last response stands for all of them.
    let obeys = |talk: &Talk| talk.told(Some(It::Media(3)), |view| pack::obeys(view, &"RFC 4975 section 7.2".parse().unwrap()));
    assert_eq!(obeys(&both(&answers("aaaa", 200))), "met");
    assert_eq!(obeys(&both(&answers("aaaa", 200).replace("192.0.2.9:9/own", "192.0.2.9:9/other"))), "fail violated");
}

#[test]
fn half_a_message_is_not_shown_beside_or_before_all_of_it() {
    let is = |talk: &Talk| {
        let fields = [("content".to_owned(), "abcde".to_owned())];
        talk.told(None, |view| sight::is_shown(view, sight::Shown::Is, &["message-received"], &fields))
    };
    assert_eq!(is(&in_chunks().sees("abcde")), "met");
    assert_eq!(is(&in_chunks().sees("abc").sees("abcde")), "fail unexpected");
    assert_eq!(is(&in_chunks().sees("abc")), "fail violated");
    let after =
        |talk: &Talk, after| talk.told(None, |view| sight::comes(view, &["message-received"], after, &the("the received MSRP message")));
    assert_eq!(after(&in_chunks().sees("abcde"), true), "met");
    assert_eq!(after(&in_chunks().sees("abcde"), false), "fail violated");
    assert_eq!(after(&in_chunks(), true), "obstacle not-triggered");
    let begun = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, false, send("aaaa", "1-3/5", Some("abc"), '+'));
    let early = begun.sees("abc");
    assert_eq!(after(&early, true), "fail violated");
    assert_eq!(after(&early.clone().says(2, false, send("bbbb", "4-5/5", Some("de"), '$')), true), "fail violated");
    // A request of the SUT that the last chunk should have come before.
    let told = early.sip(true, &within("MESSAGE", 2, 3));
    assert_eq!(told.told(told.last(), |view| order::comes(view, true, &the("the received MSRP message"))), "fail violated");
}

#[test]
fn a_list_has_its_entries_with_kind_and_sender() {
    let entry = |message: &str, kind: &str, from: Option<&str>| DeferredEntry {
        message: message.to_owned(),
        kind: Some(kind.to_owned()),
        from: from.map(str::to_owned),
    };
    let told = |entries: Vec<DeferredEntry>| {
        let mut talk = Talk::new();
        talk.0.append(Duration::ZERO, Event::Seen(Sight::DeferredList { entries }));
        let fields = [("entries".to_owned(), "m1 message sip:bob@example.com, m2 file sip:carol@example.com".to_owned())];
        talk.told(None, |view| sight::is_shown(view, sight::Shown::Is, &["deferred-list"], &fields))
    };
    let (one, two) = (entry("m1", "message", Some("sip:bob@EXAMPLE.com")), entry("m2", "file", Some("sip:carol@example.com")));
    assert_eq!(told(vec![two.clone(), one.clone()]), "met");
    for wrong in [
        vec![one.clone()],
        vec![one.clone(), two.clone(), two],
        vec![one.clone(), entry("m2", "message", Some("sip:carol@example.com"))],
        vec![one, entry("m2", "file", None)],
    ] {
        assert_eq!(told(wrong.clone()), "fail violated", "{wrong:?}");
    }
}

#[test]
fn more_types_than_cpim_are_warned_about_or_noted() {
    let told = |invite: &str| {
        let talk = Talk::new().sip(true, invite);
        let judged = |view: &View<'_>| field::contains(view, &"SDP accept-types".parse().unwrap(), true, "message/cpim");
        talk.look(talk.last(), |view| match judged(view) {
            Judgement::Looked { findings, .. } => findings.iter().map(|f| (f.severity, f.rule.clone())).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        })
    };
    let of = |types: &str| invite().replace("message/cpim", types);
    assert_eq!(told(&of("message/cpim")), []);
    for types in ["*", "message/cpim text/plain"] {
        assert_eq!(told(&of(types)), [(Severity::Warn, "R-7.2.1.2-3".into())], "{types}");
    }
    let service = "Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.deferred\"\nContent-Type";
    let deferred = |types: &str| told(&of(types).replacen("Content-Type", service, 1));
    assert_eq!(deferred("*"), [(Severity::Info, "R-7.2.3.2.1-2".into())]);
    assert_eq!(deferred("message/cpim text/plain"), []);
}

#[test]
fn requests_stand_inside_or_outside_a_dialog() {
    let told = |talk: &Talk, dialog: &str| talk.told(talk.last(), |view| session::is_sent(view, &dialog.parse().unwrap()));
    let first = Talk::new().sip(true, &invite());
    assert_eq!(told(&first, "outside any dialog"), "met");
    assert_eq!(
        told(&Talk::new().sip(true, &invite().replace("bob@example.com>", "bob@example.com>;tag=x")), "outside any dialog"),
        "fail unexpected"
    );
    assert_eq!(told(&called(PATH), "within the session"), "met");
    let bye = called(PATH).sip(true, &within("BYE", 2, 3));
    assert_eq!(told(&bye, "within the session"), "met");
    assert_eq!(told(&bye, "within the subscription"), "fail violated");
    for (old, new) in
        [("tag=b", "tag=c"), ("Call-ID: c1", "Call-ID: c2"), ("CSeq: 2", "CSeq: 1"), ("sip:bob@192.0.2.8", "sip:bob@example.com")]
    {
        let wrong = called(PATH).sip(true, &within("BYE", 2, 3).replace(old, new));
        assert_eq!(told(&wrong, "within the session"), "fail violated", "{new}");
    }
}

#[test]
fn an_acknowledged_response_comes_no_more() {
    let invited = || {
        let ok = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP b;branch=z9hG4bK7\nTo: <sip:alice@example.com>;tag=t\nCall-ID: c7\nCSeq: 1 INVITE\n\n";
        let invite = "INVITE sip:alice@example.com SIP/2.0\nVia: SIP/2.0/UDP b;branch=z9hG4bK7\nCall-ID: c7\nCSeq: 1 INVITE\n\n";
        let ack = "ACK sip:alice@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP b;branch=z9hG4bK8\nCall-ID: c7\nCSeq: 1 ACK\n\n";
        (Talk::new().sip(false, invite).sip(true, ok).pass(500).sip(true, ok).sip(false, ack), ok)
    };
    let check = |view: &View<'_>| session::no_longer_repeats(view, &the("the sent 200 response to the received INVITE request"));
    let (talk, ok) = invited();
    assert_eq!(talk.told(None, check), "met");
    assert_eq!(talk.clone().pass(100).sip(true, ok).told(None, check), "met");
    assert_eq!(talk.pass(1000).sip(true, ok).told(None, check), "fail unexpected");
    let (talk, _) = invited();
    assert_eq!(talk.told(None, |view| session::does_not_answer(view, &the("the received ACK request"))), "met");
}

#[test]
fn descriptions_are_offers_with_lines_and_answers_to_them() {
    let told = |talk: &Talk, format, rows: &[(&str, &str)]| {
        let with: Vec<_> = rows.iter().map(|(name, value)| (format!("SDP {name}").parse().unwrap(), (*value).to_owned())).collect();
        talk.told(talk.last(), |view| sdp::is_description(view, format, &with))
    };
    let offer = Talk::new().sip(true, &invite());
    let rows = [("media", "message * TCP/MSRP *"), ("direction", "sendonly"), ("accept-types", "Message/CPIM"), ("connection", "")];
    assert_eq!(told(&offer, sdp::Format::Offer, &rows), "met");
    assert_eq!(told(&offer, sdp::Format::Answer, &[]), "fail violated");
    assert_eq!(told(&offer, sdp::Format::Offer, &[("setup", "passive")]), "fail violated");
    assert_eq!(told(&offer, sdp::Format::Offer, &[("max-size", "1")]), "fail missing");
    assert_eq!(told(&offer, sdp::Format::Offer, &[("setup", "")]), "fail unexpected");
    let plain = Talk::new().sip(true, &invite().replace("application/sdp", "text/plain"));
    assert_eq!(told(&plain, sdp::Format::Offer, &[]), "fail missing");

    // Who is invited without an offer makes one in the response.
    let bare = invite().replace("Content-Type: application/sdp\n", "").replace(OFFER, "");
    let late = Talk::new().sip(false, &bare).sip(true, &answer(PATH));
    assert_eq!((told(&late, sdp::Format::Offer, &[]).as_str(), told(&late, sdp::Format::Answer, &[]).as_str()), ("met", "fail violated"));

    let received = invite().replace("sendonly", "sendonly\na=x");
    let own = |text: &str| Talk::new().sip(false, &received).sip(true, text);
    let answers = |talk: &Talk| talk.told(talk.last(), |view| sdp::answers(view, &the("the received INVITE request")));
    assert_eq!(answers(&own(&answer(PATH))), "met");
    assert_eq!(answers(&own(&answer(PATH).replace("recvonly", "sendonly"))), "fail violated");
    assert_eq!(answers(&own(&answer(PATH).replace("s=-", "s="))), "fail malformed");
    assert_eq!(answers(&own(&answer(PATH).replace("v=0\n", ""))), "fail malformed");
    assert_eq!(answers(&own(&answer(PATH).replace("m=message", "m=audio 0 RTP/AVP 0\nm=message"))), "fail violated");
    assert_eq!(answers(&own(&answer(PATH).replace("a=file-selector:size:5000\n", ""))), "pass violated");
}

#[test]
fn a_line_about_another_kind_of_message_is_an_error_of_the_suite() {
    let talk = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, true, send("aaaa", "1-0/0", None, '$'));
    assert_eq!(
        talk.told(Some(It::Media(0)), |view| session::is_sent(view, &session::Dialog::Outside)),
        format!("obstacle {}", Reason::Suite)
    );
}
