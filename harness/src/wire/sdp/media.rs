//! What lines of a description mean: media, connection, origin, direction, and which attribute holds for a media section.

use super::{Sdp, attributes};
use crate::wire::span::Span;

/// `m=<media> <port>[/<number>] <proto> <fmt> ...` (RFC 4566, 5.14). What is missing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// The whole value.
    pub span: Span,
    /// For instance `message`.
    pub kind: Span,
    /// The port as it stands, with the number of ports.
    pub port_text: Span,
    /// The port; 0 refuses the section (RFC 3264, 6).
    pub port: Option<u16>,
    /// For instance `TCP/MSRP`.
    pub proto: Span,
    /// The formats, in their order.
    pub formats: Vec<Span>,
}

impl Media {
    /// Formats that are read.
    const MOST: usize = 200;

    /// Reads the value of an `m=` line.
    #[must_use]
    pub fn parse(raw: &[u8], span: Span) -> Self {
        let mut words = words(raw, span);
        let mut next = || words.next().unwrap_or(Span::new(span.to, span.to));
        let (kind, port_text, proto) = (next(), next(), next());
        let number = port_text.of(raw).split(|&b| b == b'/').next().unwrap_or_default();
        let port = integer(number).and_then(|port| u16::try_from(port).ok());
        Self { span, kind, port_text, port, proto, formats: words.take(Self::MOST).collect() }
    }

    /// Whether this is MSRP, and if so whether over TLS (RFC 4975, 8.1).
    #[must_use]
    pub fn msrp(&self, raw: &[u8]) -> Option<bool> {
        match self.proto.of(raw) {
            b"TCP/MSRP" => Some(false),
            b"TCP/TLS/MSRP" => Some(true),
            _ => None,
        }
    }
}

/// `c=<nettype> <addrtype> <address>` (RFC 4566, 5.7). What is missing is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The whole value.
    pub span: Span,
    /// For instance `IN`.
    pub net: Span,
    /// For instance `IP4`.
    pub kind: Span,
    /// The address or name; of multicast with TTL and number.
    pub address: Span,
}

impl Connection {
    /// Reads the value of a `c=` line, or the last three words of `o=`.
    #[must_use]
    pub fn parse(raw: &[u8], span: Span) -> Self {
        let mut words = words(raw, span);
        let mut next = || words.next().unwrap_or(Span::new(span.to, span.to));
        Self { span, net: next(), kind: next(), address: next() }
    }
}

/// `o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>` (RFC 4566, 5.2). What is missing is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The whole value.
    pub span: Span,
    /// The user, `-` for none.
    pub user: Span,
    /// Digits that name the session; as many as anyone likes.
    pub session: Span,
    /// Digits that count its versions.
    pub version: Span,
    /// Where the description was made.
    pub address: Connection,
}

impl Origin {
    /// Reads the value of an `o=` line.
    #[must_use]
    pub fn parse(raw: &[u8], span: Span) -> Self {
        let mut words = words(raw, span);
        let mut next = || words.next().unwrap_or(Span::new(span.to, span.to));
        let (user, session, version) = (next(), next(), next());
        let address = Connection::parse(raw, Span::new((version.to + 1).min(span.to), span.to));
        Self { span, user, session, version, address }
    }
}

/// Who sends (RFC 3264, 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    #[default]
    Sendrecv,
    /// The maker of the description.
    Sendonly,
    /// The other one.
    Recvonly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sendrecv, Self::Sendonly, Self::Recvonly, Self::Inactive];

    /// The attribute.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sendrecv => "sendrecv",
            Self::Sendonly => "sendonly",
            Self::Recvonly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same seen from the other end (RFC 3264, 6.1).
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Sendonly => Self::Recvonly,
            Self::Recvonly => Self::Sendonly,
            same => same,
        }
    }
}

/// Attributes that a media section has of the session where it has none of its own: RFC 4566, 6 (direction, charset,
/// language), RFC 4145, 4 and 5 (setup, connection), RFC 4572, 5 (fingerprint). Those of RFC 4975 and RFC 5547 are of a media
/// section only.
const INHERITED: [&str; 9] = ["sendrecv", "sendonly", "recvonly", "inactive", "setup", "connection", "fingerprint", "sdplang", "lang"];

impl Sdp {
    /// The `m=` line of a media section, 0-based.
    #[must_use]
    pub fn media_line(&self, raw: &[u8], section: usize) -> Option<Media> {
        self.section(section).first().map(|line| Media::parse(raw, line.value))
    }

    /// The first media section that is MSRP and not refused, 0-based.
    #[must_use]
    pub fn msrp_section(&self, raw: &[u8]) -> Option<usize> {
        let is = |n: &usize| self.media_line(raw, *n).is_some_and(|media| media.msrp(raw).is_some() && media.port != Some(0));
        (0..self.media.len()).find(is)
    }

    /// The value of an attribute that holds for a media section: its own, else that of the session where it may come from
    /// there; empty for an attribute without value.
    #[must_use]
    pub fn effective(&self, raw: &[u8], section: usize, name: &str) -> Option<Span> {
        let own = attributes(raw, self.section(section), name).next();
        own.or_else(|| attributes(raw, self.session(), name).next().filter(|_| INHERITED.contains(&name)))
    }

    /// Who sends in a media section, and where it is said; without a word of it both do (RFC 4566, 6). What the section says
    /// counts before what the session says, and of several attributes of one level the first.
    #[must_use]
    pub fn direction(&self, raw: &[u8], section: usize) -> (Direction, Option<Span>) {
        let of = |line: &super::Line| {
            let named = |d: &Direction| line.kind == b'a' && line.value.of(raw) == d.name().as_bytes();
            Direction::ALL.into_iter().find(named).map(|direction| (direction, Some(line.value)))
        };
        let said = self.section(section).iter().find_map(of).or_else(|| self.session().iter().find_map(of));
        said.unwrap_or_default()
    }

    /// The connection of a media section: its own, else that of the session (RFC 4566, 5.7).
    #[must_use]
    pub fn connection(&self, raw: &[u8], section: usize) -> Option<Connection> {
        let of = |lines: &[super::Line]| lines.iter().find(|line| line.kind == b'c').map(|line| Connection::parse(raw, line.value));
        of(self.section(section)).or_else(|| of(self.session()))
    }

    /// The origin.
    #[must_use]
    pub fn origin(&self, raw: &[u8]) -> Option<Origin> {
        self.session().iter().find(|line| line.kind == b'o').map(|line| Origin::parse(raw, line.value))
    }
}

/// What stands before, between and behind single blanks; a second blank in a row gives an empty word.
pub(super) fn words(raw: &[u8], span: Span) -> impl Iterator<Item = Span> {
    let mut rest = Some(Span::new(span.from, span.to.min(raw.len())));
    std::iter::from_fn(move || {
        let all = rest?;
        let blank = all.of(raw).iter().position(|&b| b == b' ').map(|at| all.from + at);
        rest = blank.map(|at| Span::new(at + 1, all.to));
        Some(Span::new(all.from, blank.unwrap_or(all.to)))
    })
}

/// Digits as a number of 64 bits.
pub(super) fn integer(octets: &[u8]) -> Option<u64> {
    let digits = !octets.is_empty() && octets.iter().all(u8::is_ascii_digit);
    digits.then(|| octets.iter().try_fold(0_u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(b - b'0'))))?
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const TEXT: &str = "v=0\r\no=- 1 22 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=recvonly\r\na=setup:passive\r\n\
        a=path:msrp://s:9/x;tcp\r\nm=message 7654 TCP/TLS/MSRP *\r\nc=IN IP4 192.0.2.2\r\na=sendonly\r\na=inactive\r\nm=audio 0/2 RTP/AVP 0 8\r\n";

    #[test]
    fn what_a_section_says_counts_before_what_the_session_says() {
        let raw = TEXT.as_bytes();
        let sdp = Sdp::parse(raw, Span::all(raw));
        let text = |span: Option<Span>| span.map(|s| s.text(raw).into_owned());
        assert_eq!((sdp.direction(raw, 0).0, sdp.direction(raw, 1).0), (Direction::Sendonly, Direction::Recvonly));
        assert_eq!(sdp.direction(raw, 0).1.unwrap().of(raw), b"sendonly");
        assert_eq!(text(sdp.effective(raw, 0, "setup")).as_deref(), Some("passive"));
        assert_eq!(sdp.effective(raw, 0, "path"), None);
        let address = |n| text(sdp.connection(raw, n).map(|c| c.address));
        assert_eq!((address(0).as_deref(), address(1).as_deref()), (Some("192.0.2.2"), Some("192.0.2.1")));
        assert_eq!(sdp.msrp_section(raw), Some(0));
    }

    #[test]
    fn lines_have_words() {
        let raw = TEXT.as_bytes();
        let sdp = Sdp::parse(raw, Span::all(raw));
        let media = sdp.media_line(raw, 0).unwrap();
        assert_eq!((media.port, media.msrp(raw), media.formats.len()), (Some(7654), Some(true), 1));
        let media = sdp.media_line(raw, 1).unwrap();
        assert_eq!((media.port, media.port_text.of(raw), media.formats.len()), (Some(0), &b"0/2"[..], 2));
        let origin = sdp.origin(raw).unwrap();
        assert_eq!((origin.version.of(raw), origin.address.address.of(raw)), (&b"22"[..], &b"2001:db8::1"[..]));
        assert_eq!(Media::parse(b"message", Span::new(0, 7)).formats, []);
        assert_eq!(Media::parse(b"message 99999999999999999999 x *", Span::new(0, 32)).port, None);
    }
}
