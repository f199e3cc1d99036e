//! Checks: pure judgements of one obligation over a [`View`]. Same trace, same findings.
//!
//! No check touches a socket, a clock or a role; what is expected stands in the feature line.

use std::time::Duration;

use crate::{
    sut::Ixit,
    trace::{
        Event, Mark, Trace,
        view::{It, Item, MediaSeen, Messages, Seen, Whole},
    },
    verdict::{Evidence, Finding, Judgement, Reason},
    wire::{Span, params::NameAddr},
};

pub mod body;
pub mod compare;
pub mod enclosed;
pub mod field;
pub mod handle;
pub mod media;
pub mod order;
pub mod pack;
pub mod reference;
pub mod sdp;
pub mod seeing;
pub mod session;
pub mod sight;

pub use reference::{MessageRef, What};

/// What a check may look at: the trace and what follows from it, what "it" and "they" are, and what the IXIT says.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The entries.
    pub trace: &'a Trace,
    /// The messages among them.
    pub messages: &'a Messages,
    /// The message that the last seeing line found.
    pub it: Option<It>,
    /// All messages that it found.
    pub they: &'a [It],
    /// Messages that earlier lines took.
    pub taken: &'a [It],
    /// Values of the tester.
    pub ixit: &'a Ixit,
}

impl<'a> View<'a> {
    /// "it", whatever it is, or the obstacle that there is none.
    ///
    /// # Errors
    /// [`Reason::HiddenByAnswer`], because the line that should have found it did not.
    pub fn item(&self) -> Result<Item<'a>, Judgement> {
        let item = self.it.and_then(|it| self.messages.item(it));
        item.ok_or_else(|| Judgement::Obstacle(Reason::HiddenByAnswer, "the message that this line speaks of was not seen".to_owned()))
    }

    /// "it" as a SIP message.
    ///
    /// # Errors
    /// As [`View::item`]; [`Reason::Suite`] where it is no SIP message.
    pub fn it(&self) -> Result<&'a Seen, Judgement> {
        match self.item()? {
            Item::Sip(seen) => Ok(seen),
            other => Err(unfit("a SIP message", other)),
        }
    }

    /// "it" as one MSRP request or response, IMAP line or HTTP message.
    ///
    /// # Errors
    /// As [`View::item`]; [`Reason::Suite`] where it is something else.
    pub fn media(&self) -> Result<&'a MediaSeen, Judgement> {
        match self.item()? {
            Item::Media(seen) => Ok(seen),
            other => Err(unfit("one request of MSRP, IMAP or HTTP", other)),
        }
    }

    /// "it" as an MSRP message put together.
    ///
    /// # Errors
    /// As [`View::item`]; [`Reason::Suite`] where it is something else.
    pub fn whole(&self) -> Result<&'a Whole, Judgement> {
        match self.item()? {
            Item::Whole(whole) => Ok(whole),
            other => Err(unfit("an MSRP message", other)),
        }
    }

    /// Index of "it" among the SIP messages, if it is one.
    #[must_use]
    pub fn sip(&self) -> Option<usize> {
        self.it.and_then(It::sip)
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

fn unfit(wanted: &str, item: Item<'_>) -> Judgement {
    let is = match item {
        Item::Sip(_) => "a SIP message",
        Item::Media(_) => "one request of MSRP, IMAP or HTTP",
        Item::Whole(_) => "an MSRP message",
        Item::Rtp(_) => "an RTP stream",
    };
    Judgement::Obstacle(Reason::Suite, format!("this line judges {wanted}, but it follows a line about {is}"))
}

/// Runs a check on "it", which has to be a SIP message.
pub(crate) fn on_it(view: &View<'_>, check: impl FnOnce(&Seen) -> Vec<Finding>) -> Judgement {
    looked(view.it().map(|seen| (check(seen), Item::Sip(seen))))
}

/// Runs a check on "it", whatever it is.
pub(crate) fn on_item(view: &View<'_>, check: impl FnOnce(Item<'_>) -> Vec<Finding>) -> Judgement {
    looked(view.item().map(|item| (check(item), item)))
}

/// Runs a check on "it", which has to be one MSRP request or response, IMAP line or HTTP message.
#[must_use]
pub fn on_media(view: &View<'_>, check: impl FnOnce(&MediaSeen) -> Vec<Finding>) -> Judgement {
    looked(view.media().map(|seen| (check(seen), Item::Media(seen))))
}

/// Runs a check on "it", which has to be an MSRP message put together.
#[must_use]
pub fn on_whole(view: &View<'_>, check: impl FnOnce(&Whole) -> Vec<Finding>) -> Judgement {
    looked(view.whole().map(|whole| (check(whole), Item::Whole(whole))))
}

fn looked(found: Result<(Vec<Finding>, Item<'_>), Judgement>) -> Judgement {
    match found {
        Err(obstacle) => obstacle,
        Ok((findings, item)) => {
            let evidence = if findings.is_empty() { item.line() } else { findings.iter().flat_map(|f| f.evidence.clone()).collect() };
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

/// The octets of `span` in a message as evidence.
pub(crate) fn at<'a>(seen: impl Into<Item<'a>>, span: Span) -> Vec<Evidence> {
    seen.into().evidence(span)
}
