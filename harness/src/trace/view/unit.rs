//! What travels on links of media and stores, as its octets say: MSRP messages, IMAP lines, HTTP messages, RTP packets.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{
    trace::{LinkId, Protocol},
    wire::{Span, msrp::Msrp},
};

/// One MSRP request, response or chunk, one IMAP line with its literals, or one HTTP message; or a message put together.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// What its link carries.
    pub protocol: Protocol,
    /// Its octets.
    pub raw: &'a Bytes,
    /// Its parts, if it is MSRP; else empty.
    pub msrp: &'a Msrp,
    /// The link, where it is known.
    pub link: Option<LinkId>,
}

impl<'a> Unit<'a> {
    /// The start line, or the IMAP line, without its line end.
    #[must_use]
    pub fn start(&self) -> Span {
        let end = self.raw.iter().position(|&b| b == b'\n').unwrap_or(self.raw.len());
        let cr = self.raw.get(..end).is_some_and(|line| line.ends_with(b"\r"));
        Span::new(0, end - usize::from(cr))
    }

    /// The n-th word of the start line.
    #[must_use]
    pub fn word(&self, number: usize) -> Option<Span> {
        let line = self.start();
        let mut at = line.from;
        let words = line.of(self.raw).split(|&b| b == b' ').map(|word| {
            let span = Span::new(at, at + word.len());
            at = span.to + 1;
            span
        });
        words.filter(|span| !span.is_empty()).nth(number)
    }

    /// Method of a request: that of MSRP and HTTP, verb of an IMAP command without `UID`; as spelled, IMAP in upper case.
    #[must_use]
    pub fn method(&self) -> Option<Cow<'a, str>> {
        match self.protocol {
            Protocol::Msrp => self.msrp.method.map(|span| span.text(self.raw)),
            Protocol::Imap => {
                let tagged = !matches!(self.word(0)?.of(self.raw), b"*" | b"+");
                let verb = self.word(1).filter(|_| tagged)?.text(self.raw).to_ascii_uppercase();
                let verb = if verb == "UID" { self.word(2)?.text(self.raw).to_ascii_uppercase() } else { verb };
                // A tagged line of the server: its status stands where a command has its verb.
                (!matches!(verb.as_str(), "OK" | "NO" | "BAD")).then_some(Cow::Owned(verb))
            }
            // A packet is of one kind; it is called that in conduct.
            Protocol::Rtp | Protocol::Rtcp => Some(Cow::Borrowed("packet")),
            Protocol::Http | Protocol::Sip => self.word(0).filter(|w| !w.of(self.raw).starts_with(b"HTTP/")).map(|w| w.text(self.raw)),
        }
    }

    /// Status of an MSRP or HTTP response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.protocol {
            Protocol::Msrp => self.msrp.status,
            Protocol::Http => self.word(0).filter(|w| w.of(self.raw).starts_with(b"HTTP/")).and(self.word(1))?.text(self.raw).parse().ok(),
            Protocol::Imap | Protocol::Sip | Protocol::Rtp | Protocol::Rtcp => None,
        }
    }

    /// Value of the first header field of this name, without case; MSRP and HTTP have some.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Span> {
        self.headers(name).into_iter().next()
    }

    /// Values of all header fields of this name, without case.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<Span> {
        match self.protocol {
            Protocol::Msrp => {
                let named = |field: &&crate::wire::sip::Field| field.name.of(self.raw).eq_ignore_ascii_case(name.as_bytes());
                self.msrp.fields.iter().filter(named).map(|field| field.value).collect()
            }
            Protocol::Http => self.lines().filter_map(|line| value(self.raw, line, name)).collect(),
            Protocol::Imap | Protocol::Sip | Protocol::Rtp | Protocol::Rtcp => Vec::new(),
        }
    }

    /// The body of an MSRP request (`None`: bodiless) or of an HTTP message.
    #[must_use]
    pub fn body(&self) -> Option<Span> {
        match self.protocol {
            Protocol::Msrp => self.msrp.body,
            Protocol::Http => {
                let end = self.lines().last().map_or(self.start().to, |line| line.to);
                let rest = Span::new(end, self.raw.len());
                let blank = rest.of(self.raw).iter().take(4).filter(|b| matches!(b, b'\r' | b'\n')).count();
                let body = Span::new((rest.from + blank).min(rest.to), rest.to);
                (!body.is_empty()).then_some(body)
            }
            Protocol::Imap | Protocol::Sip | Protocol::Rtp | Protocol::Rtcp => None,
        }
    }

    /// Header lines of an HTTP message, without line ends.
    fn lines(&self) -> impl Iterator<Item = Span> {
        let raw = self.raw;
        let mut at = raw.iter().position(|&b| b == b'\n').map_or(raw.len(), |lf| lf + 1);
        std::iter::from_fn(move || {
            let rest = raw.get(at..)?;
            let len = rest.iter().position(|&b| b == b'\n')?;
            let line = Span::new(at, at + len).trim(raw);
            at += len + 1;
            (!line.is_empty()).then_some(line)
        })
    }
}

fn value(raw: &[u8], line: Span, name: &str) -> Option<Span> {
    let colon = line.of(raw).iter().position(|&b| b == b':')?;
    let is = Span::new(line.from, line.from + colon).of(raw).eq_ignore_ascii_case(name.as_bytes());
    is.then(|| Span::new(line.from + colon + 1, line.to).trim(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(protocol: Protocol, text: &str, look: impl FnOnce(Unit<'_>) -> T) -> T {
        let raw = Bytes::copy_from_slice(text.as_bytes());
        look(Unit { protocol, raw: &raw, msrp: &Msrp::default(), link: None })
    }

    #[test]
    fn commands_of_a_store_are_known_by_their_verb() {
        let verb = |text: &str| with(Protocol::Imap, text, |unit| unit.method().map(Cow::into_owned));
        assert_eq!(verb("A1 UID fetch 4711 (BODY[])\r\n").as_deref(), Some("FETCH"));
        assert_eq!(verb("a1 Login x y\r\n").as_deref(), Some("LOGIN"));
        assert_eq!((verb("* 1 FETCH (UID 3)\r\n"), verb("A1 OK done\r\n"), verb("+ go on\r\n")), (None, None, None));
    }

    #[test]
    fn http_messages_have_head_and_body() {
        let text = "GET /a?b=c HTTP/1.1\r\nHOST:  d \r\nX: 1\r\n\r\nbody\r\n";
        let seen = with(Protocol::Http, text, |unit| {
            let text = |span: Option<Span>| span.map(|s| s.text(unit.raw).into_owned());
            (unit.method().map(Cow::into_owned), text(unit.header("host")), text(unit.body()), unit.status())
        });
        assert_eq!(seen, (Some("GET".to_owned()), Some("d".to_owned()), Some("body\r\n".to_owned()), None));
        assert_eq!(
            with(Protocol::Http, "HTTP/1.1 204 No\r\n\r\n", |unit| (unit.status(), unit.body(), unit.method().is_none())),
            (Some(204), None, true)
        );
    }
}
