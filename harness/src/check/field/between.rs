//! Fields held against those of another message.

use super::{judged, missing, same_number, single, unexpected, unseen, wrong};
use crate::{
    check::{
        View, at,
        compare::{self, Cmp},
        on_item,
        reference::MessageRef,
        shortened,
    },
    field::{Field, Found},
    verdict::{Judgement, Reason},
};

/// `equals`, `differs from`, `is one more than`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compares {
    /// By the field's rule.
    Equals,
    /// By the field's rule.
    Differs,
    /// As numbers.
    OneMore,
}

/// A field of "it" equals another field of another message; of several values there any will do.
#[must_use]
pub fn is_field_of(view: &View<'_>, field: &Field, other: &Field, message: &MessageRef) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else { return unseen(message) };
    let values = other.read(source);
    if values.is_empty() {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no {other}"));
    }
    let rule = Cmp::of(field);
    single(view, field, |seen, found| {
        let text = compare::compared(field, &found.text);
        let is = |value: &Found| {
            let value = compare::compared(other, &value.text);
            rule.equal(&text, &value) || same_number(view, field, &text, &value)
        };
        (!values.iter().any(is)).then(|| {
            let texts: Vec<_> = values.iter().map(|v| v.text.as_str()).collect();
            let finding = wrong(seen, field, rule, &format!("the {other} of {message}: {}", shortened(&texts.join(" or "))), found);
            finding.on(values.iter().flat_map(|v| at(source, v.span)))
        })
    })
}

/// A field of "it" against the same field of another message.
#[must_use]
pub fn compares(view: &View<'_>, field: &Field, how: Compares, message: &MessageRef) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else { return unseen(message) };
    let values = field.read(source);
    let Some(value) = values.first() else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no {field}"));
    };
    let rule = Cmp::of(field);
    let same = |a: &Found, b: &Found| rule.equal(&compare::compared(field, &a.text), &compare::compared(field, &b.text));
    if how == Compares::Equals && rule == Cmp::Uri && values.len() > 1 {
        return judged(view, field, |seen, all| {
            let lacks = |a: &[Found], b: &[Found]| a.iter().any(|x| !b.iter().any(|y| same(x, y)));
            let texts: Vec<_> = values.iter().map(|v| v.text.as_str()).collect();
            let expected = format!("the same as in {message}: {}", shortened(&texts.join(", ")));
            let differs = lacks(all, &values) || lacks(&values, all);
            differs
                .then(|| wrong(seen, field, rule, &expected, &all[0]).on(values.iter().flat_map(|v| at(source, v.span))))
                .into_iter()
                .collect()
        });
    }
    single(view, field, |seen, found| {
        let (holds, expected) = match how {
            Compares::Equals => (same(found, value), format!("as in {message}: {}", shortened(&value.text))),
            Compares::Differs => (!same(found, value), format!("another {field} than in {message}")),
            Compares::OneMore => {
                let (one, other) = (compare::number(&found.text), compare::number(&value.text));
                (one.is_some() && one == other.map(|n| n + 1), format!("one more than in {message}: {}", shortened(&value.text)))
            }
        };
        (!holds).then(|| wrong(seen, field, rule, &expected, found).on(at(source, value.span)))
    })
}

/// Each of the fields is in "it" just when it is in the other message, octet by octet the same.
#[must_use]
pub fn copies_from(view: &View<'_>, message: &MessageRef, fields: &[Field]) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else { return unseen(message) };
    on_item(view, |seen| {
        let mut findings = Vec::new();
        for field in fields {
            let (wanted, found) = (field.read(source), field.read(seen));
            match (wanted.first(), found.first()) {
                (Some(_), None) => findings.push(missing(seen, field)),
                (None, Some(found)) => findings.push(unexpected(seen, &format!("no {field}, as {message} has none"), found)),
                (Some(wanted), Some(found)) if wanted.text != found.text || field.read(seen).len() > 1 => {
                    let expected = format!("{field} as in {message}: {}", shortened(&wanted.text));
                    findings.push(wrong(seen, field, Cmp::Opaque, &expected, found).on(at(source, wanted.span)));
                }
                _ => {}
            }
        }
        findings
    })
}
