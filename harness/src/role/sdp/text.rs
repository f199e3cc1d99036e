//! A session description being put together.

use std::{fmt, net::SocketAddr};

use super::{DISCARD, End, Flow, next_hop};
use crate::wire::sdp::Direction;

/// A description being put together; what is laid over it stands in place of what the role would say.
#[derive(Clone, Debug)]
pub struct Text {
    local: SocketAddr,
    number: u64,
    version: u64,
    connection: Option<String>,
    times: Vec<String>,
    sections: Vec<Section>,
    extra: Vec<String>,
}

/// One media section; a refused one has no attributes.
#[derive(Clone, Debug)]
struct Section {
    media: String,
    bandwidth: Vec<String>,
    attributes: Vec<(String, String)>,
}

impl Text {
    /// The offer of `end`, whose host is `local`; `number` is the identifier of the session (`o=`).
    ///
    /// The port is that of the own URI; `c=` has its host.
    #[must_use]
    pub fn new(end: &End, local: SocketAddr, number: u64) -> Self {
        let mut text = Self::empty(local, number);
        text.add(end);
        text
    }

    /// A description without any media section.
    #[must_use]
    pub fn empty(local: SocketAddr, number: u64) -> Self {
        let (times, connection) = (vec!["0 0".to_owned()], Some(address(local)));
        Self { local, number, version: number, connection, times, sections: Vec::new(), extra: Vec::new() }
    }

    /// Adds a media section behind all others.
    pub fn add(&mut self, end: &End) {
        self.sections.push(Section::new(end));
    }

    /// Adds a media section of RTP behind all others.
    pub fn add_flow(&mut self, flow: &Flow) {
        self.sections.push(Section::of_flow(flow));
    }

    /// Lets a media section describe this end of RTP.
    pub fn put_flow(&mut self, section: usize, flow: &Flow) {
        if let Some(section) = self.sections.get_mut(section) {
            *section = Section::of_flow(flow);
        }
    }

    /// The ends of RTP that it describes, by media section.
    #[must_use]
    pub fn flows(&self) -> Vec<Option<Flow>> {
        super::Description::flows_of(self.to_string().as_bytes())
    }

    /// Adds a media section that refuses the one with this `m=` value (RFC 3264, 6).
    pub fn add_refused(&mut self, media: &str) {
        self.sections.push(Section::refused(media));
    }

    /// Ends the stream of a media section (RFC 3264, 8.2).
    pub fn refuse(&mut self, section: usize) {
        if let Some(section) = self.sections.get_mut(section) {
            *section = Section::refused(&section.media);
        }
    }

    /// Lets a media section describe another end.
    pub fn put(&mut self, section: usize, end: &End) {
        if let Some(section) = self.sections.get_mut(section) {
            *section = Section::new(end);
        }
    }

    /// Sets who connects in a media section.
    pub fn set_up(&mut self, section: usize, setup: &str) {
        if let Some(section) = self.sections.get_mut(section) {
            section.set(|name| name == "setup", std::iter::once(("setup".to_owned(), setup.to_owned())));
        }
    }

    /// How many media sections there are.
    #[must_use]
    pub fn sections(&self) -> usize {
        self.sections.len()
    }

    /// Lets the description hold at the times of another.
    pub(super) fn at_times(&mut self, times: &[String]) {
        self.times = times.to_vec();
    }

    /// Lays values over the description: key is the name of an attribute of the first section that is not refused, or `media`,
    /// `direction`, `address` (c=), `extra` (lines behind all others); several values are several lines, `None` leaves it out.
    #[must_use]
    pub fn overlaid(mut self, overlay: &[(String, Option<Vec<String>>)]) -> Self {
        let section = self.sections.iter().position(|section| !section.attributes.is_empty()).unwrap_or_default();
        for (key, values) in overlay {
            let first = values.as_ref().and_then(|v| v.first().cloned());
            match (key.as_str(), self.sections.get_mut(section)) {
                ("address", _) => self.connection = first,
                ("extra", _) => self.extra = values.clone().unwrap_or_default(),
                ("media", Some(section)) => section.media = first.unwrap_or_default(),
                ("direction", Some(section)) => {
                    let lines = values.iter().flatten().map(|v| (v.clone(), String::new()));
                    section.set(|name| Direction::ALL.iter().any(|d| d.name() == name), lines);
                }
                (name, Some(section)) => section.set(|n| n == name, values.iter().flatten().map(|v| (name.to_owned(), v.clone()))),
                (_, None) => {}
            }
        }
        self
    }

    /// Counts the version up, for an offer or answer that changes something (RFC 3264, 8).
    #[must_use]
    pub fn changed(mut self) -> Self {
        self.version += 1;
        self
    }

    /// Goes on from an `earlier` description of the same session: its identifier, and one version more if anything differs.
    #[must_use]
    pub fn following(mut self, earlier: &Self) -> Self {
        (self.number, self.version) = (earlier.number, earlier.version);
        if self.to_string() == earlier.to_string() { self } else { self.changed() }
    }
}

impl Section {
    fn new(end: &End) -> Self {
        let port = end.path.last().and_then(|uri| next_hop(uri)).map_or(DISCARD, |(address, _)| address.port());
        let media = format!("message {port} TCP/{}MSRP *", if end.secure { "TLS/" } else { "" });
        Self { media, bandwidth: Vec::new(), attributes: end.attributes() }
    }

    fn of_flow(flow: &Flow) -> Self {
        Self { media: flow.media(), bandwidth: flow.bandwidth.clone(), attributes: flow.attributes() }
    }

    /// The section that refuses the one with this `m=` value.
    fn refused(media: &str) -> Self {
        Self { media: refused(media), bandwidth: Vec::new(), attributes: Vec::new() }
    }

    /// Puts attributes in place of those that are `named`, or behind all.
    fn set(&mut self, mut named: impl FnMut(&str) -> bool, lines: impl Iterator<Item = (String, String)>) {
        let at = self.attributes.iter().position(|(name, _)| named(name)).unwrap_or(self.attributes.len());
        self.attributes.retain(|(name, _)| !named(name));
        let at = at.min(self.attributes.len());
        self.attributes.splice(at..at, lines);
    }
}

fn address(local: SocketAddr) -> String {
    format!("IN {} {}", if local.is_ipv4() { "IP4" } else { "IP6" }, local.ip())
}

/// The `m=` value with port 0.
fn refused(media: &str) -> String {
    let mut words = media.split(' ');
    let kind = words.next().unwrap_or_default();
    format!("{kind} 0 {}", words.skip(1).collect::<Vec<_>>().join(" "))
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
        for section in &self.sections {
            write!(f, "m={}\r\n", section.media)?;
            for value in &section.bandwidth {
                write!(f, "b={value}\r\n")?;
            }
            for (name, value) in &section.attributes {
                if value.is_empty() { write!(f, "a={name}\r\n")? } else { write!(f, "a={name}:{value}\r\n")? }
            }
        }
        for line in &self.extra {
            write!(f, "{line}\r\n")?;
        }
        Ok(())
    }
}
