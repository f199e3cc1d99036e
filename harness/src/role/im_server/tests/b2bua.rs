//! Two dialogs.

use pretty_assertions::assert_eq;

use super::*;

/// A session without media of the server.
fn session(update: bool) -> Play {
    let mut play = Play::new(Mode::B2bua, false);
    play.established(update);
    play
}

fn changed() -> String {
    SDP.replace("- 7 7 ", "- 7 8 ").replace("a=setup:active\r\n", "a=setup:active\r\na=recvonly\r\n")
}

fn answer() -> String {
    right().replace("- 7 7 ", "- 7 8 ").replace("a=setup:passive\r\n", "a=setup:passive\r\na=sendonly\r\n")
}

#[test]
fn an_invitation_becomes_another_one() {
    let mut play = Play::new(Mode::B2bua, false);
    play.left("INVITE", Some(SDP));
    assert_eq!(play.said(), ["100 INVITE", "INVITE"]);
    let invite = play.last("INVITE");
    assert_ne!(text(&invite, "Call-ID"), "left");
    assert_ne!(invite.tag("From").unwrap(), "l");
    assert!(text(&invite, "From").starts_with("\"The Room\" <sip:room@example.com>;tag="));
    assert_eq!(text(&invite, "Route"), format!("<sip:{CORE};lr>"));
    assert_eq!(text(&invite, "Max-Forwards"), "68");
    assert_eq!((text(&invite, "P-Asserted-Identity"), text(&invite, "Privacy")), ("<sip:room@example.com>".to_owned(), "id".to_owned()));
    assert_eq!(text(&invite, "Contact"), format!("<sip:im@{OWN}>;isfocus"));
    assert!(text(&invite, "Allow").contains("UPDATE") && invite.first("Record-Route").is_none());
    assert_eq!((invite.elements("Via").len(), body(&invite)), (1, SDP.to_owned()));
    play.answers("INVITE", 180, &[], None);
    play.answers("INVITE", 200, &[("Conversation-ID", "c")], Some(&right()));
    assert_eq!(play.said(), ["180 INVITE", "ACK", "200 INVITE"]);
    let ok = play.last("200 INVITE");
    assert_eq!((text(&ok, "Call-ID"), text(&ok, "Conversation-ID"), body(&ok)), ("left".to_owned(), "c".to_owned(), right()));
    assert_eq!(text(&ok, "Record-Route"), "<sip:left.example.com;lr>");
    play.left("ACK", None);
    play.pass(60);
    assert_eq!(play.said(), [] as [&str; 0]);
}

#[test]
fn a_change_goes_out_in_the_other_dialog_and_its_answer_comes_back() {
    for (method, update, out) in
        [("INVITE", true, "INVITE"), ("UPDATE", true, "UPDATE"), ("UPDATE", false, "INVITE"), ("INVITE", false, "INVITE")]
    {
        let mut play = session(update);
        let first = play.last("INVITE");
        play.left(method, Some(&changed()));
        let trying: &[&str] = if method == "INVITE" { &["100 INVITE"] } else { &[] };
        assert_eq!(play.said(), [trying, &[out]].concat(), "{method} {update}");
        let change = play.last(out);
        assert_eq!((change.call_id(), change.tag("From"), change.tag("To").as_deref()), (first.call_id(), first.tag("From"), Some("r")));
        assert_eq!((change.cseq(), body(&change)), (Some((2, out)), changed()));
        assert_eq!(contact(&change).unwrap(), format!("sip:im@{OWN}"));
        assert_eq!(change.request_uri().unwrap().text(&change.raw), "sip:bob@192.0.2.4:5060");
        assert_eq!(text(&change, "P-Asserted-Identity"), "<sip:room@example.com>");
        play.answers(out, 200, &[], Some(&answer()));
        let ok = format!("200 {method}");
        let acknowledged: &[&str] = if out == "INVITE" { &["ACK"] } else { &[] };
        assert_eq!(play.said(), [acknowledged, &[&ok]].concat());
        assert_eq!((text(&play.last(&ok), "Call-ID"), body(&play.last(&ok))), ("left".to_owned(), answer()));
        if method == "INVITE" {
            play.left("ACK", None);
        }
        play.pass(60);
        assert_eq!(play.said(), [] as [&str; 0]);
    }
}

#[test]
fn what_the_client_cannot_take_is_refused_here() {
    let mut play = session(true);
    for (method, offer) in [
        ("INVITE", changed().replace("message/cpim", "application/x-conformance")),
        ("UPDATE", changed().replace("m=message 2855 TCP/MSRP *", "m=audio 4000 RTP/AVP 0")),
        ("INVITE", changed().replace("TCP/MSRP", "TCP/TLS/MSRP")),
    ] {
        play.left(method, Some(&offer));
        assert_eq!(play.said(), [format!("488 {method}")]);
        assert!(text(&play.last(&format!("488 {method}")), "Warning").starts_with("305 "));
        if method == "INVITE" {
            play.left("ACK", None);
        }
    }
    play.left("UPDATE", Some(&format!("{}m=audio 4000 RTP/AVP 0\r\n", changed())));
    assert_eq!(play.said(), ["UPDATE"]);
}

#[test]
fn refusals_are_told_with_their_status_and_nothing_changes() {
    for status in [405, 415, 480, 486, 488, 491, 500, 603] {
        let mut play = session(true);
        play.left("INVITE", Some(&changed()));
        play.answers("INVITE", status, &[("Warning", "399 bob \"no\""), ("Retry-After", "5")], None);
        let final_response = format!("{status} INVITE");
        assert_eq!(play.said(), ["100 INVITE", "INVITE", "ACK", &final_response]);
        let told = play.last(&final_response);
        assert_eq!((text(&told, "Warning"), text(&told, "Retry-After")), ("399 bob \"no\"".to_owned(), "5".to_owned()));
        play.left("ACK", None);
        play.left("UPDATE", Some(&changed()));
        assert_eq!(play.said(), ["UPDATE"]);
    }
    let mut play = session(true);
    play.left("INVITE", Some(&changed()));
    play.answers("INVITE", 401, &[], None);
    assert_eq!(play.said()[2..], ["ACK", "403 INVITE"]);
}

#[test]
fn a_dialog_that_is_gone_takes_the_other_one_along() {
    let mut play = session(true);
    play.left("INVITE", Some(&changed()));
    play.answers("INVITE", 481, &[], None);
    assert_eq!(play.said()[2..], ["ACK", "481 INVITE", "BYE", "BYE"]);
    let mut play = session(true);
    play.left("INVITE", Some(&changed()));
    play.said();
    play.pass(33);
    let said = play.said();
    assert_eq!(said.iter().filter(|line| *line == "INVITE").count(), 6);
    assert!(said.contains(&"408 INVITE".to_owned()), "{said:?}");
    let calls: std::collections::BTreeSet<_> = play.sip.iter().filter(|m| m.method() == Some("BYE")).map(|m| text(m, "Call-ID")).collect();
    assert_eq!(calls.len(), 2);
}

#[test]
fn the_client_changes_the_session_too_and_two_at_a_time_do_not() {
    let mut play = session(true);
    let invite = play.last("INVITE");
    let offers = |play: &mut Play, number: u32, method: &str| {
        play.hears(
            Draft::request(method, &format!("sip:im@{OWN}"))
                .header("Via", &format!("SIP/2.0/UDP {CORE};branch=z9hG4bKright{method}{number}"))
                .header("From", "<sip:bob@example.com>;tag=r")
                .header("To", &text(&invite, "From"))
                .header("Call-ID", &text(&invite, "Call-ID"))
                .header("CSeq", &format!("{number} {method}"))
                .header("Contact", "<sip:bob@192.0.2.4:5060>")
                .body("application/sdp", answer()),
        );
    };
    offers(&mut play, 1, "INVITE");
    assert_eq!(play.said(), ["100 INVITE", "INVITE"]);
    let change = play.last("INVITE");
    assert_eq!((text(&change, "Call-ID"), change.tag("To").as_deref(), body(&change)), ("left".to_owned(), Some("l"), answer()));
    play.left("UPDATE", Some(&changed()));
    assert_eq!(play.said(), ["491 UPDATE"]);
    play.answers("INVITE", 200, &[], Some(&changed()));
    assert_eq!(play.said(), ["ACK", "200 INVITE"]);
    offers(&mut play, 1, "ACK");
    play.left("UPDATE", Some(&changed()));
    offers(&mut play, 2, "INVITE");
    assert_eq!(play.said(), ["UPDATE", "491 INVITE"]);
}

#[test]
fn who_leaves_takes_the_other_one_along() {
    let mut play = session(true);
    play.left("BYE", None);
    assert_eq!(play.said(), ["200 BYE", "BYE"]);
    play.answers("BYE", 200, &[], None);
    let mut play = Play::new(Mode::B2bua, false);
    play.left("INVITE", Some(SDP));
    play.answers("INVITE", 180, &[], None);
    play.said();
    play.left("CANCEL", None);
    assert_eq!(play.said(), ["200 CANCEL", "487 INVITE", "CANCEL"]);
    play.answers("INVITE", 487, &[], None);
    assert_eq!(play.said(), ["ACK"]);
    let mut play = Play::new(Mode::B2bua, false);
    play.left("INVITE", Some(SDP));
    play.answers("INVITE", 486, &[("Reason", "SIP;cause=486")], None);
    assert_eq!(play.said()[2..], ["ACK", "486 INVITE"]);
}

#[test]
fn who_asks_without_an_offer_is_told_what_stands() {
    let mut play = session(true);
    play.left("INVITE", None);
    assert_eq!(play.said(), ["200 INVITE"]);
    assert_eq!(body(&play.last("200 INVITE")), right());
    play.left("ACK", Some(SDP));
    play.left("UPDATE", None);
    assert_eq!(play.said(), ["200 UPDATE"]);
    play.left("OPTIONS", None);
    play.left("INFO", None);
    assert_eq!(play.said(), ["200 OPTIONS", "405 INFO"]);
}

#[test]
fn an_answer_may_come_with_the_acknowledgement() {
    let mut play = Play::new(Mode::B2bua, false);
    play.left("INVITE", None);
    play.answers("INVITE", 200, &[], Some(&right()));
    assert_eq!(play.said(), ["100 INVITE", "INVITE", "200 INVITE"]);
    play.left("ACK", Some(SDP));
    assert_eq!(play.said(), ["ACK"]);
    assert_eq!(body(&play.last("ACK")), SDP);
}
