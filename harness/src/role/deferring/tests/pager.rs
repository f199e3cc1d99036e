use pretty_assertions::assert_eq;

use super::*;

const ALICE: &str = "sip:alice@example.com";

#[test]
fn what_comes_for_who_is_away_is_kept_and_listed() {
    let mut rig = Rig::new();
    rig.leave();
    assert_eq!(rig.status(), 200);
    rig.bob_writes(ALICE, "1", "");
    assert_eq!((rig.status(), rig.count("MESSAGE")), (202, 0));
    rig.bob_writes(ALICE, "2", "Expires: 60\r\n");
    assert_eq!(rig.listed("sip:phone@192.0.2.3"), ["sip:m1@deferred.example.com", "sip:m2@deferred.example.com"]);
    rig.pass(61);
    assert_eq!(rig.listed("sip:phone@192.0.2.3"), ["sip:m1@deferred.example.com"]);
}

#[test]
fn what_comes_for_who_is_there_is_passed_on_and_kept_where_nobody_takes_it() {
    for (status, result, listed) in [(200, 200, 0), (480, 202, 1), (486, 486, 0)] {
        let mut rig = Rig::new();
        rig.bob_writes(ALICE, "1", "Route: <sip:192.0.2.9:5060;lr>, <sip:192.0.2.1:5060;lr>\r\n");
        let copy = rig.last("MESSAGE");
        assert_eq!(copy.value("Conversation-ID").as_deref(), Some("c-1"));
        assert_eq!(copy.value("Route").as_deref(), Some("<sip:192.0.2.1:5060;lr>"));
        assert_ne!(copy.call_id().as_deref(), Some("1"));
        rig.answer(status, "", "");
        assert_eq!(rig.status(), result);
        assert_eq!(rig.listed("sip:phone@192.0.2.3").len(), listed);
    }
    let mut rig = Rig::new();
    rig.bob_writes(ALICE, "1", "");
    rig.pass(33);
    assert_eq!(rig.status(), 202);
}

#[test]
fn each_message_is_delivered_in_one_of_its_own() {
    let mut rig = Rig::new();
    rig.leave();
    rig.bob_writes(ALICE, "1", "Privacy: id\r\n");
    rig.now = Duration::from_secs(60);
    rig.bob_writes(ALICE, "2", "");
    rig.registers("600", "");
    assert_eq!(rig.fetch("multipart/mixed message/cpim"), 200);
    assert_eq!(rig.count("BYE"), 0);
    let delivered = rig.delivered(|_| 200);
    assert_eq!(delivered.len(), 2);
    for (number, (kind, text)) in delivered.iter().enumerate() {
        assert!(kind.starts_with("multipart/mixed;boundary="), "{kind}");
        assert!(text.contains("Content-Type: message/sipfrag\r\n\r\nMESSAGE sip:alice@example.com SIP/2.0\r\n"), "{text}");
        assert!(text.contains(&format!("Conversation-ID: c-{}\r\n", number + 1)), "{text}");
        assert_eq!(text.contains("P-Asserted-Identity"), number == 1, "{text}");
        assert!(text.contains(&format!("Content-Type: message/cpim\r\n\r\n{CPIM}\r\n--")), "{text}");
        assert!(!text.contains("Via:") && !text.contains("Content-Length"), "{text}");
    }
    assert!(delivered[0].1.contains("Date: Thu, 09 Oct 2025 08:53:20 GMT\r\n"), "{}", delivered[0].1);
    assert!(delivered[1].1.contains("Date: Thu, 09 Oct 2025 08:54:20 GMT\r\n"), "{}", delivered[1].1);
    let bye = rig.last("BYE");
    assert_eq!(bye.request_uri().map(|uri| uri.text(&bye.raw).into_owned()).as_deref(), Some("sip:phone@192.0.2.3"));
    rig.answer(200, "", "");
    assert_eq!(rig.listed("sip:phone@192.0.2.3"), [""; 0]);
    assert_eq!(rig.imap, [""; 0]);
}

#[test]
fn what_fails_stays_deferred_and_is_not_recorded() {
    let mut rig = Rig::new();
    rig.sut.settings.history = true;
    rig.leave();
    for id in ["1", "2", "3"] {
        rig.bob_writes(ALICE, id, "");
    }
    rig.fetch("*");
    rig.delivered(|number| if number == 1 { 413 } else { 200 });
    assert_eq!(rig.count("BYE"), 1);
    rig.answer(200, "", "");
    assert_eq!(rig.listed("sip:phone@192.0.2.3"), ["sip:m2@deferred.example.com"]);
    let mut store = crate::role::message_store::MessageStore::default();
    let mut said = String::new();
    for _ in 0..8 {
        let asked = std::mem::take(&mut rig.imap).concat();
        said.push_str(&asked);
        store.handle(Duration::ZERO, Input::Bytes { hop: store_hop(), bytes: asked.into() });
        while let Some(output) = store.poll() {
            if let Output::Transmit { bytes, .. } = output {
                rig.hand(Input::Bytes { hop: store_hop(), bytes });
            }
        }
    }
    assert_eq!(said.matches("APPEND INBOX").count(), 2, "{said}");
    assert!(said.contains("Conversation-ID: c-1\r\n") && said.contains("Conversation-ID: c-3\r\n") && !said.contains("c-2"), "{said}");
    assert!(said.ends_with("LOGOUT\r\n"), "{said}");
}

#[test]
fn what_was_not_declared_is_not_sent() {
    let mut rig = Rig::new();
    assert_eq!(rig.fetch("message/cpim"), 200, "there is nothing to send");
    assert_eq!(rig.count("BYE"), 1);
    let mut rig = Rig::new();
    rig.leave();
    rig.bob_writes(ALICE, "1", "");
    assert_eq!(rig.fetch("message/cpim"), 488);
}

#[test]
fn nothing_is_sent_before_the_session_stands() {
    let mut rig = Rig::new();
    rig.leave();
    rig.bob_writes(ALICE, "1", "");
    rig.acknowledges_late = true;
    rig.fetch("*");
    assert!(rig.msrp.iter().all(|raw| !raw.starts_with(b"MSRP ") || raw.windows(5).any(|word| word == b" 200 ")), "only the response");
    rig.acknowledge();
    assert_eq!(rig.count("BYE"), 0);
    assert_eq!(rig.delivered(|_| 200).len(), 1);
    assert_eq!(rig.count("BYE"), 1);
}

#[test]
fn a_broken_session_leaves_the_rest_deferred() {
    let mut rig = Rig::new();
    rig.leave();
    rig.bob_writes(ALICE, "1", "");
    rig.bob_writes(ALICE, "2", "");
    rig.fetch("*");
    rig.hand(Input::Closed { hop: media() });
    assert_eq!(rig.count("BYE"), 1);
    rig.answer(200, "", "");
    assert_eq!(rig.listed("sip:phone@192.0.2.3").len(), 2);
    assert_eq!(rig.fetch("*"), 200);
    rig.sip.clear();
    rig.pass(29);
    assert_eq!(rig.count("BYE"), 0);
    rig.pass(1);
    assert_eq!(rig.count("BYE"), 1, "no answer is a failure, too");
}

#[test]
fn a_notification_waits_for_the_device_that_asked() {
    let (phone, tablet) = ("sip:alice@example.com;gr=phone", "sip:alice@example.com;gr=tablet");
    let mut rig = Rig::new();
    rig.registers("600", tablet);
    rig.registers("0", phone);
    rig.bob_writes(phone, "1", "");
    assert_eq!((rig.status(), rig.count("MESSAGE")), (202, 0));
    rig.bob_writes(tablet, "2", "");
    assert_eq!(rig.count("MESSAGE"), 1);
    rig.answer(200, "", "");
    assert_eq!(rig.listed(tablet), [""; 0]);
    assert_eq!(rig.listed(phone), ["sip:m1@deferred.example.com"]);
    rig.registers("600", phone);
    rig.bob_writes(phone, "3", "");
    assert_eq!(rig.count("MESSAGE"), 2);
}
