//! What messages enclose: SIP messages and fragments of them (RFC 3420), heads of MSRP requests, resource lists.

use bytes::Bytes;

use super::{Found, Subject, multipart, subject::part_of};
use crate::wire::{Span, lists::List, mime, params::Parametered, sip::Message};

/// Media type of a whole SIP message (RFC 3261, 27.5).
pub const SIP: &str = "message/sip";
/// Media type of a part of one (RFC 3420).
pub const SIPFRAG: &str = "message/sipfrag";
/// Media type of the head of an MSRP request; registered nowhere (R-CPM1-8.3.2.4.3-2).
pub const MSRPFRAG: &str = "message/msrpfrag";

/// Start line that is put in front of a fragment without one, so that it can be read.
const STAND_IN: &[u8] = b"MESSAGE sip:fragment SIP/2.0\r\n";

/// A SIP message, or a fragment of one, inside another message.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// `message/sip` or `message/sipfrag`.
    pub kind: &'static str,
    /// Where it stands.
    pub span: Span,
    /// What it says; its ranges count from its own first octet.
    pub message: Message,
    /// Whether it has a start line of its own.
    pub starts: bool,
}

impl Fragment {
    /// Where a range of it stands in the message around it.
    #[must_use]
    pub fn place(&self, span: Span) -> Span {
        let ahead = if self.starts { 0 } else { STAND_IN.len() };
        let at = |octet: usize| (self.span.from + octet.saturating_sub(ahead)).min(self.span.to);
        Span::new(at(span.from), at(span.to))
    }
}

/// All SIP messages and fragments among the parts of a multipart body.
#[must_use]
pub fn fragments<'a>(message: impl Into<Subject<'a>>) -> Vec<Fragment> {
    let subject = message.into();
    let raw = subject.raw();
    let parts = multipart(subject).map(|multipart| multipart.parts).unwrap_or_default();
    let fragment = |part: mime::Part| {
        let kind = part.content_type(raw)?;
        let kind = [SIP, SIPFRAG].into_iter().find(|name| kind.is(raw, name))?;
        Some(read(kind, raw, part.body))
    };
    parts.into_iter().filter_map(fragment).collect()
}

fn read(kind: &'static str, raw: &[u8], span: Span) -> Fragment {
    let octets = span.of(raw);
    let line = octets.split(|&octet| octet == b'\n').next().unwrap_or_default();
    let starts = line.windows(8).any(|word| word.eq_ignore_ascii_case(b"SIP/2.0\r") || word.eq_ignore_ascii_case(b"SIP/2.0 "))
        || line.ends_with(b"SIP/2.0");
    let whole = if starts { Bytes::copy_from_slice(octets) } else { [STAND_IN, octets].concat().into() };
    Fragment { kind, span, message: Message::parse(whole), starts }
}

/// Values of a header field of the encapsulated SIP message.
pub(super) fn header(subject: Subject<'_>, name: &str) -> Vec<Found> {
    let Some(fragment) = fragments(subject).into_iter().next() else { return Vec::new() };
    let message = &fragment.message;
    message.elements(name).into_iter().map(|span| Found { span: fragment.place(span), text: message.unfolded(span).into_owned() }).collect()
}

/// Addresses of the entries of a resource list, or that of the one with this number.
pub(super) fn entries(subject: Subject<'_>, number: Option<&str>) -> Vec<Found> {
    let Some(part) = part_of(subject, "application/resource-lists+xml") else { return Vec::new() };
    let entries = List::parse(subject.raw(), part).entries.into_iter().map(|entry| Found { span: entry.span, text: entry.uri });
    match number.map(str::parse::<usize>) {
        None => entries.collect(),
        Some(Ok(number)) => entries.skip(number.saturating_sub(1)).take(1).collect(),
        Some(Err(_)) => Vec::new(),
    }
}

/// What is neither a header part nor the head of an MSRP request: media type, place, and the octets without transfer encoding;
/// an error says why they cannot be read.
pub type Content = (String, Span, Result<Vec<u8>, String>);

/// The parts of a multipart body that are content.
#[must_use]
pub fn contents<'a>(message: impl Into<Subject<'a>>) -> Vec<Content> {
    let subject = message.into();
    let raw = subject.raw();
    let parts = multipart(subject).map(|multipart| multipart.parts).unwrap_or_default();
    let content = |part: mime::Part| {
        let kind = part.content_type(raw).map_or_else(|| "text/plain".to_owned(), |kind| kind.kind.text(raw).to_ascii_lowercase());
        let encoding = part.header(raw, "Content-Transfer-Encoding").map(|span| Parametered::parse(raw, span).head.text(raw).into_owned());
        let octets = mime::undo_transfer_encoding(encoding.as_deref(), part.body.of(raw)).map(std::borrow::Cow::into_owned);
        (!matches!(kind.as_str(), SIP | SIPFRAG | MSRPFRAG)).then_some((kind, part.body, octets))
    };
    parts.into_iter().filter_map(content).collect()
}
