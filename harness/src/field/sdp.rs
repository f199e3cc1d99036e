//! Fields of a session description: lines and attributes of the first media section, else of the session (CMP-SDPATTR).

use super::{Found, Subject, subject::part_of};
use crate::wire::{
    Span,
    sdp::{Line, Sdp, attributes},
};

/// Where the session description of a message stands: its body, or the first such part of a multipart.
#[must_use]
pub fn sdp_part<'a>(message: impl Into<Subject<'a>>) -> Option<Span> {
    part_of(message.into(), "application/sdp")
}

/// The attributes that say which way media flow.
const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];

/// All occurrences of a field at the level that counts; `param` is a selector of `file-selector`.
pub(super) fn read(subject: Subject<'_>, name: &str, param: Option<&str>) -> Vec<Found> {
    let Some(part) = sdp_part(subject) else { return Vec::new() };
    let raw = subject.raw();
    if name == "streams" {
        return streams(raw, &Sdp::parse(raw, part)).into_iter().collect();
    }
    let spans = spans(raw, &Sdp::parse(raw, part), name);
    let found = |span: Span| Found { span, text: span.text(raw).into_owned() };
    match param {
        None => spans.into_iter().map(found).collect(),
        Some(param) => spans.into_iter().flat_map(|span| selectors(raw, span, param)).map(found).collect(),
    }
}

/// Ranges of the values of `name`.
pub(crate) fn spans(raw: &[u8], sdp: &Sdp, name: &str) -> Vec<Span> {
    let (section, session) = (sdp.section(0), sdp.session());
    let of_kind = |lines: &[Line], kind: u8| lines.iter().filter(|line| line.kind == kind).map(|line| line.value).collect::<Vec<_>>();
    let or = |found: Vec<Span>, else_found: &dyn Fn() -> Vec<Span>| if found.is_empty() { else_found() } else { found };
    match name {
        "media" => of_kind(&sdp.lines, b'm'),
        "port" => word(raw, section, 1),
        "proto" => word(raw, section, 2),
        "origin" => of_kind(session, b'o'),
        "address" => or(of_kind(section, b'c'), &|| of_kind(session, b'c')),
        "direction" => or(directions(raw, section), &|| directions(raw, session)),
        _ => or(attributes(raw, section, name).collect(), &|| attributes(raw, session, name).collect()),
    }
}

/// Attributes that describe where media go and how a connection comes about, which is the business of one leg.
const OF_THE_WAY: [&str; 10] =
    ["path", "setup", "connection", "fingerprint", "msrp-cema", "rtcp", "candidate", "ice-ufrag", "ice-pwd", "tls-id"];

/// All media sections in one text, but for addresses, ports and what else belongs to one leg (CMP-SDPMASK): media, protocol and
/// formats, or that it is refused; direction; attributes in the order of their names, types without case.
fn streams(raw: &[u8], sdp: &Sdp) -> Option<Found> {
    let section = |number: usize| {
        let media = sdp.media_line(raw, number)?;
        let formats: Vec<_> = media.formats.iter().map(|format| format.text(raw)).collect();
        let line = format!("{} {} {}", media.kind.text(raw), media.proto.text(raw), formats.join(" "));
        if media.port == Some(0) {
            return Some(format!("{line}, refused"));
        }
        let attribute = |line: &Line| {
            let text = line.value.text(raw).into_owned();
            let (name, value) = text.split_once(':').unwrap_or((&text, ""));
            let way = line.kind != b'a' || OF_THE_WAY.contains(&name) || DIRECTIONS.contains(&name);
            let mut types: Vec<_> = value.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
            types.sort();
            (!way).then(|| if name.ends_with("-types") { format!("{name}:{}", types.join(" ")) } else { text.clone() })
        };
        let mut attributes: Vec<String> = sdp.section(number).iter().filter_map(attribute).collect();
        attributes.sort();
        let all = [line, sdp.direction(raw, number).0.name().to_owned()].into_iter().chain(attributes);
        Some(all.collect::<Vec<_>>().join(", "))
    };
    let sections: Vec<String> = (0..sdp.media.len()).filter_map(section).collect();
    let (first, last) = (sdp.section(0).first()?, sdp.lines.last()?);
    Some(Found { span: Span::new(first.line.from, last.value.to), text: sections.join("; ") })
}

fn directions(raw: &[u8], lines: &[Line]) -> Vec<Span> {
    let is = |line: &&Line| line.kind == b'a' && DIRECTIONS.iter().any(|d| line.value.of(raw) == d.as_bytes());
    lines.iter().filter(is).map(|line| line.value).collect()
}

/// The n-th word of the m= line.
fn word(raw: &[u8], section: &[Line], number: usize) -> Vec<Span> {
    let Some(line) = section.first() else { return Vec::new() };
    let mut at = line.value.from;
    let mut words = line.value.of(raw).split(|&b| b == b' ').map(|word| {
        let span = Span::new(at, at + word.len());
        at = span.to + 1;
        span
    });
    words.nth(number).into_iter().collect()
}

/// Values of one selector of a file-selector: `size` of `name:"a b.txt" size:5000` (RFC 5547, 6); quotes are left out.
fn selectors(raw: &[u8], value: Span, name: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = value.from;
    while at < value.to {
        let mut quoted = false;
        let end = (at..value.to).find(|&i| match raw.get(i) {
            Some(b'"') => {
                quoted = !quoted;
                false
            }
            Some(b' ') => !quoted,
            _ => false,
        });
        let selector = Span::new(at, end.unwrap_or(value.to));
        let own = selector.of(raw).strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
        if let Some(own) = own {
            let from = selector.to - own.len();
            let quoted = own.len() >= 2 && own.starts_with(b"\"") && own.ends_with(b"\"");
            found.push(if quoted { Span::new(from + 1, selector.to - 1) } else { Span::new(from, selector.to) });
        }
        at = selector.to + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use crate::{field::Field, wire::sip::Message};

    const SDP: &str = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=setup:active\r\na=sendrecv\r\n\
                       m=message 2855 TCP/MSRP *\r\na=sendonly\r\na=connection:new\r\na=path:msrp://a:1/b;tcp\r\na=file-selector:name:\"a b\" size:5000\r\n\
                       m=audio 0 RTP/AVP 0\r\na=x\r\n";

    fn read(kind: &str, body: &str, name: &str) -> Vec<String> {
        let text = format!("INVITE sip:a SIP/2.0\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let message = Message::parse(Bytes::from(text));
        let found = name.parse::<Field>().unwrap().read(&message);
        for found in &found {
            assert_eq!(found.span.text(&message.raw), found.text);
        }
        found.into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn attributes_are_those_of_the_first_media_section_else_of_the_session() {
        let pairs: [(&str, &[&str]); 13] = [
            ("SDP direction", &["sendonly"]),
            ("SDP setup", &["active"]),
            ("SDP path", &["msrp://a:1/b;tcp"]),
            ("SDP media", &["message 2855 TCP/MSRP *", "audio 0 RTP/AVP 0"]),
            ("SDP port", &["2855"]),
            ("SDP proto", &["TCP/MSRP"]),
            ("SDP address", &["IN IP4 192.0.2.1"]),
            ("SDP connection", &["new"]),
            ("SDP origin", &["- 1 2 IN IP4 192.0.2.1"]),
            ("SDP file-selector;size", &["5000"]),
            ("SDP file-selector;name", &["a b"]),
            ("SDP x", &[]),
            ("SDP accept-types", &[]),
        ];
        for (name, expected) in pairs {
            assert_eq!(read("application/sdp", SDP, name), expected, "{name}");
        }
    }

    #[test]
    fn streams_are_all_sections_without_what_belongs_to_one_leg() {
        let streams = |body: &str| {
            let text = format!("INVITE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let message = Message::parse(Bytes::from(text));
            let found = "SDP streams".parse::<Field>().unwrap().read(&message);
            assert_eq!(found.len(), 1);
            assert!(found[0].span.text(&message.raw).starts_with("m=message"));
            found[0].text.clone()
        };
        let one = streams(SDP);
        assert_eq!(one, "message TCP/MSRP *, sendonly, file-selector:name:\"a b\" size:5000; audio RTP/AVP 0, refused");
        let elsewhere =
            SDP.replace("192.0.2.1", "192.0.2.9").replace("2855", "9").replace("msrp://a:1/b", "msrp://c:1/d").replace("active", "passive");
        assert_eq!(streams(&elsewhere), one);
        assert_eq!(
            streams(&SDP.replace("a=sendonly", "a=accept-types:text/* Message/CPIM\r\na=sendonly")),
            one.replace("file", "accept-types:message/cpim text/*, file")
        );
        for other in [SDP.replace("a=sendonly", "a=inactive"), SDP.replace("audio 0 ", "audio 9 "), SDP.replace("TCP/MSRP", "TCP/TLS/MSRP")]
        {
            assert_ne!(streams(&other), one);
        }
        assert!("SDP streams".parse::<Field>().unwrap().read(&Message::parse(Bytes::from_static(b"BYE sip:a SIP/2.0\r\n\r\n"))).is_empty());
    }

    #[test]
    fn a_part_of_a_multipart_is_a_description_too() {
        let body = format!("--x\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--x--\r\n");
        assert_eq!(read("multipart/mixed;boundary=x", &body, "SDP port"), ["2855"]);
        assert_eq!(read("text/plain", SDP, "SDP port"), [""; 0]);
    }
}
