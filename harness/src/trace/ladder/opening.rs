//! What octets on a link look like from their first line. A quick look for pictures, no reading: `wire` does that.

use crate::report::escape;

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// A SIP request or response (RFC 3261, 7.1, 7.2), by method and Request-URI, or status, reason and method.
    Sip(String),
    /// An MSRP request or response (RFC 4975, 9).
    Msrp(String),
    /// Octets that only keep a flow alive (RFC 5626, 3.5; RFC 8489, 5).
    KeepAlive(&'static str),
    /// Nothing of these: broken, or the continuation of a message in a stream. In words, with the first octets.
    Other(String),
}

/// Octets of a line, and of a message, that are looked at.
const LOOK: usize = 4096;

/// Looks at the beginning of `bytes`. The text is visible in every part, but not escaped for any markup.
pub(crate) fn opening(bytes: &[u8]) -> Opening {
    match bytes {
        b"\r\n\r\n" => return Opening::KeepAlive("keep-alive (CRLF CRLF)"),
        b"\r\n" => return Opening::KeepAlive("keep-alive (CRLF)"),
        b"\0" => return Opening::KeepAlive("keep-alive (NUL)"),
        [0..=3, _, _, _, 0x21, 0x12, 0xA4, 0x42, ..] => return Opening::KeepAlive("keep-alive (STUN)"),
        _ => {}
    }
    let looked = bytes.get(..LOOK.min(bytes.len())).unwrap_or_default();
    let mut lines = looked.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    // Line ends before the start line are to be ignored (RFC 3261, 7.5).
    let first = lines.by_ref().find(|line| !line.is_empty()).unwrap_or_default();
    let words: Vec<&[u8]> = first.splitn(3, |octet| *octet == b' ').collect();
    match words[..] {
        [b"MSRP", _, rest] => Opening::Msrp(format!("MSRP {}", escape::octets(rest))),
        [b"SIP/2.0", _, _] => {
            let method = lines.take_while(|line| !line.is_empty()).find_map(cseq_method);
            let method = method.map_or(String::new(), |method| format!(" ({})", escape::octets(method)));
            Opening::Sip(escape::octets(first.get(b"SIP/2.0 ".len()..).unwrap_or_default()) + &method)
        }
        [method, uri, b"SIP/2.0"] => Opening::Sip(escape::octets(&[method, b" ", uri].concat())),
        _ => Opening::Other(format!(
            "no start line, {} octets: {}",
            bytes.len(),
            escape::shorten(&escape::octets(bytes.get(..64.min(bytes.len())).unwrap_or_default()), 32)
        )),
    }
}

/// What an MSRP message is, from its octets: method or status, the range and what else matters, the flag; and whether it is
/// one of many: a chunk, or the response to one.
pub(crate) fn msrp(bytes: &[u8]) -> (String, bool) {
    let head = bytes.get(..LOOK.min(bytes.len())).unwrap_or_default();
    let mut lines = head.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let start = lines.next().unwrap_or_default();
    let what = start.splitn(3, |octet| *octet == b' ').nth(2).unwrap_or_default();
    let mut label = format!("MSRP {}", escape::octets(what));
    if what.first().is_some_and(u8::is_ascii_digit) {
        return (label, what.starts_with(b"200"));
    }
    for field in lines.take_while(|line| !line.is_empty() && !line.starts_with(b"-------")) {
        let Some(colon) = field.iter().position(|octet| *octet == b':') else { continue };
        let (name, value) = field.split_at(colon);
        if matches!(name, b"Byte-Range" | b"Status") {
            label += &format!(" {}", escape::octets(value.get(1..).unwrap_or_default().trim_ascii()));
        }
    }
    let flag = bytes.trim_ascii_end().last().copied().filter(|flag| b"$+#".contains(flag));
    label.extend(flag.map(|flag| [' ', char::from(flag)]).into_iter().flatten());
    (label, flag == Some(b'+'))
}

/// The first line, and how much follows what looks like a head.
pub(crate) fn line(bytes: &[u8]) -> String {
    let looked = bytes.get(..LOOK.min(bytes.len())).unwrap_or_default();
    let first = looked.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let rest = bytes.len() - looked.windows(4).position(|end| end == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let body = if rest > 0 { format!(" ({rest} octets)") } else { String::new() };
    escape::octets(first.strip_suffix(b"\r").unwrap_or(first)) + &body
}

fn cseq_method(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|octet| *octet == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    name.trim_ascii().eq_ignore_ascii_case(b"CSeq").then(|| value.rsplit(|octet| *octet == b' ').next())?
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_start_line_says_what_comes() {
        assert_eq!(opening(b"\r\nMESSAGE sip:bob@example.com SIP/2.0\r\n\r\n"), Opening::Sip("MESSAGE sip:bob@example.com".into()));
        assert_eq!(opening(b"SIP/2.0 202 Accepted\r\ncseq : 1 MESSAGE\r\n\r\n"), Opening::Sip("202 Accepted (MESSAGE)".into()));
        assert_eq!(opening(b"SIP/2.0 202 Accepted"), Opening::Sip("202 Accepted".into()));
        assert_eq!(opening(b"MSRP x 200 OK\r\n-------x$\r\n"), Opening::Msrp("MSRP 200 OK".into()));
    }

    #[test]
    fn a_message_of_a_session_says_which_part_it_is() {
        let chunk = b"MSRP ab SEND\r\nTo-Path: a\r\nByte-Range: 1-2/9\r\nContent-Type: a/b\r\n\r\nhi\r\n-------ab+\r\n";
        assert_eq!(msrp(chunk), ("MSRP SEND 1-2/9 +".to_owned(), true));
        assert_eq!(msrp(b"MSRP ab 200 OK\r\n-------ab$\r\n"), ("MSRP 200 OK".to_owned(), true));
        assert_eq!(msrp(b"MSRP ab 413 No\r\n-------ab$\r\n"), ("MSRP 413 No".to_owned(), false));
        assert_eq!(msrp(b"MSRP ab REPORT\r\nStatus: 000 200\r\n-------ab$\r\n"), ("MSRP REPORT 000 200 $".to_owned(), false));
        assert_eq!(msrp(b"MSRP"), ("MSRP ".to_owned(), false));
    }

    #[test]
    fn a_line_says_how_much_follows() {
        assert_eq!(line(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET / HTTP/1.1");
        assert_eq!(line(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nabc"), "HTTP/1.1 200 OK (3 octets)");
        assert_eq!(line(b"A1 NOOP\r\n"), "A1 NOOP");
    }

    #[test]
    fn a_keep_alive_is_named() {
        assert_eq!(opening(b"\r\n\r\n"), Opening::KeepAlive("keep-alive (CRLF CRLF)"));
        assert_eq!(opening(b"\0\x01\0\0\x21\x12\xa4\x42 and a transaction"), Opening::KeepAlive("keep-alive (STUN)"));
    }

    #[test]
    fn anything_else_is_named_too() {
        assert_eq!(opening(b""), Opening::Other("no start line, 0 octets: ".into()));
        assert_eq!(opening(b"\x01<b>\x9b"), Opening::Other("no start line, 5 octets: ␁<b>\\x9b".into()));
        assert_eq!(opening(b"A  SIP/2.0\n"), Opening::Sip("A ".into()));
        assert!(matches!(opening(&[b'x'; 100_000]), Opening::Other(_)));
    }
}
