use std::net::SocketAddr;

use pretty_assertions::assert_eq;

use super::*;
use crate::{
    role::{
        Actor, Hop, Input, Output,
        build::{self, Draft},
        cpm_client::Settings,
    },
    trace::Transport,
    wire::conference::NAME_SPACE,
};

/// A client in a group session, and what it says and shows.
struct Rig {
    client: CpmClient,
    now: Duration,
    sent: Vec<Message>,
    seen: Vec<String>,
    notifies: u32,
}

const FOCUS: &str = "sip:conf-7@192.0.2.9;sid=ab1";

fn core() -> Hop {
    Hop::sip(Transport::Udp, SocketAddr::from(([192, 0, 2, 2], 5060)))
}

impl Rig {
    fn new() -> Self {
        let settings = Settings { core: Some(core().address), ..Settings::default() };
        let client = CpmClient::new(settings, SocketAddr::from(([192, 0, 2, 1], 5060)), 1, 1_700_000_000);
        let mut rig = Self { client, now: Duration::ZERO, sent: Vec::new(), seen: Vec::new(), notifies: 0 };
        rig.client.registration.service_route = vec!["<sip:orig@192.0.2.2;lr>".to_owned()];
        rig.client.watch(rig.now, "s", FOCUS);
        rig.handle(Input::Timeout);
        rig
    }

    fn handle(&mut self, input: Input) {
        Actor::handle(&mut self.client, self.now, input);
        while let Some(output) = self.client.poll() {
            match output {
                Output::Transmit { bytes, .. } => self.sent.push(Message::parse(bytes)),
                Output::Sight(Sight::Participants { session, list }) => {
                    let words: Vec<_> = list.into_iter().map(|p| p.address).collect();
                    self.seen.push(format!("{session}: {}", words.join(" ")));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn last(&self, method: &str) -> &Message {
        self.sent.iter().rfind(|m| m.method() == Some(method)).unwrap()
    }

    fn count(&self, method: &str) -> usize {
        self.sent.iter().filter(|m| m.method() == Some(method)).count()
    }

    fn answer(&mut self, status: u16) {
        let draft = Draft::response(self.last("SUBSCRIBE"), status, "f").header("Contact", &format!("<{FOCUS}>")).header("Expires", "3600");
        self.handle(Input::Bytes { hop: core(), bytes: draft.finish() });
    }

    fn notify(&mut self, state: &str, event: &str, document: &str) -> u16 {
        self.notifies += 1;
        let subscribe = self.last("SUBSCRIBE");
        let draft = Draft::request("NOTIFY", "sip:alice@192.0.2.1")
            .header("Via", &build::via(core(), &format!("z9hG4bKn{}", self.notifies)))
            .header("From", "<sip:conf-7@192.0.2.9>;tag=f")
            .header("To", &subscribe.value("From").unwrap())
            .header("Call-ID", &subscribe.call_id().unwrap())
            .header("CSeq", &format!("{} NOTIFY", self.notifies))
            .header("Contact", &format!("<{FOCUS}>"))
            .header("Event", event)
            .header("Subscription-State", state);
        let draft = if document.is_empty() { draft } else { draft.body(MEDIA_TYPE, document) };
        self.handle(Input::Bytes { hop: core(), bytes: draft.finish() });
        let answers = self.sent.iter().filter(|m| m.cseq().is_some_and(|(_, method)| method == "NOTIFY"));
        answers.last().and_then(Message::status).unwrap()
    }
}

fn document(version: u32, state: &str, users: &str) -> String {
    format!("<conference-info xmlns='{NAME_SPACE}' entity='{FOCUS}' version='{version}' state='{state}'>{users}</conference-info>")
}

fn users(state: &str, names: &[&str]) -> String {
    let users: String = names.iter().map(|name| format!("<user entity='{name}'/>")).collect();
    format!("<users state='{state}'>{users}</users>")
}

#[test]
fn the_subscription_is_that_of_the_section() {
    let rig = Rig::new();
    let subscribe = rig.last("SUBSCRIBE");
    let value = |name: &str| subscribe.value(name).unwrap_or_default().into_owned();
    let icsi = "+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session\"";
    assert_eq!(subscribe.request_uri().unwrap().text(&subscribe.raw), FOCUS);
    assert_eq!(value("Event"), "conference");
    assert_eq!(value("Accept"), MEDIA_TYPE);
    assert_eq!(value("Accept-Contact"), format!("*;{icsi}"));
    assert!(value("Contact").ends_with(&format!(">;{icsi}")), "{}", value("Contact"));
    assert_eq!(value("P-Preferred-Service"), "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session");
    assert_eq!((value("Route"), value("Expires")), ("<sip:orig@192.0.2.2;lr>".to_owned(), "3600".to_owned()));
    assert_eq!(subscribe.tag("To"), None);
}

#[test]
fn the_user_sees_who_takes_part() {
    let mut rig = Rig::new();
    rig.answer(200);
    assert_eq!(rig.notify("active", "conference", &document(1, "full", &users("full", &["a", "b"]))), 200);
    assert_eq!(rig.notify("active", "conference", &document(2, "partial", &users("partial", &["c"]))), 200);
    assert_eq!(rig.notify("active", "conference", ""), 200);
    assert_eq!(rig.notify("active", "conference", &document(2, "full", &users("full", &["x"]))), 200);
    assert_eq!(rig.notify("active", "presence", &document(3, "full", &users("full", &["x"]))), 489);
    assert_eq!(rig.seen, ["s: a b", "s: a b c"]);
    assert_eq!(rig.count("SUBSCRIBE"), 1);
    assert_eq!(rig.notify("active", "conference", &document(6, "partial", &users("partial", &["d"]))), 200);
    assert_eq!(rig.count("SUBSCRIBE"), 2, "the whole state is asked for");
    assert_eq!(rig.seen.len(), 2);
    assert_eq!(rig.client.conferences.participants("s").len(), 3);
}

#[test]
fn what_ended_begins_anew_or_stays_over() {
    let mut rig = Rig::new();
    rig.answer(200);
    rig.notify("active", "conference", &document(7, "full", &users("full", &["a"])));
    rig.now += Duration::from_secs(5);
    rig.notify("terminated;reason=deactivated", "conference", "");
    assert_eq!(rig.count("SUBSCRIBE"), 2);
    let calls: std::collections::BTreeSet<_> = rig.sent.iter().filter_map(|m| m.call_id().map(|id| id.into_owned())).collect();
    assert_eq!(calls.len(), 2);
    rig.answer(200);
    rig.notify("active", "conference", &document(1, "full", &users("full", &["b"])));
    assert_eq!(rig.seen, ["s: a", "s: b"], "numbers begin anew, too");
    rig.client.unwatch(rig.now, "s");
    rig.handle(Input::Timeout);
    assert_eq!(rig.last("SUBSCRIBE").value("Expires").unwrap(), "0");
    rig.answer(200);
    assert_eq!(rig.notify("terminated;reason=timeout", "conference", ""), 200);
    rig.now += Duration::from_secs(9000);
    rig.handle(Input::Timeout);
    assert_eq!(rig.count("SUBSCRIBE"), 3);
    assert_eq!(rig.client.conferences.participants("s").len(), 1, "who took part last stays known");
    assert_eq!(rig.notify("active", "conference", ""), 481);
}
