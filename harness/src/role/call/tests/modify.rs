//! Sessions that are changed while they stand, and how they are left.

use pretty_assertions::assert_eq;

use super::*;

const OTHER: &str = "v=1\r\n";

impl Wire {
    fn modify(&mut self, who: usize) -> bool {
        let Party { transactions, calls, .. } = &mut self.parties[who];
        let call = calls.latest().unwrap();
        let sent = calls
            .modify(self.now, transactions, call, |draft| draft.header("Contact", "<sip:moved@192.0.2.9>").body("application/sdp", OTHER));
        self.carry();
        sent
    }

    fn negotiate(&mut self, who: usize) {
        let calls = &mut self.parties[who].calls;
        calls.negotiate(calls.latest().unwrap());
    }

    /// Answers the offer that came last.
    fn answer(&mut self, who: usize, status: u16, more: &[(&str, &str)]) {
        let Party { transactions, calls, .. } = &mut self.parties[who];
        let offers = std::iter::from_fn(|| calls.event()).filter_map(|event| match event {
            Event::Offered { call, transaction, .. } => Some((call, transaction)),
            _ => None,
        });
        let (call, transaction) = offers.last().unwrap();
        calls.respond_within(self.now, transactions, call, transaction, status, |mut draft| {
            for (name, value) in more {
                draft = draft.header(name, value);
            }
            draft.header("Contact", "<sip:desk@192.0.2.2>").body("application/sdp", OTHER)
        });
        self.carry();
    }

    fn leave(&mut self, who: usize, fields: &[(&str, &str)]) {
        let Party { transactions, calls, .. } = &mut self.parties[who];
        let call = calls.latest().unwrap();
        calls.end_with(self.now, transactions, call, fields);
        self.carry();
    }
}

#[test]
fn a_change_takes_effect_and_moves_both_targets() {
    let mut wire = standing(Transport::Udp);
    wire.negotiate(BOB);
    assert!(wire.modify(ALICE));
    wire.answer(BOB, 200, &[]);
    assert_eq!(wire.said(), ["INVITE sip:bob@192.0.2.2 2", "200 INVITE 2", "ACK sip:desk@192.0.2.2 2"]);
    assert_eq!((wire.events(ALICE), wire.events(BOB)), (vec!["changed 200".to_owned()], vec!["acknowledged".to_owned()]));
    wire.end(BOB);
    assert_eq!(wire.said()[0], "BYE sip:moved@192.0.2.9 1");
}

#[test]
fn who_was_called_changes_with_numbers_and_tags_of_its_own() {
    let mut wire = standing(Transport::Udp);
    assert!(wire.modify(BOB));
    let (invite, ok) = (wire.last("INVITE").clone(), wire.last("SIP/2.0 200").clone());
    assert_eq!(wire.said(), ["INVITE sip:alice@192.0.2.1 1", "200 INVITE 1", "ACK sip:alice@192.0.2.1 1"]);
    let first = wire.whole.iter().find(|m| m.status() == Some(200)).unwrap();
    assert_eq!((invite.tag("From"), invite.tag("To")), (first.tag("To"), first.tag("From")));
    assert_eq!(ok.body.of(&ok.raw), SDP.as_bytes(), "without negotiation the description stays as it is");
    assert_eq!(wire.events(BOB), ["changed 200"]);
}

#[test]
fn an_offer_may_be_refused_and_the_session_goes_on() {
    let mut wire = standing(Transport::Udp);
    wire.negotiate(BOB);
    wire.modify(ALICE);
    wire.answer(BOB, 488, &[]);
    assert_eq!(wire.said(), ["INVITE sip:bob@192.0.2.2 2", "488 INVITE 2", "ACK sip:bob@192.0.2.2 2"]);
    assert_eq!(wire.events(ALICE), ["changed 488"]);
    wire.end(BOB);
    assert_eq!(wire.said()[0], "BYE sip:alice@192.0.2.1 1", "the target stays, too");
}

#[test]
fn an_answer_may_start_a_timer_that_the_offer_did_not_ask_for() {
    let mut wire = standing(Transport::Udp);
    wire.negotiate(BOB);
    wire.modify(ALICE);
    wire.answer(BOB, 200, &[("Session-Expires", "90;refresher=uas")]);
    wire.pass(Duration::from_secs(50));
    let update = wire.last("UPDATE");
    assert_eq!(
        (text(update, "Session-Expires"), update.request_uri().unwrap().text(&update.raw)),
        ("90;refresher=uac".to_owned(), "sip:moved@192.0.2.9".into())
    );
    wire.modify(ALICE);
    assert_eq!(text(wire.last("INVITE"), "Session-Expires"), "90;refresher=uas", "Bob refreshes");
}

#[test]
fn while_an_offer_waits_no_other_is_taken_or_made() {
    let mut wire = standing(Transport::Udp);
    wire.negotiate(BOB);
    assert!(wire.modify(ALICE));
    assert!(!wire.modify(ALICE) && !wire.modify(BOB));
    wire.said();
    let Party { transactions, calls, .. } = &mut wire.parties[ALICE];
    calls.request(wire.now, transactions, 1, "UPDATE", |draft| draft.body("application/sdp", SDP));
    wire.carry();
    assert_eq!(wire.said(), ["UPDATE sip:bob@192.0.2.2 3", "500 UPDATE 3"]);
    assert_eq!(text(wire.last("SIP/2.0 500"), "Retry-After"), "5");
    wire.end(ALICE);
    assert_eq!(wire.said(), ["BYE sip:bob@192.0.2.2 4", "200 BYE 4", "487 INVITE 2", "ACK sip:bob@192.0.2.2 2"]);
    assert!(!wire.modify(ALICE), "there is nothing to change any more");
}

#[test]
fn crossing_changes_are_tried_again_after_different_delays() {
    for (who, other, least, most) in [(ALICE, BOB, 2100, 4000), (BOB, ALICE, 10, 2000)] {
        let mut wire = standing(Transport::Udp);
        wire.negotiate(other);
        // The INVITE of the other end is lost, so that only its maker knows of it.
        wire.lost = vec!["INVITE sip"];
        assert!(wire.modify(other));
        wire.lost.clear();
        assert!(wire.modify(who));
        let met = wire.now.as_millis();
        assert!(wire.said().last().unwrap().starts_with("ACK"), "491 is acknowledged");
        assert_eq!(wire.events(who), [""; 0]);
        // The other one gives up its own by the answer to it.
        wire.pass(Duration::from_millis(700));
        wire.pass(Duration::from_secs(6));
        let number = |m: &Message| m.cseq().map(|(number, _)| number);
        let lines = wire.said.iter().filter(|(_, by, line)| *by == who && line.starts_with("INVITE")).map(|(at, ..)| at - met);
        let again: Vec<_> = lines.collect();
        assert!(again.first().is_some_and(|at| (least..=most).contains(at)), "{again:?}");
        let own: Vec<_> = wire.whole.iter().filter(|m| m.method() == Some("INVITE") && m.body.of(&m.raw) == OTHER.as_bytes()).collect();
        assert!(own.iter().all(|m| number(m).is_some()));
    }
}

#[test]
fn an_offer_that_became_stale_while_it_waited_is_given_back() {
    let mut wire = standing(Transport::Udp);
    wire.lost = vec!["INVITE sip:alice"];
    assert!(wire.modify(BOB));
    assert!(wire.modify(ALICE));
    wire.negotiate(ALICE);
    wire.lost.clear();
    wire.pass(Duration::from_millis(600));
    assert_eq!(wire.said.last().unwrap().2, "INVITE sip:alice@192.0.2.1 1", "it comes again");
    wire.answer(ALICE, 200, &[]);
    assert_eq!(wire.events(ALICE), ["changed 491", "acknowledged"]);
    wire.said();
    wire.pass(Duration::from_secs(10));
    assert!(!wire.said().iter().any(|line| line.starts_with("INVITE")));
}

#[test]
fn a_change_that_finds_no_session_any_more_ends_it() {
    let mut wire = standing(Transport::Udp);
    wire.parties[BOB].calls.clear();
    wire.parties[BOB].calls.absent = Some("399 bob \"none\"".to_owned());
    wire.modify(ALICE);
    assert_eq!(text(wire.last("SIP/2.0 481"), "Warning"), "", "that is the answer to BYE");
    let of_invite = wire.whole.iter().find(|m| m.status() == Some(481)).unwrap();
    assert_eq!(text(of_invite, "Warning"), "399 bob \"none\"");
    assert_eq!(wire.events(ALICE), ["Lost"]);
    let mut wire = standing(Transport::Udp);
    wire.lost = vec!["INVITE"];
    wire.modify(ALICE);
    wire.pass(PATIENCE);
    assert_eq!(wire.events(ALICE), ["Lost"], "so does silence");
}

#[test]
fn a_reason_goes_along_with_bye_and_cancel() {
    let reason = [("Reason", "SIP;cause=200"), ("Privacy", "id")];
    let mut wire = standing(Transport::Udp);
    wire.leave(ALICE, &reason);
    assert_eq!((text(wire.last("BYE"), "Reason"), text(wire.last("BYE"), "Privacy")), ("SIP;cause=200".to_owned(), "id".to_owned()));
    let calls = &wire.parties[BOB].calls;
    assert_eq!(calls.parting(1).unwrap().value("Reason").unwrap(), "SIP;cause=200");
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.leave(ALICE, &reason);
    wire.respond(180, &[]);
    assert_eq!(text(wire.last("CANCEL"), "Reason"), "SIP;cause=200");
    assert_eq!(wire.parties[BOB].calls.parting(1).unwrap().method(), Some("CANCEL"));
    // Where the ACK is still to come, the BYE keeps it.
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.lost = vec!["ACK"];
    wire.respond(200, &[]);
    wire.leave(BOB, &reason);
    wire.lost.clear();
    wire.pass(Duration::from_secs(2));
    assert_eq!(text(wire.last("BYE"), "Reason"), "SIP;cause=200");
}
