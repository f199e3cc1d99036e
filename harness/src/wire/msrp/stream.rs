//! Messages out of a byte stream: each ends with the end-line of its own transaction identifier (RFC 4975, 7.1 and 7.3.1).

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::end::{Found, Search, transaction};
use crate::wire::stream::{Framed, Limits};

/// Cuts one direction of a stream into messages. What comes out does not depend on how the octets were cut going in.
///
/// It gives [`Framed::Message`], [`Framed::Garbage`] for a line where a message should begin, also for an empty one, and
/// [`Framed::TooLarge`]; MSRP has no keep-alive of its own. Every octet is searched once.
#[derive(Debug)]
pub struct MsrpFramer {
    limits: Limits,
    buffer: BytesMut,
    /// Octets that have left the buffer.
    gone: u64,
    /// Octets of the first line that hold no line end.
    searched: usize,
    /// The search for the end of the message at the front, once its start line is there.
    search: Option<Search>,
    dead: bool,
}

impl MsrpFramer {
    /// What a message may take where nobody says otherwise: 64 KiB of start line and header, 64 MiB of body.
    pub const LIMITS: Limits = Limits { head: 64 << 10, body: 64 << 20 };

    /// A framer at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: BytesMut::new(), gone: 0, searched: 0, search: None, dead: false }
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
        if self.dead || self.buffer.is_empty() {
            return None;
        }
        if self.search.is_none() {
            let lf = memchr(b'\n', self.buffer.get(self.searched..)?).map(|at| self.searched + at);
            let Some(lf) = lf.filter(|&lf| lf < self.limits.head) else {
                self.searched = self.buffer.len();
                return self.too_large(self.buffer.len() >= self.limits.head);
            };
            let line = self.buffer.get(..lf)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match transaction(line).filter(|_| line.starts_with(b"MSRP ")) {
                Some(transaction) => self.search = Some(Search::new(transaction, lf + 1)),
                None => {
                    let (from, bytes) = self.cut(lf + 1);
                    return Some(Framed::Garbage { from, len: bytes.len() });
                }
            }
        }
        self.message()
    }

    /// Octets of a message, or of a line, that is not complete yet.
    #[must_use]
    pub fn rest(&self) -> usize {
        self.buffer.len()
    }

    /// The octets of [`rest`](Self::rest) as they are, for a stream that has ended; [`Msrp::parse`](super::Msrp::parse) says
    /// what is missing.
    #[must_use]
    pub fn finish(mut self) -> Option<(u64, Bytes)> {
        (!self.buffer.is_empty()).then(|| self.cut(self.buffer.len()))
    }

    fn message(&mut self) -> Option<Framed> {
        let search = self.search.as_mut()?;
        let found = search.go_on(&self.buffer, false);
        let (head, body) = (search.body(), self.limits.body.saturating_add(2));
        // Which octets are known to be no end-line, or are one, does not depend on how many have come.
        let head_at = head.unwrap_or(match found {
            Found::End(end) => end.to,
            Found::None(_) => 0,
        });
        let body_at = match found {
            Found::End(end) => end.text.from,
            Found::None(at) => at,
        };
        let too_large = head_at > self.limits.head || head.is_some_and(|head| body_at.saturating_sub(head) > body);
        match found {
            _ if too_large => self.too_large(true),
            Found::None(_) => self.too_large(head.is_none() && self.buffer.len() >= self.limits.head),
            Found::End(end) => {
                let (from, bytes) = self.cut(end.to);
                Some(Framed::Message { from, bytes })
            }
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
        self.search = None;
        (from, bytes)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn drain(framer: &mut MsrpFramer) -> Vec<Framed> {
        std::iter::from_fn(|| framer.next()).collect()
    }

    /// In one piece, octet by octet, and in pieces of three.
    fn all_ways(stream: &[u8], limits: Limits) -> Vec<Framed> {
        let mut framer = MsrpFramer::new(limits);
        framer.push(stream);
        let framed = drain(&mut framer);
        for size in [1, 3] {
            let mut framer = MsrpFramer::new(limits);
            let pieces = stream.chunks(size).flat_map(|piece| {
                framer.push(piece);
                drain(&mut framer)
            });
            assert_eq!(pieces.collect::<Vec<_>>(), framed, "pieces of {size}");
        }
        framed
    }

    fn message(from: u64, bytes: &'static str) -> Framed {
        Framed::Message { from, bytes: Bytes::from_static(bytes.as_bytes()) }
    }

    #[test]
    fn messages_end_with_their_own_end_line() {
        let one = "MSRP ab12 SEND\r\nX: -------ab12$\r\nContent-Type: a/b\r\n\r\n-------ab\n-------ab1$\n-------ab12 $\n-------ab12!\r\n\r\n-------ab12+\r\n";
        let two = "MSRP ab1 200 OK\n-------ab1$\n";
        let stream = [one, two, "\r\njunk\n", two, "MSRP x"].concat();
        let at = one.len() as u64;
        assert_eq!(
            all_ways(stream.as_bytes(), MsrpFramer::LIMITS),
            [
                message(0, one),
                message(at, two),
                Framed::Garbage { from: at + 28, len: 2 },
                Framed::Garbage { from: at + 30, len: 5 },
                message(at + 35, two),
            ]
        );
    }

    #[test]
    fn a_missing_line_end_before_the_end_line_hides_no_message() {
        let one = "MSRP ab12 SEND\r\nContent-Type: a/b\r\n\r\nx-------ab12$y--------ab12$\r\n";
        assert_eq!(all_ways([one, one].concat().as_bytes(), MsrpFramer::LIMITS), [message(0, one), message(one.len() as u64, one)]);
    }

    #[test]
    fn a_limit_ends_the_stream_wherever_it_is_cut() {
        let limits = Limits { head: 40, body: 10 };
        let at_limit = "MSRP ab12 SEND\r\n\r\n0123456789\r\n-------ab12$\r\n";
        assert_eq!(all_ways(at_limit.as_bytes(), limits), [message(0, at_limit)]);
        let at_head = "MSRP ab12 SEND\r\nA: bcd\r\n-------ab12$\r\n\n";
        assert_eq!(
            all_ways(at_head.as_bytes(), Limits { head: 38, body: 0 }),
            [message(0, &at_head[..38]), Framed::Garbage { from: 38, len: 1 }]
        );
        for beyond in [
            "MSRP ab12 SEND\r\n\r\n0123456789a\r\n-------ab12$\r\n",
            "MSRP ab12 SEND\r\n\r\n01234567890123456789012345678901234567890123456789",
            "MSRP ab12 SEND\r\n01234567890123456789012345678901234567890123456789",
            "MSRP ab12 SEND\r\nA: 0123456789012345678901\r\n\r\n-------ab12$\r\n",
            "01234567890123456789012345678901234567890123456789\n",
            "MSRP ab12 SEND\r\nA: 0123\r\n-------ab12$\r\r\r\n",
        ] {
            assert_eq!(all_ways(beyond.as_bytes(), limits), [Framed::TooLarge { from: 0 }], "{beyond:?}");
        }
    }

    #[test]
    fn what_is_left_of_an_ended_stream_is_given_as_it_is() {
        let mut framer = MsrpFramer::new(MsrpFramer::LIMITS);
        framer.push(b"junk\nMSRP ab12 SEND\r\n\r\nxyz");
        assert_eq!(drain(&mut framer), [Framed::Garbage { from: 0, len: 5 }]);
        assert_eq!(framer.rest(), 21);
        assert_eq!(framer.finish(), Some((5, Bytes::from_static(b"MSRP ab12 SEND\r\n\r\nxyz"))));
    }
}
