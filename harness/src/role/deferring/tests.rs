use bytes::Bytes;
use pretty_assertions::assert_eq;

use super::*;
use crate::wire::{Span, msrp::Msrp};

mod large;
mod pager;

const CORE: &str = "192.0.2.1:5060";
const OWN: &str = "192.0.2.9:5060";
const CPIM: &str = "From: <sip:bob@example.com>\r\nTo: <sip:alice@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHello";

/// The function and what it said, to the core, over MSRP, to the store.
struct Rig {
    sut: Deferring,
    now: Duration,
    sip: Vec<Message>,
    msrp: Vec<Bytes>,
    imap: Vec<String>,
    branch: u32,
    /// Whether the ACK of the phone comes behind its connection, and that ACK.
    acknowledges_late: bool,
    ack: String,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn media() -> Hop {
    Hop::over(Protocol::Msrp, Transport::Tcp, address("192.0.2.3:40000"))
}

fn store_hop() -> Hop {
    Hop::over(Protocol::Imap, Transport::Tcp, address("192.0.2.5:143"))
}

impl Rig {
    fn new() -> Self {
        let settings = Settings {
            core: address(CORE),
            msrp: Some(address("192.0.2.9:2855")),
            storage_address: Some(store_hop().address),
            ..Settings::default()
        };
        let sut = Deferring::new(settings, address(OWN), 7, 1_760_000_000);
        Self {
            sut,
            now: Duration::ZERO,
            sip: Vec::new(),
            msrp: Vec::new(),
            imap: Vec::new(),
            branch: 0,
            acknowledges_late: false,
            ack: String::new(),
        }
    }

    fn hand(&mut self, input: Input) {
        self.sut.handle(self.now, input);
        while let Some(output) = self.sut.poll() {
            match output {
                Output::Transmit { hop, bytes } => match hop.protocol {
                    Protocol::Msrp => self.msrp.push(bytes),
                    Protocol::Imap => self.imap.push(String::from_utf8_lossy(&bytes).into_owned()),
                    _ => {
                        assert_eq!(hop.address, address(CORE), "all goes to the core");
                        self.sip.push(Message::parse(bytes));
                    }
                },
                Output::Answered { .. } | Output::Connect { .. } | Output::Close { .. } => {}
                Output::Sight(sight) => panic!("{sight:?}"),
            }
        }
    }

    /// The core sends a request; lines without the Via, which is put in here.
    fn say(&mut self, start: &str, headers: &str, body: &str) {
        self.branch += 1;
        let method = start.split(' ').next().unwrap_or_default();
        let octets = format!(
            "{start} SIP/2.0\r\nVia: SIP/2.0/UDP {CORE};branch=z9hG4bK{}\r\nMax-Forwards: 70\r\nCSeq: {} {method}\r\n{headers}\
             Content-Length: {}\r\n\r\n{body}",
            self.branch,
            self.branch,
            body.len()
        );
        self.hear(octets);
    }

    fn hear(&mut self, octets: String) {
        self.hand(Input::Bytes { hop: Hop::sip(Transport::Udp, address(CORE)), bytes: octets.into() });
    }

    /// Answers the last request of the function.
    fn answer(&mut self, status: u16, more: &str, body: &str) {
        let request = self.sip.iter().rev().find(|message| message.is_request()).expect("a request").clone();
        let value = |name: &str| request.value(name).unwrap_or_default().into_owned();
        let octets = format!(
            "SIP/2.0 {status} X\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=them\r\nCall-ID: {}\r\nCSeq: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            value("Via"),
            value("From"),
            value("To"),
            value("Call-ID"),
            value("CSeq"),
            body.len()
        );
        self.hear(octets);
    }

    fn over_media(&mut self, octets: String) {
        self.hand(Input::Bytes { hop: media(), bytes: octets.into() });
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.sut.deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.hand(Input::Timeout);
        }
        self.now = until;
    }

    fn status(&self) -> u16 {
        self.sip.iter().rev().find_map(Message::status).expect("a response")
    }

    fn last(&self, method: &str) -> &Message {
        self.sip.iter().rev().find(|message| message.method() == Some(method)).unwrap_or_else(|| panic!("no {method}"))
    }

    fn count(&self, method: &str) -> usize {
        self.sip.iter().filter(|message| message.method() == Some(method)).count()
    }

    fn leave(&mut self) {
        self.registers("0", "");
    }

    fn registers(&mut self, expires: &str, gruu: &str) {
        let headers = format!("From: <sip:example.com>;tag=c\r\nTo: <sip:alice@example.com>\r\nCall-ID: r\r\nExpires: {expires}\r\n");
        match gruu {
            "" => self.say("REGISTER sip:192.0.2.9:5060", &headers, ""),
            gruu => {
                let inner = format!(
                    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKx\r\nContact: <sip:192.0.2.8>;pub-gruu=\"{gruu}\"\r\n\r\n"
                );
                self.say("REGISTER sip:192.0.2.9:5060", &format!("{headers}Content-Type: message/sip\r\n"), &inner);
            }
        }
    }

    fn bob_writes(&mut self, to: &str, id: &str, more: &str) {
        let headers = format!(
            "From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>\r\nCall-ID: {id}\r\nConversation-ID: c-{id}\r\n\
             Contribution-ID: d-{id}\r\nP-Asserted-Identity: <sip:bob@example.com>\r\n{more}Content-Type: message/cpim\r\n"
        );
        self.say(&format!("MESSAGE {to}"), &headers, CPIM);
    }

    /// The identifiers that a subscriber is told now.
    fn listed(&mut self, contact: &str) -> Vec<String> {
        let headers = format!(
            "From: <sip:alice@example.com>;tag=a\r\nTo: <sip:CPMDeferredMsgMgmt@example.com>\r\nCall-ID: s{}\r\nEvent: deferred-messages\r\n\
             Expires: 0\r\nContact: <{contact}>\r\n",
            self.branch
        );
        self.say("SUBSCRIBE sip:CPMDeferredMsgMgmt@example.com", &headers, "");
        assert_eq!(self.status(), 200);
        let notify = self.last("NOTIFY");
        assert_eq!(notify.value("Subscription-State").as_deref(), Some("terminated;reason=timeout"));
        let entries = crate::wire::lists::List::parse(&notify.raw, notify.body).entries;
        let listed = entries.into_iter().map(|entry| entry.uri).collect();
        self.answer(200, "", "");
        listed
    }

    /// The phone's INVITE, up to the connection that it binds; gives the status.
    fn fetch(&mut self, types: &str) -> u16 {
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.3\r\nt=0 0\r\nm=message 9 TCP/MSRP *\r\na=recvonly\r\n\
             a=accept-types:{types}\r\na=accept-wrapped-types:*\r\na=path:msrp://192.0.2.3:9/phone;tcp\r\na=setup:active\r\n"
        );
        let dialog = format!("From: <sip:alice@example.com>;tag=p\r\nCall-ID: f{}\r\n", self.branch);
        let to = "sip:CPMDeferredMsgMgmt@example.com";
        self.say(
            &format!("INVITE {to}"),
            &format!("{dialog}To: <{to}>\r\nContact: <sip:phone@192.0.2.3>\r\nContent-Type: application/sdp\r\n"),
            &offer,
        );
        let status = self.status();
        if status != 200 {
            return status;
        }
        let response = self.sip.iter().rev().find(|message| message.status() == Some(200)).expect("a 200").clone();
        let tag = response.tag("To").expect("a tag").into_owned();
        let path = crate::role::sdp::Description::read(response.body.of(&response.raw)).expect("an answer").end.path.join(" ");
        self.branch -= 1;
        self.ack = format!("{dialog}To: <{to}>;tag={tag}\r\n");
        if !self.acknowledges_late {
            self.acknowledge();
        }
        self.over_media(format!(
            "MSRP bind SEND\r\nTo-Path: {path}\r\nFrom-Path: msrp://192.0.2.3:9/phone;tcp\r\nMessage-ID: m0\r\n-------bind$\r\n"
        ));
        status
    }

    fn acknowledge(&mut self) {
        let dialog = std::mem::take(&mut self.ack);
        self.say("ACK sip:192.0.2.9:5060", &dialog, "");
    }

    /// What was sent over MSRP, chunks put together, by Message-ID; each chunk is answered by the status that `answer` gives
    /// for the number of its message.
    fn delivered(&mut self, answer: impl Fn(usize) -> u16) -> Vec<(String, String)> {
        let mut whole: Vec<(String, String, String)> = Vec::new();
        let mut at = 0;
        while at < self.msrp.len() {
            let raw = self.msrp[at].clone();
            at += 1;
            let msrp = Msrp::parse(&raw, Span::all(&raw));
            let value = |name: &str| msrp.field(&raw, name).map(|span| span.text(&raw).into_owned()).unwrap_or_default();
            let Some(body) = msrp.body.filter(|_| msrp.method.is_some()) else { continue };
            let id = value("Message-ID");
            let number = whole.iter().position(|(known, ..)| *known == id).unwrap_or_else(|| {
                whole.push((id, value("Content-Type"), String::new()));
                whole.len() - 1
            });
            whole[number].2.push_str(&body.text(&raw));
            self.over_media(format!(
                "MSRP {0} {1} X\r\nTo-Path: {2}\r\nFrom-Path: {3}\r\n-------{0}$\r\n",
                msrp.transaction.text(&raw),
                answer(number),
                value("From-Path"),
                value("To-Path")
            ));
        }
        self.msrp.clear();
        whole.into_iter().map(|(_, kind, text)| (kind, text)).collect()
    }
}
