//! The report: requirements, verdicts and evidence of one run. A function of the run folder alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    requirement::{Basis, Level},
    trace::Transport,
    verdict::{Evidence, Finding, Reason, Verdict},
};

pub mod escape;
#[cfg(test)]
pub(crate) mod fixture;
pub mod folder;
mod html;
mod json;
mod junit;
mod markdown;
mod schema;
mod weigh;
mod words;

pub use folder::{Folder, Recorded};
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use schema::{SCHEMAS, schema};
pub use weigh::weigh;

/// Version of `report.json`.
pub const SCHEMA: &str = "cpmspec.report/1";

/// Version of `run.json`.
pub const RUN_SCHEMA: &str = "cpmspec.run/1";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// It came to its end.
    Complete,
    /// It did not: it is still going on, or was stopped or killed. Never claims conformance.
    Interrupted,
}

/// `run.json`: what the run was about. Written at the start with status `interrupted`, again at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// [`RUN_SCHEMA`].
    pub schema: String,
    /// How it ended.
    pub status: RunStatus,
    /// When it began (RFC 3339, UTC).
    pub started: String,
    /// How long it took, milliseconds.
    pub milliseconds: u64,
    /// The suite.
    pub suite: SuiteFacts,
    /// The tool.
    pub tool: ToolFacts,
    /// The SUT.
    pub sut: SutFacts,
    /// Selectors of the command line; empty: all.
    pub selection: Vec<String>,
    /// Whether warnings count as fails.
    pub strict: bool,
    /// The requirements that were asked about, with what stands of them in the catalogue.
    pub requirements: Vec<Asked>,
}

/// Which suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteFacts {
    /// Its version.
    pub version: String,
    /// SHA-256 over features, catalogue and scenarios, hexadecimal.
    pub sha256: String,
}

/// Which tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolFacts {
    /// `cpmspec`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which SUT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SutFacts {
    /// Its name from the profile, or `embedded reference`.
    pub name: String,
    /// Its role: `cpm-client`.
    pub role: String,
    /// Transports that it was run over.
    pub transports: Vec<Transport>,
    /// What the vendor claims, by item.
    pub ics: BTreeMap<String, String>,
}

/// A requirement as the run asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// Its document and section: `CONV-7.2.1.1`.
    pub section: String,
    /// Our title of the section.
    pub title: String,
    /// The role that it binds: `cpm-client`.
    pub role: String,
    /// The document that the section stands in.
    pub source: String,
    /// Its keyword.
    pub level: Level,
    /// Where it comes from.
    pub basis: Basis,
    /// What it demands, in our own words.
    pub obligation: String,
    /// References printed with a finding.
    pub refs: Vec<String>,
    /// Rulings that its verdict rests on: `R-7.2.1.1-2`.
    pub rulings: Vec<String>,
    /// Rows that may fall with it.
    pub depends: Vec<String>,
    /// What stands in place of a verdict as long as no line gave one.
    pub unless_judged: Option<(Verdict, Reason, String)>,
}

/// One judged step line: a line of `findings.jsonl`, and of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Id of the requirement.
    pub requirement: String,
    /// Feature file, from the root of the suite.
    pub feature: String,
    /// Line in it, 1-based.
    pub line: usize,
    /// Title of the scenario, outline placeholders filled in.
    pub scenario: String,
    /// Number of the scenario in the run: the folder `scenarios/<n>`.
    pub number: usize,
    /// Transport of the SUT's signalling.
    pub transport: Transport,
    /// The step without keyword and clause.
    pub step: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, unless it is a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// More about the reason, in words; may quote what the SUT sent, unescaped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What the check had to say.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What the check looked at.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// One scenario of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Played {
    /// Its number: the folder `scenarios/<n>`.
    pub number: usize,
    /// Feature file, from the root of the suite.
    pub feature: String,
    /// Its title.
    pub scenario: String,
    /// Its line in the feature.
    pub line: usize,
    /// Transport of the SUT's signalling.
    pub transport: Transport,
    /// Its trace file, from the root of the run folder.
    pub trace: String,
}

/// One requirement with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its document and section.
    pub section: String,
    /// Our title of the section.
    pub title: String,
    /// The role that it binds.
    pub role: String,
    /// The document that its section stands in.
    pub source: String,
    /// Its keyword.
    pub level: Level,
    /// Where it comes from.
    pub basis: Basis,
    /// What it demands, in our own words.
    pub obligation: String,
    /// References.
    pub refs: Vec<String>,
    /// Rulings that the verdict rests on.
    pub rulings: Vec<String>,
    /// The worst verdict of its lines.
    pub verdict: Verdict,
    /// Why, unless it is a pass.
    pub reason: Option<Reason>,
    /// More about the reason.
    pub detail: String,
    /// Number of warnings.
    pub warnings: usize,
    /// Ids of rows of its `depends` that failed too: this fail stands under them, and is still a fail.
    pub under: Vec<String>,
    /// Its judged lines.
    pub lines: Vec<Line>,
}

/// How many requirements have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// All requirements.
    pub requirements: usize,
    /// Verdict `pass`.
    pub pass: usize,
    /// Verdict `fail`.
    pub fail: usize,
    /// Verdict `inconclusive`.
    pub inconclusive: usize,
    /// Verdict `error`.
    pub error: usize,
    /// Verdict `not-applicable`.
    pub not_applicable: usize,
    /// Verdict `not-tested`.
    pub not_tested: usize,
    /// Warnings beside passes.
    pub warnings: usize,
    /// Scenarios played.
    pub scenarios: usize,
}

impl Counts {
    /// What is counted, in words, with the number, in the order of all reports.
    #[must_use]
    pub fn listed(&self) -> [(&'static str, usize); 9] {
        [
            ("requirements", self.requirements),
            ("pass", self.pass),
            ("fail", self.fail),
            ("inconclusive", self.inconclusive),
            ("error", self.error),
            ("not applicable", self.not_applicable),
            ("not tested", self.not_tested),
            ("warnings", self.warnings),
            ("scenarios", self.scenarios),
        ]
    }
}

/// `report.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// How the run ended.
    pub status: RunStatus,
    /// Whether every selected SHALL and SHALL NOT that may fail has passed, in a complete run.
    pub conformant: bool,
    /// When the run began (RFC 3339, UTC).
    pub started: String,
    /// How long it took, milliseconds.
    pub milliseconds: u64,
    /// The suite.
    pub suite: SuiteFacts,
    /// The tool.
    pub tool: ToolFacts,
    /// The SUT.
    pub sut: SutFacts,
    /// Selectors of the command line; empty: all. A claim is about these requirements only.
    pub selection: Vec<String>,
    /// The numbers.
    pub counts: Counts,
    /// The numbers by role.
    pub roles: BTreeMap<String, Counts>,
    /// The requirements, in document order.
    pub requirements: Vec<Row>,
    /// The scenarios, in the order of their numbers.
    pub scenarios: Vec<Played>,
}
