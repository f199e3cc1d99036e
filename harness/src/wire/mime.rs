//! Media types, multipart bodies and transfer encodings (RFC 2045, RFC 2046).

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    block::{self, LineEnd, Style, line_at},
    params::{Param, Parametered, named},
    span::{Faults, Malformation, Span},
};

pub use super::block::Field as Header;

/// A media type with its parameters (RFC 2045, 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    /// `type/subtype` as spelled.
    pub kind: Span,
    /// The parameters.
    pub params: Vec<Param>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl ContentType {
    /// Reads the value of a Content-Type.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let Parametered { head, params, malformations } = Parametered::parse(raw, within);
        let mut faults = Faults::default();
        let mut halves = head.of(raw).split(|&b| b == b'/').map(|half| block::is_token(half.trim_ascii()));
        if (halves.next(), halves.next(), halves.next()) != (Some(true), Some(true), None) {
            faults.add("media-type", "the media type is not a type and a subtype", head);
        }
        faults.extend(malformations);
        // A parameter of SIP may have an address as value, a parameter of MIME may not (RFC 2045, 5.1, `tspecials`).
        let address = |value: &[u8]| value.iter().all(|&b| block::is_token(&[b]) || b"[]:".contains(&b)) && !block::is_token(value);
        for value in params.iter().filter(|param| !param.quoted).filter_map(|param| param.value) {
            if !value.is_empty() && address(value.of(raw)) {
                faults.add("unquoted-value", "the value of a parameter needs quotes", value);
            }
        }
        Self { kind: head, params, malformations: faults.into_vec() }
    }

    /// Whether type and subtype are `kind`, without case.
    #[must_use]
    pub fn is(&self, raw: &[u8], kind: &str) -> bool {
        self.kind.of(raw).eq_ignore_ascii_case(kind.as_bytes())
    }

    /// Whether the type, in front of the slash, is `kind`, without case.
    #[must_use]
    pub fn is_type(&self, raw: &[u8], kind: &str) -> bool {
        let octets = self.kind.of(raw);
        octets.get(kind.len()) == Some(&b'/') && octets.get(..kind.len()).is_some_and(|t| t.eq_ignore_ascii_case(kind.as_bytes()))
    }

    /// The first parameter of this name, without case.
    #[must_use]
    pub fn param(&self, raw: &[u8], name: &str) -> Option<&Param> {
        named(&self.params, raw, name)
    }

    /// The boundary of a multipart type.
    #[must_use]
    pub fn boundary<'a>(&self, raw: &'a [u8]) -> Option<Cow<'a, str>> {
        Some(self.param(raw, "boundary")?.value?.text(raw))
    }
}

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Header and body, between the delimiter lines.
    pub span: Span,
    /// The header fields; there may be none.
    pub headers: Vec<Header>,
    /// The body, without the line end that belongs to the delimiter behind it.
    pub body: Span,
}

impl Part {
    /// The value of the first header field of this name, without case.
    #[must_use]
    pub fn header(&self, raw: &[u8], name: &str) -> Option<Span> {
        self.headers.iter().find(|h| h.name.of(raw).eq_ignore_ascii_case(name.as_bytes())).map(|h| h.value)
    }

    /// The media type; `None` where the part names none, which means text/plain (RFC 2046, 5.1).
    #[must_use]
    pub fn content_type(&self, raw: &[u8]) -> Option<ContentType> {
        Some(ContentType::parse(raw, self.header(raw, "Content-Type")?))
    }
}

/// A multipart body, taken apart at its delimiter lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multipart {
    /// What stands before the first delimiter line; no part of the content.
    pub preamble: Span,
    /// The parts in their order.
    pub parts: Vec<Part>,
    /// What stands behind the closing delimiter line.
    pub epilogue: Span,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl Multipart {
    /// Parts that are read; what follows belongs to the last one.
    const MOST: usize = 1000;

    /// Reads a body whose Content-Type names this boundary, without its leading hyphens.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span, boundary: &str) -> Self {
        let mut faults = Faults::default();
        let within = Span::new(within.from, within.to.min(raw.len()));
        let mut this = Self { preamble: within, epilogue: Span::new(within.to, within.to), ..Self::default() };
        if boundary.is_empty() || boundary.len() > 70 {
            faults.add("no-boundary", "a boundary has 1 to 70 characters", within);
        } else {
            let delimiters = delimiters(raw, within, boundary.as_bytes(), &mut faults);
            this.cut(raw, within, &delimiters, &mut faults);
        }
        this.malformations = faults.into_vec();
        this
    }

    fn cut(&mut self, raw: &[u8], within: Span, delimiters: &[Delimiter], faults: &mut Faults) {
        let Some(first) = delimiters.first() else {
            faults.add("no-boundary", "the boundary occurs nowhere in the body", within);
            return;
        };
        self.preamble = Span::new(within.from, first.span.from.max(within.from));
        for (i, delimiter) in delimiters.iter().enumerate() {
            if delimiter.closes {
                self.epilogue = Span::new(delimiter.span.to, within.to);
                break;
            }
            let end = delimiters.get(i + 1).map_or(within.to, |next| next.span.from);
            self.parts.push(part(raw, Span::new(delimiter.span.to, end), faults));
        }
        if self.parts.is_empty() {
            faults.add("no-part", "the body has no part", within);
        }
        if !delimiters.iter().any(|d| d.closes) {
            faults.add("no-closing-delimiter", "no delimiter line with two hyphens behind the boundary ends the body", within);
        }
    }
}

/// A delimiter line, with the line ends before and behind it.
struct Delimiter {
    span: Span,
    closes: bool,
}

/// Delimiter lines up to the closing one (RFC 2046, 5.1.1).
fn delimiters(raw: &[u8], within: Span, boundary: &[u8], faults: &mut Faults) -> Vec<Delimiter> {
    let mut found = Vec::new();
    let mut before = Span::new(within.from, within.from);
    let mut at = within.from;
    while at < within.to {
        let line = line_at(raw, at, within.to);
        at = line.whole.to;
        let end = Span::new(line.text.to, line.whole.to);
        if let Some(behind) = line.text.of(raw).strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary)) {
            let (closes, padding) = behind.strip_prefix(b"--").map_or((false, behind), |p| (true, p));
            if padding.iter().all(|b| b" \t".contains(b)) {
                if line.end == LineEnd::Lf || before.of(raw) == b"\n" {
                    faults.add("bare-lf", "LF alone stands before or behind a delimiter line", line.whole);
                }
                if !closes && found.len() >= Multipart::MOST {
                    faults.add("too-many-parts", format!("only {} parts are read", Multipart::MOST), line.whole);
                    break;
                }
                // Delimiter lines may share the line end between them, if a part is empty.
                let from = found.last().map_or(before.from, |last: &Delimiter| before.from.max(last.span.to));
                found.push(Delimiter { span: Span::new(from, line.whole.to), closes });
                if closes {
                    break;
                }
            }
        }
        before = end;
    }
    found
}

fn part(raw: &[u8], span: Span, faults: &mut Faults) -> Part {
    let block = block::read(raw, span, Style::Mime, faults);
    if block.blank.is_empty() && !span.is_empty() {
        faults.add("no-blank-line", "no empty line ends the header of a part", span);
    }
    Part { span, headers: block.fields, body: Span::new(block.blank.to, span.to) }
}

/// Undoes a Content-Transfer-Encoding (RFC 2045, 6); its name is read without case, `None` is 7bit.
///
/// # Errors
/// A sentence fragment that names the unknown encoding, or what the encoding forbids.
pub fn undo_transfer_encoding<'a>(encoding: Option<&str>, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
    match encoding.unwrap_or("7bit").trim().to_ascii_lowercase().as_str() {
        "7bit" | "8bit" | "binary" => Ok(Cow::Borrowed(bytes)),
        "base64" => {
            let text: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            STANDARD.decode(text).map(Cow::Owned).map_err(|error| format!("base64: {error}"))
        }
        "quoted-printable" => quoted_printable(bytes).map(Cow::Owned),
        other => Err(format!("unknown transfer encoding {other:?}")),
    }
}

fn quoted_printable(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut octets = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&b, behind)) = rest.split_first() {
        rest = behind;
        if b != b'=' {
            octets.push(b);
            continue;
        }
        let line = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        if rest.iter().take(line).all(u8::is_ascii_whitespace) {
            rest = rest.get(line + 1..).unwrap_or_default();
            continue;
        }
        let digits = rest.get(..2).and_then(|d| hex::decode(d).ok()).and_then(|d| d.first().copied());
        octets.push(digits.ok_or("quoted-printable: an equal sign without two hexadecimal digits")?);
        rest = rest.get(2..).unwrap_or_default();
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(multipart: &Multipart) -> Vec<&str> {
        multipart.malformations.iter().map(|m| m.code.as_str()).collect()
    }

    #[test]
    fn parts_keep_their_ranges() {
        let raw = b"xxpre\r\n--b\r\nContent-Type: text/plain\r\n\r\none\r\n--b  \r\n\r\n\r\n--b--\r\nepi";
        let multipart = Multipart::parse(raw, Span::new(2, raw.len()), "b");
        assert_eq!(multipart.preamble.of(raw), b"pre");
        assert_eq!(multipart.epilogue.of(raw), b"epi");
        assert_eq!(multipart.parts.iter().map(|p| p.body.of(raw)).collect::<Vec<_>>(), [&b"one"[..], b""]);
        assert!(multipart.parts[0].content_type(raw).unwrap().is(raw, "TEXT/plain"));
        assert_eq!(multipart.malformations, []);
    }

    #[test]
    fn a_boundary_is_matched_exactly_and_at_line_begin() {
        let raw = b"--b\r\n\r\n--B\r\n --b\r\n--bb\r\nx--b\r\n--b--";
        let multipart = Multipart::parse(raw, Span::all(raw), "b");
        assert_eq!(multipart.parts.len(), 1);
        assert_eq!(multipart.parts[0].body.of(raw), b"--B\r\n --b\r\n--bb\r\nx--b");
    }

    #[test]
    fn what_breaks_a_multipart_is_named() {
        for (raw, boundary, expected) in [
            ("--b\r\n\r\nx\r\n", "b", vec!["no-closing-delimiter"]),
            ("--b--\r\n", "b", vec!["no-part"]),
            ("--c\r\n\r\nx\r\n--c--", "b", vec!["no-boundary"]),
            ("--c\r\n\r\nx\r\n--c--", "", vec!["no-boundary"]),
            ("--b\r\nA: x\r\n--b--", "b", vec!["no-blank-line"]),
            ("--b\r\n\r\nx\n--b--", "b", vec!["bare-lf"]),
            ("", "b", vec!["no-boundary"]),
        ] {
            let multipart = Multipart::parse(raw.as_bytes(), Span::all(raw.as_bytes()), boundary);
            assert_eq!(codes(&multipart), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_media_type_is_compared_without_case() {
        let raw = br#"Multipart/Mixed ; Boundary="b 7""#;
        let kind = ContentType::parse(raw, Span::all(raw));
        assert!(kind.is(raw, "multipart/mixed") && kind.is_type(raw, "multipart") && !kind.is_type(raw, "multi"));
        assert_eq!(kind.boundary(raw).unwrap(), "b 7");
        assert_eq!(kind.malformations, []);
    }

    #[test]
    fn transfer_encodings_are_undone() {
        let undone = |encoding, bytes: &'static str| undo_transfer_encoding(encoding, bytes.as_bytes()).map(Cow::into_owned);
        assert_eq!(undone(None, "a=b"), Ok(b"a=b".to_vec()));
        assert_eq!(undone(Some("BASE64"), "SGVs\r\nbG8="), Ok(b"Hello".to_vec()));
        assert_eq!(undone(Some("quoted-printable"), "=48=e4 =\r\nx="), Ok(b"H\xe4 x".to_vec()));
        assert!(undone(Some("quoted-printable"), "=4").is_err());
        assert!(undone(Some("base64"), "!").is_err());
        assert!(undone(Some("x-other"), "").is_err());
    }
}
