//! Lists in attributes: what a file is selected by (RFC 5547, 6), and which media types are taken (RFC 4975, 8.6).

use super::media::{integer, words};
use crate::wire::{
    block::is_token,
    span::{Faults, Malformation, Span},
    uri::percent_decode,
};

/// The value of `file-selector`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSelector {
    /// The name without its quotes, escapes kept.
    pub name: Option<Span>,
    /// Octets of the file, without any wrapper; `None` also where they are no number.
    pub size: Option<u64>,
    /// Where the size stands.
    pub size_text: Option<Span>,
    /// Media type with its parameters.
    pub kind: Option<Span>,
    /// Hashes: algorithm and value.
    pub hashes: Vec<(Span, Span)>,
    /// What breaks the grammar (`file-selector`), or stands twice (`file-selector-twice`).
    pub malformations: Vec<Malformation>,
}

impl FileSelector {
    /// Selectors that are read.
    const MOST: usize = 50;

    /// Reads the value behind `file-selector:`. Its selectors come in any order, each behind one blank.
    #[must_use]
    pub fn parse(raw: &[u8], span: Span) -> Self {
        let mut faults = Faults::default();
        let mut this = Self::default();
        for selector in selectors(raw, span).into_iter().take(Self::MOST) {
            this.selector(raw, selector, &mut faults);
        }
        this.malformations = faults.into_vec();
        this
    }

    /// The name with its escapes undone.
    #[must_use]
    pub fn file_name(&self, raw: &[u8]) -> Option<String> {
        let octets = percent_decode(&self.name?.text(raw)).0;
        Some(String::from_utf8_lossy(&octets).into_owned())
    }

    fn selector(&mut self, raw: &[u8], selector: Span, faults: &mut Faults) {
        let (name, value) = cut(raw, selector, b':');
        let Some(value) = value else {
            return faults.add("file-selector", "a selector has no colon, or stands behind more than one blank", selector);
        };
        let twice = match name.of(raw) {
            b"name" => self.name.is_some(),
            b"size" => self.size_text.is_some(),
            b"type" => self.kind.is_some(),
            _ => false,
        };
        if twice {
            faults.add("file-selector-twice", "a selector stands twice", selector);
        }
        let legal = match name.of(raw) {
            b"name" => self.read_name(raw, value),
            b"size" => {
                self.size_text = Some(value);
                self.size = integer(value.of(raw));
                self.size.is_some()
            }
            b"type" => {
                self.kind = Some(value);
                is_type(raw, value)
            }
            b"hash" => self.read_hash(raw, value),
            _ => false,
        };
        if !legal {
            faults.add("file-selector", "a selector is unknown, or its value breaks the grammar", selector);
        }
    }

    fn read_name(&mut self, raw: &[u8], value: Span) -> bool {
        let inner = value.of(raw).strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\""));
        self.name = Some(if inner.is_some() { Span::new(value.from + 1, value.to - 1) } else { value });
        inner.is_some_and(|name| {
            !name.is_empty() && !name.contains(&0) && !name.contains(&b'\r') && percent_decode(&String::from_utf8_lossy(name)).1
        })
    }

    fn read_hash(&mut self, raw: &[u8], value: Span) -> bool {
        let (algorithm, hash) = cut(raw, value, b':');
        let hash = hash.unwrap_or(Span::new(value.to, value.to));
        self.hashes.push((algorithm, hash));
        let pair = |pair: &[u8]| pair.len() == 2 && pair.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b));
        is_token(algorithm.of(raw)) && hash.of(raw).split(|&b| b == b':').all(pair)
    }
}

/// The selectors, split at blanks outside quotes.
fn selectors(raw: &[u8], span: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let (mut from, mut quoted) = (span.from, false);
    for (at, &b) in span.of(raw).iter().enumerate().map(|(i, b)| (span.from + i, b)) {
        quoted ^= b == b'"';
        if b == b' ' && !quoted {
            found.push(Span::new(from, at));
            from = at + 1;
        }
    }
    found.push(Span::new(from, span.to.min(raw.len())));
    found
}

/// `type/subtype`, parameters behind semicolons with their values in quotes (RFC 5547, 6).
fn is_type(raw: &[u8], value: Span) -> bool {
    let (kind, params) = cut(raw, value, b';');
    let mut halves = kind.of(raw).split(|&b| b == b'/').map(is_token);
    let quoted =
        |value: &[u8]| value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).is_some_and(|v| !v.is_empty() && !v.contains(&b'"'));
    let param = |param: &[u8]| param.iter().position(|&b| b == b'=').is_some_and(|at| is_token(&param[..at]) && quoted(&param[at + 1..]));
    let params = params.is_none_or(|params| crate::wire::params::split(raw, params, b';').iter().all(|p| param(p.of(raw))));
    (halves.next(), halves.next(), halves.next()) == (Some(true), Some(true), None) && params
}

/// The entries of `accept-types` or `accept-wrapped-types`, with their parameters, and what breaks the grammar
/// (`accept-types`).
#[must_use]
pub fn accept_types(raw: &[u8], span: Span) -> (Vec<Span>, Vec<Malformation>) {
    const MOST: usize = 500;
    let mut faults = Faults::default();
    let mut entries = Vec::new();
    for entry in words(raw, span).take(MOST) {
        if entry.is_empty() {
            faults.add("accept-types", "the list is empty, or its entries are not separated by single blanks", span);
            continue;
        }
        let kind = cut(raw, entry, b';').0.of(raw);
        let mut halves = kind.split(|&b| b == b'/').map(|half| is_token(half) && !half.contains(&b'*'));
        let legal = match (halves.next(), halves.next(), halves.next()) {
            (Some(true), Some(true), None) => true,
            (Some(true), Some(false), None) => kind.ends_with(b"/*"),
            (Some(false), None, None) => entry.of(raw) == b"*",
            _ => false,
        };
        if !legal {
            faults.add("accept-types", "an entry is no type/subtype, no type/* and no *", entry);
        }
        entries.push(entry);
    }
    (entries, faults.into_vec())
}

fn cut(raw: &[u8], span: Span, by: u8) -> (Span, Option<Span>) {
    match span.of(raw).iter().position(|&b| b == by).map(|at| span.from + at) {
        Some(at) => (Span::new(span.from, at), Some(Span::new(at + 1, span.to))),
        None => (span, None),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn read(text: &str) -> (FileSelector, usize) {
        let selector = FileSelector::parse(text.as_bytes(), Span::all(text.as_bytes()));
        let faults = selector.malformations.len();
        (selector, faults)
    }

    #[test]
    fn selectors_come_in_any_order() {
        let text = "hash:sha-1:72:24:5F size:5000 name:\"My %22new%22 picture.jpg\" type:image/jpeg;p=\"a;b\"";
        let (selector, faults) = read(text);
        assert_eq!((selector.size, faults, selector.hashes.len()), (Some(5000), 0, 1));
        assert_eq!(selector.file_name(text.as_bytes()).as_deref(), Some("My \"new\" picture.jpg"));
        assert_eq!(selector.kind.unwrap().of(text.as_bytes()), b"image/jpeg;p=\"a;b\"");
    }

    #[test]
    fn what_breaks_a_selector_is_named() {
        for (text, faults) in [
            ("", 1),
            ("size:", 1),
            ("size:-1", 1),
            ("size:99999999999999999999", 1),
            ("size:1  size:2", 2),
            ("size:1 size:2", 1),
            ("name:a", 1),
            ("name:\"a%2\"", 1),
            ("name:\"a", 1),
            ("type:text", 1),
            ("type:a/b;c=d", 1),
            ("hash:sha-1", 1),
            ("hash:sha-1:aB", 1),
            ("date:x", 1),
            ("SIZE:1", 1),
        ] {
            assert_eq!(read(text).1, faults, "{text}");
        }
    }

    #[test]
    fn media_types_are_a_list() {
        let faults = |text: &str| accept_types(text.as_bytes(), Span::all(text.as_bytes())).1.len();
        assert_eq!(faults("message/cpim text/* * text/plain;charset=\"utf-8\""), 0);
        for text in ["", "text", "*/*", "*/plain", "text/", "a/b/c", "a/b  c/d"] {
            assert_eq!(faults(text), 1, "{text}");
        }
    }
}
