//! Fields of MSRP messages, IMAP commands, HTTP messages and RTP packets.

use super::Found;
use crate::{
    trace::{Protocol, view::Unit},
    wire::{Span, rtp},
};

/// A field of an MSRP message: `flag`, `transaction`, `method`, `connection`, `Status`, or a header field.
pub(super) fn msrp(unit: Unit<'_>, name: &str, param: Option<&str>) -> Vec<Found> {
    if unit.protocol != Protocol::Msrp {
        return Vec::new();
    }
    let (raw, msrp) = (unit.raw, unit.msrp);
    let found = |span: Span| Found { span, text: span.text(raw).into_owned() };
    let spans: Vec<Span> = match name {
        "transaction" => vec![msrp.transaction],
        "method" => msrp.method.into_iter().collect(),
        "flag" => flag(unit).into_iter().collect(),
        "connection" => {
            return unit.link.map(|link| Found { span: msrp.start_line.trim(raw), text: link.0.to_string() }).into_iter().collect();
        }
        "Status" if msrp.status.is_some() => status(unit).into_iter().collect(),
        _ => unit.headers(name),
    };
    match param {
        None => spans.into_iter().map(found).collect(),
        Some(param) => spans.into_iter().filter_map(|span| of_range(raw, span, param)).map(found).collect(),
    }
}

/// The flag of the end-line; whatever stands in its place.
pub(crate) fn flag(unit: Unit<'_>) -> Option<Span> {
    let from = unit.msrp.end_line.from + b"-------".len() + unit.msrp.transaction.len();
    let flag = Span::new(from, unit.msrp.end_line.to).trim(unit.raw);
    (!unit.msrp.end_line.is_empty() && !flag.is_empty()).then_some(flag)
}

/// The status code of a response.
pub(crate) fn status(unit: Unit<'_>) -> Option<Span> {
    let from = unit.msrp.transaction.to + 1;
    unit.msrp.status.map(|_| Span::new(from, from + 3))
}

/// `start`, `end` or `total` of a Byte-Range.
fn of_range(raw: &[u8], value: Span, param: &str) -> Option<Span> {
    let text = value.of(raw);
    let hyphen = value.from + text.iter().position(|&b| b == b'-')?;
    let slash = value.from + text.iter().position(|&b| b == b'/')?;
    match param {
        "start" => Some(Span::new(value.from, hyphen)),
        "end" => Some(Span::new(hyphen + 1, slash)),
        "total" => Some(Span::new(slash + 1, value.to)),
        _ => None,
    }
}

/// A field of an IMAP command: `uids` of UID FETCH, `folder` of SELECT and EXAMINE, `command`, the verb; of APPEND its `object`, else a
/// line of that.
pub(super) fn imap(unit: Unit<'_>, name: &str) -> Vec<Found> {
    if unit.protocol != Protocol::Imap {
        return Vec::new();
    }
    let Some(verb) = unit.method() else { return Vec::new() };
    let by_uid = unit.word(1).is_some_and(|word| word.of(unit.raw).eq_ignore_ascii_case(b"UID"));
    let span = match name {
        "command" => unit.word(1 + usize::from(by_uid)),
        "uids" if by_uid => unit.word(3),
        "folder" if matches!(&*verb, "SELECT" | "EXAMINE") => unit.word(2).map(|word| mailbox(unit, word.from)),
        "uids" | "folder" => None,
        "object" if verb == "APPEND" => Some(Span::new(unit.start().to, unit.raw.len())),
        name if verb == "APPEND" => line_called(unit, name),
        _ => None,
    };
    span.map(|span| Found { span, text: span.text(unit.raw).into_owned() }).into_iter().collect()
}

/// The value of the first line `name: value` behind the command itself.
fn line_called(unit: Unit<'_>, name: &str) -> Option<Span> {
    let mut at = unit.start().to;
    let mut lines = unit.raw.get(at..)?.split_inclusive(|&octet| octet == b'\n').map(|line| {
        let span = Span::new(at, at + line.len());
        at = span.to;
        span
    });
    lines.find_map(|line| {
        let colon = line.of(unit.raw).iter().position(|&octet| octet == b':')?;
        let is = Span::new(line.from, line.from + colon).of(unit.raw).eq_ignore_ascii_case(name.as_bytes());
        is.then(|| Span::new(line.from + colon + 1, line.to).trim(unit.raw))
    })
}

/// A mailbox name from `from` to the end of the line: in quotes, as a literal, or as it stands.
fn mailbox(unit: Unit<'_>, from: usize) -> Span {
    let rest = Span::new(from, unit.start().to).trim(unit.raw);
    let text = rest.of(unit.raw);
    if text.starts_with(b"{") {
        let after = Span::new(unit.start().to, unit.raw.len());
        return Span::new((after.from + 2).min(after.to), after.to).trim(unit.raw);
    }
    match text.strip_prefix(b"\"").and_then(|inner| inner.iter().position(|&b| b == b'"')) {
        Some(len) => Span::new(rest.from + 1, rest.from + 1 + len),
        None => rest,
    }
}

/// A field of an HTTP message: `path`, `method`, or a header field.
pub(super) fn http(unit: Unit<'_>, name: &str) -> Vec<Span> {
    match name {
        _ if unit.protocol != Protocol::Http => Vec::new(),
        "path" => unit.word(1).filter(|_| unit.status().is_none()).into_iter().collect(),
        "method" => unit.word(0).filter(|_| unit.status().is_none()).into_iter().collect(),
        _ => unit.headers(name),
    }
}

/// A number in the header of an RTP packet.
pub(super) fn rtp(unit: Unit<'_>, name: &str) -> Vec<Found> {
    let packet = rtp::Packet::parse(unit.raw);
    let (span, number) = match name {
        _ if unit.protocol != Protocol::Rtp || packet.header.len() < rtp::SSRC.to => return Vec::new(),
        "version" => (rtp::VERSION, packet.version.into()),
        "payload-type" => (rtp::PAYLOAD_TYPE, packet.payload_type.into()),
        "sequence" => (rtp::SEQUENCE, packet.sequence.into()),
        "timestamp" => (rtp::TIMESTAMP, packet.timestamp),
        _ => (rtp::SSRC, packet.ssrc),
    };
    vec![Found { span, text: number.to_string() }]
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{field::Field, wire::msrp::Msrp};

    fn read(protocol: Protocol, text: &str, name: &str) -> Vec<String> {
        let raw = Bytes::copy_from_slice(text.as_bytes());
        let msrp = Msrp::parse(&raw, Span::all(&raw));
        let unit = Unit { protocol, raw: &raw, msrp: &msrp, link: None };
        name.parse::<Field>().unwrap().read(unit).into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn fields_of_msrp() {
        let cpim = "From: <sip:a>\r\n\r\nContent-Type: text/plain\r\n\r\nhi";
        let send = format!(
            "MSRP ab12 SEND\r\nTo-Path: x\r\nFrom-Path: y\r\nMessage-ID: m\r\nByte-Range: 1-*/{}\r\nContent-Type: message/cpim\r\n\r\n{cpim}\r\n\
             -------ab12+\r\n",
            cpim.len()
        );
        let pairs: [(&str, &[&str]); 11] = [
            ("MSRP To-Path", &["x"]),
            ("MSRP flag", &["+"]),
            ("MSRP transaction", &["ab12"]),
            ("MSRP method", &["SEND"]),
            ("MSRP Byte-Range;start", &["1"]),
            ("MSRP Byte-Range;end", &["*"]),
            ("MSRP Status", &[]),
            ("CPIM From", &["<sip:a>"]),
            ("CPIM Content-Type", &["text/plain"]),
            ("content", &["hi"]),
            ("body", &[cpim]),
        ];
        for (name, expected) in pairs {
            assert_eq!(read(Protocol::Msrp, &send, name), expected, "{name}");
        }
        assert_eq!(read(Protocol::Msrp, "MSRP ab12 413 No\r\nTo-Path: x\r\n-------ab12$\r\n", "MSRP Status"), ["413"]);
    }

    #[test]
    fn fields_of_commands_and_requests() {
        assert_eq!(read(Protocol::Imap, "A1 UID FETCH 4711,4712 (BODY[])\r\n", "IMAP uids"), ["4711,4712"]);
        assert_eq!(read(Protocol::Imap, "A1 FETCH 1:* (BODY[])\r\n", "IMAP uids"), [""; 0]);
        assert_eq!(read(Protocol::Imap, "A1 SELECT \"my films\"\r\n", "IMAP folder"), ["my films"]);
        assert_eq!(read(Protocol::Imap, "A1 EXAMINE {5}\r\nfilms\r\n", "IMAP folder"), ["films"]);
        assert_eq!(read(Protocol::Imap, "A1 select films\r\n", "IMAP folder"), ["films"]);
        assert_eq!(read(Protocol::Http, "GET /a?b HTTP/1.1\r\nHost: c\r\n\r\n", "HTTP path"), ["/a?b"]);
        assert_eq!(read(Protocol::Http, "GET /a?b HTTP/1.1\r\nHost: c\r\n\r\n", "HTTP Host"), ["c"]);
    }
}
