//! Protocol parties without sockets and clocks: what they are handed they handle, what they want to say is polled.
//!
//! The conformant client is at once fake peer, reference SUT and, with a defect laid over it by [`conduct`], the
//! broken SUT that the suite tests itself with. No role contains a test condition.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    trace::{Protocol, Transport},
    upper::{Act, Answer, Sight},
    wire::sdp::Direction,
};

pub mod build;
pub mod call;
pub mod challenge;
pub mod conduct;
pub mod content_server;
pub mod cpm_client;
pub mod deferring;
pub mod ids;
pub mod im_server;
pub mod ims_core;
pub mod inlet;
pub mod message_store;
pub mod msrp;
pub mod null;
pub mod participating;
pub mod patch;
pub mod rtp;
pub mod sdp;
pub mod subscriber;
pub mod transaction;

/// Where bytes go to, or came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// How.
    pub transport: Transport,
    /// The other end; for a stream the other end of its connection.
    pub address: SocketAddr,
    /// What the link carries.
    pub protocol: Protocol,
    /// Which of several streams that one party opens to the same address; 0 for all that came to it. Of RTP and RTCP which of the
    /// own pairs of ports it leaves from, or came to.
    pub lane: u8,
}

impl Hop {
    /// A hop of signalling.
    #[must_use]
    pub fn sip(transport: Transport, address: SocketAddr) -> Self {
        Self::over(Protocol::Sip, transport, address)
    }

    /// A hop of any protocol.
    #[must_use]
    pub fn over(protocol: Protocol, transport: Transport, address: SocketAddr) -> Self {
        Self { transport, address, protocol, lane: 0 }
    }
}

/// What a party is handed.
#[derive(Clone, Debug)]
pub enum Input {
    /// Octets arrived.
    Bytes {
        /// From where; answering there answers over the same connection.
        hop: Hop,
        /// One datagram, or what one read of a stream gave.
        bytes: Bytes,
    },
    /// A stream ended, was reset, or could not be opened.
    Closed {
        /// Which.
        hop: Hop,
    },
    /// The deadline has come.
    Timeout,
    /// The user does something.
    Act {
        /// Number to answer to.
        id: u64,
        /// What.
        act: Act,
    },
    /// The scenario wants something of a fake.
    Stimulus(Stimulus),
}

/// What a party wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a stream before anything is said on it; what cannot be opened comes back as [`Input::Closed`].
    Connect {
        /// To where.
        hop: Hop,
        /// Under TLS: the fingerprint that the other end's certificate has to have, as in SDP (RFC 4572, 5).
        fingerprint: Option<String>,
    },
    /// Send octets; a stream that is not open yet is opened.
    Transmit {
        /// To where.
        hop: Hop,
        /// One datagram, or part of a stream.
        bytes: Bytes,
    },
    /// Close a stream.
    Close {
        /// Which.
        hop: Hop,
    },
    /// Answer an act.
    Answered {
        /// Its number.
        id: u64,
        /// The answer.
        answer: Answer,
    },
    /// Show something to the user.
    Sight(Sight),
}

/// What the scenario may ask of a fake beyond its normal behaviour.
#[derive(Clone, Debug)]
pub enum Stimulus {
    /// Send a named message.
    Send(Box<Outgoing>),
    /// Send these octets to the SUT, as they are.
    Raw(Bytes),
    /// Ask the SUT for a sign of life (OPTIONS, RFC 3261, 11).
    Probe {
        /// Where the SUT was heard last.
        flow: Hop,
        /// Its Contact.
        contact: String,
    },
    /// How the registrar grants registrations from now on.
    Grant(Grant),
}

/// A named message of a scenario, all placeholders filled in.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// SIP method.
    pub method: String,
    /// Address that it is for; becomes Request-URI and To.
    pub to: String,
    /// Header fields that replace those of the role; `None` removes one.
    pub headers: Vec<(String, Option<Vec<String>>)>,
    /// Media type and octets of the body.
    pub body: Option<(String, Bytes)>,
    /// Which dialog it belongs to.
    pub within: Within,
    /// Whether what goes over MSRP goes over a connection of its own.
    pub apart: bool,
    /// Whether a CANCEL names a branch that no INVITE has.
    pub stray: bool,
    /// What it says about media.
    pub media: Media,
}

/// Which dialog a named message belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Within {
    /// None: it begins one, or stands alone.
    #[default]
    #[serde(rename = "nothing")]
    Nothing,
    /// The latest session between the fake and the SUT.
    #[serde(rename = "the session")]
    Session,
    /// The latest subscription of the SUT at the fake.
    #[serde(rename = "the subscription")]
    Subscription,
}

/// What a named message lays over the media that the role would offer, and what goes over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Attributes that replace those of the role's description; `None` leaves one out. `media` is the value of the m= line,
    /// `direction` the attribute of that meaning, `address` the value of c=.
    pub offer: Vec<(String, Option<Vec<String>>)>,
    /// Whether there is no description at all.
    pub bare: bool,
    /// Whether a re-INVITE moves media to another address of the sender.
    pub moved: bool,
    /// How many MSRP streams there are; as many as before, or one, unless given.
    pub streams: Option<usize>,
    /// What it says about sound and pictures.
    pub rtp: Rtp,
    /// Lines behind the description.
    pub extra: Vec<String>,
    /// Whether two path URIs are given, the first that of a relay.
    pub relayed: bool,
    /// Whether MSRP goes under TLS.
    pub secure: bool,
    /// What is sent once the SUT has bound the connection.
    pub content: Option<Bytes>,
    /// Octets of each chunk; 2048 by default.
    pub chunk: Option<usize>,
    /// The chunks by their first and last octet, from 1, negative ones counted from the end; none: all in order.
    pub ranges: Vec<(i64, i64)>,
    /// Whether each Byte-Range ends with `*`.
    pub open: bool,
    /// Flag of the last chunk that is sent, `$` by default.
    pub last: Option<char>,
    /// Header fields that replace those of each SEND; `None` removes one.
    pub headers: Vec<(String, Option<String>)>,
    /// How long the last chunk waits.
    pub pause: Duration,
}

impl Media {
    /// Whether something is said about a description.
    #[must_use]
    pub fn offers(&self) -> bool {
        !self.offer.is_empty() || !self.extra.is_empty() || self.moved || self.relayed || self.secure || self.streams.is_some()
    }
}

/// What a named message says about sound and pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rtp {
    /// Which media there are: `audio`, `video`; as before, or none, unless given.
    pub media: Option<Vec<String>>,
    /// Whether there are no messages beside them.
    pub alone: bool,
    /// Whether they are taken at another pair of ports of the sender.
    pub moved: bool,
    /// Who sends them.
    pub direction: Option<Direction>,
    /// Their payload types, of those that the sender knows.
    pub formats: Option<Vec<u8>>,
}

/// What a registrar grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Seconds; `None`: as asked for, at most [`Grant::LONGEST`].
    pub expires: Option<u32>,
    /// Whether the seconds stand in the Contact of the 200 response (else in Expires; RFC 3261, 10.3).
    pub in_contact: bool,
    /// Whether GRUUs are handed out where asked for (RFC 5627, 5).
    pub gruu: bool,
}

impl Grant {
    /// The longest registration that is granted unless a scenario says otherwise, in seconds.
    pub const LONGEST: u32 = 7200;
}

impl Default for Grant {
    fn default() -> Self {
        Self { expires: None, in_contact: true, gruu: true }
    }
}

/// A protocol party. It owns no socket, no clock and no randomness but what it is handed.
///
/// **Contract:** one `handle`, then `poll` until `None`, then nothing until bytes or the `deadline`.
pub trait Actor: Send {
    /// Takes one input; `now` never goes back.
    fn handle(&mut self, now: Duration, input: Input);

    /// The next thing to do; drain to `None`.
    fn poll(&mut self) -> Option<Output>;

    /// When to hand in [`Input::Timeout`].
    fn deadline(&self) -> Option<Duration>;

    /// Whether all input is handled and nothing new will be sent before further input or `within` from `now`.
    ///
    /// Repetitions of what was sent already are not new, nor is sound that goes on.
    fn idle(&self, now: Duration, within: Duration) -> bool;

    /// Back to the state after start: nothing registered, nothing stored.
    fn reset(&mut self) {}

    /// The scenario's first stimulus is about to be given; only null SUTs care.
    fn chill(&mut self) {}

    /// Lays a rule of conduct over the role; only [`conduct::Deviant`] can.
    fn deviate(&mut self, _rule: conduct::Rule) {}

    /// Rules of conduct that could not be carried out, in words.
    fn complaints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Names that stand for addresses in the eyes of a role: `{home}` in a defect, the domain of a URI.
pub type Hosts = BTreeMap<String, SocketAddr>;
