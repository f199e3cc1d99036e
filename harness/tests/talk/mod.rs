//! Conversations written by hand, and what the lines about sessions say of them.

use std::time::Duration;

use bytes::Bytes;
use harness::{
    check::{MessageRef, View},
    sut::Ixit,
    trace::{
        Endpoint, Event, LinkChange, LinkId, Mark, Party, Protocol, Trace, Transport,
        view::{It, Messages},
    },
    upper::{ReceivedMessage, Sight},
    verdict::{Judgement, Severity},
};

mod sessions;

/// A conversation: SIP on link 1 with the core, MSRP on links from 2 on with Bob.
#[derive(Clone)]
pub struct Talk(pub Trace);

pub const CORE: &str = "192.0.2.1:5060";

impl Talk {
    pub fn new() -> Self {
        let mut talk = Self(Trace::default());
        talk.opened(1, Protocol::Sip, Transport::Udp, ["the SUT", "the IMS core"], CORE);
        talk.0.append(Duration::ZERO, Event::Mark(Mark::Stimulus("by hand".to_owned())));
        talk
    }

    pub fn opened(&mut self, link: u32, protocol: Protocol, transport: Transport, parties: [&str; 2], to: &str) {
        let [from, other] = parties.map(Party::new);
        let (from, to) =
            (Endpoint { party: from, address: "192.0.2.9:1024".parse().unwrap() }, Endpoint { party: other, address: to.parse().unwrap() });
        let change = LinkChange::Opened { transport, protocol, from, to };
        self.0.append(self.0.end(), Event::Link { link: LinkId(link), change });
    }

    /// The SUT opens an MSRP link to this address.
    pub fn connects(mut self, link: u32, transport: Transport, to: &str) -> Self {
        self.opened(link, Protocol::Msrp, transport, ["the SUT", "Bob"], to);
        self
    }

    /// Bob opens an MSRP link to the SUT.
    pub fn connected_by(mut self, link: u32) -> Self {
        self.opened(link, Protocol::Msrp, Transport::Tcp, ["Bob", "the SUT"], "192.0.2.9:2855");
        self
    }

    pub fn closed(mut self, link: u32) -> Self {
        self.0.append(self.0.end(), Event::Link { link: LinkId(link), change: LinkChange::Closed(Party::sut()) });
        self
    }

    pub fn pass(mut self, milliseconds: u64) -> Self {
        self.0.append(self.0.end() + Duration::from_millis(milliseconds), Event::Mark(Mark::Quiet(milliseconds)));
        self
    }

    /// Octets of the SUT (true), or for it.
    pub fn says(mut self, link: u32, by_sut: bool, octets: impl AsRef<[u8]>) -> Self {
        let other = Party::new(if link == 1 { "the IMS core" } else { "Bob" });
        let (from, to) = if by_sut { (Party::sut(), other) } else { (other, Party::sut()) };
        let bytes = Bytes::copy_from_slice(octets.as_ref());
        self.0.append(self.0.end(), Event::Bytes { link: LinkId(link), from, to, bytes });
        self
    }

    /// The user sees a message with this text.
    pub fn sees(mut self, text: &str) -> Self {
        let message = ReceivedMessage { message: "m".to_owned(), text: Some(text.to_owned()), ..ReceivedMessage::default() };
        self.0.append(self.0.end(), Event::Seen(Sight::MessageReceived(message)));
        self
    }

    pub fn sip(self, by_sut: bool, text: &str) -> Self {
        let text = text.replace('\n', "\r\n");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        self.says(1, by_sut, format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    pub fn look<T>(&self, it: Option<It>, look: impl FnOnce(&View<'_>) -> T) -> T {
        let messages = Messages::of(&self.0);
        let ixit = Ixit::default();
        look(&View { trace: &self.0, messages: &messages, it, they: &[], taken: &[], ixit: &ixit })
    }

    /// What a check says, in one word: `met`, or severity and reason of the first finding, or the obstacle.
    pub fn told(&self, it: Option<It>, check: impl FnOnce(&View<'_>) -> Judgement) -> String {
        match self.look(it, check) {
            Judgement::Looked { findings, .. } => match findings.first() {
                None => "met".to_owned(),
                Some(f) => format!("{} {}", if f.severity == Severity::Fail { "fail" } else { "pass" }, f.reason),
            },
            Judgement::NotTaken(_) => "not taken".to_owned(),
            Judgement::Obstacle(reason, _) => format!("obstacle {reason}"),
        }
    }

    /// The last SIP message.
    pub fn last(&self) -> Option<It> {
        self.look(None, |view| view.messages.list().len().checked_sub(1).map(It::Sip))
    }
}

pub fn the(text: &str) -> MessageRef {
    text.parse().unwrap()
}

pub const OFFER: &str = "v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\nm=message 9 TCP/MSRP *\na=sendonly\n\
                     a=accept-types:message/cpim\na=path:msrp://192.0.2.9:9/own;tcp\na=setup:active\na=file-selector:size:5000\n";

pub fn invite() -> String {
    format!(
        "INVITE sip:bob@example.com SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nFrom: <sip:alice@example.com>;tag=a\n\
         To: <sip:bob@example.com>\nCall-ID: c1\nCSeq: 1 INVITE\nContact: <sip:alice@192.0.2.9>\nContent-Type: application/sdp\n\n{OFFER}"
    )
}

pub fn answer(path: &str) -> String {
    let sdp = OFFER.replace("sendonly", "recvonly").replace("setup:active", "setup:passive").replace("msrp://192.0.2.9:9/own;tcp", path);
    format!(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nRecord-Route: <sip:{CORE};lr>\nFrom: <sip:alice@example.com>;tag=a\n\
         To: <sip:bob@example.com>;tag=b\nCall-ID: c1\nCSeq: 1 INVITE\nContact: <sip:bob@192.0.2.8>\nContent-Type: application/sdp\n\n{sdp}"
    )
}

pub fn within(method: &str, number: u32, branch: u32) -> String {
    format!(
        "{method} sip:bob@192.0.2.8 SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK{branch}\nRoute: <sip:{CORE};lr>\n\
         From: <sip:alice@example.com>;tag=a\nTo: <sip:bob@example.com>;tag=b\nCall-ID: c1\nCSeq: {number} {method}\n\n"
    )
}

pub fn send(tid: &str, range: &str, content: Option<&str>, flag: char) -> String {
    let content = content.map(|c| format!("Content-Type: message/cpim\r\n\r\n{c}\r\n")).unwrap_or_default();
    format!(
        "MSRP {tid} SEND\r\nTo-Path: msrp://192.0.2.8:2855/b;tcp\r\nFrom-Path: msrp://192.0.2.9:9/own;tcp\r\nMessage-ID: m1\r\n\
         Byte-Range: {range}\r\n{content}-------{tid}{flag}\r\n"
    )
}

pub fn answers(tid: &str, status: u16) -> String {
    format!("MSRP {tid} {status} x\r\nTo-Path: msrp://192.0.2.9:9/own;tcp\r\nFrom-Path: msrp://192.0.2.8:2855/b;tcp\r\n-------{tid}$\r\n")
}

/// INVITE, 200 with this path, ACK.
pub fn called(path: &str) -> Talk {
    Talk::new().sip(true, &invite()).sip(false, &answer(path)).sip(true, &within("ACK", 1, 2))
}

pub const PATH: &str = "msrp://192.0.2.8:2855/b;tcp";
