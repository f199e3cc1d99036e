//! The conformance log of one scenario: everything, in order, unchangeable.
//!
//! Entries are only ever appended. Parsed messages, dialogs, ladders and evidence are functions of them
//! ([`View`](crate::trace) and the writers beside it); nothing is stored apart.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::upper::{Act, Answer, Sight};

pub mod canon;
mod carried;
pub mod jsonl;
pub mod ladder;
pub mod pcapng;
mod streams;
pub mod view;

/// Who takes part: `the SUT`, `the IMS core`, `Bob`. Only the name is stored; the profile says what stands behind it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transparent)]
pub struct Party(#[schemars(with = "String")] Arc<str>);

impl Party {
    /// A party by its name in the features.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The system under test.
    #[must_use]
    pub fn sut() -> Self {
        Self::new("the SUT")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether this is the system under test.
    #[must_use]
    pub fn is_sut(&self) -> bool {
        &*self.0 == "the SUT"
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Number of a link within its trace: two endpoints that exchange bytes; for TCP one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LinkId(pub u32);

/// How bytes are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams; one `Bytes` entry is one datagram.
    #[default]
    Udp,
    /// A byte stream; one `Bytes` entry is what one read or write carried.
    Tcp,
    /// A byte stream under TLS; entries hold the octets in the clear.
    Tls,
}

/// What a link carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Signalling (RFC 3261).
    #[default]
    Sip,
    /// Messages and files of sessions (RFC 4975).
    Msrp,
    /// Access to the message store (RFC 3501).
    Imap,
    /// Content that a message refers to (RFC 4483).
    Http,
    /// Sound and pictures (RFC 3550, 5).
    Rtp,
    /// What is said of them, beside them (RFC 3550, 6).
    Rtcp,
}

impl Protocol {
    /// Whether links are signalling; what they carry need not be said in a trace then.
    #[must_use]
    pub fn is_sip(&self) -> bool {
        *self == Self::Sip
    }

    /// Whether links are datagrams of sound and pictures, or of what is said of these.
    #[must_use]
    pub fn is_rtp(self) -> bool {
        matches!(self, Self::Rtp | Self::Rtcp)
    }

    /// Whether who listens speaks first, as a message store does (RFC 3501, 7.1).
    #[must_use]
    pub fn listener_begins(self) -> bool {
        self == Self::Imap
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sip => "SIP",
            Self::Msrp => "MSRP",
            Self::Imap => "IMAP",
            Self::Http => "HTTP",
            Self::Rtp => "RTP",
            Self::Rtcp => "RTCP",
        })
    }
}

impl Transport {
    /// As in a Via header field: `UDP`, `TCP`, `TLS`.
    #[must_use]
    pub fn via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// Whether octets come one datagram at a time.
    #[must_use]
    pub fn is_datagram(self) -> bool {
        self == Self::Udp
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        })
    }
}

/// One end of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Who.
    pub party: Party,
    /// Where: IP address and port.
    pub address: std::net::SocketAddr,
}

/// What happened to a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkChange {
    /// It came up; `from` opened it.
    Opened {
        /// How it carries bytes.
        transport: Transport,
        /// What it carries.
        #[serde(default, skip_serializing_if = "Protocol::is_sip")]
        protocol: Protocol,
        /// Who opened it.
        from: Endpoint,
        /// Who was called.
        to: Endpoint,
    },
    /// TLS came up on it.
    Secured {
        /// Version of the protocol: `TLSv1.3`.
        version: String,
        /// Fingerprint of the certificate that the SUT showed, if it did, as in SDP (RFC 4572, 5): `SHA-256 AB:CD:...`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
    /// TLS did not come up on it, and it is closed. The text says why.
    Unsecured(String),
    /// It was closed in order, by this party.
    Closed(Party),
    /// It was refused, or reset, by this party.
    Reset(Party),
    /// A limit was passed; further bytes are counted, not kept. The text names the limit.
    Limit(String),
}

/// Something that the harness itself did or noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A step line begins.
    Step {
        /// Line in the feature file, 1-based.
        line: usize,
        /// Its text without keyword.
        text: String,
    },
    /// A stimulus left for the SUT; absences count from here.
    Stimulus(String),
    /// The SUT has handled all input so far: two probes and, between them, `idle`.
    Barrier,
    /// A quiet period of so many milliseconds is over.
    Quiet(u64),
    /// The SUT answered a probe (true) or did not (false).
    ProofOfLife(bool),
    /// The SUT was lost: exited, hung, or broke the protocol of its adapter.
    SutLost(String),
    /// The scenario gave up on something that is nobody's nonconformity.
    Obstacle(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// Octets crossed a link. What we send stands as sent, what we receive as received.
    Bytes {
        /// Over which link.
        link: LinkId,
        /// Who sent them.
        from: Party,
        /// Who gets them.
        to: Party,
        /// The octets.
        #[serde(rename = "data", with = "jsonl::octets")]
        #[schemars(with = "jsonl::Data")]
        bytes: Bytes,
    },
    /// A link changed.
    Link {
        /// Which.
        link: LinkId,
        /// How.
        change: LinkChange,
    },
    /// The upper tester was asked for an act; `id` pairs it with its answer.
    Asked {
        /// Number of the request.
        id: u64,
        /// The act.
        act: Act,
    },
    /// The answer to an act.
    Answered {
        /// Number of the request.
        id: u64,
        /// The answer.
        answer: Answer,
    },
    /// The user saw something.
    Seen(Sight),
    /// The harness did or noticed something.
    Mark(Mark),
}

/// One entry of the log: one line of its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Since the scenario began; in the file in microseconds.
    #[serde(with = "jsonl::micros")]
    #[schemars(with = "u64")]
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// The log of one scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    entries: Vec<Entry>,
}

impl Trace {
    /// Adds an entry at the end and gives its number.
    pub fn append(&mut self, at: Duration, event: Event) -> usize {
        self.entries.push(Entry { at, event });
        self.entries.len() - 1
    }

    /// All entries, in order; an entry's number is its place here.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// When the last entry was made.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.entries.last().map_or(Duration::ZERO, |entry| entry.at)
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
