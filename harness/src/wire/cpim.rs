//! A message/cpim body (RFC 3862): message header fields, MIME header fields, content, and the name spaces of the former.

use super::{
    block::{self, LineEnd, Style, control_characters, line_at},
    mime::{ContentType, undo_transfer_encoding},
    sip::{Length, length},
    span::{Faults, Malformation, Span},
};

pub use super::block::Field as Header;

/// The name space of header fields without prefix (RFC 3862, 3.4).
pub const CPIM: &str = "urn:ietf:params:cpim-headers:";
/// The name space of the header fields of IMDN (RFC 5438, 6).
pub const IMDN: &str = "urn:ietf:params:imdn";

/// A CPIM message; all ranges are absolute in the bytes that it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpim {
    /// The message header fields; `name` holds the prefix, `value` none of the parameters of the field.
    pub headers: Vec<Header>,
    /// The header fields of the MIME part.
    pub mime: Vec<Header>,
    /// The content, still in its transfer encoding.
    pub content: Span,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl Cpim {
    /// Reads `within` as one CPIM message.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let within = Span::new(within.from, within.to.min(raw.len()));
        let outer = block::read(raw, within, Style::Cpim, &mut faults);
        let mut this = Self { headers: outer.fields, content: Span::new(outer.blank.to, within.to), ..Self::default() };
        // Without the empty line between the two blocks, the first MIME header field tells where the second begins.
        let mixed = this.headers.iter().position(|h| is_mime(h.name.of(raw)));
        match mixed.filter(|_| outer.blank.is_empty() || !begins_with_mime(raw, this.content)) {
            Some(mixed) => {
                this.mime = this.headers.split_off(mixed);
                let at = this.mime.first().map_or(outer.blank.from, |h| h.line.from);
                faults.add("no-blank-line", "no empty line separates the MIME header fields", Span::new(at, at));
            }
            None if outer.blank.is_empty() => {
                faults.add("no-blank-line", "no empty line ends the message header fields", outer.blank);
            }
            // A sender without MIME header fields puts its content where they belong.
            None if line_at(raw, this.content.from, within.to).text.of(raw).contains(&b':') => {
                let inner = block::read(raw, this.content, Style::Mime, &mut faults);
                if inner.blank.is_empty() {
                    faults.add("no-blank-line", "no empty line ends the MIME header fields", inner.blank);
                }
                this.mime = inner.fields;
                this.content = Span::new(inner.blank.to, within.to);
            }
            None => this.content = skip_empty_line(raw, this.content),
        }
        control_characters(raw, Span::new(within.from, outer.blank.from), &mut faults);
        for header in &mut this.headers {
            value(raw, header, &mut faults);
        }
        this.check_prefixes(raw, &mut faults);
        this.check_part(raw, &mut faults);
        this.malformations = faults.into_vec();
        this
    }

    /// The message header fields of this name, with case.
    ///
    /// `imdn.Message-ID` means the field of that name in the name space [`IMDN`], whatever prefix NS gave it before;
    /// a name without prefix means [`CPIM`]; another prefix is taken literally.
    pub fn all(&self, raw: &[u8], name: &str) -> impl Iterator<Item = &Header> {
        let (wanted, local) = match name.split_once('.') {
            Some(("imdn", local)) => (Some(IMDN), local),
            Some(_) => (None, name),
            None => (Some(CPIM), name),
        };
        let mut scope = Scope::default();
        let mut found = Vec::new();
        for header in &self.headers {
            let (prefix, spelled) = prefixed(header.name.of(raw));
            let matches = match wanted {
                Some(wanted) => spelled == local.as_bytes() && scope.urn(raw, prefix).is_some_and(|u| same_name_space(u, wanted)),
                None => header.name.of(raw) == local.as_bytes(),
            };
            if matches {
                found.push(header);
            }
            scope.declare(raw, header);
        }
        found.into_iter()
    }

    /// The value of the first MIME header field of this name, without case.
    #[must_use]
    pub fn mime_value(&self, raw: &[u8], name: &str) -> Option<Span> {
        self.mime.iter().find(|h| h.name.of(raw).eq_ignore_ascii_case(name.as_bytes())).map(|h| h.value)
    }

    /// The media type of the content.
    #[must_use]
    pub fn content_type(&self, raw: &[u8]) -> Option<ContentType> {
        Some(ContentType::parse(raw, self.mime_value(raw, "Content-Type")?))
    }

    /// The content without its transfer encoding; where that cannot be undone, as it stands.
    #[must_use]
    pub fn decoded(&self, raw: &[u8]) -> Vec<u8> {
        let encoding = self.mime_value(raw, "Content-Transfer-Encoding").map(|v| v.text(raw));
        let content = self.content.of(raw);
        undo_transfer_encoding(encoding.as_deref(), content).map_or_else(|_| content.to_vec(), |c| c.into_owned())
    }

    /// Prefixes are declared by NS, and before they are used (RFC 3862, 3.4).
    fn check_prefixes(&self, raw: &[u8], faults: &mut Faults) {
        let mut whole = Scope::default();
        for header in &self.headers {
            whole.declare(raw, header);
        }
        let mut scope = Scope::default();
        for header in &self.headers {
            let (prefix, _) = prefixed(header.name.of(raw));
            if !prefix.is_empty() && scope.urn(raw, prefix).is_none() {
                let (code, message) = match whole.urn(raw, prefix) {
                    Some(_) => ("prefix-used-before-ns", "a prefix is used before NS declares it"),
                    None => ("undeclared-prefix", "no NS declares a prefix"),
                };
                faults.add(code, message, header.name);
            }
            scope.declare(raw, header);
        }
    }

    fn check_part(&self, raw: &[u8], faults: &mut Faults) {
        if self.mime_value(raw, "Content-Type").is_none() {
            faults.add("no-content-type", "the content has no Content-Type", Span::new(self.content.from, self.content.from));
        }
        match length(raw, &self.mime) {
            Length::Octets(octets, span) if octets != self.content.len() => {
                let message = format!("Content-Length says {octets}, the content has {} octets", self.content.len());
                faults.add("content-length", message, span);
            }
            Length::Unreadable(span) => faults.add("content-length", "Content-Length is not a number of octets", span),
            Length::Octets(..) | Length::Absent => {}
        }
    }
}

/// The name spaces that hold at one place; the latest declaration of a prefix counts. The empty prefix is the default.
#[derive(Default)]
struct Scope(Vec<(Span, Span)>);

impl Scope {
    /// Declarations that are kept; nobody needs more.
    const MOST: usize = 100;

    fn urn<'a>(&self, raw: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
        let declared = self.0.iter().rev().find(|(p, _)| p.of(raw) == prefix).map(|(_, urn)| urn.of(raw));
        declared.or(prefix.is_empty().then_some(CPIM.as_bytes()))
    }

    /// `NS: prefix <urn>`; the blank between the two is optional, without prefix the default changes (RFC 3862, 4.6).
    fn declare(&mut self, raw: &[u8], header: &Header) {
        let value = header.value.of(raw);
        let Some(open) = value.iter().position(|&b| b == b'<').filter(|_| header.name.of(raw) == b"NS") else { return };
        let close = value.iter().position(|&b| b == b'>').unwrap_or(value.len());
        let at = |from: usize, to: usize| Span::new(header.value.from + from, header.value.from + to).trim(raw);
        if self.0.len() < Self::MOST {
            self.0.push((at(0, open), at(open + 1, close)));
        }
    }
}

fn same_name_space(a: &[u8], b: &str) -> bool {
    let plain = |urn: &[u8]| urn.strip_suffix(b":").unwrap_or(urn).to_ascii_lowercase();
    plain(a) == plain(b.as_bytes())
}

/// Prefix, empty if there is none, and name.
fn prefixed(name: &[u8]) -> (&[u8], &[u8]) {
    match name.iter().position(|&b| b == b'.') {
        Some(dot) => name.split_at_checked(dot).map_or((&[], name), |(prefix, rest)| (prefix, rest.get(1..).unwrap_or_default())),
        None => (&[], name),
    }
}

fn is_mime(name: &[u8]) -> bool {
    name.get(..8).is_some_and(|n| n.eq_ignore_ascii_case(b"Content-")) || name.eq_ignore_ascii_case(b"MIME-Version")
}

fn begins_with_mime(raw: &[u8], content: Span) -> bool {
    let line = line_at(raw, content.from, content.to).text.of(raw);
    line.iter().position(|&b| b == b':').and_then(|colon| line.get(..colon)).is_some_and(|name| is_mime(name.trim_ascii()))
}

fn skip_empty_line(raw: &[u8], content: Span) -> Span {
    let line = line_at(raw, content.from, content.to);
    if line.text.is_empty() && line.end != LineEnd::None { Span::new(line.whole.to, content.to) } else { content }
}

/// `Name:*(;param) SP value`: exactly one blank, none at the end; URIs of From, To and cc in brackets (RFC 3862, 3.1, 4).
///
/// The value of the header is narrowed to what stands behind the parameters.
fn value(raw: &[u8], header: &mut Header, faults: &mut Faults) {
    if header.name.is_empty() {
        return;
    }
    let mut end = line_at(raw, header.line.from, header.line.to).text.to;
    if end < header.value.to {
        end = header.value.to;
    }
    let mut behind = Span::new(header.name.to, end);
    let colon = behind.of(raw).iter().position(|&b| b == b':').unwrap_or_default();
    behind.from += colon + 1;
    if behind.of(raw).first() == Some(&b';') {
        behind.from += params_len(behind.of(raw));
        header.value = behind.trim(raw);
    }
    let lead = behind.of(raw).iter().take_while(|b| b" \t".contains(b)).count();
    let before = Span::new(behind.from, behind.from + lead);
    match before.of(raw) {
        b" " => {}
        [] => faults.add("no-blank-after-name", "no blank stands before the value of a header field", header.line),
        _ if header.value.is_empty() => {}
        _ => faults.add("blanks-after-name", "more than one blank stands before the value of a header field", before),
    }
    if header.value.to < end && !header.value.is_empty() {
        faults.add("blank-at-line-end", "a blank stands at the end of a header line", Span::new(header.value.to, end));
    }
    let (octets, name) = (header.value.of(raw), header.name.of(raw));
    if matches!(name, b"From" | b"To" | b"cc") && !(octets.contains(&b'<') && octets.last() == Some(&b'>')) {
        faults.add("uri-without-brackets", "the URI does not stand in brackets", header.value);
    }
}

/// Octets of the parameters that stand before the value, for instance `;lang=fr`.
fn params_len(bytes: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let blank = bytes.iter().position(|&b| {
        quoted ^= b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        b == b' ' && !quoted
    });
    blank.unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests;
