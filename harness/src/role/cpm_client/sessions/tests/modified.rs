//! Sessions whose media change.

use pretty_assertions::assert_eq;

use super::{invited::open, *};
use crate::upper::Change;

fn change(play: &mut Play, session: &str, change: Change, types: &[&str]) -> Message {
    let types = types.iter().map(|kind| (*kind).to_owned()).collect();
    play.act(Act::ModifySession { session: session.to_owned(), change, types });
    assert!(matches!(play.answers.last(), Some(Answer::Taken(_))), "{:?}", play.answers);
    play.sip.last().unwrap().clone()
}

fn body(message: &Message) -> String {
    call::description(message).map(|(_, body)| String::from_utf8(body.to_vec()).unwrap()).unwrap_or_default()
}

/// The first number of `o=`, its version, and the lines behind `t=`.
fn parts(text: &str) -> (String, u64, String) {
    let origin: Vec<_> = text.lines().find_map(|l| l.strip_prefix("o=- ")).unwrap().split(' ').collect();
    (origin[0].to_owned(), origin[1].parse().unwrap(), text.split_once("t=0 0\r\n").unwrap().1.to_owned())
}

/// A further section of the other end, at this port.
fn section(port: u16) -> String {
    format!("m=message {port} TCP/MSRP *\r\na=accept-types:message/cpim\r\na=path:msrp://192.0.2.50:{port}/more;tcp\r\na=setup:passive\r\n")
}

fn accepted(play: &mut Play, request: &Message, body: &str) {
    let ok = Draft::response(request, 200, "").header("Contact", "<sip:desk@192.0.2.50>");
    play.hears(ok.body("application/sdp", body).finish());
}

/// A re-INVITE of Bob's in a session that Alice began.
fn reinvite(play: &mut Play, first: &Message, number: u32, fields: &[(&str, &str)], offer: &str) -> Message {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), Some(vec![(*value).to_owned()]))).collect();
    let draft = Draft::request("INVITE", "sip:alice@192.0.2.1:5060")
        .header("Via", &format!("SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKi{number}"))
        .header("From", &format!("{};tag=bobtag", first.value("To").unwrap()))
        .header("To", &first.value("From").unwrap())
        .header("Call-ID", &first.value("Call-ID").unwrap())
        .header("CSeq", &format!("{number} INVITE"))
        .header("Contact", "<sip:desk@192.0.2.50>")
        .header("Supported", "timer")
        .header("Conversation-ID", "F81d")
        .overlaid(&fields);
    let draft = if offer.is_empty() { draft } else { draft.body("application/sdp", offer) };
    play.hears(draft.finish());
    play.sip.last().unwrap().clone()
}

fn acknowledge(play: &mut Play, first: &Message, number: u32) {
    let ack = String::from_utf8(within(first, "ACK", number, &[]).to_vec()).unwrap();
    play.hears(Bytes::from(ack));
}

#[test]
fn a_stream_is_added_and_dropped_again() {
    let mut play = client();
    let (first, session) = with_bob(&mut play);
    let added = change(&mut play, &session, Change::AddStream, &[]);
    assert_eq!(added.request_uri().unwrap().text(&added.raw), "sip:bob@192.0.2.50");
    assert_eq!((added.tag("To").as_deref(), added.cseq()), (Some("bobtag"), Some((2, "INVITE"))));
    for name in ["Call-ID", "Contact", "Conversation-ID", "Contribution-ID", "Accept-Contact", "P-Preferred-Service", "User-Agent"] {
        assert_eq!(added.value(name), first.value(name), "{name}");
    }
    assert!(added.first("Require").is_none());
    let (before, after) = (parts(&body(&first)), parts(&body(&added)));
    assert_eq!((before.0.as_str(), before.1 + 1), (after.0.as_str(), after.1));
    assert!(after.2.starts_with(&before.2) && after.2.matches("m=message 2855 ").count() == 2, "{}", after.2);
    play.done();
    accepted(&mut play, &added, &format!("{}{}", answer("passive"), section(2900)));
    assert_eq!(play.done(), ["ACK", "connect tcp 192.0.2.50:2900", "SEND empty$"]);
    let ack = play.sip.last().unwrap();
    assert_eq!(ack.request_uri().unwrap().text(&ack.raw), "sip:desk@192.0.2.50", "the target moved");
    play.ok("192.0.2.50:2900", 200);
    let dropped = change(&mut play, &session, Change::DropStream, &[]);
    assert!(parts(&body(&dropped)).2.ends_with("m=message 0 TCP/MSRP *\r\n"));
    assert_eq!((parts(&body(&dropped)).1, dropped.cseq().unwrap().0), (after.1 + 1, 3));
    play.done();
    accepted(&mut play, &dropped, &format!("{}m=message 0 TCP/MSRP *\r\n", answer("passive")));
    assert_eq!(play.done(), ["ACK", "close 192.0.2.50:2900"]);
}

#[test]
fn who_was_invited_changes_too_and_one_after_the_other() {
    let mut play = client();
    open(&mut play, 1);
    let held = change(&mut play, "invitation-1", Change::Hold, &[]);
    assert_eq!((held.cseq(), held.request_uri().unwrap().text(&held.raw).as_ref()), (Some((1, "INVITE")), "sip:bob@192.0.2.50"));
    assert_eq!(held.tag("To").as_deref(), Some("bobtag"));
    assert!(body(&held).contains("a=sendonly\r\n"));
    change(&mut play, "invitation-1", Change::Types, &["text/plain", "image/png"]);
    assert_eq!(play.done(), ["INVITE"], "the second waits for the first");
    accepted(&mut play, &held, &answer("passive").replace("sendrecv", "recvonly"));
    let types = play.sip.last().unwrap().clone();
    assert_eq!((play.done(), types.cseq().unwrap().0), (["ACK", "INVITE"].map(str::to_owned).to_vec(), 2));
    let text = body(&types);
    assert!(text.contains("a=accept-wrapped-types:text/plain image/png\r\n") && text.contains("a=sendonly\r\n"), "{text}");
    accepted(&mut play, &types, &answer("passive").replace("sendrecv", "recvonly"));
    let resumed = change(&mut play, "invitation-1", Change::Resume, &[]);
    assert!(body(&resumed).contains("a=sendrecv\r\n"));
}

#[test]
fn what_is_refused_leaves_all_as_it_was() {
    let mut play = client();
    let (_, session) = with_bob(&mut play);
    let added = change(&mut play, &session, Change::AddStream, &[]);
    play.answer(&added, 488, None);
    let chat = SendChat { session: session.clone(), text: Some("Still here".to_owned()), ..SendChat::default() };
    play.act(Act::SendChat(chat));
    assert_eq!(play.done(), ["INVITE", "ACK", "SEND $"]);
    // A stream that is refused is not opened.
    let added = change(&mut play, &session, Change::AddStream, &[]);
    play.done();
    accepted(&mut play, &added, &format!("{}m=message 0 TCP/MSRP *\r\n", answer("passive")));
    assert_eq!(play.done(), ["ACK"]);
    let again = change(&mut play, &session, Change::Hold, &[]);
    assert!(body(&again).ends_with("m=message 0 TCP/MSRP *\r\n"), "sections never become fewer");
}

#[test]
fn an_answer_may_move_the_other_end_and_narrow_its_types() {
    let mut play = client();
    let (_, session) = with_bob(&mut play);
    let held = change(&mut play, &session, Change::Types, &["*"]);
    play.done();
    let moved = answer("passive").replace("2855", "2901").replace("text/plain", "image/png");
    accepted(&mut play, &held, &moved);
    assert_eq!(play.done(), ["ACK", "connect tcp 192.0.2.50:2901", "SEND empty$", "close 192.0.2.50:2855"]);
    let chat =
        |kind: &str| Act::SendChat(SendChat { session: session.clone(), content_type: Some(kind.to_owned()), ..SendChat::default() });
    play.act(chat("text/plain"));
    assert!(matches!(play.answers.last(), Some(Answer::Refused(_))));
    play.act(chat("image/png"));
    assert_eq!(play.done(), [""; 0], "it waits for the new connection");
    play.ok("192.0.2.50:2901", 200);
    assert_eq!(play.done(), ["SEND $"]);
}

#[test]
fn an_offer_of_the_other_end_takes_effect_with_its_ack() {
    let mut play = client();
    let (first, session) = with_bob(&mut play);
    let moved = answer("passive").replace("2855", "2901").replace("text/plain", "image/png");
    let ok = reinvite(&mut play, &first, 1, &[("Session-Expires", "1800")], &moved);
    for (name, value) in [
        ("Session-Expires", Some("1800;refresher=uas")),
        ("Supported", Some("timer, gruu")),
        ("Require", Some("timer")),
        ("Conversation-ID", Some("F81d")),
        ("Contribution-ID", None),
    ] {
        assert_eq!(ok.value(name).as_deref(), value, "{name}");
    }
    let (before, after) = (parts(&body(&first)), parts(&body(&ok)));
    assert_eq!((before.0.as_str(), before.1 + 1), (after.0.as_str(), after.1));
    assert!(after.2.contains("a=setup:active\r\n"));
    assert_eq!(play.done(), ["200"]);
    acknowledge(&mut play, &first, 1);
    assert_eq!(play.done(), ["connect tcp 192.0.2.50:2901", "SEND empty$", "close 192.0.2.50:2855"]);
    play.ok("192.0.2.50:2901", 200);
    play.act(Act::SendChat(SendChat { session, text: Some("x".to_owned()), ..SendChat::default() }));
    assert!(matches!(play.answers.last(), Some(Answer::Refused(_))), "text is no longer taken");
    // The same once more changes nothing.
    let ok = reinvite(&mut play, &first, 2, &[], &moved);
    assert_eq!((parts(&body(&ok)), ok.value("Session-Expires").as_deref()), (after, Some("1800;refresher=uas")));
    acknowledge(&mut play, &first, 2);
    assert_eq!(play.done(), ["200"]);
    // The client refreshes.
    play.now += Duration::from_secs(901);
    play.input(Input::Timeout);
    let refresh = play.sip.last().unwrap();
    assert_eq!(refresh.value("Session-Expires").as_deref(), Some("1800;refresher=uac"));
    assert_eq!(refresh.request_uri().unwrap().text(&refresh.raw), "sip:desk@192.0.2.50");
}

#[test]
fn of_an_offer_as_much_is_taken_as_can_be() {
    let two = format!("{}{}", answer("passive"), section(2900));
    let audio = format!("{}m=audio 4000 RTP/AVP 0\r\n", answer("passive"));
    let ended = answer("passive").replace("m=message 2855", "m=message 0");
    let held = answer("passive").replace("sendrecv", "sendonly");
    for (offer, done, sections) in [
        (two, vec!["200", "connect tcp 192.0.2.50:2900", "SEND empty$"], vec!["message 9", "message 9"]),
        (audio, vec!["200"], vec!["message 2855", "audio 0"]),
        (ended, vec!["200", "close 192.0.2.50:2855"], vec!["message 0"]),
        (held, vec!["200"], vec!["message 2855"]),
        (answer("passive").replace("message/cpim", "application/x-nonsense"), vec!["488"], vec![]),
        (answer("passive").replace("TCP/MSRP", "UDP/MSRP"), vec!["488"], vec![]),
    ] {
        let mut play = client();
        let (first, session) = with_bob(&mut play);
        let response = reinvite(&mut play, &first, 1, &[], &offer);
        acknowledge(&mut play, &first, 1);
        assert_eq!(play.done(), done, "{offer}");
        let media: Vec<_> = body(&response)
            .lines()
            .filter_map(|l| Some(l.strip_prefix("m=")?.split(" TCP").next()?.split(" RTP").next()?.to_owned()))
            .collect();
        if sections.len() == 1 || media.is_empty() {
            assert_eq!(media, sections, "{offer}");
        } else {
            assert_eq!(media.len(), sections.len());
            assert_eq!(media[1].split(' ').next_back() == Some("0"), sections[1].ends_with(" 0"));
        }
        play.act(Act::SendChat(SendChat { session, text: Some("x".to_owned()), ..SendChat::default() }));
        let open = !offer.contains("sendonly") && !offer.contains("message 0");
        assert_eq!(play.done(), if open { vec!["SEND $"] } else { vec![] }, "{offer}");
    }
}

#[test]
fn sessions_are_told_apart_by_their_dialogs() {
    let mut play = client();
    let (first, _) = with_bob(&mut play);
    let stranger = String::from_utf8(first.raw.to_vec()).unwrap().replace("Call-ID: ", "Call-ID: x");
    let refused = reinvite(&mut play, &Message::parse(stranger.into()), 1, &[], &answer("passive"));
    assert_eq!(refused.value("Warning").as_deref(), Some("399 cpm-client \"123 Session does not exist\""));
    let refused = reinvite(&mut play, &first, 2, &[("From", "<sip:bob@example.com>;tag=other")], &answer("passive"));
    assert_eq!(refused.status(), Some(481));
    play.hears(within(&first, "BYE", 3, &[]));
    play.done();
    reinvite(&mut play, &first, 4, &[], &answer("passive"));
    assert_eq!((play.done(), play.sights.iter().any(|s| matches!(s, Sight::Invitation { .. }))), (vec!["481".to_owned()], false));
}

#[test]
fn timers_follow_who_asks() {
    let mut play = client();
    let (first, _) = with_bob(&mut play);
    let ok = reinvite(&mut play, &first, 1, &[("Session-Expires", "90;refresher=uac"), ("Min-SE", "90")], &answer("passive"));
    assert_eq!(ok.value("Session-Expires").as_deref(), Some("90;refresher=uac"));
    acknowledge(&mut play, &first, 1);
    let ok = reinvite(&mut play, &first, 2, &[("Supported", "path"), ("Min-SE", "2000")], &answer("passive"));
    assert_eq!((ok.value("Session-Expires").as_deref(), ok.first("Require").is_none()), (Some("2000;refresher=uas"), true));
    acknowledge(&mut play, &first, 2);
    let refused = reinvite(&mut play, &first, 3, &[("Session-Expires", "60")], &answer("passive"));
    assert_eq!((refused.status(), refused.value("Min-SE").as_deref()), (Some(422), Some("90")));
}

#[test]
fn an_invite_without_offer_gets_one() {
    let mut play = client();
    open(&mut play, 1);
    let invite = invited::invitation(1, "<sip:bob@192.0.2.50>", &[], "x");
    let tag = play.sip.iter().rfind(|m| m.status() == Some(200)).unwrap().tag("To").unwrap().into_owned();
    let text = String::from_utf8(invite.raw.to_vec()).unwrap();
    let head = text.split("Content-Type").next().unwrap().replace("bKi1", "bKi9").replace("CSeq: 1", "CSeq: 2");
    let head = head.replace("To: <sip:alice@example.com>", &format!("To: <sip:alice@example.com>;tag={tag}"));
    let again = Message::parse(Bytes::from(format!("{head}Content-Length: 0\r\n\r\n")));
    play.hears(again.raw.clone());
    assert!(body(play.sip.last().unwrap()).contains("m=message "));
    let moved = answer("passive").replace("2855", "2902");
    let ack_with = String::from_utf8(again.raw.to_vec()).unwrap().replace("INVITE", "ACK").replace("bKi9", "bKa9");
    let ack_with = ack_with.split("Content-Length").next().unwrap().to_owned();
    play.hears(Bytes::from(format!("{ack_with}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{moved}", moved.len())));
    assert_eq!(play.done(), ["200", "connect tcp 192.0.2.50:2902", "SEND empty$", "close 192.0.2.50:2855"]);
}
