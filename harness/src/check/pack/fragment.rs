//! SIP messages and fragments inside other messages (RFC 3420; RFC 3261, 7), and the time that they tell.

use std::time::Duration;

use super::super::{View, at, enclosed::original, shortened};
use crate::{
    field::{Subject, cpim_part, enclosed},
    trace::view::{It, Item, Seen},
    verdict::{Finding, Reason},
    wire::{Span, cpim::Cpim, sip::Message},
};

/// What a whole SIP request cannot do without (RFC 3261, 8.1.1).
const MANDATORY: [&str; 6] = ["Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq"];

/// How far clocks may be apart.
const APART: i64 = 2;

/// RFC 3420, 2 and RFC 3261, 7: there is a SIP message or a fragment of one; what is there of it is whole, and what calls itself a
/// message is one.
pub(super) fn rules(_: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let fragments = enclosed::fragments(item);
    if fragments.is_empty() {
        let kinds: Vec<String> = crate::field::parts(item).into_iter().map(|(kind, _)| kind).collect();
        let observed = if kinds.is_empty() { "a body without parts".to_owned() } else { shortened(&kinds.join(", ")) };
        return vec![
            Finding::new(Reason::Missing, "a part of type message/sip or message/sipfrag", observed).by("CMP-MIME").on(item.line()),
        ];
    }
    fragments.iter().flat_map(|fragment| of(item, fragment)).collect()
}

fn of(item: Item<'_>, fragment: &enclosed::Fragment) -> Vec<Finding> {
    let message = &fragment.message;
    let whole = fragment.kind == enclosed::SIP;
    let rule = if whole { "RFC 3261, 7" } else { "RFC 3420, 2" };
    let place = |span: Span| at(item, fragment.place(span));
    let mut findings = Vec::new();
    if message.fields.is_empty() {
        findings.push(Finding::new(Reason::Missing, "header fields", "none").by(rule).on(at(item, fragment.span)));
    }
    // A fragment may leave out the end of the header, and with it the body.
    let lenient = |code: &str| !whole && matches!(code, "no-blank-line");
    for fault in message.malformations.iter().filter(|fault| !lenient(&fault.code)) {
        findings.push(
            Finding::new(Reason::Malformed, "a start line and header fields that are whole", fault.message.clone())
                .by(rule)
                .on(place(fault.span)),
        );
    }
    for fault in crate::wire::values::malformations(message) {
        findings
            .push(Finding::new(Reason::Malformed, "header fields by their grammar", fault.message.clone()).by(rule).on(place(fault.span)));
    }
    if !whole && !message.body.is_empty() && message.first("Content-Type").is_none() {
        findings.push(Finding::new(Reason::Missing, "a Content-Type of the body of the fragment", "none").by(rule).on(place(message.body)));
    }
    if whole {
        if !fragment.starts {
            findings.push(
                Finding::new(Reason::Missing, "a start line: message/sip is a whole message", "none").by(rule).on(at(item, fragment.span)),
            );
        }
        for name in MANDATORY.into_iter().filter(|name| message.first(name).is_none()) {
            let expected = format!("{name}: message/sip is a whole message");
            findings.push(Finding::new(Reason::Missing, expected, format!("no {name}")).by(rule).on(at(item, fragment.span)));
        }
    }
    findings
}

/// RFC 3261, 20.17: somewhere "it" tells when the message that it encapsulates was sent or taken (R-CPM1-8.3.2.4.3-4). The clock is
/// that of a Date that came in a request.
pub(super) fn time(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let Some((place, source)) = original(view, item) else {
        let finding = Finding::new(Reason::Missing, "the header fields of a message that came before", "none that is known");
        return vec![finding.on(item.line())];
    };
    let told = times(item);
    let mut wanted: Vec<i64> = times(Item::Sip(source)).into_iter().map(|(time, _)| time).collect();
    let arrived = arrivals(view, place, source);
    wanted.extend(clock(view).into_iter().flat_map(|offset| arrived.iter().map(move |at| offset + seconds(*at))));
    if wanted.is_empty() {
        // Nothing could be held against it: the network has to tell the time.
        let expected = "a message whose time is known: a request of the network has to carry Date";
        return vec![Finding::new(Reason::Suite, expected, "no Date in any request").on(source.line())];
    }
    if told.iter().any(|(time, _)| wanted.iter().any(|wanted| (time - wanted).abs() <= APART)) {
        return Vec::new();
    }
    let text = |time: i64| jiff::Timestamp::from_second(time).map_or_else(|_| time.to_string(), |time| time.to_string());
    let expected = format!("a time within {APART} s of {}", wanted.last().copied().map(text).unwrap_or_default());
    let observed =
        if told.is_empty() { "no time".to_owned() } else { told.iter().map(|(time, _)| text(*time)).collect::<Vec<_>>().join(", ") };
    let evidence = told.first().map_or_else(|| item.line(), |(_, span)| at(item, *span));
    vec![Finding::new(Reason::Violated, expected, observed).by("R-CPM1-8.3.2.4.3-4").on(evidence).on(source.line())]
}

fn seconds(at: Duration) -> i64 {
    i64::try_from(at.as_secs()).unwrap_or_default()
}

/// Unix time at the start of the scenario, by the latest request with a Date that came.
fn clock(view: &View<'_>) -> Option<i64> {
    let list = view.messages.list().iter().rev().filter(|seen| !seen.by_sut() && seen.message.is_request());
    list.filter_map(|seen| Some(date(&seen.message.value("Date")?)? - seconds(seen.at))).next()
}

/// When the request came, and of an INVITE what it led to.
fn arrivals(view: &View<'_>, place: It, source: &Seen) -> Vec<Duration> {
    let mut arrived = vec![source.at];
    if source.message.method() == Some("INVITE") {
        let it = view.it.unwrap_or(place);
        let entry = view.messages.item(it).map(Item::entry).unwrap_or_default();
        let wholes = view.messages.wholes().iter().filter(|whole| !whole.by_sut() && whole.entry > source.entry && whole.entry < entry);
        arrived.extend(wholes.map(|whole| whole.at));
    }
    arrived
}

/// All times that a message tells: Date of it and of what it encapsulates, DateTime of CPIM, with their places.
fn times(item: Item<'_>) -> Vec<(i64, Span)> {
    let raw = item.raw();
    let mut found = Vec::new();
    if let Item::Sip(seen) = item {
        found.extend(dates(&seen.message));
    }
    for fragment in enclosed::fragments(item) {
        found.extend(dates(&fragment.message).map(|(time, span)| (time, fragment.place(span))));
    }
    if let Some(part) = cpim_part(Subject::from(item)) {
        let cpim = Cpim::parse(raw, part);
        let stamps = cpim
            .all(raw, "DateTime")
            .filter_map(|header| Some((header.value.text(raw).trim().parse::<jiff::Timestamp>().ok()?, header.value)));
        found.extend(stamps.map(|(time, span)| (time.as_second(), span)));
    }
    found
}

fn dates(message: &Message) -> impl Iterator<Item = (i64, Span)> {
    message.fields_named("Date").filter_map(|field| Some((date(&field.value.text(&message.raw))?, field.value)))
}

/// Unix time of a Date value.
fn date(text: &str) -> Option<i64> {
    let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text.trim()).ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
