//! RTP packets (RFC 3550, 5.1) and RTCP compounds (6.1), read off their octets, whatever these are.
//!
//! A packet is never refused: what is missing reads as zero and is a malformation. Header, extension, payload and padding tile
//! the octets of a packet, the packets of a compound and what is left behind them those of a compound.

use super::span::{Faults, Malformation, Span};

/// Octets of the fixed header.
const FIXED: usize = 12;

/// First two bits, of RTP and of RTCP.
pub const VERSION: Span = Span { from: 0, to: 1 };
/// Marker and payload type.
pub const PAYLOAD_TYPE: Span = Span { from: 1, to: 2 };
/// Sequence number.
pub const SEQUENCE: Span = Span { from: 2, to: 4 };
/// Timestamp.
pub const TIMESTAMP: Span = Span { from: 4, to: 8 };
/// Synchronization source.
pub const SSRC: Span = Span { from: 8, to: 12 };

/// One RTP packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// Version; 2 it should be.
    pub version: u8,
    /// Marker.
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp, in the clock of the payload.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
    /// The fixed header with the list of contributing sources.
    pub header: Span,
    /// The header extension, its own header included.
    pub extension: Span,
    /// What is carried.
    pub payload: Span,
    /// Padding behind it, its count included.
    pub padding: Span,
    /// What breaks RFC 3550, 5.
    pub malformations: Vec<Malformation>,
}

impl Packet {
    /// Reads a datagram.
    #[must_use]
    pub fn parse(raw: &[u8]) -> Self {
        let mut faults = Faults::default();
        let octet = |at: usize| raw.get(at).copied().unwrap_or_default();
        let mut this = Self {
            version: octet(0) >> 6,
            marker: octet(1) & 0x80 != 0,
            payload_type: octet(1) & 0x7f,
            sequence: u16::from_be_bytes([octet(2), octet(3)]),
            timestamp: word(raw, TIMESTAMP.from),
            ssrc: word(raw, SSRC.from),
            ..Self::default()
        };
        if this.version != 2 {
            faults.add("version", format!("version {} and not 2", this.version), Span::new(0, raw.len().min(1)));
        }
        let sources = usize::from(octet(0) & 0x0f) * 4;
        let header = (FIXED + sources).min(raw.len());
        if raw.len() < FIXED + sources {
            faults.add("too-short", format!("{} octets, the header has {}", raw.len(), FIXED + sources), Span::all(raw));
        }
        this.header = Span::new(0, header);
        let mut at = header;
        if octet(0) & 0x10 != 0 {
            let length = 4 + usize::from(u16::from_be_bytes([octet(at + 2), octet(at + 3)])) * 4;
            if raw.len() < at + length {
                faults.add("extension-beyond-end", "the header extension ends behind the packet", Span::new(at, raw.len()));
            }
            at = (at + length).min(raw.len());
        }
        this.extension = Span::new(header, at);
        let mut end = raw.len();
        if octet(0) & 0x20 != 0 {
            let count = usize::from(raw.last().copied().unwrap_or_default());
            if count == 0 || count > raw.len() - at {
                faults.add("padding", format!("{count} octets of padding, {} are left", raw.len() - at), Span::new(at, raw.len()));
            } else {
                end -= count;
            }
        }
        (this.payload, this.padding) = (Span::new(at, end), Span::new(end, raw.len()));
        this.malformations = faults.into_vec();
        this
    }

    /// Header, extension, payload, padding.
    #[must_use]
    pub fn tiles(&self) -> [Span; 4] {
        [self.header, self.extension, self.payload, self.padding]
    }
}

/// Sender report.
pub const SENDER_REPORT: u8 = 200;
/// Receiver report.
pub const RECEIVER_REPORT: u8 = 201;
/// Source description.
pub const DESCRIPTION: u8 = 202;
/// Goodbye.
pub const GOODBYE: u8 = 203;

/// Whether a datagram is RTCP by its packet type, where both come to one port (RFC 5761, 4).
#[must_use]
pub fn is_control(raw: &[u8]) -> bool {
    matches!(raw.get(1), Some(192..=223))
}

/// One packet of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its octets.
    pub span: Span,
    /// Version; 2 it should be.
    pub version: u8,
    /// Packet type: [`SENDER_REPORT`] and so on.
    pub kind: u8,
    /// Sources that it is of: of a report its sender, of a description one a chunk, of a goodbye all that leave.
    pub sources: Vec<u32>,
    /// Of a description: source and CNAME, with where that stands.
    pub names: Vec<(u32, Span)>,
}

/// One RTCP datagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compound {
    /// Its packets, in order.
    pub packets: Vec<Control>,
    /// Octets behind them that are none.
    pub rest: Span,
    /// What breaks RFC 3550, 6.
    pub malformations: Vec<Malformation>,
}

impl Compound {
    /// Packets that are read.
    const MOST: usize = 100;

    /// Reads a datagram.
    #[must_use]
    pub fn parse(raw: &[u8]) -> Self {
        let (mut faults, mut packets, mut at) = (Faults::default(), Vec::new(), 0);
        while raw.len() - at >= 4 && packets.len() < Self::MOST {
            let length = 4 + usize::from(u16::from_be_bytes([raw[at + 2], raw[at + 3]])) * 4;
            let span = Span::new(at, (at + length).min(raw.len()));
            if raw.len() < at + length {
                faults.add("beyond-end", "a packet ends behind the datagram", span);
            }
            let version = raw[at] >> 6;
            if version != 2 {
                faults.add("version", format!("version {version} and not 2"), Span::new(at, at + 1));
            }
            packets.push(Control::parse(raw, span, version, &mut faults));
            at = span.to;
        }
        if at < raw.len() || packets.is_empty() {
            faults.add("rest", format!("{} octets that are no packet", raw.len() - at), Span::new(at, raw.len()));
        }
        Self { packets, rest: Span::new(at, raw.len()), malformations: faults.into_vec() }
    }

    /// Whether it begins with a report, as each compound does (RFC 3550, 6.1).
    #[must_use]
    pub fn begins_with_report(&self) -> bool {
        self.packets.first().is_some_and(|first| matches!(first.kind, SENDER_REPORT | RECEIVER_REPORT))
    }

    /// All CNAMEs, with whose they are.
    pub fn names(&self) -> impl Iterator<Item = (u32, Span)> + '_ {
        self.packets.iter().flat_map(|packet| packet.names.iter().copied())
    }

    /// Whether this source leaves.
    #[must_use]
    pub fn says_goodbye(&self, ssrc: u32) -> bool {
        self.packets.iter().any(|packet| packet.kind == GOODBYE && packet.sources.contains(&ssrc))
    }

    /// Whether any packet is of this source.
    #[must_use]
    pub fn is_of(&self, ssrc: u32) -> bool {
        self.packets.iter().any(|packet| packet.sources.contains(&ssrc))
    }
}

impl Control {
    fn parse(raw: &[u8], span: Span, version: u8, faults: &mut Faults) -> Self {
        let (kind, count) = (raw[span.from + 1], usize::from(raw[span.from] & 0x1f));
        let mut this = Self { span, version, kind, sources: Vec::new(), names: Vec::new() };
        // Of a source at `at`; what lies behind the packet is none.
        let source = |at: usize| (at + 4 <= span.to).then(|| word(raw, at));
        match kind {
            SENDER_REPORT | RECEIVER_REPORT => {
                let least = if kind == SENDER_REPORT { 28 } else { 8 } + count * 24;
                if span.len() < least {
                    faults.add("too-short", format!("a report of {} octets, {least} are its blocks", span.len()), span);
                }
                this.sources.extend(source(span.from + 4));
            }
            GOODBYE => this.sources.extend((0..count).map_while(|n| source(span.from + 4 + n * 4))),
            DESCRIPTION => this.chunks(raw, count, faults),
            _ => this.sources.extend(source(span.from + 4)),
        }
        this
    }

    /// The chunks of a description: a source and items up to a zero, each chunk ends on 32 bits (RFC 3550, 6.5).
    fn chunks(&mut self, raw: &[u8], count: usize, faults: &mut Faults) {
        let mut at = self.span.from + 4;
        for _ in 0..count {
            if at + 4 > self.span.to {
                faults.add("too-short", "a chunk is missing", self.span);
                return;
            }
            let ssrc = word(raw, at);
            self.sources.push(ssrc);
            at += 4;
            while at < self.span.to && raw[at] != 0 {
                let length = usize::from(raw.get(at + 1).copied().unwrap_or_default());
                let value = Span::new(at + 2, at + 2 + length);
                if value.to > self.span.to {
                    faults.add("item-beyond-end", "an item ends behind its packet", Span::new(at, self.span.to));
                    return;
                }
                if raw[at] == 1 {
                    self.names.push((ssrc, value));
                }
                at = value.to;
            }
            at = self.span.from + (at - self.span.from + 1).next_multiple_of(4);
        }
    }
}

/// Four octets as a number; what is missing is zero.
fn word(raw: &[u8], at: usize) -> u32 {
    (0..4).fold(0, |number, n| number << 8 | u32::from(raw.get(at + n).copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use rtcp_types::{Bye, Compound as Written, RtcpPacketWriterExt as _, Sdes, SdesChunk, SdesItem, SenderReport};
    use rtp_types::RtpPacketBuilder;

    use super::*;

    fn codes(malformations: &[Malformation]) -> Vec<&str> {
        malformations.iter().map(|m| m.code.as_str()).collect()
    }

    fn packet() -> Vec<u8> {
        let builder = RtpPacketBuilder::new().payload_type(96).marker_bit(true).sequence_number(65_535).timestamp(0xFFFF_FFF0);
        let builder = builder.ssrc(0x0102_0304).add_csrc(9).extension(7, [1, 2, 3, 4].as_slice()).payload(b"hello".as_slice()).padding(4);
        builder.write_vec().unwrap()
    }

    #[test]
    fn what_a_packet_is_written_from_is_read_off_it() {
        let raw = packet();
        let read = Packet::parse(&raw);
        assert_eq!((read.version, read.marker, read.payload_type, read.sequence), (2, true, 96, 65_535));
        assert_eq!((read.timestamp, read.ssrc), (0xFFFF_FFF0, 0x0102_0304));
        assert_eq!((read.payload.of(&raw), read.extension.len(), read.padding.len()), (&b"hello"[..], 8, 4));
        assert_eq!(codes(&read.malformations), [""; 0]);
    }

    #[test]
    fn what_a_compound_is_written_from_is_read_off_it() {
        let item = SdesItem::builder(SdesItem::CNAME, "a@192.0.2.1");
        let description = Sdes::builder().add_chunk(SdesChunk::builder(7).add_item(item));
        let compound = Written::builder().add_packet(SenderReport::builder(7)).add_packet(description);
        let compound = compound.add_packet(Bye::builder().add_source(7).add_source(8));
        let mut raw = vec![0; 200];
        let length = compound.write_into(&mut raw).unwrap();
        raw.truncate(length);
        let read = Compound::parse(&raw);
        assert_eq!(codes(&read.malformations), [""; 0]);
        assert_eq!(read.packets.iter().map(|p| p.kind).collect::<Vec<_>>(), [200, 202, 203]);
        assert_eq!(read.names().map(|(ssrc, name)| (ssrc, name.of(&raw))).collect::<Vec<_>>(), [(7, &b"a@192.0.2.1"[..])]);
        assert!(read.begins_with_report() && read.says_goodbye(8) && !read.says_goodbye(9) && is_control(&raw));
    }

    #[test]
    fn what_is_wrong_is_named_and_nothing_is_refused() {
        let mut other = packet();
        other[0] = 0x40;
        assert_eq!(codes(&Packet::parse(&other).malformations), ["version"]);
        assert_eq!(codes(&Packet::parse(b"").malformations), ["version", "too-short"]);
        assert_eq!(codes(&Packet::parse(&[0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).malformations), ["padding"]);
        assert_eq!(codes(&Packet::parse(&[0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).malformations), ["extension-beyond-end"]);
        assert_eq!(codes(&Compound::parse(b"").malformations), ["rest"]);
        assert_eq!(codes(&Compound::parse(&[0x81, 203, 0, 9]).malformations), ["beyond-end"]);
        assert_eq!(codes(&Compound::parse(&[0x81, 200, 0, 1, 0, 0, 0, 1]).malformations), ["too-short"]);
        assert_eq!(codes(&Compound::parse(&[0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, 0, 0]).malformations), ["item-beyond-end"]);
    }

    #[test]
    fn spans_tile_whatever_octets_come() {
        // Each prefix of what is right, and each octet of it made something else.
        let raw = packet();
        let cut = (0..raw.len()).map(|n| raw[..n].to_vec());
        let changed = (0..raw.len() * 256).map(|n| {
            let mut raw = raw.clone();
            raw[n / 256] = u8::try_from(n % 256).unwrap_or_default();
            raw
        });
        for raw in cut.chain(changed) {
            let mut at = 0;
            for span in Packet::parse(&raw).tiles() {
                assert_eq!(span.from, at, "{raw:?}");
                at = span.to;
            }
            assert_eq!(at, raw.len());
            let compound = Compound::parse(&raw);
            let spans = compound.packets.iter().map(|packet| packet.span).chain([compound.rest]);
            assert_eq!(spans.fold(0, |at, span| if span.from == at { span.to } else { usize::MAX }), raw.len(), "{raw:?}");
            assert!(compound.names().all(|(_, name)| name.to <= raw.len()));
        }
    }
}
