//! How the harness understands one message: kind, start, header fields with their ranges, bodies, malformations.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    block::{self, Field, Style, line_at},
    bodies::{Body, bodies, bodies_of},
    cpim::Cpim,
    imdn::Imdn,
    lists::List,
    mime::{ContentType, Multipart},
    msrp::{Msrp, range::ByteRange},
    sdp::{self, Sdp},
    sip::{Message, Start},
    span::{Faults, Malformation, Span},
    values,
};

/// What `inspect` says about a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Inspection {
    /// What it is taken for.
    pub protocol: Protocol,
    /// Parts of the start line by name; of what has none what stands out: of a notification its elements, of a multipart its
    /// boundary, of a list how many entries it has.
    pub start: BTreeMap<String, String>,
    /// The header fields in their order; of SDP the lines, of CPIM those of the MIME part too.
    pub headers: Vec<Header>,
    /// The body; of CPIM the content.
    pub body: Span,
    /// The bodies within, a wrapping before what it wraps; none of a chunk that is not the whole message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What breaks the grammar, in order of its place; that of bodies within too.
    pub malformations: Vec<Malformation>,
    /// Ranges that cover all octets once, in order: lines, bodies, what stands between them.
    #[serde(skip)]
    pub tiles: Vec<Span>,
}

/// One body within.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Part {
    /// Its media type in lower case.
    pub kind: String,
    /// How many bodies it is wrapped in; 0 for the body of the message.
    pub depth: usize,
    /// Where its octets stand, still in their transfer encoding.
    #[serde(flatten)]
    pub span: Span,
}

/// What a message is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// RFC 3261; also what is nothing else.
    Sip,
    /// RFC 4975.
    Msrp,
    /// RFC 4566.
    Sdp,
    /// RFC 3862.
    Cpim,
    /// RFC 2045 and 2046: a body with its header, or a multipart body alone.
    Mime,
    /// RFC 5438.
    Imdn,
    /// RFC 4826.
    Lists,
}

impl Protocol {
    /// What a file name hints at by its ending, for instance `msrp`.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "sip" => Self::Sip,
            "msrp" => Self::Msrp,
            "sdp" => Self::Sdp,
            "cpim" => Self::Cpim,
            "mime" | "multipart" | "eml" => Self::Mime,
            "imdn" => Self::Imdn,
            "lists" | "rls" => Self::Lists,
            _ => return None,
        })
    }
}

/// One header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Header {
    /// Its name as spelled.
    pub name: String,
    /// Its value, unfolded; octets that are no UTF-8 are U+FFFD.
    pub value: String,
    /// Where name and value stand.
    #[serde(flatten)]
    pub span: Span,
}

/// Reads one message, and guesses first what it is.
#[must_use]
pub fn inspect(raw: Bytes) -> Inspection {
    inspect_as(raw, None)
}

/// Reads one message; `hint` says what it is where its first line does not tell.
#[must_use]
pub fn inspect_as(raw: Bytes, hint: Option<Protocol>) -> Inspection {
    let mut inspection = match guess(&raw).or(hint).unwrap_or(Protocol::Sip) {
        Protocol::Sip => sip(raw),
        Protocol::Msrp => msrp(&raw),
        Protocol::Sdp => sdp(&raw),
        Protocol::Cpim => cpim(&raw),
        Protocol::Mime => mime(&raw),
        Protocol::Imdn => imdn(&raw),
        Protocol::Lists => lists(&raw),
    };
    inspection.malformations.sort_by_key(|m| (m.span, m.code.clone()));
    inspection
}

/// By the first line that is not empty; `None` where it could be of anything.
fn guess(raw: &[u8]) -> Option<Protocol> {
    let lead = raw.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let line = line_at(raw, lead, raw.len()).text.of(raw);
    if line.starts_with(b"MSRP ") {
        return Some(Protocol::Msrp);
    }
    if line.starts_with(b"v=") {
        return Some(Protocol::Sdp);
    }
    if line.starts_with(b"SIP/") || line.windows(5).any(|w| w == b" SIP/") {
        return Some(Protocol::Sip);
    }
    if line.starts_with(b"<") {
        let within = |name: &[u8]| raw.windows(name.len()).take(4096).any(|w| w == name);
        return Some(if within(b"resource-lists") { Protocol::Lists } else { Protocol::Imdn });
    }
    if line.starts_with(b"--") {
        return Some(Protocol::Mime);
    }
    let name = line.iter().position(|&b| b == b':').and_then(|colon| line.get(..colon))?.trim_ascii();
    let known: [&[u8]; 7] = [b"From", b"To", b"cc", b"DateTime", b"Subject", b"NS", b"Require"];
    if known.contains(&name) || name.contains(&b'.') && !name.contains(&b' ') {
        return Some(Protocol::Cpim);
    }
    let is_mime = name.get(..8).is_some_and(|n| n.eq_ignore_ascii_case(b"Content-")) || name.eq_ignore_ascii_case(b"MIME-Version");
    is_mime.then_some(Protocol::Mime)
}

fn sip(raw: Bytes) -> Inspection {
    let message = Message::parse(raw);
    let text = |span: Span| message.unfolded(span).into_owned();
    let start = match message.start {
        Start::Request { method, uri, version } => vec![("method", text(method)), ("uri", text(uri)), ("version", text(version))],
        Start::Response { version, status, reason, .. } => {
            vec![("version", text(version)), ("status", text(status)), ("reason", text(reason))]
        }
        Start::Unreadable(span) => vec![("unreadable", text(span))],
    };
    let mut malformations = message.malformations.clone();
    malformations.extend(values::malformations(&message));
    let (found, of_bodies) = bodies(&message);
    malformations.extend(of_bodies);
    malformations.extend(descriptions(&message.raw, &found));
    Inspection {
        protocol: Protocol::Sip,
        start: named(start),
        headers: headers(&message.raw, &message.fields),
        body: message.body,
        parts: parts(&found),
        malformations,
        tiles: message.tiling(),
    }
}

fn msrp(raw: &[u8]) -> Inspection {
    let msrp = Msrp::parse(raw, Span::all(raw));
    let mut start = vec![("transaction", msrp.transaction.text(raw).into_owned())];
    if let Some(method) = msrp.method {
        start.push(("method", method.text(raw).into_owned()));
    }
    if let Some(status) = msrp.status {
        start.push(("status", status.to_string()));
        start.push(("comment", msrp.comment.text(raw).into_owned()));
    }
    if let Some(flag) = msrp.flag {
        start.push(("flag", char::from(flag).to_string()));
    }
    let body = msrp.body.unwrap_or(Span::new(msrp.end_line.from, msrp.end_line.from));
    let (found, of_bodies) = if is_whole(raw, &msrp) { opened(raw, &msrp.fields, body) } else { (Vec::new(), Vec::new()) };
    let mut malformations = msrp.malformations;
    // Its own Content-Type was looked at with the other header fields.
    malformations.extend(of_bodies.into_iter().filter(|m| m.span.from >= body.from));
    let lines = [msrp.start_line].into_iter().chain(msrp.fields.iter().map(|f| f.line));
    Inspection {
        protocol: Protocol::Msrp,
        start: named(start),
        headers: headers(raw, &msrp.fields),
        body,
        parts: parts(&found),
        malformations,
        tiles: tiles(raw, lines.chain([body, msrp.end_line])),
    }
}

/// Whether the body of a chunk is all of its message (RFC 4975, 7.3.1).
fn is_whole(raw: &[u8], msrp: &Msrp) -> bool {
    let begins = msrp.field(raw, "Byte-Range").is_none_or(|range| ByteRange::parse(raw, range).0.start == 1);
    begins && msrp.body.is_some() && msrp.flag == Some(b'$')
}

fn sdp(raw: &[u8]) -> Inspection {
    let sdp = Sdp::parse(raw, Span::all(raw));
    let header = |line: &sdp::Line| {
        let name = if line.kind == 0 { String::new() } else { char::from(line.kind).to_string() };
        Header { name, value: line.value.text(raw).into_owned(), span: Span::new(line.line.from, line.value.to) }
    };
    let mut malformations = sdp.malformations.clone();
    malformations.extend(sdp::values::malformations(raw, &sdp));
    Inspection {
        protocol: Protocol::Sdp,
        start: BTreeMap::new(),
        headers: sdp.lines.iter().map(header).collect(),
        body: Span::new(raw.len(), raw.len()),
        parts: Vec::new(),
        malformations,
        tiles: tiles(raw, sdp.lines.iter().map(|line| line.line)),
    }
}

fn cpim(raw: &[u8]) -> Inspection {
    let cpim = Cpim::parse(raw, Span::all(raw));
    let mut all = headers(raw, &cpim.headers);
    all.extend(headers(raw, &cpim.mime));
    let (found, of_bodies) = opened(raw, &cpim.mime, cpim.content);
    let mut malformations = cpim.malformations;
    malformations.extend(of_bodies);
    let lines = cpim.headers.iter().chain(&cpim.mime).map(|f| f.line);
    Inspection {
        protocol: Protocol::Cpim,
        start: BTreeMap::new(),
        headers: all,
        body: cpim.content,
        parts: parts(&found),
        malformations,
        tiles: tiles(raw, lines.chain([cpim.content])),
    }
}

/// A body with its header, or a multipart body alone, whose first delimiter line then tells its boundary.
fn mime(raw: &[u8]) -> Inspection {
    let all = Span::all(raw);
    let mut faults = Faults::default();
    let lead = raw.iter().take_while(|b| b.is_ascii_whitespace()).count();
    if let Some(boundary) = line_at(raw, lead, raw.len()).text.of(raw).strip_prefix(b"--") {
        let boundary = String::from_utf8_lossy(boundary.trim_ascii_end()).into_owned();
        let multipart = Multipart::parse(raw, all, &boundary);
        let mut found = Vec::new();
        faults.extend(multipart.malformations);
        for part in &multipart.parts {
            let (inside, malformations) = opened(raw, &part.headers, part.body);
            found.extend(inside);
            faults.extend(malformations);
        }
        let of_parts = multipart.parts.iter().map(|part| part.span);
        return Inspection {
            protocol: Protocol::Mime,
            start: named(vec![("boundary", boundary)]),
            headers: Vec::new(),
            body: all,
            parts: parts(&found),
            malformations: faults.into_vec(),
            tiles: tiles(raw, [multipart.preamble].into_iter().chain(of_parts).chain([multipart.epilogue])),
        };
    }
    let block = block::read(raw, all, Style::Mime, &mut faults);
    if block.blank.is_empty() {
        faults.add("no-blank-line", "no empty line ends the header", block.blank);
    }
    let body = Span::new(block.blank.to, raw.len());
    let (found, of_bodies) = opened(raw, &block.fields, body);
    faults.extend(of_bodies);
    let boundary = content_type(raw, &block.fields).and_then(|kind| kind.boundary(raw).map(std::borrow::Cow::into_owned));
    Inspection {
        protocol: Protocol::Mime,
        start: named(boundary.into_iter().map(|boundary| ("boundary", boundary)).collect()),
        headers: headers(raw, &block.fields),
        body,
        parts: parts(&found),
        malformations: faults.into_vec(),
        tiles: tiles(raw, block.fields.iter().map(|f| f.line).chain([block.blank, body])),
    }
}

fn imdn(raw: &[u8]) -> Inspection {
    let imdn = Imdn::parse(raw, Span::all(raw));
    let mut start = Vec::new();
    for (name, element) in [
        ("message-id", imdn.message_id),
        ("datetime", imdn.datetime),
        ("recipient-uri", imdn.recipient_uri),
        ("original-recipient-uri", imdn.original_recipient_uri),
    ] {
        start.extend(element.map(|(text, _)| (name, text)));
    }
    if let Some(notification) = imdn.kinds.into_iter().next() {
        start.push(("notification", notification.kind));
        start.extend(notification.status.map(|status| ("status", status)));
    }
    document(Protocol::Imdn, raw, named(start), imdn.malformations)
}

fn lists(raw: &[u8]) -> Inspection {
    let list = List::parse(raw, Span::all(raw));
    document(Protocol::Lists, raw, named(vec![("entries", list.entries.len().to_string())]), list.malformations)
}

fn document(protocol: Protocol, raw: &[u8], start: BTreeMap<String, String>, malformations: Vec<Malformation>) -> Inspection {
    let all = Span::all(raw);
    Inspection { protocol, start, headers: Vec::new(), body: all, parts: Vec::new(), malformations, tiles: vec![all] }
}

/// The first Content-Type.
fn content_type(raw: &[u8], fields: &[Field]) -> Option<ContentType> {
    let field = fields.iter().find(|field| field.name.of(raw).eq_ignore_ascii_case(b"Content-Type"));
    field.map(|field| ContentType::parse(raw, field.value))
}

/// A body and what it wraps, and what breaks their grammar.
fn opened(raw: &[u8], fields: &[Field], body: Span) -> (Vec<Body>, Vec<Malformation>) {
    let (found, mut malformations) = bodies_of(raw, content_type(raw, fields), fields.to_vec(), body);
    malformations.extend(descriptions(raw, &found));
    malformations.extend(found.iter().filter_map(|body| body.content_type.as_ref()).flat_map(|kind| kind.malformations.clone()));
    (found, malformations)
}

/// What breaks the rules in the values of session descriptions.
fn descriptions(raw: &[u8], found: &[Body]) -> Vec<Malformation> {
    let of = |body: &&Body| body.kind == "application/sdp" && !body.is_encoded(raw);
    found.iter().filter(of).flat_map(|body| sdp::values::malformations(raw, &Sdp::parse(raw, body.span))).collect()
}

fn parts(found: &[Body]) -> Vec<Part> {
    found.iter().map(|body| Part { kind: body.kind.clone(), depth: body.depth, span: body.span }).collect()
}

/// The ranges, with what stands between them, before and behind.
fn tiles(raw: &[u8], spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut tiles = Vec::new();
    let mut at = 0;
    for span in spans.chain([Span::new(raw.len(), raw.len())]) {
        if span.from > at {
            tiles.push(Span::new(at, span.from));
        }
        at = span.to;
        tiles.push(span);
    }
    tiles
}

fn named(parts: Vec<(&str, String)>) -> BTreeMap<String, String> {
    parts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn headers(raw: &[u8], fields: &[Field]) -> Vec<Header> {
    let value = |field: &Field| field.value.text(raw).lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let header = |field: &Field| Header {
        name: field.name.text(raw).into_owned(),
        value: value(field),
        span: Span::new(field.name.from, field.value.to.max(field.name.to)),
    };
    fields.iter().map(header).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_line_tells_the_protocol() {
        for (text, expected) in [
            ("\r\nINVITE sip:a SIP/2.0\r\n", Protocol::Sip),
            ("SIP/2.0 200 OK\r\n", Protocol::Sip),
            ("INVITE sip:a\r\n", Protocol::Sip),
            ("MSRP ab12 SEND\r\n", Protocol::Msrp),
            ("v=0\r\n", Protocol::Sdp),
            ("From: <sip:a@b>\r\n", Protocol::Cpim),
            ("imdn.Message-ID: 1\r\n", Protocol::Cpim),
            ("content-type: multipart/mixed;boundary=b\r\n", Protocol::Mime),
            ("--b\r\n", Protocol::Mime),
            ("<?xml version=\"1.0\"?><imdn/>", Protocol::Imdn),
            (" <resource-lists/>", Protocol::Lists),
            ("", Protocol::Sip),
        ] {
            assert_eq!(inspect(Bytes::from(text)).protocol, expected, "{text}");
        }
        assert_eq!(inspect_as(Bytes::from("X: 1\r\n\r\n"), Protocol::of_extension("CPIM")).protocol, Protocol::Cpim);
        assert_eq!(inspect_as(Bytes::from("v=0\r\n"), Some(Protocol::Msrp)).protocol, Protocol::Sdp);
    }

    #[test]
    fn an_inspection_is_json_of_a_fixed_shape() {
        let inspection = inspect(Bytes::from("MESSAGE sip:a SIP/2.0\r\nSubject: a\r\n b\r\nl: 1\r\n\r\nab"));
        assert_eq!(
            serde_json::to_value(inspection).unwrap(),
            json!({
                "protocol": "sip",
                "start": {"method": "MESSAGE", "uri": "sip:a", "version": "SIP/2.0"},
                "headers": [
                    {"name": "Subject", "value": "a b", "from": 23, "to": 37},
                    {"name": "l", "value": "1", "from": 39, "to": 43},
                ],
                "body": {"from": 47, "to": 48},
                "parts": [{"kind": "text/plain", "depth": 0, "from": 47, "to": 48}],
                "malformations": [
                    {"code": "octets-behind-body", "message": "octets behind the body: 1", "from": 48, "to": 49},
                ],
            })
        );
    }

    #[test]
    fn what_a_message_of_msrp_wraps_is_opened() {
        let inside = "From: <sip:a@b>\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn>";
        let msrp = |flag| {
            format!(
                "MSRP ab12 SEND\r\nTo-Path: msrp://a:9/x;tcp\r\nFrom-Path: msrp://b:9/y;tcp\r\nMessage-ID: a123\r\n\
                 Content-Type: message/cpim\r\n\r\n{inside}\r\n-------ab12{flag}\r\n"
            )
        };
        let seen = |flag| {
            let inspection = inspect(Bytes::from(msrp(flag)));
            let kinds: Vec<_> = inspection.parts.iter().map(|p| (p.kind.clone(), p.depth)).collect();
            (kinds, inspection.malformations.into_iter().map(|m| m.code).collect::<Vec<_>>())
        };
        let both = vec![("message/cpim".to_owned(), 0), ("message/imdn+xml".to_owned(), 1)];
        assert_eq!(seen('$'), (both, vec!["not-well-formed".to_owned()]));
        assert_eq!(seen('+'), (vec![], vec![]));
    }

    #[test]
    fn malformations_of_bodies_are_listed_too() {
        let inspection = inspect(Bytes::from(
            "MESSAGE sip:a@b SIP/2.0\r\nc: message/cpim\r\n\r\nFrom: sip:a@b\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn>",
        ));
        let codes: Vec<_> = inspection.malformations.iter().map(|m| m.code.as_str()).collect();
        assert_eq!(codes, ["uri-without-brackets", "not-well-formed"]);
    }
}
