//! A SIP message as it stands in its bytes (RFC 3261, 7). Framing and lines only: [`params`](super::params) and
//! [`uri`](super::uri) read the values.

use std::borrow::Cow;

use bytes::Bytes;

use super::{
    block::{self, LineEnd, Style, control_characters, is_token, line_at},
    mime::ContentType,
    names::single,
    params::{NameAddr, Param, Parametered, split},
    span::{Faults, Malformation, Span},
};

pub use super::{
    block::Field,
    names::{is_list, long_name},
};

/// One SIP message: start line, header lines, empty line and body tile the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The octets, as received or as sent.
    pub raw: Bytes,
    /// The start line, taken apart.
    pub start: Start,
    /// The start line with its line end.
    pub start_line: Span,
    /// The header fields in their order.
    pub fields: Vec<Field>,
    /// The empty line with its line end; empty where it is missing.
    pub blank: Span,
    /// The body: as many octets as Content-Length says, where they are there; without one all that follow.
    pub body: Span,
    /// What breaks the grammar of the message; that of the values is looked at where they are read.
    pub malformations: Vec<Malformation>,
}

/// The start line (RFC 3261, 7.1 and 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request line.
    Request {
        /// The method as spelled.
        method: Span,
        /// The Request-URI; may hold blanks or stand in brackets if the SUT wrote it so.
        uri: Span,
        /// The version; empty where it is missing.
        version: Span,
    },
    /// A status line.
    Response {
        /// The version.
        version: Span,
        /// The status code as spelled.
        status: Span,
        /// The status code, where it is three digits.
        code: Option<u16>,
        /// The reason phrase; may be empty.
        reason: Span,
    },
    /// Neither.
    Unreadable(Span),
}

impl Message {
    /// Reads one datagram, or one message that a [`Framer`](super::stream::Framer) cut out of a stream.
    ///
    /// Octets behind the body, and line ends before the start line, belong to the message as malformations.
    #[must_use]
    pub fn parse(raw: Bytes) -> Self {
        let mut faults = Faults::default();
        let lead = raw.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if lead > 0 {
            faults.add("leading-crlf", "line ends stand before the start line", Span::new(0, lead));
        }
        let line = line_at(&raw, lead, raw.len());
        if line.end == LineEnd::Lf {
            faults.add("bare-lf", "the start line ends with LF alone", Span::new(line.text.to, line.whole.to));
        }
        let start = start(&raw, line.text, &mut faults);
        let block = block::read(&raw, Span::new(line.whole.to, raw.len()), Style::Sip, &mut faults);
        if block.blank.is_empty() {
            faults.add("no-blank-line", "no empty line ends the header", block.blank);
        }
        control_characters(&raw, Span::new(lead, block.blank.from), &mut faults);
        twice(&raw, &block.fields, &mut faults);
        let body = body(&raw, block.blank.to, &block.fields, &mut faults);
        Self { start, start_line: line.whole, fields: block.fields, blank: block.blank, body, malformations: faults.into_vec(), raw }
    }

    /// Ranges that together are the message, in order: line ends before it, start line, header lines, empty line, body,
    /// octets behind it. Some may be empty.
    #[must_use]
    pub fn tiling(&self) -> Vec<Span> {
        let mut tiles = vec![Span::new(0, self.start_line.from), self.start_line];
        tiles.extend(self.fields.iter().map(|f| f.line));
        tiles.extend([self.blank, self.body, Span::new(self.body.to, self.raw.len())]);
        tiles
    }

    /// Whether the start line is a request line.
    #[must_use]
    pub fn is_request(&self) -> bool {
        matches!(self.start, Start::Request { .. })
    }

    /// Whether the start line is a status line.
    #[must_use]
    pub fn is_response(&self) -> bool {
        matches!(self.start, Start::Response { .. })
    }

    /// The method of the request line, as spelled.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        match self.start {
            Start::Request { method, .. } => std::str::from_utf8(method.of(&self.raw)).ok(),
            _ => None,
        }
    }

    /// The status code, where it is three digits.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { code, .. } => code,
            _ => None,
        }
    }

    /// The Request-URI.
    #[must_use]
    pub fn request_uri(&self) -> Option<Span> {
        match self.start {
            Start::Request { uri, .. } => Some(uri),
            _ => None,
        }
    }

    /// The start line without its line end.
    #[must_use]
    pub fn start_span(&self) -> Span {
        line_at(&self.raw, self.start_line.from, self.start_line.to).text
    }

    /// The name of a field as spelled; empty where it is no UTF-8.
    #[must_use]
    pub fn name_of(&self, field: &Field) -> &str {
        name(&self.raw, field)
    }

    /// All fields of this name, without case, a compact form being its long form.
    pub fn fields_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        let wanted = long_name(name);
        self.fields.iter().filter(move |f| long_name(self.name_of(f)).eq_ignore_ascii_case(wanted))
    }

    /// The first field of this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&Field> {
        let wanted = long_name(name);
        self.fields.iter().find(|f| long_name(self.name_of(f)).eq_ignore_ascii_case(wanted))
    }

    /// The value of the first field of this name, unfolded.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.first(name).map(|f| self.unfolded(f.value))
    }

    /// The text of a range; a fold and the blanks around it are one blank (RFC 3261, 7.3.1).
    #[must_use]
    pub fn unfolded(&self, span: Span) -> Cow<'_, str> {
        let text = span.text(&self.raw);
        if !text.contains('\n') {
            return text;
        }
        let lines: Vec<_> = text.split('\n').map(|line| line.trim_matches([' ', '\t', '\r'])).collect();
        Cow::Owned(lines.join(" "))
    }

    /// The values of all fields of this name: lists split at their commas, each without surrounding blanks, no empty ones;
    /// other fields one each.
    #[must_use]
    pub fn elements(&self, name: &str) -> Vec<Span> {
        let list = is_list(name);
        let mut elements = Vec::new();
        for field in self.fields_named(name) {
            if list {
                elements.extend(split(&self.raw, field.value, b',').into_iter().filter(|s| !s.is_empty()));
            } else {
                elements.push(field.value);
            }
        }
        elements
    }

    /// Number and method of CSeq; `None` unless they are a number of 32 bits and a token.
    #[must_use]
    pub fn cseq(&self) -> Option<(u32, &str)> {
        let value = std::str::from_utf8(self.first("CSeq")?.value.of(&self.raw)).ok()?;
        let (number, method) = value.split_once([' ', '\t', '\r', '\n'])?;
        let method = method.trim_ascii();
        (number.bytes().all(|b| b.is_ascii_digit()) && is_token(method.as_bytes())).then_some(())?;
        Some((number.parse().ok()?, method))
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> Option<Cow<'_, str>> {
        self.value("Call-ID")
    }

    /// The tag of `From` or `To`.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = NameAddr::parse(&self.raw, self.first(name)?.value);
        self.text_of(value.param(&self.raw, "tag"))
    }

    /// The branch of the topmost Via.
    #[must_use]
    pub fn branch(&self) -> Option<Cow<'_, str>> {
        let topmost = split(&self.raw, self.first("Via")?.value, b',').into_iter().next()?;
        let value = Parametered::parse(&self.raw, topmost);
        self.text_of(value.param(&self.raw, "branch"))
    }

    /// The Content-Type.
    #[must_use]
    pub fn content_type(&self) -> Option<ContentType> {
        Some(ContentType::parse(&self.raw, self.first("Content-Type")?.value))
    }

    fn text_of(&self, param: Option<&Param>) -> Option<Cow<'_, str>> {
        Some(param?.value?.text(&self.raw))
    }
}

fn name<'a>(raw: &'a [u8], field: &Field) -> &'a str {
    std::str::from_utf8(field.name.of(raw)).unwrap_or_default()
}

/// Takes the start line apart; more than one blank between its parts is a malformation, and is skipped.
fn start(raw: &[u8], line: Span, faults: &mut Faults) -> Start {
    let inner = line.trim(raw);
    if inner.is_empty() {
        faults.add("no-start-line", "there is no start line", line);
        return Start::Unreadable(line);
    }
    let octets = inner.of(raw);
    let word = |from: usize| octets.iter().skip(from).position(u8::is_ascii_whitespace).map(|n| from + n);
    let at = |from: usize, to: usize| Span::new(inner.from + from, inner.from + to);
    let status_line = octets.get(..4).is_some_and(|v| v.eq_ignore_ascii_case(b"SIP/"));
    // A reason phrase may end with blanks, and may be empty behind its own.
    if inner.from != line.from || (inner.to != line.to && !status_line) {
        faults.add("start-line-blanks", "blanks stand before or behind the start line", line);
    }
    let Some(first) = word(0) else {
        faults.add("start-line", "the start line is a single word", inner);
        return Start::Unreadable(inner);
    };
    if status_line {
        return response(raw, at(0, first), at(first, octets.len()), faults);
    }
    let method = at(0, first);
    if !is_token(method.of(raw)) {
        faults.add("method", "the method is not a token", method);
    }
    let last = octets.iter().rposition(u8::is_ascii_whitespace).unwrap_or(first);
    let (between, behind) = (at(first, last.max(first)), at(last + 1, octets.len()));
    let uri = between.trim(raw);
    if uri.is_empty() {
        faults.add("version", "the request line names no version", inner);
        return Start::Request { method, uri: behind, version: Span::new(inner.to, inner.to) };
    }
    if uri.len() + 1 != between.len() || octets.contains(&b'\t') {
        faults.add("start-line-blanks", "other than one blank stands before or behind the Request-URI", between);
    }
    if uri.of(raw).iter().any(u8::is_ascii_whitespace) {
        faults.add("blank-in-uri", "a blank stands in the Request-URI", uri);
    }
    version(raw, behind, faults);
    Start::Request { method, uri, version: behind }
}

/// A status line: `SIP/2.0 SP three digits SP reason`; the reason may be empty, its blank may not be missing.
fn response(raw: &[u8], named: Span, rest: Span, faults: &mut Faults) -> Start {
    version(raw, named, faults);
    let from = rest.trim(raw).from;
    if from != rest.from + 1 {
        faults.add("start-line-blanks", "more than one blank stands before the status code", rest);
    }
    let octets = Span::new(from, rest.to).of(raw);
    let len = octets.iter().position(u8::is_ascii_whitespace).unwrap_or(octets.len());
    let status = Span::new(from, from + len);
    let digits = status.of(raw);
    let code =
        (digits.len() == 3 && digits.iter().all(u8::is_ascii_digit)).then(|| digits.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')));
    if !code.is_some_and(|c| (100..700).contains(&c)) {
        faults.add("status", "the status code is not three digits from 100 to 699", status);
    }
    // A blank behind the code is cut off with the line's trailing blanks, so it is looked for in the bytes.
    if !matches!(raw.get(status.to), Some(b' ')) {
        faults.add("no-blank-behind-status", "no blank follows the status code", status);
    }
    let reason = Span::new((status.to + 1).min(rest.to), rest.to);
    Start::Response { version: named, status, code, reason }
}

/// `SIP/2.0`; read without case, sent in capitals (RFC 3261, 7.1).
fn version(raw: &[u8], span: Span, faults: &mut Faults) {
    let octets = span.of(raw);
    if octets == b"SIP/2.0" {
        return;
    }
    if octets.eq_ignore_ascii_case(b"SIP/2.0") {
        faults.add("version-case", "the version is not in capitals", span);
    } else {
        faults.add("version", "the version is not SIP/2.0", span);
    }
}

/// Fields that stand once, and stand again.
fn twice(raw: &[u8], fields: &[Field], faults: &mut Faults) {
    let mut seen = 0_u64;
    for field in fields {
        let name = name(raw, field);
        let Some(number) = single(name) else { continue };
        if seen & (1 << number) != 0 {
            faults.add("twice", format!("{} stands more than once", long_name(name)), field.line);
        }
        seen |= 1 << number;
    }
}

/// What Content-Length says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// There is none.
    Absent,
    /// It is no number.
    Unreadable(Span),
    /// Octets; more than fit count as the most that fit.
    Octets(usize, Span),
}

/// The first Content-Length among `fields`.
pub(crate) fn length(raw: &[u8], fields: &[Field]) -> Length {
    let Some(field) = fields.iter().find(|f| long_name(name(raw, f)).eq_ignore_ascii_case("Content-Length")) else {
        return Length::Absent;
    };
    let digits = field.value.of(raw);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Length::Unreadable(field.value);
    }
    let octets = digits.iter().fold(0_usize, |n, b| n.saturating_mul(10).saturating_add(usize::from(b - b'0')));
    Length::Octets(octets, field.value)
}

fn body(raw: &[u8], from: usize, fields: &[Field], faults: &mut Faults) -> Span {
    let rest = Span::new(from, raw.len());
    match length(raw, fields) {
        Length::Absent => rest,
        Length::Unreadable(span) => {
            faults.add("content-length", "Content-Length is not a number of octets", span);
            rest
        }
        Length::Octets(octets, span) if octets > rest.len() => {
            faults.add("body-too-short", format!("Content-Length says {octets}, the body has {}", rest.len()), span);
            rest
        }
        Length::Octets(octets, _) => {
            let body = Span::new(from, from + octets);
            if octets < rest.len() {
                let surplus = Span::new(body.to, rest.to);
                faults.add("octets-behind-body", format!("octets behind the body: {}", surplus.len()), surplus);
            }
            body
        }
    }
}

#[cfg(test)]
mod tests;
