//! Session descriptions of MSRP sessions: offers made, offers read and answered, answers read.
//!
//! RFC 4566 for the lines, RFC 3264 for offer and answer, RFC 4975, 8 for MSRP, RFC 4145 and 6135 for who connects,
//! RFC 5547 for what is transferred, RFC 4572 for certificates.

use std::{fmt, net::SocketAddr};

use crate::wire::{
    Span,
    msrp::uri::MsrpUri,
    sdp::{Direction, Line, Sdp, attributes},
};

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

    fn attributes(&self) -> Vec<(String, String)> {
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|v| (name.to_owned(), v.clone()));
        [
            Some((self.direction.name().to_owned(), String::new())),
            text("accept-types", &self.accept_types),
            text("accept-wrapped-types", &self.accept_wrapped_types),
            (!self.path.is_empty()).then(|| ("path".to_owned(), self.path.join(" "))),
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
    /// The end that it describes.
    pub end: End,
    /// Number of the media section that is MSRP, 0-based.
    pub section: usize,
    /// Values of all `m=` lines.
    media: Vec<String>,
    /// Values of all `t=` lines.
    times: Vec<String>,
}

impl Description {
    /// Reads an offer or an answer; of several MSRP sections the first that is not refused counts.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn read(body: &[u8]) -> Result<Self, Unacceptable> {
        let sdp = Sdp::parse(body, Span::all(body));
        if sdp.media.is_empty() {
            return Err(Unacceptable::NoDescription);
        }
        let values = |lines: &[Line], kind: u8| -> Vec<String> {
            lines.iter().filter(|l| l.kind == kind).map(|l| l.value.text(body).into_owned()).collect()
        };
        let media: Vec<String> = (0..sdp.media.len()).filter_map(|i| values(sdp.section(i), b'm').into_iter().next()).collect();
        let (section, secure) = media.iter().enumerate().find_map(|(i, m)| Some((i, secure(m)?))).ok_or(Unacceptable::NoMsrp)?;
        let value = |name: &str| {
            let of = |lines: &[Line]| attributes(body, lines, name).next().map(|v| v.text(body).trim().to_owned());
            of(sdp.section(section)).or_else(|| of(sdp.session()))
        };
        let path: Vec<String> = value("path").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
        if path.is_empty() || !path.iter().all(|uri| is_msrp(uri)) {
            return Err(Unacceptable::NoPath);
        }
        let end = End {
            path,
            secure,
            setup: value("setup").map(|s| s.to_ascii_lowercase()).filter(|s| s != "holdconn"),
            direction: sdp.direction(body, section).0,
            accept_types: value("accept-types"),
            accept_wrapped_types: value("accept-wrapped-types"),
            file_selector: value("file-selector"),
            file_transfer_id: value("file-transfer-id"),
            fingerprint: value("fingerprint"),
        };
        Ok(Self { end, section, media, times: values(sdp.session(), b't') })
    }

    /// The answer to this offer: the same media sections in the same order, all but the MSRP one refused (RFC 3264, 6).
    ///
    /// Of `own` the path, what it takes, its setup and its fingerprint count; direction and transport follow the offer,
    /// and what the offer says is transferred is repeated (RFC 5547, 8.3.1).
    #[must_use]
    pub fn answer(&self, own: &End, local: SocketAddr, number: u64) -> Text {
        let end = End {
            secure: self.end.secure,
            direction: self.end.direction.mirrored(),
            file_selector: self.end.file_selector.clone(),
            file_transfer_id: self.end.file_transfer_id.clone(),
            fingerprint: own.fingerprint.clone().filter(|_| self.end.secure),
            ..own.clone()
        };
        let mut text = Text::new(&end, local, number);
        text.times.clone_from(&self.times);
        text.refused = self.media.clone();
        text.section = self.section;
        text
    }
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

/// A description being put together; what is laid over it stands in place of what the role would say.
#[derive(Clone, Debug)]
pub struct Text {
    local: SocketAddr,
    number: u64,
    version: u64,
    media: String,
    connection: Option<String>,
    attributes: Vec<(String, String)>,
    times: Vec<String>,
    /// `m=` values of the sections of an offer; the own one stands in place of that with number `section`.
    refused: Vec<String>,
    section: usize,
    extra: Vec<String>,
}

impl Text {
    /// The offer of `end`, whose host is `local`; `number` is the identifier of the session (`o=`).
    ///
    /// The port is that of the own URI; `c=` has its host.
    #[must_use]
    pub fn new(end: &End, local: SocketAddr, number: u64) -> Self {
        let port = end.path.last().and_then(|uri| next_hop(uri)).map_or(DISCARD, |(address, _)| address.port());
        Self {
            local,
            number,
            version: number,
            media: format!("message {port} TCP/{}MSRP *", if end.secure { "TLS/" } else { "" }),
            connection: Some(address(local)),
            attributes: end.attributes(),
            times: vec!["0 0".to_owned()],
            refused: Vec::new(),
            section: 0,
            extra: Vec::new(),
        }
    }

    /// Lays values over the description: key is the name of an attribute, or `media`, `direction`, `address` (c=), `extra`
    /// (lines behind all others); several values are several lines, `None` leaves it out.
    #[must_use]
    pub fn overlaid(mut self, overlay: &[(String, Option<Vec<String>>)]) -> Self {
        for (key, values) in overlay {
            let first = values.as_ref().and_then(|v| v.first().cloned());
            match key.as_str() {
                "media" => self.media = first.unwrap_or_default(),
                "address" => self.connection = first,
                "extra" => self.extra = values.clone().unwrap_or_default(),
                "direction" => {
                    let at = self.place(|name| Direction::ALL.iter().any(|d| d.name() == name));
                    self.attributes.splice(at..at, values.iter().flatten().map(|v| (v.clone(), String::new())));
                }
                name => {
                    let at = self.place(|n| n == name);
                    self.attributes.splice(at..at, values.iter().flatten().map(|v| (name.to_owned(), v.clone())));
                }
            }
        }
        self
    }

    /// Takes attributes out and says where the first of them stood.
    fn place(&mut self, mut named: impl FnMut(&str) -> bool) -> usize {
        let at = self.attributes.iter().position(|(name, _)| named(name)).unwrap_or(self.attributes.len());
        self.attributes.retain(|(name, _)| !named(name));
        at.min(self.attributes.len())
    }

    /// Counts the version up, for an offer that changes something (RFC 3264, 8).
    #[must_use]
    pub fn changed(mut self) -> Self {
        self.version += 1;
        self
    }
}

fn address(local: SocketAddr) -> String {
    format!("IN {} {}", if local.is_ipv4() { "IP4" } else { "IP6" }, local.ip())
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=0\r\no=- {} {} {}\r\ns=-\r\n", self.number, self.version, address(self.local))?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        for time in &self.times {
            write!(f, "t={time}\r\n")?;
        }
        for number in 0..self.refused.len().max(1) {
            if number == self.section {
                write!(f, "m={}\r\n", self.media)?;
                for (name, value) in &self.attributes {
                    if value.is_empty() { write!(f, "a={name}\r\n")? } else { write!(f, "a={name}:{value}\r\n")? }
                }
            } else if let Some(refused) = self.refused.get(number) {
                let mut words = refused.split(' ');
                let kind = words.next().unwrap_or_default();
                let rest: Vec<_> = words.skip(1).collect();
                write!(f, "m={kind} 0 {}\r\n", rest.join(" "))?;
            }
        }
        for line in &self.extra {
            write!(f, "{line}\r\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
