//! One MSRP message as it stands in its bytes: start line, header, body, end-line (RFC 4975, 7 and 9).

use super::{
    block::{self, Field, LineEnd, Style, control_characters, line_at},
    span::{Faults, Malformation, Span},
};
use end::{End, Found, Search};

pub mod assembly;
mod end;
pub mod range;
mod stream;
pub mod uri;
mod values;

pub use stream::MsrpFramer;

/// One request or response, or one chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Msrp {
    /// The start line with its line end.
    pub start_line: Span,
    /// The transaction identifier.
    pub transaction: Span,
    /// The method of a request.
    pub method: Option<Span>,
    /// The status code of a response.
    pub status: Option<u16>,
    /// What follows the status code; may be empty.
    pub comment: Span,
    /// The header fields in their order.
    pub fields: Vec<Field>,
    /// The body, without the line end in front of the end-line; `None` where no empty line stands.
    pub body: Option<Span>,
    /// The end-line with its line end; empty where it is missing.
    pub end_line: Span,
    /// `$`, `+` or `#`.
    pub flag: Option<u8>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl Msrp {
    /// Reads one message; octets behind its end-line are a malformation.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let within = Span::new(within.from, within.to.min(raw.len()));
        let line = line_at(raw, within.from, within.to);
        let mut this = Self { start_line: line.whole, ..Self::default() };
        if line.end != LineEnd::CrLf {
            faults.add("bare-lf", "the start line does not end with CRLF", Span::new(line.text.to, line.whole.to));
        }
        this.start(raw, line.text, &mut faults);
        let rest = Span::new(line.whole.to, within.to);
        let body = this.end(raw, line.text, rest, &mut faults);
        let head = Span::new(rest.from, body.unwrap_or(this.end_line.from));
        let block = block::read(raw, head, Style::Msrp, &mut faults);
        this.fields = block.fields;
        // A trace holds thousands of chunks, and responses to them with two fields.
        this.fields.shrink_to_fit();
        this.body = body.map(|from| Span::new(from, before_line_end(raw, from, this.end_line.from)));
        control_characters(raw, Span::new(within.from, block.blank.from), &mut faults);
        this.check(raw, &mut faults);
        values::check(raw, &this, &mut faults);
        this.malformations = faults.into_vec();
        this
    }

    fn start(&mut self, raw: &[u8], line: Span, faults: &mut Faults) {
        let mut at = line.from;
        let words: Vec<Span> = line
            .of(raw)
            .splitn(4, |&b| b == b' ')
            .map(|word| {
                let span = Span::new(at, at + word.len());
                at = span.to + 1;
                span
            })
            .collect();
        self.comment = words.get(3).copied().unwrap_or(Span::new(line.to, line.to));
        self.transaction = words.get(1).copied().unwrap_or_default();
        let [name, transaction, what, ..] = words.as_slice() else {
            return faults.add("start-line", "the start line has fewer than three words", line);
        };
        if name.of(raw) != b"MSRP" {
            faults.add("start-line", "the start line does not begin with MSRP", *name);
        }
        if !is_ident(transaction.of(raw)) {
            faults.add("transaction", "the transaction identifier is not 4 to 32 legal characters", *transaction);
        }
        let word = what.of(raw);
        if word.len() == 3 && word.iter().all(u8::is_ascii_digit) {
            self.status = Some(word.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')));
        } else {
            self.method = Some(*what);
            if !word.iter().all(u8::is_ascii_uppercase) || word.is_empty() || words.len() > 3 {
                faults.add("method", "the start line names no method and no status code", *what);
            }
        }
    }

    /// Finds the end-line, and names what is wrong with it; gives the first octet of the body, if an empty line was found.
    fn end(&mut self, raw: &[u8], line: Span, rest: Span, faults: &mut Faults) -> Option<usize> {
        self.end_line = Span::new(rest.to, rest.to);
        let octets = raw.get(..rest.to).unwrap_or_default();
        let ident = end::transaction(line.of(raw));
        let mut search = Search::new(ident.unwrap_or_default(), rest.from);
        let found = match search.go_on(octets, true) {
            _ if ident.is_none() => None,
            Found::End(end) => Some((end, search.body())),
            // A line with another flag is content of a body that goes on (RFC 4975, 9); where nothing goes on, it was meant.
            Found::None(_) => search.wrong_flag(raw, rest).map(|end| (end, search.body().filter(|body| *body <= end.text.from))),
        };
        if let Some(stray) = search.stray.filter(|_| ident.is_some()) {
            faults.add("end-line-in-body", "the text of the end-line stands in the body", stray);
        }
        let Some((end, body)) = found else {
            faults.add("no-end-line", "no end-line with the identifier of the start line ends the message", self.end_line);
            return search.body();
        };
        self.end_line = Span::new(end.text.from, end.to);
        self.flag = raw.get(end.text.to.saturating_sub(1)).copied().filter(|f| b"$+#".contains(f));
        if self.flag.is_none() {
            faults.add("flag", "the end-line does not end with $, + or #", end.text);
        }
        self.line_ends(raw, end, body, faults);
        if end.to < rest.to {
            faults.add("octets-behind-end-line", "octets follow the end-line", Span::new(end.to, rest.to));
        }
        body
    }

    /// The line end before the end-line, and its own (RFC 4975, 7.1 and 9).
    fn line_ends(&self, raw: &[u8], end: End, body: Option<usize>, faults: &mut Faults) {
        if !end.at_line {
            faults.add("no-line-end-before-end-line", "the end-line does not begin a line", end.text);
        } else if body.is_some_and(|body| body < end.text.from) && !Span::new(0, end.text.from).of(raw).ends_with(b"\r\n") {
            faults.add("bare-lf", "the line before the end-line ends with LF alone", Span::new(end.text.from - 1, end.text.from));
        }
        let behind = Span::new(end.text.to, end.to);
        match behind.of(raw) {
            b"\r\n" => {}
            b"\n" => faults.add("bare-lf", "the end-line ends with LF alone", behind),
            _ => faults.add("no-line-end", "no line end follows the end-line", behind),
        }
    }

    /// To-Path, then From-Path; Content-Type last, and exactly where a body is (RFC 4975, 7.1 and 9).
    fn check(&self, raw: &[u8], faults: &mut Faults) {
        // Names have no case: they are strings of ABNF (RFC 4234, 2.3).
        let named = |i: usize, name: &str| self.fields.get(i).is_some_and(|f| is_named(raw, f, name));
        if !named(0, "To-Path") || !named(1, "From-Path") {
            faults.add("paths", "the header does not begin with To-Path and From-Path", self.start_line);
        }
        let kind = self.fields.iter().position(|f| is_named(raw, f, "Content-Type"));
        match (kind, self.body) {
            (Some(at), _) if at + 1 < self.fields.len() => {
                faults.add(
                    "content-type-not-last",
                    "header fields follow Content-Type",
                    self.fields.get(at).map_or(self.start_line, |f| f.line),
                );
            }
            (None, Some(body)) => {
                faults.add("no-content-type", "an empty line, or a body, stands without Content-Type", body);
            }
            (Some(_), None) => faults.add("no-blank-line", "no empty line follows Content-Type", self.end_line),
            (Some(_), Some(body)) if body.from == self.end_line.from && !self.end_line.is_empty() => {
                faults.add("no-line-end-before-end-line", "an empty body has a line end behind it too", self.end_line);
            }
            _ => {}
        }
        // A request without body says all that it has to say (RFC 4975, 7.1).
        if self.status.is_none() && self.body.is_none() && self.flag == Some(b'+') {
            faults.add("flag-without-body", "what has no body is said to go on", self.end_line);
        }
        if self.status.is_some() {
            if let Some(body) = self.body {
                faults.add("body-in-response", "a response has no body", body);
            }
            if matches!(self.flag, Some(b'+' | b'#')) {
                faults.add("flag-of-response", "the end-line of a response ends with $", self.end_line);
            }
        }
    }

    /// The value of the first header field of this name, without case.
    #[must_use]
    pub fn field(&self, raw: &[u8], name: &str) -> Option<Span> {
        self.fields.iter().find(|field| is_named(raw, field, name)).map(|field| field.value)
    }

    /// Whether this is a request with this method.
    #[must_use]
    pub fn is(&self, raw: &[u8], method: &str) -> bool {
        self.method.is_some_and(|span| span.of(raw) == method.as_bytes())
    }
}

fn is_named(raw: &[u8], field: &Field, name: &str) -> bool {
    field.name.of(raw).eq_ignore_ascii_case(name.as_bytes())
}

/// Whether this is an `ident`: 4 to 32 characters, a letter or digit first (RFC 4975, 9).
fn is_ident(bytes: &[u8]) -> bool {
    let legal = |b: &u8| b.is_ascii_alphanumeric() || b".-+%=".contains(b);
    (4..=32).contains(&bytes.len()) && bytes.iter().all(legal) && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
}

/// `to` without the line end in front of it.
fn before_line_end(raw: &[u8], from: usize, to: usize) -> usize {
    let bytes = Span::new(from, to).of(raw);
    to - if bytes.ends_with(b"\r\n") { 2 } else { usize::from(bytes.ends_with(b"\n")) }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const PATHS: &str = "To-Path: msrp://a:9/x;tcp\r\nFrom-Path: msrp://b:9/y;tcp\r\nMessage-ID: 12339sdqwer\r\n";

    fn parse(text: &str) -> (Msrp, Vec<String>) {
        let msrp = Msrp::parse(text.as_bytes(), Span::all(text.as_bytes()));
        let codes = msrp.malformations.iter().map(|m| m.code.clone()).collect();
        (msrp, codes)
    }

    #[test]
    fn a_chunk_is_read_whole() {
        let text = format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: text/plain\r\n\r\n-------ab\r\nHi\r\n-------ab12+\r\n");
        let (msrp, codes) = parse(&text);
        assert_eq!(codes, [] as [&str; 0]);
        assert_eq!(msrp.body.unwrap().text(text.as_bytes()), "-------ab\r\nHi");
        assert_eq!((msrp.flag, msrp.fields.len()), (Some(b'+'), 4));
        assert_eq!(msrp.method.unwrap().text(text.as_bytes()), "SEND");
    }

    #[test]
    fn a_response_and_a_bodiless_request_have_no_body() {
        let (msrp, codes) = parse(&format!("MSRP ab12 200 OK then\r\n{PATHS}-------ab12$\r\n"));
        assert_eq!((msrp.status, msrp.body, codes.len()), (Some(200), None, 0));
        let (msrp, codes) = parse(&format!("MSRP ab12 SEND\r\n{PATHS}-------ab12$\r\n"));
        assert_eq!((msrp.body, codes.len()), (None, 0));
    }

    #[test]
    fn what_breaks_a_message_is_named() {
        for (text, expected) in [
            (format!("MSRP a1 SEND\r\n{PATHS}-------a1$\r\n"), vec!["transaction"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}-------ab13$\r\n"), vec!["no-end-line", "header-field-without-colon"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}-------ab12!\r\n"), vec!["flag"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}\r\n-------ab12$\r\n"), vec!["no-content-type"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n-------ab12!\r\n-------ab12$\r\n"), vec![]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n-------ab12$\r\n"), vec!["no-blank-line"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\nX: 1\r\n\r\n-------ab12$\r\n"), vec!["content-type-not-last"]),
            ("MSRP ab12 200\r\nFrom-Path: msrp://a:9/x;tcp\r\nTo-Path: msrp://b:9/y;tcp\r\n-------ab12$\r\n".into(), vec!["paths"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}-------ab12+\r\n"), vec!["flag-without-body"]),
            (
                format!("MSRP ab12 200\r\n{PATHS}Content-Type: a/b\r\n\r\nx\r\n-------ab12#\r\n"),
                vec!["body-in-response", "flag-of-response"],
            ),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n-------ab12$\r\n"), vec!["no-line-end-before-end-line"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n\r\nx-------ab12$\r\n"), vec!["no-line-end-before-end-line"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n-------ab12$ \r\n-------ab12$\r\n"), vec!["end-line-in-body"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n\r\nx\n-------ab12$\n"), vec!["bare-lf", "bare-lf"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}-------ab12$"), vec!["no-line-end"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}-------ab12$\r\nx"), vec!["octets-behind-end-line"]),
            ("MSRP\r\n".into(), vec!["start-line", "no-end-line", "paths"]),
        ] {
            assert_eq!(parse(&text).1, expected, "{text:?}");
        }
    }
}
