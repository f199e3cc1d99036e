//! A message as conduct sees it: of SIP, MSRP, IMAP, HTTP, RTP or RTCP, read off its octets.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{
    field::{Field, Subject},
    trace::{Protocol, view::Unit},
    wire::{Span, msrp::Msrp, sip::Message},
};

/// One message on its way.
#[derive(Clone, Debug)]
pub enum Said {
    /// A SIP message.
    Sip(Message),
    /// A message of another protocol.
    Media {
        /// Which.
        protocol: Protocol,
        /// Its octets.
        raw: Bytes,
        /// Its parts, if it is MSRP.
        msrp: Msrp,
    },
}

impl Said {
    /// Reads one message.
    #[must_use]
    pub fn parse(protocol: Protocol, raw: Bytes) -> Self {
        match protocol {
            Protocol::Sip => Self::Sip(Message::parse(raw)),
            Protocol::Msrp => Self::Media { protocol, msrp: Msrp::parse(&raw, Span::all(&raw)), raw },
            Protocol::Imap | Protocol::Http | Protocol::Rtp | Protocol::Rtcp => Self::Media { protocol, raw, msrp: Msrp::default() },
        }
    }

    /// What fields are read off.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Sip(message) => Subject::Sip(message),
            Self::Media { protocol, raw, msrp } => Subject::Media(Unit { protocol: *protocol, raw, msrp, link: None }),
        }
    }

    /// The SIP message, if it is one.
    #[must_use]
    pub fn sip(&self) -> Option<&Message> {
        match self {
            Self::Sip(message) => Some(message),
            Self::Media { .. } => None,
        }
    }

    fn unit(&self) -> Option<Unit<'_>> {
        match self.subject() {
            Subject::Media(unit) => Some(unit),
            Subject::Sip(_) => None,
        }
    }

    /// Protocol and method that make two messages alike; of a SIP response the method that it answers.
    #[must_use]
    pub fn family(&self) -> (Protocol, String, bool) {
        match self {
            Self::Sip(message) => (Protocol::Sip, message.cseq().map(|(_, m)| m.to_owned()).unwrap_or_default(), message.is_request()),
            Self::Media { protocol, .. } => {
                let method = self.unit().and_then(|u| u.method().map(Cow::into_owned));
                (*protocol, method.clone().unwrap_or_default(), method.is_some())
            }
        }
    }

    /// Whether it is a request, or a command.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.family().2
    }

    /// Whether it is of a kind: `MESSAGE or INVITE`, `200`, `MSRP SEND`, `MSRP 413`, `IMAP FETCH`, `HTTP GET`, `RTP packet`; `*` is
    /// any SIP request but ACK and OPTIONS.
    #[must_use]
    pub fn is_kind(&self, spec: &str) -> bool {
        let word = |own: Protocol, method: Option<&str>, status: Option<u16>, word: &str| {
            let (protocol, word) = match word.split_once(' ') {
                Some((name, rest)) => (named(name), rest),
                None => (Some(Protocol::Sip), word),
            };
            protocol == Some(own)
                && match (method, status) {
                    (Some(method), _) => word == "*" && !matches!(method, "ACK" | "OPTIONS") || word == method,
                    (None, Some(status)) => word == status.to_string(),
                    (None, None) => false,
                }
        };
        spec.split(" or ").any(|alternative| match self {
            Self::Sip(message) => word(Protocol::Sip, message.method(), message.status(), alternative),
            Self::Media { protocol, .. } => {
                let unit = self.unit();
                let method = unit.and_then(|u| u.method().map(Cow::into_owned));
                word(*protocol, method.as_deref(), unit.and_then(|u| u.status()), alternative)
            }
        })
    }

    /// Texts of a field; of a name that is no field none.
    #[must_use]
    pub fn read(&self, name: &str) -> Vec<String> {
        let field = name.parse::<Field>();
        field.map(|field| field.read(self.subject()).into_iter().map(|found| found.text).collect()).unwrap_or_default()
    }

    /// Whom it names: Request-URI, of MSRP its To-Path; of a SIP response the method that it answers.
    #[must_use]
    pub fn target(&self) -> Option<String> {
        match self {
            Self::Sip(message) => match message.request_uri() {
                Some(uri) => Some(uri.text(&message.raw).into_owned()),
                None => message.cseq().map(|(_, method)| method.to_owned()),
            },
            Self::Media { .. } => self.read("MSRP To-Path").into_iter().next(),
        }
    }
}

/// A protocol by its name in conduct.
#[must_use]
pub fn named(name: &str) -> Option<Protocol> {
    match name {
        "MSRP" => Some(Protocol::Msrp),
        "IMAP" => Some(Protocol::Imap),
        "HTTP" => Some(Protocol::Http),
        "RTP" => Some(Protocol::Rtp),
        "RTCP" => Some(Protocol::Rtcp),
        "SIP" => Some(Protocol::Sip),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_name_the_protocol_but_for_sip() {
        let said = |protocol, text: &str| Said::parse(protocol, Bytes::copy_from_slice(text.as_bytes()));
        let send = said(Protocol::Msrp, "MSRP ab12 SEND\r\nTo-Path: msrp://a:9/x;tcp\r\nFrom-Path: msrp://b:9/y;tcp\r\n-------ab12$\r\n");
        assert!(send.is_kind("MSRP SEND") && send.is_kind("INVITE or MSRP SEND") && !send.is_kind("*") && !send.is_kind("SEND"));
        assert_eq!(send.target().as_deref(), Some("msrp://a:9/x;tcp"));
        let answer = said(Protocol::Msrp, "MSRP ab12 413 No\r\nTo-Path: x\r\nFrom-Path: y\r\n-------ab12$\r\n");
        assert!(answer.is_kind("MSRP 413") && !answer.is_kind("413") && !answer.is_request());
        assert!(said(Protocol::Imap, "A1 UID FETCH 1 (BODY[])\r\n").is_kind("IMAP FETCH"));
        assert!(said(Protocol::Http, "GET /a HTTP/1.1\r\n\r\n").is_kind("HTTP GET"));
        let bye = said(Protocol::Sip, "BYE sip:a SIP/2.0\r\nCSeq: 2 BYE\r\n\r\n");
        assert!(bye.is_kind("*") && bye.is_kind("INVITE or BYE") && !bye.is_kind("INVITE"));
    }
}
