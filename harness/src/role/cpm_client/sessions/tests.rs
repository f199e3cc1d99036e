//! Sessions against a network played by hand, in virtual time.

use bytes::Bytes;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::{
    role::{
        Hop, Input,
        build::Draft,
        cpm_client::play::{Play, media},
        msrp::{Endpoint, Terms, Wish},
        sdp::Description,
    },
    trace::Transport,
    upper::{Act, Conversation, NoticeCode, Offline, Queried, SendChat, StartSession, Status},
};

mod invited;
mod modified;

const PATH: &str = "msrp://192.0.2.50:2855/bob;tcp";
const FOCUS: &str = "<sip:conf-7@192.0.2.50;sid=ab1>;isfocus";

/// A client that takes MSRP connections.
fn client() -> Play {
    Play::new(|settings| {
        settings.msrp = Some("192.0.2.1:2855".parse().unwrap());
        settings.max_participants = 3;
    })
}

fn answer(setup: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=sendrecv\r\n\
         a=accept-types:message/cpim\r\na=accept-wrapped-types:text/plain\r\na=path:{PATH}\r\na=setup:{setup}\r\n"
    )
}

fn to_bob() -> StartSession {
    StartSession { to: Some("sip:bob@example.com".to_owned()), ..StartSession::default() }
}

fn group() -> StartSession {
    let participants = ["sip:bob@example.com", "tel:+15550003", "sip:bob@example.com"].map(str::to_owned).to_vec();
    StartSession { participants, ..StartSession::default() }
}

/// The INVITE that an act leads to.
fn invite(play: &mut Play, act: Act) -> Message {
    play.act(act);
    let invite = play.sip.last().unwrap_or_else(|| panic!("no INVITE: {:?} {:?}", play.answers, play.sights));
    assert_eq!(invite.method(), Some("INVITE"));
    invite.clone()
}

/// Accepts an INVITE with this Contact, header fields and setup.
fn accept(play: &mut Play, request: &Message, contact: &str, fields: &[(&str, &str)], setup: &str) {
    let mut draft = Draft::response(request, 200, "bobtag").header("Contact", contact);
    for (name, value) in fields {
        draft = draft.header(name, value);
    }
    play.hears(draft.body("application/sdp", answer(setup)).finish());
}

/// An established session with Bob, bound.
fn with_bob(play: &mut Play) -> (Message, String) {
    let request = invite(play, Act::StartSession(to_bob()));
    accept(play, &request, "<sip:bob@192.0.2.50>", &[], "passive");
    play.ok("192.0.2.50:2855", 200);
    play.done();
    (request, "session-1".to_owned())
}

fn states(play: &Play) -> Vec<(SessionState, Option<u16>)> {
    let state = |s: &Sight| if let Sight::SessionState(change) = s { Some((change.state, change.status.or(change.cause))) } else { None };
    play.sights.iter().filter_map(state).collect()
}

/// A request of the other end inside the dialog of `invite`.
fn within(invite: &Message, method: &str, number: u32, fields: &[(&str, &str)]) -> Bytes {
    let mut draft = Draft::request(method, "sip:alice@192.0.2.1:5060")
        .header("Via", &format!("SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bK{method}{number}"))
        .header("From", &format!("{};tag=bobtag", invite.value("To").unwrap()))
        .header("To", &invite.value("From").unwrap())
        .header("Call-ID", &invite.value("Call-ID").unwrap())
        .header("CSeq", &format!("{number} {method}"));
    for (name, value) in fields {
        draft = draft.header(name, value);
    }
    draft.finish()
}

fn cpim(kind: &str, text: &str) -> String {
    format!(
        "From: <sip:carol@example.com>\r\nTo: <sip:alice@example.com>\r\nDateTime: 2026-01-01T00:00:00Z\r\n\r\nContent-Type: {kind}\r\n\r\n{text}"
    )
}

/// The other end of the first session, as an MSRP endpoint; `offer` is the client's description.
struct Other {
    endpoint: Endpoint,
    session: u64,
    hop: Hop,
}

impl Other {
    fn new(invite: &Message) -> Self {
        let mut endpoint = Endpoint::new(3);
        let session = endpoint.open(vec![PATH.to_owned()], Terms::default());
        let (_, body) = call::description(invite).unwrap();
        endpoint.set_remote(session, Description::read(&body).unwrap().end.path);
        Self { endpoint, session, hop: media("192.0.2.50:2855") }
    }

    /// Carries octets both ways until nobody says anything any more.
    fn talk(&mut self, play: &mut Play) {
        loop {
            for said in std::mem::take(&mut play.msrp) {
                self.endpoint.receive(play.now, media("192.0.2.1:9"), said.as_bytes());
            }
            let Some((_, bytes)) = self.endpoint.poll() else { return };
            play.input(Input::Bytes { hop: self.hop, bytes });
        }
    }

    /// Sends a message; gives what the user sees of it.
    fn write(&mut self, play: &mut Play, content: String) -> Vec<(Option<String>, Option<String>)> {
        let seen = play.sights.len();
        self.talk(play);
        self.endpoint.send(play.now, self.session, Wish::new("m1", "message/cpim", content));
        self.talk(play);
        let message = |s: &Sight| if let Sight::MessageReceived(m) = s { Some((m.from.clone(), m.text.clone())) } else { None };
        play.sights[seen..].iter().filter_map(message).collect()
    }
}

#[test]
fn a_session_of_two_is_offered_bound_and_left() {
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(to_bob()));
    for (name, value) in [
        ("To", "<sip:bob@example.com>"),
        ("P-Preferred-Identity", "<sip:alice@example.com>"),
        ("Accept-Contact", "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session\""),
        ("P-Preferred-Service", "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"),
        ("Supported", "timer, gruu"),
        ("Session-Expires", "1800;refresher=uac"),
        ("Content-Type", "application/sdp"),
    ] {
        assert_eq!(request.value(name).as_deref(), Some(value), "{name}");
    }
    let contact = request.value("Contact").unwrap();
    assert!(contact.contains(">;+sip.instance=\"<urn:uuid:") && contact.ends_with("oma.cpm.session\""), "{contact}");
    assert!(["Privacy", "Require", "InReplyTo-Contribution-ID"].iter().all(|name| request.first(name).is_none()));
    let offer = Description::read(&call::description(&request).unwrap().1).unwrap().end;
    assert_eq!((offer.setup.as_deref(), offer.chatroom.as_deref()), (Some("actpass"), None));
    assert!(offer.path[0].starts_with("msrp://192.0.2.1:2855/"));
    assert_eq!(offer.accept_types.as_deref(), Some("message/cpim"));

    play.answer(&request, 180, None);
    accept(&mut play, &request, "<sip:bob@192.0.2.50>", &[("Conversation-ID", "other")], "passive");
    assert_eq!(play.done(), ["INVITE", "ACK", "connect tcp 192.0.2.50:2855", "SEND empty$"]);
    assert_eq!(states(&play), [(SessionState::Established, None)]);
    play.ok("192.0.2.50:2855", 200);
    play.act(Act::EndSession { session: "session-1".to_owned(), anonymous: false });
    assert_eq!(play.done(), ["BYE", "close 192.0.2.50:2855"]);
    let bye = play.sip.last().unwrap().clone();
    assert_eq!(bye.value("Reason").as_deref(), Some("SIP;cause=200;text=\"Call completed\""));
    assert!(bye.first("Privacy").is_none());
    play.answer(&bye, 200, None);
    assert_eq!(states(&play)[1..], [(SessionState::Ended, None)]);
    play.act(Act::EndSession { session: "session-1".to_owned(), anonymous: false });
    assert!(matches!(play.answers.last(), Some(Answer::NotNow(_))));
}

#[test]
fn an_answer_says_who_connects() {
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(to_bob()));
    accept(&mut play, &request, "<sip:bob@192.0.2.50>", &[], "active");
    assert_eq!(play.done(), ["INVITE", "ACK"]);
    let mut other = Other::new(&request);
    other.hop = media("192.0.2.50:40000");
    other.endpoint.bind(play.now, other.session, media("192.0.2.1:2855"));
    other.talk(&mut play);
    assert_eq!(play.done(), ["200 empty$"]);
    play.act(Act::EndSession { session: "session-1".to_owned(), anonymous: false });
    assert_eq!(play.done(), ["BYE", "close 192.0.2.50:40000"]);

    // Without a word the offerer connects.
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(to_bob()));
    let silent = answer("passive").replace("a=setup:passive\r\n", "");
    play.hears(Draft::response(&request, 200, "t").header("Contact", "<sip:bob@192.0.2.50>").body("application/sdp", silent).finish());
    assert_eq!(play.done(), ["INVITE", "ACK", "connect tcp 192.0.2.50:2855", "SEND empty$"]);

    // A refused stream is not opened; who only connects cannot meet his like.
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(to_bob()));
    let refused = answer("passive").replace("m=message 2855", "m=message 0");
    play.hears(Draft::response(&request, 200, "t").header("Contact", "<sip:bob@192.0.2.50>").body("application/sdp", refused).finish());
    assert_eq!((play.done(), states(&play)), (vec!["INVITE".to_owned(), "ACK".to_owned()], vec![(SessionState::Established, None)]));

    let mut play = Play::new(|_| {});
    let request = invite(&mut play, Act::StartSession(to_bob()));
    assert!(String::from_utf8_lossy(&request.raw).contains("m=message 9 TCP/MSRP *"));
    accept(&mut play, &request, "<sip:bob@192.0.2.50>", &[], "active");
    assert_eq!((play.done()[2].as_str(), states(&play)), ("BYE", vec![(SessionState::Failed, None)]));
}

#[test]
fn an_ad_hoc_group_is_listed_and_its_focus_subscribed_to() {
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(StartSession { closed: true, anonymous: true, ..group() }));
    assert_eq!(request.request_uri().unwrap().text(&request.raw), "sip:factory@conf.example.com");
    assert_eq!(request.value("Require").as_deref(), Some("recipient-list-invite"));
    assert_eq!(
        (request.value("Privacy").as_deref(), request.value("P-Preferred-Identity").as_deref()),
        (Some("id"), Some("<sip:alice@example.com>"))
    );
    assert!(!request.value("Contact").unwrap().contains("sip.instance"));
    let text = String::from_utf8_lossy(&request.raw).into_owned();
    assert_eq!((text.matches("sip:bob@example.com").count(), text.matches("tel:+15550003").count()), (1, 1));
    assert!(text.contains("a=chatroom:org.openmobilealliance.groupchat.closed\r\n"));
    accept(&mut play, &request, FOCUS, &[("Conversation-ID", "theirs")], "passive");
    assert_eq!(play.done(), ["INVITE", "ACK", "SUBSCRIBE", "connect tcp 192.0.2.50:2855", "SEND empty$"]);
    let [.., ack, subscribe] = &play.sip[..] else { panic!("{}", play.sip.len()) };
    for sent in [ack, subscribe] {
        assert_eq!(sent.request_uri().unwrap().text(&sent.raw), "sip:conf-7@192.0.2.50;sid=ab1");
    }
    // The conversation stays as the client began it; only who joins takes over that of the focus.
    play.act(Act::Query { what: Queried::Session, of: "session-1".to_owned() });
    let Some(Sight::SessionRecord(record)) = play.sights.last() else { panic!("no record") };
    assert_eq!(record.conversation.as_deref(), request.value("Conversation-ID").as_deref());
    assert_eq!((record.kind, record.identity.as_deref()), (SessionKind::Group, Some("sip:conf-7@192.0.2.50;sid=ab1")));

    let mut play = client();
    let participants = (0..4).map(|n| format!("sip:{n}@example.com")).collect();
    play.act(Act::StartSession(StartSession { participants, ..StartSession::default() }));
    assert!(matches!(play.sights[..], [Sight::Notice { code: NoticeCode::TooManyParticipants, .. }]));
    assert_eq!(play.done(), [""; 0]);
}

#[test]
fn who_joins_takes_over_the_identifiers() {
    let mut play = client();
    let request = invite(&mut play, Act::JoinGroup { group: "sip:lobby@groups.example.com".to_owned(), anonymous: false });
    assert_eq!(request.request_uri().unwrap().text(&request.raw), "sip:lobby@groups.example.com");
    accept(&mut play, &request, FOCUS, &[("Conversation-ID", "theirs")], "passive");
    play.act(Act::Query { what: Queried::Session, of: "session-1".to_owned() });
    let Some(Sight::SessionRecord(record)) = play.sights.last() else { panic!("no record") };
    assert_eq!(record.conversation.as_deref(), Some("theirs"));
    assert_eq!(record.contribution.as_deref(), request.value("Contribution-ID").as_deref());
    let again = invite(&mut play, Act::JoinGroup { group: "sip:lobby@groups.example.com".to_owned(), anonymous: false });
    assert!(![Some("theirs".into()), request.value("Conversation-ID")].contains(&again.value("Conversation-ID")));
}

#[test]
fn conversations_and_replies_are_named() {
    let mut play = client();
    let (first, _) = with_bob(&mut play);
    let second = invite(&mut play, Act::StartSession(StartSession { conversation: Conversation::Same, ..to_bob() }));
    let third = invite(&mut play, Act::StartSession(StartSession { in_reply_to: Some("session-1".to_owned()), ..to_bob() }));
    let value = |m: &Message, name: &str| m.value(name).map(|v| v.into_owned());
    assert_eq!(value(&first, "Conversation-ID"), value(&second, "Conversation-ID"));
    assert_ne!(value(&first, "Conversation-ID"), value(&third, "Conversation-ID"));
    assert_eq!(value(&third, "InReplyTo-Contribution-ID"), value(&first, "Contribution-ID"));
    let contributions: std::collections::BTreeSet<_> = [&first, &second, &third].map(|m| value(m, "Contribution-ID")).into();
    assert_eq!((contributions.len(), contributions.contains(&None)), (3, false));
    play.act(Act::StartSession(StartSession { in_reply_to: Some("in-9".to_owned()), ..to_bob() }));
    assert!(matches!(play.answers.last(), Some(Answer::UnknownHandle(_))));
}

#[test]
fn a_session_waits_for_the_registration() {
    let mut play = client();
    play.client.peer = false;
    play.act(Act::StartSession(to_bob()));
    assert_eq!(play.done(), [""; 0]);
    play.client.peer = true;
    play.client.pump(play.now);
    assert_eq!(play.done(), [""; 0], "what was lined up goes with the next input");
    play.input(Input::Timeout);
    assert_eq!(play.done(), ["INVITE"]);
    play.client.peer = false;
    play.act(Act::StartSession(to_bob()));
    play.act(Act::EndSession { session: "session-2".to_owned(), anonymous: false });
    assert_eq!((play.done(), states(&play)), (vec![], vec![(SessionState::Ended, None)]));
}

#[test]
fn what_was_received_is_answered_in_its_conversation() {
    let mut play = client();
    let message = "From: <sip:bob@example.com>\r\nTo: <sip:alice@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    let request = Draft::request("MESSAGE", "sip:alice@example.com")
        .header("Via", "SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKm")
        .header("From", "<sip:bob@example.com>;tag=b")
        .header("To", "<sip:alice@example.com>")
        .header("Call-ID", "m")
        .header("CSeq", "1 MESSAGE")
        .header("Conversation-ID", "theirs")
        .header("Contribution-ID", "this")
        .body("message/cpim", message);
    play.hears(request.finish());
    let same = || StartSession { conversation: Conversation::Same, ..to_bob() };
    let plain = invite(&mut play, Act::StartSession(same()));
    assert_eq!((plain.value("Conversation-ID").as_deref(), plain.first("InReplyTo-Contribution-ID")), (Some("theirs"), None));
    let reply = StartSession { in_reply_to: Some("in-1".to_owned()), conversation: Conversation::Same, ..group() };
    let reply = invite(&mut play, Act::StartSession(reply));
    assert_eq!(reply.value("Conversation-ID").as_deref(), Some("theirs"));
    assert_eq!(reply.value("InReplyTo-Contribution-ID").as_deref(), Some("this"));
}

#[test]
fn what_is_written_goes_to_whom_the_session_is_with() {
    let pre_defined = StartSession { group: Some("sip:lunch@groups.example.com".to_owned()), ..StartSession::default() };
    for (wish, contact, to) in [
        (to_bob(), "<sip:bob@192.0.2.50>", "sip:bob@example.com"),
        (group(), FOCUS, "sip:conf-7@192.0.2.50;sid=ab1"),
        (pre_defined, FOCUS, "sip:lunch@groups.example.com"),
    ] {
        let mut play = client();
        let request = invite(&mut play, Act::StartSession(wish));
        play.act(Act::SendChat(SendChat { session: "session-1".to_owned(), ..SendChat::default() }));
        assert!(matches!(play.answers.last(), Some(Answer::NotNow(_))));
        accept(&mut play, &request, contact, &[], "passive");
        let chat = SendChat { session: "session-1".to_owned(), text: Some("Hello".to_owned()), ..SendChat::default() };
        play.act(Act::SendChat(chat.clone()));
        play.ok("192.0.2.50:2855", 200);
        let said = play.msrp.last().unwrap().clone();
        assert!(
            said.contains(&format!("\r\nContent-Type: message/cpim\r\n\r\nFrom: <sip:alice@example.com>\r\nTo: <{to}>\r\nDateTime: ")),
            "{said}"
        );
        assert!(said.contains("\r\n\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\nHello\r\n-------"), "{said}");
        play.ok("192.0.2.50:2855", 200);
        assert_eq!(play.statuses(), [Status::Sent]);
        play.act(Act::SendChat(SendChat { content_type: Some("image/jpeg".to_owned()), ..chat }));
        assert!(matches!(play.answers.last(), Some(Answer::Refused(_))));
    }
}

#[test]
fn what_comes_is_shown_with_its_session() {
    for (wish, contact, from) in [(to_bob(), "<sip:bob@192.0.2.50>", "sip:bob@example.com"), (group(), FOCUS, "sip:carol@example.com")] {
        let mut play = client();
        let request = invite(&mut play, Act::StartSession(wish));
        accept(&mut play, &request, contact, &[], "passive");
        let mut other = Other::new(&request);
        let seen = other.write(&mut play, cpim("text/plain", "Hi"));
        assert_eq!(seen, [(Some(from.to_owned()), Some("Hi".to_owned()))]);
        let Some(Sight::MessageReceived(message)) = play.sights.last() else { panic!("{:?}", play.sights) };
        assert_eq!(
            (message.session.as_deref(), message.conversation.as_deref()),
            (Some("session-1"), request.value("Conversation-ID").as_deref())
        );
        let statuses: Vec<_> = play.done().into_iter().filter(|what| what.starts_with(char::is_numeric)).collect();
        assert_eq!(statuses, ["200 empty$"]);
    }
}

#[test]
fn what_is_not_taken_is_refused_inside_of_others_too() {
    let mut play = client();
    play.act(Act::Configure { setting: "chat-types".to_owned(), value: json!(["text/plain"]) });
    let request = invite(&mut play, Act::StartSession(to_bob()));
    assert!(String::from_utf8_lossy(&request.raw).contains("a=accept-wrapped-types:text/plain\r\n"));
    accept(&mut play, &request, "<sip:bob@192.0.2.50>", &[], "passive");
    let mut other = Other::new(&request);
    assert_eq!(other.write(&mut play, cpim("image/jpeg", "xx")), []);
    assert!(play.done().contains(&"415 empty$".to_owned()));
}

#[test]
fn a_bye_ends_a_session_and_its_reason_is_told() {
    for (reason, tells, expected) in [
        (None, false, vec![(SessionState::Ended, None)]),
        (Some("SIP;cause=200;text=\"Call completed elsewhere\""), false, vec![]),
        (Some("Q.850;cause=16, sip ; cause = 200"), false, vec![]),
        (Some("SIP;cause=200"), true, vec![(SessionState::Ended, Some(200))]),
        (Some("SIP;cause=410"), false, vec![(SessionState::Ended, Some(410))]),
    ] {
        let mut play = client();
        play.client.settings.tells_elsewhere = tells;
        let (request, session) = with_bob(&mut play);
        let fields: Vec<_> = reason.iter().map(|reason| ("Reason", *reason)).collect();
        play.hears(within(&request, "BYE", 1, &fields));
        assert_eq!(play.done(), ["200", "close 192.0.2.50:2855"]);
        assert_eq!(states(&play)[1..], expected, "{reason:?}");
        play.act(Act::SendChat(SendChat { session, text: Some("?".to_owned()), ..SendChat::default() }));
        assert!(matches!(play.answers.last(), Some(Answer::NotNow(_))));
    }
}

#[test]
fn a_refusal_a_withdrawal_and_a_lost_connection_are_told() {
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(to_bob()));
    play.answer(&request, 486, None);
    assert_eq!(states(&play), [(SessionState::Failed, Some(486))]);

    let mut play = client();
    let request = invite(&mut play, Act::StartSession(to_bob()));
    play.answer(&request, 180, None);
    play.act(Act::EndSession { session: "session-1".to_owned(), anonymous: false });
    play.answer(&request, 487, None);
    assert_eq!((play.done(), states(&play)), (["INVITE", "CANCEL", "ACK"].map(str::to_owned).to_vec(), vec![(SessionState::Ended, None)]));

    let mut play = client();
    with_bob(&mut play);
    play.input(Input::Closed { hop: media("192.0.2.50:2855") });
    assert_eq!((play.done(), states(&play)[1..].to_vec()), (vec!["BYE".to_owned()], vec![(SessionState::Ended, None)]));
}

#[test]
fn sessions_do_not_disturb_each_other() {
    let mut play = client();
    let (first, _) = with_bob(&mut play);
    let second = invite(&mut play, Act::StartSession(to_bob()));
    assert_ne!(first.value("Call-ID"), second.value("Call-ID"));
    accept(&mut play, &second, "<sip:bob@192.0.2.50>", &[], "passive");
    // The connection to where both lead is one.
    assert_eq!(play.done(), ["INVITE", "ACK", "SEND empty$"]);
    play.ok("192.0.2.50:2855", 200);
    play.act(Act::EndSession { session: "session-1".to_owned(), anonymous: false });
    assert_eq!(play.done(), ["BYE"]);
    play.act(Act::SendChat(SendChat { session: "session-2".to_owned(), text: Some("Still here".to_owned()), ..SendChat::default() }));
    assert_eq!(play.done(), ["SEND $"]);
}

/// A group session that was left, with its INVITE.
fn left_group(play: &mut Play) -> Message {
    let request = invite(play, Act::StartSession(group()));
    accept(play, &request, FOCUS, &[], "passive");
    play.hears(within(&request, "BYE", 1, &[]));
    play.done();
    request
}

fn rejoin(play: &mut Play) -> Message {
    invite(play, Act::RejoinGroup { session: "session-1".to_owned(), anonymous: false })
}

#[test]
fn who_goes_back_names_the_session_that_was() {
    let mut play = client();
    let before = left_group(&mut play);
    let request = rejoin(&mut play);
    assert_eq!(request.request_uri().unwrap().text(&request.raw), "sip:conf-7@192.0.2.50;sid=ab1");
    for name in ["Conversation-ID", "Contribution-ID"] {
        assert_eq!(request.value(name), before.value(name), "{name}");
    }
    assert!(request.value("Call-ID") != before.value("Call-ID") && request.tag("To").is_none() && request.first("Require").is_none());
    accept(&mut play, &request, "<sip:conf-8@192.0.2.50>;isfocus", &[("Contribution-ID", "moved")], "passive");
    play.act(Act::Query { what: Queried::Session, of: "session-2".to_owned() });
    let Some(Sight::SessionRecord(record)) = play.sights.last() else { panic!("no record") };
    assert_eq!((record.contribution.as_deref(), record.identity.as_deref()), (Some("moved"), Some("sip:conf-8@192.0.2.50")));
    play.act(Act::RejoinGroup { session: "session-2".to_owned(), anonymous: false });
    assert!(matches!(play.answers.last(), Some(Answer::NotNow(_))));
}

#[test]
fn what_is_no_longer_there_is_begun_anew_once() {
    let mut play = client();
    let before = left_group(&mut play);
    let request = rejoin(&mut play);
    play.answer(&request, 404, None);
    let restart = play.sip.last().unwrap().clone();
    assert_eq!(restart.request_uri().unwrap().text(&restart.raw), "sip:factory@conf.example.com");
    assert_eq!(restart.value("Conversation-ID"), before.value("Conversation-ID"));
    assert_ne!(restart.value("Contribution-ID"), before.value("Contribution-ID"));
    assert!(String::from_utf8_lossy(&restart.raw).contains("<entry uri=\"tel:+15550003\""));
    play.answer(&restart, 404, None);
    assert_eq!(states(&play)[2..], [(SessionState::Failed, Some(404))]);
    let request = rejoin(&mut play);
    play.answer(&request, 480, None);
    assert_eq!(states(&play)[3..], [(SessionState::Failed, Some(480))]);
}

#[test]
fn without_network_nobody_hears_of_the_end() {
    let mut play = client();
    let request = invite(&mut play, Act::StartSession(group()));
    accept(&mut play, &request, FOCUS, &[], "passive");
    play.done();
    play.act(Act::GoOffline { how: Offline::Network });
    play.hears(within(&request, "BYE", 1, &[]));
    play.act(Act::StartSession(to_bob()));
    assert_eq!((play.done(), states(&play)[1..].to_vec()), (vec![], vec![(SessionState::Ended, None)]));
    assert!(matches!(play.answers.last(), Some(Answer::NotNow(_))));
    play.act(Act::GoOnline {});
    assert_eq!(play.done(), ["close 192.0.2.50:2855"]);
    assert_eq!(rejoin(&mut play).value("Conversation-ID"), request.value("Conversation-ID"));
}

#[test]
fn a_large_invite_leaves_by_tcp_the_rest_as_ever() {
    let mut play = Play::new(|settings| settings.transport = Transport::Udp);
    let request = invite(&mut play, Act::StartSession(group()));
    assert!(request.raw.len() > 1300 && request.value("Via").unwrap().starts_with("SIP/2.0/TCP "));
    assert!(request.value("Contact").unwrap().contains(";transport=udp>"));
}
