//! The catalogue: one row per requirement, and which rows are neighbours.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::Severity;

/// One file of `features/catalogue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// `CONV`, `CPM1`, `IM`.
    pub document: String,
    /// Name of the source file.
    pub source: String,
    /// Number of the section.
    pub section: String,
    /// Our own title.
    pub title: String,
    /// Its rows, in the order of the source.
    pub requirements: Vec<Requirement>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Full id: `CONV-7.2.1.1-9a`.
    pub id: String,
    /// What stands behind the section in the id: `9a`.
    pub step: String,
    /// Which SUT it binds: `cpm-client`.
    pub role: String,
    /// Its keyword.
    pub level: Level,
    /// The worst that a missed check may become.
    pub violation: Severity,
    /// Where the obligation comes from.
    pub basis: Basis,
    /// How it shows.
    pub observe: Observe,
    /// The situation in which it binds.
    pub when: String,
    /// What it demands, in our own words.
    pub obligation: String,
    /// How it is judged.
    pub check: String,
    /// The cases that have to be played.
    pub variants: Vec<String>,
    /// What goes wrong in the defect that must be noticed.
    pub mutant: String,
    /// Rows that may fall with it.
    pub depends: Vec<String>,
    /// References, as printed or inferred.
    pub refs: Vec<String>,
    /// Rulings and remarks.
    pub note: String,
    /// Lines of the seed document.
    pub source_lines: Vec<String>,
}

/// Keyword of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Level {
    /// Mandatory.
    #[serde(rename = "SHALL")]
    Shall,
    /// Forbidden.
    #[serde(rename = "SHALL NOT")]
    ShallNot,
    /// Recommended.
    #[serde(rename = "SHOULD")]
    Should,
    /// Not recommended.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// Optional.
    #[serde(rename = "MAY")]
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shall => "SHALL",
            Self::ShallNot => "SHALL NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
        })
    }
}

/// Where an obligation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// A keyword of the source.
    Keyword,
    /// A sentence without keyword.
    Statement,
    /// Another document that the source builds on.
    Derived,
}

/// How an obligation shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Observe {
    /// In the message that the stimulus brings.
    Wire,
    /// In a later message.
    LaterWire,
    /// In what the user sees.
    Ui,
    /// In what does not happen.
    Absence,
    /// In when it happens.
    Timing,
}

/// All rows, by id.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    sections: Vec<Section>,
    places: BTreeMap<String, (usize, usize)>,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Two rows share an id.
    #[error("two rows are called {0}")]
    Twice(String),
    /// A row's id does not say document, section and step.
    #[error("{id}: document {document:?}, section {section:?} and step {step:?} do not make this id")]
    Id {
        /// The id as it stands.
        id: String,
        /// Document of its file.
        document: String,
        /// Section of its file.
        section: String,
        /// Its step.
        step: String,
    },
}

impl Catalogue {
    /// Puts sections together, in document order of their numbers.
    ///
    /// # Errors
    /// [`CatalogueError`] for an id that is used twice or does not fit its place.
    pub fn new(mut sections: Vec<Section>) -> Result<Self, CatalogueError> {
        sections.sort_by_key(|s| (s.document.clone(), numbers(&s.section)));
        let mut places = BTreeMap::new();
        for (s, section) in sections.iter().enumerate() {
            for (r, row) in section.requirements.iter().enumerate() {
                if row.id != format!("{}-{}-{}", section.document, section.section, row.step) {
                    return Err(CatalogueError::Id {
                        id: row.id.clone(),
                        document: section.document.clone(),
                        section: section.section.clone(),
                        step: row.step.clone(),
                    });
                }
                if places.insert(row.id.clone(), (s, r)).is_some() {
                    return Err(CatalogueError::Twice(row.id.clone()));
                }
            }
        }
        Ok(Self { sections, places })
    }

    /// The row called `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        let (s, r) = *self.places.get(id)?;
        Some(&self.sections[s].requirements[r])
    }

    /// The section that the row `id` stands in.
    #[must_use]
    pub fn section_of(&self, id: &str) -> Option<&Section> {
        self.places.get(id).map(|(s, _)| &self.sections[*s])
    }

    /// All sections, in document order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// All rows, in document order.
    pub fn rows(&self) -> impl Iterator<Item = &Requirement> {
        self.sections.iter().flat_map(|s| &s.requirements)
    }

    /// The rows that may fall with `id`: itself, its `depends`, and the rows that depend on it.
    #[must_use]
    pub fn neighbourhood(&self, id: &str) -> BTreeSet<&str> {
        let mut near: BTreeSet<&str> = self.get(id).into_iter().flat_map(|row| row.depends.iter().map(String::as_str)).collect();
        near.extend(self.rows().filter(|row| row.depends.iter().any(|d| d == id)).map(|row| row.id.as_str()));
        near.extend(self.get(id).map(|row| row.id.as_str()));
        near
    }

    /// Whether the selector `ids` (`CONV-7.2` with its subsections, `CONV-7.2=` without, one full id, `IM-`) takes this row.
    #[must_use]
    pub fn selects(&self, selector: &str, id: &str) -> bool {
        let Some(section) = self.section_of(id) else { return false };
        let section = format!("{}-{}", section.document, section.section);
        id == selector
            || section == selector
            || selector.strip_suffix('=').is_some_and(|s| s == section)
            || section.strip_prefix(selector).is_some_and(|rest| rest.starts_with('.'))
            || selector.ends_with('-') && section.starts_with(selector)
    }
}

fn numbers(section: &str) -> Vec<u32> {
    section.split('.').map(|n| n.parse().unwrap_or(u32::MAX)).collect()
}
