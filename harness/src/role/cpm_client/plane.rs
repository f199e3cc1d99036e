//! What large messages and sessions share: the calls, the MSRP sessions and the sound in them, their connections, and the order of
//! it all.
//!
//! Calls and MSRP sessions know nothing of each other; here they meet. SIP goes out before what it leads to: the ACK
//! before the connection is opened, the BYE before it is closed.

use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{CpmClient, Settings};
use crate::{
    role::{
        Hop, Output,
        call::{self, Calls, Means},
        msrp::{self, Endpoint},
        rtp,
        sdp::{self, End},
        transaction::Transactions,
    },
    trace::{Protocol, Transport},
};

/// The media type that CPM has inside MSRP.
pub(super) const CPIM: &str = "message/cpim";

/// Warning of the 481 response to a change of what is no session (CONV-7.3.8-1; R-7.3.8-1).
const ABSENT: &str = "399 cpm-client \"123 Session does not exist\"";

/// Calls and media of one client.
#[derive(Debug)]
pub(super) struct Plane {
    pub calls: Calls,
    pub msrp: Endpoint,
    pub rtp: rtp::Endpoint,
    /// Connections that are open, or about to be.
    open: BTreeSet<Hop>,
    /// Connections that were left open when the network was lost.
    lost: BTreeSet<Hop>,
    connects: VecDeque<Output>,
    closes: VecDeque<Hop>,
    /// What goes out, SIP included, in the order in which it came about.
    traffic: VecDeque<Output>,
}

impl Plane {
    pub fn new(means: Means, places: Vec<rtp::Place>, seed: u64) -> Self {
        let mut calls = Calls::new(means, seed ^ 0x0063_616c_6c73);
        calls.absent = Some(ABSENT.to_owned());
        Self {
            calls,
            msrp: Endpoint::new(seed ^ 0x006d_7372_7073),
            rtp: rtp::Endpoint::new(places, rtp::CLIENT, seed ^ 0x0072_7470),
            open: BTreeSet::new(),
            lost: BTreeSet::new(),
            connects: VecDeque::new(),
            closes: VecDeque::new(),
            traffic: VecDeque::new(),
        }
    }

    /// Forgets all calls and MSRP sessions and closes all connections.
    pub fn clear(&mut self) {
        self.calls.clear();
        self.msrp.clear();
        self.rtp.clear();
        self.connects.clear();
        self.traffic.clear();
        self.closes.extend(std::mem::take(&mut self.open));
        self.found();
    }

    /// The network is lost: everything is forgotten, and nobody hears of it.
    pub fn lose(&mut self) {
        self.lost.append(&mut self.open);
        self.calls.clear();
        self.msrp.clear();
        self.rtp.clear();
        self.connects.clear();
        self.traffic.clear();
        self.closes.clear();
    }

    /// The network is there again: what was left open is closed.
    pub fn found(&mut self) {
        self.closes.extend(std::mem::take(&mut self.lost));
    }

    /// Lines up what is to go out: the SIP that was just made before the media that it leads to.
    fn line_up(&mut self, transactions: &mut Transactions) {
        let octets = |(hop, bytes): (Hop, Bytes)| Output::Transmit { hop, bytes };
        self.traffic.extend(std::iter::from_fn(|| transactions.poll()).map(octets));
        self.traffic.append(&mut self.connects);
        self.traffic.extend(std::iter::from_fn(|| self.msrp.poll()).map(octets));
        self.traffic.extend(std::iter::from_fn(|| self.rtp.poll()).map(octets));
        self.traffic.extend(self.closes.drain(..).map(|hop| Output::Close { hop }));
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.traffic.pop_front()
    }

    pub fn deadline(&self) -> Option<Duration> {
        [self.calls.deadline(), self.msrp.deadline(), self.rtp.deadline()].into_iter().flatten().min()
    }

    /// Whether nothing waits to be sent.
    pub fn silent(&self) -> bool {
        self.traffic.is_empty() && !self.calls.waits()
    }

    /// Connects to the first URI of `end`'s path (RFC 4975, 8.3) and binds the connection to the MSRP session `id`; a
    /// connection that is there already is used (5.4). `false`: the URI leads nowhere.
    pub fn connect(&mut self, now: Duration, id: u64, end: &End) -> bool {
        let Some((address, secure)) = end.path.first().and_then(|uri| sdp::next_hop(uri)) else { return false };
        let hop = Hop::over(Protocol::Msrp, if secure { Transport::Tls } else { Transport::Tcp }, address);
        if self.open.insert(hop) {
            let fingerprint = end.fingerprint.clone().filter(|_| secure);
            self.connects.push_back(Output::Connect { hop, fingerprint });
        }
        self.msrp.bind(now, id, hop);
        true
    }

    /// Ends the MSRP session `id`, and with it the connection if nobody else uses it.
    pub fn hang_up(&mut self, id: u64) {
        if let Some(hop) = self.msrp.close(id)
            && self.open.remove(&hop)
        {
            self.closes.push_back(hop);
        }
    }

    /// The other end of the MSRP session `id` moved to another path; the connection to where it was is closed if nobody else uses
    /// it.
    pub fn moved(&mut self, id: u64, path: Vec<String>) {
        if let Some(hop) = self.msrp.moved(id, path)
            && self.open.remove(&hop)
        {
            self.closes.push_back(hop);
        }
    }

    /// Octets came over a connection, which the other end may have opened.
    pub fn receive(&mut self, now: Duration, hop: Hop, bytes: &[u8]) {
        self.open.insert(hop);
        self.msrp.receive(now, hop, bytes);
    }

    /// A connection is gone.
    pub fn closed(&mut self, hop: Hop) {
        self.open.remove(&hop);
        self.msrp.closed(hop);
    }
}

/// How the calls of a client at `local` reach the others: by way of the core, if there is one.
pub(super) fn means(settings: &Settings, local: SocketAddr) -> Means {
    Means {
        local: Hop::sip(settings.transport, local),
        core: Hop::sip(settings.transport, settings.core.unwrap_or(local)),
        datagram: call::DATAGRAM,
        credentials: settings.credentials.clone(),
        agent: Some(settings.product()),
    }
}

impl CpmClient {
    /// How calls reach the others now.
    pub(super) fn means(&self) -> Means {
        means(&self.settings, self.local)
    }

    /// The own end of an MSRP session that only connects, so that its port is that of nobody (RFC 6135, 4.2.2).
    pub(super) fn own_end(&mut self, secure: bool) -> End {
        let uri = self.plane.msrp.uri(SocketAddr::new(self.local.ip(), sdp::DISCARD), secure);
        End {
            path: vec![uri],
            secure,
            setup: Some("active".to_owned()),
            accept_types: Some(CPIM.to_owned()),
            accept_wrapped_types: Some("*".to_owned()),
            fingerprint: secure.then(|| self.settings.fingerprint.clone()),
            ..End::default()
        }
    }

    /// Own Contact, without parameters of the header field.
    pub(super) fn contact(&self) -> String {
        let user = self.settings.address().split_once(':').map_or("", |(_, rest)| rest).split('@').next().unwrap_or_default();
        format!("<sip:{user}@{};transport={}>", self.local, self.settings.transport)
    }

    /// Takes what happened to calls and MSRP sessions.
    pub(super) fn attend(&mut self, now: Duration) {
        loop {
            self.plane.line_up(&mut self.transactions);
            if let Some(event) = self.plane.calls.event() {
                self.plane.calls.means = self.means();
                self.called(now, event);
            } else if let Some((id, event)) = self.plane.msrp.event() {
                self.plane.calls.means = self.means();
                self.exchanged(now, id, event);
            } else if let Some((call, stream)) = self.plane.rtp.event() {
                self.heard_stream(call, stream);
            } else if !self.watched(now) && !self.modify_next(now) {
                return;
            }
        }
    }

    /// Hands what happened to a call to what it is for.
    fn called(&mut self, now: Duration, event: call::Event) {
        match event {
            call::Event::Accepted { call, .. } if self.decided(now, call, true) => {}
            call::Event::Refused { call, .. } if self.decided(now, call, false) => {}
            call::Event::Invited { call, ref request } if self.is_session(request) => self.session_invited(now, call, request),
            event if self.sessions.of_call(event.call()).is_some() => self.session_called(now, event),
            event => self.large_called(now, event),
        }
    }

    /// Hands what happened to an MSRP session to what it is for.
    fn exchanged(&mut self, now: Duration, id: u64, event: msrp::Event) {
        match self.sessions.of_msrp(id) {
            Some(_) => self.session_exchanged(now, id, event),
            None => self.large_exchanged(now, id, event),
        }
    }

    /// Leaves the session of a call; its connection is closed once the BYE is answered.
    pub(super) fn leave(&mut self, now: Duration, call: u64) {
        self.plane.calls.means = self.means();
        self.plane.calls.end(now, &mut self.transactions, call);
    }
}

/// An identifier for `o=`: digits only, and few enough for everybody (RFC 3264, 5).
pub(super) fn number(ids: &mut crate::role::ids::Ids) -> u64 {
    ids.bits() >> 33
}
