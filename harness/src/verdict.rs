//! Findings, verdicts and their reasons: data, never control flow (ARCHITECTURE, section 7).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of a requirement, or of one of its lines. Ordered as in TTCN-3: the worst wins, a later pass lifts nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No line could run; see the reason.
    #[default]
    NotTested,
    /// It does not apply to this SUT, or to what this SUT chose to do.
    NotApplicable,
    /// Met; warnings and notes may stand beside it.
    Pass,
    /// It could not be judged.
    Inconclusive,
    /// Not met.
    Fail,
    /// The harness failed; says nothing about the SUT.
    Error,
}

impl Verdict {
    /// All verdicts, from the weakest to the strongest.
    pub const ALL: [Self; 6] = [Self::NotTested, Self::NotApplicable, Self::Pass, Self::Inconclusive, Self::Fail, Self::Error];

    /// The verdict of two lines of one requirement.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }

    /// The word of the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotTested => "not-tested",
            Self::NotApplicable => "not-applicable",
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a verdict is no pass; machine-readable, a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    // fail
    /// A value is not what it has to be.
    Violated,
    /// Something that has to come, or to be there, is not.
    Missing,
    /// Something is there, or came, that must not.
    Unexpected,
    /// It breaks its grammar.
    Malformed,
    /// It came outside its time.
    Late,
    /// The SUT died of the stimulus.
    Crashed,
    // inconclusive
    /// What the scenario needs before its stimulus did not come about.
    Preamble,
    /// The product refused the user's act.
    ActRefused,
    /// The situation that the line judges did not arise.
    NotTriggered,
    /// Another answer of the SUT hides what the line judges.
    HiddenByAnswer,
    /// Only the user could see it, and nobody tells what the user sees.
    NoSight,
    /// Nothing came, and nothing shows that the SUT was alive.
    NoProofOfLife,
    /// The SUT was lost before.
    SutGone,
    /// A limit of the harness cut the evidence.
    Limit,
    // error
    /// The harness panicked.
    Panic,
    /// A fake of the harness failed.
    Peer,
    /// A socket of the harness failed.
    Link,
    /// The run folder could not be written.
    Disk,
    /// The suite is wrong: a name, a value, a table.
    Suite,
    // not applicable
    /// The ICS says no.
    Ics,
    /// The SUT is of another edition of CPM.
    Edition,
    /// The SUT did not take the branch that the line judges.
    Branch,
    // not tested: in features
    /// Nothing of it can be observed.
    NotObservable,
    /// The source defines no format for it.
    NoFormat,
    /// It binds another party.
    OtherParty,
    /// No simulator for it exists yet.
    NoSimulator,
    /// Another line judges it.
    JudgedElsewhere,
    // not tested: at run time
    /// The adapter lacks the act.
    NoAct,
    /// The product cannot be set up that way.
    NoSetting,
    /// It takes too long without `--slow`.
    Slow,
    /// The scenario needs another transport.
    Transport,
    /// Not selected.
    Deselected,
    /// The run was interrupted before.
    Interrupted,
}

impl Reason {
    /// The word of the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
            Self::Malformed => "malformed",
            Self::Late => "late",
            Self::Crashed => "crashed",
            Self::Preamble => "preamble",
            Self::ActRefused => "act-refused",
            Self::NotTriggered => "not-triggered",
            Self::HiddenByAnswer => "hidden-by-answer",
            Self::NoSight => "no-sight",
            Self::NoProofOfLife => "no-proof-of-life",
            Self::SutGone => "sut-gone",
            Self::Limit => "limit",
            Self::Panic => "panic",
            Self::Peer => "peer",
            Self::Link => "link",
            Self::Disk => "disk",
            Self::Suite => "suite",
            Self::Ics => "ics",
            Self::Edition => "edition",
            Self::Branch => "branch",
            Self::NotObservable => "not-observable",
            Self::NoFormat => "no-format",
            Self::OtherParty => "other-party",
            Self::NoSimulator => "no-simulator",
            Self::JudgedElsewhere => "judged-elsewhere",
            Self::NoAct => "no-act",
            Self::NoSetting => "no-setting",
            Self::Slow => "slow",
            Self::Transport => "transport",
            Self::Deselected => "deselected",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A note: reported, never graded.
    Info,
    /// A warning beside a pass; with `--strict` a fail.
    Warn,
    /// A nonconformity.
    Fail,
}

/// Where the bytes stand that a finding, or a pass, rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Trace file, from the root of the run folder; empty while the scenario runs.
    #[serde(default)]
    pub trace: String,
    /// Number of the entry, 0-based; in the file it stands on line `entry + 2`.
    pub entry: usize,
    /// First octet of the range within the entry's bytes.
    pub from: usize,
    /// One behind the last octet; equal to `from` for an entry that carries no bytes.
    pub to: usize,
    /// SHA-256 of the range, hexadecimal; filled in when the scenario is closed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

impl Evidence {
    /// The octets `from..to` of entry number `entry`.
    #[must_use]
    pub fn at(entry: usize, from: usize, to: usize) -> Self {
        Self { trace: String::new(), entry, from, to, sha256: String::new() }
    }
}

/// One thing that a check has to say about what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Its weight, already capped by the `violation` of its requirement.
    pub severity: Severity,
    /// Why.
    pub reason: Reason,
    /// What would have been right, worded for a vendor who has only the report.
    pub expected: String,
    /// What was there instead. May quote what the SUT sent, unescaped: writers escape.
    pub observed: String,
    /// Rule or ruling that decided: `CMP-ICSI`, `SIP-5`, `R-7.2.1.1-2`; empty where the row itself decides.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Where to look.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// A nonconformity without evidence yet.
    pub fn new(reason: Reason, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Self {
            severity: Severity::Fail,
            reason,
            expected: expected.into(),
            observed: observed.into(),
            rule: String::new(),
            evidence: Vec::new(),
        }
    }

    /// The same finding, decided by `rule`.
    #[must_use]
    pub fn by(mut self, rule: &str) -> Self {
        rule.clone_into(&mut self.rule);
        self
    }

    /// The same finding, resting on `evidence` too.
    #[must_use]
    pub fn on(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// The same finding with another weight.
    #[must_use]
    pub fn weighing(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It looked; nothing to fail means met. The evidence is what it looked at.
    Looked {
        /// What it has to say; may be empty.
        findings: Vec<Finding>,
        /// What it looked at.
        evidence: Vec<Evidence>,
    },
    /// The SUT did not take the branch; the text says which fact decided.
    NotTaken(String),
    /// It could not look, and that is nobody's nonconformity.
    Obstacle(Reason, String),
}

impl Judgement {
    /// Met, resting on `evidence`.
    #[must_use]
    pub fn met(evidence: Vec<Evidence>) -> Self {
        Self::Looked { findings: Vec::new(), evidence }
    }
}

impl From<Finding> for Judgement {
    fn from(finding: Finding) -> Self {
        let evidence = finding.evidence.clone();
        Self::Looked { findings: vec![finding], evidence }
    }
}
