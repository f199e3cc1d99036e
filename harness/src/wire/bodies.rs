//! All bodies of a SIP message, whatever they are wrapped in: multipart, CPIM, both in one another.

use super::{
    block::Field,
    cpim::Cpim,
    imdn::Imdn,
    lists::List,
    mime::{ContentType, Multipart},
    sdp::Sdp,
    sip::{Message, long_name},
    span::{Faults, Malformation, Span},
};

/// One body; its ranges are absolute in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Its media type in lower case, `type/subtype`; `text/plain` where none is named (RFC 2045, 5.2).
    pub kind: String,
    /// Its media type as it stands.
    pub content_type: Option<ContentType>,
    /// The header fields that describe it; for the body of the message itself those of the message.
    pub header: Vec<Field>,
    /// Its octets, still in their transfer encoding.
    pub span: Span,
    /// How many bodies it is wrapped in; 0 for the body of the message.
    pub depth: usize,
}

impl Body {
    /// The value of the first header field of this name, without case, a compact form being its long form.
    #[must_use]
    pub fn header(&self, raw: &[u8], name: &str) -> Option<Span> {
        let is = |h: &&Field| long_name(&h.name.text(raw)).eq_ignore_ascii_case(name);
        self.header.iter().find(is).map(|h| h.value)
    }

    /// Whether a transfer encoding or a content encoding, for instance `deflate`, hides its octets.
    #[must_use]
    pub fn is_encoded(&self, raw: &[u8]) -> bool {
        let names = |field: &str, plain: &[&str]| {
            self.header(raw, field).is_some_and(|v| !plain.iter().any(|p| v.of(raw).eq_ignore_ascii_case(p.as_bytes())))
        };
        names("Content-Transfer-Encoding", &["7bit", "8bit", "binary", ""]) || names("Content-Encoding", &["identity", ""])
    }
}

/// Wrappings that are opened.
const DEEPEST: usize = 8;
/// Bodies that are listed.
const MOST: usize = 1000;

/// The bodies of a message, a wrapping before what it wraps, and what breaks the grammar of those that the suite can read.
///
/// A message without octets behind its header has none.
#[must_use]
pub fn bodies(message: &Message) -> (Vec<Body>, Vec<Malformation>) {
    if message.body.is_empty() {
        return (Vec::new(), Vec::new());
    }
    bodies_of(&message.raw, message.content_type(), message.fields.clone(), message.body)
}

/// The same of a body with its header, whatever it came in.
#[must_use]
pub fn bodies_of(raw: &[u8], content_type: Option<ContentType>, header: Vec<Field>, span: Span) -> (Vec<Body>, Vec<Malformation>) {
    let mut faults = Faults::default();
    let mut found: Vec<Body> = Vec::new();
    let mut open = vec![body(raw, content_type, header, span, 0)];
    while let Some(next) = open.pop() {
        if found.len() >= MOST {
            faults.add("too-many-bodies", format!("only {MOST} bodies are read"), next.span);
            break;
        }
        if !next.is_encoded(raw) {
            let mut inside = unwrap(raw, &next, &mut faults);
            if next.depth >= DEEPEST && !inside.is_empty() {
                faults.add("too-deep", format!("only {DEEPEST} wrappings are opened"), next.span);
                inside.clear();
            }
            open.extend(inside.into_iter().rev());
        }
        found.push(next);
    }
    (found, faults.into_vec())
}

fn body(raw: &[u8], content_type: Option<ContentType>, header: Vec<Field>, span: Span, depth: usize) -> Body {
    let kind = content_type.as_ref().map_or("text/plain".into(), |c| c.kind.text(raw).to_ascii_lowercase());
    Body { kind, content_type, header, span, depth }
}

/// What a body wraps; its malformations on the way.
fn unwrap(raw: &[u8], outer: &Body, faults: &mut Faults) -> Vec<Body> {
    let depth = outer.depth + 1;
    match &*outer.kind {
        "message/cpim" => {
            let cpim = Cpim::parse(raw, outer.span);
            let content_type = cpim.content_type(raw);
            faults.extend(cpim.malformations);
            vec![body(raw, content_type, cpim.mime, cpim.content, depth)]
        }
        kind if kind.starts_with("multipart/") => {
            let boundary = outer.content_type.as_ref().and_then(|c| c.boundary(raw)).unwrap_or_default();
            let multipart = Multipart::parse(raw, outer.span, &boundary);
            faults.extend(multipart.malformations);
            let parts = multipart.parts.into_iter();
            parts.map(|part| body(raw, part.content_type(raw), part.headers, part.body, depth)).collect()
        }
        "application/sdp" => leaf(Sdp::parse(raw, outer.span).malformations, faults),
        "application/resource-lists+xml" => leaf(List::parse(raw, outer.span).malformations, faults),
        "message/imdn+xml" => leaf(Imdn::parse(raw, outer.span).malformations, faults),
        _ => Vec::new(),
    }
}

fn leaf(malformations: Vec<Malformation>, faults: &mut Faults) -> Vec<Body> {
    faults.extend(malformations);
    Vec::new()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use super::*;

    fn read(header: &str, body: &str) -> (Message, Vec<Body>, Vec<String>) {
        let message = Message::parse(Bytes::from(format!("MESSAGE sip:a SIP/2.0\r\n{header}\r\n{body}")));
        let (found, malformations) = bodies(&message);
        (message, found, malformations.into_iter().map(|m| m.code).collect())
    }

    #[test]
    fn bodies_are_found_in_their_wrappings_and_in_order() {
        let (message, found, codes) = read(
            "c: Multipart/Mixed;boundary=b\r\n",
            "--b\r\nContent-Type: application/sdp\r\n\r\nv=1\r\n--b\r\nContent-Type: message/cpim\r\n\r\nFrom: <sip:a@b>\r\n\r\n\
             Content-Type: Text/HTML\r\n\r\nHi\r\n--b\r\n\r\nplain\r\n--b--",
        );
        let seen: Vec<_> = found.iter().map(|b| (b.depth, b.kind.as_str())).collect();
        assert_eq!(seen, [(0, "multipart/mixed"), (1, "application/sdp"), (1, "message/cpim"), (2, "text/html"), (1, "text/plain")]);
        assert_eq!(found[3].span.of(&message.raw), b"Hi");
        assert_eq!(codes, ["version", "missing-line", "missing-line", "missing-line"]);
    }

    #[test]
    fn an_encoded_body_stays_closed() {
        let (_, found, codes) = read("c: message/cpim\r\nContent-Transfer-Encoding: base64\r\n", "SGk=");
        assert_eq!((found.len(), codes.len()), (1, 0));
        let (_, found, codes) = read("c: message/cpim\r\ne: deflate\r\n", "x");
        assert_eq!((found.len(), codes.len()), (1, 0));
        assert_eq!(read("", "").1, []);
    }

    #[test]
    fn wrappings_end_somewhere() {
        let deep = "--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n".repeat(5);
        let cpim = "\r\nContent-Type: message/cpim\r\n\r\n".repeat(50);
        let (_, found, codes) = read("c: message/cpim\r\n", &cpim);
        assert_eq!(found.len(), DEEPEST + 1);
        assert_eq!(codes, ["too-deep"]);
        assert!(!read("c: multipart/mixed;boundary=b\r\n", &deep).2.is_empty());
    }
}
