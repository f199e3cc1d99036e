//! What "equal" means, by field (the CMP rules): on the texts of values, never on re-printed messages.

use std::collections::BTreeSet;

use crate::{
    field::{Field, Place},
    wire::{Span, icsi, msrp, params::NameAddr, uri},
};

/// A comparison rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    /// CMP-URI, on the URI of an address.
    Uri,
    /// CMP-ICSI, on the list inside `+g.3gpp.icsi-ref`: its CPM elements as a set.
    Icsi,
    /// CMP-PSERVICE.
    Service,
    /// CMP-OPAQUE.
    Opaque,
    /// Decimal numbers.
    Number,
    /// CMP-OPTTAG and CMP-PRIV: token lists as sets, without case.
    Tokens,
    /// CMP-INSTANCE.
    Instance,
    /// CMP-MIME, on media types: type and subtype without case, parameters set aside.
    Media,
    /// CMP-SDPATTR: attributes of a session description, with case.
    Attribute,
    /// CMP-SDPATTR, on lists of media types: a set, each by CMP-MIME.
    Types,
    /// CMP-MSRPURI, on lists of MSRP URIs in their order.
    Path,
    /// CMP-SDPMASK, on all media sections of a description.
    Streams,
    /// UIDs as a set; ranges are written out (RFC 3501, 9).
    Uids,
    /// Octet by octet, outer blanks set aside.
    Text,
}

impl Cmp {
    /// The rule of a field.
    #[must_use]
    pub fn of(field: &Field) -> Self {
        if let Some(param) = &field.param {
            return match param.to_ascii_lowercase().as_str() {
                "+g.3gpp.icsi-ref" => Self::Icsi,
                "+sip.instance" => Self::Instance,
                "expires" | "size" | "start" | "total" => Self::Number,
                "methods" => Self::Tokens,
                _ => Self::Text,
            };
        }
        if field.holds_addresses() {
            return Self::Uri;
        }
        match &field.place {
            Place::Header(name) | Place::Sipfrag(name) => match name.to_ascii_lowercase().as_str() {
                "p-preferred-service" | "p-asserted-service" => Self::Service,
                "expires" | "min-expires" | "cseq" | "max-forwards" | "content-length" | "message-uid" => Self::Number,
                "supported" | "require" | "unsupported" | "allow" | "privacy" => Self::Tokens,
                "content-type" => Self::Media,
                _ => Self::Opaque,
            },
            Place::Cpim(name) if name.eq_ignore_ascii_case("Content-Type") => Self::Media,
            Place::Cpim(name) if name == "imdn.Disposition-Notification" => Self::Tokens,
            Place::Rtp(_) => Self::Number,
            Place::Sdp(name) => match name.as_str() {
                "path" => Self::Path,
                "streams" => Self::Streams,
                "accept-types" | "accept-wrapped-types" => Self::Types,
                "port" | "max-size" => Self::Number,
                _ => Self::Attribute,
            },
            Place::Msrp(name) => match name.as_str() {
                "To-Path" | "From-Path" => Self::Path,
                "Content-Type" => Self::Media,
                "flag" | "Status" | "method" => Self::Text,
                _ => Self::Opaque,
            },
            Place::Http(name) if name.eq_ignore_ascii_case("Content-Type") => Self::Media,
            Place::Imap(name) if name == "uids" => Self::Uids,
            _ => Self::Text,
        }
    }

    /// Its name in findings; empty for plain comparison.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uri => "CMP-URI",
            Self::Icsi => "CMP-ICSI",
            Self::Service => "CMP-PSERVICE",
            Self::Opaque => "CMP-OPAQUE",
            Self::Tokens => "CMP-OPTTAG",
            Self::Instance => "CMP-INSTANCE",
            Self::Media => "CMP-MIME",
            Self::Attribute | Self::Types => "CMP-SDPATTR",
            Self::Path => "CMP-MSRPURI",
            Self::Streams => "CMP-SDPMASK",
            Self::Number | Self::Text | Self::Uids => "",
        }
    }

    /// Whether two values are equal.
    #[must_use]
    pub fn equal(self, a: &str, b: &str) -> bool {
        match self {
            Self::Uri => uri::same(&whole(a), &whole(b)),
            Self::Icsi => cpm_features(a) == cpm_features(b),
            Self::Service => a.trim().eq_ignore_ascii_case(b.trim()),
            Self::Number => number(a).is_some() && number(a) == number(b),
            Self::Tokens => tokens(a) == tokens(b),
            Self::Instance => uri::same(instance(a), instance(b)),
            Self::Media => media(a) == media(b),
            Self::Types => types(a) == types(b),
            Self::Path => same_path(a, b),
            Self::Uids => uids(a).is_some() && uids(a) == uids(b),
            Self::Attribute | Self::Opaque | Self::Streams | Self::Text => a.trim() == b.trim(),
        }
    }

    /// Whether a value holds another one: a token of a list, a media type that a list covers, a URI of a path, else a text.
    #[must_use]
    pub fn contains(self, value: &str, wanted: &str) -> bool {
        match self {
            Self::Tokens => tokens(value).contains(&wanted.to_ascii_lowercase()),
            Self::Types => types(value).iter().any(|entry| covers(entry, &media(wanted))),
            Self::Path => value.split(' ').any(|uri| same_path(uri, wanted)),
            Self::Uids => uids(value).zip(uids(wanted)).is_some_and(|(all, some)| some.is_subset(&all)),
            _ => value.contains(wanted),
        }
    }
}

/// The URI of an address: of a name-addr or addr-spec, without header parameters.
#[must_use]
pub fn address(text: &str) -> String {
    let raw = text.as_bytes();
    NameAddr::parse(raw, Span::all(raw)).uri.text(raw).into_owned()
}

/// What of a field's value is compared: of an address its URI. A Request-URI has no parameters but those of the URI; behind an
/// address without brackets they are those of the header field (RFC 3261, 20).
#[must_use]
pub fn compared(field: &Field, text: &str) -> String {
    if field.holds_addresses() && field.param.is_none() && field.place != Place::RequestUri { address(text) } else { text.to_owned() }
}

/// The URI of an address in brackets, or a URI that stands by itself, with all its parameters.
#[must_use]
pub fn whole(text: &str) -> String {
    if text.contains('<') { address(text) } else { text.trim().to_owned() }
}

/// The first word of a value as a number: of `1 REGISTER` the 1; of `300s` none.
#[must_use]
pub fn number(text: &str) -> Option<u64> {
    let word = text.split_ascii_whitespace().next()?;
    // `parse` alone would take a sign.
    word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok())?
}

/// Tokens of a list, lower case; split at `,` and `;`.
#[must_use]
pub fn tokens(text: &str) -> BTreeSet<String> {
    text.split([',', ';']).map(|t| t.trim().to_ascii_lowercase()).filter(|t| !t.is_empty()).collect()
}

/// CPM elements of the inside of `+g.3gpp.icsi-ref`, decoded, lower case; others are set aside (CONV-7.1-2).
#[must_use]
pub fn cpm_features(text: &str) -> BTreeSet<String> {
    let decoded = |element: &str| String::from_utf8_lossy(&uri::percent_decode(element.trim()).0).to_ascii_lowercase();
    text.trim_matches('"').split(',').map(decoded).filter(|urn| icsi::covers(urn, "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.*")).collect()
}

/// Entries of a list of media types, without parameters, lower case.
fn types(text: &str) -> BTreeSet<String> {
    text.split_ascii_whitespace().map(media).collect()
}

/// Whether an entry of `accept-types` stands for a media type: itself, `text/*` or `*` (RFC 4975, 8.6).
fn covers(entry: &str, kind: &str) -> bool {
    entry == "*" || entry == kind || entry.strip_suffix('*').is_some_and(|head| head.ends_with('/') && kind.starts_with(head))
}

/// Whether two lists of MSRP URIs are equal, one by one (RFC 4975, 6.1).
fn same_path(a: &str, b: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split_ascii_whitespace().collect(), b.split_ascii_whitespace().collect());
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| msrp::uri::same(a, b))
}

/// UIDs that a set names at most; who asks for more asks for everything.
const MOST_UIDS: u32 = 10_000;

/// The UIDs of a set such as `4711,4712:4714`; `None`: no such set, or one without end.
fn uids(text: &str) -> Option<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    for part in text.trim().split(',') {
        let (from, to) = part.split_once(':').unwrap_or((part, part));
        let (from, to) = (from.trim().parse::<u32>().ok()?, to.trim().parse::<u32>().ok()?);
        let (from, to) = (from.min(to), from.max(to));
        if to - from > MOST_UIDS || found.len() > MOST_UIDS as usize {
            return None;
        }
        found.extend(from..=to);
    }
    Some(found)
}

fn instance(text: &str) -> &str {
    text.trim_matches(['"', '<', '>'])
}

fn media(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::Cmp;

    fn rule(field: &str) -> Cmp {
        Cmp::of(&field.parse().unwrap())
    }

    #[test]
    fn each_field_has_its_rule() {
        let pairs = [
            ("Request-URI", Cmp::Uri),
            ("CPIM From", Cmp::Uri),
            ("Contact", Cmp::Uri),
            ("Contact;+sip.instance", Cmp::Instance),
            ("Contact;+g.3gpp.icsi-ref", Cmp::Icsi),
            ("Contribution-ID", Cmp::Opaque),
            ("P-Preferred-Service", Cmp::Service),
            ("CSeq", Cmp::Number),
            ("CPIM Content-Type", Cmp::Media),
            ("Supported", Cmp::Tokens),
            ("content", Cmp::Text),
            ("SDP path", Cmp::Path),
            ("SDP accept-types", Cmp::Types),
            ("SDP direction", Cmp::Attribute),
            ("SDP file-selector;size", Cmp::Number),
            ("MSRP To-Path", Cmp::Path),
            ("MSRP Content-Type", Cmp::Media),
            ("MSRP Message-ID", Cmp::Opaque),
            ("IMAP uids", Cmp::Uids),
        ];
        for (field, wanted) in pairs {
            assert_eq!(rule(field), wanted, "{field}");
        }
    }

    #[test]
    fn parameters_without_brackets_are_those_of_the_header_field() {
        let compared = |field: &str, text| super::compared(&field.parse().unwrap(), text);
        assert_eq!(compared("Request-URI", "sip:bob@example.com;user=phone"), "sip:bob@example.com;user=phone");
        assert_eq!(compared("To", "sip:bob@example.com;tag=1"), "sip:bob@example.com");
        assert_eq!(compared("To", "\"Bob\" <sip:bob@example.com;user=phone>;tag=1"), "sip:bob@example.com;user=phone");
    }

    #[test]
    fn equal_and_unequal_pairs_of_each_rule() {
        let pairs = [
            (Cmp::Uri, "\"Bob\" <sip:bob@Example.com>;tag=1", "sip:bob@example.com", true),
            (Cmp::Uri, "sip:Bob@example.com", "sip:bob@example.com", false),
            (Cmp::Uri, "sip:bob@example.com;user=phone", "sip:bob@example.com", false),
            (Cmp::Uri, "<sip:bob@example.com>;user=phone", "sip:bob@example.com", true),
            (Cmp::Uri, "sip:bob@example.com:5060", "sip:bob@example.com", false),
            (Cmp::Uri, "tel:+1-555-0100", "tel:+15550100", true),
            (
                Cmp::Icsi,
                "urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg,urn%3aurn-7%3a3gpp-service.ims.icsi.mmtel",
                "urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.MSG",
                true,
            ),
            (Cmp::Icsi, "urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg", "urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session", false),
            (Cmp::Opaque, "abc", " abc ", true),
            (Cmp::Opaque, "abc", "ABC", false),
            (Cmp::Number, "7 REGISTER", "7", true),
            (Cmp::Number, "x", "x", false),
            (Cmp::Number, "300s", "300", false),
            (Cmp::Number, "+300", "300", false),
            (Cmp::Tokens, "gruu, Path", "path,gruu", true),
            (Cmp::Tokens, "gruu", "gruu2", false),
            (Cmp::Instance, "<urn:uuid:AB>", "urn:uuid:ab", true),
            (Cmp::Instance, "<URN:UUID:ab>", "urn:uuid:ab", true),
            (Cmp::Instance, "<urn:gsma:imei:1>", "<urn:gsma:imei:2>", false),
            (Cmp::Media, "Text/Plain;charset=UTF-8", "text/plain", true),
            (Cmp::Media, "text/plain", "image/jpeg", false),
            (Cmp::Attribute, "sendonly", "SendOnly", false),
            (Cmp::Path, "msrp://A.example.com:1/s;tcp msrp://b:2/t;tcp", "MSRP://a.example.com:1/s;TCP msrp://b:2/t;tcp", true),
            (Cmp::Path, "msrp://a:1/s;tcp msrp://b:2/t;tcp", "msrp://b:2/t;tcp msrp://a:1/s;tcp", false),
            (Cmp::Path, "msrp://a:1/S;tcp", "msrp://a:1/s;tcp", false),
            (Cmp::Types, "Message/CPIM text/plain;charset=UTF-8", "text/plain message/cpim", true),
            (Cmp::Types, "*", "message/cpim", false),
            (Cmp::Uids, "4711,4712", "4711:4712", true),
            (Cmp::Uids, "4712,4711", "4711,4712", true),
            (Cmp::Uids, "1:*", "4711", false),
            (Cmp::Uids, "1:4294967295", "1:4294967295", false),
        ];
        for (rule, a, b, equal) in pairs {
            assert_eq!(rule.equal(a, b), equal, "{rule:?} {a} {b}");
        }
    }
}
