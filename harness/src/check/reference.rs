//! Messages that a step names: `the received MESSAGE request`, `the first sent REGISTER request`.

use std::{fmt, str::FromStr};

use super::View;
use crate::trace::view::Seen;

/// What kind of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A request with this method.
    Request(String),
    /// A response with this status.
    Response(u16),
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
        let mut words = own.strip_prefix("the ").ok_or_else(no)?.split(' ').peekable();
        let first = words.next_if_eq(&"first").is_some();
        let sent = match words.next() {
            Some("sent") => true,
            Some("received") => false,
            _ => return Err(no()),
        };
        let (word, kind) = (words.next().ok_or_else(no)?, words.next().ok_or_else(no)?);
        let what = match kind {
            "request" => What::Request(word.to_owned()),
            "response" => What::Response(word.parse().map_err(|_| no())?),
            _ => return Err(no()),
        };
        Ok(Self { first, sent, what, to })
    }
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, way) = (if self.first { "first " } else { "" }, if self.sent { "sent" } else { "received" });
        match &self.what {
            What::Request(method) => write!(f, "the {first}{way} {method} request")?,
            What::Response(status) => write!(f, "the {first}{way} {status} response")?,
        }
        match &self.to {
            Some(to) => write!(f, " to {to}"),
            None => Ok(()),
        }
    }
}

impl MessageRef {
    /// Whether this names a request, and of the SUT's peer.
    #[must_use]
    pub fn received_method(&self) -> Option<&str> {
        match &self.what {
            What::Request(method) if !self.sent => Some(method),
            _ => None,
        }
    }

    /// Its index: the latest before "it" (or of all, if there is no "it"), or the first.
    #[must_use]
    pub fn before_it(&self, view: &View<'_>) -> Option<usize> {
        let list = view.messages.list();
        let end = view.it.unwrap_or(list.len()).min(list.len());
        self.find(view, 0, end)
    }

    /// Its index on either side of "it", from the last stimulus on unless a qualifier names it.
    #[must_use]
    pub fn around_it(&self, view: &View<'_>) -> Option<usize> {
        let list = view.messages.list();
        let start = if self.first || self.to.is_some() { 0 } else { list.partition_point(|seen| seen.entry < view.stimulus()) };
        self.find(view, start, list.len()).or_else(|| self.find(view, 0, list.len()))
    }

    fn find(&self, view: &View<'_>, start: usize, end: usize) -> Option<usize> {
        let list = view.messages.list();
        let target = match &self.to {
            Some(to) => Some(to.find(view, 0, end)?),
            None => None,
        };
        let fits = |index: &usize| {
            let seen = &list[*index];
            self.fits(seen) && target.is_none_or(|target| view.messages.request_of(*index) == Some(target))
        };
        if self.first { (start..end).find(fits) } else { (start..end).rev().find(fits) }
    }

    fn fits(&self, seen: &Seen) -> bool {
        let kind = match &self.what {
            What::Request(method) => seen.message.method() == Some(method),
            What::Response(status) => seen.message.status() == Some(*status),
        };
        kind && seen.by_sut() == self.sent && seen.repeats.is_none()
    }
}
