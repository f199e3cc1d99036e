//! Checks: pure judgements of one obligation over a [`View`]. Same trace, same findings.
//!
//! No check touches a socket, a clock or a role; what is expected stands in the feature line.

use std::time::Duration;

use crate::{
    sut::Ixit,
    trace::{
        Event, Mark, Trace,
        view::{Messages, Seen},
    },
    verdict::{Evidence, Finding, Judgement, Reason},
    wire::{Span, params::NameAddr},
};

pub mod body;
pub mod compare;
pub mod field;
pub mod order;
pub mod pack;
pub mod reference;
pub mod seeing;
pub mod sight;

pub use reference::{MessageRef, What};

/// What a check may look at: the trace and what follows from it, what "it" and "they" are, and what the IXIT says.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The entries.
    pub trace: &'a Trace,
    /// The SIP messages among them.
    pub messages: &'a Messages,
    /// The message that the last seeing line found.
    pub it: Option<usize>,
    /// All messages that it found.
    pub they: &'a [usize],
    /// Messages that earlier lines took.
    pub taken: &'a [usize],
    /// Values of the tester.
    pub ixit: &'a Ixit,
}

impl<'a> View<'a> {
    /// "it", or the obstacle that there is none.
    ///
    /// # Errors
    /// [`Reason::HiddenByAnswer`], because the line that should have found it did not.
    pub fn it(&self) -> Result<&'a Seen, Judgement> {
        let seen = self.it.and_then(|index| self.messages.list().get(index));
        seen.ok_or_else(|| Judgement::Obstacle(Reason::HiddenByAnswer, "the message that this line speaks of was not seen".to_owned()))
    }

    /// Entry of the last stimulus; absences and sights count from there.
    #[must_use]
    pub fn stimulus(&self) -> usize {
        self.trace.entries().iter().rposition(|e| matches!(e.event, Event::Mark(Mark::Stimulus(_)))).unwrap_or(0)
    }

    /// When the last stimulus was given.
    #[must_use]
    pub fn stimulated_at(&self) -> Duration {
        self.trace.entries().get(self.stimulus()).map_or(Duration::ZERO, |entry| entry.at)
    }

    /// Addresses of an actor of the cast: those of the IXIT; for the user of the SUT also those the core announced.
    #[must_use]
    pub fn addresses(&self, actor: &str) -> Vec<String> {
        let key = actor.strip_prefix("the ").unwrap_or(actor).to_lowercase();
        let more = format!("{key}.");
        let mut addresses: Vec<String> =
            self.ixit.iter().filter(|(name, _)| *name == key || name.starts_with(&more)).map(|(_, value)| value.to_owned()).collect();
        if key == "alice" {
            let announced = self.messages.list().iter().filter(|seen| !seen.by_sut());
            for seen in announced {
                let raw = &seen.message.raw;
                addresses.extend(
                    seen.message.elements("P-Associated-URI").into_iter().map(|span| NameAddr::parse(raw, span).uri.text(raw).into_owned()),
                );
            }
        }
        addresses
    }
}

/// Runs a check on "it".
pub(crate) fn on_it(view: &View<'_>, check: impl FnOnce(&Seen) -> Vec<Finding>) -> Judgement {
    match view.it() {
        Err(obstacle) => obstacle,
        Ok(seen) => {
            let findings = check(seen);
            let evidence = if findings.is_empty() { seen.line() } else { findings.iter().flat_map(|f| f.evidence.clone()).collect() };
            Judgement::Looked { findings, evidence }
        }
    }
}

/// Text for a report: at most `MOST` characters of it.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}... ({} octets)", text.len())
}

/// The octets of `span` in `seen` as evidence.
pub(crate) fn at(seen: &Seen, span: Span) -> Vec<Evidence> {
    seen.evidence(span)
}
