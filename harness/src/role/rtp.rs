//! Sound and pictures of one party: a source and a sink for each medium of each call (RFC 3550).
//!
//! A source talks for a second in full and then keeps the stream alive with a packet a second, so that a scenario sees all there
//! is to be seen and its trace stays small. What it sends is silence, or a picture without anything on it.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;
use rtcp_types::{Bye, Compound, ReceiverReport, RtcpPacketWriter, RtcpPacketWriterExt as _, Sdes, SdesChunk, SdesItem, SenderReport};
use rtp_types::RtpPacketBuilder;

use super::{Hop, ids::Ids, sdp::Flow};
use crate::{
    trace::{Protocol, Transport},
    wire::{rtp, sdp::Direction},
};

#[cfg(test)]
mod tests;

/// An own pair of ports, for a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `audio` or `video`; of several pairs for one medium the second is where it moves to.
    pub kind: String,
    /// Number of the pair.
    pub lane: u8,
    /// Where it takes RTP.
    pub rtp: SocketAddr,
    /// Where it takes RTCP.
    pub rtcp: SocketAddr,
}

/// What one party speaks of a medium: payload type where it is free to choose, encoding and clock.
pub type Codec = (&'static str, u8, &'static str);

/// What a client speaks: AMR as in IMS, and what everybody does.
pub const CLIENT: &[Codec] =
    &[("audio", 97, "AMR/8000"), ("audio", 0, "PCMU/8000"), ("audio", 8, "PCMA/8000"), ("video", 31, "H261/90000")];

/// What a fake speaks: not all of that, so that its answer leaves something out.
pub const FAKE: &[Codec] = &[("audio", 0, "PCMU/8000"), ("audio", 8, "PCMA/8000"), ("video", 31, "H261/90000")];

/// How long a source talks, and how often it says that it is there afterwards, and how many times.
const TALK: Duration = Duration::from_secs(1);
const ALIVE: (Duration, u32) = (Duration::from_secs(1), 60);

/// Between two reports (RFC 3550, 6.2).
const REPORT: Duration = Duration::from_secs(5);

/// A medium of a call: its call, and the number of its media section.
type Key = (u64, usize);

/// The media of all calls of one party.
#[derive(Debug)]
pub struct Endpoint {
    places: Vec<Place>,
    codecs: &'static [Codec],
    flows: BTreeMap<Key, Medium>,
    ids: Ids,
    /// The latest time that it was told.
    now: Duration,
    /// Calls and media that were heard for the first time.
    heard: VecDeque<(u64, String)>,
    out: VecDeque<(Hop, Bytes)>,
}

/// Source and sink of one medium.
#[derive(Debug)]
struct Medium {
    lane: u8,
    own: Flow,
    theirs: Flow,
    ssrc: u32,
    sequence: u16,
    /// Timestamp at the beginning, and when that was.
    timestamp: (u32, Duration),
    /// Packets and octets sent.
    sent: (u32, u32),
    /// When the next packet is due, until when it talks, and how many more it says behind that.
    due: Option<Duration>,
    talks: Duration,
    alive: u32,
    /// When the next report is due.
    report: Duration,
    heard: bool,
}

impl Endpoint {
    /// One that plays at these places; identifiers come from `seed`.
    #[must_use]
    pub fn new(places: Vec<Place>, codecs: &'static [Codec], seed: u64) -> Self {
        Self {
            places,
            codecs,
            flows: BTreeMap::new(),
            ids: Ids::new(seed),
            now: Duration::ZERO,
            heard: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Whether it plays this medium.
    #[must_use]
    pub fn plays(&self, kind: &str) -> bool {
        self.places.iter().any(|place| place.kind == kind)
    }

    /// The own end of a medium, at the first pair for it or where it moves to; `None`: it does not play that, or plays it already
    /// in another call.
    #[must_use]
    pub fn offer(&self, kind: &str, moved: bool) -> Option<Flow> {
        let place = self.places.iter().filter(|place| place.kind == kind).nth(usize::from(moved))?;
        let formats = self.codecs.iter().filter(|codec| codec.0 == kind).map(|(_, number, name)| (*number, (*name).to_owned())).collect();
        // Voice at 12.2 kbit/s with its headers, a small picture.
        let bandwidth = vec![if kind == "audio" { "AS:64" } else { "AS:128" }.to_owned()];
        let (kind, direction) = (kind.to_owned(), Direction::Sendrecv);
        Some(Flow { kind, rtp: place.rtp, rtcp: place.rtcp, direction, formats, bandwidth })
    }

    /// The own ends that answer an offer, by media section: the formats of the offer that are known, in its order and by its numbers
    /// (RFC 3264, 6.1). A medium that the call has already stays at its ports.
    #[must_use]
    pub fn answers(&self, call: u64, offered: &[Option<Flow>]) -> Vec<Option<Flow>> {
        let answer = |(section, offered): (usize, &Option<Flow>)| {
            let offered = offered.as_ref()?;
            let known = self.flows.get(&(call, section)).map(|medium| (medium.own.rtp, medium.own.rtcp));
            let own = self.offer(&offered.kind, false)?;
            if self.flows.iter().any(|((other, _), medium)| *other != call && medium.own.rtp == own.rtp) {
                return None;
            }
            let speaks = |format: &&(u8, String)| own.formats.iter().any(|(_, name)| name.eq_ignore_ascii_case(&format.1));
            let formats: Vec<_> = offered.formats.iter().filter(speaks).cloned().collect();
            let (rtp, rtcp) = known.unwrap_or((own.rtp, own.rtcp));
            (!formats.is_empty()).then(|| Flow { rtp, rtcp, formats, direction: offered.direction.mirrored(), ..own })
        };
        offered.iter().enumerate().map(answer).collect()
    }

    /// Makes the media of a call what both descriptions say, section by section: begins, moves, holds, ends them.
    pub fn agree(&mut self, now: Duration, call: u64, own: &[Option<Flow>], theirs: &[Option<Flow>]) {
        let agreed: BTreeMap<Key, (&Flow, &Flow)> = (own.iter().zip(theirs).enumerate())
            .filter_map(|(section, (own, theirs))| Some(((call, section), (own.as_ref()?, theirs.as_ref()?))))
            .collect();
        let gone: Vec<Key> = self.flows.keys().filter(|key| key.0 == call && !agreed.contains_key(key)).copied().collect();
        self.now = now;
        for key in gone {
            self.leave(key);
        }
        for (key, (own, theirs)) in agreed {
            let Some(lane) = self.places.iter().find(|place| place.rtp == own.rtp).map(|place| place.lane) else { continue };
            let fresh = |ids: &mut Ids| {
                let bits = ids.bits().to_be_bytes();
                let [s1, s2, s3, s4, t1, t2, t3, t4] = bits;
                Medium {
                    lane,
                    own: own.clone(),
                    theirs: theirs.clone(),
                    ssrc: u32::from_be_bytes([s1, s2, s3, s4]),
                    sequence: u16::from_be_bytes([t1, t2]),
                    timestamp: (u32::from_be_bytes([t3, t4, s2, s1]), now),
                    sent: (0, 0),
                    due: None,
                    talks: now,
                    alive: 0,
                    report: now,
                    heard: false,
                }
            };
            let medium = self.flows.entry(key).or_insert_with(|| fresh(&mut self.ids));
            let same = medium.due.is_some() && medium.theirs == *theirs && medium.lane == lane;
            if medium.theirs.rtp != theirs.rtp || medium.theirs.rtcp != theirs.rtcp {
                medium.report = now;
            }
            (medium.lane, medium.own, medium.theirs) = (lane, own.clone(), theirs.clone());
            if !medium.own.sends_to(&medium.theirs) {
                medium.due = None;
            } else if !same {
                (medium.due, medium.talks, medium.alive) = (Some(now), now + TALK, ALIVE.1);
            }
        }
        self.tick(now);
    }

    /// A call is over.
    pub fn end(&mut self, call: u64) {
        let keys: Vec<Key> = self.flows.keys().filter(|key| key.0 == call).copied().collect();
        for key in keys {
            self.leave(key);
        }
    }

    /// Ends a medium by BYE.
    fn leave(&mut self, key: Key) {
        if let Some(medium) = self.flows.remove(&key) {
            self.out.extend(medium.report(self.now, true));
        }
    }

    /// Forgets all calls, and nobody hears of it.
    pub fn clear(&mut self) {
        self.flows.clear();
        self.heard.clear();
        self.out.clear();
    }

    /// Octets came to an own pair of ports.
    pub fn receive(&mut self, hop: Hop, bytes: &[u8]) {
        let packet = rtp::Packet::parse(bytes);
        if hop.protocol != Protocol::Rtp || rtp::is_control(bytes) || !packet.malformations.is_empty() {
            return;
        }
        for ((call, _), medium) in &mut self.flows {
            let direction = matches!(medium.own.direction, Direction::Sendrecv | Direction::Recvonly);
            let takes = direction && medium.own.formats.iter().any(|(number, _)| *number == packet.payload_type);
            if medium.lane == hop.lane && takes && !std::mem::replace(&mut medium.heard, true) {
                self.heard.push_back((*call, medium.own.kind.clone()));
            }
        }
    }

    /// Nothing can be sent there.
    pub fn closed(&mut self, hop: Hop) {
        self.flows.retain(|_, medium| medium.theirs.rtp != hop.address && medium.theirs.rtcp != hop.address);
    }

    /// Sends what is due.
    pub fn tick(&mut self, now: Duration) {
        self.now = now;
        for medium in self.flows.values_mut() {
            while let Some(at) = medium.due.filter(|at| *at <= now) {
                self.out.extend(medium.packet(at));
            }
            // Who sends no more, and hears nothing, has nothing to report either.
            if medium.report <= now && (medium.due.is_some() || medium.sent.0 == 0) {
                medium.report = now + REPORT;
                self.out.extend(medium.report(now, false));
            }
        }
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let due = self.flows.values().filter_map(|medium| Some(medium.due?.min(medium.report)));
        due.min()
    }

    /// The next datagram.
    pub fn poll(&mut self) -> Option<(Hop, Bytes)> {
        self.out.pop_front()
    }

    /// The next medium of a call that was heard for the first time.
    pub fn event(&mut self) -> Option<(u64, String)> {
        self.heard.pop_front()
    }
}

impl Medium {
    fn hop(&self, protocol: Protocol) -> Hop {
        let address = if protocol == Protocol::Rtp { self.theirs.rtp } else { self.theirs.rtcp };
        Hop { lane: self.lane, ..Hop::over(protocol, Transport::Udp, address) }
    }

    /// The packet that is due at `at`, in the format that the other end likes best of those that both speak.
    fn packet(&mut self, at: Duration) -> Option<(Hop, Bytes)> {
        let own = |format: &&(u8, String)| self.own.formats.iter().any(|(_, name)| name.eq_ignore_ascii_case(&format.1));
        let Some((number, encoding)) = self.theirs.formats.iter().find(own).cloned() else {
            self.due = None;
            return None;
        };
        let payload = payload(&encoding);
        let packet = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(number)
            .sequence_number(self.sequence)
            .timestamp(self.timestamp(&encoding, at))
            .ssrc(self.ssrc)
            .marker_bit(self.own.kind == "video" || self.sent.0 == 0)
            .payload(&payload)
            .write_vec();
        let frame = Duration::from_millis(if self.own.kind == "video" { 40 } else { 20 });
        let next = if at + frame < self.talks { frame } else { ALIVE.0 };
        if next == ALIVE.0 {
            self.alive = self.alive.saturating_sub(1);
        }
        self.due = (self.alive > 0).then_some(at + next);
        self.sequence = self.sequence.wrapping_add(1);
        let octets = u32::try_from(payload.len()).unwrap_or_default();
        self.sent = (self.sent.0.wrapping_add(1), self.sent.1.wrapping_add(octets));
        Some((self.hop(Protocol::Rtp), packet.ok()?.into()))
    }

    /// The time in the clock of an encoding.
    fn timestamp(&self, encoding: &str, at: Duration) -> u32 {
        let clock: u64 = encoding.split('/').nth(1).and_then(|clock| clock.parse().ok()).unwrap_or(8000);
        let passed = u64::try_from(at.saturating_sub(self.timestamp.1).as_millis()).unwrap_or_default();
        self.timestamp.0.wrapping_add((clock.wrapping_mul(passed) / 1000) as u32)
    }

    /// A compound: report, who this is, and, when it leaves, goodbye (RFC 3550, 6.1).
    fn report(&self, now: Duration, leaves: bool) -> Option<(Hop, Bytes)> {
        // Seconds in the upper half: who knows no time of day counts from any moment (RFC 3550, 6.4.1).
        let time = (now.as_nanos() << 32) / 1_000_000_000;
        let sender = SenderReport::builder(self.ssrc)
            .ntp_timestamp(u64::try_from(time).unwrap_or_default())
            .rtp_timestamp(self.timestamp(self.theirs.formats.first().map_or("", |(_, encoding)| encoding), now))
            .packet_count(self.sent.0)
            .octet_count(self.sent.1);
        let name = format!("cpm@{}", self.own.rtp.ip());
        let chunk = SdesChunk::builder(self.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, &name));
        let described = Sdes::builder().add_chunk(chunk);
        let compound = match self.sent.0 {
            0 => Compound::builder().add_packet(ReceiverReport::builder(self.ssrc)),
            _ => Compound::builder().add_packet(sender),
        };
        let compound = compound.add_packet(described);
        let compound = if leaves { compound.add_packet(Bye::builder().add_source(self.ssrc)) } else { compound };
        let mut octets = vec![0; compound.calculate_size().ok()?];
        compound.write_into(&mut octets).ok()?;
        Some((self.hop(Protocol::Rtcp), octets.into()))
    }
}

/// 20 ms of silence, or a picture without anything on it.
fn payload(encoding: &str) -> Vec<u8> {
    match encoding.split('/').next().unwrap_or_default().to_ascii_uppercase().as_str() {
        "PCMU" => vec![0xff; 160],
        "PCMA" => vec![0xd5; 160],
        // No mode is asked for, one frame without data (RFC 4867, 4.3).
        "AMR" => vec![0xf7, 0xc0],
        _ => vec![0; 20],
    }
}
