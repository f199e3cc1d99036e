//! Messages that a step names: `the received MESSAGE request`, `the first sent REGISTER request`, `the sent MSRP message`.

use std::{fmt, str::FromStr};

use super::View;
use crate::trace::{
    Protocol,
    view::{It, Item},
};

/// What kind of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A SIP request with this method, or with one of several: `INVITE or UPDATE`.
    Request(String),
    /// A SIP response with this status.
    Response(u16),
    /// An MSRP request with this method: of a message one chunk.
    MsrpRequest(String),
    /// An MSRP response with this status.
    MsrpResponse(u16),
    /// An MSRP message, put together from its chunks.
    MsrpMessage,
    /// An IMAP command with this verb; `UID FETCH` is `FETCH`.
    ImapCommand(String),
    /// An HTTP request with this method.
    HttpRequest(String),
    /// An RTP stream: all packets of one source on one link.
    RtpStream,
}

impl FromStr for What {
    type Err = NoMessage;

    fn from_str(text: &str) -> Result<Self, NoMessage> {
        let words: Vec<&str> = text.split(' ').collect();
        let status = |word: &str| word.parse().map_err(|_| NoMessage(text.to_owned()));
        Ok(match words.as_slice() {
            ["MSRP", "message"] => Self::MsrpMessage,
            ["RTP", "stream"] => Self::RtpStream,
            ["MSRP", method, "request"] => Self::MsrpRequest((*method).to_owned()),
            ["MSRP", code, "response"] => Self::MsrpResponse(status(code)?),
            ["IMAP", verb, "command"] => Self::ImapCommand((*verb).to_owned()),
            ["HTTP", method, "request"] => Self::HttpRequest((*method).to_owned()),
            [methods @ .., "request"] if is_methods(methods) => Self::Request(methods.join(" ")),
            [code, "response"] => Self::Response(status(code)?),
            _ => return Err(NoMessage(text.to_owned())),
        })
    }
}

/// Whether words are methods joined by `or`.
fn is_methods(words: &[&str]) -> bool {
    words.len() % 2 == 1 && words.iter().enumerate().all(|(at, word)| (at % 2 == 1) == (*word == "or"))
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(method) => write!(f, "{method} request"),
            Self::Response(status) => write!(f, "{status} response"),
            Self::MsrpRequest(method) => write!(f, "MSRP {method} request"),
            Self::MsrpResponse(status) => write!(f, "MSRP {status} response"),
            Self::MsrpMessage => f.write_str("MSRP message"),
            Self::ImapCommand(verb) => write!(f, "IMAP {verb} command"),
            Self::HttpRequest(method) => write!(f, "HTTP {method} request"),
            Self::RtpStream => f.write_str("RTP stream"),
        }
    }
}

impl What {
    /// Whether a message is of this kind, whoever sent it.
    #[must_use]
    pub fn fits(&self, item: Item<'_>) -> bool {
        let media = |protocol: Protocol, method: &str| match item {
            Item::Media(seen) => seen.protocol == protocol && seen.method().is_some_and(|m| m == method),
            _ => false,
        };
        match (self, item) {
            (Self::Request(methods), Item::Sip(seen)) => methods.split(" or ").any(|method| seen.message.method() == Some(method)),
            (Self::Response(status), Item::Sip(seen)) => seen.message.status() == Some(*status),
            (Self::MsrpResponse(status), Item::Media(seen)) => seen.protocol == Protocol::Msrp && seen.status() == Some(*status),
            (Self::MsrpMessage, Item::Whole(_)) | (Self::RtpStream, Item::Rtp(_)) => true,
            (Self::MsrpRequest(method), _) => media(Protocol::Msrp, method),
            (Self::ImapCommand(verb), _) => media(Protocol::Imap, verb),
            (Self::HttpRequest(method), _) => media(Protocol::Http, method),
            _ => false,
        }
    }

    /// Places of all messages of the list that holds this kind, in their order.
    pub(super) fn places(&self, view: &View<'_>) -> impl DoubleEndedIterator<Item = It> + use<> {
        type Place = fn(usize) -> It;
        let (count, place): (usize, Place) = match self {
            Self::Request(_) | Self::Response(_) => (view.messages.list().len(), It::Sip),
            Self::MsrpMessage => (view.messages.wholes().len(), It::Whole),
            Self::RtpStream => (view.messages.streams().len(), It::Rtp),
            _ => (view.messages.media().len(), It::Media),
        };
        (0..count).map(place)
    }
}

/// A message by its place in the scenario, seen from the SUT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRef {
    /// The earliest of the scenario, not the latest before "it".
    pub first: bool,
    /// Whether the SUT sent it.
    pub sent: bool,
    /// What kind.
    pub what: What,
    /// For a response: the request that it answers.
    pub to: Option<Box<MessageRef>>,
}

/// Why a text names no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no message; say for instance `the received MESSAGE request`")]
pub struct NoMessage(pub String);

impl FromStr for MessageRef {
    type Err = NoMessage;

    fn from_str(text: &str) -> Result<Self, NoMessage> {
        let no = || NoMessage(text.to_owned());
        let (own, to) = match text.split_once(" to the ") {
            Some((own, to)) => (own, Some(Box::new(format!("the {to}").parse()?))),
            None => (text, None),
        };
        let own = own.strip_prefix("the ").ok_or_else(no)?;
        let (first, own) = own.strip_prefix("first ").map_or((false, own), |rest| (true, rest));
        let (sent, what) = match own.split_once(' ') {
            Some(("sent", what)) => (true, what),
            Some(("received", what)) => (false, what),
            _ => return Err(no()),
        };
        Ok(Self { first, sent, what: what.parse().map_err(|_| no())?, to })
    }
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, way) = (if self.first { "first " } else { "" }, if self.sent { "sent" } else { "received" });
        write!(f, "the {first}{way} {}", self.what)?;
        match &self.to {
            Some(to) => write!(f, " to {to}"),
            None => Ok(()),
        }
    }
}

impl MessageRef {
    /// Its place: the latest before "it" (or of all, if there is no "it"), or the first.
    #[must_use]
    pub fn before_it(&self, view: &View<'_>) -> Option<It> {
        self.find(view, &|place| view.it.is_none_or(|it| comes_before(view, place, it)))
    }

    /// Its place on either side of "it", from the last stimulus on unless a qualifier names it.
    #[must_use]
    pub fn around_it(&self, view: &View<'_>) -> Option<It> {
        let since = if self.first || self.to.is_some() { 0 } else { view.stimulus() };
        let recent = |place| view.messages.item(place).is_some_and(|item| item.entry() >= since);
        self.find(view, &recent).or_else(|| self.find(view, &|_| true))
    }

    fn find(&self, view: &View<'_>, within: &dyn Fn(It) -> bool) -> Option<It> {
        let target = match &self.to {
            // The request that a response answers is older than the response.
            Some(to) => Some(to.find(view, &|place| within(place) || view.it.is_none_or(|it| comes_before(view, place, it)))?),
            None => None,
        };
        let fits = |place: &It| within(*place) && self.is(view, *place) && target.is_none_or(|target| answers(view, *place, target));
        let mut places = self.what.places(view);
        if self.first { places.find(fits) } else { places.rfind(fits) }
    }

    fn is(&self, view: &View<'_>, place: It) -> bool {
        view.messages.item(place).is_some_and(|item| self.what.fits(item) && item.by_sut() == self.sent && item.repeats().is_none())
    }
}

/// Whether one message was complete before another.
pub(super) fn comes_before(view: &View<'_>, one: It, other: It) -> bool {
    match (one, other) {
        (It::Sip(a), It::Sip(b)) | (It::Media(a), It::Media(b)) => a < b,
        _ => {
            let entry = |place| view.messages.item(place).map(Item::entry);
            entry(one) < entry(other)
        }
    }
}

/// Whether `response` answers `request`; an MSRP message is answered by the responses to its chunks.
pub(super) fn answers(view: &View<'_>, response: It, request: It) -> bool {
    match (response, request) {
        (It::Sip(response), It::Sip(request)) => view.messages.request_of(response) == Some(request),
        (It::Media(response), It::Media(request)) => view.messages.media_request_of(response) == Some(request),
        (It::Media(response), It::Whole(whole)) => {
            let request = view.messages.media_request_of(response).and_then(|request| view.messages.media().get(request));
            request.is_some_and(|request| request.whole == Some(whole))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_the_same() {
        for text in [
            "the received MESSAGE request",
            "the first sent REGISTER request",
            "the received 200 response to the first sent INVITE request",
            "the received 488 response to the sent INVITE or UPDATE request",
            "the received MSRP SEND request",
            "the sent MSRP message",
            "the received MSRP 200 response to the sent MSRP message",
            "the sent IMAP FETCH command",
            "the sent HTTP GET request",
        ] {
            assert_eq!(text.parse::<MessageRef>().unwrap().to_string(), text);
        }
        for text in ["the received MSRP x response", "the sent or UPDATE request", "the sent INVITE UPDATE request"] {
            assert!(text.parse::<MessageRef>().is_err(), "{text}");
        }
    }
}
