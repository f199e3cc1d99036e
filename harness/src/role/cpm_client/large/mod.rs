//! Large messages: an INVITE session each, with an MSRP session in it (CONV-7.2.1.2, CONV-7.2.2.2).
//!
//! Calls and MSRP sessions know nothing of each other; here they meet. SIP goes out before what it leads to: the ACK
//! before the connection is opened, the BYE before it is closed.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{CpmClient, Settings, content::Cpim};
use crate::{
    role::{
        Hop, Output,
        call::{self, Calls, Means},
        msrp::{self, Endpoint},
        sdp::{self, Description, End},
        transaction::Transactions,
    },
    trace::{Protocol, Transport},
    upper::{Answer, InvitationAnswer, Sight, Status},
};

mod receiving;
mod sending;

/// The media type that large messages have inside MSRP.
const CPIM: &str = "message/cpim";

/// All large messages under way.
#[derive(Debug)]
pub(super) struct Large {
    pub calls: Calls,
    pub msrp: Endpoint,
    /// By number of the call.
    sessions: BTreeMap<u64, Session>,
    /// Calls that the user is asked about, by handle.
    invitations: BTreeMap<String, u64>,
    /// Connections that are open, or about to be.
    open: BTreeSet<Hop>,
    connects: VecDeque<Output>,
    closes: VecDeque<Hop>,
    /// What goes out, SIP included, in the order in which it came about.
    traffic: VecDeque<Output>,
}

/// One large message.
#[derive(Debug)]
struct Session {
    /// Number of the MSRP session; `None`: there is none yet.
    msrp: Option<u64>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// Out: handle for the user, the object until it is sent, whether the user knows its fate.
    Out { handle: Option<String>, cpim: Option<Cpim>, told: bool },
    /// In: the offer, and whether the message is there.
    In { offer: Box<Description>, taken: bool },
}

impl Large {
    pub fn new(means: Means, seed: u64) -> Self {
        Self {
            calls: Calls::new(means, seed ^ 0x0063_616c_6c73),
            msrp: Endpoint::new(seed ^ 0x006d_7372_7073),
            sessions: BTreeMap::new(),
            invitations: BTreeMap::new(),
            open: BTreeSet::new(),
            connects: VecDeque::new(),
            closes: VecDeque::new(),
            traffic: VecDeque::new(),
        }
    }

    /// Forgets all sessions and closes all connections.
    pub fn clear(&mut self) {
        self.calls.clear();
        self.msrp.clear();
        self.sessions.clear();
        self.invitations.clear();
        self.connects.clear();
        self.traffic.clear();
        self.closes.extend(std::mem::take(&mut self.open));
    }

    /// Lines up what is to go out: the SIP that was just made before the media that it leads to.
    fn line_up(&mut self, transactions: &mut Transactions) {
        let octets = |(hop, bytes): (Hop, Bytes)| Output::Transmit { hop, bytes };
        self.traffic.extend(std::iter::from_fn(|| transactions.poll()).map(octets));
        self.traffic.append(&mut self.connects);
        self.traffic.extend(std::iter::from_fn(|| self.msrp.poll()).map(octets));
        self.traffic.extend(self.closes.drain(..).map(|hop| Output::Close { hop }));
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.traffic.pop_front()
    }

    pub fn deadline(&self) -> Option<Duration> {
        [self.calls.deadline(), self.msrp.deadline()].into_iter().flatten().min()
    }

    /// Whether nothing waits to be sent.
    pub fn silent(&self) -> bool {
        self.traffic.is_empty()
    }

    fn of_msrp(&self, id: u64) -> Option<u64> {
        self.sessions.iter().find(|(_, s)| s.msrp == Some(id)).map(|(call, _)| *call)
    }

    /// Connects to the first URI of `end`'s path (RFC 4975, 8.3) and binds the connection to the session `id`; a connection
    /// that is there already is used (5.4). `false`: the URI leads nowhere.
    fn connect(&mut self, now: Duration, id: u64, end: &End) -> bool {
        let Some((address, secure)) = end.path.first().and_then(|uri| sdp::next_hop(uri)) else { return false };
        let hop = Hop::over(Protocol::Msrp, if secure { Transport::Tls } else { Transport::Tcp }, address);
        if self.open.insert(hop) {
            let fingerprint = end.fingerprint.clone().filter(|_| secure);
            self.connects.push_back(Output::Connect { hop, fingerprint });
        }
        self.msrp.bind(now, id, hop);
        true
    }

    /// Ends the MSRP session of a call, and with it the connection if nobody else uses it.
    fn hang_up(&mut self, call: u64) {
        let Some(id) = self.sessions.get_mut(&call).and_then(|s| s.msrp.take()) else { return };
        if let Some(hop) = self.msrp.close(id)
            && self.open.remove(&hop)
        {
            self.closes.push_back(hop);
        }
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
        credentials: settings.credentials.clone(),
        agent: Some(settings.product()),
    }
}

impl CpmClient {
    /// How calls reach the others now.
    pub(super) fn means(&self) -> Means {
        means(&self.settings, self.local)
    }

    /// The own end of a session: it only connects, so its port is that of nobody (RFC 6135, 4.2.2).
    fn own_end(&mut self, secure: bool) -> End {
        let uri = self.large.msrp.uri(SocketAddr::new(self.local.ip(), sdp::DISCARD), secure);
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
            self.large.line_up(&mut self.transactions);
            if let Some(event) = self.large.calls.event() {
                self.called(now, event);
            } else if let Some((id, event)) = self.large.msrp.event() {
                self.exchanged(now, id, event);
            } else if !self.watched(now) {
                return;
            }
        }
    }

    fn called(&mut self, now: Duration, event: call::Event) {
        match event {
            call::Event::Progress { .. }
            | call::Event::Answered { .. }
            | call::Event::Changed { .. }
            | call::Event::Offered { .. }
            | call::Event::Acknowledged { .. } => {}
            call::Event::Accepted { call, .. } if self.decided(now, call, true) => {}
            call::Event::Refused { call, .. } if self.decided(now, call, false) => {}
            call::Event::Accepted { call, response } => self.accepted(now, call, &response),
            call::Event::Invited { call, request } => self.invited(now, call, &request),
            call::Event::Confirmed { call } => self.confirmed(now, call),
            call::Event::Refused { call, .. } | call::Event::Cancelled { call } | call::Event::Ended { call, .. } => self.over(call),
        }
    }

    fn exchanged(&mut self, now: Duration, id: u64, event: msrp::Event) {
        let Some(call) = self.large.of_msrp(id) else { return };
        match event {
            msrp::Event::Bound | msrp::Event::Reported { status: 200, .. } | msrp::Event::Aborted { .. } => {}
            msrp::Event::Received { content, .. } => self.received(now, call, &content),
            msrp::Event::Sent { status: 200, .. } => {
                self.tell(call, Status::Sent);
                self.leave(now, call);
            }
            // Who has the message waits for the BYE of who sent it.
            msrp::Event::Lost if self.has(call) => {}
            msrp::Event::Sent { .. } | msrp::Event::Reported { .. } | msrp::Event::Refused { .. } | msrp::Event::Lost => {
                self.tell(call, Status::Failed);
                self.leave(now, call);
            }
        }
    }

    fn has(&self, call: u64) -> bool {
        self.large.sessions.get(&call).is_some_and(|session| matches!(session.way, Way::In { taken: true, .. }))
    }

    /// Leaves the session of a call; its connection is closed once the BYE is answered.
    pub(super) fn leave(&mut self, now: Duration, call: u64) {
        self.large.calls.means = self.means();
        self.large.calls.end(now, &mut self.transactions, call);
    }

    /// A call is over: what was not sent by now failed.
    fn over(&mut self, call: u64) {
        self.tell(call, Status::Failed);
        self.large.hang_up(call);
        self.large.sessions.remove(&call);
        self.large.invitations.retain(|_, of| *of != call);
    }

    /// Tells the user the fate of an outgoing message, once.
    fn tell(&mut self, call: u64, status: Status) {
        let Some(Session { way: Way::Out { handle, told, .. }, .. }) = self.large.sessions.get_mut(&call) else { return };
        if let Some(message) = handle.clone().filter(|_| !std::mem::replace(told, true)) {
            self.show(Sight::MessageStatus { message, status, recipient: None });
        }
    }

    /// What the user says to an invitation that was shown.
    pub(super) fn answer_invitation(&mut self, now: Duration, invitation: &str, decision: InvitationAnswer) -> Answer {
        let Some(call) = self.large.invitations.remove(invitation) else { return Answer::UnknownHandle(invitation.to_owned()) };
        match decision {
            InvitationAnswer::Accept => self.accept_call(now, call),
            InvitationAnswer::Reject => self.refuse_call(now, call, 603),
            // Who cannot take a large message now has it deferred.
            InvitationAnswer::Decline => self.refuse_call(now, call, 480),
            InvitationAnswer::Busy => self.refuse_call(now, call, 486),
            InvitationAnswer::Redirect => {
                self.large.invitations.insert(invitation.to_owned(), call);
                return Answer::Refused("a large message cannot be redirected".to_owned());
            }
        }
        Answer::Taken(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests;
