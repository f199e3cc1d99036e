//! What CPIM wraps, entity by entity: multipart bodies (RFC 2046, 5.1) and references to content that lies elsewhere
//! (RFC 4483, 5; RFC 2046, 5.2.3; RFC 2017).

use super::super::{at, shortened};
use crate::{
    field::{Subject, cpim_part},
    trace::view::Item,
    verdict::{Finding, Reason, Severity},
    wire::{
        Malformation, Span,
        cpim::Cpim,
        mime::{ContentType, Header, Multipart},
    },
};

/// An entity: the wrapped one, or a part of it.
struct Entity {
    headers: Vec<Header>,
    body: Span,
}

impl Entity {
    fn all<'a>(&'a self, raw: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a Header> {
        self.headers.iter().filter(move |h| h.name.of(raw).eq_ignore_ascii_case(name.as_bytes()))
    }

    fn content_type(&self, raw: &[u8]) -> Option<ContentType> {
        self.all(raw, "Content-Type").next().map(|h| ContentType::parse(raw, h.value))
    }
}

/// The wrapped entity and its parts, with what breaks the grammar of the latter; `None`: there is no CPIM object.
fn entities(item: Item<'_>) -> Option<(Vec<Entity>, Vec<Malformation>)> {
    let raw = item.raw();
    let cpim = Cpim::parse(raw, cpim_part(Subject::from(item))?);
    let whole = Entity { headers: cpim.mime, body: cpim.content };
    let kind = whole.content_type(raw).filter(|kind| kind.is_type(raw, "multipart"));
    let boundary = kind.map(|kind| kind.boundary(raw).unwrap_or_default().into_owned());
    let Some(boundary) = boundary else { return Some((vec![whole], Vec::new())) };
    let multipart = Multipart::parse(raw, whole.body, &boundary);
    let parts = multipart.parts.into_iter().map(|part| Entity { headers: part.headers, body: part.body });
    Some((std::iter::once(whole).chain(parts).collect(), multipart.malformations))
}

fn broken(item: Item<'_>, rule: &str, reason: Reason, expected: &str, observed: &str, span: Span) -> Finding {
    Finding::new(reason, expected, shortened(observed)).by(rule).on(at(item, span))
}

/// RFC 2046, 5.1: the boundary cuts the content into its parts, and each entity says once what it is.
pub(super) fn multipart(item: Item<'_>) -> Vec<Finding> {
    let raw = item.raw();
    let Some((entities, malformations)) = entities(item) else { return Vec::new() };
    let malformed = malformations.iter().map(|m| {
        broken(item, "RFC 2046, 5.1", Reason::Malformed, "a multipart body of RFC 2046", &format!("{}: {}", m.code, m.message), m.span)
    });
    let twice = entities.iter().filter_map(|entity| {
        let second = entity.all(raw, "Content-Type").nth(1)?;
        let observed = second.value.text(raw);
        Some(broken(item, "RFC 2045, 5", Reason::Unexpected, "one Content-Type an entity", &observed, second.line))
    });
    malformed.chain(twice).collect()
}

/// RFC 4483, 5: each external body says by which URL it is fetched, and what it would be.
pub(super) fn external(item: Item<'_>) -> Vec<Finding> {
    let raw = item.raw();
    let (entities, _) = entities(item).unwrap_or_default();
    let referring = entities.iter().filter_map(|e| Some((e, e.content_type(raw)?)));
    referring.filter(|(_, kind)| kind.is(raw, "message/external-body")).flat_map(|(entity, kind)| reference(item, entity, &kind)).collect()
}

fn reference(item: Item<'_>, entity: &Entity, kind: &ContentType) -> Vec<Finding> {
    let raw = item.raw();
    let mut findings = Vec::new();
    let value = |name: &str| kind.param(raw, name).and_then(|p| p.value);
    let mut wrong = |rule: &str, reason, expected: &str, observed: &str, span: Span, severity| {
        findings.push(broken(item, rule, reason, expected, observed, span).weighing(severity));
    };
    match value("access-type") {
        None => wrong("RFC 2046, 5.2.3", Reason::Missing, "the parameter access-type", "none", kind.kind, Severity::Fail),
        Some(span) if !span.text(raw).trim_matches('"').eq_ignore_ascii_case("URL") => {
            wrong("RFC 2017, 3", Reason::Violated, "access-type URL", &span.text(raw), span, Severity::Fail);
        }
        Some(_) => {}
    }
    match value("URL") {
        None => wrong("RFC 2017, 3", Reason::Missing, "the parameter URL", "none", kind.kind, Severity::Fail),
        Some(span) if raw.get(span.from.wrapping_sub(1)) != Some(&b'"') && !span.of(raw).starts_with(b"\"") => {
            wrong("RFC 2017, 3", Reason::Malformed, "URL as a quoted string", &span.text(raw), span, Severity::Fail);
        }
        Some(_) => {}
    }
    if value("expiration").is_none() {
        wrong("RFC 4483, 5.7", Reason::Missing, "the parameter expiration", "none", kind.kind, Severity::Warn);
    }
    let phantom = ["Content-ID", "Content-Type", "Content-Disposition"].map(|name| (name, says(raw, entity.body, name)));
    for (name, said) in phantom {
        let (rule, severity) = match name {
            "Content-ID" => ("RFC 2046, 5.2.3", Severity::Fail),
            "Content-Type" => ("RFC 4483, 5.8", Severity::Warn),
            _ => ("RFC 4483, 5.10", Severity::Warn),
        };
        if !said {
            let expected = format!("{name} of the content in the header that the external body holds");
            wrong(rule, Reason::Missing, &expected, "none", entity.body, severity);
        }
    }
    findings
}

/// Whether the header that makes up an external body has a field of this name.
fn says(raw: &[u8], body: Span, name: &str) -> bool {
    let lines = body.of(raw).split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut header = lines.take_while(|line| !line.is_empty());
    header.any(|line| line.split(|&b| b == b':').next().is_some_and(|own| own.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())))
}
