//! Two parties, a wire between them that may lose messages, and virtual time.

use pretty_assertions::assert_eq;

use super::*;
use crate::{
    role::{Hop, build::Draft, transaction::PATIENCE},
    trace::Transport,
};

const SDP: &str = "v=0\r\n";

mod modify;

struct Party {
    transactions: Transactions,
    calls: Calls,
    hop: Hop,
}

/// Alice calls, Bob is called.
struct Wire {
    now: Duration,
    parties: [Party; 2],
    /// What was said: who, start line and number.
    said: Vec<(u128, usize, String)>,
    /// Start lines of messages that get lost, as often as they come.
    lost: Vec<&'static str>,
    /// All that was said, in full.
    whole: Vec<Message>,
}

const ALICE: usize = 0;
const BOB: usize = 1;

impl Wire {
    fn new(transport: Transport) -> Self {
        let hop = |last: u8| Hop::sip(transport, std::net::SocketAddr::from(([192, 0, 2, last], 5060)));
        let party = |own: u8, other: u8| {
            let means = Means {
                local: hop(own),
                core: hop(other),
                datagram: DATAGRAM,
                credentials: ("alice".to_owned(), "secret".to_owned()),
                agent: Some("x/1".to_owned()),
            };
            Party { transactions: Transactions::default(), calls: Calls::new(means, u64::from(own)), hop: hop(own) }
        };
        Self { now: Duration::ZERO, parties: [party(1, 2), party(2, 1)], said: Vec::new(), lost: Vec::new(), whole: Vec::new() }
    }

    fn invite(&mut self, more: &[(&str, &str)]) -> u64 {
        let Party { transactions, calls, .. } = &mut self.parties[ALICE];
        let mut draft = calls.draft("sip:bob@example.com", "<sip:alice@example.com>", &["<sip:core;lr>".to_owned()]);
        draft = draft.header("Contact", "<sip:alice@192.0.2.1>").header("Allow", "INVITE, UPDATE");
        for (name, value) in more {
            draft = draft.header(name, value);
        }
        let call = calls.invite(self.now, transactions, draft.body("application/sdp", SDP).finish());
        self.carry();
        call
    }

    fn respond(&mut self, status: u16, more: &[(&str, &str)]) {
        let Party { transactions, calls, .. } = &mut self.parties[BOB];
        let call = calls.latest().unwrap();
        calls.respond(self.now, transactions, call, status, |mut draft| {
            for (name, value) in more {
                draft = draft.header(name, value);
            }
            draft.header("Contact", "<sip:bob@192.0.2.2>").body("application/sdp", SDP)
        });
        self.carry();
    }

    fn end(&mut self, who: usize) {
        let Party { transactions, calls, .. } = &mut self.parties[who];
        let call = calls.latest().unwrap();
        calls.end(self.now, transactions, call);
        self.carry();
    }

    /// Hands over what there is until nobody has anything left to say.
    fn carry(&mut self) {
        loop {
            let next = self.parties.iter_mut().enumerate().find_map(|(who, p)| Some((who, p.transactions.poll()?.1)));
            let Some((from, bytes)) = next else { return };
            let message = Message::parse(bytes);
            let line = message.start_span().text(&message.raw).replace(" SIP/2.0", "").replace("SIP/2.0 ", "");
            let (number, method) = message.cseq().map(|(n, m)| (n, m.to_owned())).unwrap();
            let line = if message.is_response() { format!("{} {method}", &line[..3]) } else { line };
            self.said.push((self.now.as_millis(), from, format!("{line} {number}")));
            self.whole.push(message.clone());
            if self.lost.iter().any(|lost| line.starts_with(lost)) {
                continue;
            }
            self.hand(1 - from, message);
        }
    }

    fn hand(&mut self, to: usize, message: Message) {
        let hop = self.parties[1 - to].hop;
        let Party { transactions, calls, .. } = &mut self.parties[to];
        let heard = transactions.receive(self.now, hop, message);
        calls.heard(self.now, transactions, heard);
    }

    /// A message that comes from nowhere.
    fn inject(&mut self, to: usize, text: &str) {
        self.hand(to, Message::parse(Bytes::from(text.replace('\n', "\r\n"))));
        self.carry();
    }

    fn pass(&mut self, end: Duration) {
        loop {
            let next = self.parties.iter().flat_map(|p| [p.transactions.deadline(), p.calls.deadline()]).flatten().min();
            let Some(next) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            for Party { transactions, calls, .. } in &mut self.parties {
                let given_up = transactions.tick(self.now);
                calls.tick(self.now, transactions, given_up);
            }
            self.carry();
        }
        self.now = end;
    }

    fn events(&mut self, who: usize) -> Vec<String> {
        let calls = &mut self.parties[who].calls;
        let words = |event| match event {
            Event::Progress { response, .. } => format!("progress {}", response.status().unwrap()),
            Event::Accepted { .. } => "accepted".to_owned(),
            Event::Refused { response, .. } => format!("refused {:?}", response.and_then(|r| r.status())),
            Event::Invited { .. } => "invited".to_owned(),
            Event::Confirmed { .. } => "confirmed".to_owned(),
            Event::Cancelled { .. } => "cancelled".to_owned(),
            Event::Answered { response, .. } => format!("answered {}", response.status().unwrap()),
            Event::Changed { response, .. } => format!("changed {}", response.status().unwrap()),
            Event::Offered { request, .. } => format!("offered {}", request.method().unwrap()),
            Event::Acknowledged { .. } => "acknowledged".to_owned(),
            Event::Ended { how, .. } => format!("{how:?}"),
        };
        std::iter::from_fn(|| calls.event()).map(words).collect()
    }

    /// What was said since the last look, without who and when.
    fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said).into_iter().map(|(.., line)| line).collect()
    }

    fn last(&self, start: &str) -> &Message {
        self.whole.iter().rfind(|m| m.start_span().text(&m.raw).starts_with(start)).unwrap()
    }
}

fn text(message: &Message, name: &str) -> String {
    message.value(name).unwrap_or_default().into_owned()
}

fn standing(transport: Transport) -> Wire {
    let mut wire = Wire::new(transport);
    wire.invite(&[]);
    wire.respond(200, &[]);
    assert_eq!(wire.events(ALICE), ["accepted"]);
    assert_eq!(wire.events(BOB), ["invited", "confirmed"]);
    wire.said();
    wire
}

#[test]
fn a_call_rings_stands_and_ends() {
    for (who, ends) in [(ALICE, ["ByUs", "ByPeer"]), (BOB, ["ByPeer", "ByUs"])] {
        let mut wire = Wire::new(Transport::Udp);
        wire.invite(&[]);
        wire.respond(180, &[]);
        wire.respond(200, &[]);
        assert_eq!(wire.events(ALICE), ["progress 180", "accepted"]);
        wire.end(who);
        let bye = if who == ALICE { "BYE sip:bob@192.0.2.2 2" } else { "BYE sip:alice@192.0.2.1 1" };
        let answered = if who == ALICE { "200 BYE 2" } else { "200 BYE 1" };
        let said = ["INVITE sip:bob@example.com 1", "180 INVITE 1", "200 INVITE 1", "ACK sip:bob@192.0.2.2 1", bye, answered];
        assert_eq!(wire.said(), said);
        assert_eq!([wire.events(ALICE), wire.events(BOB).split_off(2)], ends.map(|e| vec![e.to_owned()]));
        let call = wire.parties[ALICE].calls.latest().unwrap();
        assert!(!wire.parties[ALICE].calls.lasts(call));
    }
}

#[test]
fn route_target_and_tags_are_those_of_the_dialog() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[("Record-Route", "<sip:r1;lr>, <sip:r2;lr>"), ("Record-Route", "<sip:r3;lr>")]);
    wire.respond(200, &[]);
    let (invite, ok, ack) = (wire.last("INVITE"), wire.last("SIP/2.0 200"), wire.last("ACK"));
    assert_eq!(text(ack, "Route"), "<sip:r3;lr>, <sip:r2;lr>, <sip:r1;lr>");
    assert_eq!((text(ack, "From"), text(ack, "To")), (text(invite, "From"), text(ok, "To")));
    assert_ne!(ack.branch(), invite.branch());
    assert_eq!(text(ack, "Call-ID"), text(invite, "Call-ID"));
    wire.end(BOB);
    let bye = wire.last("BYE");
    assert_eq!(text(bye, "Route"), "<sip:r1;lr>, <sip:r2;lr>, <sip:r3;lr>");
    assert_eq!((text(bye, "From"), text(bye, "To")), (text(wire.last("ACK"), "To"), text(wire.last("ACK"), "From")));
    assert_eq!(text(wire.last("INVITE"), "Route"), "<sip:core;lr>");
}

#[test]
fn a_late_ack_stops_the_repetitions_and_each_2xx_gets_the_same_ack() {
    let mut wire = Wire::new(Transport::Tcp);
    wire.invite(&[]);
    wire.lost = vec!["ACK"];
    wire.respond(200, &[]);
    wire.pass(Duration::from_secs(2));
    wire.lost.clear();
    wire.pass(PATIENCE * 2);
    let times: Vec<_> = wire.said.iter().filter(|(.., line)| line.starts_with("200")).map(|(at, ..)| *at).collect();
    assert_eq!(times, [0, 500, 1500, 3500]);
    let acks: Vec<_> = wire.whole.iter().filter(|m| m.method() == Some("ACK")).collect();
    assert_eq!(acks.len(), 4);
    assert!(acks.iter().all(|ack| ack.raw == acks[0].raw));
    assert_eq!((wire.events(ALICE), wire.events(BOB)), (vec!["accepted".to_owned()], ["invited", "confirmed"].map(str::to_owned).to_vec()));
}

#[test]
fn without_any_ack_the_callee_leaves_after_32_s() {
    let mut wire = Wire::new(Transport::Tcp);
    wire.invite(&[]);
    wire.lost = vec!["ACK"];
    wire.respond(200, &[]);
    wire.pass(PATIENCE * 2);
    assert_eq!(wire.events(BOB), ["invited", "Unconfirmed"]);
    assert_eq!(wire.events(ALICE), ["accepted", "ByPeer"]);
    assert!(wire.said.contains(&(32_000, BOB, "BYE sip:alice@192.0.2.1 1".to_owned())));
}

#[test]
fn who_wants_to_leave_before_the_ack_waits_for_it() {
    let mut wire = Wire::new(Transport::Tcp);
    wire.invite(&[]);
    wire.lost = vec!["ACK"];
    wire.respond(200, &[]);
    wire.end(BOB);
    wire.pass(Duration::from_secs(1));
    assert!(!wire.said().iter().any(|line| line.starts_with("BYE")));
    wire.lost.clear();
    wire.pass(Duration::from_secs(2));
    assert_eq!(wire.events(BOB), ["invited", "confirmed", "ByUs"]);
}

#[test]
fn a_cancelled_invitation_is_refused_with_487() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.said();
    wire.end(ALICE);
    assert_eq!(wire.said(), [""; 0], "nothing came yet");
    wire.respond(180, &[]);
    let uri = "sip:bob@example.com";
    assert_eq!(
        wire.said(),
        [
            "180 INVITE 1".to_owned(),
            format!("CANCEL {uri} 1"),
            "200 CANCEL 1".to_owned(),
            "487 INVITE 1".to_owned(),
            format!("ACK {uri} 1")
        ]
    );
    assert_eq!(wire.events(ALICE), ["progress 180", "refused Some(487)"]);
    assert_eq!(wire.events(BOB), ["invited", "cancelled"]);
    assert_eq!(wire.last("SIP/2.0 200").tag("To"), wire.last("SIP/2.0 180").tag("To"));
    wire.pass(PATIENCE * 2);
    assert_eq!(wire.said(), [""; 0]);
}

#[test]
fn a_cancel_that_crosses_the_2xx_ends_in_ack_and_bye() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.respond(180, &[]);
    wire.lost = vec!["200 INVITE"];
    wire.respond(200, &[]);
    wire.said();
    wire.end(ALICE);
    assert_eq!(wire.said(), ["CANCEL sip:bob@example.com 1", "200 CANCEL 1"]);
    wire.lost.clear();
    wire.pass(Duration::from_secs(1));
    assert_eq!(wire.said(), ["200 INVITE 1", "ACK sip:bob@192.0.2.2 1", "BYE sip:bob@192.0.2.2 2", "200 BYE 2"]);
    assert_eq!(wire.events(ALICE), ["progress 180", "ByUs"]);
    assert_eq!(wire.events(BOB), ["invited", "confirmed", "ByPeer"]);
}

#[test]
fn what_belongs_to_no_dialog_is_answered_with_481() {
    let mut wire = standing(Transport::Udp);
    let head = "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK9\nFrom: <sip:x>;tag=1\nCall-ID: unknown\n";
    for (method, to) in [
        ("BYE", "<sip:bob>;tag=2"),
        ("BYE", "<sip:bob>"),
        ("CANCEL", "<sip:bob>"),
        ("INVITE", "<sip:bob>;tag=2"),
        ("UPDATE", "<sip:bob>;tag=2"),
    ] {
        let head = head.replace("z9hG4bK9", &format!("z9hG4bK{method}{}", to.len()));
        wire.inject(BOB, &format!("{method} sip:bob SIP/2.0\n{head}To: {to}\nCSeq: 1 {method}\n\n"));
        assert_eq!(wire.said().last().unwrap(), &format!("481 {method} 1"));
    }
    wire.inject(BOB, &format!("ACK sip:bob SIP/2.0\n{head}To: <sip:bob>;tag=2\nCSeq: 1 ACK\n\n"));
    assert_eq!(wire.said(), [""; 0]);
    assert_eq!(wire.events(BOB), [""; 0]);
}

#[test]
fn an_ack_with_another_tag_or_number_confirms_nothing() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.lost = vec!["ACK"];
    wire.respond(200, &[]);
    let ack = String::from_utf8(wire.last("ACK").raw.to_vec()).unwrap().replace("\r\n", "\n");
    let tag = wire.last("ACK").tag("To").unwrap().into_owned();
    wire.events(BOB);
    wire.inject(BOB, &ack.replace(&tag, "other"));
    wire.inject(BOB, &ack.replace("CSeq: 1", "CSeq: 2"));
    assert_eq!(wire.events(BOB), [""; 0]);
    wire.inject(BOB, &ack);
    assert_eq!(wire.events(BOB), ["confirmed"]);
}

#[test]
fn a_refusal_and_silence_are_told() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.respond(486, &[]);
    assert_eq!(wire.events(ALICE), ["refused Some(486)"]);
    assert_eq!(wire.said(), ["INVITE sip:bob@example.com 1", "486 INVITE 1", "ACK sip:bob@example.com 1"]);
    let mut wire = Wire::new(Transport::Udp);
    wire.lost = vec!["INVITE"];
    wire.invite(&[]);
    wire.pass(PATIENCE);
    assert_eq!(wire.events(ALICE), ["refused None"]);
}

#[test]
fn a_challenge_is_answered_with_a_higher_number() {
    for (status, asks, answers) in [(401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization")] {
        let mut wire = Wire::new(Transport::Udp);
        wire.invite(&[]);
        let first = wire.last("INVITE").clone();
        wire.respond(status, &[(asks, "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"")]);
        let second = wire.last("INVITE").clone();
        assert_ne!(first.branch(), second.branch());
        assert_eq!((second.cseq(), text(&second, "Call-ID")), (Some((2, "INVITE")), text(&first, "Call-ID")));
        assert_eq!(text(&second, "From"), text(&first, "From"));
        assert!(text(&second, answers).contains("uri=\"sip:bob@example.com\""));
        wire.respond(200, &[]);
        assert_eq!(text(wire.last("ACK"), answers), text(&second, answers));
        assert_eq!(wire.events(ALICE), ["accepted"]);
        wire.end(ALICE);
        assert_eq!(wire.last("BYE").cseq(), Some((3, "BYE")));
    }
}

#[test]
fn a_bye_is_sent_again_with_credentials() {
    let mut wire = standing(Transport::Udp);
    wire.lost = vec!["BYE"];
    wire.end(ALICE);
    let bye = wire.last("BYE").clone();
    wire.lost.clear();
    let challenge = Draft::response(&bye, 407, "").header("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"n\"").finish();
    wire.hand(ALICE, Message::parse(challenge));
    wire.carry();
    assert_eq!(wire.last("BYE").cseq(), Some((3, "BYE")));
    assert!(text(wire.last("BYE"), "Proxy-Authorization").contains("username=\"alice\""));
    assert_eq!(wire.events(ALICE), ["ByUs"]);
}

#[test]
fn too_small_an_interval_is_raised() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[("Supported", "timer"), ("Session-Expires", "90;refresher=uac")]);
    wire.respond(422, &[("Min-SE", "600")]);
    let second = wire.last("INVITE");
    assert_eq!((text(second, "Session-Expires"), text(second, "Min-SE")), ("600;refresher=uac".to_owned(), "600".to_owned()));
}

const TIMED: [(&str, &str); 2] = [("Supported", "timer"), ("Session-Expires", "90;refresher=uac")];

#[test]
fn the_refresher_refreshes_at_half_the_interval_by_update() {
    for (refresher, who, request) in [("uac", ALICE, "UPDATE sip:bob@192.0.2.2 2"), ("uas", BOB, "UPDATE sip:alice@192.0.2.1 1")] {
        let mut wire = Wire::new(Transport::Udp);
        wire.invite(&[("Supported", "timer"), ("Session-Expires", &format!("90;refresher={refresher}"))]);
        wire.respond(200, &[("Allow", "INVITE, UPDATE")]);
        let ok = wire.last("SIP/2.0 200");
        assert_eq!((text(ok, "Session-Expires"), text(ok, "Require")), (format!("90;refresher={refresher}"), "timer".to_owned()));
        wire.pass(Duration::from_secs(100));
        let updates: Vec<_> = wire.said.iter().filter(|(.., line)| line.starts_with("UPDATE")).cloned().collect();
        assert_eq!(updates[0], (45_000, who, request.to_owned()));
        assert_eq!(updates[1].0, 90_000);
        assert_eq!(text(wire.last("UPDATE"), "Session-Expires"), "90;refresher=uac", "who asks is its caller");
        assert!(!wire.said().iter().any(|line| line.starts_with("BYE")));
        let calls = &wire.parties[who].calls;
        assert!(calls.lasts(calls.latest().unwrap()));
    }
}

#[test]
fn who_does_not_list_update_gets_an_invite() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&TIMED);
    wire.respond(200, &[]);
    wire.said();
    wire.pass(Duration::from_secs(50));
    assert_eq!(wire.said(), ["INVITE sip:bob@192.0.2.2 2", "200 INVITE 2", "ACK sip:bob@192.0.2.2 2"]);
    let refresh = wire.last("INVITE");
    assert_eq!((refresh.body.of(&refresh.raw), text(refresh, "Contact")), (SDP.as_bytes(), "<sip:alice@192.0.2.1>".to_owned()));
    wire.pass(Duration::from_secs(500));
    wire.end(BOB);
    assert_eq!(wire.events(ALICE), ["accepted", "ByPeer"]);
}

#[test]
fn who_is_not_refreshed_leaves_shortly_before_the_end() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&TIMED);
    wire.lost = vec!["UPDATE", "INVITE"];
    wire.respond(200, &[("Allow", "UPDATE")]);
    wire.pass(Duration::from_secs(120));
    let byes: Vec<_> = wire.said.iter().filter(|(.., line)| line.starts_with("BYE")).map(|(at, who, _)| (*at, *who)).collect();
    assert_eq!(byes, [(60_000, ALICE), (60_000, BOB)]);
    assert_eq!((wire.events(ALICE).pop(), wire.events(BOB).pop()), (Some("Expired".to_owned()), Some("Expired".to_owned())));
}

#[test]
fn without_session_expires_in_the_2xx_there_is_no_timer() {
    let wire = standing(Transport::Udp);
    assert_eq!(wire.parties.map(|p| p.calls.deadline()), [None, None]);
}

#[test]
fn a_session_that_the_other_end_has_forgotten_is_left() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&TIMED);
    wire.respond(200, &[("Allow", "UPDATE")]);
    wire.parties[BOB].calls.clear();
    wire.pass(Duration::from_secs(46));
    assert_eq!(wire.events(ALICE), ["accepted", "Lost"]);
}

#[test]
fn an_older_number_and_crossing_invites_are_refused() {
    let mut wire = standing(Transport::Udp);
    let dialog = wire.parties[ALICE].calls.dialog(1).unwrap().clone();
    let old = dialog.ack(wire.parties[ALICE].hop, "z9hG4bKold", 1).finish();
    let old = String::from_utf8(old.to_vec()).unwrap().replace("ACK", "UPDATE").replace("\r\n", "\n");
    wire.inject(BOB, &old);
    assert_eq!(wire.said(), ["500 UPDATE 1"]);
    wire.lost = vec!["INVITE sip:alice"];
    let Party { transactions, calls, .. } = &mut wire.parties[BOB];
    assert!(calls.request(wire.now, transactions, 1, "INVITE", |draft| draft));
    wire.carry();
    wire.said();
    let Party { transactions, calls, .. } = &mut wire.parties[ALICE];
    assert!(calls.request(wire.now, transactions, 1, "INVITE", |draft| draft));
    wire.carry();
    assert_eq!(wire.said(), ["INVITE sip:bob@192.0.2.2 2", "491 INVITE 2", "ACK sip:bob@192.0.2.2 2"]);
    assert_eq!(wire.events(ALICE), ["answered 491"]);
}

#[test]
fn a_2xx_of_another_branch_is_acknowledged_and_left() {
    let mut wire = Wire::new(Transport::Udp);
    wire.invite(&[]);
    wire.respond(200, &[]);
    let ok = String::from_utf8(wire.last("SIP/2.0 200").raw.to_vec()).unwrap().replace("\r\n", "\n");
    let tag = wire.last("SIP/2.0 200").tag("To").unwrap().into_owned();
    wire.said();
    wire.inject(ALICE, &ok.replace(&tag, "fork"));
    assert_eq!(wire.said()[..2], ["ACK sip:bob@192.0.2.2 1", "BYE sip:bob@192.0.2.2 2"]);
    assert!(wire.parties[ALICE].calls.lasts(1));
}

#[test]
fn a_cancel_may_be_sent_after_the_answer() {
    let mut wire = standing(Transport::Udp);
    let Party { transactions, calls, .. } = &mut wire.parties[ALICE];
    assert!(calls.cancel_anyway(wire.now, transactions, 1, |cancel| cancel));
    wire.carry();
    assert_eq!(wire.said(), ["CANCEL sip:bob@example.com 1", "200 CANCEL 1"]);
    let calls = &wire.parties[BOB].calls;
    assert!(calls.lasts(calls.latest().unwrap()));
}
