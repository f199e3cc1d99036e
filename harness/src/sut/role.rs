//! What a SUT is: one of the roles that the catalogue binds.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::yaml;

/// A role of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// CPM client.
    CpmClient,
    /// CPM participating function.
    CpmParticipatingFunction,
    /// IM server that ends the sessions of both sides.
    ImServerB2bua,
    /// IM server that passes on what it gets.
    ImServerProxy,
}

impl Role {
    /// All roles that the suite can test.
    pub const ALL: [Self; 4] = [Self::CpmClient, Self::CpmParticipatingFunction, Self::ImServerB2bua, Self::ImServerProxy];

    /// Its name in profiles, in the catalogue and, behind `sut-`, in tags.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CpmClient => "cpm-client",
            Self::CpmParticipatingFunction => "cpm-participating-function",
            Self::ImServerB2bua => "im-server-b2bua",
            Self::ImServerProxy => "im-server-proxy",
        }
    }

    /// Its name in the features.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::CpmClient => "CPM Client",
            Self::CpmParticipatingFunction => "CPM Participating Function",
            Self::ImServerB2bua => "IM Server as B2BUA",
            Self::ImServerProxy => "IM Server as Proxy",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whose product it is, or whom it serves: name of the IXIT, and in lower case that of the cast.
    #[must_use]
    pub fn served(self) -> &'static str {
        match self {
            Self::CpmClient | Self::CpmParticipatingFunction => "alice",
            Self::ImServerB2bua | Self::ImServerProxy => "bob",
        }
    }

    /// Whether it stands between other parties: it listens, and registers nowhere.
    #[must_use]
    pub fn is_server(self) -> bool {
        self != Self::CpmClient
    }

    /// Whether an item of the ICS is about it. Those of servers begin with `im-` and `pf-`; all others are about clients.
    #[must_use]
    pub fn is_asked(self, item: &str) -> bool {
        match item.split_once('-').map(|(about, _)| about) {
            Some("im") => matches!(self, Self::ImServerB2bua | Self::ImServerProxy),
            Some("pf") => self == Self::CpmParticipatingFunction,
            _ => self == Self::CpmClient,
        }
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = || Self::ALL.into_iter().map(Self::name);
        yaml::parsed(deserializer, |word| Self::named(word).ok_or_else(|| yaml::unknown("role", word, names())))
    }
}
