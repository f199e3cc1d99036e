//! Large messages against a network played by hand, in virtual time.

use bytes::Bytes;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::{
    role::{
        Input,
        build::Draft,
        cpm_client::play::{Play, media},
        msrp::{Endpoint, Terms, Wish},
    },
    upper::{Act, ReceivedMessage, SendMessage},
    wire::sdp::Direction,
};

const PATH: &str = "msrp://192.0.2.50:2855/bob;tcp";

fn wish(octets: usize) -> SendMessage {
    SendMessage { to: vec!["sip:bob@example.com".to_owned()], text: Some("x".repeat(octets)), ..SendMessage::default() }
}

fn sdp_answer(path: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=recvonly\r\n\
         a=accept-types:message/cpim\r\na=path:{path}\r\na=setup:passive\r\n"
    )
}

#[test]
fn a_large_message_is_offered_sent_in_chunks_and_over() {
    let mut play = Play::new(|_| {});
    let invite = play.send(SendMessage { expires: Some(3600), reply_to: Some("sip:office@example.com".to_owned()), ..wish(5000) });
    assert_eq!(play.done(), ["INVITE"]);
    for (name, value) in [
        ("Accept-Contact", "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.largemsg\""),
        ("P-Preferred-Service", "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"),
        ("P-Preferred-Identity", "<sip:alice@example.com>"),
        ("Reply-To", "<sip:office@example.com>"),
        ("Message-Expires", "3600"),
        ("Supported", "timer"),
        ("Session-Expires", "1800;refresher=uac"),
        ("Content-Type", "application/sdp"),
    ] {
        assert_eq!(invite.value(name).as_deref(), Some(value), "{name}");
    }
    assert!(invite.value("Expires").is_none() && invite.tag("To").is_none());
    assert!(invite.value("Contact").unwrap().starts_with("<sip:alice@192.0.2.1:5060;transport=tcp>;+g.3gpp.icsi-ref=\"urn%3A"));
    let offer = Description::read(&invite.raw[invite.body.from..]).unwrap().end;
    assert_eq!((offer.file_selector.as_deref(), offer.setup.as_deref()), (Some("size:5000"), Some("active")));

    play.answer(&invite, 180, None);
    play.answer(&invite, 200, Some(&sdp_answer(&format!("msrp://192.0.2.60:2855/relay;tcp {PATH}"))));
    assert_eq!(play.done(), ["ACK", "connect tcp 192.0.2.60:2855", "SEND empty$"]);
    assert!(play.msrp[0].contains(&format!("To-Path: msrp://192.0.2.60:2855/relay;tcp {PATH}\r\nFrom-Path: {}\r\n", offer.path[0])));
    play.ok("192.0.2.60:2855", 200);
    assert_eq!(play.done(), ["SEND +", "SEND +", "SEND $"]);
    let chunks = play.msrp[1..].to_vec();
    for chunk in &chunks {
        assert_eq!(play.done(), [""; 0]);
        play.reply("192.0.2.60:2855", chunk, 200);
    }
    assert_eq!((play.done(), play.statuses()), (vec!["BYE".to_owned()], vec![Status::Sent]));
    let bye = play.sip.last().unwrap().clone();
    play.answer(&bye, 200, None);
    assert_eq!(play.done(), ["close 192.0.2.60:2855"]);
}

#[test]
fn a_small_message_and_one_at_the_threshold_stay_in_pager_mode() {
    let mut play = Play::new(|_| {});
    assert_eq!(play.send(wish(10)).method(), Some("MESSAGE"));
    assert_eq!(play.send(wish(1300)).method(), Some("INVITE"));
}

#[test]
fn an_ad_hoc_group_is_listed_in_the_invite() {
    let mut play = Play::new(|_| {});
    let to = ["sip:bob@example.com", "sip:carol@example.com"].map(str::to_owned).to_vec();
    let invite = play.send(SendMessage { to, anonymous: true, ..wish(5000) });
    assert_eq!(invite.request_uri().unwrap().text(&invite.raw), "sip:factory@conf.example.com");
    assert_eq!(invite.value("Require").as_deref(), Some("recipient-list-invite"));
    assert_eq!((invite.value("Privacy").as_deref(), call::description(&invite).is_some()), (Some("id"), true));
    let kinds: Vec<_> = crate::field::parts(&invite).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["application/sdp", "application/resource-lists+xml"]);
}

#[test]
fn a_refusal_and_a_failure_of_the_transfer_are_told() {
    let mut play = Play::new(|_| {});
    let invite = play.send(wish(5000));
    play.answer(&invite, 486, None);
    assert_eq!((play.done(), play.statuses()), (vec!["INVITE".to_owned(), "ACK".to_owned()], vec![Status::Failed]));

    let mut play = Play::new(|_| {});
    let invite = play.send(wish(5000));
    play.answer(&invite, 200, Some(&sdp_answer(PATH)));
    play.ok("192.0.2.50:2855", 200);
    play.done();
    play.ok("192.0.2.50:2855", 413);
    assert_eq!((play.done(), play.statuses()), (vec!["BYE".to_owned()], vec![Status::Failed]));

    let mut play = Play::new(|_| {});
    let invite = play.send(wish(5000));
    play.answer(&invite, 200, Some(&sdp_answer(PATH)));
    play.done();
    play.input(Input::Closed { hop: media("192.0.2.50:2855") });
    assert_eq!((play.done(), play.statuses()), (vec!["BYE".to_owned()], vec![Status::Failed]));

    let mut play = Play::new(|_| {});
    let invite = play.send(wish(5000));
    play.answer(&invite, 200, None);
    assert_eq!((play.done()[1..].to_vec(), play.statuses()), (vec!["ACK".to_owned(), "BYE".to_owned()], vec![Status::Failed]));
}

#[test]
fn a_message_can_be_broken_off_in_every_state() {
    let cancel = || Act::CancelMessage { message: "out-1".to_owned() };
    let mut play = Play::new(|_| {});
    let invite = play.send(wish(5000));
    play.act(cancel());
    assert_eq!(play.done(), ["INVITE"]);
    play.answer(&invite, 180, None);
    assert_eq!(play.done(), ["CANCEL"]);
    play.answer(&invite, 487, None);
    assert_eq!((play.done(), play.statuses()), (vec!["ACK".to_owned()], vec![Status::Failed]));
    play.act(cancel());
    assert!(matches!(play.answers.last(), Some(Answer::UnknownHandle(_))));

    let mut play = Play::new(|_| {});
    let invite = play.send(wish(5000));
    play.answer(&invite, 180, None);
    play.act(cancel());
    play.done();
    play.answer(&invite, 200, Some(&sdp_answer(PATH)));
    assert_eq!(play.done(), ["ACK", "BYE"]);

    let mut play = Play::new(|_| {});
    let invite = play.send(wish(500_000));
    play.answer(&invite, 200, Some(&sdp_answer(PATH)));
    play.ok("192.0.2.50:2855", 200);
    play.done();
    play.act(cancel());
    assert_eq!((play.done(), play.statuses()), (vec!["BYE".to_owned(), "close 192.0.2.50:2855".to_owned()], vec![Status::Failed]));
}

#[test]
fn over_tls_the_fingerprint_of_the_answer_is_insisted_on() {
    let mut play = Play::new(|settings| {
        settings.fingerprint = "SHA-256 AA".to_owned();
        settings.configure("media-transport", &json!("tls")).unwrap();
    });
    let invite = play.send(wish(5000));
    let text = String::from_utf8_lossy(&invite.raw).into_owned();
    assert!(text.contains("m=message 9 TCP/TLS/MSRP *") && text.contains("a=path:msrps://") && text.contains("a=fingerprint:SHA-256 AA"));
    let answer = sdp_answer(PATH).replace("TCP/MSRP", "TCP/TLS/MSRP").replace("msrp:", "msrps:") + "a=fingerprint:SHA-256 BB\r\n";
    play.answer(&invite, 200, Some(&answer));
    assert!(play.done().contains(&"connect tls 192.0.2.50:2855 SHA-256 BB".to_owned()));
}

/// A network that offers a large message.
struct Sender {
    endpoint: Endpoint,
    session: u64,
    offer: String,
}

impl Sender {
    fn new() -> Self {
        let mut endpoint = Endpoint::new(3);
        let session = endpoint.open(vec![PATH.to_owned()], Terms::default());
        let offer = sdp_answer(PATH).replace("recvonly", "sendonly").replace("passive", "actpass") + "a=file-selector:size:5000\r\n";
        Self { endpoint, session, offer }
    }

    fn invite(&self, feature: &str, offer: &str) -> Bytes {
        Draft::request("INVITE", "sip:alice@example.com")
            .header("Via", "SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKinv")
            .header("Record-Route", "<sip:192.0.2.10;lr>")
            .header("From", "<sip:bob@example.com>;tag=b")
            .header("To", "<sip:alice@example.com>")
            .header("Call-ID", "c1")
            .header("CSeq", "1 INVITE")
            .header("Contact", "<sip:bob@192.0.2.50>")
            .header("P-Asserted-Identity", "<sip:robert@example.com>")
            .header("Accept-Contact", &format!("*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.{feature}\""))
            .header("Conversation-ID", "conv")
            .header("Contribution-ID", "cont")
            .body("application/sdp", offer)
            .finish()
    }

    fn within(play: &Play, method: &str, number: u32) -> Bytes {
        let ok = play.sip.iter().find(|m| m.status() == Some(200) && m.cseq().unwrap().1 == "INVITE").unwrap();
        Draft::request(method, "sip:alice@192.0.2.1:5060")
            .header("Via", &format!("SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bK{method}"))
            .header("From", "<sip:bob@example.com>;tag=b")
            .header("To", &ok.value("To").unwrap())
            .header("Call-ID", "c1")
            .header("CSeq", &format!("{number} {method}"))
            .finish()
    }

    /// Hands over what the client said over MSRP, and the client what is said to that.
    fn talk(&mut self, play: &mut Play) {
        loop {
            for said in std::mem::take(&mut play.msrp) {
                self.endpoint.receive(play.now, media("192.0.2.1:9"), said.as_bytes());
            }
            let Some((_, bytes)) = self.endpoint.poll() else { return };
            play.input(Input::Bytes { hop: media("192.0.2.50:2855"), bytes });
        }
    }
}

fn cpim(len: usize) -> String {
    format!(
        "From: <sip:bob@example.com>\r\nTo: <sip:alice@example.com>\r\nDateTime: 2026-01-01T00:00:00Z\r\nNS: imdn <urn:ietf:params:imdn>\r\n\
         imdn.Message-ID: m1\r\nimdn.Disposition-Notification: positive-delivery\r\n\r\nContent-Type: text/plain\r\n\r\n{}",
        "y".repeat(len)
    )
}

#[test]
fn a_large_message_is_accepted_fetched_shown_and_notified() {
    let (mut play, mut sender) = (Play::new(|_| {}), Sender::new());
    play.hears(sender.invite("largemsg", &sender.offer));
    assert_eq!(play.done(), ["200"]);
    let ok = play.sip[0].clone();
    for (name, value) in [
        ("P-Preferred-Identity", "<sip:alice@example.com>"),
        ("Conversation-ID", "conv"),
        ("Contribution-ID", "cont"),
        ("Record-Route", "<sip:192.0.2.10;lr>"),
        ("Contact", "<sip:alice@192.0.2.1:5060;transport=tcp>"),
    ] {
        assert_eq!(ok.value(name).as_deref(), Some(value), "{name}");
    }
    assert!(ok.value("Server").unwrap().starts_with("CPM-client/OMA2.0"));
    let answer = Description::read(&ok.raw[ok.body.from..]).unwrap().end;
    assert_eq!((answer.direction, answer.setup.as_deref()), (Direction::Recvonly, Some("active")));
    assert_eq!(answer.file_selector.as_deref(), Some("size:5000"));
    sender.endpoint.set_remote(sender.session, answer.path);
    play.hears(Sender::within(&play, "ACK", 1));
    assert_eq!(play.done(), ["connect tcp 192.0.2.50:2855", "SEND empty$"]);
    sender.endpoint.send(play.now, sender.session, Wish { success_report: true, ..Wish::new("msg1", "message/cpim", cpim(5000)) });
    sender.talk(&mut play);
    assert_eq!(play.done(), ["200 empty$", "200 empty$", "200 empty$", "REPORT empty$", "MESSAGE"]);
    let [Sight::MessageReceived(ReceivedMessage { text, from, conversation, .. })] = &play.sights[..] else { panic!("{:?}", play.sights) };
    assert_eq!(
        (text.as_ref().unwrap().len(), from.as_deref(), conversation.as_deref()),
        (5000, Some("sip:robert@example.com"), Some("conv"))
    );
    play.hears(Sender::within(&play, "BYE", 2));
    assert_eq!(play.done(), ["200", "close 192.0.2.50:2855"]);
}

#[test]
fn what_cannot_be_taken_is_refused() {
    let sender = Sender::new();
    for (feature, offer, exhausted, expected) in [
        ("largemsg", sender.offer.clone(), true, "480"),
        ("deferred", sender.offer.clone(), true, "480"),
        ("deferred", sender.offer.clone(), false, "200"),
        ("largemsg", sender.offer.replace("accept-types:message/cpim", "accept-types:application/x-unknown"), false, "488"),
        ("largemsg", sender.offer.replace("accept-types:message/cpim", "accept-types:*"), false, "200"),
        ("largemsg", sender.offer.replace("actpass", "holdconn") + "a=connection:new\r\n", false, "200"),
        ("largemsg", sender.offer.replace("actpass", "active"), false, "488"),
    ] {
        let mut play = Play::new(|_| {});
        if exhausted {
            play.act(Act::SetResources { level: crate::upper::Resources::Exhausted });
        }
        play.hears(sender.invite(feature, &offer));
        assert_eq!(play.done(), [expected], "{feature} {offer}");
        assert_eq!(play.sights, []);
    }
}

#[test]
fn the_user_is_asked_where_nothing_is_accepted_by_itself() {
    let sender = Sender::new();
    let asked = || {
        let mut play = Play::new(|settings| settings.auto_accept = false);
        play.hears(sender.invite("largemsg", &sender.offer));
        assert_eq!(play.done(), ["180"]);
        let Some(Sight::Invitation { invitation, from, .. }) = play.sights.first().cloned() else { panic!("not asked") };
        assert_eq!(from.as_deref(), Some("sip:robert@example.com"));
        (play, invitation)
    };
    for (decision, expected) in [(InvitationAnswer::Accept, "200"), (InvitationAnswer::Reject, "603")] {
        let (mut play, invitation) = asked();
        play.act(Act::AnswerInvitation { invitation, decision, to: None });
        assert_eq!(play.done(), [expected]);
    }
    let (mut play, invitation) = asked();
    let cancel = String::from_utf8(sender.invite("largemsg", "").to_vec()).unwrap().replace("INVITE", "CANCEL");
    play.hears(cancel.into());
    assert_eq!(play.done(), ["200", "487"]);
    play.act(Act::AnswerInvitation { invitation, decision: InvitationAnswer::Accept, to: None });
    assert!(matches!(play.answers.last(), Some(Answer::UnknownHandle(_))));
}

#[test]
fn a_bye_before_the_end_leaves_nothing_to_be_shown() {
    let (mut play, mut sender) = (Play::new(|_| {}), Sender::new());
    play.hears(sender.invite("largemsg", &sender.offer));
    play.hears(Sender::within(&play, "ACK", 1));
    let answer = Description::read(&play.sip[0].raw[play.sip[0].body.from..]).unwrap().end;
    sender.endpoint.set_remote(sender.session, answer.path);
    sender.endpoint.send(
        play.now,
        sender.session,
        Wish { ranges: Some(vec![(0, 2048), (2048, 4096)]), ..Wish::new("msg1", "message/cpim", cpim(5000)) },
    );
    sender.talk(&mut play);
    play.hears(Sender::within(&play, "BYE", 2));
    assert_eq!((play.done().last().cloned(), play.sights.len()), (Some("close 192.0.2.50:2855".to_owned()), 0));
}
