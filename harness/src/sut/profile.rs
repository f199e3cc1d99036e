//! The profile: what the vendor tells us about a system under test, read from YAML.
//!
//! Nothing in it is guessed. An unknown name, a missing claim or a value of the wrong kind is refused with its place and
//! the nearest right name; the first such error ends the reading.

use std::{
    collections::BTreeSet,
    fmt,
    num::NonZeroU16,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Edition, ICS, Ics, Ixit, Reach, Role, UpperTester};
use crate::yaml::{self, YamlError};

/// Why a profile is refused; shown as `file:line:column: what`.
pub type ProfileError = YamlError;

/// What a vendor says about a SUT. Serialised without its secrets, it reads back as the same profile without them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name of the product, with its version.
    #[serde(deserialize_with = "named")]
    pub name: String,
    /// What it is.
    pub role: Role,
    /// The edition of CPM that it implements; the reference, without a profile, implements each.
    #[serde(default = "newest", skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
    /// How its signalling is reached.
    #[serde(default)]
    pub reach: Reach,
    /// How its user is reached.
    #[serde(rename = "upper tester")]
    pub upper_tester: UpperTester,
    /// What it claims to support.
    pub ics: Ics,
    /// What the tester needs to know.
    #[serde(default)]
    pub ixit: Ixit,
    /// How many users can be tested at a time.
    #[serde(default = "one")]
    pub users: NonZeroU16,
    /// Expected fails, kept out of the exit status.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "waivers")]
    pub waivers: Vec<Waiver>,
    /// Folder of the profile: a program of the upper tester runs there.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// A fail that is expected for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Requirement: `CONV-7.2.1.1-8`.
    #[serde(deserialize_with = "named")]
    pub id: String,
    /// Why it is expected.
    #[serde(deserialize_with = "named")]
    pub reason: String,
    /// Who answers for it.
    #[serde(deserialize_with = "named")]
    pub owner: String,
    /// Last day on which it holds.
    #[serde(deserialize_with = "date", serialize_with = "as_text")]
    pub until: Date,
}

/// Reads the profile at `path`.
///
/// # Errors
/// [`ProfileError`], exactly one.
pub fn read(path: &Path) -> Result<Profile, ProfileError> {
    let mut profile = parse(&path.display().to_string(), &yaml::load(path)?)?;
    profile.folder = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok(profile)
}

/// Reads a profile from its text; `file` is only a name.
///
/// # Errors
/// [`ProfileError`], exactly one.
pub fn parse(file: &str, text: &str) -> Result<Profile, ProfileError> {
    let mut profile: Profile = yaml::from_str(file, text).map_err(|mut error| {
        if error.message.contains("missing field `ics`") {
            let items: Vec<_> = ICS.iter().map(|(name, _)| *name).collect();
            error.message = format!(
                "`ics` is missing: without the vendor's claims a run would test nothing, or what the product never promised; \
                 say yes or no to {}",
                items.join(", ")
            );
        }
        error
    })?;
    let Reach { core, home, .. } = &profile.reach;
    profile.ixit.derive("core", || core.to_string());
    if let Some(home) = home {
        profile.ixit.derive("home", || home.clone());
    }
    if let Some(edition) = profile.edition {
        profile.ixit.derive("user agent release", || edition.release().to_owned());
    }
    Ok(profile)
}

impl Profile {
    /// The profile of the reference of a role that is built in.
    #[must_use]
    pub fn embedded(role: Role) -> Self {
        // What no section that the suite judges asks of it, the reference does not do.
        let missing = ["filetransfer"];
        let items = ICS.iter().map(|(item, _)| *item);
        let claimed: Vec<&str> = items.filter(|item| role.is_asked(item) && !missing.contains(item)).collect();
        Self {
            name: "embedded reference".to_owned(),
            role,
            edition: None,
            reach: Reach::default(),
            upper_tester: UpperTester::Embedded,
            ics: Ics::of(&claimed),
            ixit: Ixit::default(),
            users: NonZeroU16::MIN,
            waivers: Vec::new(),
            folder: PathBuf::new(),
        }
    }

    /// What the SUT is while it is tested against a section: one that implements several editions is of the section's.
    #[must_use]
    pub fn in_section(&self, section: &str) -> Self {
        let mut profile = self.clone();
        if profile.edition.is_none() {
            let edition = Edition::of(section).unwrap_or(Edition::Two);
            profile.edition = Some(edition);
            profile.ixit.derive("user agent release", || edition.release().to_owned());
        }
        profile
    }

    /// Why a section says nothing about the SUT: it is of another edition. `None`: it does.
    #[must_use]
    pub fn other_edition(&self, section: &str) -> Option<String> {
        let (own, other) = (self.edition?, Edition::of(section)?);
        (own != other).then(|| format!("the profile is of CPM {}, this is of CPM {}", own.name(), other.name()))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
fn newest() -> Option<Edition> {
    Some(Edition::Two)
}

fn one() -> NonZeroU16 {
    NonZeroU16::MIN
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    yaml::parsed(deserializer, |text| if text.trim().is_empty() { Err("this text is empty".to_owned()) } else { Ok(text.to_owned()) })
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    yaml::parsed(deserializer, |text| text.parse().map_err(|_| format!("`{text}` is no date, such as `2026-12-31`")))
}

fn as_text<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn waivers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Waiver>, D::Error> {
    let waivers = Vec::<Waiver>::deserialize(deserializer)?;
    let mut ids = BTreeSet::new();
    match waivers.iter().find(|waiver| !ids.insert(&waiver.id)) {
        Some(twice) => Err(D::Error::custom(format_args!("waivers: `{}` is waived twice", twice.id))),
        None => Ok(waivers),
    }
}
