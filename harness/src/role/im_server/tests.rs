//! Two legs driven by hand, and virtual time: the controlling function invites on the left, Bob is invited on the right.

use bytes::Bytes;
use pretty_assertions::assert_eq;

use super::*;
use crate::role::{build::Draft, call::dialog::contact};

mod b2bua;
mod media;
mod proxy;

const OWN: &str = "192.0.2.1:5060";
const CORE: &str = "192.0.2.2:5060";
const SDP: &str = "v=0\r\no=- 7 7 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.3\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\n\
                   a=accept-types:message/cpim\r\na=path:msrp://192.0.2.3:2855/left;tcp\r\na=setup:active\r\n";

fn hop() -> Hop {
    Hop::sip(Transport::Udp, CORE.parse().unwrap())
}

/// The server, and what it said.
struct Play {
    server: ImServer,
    now: Duration,
    sip: Vec<Message>,
    /// Start lines of SIP and MSRP, in order.
    said: Vec<String>,
    msrp: Vec<(Hop, String)>,
    number: u32,
}

impl Play {
    fn new(mode: Mode, msrp: bool) -> Self {
        let msrp = msrp.then(|| "192.0.2.1:2855".parse().unwrap());
        let settings = Settings { core: CORE.parse().unwrap(), msrp, ..Settings::default() };
        let server = ImServer::new(mode, settings, OWN.parse().unwrap(), 7);
        Self { server, now: Duration::ZERO, sip: Vec::new(), said: Vec::new(), msrp: Vec::new(), number: 1 }
    }

    fn input(&mut self, input: Input) {
        self.server.handle(self.now, input);
        while let Some(output) = self.server.poll() {
            match output {
                Output::Transmit { hop, bytes } if hop.protocol == Protocol::Msrp => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let line = text.lines().next().unwrap().to_owned();
                    let words: Vec<&str> = line.split(' ').collect();
                    self.said.push(format!("MSRP {} {}", words[2], hop.address));
                    self.msrp.push((hop, text));
                }
                Output::Transmit { hop, bytes } => {
                    assert_eq!(hop, self::hop());
                    let message = Message::parse(bytes);
                    assert_eq!(message.malformations, []);
                    let method = message.cseq().unwrap().1.to_owned();
                    self.said.push(message.status().map_or_else(|| method.clone(), |status| format!("{status} {method}")));
                    self.sip.push(message);
                }
                Output::Connect { hop, .. } => self.said.push(format!("connect {}", hop.address)),
                Output::Close { hop } => self.said.push(format!("close {}", hop.address)),
                Output::Answered { answer, .. } => self.said.push(format!("{answer:?}")),
                Output::Sight(_) => {}
            }
        }
    }

    fn hears(&mut self, draft: Draft) {
        self.input(Input::Bytes { hop: hop(), bytes: draft.finish() });
    }

    /// Lets time pass to `seconds`.
    fn pass(&mut self, seconds: u64) {
        let end = Duration::from_secs(seconds);
        while let Some(at) = self.server.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    /// What was said since.
    fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// The last message of this name: a method, or status and method.
    fn last(&self, what: &str) -> Message {
        let (status, method) = what.split_once(' ').map_or((None, what), |(status, method)| (status.parse().ok(), method));
        let is = |m: &&Message| m.status() == status && m.cseq().unwrap().1 == method;
        self.sip.iter().rev().find(is).unwrap_or_else(|| panic!("no {what} in {:?}", self.said)).clone()
    }

    /// An INVITE, or a request within the left dialog, that comes from the left.
    fn left(&mut self, method: &str, body: Option<&str>) {
        let tag =
            self.sip.iter().find_map(|m| m.status().filter(|s| *s > 100)?.checked_sub(0).and(m.tag("To"))).map(|tag| tag.into_owned());
        let inside = tag.filter(|_| self.sip.iter().any(|m| m.call_id().as_deref() == Some("left") && m.status() == Some(200)));
        let number = if matches!(method, "ACK" | "CANCEL") { self.number - 1 } else { self.number };
        self.number = number + 1;
        let branch = if method == "CANCEL" { "INVITE".to_owned() } else { method.to_owned() };
        let draft = Draft::request(method, if inside.is_some() { "sip:im@192.0.2.1:5060" } else { "sip:bob@example.com" })
            .header("Via", &format!("SIP/2.0/UDP {CORE};branch=z9hG4bKleft{branch}{number}"))
            .header("Max-Forwards", "69")
            .header("Route", &format!("<sip:{OWN};lr>, <sip:{CORE};lr>"))
            .header("Record-Route", "<sip:left.example.com;lr>")
            .header("From", "\"The Room\" <sip:room@example.com>;tag=l")
            .header("To", &format!("<sip:bob@example.com>{}", inside.map(|tag| format!(";tag={tag}")).unwrap_or_default()))
            .header("Call-ID", "left")
            .header("CSeq", &format!("{number} {method}"))
            .header("Contact", "<sip:conf@192.0.2.3:5060>;isfocus")
            .header("P-Asserted-Identity", "<sip:room@example.com>")
            .header("Privacy", "id")
            .header("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE");
        self.hears(match body {
            Some(body) => draft.body("application/sdp", body),
            None => draft,
        });
    }

    /// Bob answers the last request of this method.
    fn answers(&mut self, method: &str, status: u16, more: &[(&str, &str)], body: Option<&str>) {
        let request = self.last(method);
        let draft = Draft::response(&request, status, "r").header("Contact", "<sip:bob@192.0.2.4:5060>");
        let draft = more.iter().fold(draft, |draft, (name, value)| draft.header(name, value));
        self.hears(match body {
            Some(body) => draft.body("application/sdp", body),
            None => draft,
        });
    }

    /// A session: Bob takes UPDATE if `update`.
    fn established(&mut self, update: bool) {
        self.left("INVITE", Some(SDP));
        self.answers("INVITE", 200, &[("Allow", if update { "INVITE, UPDATE" } else { "INVITE" })], Some(&right()));
        self.left("ACK", None);
        self.said();
    }
}

/// Bob's description.
fn right() -> String {
    SDP.replace("192.0.2.3", "192.0.2.4").replace("left", "right").replace("active", "passive")
}

fn body(message: &Message) -> String {
    message.body.text(&message.raw).into_owned()
}

fn text(message: &Message, name: &str) -> String {
    message.value(name).map(|value| value.into_owned()).unwrap_or_default()
}

fn version(message: &Message) -> String {
    body(message).lines().find_map(|line| line.strip_prefix("o=- ")).unwrap().split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn settings_are_taken_by_name() {
    let mut play = Play::new(Mode::Proxy, false);
    let configure = |setting: &str, value: Value| Act::Configure { setting: setting.to_owned(), value };
    for (act, fine) in [
        (configure("core", "192.0.2.9:5060".into()), "Taken"),
        (configure("core", "nowhere".into()), "Refused"),
        (configure("served", vec!["sip:x@y"].into()), "Taken"),
        (configure("device-name", "x".into()), "Refused"),
        (Act::Register {}, "NoSuchAct"),
    ] {
        play.input(Input::Act { id: 1, act });
        assert!(play.said().pop().unwrap().starts_with(fine), "{fine}");
    }
    play.server.reset();
    assert_eq!(play.server.settings.core, CORE.parse().unwrap());
}
