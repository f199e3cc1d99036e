//! One MSRP session: two paths, at most one connection, messages both ways (RFC 4975, 5 and 7).

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use super::{
    receiving::{Chunk, Incoming, Took},
    sending::{FailureReport, Outgoing, Wish},
    write::{self, Fields},
};
use crate::{
    role::{Hop, ids::Ids},
    wire::{
        Span,
        cpim::Cpim,
        msrp::{
            Msrp,
            range::{ByteRange, Status},
        },
    },
};

/// How long a request that is answered waits for its response (RFC 4975, 7.1.1).
pub const RESPONSE: Duration = Duration::from_secs(30);
/// Messages that may wait to be sent, or for their reports.
const MOST: usize = 1000;

/// What a session takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Media types taken, as in `accept-types`: `message/cpim`, `text/*`, `*`.
    pub accept: Vec<String>,
    /// Media types taken inside `message/cpim`; `None`: all.
    pub wraps: Option<Vec<String>>,
    /// Most octets of one message; more is answered with 413.
    pub largest: u64,
    /// Whether messages are taken at all (the direction is not `sendonly`); else they are answered with 403.
    pub receives: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { accept: vec!["message/cpim".to_owned()], wraps: None, largest: 64 << 20, receives: true }
    }
}

impl Terms {
    /// Whether `content_type` is among the types taken; parameters do not count.
    #[must_use]
    pub fn takes(&self, content_type: &str) -> bool {
        among(&self.accept, content_type)
    }

    /// Whether what the first chunk of a message wraps is among the types taken inside of others (RFC 4975, 8.6).
    fn takes_wrapped(&self, chunk: &Chunk) -> bool {
        let Some(wraps) =
            self.wraps.as_ref().filter(|_| chunk.range.offset() == 0 && among(&["message/cpim".to_owned()], &chunk.content_type))
        else {
            return true;
        };
        let raw = &chunk.body;
        let kind = Cpim::parse(raw, Span::all(raw)).content_type(raw).map(|t| t.kind.text(raw).into_owned());
        kind.is_none_or(|kind| among(wraps, &kind) || among(&self.accept, &kind))
    }
}

/// Whether a media type, whatever its parameters, is in a list of RFC 4975, 8.6.
fn among(types: &[String], content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    types.iter().map(|a| a.to_ascii_lowercase()).any(|accepted| {
        accepted == "*" || accepted == kind || accepted.strip_suffix('*').is_some_and(|p| p.ends_with('/') && kind.starts_with(p))
    })
}

/// What happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The connection is bound: the empty SEND was answered 200, or, on the passive side, the first request came.
    Bound,
    /// The empty SEND failed with this status, 408 if it was not answered.
    Refused {
        /// Status code.
        status: u16,
    },
    /// A whole message came.
    Received {
        /// Its Message-ID.
        message_id: String,
        /// Its Content-Type.
        content_type: String,
        /// Its content.
        content: Bytes,
    },
    /// The sender gave a message up.
    Aborted {
        /// Its Message-ID.
        message_id: String,
    },
    /// All chunks were answered 200, or need no response (status 200), or one failed with this status.
    Sent {
        /// Message-ID.
        message_id: String,
        /// Status code; 408 where a response did not come.
        status: u16,
    },
    /// A report came: success for all octets (status 200), or a failure.
    Reported {
        /// Message-ID.
        message_id: String,
        /// Status code of the report.
        status: u16,
    },
    /// The connection is gone, and the session with it (RFC 4975, 5.4).
    Lost,
}

/// A request that waits for its response.
#[derive(Debug)]
struct Waiting {
    transaction: String,
    /// Message-ID of the chunk; `None`: the empty SEND.
    message: Option<String>,
    until: Duration,
}

/// One session. Octets go in whole messages at a time; they come out one message at a time.
#[derive(Debug)]
pub struct Session {
    own: Vec<String>,
    remote: Vec<String>,
    terms: Terms,
    hop: Option<Hop>,
    bound: bool,
    lost: bool,
    waiting: VecDeque<Waiting>,
    outgoing: VecDeque<Outgoing>,
    incoming: Incoming,
    /// What is to be said, and over which connection unless it is the session's own.
    out: VecDeque<(Option<Hop>, Bytes)>,
    events: VecDeque<Event>,
}

impl Session {
    /// A session whose path is `own`: one URI, in front of it those of relays that the other end is to visit.
    #[must_use]
    pub fn new(own: Vec<String>, terms: Terms) -> Self {
        Self {
            own,
            remote: Vec::new(),
            terms,
            hop: None,
            bound: false,
            lost: false,
            waiting: VecDeque::new(),
            outgoing: VecDeque::new(),
            incoming: Incoming::default(),
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The own path, the own URI last.
    #[must_use]
    pub fn own(&self) -> &[String] {
        &self.own
    }

    /// The path of the other end, the next hop first.
    #[must_use]
    pub fn remote(&self) -> &[String] {
        &self.remote
    }

    /// Sets the path of the other end, as its description has it.
    pub fn set_remote(&mut self, path: Vec<String>) {
        self.remote = path;
    }

    /// Sets what is taken from now on.
    pub fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    /// The other end moved to another path (RFC 4975, 8.4): the session is bound to a new connection before anything more is
    /// sent. Gives the connection so far.
    pub fn moved(&mut self, path: Vec<String>) -> Option<Hop> {
        self.remote = path;
        self.bound = false;
        self.hop.take()
    }

    /// The connection that the session is bound to.
    #[must_use]
    pub fn hop(&self) -> Option<Hop> {
        self.hop
    }

    /// Whether the connection is bound, so that content may be sent.
    #[must_use]
    pub fn bound(&self) -> bool {
        self.bound
    }

    /// Whether a message is incomplete, or waits for a response or a report.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.incoming.waiting() || !self.outgoing.is_empty() || !self.waiting.is_empty()
    }

    /// Binds `hop` to the session by an empty SEND (RFC 4975, 5.4; RFC 6135, 4.2.2).
    pub fn bind(&mut self, now: Duration, hop: Hop, ids: &mut Ids) {
        self.hop = Some(hop);
        let transaction = write::transaction(ids, b"");
        let fields: Fields = [
            ("To-Path", self.remote.join(" ")),
            ("From-Path", self.own.join(" ")),
            ("Message-ID", ids.token()),
            ("Byte-Range", "1-0/0".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        self.out.push_back((None, write::request(&transaction, "SEND", &fields, None, b'$')));
        self.waiting.push_back(Waiting { transaction, message: None, until: now + RESPONSE });
    }

    /// Sends a message as soon as the connection is bound; its fate is told by events.
    pub fn send(&mut self, now: Duration, wish: Wish, ids: &mut Ids) {
        if self.lost || self.outgoing.len() >= MOST {
            self.events.push_back(Event::Sent { message_id: wish.message_id, status: 481 });
            return;
        }
        self.outgoing.push_back(Outgoing::new(wish));
        self.pump(now, ids);
    }

    /// Gives a message up: what is left of it goes as one chunk flagged `#`, if anything is left.
    pub fn abort(&mut self, now: Duration, message_id: &str, ids: &mut Ids) {
        if let Some(outgoing) = self.outgoing.iter_mut().find(|o| o.message_id() == message_id && !o.spent()) {
            outgoing.abort();
        }
        self.pump(now, ids);
    }

    fn pump(&mut self, now: Duration, ids: &mut Ids) {
        if !self.bound || self.lost {
            return;
        }
        let (to, from) = (self.remote.join(" "), self.own.join(" "));
        for outgoing in &mut self.outgoing {
            let answered = outgoing.failure_report() == FailureReport::Yes;
            while !answered || outgoing.open < outgoing.window() {
                let made = outgoing.next(now, &to, &from, |fields, body, flag| {
                    let transaction = write::transaction(ids, body);
                    let body = fields.iter().any(|(n, _)| n == "Content-Type").then_some(body).or(Some(body).filter(|b| !b.is_empty()));
                    (write::request(&transaction, "SEND", fields, body, flag), transaction)
                });
                let Some((octets, transaction)) = made else { break };
                self.out.push_back((None, octets));
                if outgoing.failure_report() != FailureReport::No {
                    outgoing.open += usize::from(answered);
                    let until = if answered { now + RESPONSE } else { Duration::MAX };
                    self.waiting.push_back(Waiting { transaction, message: Some(outgoing.message_id().to_owned()), until });
                }
            }
            if !outgoing.spent() {
                // One message after the other: their chunks do not mix.
                break;
            }
            if outgoing.open == 0 && !std::mem::replace(&mut outgoing.told, true) {
                self.events.push_back(Event::Sent { message_id: outgoing.message_id().to_owned(), status: 200 });
            }
        }
        self.outgoing.retain(|o| !o.over());
        while self.waiting.len() > MOST * super::sending::WINDOW {
            self.waiting.pop_front();
        }
    }

    fn failed(&mut self, message: Option<String>, status: u16) {
        let Some(message_id) = message else {
            self.events.push_back(Event::Refused { status });
            return;
        };
        self.waiting.retain(|w| w.message.as_ref() != Some(&message_id));
        let Some(at) = self.outgoing.iter().position(|o| o.message_id() == message_id) else { return };
        let told = self.outgoing.remove(at).is_none_or(|o| o.told);
        if !told {
            self.events.push_back(Event::Sent { message_id, status });
        }
    }

    /// Whether a response with this transaction identifier is waited for.
    #[must_use]
    pub fn awaits(&self, transaction: &str) -> bool {
        self.waiting.iter().any(|w| w.transaction == transaction)
    }

    /// Takes one whole message that came over `hop` and is for this session.
    pub fn receive(&mut self, now: Duration, hop: Hop, raw: &Bytes, msrp: &Msrp, ids: &mut Ids) {
        match (msrp.status, msrp.method) {
            (Some(status), _) => self.responded(&msrp.transaction.text(raw), status),
            (None, Some(method)) => self.requested(hop, raw, msrp, method.of(raw), ids),
            (None, None) => {}
        }
        self.pump(now, ids);
    }

    fn responded(&mut self, transaction: &str, status: u16) {
        let Some(at) = self.waiting.iter().position(|w| w.transaction == transaction) else { return };
        let Some(waiting) = self.waiting.remove(at) else { return };
        if status != 200 {
            self.failed(waiting.message, status);
            return;
        }
        match waiting.message {
            None => {
                if !std::mem::replace(&mut self.bound, true) {
                    self.events.push_back(Event::Bound);
                }
            }
            Some(message) => {
                if let Some(outgoing) = self.outgoing.iter_mut().find(|o| o.message_id() == message) {
                    outgoing.open = outgoing.open.saturating_sub(1);
                }
            }
        }
    }

    fn requested(&mut self, hop: Hop, raw: &Bytes, msrp: &Msrp, method: &[u8], ids: &mut Ids) {
        let value = |name: &str| super::value(raw, msrp, name);
        if method == b"REPORT" {
            self.reported(value("Message-ID").as_deref(), value("Status").as_deref(), value("Byte-Range").as_deref());
            return;
        }
        let asked = FailureReport::read(value("Failure-Report").as_deref());
        let mut report = None;
        let status = if self.lost {
            481
        } else if self.hop.is_some_and(|bound| bound != hop) {
            506
        } else {
            self.hop = Some(hop);
            if !std::mem::replace(&mut self.bound, true) {
                // Who has to send the empty SEND itself learns more by the response to it.
                self.events.push_back(Event::Bound);
            }
            if method == b"SEND" { self.sent_to(raw, msrp, &mut report, ids) } else { 501 }
        };
        if asked == FailureReport::Yes || asked == FailureReport::Partial && status != 200 {
            let path = value("From-Path").unwrap_or_default();
            let to = if method == b"SEND" { path.split(' ').next().unwrap_or_default() } else { &path };
            // The URI that the request was for, as it was written (RFC 4975, 7.2).
            let asked_for = value("To-Path").unwrap_or_default();
            let from = asked_for.split(' ').next().unwrap_or_default();
            // Over the connection that the request came by, whichever the session is bound to.
            self.out.push_back((Some(hop), write::response(&msrp.transaction.text(raw), status, to, from)));
        }
        self.out.extend(report.map(|report| (None, report)));
    }

    /// A SEND request; gives the status of its response, and the success report that is due.
    fn sent_to(&mut self, raw: &Bytes, msrp: &Msrp, report: &mut Option<Bytes>, ids: &mut Ids) -> u16 {
        let value = |name: &str| super::value(raw, msrp, name);
        let Some(message_id) = value("Message-ID") else { return 400 };
        let range = match msrp.field(raw, "Byte-Range").map(|span| ByteRange::parse(raw, span)) {
            Some((_, malformations)) if !malformations.is_empty() => return 400,
            Some((range, _)) => range,
            None => ByteRange::ABSENT,
        };
        let content_type = value("Content-Type");
        let Some(body) = msrp.body else {
            // Bodiless: there is nothing to be read, but a message may end here, or be given up.
            return match (msrp.flag, content_type) {
                (_, Some(_)) => 400,
                (Some(b'#'), None) => {
                    self.incoming.finish(&message_id, 0);
                    self.events.push_back(Event::Aborted { message_id });
                    200
                }
                _ => 200,
            };
        };
        let Some(content_type) = content_type else { return 400 };
        let chunk = Chunk {
            message_id: message_id.clone(),
            range,
            body: raw.slice(body.from..body.to),
            flag: msrp.flag.unwrap_or(b'#'),
            success_report: value("Success-Report").as_deref() == Some("yes"),
            reply_to: value("From-Path").unwrap_or_default(),
            content_type,
        };
        let refused = if !self.terms.receives {
            Some(403)
        } else if self.terms.takes(&chunk.content_type) && self.terms.takes_wrapped(&chunk) {
            None
        } else {
            Some(415)
        };
        if let Some(status) = refused {
            self.incoming.finish(&message_id, status);
            return status;
        }
        match self.incoming.take(chunk, self.terms.largest) {
            Took::Waiting => 200,
            Took::Refused(status) => status,
            Took::Aborted => {
                self.events.push_back(Event::Aborted { message_id });
                200
            }
            Took::Whole(whole) => {
                *report = whole.report_to.map(|to| self.report(&message_id, &to, whole.content.len(), ids));
                self.events.push_back(Event::Received { message_id, content_type: whole.content_type, content: whole.content });
                200
            }
        }
    }

    /// The success report over all octets of a message (RFC 4975, 7.1.3).
    fn report(&self, message_id: &str, to: &str, total: usize, ids: &mut Ids) -> Bytes {
        let fields: Fields = [
            ("To-Path", to.to_owned()),
            ("From-Path", self.own.join(" ")),
            ("Message-ID", message_id.to_owned()),
            ("Byte-Range", format!("1-{total}/{total}")),
            ("Status", "000 200 OK".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let transaction = write::transaction(ids, b"");
        write::request(&transaction, "REPORT", &fields, None, b'$')
    }

    fn reported(&mut self, message_id: Option<&str>, status: Option<&str>, range: Option<&str>) {
        let Some(message_id) = message_id else { return };
        let Some(Status { namespace: 0, code: status }) = status.and_then(|s| s.parse().ok()) else { return };
        if status != 200 {
            if self.outgoing.iter().any(|o| o.message_id() == message_id) {
                self.events.push_back(Event::Reported { message_id: message_id.to_owned(), status });
                self.failed(Some(message_id.to_owned()), status);
            }
            return;
        }
        let Some(outgoing) = self.outgoing.iter_mut().find(|o| o.message_id() == message_id && o.success_report()) else { return };
        // A report without Byte-Range is about all of it.
        let range: ByteRange = range.and_then(|r| r.parse().ok()).unwrap_or(ByteRange::ABSENT);
        if outgoing.covers(range.offset(), range.end.unwrap_or(u64::MAX)) {
            self.events.push_back(Event::Reported { message_id: message_id.to_owned(), status });
        }
    }

    /// The connection is gone.
    pub fn closed(&mut self) {
        if std::mem::replace(&mut self.lost, true) {
            return;
        }
        self.hop = None;
        self.waiting.clear();
        self.outgoing.clear();
        self.out.clear();
        self.incoming = Incoming::default();
        self.events.push_back(Event::Lost);
    }

    /// Gives up what waited too long, and sends what had to wait.
    pub fn tick(&mut self, now: Duration, ids: &mut Ids) {
        while let Some(at) = self.waiting.iter().position(|w| w.until <= now) {
            if let Some(waiting) = self.waiting.remove(at) {
                self.failed(waiting.message, 408);
            }
        }
        self.pump(now, ids);
    }

    /// The nearest timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let responses = self.waiting.iter().map(|w| w.until).filter(|until| *until < Duration::MAX).min();
        let held = self.outgoing.iter().find_map(Outgoing::held);
        [responses, held].into_iter().flatten().min()
    }

    /// The next message to send, and over which connection; `None`: over [`Session::hop`].
    pub fn poll(&mut self) -> Option<(Option<Hop>, Bytes)> {
        self.out.pop_front()
    }

    /// The next event.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
