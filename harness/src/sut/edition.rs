//! Editions of CPM. Each document of the catalogue belongs to one, and a SUT is tested against one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::yaml;

/// An edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// CPM 1.0.
    One,
    /// CPM 2.0.
    Two,
}

impl Edition {
    /// All of them, the older first.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// The edition that a section of the catalogue belongs to, by its document: `CPM1-7.3.4` is of CPM 1.0; SIMPLE IM is of none.
    #[must_use]
    pub fn of(section: &str) -> Option<Self> {
        match section.split('-').next() {
            Some("CPM1") => Some(Self::One),
            Some("CONV") => Some(Self::Two),
            _ => None,
        }
    }

    /// As it stands in profiles.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "1.0",
            Self::Two => "2.0",
        }
    }

    /// The release that a product of this edition names, unless its profile says otherwise (R-7-4).
    #[must_use]
    pub fn release(self) -> &'static str {
        match self {
            Self::One => "OMA1.0",
            Self::Two => "OMA2.0",
        }
    }
}

impl Serialize for Edition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Edition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = || Self::ALL.into_iter().map(Self::name);
        yaml::parsed_word(deserializer, |word| {
            Self::ALL.into_iter().find(|edition| edition.name() == word).ok_or_else(|| yaml::unknown("edition", word, names()))
        })
    }
}
