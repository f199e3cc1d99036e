//! Order and time between "it" and another message.

use std::time::Duration;

use super::{View, reference::MessageRef};
use crate::verdict::{Finding, Judgement, Reason, Severity};

/// "It" comes before, or after, the other message.
#[must_use]
pub fn comes(view: &View<'_>, after: bool, message: &MessageRef) -> Judgement {
    pair(view, message, |it, other| {
        let word = if after { "after" } else { "before" };
        (after != (it > other)).then(|| Finding::new(Reason::Violated, format!("{word} {message}"), "the other way round"))
    })
}

/// "It" comes `from` to `to` seconds after the other message.
#[must_use]
pub fn comes_within(view: &View<'_>, from: u64, to: u64, message: &MessageRef) -> Judgement {
    let list = view.messages.list();
    pair(view, message, |it, other| {
        let passed = list[it].at.saturating_sub(list[other].at);
        let (least, most) = (Duration::from_secs(from), Duration::from_secs(to));
        let observed = format!("{:.1} s after it", passed.as_secs_f64());
        let expected = format!("{from} to {to} s after {message}");
        if it < other || passed < least || passed > most {
            Some(Finding::new(Reason::Late, expected, observed))
        } else {
            // ARCHITECTURE, section 8: what is nearly late is told.
            (passed > most.mul_f64(0.8))
                .then(|| Finding::new(Reason::Late, expected, format!("{observed}: a near miss")).weighing(Severity::Info))
        }
    })
}

fn pair(view: &View<'_>, message: &MessageRef, check: impl FnOnce(usize, usize) -> Option<Finding>) -> Judgement {
    if let Err(obstacle) = view.it() {
        return obstacle;
    }
    let Some((it, other)) = view.it.zip(message.around_it(view)) else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"));
    };
    let list = view.messages.list();
    let evidence: Vec<_> = list[it].line().into_iter().chain(list[other].line()).collect();
    let findings = check(it, other).map(|f| f.on(evidence.clone())).into_iter().collect();
    Judgement::Looked { findings, evidence }
}
