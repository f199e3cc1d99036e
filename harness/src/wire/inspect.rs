//! How the harness understands one message: kind, start, header fields with their ranges, malformations.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    block::{Field, line_at},
    bodies::bodies,
    cpim::Cpim,
    msrp::Msrp,
    sdp::Sdp,
    sip::{Message, Start},
    span::{Malformation, Span},
    values,
};

/// What `inspect` says about a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Inspection {
    /// What it is taken for.
    pub protocol: Protocol,
    /// Parts of the start line by name; empty for SDP and CPIM, which have none.
    pub start: BTreeMap<String, String>,
    /// The header fields in their order; of SDP the lines, of CPIM those of the MIME part too.
    pub headers: Vec<Header>,
    /// The body; of CPIM the content.
    pub body: Span,
    /// What breaks the grammar, in order of its place; that of bodies within too.
    pub malformations: Vec<Malformation>,
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
    let mut inspection = match guess(&raw) {
        Protocol::Sip => sip(raw),
        Protocol::Msrp => msrp(&raw),
        Protocol::Sdp => sdp(&raw),
        Protocol::Cpim => cpim(&raw),
    };
    inspection.malformations.sort_by_key(|m| (m.span, m.code.clone()));
    inspection
}

/// By the first line that is not empty.
fn guess(raw: &[u8]) -> Protocol {
    let lead = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let line = line_at(raw, lead, raw.len()).text.of(raw);
    if line.starts_with(b"MSRP ") {
        Protocol::Msrp
    } else if line.starts_with(b"v=") {
        Protocol::Sdp
    } else if line.starts_with(b"SIP/") || line.windows(5).any(|w| w == b" SIP/") {
        Protocol::Sip
    } else {
        let name = line.iter().position(|&b| b == b':').and_then(|colon| line.get(..colon)).unwrap_or_default();
        let known: [&[u8]; 7] = [b"From", b"To", b"cc", b"DateTime", b"Subject", b"NS", b"Require"];
        let is_cpim = known.contains(&name.trim_ascii()) || name.contains(&b'.') && !name.contains(&b' ');
        if is_cpim { Protocol::Cpim } else { Protocol::Sip }
    }
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
    malformations.extend(bodies(&message).1);
    Inspection {
        protocol: Protocol::Sip,
        start: named(start),
        headers: headers(&message.raw, &message.fields),
        body: message.body,
        malformations,
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
    Inspection {
        protocol: Protocol::Msrp,
        start: named(start),
        headers: headers(raw, &msrp.fields),
        body,
        malformations: msrp.malformations,
    }
}

fn sdp(raw: &[u8]) -> Inspection {
    let sdp = Sdp::parse(raw, Span::all(raw));
    let header = |line: &super::sdp::Line| {
        let name = if line.kind == 0 { String::new() } else { char::from(line.kind).to_string() };
        Header { name, value: line.value.text(raw).into_owned(), span: Span::new(line.line.from, line.value.to) }
    };
    Inspection {
        protocol: Protocol::Sdp,
        start: BTreeMap::new(),
        headers: sdp.lines.iter().map(header).collect(),
        body: Span::new(raw.len(), raw.len()),
        malformations: sdp.malformations,
    }
}

fn cpim(raw: &[u8]) -> Inspection {
    let cpim = Cpim::parse(raw, Span::all(raw));
    let mut all = headers(raw, &cpim.headers);
    all.extend(headers(raw, &cpim.mime));
    Inspection { protocol: Protocol::Cpim, start: BTreeMap::new(), headers: all, body: cpim.content, malformations: cpim.malformations }
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
            ("", Protocol::Sip),
        ] {
            assert_eq!(inspect(Bytes::from(text)).protocol, expected, "{text}");
        }
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
                "malformations": [
                    {"code": "octets-behind-body", "message": "octets behind the body: 1", "from": 48, "to": 49},
                ],
            })
        );
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
