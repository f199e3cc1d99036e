//! Messages out of the octets of one direction of a stream, by what the stream carries.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use crate::{
    trace::Protocol,
    wire::{
        msrp::MsrpFramer,
        stream::{Framed, Framer, Limits},
    },
};

/// What a stream holds next; `from` counts octets since the stream began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A whole message: SIP message, MSRP message, IMAP line with its literals, HTTP message.
    Message {
        /// Its first octet.
        from: u64,
        /// Its octets.
        bytes: Bytes,
    },
    /// Octets that begin no message.
    Other {
        /// The first of them.
        from: u64,
        /// How many; none where a limit is passed: then nothing from there on is looked at.
        len: usize,
    },
}

/// Cuts one direction of a stream. What comes out does not depend on how the octets were cut going in.
#[derive(Debug)]
pub(crate) enum Cutter {
    /// SIP.
    Sip(Box<Framer>),
    /// MSRP.
    Msrp(Box<MsrpFramer>),
    /// The others.
    Media(Box<Text>),
}

impl Cutter {
    /// A cutter at the beginning of a stream.
    pub(crate) fn new(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Sip => Self::Sip(Box::new(Framer::new(Limits::default()))),
            Protocol::Msrp => Self::Msrp(Box::new(MsrpFramer::new(MsrpFramer::LIMITS))),
            other => Self::Media(Box::new(Text { protocol: other, ..Text::default() })),
        }
    }

    /// Takes the next octets.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Sip(framer) => framer.push(bytes),
            Self::Msrp(framer) => framer.push(bytes),
            Self::Media(text) if !text.dead => text.buffer.extend_from_slice(bytes),
            Self::Media(_) => {}
        }
    }

    /// What is complete; `None` until more octets come.
    pub(crate) fn next(&mut self) -> Option<Cut> {
        let framed = match self {
            Self::Sip(framer) => framer.next(),
            Self::Msrp(framer) => framer.next(),
            Self::Media(text) => return text.next(),
        };
        framed.map(|framed| match framed {
            Framed::Message { from, bytes } => Cut::Message { from, bytes },
            Framed::KeepAlive { from, len } | Framed::Garbage { from, len } => Cut::Other { from, len },
            Framed::TooLarge { from } => Cut::Other { from, len: 0 },
        })
    }

    /// The stream has ended: an HTTP response without a length is complete now.
    pub(crate) fn end(&mut self) -> Option<Cut> {
        match self {
            Self::Media(text) if text.protocol == Protocol::Http && text.headed && !text.buffer.is_empty() => {
                let len = text.buffer.len();
                Some(text.cut(len))
            }
            _ => None,
        }
    }
}

/// Octets of one message at most; beyond, the stream is not looked at any more.
const MOST: usize = 16 << 20;

/// Octets of a head or a line at most.
const HEAD: usize = 64 << 10;

/// A stream of lines, with whatever stands between them.
#[derive(Debug, Default)]
pub(crate) struct Text {
    protocol: Protocol,
    buffer: BytesMut,
    gone: u64,
    /// Octets of the buffer that were searched already.
    searched: usize,
    /// Of an HTTP message: whether its head is there and says no length.
    headed: bool,
    /// Octets of the message at the front, once they are known.
    wanted: Option<usize>,
    dead: bool,
}

impl Text {
    fn next(&mut self) -> Option<Cut> {
        if self.dead || self.buffer.is_empty() {
            return None;
        }
        let found = match self.protocol {
            Protocol::Imap => self.imap(),
            _ => self.http(),
        };
        if let Some(len) = found {
            return Some(self.cut(len));
        }
        let too_long = self.buffer.len() > MOST || self.wanted.is_some_and(|wanted| wanted > MOST);
        if too_long {
            self.dead = true;
            self.buffer = BytesMut::new();
            return Some(Cut::Other { from: self.gone, len: 0 });
        }
        None
    }

    /// Takes octets off the front.
    fn cut(&mut self, len: usize) -> Cut {
        let from = self.gone;
        let bytes = self.buffer.split_to(len.min(self.buffer.len())).freeze();
        self.gone += bytes.len() as u64;
        (self.searched, self.wanted, self.headed) = (0, None, false);
        if bytes.iter().all(u8::is_ascii_whitespace) { Cut::Other { from, len: bytes.len() } } else { Cut::Message { from, bytes } }
    }

    /// One behind the next line feed at or behind `from`.
    fn line(&self, from: usize) -> Option<usize> {
        memchr(b'\n', self.buffer.get(from..)?).map(|at| from + at + 1)
    }

    /// A line with the literals in it (RFC 3501, 4.3).
    fn imap(&mut self) -> Option<usize> {
        loop {
            let end = self.line(self.searched).filter(|&end| end <= self.buffer.len())?;
            match literal(&self.buffer[..end]) {
                None => return Some(end),
                Some(octets) if end.saturating_add(octets) > self.buffer.len() => {
                    self.wanted = Some(end.saturating_add(octets));
                    return None;
                }
                Some(octets) => self.searched = end + octets,
            }
        }
    }

    /// Head and body (RFC 9112, 6).
    fn http(&mut self) -> Option<usize> {
        if self.headed {
            return None;
        }
        if self.wanted.is_none() {
            let lead = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            if lead > 0 {
                return Some(lead);
            }
            let head = self.head()?;
            match length(&self.buffer[..head]) {
                Length::Octets(octets) => self.wanted = Some(head.saturating_add(octets)),
                Length::UntilEnd => {
                    self.headed = true;
                    return None;
                }
                Length::Chunked => return self.chunked(head),
            }
        }
        self.wanted.filter(|&wanted| wanted <= self.buffer.len())
    }

    /// One behind the empty line.
    fn head(&mut self) -> Option<usize> {
        loop {
            let at = self.searched;
            let end = self.line(at)?;
            if matches!(&self.buffer[at..end], b"\r\n" | b"\n") {
                return Some(end);
            }
            self.searched = end;
            if end > HEAD {
                return Some(end);
            }
        }
    }

    /// Chunks up to the empty one and the line behind it.
    fn chunked(&mut self, head: usize) -> Option<usize> {
        let mut at = head;
        loop {
            let end = self.line(at)?;
            let size = String::from_utf8_lossy(&self.buffer[at..end]);
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
            if size == 0 {
                let mut at = end;
                loop {
                    let next = self.line(at)?;
                    if matches!(&self.buffer[at..next], b"\r\n" | b"\n") {
                        return Some(next);
                    }
                    at = next;
                }
            }
            at = self.line(end.checked_add(size)?)?;
        }
    }
}

/// Octets of the literal that a line announces at its end: `{12}` or `{12+}`.
fn literal(line: &[u8]) -> Option<usize> {
    let text = line.trim_ascii_end().strip_suffix(b"}")?;
    let open = text.iter().rposition(|&b| b == b'{')?;
    let digits = text[open + 1..].strip_suffix(b"+").unwrap_or(&text[open + 1..]);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

enum Length {
    Octets(usize),
    Chunked,
    UntilEnd,
}

/// What a head says about the length of the body.
fn length(head: &[u8]) -> Length {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse::<u16>().ok());
    let mut octets = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("Transfer-Encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            return Length::Chunked;
        }
        if name.eq_ignore_ascii_case("Content-Length") {
            octets = value.trim().parse().ok();
        }
    }
    match (status, octets) {
        (Some(100..=199 | 204 | 304), _) => Length::Octets(0),
        (_, Some(octets)) => Length::Octets(octets),
        (Some(_), None) => Length::UntilEnd,
        (None, None) => Length::Octets(0),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn cut(protocol: Protocol, stream: &[u8], by: usize) -> Vec<String> {
        let mut cutter = Cutter::new(protocol);
        let mut found = Vec::new();
        let told = |cut| match cut {
            Cut::Message { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
            Cut::Other { .. } => "other".to_owned(),
        };
        for part in stream.chunks(by) {
            cutter.push(part);
            found.extend(std::iter::from_fn(|| cutter.next()).map(told));
        }
        found.extend(cutter.end().map(told));
        found
    }

    fn both(protocol: Protocol, stream: &str, expected: &[&str]) {
        for by in [1, 7, stream.len()] {
            assert_eq!(cut(protocol, stream.as_bytes(), by), expected, "{by} octets at a time");
        }
    }

    #[test]
    fn msrp_ends_at_its_own_end_line() {
        let (one, two) =
            ("MSRP ab12 SEND\r\nTo-Path: a\r\n\r\n-------ab1\r\n-------ab12+x\r\n-------ab12$\r\n", "MSRP cd 200 OK\r\n-------cd$\r\n");
        both(Protocol::Msrp, &[one, two, "rubbish\r\n"].concat(), &[one, two, "other"]);
    }

    #[test]
    fn imap_lines_hold_their_literals() {
        let (one, two) = ("A1 LOGIN {5}\r\nal\r\ne {2+}\r\nxy\r\n", "A2 UID FETCH 4711 (BODY[])\r\n");
        both(Protocol::Imap, &[one, two].concat(), &[one, two]);
    }

    #[test]
    fn http_bodies_end_by_length_by_chunk_or_with_the_stream() {
        let get = "GET /a HTTP/1.1\r\nHost: b\r\n\r\n";
        both(Protocol::Http, &[get, get].concat(), &[get, get]);
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: 1\r\n\r\n";
        let open = "HTTP/1.1 200 OK\r\n\r\nabc";
        both(Protocol::Http, &[sized, chunked, open].concat(), &[sized, chunked, open]);
    }
}
