//! The language of fields that steps and conduct share: `Reply-To`, `Contact;expires`, `CPIM imdn.Message-ID`, `SDP setup`,
//! `MSRP Byte-Range`, `SIPFRAG From`, `LIST uri;2`, `content`.
//!
//! A field is read with the byte ranges it stands in, so that whatever is said about it can be shown.

use std::{fmt, str::FromStr};

use crate::wire::{
    Span,
    cpim::Cpim,
    imdn::Imdn,
    params::{NameAddr, Param, Parametered},
};

pub mod enclosed;
mod media;
mod sdp;
mod subject;

pub use sdp::sdp_part;
pub use subject::{Subject, cpim_part, multipart, parts};

/// Where a field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A SIP header field.
    Header(String),
    /// Request-URI of the request line.
    RequestUri,
    /// Method of the request line.
    Method,
    /// A header field of the CPIM object, or a MIME header field of what it wraps.
    Cpim(String),
    /// An item of an IMDN document: `message-id`, `datetime`, `status`, `kind`.
    Imdn(String),
    /// Of the session description: an attribute of the first media section, else of the session; or `direction`, `address`
    /// (c=), `origin`; of the m= line `media` (the whole value, of each media section), `port`, `proto`; `streams`: all media
    /// sections in one, but for what belongs to one leg.
    Sdp(String),
    /// A header field of an MSRP message, or `flag`, `transaction`, `method`, `connection`; of a response `Status`.
    Msrp(String),
    /// Of an IMAP command: `uids`, `folder`, `command`, or a line `name: value` of the object that it appends.
    Imap(String),
    /// A header field of an HTTP message, or `path`, `method`.
    Http(String),
    /// Of an RTP packet: `version`, `payload-type`, `sequence`, `timestamp`, `ssrc`, each a number; of a stream those of its first.
    Rtp(String),
    /// A header field of the SIP message that a part of type `message/sip` or `message/sipfrag` encapsulates.
    Sipfrag(String),
    /// Of a resource list the `uri` of its entries; with a number as parameter that of one of them.
    List,
    /// The body as it stands.
    Body,
    /// The innermost content: CPIM and transfer encoding undone.
    Content,
}

/// A field by its name in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it stands.
    pub place: Place,
    /// Parameter of it; `display-name` means that of a name-addr.
    pub param: Option<String>,
    /// Whether a line about it holds also where it is absent (`, if any,`).
    pub optional: bool,
}

/// One occurrence of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its octets within the message.
    pub span: Span,
    /// Its text: folds are one blank, quotes and escapes of a display name are undone, quotes of a parameter left out.
    pub text: String,
}

/// Why a text names no field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no field; fields are SIP header fields, Request-URI, CPIM ..., IMDN ..., SDP ..., MSRP ..., IMAP ..., HTTP ..., RTP ..., \
     body and content, each with ;parameter"
)]
pub struct NoField(pub String);

impl FromStr for Field {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        let (text, optional) = match text.strip_suffix(", if any,") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (name, param) = match text.split_once(';') {
            Some((name, param)) => (name, Some(param.to_owned())),
            None => (text, None),
        };
        let no = || NoField(text.to_owned());
        let place = match name.split_once(' ') {
            Some(("CPIM", name)) => Place::Cpim(name.to_owned()),
            Some(("IMDN", name @ ("message-id" | "datetime" | "status" | "kind"))) => Place::Imdn(name.to_owned()),
            Some(("SDP", name)) => Place::Sdp(name.to_owned()),
            Some(("MSRP", name)) => Place::Msrp(name.to_owned()),
            Some(("IMAP", name)) if !name.contains(' ') => Place::Imap(name.to_owned()),
            Some(("SIPFRAG", name)) => Place::Sipfrag(name.to_owned()),
            Some(("LIST", "uri")) => Place::List,
            Some(("HTTP", name)) => Place::Http(name.to_owned()),
            Some(("RTP", name @ ("version" | "payload-type" | "sequence" | "timestamp" | "ssrc"))) => Place::Rtp(name.to_owned()),
            Some(_) => return Err(no()),
            None => match name {
                "Request-URI" => Place::RequestUri,
                "method" => Place::Method,
                "body" => Place::Body,
                "content" => Place::Content,
                _ if name.starts_with(|c: char| c.is_ascii_uppercase()) => Place::Header(name.to_owned()),
                _ => return Err(no()),
            },
        };
        Ok(Self { place, param, optional })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Header(name) => f.write_str(name)?,
            Place::RequestUri => f.write_str("Request-URI")?,
            Place::Method => f.write_str("method")?,
            Place::Cpim(name) => write!(f, "CPIM {name}")?,
            Place::Imdn(name) => write!(f, "IMDN {name}")?,
            Place::Sdp(name) => write!(f, "SDP {name}")?,
            Place::Msrp(name) => write!(f, "MSRP {name}")?,
            Place::Imap(name) => write!(f, "IMAP {name}")?,
            Place::Http(name) => write!(f, "HTTP {name}")?,
            Place::Rtp(name) => write!(f, "RTP {name}")?,
            Place::Sipfrag(name) => write!(f, "SIPFRAG {name}")?,
            Place::List => f.write_str("LIST uri")?,
            Place::Body => f.write_str("body")?,
            Place::Content => f.write_str("content")?,
        }
        match &self.param {
            Some(param) => write!(f, ";{param}"),
            None => Ok(()),
        }
    }
}

impl Field {
    /// All occurrences in a message, in order; several values in one header field are several occurrences.
    #[must_use]
    pub fn read<'a>(&self, message: impl Into<Subject<'a>>) -> Vec<Found> {
        let subject = message.into();
        let raw = subject.raw();
        let values: Vec<Span> = match (&self.place, subject) {
            (Place::Header(name), Subject::Sip(message)) => message.elements(name),
            (Place::RequestUri, Subject::Sip(message)) => message.request_uri().into_iter().collect(),
            (Place::Method, Subject::Sip(message)) => match &message.start {
                crate::wire::sip::Start::Request { method, .. } => vec![*method],
                _ => Vec::new(),
            },
            (Place::Cpim(name), _) => cpim_values(subject, name),
            (Place::Body, _) => subject.body().filter(|body| !body.is_empty()).into_iter().collect(),
            (Place::Imdn(name), _) => return imdn_items(subject, name),
            (Place::Content, _) => return self.content(subject),
            (Place::List, _) => return enclosed::entries(subject, self.param.as_deref()),
            (Place::Sipfrag(name), _) => return enclosed::header(subject, name),
            (Place::Sdp(name), _) => return sdp::read(subject, name, self.param.as_deref()),
            (Place::Msrp(name), Subject::Media(unit)) => return media::msrp(unit, name, self.param.as_deref()),
            (Place::Imap(name), Subject::Media(unit)) => return media::imap(unit, name),
            (Place::Http(name), Subject::Media(unit)) => media::http(unit, name),
            (Place::Rtp(name), Subject::Media(unit)) => return media::rtp(unit, name),
            _ => Vec::new(),
        };
        match (self.param.as_deref(), subject) {
            (None, Subject::Sip(message)) => {
                values.into_iter().map(|span| Found { span, text: message.unfolded(span).into_owned() }).collect()
            }
            (None, Subject::Media(_)) => values.into_iter().map(|span| Found { span, text: span.text(raw).into_owned() }).collect(),
            (Some(name), _) => {
                // Of several Reasons that of SIP is meant (RFC 3326, 2).
                let is_reason = matches!(&self.place, Place::Header(name) if name.eq_ignore_ascii_case("Reason"));
                let of_sip = |span: &Span| !is_reason || Parametered::parse(raw, *span).head.of(raw).eq_ignore_ascii_case(b"SIP");
                values.into_iter().filter(of_sip).flat_map(|span| of_value(raw, span, name, self.holds_addresses())).collect()
            }
        }
    }

    /// Whether its values are addresses: a URI, with or without name and brackets, and parameters behind.
    #[must_use]
    pub fn holds_addresses(&self) -> bool {
        match &self.place {
            Place::Header(name) | Place::Sipfrag(name) => {
                ADDRESSES.iter().any(|a| a.eq_ignore_ascii_case(crate::wire::sip::long_name(name)))
            }
            Place::RequestUri | Place::List => true,
            Place::Cpim(name) => matches!(name.as_str(), "From" | "To" | "cc" | "imdn.IMDN-Record-Route" | "imdn.Original-To"),
            _ => false,
        }
    }

    fn content(&self, subject: Subject<'_>) -> Vec<Found> {
        let Some(part) = cpim_part(subject) else { return Vec::new() };
        let cpim = Cpim::parse(subject.raw(), part);
        vec![Found { span: cpim.content, text: String::from_utf8_lossy(&cpim.decoded(subject.raw())).into_owned() }]
    }
}

/// Header fields whose values are addresses.
const ADDRESSES: [&str; 13] = [
    "From",
    "To",
    "Contact",
    "Route",
    "Record-Route",
    "Service-Route",
    "Path",
    "Reply-To",
    "Refer-To",
    "Referred-By",
    "P-Preferred-Identity",
    "P-Asserted-Identity",
    "P-Associated-URI",
];

const WRAPPED: [&str; 5] = ["Content-Type", "Content-Disposition", "Content-ID", "Content-Length", "Content-Transfer-Encoding"];

fn cpim_values(subject: Subject<'_>, name: &str) -> Vec<Span> {
    let (Some(part), raw) = (cpim_part(subject), subject.raw()) else { return Vec::new() };
    let cpim = Cpim::parse(raw, part);
    if WRAPPED.iter().any(|w| w.eq_ignore_ascii_case(name)) {
        cpim.mime_value(raw, name).into_iter().collect()
    } else {
        cpim.all(raw, name).map(|header| header.value).collect()
    }
}

/// Items of the IMDN document that a CPIM object wraps.
fn imdn_items(subject: Subject<'_>, name: &str) -> Vec<Found> {
    let (Some(part), raw) = (cpim_part(subject), subject.raw()) else { return Vec::new() };
    let cpim = Cpim::parse(raw, part);
    if !cpim.content_type(raw).is_some_and(|t| t.is(raw, "message/imdn+xml")) {
        return Vec::new();
    }
    let imdn = Imdn::parse(raw, cpim.content);
    let of_text = |item: Option<(String, Span)>| item.map(|(text, span)| Found { span, text }).into_iter().collect();
    match name {
        "message-id" => of_text(imdn.message_id),
        "datetime" => of_text(imdn.datetime),
        "kind" => imdn.kinds.into_iter().map(|k| Found { span: k.span, text: k.kind }).collect(),
        _ => imdn.kinds.into_iter().filter_map(|k| Some(Found { span: k.span, text: k.status? })).collect(),
    }
}

fn of_value(raw: &[u8], value: Span, name: &str, address: bool) -> Vec<Found> {
    if name == "display-name" {
        let address = NameAddr::parse(raw, value);
        return address.display.map(|span| Found { span, text: address.display_name(raw).unwrap_or_default() }).into_iter().collect();
    }
    let found = |param: &Param| {
        let span = param.value.unwrap_or(Span::new(param.span.to, param.span.to));
        Found { span, text: span.text(raw).into_owned() }
    };
    let named = |param: &&Param| param.name.text(raw).eq_ignore_ascii_case(name);
    if address {
        NameAddr::parse(raw, value).params.iter().filter(named).map(found).collect()
    } else {
        Parametered::parse(raw, value).params.iter().filter(named).map(found).collect()
    }
}
