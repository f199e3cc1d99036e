//! Invitations of others.

use pretty_assertions::assert_eq;

use super::*;
use crate::{
    role::transaction::PATIENCE,
    upper::{InvitationAnswer, InvitationEnd},
};

const BOB: &str = "<sip:bob@192.0.2.50>";

/// An INVITE of Bob's for a session, offering this.
pub(super) fn invitation(number: u32, contact: &str, fields: &[(&str, &str)], offer: &str) -> Message {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), Some(vec![(*value).to_owned()]))).collect();
    let draft = Draft::request("INVITE", "sip:alice@192.0.2.1:5060")
        .header("Via", &format!("SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKi{number}"))
        .header("Record-Route", "<sip:r1@192.0.2.10;lr>, <sip:r2@192.0.2.10;lr>")
        .header("From", "<sip:bob@example.com>;tag=bobtag")
        .header("To", "<sip:alice@example.com>")
        .header("Call-ID", &format!("call-{number}"))
        .header("CSeq", "1 INVITE")
        .header("Contact", contact)
        .header("P-Asserted-Identity", "<sip:bob@example.com>")
        .header("Accept-Contact", "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session\"")
        .header("Conversation-ID", "F81d-Conv")
        .header("Contribution-ID", &format!("contribution-{number}"))
        .overlaid(&fields);
    Message::parse(draft.body("application/sdp", offer).finish())
}

/// A request that goes with an INVITE: CANCEL, or the ACK to its 200 response.
pub(super) fn beside(invite: &Message, method: &str, fields: &[(&str, &str)]) -> Bytes {
    let text = String::from_utf8(invite.raw.to_vec()).unwrap();
    let head = text.split("Content-Type").next().unwrap().replace("INVITE", method);
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Bytes::from(format!("{head}{fields}Content-Length: 0\r\n\r\n"))
}

/// The ACK to the 200 response that came last.
pub(super) fn ack(play: &mut Play, invite: &Message) {
    let tag = play.sip.iter().rfind(|m| m.status() == Some(200)).unwrap().tag("To").unwrap().into_owned();
    let ack = String::from_utf8(beside(invite, "ACK", &[]).to_vec()).unwrap();
    let ack = ack.replace("To: <sip:alice@example.com>", &format!("To: <sip:alice@example.com>;tag={tag}")).replace("bKi", "bKa");
    play.hears(Bytes::from(ack));
}

fn decide(play: &mut Play, decision: InvitationAnswer) {
    let invitation = shown(play).0;
    play.act(Act::AnswerInvitation { invitation, decision, to: None });
}

/// Handle, sender, subject and replaced session of the invitation that was shown last.
fn shown(play: &Play) -> (String, Option<String>, Option<String>, Option<String>) {
    let of = |s: &Sight| match s {
        Sight::Invitation { invitation, from, subject, replaces, .. } => {
            Some((invitation.clone(), from.clone(), subject.clone(), replaces.clone()))
        }
        _ => None,
    };
    play.sights.iter().rev().find_map(of).unwrap()
}

fn ends(play: &Play) -> Vec<InvitationEnd> {
    play.sights.iter().filter_map(|s| if let Sight::InvitationEnded { how, .. } = s { Some(*how) } else { None }).collect()
}

/// An open session that Bob began; gives its INVITE.
pub(super) fn open(play: &mut Play, number: u32) -> Message {
    let invite = invitation(number, BOB, &[], &answer("actpass"));
    play.hears(invite.raw.clone());
    decide(play, InvitationAnswer::Accept);
    ack(play, &invite);
    play.ok("192.0.2.50:2855", 200);
    play.done();
    invite
}

#[test]
fn the_user_accepts_and_the_session_stands_once_that_is_acknowledged() {
    let mut play = client();
    play.client.settings.display_name = "Alice \"A\"".to_owned();
    let fields = [("Subject", " Trip to Ålesund"), ("InReplyTo-Contribution-ID", "x@y")];
    let invite = invitation(1, BOB, &fields, &answer("actpass"));
    play.hears(invite.raw.clone());
    assert_eq!(play.done(), ["180"]);
    let bob = Some("sip:bob@example.com".to_owned());
    assert_eq!(shown(&play), ("invitation-1".to_owned(), bob, Some("Trip to Ålesund".to_owned()), None));
    decide(&mut play, InvitationAnswer::Accept);
    assert_eq!(play.done(), ["200"]);
    let ok = play.sip.last().unwrap();
    for (name, value) in [
        ("Record-Route", "<sip:r1@192.0.2.10;lr>"),
        ("Conversation-ID", "F81d-Conv"),
        ("Contribution-ID", "contribution-1"),
        ("InReplyTo-Contribution-ID", "x@y"),
        ("P-Preferred-Identity", "\"Alice \\\"A\\\"\" <sip:alice@example.com>"),
    ] {
        assert_eq!(ok.value(name).as_deref().map(|v| v.split(", ").next().unwrap()), Some(value), "{name}");
    }
    let own = Description::read(&call::description(ok).unwrap().1).unwrap().end;
    assert_eq!(own.setup.as_deref(), Some("active"));
    assert_eq!(states(&play), []);
    ack(&mut play, &invite);
    assert_eq!(play.done(), ["connect tcp 192.0.2.50:2855", "SEND empty$"]);
    assert_eq!(states(&play), [(SessionState::Established, None)]);
    assert!(play.msrp.last().unwrap().contains(&format!("To-Path: {PATH}\r\nFrom-Path: {}\r\n", own.path[0])));
    play.act(Act::SendChat(SendChat { session: "invitation-1".to_owned(), text: Some("Hi".to_owned()), ..SendChat::default() }));
    play.ok("192.0.2.50:2855", 200);
    assert!(play.msrp.last().unwrap().contains("To: <sip:bob@example.com>\r\n"));
}

#[test]
fn who_offers_to_connect_is_waited_for() {
    for setup in ["a=setup:active\r\n", ""] {
        let mut play = client();
        play.client.settings.auto_sessions = true;
        let invite = invitation(1, BOB, &[], &answer("x").replace("a=setup:x\r\n", setup));
        play.hears(invite.raw.clone());
        ack(&mut play, &invite);
        assert_eq!(play.done(), ["200"]);
        let own = Description::read(&call::description(&play.sip[0]).unwrap().1).unwrap().end;
        assert_eq!(own.setup.as_deref(), Some("passive"));
        assert!(own.path[0].starts_with("msrp://192.0.2.1:2855/"));
    }
    let mut play = Play::new(|_| {});
    play.hears(invitation(1, BOB, &[], &answer("active")).raw);
    assert_eq!(play.done(), ["488"], "this client cannot listen");
}

#[test]
fn each_refusal_has_its_status() {
    for (decision, status) in [
        (InvitationAnswer::Reject, "603"),
        (InvitationAnswer::Decline, "480"),
        (InvitationAnswer::Busy, "486"),
        (InvitationAnswer::Redirect, "302"),
    ] {
        let mut play = client();
        play.hears(invitation(1, FOCUS, &[], &answer("actpass")).raw);
        play.act(Act::AnswerInvitation { invitation: shown(&play).0, decision, to: Some("tel:+15550009".to_owned()) });
        assert_eq!(play.done(), ["180", status]);
        let contact = (status == "302").then_some("<tel:+15550009>");
        assert_eq!(play.sip.last().unwrap().value("Contact").as_deref(), contact);
        decide(&mut play, InvitationAnswer::Accept);
        assert!(matches!(play.answers.last(), Some(Answer::UnknownHandle(_))));
        assert_eq!(play.done(), [""; 0]);
    }
    type Set = (fn(&mut CpmClient), &'static str);
    let set: [Set; 4] = [
        (|client| client.exhausted = true, "480"),
        (|client| client.settings.unavailable = true, "480"),
        (|client| client.settings.additional_sessions = false, "486"),
        (|client| client.settings.redirect_to = Some("sip:alt@example.com".to_owned()), "302"),
    ];
    for (set, status) in set {
        let mut play = client();
        open(&mut play, 1);
        set(&mut play.client);
        play.hears(invitation(2, BOB, &[], &answer("actpass")).raw);
        assert_eq!(play.done(), [status]);
    }
    let mut play = client();
    for (at, offer) in [answer("x").replace("TCP/MSRP", "UDP/X"), answer("x").replace("message/cpim", "application/x")].iter().enumerate() {
        play.hears(invitation(at as u32, BOB, &[], offer).raw);
    }
    assert_eq!(play.done(), ["488", "488"]);
}

#[test]
fn nobody_waits_for_ever() {
    let mut play = client();
    play.client.settings.invitation_timeout = Duration::from_secs(130);
    play.hears(invitation(1, BOB, &[], &answer("actpass")).raw);
    assert_eq!(play.done(), ["180"]);
    let mut statuses = Vec::new();
    while let Some(next) = play.client.invitations_deadline() {
        play.now = next;
        play.input(Input::Timeout);
        statuses.extend(play.done().into_iter().map(|what| (next.as_secs(), what)));
    }
    assert_eq!(statuses, [(60, "180"), (120, "180"), (130, "408")].map(|(at, what)| (at, what.to_owned())));
    assert_eq!(ends(&play), [InvitationEnd::Missed]);
    let mut play = client();
    play.hears(invitation(1, BOB, &[("Expires", "5")], &answer("actpass")).raw);
    play.now += Duration::from_secs(5);
    play.input(Input::Timeout);
    assert_eq!(play.done(), ["180", "408"]);
}

#[test]
fn an_inviter_who_wants_to_stay_unknown_does() {
    for (privacy, hidden) in [("id", true), ("header;ID", true), ("none", false), ("header", false)] {
        let mut play = client();
        let fields = [("Privacy", privacy), ("Referred-By", "<sip:carol@example.com>")];
        for (number, contact, from) in [(1, BOB, "sip:bob@example.com"), (2, FOCUS, "sip:carol@example.com")] {
            let invite = invitation(number, contact, &fields, &answer("actpass"));
            play.hears(invite.raw.clone());
            assert_eq!(shown(&play).1, (!hidden).then(|| from.to_owned()), "{privacy}");
        }
        let invite = invitation(3, BOB, &fields, &answer("actpass"));
        play.hears(invite.raw.clone());
        decide(&mut play, InvitationAnswer::Accept);
        ack(&mut play, &invite);
        let ok = play.sip.iter().rfind(|m| m.status() == Some(200)).unwrap().clone();
        let seen = Other::new(&ok).write(&mut play, cpim("text/plain", "Hi"));
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].0.is_none(), hidden);
    }
    let mut play = client();
    play.hears(invitation(1, FOCUS, &[("P-Asserted-Identity", "<sip:conf-7@192.0.2.50;sid=ab1>")], &answer("actpass")).raw);
    assert_eq!(shown(&play).1.as_deref(), Some("sip:bob@example.com"), "the focus is nobody");
}

#[test]
fn a_group_session_is_subscribed_to_and_keeps_its_address() {
    let mut play = client();
    let invite = invitation(1, FOCUS, &[], &answer("actpass"));
    play.hears(invite.raw.clone());
    decide(&mut play, InvitationAnswer::Accept);
    assert_eq!(play.done(), ["180", "200"]);
    ack(&mut play, &invite);
    assert_eq!(play.done(), ["SUBSCRIBE", "connect tcp 192.0.2.50:2855", "SEND empty$"]);
    let subscribe = play.sip.last().unwrap();
    assert_eq!(subscribe.request_uri().unwrap().text(&subscribe.raw), "sip:conf-7@192.0.2.50;sid=ab1");
    play.act(Act::Query { what: Queried::Session, of: "invitation-1".to_owned() });
    let Some(Sight::SessionRecord(record)) = play.sights.last() else { panic!("no record") };
    assert_eq!((record.kind, record.identity.as_deref()), (SessionKind::Group, Some("sip:conf-7@192.0.2.50;sid=ab1")));
    assert_eq!(record.contribution.as_deref(), Some("contribution-1"));
}

#[test]
fn a_group_session_takes_the_place_of_that_of_two() {
    for own in [false, true] {
        let mut play = client();
        let (contribution, old) = if own {
            let (invite, old) = with_bob(&mut play);
            (invite.value("Contribution-ID").unwrap().into_owned(), old)
        } else {
            open(&mut play, 1);
            ("contribution-1".to_owned(), "invitation-1".to_owned())
        };
        open(&mut play, 2);
        for wrong in ["nobody", "F81d-Conv", &contribution.to_uppercase()] {
            play.hears(
                invitation(
                    7,
                    FOCUS,
                    &[("Session-Replaces", wrong), ("Call-ID", wrong), ("Via", &format!("SIP/2.0/TCP h;branch=z9hG4bK{wrong}"))],
                    &answer("actpass"),
                )
                .raw,
            );
            assert_eq!(play.done(), ["481"], "{wrong}");
        }
        let invite = invitation(3, FOCUS, &[("Session-Replaces", &contribution)], &answer("actpass"));
        play.hears(invite.raw.clone());
        let (new, .., replaces) = shown(&play);
        assert_eq!(replaces.as_ref(), Some(&old));
        decide(&mut play, InvitationAnswer::Accept);
        assert_eq!(play.done(), ["180", "200"]);
        play.act(Act::SendChat(SendChat { session: old.clone(), text: Some("To all".to_owned()), ..SendChat::default() }));
        assert_eq!(play.done(), [""; 0], "it waits for the new session");
        ack(&mut play, &invite);
        assert_eq!(play.done(), ["SUBSCRIBE", "BYE", "SEND empty$"]);
        let bye = play.sip.last().unwrap().clone();
        assert_eq!(bye.value("Reason").as_deref(), Some("SIP;cause=200;text=\"Call completed\""));
        let change =
            play.sights.iter().rev().find_map(|s| if let Sight::SessionState(change) = s { Some(change.clone()) } else { None }).unwrap();
        assert_eq!((change.session, change.state, change.by), (old.clone(), SessionState::Replaced, Some(new)));
        play.ok("192.0.2.50:2855", 200);
        assert!(play.msrp.last().unwrap().contains("To all"));
        play.answer(&bye, 200, None);
        play.hears(invitation(4, FOCUS, &[("Session-Replaces", &contribution)], &answer("actpass")).raw);
        assert_eq!(play.done().last().unwrap(), "481", "it is no more");
    }
}

#[test]
fn a_withdrawn_invitation_is_gone_and_told_as_the_user_wants() {
    for (reason, tells, expected) in [
        (None, false, vec![InvitationEnd::Withdrawn]),
        (Some("SIP;cause=200;text=\"Call completed elsewhere\""), false, vec![]),
        (Some("SIP;cause=200"), true, vec![InvitationEnd::Elsewhere]),
    ] {
        let mut play = client();
        play.client.settings.tells_elsewhere = tells;
        let invite = invitation(1, BOB, &[], &answer("actpass"));
        play.hears(invite.raw.clone());
        let fields: Vec<_> = reason.iter().map(|reason| ("Reason", *reason)).collect();
        play.hears(beside(&invite, "CANCEL", &fields));
        assert_eq!(play.done(), ["180", "200", "487"]);
        assert_eq!(ends(&play), expected);
        decide(&mut play, InvitationAnswer::Accept);
        assert!(matches!(play.answers.last(), Some(Answer::UnknownHandle(_))));
    }
    let mut play = client();
    let invite = open(&mut play, 1);
    play.hears(beside(&invite, "CANCEL", &[]));
    assert_eq!((play.done(), ends(&play)), (vec!["200".to_owned()], vec![]), "it comes too late");
}

#[test]
fn without_an_ack_the_session_does_not_stand() {
    let mut play = client();
    play.hears(invitation(1, BOB, &[], &answer("actpass")).raw);
    decide(&mut play, InvitationAnswer::Accept);
    while play.now < PATIENCE {
        play.now += Duration::from_millis(500);
        play.input(Input::Timeout);
    }
    assert_eq!(play.done().last().unwrap(), "BYE");
}

#[test]
fn what_is_only_delivered_is_taken_without_a_subscription() {
    let mut play = client();
    play.client.settings.auto_sessions = true;
    let invite = invitation(1, FOCUS, &[], &answer("actpass").replace("sendrecv", "sendonly"));
    play.hears(invite.raw.clone());
    assert!(String::from_utf8_lossy(&play.sip[0].raw).contains("a=recvonly\r\n"));
    ack(&mut play, &invite);
    assert_eq!(play.done(), ["200", "connect tcp 192.0.2.50:2855", "SEND empty$"]);
}

#[test]
fn an_invitation_without_offer_gets_one() {
    for answered in [true, false] {
        let mut play = client();
        play.client.settings.auto_sessions = true;
        let invite = invitation(1, BOB, &[], "");
        let text = String::from_utf8(invite.raw.to_vec()).unwrap();
        let invite = Message::parse(Bytes::from(text.replace("Content-Type: application/sdp\r\n", "")));
        play.hears(invite.raw.clone());
        assert_eq!(play.done(), ["200"]);
        let ok = play.sip.last().unwrap();
        assert!(String::from_utf8_lossy(&ok.raw).contains("a=setup:actpass\r\n"));
        let tag = ok.tag("To").unwrap().into_owned();
        let head = String::from_utf8(invite.raw.to_vec()).unwrap().replace("INVITE", "ACK").replace("bKi", "bKa");
        let head = head.replace("To: <sip:alice@example.com>", &format!("To: <sip:alice@example.com>;tag={tag}"));
        let head = head.split("Content-Length").next().unwrap().to_owned();
        let body = if answered { answer("passive") } else { String::new() };
        play.hears(Bytes::from(format!("{head}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len())));
        let expected = if answered { vec!["connect tcp 192.0.2.50:2855", "SEND empty$"] } else { vec!["BYE"] };
        assert_eq!(play.done(), expected);
    }
}
