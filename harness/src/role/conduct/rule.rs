//! Rules of conduct as data: what a scenario lets a fake do and what a defect does wrong (`scenarios/README.md`).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// One rule: when, and one of the verbs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// When.
    pub upon: Upon,
    /// Verb: answer the received request with this status and keep it from the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<u16>,
    /// Header fields of that answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, String>,
    /// Verb: change fields, in the language of the steps; `null` removes, a list gives several.
    #[serde(default, deserialize_with = "edits", skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<(String, Values)>,
    /// Verb: put octets in place of others, where no field says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<Replace>,
    /// Verb: let it vanish.
    #[serde(default)]
    pub drop: bool,
    /// Verb: let it wait so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<u64>,
    /// Verb: say it so many times more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// Verb: hand the role something that did not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<Feed>,
    /// Verb: cut the connection instead, or, with `at`, in the middle of the message.
    #[serde(default)]
    pub cut: bool,
    /// Octets of the message that go out before the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<usize>,
    /// Verb: send it in pieces of so many octets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<usize>,
    /// Verb: read no more than so many octets a second of the stream that it came over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<u64>,
    /// Verb: open an MSRP connection to this fake besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// Of a defect: rows outside the neighbourhood that fall with it, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, String>,
    /// Of a defect: why it is not the mutant of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// When a rule applies; all that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upon {
    /// A message goes out: methods or statuses, joined by ` or `; `*` is any.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub sending: Option<String>,
    /// A message comes in: as above.
    #[serde(default, deserialize_with = "word", skip_serializing_if = "Option::is_none")]
    pub receiving: Option<String>,
    /// A stream is about to be opened that carries this: `MSRP`, `IMAP`, `HTTP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connecting: Option<String>,
    /// The user does this act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The user is about to see this sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub showing: Option<String>,
    /// Of a request its Request-URI, of a response the method that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A field that has to be there (text), or has to fit a pattern (`{field: pattern}`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<Has>,
    /// A field that has to be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// Only the n-th message that fits, 1-based; repetitions do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// Only once this act was asked for or this sight shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Condition on fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Has {
    /// The field is there.
    Field(String),
    /// Each field has a value that fits the pattern, in which `*` is any text.
    Fitting(BTreeMap<String, String>),
}

/// New values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// None: it is removed.
    None,
    /// A truth value, of an act or a sight.
    Truth(bool),
    /// A number, for convenience.
    Number(i64),
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Values {
    /// As a list; empty removes.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Truth(truth) => vec![truth.to_string()],
            Self::Number(number) => vec![number.to_string()],
            Self::One(text) => vec![text.clone()],
            Self::Several(texts) => texts.clone(),
        }
    }
}

/// Octets in place of octets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// What is looked for; all occurrences.
    pub bytes: String,
    /// What stands there instead.
    pub with: String,
}

/// An input that did not come: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// A response with this status to the request that goes out, or else to the one that the role sent last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<u16>,
    /// An act of the user, with its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<BTreeMap<String, String>>,
}

impl Rule {
    /// A rule that answers the next request with `status`.
    #[must_use]
    pub fn answering(status: u16, header: BTreeMap<String, String>) -> Self {
        let upon = Upon { receiving: Some("*".to_owned()), nth: Some(1), ..Upon::default() };
        Self { upon, answer: Some(status), header, ..Self::default() }
    }

    /// A rule that leaves every request without an answer.
    #[must_use]
    pub fn silent() -> Self {
        let upon = Upon { receiving: Some("*".to_owned()), ..Upon::default() };
        Self { upon, drop: true, ..Self::default() }
    }
}

fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Number(u16),
        Text(String),
    }
    Ok(Some(match Word::deserialize(deserializer)? {
        Word::Number(number) => number.to_string(),
        Word::Text(text) => text,
    }))
}

fn edits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Values)>, D::Error> {
    struct Pairs;
    impl<'de> serde::de::Visitor<'de> for Pairs {
        type Value = Vec<(String, Values)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("fields with their new values")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    // The order of the edits is that of the file: a later one sees what an earlier one did.
    deserializer.deserialize_map(Pairs)
}
