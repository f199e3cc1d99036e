//! What the user of the SUT sees, since the last stimulus.

use serde_json::Value;

use super::{View, shortened};
use crate::{
    trace::Event,
    upper::{Answer, Sight},
    verdict::{Evidence, Finding, Judgement, Reason, Severity},
    wire::uri,
};

/// `is shown`, `should be shown`, `may be shown`, `is not shown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Exactly one such sight.
    Is,
    /// One such sight, else a warning.
    Should,
    /// If there is one, its fields hold.
    May,
    /// None.
    IsNot,
}

/// A sight of one of these kinds, with these fields: texts, compared as they stand; addresses by CMP-URI; lists as sets,
/// their elements joined by `, ` and a listed message by its identifier.
#[must_use]
pub fn is_shown(view: &View<'_>, shown: Shown, kinds: &[&str], fields: &[(String, String)]) -> Judgement {
    let sights: Vec<(usize, &Sight)> = since(view).filter(|(_, sight)| kinds.contains(&sight.name())).collect();
    let evidence: Vec<Evidence> = sights.iter().map(|(entry, _)| Evidence::at(*entry, 0, 0)).collect();
    let kind = kinds.join(" or ");
    let with: Vec<_> = fields.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
    let expected = if with.is_empty() { format!("the sight {kind}") } else { format!("the sight {kind} with {}", with.join(", ")) };
    let fitting = sights.iter().filter(|(_, sight)| fields.iter().all(|(name, value)| holds(sight, name, value))).count();
    let finding = |reason, observed: String| Judgement::from(Finding::new(reason, expected.clone(), observed).on(evidence.clone()));
    match (shown, fitting) {
        (Shown::IsNot, 0) => Judgement::met(vec![Evidence::at(view.stimulus(), 0, 0)]),
        (Shown::IsNot, _) => finding(Reason::Unexpected, "the user saw it".to_owned()),
        (Shown::May, _) if sights.is_empty() => Judgement::NotTaken(format!("the user saw no {kind}")),
        (_, 1) => Judgement::met(evidence),
        (_, 0) if sights.is_empty() => match finding(Reason::Missing, format!("the user saw no {kind}")) {
            Judgement::Looked { findings, evidence } if shown == Shown::Should => {
                let findings = findings.into_iter().map(|f| f.weighing(Severity::Warn)).collect();
                Judgement::Looked { findings, evidence }
            }
            other => other,
        },
        (_, 0) => {
            let last = sights.last().map(|(_, sight)| serde_json::to_string(sight).unwrap_or_default()).unwrap_or_default();
            finding(Reason::Violated, shortened(&last))
        }
        (_, n) => finding(Reason::Unexpected, format!("the user saw it {n} times")),
    }
}

/// A text stands, or stands not, anywhere in any sight.
#[must_use]
pub fn text_is_shown(view: &View<'_>, shown: Shown, text: &str) -> Judgement {
    let holder = since(view).find(|(_, sight)| mentions(&serde_json::to_value(sight).unwrap_or_default(), text));
    let evidence = holder.map(|(entry, _)| Evidence::at(entry, 0, 0));
    match (shown, evidence) {
        (Shown::IsNot, Some(evidence)) => {
            Finding::new(Reason::Unexpected, format!("{text:?} is not shown"), "the user saw it").on([evidence]).into()
        }
        (Shown::IsNot, None) => Judgement::met(vec![Evidence::at(view.stimulus(), 0, 0)]),
        (Shown::May, None) => Judgement::NotTaken(format!("the user did not see {text:?}")),
        (Shown::Should, None) => {
            Finding::new(Reason::Missing, format!("{text:?} is shown"), "no sight has it").weighing(Severity::Warn).into()
        }
        (Shown::Is, None) => Finding::new(Reason::Missing, format!("{text:?} is shown"), "no sight has it").into(),
        (_, Some(evidence)) => Judgement::met(vec![evidence]),
    }
}

/// Handle of the message that the user saw last.
#[must_use]
pub fn last_message(view: &View<'_>) -> Option<String> {
    view.trace.entries().iter().rev().find_map(|entry| match &entry.event {
        Event::Seen(Sight::MessageReceived(message)) => Some(message.message.clone()),
        _ => None,
    })
}

/// Handle of the invitation that the user saw last.
#[must_use]
pub fn last_invitation(view: &View<'_>) -> Option<String> {
    view.trace.entries().iter().rev().find_map(|entry| match &entry.event {
        Event::Seen(Sight::Invitation { invitation, .. }) => Some(invitation.clone()),
        _ => None,
    })
}

/// Handle of the message that the user sent last, as the product gave it.
#[must_use]
pub fn last_sent(view: &View<'_>) -> Option<String> {
    view.trace.entries().iter().rev().find_map(|entry| match &entry.event {
        Event::Answered { answer: Answer::Taken(handles), .. } => handles.get("message").cloned(),
        _ => None,
    })
}

fn since<'a>(view: &View<'a>) -> impl Iterator<Item = (usize, &'a Sight)> {
    let stimulus = view.stimulus();
    view.trace.entries().iter().enumerate().skip(stimulus).filter_map(|(number, entry)| match &entry.event {
        Event::Seen(sight) => Some((number, sight)),
        _ => None,
    })
}

/// Whether a field of the sight has this value; `content` is text or base64 of it.
fn holds(sight: &Sight, name: &str, value: &str) -> bool {
    let json = serde_json::to_value(sight).unwrap_or_default();
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    match name {
        "content" => text("text") == Some(value) || text("base64") == Some(value),
        "from" => text("from").is_some_and(|from| uri::same(from, value)),
        "type" => text("type").is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(value)),
        // A list of deferred messages is told by their identifiers.
        _ => match json.get(if name == "messages" && json.get(name).is_none() { "entries" } else { name }) {
            Some(Value::String(text)) => text == value,
            Some(Value::Number(number)) => number.to_string() == value,
            Some(Value::Bool(truth)) => value == if *truth { "yes" } else { "no" },
            Some(Value::Array(items)) => {
                let mut found: Vec<_> = items.iter().filter_map(|item| item.get("message").unwrap_or(item).as_str()).collect();
                let mut wanted: Vec<_> = value.split(", ").filter(|item| !item.is_empty()).collect();
                found.sort_unstable();
                wanted.sort_unstable();
                found == wanted
            }
            _ => false,
        },
    }
}

fn mentions(json: &Value, text: &str) -> bool {
    let mut open = vec![json];
    while let Some(value) = open.pop() {
        match value {
            Value::String(s) if s.contains(text) => return true,
            Value::Array(items) => open.extend(items),
            Value::Object(map) => open.extend(map.values()),
            _ => {}
        }
    }
    false
}
