//! A subscriber, a notifier made of text, and virtual time.

use bytes::Bytes;
use pretty_assertions::assert_eq;

use super::*;
use crate::{role::Hop, trace::Transport};

struct Wire {
    now: Duration,
    transactions: Transactions,
    subscriber: Subscriber,
    sent: Vec<Message>,
    notifies: u32,
}

fn hop(last: u8) -> Hop {
    Hop::sip(Transport::Tcp, std::net::SocketAddr::from(([192, 0, 2, last], 5060)))
}

impl Wire {
    fn new() -> Self {
        let means = Means {
            local: hop(1),
            core: hop(2),
            datagram: usize::MAX,
            credentials: ("alice".to_owned(), "secret".to_owned()),
            agent: None,
        };
        let subscriber = Subscriber::new(means, 1);
        let mut wire = Self { now: Duration::ZERO, transactions: Transactions::default(), subscriber, sent: Vec::new(), notifies: 0 };
        let wanted = Wanted {
            package: "conference",
            target: "sip:conf@192.0.2.9;sid=a".to_owned(),
            from: "<sip:alice@example.com>".to_owned(),
            route: vec!["<sip:core;lr>".to_owned()],
            seconds: 3600,
            fields: vec![("Contact", "<sip:alice@192.0.2.1>".to_owned())],
            first: vec![("P-Preferred-Service", "x".to_owned())],
        };
        wire.subscriber.subscribe(wire.now, &mut wire.transactions, wanted);
        wire.carry();
        wire
    }

    fn carry(&mut self) {
        self.sent.extend(std::iter::from_fn(|| self.transactions.poll()).map(|(_, bytes)| Message::parse(bytes)));
    }

    fn hand(&mut self, message: Message) -> Heard {
        let heard = self.transactions.receive(self.now, hop(2), message);
        let heard = self.subscriber.heard(self.now, &mut self.transactions, heard);
        self.carry();
        heard
    }

    /// Answers the SUBSCRIBE that was sent last.
    fn answer(&mut self, status: u16, more: &[(&str, &str)]) {
        let mut draft = Draft::response(self.last("SUBSCRIBE"), status, "focus").header("Contact", "<sip:focus@192.0.2.3>");
        for (name, value) in more {
            draft = draft.header(name, value);
        }
        self.hand(Message::parse(draft.finish()));
    }

    /// A NOTIFY in the dialog, other header fields replaced; gives the status of its answer, 0 if it came back.
    fn notify(&mut self, replaced: &[(&str, &str)]) -> u16 {
        self.notifies += 1;
        let subscribe = self.sent.iter().rfind(|m| m.method() == Some("SUBSCRIBE")).unwrap();
        let to = subscribe.value("From").unwrap().into_owned();
        let mut draft = Draft::request("NOTIFY", "sip:alice@192.0.2.1")
            .header("Via", &build::via(hop(2), &format!("z9hG4bKn{}", self.notifies)))
            .header("From", "<sip:conf@192.0.2.9>;tag=focus")
            .header("To", &to)
            .header("Call-ID", &subscribe.call_id().unwrap())
            .header("CSeq", &format!("{} NOTIFY", self.notifies))
            .header("Contact", "<sip:focus@192.0.2.3>")
            .header("Event", "conference")
            .header("Subscription-State", "active;expires=3600");
        let replaced: Vec<_> = replaced.iter().map(|(n, v)| ((*n).to_owned(), Some(vec![(*v).to_owned()]))).collect();
        draft = draft.overlaid(&replaced);
        match self.hand(Message::parse(draft.finish())) {
            Heard::Nothing => self.sent.last().unwrap().status().unwrap(),
            _ => 0,
        }
    }

    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        loop {
            let next = [self.transactions.deadline(), self.subscriber.deadline()].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            let given_up = self.transactions.tick(self.now);
            self.subscriber.tick(self.now, &mut self.transactions, given_up);
            self.carry();
        }
        self.now = end;
    }

    fn last(&self, method: &str) -> &Message {
        self.sent.iter().rfind(|m| m.method() == Some(method)).unwrap()
    }

    /// Number and Expires of all SUBSCRIBE requests.
    fn subscribes(&self) -> Vec<String> {
        let all = self.sent.iter().filter(|m| m.method() == Some("SUBSCRIBE"));
        all.map(|m| format!("{} {}", m.cseq().unwrap().0, m.value("Expires").unwrap())).collect()
    }

    fn events(&mut self) -> Vec<String> {
        let words = |event| match event {
            Event::Notified { .. } => "notified".to_owned(),
            Event::Ended { again, .. } => format!("ended {:?}", again.map(|at| at.as_secs())),
        };
        std::iter::from_fn(|| self.subscriber.event()).map(words).collect()
    }
}

fn standing() -> Wire {
    let mut wire = Wire::new();
    wire.answer(200, &[("Expires", "100"), ("Record-Route", "<sip:r1;lr>, <sip:r2;lr>")]);
    assert_eq!(wire.notify(&[("Subscription-State", "active;expires=100")]), 200);
    assert_eq!(wire.events(), ["notified"]);
    wire
}

#[test]
fn it_is_refreshed_in_its_dialog_at_half_the_time() {
    let mut wire = standing();
    wire.pass(51);
    assert_eq!(wire.subscribes(), ["1 3600", "2 3600"]);
    let (first, second) = (wire.sent[0].clone(), wire.last("SUBSCRIBE").clone());
    assert_eq!((second.tag("To").unwrap().as_ref(), second.call_id()), ("focus", first.call_id()));
    assert_eq!(second.request_uri().unwrap().text(&second.raw), "sip:focus@192.0.2.3");
    assert_eq!(
        (first.value("Route").unwrap(), second.value("Route").unwrap()),
        ("<sip:core;lr>".into(), "<sip:r2;lr>, <sip:r1;lr>".into())
    );
    assert_eq!((first.value("P-Preferred-Service").is_some(), second.value("P-Preferred-Service").is_some()), (true, false));
    wire.answer(200, &[("Expires", "100")]);
    wire.pass(50);
    assert_eq!(wire.subscribes().len(), 3);
}

#[test]
fn a_notify_may_come_first() {
    let mut wire = Wire::new();
    assert_eq!(wire.notify(&[]), 200);
    wire.answer(202, &[("Expires", "20")]);
    wire.pass(10);
    assert_eq!((wire.events(), wire.subscribes()), (vec!["notified".to_owned()], vec!["1 3600".to_owned(), "2 3600".to_owned()]));
    assert_eq!(wire.last("SUBSCRIBE").tag("To").unwrap(), "focus");
}

#[test]
fn challenges_and_brief_intervals_are_met() {
    let mut wire = Wire::new();
    wire.answer(401, &[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"")]);
    assert!(wire.last("SUBSCRIBE").value("Authorization").unwrap().contains("uri=\"sip:conf@192.0.2.9;sid=a\""));
    wire.answer(423, &[("Min-Expires", "7200")]);
    assert_eq!(wire.subscribes(), ["1 3600", "2 3600", "3 7200"]);
    let ids: std::collections::BTreeSet<_> = wire.sent.iter().map(|m| m.call_id().unwrap().into_owned()).collect();
    assert_eq!(ids.len(), 1);
    for _ in 0..9 {
        wire.answer(423, &[("Min-Expires", "7200")]);
    }
    assert_eq!((wire.subscribes().len(), wire.events()), (5, vec!["ended None".to_owned()]), "not for ever");
}

#[test]
fn a_refusal_ends_it_and_silence_too() {
    for status in [403, 489, 503] {
        let mut wire = Wire::new();
        wire.answer(status, &[("Retry-After", "5")]);
        wire.pass(100);
        assert_eq!((wire.events(), wire.subscribes().len()), (vec!["ended None".to_owned()], 1));
    }
    let mut wire = Wire::new();
    wire.pass(40);
    assert_eq!(wire.events(), ["ended None"]);
    let mut wire = Wire::new();
    wire.answer(200, &[("Expires", "3600")]);
    wire.pass(40);
    assert_eq!(wire.events(), ["ended None"], "a NOTIFY has to follow");
}

#[test]
fn a_refresh_that_fails_ends_it_only_where_the_notifier_knows_nothing_of_it() {
    let mut wire = standing();
    wire.pass(51);
    wire.answer(481, &[]);
    assert_eq!(wire.events(), ["ended Some(51)"]);
    let mut wire = standing();
    wire.pass(51);
    wire.answer(500, &[]);
    wire.pass(30);
    assert_eq!((wire.events(), wire.subscribes().len()), (vec![], 3));
    let mut wire = standing();
    wire.pass(51);
    wire.answer(489, &[]);
    assert_eq!(wire.events(), ["ended None"]);
}

#[test]
fn it_is_ended_by_a_last_subscribe_and_a_last_notify() {
    let mut wire = standing();
    wire.subscriber.unsubscribe(wire.now, &mut wire.transactions, 1);
    wire.carry();
    assert_eq!(wire.subscribes(), ["1 3600", "2 0"]);
    wire.answer(200, &[("Expires", "0")]);
    assert_eq!(wire.notify(&[("Subscription-State", "terminated;reason=timeout")]), 200);
    assert_eq!(wire.events(), ["notified", "ended None"]);
    wire.pass(4000);
    assert_eq!(wire.subscribes().len(), 2);
    // While the first SUBSCRIBE is under way, its end waits.
    let mut wire = Wire::new();
    wire.subscriber.unsubscribe(wire.now, &mut wire.transactions, 1);
    wire.carry();
    assert_eq!(wire.subscribes(), ["1 3600"]);
    wire.answer(200, &[]);
    assert_eq!(wire.subscribes(), ["1 3600", "2 0"]);
}

#[test]
fn the_reason_of_an_end_says_whether_to_come_again() {
    for (reason, again) in [
        (";reason=deactivated", Some(10)),
        (";reason=timeout", Some(10)),
        (";reason=probation;retry-after=40", Some(50)),
        (";reason=probation", Some(70)),
        (";reason=rejected;retry-after=4", None),
        (";reason=noresource", None),
        ("", None),
        (";retry-after=5", Some(15)),
    ] {
        let mut wire = standing();
        wire.pass(10);
        assert_eq!(wire.notify(&[("Subscription-State", &format!("terminated{reason}"))]), 200);
        assert_eq!(wire.events(), ["notified".to_owned(), format!("ended {again:?}")], "{reason}");
    }
}

#[test]
fn strays_other_packages_and_old_numbers_are_refused() {
    let mut wire = standing();
    assert_eq!(wire.notify(&[("Call-ID", "other")]), 0);
    assert_eq!(wire.notify(&[("From", "<sip:x>;tag=other")]), 0, "one dialog a subscription");
    assert_eq!(wire.notify(&[("Event", "presence")]), 489);
    assert_eq!(wire.notify(&[("CSeq", "1 NOTIFY")]), 500);
    assert_eq!(wire.events(), [""; 0]);
    assert_eq!(wire.notify(&[]), 200);
    let message =
        Message::parse(Bytes::from_static(b"NOTIFY sip:a SIP/2.0\r\nCSeq: 1 NOTIFY\r\nVia: SIP/2.0/TCP x;branch=z9hG4bKq\r\n\r\n"));
    assert!(matches!(wire.hand(message), Heard::Request(..)));
}
