//! One MSRP message as it stands in its bytes: start line, header, body, end-line (RFC 4975, 7 and 9).

pub mod range;
pub mod uri;
mod values;

use super::{
    block::{self, Field, LineEnd, Style, control_characters, line_at},
    span::{Faults, Malformation, Span},
};

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
        this.end(raw, rest, &mut faults);
        let block = block::read(raw, Span::new(rest.from, this.end_line.from), Style::Strict, &mut faults);
        this.fields = block.fields;
        if !block.blank.is_empty() {
            this.body = Some(Span::new(block.blank.to, before_line_end(raw, block.blank.to, this.end_line.from)));
        }
        control_characters(raw, Span::new(within.from, block.blank.from), &mut faults);
        this.check(raw, &mut faults);
        values::check(raw, &this, &mut faults);
        this.malformations = faults.into_vec();
        this
    }

    /// The value of the first header field of this name, with case.
    #[must_use]
    pub fn field(&self, raw: &[u8], name: &str) -> Option<Span> {
        self.fields.iter().find(|f| f.name.of(raw) == name.as_bytes()).map(|f| f.value)
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
        let [name, transaction, what, ..] = words.as_slice() else {
            return faults.add("start-line", "the start line has fewer than three words", line);
        };
        self.transaction = *transaction;
        self.comment = words.get(3).copied().unwrap_or(Span::new(line.to, line.to));
        if name.of(raw) != b"MSRP" {
            faults.add("start-line", "the start line does not begin with MSRP", *name);
        }
        let ident = transaction.of(raw);
        let legal = |&b: &u8| b.is_ascii_alphanumeric() || b".-+%=".contains(&b);
        if !(4..=32).contains(&ident.len()) || !ident.iter().all(legal) || !ident.first().is_some_and(u8::is_ascii_alphanumeric) {
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

    /// Finds the end-line: seven hyphens, the transaction identifier, a flag, at the beginning of a line.
    fn end(&mut self, raw: &[u8], rest: Span, faults: &mut Faults) {
        self.end_line = Span::new(rest.to, rest.to);
        let mut at = rest.from;
        while at < rest.to {
            let line = line_at(raw, at, rest.to);
            at = line.whole.to;
            let ident = line.text.of(raw).strip_prefix(b"-------").and_then(|l| l.strip_prefix(self.transaction.of(raw)));
            let Some([flag]) = ident.filter(|_| !self.transaction.is_empty()) else { continue };
            self.end_line = line.whole;
            self.flag = Some(*flag).filter(|f| b"$+#".contains(f));
            if self.flag.is_none() {
                faults.add("flag", "the end-line does not end with $, + or #", line.text);
            }
            if line.end != LineEnd::CrLf {
                faults.add("bare-lf", "the end-line does not end with CRLF", Span::new(line.text.to, line.whole.to));
            }
            if at < rest.to {
                faults.add("octets-behind-end-line", "octets follow the end-line", Span::new(at, rest.to));
            }
            return;
        }
        faults.add("no-end-line", "no end-line with the identifier of the start line ends the message", self.end_line);
    }

    /// To-Path, then From-Path; Content-Type last, and exactly where a body is (RFC 4975, 7.1 and 9).
    fn check(&self, raw: &[u8], faults: &mut Faults) {
        let named = |i: usize, name: &str| self.fields.get(i).is_some_and(|f| f.name.of(raw) == name.as_bytes());
        if !named(0, "To-Path") || !named(1, "From-Path") {
            faults.add("paths", "the header does not begin with To-Path and From-Path", self.start_line);
        }
        let kind = self.fields.iter().position(|f| f.name.of(raw) == b"Content-Type");
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
            _ => {}
        }
    }
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
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\n-------ab12$\r\n"), vec!["no-blank-line"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}Content-Type: a/b\r\nX: 1\r\n\r\n-------ab12$\r\n"), vec!["content-type-not-last"]),
            ("MSRP ab12 200\r\nFrom-Path: msrp://a:9/x;tcp\r\nTo-Path: msrp://b:9/y;tcp\r\n-------ab12$\r\n".into(), vec!["paths"]),
            (format!("MSRP ab12 SEND\r\n{PATHS}-------ab12$\r\nx"), vec!["octets-behind-end-line"]),
            ("MSRP\r\n".into(), vec!["start-line", "no-end-line", "paths"]),
        ] {
            assert_eq!(parse(&text).1, expected, "{text:?}");
        }
    }
}
