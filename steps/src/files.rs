//! The files of the suite: embedded, or from a folder; features parsed, catalogue and scenarios read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use cucumber::feature::Ext as _;
use gherkin::{Feature, GherkinEnv};
use harness::{
    requirement::{Catalogue, CatalogueError, Section},
    role::conduct::Rule,
    scenario::Scenario,
    yaml::{self, YamlError},
};
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

static FEATURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../features");
static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../scenarios");

/// A reading of a defective source, as the reports cite it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// `R-7.2.1.1-2`, `H-1`.
    pub id: String,
    /// Where in the source.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong there.
    pub defect: String,
    /// What the suite takes.
    pub ruling: String,
    /// Requirements that it touches.
    pub touches: Vec<String>,
}

/// Everything that the suite is made of.
#[derive(Debug)]
pub struct Suite {
    files: BTreeMap<String, Bytes>,
    /// Features, outlines not expanded, by path.
    pub raw: Vec<Feature>,
    /// Features, outlines expanded.
    pub features: Vec<Feature>,
    /// The rows.
    pub catalogue: Catalogue,
    /// The rulings.
    pub rulings: Vec<Ruling>,
    /// Documents by the file names that the catalogue gives: our titles.
    pub sources: BTreeMap<String, String>,
    /// Scenario files by name: `cpm-client/pager-mode`.
    pub scenarios: BTreeMap<String, Scenario>,
    /// Defects by requirement.
    pub defects: BTreeMap<String, Vec<Rule>>,
}

/// Why a suite cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A file or folder cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A YAML file.
    #[error("{0}")]
    Yaml(#[from] YamlError),
    /// The catalogue as a whole.
    #[error("features/catalogue: {0}")]
    Catalogue(#[from] CatalogueError),
    /// A feature file.
    #[error("{path}:{line}: {message}")]
    Feature {
        /// Which.
        path: String,
        /// Line, 1-based.
        line: usize,
        /// What is wrong and what would be right.
        message: String,
    },
}

impl Suite {
    /// The suite that is built in.
    ///
    /// # Errors
    /// [`SuiteError`]; the tests see to it that there is none.
    pub fn embedded() -> Result<Self, SuiteError> {
        let mut files = BTreeMap::new();
        collect(&FEATURES, "features", &mut files);
        collect(&SCENARIOS, "scenarios", &mut files);
        Self::of(files)
    }

    /// The suite in a folder with `features` and `scenarios`.
    ///
    /// # Errors
    /// [`SuiteError`] with file, line and what would be right.
    pub fn read(root: &Path) -> Result<Self, SuiteError> {
        let mut files = BTreeMap::new();
        for name in ["features", "scenarios"] {
            walk(&root.join(name), name, &mut files)?;
        }
        Self::of(files)
    }

    fn of(files: BTreeMap<String, Bytes>) -> Result<Self, SuiteError> {
        let mut suite = Self {
            raw: Vec::new(),
            features: Vec::new(),
            catalogue: Catalogue::default(),
            rulings: Vec::new(),
            sources: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            defects: BTreeMap::new(),
            files,
        };
        let mut sections: Vec<Section> = Vec::new();
        for (path, bytes) in &suite.files {
            let text = || String::from_utf8_lossy(bytes);
            let extension = path.rsplit('.').next().unwrap_or_default();
            match (path.split('/').collect::<Vec<_>>().as_slice(), extension) {
                (["features", "catalogue", _], "yaml") => sections.push(yaml::from_str(path, &text())?),
                (["features", "sources.yaml"], _) => suite.sources = yaml::from_str(path, &text())?,
                (["features", "rulings.yaml"], _) => suite.rulings = yaml::from_str(path, &text())?,
                (["features", ..], "feature") => suite.raw.push(feature(path, &text())?),
                (["scenarios", "defects", _], "yaml") => {
                    suite.defects.extend(yaml::from_str::<BTreeMap<String, Vec<Rule>>>(path, &text())?);
                }
                (["scenarios", role, name], "yaml") => {
                    let name = format!("{role}/{}", name.trim_end_matches(".yaml"));
                    suite.scenarios.insert(name, Scenario::parse(path, &text())?);
                }
                _ => {}
            }
        }
        suite.catalogue = Catalogue::new(sections)?;
        for raw in &suite.raw {
            let expanded = raw.clone().expand_examples().map_err(|error| SuiteError::Feature {
                path: path_of(raw),
                line: error.pos.line,
                message: format!("the outline names {:?}, which is no column of its examples", error.name),
            })?;
            suite.features.push(expanded);
        }
        Ok(suite)
    }

    /// Octets of a file below `scenarios/`.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Bytes> {
        self.files.get(&format!("scenarios/{path}")).cloned()
    }

    /// SHA-256 over paths and octets of all files, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for (path, bytes) in &self.files {
            hash.update((path.len() as u64).to_be_bytes());
            hash.update(path.as_bytes());
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        hex::encode(hash.finalize())
    }

    /// Rulings that touch a requirement, or that its note names.
    #[must_use]
    pub fn rulings_of(&self, id: &str) -> Vec<&Ruling> {
        let note = self.catalogue.get(id).map_or("", |row| row.note.as_str());
        let named = |ruling: &str| {
            note.split(|c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c))).any(|word| word.trim_end_matches('.') == ruling)
        };
        self.rulings.iter().filter(|r| r.touches.iter().any(|t| t == id) || named(&r.id)).collect()
    }
}

/// Path of a feature, from the root of the suite.
#[must_use]
pub fn path_of(feature: &Feature) -> String {
    feature.path.as_deref().unwrap_or(Path::new("")).display().to_string()
}

fn feature(path: &str, text: &str) -> Result<Feature, SuiteError> {
    let mut feature = Feature::parse(text, GherkinEnv::default()).map_err(|error| SuiteError::Feature {
        path: path.to_owned(),
        line: error_line(&error.to_string()),
        message: format!("no Gherkin: {error}"),
    })?;
    feature.path = Some(PathBuf::from(path));
    Ok(feature)
}

/// The line that the parser's message names ("Error at 22:5: ..."), else 1.
fn error_line(message: &str) -> usize {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    ["line ", " at "].iter().find_map(|before| digits(message.split_once(before)?.1)).unwrap_or(1)
}

fn collect(dir: &Dir<'_>, prefix: &str, files: &mut BTreeMap<String, Bytes>) {
    for file in dir.files() {
        files.insert(format!("{prefix}/{}", file.path().display()), Bytes::copy_from_slice(file.contents()));
    }
    for inner in dir.dirs() {
        collect(inner, prefix, files);
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Bytes>) -> Result<(), SuiteError> {
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |error| SuiteError::Io { path, error }
    };
    for entry in std::fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        let name = format!("{prefix}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            walk(&path, &name, files)?;
        } else {
            files.insert(name, std::fs::read(&path).map_err(io(&path))?.into());
        }
    }
    Ok(())
}
