//! Messages out of a byte stream (RFC 3261, 18.3): cut by the empty line and Content-Length, told nothing about the rest.

use bytes::{Buf, Bytes, BytesMut};

use super::{
    block::{self, Style},
    sip::{Length, length},
    span::{Faults, Span},
};

/// What a stream holds next; `from` counts octets since the stream began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// A whole message.
    Message {
        /// Its first octet.
        from: u64,
        /// Its octets, body included.
        bytes: Bytes,
    },
    /// One CRLF between messages. A ping (RFC 5626, 3.5.1) is two of them that adjoin, a pong is one.
    KeepAlive {
        /// Its first octet.
        from: u64,
        /// Always 2; a later transport may know others.
        len: usize,
    },
    /// A limit is passed: nothing behind this octet is looked at any more.
    TooLarge {
        /// First octet of the message that is too large.
        from: u64,
    },
    /// A line where a message should begin, and which cannot begin one.
    Garbage {
        /// Its first octet.
        from: u64,
        /// Its octets, with the line end.
        len: usize,
    },
}

/// What a message may take at most, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Start line and header, with the empty line.
    pub head: usize,
    /// The body.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 << 10, body: 1 << 20 }
    }
}

/// Cuts one direction of a stream into messages. What comes out does not depend on how the octets were cut going in.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    buffer: BytesMut,
    /// Octets that have left the buffer.
    gone: u64,
    /// Octets of the buffer that were searched for the empty line.
    searched: usize,
    /// Octets of the message at the front, once its header is there.
    wanted: Option<usize>,
    dead: bool,
}

impl Framer {
    /// A framer at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: BytesMut::new(), gone: 0, searched: 0, wanted: None, dead: false }
    }

    /// Takes the next octets of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.dead {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// What is complete; `None` until more octets come.
    #[expect(clippy::should_implement_trait, reason = "an iterator that goes on after None would mislead")]
    pub fn next(&mut self) -> Option<Framed> {
        if self.dead {
            return None;
        }
        match *self.buffer.first()? {
            b'\r' | b'\n' if self.wanted.is_none() => self.between(),
            b' '..=b'~' | b'\t' => self.message(),
            _ => self.garbage(),
        }
    }

    /// Octets of a message, or of a line, that is not complete yet.
    #[must_use]
    pub fn rest(&self) -> usize {
        self.buffer.len()
    }

    fn between(&mut self) -> Option<Framed> {
        match (self.buffer.first(), self.buffer.get(1)) {
            (Some(b'\r'), Some(b'\n')) => {
                let from = self.cut(2).0;
                Some(Framed::KeepAlive { from, len: 2 })
            }
            (Some(b'\r'), None) => None,
            _ => {
                let from = self.cut(1).0;
                Some(Framed::Garbage { from, len: 1 })
            }
        }
    }

    fn garbage(&mut self) -> Option<Framed> {
        match self.find(|rest| rest.first() == Some(&b'\n'), 1) {
            Some(len) => {
                let from = self.cut(len).0;
                Some(Framed::Garbage { from, len })
            }
            None => self.too_large(self.buffer.len() >= self.limits.head),
        }
    }

    fn message(&mut self) -> Option<Framed> {
        if self.wanted.is_none() {
            let head = self.find(|rest| matches!(rest, [b'\n', b'\n', ..] | [b'\n', b'\r', b'\n', ..]), 3);
            let Some(head) = head.filter(|&head| head <= self.limits.head) else {
                return self.too_large(self.buffer.len() >= self.limits.head);
            };
            let body = self.body(head);
            if body > self.limits.body {
                return self.too_large(true);
            }
            self.wanted = Some(head + body);
        }
        let wanted = self.wanted.filter(|&wanted| self.buffer.len() >= wanted)?;
        let (from, bytes) = self.cut(wanted);
        Some(Framed::Message { from, bytes })
    }

    /// Octets up to and with the first place that `ends` accepts; it is shown `width` octets at least, or all there are.
    fn find(&mut self, ends: impl Fn(&[u8]) -> bool, width: usize) -> Option<usize> {
        let found = (self.searched..self.buffer.len()).find(|&at| {
            let rest = self.buffer.get(at..).unwrap_or_default();
            ends(rest)
        });
        match found {
            None => {
                self.searched = (self.buffer.len() + 1).saturating_sub(width).max(self.searched);
                None
            }
            Some(at) if width == 1 => Some(at + 1),
            Some(at) => Some(at + if self.buffer.get(at + 1) == Some(&b'\n') { 2 } else { 3 }),
        }
    }

    /// Octets of the body by Content-Length. On a stream it has to be there; without a readable one the body is empty.
    fn body(&self, head: usize) -> usize {
        let raw = self.buffer.get(..head).unwrap_or_default();
        let start = block::line_at(raw, 0, head).whole.to;
        let fields = block::read(raw, Span::new(start, head), Style::Sip, &mut Faults::default()).fields;
        match length(raw, &fields) {
            Length::Octets(octets, _) => octets,
            Length::Absent | Length::Unreadable(_) => 0,
        }
    }

    fn too_large(&mut self, is: bool) -> Option<Framed> {
        if !is {
            return None;
        }
        self.dead = true;
        self.buffer = BytesMut::new();
        Some(Framed::TooLarge { from: self.gone })
    }

    /// Takes octets off the front; gives their offset and themselves.
    fn cut(&mut self, len: usize) -> (u64, Bytes) {
        let from = self.gone;
        let bytes = self.buffer.split_to(len.min(self.buffer.remaining())).freeze();
        self.gone += bytes.len() as u64;
        self.searched = 0;
        self.wanted = None;
        (from, bytes)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at_once(stream: &[u8], limits: Limits) -> Vec<Framed> {
        let mut framer = Framer::new(limits);
        framer.push(stream);
        std::iter::from_fn(|| framer.next()).collect()
    }

    fn octet_by_octet(stream: &[u8], limits: Limits) -> Vec<Framed> {
        let mut framer = Framer::new(limits);
        let mut framed = Vec::new();
        for octet in stream {
            framer.push(&[*octet]);
            framed.extend(std::iter::from_fn(|| framer.next()));
        }
        framed
    }

    fn both(stream: &[u8], limits: Limits) -> Vec<Framed> {
        let framed = at_once(stream, limits);
        assert_eq!(framed, octet_by_octet(stream, limits));
        framed
    }

    #[test]
    fn messages_keep_alives_and_garbage_are_told_apart() {
        let stream = b"\r\n\r\nOPTIONS sip:a SIP/2.0\r\nl:\r\n 3\r\n\r\nabcSIP/2.0 200 OK\n\n\x01\x02\nX";
        let message = |from, bytes: &'static [u8]| Framed::Message { from, bytes: Bytes::from_static(bytes) };
        assert_eq!(
            both(stream, Limits::default()),
            [
                Framed::KeepAlive { from: 0, len: 2 },
                Framed::KeepAlive { from: 2, len: 2 },
                message(4, b"OPTIONS sip:a SIP/2.0\r\nl:\r\n 3\r\n\r\nabc"),
                message(40, b"SIP/2.0 200 OK\n\n"),
                Framed::Garbage { from: 56, len: 3 },
            ]
        );
    }

    #[test]
    fn a_limit_ends_the_stream() {
        let limits = Limits { head: 40, body: 10 };
        assert_eq!(both(b"A sip:a SIP/2.0\r\nl: 11\r\n\r\n12345678901", limits), [Framed::TooLarge { from: 0 }]);
        assert_eq!(both(&[b'a'; 50], limits), [Framed::TooLarge { from: 0 }]);
        assert_eq!(both(&[0xff; 50], limits), [Framed::TooLarge { from: 0 }]);
        let huge = b"A sip:a SIP/2.0\r\nl: 99999999999999999999999\r\n\r\n";
        assert_eq!(both(huge, Limits { head: 100, body: 10 }), [Framed::TooLarge { from: 0 }]);
    }

    #[test]
    fn an_unfinished_message_rests() {
        let mut framer = Framer::new(Limits::default());
        framer.push(b"A sip:a SIP/2.0\r\nl: 5\r\n\r\nabc");
        assert_eq!(framer.next(), None);
        assert_eq!(framer.rest(), 28);
        framer.push(b"de");
        assert!(matches!(framer.next(), Some(Framed::Message { from: 0, bytes }) if bytes.len() == 30));
        assert_eq!(framer.rest(), 0);
    }

    #[test]
    fn a_bare_cr_between_messages_is_garbage() {
        assert_eq!(both(b"\rA", Limits::default()), [Framed::Garbage { from: 0, len: 1 }]);
    }
}
