//! Changes to a message as it stands on the wire: whatever is not changed keeps its octets.

use bytes::Bytes;

use crate::wire::{Span, sip::Message};

/// Replacements of byte ranges, applied all at once.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    edits: Vec<(Span, Vec<u8>)>,
}

impl Patch {
    /// Puts `new` in place of `span`; an empty span inserts.
    pub fn replace(&mut self, span: Span, new: impl Into<Vec<u8>>) -> &mut Self {
        self.edits.push((span, new.into()));
        self
    }

    /// Takes all header fields called `name` out of `message`.
    pub fn remove(&mut self, message: &Message, name: &str) -> &mut Self {
        for field in message.fields_named(name) {
            self.replace(field.line, "");
        }
        self
    }

    /// Takes the topmost Via element out, as who passes a response on does (RFC 3261, 16.7, 3).
    pub fn remove_top_via(&mut self, message: &Message) -> &mut Self {
        let Some((field, top)) = message.first("Via").zip(message.elements("Via").first().copied()) else { return self };
        if top == field.value {
            return self.replace(field.line, "");
        }
        let rest = Span::new(top.to, field.value.to).of(&message.raw);
        let comma = rest.iter().position(|b| *b == b',').map_or(rest.len(), |at| at + 1);
        self.replace(Span::new(top.from, top.to + comma), "")
    }

    /// Puts a header field in front of all others.
    pub fn prepend(&mut self, message: &Message, name: &str, value: &str) -> &mut Self {
        let at = message.fields.first().map_or(message.blank.from, |f| f.line.from);
        self.replace(Span::new(at, at), format!("{name}: {value}\r\n"))
    }

    /// Puts a header field behind all others, in front of Content-Length if that is the last.
    pub fn append(&mut self, message: &Message, name: &str, value: &str) -> &mut Self {
        let last = message.fields.last().filter(|f| message.name_of(f).eq_ignore_ascii_case("Content-Length"));
        let at = last.map_or(message.blank.from, |f| f.line.from);
        self.replace(Span::new(at, at), format!("{name}: {value}\r\n"))
    }

    /// Sets a header field to `values`, one field each, where the first one stood; no value removes it.
    pub fn set(&mut self, message: &Message, name: &str, values: &[String]) -> &mut Self {
        let lines: String = values.iter().map(|value| format!("{name}: {value}\r\n")).collect();
        let mut fields = message.fields_named(name);
        if let Some(first) = fields.next() {
            self.replace(first.line, lines);
            for field in fields {
                self.replace(field.line, "");
            }
        } else {
            for value in values {
                self.append(message, name, value);
            }
        }
        self
    }

    /// Sets the body, and Content-Length with it.
    pub fn body(&mut self, message: &Message, body: &[u8]) -> &mut Self {
        self.replace(message.body, body);
        self.set(message, "Content-Length", &[body.len().to_string()])
    }

    /// The octets of `raw` with all replacements made; of two that overlap the later one is left out.
    #[must_use]
    pub fn apply(mut self, raw: &[u8]) -> Bytes {
        self.edits.sort_by_key(|(span, _)| (span.from, span.to));
        let mut out = Vec::with_capacity(raw.len() + 64);
        let mut done = 0;
        for (span, new) in self.edits {
            if span.from < done || span.to > raw.len() {
                continue;
            }
            out.extend_from_slice(&raw[done..span.from]);
            out.extend_from_slice(&new);
            done = span.to;
        }
        out.extend_from_slice(&raw[done..]);
        out.into()
    }
}
