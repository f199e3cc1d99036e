//! Large messages between the reference client, the fake core and a participating function, both ways.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use harness::{
    bench::{
        Bench,
        record::Recorder,
        stage::{self, Link, Plan, Subject},
    },
    role::{Media, Outgoing, Stimulus, Within, conduct::Rule},
    scenario::Scenario,
    sut::Ixit,
    trace::{Event, Transport},
    upper::{Act, Sight},
};
use pretty_assertions::assert_eq;

const FAKES: &str = r#"
fakes:
  the IMS core: { role: ims-core }
  the home domain: { role: bystander }
  Bob: { role: participating-function, uri: "{bob}" }
"#;

struct Play(Bench);

impl Play {
    /// Alice is registered; `conduct` is Bob's.
    async fn begin(transport: Transport, fakes: &str, conduct: &str) -> Self {
        let mut scenario = Scenario::parse("test", fakes).unwrap();
        if !conduct.is_empty() {
            let rules: Vec<Rule> = harness::yaml::from_str("test", conduct).unwrap();
            scenario.conduct.insert("always".to_owned(), BTreeMap::from([("Bob".to_owned(), rules)]));
        }
        let plan = Plan {
            role: harness::sut::Role::CpmClient,
            listens: None,
            scenario: &scenario,
            ixit: &Ixit::default(),
            transport,
            link: Link::Memory,
            subject: Subject::Reference(Vec::new()),
            held: BTreeMap::new(),
            seed: 7,
            epoch: 1_700_000_000,
        };
        let (bench, _) = stage::set(plan, Recorder::default()).await.unwrap();
        let mut play = Self(bench);
        play.act(Act::Register {}).await;
        play.lines();
        play
    }

    async fn act(&mut self, act: Act) {
        self.0.act(act, Duration::from_secs(1)).await.unwrap();
        self.0.pass(Duration::from_secs(1)).await;
    }

    async fn send(&mut self, wanted: Outgoing) {
        assert!(self.0.stimulate("Bob", Stimulus::Send(Box::new(Outgoing { to: "sip:alice@example.com".to_owned(), ..wanted }))));
        self.0.pass(Duration::from_secs(5)).await;
    }

    async fn invited(&mut self) {
        let accept = r#"*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.largemsg""#;
        let content = format!(
            "From: <sip:bob@example.com>\r\nTo: <sip:alice@example.com>\r\nDateTime: 2024-01-01T00:00:00Z\r\n\r\nContent-Type: text/plain\r\n\r\n{}",
            "x".repeat(5000)
        );
        self.send(Outgoing {
            method: "INVITE".to_owned(),
            headers: vec![("Accept-Contact".to_owned(), Some(vec![accept.to_owned()]))],
            media: Media { content: Some(Bytes::from(content)), ..Media::default() },
            ..Outgoing::default()
        })
        .await;
    }

    /// SIP between the SUT and the core, in order: `>` is of the SUT; MSRP as a number of requests.
    fn lines(&self) -> Vec<String> {
        let messages = self.0.record.messages();
        let sip = messages.list().iter().filter(|seen| seen.to.is_sut() || seen.by_sut());
        sip.filter(|seen| seen.message.cseq().is_some_and(|(_, m)| m != "REGISTER"))
            .map(|seen| {
                let way = if seen.by_sut() { '>' } else { '<' };
                let method = seen.message.cseq().map(|(_, m)| m.to_owned()).unwrap();
                seen.message.status().map_or_else(|| format!("{way} {method}"), |status| format!("{way} {status} {method}"))
            })
            .collect()
    }

    fn shown(&self) -> Vec<Sight> {
        let sight = |entry: &harness::trace::Entry| match &entry.event {
            Event::Seen(sight) => Some(sight.clone()),
            _ => None,
        };
        self.0.record.trace().entries().iter().filter_map(sight).collect()
    }
}

fn large() -> Act {
    serde_json::from_value(serde_json::json!({ "act": "send-message", "to": ["sip:bob@example.com"], "text": "x".repeat(5000) })).unwrap()
}

#[tokio::test]
async fn the_client_sends_a_large_message_and_leaves() {
    let mut play = Play::begin(Transport::Tcp, FAKES, "").await;
    play.act(large()).await;
    assert_eq!(play.lines(), ["> INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]);
    let mut play = Play::begin(Transport::Udp, FAKES, "").await;
    play.act(large()).await;
    assert_eq!(play.lines(), ["> INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]);
    let ok = play
        .0
        .record
        .messages()
        .list()
        .iter()
        .find(|s| s.message.status() == Some(200) && s.message.cseq().is_some_and(|(_, m)| m == "INVITE"))
        .unwrap()
        .message
        .clone();
    let text = |name: &str| ok.value(name).unwrap_or_default().into_owned();
    assert!(text("Contact").starts_with("<sip:bob-pf@198.51.100."), "{}", text("Contact"));
    assert_eq!((text("Allow").contains("UPDATE"), ok.elements("Record-Route").len()), (true, 2));
    assert_eq!(play.0.faults(), [] as [&str; 0]);
}

#[tokio::test]
async fn the_client_receives_a_large_message_and_the_other_end_leaves() {
    let mut play = Play::begin(Transport::Tcp, FAKES, "").await;
    play.invited().await;
    assert_eq!(play.lines(), ["< INVITE", "> 200 INVITE", "< ACK", "< BYE", "> 200 BYE"]);
    let mut play = Play::begin(Transport::Udp, FAKES, "").await;
    play.invited().await;
    assert_eq!(play.lines(), ["< INVITE", "> 200 INVITE", "< ACK", "< BYE", "> 200 BYE"]);
    assert!(
        matches!(&play.shown()[..], [Sight::MessageReceived(message)] if message.text.as_ref().is_some_and(|t| t.len() == 5000)),
        "{:?}",
        play.shown()
    );
}

#[tokio::test]
async fn a_late_ack_has_the_200_repeated() {
    let mut play = Play::begin(Transport::Udp, FAKES, "[{ upon: { sending: ACK }, delay: 1200 }]").await;
    play.invited().await;
    let oks = play.lines().iter().filter(|line| *line == "> 200 INVITE").count();
    assert_eq!((oks, play.lines().last().unwrap().as_str()), (2, "> 200 BYE"));
}

#[tokio::test]
async fn a_ringing_invitation_is_cancelled() {
    let mut play = Play::begin(Transport::Udp, &FAKES.replace("uri:", "rings: 8, uri:"), "").await;
    play.act(large()).await;
    let handle = "out-1".to_owned();
    play.act(Act::CancelMessage { message: handle }).await;
    assert_eq!(play.lines(), ["> INVITE", "< 180 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"]);
}

#[tokio::test]
async fn named_messages_go_into_the_session() {
    let mut play = Play::begin(Transport::Udp, FAKES, "[{ upon: { sending: BYE, nth: 1 }, drop: true }]").await;
    play.invited().await;
    for method in ["CANCEL", "BYE"] {
        play.send(Outgoing { method: method.to_owned(), within: Within::Session, ..Outgoing::default() }).await;
    }
    play.send(Outgoing { method: "CANCEL".to_owned(), ..Outgoing::default() }).await;
    let lines = play.lines();
    let expected = ["< INVITE", "> 200 INVITE", "< ACK", "< CANCEL", "> 200 CANCEL", "< BYE", "> 200 BYE", "< CANCEL", "> 481 CANCEL"];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_peer_connects_to_where_the_client_listens_and_is_refused_a_second_time() {
    let fakes = FAKES.replace("participating-function", "session-peer").replace("uri: \"{bob}\"", "uri: \"{bob}\", connects: true");
    let mut play = Play::begin(Transport::Udp, &fakes, "").await;
    play.act(serde_json::from_value(serde_json::json!({ "act": "start-session", "to": "sip:bob@example.com" })).unwrap()).await;
    assert_eq!(play.lines(), ["> INVITE", "< 200 INVITE", "> ACK"]);
    let content = "From: <sip:bob@example.com>\r\nTo: <sip:alice@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nhello";
    let text = |apart| Outgoing {
        method: "MSRP SEND".to_owned(),
        within: Within::Session,
        apart,
        media: Media { content: Some(Bytes::from(content)), ..Media::default() },
        ..Outgoing::default()
    };
    play.send(text(false)).await;
    play.send(text(true)).await;
    let messages = play.0.record.messages();
    let answers: Vec<_> = messages.media().iter().filter(|m| m.by_sut()).filter_map(|m| m.status()).collect();
    // The empty SEND, the text, and the text over the second connection.
    assert_eq!(answers, [200, 200, 506]);
    let texts = play.shown().into_iter().filter(|sight| matches!(sight, Sight::MessageReceived(_)));
    assert_eq!((texts.count(), play.0.faults()), (1, Vec::new()));
}
