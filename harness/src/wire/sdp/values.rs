//! What breaks the rules in the values of lines and attributes: RFC 4566, RFC 3264, RFC 4975, RFC 4145, RFC 5547.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Line, Sdp,
    media::{Connection, Direction, Media, Origin, integer, words},
    selector::{FileSelector, accept_types},
};
use crate::wire::{
    block::is_token,
    msrp::uri::path_malformations,
    span::{Faults, Malformation, Span},
};

/// All of it; what breaks the grammar of the lines themselves is in [`Sdp::malformations`].
#[must_use]
pub fn malformations(raw: &[u8], sdp: &Sdp) -> Vec<Malformation> {
    let mut faults = Faults::default();
    for line in &sdp.lines {
        value(raw, line, &mut faults);
    }
    one_direction(raw, sdp.session(), &mut faults);
    let everywhere = sdp.session().iter().any(|line| line.kind == b'c');
    for number in 0..sdp.media.len() {
        let lines = sdp.section(number);
        one_direction(raw, lines, &mut faults);
        let Some(media) = sdp.media_line(raw, number) else { continue };
        if !everywhere && !lines.iter().any(|line| line.kind == b'c') {
            faults.add("no-connection", "neither the session nor the media section has a c= line", media.span);
        }
        if media.msrp(raw).is_some() && media.port != Some(0) {
            msrp(raw, sdp, number, &media, &mut faults);
        }
    }
    faults.into_vec()
}

fn value(raw: &[u8], line: &Line, faults: &mut Faults) {
    let span = line.value;
    match line.kind {
        b'o' => origin(raw, span, faults),
        b's' if span.is_empty() => faults.add("empty-value", "the name of the session is empty", line.line),
        b'c' if !connection(raw, Connection::parse(raw, span)) || words(raw, span).count() != 3 => {
            faults.add("connection", "the value is not a network type, an address type and an address of that type", span);
        }
        b't' => {
            let mut count = 0;
            let legal = words(raw, span).all(|word| {
                count += 1;
                integer(word.of(raw)).is_some()
            });
            if !legal || count != 2 {
                faults.add("time", "the value is not two numbers", span);
            }
        }
        b'm' => {
            let media = Media::parse(raw, span);
            let empty = media.formats.is_empty() || media.formats.iter().any(|f| f.is_empty());
            if !is_token(media.kind.of(raw)) || media.proto.is_empty() || empty {
                faults.add("media", "the value is not a medium, a port, a protocol and formats behind single blanks", span);
            }
            let mut port = media.port_text.of(raw).split(|&b| b == b'/');
            if media.port.is_none() || port.nth(1).is_some_and(|n| integer(n).is_none()) || port.next().is_some() {
                faults.add("port", "the port is no number up to 65535", media.port_text);
            }
        }
        b'a' => attribute(raw, span, faults),
        _ => {}
    }
}

fn origin(raw: &[u8], span: Span, faults: &mut Faults) {
    let origin = Origin::parse(raw, span);
    let digits = |word: Span| !word.is_empty() && word.of(raw).iter().all(u8::is_ascii_digit);
    let six = words(raw, span).count() == 6 && !origin.user.is_empty();
    if !six || !digits(origin.session) || !digits(origin.version) || !connection(raw, origin.address) {
        faults.add("origin", "the value is not a user, two numbers, and where the description was made", span);
    }
}

/// Whether the address is one of its type; of another type than IP4 and IP6 anything may be.
fn connection(raw: &[u8], connection: Connection) -> bool {
    let address = connection.address.text(raw);
    let base = address.split('/').next().unwrap_or_default();
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.contains("..")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            && name.bytes().any(|b| b.is_ascii_alphabetic())
    };
    let legal = match (connection.net.of(raw), connection.kind.of(raw)) {
        (b"IN", b"IP4") => base.parse::<Ipv4Addr>().is_ok() || is_name(base),
        (b"IN", b"IP6") => base.parse::<Ipv6Addr>().is_ok() || is_name(base),
        _ => !address.is_empty(),
    };
    legal && is_token(connection.net.of(raw)) && is_token(connection.kind.of(raw))
}

fn attribute(raw: &[u8], span: Span, faults: &mut Faults) {
    let octets = span.of(raw);
    let colon = octets.iter().position(|&b| b == b':');
    let name = octets.get(..colon.unwrap_or(octets.len())).unwrap_or_default();
    let value = Span::new(colon.map_or(span.to, |colon| span.from + colon + 1), span.to);
    if !is_token(name) {
        return faults.add("attribute", "the name of the attribute is no token", span);
    }
    let number = |value: Span| integer(value.of(raw)).is_some();
    let legal = match name {
        b"path" => return faults.extend(path_malformations(raw, value)),
        b"accept-types" | b"accept-wrapped-types" => return faults.extend(accept_types(raw, value).1),
        // Without a value it only says that its maker knows it (RFC 5547, 6).
        b"file-selector" if colon.is_none() => return,
        b"file-selector" => return faults.extend(FileSelector::parse(raw, value).malformations),
        b"setup" => [&b"active"[..], b"passive", b"actpass", b"holdconn"].contains(&value.of(raw)),
        b"connection" => [&b"new"[..], b"existing"].contains(&value.of(raw)),
        b"max-size" => number(value),
        b"file-transfer-id" | b"file-disposition" => is_token(value.of(raw)),
        b"file-range" => range(raw, value),
        b"fingerprint" => fingerprint(value.of(raw)),
        b"sendrecv" | b"sendonly" | b"recvonly" | b"inactive" => colon.is_none(),
        _ => true,
    };
    if !legal {
        faults.add("attribute-value", format!("the value of {} breaks its grammar", String::from_utf8_lossy(name)), span);
    }
}

/// `start-stop`, both from 1; the stop may be `*` (RFC 5547, 6).
fn range(raw: &[u8], value: Span) -> bool {
    let octets = value.of(raw);
    let Some(hyphen) = octets.iter().position(|&b| b == b'-') else { return false };
    let (start, stop) = (integer(&octets[..hyphen]), &octets[hyphen + 1..]);
    start.is_some_and(|start| start > 0) && (stop == b"*" || integer(stop).is_some_and(|stop| start.is_some_and(|start| start <= stop)))
}

/// `hash-func SP 2UHEX *(":" 2UHEX)` (RFC 4572, 5).
fn fingerprint(value: &[u8]) -> bool {
    let Some(blank) = value.iter().position(|&b| b == b' ') else { return false };
    let pair = |pair: &[u8]| pair.len() == 2 && pair.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b));
    is_token(&value[..blank]) && value[blank + 1..].split(|&b| b == b':').all(pair)
}

fn one_direction(raw: &[u8], lines: &[Line], faults: &mut Faults) {
    let is = |line: &&Line| line.kind == b'a' && Direction::ALL.iter().any(|d| line.value.of(raw) == d.name().as_bytes());
    if let Some(second) = lines.iter().filter(is).nth(1) {
        faults.add("two-directions", "one level says twice who sends", second.line);
    }
}

/// What a media section of MSRP has to have (RFC 4975, 8.1, 8.2 and 8.6).
fn msrp(raw: &[u8], sdp: &Sdp, number: usize, media: &Media, faults: &mut Faults) {
    if media.kind.of(raw) != b"message" {
        faults.add("msrp-media", "the medium of MSRP is message", media.kind);
    }
    if media.formats.len() != 1 || !media.formats.iter().all(|f| f.of(raw) == b"*") {
        faults.add("msrp-format", "the format of MSRP is *", media.span);
    }
    for (code, name) in [("no-path", "path"), ("no-accept-types", "accept-types")] {
        if sdp.effective(raw, number, name).is_none() {
            faults.add(code, format!("the media section has no {name}"), media.span);
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
    const MSRP: &str = "m=message 7654 TCP/MSRP *\r\na=accept-types:message/cpim\r\na=path:msrp://192.0.2.1:7654/x;tcp\r\n";

    fn codes(text: &str) -> Vec<String> {
        let raw = text.as_bytes();
        malformations(raw, &Sdp::parse(raw, Span::all(raw))).into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn legal_values_are_no_malformations() {
        let more = "a=setup:actpass\r\na=connection:new\r\na=sendonly\r\na=file-selector:size:5\r\na=file-transfer-id:a\r\na=file-range:1-*\r\n\
            a=fingerprint:SHA-1 4A:AD\r\na=max-size:9\r\na=X\r\nm=audio 0 RTP/AVP 0\r\n";
        assert_eq!(codes(&format!("{HEAD}{MSRP}{more}")), [] as [&str; 0]);
        assert_eq!(codes(&HEAD.replace("IP4 192.0.2.1\r\ns", "IP6 host.example.com\r\ns")), [] as [&str; 0]);
    }

    #[test]
    fn illegal_values_are_named() {
        for (text, expected) in [
            (HEAD.replace("o=- 1 1", "o=- 1 x"), vec!["origin"]),
            (HEAD.replace("o=- 1 1", "o=- 1"), vec!["origin"]),
            (HEAD.replace("o=- 1 1 IN IP4 192.0.2.1", "o="), vec!["origin"]),
            (HEAD.replace("c=IN IP4 192.0.2.1", "c=IN IP6 192.0.2.1"), vec!["connection"]),
            (HEAD.replace("t=0 0", "t=0"), vec!["time"]),
            (HEAD.replace("s=-", "s="), vec!["empty-value"]),
            (format!("{HEAD}a=\r\na= x\r\n"), vec!["attribute", "attribute"]),
            (format!("{HEAD}a=setup:both\r\na=max-size:x\r\na=file-range:0-3\r\n"), vec!["attribute-value"; 3]),
            (format!("{HEAD}a=fingerprint:SHA-1\r\na=fingerprint:SHA-1 4a:ad\r\na=sendonly:x\r\n"), vec!["attribute-value"; 3]),
            (format!("{HEAD}a=sendonly\r\na=recvonly\r\n"), vec!["two-directions"]),
            (format!("{HEAD}m=message 7654 TCP/MSRP *\r\n"), vec!["no-path", "no-accept-types"]),
            (format!("{HEAD}{}", MSRP.replace("MSRP *", "MSRP 0")), vec!["msrp-format"]),
            (format!("{HEAD}{}", MSRP.replace("message ", "text ")), vec!["msrp-media"]),
            (format!("{HEAD}{}", MSRP.replace("7654 ", "70000 ")), vec!["port"]),
            (format!("{HEAD}{}", MSRP.replace("m=message 7654 TCP/MSRP *", "m=message 7654")), vec!["media"]),
            (format!("{HEAD}{}", MSRP).replace("c=IN IP4 192.0.2.1\r\n", ""), vec!["no-connection"]),
        ] {
            assert_eq!(codes(&text), expected, "{text}");
        }
    }
}
