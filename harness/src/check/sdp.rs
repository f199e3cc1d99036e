//! Session descriptions: an offer, an answer, and an answer against its offer.

use super::{View, at, compare::Cmp, on_it, pack, reference::MessageRef, shortened};
use crate::{
    field::{self, Field, Found, Place, Subject},
    template,
    trace::view::{Item, Seen},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::sdp::Sdp,
};

/// What a body is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A CPIM object.
    Cpim,
    /// A session description in a request, or in the response to one without.
    Offer,
    /// One that changes what was agreed before.
    Modified,
    /// A session description in a response.
    Answer,
}

/// The body is a session description, alone or as one part, with these attributes: name and value, which may hold `*` for any
/// text; an empty value means that the attribute is absent.
#[must_use]
pub fn is_description(view: &View<'_>, format: Format, with: &[(Field, String)]) -> Judgement {
    on_it(view, |seen| {
        let expected = "a body application/sdp, alone or as part of a multipart";
        let Some(part) = field::sdp_part(seen) else {
            let kind = Subject::from(seen).kind().unwrap_or_else(|| "no Content-Type".to_owned());
            return vec![Finding::new(Reason::Missing, expected, shortened(&kind)).by("CMP-MIME").on(seen.line())];
        };
        let mut findings = Vec::new();
        if (format == Format::Answer) != answers_an_offer(view, seen) {
            let observed = shortened(&seen.message.start_span().text(&seen.message.raw));
            let expected = if format == Format::Answer { "an answer, in a response" } else { "an offer, in a request" };
            findings.push(Finding::new(Reason::Violated, expected, observed).on(seen.line()));
        }
        let sdp = Sdp::parse(&seen.message.raw, part);
        for fault in &sdp.malformations {
            // RFC 4566, 5: a reader takes LF alone.
            let severity = if fault.code == "bare-lf" { Severity::Warn } else { Severity::Fail };
            let finding =
                Finding::new(Reason::Malformed, "a session description of RFC 4566", format!("{}: {}", fault.code, fault.message));
            findings.push(finding.by("CMP-SDPATTR").weighing(severity).on(at(seen, fault.span)));
        }
        if sdp.media.is_empty() {
            findings.push(Finding::new(Reason::Missing, "a media section", "none").by("CMP-SDPATTR").on(at(seen, part)));
        }
        findings.extend(with.iter().filter_map(|(field, value)| holds(seen, field, value)));
        findings
    })
}

/// Whether "it" is the place of an answer: a response, but to a request that has no offer itself (RFC 3261, 13.2.1).
fn answers_an_offer(view: &View<'_>, seen: &Seen) -> bool {
    let request = view.sip().and_then(|index| view.messages.request_of(index)).and_then(|index| view.messages.list().get(index));
    seen.message.is_response() && request.is_none_or(|request| field::sdp_part(request).is_some())
}

/// The body is an offer that changes the session as RFC 3264, 8 lets it, with these attributes.
#[must_use]
pub fn is_modified(view: &View<'_>, with: &[(Field, String)]) -> Judgement {
    let spec = match "RFC 3264 section 8".parse::<pack::Spec>() {
        Ok(spec) => spec,
        Err(error) => return Judgement::Obstacle(Reason::Suite, error.to_string()),
    };
    match (is_description(view, Format::Modified, with), pack::obeys(view, &spec)) {
        (Judgement::Looked { findings, evidence }, Judgement::Looked { findings: more, .. }) => {
            let findings: Vec<Finding> = findings.into_iter().chain(more).collect();
            let places = findings.iter().flat_map(|f| f.evidence.clone()).collect();
            Judgement::Looked { evidence: if findings.is_empty() { evidence } else { places }, findings }
        }
        (Judgement::Looked { .. }, obstacle) | (obstacle, _) => obstacle,
    }
}

/// What is wrong with one line of the table.
fn holds(seen: &Seen, field: &Field, value: &str) -> Option<Finding> {
    let found = field.read(seen);
    let rule = Cmp::of(field);
    let texts: Vec<&str> = found.iter().map(|f| f.text.as_str()).collect();
    let evidence: Vec<_> = found.iter().flat_map(|f| at(seen, f.span)).collect();
    let finding = |reason, expected: String| Some(Finding::new(reason, expected, shortened(&texts.join(", "))).by("CMP-SDPATTR"));
    match (found.as_slice(), value) {
        ([], "") => None,
        (_, "") => finding(Reason::Unexpected, format!("no {field}"))?.on(evidence).into(),
        ([], _) => finding(Reason::Missing, format!("{field}: {value}"))?.on(seen.line()).into(),
        ([one], _) if rule.equal(&one.text, value) || template::fits(value, &one.text) => None,
        ([_], _) => finding(Reason::Violated, format!("{field}: {value}"))?.on(evidence).into(),
        (_, _) => finding(Reason::Unexpected, format!("{field} once: {value}"))?.on(evidence).into(),
    }
}

/// The body is a session description by its grammar (RFC 4566) and answers the offer of another message (RFC 3264, 6): number
/// and order of the media sections, media, protocol, directions in pairs, port 0 kept. Selectors of a file that the answer does not repeat are a warning.
#[must_use]
pub fn answers(view: &View<'_>, message: &MessageRef) -> Judgement {
    let source = message.before_it(view).and_then(|place| view.messages.item(place));
    let Some(Item::Sip(offer)) = source else { return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen")) };
    if field::sdp_part(offer).is_none() {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no offer"));
    }
    on_it(view, |seen| {
        if field::sdp_part(seen).is_none() {
            let finding = Finding::new(Reason::Missing, format!("an SDP answer to {message}"), "no body application/sdp");
            return vec![finding.by("CMP-OA").on(seen.line())];
        }
        pack::sdp_answer(view, seen, offer).into_iter().chain(selectors(seen, offer)).collect()
    })
}

/// The answer to the offer of a file repeats its selectors as they stand; that it does not is a warning.
fn selectors(seen: &Seen, offer: &Seen) -> Option<Finding> {
    let field: Field = "SDP file-selector".parse().ok()?;
    let offered = field.read(offer).into_iter().next()?;
    let found = field.read(seen).into_iter().next();
    let (text, evidence) = found.map_or_else(|| ("none".to_owned(), seen.line()), |f| (f.text, at(seen, f.span)));
    (text != offered.text).then(|| {
        Finding::new(Reason::Violated, format!("{field} as offered: {}", shortened(&offered.text)), shortened(&text))
            .by("RFC 5547, 8.3.1")
            .weighing(Severity::Warn)
            .on(evidence)
            .on(at(offer, offered.span))
    })
}

/// What is to be said about a list of `accept-types` that has the one that is wanted: in the invitation to a large message and
/// in its answer more of them are a warning (R-7.2.1.2-3), in that to deferred messages the star alone is a note
/// (R-7.2.3.2.1-2).
pub(super) fn more_types(seen: Item<'_>, field: &Field, wanted: &str, found: &Found) -> Option<Finding> {
    let mut types = found.text.split_ascii_whitespace();
    let named = |entry: &str| entry.split(';').next().unwrap_or_default().eq_ignore_ascii_case(wanted);
    if !matches!(&field.place, Place::Sdp(name) if name == "accept-types") || types.all(named) {
        return None;
    }
    let (expected, observed) = (format!("{field}: {wanted} alone"), shortened(&found.text));
    let finding = Finding::new(Reason::Violated, expected, observed).on(at(seen, found.span));
    match seen {
        Item::Sip(own) if own.message.is_request() && pack::is_for_deferred(&own.message) => {
            (found.text.trim() == "*").then(|| finding.by("R-7.2.3.2.1-2").weighing(Severity::Info))
        }
        _ => Some(finding.by("R-7.2.1.2-3").weighing(Severity::Warn)),
    }
}
