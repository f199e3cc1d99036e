//! Session descriptions of MSRP sessions, with sound and pictures beside them: offers made, offers read and answered, answers
//! read.
//!
//! RFC 4566 for the lines, RFC 3264 for offer and answer, RFC 4975, 8 for MSRP, RFC 4145 and 6135 for who connects,
//! RFC 5547 for what is transferred, RFC 4572 for certificates.

use std::net::SocketAddr;

use crate::wire::{
    Span,
    msrp::uri::MsrpUri,
    sdp::{Direction, Line, Sdp, attributes},
};

mod rtp;
mod text;

pub use rtp::Flow;
pub use text::Text;

/// Port of an end that only connects (RFC 4145, 4.1).
pub const DISCARD: u16 = 9;

/// One end of an MSRP session as its description has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Path, the own URI last (RFC 4975, 8.2).
    pub path: Vec<String>,
    /// Whether the transport is TLS (`TCP/TLS/MSRP`).
    pub secure: bool,
    /// `active`, `passive`, `actpass`; `None`: not said. `holdconn` counts as not said (RFC 6135, 4.2.1).
    pub setup: Option<String>,
    /// Who sends.
    pub direction: Direction,
    /// Media types taken (RFC 4975, 8.6); `None`: not said.
    pub accept_types: Option<String>,
    /// Media types taken inside of others.
    pub accept_wrapped_types: Option<String>,
    /// Tokens of `chatroom` (RFC 7701, 8).
    pub chatroom: Option<String>,
    /// What is transferred, as `size:5000` (RFC 5547, 6).
    pub file_selector: Option<String>,
    /// Identifier of the transfer.
    pub file_transfer_id: Option<String>,
    /// Fingerprint of the certificate, as `SHA-256 AB:CD` (RFC 4572, 5).
    pub fingerprint: Option<String>,
}

impl End {
    /// Whether `kind` is among the types taken; what is not said forbids nothing.
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        self.accept_types.as_deref().is_none_or(|types| {
            let types: Vec<_> = types.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
            types.iter().any(|t| t == "*" || t == kind || t.strip_suffix('*').is_some_and(|p| p.ends_with('/') && kind.starts_with(p)))
        })
    }

    /// This end in an answer: who takes whatever is wrapped takes of it what is offered.
    #[must_use]
    pub fn answering(self, offered: &Self) -> Self {
        let offers = offered.accept_wrapped_types.as_ref().filter(|types| !types.split_ascii_whitespace().any(|t| t == "*"));
        let all = self.accept_wrapped_types.as_deref().is_some_and(|types| types.trim() == "*");
        match offers {
            Some(types) if all => Self { accept_wrapped_types: Some(types.clone()), ..self },
            _ => self,
        }
    }

    fn attributes(&self) -> Vec<(String, String)> {
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|v| (name.to_owned(), v.clone()));
        [
            Some((self.direction.name().to_owned(), String::new())),
            text("accept-types", &self.accept_types),
            text("accept-wrapped-types", &self.accept_wrapped_types),
            (!self.path.is_empty()).then(|| ("path".to_owned(), self.path.join(" "))),
            text("chatroom", &self.chatroom),
            text("file-selector", &self.file_selector),
            text("file-transfer-id", &self.file_transfer_id),
            text("setup", &self.setup),
            text("fingerprint", &self.fingerprint),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Why an offer cannot be answered; each means 488 (RFC 3261, 21.4.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    /// The body is no description, or has no media section.
    #[error("there is no session description")]
    NoDescription,
    /// No media section that is not refused is `message` over `TCP/MSRP` or `TCP/TLS/MSRP`.
    #[error("no media section is MSRP over TCP or TLS")]
    NoMsrp,
    /// The section has no path, or a URI of it is none of MSRP.
    #[error("the path is missing or holds no MSRP URI")]
    NoPath,
}

/// A description that was received, as far as it is about MSRP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The end that it describes: that of the first MSRP section that is not refused.
    pub end: End,
    /// Number of that media section, 0-based.
    pub section: usize,
    /// The ends of all media sections; `None`: it is refused, or no MSRP that could be used.
    pub ends: Vec<Option<End>>,
    /// The same of RTP.
    pub flows: Vec<Option<Flow>>,
    /// Values of all `m=` lines.
    pub media: Vec<String>,
    /// Values of all `t=` lines.
    times: Vec<String>,
}

impl Description {
    /// Reads an offer or an answer.
    ///
    /// # Errors
    /// Says what is missing of the first MSRP section that is not refused.
    pub fn read(body: &[u8]) -> Result<Self, Unacceptable> {
        let read = Self::sections(body).ok_or(Unacceptable::NoDescription)?;
        let section = read.media.iter().position(|m| secure(m).is_some()).ok_or(Unacceptable::NoMsrp)?;
        let end = read.ends.get(section).cloned().flatten().ok_or(Unacceptable::NoPath)?;
        Ok(Self { end, section, ..read })
    }

    /// As [`Self::read`], but sound and pictures will do as well.
    ///
    /// # Errors
    /// As of [`Self::read`].
    pub fn any(body: &[u8]) -> Result<Self, Unacceptable> {
        match Self::read(body) {
            Err(Unacceptable::NoMsrp) => {
                Self::sections(body).filter(|read| read.flows.iter().any(Option::is_some)).ok_or(Unacceptable::NoMsrp)
            }
            read => read,
        }
    }

    /// The RTP ends of all media sections of a description.
    #[must_use]
    pub fn flows_of(body: &[u8]) -> Vec<Option<Flow>> {
        Self::sections(body).map(|read| read.flows).unwrap_or_default()
    }

    /// Reads all media sections, whether there is MSRP among them or not; without any that can be used, the end is that of
    /// nobody. `None`: it is no description, or has no media section.
    #[must_use]
    pub fn sections(body: &[u8]) -> Option<Self> {
        let sdp = Sdp::parse(body, Span::all(body));
        if sdp.media.is_empty() {
            return None;
        }
        let media: Vec<String> = (0..sdp.media.len()).filter_map(|i| values(body, sdp.section(i), b'm').into_iter().next()).collect();
        let ends: Vec<_> = media.iter().enumerate().map(|(i, m)| secure(m).and_then(|secure| end(body, &sdp, i, secure))).collect();
        let flows = (0..media.len()).map(|section| Flow::read(body, &sdp, section)).collect();
        let (section, end) = ends.iter().cloned().enumerate().find_map(|(i, end)| Some((i, end?))).unwrap_or_default();
        Some(Self { end, section, ends, flows, media, times: values(body, sdp.session(), b't') })
    }

    /// The answer to this offer: the same media sections in the same order, all but the first MSRP one refused (RFC 3264, 6).
    ///
    /// Of `own` the path, what it takes, its setup and its fingerprint count; direction and transport follow the offer,
    /// and what the offer says is transferred is repeated (RFC 5547, 8.3.1).
    #[must_use]
    pub fn answer(&self, own: &End, local: SocketAddr, number: u64) -> Text {
        self.answer_each(|section, _| (section == self.section).then(|| own.clone()), local, number)
    }

    /// As [`Self::answer`], with an own end for each MSRP section that `own` gives one for; it is handed the number of the
    /// section and the end that is offered.
    #[must_use]
    pub fn answer_each(&self, own: impl FnMut(usize, &End) -> Option<End>, local: SocketAddr, number: u64) -> Text {
        self.answer_all(own, &[], local, number)
    }

    /// As [`Self::answer_each`], with the own ends of RTP by media section.
    #[must_use]
    pub fn answer_all(
        &self,
        mut own: impl FnMut(usize, &End) -> Option<End>,
        flows: &[Option<Flow>],
        local: SocketAddr,
        number: u64,
    ) -> Text {
        let mut text = Text::empty(local, number);
        text.at_times(&self.times);
        for (section, (media, offered)) in self.media.iter().zip(&self.ends).enumerate() {
            match offered.as_ref().and_then(|offered| Some((own(section, offered)?, offered))) {
                Some((own, offered)) => text.add(&End {
                    secure: offered.secure,
                    direction: offered.direction.mirrored(),
                    file_selector: offered.file_selector.clone(),
                    file_transfer_id: offered.file_transfer_id.clone(),
                    fingerprint: own.fingerprint.clone().filter(|_| offered.secure),
                    ..own.answering(offered)
                }),
                None => match flows.get(section) {
                    Some(Some(flow)) => text.add_flow(flow),
                    _ => text.add_refused(media),
                },
            }
        }
        text
    }
}

fn values(body: &[u8], lines: &[Line], kind: u8) -> Vec<String> {
    lines.iter().filter(|l| l.kind == kind).map(|l| l.value.text(body).into_owned()).collect()
}

/// The end that a media section describes; `None`: it has no path that leads anywhere.
fn end(body: &[u8], sdp: &Sdp, section: usize, secure: bool) -> Option<End> {
    let value = |name: &str| {
        let of = |lines: &[Line]| attributes(body, lines, name).next().map(|v| v.text(body).trim().to_owned());
        of(sdp.section(section)).or_else(|| of(sdp.session()))
    };
    let path: Vec<String> = value("path").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
    if path.is_empty() || !path.iter().all(|uri| is_msrp(uri)) {
        return None;
    }
    Some(End {
        path,
        secure,
        setup: value("setup").map(|s| s.to_ascii_lowercase()).filter(|s| s != "holdconn"),
        direction: sdp.direction(body, section).0,
        accept_types: value("accept-types"),
        accept_wrapped_types: value("accept-wrapped-types"),
        chatroom: value("chatroom"),
        file_selector: value("file-selector"),
        file_transfer_id: value("file-transfer-id"),
        fingerprint: value("fingerprint"),
    })
}

/// Setup of an answer to an offer with `offered`, by who would rather be `preferred` (RFC 4145, 4.1).
#[must_use]
pub fn setup(offered: Option<&str>, preferred: &str) -> String {
    match offered {
        Some("active") => "passive",
        Some("passive") => "active",
        _ => preferred,
    }
    .to_owned()
}

/// Whether an `m=` value is MSRP and not refused, and if so, whether over TLS.
fn secure(media: &str) -> Option<bool> {
    let mut words = media.split_ascii_whitespace();
    let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
    if kind != "message" || port == "0" {
        return None;
    }
    match protocol {
        "TCP/MSRP" => Some(false),
        "TCP/TLS/MSRP" => Some(true),
        _ => None,
    }
}

fn is_msrp(uri: &str) -> bool {
    MsrpUri::parse(uri.as_bytes(), Span::all(uri.as_bytes())).malformations.is_empty()
}

/// Where an MSRP URI has one connect to, and whether by TLS; `None`: it is none, or its host is no address.
#[must_use]
pub fn next_hop(text: &str) -> Option<(SocketAddr, bool)> {
    let uri = MsrpUri::parse(text.as_bytes(), Span::all(text.as_bytes()));
    let host = uri.host.text(text.as_bytes()).parse().ok().filter(|_| uri.malformations.is_empty())?;
    Some((SocketAddr::new(host, uri.port?), uri.is_secure(text.as_bytes())))
}

#[cfg(test)]
mod tests;
