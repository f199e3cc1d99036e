//! Byte ranges into a message, and what is wrong with the bytes in them.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A half-open range of octets, `from` inclusive and `to` exclusive, 0-based, always within the message it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First octet.
    pub from: usize,
    /// One behind the last octet.
    pub to: usize,
}

impl Span {
    /// The range `from..to`; a reversed pair gives the empty range at `from`.
    #[must_use]
    pub fn new(from: usize, to: usize) -> Self {
        Self { from, to: to.max(from) }
    }

    /// All of `raw`.
    #[must_use]
    pub fn all(raw: &[u8]) -> Self {
        Self::new(0, raw.len())
    }

    /// The octets of the range; what lies beyond the end of `raw` is left out.
    #[must_use]
    pub fn of(self, raw: &[u8]) -> &[u8] {
        let to = self.to.min(raw.len());
        raw.get(self.from.min(to)..to).unwrap_or_default()
    }

    /// The text of the range; octets that are no UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(self, raw: &[u8]) -> Cow<'_, str> {
        String::from_utf8_lossy(self.of(raw))
    }

    /// Number of octets.
    #[must_use]
    pub fn len(self) -> usize {
        self.to - self.from
    }

    /// Whether the range holds no octet.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.to == self.from
    }

    /// The same range `by` octets further on.
    #[must_use]
    pub fn shift(self, by: usize) -> Self {
        Self::new(self.from + by, self.to + by)
    }

    /// The range without blanks, tabs and line ends at either end.
    #[must_use]
    pub fn trim(self, raw: &[u8]) -> Self {
        let bytes = self.of(raw);
        let lead = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let tail = bytes[lead..].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
        Self::new(self.from + lead, self.from + bytes.len() - tail)
    }
}

/// One thing that the grammar forbids, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Malformation {
    /// Stable name in kebab case, for instance `header-field-without-colon`.
    pub code: String,
    /// What is wrong, in a sentence fragment; may quote bytes of the message, unescaped.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub span: Span,
}

impl Malformation {
    /// A malformation `code` at `span`.
    pub fn new(code: &str, message: impl Into<String>, span: Span) -> Self {
        Self { code: code.to_owned(), message: message.into(), span }
    }
}

/// Malformations as they are found; what is sent may break the grammar more often than anyone wants to read.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Malformation>);

impl Faults {
    /// Malformations kept of one message or part; one more says that there were others.
    const MOST: usize = 200;

    /// One more.
    pub(crate) fn add(&mut self, code: &str, message: impl Into<String>, span: Span) {
        if self.0.len() < Self::MOST {
            self.0.push(Malformation::new(code, message, span));
        } else if self.0.len() == Self::MOST {
            self.0.push(Malformation::new("too-many-malformations", "more malformations are not listed", span));
        }
    }

    /// Those of a nested view too.
    pub(crate) fn extend(&mut self, others: Vec<Malformation>) {
        for other in others {
            if self.0.len() > Self::MOST {
                break;
            }
            self.add(&other.code, other.message, other.span);
        }
    }

    /// All of them, in the order in which they were found.
    pub(crate) fn into_vec(self) -> Vec<Malformation> {
        self.0
    }
}
