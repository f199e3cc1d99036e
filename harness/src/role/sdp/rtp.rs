//! Media sections of RTP: what an end takes where, and what it says of it (RFC 4566, RFC 3264, RFC 3551, RFC 3605).

use std::net::{IpAddr, SocketAddr};

use crate::wire::{
    Span,
    sdp::{Direction, Line, Sdp, attributes},
};

/// One end of an RTP stream as its description has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// `audio` or `video`.
    pub kind: String,
    /// Where packets are taken.
    pub rtp: SocketAddr,
    /// Where RTCP is taken.
    pub rtcp: SocketAddr,
    /// Who sends.
    pub direction: Direction,
    /// Payload types with encoding and clock, as `PCMU/8000`; the first is preferred.
    pub formats: Vec<(u8, String)>,
    /// Values of `b=`.
    pub bandwidth: Vec<String>,
}

/// Encodings of payload types that need no `rtpmap` (RFC 3551, 6).
const STATIC: [(u8, &str); 6] =
    [(0, "PCMU/8000"), (3, "GSM/8000"), (8, "PCMA/8000"), (9, "G722/8000"), (18, "G729/8000"), (31, "H261/90000")];

impl Flow {
    /// The end that a media section describes; `None`: it is refused, no RTP of this profile, or its host is no address.
    pub(super) fn read(body: &[u8], sdp: &Sdp, section: usize) -> Option<Self> {
        let lines = sdp.section(section);
        let media = sdp.media_line(body, section)?;
        let kind = media.kind.text(body).into_owned();
        if media.proto.of(body) != b"RTP/AVP" || !matches!(kind.as_str(), "audio" | "video") {
            return None;
        }
        let port = media.port.filter(|port| *port != 0)?;
        let ip: IpAddr = sdp.connection(body, section)?.address.text(body).parse().ok()?;
        let maps: Vec<String> = attributes(body, lines, "rtpmap").map(|map| map.text(body).into_owned()).collect();
        let formats = media.formats.iter().filter_map(|format| {
            let number: u8 = format.text(body).parse().ok()?;
            let mapped = maps.iter().find_map(|map| map.split_once(' ').filter(|(own, _)| *own == number.to_string()));
            let known = || STATIC.iter().find(|(own, _)| *own == number).map(|(_, encoding)| *encoding);
            Some((number, mapped.map(|(_, encoding)| encoding).or_else(known)?.to_owned()))
        });
        Some(Self {
            kind,
            rtp: SocketAddr::new(ip, port),
            rtcp: rtcp(body, lines)
                .map_or(SocketAddr::new(ip, port.saturating_add(1)), |(port, other)| SocketAddr::new(other.unwrap_or(ip), port)),
            direction: sdp.direction(body, section).0,
            formats: formats.collect(),
            bandwidth: lines.iter().filter(|line| line.kind == b'b').map(|line| line.value.text(body).into_owned()).collect(),
        })
    }

    /// The value of `m=`.
    pub(super) fn media(&self) -> String {
        let formats: Vec<_> = self.formats.iter().map(|(number, _)| number.to_string()).collect();
        format!("{} {} RTP/AVP {}", self.kind, self.rtp.port(), formats.join(" "))
    }

    pub(super) fn attributes(&self) -> Vec<(String, String)> {
        let maps = self.formats.iter().map(|(number, encoding)| ("rtpmap".to_owned(), format!("{number} {encoding}")));
        let apart = self.rtcp != SocketAddr::new(self.rtp.ip(), self.rtp.port().saturating_add(1));
        let rtcp = apart.then(|| ("rtcp".to_owned(), self.rtcp.port().to_string()));
        maps.chain(rtcp).chain([(self.direction.name().to_owned(), String::new())]).collect()
    }

    /// Whether packets leave this end for the other.
    #[must_use]
    pub fn sends_to(&self, other: &Self) -> bool {
        let (own, theirs) = (self.direction, other.direction);
        matches!(own, Direction::Sendrecv | Direction::Sendonly) && matches!(theirs, Direction::Sendrecv | Direction::Recvonly)
    }
}

/// Port, and address if it is another, of `a=rtcp` (RFC 3605, 2.1).
fn rtcp(body: &[u8], lines: &[Line]) -> Option<(u16, Option<IpAddr>)> {
    let value: Span = attributes(body, lines, "rtcp").next()?;
    let text = value.text(body);
    let mut words = text.split_ascii_whitespace();
    Some((words.next()?.parse().ok()?, words.nth(2).and_then(|address| address.parse().ok())))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::role::sdp::{Description, Text};

    #[test]
    fn what_is_described_is_read() {
        let flow = Flow {
            kind: "audio".to_owned(),
            rtp: "192.0.2.1:4000".parse().unwrap(),
            rtcp: "192.0.2.1:4021".parse().unwrap(),
            direction: Direction::Recvonly,
            formats: vec![(97, "AMR/8000".to_owned()), (0, "PCMU/8000".to_owned())],
            bandwidth: vec!["AS:41".to_owned()],
        };
        let mut text = Text::empty("192.0.2.1:5060".parse().unwrap(), 1);
        text.add_flow(&flow);
        let text = text.to_string();
        assert!(text.ends_with(
            "m=audio 4000 RTP/AVP 97 0\r\nb=AS:41\r\na=rtpmap:97 AMR/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtcp:4021\r\na=recvonly\r\n"
        ));
        let read = |text: &str| Description::sections(text.as_bytes()).unwrap().flows[0].clone();
        assert_eq!(read(&text), Some(flow.clone()));
        assert_eq!(read(&text.replace("a=rtcp:4021\r\n", "")).unwrap().rtcp.port(), 4001);
        assert_eq!(read(&text.replace("a=rtpmap:0 PCMU/8000\r\n", "")), Some(flow));
        for other in [("RTP/AVP", "RTP/SAVP"), ("audio 4000", "audio 0"), ("m=audio", "m=text"), ("IP4 192.0.2.1\r\nt", "IP4 host\r\nt")] {
            assert_eq!(read(&text.replace(other.0, other.1)), None, "{other:?}");
        }
    }
}
