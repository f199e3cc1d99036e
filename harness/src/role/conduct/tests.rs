//! Conduct beyond SIP, on a role that says what it is given to say and remembers what it heard.

use std::sync::{Arc, Mutex};

use pretty_assertions::assert_eq;

use super::*;

#[derive(Default)]
struct Parrot {
    says: VecDeque<Output>,
    heard: Arc<Mutex<Vec<(Hop, String)>>>,
}

impl Actor for Parrot {
    fn handle(&mut self, _: Duration, input: Input) {
        if let Input::Bytes { hop, bytes } = input {
            self.heard.lock().unwrap().push((hop, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.says.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        true
    }
}

const PATHS: &str = "To-Path: msrp://192.0.2.2:9/b;tcp\r\nFrom-Path: msrp://192.0.2.1:9/a;tcp\r\n";

fn hop(last: u8) -> Hop {
    Hop::over(Protocol::Msrp, Transport::Tcp, SocketAddr::from(([192, 0, 2, last], 2855)))
}

fn send(transaction: &str) -> Bytes {
    format!("MSRP {transaction} SEND\r\n{PATHS}Message-ID: m\r\n-------{transaction}$\r\n").into()
}

struct Stage {
    deviant: Deviant,
    heard: Arc<Mutex<Vec<(Hop, String)>>>,
}

/// The rules in YAML over a parrot that says this.
fn stage(rules: &str, says: Vec<Output>) -> Stage {
    let rules: Vec<Rule> = serde_yaml::from_str(rules).unwrap();
    let heard = Arc::default();
    let parrot = Parrot { says: says.into(), heard: Arc::clone(&heard) };
    let hosts = Hosts::from([("Bob".to_owned(), hop(7).address)]);
    Stage { deviant: Deviant::new(Box::new(parrot), rules, BTreeMap::new(), hosts, Vec::new(), 1), heard }
}

impl Stage {
    fn at(&mut self, seconds: u64, input: Input) -> Vec<Output> {
        self.deviant.handle(Duration::from_secs(seconds), input);
        assert_eq!(self.deviant.complaints(), [""; 0]);
        std::iter::from_fn(|| self.deviant.poll()).collect()
    }

    fn heard(&self) -> Vec<(Hop, String)> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

fn says(hop: Hop, text: &str) -> Output {
    Output::Transmit { hop, bytes: Bytes::copy_from_slice(text.as_bytes()) }
}

fn opens(hop: Hop) -> Output {
    Output::Connect { hop, fingerprint: None }
}

#[test]
fn a_stream_that_is_not_opened_carries_nothing() {
    let said = Output::Transmit { hop: hop(2), bytes: send("ab12") };
    let mut never = stage("[{ upon: { connecting: MSRP }, drop: true }]", vec![opens(hop(2)), said.clone()]);
    assert_eq!(never.at(0, Input::Timeout), []);
    let mut late = stage("[{ upon: { connecting: MSRP }, delay: 3000 }]", vec![opens(hop(2)), said.clone()]);
    assert_eq!(late.at(0, Input::Timeout), []);
    assert_eq!(late.deviant.deadline(), Some(Duration::from_secs(3)));
    assert_eq!(late.at(3, Input::Timeout), [opens(hop(2)), said]);
}

#[test]
fn a_stream_that_leads_elsewhere_is_believed_to_lead_where_it_should() {
    let said = Output::Transmit { hop: hop(2), bytes: send("ab12") };
    let mut led = stage("[{ upon: { connecting: MSRP }, edit: { destination: Bob } }]", vec![opens(hop(2)), said]);
    assert_eq!(led.at(0, Input::Timeout), [opens(hop(7)), Output::Transmit { hop: hop(7), bytes: send("ab12") }]);
    led.at(1, Input::Bytes { hop: hop(7), bytes: send("cd34") });
    assert_eq!(led.heard().into_iter().map(|(hop, _)| hop).collect::<Vec<_>>(), [hop(2)]);
}

#[test]
fn chunks_are_answered_and_kept_from_the_role() {
    let mut full = stage("[{ upon: { receiving: MSRP SEND, nth: 2 }, answer: 413 }]", Vec::new());
    let both = [send("ab12"), send("cd34")].concat();
    let answer =
        "MSRP cd34 413 Stop Sending\r\nTo-Path: msrp://192.0.2.1:9/a;tcp\r\nFrom-Path: msrp://192.0.2.2:9/b;tcp\r\n-------cd34$\r\n";
    assert_eq!(full.at(0, Input::Bytes { hop: hop(2), bytes: both.into() }), [says(hop(2), answer)]);
    assert_eq!(full.heard().len(), 1);
}

#[test]
fn a_stream_is_read_as_slowly_as_it_is_told() {
    let mut slow = stage("[{ upon: { receiving: MSRP SEND }, throttle: 60 }]", Vec::new());
    let size = send("ab12").len() as f64;
    for transaction in ["ab12", "cd34"] {
        assert_eq!(slow.at(0, Input::Bytes { hop: hop(2), bytes: send(transaction) }), []);
    }
    assert_eq!(slow.deviant.deadline(), Some(Duration::from_secs_f64(size / 60.0)));
    slow.at(3, Input::Timeout);
    assert_eq!(slow.heard().len(), 1);
    slow.at(5, Input::Timeout);
    assert_eq!(slow.heard().len(), 1);
}

#[test]
fn a_message_goes_in_pieces_or_breaks_off() {
    let said = Output::Transmit { hop: hop(2), bytes: "MSRP ab12 200 OK\r\n".into() };
    let mut pieces = stage("[{ upon: { sending: MSRP 200 }, split: 10 }]", vec![said.clone()]);
    assert_eq!(pieces.at(0, Input::Timeout), [says(hop(2), "MSRP ab12 "), says(hop(2), "200 OK\r\n")]);
    let mut broken = stage("[{ upon: { sending: MSRP 200 }, cut: true, at: 4 }]", vec![said]);
    assert_eq!(broken.at(0, Input::Timeout), [says(hop(2), "MSRP"), Output::Close { hop: hop(2) }]);
}

#[test]
fn a_response_is_handed_in_before_it_can_come() {
    let said = Output::Transmit { hop: hop(2), bytes: send("ab12") };
    let mut hasty = stage("[{ upon: { sending: MSRP SEND }, feed: { answer: 200 }, open: Bob }]", vec![said.clone()]);
    assert_eq!(hasty.at(0, Input::Timeout), [said, opens(hop(7))]);
    assert!(hasty.heard()[0].1.starts_with("MSRP ab12 200 OK"));
}
