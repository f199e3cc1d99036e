//! A client against a network played by hand, in virtual time, for the tests of what goes over calls and media.

use std::time::Duration;

use bytes::Bytes;
use pretty_assertions::assert_eq;

use super::{CpmClient, Settings};
use crate::{
    role::{Actor, Hop, Input, Output, build::Draft, msrp},
    trace::{Protocol, Transport},
    upper::{Act, Answer, SendMessage, Sight, Status},
    wire::{Span, msrp::Msrp, sip::Message},
};

pub(super) fn core() -> Hop {
    Hop::sip(Transport::Tcp, "192.0.2.10:5060".parse().unwrap())
}

pub(super) fn media(address: &str) -> Hop {
    Hop::over(Protocol::Msrp, Transport::Tcp, address.parse().unwrap())
}

/// A client, and what it did: SIP messages, and everything in words.
pub(super) struct Play {
    pub client: CpmClient,
    pub now: Duration,
    pub sip: Vec<Message>,
    pub msrp: Vec<String>,
    pub done: Vec<String>,
    pub sights: Vec<Sight>,
    pub answers: Vec<Answer>,
}

impl Play {
    pub fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { core: Some(core().address), transport: Transport::Tcp, ..Settings::default() };
        change(&mut settings);
        Self {
            client: CpmClient::peer(settings, "192.0.2.1:5060".parse().unwrap(), 7, 1_700_000_000),
            now: Duration::ZERO,
            sip: Vec::new(),
            msrp: Vec::new(),
            done: Vec::new(),
            sights: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub fn input(&mut self, input: Input) {
        Actor::handle(&mut self.client, self.now, input);
        while let Some(output) = self.client.poll() {
            match output {
                Output::Transmit { hop, bytes } if hop.protocol == Protocol::Msrp => {
                    let msrp = Msrp::parse(&bytes, Span::all(&bytes));
                    assert_eq!(msrp.malformations, []);
                    let what = msrp.method.map_or_else(|| msrp.status.unwrap_or_default().to_string(), |m| m.text(&bytes).into_owned());
                    let flag = char::from(msrp.flag.unwrap_or_default());
                    self.done.push(format!("{what}{}{flag}", if msrp.body.is_some() { " " } else { " empty" }));
                    self.msrp.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                Output::Transmit { bytes, .. } => {
                    let message = Message::parse(bytes);
                    let what = message.method().map_or_else(|| message.status().unwrap_or_default().to_string(), str::to_owned);
                    self.done.push(what);
                    self.sip.push(message);
                }
                Output::Connect { hop, fingerprint } => {
                    self.done.push(format!(
                        "connect {} {}{}",
                        hop.transport,
                        hop.address,
                        fingerprint.map(|f| format!(" {f}")).unwrap_or_default()
                    ));
                }
                Output::Close { hop } => self.done.push(format!("close {}", hop.address)),
                Output::Sight(sight) => self.sights.push(sight),
                Output::Answered { answer, .. } => self.answers.push(answer),
            }
        }
    }

    pub fn act(&mut self, act: Act) {
        self.input(Input::Act { id: 1, act });
    }

    pub fn send(&mut self, wish: SendMessage) -> Message {
        self.act(Act::SendMessage(wish));
        self.sip.last().unwrap().clone()
    }

    pub fn hears(&mut self, bytes: Bytes) {
        self.input(Input::Bytes { hop: core(), bytes });
    }

    /// Answers a SIP request of the client.
    pub fn answer(&mut self, request: &Message, status: u16, body: Option<&str>) {
        let mut draft = Draft::response(request, status, "bobtag").header("Contact", "<sip:bob@192.0.2.50>");
        if let Some(body) = body {
            draft = draft.body("application/sdp", body);
        }
        self.hears(draft.finish());
    }

    /// Answers the last MSRP request of the client.
    pub fn ok(&mut self, address: &str, status: u16) {
        let sent = self.msrp.iter().rev().find(|m| m.lines().next().unwrap().ends_with(" SEND")).unwrap().clone();
        self.reply(address, &sent, status);
    }

    pub fn reply(&mut self, address: &str, sent: &str, status: u16) {
        let (id, line) = (sent.split(' ').nth(1).unwrap(), |n: &str| sent.lines().find_map(|l| l.strip_prefix(n)).unwrap().to_owned());
        let bytes = msrp::write::response(id, status, &line("From-Path: "), &line("To-Path: "));
        self.input(Input::Bytes { hop: media(address), bytes });
    }

    pub fn done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }

    pub fn statuses(&self) -> Vec<Status> {
        let status = |s: &Sight| if let Sight::MessageStatus { status, .. } = s { Some(*status) } else { None };
        self.sights.iter().filter_map(status).collect()
    }
}
