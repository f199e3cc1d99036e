//! Two endpoints that talk to each other, in virtual time.

use pretty_assertions::assert_eq;

use super::*;
use crate::{
    role::msrp::sending::Wish,
    trace::{Protocol, Transport},
};

fn hop(port: u16) -> Hop {
    Hop::over(Protocol::Msrp, Transport::Tcp, SocketAddr::from(([192, 0, 2, 1], port)))
}

/// Active and passive end, the one seen by the other at `hop(1)`.
struct Pair {
    ends: [Endpoint; 2],
    ids: [u64; 2],
    now: Duration,
    /// Messages said so far: by whom, octets.
    said: Vec<(usize, String)>,
}

impl Pair {
    fn new(terms: Terms) -> Self {
        let mut ends = [Endpoint::new(1), Endpoint::new(2)];
        let own: Vec<_> =
            ends.iter_mut().enumerate().map(|(i, e)| e.uri(SocketAddr::from(([192, 0, 2, 1], 9 + i as u16)), false)).collect();
        let ids = [ends[0].open(vec![own[0].clone()], terms.clone()), ends[1].open(vec![own[1].clone()], terms)];
        ends[0].set_remote(ids[0], vec![own[1].clone()]);
        ends[1].set_remote(ids[1], vec![own[0].clone()]);
        Self { ends, ids, now: Duration::ZERO, said: Vec::new() }
    }

    fn bound(terms: Terms) -> Self {
        let mut pair = Self::new(terms);
        pair.ends[0].bind(pair.now, pair.ids[0], hop(1));
        pair.run();
        pair.said.clear();
        while pair.ends.iter_mut().any(|e| e.event().is_some()) {}
        pair
    }

    /// Lets both talk until both are silent.
    fn run(&mut self) {
        loop {
            let mut silent = true;
            for i in 0..2 {
                while let Some((_, bytes)) = self.ends[i].poll() {
                    silent = false;
                    self.said.push((i, String::from_utf8_lossy(&bytes).into_owned()));
                    self.ends[1 - i].receive(self.now, hop(1), &bytes);
                }
            }
            if silent {
                return;
            }
        }
    }

    fn send(&mut self, wish: Wish) {
        let (now, id) = (self.now, self.ids[0]);
        self.ends[0].send(now, id, wish);
        self.run();
    }

    fn events(&mut self, end: usize) -> Vec<Event> {
        std::iter::from_fn(|| self.ends[end].event()).map(|(_, event)| event).collect()
    }

    fn field(&self, name: &str) -> Vec<String> {
        let line = |text: &String| text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
        self.said.iter().filter_map(|(_, text)| line(text)).collect()
    }

    /// Start lines without transaction identifier, with flag.
    fn starts(&self) -> Vec<String> {
        let short = |text: &str| {
            let word = text.lines().next()?.splitn(3, ' ').nth(2)?.split(' ').next()?.to_owned();
            Some(format!("{word} {}", text.trim_end().chars().next_back()?))
        };
        self.said.iter().filter_map(|(_, text)| short(text)).collect()
    }
}

fn content(len: usize) -> Bytes {
    (0..len).map(|i| (i % 251) as u8).collect::<Vec<_>>().into()
}

/// Chunks of 2,048 octets of 5,000, by number from 1.
fn chunks(numbers: &[usize]) -> Option<Vec<(usize, usize)>> {
    Some(numbers.iter().map(|n| ((n - 1) * 2048, (n * 2048).min(5000))).collect())
}

#[test]
fn an_empty_send_binds_the_connection_for_both() {
    let mut pair = Pair::new(Terms::default());
    pair.ends[0].bind(Duration::ZERO, pair.ids[0], hop(1));
    pair.run();
    assert_eq!(pair.starts(), ["SEND $", "200 $"]);
    assert!(!pair.said[0].1.contains("Content-Type") && !pair.said[0].1.contains("\r\n\r\n"));
    assert_eq!((pair.events(0), pair.events(1)), (vec![Event::Bound], vec![Event::Bound]));
}

#[test]
fn a_message_goes_in_chunks_and_comes_out_whole() {
    let mut pair = Pair::bound(Terms::default());
    pair.send(Wish { success_report: true, ..Wish::new("m1", "message/cpim", content(5000)) });
    assert_eq!(pair.field("Byte-Range"), ["1-2048/5000", "2049-4096/5000", "4097-5000/5000", "1-5000/5000"]);
    assert_eq!(pair.starts(), ["SEND +", "SEND +", "SEND $", "200 $", "200 $", "200 $", "REPORT $"]);
    assert_eq!(pair.field("Message-ID"), ["m1"; 4]);
    let received = Event::Received { message_id: "m1".into(), content_type: "message/cpim".into(), content: content(5000) };
    assert_eq!(pair.events(1), [received]);
    assert_eq!(
        pair.events(0),
        [Event::Sent { message_id: "m1".into(), status: 200 }, Event::Reported { message_id: "m1".into(), status: 200 }]
    );
    assert!(!pair.ends[0].session(1).unwrap().busy());
}

#[test]
fn a_large_chunk_may_be_interrupted() {
    let mut pair = Pair::bound(Terms::default());
    pair.send(Wish { chunk: 3000, ..Wish::new("m1", "message/cpim", content(5000)) });
    assert_eq!(pair.field("Byte-Range"), ["1-*/5000", "3001-5000/5000"]);
}

#[test]
fn chunks_may_come_in_any_order_and_twice() {
    let mut pair = Pair::bound(Terms::default());
    pair.send(Wish { ranges: chunks(&[3, 1, 1, 2, 2]), ..Wish::new("m1", "message/cpim", content(5000)) });
    let received = Event::Received { message_id: "m1".into(), content_type: "message/cpim".into(), content: content(5000) };
    assert_eq!(pair.events(1), [received]);
    pair.send(Wish { ranges: chunks(&[1, 3]), ..Wish::new("m2", "message/cpim", content(5000)) });
    assert_eq!(pair.events(1), []);
    pair.send(Wish { ranges: chunks(&[1, 2]), flag: b'#', ..Wish::new("m3", "message/cpim", content(5000)) });
    assert_eq!(pair.events(1), [Event::Aborted { message_id: "m3".into() }]);
}

#[test]
fn failure_reports_decide_what_is_answered() {
    let terms = Terms { largest: 3000, ..Terms::default() };
    for (report, len, kind, expected) in [
        (FailureReport::Yes, 10, "message/cpim", vec!["SEND $", "200 $"]),
        (FailureReport::Partial, 10, "Message/CPIM;x=y", vec!["SEND $"]),
        (FailureReport::No, 10, "message/cpim", vec!["SEND $"]),
        (FailureReport::Yes, 10, "text/plain", vec!["SEND $", "415 $"]),
        (FailureReport::Partial, 10, "text/plain", vec!["SEND $", "415 $"]),
        (FailureReport::No, 10, "text/plain", vec!["SEND $"]),
        (FailureReport::Yes, 2048, "message/cpim", vec!["SEND $", "200 $"]),
        (FailureReport::Yes, 4000, "message/cpim", vec!["SEND +", "SEND $", "413 $", "413 $"]),
    ] {
        let mut pair = Pair::bound(terms.clone());
        pair.send(Wish { failure_report: report, ..Wish::new("m1", kind, content(len)) });
        assert_eq!(pair.starts(), expected);
        let failed = expected.iter().find_map(|e| e.split(' ').next()?.parse::<u16>().ok()).unwrap_or(200);
        assert_eq!(
            pair.events(0),
            [Event::Sent { message_id: "m1".into(), status: if report == FailureReport::Yes { failed } else { 200 } }]
        );
    }
}

#[test]
fn what_has_no_session_or_another_connection_is_refused() {
    let mut pair = Pair::bound(Terms::default());
    let to = pair.ends[1].session(1).unwrap().own()[0].clone();
    let mut say = |hop: Hop, text: &str| {
        pair.ends[1].receive(Duration::ZERO, hop, text.replace('\n', "\r\n").as_bytes());
        let said: Vec<_> = std::iter::from_fn(|| pair.ends[1].poll()).collect();
        said.iter().map(|(_, b)| String::from_utf8_lossy(b).lines().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let request = |to: &str, method: &str, more: &str| {
        format!("MSRP abcd {method}\nTo-Path: {to}\nFrom-Path: msrp://192.0.2.1:9/x;tcp\nMessage-ID: 1\n{more}-------abcd$\n")
    };
    let typed = |more: &str| format!("{more}Content-Type: message/cpim\n\nx\n");
    assert_eq!(say(hop(1), &request("msrp://192.0.2.1:10/nobody;tcp", "SEND", "")), ["MSRP abcd 481 No Such Session"]);
    assert_eq!(say(hop(1), &request("msrp://192.0.2.1:10/nobody;tcp", "SEND", "Failure-Report: no\n")), [""; 0]);
    assert_eq!(say(hop(1), &request("msrp://192.0.2.1:10/nobody;tcp", "REPORT", "")), [""; 0]);
    assert_eq!(say(hop(2), &request(&to, "SEND", "")), ["MSRP abcd 506 Bound To Another Connection"]);
    assert_eq!(say(hop(1), &request(&to, "NICKNAME", "")), ["MSRP abcd 501 Unknown Method"]);
    pair.ends[1].receive(Duration::ZERO, hop(2), request(&to, "SEND", "").replace('\n', "\r\n").as_bytes());
    assert_eq!(pair.ends[1].poll().map(|(over, _)| over), Some(hop(2)), "where it came from");
    let mut say = |hop: Hop, text: &str| {
        pair.ends[1].receive(Duration::ZERO, hop, text.replace('\n', "\r\n").as_bytes());
        let said: Vec<_> = std::iter::from_fn(|| pair.ends[1].poll()).collect();
        said.iter().map(|(_, b)| String::from_utf8_lossy(b).lines().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(say(hop(1), &request(&to, "REPORT", "Status: 000 200 OK\n")), [""; 0]);
    assert_eq!(say(hop(1), &request(&to, "SEND", &typed("Byte-Range: 0-1/1\n"))), ["MSRP abcd 400 Bad Request"]);
    let rewritten = to.replace("192.0.2.1:10", "sbc.example.com:9999");
    assert_eq!(say(hop(1), &request(&rewritten, "SEND", &typed(""))), ["MSRP abcd 200 OK"]);
}

#[test]
fn a_response_that_does_not_come_is_a_408_after_30_s() {
    let mut pair = Pair::bound(Terms::default());
    let (now, id) = (pair.now, pair.ids[0]);
    pair.ends[0].send(now, id, Wish::new("m1", "message/cpim", content(10)));
    while pair.ends[0].poll().is_some() {}
    assert_eq!(pair.ends[0].deadline(), Some(RESPONSE));
    pair.ends[0].tick(RESPONSE);
    assert_eq!(pair.events(0), [Event::Sent { message_id: "m1".into(), status: 408 }]);
}

#[test]
fn two_sessions_share_a_connection_and_are_lost_with_it() {
    let mut pair = Pair::bound(Terms::default());
    let address = SocketAddr::from(([192, 0, 2, 1], 9));
    let uris = [pair.ends[0].uri(address, false), pair.ends[1].uri(address, false)];
    let second = [pair.ends[0].open(vec![uris[0].clone()], Terms::default()), pair.ends[1].open(vec![uris[1].clone()], Terms::default())];
    pair.ends[0].set_remote(second[0], vec![uris[1].clone()]);
    pair.ends[0].bind(Duration::ZERO, second[0], hop(1));
    pair.run();
    pair.ends[0].send(Duration::ZERO, second[0], Wish::new("m2", "message/cpim", content(10)));
    pair.send(Wish::new("m1", "message/cpim", content(10)));
    let received: Vec<_> =
        std::iter::from_fn(|| pair.ends[1].event()).filter(|(_, e)| matches!(e, Event::Received { .. })).map(|(id, _)| id).collect();
    assert_eq!(received, [1, 2]);
    assert_eq!(pair.ends[0].close(second[0]), None);
    pair.ends[1].closed(hop(1));
    assert_eq!(std::iter::from_fn(|| pair.ends[1].event()).map(|(id, _)| id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pair.ends[0].close(1), Some(hop(1)));
}

#[test]
fn the_last_chunk_may_wait_and_a_message_may_be_given_up() {
    let mut pair = Pair::bound(Terms::default());
    let pause = Duration::from_secs(3);
    pair.send(Wish { pause, ..Wish::new("m1", "message/cpim", content(5000)) });
    assert_eq!((pair.starts().len(), pair.ends[0].deadline()), (4, Some(pause)));
    pair.now = pause;
    pair.ends[0].tick(pause);
    pair.run();
    assert!(matches!(pair.events(1)[..], [Event::Received { .. }]));
    pair.send(Wish { pause, ..Wish::new("m2", "message/cpim", content(5000)) });
    let (now, id) = (pair.now, pair.ids[0]);
    pair.ends[0].abort(now, id, "m2");
    pair.now += pause;
    pair.ends[0].tick(pair.now);
    pair.run();
    assert_eq!(pair.events(1), [Event::Aborted { message_id: "m2".into() }]);
}

#[test]
fn what_comes_out_does_not_depend_on_the_cuts() {
    let mut one = Pair::bound(Terms::default());
    let id = one.ids[0];
    one.ends[0].send(Duration::ZERO, id, Wish::new("m1", "message/cpim", content(700)));
    let octets: Vec<u8> = std::iter::from_fn(|| one.ends[0].poll()).flat_map(|(_, b)| b.to_vec()).collect();
    for octet in octets {
        one.ends[1].receive(Duration::ZERO, hop(1), &[octet]);
    }
    assert!(matches!(one.events(1)[..], [Event::Received { .. }]));
}
