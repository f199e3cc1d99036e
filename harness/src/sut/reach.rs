//! How a SUT is reached: its signalling by address, its user by the upper tester.

use std::{fmt, net::SocketAddr};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, SeqAccess, Unexpected, Visitor, value::StrDeserializer},
};

use super::Kind;
use crate::{
    trace::Transport,
    yaml::{self, Text},
};

/// How the signalling of a SUT is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reach {
    /// Transports that it speaks, each once; the suite runs over each.
    #[serde(deserialize_with = "transports")]
    pub sip: Vec<Transport>,
    /// Where the fake core listens; port 0: any, told to the SUT by `configure`.
    #[serde(deserialize_with = "address")]
    pub core: SocketAddr,
    /// Home domain of the SUT's user, if not that of the IXIT.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "host")]
    pub home: Option<String>,
    /// Where a server listens, if its adapter does not say so in the answer to `hello`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "place")]
    pub listens: Option<SocketAddr>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { sip: vec![Transport::Udp, Transport::Tcp], core: SocketAddr::from(([127, 0, 0, 1], 0)), home: None, listens: None }
    }
}

/// The adapter through which the SUT's user acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UpperTester {
    /// The reference that is built in.
    Embedded,
    /// A program and its arguments, spoken to over its standard input and output.
    Stdio(Vec<String>),
    /// `host:port` where an adapter listens.
    Tcp(String),
}

impl<'de> Deserialize<'de> for UpperTester {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Adapter)
    }
}

struct Adapter;

impl<'de> Visitor<'de> for Adapter {
    type Value = UpperTester;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("either { stdio: [program, argument, ...] } or { tcp: \"host:port\" }")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<UpperTester, E> {
        if word == "embedded" { Ok(UpperTester::Embedded) } else { Err(E::invalid_value(Unexpected::Str(word), &self)) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<UpperTester, A::Error> {
        let mut found = None;
        while let Some(Text(way)) = entries.next_key()? {
            if found.is_some() {
                return Err(A::Error::custom("one way to reach the upper tester is wanted: either `stdio` or `tcp`"));
            }
            found = Some(match way.as_str() {
                "stdio" => UpperTester::Stdio(entries.next_value::<Command>()?.0),
                "tcp" => UpperTester::Tcp(entries.next_value_seed(Kind::HostPort)?),
                "exec" | "manual" => return Err(A::Error::custom(format_args!("`{way}` is not supported yet; use `stdio` or `tcp`"))),
                _ => return Err(A::Error::custom(yaml::unknown("way to the upper tester", &way, ["stdio", "tcp"]))),
            });
        }
        found.ok_or_else(|| A::Error::custom("how the upper tester is reached is missing: either `stdio` or `tcp`"))
    }
}

/// A program and its arguments.
struct Command(Vec<String>);

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Command;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of a program and its arguments, such as [./adapter, --json] (no shell reads it)")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Command, A::Error> {
        let mut words = Vec::new();
        while let Some(Text(word)) = items.next_element()? {
            words.push(word);
        }
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Command(words)),
            _ => Err(A::Error::custom("the program is missing")),
        }
    }
}

fn transports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Transport>, D::Error> {
    deserializer.deserialize_any(Transports)
}

/// Transports that signalling may use.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Signalling {
    Udp,
    Tcp,
}

impl From<Signalling> for Transport {
    fn from(signalling: Signalling) -> Self {
        match signalling {
            Signalling::Udp => Self::Udp,
            Signalling::Tcp => Self::Tcp,
        }
    }
}

struct Transports;

impl<'de> Visitor<'de> for Transports {
    type Value = Vec<Transport>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("udp, tcp or a list of them")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(vec![Signalling::deserialize(StrDeserializer::new(word))?.into()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(transport) = items.next_element::<Signalling>()?.map(Transport::from) {
            if found.contains(&transport) {
                return Err(A::Error::custom(format_args!("`{transport}` stands twice in this list")));
            }
            found.push(transport);
        }
        if found.is_empty() { Err(A::Error::custom("no transport is given; expected udp, tcp or both")) } else { Ok(found) }
    }
}

fn host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    yaml::parsed(deserializer, |text| Kind::Host.accepts(text).map(|()| Some(text.to_owned())))
}

fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    address(deserializer).map(Some)
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    yaml::parsed(deserializer, |text| {
        text.parse().map_err(|_| format!("`{text}` is no IP address with port, such as `127.0.0.1:0` or `[::1]:5060`"))
    })
}
