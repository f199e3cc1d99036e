//! Sound and pictures: RTP packets and RTCP datagrams on the links of the SUT, and the streams that packets make.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{Unit, Way};
use crate::{
    trace::{Endpoint, LinkId, Party, Protocol},
    verdict::Evidence,
    wire::{
        Span,
        msrp::Msrp,
        rtp::{self, Compound, Packet},
    },
};

/// One RTP packet that the SUT sent or was sent.
#[derive(Clone, Debug)]
pub struct RtpSeen {
    /// Its octets.
    pub raw: Bytes,
    /// What they say.
    pub packet: Packet,
    /// When it came.
    pub at: Duration,
    /// Its entry.
    pub entry: usize,
    /// Who sent it.
    pub from: Party,
    /// The link.
    pub link: LinkId,
    /// Address that it came from, and the one that it went to.
    pub way: (SocketAddr, SocketAddr),
}

/// One RTCP datagram that the SUT sent or was sent.
#[derive(Clone, Debug)]
pub struct RtcpSeen {
    /// Its octets.
    pub raw: Bytes,
    /// What they say.
    pub compound: Compound,
    /// When it came.
    pub at: Duration,
    /// Its entry.
    pub entry: usize,
    /// Who sent it.
    pub from: Party,
    /// Address that it came from, and the one that it went to.
    pub way: (SocketAddr, SocketAddr),
    /// Whether it came to a port for RTP (RFC 5761).
    pub multiplexed: bool,
}

/// All packets of one source on one link: one SSRC, from one party.
#[derive(Clone, Debug)]
pub struct RtpStream {
    /// The source.
    pub ssrc: u32,
    /// Its packets: indices in [`Messages::packets`](super::Messages::packets).
    pub packets: Vec<usize>,
    /// When its last packet came.
    pub at: Duration,
    /// The entry of its last packet.
    pub entry: usize,
    /// Who sends it.
    pub from: Party,
    /// Who it is sent to.
    pub to: Party,
    /// The link.
    pub link: LinkId,
    /// Address that it comes from, and the one that it goes to.
    pub way: (SocketAddr, SocketAddr),
    /// The first packet, and its entry.
    first: (Bytes, usize),
    /// Nothing: a unit has one.
    msrp: Msrp,
}

macro_rules! evident {
    ($name:ident) => {
        impl $name {
            /// Where the octets of `span` stand in the trace.
            #[must_use]
            pub fn evidence(&self, span: Span) -> Evidence {
                Evidence::at(self.entry, span.from.min(self.raw.len()), span.to.min(self.raw.len()))
            }

            /// Whether the SUT sent it.
            #[must_use]
            pub fn by_sut(&self) -> bool {
                self.from.is_sut()
            }
        }
    };
}

evident!(RtpSeen);
evident!(RtcpSeen);

impl RtpStream {
    /// Octets of its first packet.
    #[must_use]
    pub fn raw(&self) -> &Bytes {
        &self.first.0
    }

    /// Its first packet as its octets say.
    #[must_use]
    pub fn unit(&self) -> Unit<'_> {
        Unit { protocol: Protocol::Rtp, raw: &self.first.0, msrp: &self.msrp, link: Some(self.link) }
    }

    /// Where octets of its first packet stand.
    #[must_use]
    pub fn evidence(&self, span: Span) -> Vec<Evidence> {
        let length = self.raw().len();
        vec![Evidence::at(self.first.1, span.from.min(length), span.to.min(length))]
    }

    /// Where the header of its first packet stands.
    #[must_use]
    pub fn line(&self) -> Vec<Evidence> {
        self.evidence(Span::new(0, rtp::SSRC.to))
    }

    /// Whether the SUT sends it.
    #[must_use]
    pub fn by_sut(&self) -> bool {
        self.from.is_sut()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Rtp {
    pub(super) packets: Vec<RtpSeen>,
    pub(super) control: Vec<RtcpSeen>,
    pub(super) streams: Vec<RtpStream>,
    /// Both ends of a link.
    ends: BTreeMap<LinkId, [(Party, SocketAddr); 2]>,
    of: HashMap<(LinkId, bool, u32), usize>,
}

impl Rtp {
    /// A link that carries such.
    pub(super) fn opened(&mut self, link: LinkId, from: &Endpoint, to: &Endpoint) {
        self.ends.insert(link, [from, to].map(|end| (end.party.clone(), end.address)));
    }

    /// One more datagram on a link; what comes to a port for RTP and is RTCP by its type is that.
    pub(super) fn add(&mut self, way: &Way<'_>, raw: &Bytes) {
        let Some([one, other]) = self.ends.get(&way.link) else { return };
        let (from, to) = if one.0 == *way.from { (one.1, other.1) } else { (other.1, one.1) };
        let (raw, at, entry, party) = (raw.clone(), way.at, way.entry, way.from.clone());
        let multiplexed = way.protocol == Protocol::Rtp;
        if !multiplexed || rtp::is_control(&raw) {
            let compound = Compound::parse(&raw);
            self.control.push(RtcpSeen { raw, compound, at, entry, from: party, way: (from, to), multiplexed });
            return;
        }
        let packet = Packet::parse(&raw);
        let (ssrc, index) = (packet.ssrc, self.packets.len());
        let fresh = || {
            self.streams.push(RtpStream {
                ssrc,
                packets: Vec::new(),
                at,
                entry,
                from: party.clone(),
                to: way.to.clone(),
                link: way.link,
                way: (from, to),
                first: (raw.clone(), entry),
                msrp: Msrp::default(),
            });
            self.streams.len() - 1
        };
        let number = *self.of.entry((way.link, way.from.is_sut(), ssrc)).or_insert_with(fresh);
        if let Some(stream) = self.streams.get_mut(number) {
            (stream.at, stream.entry) = (at, entry);
            stream.packets.push(index);
        }
        self.packets.push(RtpSeen { raw, packet, at, entry, from: party, link: way.link, way: (from, to) });
    }
}
