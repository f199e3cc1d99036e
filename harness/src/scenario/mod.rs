//! Scenario files: who is there, what the named messages contain, where conduct departs. Data, no control flow.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    role::{Outgoing, Within, conduct::Rule},
    template,
    yaml::{self, YamlError},
};

mod media;

pub use media::{Branch, Over};

/// One file of `scenarios/<role>/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The fakes, by their names in the features.
    pub fakes: BTreeMap<String, Fake>,
    /// Messages that a fake sends when a step says so.
    #[serde(default)]
    pub messages: BTreeMap<String, Named>,
    /// Rules of conduct: name, then fake, then rules; those of `always` hold from the start.
    #[serde(default)]
    pub conduct: BTreeMap<String, BTreeMap<String, Vec<Rule>>>,
}

/// A fake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fake {
    /// What it is.
    pub role: FakeRole,
    /// Its address, with placeholders; the core has none.
    #[serde(default)]
    pub uri: Option<String>,
    /// Seconds that it lets an invitation ring (180) before it accepts; a CANCEL in that time ends it with 487. It accepts at once
    /// unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rings: Option<u64>,
    /// Whether it is the active side of MSRP: it connects to the SUT, as an offerer and as an answerer (RFC 6135, 4.2.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connects: bool,
    /// Which of several devices of the user with its address it is; its Contact and its address are the GRUU that ends with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Whether its Contact in sessions is a GRUU (RFC 5627, 4.4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gruu: bool,
    /// Whether who comes back to its group session finds it under another identity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renews: bool,
    /// What it plays besides messages: `audio`, `video`. The role of a session peer alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plays: Vec<String>,
    /// Whether its RTCP ports are not next to those for RTP, so that `a=rtcp` names them (RFC 3605).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apart: bool,
    /// Whether its answer to an offer within a session moves its MSRP path, and its sound and pictures, to another address of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moves: bool,
    /// Most MSRP streams that it takes; those beyond are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<usize>,
    /// Addresses of those who take part in a group besides whom a session brings along, with placeholders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// What a server holds: files of `scenarios/` by `mailbox/UID` of a message store, by path of a content server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holds: BTreeMap<String, String>,
}

/// What a fake can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FakeRole {
    /// The IMS core that the SUT talks to.
    ImsCore,
    /// A CPM client behind the core.
    CpmClient,
    /// A participating function, for the user or service whose address it has.
    ParticipatingFunction,
    /// The other user of a 1-1 session, who stays in it.
    SessionPeer,
    /// The focus of group sessions at its address: the conference factory, a pre-defined group or a join-in group.
    ControllingFunction,
    /// A message store that stored objects are fetched from.
    MessageStore,
    /// A server for content that messages refer to.
    ContentServer,
    /// A host that the SUT should not talk to; it listens and says nothing.
    Bystander,
}

/// A named message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The message that it is like, but for what stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// The fake that sends it where the step names none; `Bob` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// SIP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Address that it is for, with placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Header fields: text, list of texts, or nothing to remove one; with placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, Option<Texts>>,
    /// File in `scenarios/bodies`, exact octets with placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Media type of the body; by its ending where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The dialog that it belongs to: `the session`, `the subscription`.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// Of what goes over MSRP `another connection`: one that the fake opens besides that of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// Of a CANCEL `other`: a branch that no INVITE has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// What is laid over the media description of the role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub offer: BTreeMap<String, Option<Texts>>,
    /// File in `scenarios/bodies` that goes over MSRP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Octets of each chunk of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<usize>,
    /// Its chunks by first and last octet, from 1, negative ones counted from the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Vec<(i64, i64)>>,
    /// Whether each Byte-Range ends with `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Flag of the last chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag_last: Option<char>,
    /// Header fields of each SEND.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub msrp: BTreeMap<String, Option<String>>,
    /// Milliseconds that the last chunk waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<u64>,
}

impl Named {
    /// Whether the user has to see something of it; of what the system says a client may keep silent (CONV-7.2.3.3-1,
    /// CONV-7.2.3.4.2-display).
    #[must_use]
    pub fn is_for_the_user(&self) -> bool {
        let texts = self.header.get("Accept-Contact").and_then(Option::as_ref).map_or(&[][..], Texts::list);
        !texts.iter().any(|text| text.contains("systemmsg"))
    }
}

/// One text or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One; a number or a truth value is text too.
    One(#[serde(deserialize_with = "scalar")] String),
    /// Several.
    Several(Vec<String>),
}

fn scalar<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Flag(bool),
        Number(i64),
        Text(String),
    }
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Flag(flag) => flag.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) => text,
    })
}

impl Texts {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// Why a named message cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Nothing is called that.
    #[error("no message is called {name:?}{}", nearest.as_ref().map(|n| format!("; did you mean {n:?}?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// `like` leads in a circle or further than one step.
    #[error("{0:?} is like a message that is itself like another; `like` inherits once")]
    Like(String),
    /// A placeholder has no value.
    #[error("{0}")]
    Template(#[from] template::TemplateError),
    /// A message says no method, or not for whom it is.
    #[error("{name:?} has no {what}")]
    Lacks {
        /// The message.
        name: String,
        /// What it lacks.
        what: &'static str,
    },
    /// A body file is not there.
    #[error("no file scenarios/bodies/{0}")]
    Body(String),
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// With file, line and what would be right.
    pub fn parse(file: &str, text: &str) -> Result<Self, YamlError> {
        yaml::from_str(file, text)
    }

    /// The message called `name` with what it inherits.
    ///
    /// # Errors
    /// [`MessageError::Unknown`], [`MessageError::Like`].
    pub fn message(&self, name: &str) -> Result<Named, MessageError> {
        let find = |name: &str| {
            self.messages.get(name).ok_or_else(|| MessageError::Unknown {
                name: name.to_owned(),
                nearest: yaml::nearest(name, self.messages.keys().map(String::as_str)).map(str::to_owned),
            })
        };
        let own = find(name)?.clone();
        let Some(like) = &own.like else { return Ok(own) };
        let base = find(like)?.clone();
        if base.like.is_some() {
            return Err(MessageError::Like(name.to_owned()));
        }
        let mut header = base.header;
        header.extend(own.header);
        Ok(Named {
            like: None,
            from: own.from.or(base.from),
            method: own.method.or(base.method),
            to: own.to.or(base.to),
            header,
            body: own.body.or(base.body),
            content_type: own.content_type.or(base.content_type),
            within: own.within.or(base.within),
            over: own.over.or(base.over),
            branch: own.branch.or(base.branch),
            offer: base.offer.into_iter().chain(own.offer).collect(),
            content: own.content.or(base.content),
            chunks: own.chunks.or(base.chunks),
            ranges: own.ranges.or(base.ranges),
            open: own.open.or(base.open),
            flag_last: own.flag_last.or(base.flag_last),
            msrp: base.msrp.into_iter().chain(own.msrp).collect(),
            pause: own.pause.or(base.pause),
        })
    }

    /// The message called `name`, ready to be sent: placeholders filled in by `value`, its body taken from `file`.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn outgoing(
        &self,
        name: &str,
        mut value: impl FnMut(&str) -> Option<String>,
        file: impl Fn(&str) -> Option<Bytes>,
    ) -> Result<Outgoing, MessageError> {
        let named = self.message(name)?;
        let lacks = |what| MessageError::Lacks { name: name.to_owned(), what };
        let to = template::fill(named.to.as_ref().ok_or_else(|| lacks("`to`"))?, &mut value)?;
        let mut headers = Vec::new();
        for (field, texts) in &named.header {
            headers.push((field.clone(), filled_texts(texts.as_ref(), &mut value)?));
        }
        let body = match &named.body {
            None => None,
            Some(path) => {
                let octets = file(path).ok_or_else(|| MessageError::Body(path.clone()))?;
                let kind = named.content_type.clone().unwrap_or_else(|| media_type(path).to_owned());
                Some((kind, filled(&octets, &mut value)?))
            }
        };
        let media = media::resolved(&named, &mut value, &file)?;
        let method = named.method.ok_or_else(|| lacks("`method`"))?;
        let (within, stray, apart) = (named.within.unwrap_or_default(), named.branch.is_some(), named.over.is_some());
        Ok(Outgoing { method, to, headers, body, within, apart, stray, media })
    }
}

/// The texts with placeholders filled in.
fn filled_texts(texts: Option<&Texts>, value: &mut impl FnMut(&str) -> Option<String>) -> Result<Option<Vec<String>>, MessageError> {
    let filled = |texts: &Texts| texts.list().iter().map(|text| template::fill(text, &mut *value)).collect::<Result<_, _>>();
    Ok(texts.map(filled).transpose()?)
}

/// The octets with placeholders filled in; octets that are no text have none.
fn filled(octets: &Bytes, value: impl FnMut(&str) -> Option<String>) -> Result<Bytes, MessageError> {
    match std::str::from_utf8(octets) {
        Ok(text) => Ok(template::fill(text, value)?.into()),
        Err(_) => Ok(octets.clone()),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("cpim") => "message/cpim",
        Some("sdp") => "application/sdp",
        Some("xml") if path.ends_with(".conference.xml") => "application/conference-info+xml",
        _ => "text/plain",
    }
}
