//! The trace as a capture file: pcapng with exported PDUs, which Wireshark opens as SIP, MSRP, IMAP, HTTP, RTP and RTCP
//! whatever carried them, also where TLS did.
//!
//! Only octets on links become packets: each datagram, each message of a stream, and what is neither. Blocks are those of
//! draft-ietf-opsawg-pcapng: section header, one interface, one enhanced packet per message.

use std::{
    collections::HashMap,
    io::{self, Write},
    net::{IpAddr, SocketAddr},
};

use super::{
    Event, LinkChange, LinkId, Party, Protocol, Trace, Transport,
    carried::{Carried, carried},
    ladder::opening::{Opening, opening},
};
use crate::{report::escape, wire::rtp};

/// `LINKTYPE_WIRESHARK_UPPER_PDU`.
const EXPORTED_PDU: u16 = 252;

/// Wireshark refuses files with longer packets.
const LONGEST_PACKET: usize = 262_144;

/// Most comments of one packet.
const COMMENTS: usize = 64;

/// Tags of an exported PDU (Wireshark, `epan/exported_pdu.h`).
mod tag {
    pub(super) const END: u16 = 0;
    pub(super) const DISSECTOR: u16 = 12;
    pub(super) const IPV4_FROM: u16 = 20;
    pub(super) const IPV4_TO: u16 = 21;
    pub(super) const IPV6_FROM: u16 = 22;
    pub(super) const IPV6_TO: u16 = 23;
    pub(super) const PORT_TYPE: u16 = 24;
    pub(super) const PORT_FROM: u16 = 25;
    pub(super) const PORT_TO: u16 = 26;
}

/// Writes `trace` as pcapng: one packet per datagram or message, its time `started_unix_ns` (nanoseconds since 1970) and the
/// time when it was complete, with what `comments` has to say about the entries that hold it.
///
/// Octets beyond 262,144 of one packet are cut; it keeps its true length. Of an MSRP message, which nothing reads without its
/// end-line, the octets before that are cut, and a comment says so.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, trace: &Trace, comments: &dyn Fn(usize) -> Vec<String>, started_unix_ns: u64) -> io::Result<()> {
    section_header(out)?;
    interface(out)?;
    let mut links: HashMap<LinkId, [(Party, SocketAddr); 2]> = HashMap::new();
    for entry in trace.entries() {
        if let Event::Link { link, change: LinkChange::Opened { from, to, .. } } = &entry.event {
            links.insert(*link, [from, to].map(|end| (end.party.clone(), end.address)));
        }
    }
    for message in carried(trace) {
        let flow = links.get(&message.link).map(|[caller, called]| {
            let (from, to) = if message.from == caller.0 { (caller.1, called.1) } else { (called.1, caller.1) };
            (message.transport, from, to)
        });
        let after = u64::try_from(message.at.as_nanos()).unwrap_or(u64::MAX);
        let mut said: Vec<String> = (message.entries.0..=message.entries.1).flat_map(comments).take(COMMENTS).collect();
        said.dedup();
        let dissector = dissector(&message);
        let tags = exported(dissector, flow);
        let mut kept = message.bytes.slice(..message.bytes.len().min(LONGEST_PACKET - tags.len()));
        if dissector == b"msrp" && kept.len() < message.bytes.len() {
            let last = message.bytes.strip_suffix(b"\n").and_then(|octets| octets.rsplit(|octet| *octet == b'\n').next());
            let end_line = [last.map_or(b"".as_slice(), |line| &line[..line.len().min(64)]), b"\n"].concat();
            said.push(format!("{} octets of the body are left out here; the trace has them", message.bytes.len() - kept.len()));
            kept = [&kept[..kept.len().saturating_sub(end_line.len() + 2)], b"\r\n", &end_line].concat().into();
        }
        packet(out, started_unix_ns.saturating_add(after), &tags, (&kept, message.bytes.len()), &said)?;
    }
    Ok(())
}

/// Name of the dissector, a multiple of four octets.
fn dissector(message: &Carried) -> &'static [u8] {
    match (message.protocol, opening(&message.bytes)) {
        (Some(Protocol::Sip), Opening::Sip(_)) => b"sip\0",
        (Some(Protocol::Sip | Protocol::Msrp), Opening::Msrp(_)) => b"msrp",
        (Some(Protocol::Imap), _) => b"imap",
        (Some(Protocol::Http), _) => b"http",
        (Some(Protocol::Rtcp), _) => b"rtcp",
        (Some(Protocol::Rtp), _) => {
            if rtp::is_control(&message.bytes) {
                b"rtcp"
            } else {
                b"rtp\0"
            }
        }
        _ => b"data",
    }
}

fn section_header(out: &mut impl Write) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend(0x1A2B_3C4D_u32.to_le_bytes());
    body.extend([1, 0, 0, 0]);
    body.extend(u64::MAX.to_le_bytes());
    option(&mut body, 4, b"cpmspec");
    option(&mut body, 0, b"");
    block(out, 0x0A0D_0D0A, &body)
}

fn interface(out: &mut impl Write) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend(EXPORTED_PDU.to_le_bytes());
    body.extend([0; 6]);
    option(&mut body, 2, b"conformance trace");
    // Times count nanoseconds: 10 to the power of -9.
    option(&mut body, 9, &[9]);
    option(&mut body, 0, b"");
    block(out, 1, &body)
}

fn packet(out: &mut impl Write, at: u64, tags: &[u8], (kept, octets): (&[u8], usize), comments: &[String]) -> io::Result<()> {
    let length = |octets: usize| u32::try_from(tags.len().saturating_add(octets)).unwrap_or(u32::MAX).to_le_bytes();
    let mut body = vec![0; 4];
    body.extend(u32::try_from(at >> 32).unwrap_or_default().to_le_bytes());
    body.extend(u32::try_from(at & 0xFFFF_FFFF).unwrap_or_default().to_le_bytes());
    body.extend(length(kept.len()));
    body.extend(length(octets));
    body.extend(tags);
    body.extend(kept);
    pad(&mut body);
    for comment in comments.iter().take(COMMENTS) {
        option(&mut body, 1, escape::pcapng(comment).as_bytes());
    }
    if !comments.is_empty() {
        option(&mut body, 0, b"");
    }
    block(out, 6, &body)
}

/// The tags in front of the octets: who dissects them, and where they went. Tags are big-endian.
fn exported(dissector: &[u8], flow: Option<(Transport, SocketAddr, SocketAddr)>) -> Vec<u8> {
    let mut tags = Vec::new();
    let mut tag = |code: u16, value: &[u8]| {
        tags.extend(code.to_be_bytes());
        tags.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        tags.extend(value);
    };
    tag(tag::DISSECTOR, dissector);
    if let Some((transport, from, to)) = flow {
        for (address, four, six) in [(from, tag::IPV4_FROM, tag::IPV6_FROM), (to, tag::IPV4_TO, tag::IPV6_TO)] {
            match address.ip() {
                IpAddr::V4(ip) => tag(four, &ip.octets()),
                IpAddr::V6(ip) => tag(six, &ip.octets()),
            }
        }
        let kind: u32 = match transport {
            Transport::Tcp | Transport::Tls => 2,
            Transport::Udp => 3,
        };
        tag(tag::PORT_TYPE, &kind.to_be_bytes());
        tag(tag::PORT_FROM, &u32::from(from.port()).to_be_bytes());
        tag(tag::PORT_TO, &u32::from(to.port()).to_be_bytes());
    }
    tag(tag::END, b"");
    tags
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..value.len().min(usize::from(u16::MAX))).unwrap_or_default();
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or_default().to_le_bytes());
    body.extend(value);
    pad(body);
}

/// Blocks and options end on 32 bits.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len() + 12).map_err(io::Error::other)?.to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length)?;
    out.write_all(body)?;
    out.write_all(&length)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::report::fixture;

    const STARTED: u64 = 1_795_251_600_000_000_000;

    fn u32_at(raw: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(raw[at..at + 4].try_into().unwrap())
    }

    /// The blocks of a file: kind and body. Panics where lengths do not agree.
    fn blocks(mut raw: &[u8]) -> Vec<(u32, &[u8])> {
        let mut blocks = Vec::new();
        while !raw.is_empty() {
            let length = u32_at(raw, 4) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(u32_at(raw, length - 4) as usize, length);
            blocks.push((u32_at(raw, 0), &raw[8..length - 4]));
            raw = &raw[length..];
        }
        blocks
    }

    fn written(trace: &Trace, comments: &dyn Fn(usize) -> Vec<String>) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, trace, comments, STARTED).unwrap();
        out
    }

    #[test]
    fn a_trace_becomes_a_section_an_interface_and_packets() {
        let raw = written(&fixture::trace("scenarios/1/trace.jsonl").unwrap(), &|_| vec![]);
        let blocks = blocks(&raw);
        assert_eq!(blocks.iter().map(|block| block.0).collect::<Vec<_>>(), [0x0A0D_0D0A, 1, 6, 6, 6, 6, 6]);
        let (_, message) = blocks[2];
        let at = u64::from(u32_at(message, 4)) << 32 | u64::from(u32_at(message, 8));
        assert_eq!(at, STARTED + 1_000_000_000);
        assert_eq!(u32_at(message, 12), u32_at(message, 16));
        let captured = &message[20..20 + u32_at(message, 12) as usize];
        assert!(captured.starts_with(&[0, 12, 0, 4, b's', b'i', b'p', 0, 0, 20, 0, 4, 192, 0, 2, 1]));
        assert!(captured.ends_with(fixture::MESSAGE));
    }

    #[test]
    fn an_answer_goes_the_other_way() {
        let raw = written(&fixture::trace("scenarios/2/trace.jsonl").unwrap(), &|_| vec![]);
        let (_, answer) = blocks(&raw)[3];
        let port = |code: u8| {
            let at = answer.windows(4).position(|window| window == [0, code, 0, 4]).unwrap() + 4;
            u32::from_be_bytes(answer[at..at + 4].try_into().unwrap())
        };
        assert_eq!((port(24), port(25), port(26)), (2, 5060, 40000));
    }

    #[test]
    fn a_comment_stands_behind_its_packet_and_cannot_act() {
        let raw = written(&fixture::trace("scenarios/1/trace.jsonl").unwrap(), &|entry| {
            if entry == 4 { vec!["CONV-7.2.1.1-9a fail: \u{1b}]0;x".to_owned()] } else { vec![] }
        });
        let (_, message) = blocks(&raw)[2];
        let options = &message[20 + (u32_at(message, 12) as usize).next_multiple_of(4)..];
        let comment = "CONV-7.2.1.1-9a fail: ␛]0;x";
        assert_eq!(options[..4], [1, 0, u8::try_from(comment.len()).unwrap(), 0]);
        assert_eq!(&options[4..4 + comment.len()], comment.as_bytes());
        assert_eq!(options[options.len() - 4..], [0; 4]);
    }

    #[test]
    fn octets_that_are_too_many_are_cut_and_their_number_stays() {
        let mut trace = Trace::default();
        let bytes = Bytes::from(vec![b'x'; 300_000]);
        trace.append(Duration::ZERO, Event::Bytes { link: LinkId(9), from: Party::sut(), to: Party::new("Bob"), bytes });
        let raw = written(&trace, &|_| vec![]);
        let (_, packet) = blocks(&raw)[2];
        assert_eq!((u32_at(packet, 12), u32_at(packet, 16)), (262_144, 300_012));
    }
}
