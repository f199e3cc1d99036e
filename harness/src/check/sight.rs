//! What the user of the SUT sees, since the last stimulus.

use serde_json::Value;

use super::{View, reference::MessageRef, shortened};
use crate::{
    trace::{Event, view::Item},
    upper::{Participant, Sight},
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

/// Where a participant stands who has left (RFC 4575, 5.7.3).
const GONE: &str = "disconnected";

/// Sights that tell how things stand, so that only the latest counts.
const STANDING: [&str; 2] = ["participants", "session-record"];

/// A sight of one of these kinds, with these fields: texts, compared as they stand; addresses by CMP-URI; lists as sets,
/// their elements joined by `, ` and a listed message by its identifier, as `entries` by identifier, kind and sender.
///
/// A message that does not fit beside one that does is a fail: who shows half a message first has shown it.
///
/// Of participants, a field that is an address says where he or she stands, and nobody else but the user may be listed; that
/// they are *not* shown so means that none of these is. The field `participants` lists who is there, whatever is said of the user.
#[must_use]
pub fn is_shown(view: &View<'_>, shown: Shown, kinds: &[&str], fields: &[(String, String)]) -> Judgement {
    let mut sights: Vec<(usize, &Sight)> = since(view).filter(|(_, sight)| kinds.contains(&sight.name())).collect();
    if shown != Shown::IsNot && kinds.iter().any(|kind| STANDING.contains(kind)) {
        sights = sights.pop().into_iter().collect();
    }
    let evidence: Vec<Evidence> = sights.iter().map(|(entry, _)| Evidence::at(*entry, 0, 0)).collect();
    let kind = kinds.join(" or ");
    let with: Vec<_> = fields.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
    let expected = if with.is_empty() { format!("the sight {kind}") } else { format!("the sight {kind} with {}", with.join(", ")) };
    let (about, plain): (Vec<_>, Vec<_>) = fields.iter().cloned().partition(|(name, _)| name.contains(':'));
    let own = view.addresses("Alice");
    let fits = |sight: &Sight| {
        let listed = match sight {
            Sight::Participants { list, .. } if !about.is_empty() => roster(list, &about, shown != Shown::IsNot, &own),
            _ => about.is_empty(),
        };
        listed
            && plain.iter().all(|(name, value)| match sight {
                Sight::Participants { list, .. } if name == "participants" => {
                    let there = |address: &str| (address.to_owned(), String::new());
                    let wanted: Vec<_> = value.split(", ").filter(|a| !own.iter().any(|own| uri::same(own, a))).map(there).collect();
                    let left: Vec<Participant> = list.iter().filter(|one| one.status.as_deref() != Some(GONE)).cloned().collect();
                    roster(&left, &wanted, true, &own)
                }
                _ => holds(sight, name, value),
            })
    };
    let (fits, others): (Vec<_>, Vec<_>) = sights.iter().partition(|(_, sight)| fits(sight));
    let fitting = fits.len();
    let other = others.into_iter().find(|(_, sight)| matches!(sight, Sight::MessageReceived(_)));
    let told = |sight: &Sight| shortened(&serde_json::to_string(sight).unwrap_or_default());
    let finding = |reason, observed: String| Judgement::from(Finding::new(reason, expected.clone(), observed).on(evidence.clone()));
    match (shown, fitting) {
        (Shown::IsNot, 0) => Judgement::met(vec![Evidence::at(view.stimulus(), 0, 0)]),
        (Shown::IsNot, _) => finding(Reason::Unexpected, "the user saw it".to_owned()),
        (Shown::May, _) if sights.is_empty() => Judgement::NotTaken(format!("the user saw no {kind}")),
        (_, 1) => match other {
            Some((_, other)) => finding(Reason::Unexpected, format!("the user saw another one as well: {}", told(other))),
            None => Judgement::met(evidence),
        },
        (_, 0) if sights.is_empty() => match finding(Reason::Missing, format!("the user saw no {kind}")) {
            Judgement::Looked { findings, evidence } if shown == Shown::Should => {
                let findings = findings.into_iter().map(|f| f.weighing(Severity::Warn)).collect();
                Judgement::Looked { findings, evidence }
            }
            other => other,
        },
        (_, 0) => finding(Reason::Violated, sights.last().map(|(_, sight)| told(sight)).unwrap_or_default()),
        (_, n) => finding(Reason::Unexpected, format!("the user saw it {n} times")),
    }
}

/// Each sight of these kinds comes after, or before, the message: after the last chunk of an MSRP message.
#[must_use]
pub fn comes(view: &View<'_>, kinds: &[&str], after: bool, message: &MessageRef) -> Judgement {
    let found = message.before_it(&View { it: None, ..*view }).and_then(|place| view.messages.item(place));
    let Some(item) = found else { return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen")) };
    let sights: Vec<usize> = since(view).filter(|(_, sight)| kinds.contains(&sight.name())).map(|(entry, _)| entry).collect();
    if sights.is_empty() {
        return Judgement::Obstacle(Reason::NotTriggered, format!("the user saw no {}", kinds.join(" or ")));
    }
    let unfinished = matches!(item, Item::Whole(whole) if !whole.complete());
    let right = |entry: usize| if after { entry > item.entry() && !unfinished } else { entry < item.entry() };
    let expected = format!("the sight {} {} {message}", kinds.join(" or "), if after { "after" } else { "before" });
    let observed = if unfinished { "the user saw it, and not all of the message has come" } else { "the other way round" };
    let seen = |entry: usize| Evidence::at(entry, 0, 0);
    let finding = |entry: &usize| Finding::new(Reason::Violated, expected.clone(), observed).on([seen(*entry)]).on(item.line());
    let findings = sights.iter().filter(|entry| !right(**entry)).map(finding).collect();
    Judgement::Looked { findings, evidence: sights.iter().copied().map(seen).collect() }
}

/// A text stands, or stands not, anywhere in any sight.
#[must_use]
pub fn text_is_shown(view: &View<'_>, shown: Shown, text: &str) -> Judgement {
    // What the user must not see gives it away in any letters.
    let holder = since(view).find(|(_, sight)| mentions(&serde_json::to_value(sight).unwrap_or_default(), text, shown != Shown::IsNot));
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

fn since<'a>(view: &View<'a>) -> impl Iterator<Item = (usize, &'a Sight)> {
    let stimulus = view.stimulus();
    view.trace.entries().iter().enumerate().skip(stimulus).filter_map(|(number, entry)| match &entry.event {
        Event::Seen(sight) => Some((number, sight)),
        _ => None,
    })
}

/// Whether participants are listed: all of `about` with their states and nobody else, or one of them at least.
///
/// Who is gone need not be listed, and a product that tells no state shows who is there.
fn roster(list: &[Participant], about: &[(String, String)], exactly: bool, own: &[String]) -> bool {
    let is = |one: &Participant, address: &str| uri::same(&one.address, address);
    let met = |(address, state): &(String, String)| match list.iter().find(|one| is(one, address)) {
        None => state == GONE && exactly,
        Some(one) => state.is_empty() || one.status.as_deref().unwrap_or("connected") == state,
    };
    if !exactly {
        return about.iter().any(met);
    }
    let gone = |one: &Participant| one.status.as_deref() == Some(GONE);
    let known = |one: &Participant| gone(one) || about.iter().map(|(a, _)| a).chain(own).any(|address| is(one, address));
    about.iter().all(met) && list.iter().all(known)
}

/// Whether a field of the sight has this value; `content` is text or base64 of it.
fn holds(sight: &Sight, name: &str, value: &str) -> bool {
    let json = serde_json::to_value(sight).unwrap_or_default();
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    match name {
        "content" => text("text") == Some(value) || text("base64") == Some(value),
        "from" => text("from").is_some_and(|from| uri::same(from, value)),
        "type" => text("type").is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(value)),
        "entries" => lists(&json, value),
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

/// Whether the list has exactly these entries, each `identifier kind sender`.
fn lists(json: &Value, value: &str) -> bool {
    let mut left: Vec<&Value> = json.get("entries").and_then(Value::as_array).map(|all| all.iter().collect()).unwrap_or_default();
    let takes = |wanted: &str| {
        let words: Vec<&str> = wanted.split(' ').collect();
        let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        let is = |entry: &&Value| match words.as_slice() {
            [message, kind, from] => {
                let same = |key: &str, wanted: &str| text(entry, key).is_some_and(|text| text == wanted);
                same("message", message) && same("kind", kind) && text(entry, "from").is_some_and(|text| uri::same(&text, from))
            }
            _ => false,
        };
        left.iter().position(is).map(|at| left.remove(at)).is_some()
    };
    value.split(", ").filter(|item| !item.is_empty()).all(takes) && left.is_empty()
}

/// Whether any text of a sight holds this one: letter by letter, or whatever their case.
fn mentions(json: &Value, text: &str, exactly: bool) -> bool {
    let holds = |s: &str| if exactly { s.contains(text) } else { s.to_lowercase().contains(&text.to_lowercase()) };
    let mut open = vec![json];
    while let Some(value) = open.pop() {
        match value {
            Value::String(s) if holds(s) => return true,
            Value::Array(items) => open.extend(items),
            Value::Object(map) => open.extend(map.values()),
            _ => {}
        }
    }
    false
}
