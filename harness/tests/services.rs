//! Services of a seat: own addresses with their transport and protocol, over the memory link and over sockets, in the clear and
//! under TLS; what becomes of a connection is in the trace.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use bytes::Bytes;
use harness::{
    bench::{
        Bench, Carrier, Reach, Seat,
        memory::Memory,
        net::{Net, Service},
        record::Recorder,
        tls,
    },
    role::{Actor, Hop, Input, Output},
    trace::{Event, LinkChange, Party, Protocol, Transport},
};
use pretty_assertions::assert_eq;

/// Says what it is told to say, and back what it hears twice.
#[derive(Default)]
struct Told {
    out: VecDeque<Output>,
    answers: bool,
    heard: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Actor for Told {
    fn handle(&mut self, _: Duration, input: Input) {
        let mut heard = self.heard.lock().unwrap();
        match input {
            Input::Bytes { hop, bytes } => {
                heard.push(format!("{}/{} {}", hop.protocol, hop.transport, String::from_utf8_lossy(&bytes)));
                if self.answers {
                    self.out.push_back(Output::Transmit { hop, bytes: [bytes.clone(), bytes].concat().into() });
                }
            }
            Input::Closed { hop } => heard.push(format!("{}/{} closed", hop.protocol, hop.transport)),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        (!self.out.is_empty()).then_some(Duration::ZERO)
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        self.out.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Memory,
    Sockets,
}

/// Plays what the SUT wants done at Bob's MSRP service; gives what each heard, and the trace without times in words.
async fn play(how: How, transport: Transport, wants: impl Fn(Hop) -> Vec<Output>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let at = |text: &str| -> SocketAddr { text.parse().unwrap() };
    let (own, hop, carrier) = match how {
        How::Memory => {
            (at("192.0.2.1:5060"), Hop::over(Protocol::Msrp, transport, at("192.0.2.3:2855")), Carrier::Memory(Memory::default()))
        }
        How::Sockets => {
            let service = Service::bind(Protocol::Msrp, transport, at("127.0.0.1:0")).await.unwrap();
            (at("127.0.0.1:5060"), service.hop, Carrier::Net(Net::start(Vec::new(), vec![(0, service)])))
        }
    };
    let (bob, sut) = (Told { answers: true, ..Told::default() }, Told { out: wants(hop).into(), ..Told::default() });
    let heard = [&bob, &sut].map(|told| std::sync::Arc::clone(&told.heard));
    let seats = vec![
        Seat { party: Party::new("Bob"), actor: Box::new(bob), outer: None, inner: None, services: vec![hop] },
        Seat { party: Party::sut(), actor: Box::new(sut), outer: Some(own), inner: None, services: Vec::new() },
    ];
    let mut bench = Bench::new(Recorder::default(), seats, Reach::Embedded, carrier);
    assert!(bench.idle(Duration::from_secs(5), Duration::ZERO).await);
    bench.pass(Duration::from_millis(20)).await;
    let (record, faults) = bench.close_down().await;
    assert_eq!(faults, [] as [&str; 0]);
    let told = record.trace().entries().iter().map(|entry| told(&entry.event)).collect();
    let [bob, sut] = heard.map(|heard| heard.lock().unwrap().clone());
    (bob, sut, told)
}

fn told(event: &Event) -> String {
    match event {
        Event::Link { change: LinkChange::Opened { transport, protocol, from, to }, .. } => {
            format!("{} opens {protocol}/{transport} to {}", from.party, to.party)
        }
        Event::Link { change: LinkChange::Secured { version, fingerprint }, .. } => {
            let known = fingerprint.as_deref().is_some_and(|f| [tls::fingerprint(), tls::MEMORY].contains(&f));
            format!("{version}, {}", if known { "known" } else { "unknown" })
        }
        Event::Link { change: LinkChange::Unsecured(_), .. } => "no TLS".to_owned(),
        Event::Link { change, .. } => format!("{change:?}"),
        Event::Bytes { from, bytes, .. } => format!("{from}: {}", String::from_utf8_lossy(bytes)),
        other => format!("{other:?}"),
    }
}

fn say(hop: Hop, text: &'static str) -> Output {
    Output::Transmit { hop, bytes: Bytes::from_static(text.as_bytes()) }
}

fn connect(hop: Hop) -> Output {
    Output::Connect { hop, fingerprint: None }
}

#[tokio::test]
async fn a_service_hears_its_protocol_and_answers_on_the_connection() {
    for how in [How::Memory, How::Sockets] {
        let (bob, sut, trace) = play(how, Transport::Tcp, |hop| vec![say(hop, "hi")]).await;
        assert_eq!(bob, ["MSRP/tcp hi"], "{how:?}");
        assert_eq!(sut, ["MSRP/tcp hihi"], "{how:?}");
        assert_eq!(trace, ["the SUT opens MSRP/tcp to Bob", "the SUT: hi", "Bob: hihi"], "{how:?}");
    }
}

#[tokio::test]
async fn a_connection_that_carries_nothing_is_in_the_trace() {
    for how in [How::Memory, How::Sockets] {
        let (bob, _, trace) = play(how, Transport::Tcp, |hop| vec![connect(hop), connect(hop)]).await;
        assert_eq!(bob, [] as [&str; 0], "{how:?}");
        assert_eq!(trace, ["the SUT opens MSRP/tcp to Bob"], "{how:?}");
    }
}

#[tokio::test]
async fn a_stream_that_is_closed_says_what_was_said_before() {
    for how in [How::Memory, How::Sockets] {
        let (bob, sut, trace) = play(how, Transport::Tcp, |hop| vec![connect(hop), say(hop, "bye"), Output::Close { hop }]).await;
        assert_eq!(bob[..2], ["MSRP/tcp bye", "MSRP/tcp closed"], "{how:?}");
        assert_eq!((sut.len(), trace[1].as_str()), (0, "the SUT: bye"), "{how:?}");
        assert!(trace.contains(&"Closed(\"the SUT\")".to_owned()), "{how:?}: {trace:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_told() {
    let elsewhere = |hop: Hop| Hop { address: SocketAddr::new(hop.address.ip(), 1), ..hop };
    for how in [How::Memory, How::Sockets] {
        let (_, sut, trace) = play(how, Transport::Tcp, |hop| vec![connect(elsewhere(hop))]).await;
        assert_eq!(sut, ["MSRP/tcp closed"], "{how:?}");
        assert_eq!(trace, [] as [&str; 0], "{how:?}");
    }
}

#[tokio::test]
async fn octets_under_tls_are_recorded_in_the_clear() {
    for (how, fingerprint) in [(How::Memory, tls::MEMORY), (How::Sockets, tls::fingerprint())] {
        let wants = |hop| vec![Output::Connect { hop, fingerprint: Some(fingerprint.to_owned()) }, say(hop, "hi")];
        let (bob, sut, trace) = play(how, Transport::Tls, wants).await;
        assert_eq!((bob, sut), (vec!["MSRP/tls hi".to_owned()], vec!["MSRP/tls hihi".to_owned()]), "{how:?}");
        assert_eq!(trace, ["the SUT opens MSRP/tls to Bob", "TLSv1.3, known", "the SUT: hi", "Bob: hihi"], "{how:?}");
    }
}

#[tokio::test]
async fn another_certificate_than_the_one_that_was_described_is_refused() {
    let wrong = tls::MEMORY.replace("01", "02");
    for how in [How::Memory, How::Sockets] {
        let wants = |hop| vec![Output::Connect { hop, fingerprint: Some(wrong.clone()) }];
        let (bob, sut, trace) = play(how, Transport::Tls, wants).await;
        assert_eq!((bob.len(), sut), (usize::from(how == How::Sockets), vec!["MSRP/tls closed".to_owned()]), "{how:?}: {bob:?}");
        assert_eq!(trace, ["the SUT opens MSRP/tls to Bob", "no TLS"], "{how:?}");
    }
}

#[tokio::test]
async fn ten_mebibytes_said_at_once_arrive() {
    for (how, transport) in [(How::Memory, Transport::Tcp), (How::Sockets, Transport::Tcp), (How::Sockets, Transport::Tls)] {
        let chunk = Bytes::from(vec![b'x'; 2048]);
        let wants = |hop| (0..5120).map(|_| Output::Transmit { hop, bytes: chunk.clone() }).collect();
        let (bob, sut, _) = play(how, transport, wants).await;
        let octets = |heard: Vec<String>| heard.iter().map(|line| line.len() - "MSRP/tcp ".len()).sum::<usize>();
        assert_eq!((octets(bob), octets(sut)), (10 << 20, 20 << 20), "{how:?} {transport}");
    }
}
