//! MSRP without sockets (RFC 4975): sessions, the connections they are bound to, messages in chunks, responses, reports.
//!
//! An [`Endpoint`] is what a role has: it cuts what comes over connections into messages, finds their session, and
//! refuses what belongs to none. A [`Session`] is complete by itself. Both ends of a session are the same thing; which
//! of them opens the connection and binds it is the business of the role.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{Hop, ids::Ids};
use crate::wire::{
    Span,
    msrp::{Msrp, MsrpFramer, uri},
    stream::Framed,
};

mod covered;
mod receiving;
mod sending;
mod session;
pub mod write;

pub use sending::{FailureReport, INTERRUPTIBLE, Wish};
pub use session::{Event, RESPONSE, Session, Terms};

/// All MSRP sessions of one party, with their connections.
#[derive(Debug)]
pub struct Endpoint {
    ids: Ids,
    sessions: BTreeMap<u64, Session>,
    streams: BTreeMap<Hop, MsrpFramer>,
    out: VecDeque<(Hop, Bytes)>,
    last: u64,
}

impl Endpoint {
    /// An endpoint without sessions; identifiers come from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { ids: Ids::new(seed), sessions: BTreeMap::new(), streams: BTreeMap::new(), out: VecDeque::new(), last: 0 }
    }

    /// A new URI of a session that is reached at `address`, of scheme `msrps` if `secure` (RFC 4975, 6).
    pub fn uri(&mut self, address: SocketAddr, secure: bool) -> String {
        format!("msrp{}://{address}/{};tcp", if secure { "s" } else { "" }, self.ids.token())
    }

    /// Opens a session with this own path and gives its number.
    pub fn open(&mut self, own: Vec<String>, terms: Terms) -> u64 {
        self.last += 1;
        self.sessions.insert(self.last, Session::new(own, terms));
        self.last
    }

    /// The session with number `id`.
    #[must_use]
    pub fn session(&self, id: u64) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// Sets the path of the other end of a session.
    pub fn set_remote(&mut self, id: u64, path: Vec<String>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.set_remote(path);
        }
    }

    /// Sets what a session takes from now on.
    pub fn set_terms(&mut self, id: u64, terms: Terms) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.set_terms(terms);
        }
    }

    /// The other end of a session moved to another path; what is to be sent waits for a new connection. Gives the connection
    /// so far if no other session is bound to it, so that it may be closed.
    pub fn moved(&mut self, id: u64, path: Vec<String>) -> Option<Hop> {
        let hop = self.sessions.get_mut(&id)?.moved(path)?;
        (!self.sessions.values().any(|s| s.hop() == Some(hop))).then_some(hop)
    }

    /// Binds the connection `hop` to a session by an empty SEND.
    pub fn bind(&mut self, now: Duration, id: u64, hop: Hop) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.bind(now, hop, &mut self.ids);
        }
        self.drain();
    }

    /// Sends a message over a session once that is bound.
    pub fn send(&mut self, now: Duration, id: u64, wish: Wish) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.send(now, wish, &mut self.ids);
        }
        self.drain();
    }

    /// Gives up a message that is being sent (`#`).
    pub fn abort(&mut self, now: Duration, id: u64, message_id: &str) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.abort(now, message_id, &mut self.ids);
        }
        self.drain();
    }

    /// Sends one request of `method` by itself over a session's connection, with both paths and a Message-ID under `overlay`.
    ///
    /// Nothing is waited for. No `body`: no empty line. Gives the Message-ID; `None`: there is no connection.
    pub fn say(&mut self, id: u64, method: &str, overlay: &[(String, Option<String>)], body: Option<&[u8]>) -> Option<String> {
        let hop = self.sessions.get(&id)?.hop()?;
        self.say_over(hop, id, method, overlay, body)
    }

    /// As [`Self::say`], over a connection that need not be the session's.
    pub fn say_over(
        &mut self,
        hop: Hop,
        id: u64,
        method: &str,
        overlay: &[(String, Option<String>)],
        body: Option<&[u8]>,
    ) -> Option<String> {
        let session = self.sessions.get(&id)?;
        let mut fields: write::Fields =
            [("To-Path", session.remote().join(" ")), ("From-Path", session.own().join(" ")), ("Message-ID", self.ids.token())]
                .map(|(name, value)| (name.to_owned(), value))
                .into();
        write::overlay(&mut fields, overlay);
        // Content-Type is the last header field (RFC 4975, 9).
        if let Some(at) = fields.iter().position(|(name, _)| name.eq_ignore_ascii_case("Content-Type")) {
            let field = fields.remove(at);
            fields.push(field);
        }
        let transaction = write::transaction(&mut self.ids, body.unwrap_or_default());
        self.out.push_back((hop, write::request(&transaction, method, &fields, body, b'$')));
        fields.into_iter().find(|(name, _)| name == "Message-ID").map(|(_, value)| value)
    }

    /// Ends a session; gives its connection if no other session is bound to it, so that it may be closed.
    pub fn close(&mut self, id: u64) -> Option<Hop> {
        let hop = self.sessions.remove(&id)?.hop()?;
        (!self.sessions.values().any(|s| s.hop() == Some(hop))).then(|| {
            self.streams.remove(&hop);
            hop
        })
    }

    /// Takes octets that came over a connection.
    pub fn receive(&mut self, now: Duration, hop: Hop, bytes: &[u8]) {
        let framer = self.streams.entry(hop).or_insert_with(|| MsrpFramer::new(MsrpFramer::LIMITS));
        framer.push(bytes);
        let framed: Vec<_> = std::iter::from_fn(|| framer.next()).collect();
        for framed in framed {
            if let Framed::Message { bytes, .. } = framed {
                self.take(now, hop, &bytes);
            }
        }
    }

    fn take(&mut self, now: Duration, hop: Hop, raw: &Bytes) {
        let msrp = Msrp::parse(raw, Span::all(raw));
        let session = if msrp.status.is_some() {
            let transaction = msrp.transaction.text(raw);
            self.sessions.values_mut().find(|s| s.awaits(&transaction))
        } else {
            let to = value(raw, &msrp, "To-Path").unwrap_or_default();
            let id = self.addressed(to.split(' ').next_back().unwrap_or_default());
            id.and_then(|id| self.sessions.get_mut(&id))
        };
        match session {
            Some(session) => session.receive(now, hop, raw, &msrp, &mut self.ids),
            None => self.out.extend(stray(raw, &msrp).map(|response| (hop, response))),
        }
        self.drain();
    }

    /// The session that a URI names: by the whole URI (RFC 4975, 6.1), or else by its session-id alone, because the
    /// authority may have been rewritten on the way (draft-ietf-simple-msrp-sessmatch).
    fn addressed(&self, uri: &str) -> Option<u64> {
        let is_own = |session: &Session| session.own().last().is_some_and(|own| own == uri || uri::same(own, uri));
        let whole = self.sessions.iter().find(|(_, s)| is_own(s));
        let has_id = |session: &Session, id| session.own().last().is_some_and(|own| session_id(own) == Some(id));
        let by_id = || self.sessions.iter().find(|(_, s)| session_id(uri).is_some_and(|id| has_id(s, id)));
        whole.or_else(by_id).map(|(id, _)| *id)
    }

    /// A connection is gone, or could not be opened.
    pub fn closed(&mut self, hop: Hop) {
        self.streams.remove(&hop);
        for session in self.sessions.values_mut().filter(|s| s.hop() == Some(hop)) {
            session.closed();
        }
        self.out.retain(|(h, _)| *h != hop);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Duration) {
        for session in self.sessions.values_mut() {
            session.tick(now, &mut self.ids);
        }
        self.drain();
    }

    /// The nearest timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.sessions.values().filter_map(Session::deadline).min()
    }

    /// The next message to send: one request or response.
    pub fn poll(&mut self) -> Option<(Hop, Bytes)> {
        self.out.pop_front()
    }

    /// The next event, and the session that it happened to.
    pub fn event(&mut self) -> Option<(u64, Event)> {
        self.sessions.iter_mut().find_map(|(id, session)| Some((*id, session.event()?)))
    }

    /// Forgets all sessions and connections.
    pub fn clear(&mut self) {
        self.sessions.clear();
        self.streams.clear();
        self.out.clear();
    }

    fn drain(&mut self) {
        for session in self.sessions.values_mut() {
            while let Some((over, octets)) = session.poll() {
                self.out.extend(over.or(session.hop()).map(|hop| (hop, octets)));
            }
        }
    }
}

/// The 481 to a request that belongs to no session, if its sender wants to hear of it (RFC 4975, 7.3).
fn stray(raw: &Bytes, msrp: &Msrp) -> Option<Bytes> {
    let method = msrp.method?.of(raw);
    if method == b"REPORT" || FailureReport::read(value(raw, msrp, "Failure-Report").as_deref()) == FailureReport::No {
        return None;
    }
    let (to, from) = (value(raw, msrp, "From-Path")?, value(raw, msrp, "To-Path")?);
    let to = if method == b"SEND" { to.split(' ').next().unwrap_or_default() } else { to.as_str() };
    Some(write::response(&msrp.transaction.text(raw), 481, to, from.split(' ').next().unwrap_or_default()))
}

/// The value of the first header field called `name`.
fn value(raw: &[u8], msrp: &Msrp, name: &str) -> Option<String> {
    msrp.field(raw, name).map(|span| span.text(raw).into_owned())
}

/// The session-id of a URI; `None`: it has none.
fn session_id(text: &str) -> Option<&str> {
    let session = uri::MsrpUri::parse(text.as_bytes(), Span::all(text.as_bytes())).session;
    text.get(session.from..session.to).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
