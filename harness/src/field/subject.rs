//! What fields are read off: a SIP message, a message of media or store, or an MSRP message put together.

use bytes::Bytes;

use crate::{
    trace::{
        Protocol,
        view::{Item, MediaSeen, Seen, Unit, Whole},
    },
    wire::{Span, mime::ContentType, mime::Multipart, sip::Message},
};

/// A message to read fields off.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A SIP message.
    Sip(&'a Message),
    /// An MSRP request, response or chunk, an IMAP line, an HTTP message; or an MSRP message put together.
    Media(Unit<'a>),
}

impl<'a> From<&'a Message> for Subject<'a> {
    fn from(message: &'a Message) -> Self {
        Self::Sip(message)
    }
}

impl<'a> From<&'a Seen> for Subject<'a> {
    fn from(seen: &'a Seen) -> Self {
        Self::Sip(&seen.message)
    }
}

impl<'a> From<Unit<'a>> for Subject<'a> {
    fn from(unit: Unit<'a>) -> Self {
        Self::Media(unit)
    }
}

impl<'a> From<&'a MediaSeen> for Subject<'a> {
    fn from(seen: &'a MediaSeen) -> Self {
        Self::Media(seen.unit())
    }
}

impl<'a> From<&'a Whole> for Subject<'a> {
    fn from(whole: &'a Whole) -> Self {
        Self::Media(whole.unit())
    }
}

impl<'a> From<Item<'a>> for Subject<'a> {
    fn from(item: Item<'a>) -> Self {
        match item {
            Item::Sip(seen) => seen.into(),
            Item::Media(seen) => seen.into(),
            Item::Whole(whole) => whole.into(),
            Item::Rtp(stream) => Self::Media(stream.unit()),
        }
    }
}

impl<'a> Subject<'a> {
    /// Its octets.
    #[must_use]
    pub fn raw(self) -> &'a Bytes {
        match self {
            Self::Sip(message) => &message.raw,
            Self::Media(unit) => unit.raw,
        }
    }

    /// The body; `None`: a message of media without one. A SIP message always has one, which may be empty.
    #[must_use]
    pub fn body(self) -> Option<Span> {
        match self {
            Self::Sip(message) => Some(message.body),
            Self::Media(unit) => unit.body(),
        }
    }

    /// The value of Content-Type.
    #[must_use]
    pub fn content_type_span(self) -> Option<Span> {
        match self {
            Self::Sip(message) => message.first("Content-Type").map(|field| field.value),
            Self::Media(unit) => unit.header("Content-Type"),
        }
    }

    /// The Content-Type.
    #[must_use]
    pub fn content_type(self) -> Option<ContentType> {
        self.content_type_span().map(|span| ContentType::parse(self.raw(), span))
    }

    /// The media type of the body, in lower case.
    #[must_use]
    pub fn kind(self) -> Option<String> {
        self.content_type().map(|kind| kind.kind.text(self.raw()).to_ascii_lowercase())
    }

    /// Whether this is MSRP.
    #[must_use]
    pub fn is_msrp(self) -> bool {
        matches!(self, Self::Media(unit) if unit.protocol == Protocol::Msrp)
    }
}

/// Where the body, or the first part of a multipart, of this media type stands.
pub(super) fn part_of(subject: Subject<'_>, kind: &str) -> Option<Span> {
    if subject.content_type()?.is(subject.raw(), kind) {
        return subject.body();
    }
    parts(subject).into_iter().find(|(is, _)| is == kind).map(|(_, body)| body)
}

/// Where the CPIM object of a message stands: its body, or the first such part of a multipart.
#[must_use]
pub fn cpim_part<'a>(message: impl Into<Subject<'a>>) -> Option<Span> {
    part_of(message.into(), "message/cpim")
}

/// Media types, in lower case, and bodies of the parts of a multipart message; none for another body.
#[must_use]
pub fn parts<'a>(message: impl Into<Subject<'a>>) -> Vec<(String, Span)> {
    let subject = message.into();
    let raw = subject.raw();
    multipart(subject).map_or_else(Vec::new, |multipart| {
        let kind = |part: &crate::wire::mime::Part| {
            part.content_type(raw).map_or_else(|| "text/plain".to_owned(), |t| t.kind.text(raw).to_ascii_lowercase())
        };
        multipart.parts.iter().map(|part| (kind(part), part.body)).collect()
    })
}

/// The body of a message as multipart, if its Content-Type says so.
#[must_use]
pub fn multipart<'a>(message: impl Into<Subject<'a>>) -> Option<Multipart> {
    let subject = message.into();
    let raw = subject.raw();
    let content_type = subject.content_type()?;
    let kind = content_type.kind.text(raw).to_ascii_lowercase();
    let boundary = content_type.param(raw, "boundary")?.value?;
    kind.starts_with("multipart/").then(|| Some(Multipart::parse(raw, subject.body()?, &boundary.text(raw))))?
}
