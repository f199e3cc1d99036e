//! What the vendor claims to support. Each item is also a tag: scenarios under `@ics-<item>` need a yes.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};

use crate::yaml;

/// The items of the ICS: name, and what a yes claims. An item that a profile does not list counts as no.
pub const ICS: &[(&str, &str)] = &[
    ("msg", "sends and receives pager mode messages"),
    ("largemsg", "sends and receives large message mode messages"),
    ("deferred", "handles messages that were deferred while the user was away"),
    ("session", "takes part in CPM sessions"),
    ("group-session", "takes part in the sessions of groups"),
    ("filetransfer", "transfers files"),
    ("systemmsg", "takes system messages"),
    ("gruu", "uses a GRUU that the core assigns (RFC 5627)"),
    ("gruu-required", "sends no CPM request without a GRUU"),
    ("other-ims-services", "shares its registration with services other than CPM"),
    ("several-addresses", "has a user with more than one public address to choose from"),
    ("tel-uri", "takes tel URIs as addresses (RFC 3966)"),
    ("local-storage", "keeps messages on the device"),
    ("imdn", "asks for and sends disposition notifications (RFC 5438)"),
    ("read-report-setting", "lets the user forbid read reports"),
    ("device-name", "lets the user name the device"),
    ("msrps", "carries MSRP over TLS"),
    ("storage", "has a client of the message store"),
    ("pull", "can be set to ask for deferred messages"),
    ("push", "has a push client through which it learns of deferred messages"),
    ("manual-accept", "can be set to ask its user before it takes a large message"),
    ("content-indirection", "takes messages whose content lies elsewhere (RFC 4483)"),
    ("resource-shortage", "can be made short of resources"),
    ("image", "shows image/* content"),
    ("smil", "shows SMIL presentations"),
    ("adhoc-groups", "sends to groups that the user puts together"),
    ("predefined-groups", "sends to groups that the network keeps"),
    ("join-in-group", "joins groups that are open to who joins"),
    ("rejoin", "goes back to a group session that it left or lost"),
    ("closed-group", "starts groups that nobody can be added to"),
    ("participants", "shows who takes part in a session"),
    ("session-modify", "changes the media of a session"),
    ("session-timer", "refreshes sessions (RFC 4028)"),
    ("redirect", "lets the user send an inviter elsewhere"),
    ("msrp-passive", "can be reached by MSRP connections"),
    ("rtp", "carries sound by RTP"),
    ("video", "carries pictures by RTP, beside sound"),
    ("capabilities", "lists its methods among the capabilities that it registers (RFC 3840)"),
    ("digest", "authenticates by digest (RFC 3261, 22)"),
    ("notify-failure", "tells its user that a message could not be sent"),
    ("restart", "can be ended and started again by the upper tester"),
    ("im-media", "IM server: is in the media path of its sessions"),
    ("im-update", "IM server: takes and sends UPDATE (RFC 3311)"),
    ("im-validates", "IM server: refuses itself what its client cannot take"),
    ("pf-devices", "participating function: tells the devices of a user apart"),
    ("pf-history", "participating function: keeps the history of conversations in a message store"),
    ("pf-invites", "participating function: invites clients that come back, withdraws invitations that nobody answers"),
    ("pf-notify", "participating function: tells of deferred messages to who subscribes"),
];

/// The answers to [`ICS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ics(BTreeMap<&'static str, bool>);

impl Ics {
    /// A yes to each of `items`, a no to all others; names that are no item are passed over.
    #[must_use]
    pub fn of(items: &[&str]) -> Self {
        Self(ICS.iter().map(|(name, _)| (*name, items.contains(name))).collect())
    }

    /// Whether the product claims `item`; `None` where that is no item.
    #[must_use]
    pub fn claims(&self, item: &str) -> Option<bool> {
        self.0.get(item).copied()
    }

    /// All items in the order of [`ICS`], each with its answer.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool)> {
        ICS.iter().map(|(name, _)| (*name, self.0.get(name).copied().unwrap_or(false)))
    }
}

impl Serialize for Ics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Ics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Answers)
    }
}

struct Answers;

impl<'de> Visitor<'de> for Answers {
    type Value = Ics;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of ICS items to yes or no")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Ics, A::Error> {
        let mut ics = Ics::of(&[]);
        while let Some(item) = entries.next_key_seed(Item)? {
            ics.0.insert(item, entries.next_value_seed(YesOrNo)?);
        }
        Ok(ics)
    }
}

/// The name of an item.
struct Item;

impl<'de> DeserializeSeed<'de> for Item {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        yaml::parsed_word(deserializer, |word| {
            let names = ICS.iter().map(|(name, _)| *name);
            names.clone().find(|name| *name == word).ok_or_else(|| yaml::unknown("ICS item", word, names))
        })
    }
}

/// A truth value of YAML, or one of the words that YAML 1.1 took for one.
struct YesOrNo;

impl<'de> DeserializeSeed<'de> for YesOrNo {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        yaml::parsed_word(deserializer, |word| match word.to_ascii_lowercase().as_str() {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            "" | "~" | "null" => Err("nothing stands here where yes or no is wanted".to_owned()),
            _ => Err(format!("`{word}` where yes or no is wanted")),
        })
    }
}
