//! Client transactions (RFC 3261, 17.1), with the state for repeated 2xx responses that RFC 6026, 7.2 adds.

use std::time::Duration;

use bytes::Bytes;

use super::{PATIENCE, Repeat, T1, T2, T4};
use crate::{
    role::{Hop, build::Draft, patch::Patch},
    trace::Transport,
    wire::sip::Message,
};

/// How far a client transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    /// A 2xx response to INVITE came; there may be more.
    Accepted,
    Completed,
}

/// One client transaction.
#[derive(Debug)]
pub(super) struct Client {
    pub id: u64,
    pub branch: String,
    pub method: String,
    pub hop: Hop,
    request: Bytes,
    repeat: Option<Repeat>,
    /// Timers B and F, then D, K, or the time in which further 2xx responses are expected; none: patience without end.
    ends: Option<Duration>,
    state: State,
    /// A CANCEL waits for the first provisional response (9.1).
    held: bool,
    /// What that CANCEL says beyond what the INVITE gives.
    fields: Vec<(String, String)>,
    /// The ACK to a final response other than 2xx.
    ack: Option<Bytes>,
    /// Sent by the transactions themselves: nobody is told of its end.
    pub own: bool,
}

/// What a response brings about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reaction {
    /// It is handed up.
    pub up: bool,
    /// This is sent where the request went.
    pub ack: Option<Bytes>,
    /// The CANCEL that waited is sent now.
    pub cancel: bool,
}

impl Client {
    /// The transaction of a request that is sent now.
    pub fn new(now: Duration, id: u64, hop: Hop, branch: &str, method: &str, request: Bytes) -> Self {
        Self {
            id,
            branch: branch.to_owned(),
            method: method.to_owned(),
            hop,
            request,
            repeat: (hop.transport == Transport::Udp).then(|| Repeat::from(now)),
            ends: Some(now + PATIENCE),
            state: State::Calling,
            held: false,
            fields: Vec::new(),
            ack: None,
            own: false,
        }
    }

    /// Whether a final response came.
    pub fn answered(&self) -> bool {
        matches!(self.state, State::Accepted | State::Completed)
    }

    /// Takes a response that matches.
    pub fn receive(&mut self, now: Duration, status: u16, response: &Message) -> Reaction {
        if self.method == "INVITE" { self.receive_invite(now, status, response) } else { self.receive_other(now, status) }
    }

    /// 17.1.2.2.
    fn receive_other(&mut self, now: Duration, status: u16) -> Reaction {
        if self.answered() {
            return Reaction::default();
        }
        if status < 200 {
            self.state = State::Proceeding;
            self.repeat = self.repeat.map(|_| Repeat { due: now + T2, interval: T2 });
        } else {
            self.completed(now, T4);
        }
        Reaction { up: true, ..Reaction::default() }
    }

    /// 17.1.1.2.
    fn receive_invite(&mut self, now: Duration, status: u16, response: &Message) -> Reaction {
        match (self.state, status) {
            (State::Calling | State::Proceeding, ..200) => {
                self.repeat = None;
                if std::mem::replace(&mut self.state, State::Proceeding) == State::Calling {
                    self.ends = None;
                }
                Reaction { up: true, cancel: std::mem::take(&mut self.held), ack: None }
            }
            (State::Calling | State::Proceeding, 200..300) => {
                (self.state, self.repeat, self.ends) = (State::Accepted, None, Some(now + PATIENCE));
                Reaction { up: true, ..Reaction::default() }
            }
            (State::Calling | State::Proceeding, _) => {
                self.completed(now, PATIENCE);
                self.ack = Some(self.beside("ACK", response));
                Reaction { up: true, ack: self.ack.clone(), cancel: false }
            }
            (State::Accepted, 200..300) => Reaction { up: true, ..Reaction::default() },
            (State::Completed, 300..) => Reaction { ack: self.ack.clone(), ..Reaction::default() },
            _ => Reaction::default(),
        }
    }

    /// A final response came; over datagrams its repetitions are awaited for `linger` (timers D and K).
    fn completed(&mut self, now: Duration, linger: Duration) {
        let linger = if self.hop.transport == Transport::Udp { linger } else { Duration::ZERO };
        (self.state, self.repeat, self.ends) = (State::Completed, None, Some(now + linger));
    }

    /// Asks for a CANCEL: now, once a provisional response comes, or, after a final one, never (`None`).
    pub fn cancel(&mut self, fields: &[(String, String)]) -> Option<bool> {
        self.fields = fields.to_vec();
        match self.state {
            State::Calling => {
                self.held = true;
                Some(false)
            }
            State::Proceeding => Some(true),
            _ => None,
        }
    }

    /// The CANCEL for this INVITE; without a final response the INVITE ends 64*T1 later (9.1).
    pub fn cancelling(&mut self, now: Duration) -> Bytes {
        self.ends = Some(now + PATIENCE);
        let request = Message::parse(self.request.clone());
        let cancel = Message::parse(self.beside("CANCEL", &request));
        let mut patch = Patch::default();
        for (name, value) in &self.fields {
            patch.append(&cancel, name, value);
        }
        patch.apply(&cancel.raw)
    }

    /// A request that goes the INVITE's way hop by hop (9.1, 17.1.1.3): its To is that of `to`.
    fn beside(&self, method: &str, to: &Message) -> Bytes {
        beside(&Message::parse(self.request.clone()), method, to)
    }

    /// Repeats the request if that is due.
    pub fn repetition(&mut self, now: Duration) -> Option<Bytes> {
        let longest = if self.method == "INVITE" { PATIENCE } else { T2 };
        self.repeat.as_mut()?.due(now, longest).then(|| self.request.clone())
    }

    /// Whether the transaction is over.
    pub fn over(&self, now: Duration) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// The nearest timer.
    pub fn deadline(&self) -> Option<Duration> {
        self.ends.into_iter().chain(self.repeat.map(|r| r.due)).min()
    }
}

/// A CANCEL, or an ACK to another final response than 2xx, that belongs to `invite`: Request-URI, topmost Via, Route,
/// From, Call-ID and the number of CSeq are the same (RFC 3261, 9.1 and 17.1.1.3); To is that of `to`.
#[must_use]
pub fn beside(invite: &Message, method: &str, to: &Message) -> Bytes {
    let text = |message: &Message, name: &str| message.value(name).unwrap_or_default().into_owned();
    let uri = invite.request_uri().map(|uri| uri.text(&invite.raw).into_owned()).unwrap_or_default();
    let via = invite.elements("Via").first().map(|via| invite.unfolded(*via).into_owned()).unwrap_or_default();
    let mut draft = Draft::request(method, &uri).header("Via", &via).header("Max-Forwards", "70");
    for route in invite.fields_named("Route") {
        draft = draft.header("Route", &invite.unfolded(route.value));
    }
    draft
        .header("From", &text(invite, "From"))
        .header("To", &text(to, "To"))
        .header("Call-ID", &text(invite, "Call-ID"))
        .header("CSeq", &format!("{} {method}", invite.cseq().map_or(1, |(number, _)| number)))
        .maybe("User-Agent", invite.value("User-Agent").as_deref())
        .finish()
}

impl Repeat {
    /// Starts with [`T1`].
    pub(super) fn from(now: Duration) -> Self {
        Self { due: now + T1, interval: T1 }
    }

    /// Whether a repetition is due; then the next one is set, twice as far off, at most `longest`.
    pub(super) fn due(&mut self, now: Duration, longest: Duration) -> bool {
        let due = self.due <= now;
        if due {
            self.interval = (self.interval * 2).min(longest);
            self.due += self.interval;
        }
        due
    }
}
