use pretty_assertions::assert_eq;

use super::*;

const FILE: &str = "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.filetransfer\"";
const LARGE: &str = "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.largemsg\"";
const CHAT: &str = "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session\"";

impl Rig {
    fn invites(&mut self, feature: &str, contact: &str, setup: &str) {
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.3\r\nt=0 0\r\nm=message 9 TCP/MSRP *\r\na=accept-types:message/cpim\r\n\
             a=path:msrp://192.0.2.3:9/bob;tcp\r\na=setup:{setup}\r\n"
        );
        self.say(
            "INVITE sip:alice@example.com",
            &format!(
                "From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>\r\nCall-ID: i\r\nContact: {contact}\r\nConversation-ID: c-1\r\n\
                 Contribution-ID: d-1\r\nP-Asserted-Identity: <sip:bob@example.com>\r\nAccept-Contact: {feature}\r\n\
                 Content-Type: application/sdp\r\n"
            ),
            &offer,
        );
    }

    fn sends(&mut self, chunks: &[&str]) {
        let response = self.sip.iter().rev().find(|message| message.status() == Some(200)).expect("a 200").clone();
        let tag = response.tag("To").expect("a tag").into_owned();
        let path = crate::role::sdp::Description::read(response.body.of(&response.raw)).expect("an answer").end.path.join(" ");
        let number = response.cseq().expect("a number").0;
        let before = std::mem::replace(&mut self.branch, number - 1);
        let dialog = format!("From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>;tag={tag}\r\nCall-ID: i\r\n");
        self.say("ACK sip:192.0.2.9:5060", &dialog, "");
        self.branch = before + 100;
        let total: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        let mut from = 1;
        for (number, chunk) in chunks.iter().enumerate() {
            let flag = if number + 1 == chunks.len() { '$' } else { '+' };
            let to = from + chunk.len() - 1;
            self.over_media(format!(
                "MSRP tid{number} SEND\r\nTo-Path: {path}\r\nFrom-Path: msrp://192.0.2.3:9/bob;tcp\r\nMessage-ID: big\r\n\
                 Byte-Range: {from}-{to}/{total}\r\nContent-Type: message/cpim\r\n\r\n{chunk}\r\n-------tid{number}{flag}\r\n"
            ));
            from = to + 1;
        }
        self.msrp.clear();
        self.say("BYE sip:192.0.2.9:5060", &dialog, "");
        assert_eq!(self.status(), 200);
    }
}

#[test]
fn a_large_message_is_taken_in_her_place() {
    let mut rig = Rig::new();
    rig.leave();
    rig.invites(LARGE, "<sip:bob@192.0.2.3>", "active");
    assert_eq!(rig.status(), 200);
    rig.sends(&[&CPIM[..20], &CPIM[20..]]);
    assert_eq!(rig.listed("sip:phone@192.0.2.3"), ["sip:m1@deferred.example.com"]);
    rig.registers("600", "");
    rig.fetch("*");
    let delivered = rig.delivered(|_| 200);
    let text = &delivered[0].1;
    assert_eq!(delivered.len(), 1);
    assert!(text.contains("Content-Type: message/sipfrag\r\n\r\nINVITE sip:alice@example.com SIP/2.0\r\n"), "{text}");
    assert!(text.contains("Content-Type: message/msrpfrag\r\n\r\nMSRP tid0 SEND\r\nTo-Path: "), "{text}");
    assert!(text.contains("Message-ID: big\r\nByte-Range: 1-20/"), "{text}");
    assert!(text.contains(&format!("Content-Type: message/cpim\r\n\r\n{CPIM}\r\n--")), "{text}");
}

#[test]
fn a_file_that_only_rings_is_cancelled_and_taken() {
    let mut rig = Rig::new();
    rig.invites(FILE, "<sip:bob@192.0.2.3>", "active");
    let invite = rig.last("INVITE").clone();
    assert_eq!(invite.value("Accept-Contact").as_deref(), Some(FILE));
    rig.answer(180, "", "");
    assert_eq!(rig.status(), 180);
    rig.pass(21);
    assert_eq!(rig.last("CANCEL").value("Reason").as_deref(), Some("SIP;cause=408;text=\"User not responding\""));
    rig.answer(200, "", "");
    rig.sip.push(invite);
    rig.answer(487, "", "");
    assert_eq!(rig.status(), 200);
    rig.sends(&[CPIM]);
    assert_eq!(rig.listed("sip:phone@192.0.2.3").len(), 1);
}

#[test]
fn a_session_that_is_taken_is_passed_on_and_ends_on_both_sides() {
    let mut rig = Rig::new();
    rig.invites(LARGE, "<sip:bob@192.0.2.3>", "active");
    rig.answer(200, "Contact: <sip:phone@192.0.2.4>\r\nContent-Type: application/sdp\r\n", "v=0\r\n");
    assert_eq!(rig.count("ACK"), 1);
    let response = rig.sip.iter().rev().find(|message| message.status() == Some(200)).expect("a 200").clone();
    assert_eq!(response.body.of(&response.raw), b"v=0\r\n");
    let tag = response.tag("To").expect("a tag").into_owned();
    let dialog = format!("From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>;tag={tag}\r\nCall-ID: i\r\n");
    rig.branch -= 1;
    rig.say("ACK sip:192.0.2.9:5060", &dialog, "");
    rig.say("BYE sip:192.0.2.9:5060", &dialog, "");
    assert_eq!(rig.count("BYE"), 1);
}

#[test]
fn who_comes_back_is_invited_to_what_a_group_said() {
    for active in [false, true] {
        let mut rig = Rig::new();
        rig.leave();
        rig.invites(CHAT, "<sip:conf@192.0.2.3>;isfocus", "active");
        assert_eq!(rig.status(), 200, "a session of a group is taken in her place");
        if !active {
            rig.sends(&[CPIM]);
        }
        rig.registers("600", "");
        let invite = rig.last("INVITE");
        let service = if active { "session" } else { "deferred" };
        assert!(invite.value("Accept-Contact").is_some_and(|value| value.contains(service)), "{active}");
        assert_eq!(invite.value("Conversation-ID").as_deref(), Some("c-1"));
        let body = String::from_utf8_lossy(invite.body.of(&invite.raw)).into_owned();
        assert!(body.contains(if active { "a=sendrecv" } else { "a=sendonly" }), "{body}");
    }
    let mut rig = Rig::new();
    rig.leave();
    rig.invites(CHAT, "<sip:bob@192.0.2.3>", "active");
    assert_eq!(rig.status(), 480, "one of two people is not");
}
