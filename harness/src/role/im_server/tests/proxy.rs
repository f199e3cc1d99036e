//! One dialog.

use pretty_assertions::assert_eq;

use super::*;

fn lines(message: &Message) -> Vec<String> {
    String::from_utf8_lossy(&message.raw).split("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_request_goes_on_as_it_came_but_for_the_way_itself() {
    let mut play = Play::new(Mode::Proxy, false);
    play.left("INVITE", Some(SDP));
    assert_eq!(play.said(), ["100 INVITE", "INVITE"]);
    let invite = play.last("INVITE");
    let lines = lines(&invite);
    assert_eq!(lines[0], "INVITE sip:bob@example.com SIP/2.0");
    let ways: Vec<&str> = lines.iter().map(String::as_str).filter(|l| l.starts_with("Record-Route") || l.starts_with("Route")).collect();
    assert_eq!(
        ways,
        [&format!("Record-Route: <sip:{OWN};lr>"), &format!("Route: <sip:{CORE};lr>"), "Record-Route: <sip:left.example.com;lr>"]
    );
    assert_eq!((invite.elements("Via").len(), text(&invite, "Max-Forwards"), body(&invite)), (2, "68".to_owned(), SDP.to_owned()));
    assert_eq!(
        (text(&invite, "Call-ID"), text(&invite, "CSeq"), invite.tag("From").unwrap().into_owned()),
        ("left".to_owned(), "1 INVITE".to_owned(), "l".to_owned())
    );
    play.answers("INVITE", 180, &[], None);
    play.answers("INVITE", 200, &[], Some(&right()));
    play.answers("INVITE", 200, &[], Some(&right()));
    assert_eq!(play.said(), ["180 INVITE", "200 INVITE", "200 INVITE"]);
    assert_eq!(play.last("200 INVITE").elements("Via").len(), 1);
    play.pass(20);
    assert_eq!(play.said(), [] as [&str; 0]);
    play.left("ACK", None);
    assert_eq!(play.said(), ["ACK"]);
    assert_eq!(play.last("ACK").elements("Via").len(), 2);
    play.left("UPDATE", Some("bad"));
    let update = play.last("UPDATE");
    assert_eq!(body(&update), "bad");
    assert!(update.fields_named("Record-Route").count() == 1);
    play.answers("UPDATE", 405, &[("Allow", "INVITE")], None);
    assert_eq!(play.said(), ["UPDATE", "405 UPDATE"]);
}

#[test]
fn refusals_are_acknowledged_here_and_go_on() {
    for (status, told) in [(481, 481), (488, 488), (491, 491), (500, 500), (503, 500), (603, 603)] {
        let mut play = Play::new(Mode::Proxy, false);
        play.left("INVITE", Some(SDP));
        play.said();
        play.answers("INVITE", status, &[("Warning", "399 bob \"no\"")], None);
        assert_eq!(play.said(), ["ACK".to_owned(), format!("{told} INVITE")]);
        assert_eq!(text(&play.last(&format!("{told} INVITE")), "Warning"), "399 bob \"no\"");
        // The ACK of the left belongs to this hop.
        let via = play.last(&format!("{told} INVITE")).branch().unwrap().into_owned();
        let ack = Draft::request("ACK", "sip:bob@example.com").header("Via", &format!("SIP/2.0/UDP {CORE};branch={via}"));
        play.hears(ack.header("CSeq", "1 ACK").header("Call-ID", "left"));
        play.pass(10);
        assert_eq!(play.said(), [] as [&str; 0]);
    }
}

#[test]
fn what_may_not_go_on_is_answered_here() {
    let mut play = Play::new(Mode::Proxy, false);
    let request = |method: &str, uri: &str| {
        Draft::request(method, uri)
            .header("Via", &format!("SIP/2.0/UDP {CORE};branch=z9hG4bK{method}{}", uri.len()))
            .header("From", "<sip:a@b>;tag=a")
            .header("To", "<sip:c@d>")
            .header("Call-ID", "x")
            .header("CSeq", &format!("1 {method}"))
    };
    play.hears(request("OPTIONS", &format!("sip:{OWN}")).header("Max-Forwards", "0"));
    play.hears(request("REGISTER", &format!("sip:{OWN}")).header("Expires", "600"));
    assert_eq!(text(&play.last("200 REGISTER"), "Expires"), "600");
    play.hears(request("MESSAGE", "sip:bob@example.com").header("Max-Forwards", "0"));
    play.hears(request("INFO", "sip:bob@example.com").header("Proxy-Require", "x, y"));
    assert_eq!(text(&play.last("420 INFO"), "Unsupported"), "x, y");
    play.hears(request("MESSAGE", "sip:robert@example.com"));
    assert_eq!(text(&play.last("MESSAGE"), "Max-Forwards"), "70");
    assert_eq!(play.said(), ["200 OPTIONS", "200 REGISTER", "483 MESSAGE", "420 INFO", "MESSAGE"]);
}

#[test]
fn cancellation_and_silence() {
    let mut play = Play::new(Mode::Proxy, false);
    play.left("INVITE", Some(SDP));
    play.left("CANCEL", None);
    assert_eq!(play.said(), ["100 INVITE", "INVITE", "200 CANCEL"]);
    play.answers("INVITE", 180, &[], None);
    assert_eq!(play.said(), ["CANCEL", "180 INVITE"]);
    assert_eq!(play.last("CANCEL").branch(), play.last("INVITE").branch());
    let mut play = Play::new(Mode::Proxy, false);
    play.left("INVITE", Some(SDP));
    play.said();
    play.pass(33);
    let said = play.said();
    assert!(said.contains(&"408 INVITE".to_owned()), "{said:?}");
}
