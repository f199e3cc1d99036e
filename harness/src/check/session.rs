//! Transactions and dialogs of the SUT: what is left unanswered, what is no longer repeated, where a request belongs, which
//! sessions are open.

use std::{str::FromStr, time::Duration};

use super::{
    View, on_it, pack,
    reference::{self, MessageRef},
};
use crate::{
    trace::view::{It, Item, Seen},
    verdict::{Finding, Judgement, Reason},
};

mod open;

pub use open::{has_own_dialog, identities, invited_by_focus, is_bound, is_established, is_notified, is_passed_on, is_taken, open};

/// Where a request of the SUT belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// It begins something new.
    Outside,
    /// In the dialog of the INVITE that it has the Call-ID of: with this actor, if one is named.
    Session(Option<String>),
    /// In the dialog of the SUBSCRIBE that it has the Call-ID of.
    Subscription,
}

/// Why a text names no dialog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no dialog; say `outside any dialog`, `within the session` or `within the subscription`")]
pub struct NoDialog(String);

impl FromStr for Dialog {
    type Err = NoDialog;

    fn from_str(text: &str) -> Result<Self, NoDialog> {
        match text {
            "outside any dialog" => Ok(Self::Outside),
            "within the session" => Ok(Self::Session(None)),
            "within the subscription" => Ok(Self::Subscription),
            _ => match text.strip_prefix("within the session with ") {
                Some(actor) => Ok(Self::Session(Some(actor.to_owned()))),
                None => Err(NoDialog(text.to_owned())),
            },
        }
    }
}

/// What may cross an acknowledgement on its way: half of T1 (RFC 3261, 17.1.1.1).
const CROSSING: Duration = Duration::from_millis(250);

/// The SUT sends no response to the message, neither final nor provisional.
#[must_use]
pub fn does_not_answer(view: &View<'_>, message: &MessageRef) -> Judgement {
    let whole = View { it: None, ..*view };
    let found = message.before_it(&whole).and_then(|place| view.messages.item(place).map(|item| (place, item)));
    let Some((place, request)) = found else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"));
    };
    let sip = (0..view.messages.list().len()).map(It::Sip);
    let media = (0..view.messages.media().len()).map(It::Media);
    let items = sip.chain(media).filter_map(|at| view.messages.item(at).map(|item| (at, item)));
    let responses = items.filter(|(at, item)| item.by_sut() && is_response_to(view, (*at, *item), (place, request)));
    let findings: Vec<Finding> = responses
        .map(|(_, item)| {
            let observed = super::shortened(&item.start().text(item.raw()));
            Finding::new(Reason::Unexpected, format!("no response to {message}"), observed).on(item.line())
        })
        .collect();
    Judgement::Looked { findings, evidence: request.line() }
}

/// Whether a message is a response to a request; one to ACK has to be told from those to its INVITE by its CSeq.
fn is_response_to(view: &View<'_>, (at, item): (It, Item<'_>), (place, request): (It, Item<'_>)) -> bool {
    match (item, request) {
        (Item::Sip(response), Item::Sip(ack)) if ack.message.method() == Some("ACK") => {
            response.message.is_response()
                && response.message.call_id() == ack.message.call_id()
                && response.message.cseq().is_some_and(|(_, method)| method == "ACK")
        }
        (Item::Sip(response), _) => response.message.is_response() && reference::answers(view, at, place),
        _ => reference::answers(view, at, place),
    }
}

/// A message of the SUT does not come again once it was acknowledged, else since the last stimulus.
///
/// A response to INVITE is acknowledged by ACK, a request by its final response. What crosses that on its way is no repetition.
#[must_use]
pub fn no_longer_repeats(view: &View<'_>, message: &MessageRef) -> Judgement {
    let whole = View { it: None, ..*view };
    let list = view.messages.list();
    let Some(It::Sip(index)) = message.before_it(&whole) else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"));
    };
    let own = &list[index];
    let acknowledged = (index + 1..list.len()).find(|at| acknowledges(view, *at, index)).map(|at| &list[at]);
    let since = acknowledged.map_or(view.stimulus(), |seen| seen.entry);
    let from = acknowledged.map_or(view.stimulated_at(), |seen| seen.at + CROSSING);
    let again = |seen: &&Seen| seen.entry > since && seen.at >= from && seen.from == own.from && seen.message.raw == own.message.raw;
    let findings: Vec<Finding> = list
        .iter()
        .filter(again)
        .map(|seen| {
            let observed = format!("again {:.3} s after the first time", seen.at.saturating_sub(own.at).as_secs_f64());
            Finding::new(Reason::Unexpected, format!("{message} no more"), observed).by("RFC 3261, 17").on(seen.line())
        })
        .collect();
    let evidence = own.line().into_iter().chain(acknowledged.into_iter().flat_map(Seen::line)).collect();
    Judgement::Looked { findings, evidence }
}

/// Time in which another repetition comes if they go on: the fourth is 3.5 s after the first (RFC 3261, 13.3.1.4).
pub const NEXT: Duration = Duration::from_millis(2500);

/// Whether what ends the repetitions of the message is there.
#[must_use]
pub fn is_acknowledged(view: &View<'_>, message: &MessageRef) -> bool {
    let Some(It::Sip(index)) = message.before_it(&View { it: None, ..*view }) else { return false };
    (index + 1..view.messages.list().len()).any(|at| acknowledges(view, at, index))
}

/// Whether the message at `at` ends the repetitions of the SUT's message at `index`.
fn acknowledges(view: &View<'_>, at: usize, index: usize) -> bool {
    let list = view.messages.list();
    let (seen, own) = (&list[at], &list[index]);
    if seen.by_sut() == own.by_sut() {
        return false;
    }
    if own.message.is_request() {
        let status = seen.message.status().unwrap_or_default();
        let enough = if own.message.method() == Some("INVITE") { 100 } else { 200 };
        return status >= enough && view.messages.request_of(at) == Some(index);
    }
    let same = |a: Option<(u32, &str)>, b: Option<(u32, &str)>| a.zip(b).is_some_and(|(a, b)| a.0 == b.0);
    seen.message.method() == Some("ACK") && seen.message.call_id() == own.message.call_id() && same(seen.message.cseq(), own.message.cseq())
}

/// "It" is sent outside any dialog, or within one: identifiers, tags, CSeq, route set, remote target (CMP-DIALOG).
#[must_use]
pub fn is_sent(view: &View<'_>, dialog: &Dialog) -> Judgement {
    on_it(view, |seen| match dialog {
        Dialog::Outside => outside(view, seen),
        Dialog::Session(with) => {
            let stranger = with.as_ref().and_then(|actor| open::elsewhere(view, seen, actor));
            within(view, seen, "INVITE").into_iter().chain(stranger).collect()
        }
        Dialog::Subscription => within(view, seen, "SUBSCRIBE"),
    })
}

/// No To tag, a From tag, a Call-ID that no dialog has (RFC 3261, 8.1.1 and 12).
fn outside(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let line = |name: &str| message.first(name).map_or(message.start_span(), |field| field.line);
    let mut findings = Vec::new();
    if let Some(tag) = message.tag("To") {
        let finding = Finding::new(Reason::Unexpected, "To without a tag: the request begins something new", super::shortened(&tag));
        findings.push(finding.by("CMP-DIALOG").on(seen.evidence(line("To"))));
    }
    if message.tag("From").is_none_or(|tag| tag.is_empty()) {
        findings.push(Finding::new(Reason::Missing, "a tag in From", "none").by("CMP-DIALOG").on(seen.evidence(line("From"))));
    }
    let call_id = message.call_id();
    let makes_dialog = |m: &str| matches!(m, "INVITE" | "SUBSCRIBE");
    let established = view.messages.list().iter().filter(|old| old.entry < seen.entry).find(|old| {
        old.message.status().is_some_and(|s| (200..300).contains(&s))
            && old.message.cseq().is_some_and(|(_, m)| makes_dialog(m))
            && old.message.call_id() == call_id
    });
    if let Some(old) = established {
        let observed = super::shortened(&call_id.unwrap_or_default());
        let finding = Finding::new(Reason::Violated, "a Call-ID of its own, not that of an older dialog", observed);
        findings.push(finding.by("CMP-DIALOG").on(seen.evidence(line("Call-ID"))).on(old.line()));
    }
    findings
}

/// In the dialog that a request of this method asked for.
fn within(view: &View<'_>, seen: &Seen, method: &str) -> Vec<Finding> {
    let Some(index) = view.sip() else { return Vec::new() };
    match pack::in_dialog(view, seen, index, method) {
        Some(findings) => findings.into_iter().map(|f| if f.rule.is_empty() { f.by("CMP-DIALOG") } else { f }).collect(),
        None => vec![Finding::new(Reason::Violated, format!("a dialog by {method} that it belongs to"), "there is none").on(seen.line())],
    }
}
