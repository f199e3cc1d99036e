//! Words that several writers share. Nothing here is escaped.

use super::{Report, RunStatus};
use crate::{
    requirement::Basis,
    verdict::{Evidence, Reason, Verdict},
};

/// What the run claims about the SUT. Where nothing failed but something binding was not judged, it claims nothing.
pub(super) fn claim(report: &Report) -> &'static str {
    match (report.status, report.conformant, report.counts.fail, report.selection.is_empty()) {
        (RunStatus::Interrupted, ..) => "interrupted: no claim",
        (RunStatus::Complete, true, _, true) => "conformant",
        (RunStatus::Complete, true, _, false) => "conformant in what was selected",
        (RunStatus::Complete, false, 0, _) => "no claim: not everything that binds was judged",
        (RunStatus::Complete, false, ..) => "not conformant",
    }
}

/// Where the octets of `evidence` stand in the run folder.
pub(super) fn place(evidence: &Evidence) -> String {
    let Evidence { trace, entry, from, to, .. } = evidence;
    let octets = if from == to { format!("at octet {from}") } else { format!("octets {from}..{to}") };
    format!("{trace}, line {}: entry {entry}, {octets}", entry.saturating_add(2))
}

/// How long the run took.
#[expect(clippy::cast_precision_loss, reason = "a duration for readers")]
pub(super) fn seconds(milliseconds: u64) -> String {
    format!("{:.1} s", milliseconds as f64 / 1000.0)
}

/// A verdict as readers say it.
pub(super) fn spoken(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotTested => "not tested",
        Verdict::NotApplicable => "not applicable",
        other => other.word(),
    }
}

/// A sign beside the word, so that nothing hangs on colour alone.
pub(super) fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Inconclusive => "?",
        Verdict::Error => "!",
        Verdict::NotApplicable => "–",
        Verdict::NotTested => "○",
    }
}

/// What a verdict says about the SUT.
pub(super) fn verdict_meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "The requirement is met in every scenario that judged it.",
        Verdict::Fail => "The requirement is not met in at least one scenario.",
        Verdict::Inconclusive => "Something kept it from being judged. Neither met nor missed.",
        Verdict::Error => "The harness failed. Says nothing about the SUT.",
        Verdict::NotApplicable => "It does not bind this SUT, or not on the branch that it took.",
        Verdict::NotTested => "Nothing judged it in this run.",
    }
}

/// Where an obligation comes from; empty for the usual case, a keyword of the source.
pub(super) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Keyword => "",
        Basis::Statement => "from a statement without keyword",
        Basis::Derived => "derived from another document",
    }
}

/// What a reason means, for a reader who has only the report.
pub(super) fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::Violated => "A value is not what it has to be.",
        Reason::Missing => "Something that has to come, or to be there, is not.",
        Reason::Unexpected => "Something came, or is there, that must not be.",
        Reason::Malformed => "It breaks its grammar.",
        Reason::Late => "It came outside its time.",
        Reason::Crashed => "The SUT did not survive the stimulus.",
        Reason::Preamble => "What the scenario needs before its stimulus did not come about.",
        Reason::ActRefused => "The product refused what its user wanted to do.",
        Reason::NotTriggered => "The situation that the line judges did not arise.",
        Reason::HiddenByAnswer => "Another answer of the SUT hides what the line judges.",
        Reason::NoSight => "Only the user could see it, and the adapter does not tell what the user sees.",
        Reason::NoProofOfLife => "Nothing came, and nothing shows that the SUT was alive.",
        Reason::SutGone => "The SUT was lost before.",
        Reason::Limit => "A limit of the harness cut the evidence.",
        Reason::Panic => "The harness broke off on a fault of its own.",
        Reason::Peer => "A simulated party of the harness failed.",
        Reason::Link => "A socket of the harness failed.",
        Reason::Disk => "The run folder could not be written.",
        Reason::Suite => "A feature, scenario or catalogue row of the suite is wrong.",
        Reason::Ics => "The vendor's statement (ICS) rules it out.",
        Reason::Edition => "It is of another edition of CPM.",
        Reason::Branch => "The SUT took another branch than the one that the line judges.",
        Reason::NotObservable => "Nothing of it can be observed from outside.",
        Reason::NoFormat => "The source defines no format for it.",
        Reason::OtherParty => "It binds another party than this SUT.",
        Reason::NoSimulator => "The suite has no simulator for it yet.",
        Reason::JudgedElsewhere => "Another line judges it.",
        Reason::NoAct => "The adapter cannot make the user do this.",
        Reason::NoSetting => "The product cannot be set up that way.",
        Reason::Slow => "It takes long, and the run was not asked to wait.",
        Reason::Transport => "The scenario needs another transport.",
        Reason::Deselected => "It was not selected.",
        Reason::Interrupted => "The run ended before.",
    }
}
