//! Judgements about fields of "it": presence, values, freshness, relation to other messages.

use super::{
    View, at,
    compare::{self, Cmp},
    on_item,
    reference::{MessageRef, comes_before},
    shortened,
};
use crate::{
    field::{Field, Found, Place},
    trace::view::{It, Item},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::Span,
};

mod address;
mod between;
mod cpm;

pub use address::is_address_of;
use address::{form, is_identity, same_number, surplus_identities};
pub use between::{Compares, compares, copies_from, is_field_of};
use cpm::lists_features;
pub use cpm::{carries_icsi, states_release};

/// `has`, `should have`, `may have`, `has no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// It has to be there.
    Must,
    /// It should be there.
    Should,
    /// It may be there.
    May,
    /// It must not be there.
    MustNot,
}

/// The field is there, or is not.
#[must_use]
pub fn has(view: &View<'_>, field: &Field, has: Has) -> Judgement {
    if has == Has::May && view.item().is_ok_and(|seen| field.read(seen).is_empty()) {
        return Judgement::NotTaken(format!("there is no {field}"));
    }
    if let Some(hidden) = hidden_in_body(view, field) {
        return hidden;
    }
    on_item(view, |seen| {
        let found = field.read(seen);
        match (has, found.first()) {
            (Has::Must, None) => vec![missing(seen, field)],
            (Has::Should, None) => vec![missing(seen, field).weighing(Severity::Warn)],
            (Has::MustNot, Some(found)) => vec![unexpected(seen, &format!("no {field}"), found)],
            _ => Vec::new(),
        }
    })
}

/// The field stands there once, with this value.
#[must_use]
pub fn is(view: &View<'_>, field: &Field, value: &str) -> Judgement {
    let rule = Cmp::of(field);
    if rule == Cmp::Icsi {
        return lists_features(view, field, value);
    }
    if is_identity(field) {
        // RFC 3325, 9.2: a sip or sips address and a telephone number may stand side by side; one of them has to be it.
        return judged(view, field, |seen, all| {
            let mut findings = surplus_identities(seen, field, all);
            if !all.iter().any(|found| rule.equal(&compare::compared(field, &found.text), value)) {
                findings.push(wrong(seen, field, rule, value, &all[0]));
            }
            findings
        });
    }
    single(view, field, |seen, found| {
        let text = compare::compared(field, &found.text);
        if !rule.equal(&text, value) && !same_number(view, field, &text, value) {
            return Some(wrong(seen, field, rule, &format!("{value:?}"), found));
        }
        form(seen, field, rule, value, found)
    })
}

/// The field contains a token of a list, or a text, or does not.
#[must_use]
pub fn contains(view: &View<'_>, field: &Field, contains: bool, value: &str) -> Judgement {
    // What is not there contains nothing.
    if let (false, true, Ok(seen)) = (contains, field.optional, view.item())
        && field.read(seen).is_empty()
    {
        return Judgement::met(seen.line());
    }
    let rule = Cmp::of(field);
    let holds = |found: &Found| rule.contains(&found.text, value);
    judged(view, field, |seen, all| {
        let holder = all.iter().find(|found| holds(found));
        match (contains, holder) {
            (true, None) => {
                let observed: Vec<_> = all.iter().map(|f| f.text.as_str()).collect();
                let finding = Finding::new(
                    Reason::Violated,
                    format!("{field} with {value}"),
                    format!("{field}: {}", shortened(&observed.join(", "))),
                );
                vec![finding.by(rule.name()).on(all.iter().flat_map(|f| at(seen, f.span)))]
            }
            (false, Some(found)) => vec![unexpected(seen, &format!("{field} without {value}"), found)],
            (true, Some(found)) => super::sdp::more_types(seen, field, value, found).into_iter().collect(),
            (false, None) => Vec::new(),
        }
    })
}

/// The field is at least, or at most, a number.
#[must_use]
pub fn is_bounded(view: &View<'_>, field: &Field, least: bool, bound: u64) -> Judgement {
    let word = if least { "at least" } else { "at most" };
    single(view, field, |seen, found| {
        let fits = compare::number(&found.text).is_some_and(|n| if least { n >= bound } else { n <= bound });
        (!fits).then(|| wrong(seen, field, Cmp::Number, &format!("a number of {word} {bound}"), found))
    })
}

/// The value stands alone and is unlike every earlier one of the same field in the trace, both ways (CMP-OPAQUE, R-0-9).
#[must_use]
pub fn is_newly_generated(view: &View<'_>, field: &Field) -> Judgement {
    single(view, field, |seen, found| {
        if found.text.is_empty() || found.text.contains(char::is_whitespace) {
            return Some(
                Finding::new(Reason::Malformed, "one value without blanks", format!("{:?}", shortened(&found.text)))
                    .by("CMP-OPAQUE")
                    .on(at(seen, found.span)),
            );
        }
        let older = earlier(view, field).into_iter().find(|old| field.read(*old).iter().any(|f| f.text == found.text))?;
        let finding = Finding::new(
            Reason::Violated,
            format!("a {field} not seen before"),
            format!("{}, as in the message at {:.3} s", shortened(&found.text), older.at().as_secs_f64()),
        );
        let old_place = field.read(older).iter().find(|f| f.text == found.text).map(|f| at(older, f.span)).unwrap_or_default();
        Some(finding.by("R-0-9").on(at(seen, found.span)).on(old_place))
    })
}

/// All messages before "it" that may have such a field, but for the parts of one MSRP message, which share its fields.
fn earlier<'a>(view: &View<'a>, field: &Field) -> Vec<Item<'a>> {
    let Some(it) = view.it else { return Vec::new() };
    let messages = view.messages;
    let own = match it {
        It::Sip(_) | It::Rtp(_) => None,
        It::Media(index) => messages.media().get(index).and_then(|seen| seen.whole),
        It::Whole(index) => Some(index),
    };
    let sip = (0..messages.list().len()).map(It::Sip);
    let wholes = (0..messages.wholes().len()).filter(|index| own != Some(*index)).map(It::Whole);
    let media = (0..messages.media().len()).filter(|index| messages.media()[*index].whole.is_none_or(|whole| own != Some(whole)));
    // Requests of media are looked at only where the field is theirs alone.
    let media = media.filter(|_| matches!(field.place, Place::Msrp(_) | Place::Imap(_) | Place::Http(_))).map(It::Media);
    sip.chain(wholes).chain(media).filter(|place| comes_before(view, *place, it)).filter_map(|place| messages.item(place)).collect()
}

/// No two of "they" share a value of the field.
#[must_use]
pub fn all_differ(view: &View<'_>, field: &Field) -> Judgement {
    let mut known: Vec<(String, Item<'_>)> = Vec::new();
    let mut findings = Vec::new();
    for seen in view.they.iter().filter_map(|place| view.messages.item(*place)) {
        match field.read(seen).into_iter().next() {
            None => findings.push(missing(seen, field)),
            Some(found) => match known.iter().find(|(text, _)| *text == found.text) {
                Some(_) => findings.push(
                    Finding::new(Reason::Violated, format!("another {field} in each"), shortened(&found.text)).on(at(seen, found.span)),
                ),
                None => known.push((found.text, seen)),
            },
        }
    }
    if view.they.is_empty() {
        return Judgement::Obstacle(Reason::HiddenByAnswer, "the messages that this line speaks of were not seen".to_owned());
    }
    let evidence = known.iter().flat_map(|(_, seen)| seen.line()).collect();
    Judgement::Looked { findings, evidence }
}

/// Runs a check on the one value that the field may have; with `, if any,` an absent field is a branch not taken.
///
/// A parameter of Contact has one value in each Contact.
fn single(view: &View<'_>, field: &Field, check: impl Fn(Item<'_>, &Found) -> Option<Finding>) -> Judgement {
    judged(view, field, |seen, all| {
        let groups = by_value(seen, field, all).into_iter();
        let judge = |(value, group): (Option<Span>, Vec<Found>)| match group.as_slice() {
            [one] => check(seen, one),
            [_, second, ..] => Some(unexpected(seen, &format!("{field} once"), second)),
            [] => value.map(|span| {
                let observed = shortened(&span.text(seen.raw()));
                Finding::new(Reason::Missing, format!("{field} in each value of the header field"), observed).on(at(seen, span))
            }),
        };
        groups.filter_map(judge).collect()
    })
}

/// Occurrences by the Contact that they stand in, for a parameter of it; else all of them as one group.
fn by_value(seen: Item<'_>, field: &Field, all: &[Found]) -> Vec<(Option<Span>, Vec<Found>)> {
    let of_contact = matches!(&field.place, Place::Header(name) if name.eq_ignore_ascii_case("Contact"));
    let contacts = match seen {
        Item::Sip(sip) if of_contact && field.param.is_some() => sip.message.elements("Contact"),
        _ => Vec::new(),
    };
    if contacts.len() < 2 {
        return vec![(None, all.to_vec())];
    }
    let within = |value: Span| all.iter().filter(move |f| value.from <= f.span.from && f.span.to <= value.to).cloned().collect();
    contacts.into_iter().map(|value| (Some(value), within(value))).collect()
}

/// Runs a check on all values of the field, of which there is one at least.
fn judged(view: &View<'_>, field: &Field, check: impl FnOnce(Item<'_>, &[Found]) -> Vec<Finding>) -> Judgement {
    if field.optional && view.item().is_ok_and(|seen| field.read(seen).is_empty()) {
        return Judgement::NotTaken(format!("there is no {field}"));
    }
    if let Some(hidden) = hidden_in_body(view, field) {
        return hidden;
    }
    on_item(view, |seen| match field.read(seen) {
        all if all.is_empty() => vec![missing(seen, field)],
        all => check(seen, &all),
    })
}

/// A field of a CPIM object that is not there is no concern of its rows; that there is none, CONV-7.2.1.1-16 judges. So it is
/// with a field of a session description.
fn hidden_in_body(view: &View<'_>, field: &Field) -> Option<Judgement> {
    let hidden = |detail: &str| Some(Judgement::Obstacle(Reason::HiddenByAnswer, detail.to_owned()));
    let item = view.item().ok()?;
    match field.place {
        Place::Cpim(_) | Place::Imdn(_) | Place::Content if crate::field::cpim_part(item).is_none() => {
            hidden("the body is no CPIM object by its Content-Type")
        }
        Place::Sdp(_) if crate::field::sdp_part(item).is_none() => hidden("the body is no session description by its Content-Type"),
        _ => None,
    }
}

fn missing(seen: Item<'_>, field: &Field) -> Finding {
    Finding::new(Reason::Missing, format!("{field} in the message"), format!("no {field}")).on(seen.line())
}

fn unexpected(seen: Item<'_>, expected: &str, found: &Found) -> Finding {
    Finding::new(Reason::Unexpected, expected, shortened(&found.text)).on(at(seen, found.span))
}

fn wrong(seen: Item<'_>, field: &Field, rule: Cmp, expected: &str, found: &Found) -> Finding {
    Finding::new(Reason::Violated, format!("{field}: {expected}"), shortened(&found.text)).by(rule.name()).on(at(seen, found.span))
}

fn unseen(message: &MessageRef) -> Judgement {
    Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"))
}
