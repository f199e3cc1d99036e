//! The client half of the upper tester's protocol, without I/O: calls out, events in.
//!
//! Nothing that an adapter sends is fatal here but a flood. What makes no sense is told as [`UpperEvent::Garbled`].

use std::collections::BTreeMap;

use super::{
    call::{self, Call},
    rpc::{BadLine, LineBuffer, Message, Request, Response, RpcError},
};
use crate::upper::{Answer, Sight};

/// Lines that an adapter may send without being called in between.
pub const FLOOD_LINES: usize = 10_000;
/// Octets that an adapter may send without being called in between.
pub const FLOOD_OCTETS: usize = 16 << 20;

/// What comes from the upper tester.
#[derive(Clone, Debug, PartialEq)]
pub enum UpperEvent {
    /// The answer to an act, to `reset` or `stop`, or an error in place of what was called for.
    Answer {
        /// Number of the request.
        id: u64,
        /// The answer.
        answer: Answer,
    },
    /// `idle` was answered: all input is handled, nothing is queued.
    IdleDone {
        /// Number of the request.
        id: u64,
    },
    /// The user saw something.
    Sight(Sight),
    /// A line made no sense. The text says why and quotes it, unescaped.
    Garbled(String),
    /// The upper tester is lost, for this reason; nothing comes after it.
    Gone(String),
}

/// What is heard: an event, or the raw answer to a request that asked for it.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Event(UpperEvent),
    Reply(u64, Result<serde_json::Value, RpcError>),
}

/// How the answer to a request is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Awaited {
    Answer,
    Idle,
    Raw,
}

/// State of one connection.
#[derive(Debug, Default)]
pub(super) struct Client {
    lines: LineBuffer,
    awaited: BTreeMap<u64, Awaited>,
    /// Number of the last request; they count from 1.
    last: u64,
    /// Lines and octets since then.
    flood: (usize, usize),
}

impl Client {
    /// The next request, as a line with its number.
    pub(super) fn call(&mut self, call: &Call) -> (u64, String) {
        let awaited = match call {
            Call::Idle => Awaited::Idle,
            Call::Hello => Awaited::Raw,
            Call::Act(_) | Call::Reset { .. } | Call::Stop => Awaited::Answer,
        };
        self.request(call.request(0), awaited)
    }

    /// As [`Client::call`], for a request whose answer is wanted as it is; its number is set here.
    pub(super) fn probe(&mut self, request: Request) -> (u64, String) {
        self.request(request, Awaited::Raw)
    }

    fn request(&mut self, request: Request, awaited: Awaited) -> (u64, String) {
        self.last += 1;
        self.flood = (0, 0);
        self.awaited.insert(self.last, awaited);
        (self.last, Message::Request(Request { id: self.last, ..request }).line())
    }

    /// Takes octets as they came and gives what they say, in order.
    ///
    /// # Errors
    /// The words of a flood.
    pub(super) fn feed(&mut self, octets: &[u8]) -> Result<Vec<Heard>, String> {
        let lines = self.lines.feed(octets);
        self.flood.0 += lines.len();
        self.flood.1 += octets.len();
        if self.flood.0 > FLOOD_LINES || self.flood.1 > FLOOD_OCTETS {
            return Err(format!("flood: more than {FLOOD_LINES} lines or {FLOOD_OCTETS} octets without being called"));
        }
        Ok(lines.into_iter().map(|line| self.hear(line)).collect())
    }

    /// What was begun when the adapter's output ended.
    pub(super) fn finish(&mut self) -> Option<Heard> {
        self.lines.finish().map(|line| self.hear(line))
    }

    fn hear(&mut self, line: Result<String, BadLine>) -> Heard {
        let line = match line {
            Ok(line) => line,
            Err(bad) => return Heard::Event(UpperEvent::Garbled(bad.to_string())),
        };
        let garbled = |why: &dyn std::fmt::Display| Heard::Event(UpperEvent::Garbled(format!("{why}: {}", head(&line))));
        let Response { id, outcome } = match Message::parse(&line) {
            Ok(Message::Response(response)) => response,
            Ok(Message::Notification(told)) => {
                return call::sight(told).map_or_else(|why| garbled(&why), |sight| Heard::Event(UpperEvent::Sight(sight)));
            }
            Ok(Message::Request(_)) => return garbled(&"a request, which an adapter never sends"),
            Err(error) => return garbled(&error.message),
        };
        let Some(id) = id else { return garbled(&"an answer that names no request") };
        let Some(awaited) = self.awaited.remove(&id) else {
            return if id == 0 || id > self.last {
                garbled(&format!("an answer to request {id}, which was never sent"))
            } else {
                garbled(&format!("a second answer to request {id}"))
            };
        };
        match (awaited, outcome) {
            (Awaited::Raw, outcome) => Heard::Reply(id, outcome),
            (Awaited::Idle, Ok(_)) => Heard::Event(UpperEvent::IdleDone { id }),
            (_, outcome) => match call::answer(outcome) {
                Ok(answer) => Heard::Event(UpperEvent::Answer { id, answer }),
                Err(why) => garbled(&why),
            },
        }
    }
}

/// The first 200 characters of a text, and whether there were more.
fn head(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::upper::Act;

    fn heard(client: &mut Client, line: &str) -> UpperEvent {
        match client.feed(format!("{line}\n").as_bytes()).expect("no flood").pop().expect("one") {
            Heard::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_count_from_one_and_are_answered_by_number() {
        let mut client = Client::default();
        assert_eq!(client.call(&Call::Act(Act::Register {})).0, 1);
        assert_eq!(client.call(&Call::Idle).0, 2);
        assert_eq!(heard(&mut client, r#"{"jsonrpc":"2.0","id":2,"result":{}}"#), UpperEvent::IdleDone { id: 2 });
        assert_eq!(
            heard(&mut client, r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}"#),
            UpperEvent::Answer { id: 1, answer: Answer::Refused("no".into()) }
        );
    }

    #[test]
    fn what_makes_no_sense_is_told_and_passed() {
        let mut client = Client::default();
        let _ = client.call(&Call::Idle);
        for (line, why) in [
            ("Welcome!", "no JSON: expected value at line 1 column 1: Welcome!"),
            (r#"{"jsonrpc":"2.0","id":9,"result":{}}"#, "an answer to request 9, which was never sent: "),
            (r#"{"jsonrpc":"2.0","id":0,"result":{}}"#, "an answer to request 0, which was never sent: "),
            (r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}"#, "an answer that names no request: "),
            (r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#, "a request, which an adapter never sends: "),
            (r#"{"jsonrpc":"2.0","method":"log","params":{}}"#, "a notification `log`, expected `sight`: "),
            (r#"{"jsonrpc":"2.0","method":"sight","params":{"sight":"ufo"}}"#, "a sight that is none: unknown variant `ufo`"),
        ] {
            let UpperEvent::Garbled(said) = heard(&mut client, line) else { panic!("{line}") };
            assert!(said.starts_with(why), "{said}");
        }
        assert_eq!(heard(&mut client, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), UpperEvent::IdleDone { id: 1 });
        let UpperEvent::Garbled(said) = heard(&mut client, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#) else { panic!("garbled") };
        assert!(said.starts_with("a second answer to request 1: "), "{said}");
    }

    #[test]
    fn a_quote_is_short() {
        let UpperEvent::Garbled(said) = heard(&mut Client::default(), &"ü".repeat(5000)) else { panic!("garbled") };
        assert!(said.chars().count() < 300, "{said}");
    }

    #[test]
    fn a_flood_counts_from_the_last_call() {
        let mut client = Client::default();
        let line = b"x\n".repeat(FLOOD_LINES);
        assert!(client.feed(&line).is_ok());
        let _ = client.call(&Call::Idle);
        assert!(client.feed(&line).is_ok());
        assert!(client.feed(b"x\n").is_err());
        let mut client = Client::default();
        assert!(client.feed(&vec![b'x'; FLOOD_OCTETS]).is_ok());
        assert!(client.feed(b"x").is_err());
    }
}
