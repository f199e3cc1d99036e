use super::*;
use crate::trace::Transport;

fn hop(transport: Transport) -> Hop {
    Hop::sip(transport, "192.0.2.7:5060".parse().unwrap())
}

fn message(text: &str) -> Message {
    Message::parse(Bytes::from(text.replace('\n', "\r\n")))
}

#[test]
fn a_request_over_udp_is_repeated_at_t1_doubling_to_t2_and_given_up_after_32_s() {
    let mut transactions = Transactions::default();
    let id = transactions.request(Duration::ZERO, hop(Transport::Udp), "z9hG4bKa", "MESSAGE", Bytes::from_static(b"x"));
    let (mut sent, mut now) = (Vec::new(), Duration::ZERO);
    let given_up = loop {
        while transactions.poll().is_some() {
            sent.push(now.as_millis());
        }
        now = transactions.deadline().unwrap();
        let given_up = transactions.tick(now);
        if !given_up.is_empty() {
            break given_up;
        }
    };
    assert_eq!((given_up, now), (vec![id], PATIENCE));
    assert_eq!(sent, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
}

#[test]
fn a_request_over_tcp_is_sent_once() {
    let mut transactions = Transactions::default();
    transactions.request(Duration::ZERO, hop(Transport::Tcp), "z9hG4bKa", "MESSAGE", Bytes::from_static(b"x"));
    assert!(transactions.poll().is_some() && transactions.poll().is_none());
    assert_eq!(transactions.deadline(), Some(PATIENCE));
}

#[test]
fn a_repeated_request_gets_the_same_response_and_is_no_second_request() {
    let mut transactions = Transactions::default();
    let text = "MESSAGE sip:a@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKb\nCSeq: 1 MESSAGE\n\n";
    let Heard::Request(id, _) = transactions.receive(Duration::ZERO, hop(Transport::Udp), message(text)) else { panic!("no request") };
    transactions.respond(Duration::ZERO, id, 200, Bytes::from_static(b"yes"));
    assert!(matches!(transactions.receive(T1, hop(Transport::Udp), message(text)), Heard::Nothing));
    let sent: Vec<_> = std::iter::from_fn(|| transactions.poll()).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[0].0.address.port(), &sent[0]), (5070, &sent[1]));
}

const INVITE: &str = "INVITE sip:a@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\nRoute: <sip:r1;lr>\nRoute: <sip:r2;lr>\nFrom: <sip:b@example.com>;tag=1\nTo: <sip:a@example.com>\nCall-ID: c\nCSeq: 7 INVITE\n\n";

fn bytes(text: &str) -> Bytes {
    Bytes::from(text.replace('\n', "\r\n"))
}

fn answer(status: u16) -> Message {
    message(&format!(
        "SIP/2.0 {status} X\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\nFrom: <sip:b@example.com>;tag=1\nTo: <sip:a@example.com>;tag=2\nCall-ID: c\nCSeq: 7 INVITE\n\n"
    ))
}

fn inviting(transport: Transport) -> (Transactions, u64) {
    let mut transactions = Transactions::default();
    let id = transactions.invite(Duration::ZERO, hop(transport), "z9hG4bKb", bytes(INVITE));
    (transactions, id)
}

fn invited(transport: Transport) -> (Transactions, u64) {
    let mut transactions = Transactions::default();
    let Heard::Request(id, _) = transactions.receive(Duration::ZERO, hop(transport), message(INVITE)) else { panic!("no request") };
    (transactions, id)
}

fn sent(transactions: &mut Transactions) -> Vec<String> {
    std::iter::from_fn(|| transactions.poll()).map(|(_, b)| String::from_utf8_lossy(&b).replace("\r\n", "\n")).collect()
}

/// Lets time pass until `end`; gives the milliseconds at which something was sent, and what was given up.
fn pass(transactions: &mut Transactions, end: Duration) -> (Vec<u128>, Vec<u64>) {
    let (mut times, mut ended) = (Vec::new(), Vec::new());
    while let Some(now) = transactions.deadline().filter(|at| *at <= end) {
        ended.extend(transactions.tick(now));
        times.extend(sent(transactions).iter().map(|_| now.as_millis()));
    }
    (times, ended)
}

#[test]
fn an_invite_is_repeated_at_doubling_intervals_until_timer_b() {
    let (mut transactions, id) = inviting(Transport::Udp);
    sent(&mut transactions);
    assert_eq!(pass(&mut transactions, PATIENCE), (vec![500, 1500, 3500, 7500, 15500, 31500], vec![id]));
    let (mut transactions, id) = inviting(Transport::Tcp);
    sent(&mut transactions);
    assert_eq!(pass(&mut transactions, PATIENCE), (vec![], vec![id]));
}

#[test]
fn a_provisional_response_ends_the_repetitions_and_the_patience() {
    let (mut transactions, id) = inviting(Transport::Udp);
    assert!(matches!(transactions.receive(T1 / 2, hop(Transport::Udp), answer(180)), Heard::Response(i, _) if i == id));
    assert_eq!(transactions.deadline(), None);
    assert!(matches!(transactions.receive(PATIENCE * 3, hop(Transport::Udp), answer(200)), Heard::Response(i, _) if i == id));
}

#[test]
fn each_2xx_is_handed_up_and_none_is_acknowledged_here() {
    let (mut transactions, id) = inviting(Transport::Udp);
    sent(&mut transactions);
    for _ in 0..3 {
        assert!(matches!(transactions.receive(T1, hop(Transport::Udp), answer(200)), Heard::Response(i, _) if i == id));
    }
    assert_eq!(sent(&mut transactions), [""; 0]);
    assert_eq!(pass(&mut transactions, PATIENCE * 3), (vec![], vec![]));
    assert!(matches!(transactions.receive(PATIENCE * 3, hop(Transport::Udp), answer(200)), Heard::Nothing));
}

#[test]
fn a_refusal_is_acknowledged_each_time_it_comes_and_handed_up_once() {
    let (mut transactions, id) = inviting(Transport::Udp);
    sent(&mut transactions);
    assert!(matches!(transactions.receive(T1, hop(Transport::Udp), answer(486)), Heard::Response(i, _) if i == id));
    assert!(matches!(transactions.receive(T2, hop(Transport::Udp), answer(486)), Heard::Nothing));
    let ack = "ACK sip:a@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\nMax-Forwards: 70\nRoute: <sip:r1;lr>\nRoute: <sip:r2;lr>\nFrom: <sip:b@example.com>;tag=1\nTo: <sip:a@example.com>;tag=2\nCall-ID: c\nCSeq: 7 ACK\nContent-Length: 0\n\n";
    assert_eq!(sent(&mut transactions), [ack, ack]);
    assert_eq!(transactions.deadline(), Some(T1 + PATIENCE), "timer D");
    let (mut transactions, _) = inviting(Transport::Tcp);
    transactions.receive(T1, hop(Transport::Tcp), answer(486));
    assert_eq!(transactions.deadline(), Some(T1), "timer D over a stream");
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let (mut transactions, id) = inviting(Transport::Udp);
    sent(&mut transactions);
    assert!(transactions.cancel(T1, id, &[]));
    assert_eq!(sent(&mut transactions), [""; 0]);
    transactions.receive(T2, hop(Transport::Udp), answer(100));
    transactions.receive(T2, hop(Transport::Udp), answer(180));
    let cancel = "CANCEL sip:a@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\nMax-Forwards: 70\nRoute: <sip:r1;lr>\nRoute: <sip:r2;lr>\nFrom: <sip:b@example.com>;tag=1\nTo: <sip:a@example.com>\nCall-ID: c\nCSeq: 7 CANCEL\nContent-Length: 0\n\n";
    assert_eq!(sent(&mut transactions), [cancel]);
    assert!(transactions.cancel(T2, id, &[]));
    assert_eq!(sent(&mut transactions), [""; 0], "one CANCEL is enough");
    // Its own response is nobody's business; without one to the INVITE both end 64*T1 later.
    let ok = message("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\nCSeq: 7 CANCEL\n\n");
    assert!(matches!(transactions.receive(T4, hop(Transport::Udp), ok), Heard::Nothing));
    assert_eq!(pass(&mut transactions, PATIENCE * 2), (vec![], vec![id]));
}

#[test]
fn after_a_final_response_nothing_is_cancelled() {
    for status in [200, 486] {
        let (mut transactions, id) = inviting(Transport::Udp);
        assert!(transactions.cancel(T1, id, &[]), "held back");
        transactions.receive(T2, hop(Transport::Udp), answer(status));
        assert!(!transactions.cancel(T2, id, &[]));
        assert!(!sent(&mut transactions).iter().any(|m| m.starts_with("CANCEL")));
    }
}

#[test]
fn a_refusal_is_repeated_over_udp_until_its_ack() {
    let (mut transactions, id) = invited(Transport::Udp);
    transactions.respond(Duration::ZERO, id, 488, Bytes::from_static(b"no"));
    sent(&mut transactions);
    assert_eq!(pass(&mut transactions, T4).0, [500, 1500, 3500]);
    let ack = message(&INVITE.replace("INVITE", "ACK"));
    assert!(matches!(transactions.receive(T4, hop(Transport::Udp), ack), Heard::Nothing));
    assert_eq!(pass(&mut transactions, PATIENCE), (vec![], vec![]));
    let (mut transactions, id) = invited(Transport::Tcp);
    transactions.respond(Duration::ZERO, id, 488, Bytes::from_static(b"no"));
    sent(&mut transactions);
    assert_eq!(pass(&mut transactions, PATIENCE), (vec![], vec![id]), "timer H runs over a stream too");
}

#[test]
fn a_2xx_is_repeated_over_any_transport_until_the_ack_that_is_handed_up() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let (mut transactions, id) = invited(transport);
        transactions.respond(Duration::ZERO, id, 180, Bytes::from_static(b"rings"));
        sent(&mut transactions);
        assert_eq!(transactions.deadline(), None, "a provisional response has no timer");
        transactions.respond(Duration::ZERO, id, 200, Bytes::from_static(b"yes"));
        sent(&mut transactions);
        assert_eq!(pass(&mut transactions, T4).0, [500, 1500, 3500]);
        assert!(matches!(transactions.receive(T4, hop(transport), message(INVITE)), Heard::Nothing));
        assert_eq!(sent(&mut transactions), [""; 0], "its timers repeat it, not the INVITE");
        let ack = message(&INVITE.replace("INVITE", "ACK").replace("z9hG4bKb", "z9hG4bKc"));
        assert!(matches!(transactions.receive(T4, hop(transport), ack), Heard::Ack(_)));
        transactions.confirm(id);
        assert_eq!(pass(&mut transactions, PATIENCE * 2), (vec![], vec![]));
    }
}

#[test]
fn a_2xx_that_nobody_acknowledges_is_given_up_after_32_s() {
    let (mut transactions, id) = invited(Transport::Udp);
    transactions.respond(Duration::ZERO, id, 200, Bytes::from_static(b"yes"));
    sent(&mut transactions);
    let expected = (vec![500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500], vec![id]);
    assert_eq!(pass(&mut transactions, PATIENCE * 2), expected);
}
