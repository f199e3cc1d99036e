//! SUTs that conform to nothing: cold from the start, or warm, a conformant client up to the first stimulus.
//!
//! What they earn shows what the checks give away (ARCHITECTURE, sections 6 and 17).

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;

use super::{Actor, Hop, Input, Output, build::Draft, ids::Ids};
use crate::{
    upper::{Act, Answer},
    wire::sip::Message,
};

/// How a null SUT behaves; each takes every act of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// Says nothing.
    Dead,
    /// Closes every connection.
    Refusing,
    /// Sends back what it gets.
    Echo,
    /// Answers every request with 200.
    Always200,
    /// Answers every request with 500.
    Always500,
    /// Answers with octets that mean nothing.
    Random,
    /// Answers requests with 200, an octet every second.
    SlowDrip,
    /// Answers with the last message that it sent while it still worked, or else got.
    Replay,
}

impl Null {
    /// All of them, with their names in reports.
    pub const ALL: [(Self, &str); 8] = [
        (Self::Dead, "dead"),
        (Self::Refusing, "connection refused"),
        (Self::Echo, "echo"),
        (Self::Always200, "always 200"),
        (Self::Always500, "always 500"),
        (Self::Random, "random bytes"),
        (Self::SlowDrip, "slow drip"),
        (Self::Replay, "replays the last message"),
    ];
}

/// A null SUT.
pub struct NullSut {
    how: Null,
    /// The client that it still is; it stops being one at the first stimulus.
    warm: Option<Box<dyn Actor>>,
    last: Option<Bytes>,
    ids: Ids,
    drops: VecDeque<(Duration, Hop, u8)>,
    out: VecDeque<Output>,
}

impl NullSut {
    /// A null SUT from the start.
    #[must_use]
    pub fn cold(how: Null) -> Self {
        Self { how, warm: None, last: None, ids: Ids::new(1), drops: VecDeque::new(), out: VecDeque::new() }
    }

    /// `client` until [`Self::chill`].
    #[must_use]
    pub fn warm(how: Null, client: Box<dyn Actor>) -> Self {
        Self { warm: Some(client), ..Self::cold(how) }
    }

    fn say(&mut self, now: Duration, hop: Hop, heard: Bytes) {
        let message = Message::parse(heard.clone());
        let answer = |status| message.is_request().then(|| Draft::response(&message, status, "null").finish());
        let said = match self.how {
            Null::Dead => None,
            Null::Refusing => {
                self.out.push_back(Output::Close { hop });
                None
            }
            Null::Echo => Some(heard),
            Null::Always200 => answer(200),
            Null::Always500 => answer(500),
            Null::Random => Some((0..32).flat_map(|_| self.ids.bits().to_le_bytes()).collect::<Vec<_>>().into()),
            Null::SlowDrip => {
                let octets = answer(200).unwrap_or_default();
                let from = self.drops.back().map_or(now, |(at, ..)| *at);
                self.drops.extend(octets.iter().take(4096).zip(1..).map(|(octet, n)| (from + Duration::from_secs(n), hop, *octet)));
                None
            }
            Null::Replay => Some(self.last.clone().unwrap_or(heard)),
        };
        if let Some(bytes) = said {
            self.out.push_back(Output::Transmit { hop, bytes });
        }
    }
}

impl Actor for NullSut {
    fn handle(&mut self, now: Duration, input: Input) {
        if let Some(client) = &mut self.warm {
            client.handle(now, input);
            while let Some(output) = client.poll() {
                if let Output::Transmit { bytes, .. } = &output {
                    self.last = Some(bytes.clone());
                }
                self.out.push_back(output);
            }
            return;
        }
        match input {
            Input::Bytes { hop, bytes } => self.say(now, hop, bytes),
            Input::Act { id, act } => {
                let name = match act {
                    Act::SendMessage(_) | Act::Reply(_) | Act::SendChat(_) => Some("message"),
                    Act::StartSession(_) | Act::JoinGroup { .. } | Act::RejoinGroup { .. } => Some("session"),
                    _ => None,
                };
                let handle = name.map(|name| (name.to_owned(), "out-1".to_owned()));
                self.out.push_back(Output::Answered { id, answer: Answer::Taken(BTreeMap::from_iter(handle)) });
            }
            Input::Timeout => {
                while let Some((_, hop, octet)) = self.drops.front().copied().filter(|(at, ..)| *at <= now) {
                    self.drops.pop_front();
                    self.out.push_back(Output::Transmit { hop, bytes: vec![octet].into() });
                }
            }
            Input::Closed { .. } | Input::Stimulus(_) => {}
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        match &self.warm {
            Some(client) => client.deadline(),
            None => self.drops.front().map(|(at, ..)| *at),
        }
    }

    fn idle(&self, now: Duration, within: Duration) -> bool {
        self.warm.as_ref().is_none_or(|client| client.idle(now, within))
    }

    fn chill(&mut self) {
        self.warm = None;
    }
}
