//! Values that the tester needs to know: addresses, provisioned URIs, credentials, times.
//!
//! The keys are closed and typed, all have a default. Secrets are given only to those who ask for them by name.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};

use crate::yaml;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sip, sips or tel URI without angle brackets.
    Uri,
    /// A host name or IP address.
    Host,
    /// `host:port`.
    HostPort,
    /// A URN (RFC 8141).
    Urn,
    /// Any text.
    Text,
    /// Text that must not leave the profile.
    Secret,
    /// A whole number, more than zero.
    Number,
    /// `5 s`, `500 ms`, or a number of seconds; more than zero, an hour at most.
    Duration,
}

/// One key of the IXIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IxitKey {
    /// Its name in profiles and, in braces, in features.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// The value where the profile gives none.
    pub default: &'static str,
    /// What it is.
    pub what: &'static str,
}

/// All keys.
pub const IXIT: &[IxitKey] = &[
    key("alice", Kind::Uri, "sip:alice@example.com", "address of the SUT's user"),
    key("alice.other", Kind::Uri, "sip:alice.work@example.com", "second address of the SUT's user"),
    key("alice.tel", Kind::Uri, "tel:+15555550100", "telephone number of the SUT's user"),
    key("bob", Kind::Uri, "sip:bob@example.com", "address of a peer"),
    key("carol", Kind::Uri, "sip:carol@example.com", "address of a peer"),
    key("dave", Kind::Uri, "sip:dave@example.com", "address of a peer"),
    key("controlling function", Kind::Uri, "sip:factory@conf.example.com", "provisioned address of the controlling function"),
    key("lunch group", Kind::Uri, "sip:lunch@groups.example.com", "address of a pre-defined group"),
    key("lobby", Kind::Uri, "sip:lobby@groups.example.com", "address of a group that is open to who joins"),
    key("closed group token", Kind::Text, "org.openmobilealliance.groupchat.closed", "token that marks the session of a closed group"),
    key("max participants", Kind::Number, "10", "most users that may be invited to an ad-hoc group"),
    key("invitation timeout", Kind::Duration, "60 s", "how long the user may take to answer an invitation"),
    key("deferred management", Kind::Uri, "sip:CPMDeferredMsgMgmt@example.com", "provisioned address that manages deferred messages"),
    key("deferred.1", Kind::Uri, "sip:m1@deferred.example.com", "identifier of a deferred message"),
    key("deferred.2", Kind::Uri, "sip:m2@deferred.example.com", "identifier of a deferred message"),
    key("deferred.3", Kind::Uri, "sip:m3@deferred.example.com", "identifier of a deferred message"),
    key("deferred.odd", Kind::Uri, "sip:m4;a=b&c@deferred.example.com", "identifier that XML has to escape"),
    key("stored object", Kind::Text, "holiday-film", "name of an object in the message store"),
    key(
        "stored object.url",
        Kind::Text,
        "imap://store.example.com/films;UIDVALIDITY=385759045/;UID=20",
        "URL that the message store client has for that object",
    ),
    key("home", Kind::Host, "example.com", "home domain; `reach: home` unless given"),
    key("core", Kind::HostPort, "127.0.0.1:0", "address of the core as the SUT sees it; `reach: core` unless given"),
    key("instance id", Kind::Urn, "urn:uuid:8f4ad3a1-1c52-4f6e-9f3b-5a2e6c7d8e90", "instance id of the SUT (RFC 5626, 4.1)"),
    key("credentials user", Kind::Secret, "alice@example.com", "user name for digest"),
    key("credentials password", Kind::Secret, "correct horse", "password for digest"),
    key("user agent release", Kind::Text, "OMA2.0", "release that the SUT names in User-Agent"),
    key("reaction", Kind::Duration, "10 s", "how long the SUT may take to react"),
    key("quiet", Kind::Duration, "5 s", "how long an absence is watched"),
    key("media", Kind::Duration, "5 s", "how long media may take"),
    key("acts", Kind::Duration, "10 s", "how long an act of the user may take"),
];

const fn key(name: &'static str, kind: Kind, default: &'static str, what: &'static str) -> IxitKey {
    IxitKey { name, kind, default, what }
}

/// The values of [`IXIT`]: those given, else the defaults. Neither `Debug` nor `Serialize` shows a [`Kind::Secret`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ixit(BTreeMap<&'static str, String>);

impl Ixit {
    /// The value called `name`, as the profile spells it; secrets too. `None` where that is no key.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let key = IXIT.iter().find(|key| key.name == name)?;
        Some(self.0.get(name).map_or(key.default, String::as_str))
    }

    /// The duration called `name`.
    ///
    /// # Panics
    /// If [`IXIT`] has no duration of this name: a fault of the harness.
    #[must_use]
    pub fn duration(&self, name: &str) -> Duration {
        let value = self.text(name).and_then(|text| duration(text).ok());
        value.unwrap_or_else(|| panic!("the IXIT has no duration called {name}"))
    }

    /// Names and values in the order of [`IXIT`], without secrets.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let open = IXIT.iter().filter(|key| key.kind != Kind::Secret);
        open.filter_map(|key| Some((key.name, self.text(key.name)?)))
    }

    /// What `name` is where the profile does not give it: another part of the profile says so.
    pub(super) fn derive(&mut self, name: &'static str, value: impl FnOnce() -> String) {
        self.0.entry(name).or_insert_with(value);
    }
}

impl fmt::Debug for Ixit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish_non_exhaustive()
    }
}

impl Serialize for Ixit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Ixit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Ixit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of IXIT values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Ixit, A::Error> {
        let mut ixit = Ixit::default();
        while let Some(key) = entries.next_key_seed(Name)? {
            ixit.0.insert(key.name, entries.next_value_seed(key.kind)?);
        }
        Ok(ixit)
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = &'static IxitKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static IxitKey, D::Error> {
        yaml::parsed_word(deserializer, |word| {
            let names = IXIT.iter().map(|key| key.name);
            IXIT.iter().find(|key| key.name == word).ok_or_else(|| yaml::unknown("IXIT value", word, names))
        })
    }
}

impl<'de> DeserializeSeed<'de> for Kind {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let check = |text: &str| self.accepts(text).map(|()| text.to_owned());
        match self {
            // A password of digits is a password, and an error would show it.
            Self::Secret | Self::Duration | Self::Number => yaml::parsed_word(deserializer, check),
            _ => yaml::parsed(deserializer, check),
        }
    }
}

impl Kind {
    /// Whether `text` is of this kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn accepts(self, text: &str) -> Result<(), String> {
        if text.is_empty() || text == "~" || text == "null" {
            return Err("nothing stands here where a value is wanted".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("a control character stands in this value".to_owned());
        }
        let right = match self {
            Self::Uri => is_uri(text),
            Self::Host => is_host(text),
            Self::HostPort => text.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && port.parse::<u16>().is_ok()),
            Self::Urn => text.strip_prefix("urn:").is_some_and(|rest| rest.contains(':') && !rest.contains([' ', '<', '>'])),
            Self::Text | Self::Secret => true,
            Self::Number => text.parse::<u32>().is_ok_and(|number| number > 0),
            Self::Duration => return duration(text).map(drop),
        };
        if right { Ok(()) } else { Err(format!("`{text}` is no {}", self.wanted())) }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Uri => "sip, sips or tel URI, such as `sip:alice@example.com` (no angle brackets)",
            Self::Host => "host name or IP address",
            Self::HostPort => "`host:port`",
            Self::Urn => "URN, such as `urn:uuid:...`",
            Self::Text | Self::Secret => "text",
            Self::Number => "whole number from 1 on",
            Self::Duration => "duration, such as `5 s` or `500 ms`",
        }
    }
}

/// Enough to find a slip of the pen; roles and checks have the grammar.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let known = ["sip", "sips", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"'))
}

fn is_host(text: &str) -> bool {
    let v6 = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match v6 {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no {}", Kind::Duration.wanted());
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit.trim_start() {
        "" | "s" => number,
        "ms" => number / 1000.0,
        _ => return Err(wrong()),
    };
    let value = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    if value < Duration::from_millis(1) || value > Duration::from_secs(3600) {
        return Err(format!("`{text}` is out of range: from 1 ms to an hour"));
    }
    Ok(value)
}
