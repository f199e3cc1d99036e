//! Order and time between "it" and another message.

use std::time::Duration;

use super::{
    View,
    reference::{MessageRef, comes_before},
};
use crate::{
    trace::view::{It, Item},
    verdict::{Finding, Judgement, Reason, Severity},
};

/// "It" comes before, or after, the other message; after an MSRP message only where all of that has come.
#[must_use]
pub fn comes(view: &View<'_>, after: bool, message: &MessageRef) -> Judgement {
    pair(view, message, |it, other| {
        let word = if after { "after" } else { "before" };
        if let (true, Some(Item::Whole(whole))) = (after, view.messages.item(other))
            && !whole.complete()
        {
            return Some(Finding::new(Reason::Violated, format!("after {message}"), "not all of that has come"));
        }
        (after == comes_before(view, it, other)).then(|| Finding::new(Reason::Violated, format!("{word} {message}"), "the other way round"))
    })
}

/// "It" comes `from` to `to` seconds after the other message.
#[must_use]
pub fn comes_within(view: &View<'_>, from: u64, to: u64, message: &MessageRef) -> Judgement {
    pair(view, message, |it, other| {
        let at = |place| view.messages.item(place).map(Item::at).unwrap_or_default();
        let passed = at(it).saturating_sub(at(other));
        let (least, most) = (Duration::from_secs(from), Duration::from_secs(to));
        let observed = format!("{:.1} s after it", passed.as_secs_f64());
        let expected = format!("{from} to {to} s after {message}");
        if comes_before(view, it, other) || passed < least || passed > most {
            Some(Finding::new(Reason::Late, expected, observed))
        } else {
            // ARCHITECTURE, section 8: what is nearly late is told.
            (passed > most.mul_f64(0.8))
                .then(|| Finding::new(Reason::Late, expected, format!("{observed}: a near miss")).weighing(Severity::Info))
        }
    })
}

fn pair(view: &View<'_>, message: &MessageRef, check: impl FnOnce(It, It) -> Option<Finding>) -> Judgement {
    if let Err(obstacle) = view.item() {
        return obstacle;
    }
    let Some((it, other)) = view.it.zip(message.around_it(view)) else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"));
    };
    let line = |place| view.messages.item(place).map(Item::line).unwrap_or_default();
    let evidence: Vec<_> = line(it).into_iter().chain(line(other)).collect();
    let findings = check(it, other).map(|f| f.on(evidence.clone())).into_iter().collect();
    Judgement::Looked { findings, evidence }
}
