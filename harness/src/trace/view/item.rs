//! What a line of a feature can speak of: a SIP message, a message of media or store, an MSRP message as a whole, an RTP stream.

use std::time::Duration;

use bytes::Bytes;

use super::{MediaSeen, RtpStream, Seen, Whole};
use crate::{
    trace::{LinkId, Party, Transport},
    verdict::Evidence,
    wire::Span,
};

/// The place of something in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum It {
    /// Index in [`Messages::list`](super::Messages::list).
    Sip(usize),
    /// Index in [`Messages::media`](super::Messages::media).
    Media(usize),
    /// Index in [`Messages::wholes`](super::Messages::wholes).
    Whole(usize),
    /// Index in [`Messages::streams`](super::Messages::streams).
    Rtp(usize),
}

impl It {
    /// The index of a SIP message.
    #[must_use]
    pub fn sip(self) -> Option<usize> {
        match self {
            Self::Sip(index) => Some(index),
            Self::Media(_) | Self::Whole(_) | Self::Rtp(_) => None,
        }
    }
}

/// What stands at such a place.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A SIP message.
    Sip(&'a Seen),
    /// An MSRP request, response or chunk, an IMAP line, an HTTP message.
    Media(&'a MediaSeen),
    /// An MSRP message put together.
    Whole(&'a Whole),
    /// All RTP packets of one source on one link.
    Rtp(&'a RtpStream),
}

impl<'a> From<&'a Seen> for Item<'a> {
    fn from(seen: &'a Seen) -> Self {
        Self::Sip(seen)
    }
}

impl<'a> From<&'a MediaSeen> for Item<'a> {
    fn from(seen: &'a MediaSeen) -> Self {
        Self::Media(seen)
    }
}

impl<'a> From<&'a Whole> for Item<'a> {
    fn from(whole: &'a Whole) -> Self {
        Self::Whole(whole)
    }
}

macro_rules! of_each {
    ($self:ident, $seen:ident => $value:expr) => {
        match $self {
            Item::Sip($seen) => $value,
            Item::Media($seen) => $value,
            Item::Whole($seen) => $value,
            Item::Rtp($seen) => $value,
        }
    };
}

impl<'a> Item<'a> {
    /// Its octets; of a stream those of its first packet.
    #[must_use]
    pub fn raw(self) -> &'a Bytes {
        match self {
            Self::Sip(seen) => &seen.message.raw,
            Self::Media(seen) => &seen.raw,
            Self::Whole(whole) => whole.raw(),
            Self::Rtp(stream) => stream.raw(),
        }
    }

    /// Where the octets of `span` stand in the trace.
    #[must_use]
    pub fn evidence(self, span: Span) -> Vec<Evidence> {
        of_each!(self, seen => seen.evidence(span))
    }

    /// Where its start line stands.
    #[must_use]
    pub fn line(self) -> Vec<Evidence> {
        of_each!(self, seen => seen.line())
    }

    /// Its start line without line end; of a whole message that of its first chunk.
    #[must_use]
    pub fn start(self) -> Span {
        match self {
            Self::Sip(seen) => seen.message.start_span(),
            Self::Media(seen) => seen.unit().start(),
            Self::Whole(whole) => whole.unit().start(),
            Self::Rtp(stream) => Span::new(0, stream.raw().len().min(crate::wire::rtp::SSRC.to)),
        }
    }

    /// Whether the SUT sent it.
    #[must_use]
    pub fn by_sut(self) -> bool {
        self.from().is_sut()
    }

    /// Who sent it.
    #[must_use]
    pub fn from(self) -> &'a Party {
        of_each!(self, seen => &seen.from)
    }

    /// Who it was sent to.
    #[must_use]
    pub fn to(self) -> &'a Party {
        of_each!(self, seen => &seen.to)
    }

    /// When its last octet was there.
    #[must_use]
    pub fn at(self) -> Duration {
        of_each!(self, seen => seen.at)
    }

    /// The entry that its last octet came with.
    #[must_use]
    pub fn entry(self) -> usize {
        of_each!(self, seen => seen.entry)
    }

    /// The link; of a whole message that of its first chunk.
    #[must_use]
    pub fn link(self) -> LinkId {
        of_each!(self, seen => seen.link)
    }

    /// How it was carried.
    #[must_use]
    pub fn transport(self) -> Transport {
        match self {
            Self::Sip(seen) => seen.transport,
            Self::Media(seen) => seen.transport,
            Self::Whole(whole) => whole.transport,
            Self::Rtp(_) => Transport::Udp,
        }
    }

    /// The earlier message that it repeats; only SIP knows repetitions.
    #[must_use]
    pub fn repeats(self) -> Option<usize> {
        match self {
            Self::Sip(seen) => seen.repeats,
            Self::Media(_) | Self::Whole(_) | Self::Rtp(_) => None,
        }
    }
}
